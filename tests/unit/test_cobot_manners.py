"""What people do about a tray that comes: reach in, draw back, take late, too early or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest
from painted import paint

from opstap.presenting.backend import NS, SimulatedRobot
from opstap.presenting.presenter import Presenter, Result, Senses
from opstap.presenting.robot import Robot
from opstap.presenting.route import Router
from opstap.presenting.separation import TOUCHABLE, Body, People, Separation, load_limits, with_bodies
from opstap.simulation.person import Manner, Traits
from opstap.simulation.simulator import Simulator

LIMITS = load_limits(Path(__file__).parents[2] / "config/separation.yaml")
LATE = 2 * NS // 30
ZONE = "present_right"


@pytest.fixture(scope="module")
def route(cell):
    """Of the toothbrush's tray, from the store to the table at the right hand and back."""
    return Router(cell.scene, Robot(cell.scene.cobot)).route(cell.scene.cobot.store[1], cell.scene.profile["default"])


class Meeting:
    """The simulated person and the cobot, without a camera: it is told where the arms truly are, a frame later."""

    def __init__(self, cell, route, manner, leg):
        """The robot starts at the leg of `route` with that phase, the tray already on its fork."""
        self.cell = cell
        self.simulator = Simulator(cell, Traits(person="x", trays=(Manner(kind=manner, at_tray=1),)), 1, cobot=True)
        self.cobot, self.robot = self.simulator.cobot, Robot(cell.scene.cobot)
        at = next(i for i, x in enumerate(route.present) if x.phase == leg)
        self.route = replace(route, present=route.present[at:], collect=route.collect[: len(route.collect) - at])
        start = self.route.present[0].trajectory.positions[0]
        self.cobot._arm = SimulatedRobot(start, delay=1 / 30)
        tray = self.cobot.trays[1]
        tray.pose, tray.on_fork, tray.level = self.robot.tool(start), True, -1.0
        self.presenter = Presenter(self.robot, Separation(LIMITS, self.robot.moving_mass, 0.8))
        self.light, self.shown = {}, ""
        self.arms = ()
        self.reasons, self.touches, self.beside = [], [], []

    def lit(self, surface):
        if surface != self.shown:
            self.shown, self.light = surface, paint(self.cell.scene, {surface: ("take", 1)} if surface else {})

    def tick(self):
        world = self.simulator.tick(self.light)
        joints = self.cobot.joints
        now = world.stamp + LATE
        arms, self.arms = self.arms, world.arms
        motion = self.presenter.tick(Senses(now, joints, People(world.stamp, (Body("arm", arms),) if arms else ())))
        if motion.horizon:
            self.cobot.tell(motion.horizon, world.stamp)
        self.reasons.append(motion.limit.reason)
        links = self.robot.capsules(joints.positions, joints.velocities, self.presenter.carrying)
        pairs = with_bodies([links], list(world.arms))
        hit = pairs.distance < 0
        self.beside += pairs.approach[pairs.distance < 0.25].tolist()
        self.touches += [(links.links[i], v) for i, v in zip(pairs.link[hit], pairs.approach[hit], strict=True)]
        return motion

    def until(self, condition, seconds=60):
        for _ in range(seconds * 30):
            if condition(self.tick()):
                return self.simulator.ticks / 30
        raise AssertionError("it did not come to that")

    def bring(self):
        self.presenter.present(self.route, "toothbrush")
        return self.until(lambda m: m.result is Result.OK)

    def taken(self):
        return [(t.place, t.tick) for t in self.simulator.truth if t.deed == "taken"]


def gentle(meeting):
    """No link that may not touch did; those that may came nearer no faster than at contact speed."""
    return all(link in TOUCHABLE and v <= 0.16 for link, v in meeting.touches)


def test_a_tray_is_not_put_down_on_a_hand_and_comes_when_that_is_drawn_back(cell, route):
    seconds, reasons = {}, {}
    for manner in ("withdraws", "intrudes"):
        meeting = Meeting(cell, route, manner, "present")
        seconds[manner], reasons[manner] = meeting.bring(), set(meeting.reasons)
        assert gentle(meeting)
    assert seconds["withdraws"] < seconds["intrudes"] - 1.0
    assert "somebody is under the tray" in reasons["intrudes"] - reasons["withdraws"]


def test_a_hand_that_reaches_in_from_afar_meets_the_robot_at_contact_speed_at_the_most(cell, route):
    meeting = Meeting(cell, route, "intrudes", "carry")
    meeting.bring()
    assert gentle(meeting)
    assert meeting.beside
    assert max(meeting.beside) <= LIMITS.contact_speed + 0.01


def test_a_tray_that_is_taken_late_waits_without_the_robot_and_goes_back(cell, route):
    meeting = Meeting(cell, route, "late", "present")
    gone = meeting.bring()
    for _ in range(3):
        meeting.tick()
    assert not meeting.cobot.moving
    meeting.lit(f"tray/{ZONE}")
    meeting.until(lambda _: meeting.taken())
    ((place, tick),) = meeting.taken()
    assert place == ZONE
    assert tick / 30 > gone + 5
    meeting.lit("")
    meeting.presenter.collect(meeting.route, "toothbrush")
    meeting.until(lambda m: m.result is Result.OK)
    assert ZONE not in meeting.cobot.standing()
    assert meeting.cobot.trays[1].on_fork
    assert gentle(meeting)


def test_a_tray_that_is_taken_early_is_reached_into_while_the_fork_is_there(cell, route):
    meeting = Meeting(cell, route, "early", "present")
    gone = meeting.bring()
    (place, tick), *_ = meeting.taken()
    assert place == ZONE
    assert tick / 30 < gone
    assert not meeting.shown
    assert gentle(meeting)


def test_a_tray_that_is_not_taken_stays_until_it_is_fetched(cell, route):
    meeting = Meeting(cell, route, "ignores", "present")
    meeting.bring()
    (bin_id,) = cell.bins_with("toothbrush")
    meeting.lit(f"bin/{bin_id}/opening")
    meeting.until(lambda _: meeting.taken())
    assert meeting.taken()[0][0] == bin_id
    assert meeting.cobot.standing()[ZONE].slot == "store_2"
