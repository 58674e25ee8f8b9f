"""A whole presentation with the simulated robot, and everything that has to stop it."""

from pathlib import Path

import numpy as np
import pytest

from opstap.geometry import Capsule
from opstap.presenting.backend import NS, JointState, SimulatedRobot
from opstap.presenting.pacing import Horizon
from opstap.presenting.presenter import GONE, LEAD, PATIENCE, Presenter, Result, Senses
from opstap.presenting.robot import Robot
from opstap.presenting.route import Router
from opstap.presenting.separation import Body, People, Separation, load_limits
from opstap.scene import Profile

LIMITS = load_limits(Path(__file__).parents[2] / "config/separation.yaml")
FRAME = NS // 30
TABLE = Profile(id="table")
HELD = Profile(id="held", presented="hand", seat="standing")


@pytest.fixture(scope="module")
def routes(cell):
    router = Router(cell.scene, Robot(cell.scene.cobot))
    return {p.id: router.route(cell.scene.cobot.store[0], p) for p in (TABLE, HELD)}


class Bench:
    """A presenter with its simulated robot, tick by tick."""

    def __init__(self, cell, route, **options):
        self.robot = Robot(cell.scene.cobot)
        self.presenter = Presenter(self.robot, Separation(LIMITS, 17.7, 0.8), **options)
        self.arm = SimulatedRobot(self.robot.home)
        self.now = NS
        self.presenter.present(route, "mouth mirror")
        self.motions = []

    def tick(self, **given):
        self.now += FRAME
        usual = {"joints": self.arm.state(self.now), "people": People(self.now - int(0.05 * NS)), "load": True}
        senses = usual | given
        motion = self.presenter.tick(Senses(self.now, **senses))
        if motion.horizon:
            self.arm.send(motion.horizon, self.now)
        self.motions.append(motion)
        return motion

    def until(self, condition, limit=3000, **given):
        for _ in range(limit):
            motion = self.tick(**given)
            if condition(motion):
                return motion
        raise AssertionError("it did not come to that")

    def moves(self, ticks=30, **given):
        """How far the joints move in so many ticks, once it had time to brake."""
        for _ in range(25):
            self.tick(**given)
        before = self.arm.state(self.now).positions
        for _ in range(ticks):
            self.tick(**given)
        return float(np.abs(self.arm.state(self.now).positions - before).max())

    def going(self):
        self.until(lambda m: m.phase == "carry" and m.limit.rate == 1.0)
        for _ in range(15):
            self.tick()
        return self


def test_a_tray_is_put_down_and_the_robot_goes_home(cell, routes):
    bench = Bench(cell, routes["table"])
    first = bench.tick()
    assert first.intent.start == bench.now + int(LEAD * NS)
    assert first.intent.seconds > 5
    assert "mouth mirror" in first.intent.reason
    done = bench.until(lambda m: m.result is Result.OK)
    assert done.result is Result.OK
    assert not bench.presenter.busy
    assert bench.arm.state(bench.now).positions == pytest.approx(bench.robot.home, abs=0.01)
    assert {m.phase for m in bench.motions} >= {"fetch", "carry", "present", "retreat"}


def test_nothing_moves_before_it_was_told(cell, routes):
    bench = Bench(cell, routes["table"])
    for _ in range(int(LEAD * 30) - 1):
        bench.tick()
        assert bench.arm.state(bench.now).positions == pytest.approx(bench.robot.home)


def test_first_time_mode_tells_every_leg(cell, routes):
    bench = Bench(cell, routes["table"], first_time=True)
    bench.until(lambda m: m.result is Result.OK, limit=6000)
    told = [m for m in bench.motions if m.intent]
    assert len(told) == len(routes["table"].present) + len(routes["table"].clear)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"people": None}, "nobody looks out"),
        ({"people": "old"}, "is old"),
        ({"people": "from the future"}, "is old"),
        ({"joints": None}, "where the robot is"),
        ({"joints": "old"}, "where the robot is"),
        ({"joints": "elsewhere"}, "not where it should be"),
        ({"scaling": 0.5}, "the robot's controller scales"),
        ({"scaling": float("nan")}, "the robot's controller scales"),
        ({"camera_drift_mm": 9.0}, "the camera was moved"),
        ({"camera_drift_mm": float("nan")}, "the camera was moved"),
    ],
)
def test_it_stands_when_it_is_blind(cell, routes, given, why):
    bench = Bench(cell, routes["table"]).going()

    def bad():
        value = dict(given)
        if value.get("people") == "old":
            value["people"] = People(bench.now - int(0.15 * NS))
        if value.get("people") == "from the future":
            value["people"] = People(bench.now + 2 * NS)
        q = bench.arm.state(bench.now + FRAME).positions
        if value.get("joints") == "old":
            value["joints"] = JointState(bench.now - int(0.2 * NS), q, 0 * q)
        if value.get("joints") == "elsewhere":
            value["joints"] = JointState(bench.now + FRAME, q + 0.5, 0 * q)
        return value

    motion = bench.tick(**bad())
    assert motion.limit.rate == 0.0
    assert why in motion.limit.reason
    for _ in range(25):
        bench.tick(**bad())
    before = bench.arm.state(bench.now).positions
    for _ in range(30):
        bench.tick(**bad())
    assert bench.arm.state(bench.now).positions == pytest.approx(before, abs=1e-4)


