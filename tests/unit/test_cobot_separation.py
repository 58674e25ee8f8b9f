"""The robot stands before it is met, whatever people do; it stays on its way, and may always go away."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opstap.documents import DocumentError
from opstap.geometry import Box, Capsule, Pose
from opstap.presenting.pacing import Pacer
from opstap.presenting.robot import Capsules
from opstap.presenting.separation import Body, People, Separation, load_limits, with_bodies
from opstap.presenting.timing import TICK, Trajectory

FILE = Path(__file__).parents[2] / "config/separation.yaml"
LIMITS = load_limits(FILE)
AGE = 0.06
ROBOT = Separation(LIMITS, 17.7, 2.0)


def link(speed, name="forearm", radius=0.05):
    """A link across the y axis that moves along +y at `speed`."""
    v = np.array([[0.0, speed, 0.0]])
    return Capsules((name,), np.array([[-0.2, 0.0, 0.3]]), np.array([[0.2, 0.0, 0.3]]), np.array([radius]), v, v)


def someone(distance, radius=0.05):
    """A body whose surface is `distance` from the link's."""
    y = distance + radius + 0.05
    return People(0, (Body("arm", (Capsule((-0.1, y, 0.3), (0.1, y, 0.3), radius),)),))


@given(st.floats(0.0, 3.0), st.floats(0.03, 2.0), st.floats(0.0, 0.1))
def test_never_faster_than_the_protective_distance_allows(distance, speed, age):
    limit = ROBOT.limit([link(speed)], someone(distance), age)
    if limit.rate > 0:
        need = LIMITS.protective(limit.rate, np.array([speed]), np.array([distance]), age)[0]
        assert need <= distance + 1e-9
    else:
        assert LIMITS.protective(2**-9, np.array([speed]), np.array([distance]), age)[0] > distance


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_points_never_allow_more_than_the_body_they_lie_on(seed):
    rng = np.random.default_rng(seed)
    body = Capsule(tuple(rng.uniform(-1, 1, 3)), tuple(rng.uniform(-1, 1, 3)), 0.08)
    t, out = rng.uniform(size=(3000, 1)), rng.normal(size=(3000, 3))
    out *= 0.08 / np.linalg.norm(out, axis=1)[:, None]
    points = np.array(body.start) + t * (np.array(body.end) - np.array(body.start)) + out
    v = rng.normal(0, 0.7, (2, 3, 3))
    ends = rng.uniform(-0.6, 0.6, (2, 3, 3))
    ahead = [Capsules(("a", "b", "c"), ends[0], ends[1], np.full(3, 0.06), v[0], v[1])]
    by_points = ROBOT.limit(ahead, People(0, (), points, 0.02), AGE)
    by_hand = brute(ahead[0], points)
    assert by_points.rate <= by_hand + 2**-9


def brute(c, points):
    """The limit by the definition, point by point, link by link."""
    rate = 1.0
    for i in range(len(c.links)):
        axis = c.end[i] - c.start[i]
        t = np.clip((points - c.start[i]) @ axis / (axis @ axis), 0, 1)[:, None]
        way = points - c.start[i] - t * axis
        d = np.linalg.norm(way, axis=1)
        v = c.start_velocity[i] + t * (c.end_velocity[i] - c.start_velocity[i])
        nearer = (v * way).sum(axis=1) / d
        d, nearer = (d - c.radius[i] - 0.02 * 0.866)[nearer > 0.05], nearer[nearer > 0.05]
        while rate > 0 and len(d) and (LIMITS.protective(rate, nearer, d, AGE) > d).any():
            rate -= 2**-9
    return rate


def test_going_away_is_always_allowed():
    assert ROBOT.limit([link(-1.0)], someone(0.0), AGE).rate == 1.0
    assert ROBOT.limit([link(-1.0)], someone(-0.05), AGE).rate == 1.0
    assert ROBOT.limit([link(0.5)], someone(0.1), AGE).rate == 0.0


def test_a_turn_towards_somebody_counts_before_it_happens():
    away_then_nearer = [link(-0.5), link(0.0), link(0.8)]
    assert ROBOT.limit(away_then_nearer, someone(0.3), AGE).rate == 0.0


