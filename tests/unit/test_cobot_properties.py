"""Whatever the robot does and whoever is near: never faster than allowed, never off its way, never blind."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opstap.geometry import Capsule
from opstap.presenting.backend import NS, JointState
from opstap.presenting.handover import Handover
from opstap.presenting.pacing import Pacer
from opstap.presenting.planning import Load
from opstap.presenting.presenter import Presenter, Senses
from opstap.presenting.robot import Robot
from opstap.presenting.route import Leg, Route
from opstap.presenting.separation import Body, People, Separation, load_limits, with_bodies
from opstap.presenting.timing import TICK, Trajectory

LIMITS = load_limits(Path(__file__).parents[2] / "config/separation.yaml")
FRAME = NS // 30
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
angles = st.lists(st.floats(-2.5, 2.5), min_size=6, max_size=6).map(np.array)
speeds = st.lists(st.floats(-1.6, 1.6), min_size=6, max_size=6).map(np.array)
points = st.tuples(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2), st.floats(-0.3, 1.2))


@pytest.fixture(scope="module")
def robot(cell):
    return Robot(cell.scene.cobot)


@given(angles, speeds, st.lists(st.tuples(points, points), min_size=1, max_size=4), st.floats(0.0, 0.1))
@QUICK
def test_at_the_rate_that_is_given_no_pair_is_nearer_than_its_protective_distance(robot, q, v, limbs, age):
    capsules = [Capsule(a, b, 0.05) for a, b in limbs]
    ahead = [robot.capsules(q + t * v, v, True) for t in (0.0, 0.12, 0.25)]
    limit = Separation(LIMITS, robot.moving_mass, 0.8).limit(
        ahead, People(0, (Body("somebody", tuple(capsules)),)), age
    )
    assert 0.0 <= limit.rate <= 1.0
    pairs = with_bodies(ahead, capsules, LIMITS, age)
    need = LIMITS.protective(limit.rate, pairs.approach, pairs.distance, age)
    nearer = pairs.approach > LIMITS.standstill
    assert limit.rate == 0.0 or (need[nearer] <= pairs.distance[nearer] + 1e-6).all()


def swing(robot, goal, seconds=3.0):
    """From home to `goal` and to rest there."""
    t = np.linspace(0.0, 1.0, int(seconds / TICK))[:, None]
    return Trajectory(robot.home + (10 * t**3 - 15 * t**4 + 6 * t**5) * (goal - robot.home))


@given(speeds, st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30), st.floats(0.0, 1.0))
@QUICK
def test_slower_faster_or_stopped_it_stays_on_its_way_and_ends_at_rest(robot, way, rates, then):
    trajectory = swing(robot, robot.home + way)
    pacer, before = Pacer(trajectory, LIMITS), 0.0
    for rate in rates:
        pacer.step(rate, 1 / 30)
        assert pacer.along >= before - 1e-9
        assert 0.0 <= pacer.rate <= 1.0
        before = pacer.along
    horizon = pacer.horizon(then, 0.06, 0.03)
    # The way is straight: whatever is told lies on the line from home to its end.
    share = (horizon.positions - robot.home) @ way / max(float(way @ way), 1e-12)
    assert np.abs(robot.home + share[:, None] * way - horizon.positions).max() < 1e-6
    assert (np.diff(share) >= -1e-6).all()
    assert np.abs(horizon.velocities[-1]).max() == 0.0


MISSING = ("joints", "old joints", "joints elsewhere", "joints that are no numbers", "people", "old people", "drift")


@given(st.sets(st.sampled_from(MISSING), min_size=1), st.floats(0.5, 2.4))
@QUICK
def test_it_never_moves_on_while_something_is_missing(robot, missing, when):
    trajectory = swing(robot, robot.home + 0.8)
    presenter = Presenter(robot, Separation(LIMITS, robot.moving_mass, 0.8))
    leg = Leg("carry", trajectory, Load(False))
    presenter.present(Route(handover(robot), "store_1", (leg,), (), ()), "x")
    now, along = NS, []
    for i in range(int((2.0 + when) * 30) + 30):
        now += FRAME
        blind = i >= int((2.0 + when) * 30)
        pacer = presenter._job.pacer
        q = pacer.trajectory.at(pacer.along)[0] if pacer else robot.home
        motion = presenter.tick(senses(now, q, missing if blind else ()))
        if blind:
            assert motion.limit.rate == 0.0
            if motion.horizon is not None:
                assert np.abs(motion.horizon.velocities[-1]).max() == 0.0
            along.append(presenter._job.pacer.along)
    assert along[-1] == along[-8], "it stands within 0.75 s"


def handover(robot):
    return Handover("table", "zone", robot.tool(robot.home))


def senses(now, q, missing):
    stamp = now - NS if "old joints" in missing else now
    q = q + 0.5 if "joints elsewhere" in missing else q
    q = q * np.nan if "joints that are no numbers" in missing else q
    joints = None if "joints" in missing else JointState(stamp, q, 0 * q)
    people = None if "people" in missing else People(now - (NS if "old people" in missing else FRAME))
    return Senses(now, joints, people, 9.0 if "drift" in missing else 0.0)
