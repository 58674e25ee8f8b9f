"""The perception node: a bumped camera is told in state and diagnostics, a check puts it right; bad input is told."""

from dataclasses import replace

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import CameraInfo, Image
from std_srvs.srv import Trigger

from opstap.geometry import Capsule, Pose
from opstap.simulation.bench import Bench
from opstap.simulation.calibrating import displaced
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.world import WorldState
from opstap_cell import convert
from opstap_cell.cobot_messages import robot_to_ros
from opstap_cell.depth_camera import DepthCameraNode
from opstap_cell.perception import Perception
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import BodyArray, OperatorInput, PlaceState, ProjectorDrift, WorkspaceEvent, WorkspaceState

FRAME = 33_333_333


class Camera:
    """Publishes frames, one after the other is answered."""

    def __init__(self, graph, cell):
        self.graph, self.cell = graph, cell
        self.states = graph.hear(WorkspaceState, "workspace_state", STATE)
        self.events = graph.hear(WorkspaceEvent, "workspace_events", EVENT)
        self.info = graph.talk(CameraInfo, "camera/depth/camera_info", STATE)
        self.depth = graph.talk(Image, "camera/depth/image_rect_raw", SENSOR)
        bench = Bench(cell, 1)
        self.world = WorldState(0, 0, bench.bins, bench.slots)
        self.tick = 0

    def tell(self):
        k = self.cell.scene.camera.depth.pinhole
        self.info.publish(DepthCameraNode.info(k, "camera", 0))

    def show(self, by, count):
        camera = SimulatedCamera(displaced(self.cell, by), 1)
        for _ in range(count):
            self.tick += 1
            picture = camera.depth(replace(self.world, tick=self.tick % 16))
            self.send(picture, "16UC1")
            self.graph.until(lambda: self.states and self.states[-1].header.stamp == self.stamp)

    def send(self, picture, encoding):
        message = convert.image_to_ros(picture, encoding, "camera", 1_000_000_000 + self.tick * FRAME)
        self.stamp = message.header.stamp
        self.depth.publish(message)


def test_a_hand_that_rests_on_a_projected_button_asks_once(camera):
    asked = camera.graph.hear(OperatorInput, "operator_input", EVENT)
    camera.tell()
    camera.show(Pose.of(), 8)  # the bare table
    x, y = next(z for z in camera.cell.scene.zones if z.asked == "next").position
    wrist, tip = (x - 0.02, y - 0.15, 0.05), (x, y, 0.03)
    arm = (Capsule((x - 0.1, -0.60, 0.28), wrist, 0.04), Capsule(wrist, tip, 0.022))
    bare, camera.world = camera.world, replace(camera.world, arms=arm)
    camera.show(Pose.of(), 45)
    assert [(m.asked, m.source) for m in asked] == [("next", "projected button")], "once, however long it rests"
    camera.world = bare
    camera.show(Pose.of(), 10)
    assert len(asked) == 1


def test_the_projectors_drift_is_told_with_the_workspace(camera):
    drift = camera.graph.talk(ProjectorDrift, "projector/main/drift", STATE)
    camera.tell()
    camera.show(Pose.of(), 1)
    assert np.isnan(camera.states[-1].projector_drift_mm), "not measured yet"
    drift.publish(ProjectorDrift(projector="main", result="moved", drift_mm=5.0, seen=7, thrown=7))
    camera.graph.until(lambda: camera.graph.node.projector_drift)
    camera.show(Pose.of(), 1)
    assert camera.states[-1].projector_drift_mm == 5.0
    drift.publish(ProjectorDrift(projector="main", result="unseen", drift_mm=float("nan"), seen=0, thrown=7))
    camera.graph.until(lambda: not camera.graph.node.projector_drift)
    camera.show(Pose.of(), 1)
    assert np.isnan(camera.states[-1].projector_drift_mm), "what is not known any more is not told"


@pytest.fixture
def camera(graph, cell, tmp_path):
    graph.node = graph.start(Perception, kept=tmp_path, calibration=tmp_path / "calibration.yaml")
    return Camera(graph, cell)


def test_a_bump_pauses_judging_and_the_service_puts_it_right(graph, camera, tmp_path):
    told = graph.hear(DiagnosticArray, "/diagnostics", 10)
    camera.tell()
    camera.show(Pose.of(), 45)
    assert camera.states[-1].camera_drift_mm < 1
    assert camera.states[-1].places[0].content == PlaceState.FILLED
    bumped = Pose.of((0.006, -0.004, 0.0))
    camera.show(bumped, 45)
    state = camera.states[-1]
    assert state.camera_drift_mm == pytest.approx(7, abs=2)
    assert all(p.content == PlaceState.CANNOT_SEE and "moved" in p.reason for p in state.places)
    graph.until(lambda: any("camera was moved" in s.message for a in told for s in a.status))
    client = graph.other.create_client(Trigger, "check_camera")
    graph.until(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    graph.until(answer.done)
    assert answer.result().success
    camera.show(bumped, 120)
    assert camera.states[-1].places[0].content == PlaceState.FILLED
    assert camera.states[-1].camera_drift_mm < 2
    assert camera.events == []
    assert (tmp_path / "calibration.yaml").exists()


def test_people_are_told_while_somebody_asks(graph, cell, camera):
    people = graph.hear(BodyArray, "people", SENSOR)
    robots = graph.talk(BodyArray, "robot_body", SENSOR)
    camera.tell()
    node = next(n for n in graph._nodes if isinstance(n, Perception))
    graph.until(lambda: node.people_out.get_subscription_count() > 0)
    camera.show(Pose.of(), 16)
    graph.until(lambda: people and people[-1].header.stamp == camera.stamp)
    assert people[-1].bodies == []
    link = Capsule((-0.3, 0.25, 0.30), (-0.2, -0.05, 0.25), 0.05)
    camera.world = replace(camera.world, arms=(link,))
    camera.show(Pose.of(), 1)
    graph.until(lambda: people[-1].header.stamp == camera.stamp)
    told = people[-1]
    assert len(told.bodies) == 1
    occupied = convert.voxels_from_ros(told.occupied, tuple(told.cells))
    assert occupied.any()
    robots.publish(robot_to_ros(convert.time_from_ros(camera.stamp), "table", (link,), ()))
    graph.until(lambda: node.own)
    camera.show(Pose.of(), 1)
    graph.until(lambda: people[-1].header.stamp == camera.stamp)
    assert people[-1].bodies == []


def test_what_cannot_be_used_is_told_and_the_next_frame_is_looked_at(graph, camera):
    node = next(n for n in graph._nodes if isinstance(n, Perception))
    camera.tick = 1
    camera.send(np.zeros((480, 848), np.uint16), "16UC1")
    graph.until(lambda: "no camera_info that fits" in node.fault)
    camera.tell()
    graph.until(lambda: node.optics is not None)
    camera.send(np.zeros((10, 10), np.uint16), "16UC1")
    graph.until(lambda: "allowed: 848x480" in node.fault)
    camera.send(np.zeros((480, 848, 3), np.uint8), "rgb8")
    graph.until(lambda: "'rgb8'" in node.fault)
    message = Image(height=480, width=848, encoding="32FC1")
    camera.depth.publish(message)
    graph.until(lambda: "'32FC1'" in node.fault)
    camera.show(Pose.of(), 16)
    assert node.fault == ""