def test_somebody_who_may_walk_round_counts_before_he_does():
    """In the 0.15 s until the robot answers a hand goes 0.3 m: what is sideways of it now may be in front then."""
    v = np.array([[1.0, 0.0, 0.0]])
    sideways = Capsules(("forearm",), np.array([[-0.2, 0, 0.3]]), np.array([[0.2, 0, 0.3]]), np.array([0.05]), v, v)
    assert ROBOT.limit([sideways], someone(0.25), AGE).rate == 0.0
    rates = [ROBOT.limit([sideways], someone(d), AGE).rate for d in (0.5, 0.7, 0.9, 1.6)]
    assert 0 <= rates[0] < rates[1] < rates[2] < rates[3] == 1.0
    voxels = [People(0, (), np.array([[0.0, d + 0.05, 0.3]]), 0.02) for d in (0.25, 0.7, 1.6)]
    assert [ROBOT.limit([sideways], p, AGE).rate for p in voxels] == [0.0, pytest.approx(rates[1], abs=0.15), 1.0]


@given(st.tuples(*[st.floats(-1, 1)] * 3), st.tuples(*[st.floats(-1, 1)] * 3), st.tuples(*[st.floats(-1, 1)] * 3))
@settings(max_examples=100, deadline=None)
def test_wherever_somebody_goes_a_link_comes_no_nearer_than_was_counted(at, velocity, way):
    v = np.array([velocity])
    moving = [Capsules(("forearm",), np.array([[-0.2, 0, 0.0]]), np.array([[0.2, 0, 0.0]]), np.array([0.05]), v, v)]
    pairs = with_bodies(moving, [Capsule(at, at, 0.05)], LIMITS, AGE)
    reach = float(LIMITS.person_speed(pairs.distance)[0]) * (AGE + LIMITS.reaction)
    assume(reach < pairs.distance[0])  # who is nearer than that may be through or round it: there the robot stands
    there = tuple(np.array(at) + reach * np.array(way) / max(1.0, float(np.linalg.norm(way))))
    after = with_bodies(moving, [Capsule(there, there, 0.05)])
    assert after.approach[0] <= pairs.approach[0] + 1e-6


def test_far_away_does_not_limit_and_near_is_told():
    assert ROBOT.limit([link(1.0)], someone(3.0), AGE).rate == 1.0
    limit = ROBOT.limit([link(1.0)], someone(0.8), AGE)
    assert 0 < limit.rate < 1
    assert (limit.link, limit.body) == ("forearm", "arm")
    assert "forearm and arm: 0.80 m apart" in limit.reason
    assert limit.protective <= limit.distance == pytest.approx(0.8)


