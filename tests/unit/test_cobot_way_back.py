"""The way back of an emptied tray, by what the camera sees: depth, perception, separation and cobot in one loop."""

from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from opstap.perception.own import Own
from opstap.perception.people import VOXEL
from opstap.perception.people import People as Seer
from opstap.presenting import presenter
from opstap.presenting.backend import NS, SimulatedRobot
from opstap.presenting.presenter import Presenter, Result, Senses
from opstap.presenting.robot import Robot
from opstap.presenting.route import Router
from opstap.presenting.separation import Body, People, Separation, load_limits
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.cobot import LATE
from opstap.simulation.person import Traits
from opstap.simulation.simulator import Simulator

LIMITS = load_limits(Path(__file__).parents[2] / "config/separation.yaml")
FRAME = round(NS / 30)


class Seen:
    """Simulated cell, camera, perception and presenter in one loop, as the nodes are."""

    def __init__(self, cell):
        self.simulator, self.camera = Simulator(cell, Traits(person="x"), 1, cobot=True), SimulatedCamera(cell, 1)
        view = cell.scene.camera.view
        self.own, self.seer, self.robot = Own(view), Seer(cell.scene, view), Robot(cell.scene.cobot)
        self.presenter = Presenter(self.robot, Separation(LIMITS, self.robot.moving_mass, cell.scene.cobot.tray.mass))
        self.states = deque(maxlen=8)

    def tick(self):
        world, cobot = self.simulator.tick({}), self.simulator.cobot
        self.states.append(cobot.joints)
        q, v = cobot.joints.positions, cobot.joints.velocities
        tool = self.robot.tool(q) if self.presenter.carrying else self.presenter.standing
        tray = self.robot.tray_at(tool) if tool else ()
        self.own.tell(cobot.joints.stamp, self.robot.capsules(q, v, carrying=False).shapes(), tray)
        depth = self.camera.depth(world)
        seen = self.seer.see(depth, world.stamp, self.own.find(depth, world.stamp))
        at, bodies = self.seer.grid.centres(), tuple(Body(str(b.number), b.capsules) for b in seen.bodies)
        people = People(world.stamp, bodies, at[seen.occupied], VOXEL, at[seen.unseen], at[seen.out_of_view])
        joints = [s for s in self.states if s.stamp <= world.stamp][-1]
        motion = self.presenter.tick(Senses(world.stamp + LATE * FRAME, joints, people))
        if motion.horizon:
            cobot.tell(motion.horizon, world.stamp)
        return motion


def test_the_fork_goes_under_an_emptied_tray_that_the_camera_sees_and_lifts_it(cell, monkeypatch):
    monkeypatch.setattr(presenter, "LEAD", 0.1)
    meeting = Seen(cell)
    route = Router(cell.scene, meeting.robot).route(cell.scene.cobot.store[0], cell.scene.profile["default"])
    route = replace(route, collect=route.collect[1:3])  # from behind the tray: under it, and up
    tray, place = meeting.simulator.cobot.trays[0], route.handover.pose
    tray.pose, tray.level = place, float(place.translation[2])
    meeting.simulator._bench._trays[tray.slot] = ()
    meeting.simulator.cobot._arm = SimulatedRobot(route.collect[0].trajectory.positions[0], delay=1 / 30)
    meeting.presenter.standing = place
    meeting.presenter.collect(route, "takes it back")
    motions = [meeting.tick()]
    while motions[-1].result is not Result.OK and len(motions) < 240:
        motions.append(meeting.tick())
    assert motions[-1].result is Result.OK
    near = [(m.limit.distance, m.limit.link, m.limit.body) for m in motions if "a place" not in m.limit.body]
    assert min(near)[0] > 0.05, "neither the tray nor the fork is taken for somebody"
    assert tray.on_fork
    assert tray.pose.translation[2] == pytest.approx(tray.level + 0.05, abs=0.005)