def test_stale_people_stop_it_only_as_long_as_they_are_stale(cell, routes):
    bench = Bench(cell, routes["table"]).going()
    assert bench.moves(people=None) < 1e-3
    assert bench.until(lambda m: m.result is Result.OK).result is Result.OK


@pytest.mark.parametrize("who", ["the worker", "the coach"])
def test_a_stop_waits_for_consent(cell, routes, who):
    bench = Bench(cell, routes["table"]).going()
    bench.presenter.stop(who)
    motion = bench.tick()
    assert (motion.limit.rate, motion.needs_consent) == (0.0, True)
    assert who in motion.limit.reason
    assert bench.moves(300) < 1e-3
    bench.presenter.consent()
    bench.until(lambda m: m.result is Result.OK)


def test_off_the_way_waits_for_consent(cell, routes):
    bench = Bench(cell, routes["table"]).going()
    q = bench.arm.state(bench.now + FRAME).positions
    bench.tick(joints=JointState(bench.now + FRAME, q + 0.5, 0 * q))
    assert bench.moves() < 1e-3
    assert bench.motions[-1].needs_consent


def test_a_dead_presenter_is_a_robot_that_stands(cell, routes):
    bench = Bench(cell, routes["table"]).going()
    begin = bench.now
    later = [bench.arm.state(begin + i * FRAME).positions for i in range(1, 60)]
    assert np.abs(later[30] - later[0]).max() > 0, "it was moving"
    assert later[-1] == pytest.approx(later[25], abs=1e-6)


def test_a_long_slow_down_ends_well(cell, routes):
    bench = Bench(cell, routes["table"]).going()
    wrist = bench.arm.state(bench.now).positions
    at = bench.robot.tool(wrist).translation
    near = Body("arm", (Capsule((at[0], at[1] - 0.35, at[2]), (at[0], -0.6, at[2]), 0.05),))
    for _ in range(900):
        motion = bench.tick(people=People(bench.now, (near,)))
    assert motion.limit.rate < 0.5
    assert motion.result is None
    bench.until(lambda m: m.result is Result.OK)


def test_the_workers_speed_counts(cell, routes):
    def ticks(speed):
        bench = Bench(cell, routes["table"], speed=speed)
        bench.until(lambda m: m.result is Result.OK, limit=9000)
        return len(bench.motions)

    assert ticks(0.5) > 1.7 * (ticks(1.0) - LEAD * 30)


def test_taken_is_load_gone_and_hand_seen(cell, routes):
    bench = Bench(cell, routes["held"])
    bench.until(lambda m: m.phase == "hold")
    still = bench.arm.state(bench.now + NS).positions
    for given in ({"load": False}, {"hand_at_tray": True}, {"load": None, "hand_at_tray": True}):
        for _ in range(20):
            assert bench.tick(**given).phase == "hold"
        bench.tick()
    for _ in range(int(GONE * 30) - 1):  # pulled early, or bumped: too short
        bench.tick(load=False, hand_at_tray=True)
    bench.tick(load=True, hand_at_tray=True)
    assert bench.arm.state(bench.now).positions == pytest.approx(still, abs=1e-6)
    bench.until(lambda m: m.result is Result.OK, load=False, hand_at_tray=True)
    assert bench.arm.state(bench.now).positions == pytest.approx(bench.robot.home, abs=0.01)


def test_a_tray_that_is_not_taken_is_told_and_still_held(cell, routes):
    bench = Bench(cell, routes["held"])
    bench.until(lambda m: m.phase == "hold")
    bench.until(lambda m: m.result is Result.NOT_TAKEN, limit=int(PATIENCE * 30) + 5)
    assert bench.tick().phase == "hold"
    bench.presenter.collect(routes["held"], "it was not wanted")
    bench.until(lambda m: m.result is Result.OK)


def test_the_simulated_robot_is_late_and_no_faster_than_it_can():
    arm = SimulatedRobot(np.zeros(2), delay=0.05, speed=1.0)
    arm.send(Horizon(np.array([0.0, 0.1]), np.array([[0.0, 0.0], [1.0, 0.05]]), np.zeros((2, 2))), NS)
    assert arm.state(NS + int(0.04 * NS)).positions == pytest.approx([0, 0])
    assert arm.state(NS + int(0.14 * NS)).positions == pytest.approx([0.1, 0.045])
    assert arm.state(NS + 3 * NS).positions == pytest.approx([1.0, 0.05])
    assert arm.state(NS + 9 * NS).velocities == pytest.approx([0, 0])