def test_older_data_allows_less():
    rates = [ROBOT.limit([link(1.0)], someone(0.8), age).rate for age in (0.0, 0.03, 0.06, 0.1)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > rates[-1]


def test_what_cannot_be_seen_is_taken_as_occupied():
    unseen = People(0, unseen=np.array([[0.0, 0.25, 0.3]]), voxel_size=0.05)
    limit = ROBOT.limit([link(1.0)], unseen, AGE)
    assert limit.rate == 0.0
    assert "cannot be seen" in limit.reason


def test_not_a_number_is_no_permission():
    broken = People(0, (Body("arm", (Capsule((float("nan"), 0.5, 0.3), (0.1, 0.5, 0.3), 0.05),)),))
    assert ROBOT.limit([link(1.0)], broken, AGE).rate == 0.0


def test_out_of_view_speed_is_limited_and_not_distance():
    """Somebody may always be there: no distance can be kept, so every link that comes nearer goes gently."""
    beside = People(0, out_of_view=np.array([[0.0, 0.4, 0.3]]))
    for name in ("tray", "shoulder"):
        limit = ROBOT.limit([link(1.0, name)], beside, AGE)
        assert 0 < limit.rate <= ROBOT.contact_speed
        assert "out of the camera's view" in limit.reason


def test_the_arm_may_touch_gently_where_trays_are_handed_over():
    zone = Box(Pose.of((0.0, 0.1, 0.3)), (0.6, 0.5, 0.3))
    near = someone(0.02)
    assert ROBOT.limit([link(1.0, "tray")], near, AGE).rate == 0.0
    gentle = ROBOT.limit([link(1.0, "tray")], near, AGE, zone).rate
    assert 0 < gentle <= ROBOT.contact_speed
    assert ROBOT.limit([link(1.0, "shoulder")], near, AGE, zone).rate == 0.0, "only what is made for it"
    behind = Box(Pose.of((0.0, -0.2, 0.3)), (0.6, 0.5, 0.3))
    assert not behind.contains(near.bodies[0].capsules[0].start)
    assert ROBOT.limit([link(1.0, "tray")], near, AGE, behind).rate == gentle, "where the link is, the touch is"
    edge = Box(Pose.of((0.0, 0.35, 0.3)), (0.6, 0.5, 0.3))
    assert edge.contains(near.bodies[0].capsules[0].start)
    assert ROBOT.limit([link(1.0, "tray")], near, AGE, edge).rate == 0.0, "at the edge it is not sure that he is in it"
    aside = Box(Pose.of((1.0, 0.1, 0.3)), (0.6, 0.5, 0.3))
    assert ROBOT.limit([link(1.0, "tray")], near, AGE, aside).rate == 0.0, "only there"


def test_contact_speed_follows_the_effective_mass():
    # Published for a clamped hand and robots of 10 kg class: 0.13 to 0.16 m/s (arXiv 2009.01036).
    fast = LIMITS.model_copy(update={"contact_speed": 0.25})
    assert fast.contact(17.7, 2.0) == pytest.approx(140 / np.sqrt(10.85 * 75000), rel=1e-6)
    assert LIMITS.contact(17.7, 2.0) == 0.15
    assert LIMITS.contact(60.0, 2.0) < 0.10


def test_a_wrong_number_is_told(tmp_path):
    path = tmp_path / "separation.yaml"
    path.write_text(FILE.read_text().replace("intrusion: 0.10", "intrusion: -1"))
    with pytest.raises(DocumentError, match="intrusion: found -1"):
        load_limits(path)


def way(seconds=3.0):
    t = np.linspace(0, 1, int(seconds / TICK) + 1)
    s = t**3 * (10 - 15 * t + 6 * t * t)
    return Trajectory(np.column_stack([s, np.sin(2 * s), -0.5 * s]))


def on_the_way(trajectory, q):
    return np.abs(trajectory.positions - q).max(axis=1).min() < 0.02


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=5, max_size=40))
def test_the_way_is_never_left_and_the_rate_stays_in_its_limits(rates):
    pacer, dt = Pacer(way(), LIMITS), 1 / 30
    for wanted in rates:
        before, along = pacer.rate, pacer.along
        pacer.step(wanted, dt)
        assert 0 <= pacer.rate <= 1
        assert pacer.rate <= max(before, wanted) + LIMITS.stop_jerk * dt * dt, "never on above what is allowed"
        assert pacer.along >= along - 1e-9
        assert before - pacer.rate <= LIMITS.stop_rate * dt + 1e-6
        q, _ = pacer.trajectory.at(pacer.along)
        assert on_the_way(pacer.trajectory, q)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.integers(1, 40))
def test_every_horizon_ends_at_rest_on_the_way(wanted, steps):
    pacer = Pacer(way(), LIMITS)
    for _ in range(steps):
        pacer.step(wanted, 1 / 30)
    horizon = pacer.horizon(wanted, 0.1, 0.02)
    assert horizon.seconds[-1] <= 0.1 + LIMITS.stop_time(1.0) + 0.15
    assert np.abs(horizon.velocities[-1]).max() == 0
    assert horizon.positions[-1] == pytest.approx(horizon.positions[-2])
    assert all(on_the_way(pacer.trajectory, q) for q in horizon.positions)
    assert (np.diff(horizon.seconds) > 0).all()


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.3, 0.7, 1.0])
def test_the_stop_takes_as_long_as_the_separation_counts_on(rate):
    pacer = Pacer(way(10.0), LIMITS)
    while pacer.rate < rate - 1e-6 or abs(pacer.change) > 1e-9:
        pacer.step(rate, 0.01)
    taken = 0.0
    while pacer.rate > 1e-6:
        pacer.step(0.0, 0.005)
        taken += 0.005
    assert taken == pytest.approx(LIMITS.stop_time(rate), abs=0.011)


def test_beside_somebody_the_arm_is_gentle_whichever_way_it_goes():
    zone = Box(Pose.of((0.0, 0.1, 0.3)), (0.6, 0.9, 0.6))
    assert ROBOT.limit([link(-1.0, "fork")], someone(0.1), AGE).rate == 1.0
    limit = ROBOT.limit([link(-1.0, "fork")], someone(0.1), AGE, zone)
    assert 0 < limit.rate <= ROBOT.contact_speed
    assert "fork and arm" in limit.reason
    assert ROBOT.limit([link(-1.0, "fork")], someone(0.35), AGE, zone).rate == 1.0
