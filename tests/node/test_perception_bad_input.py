"""What is not a depth image of the scene's camera: told in the diagnostics, never a crash, never an event."""

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image

from opstap.simulation.bench import Bench
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.world import WorldState
from opstap_cell import convert
from opstap_cell.depth_camera import DepthCameraNode
from opstap_cell.perception import Perception
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import WorkspaceEvent, WorkspaceState

FRAME = "oral_care/camera_depth_optical_frame"


class Sender:
    """Sends frames of a bench to a perception node and hears its answers."""

    def __init__(self, graph, cell):
        self.graph, self.cell = graph, cell
        self.node = graph.start(Perception)
        self.states = graph.hear(WorkspaceState, "workspace_state", STATE)
        self.events = graph.hear(WorkspaceEvent, "workspace_events", EVENT)
        self.infos = graph.talk(CameraInfo, "camera/depth/camera_info", STATE)
        self.depths = graph.talk(Image, "camera/depth/image_rect_raw", SENSOR)
        graph.until(lambda: self.states is not None and self.node.count_subscribers("workspace_state"))
        bench = Bench(cell, 1)
        self.depth = SimulatedCamera(cell, 1).depth(WorldState(0, 1, bench.bins, bench.slots))
        self.stamp = 1_000_000_000

    def info(self, **changed):
        k = self.cell.scene.camera.view.pinhole
        message = DepthCameraNode.info(k, FRAME, self.stamp)
        for name, value in changed.items():
            setattr(message, name, value)
        self.infos.publish(message)

    def send(self, message):
        before = self.node._last_input
        self.depths.publish(message)
        self.graph.until(lambda: self.node._last_input > before)

    def image(self, depth=None, encoding="16UC1"):
        self.stamp += 33_333_333
        return convert.image_to_ros(self.depth if depth is None else depth, encoding, FRAME, self.stamp)

    def works(self):
        """A good frame is looked at."""
        before = len(self.states)
        self.send(self.image())
        self.graph.until(lambda: len(self.states) > before)
        return self.node.fault == "" and convert.time_from_ros(self.states[-1].header.stamp) == self.stamp


@pytest.fixture
def sender(graph, cell):
    return Sender(graph, cell)


def start(sender):
    sender.info()
    sender.graph.until(lambda: sender.node.optics is not None)
    assert sender.works()


def test_without_camera_info_frames_are_not_looked_at(sender):
    sender.send(sender.image())
    assert "no camera_info" in sender.node.fault
    assert not sender.states
    start(sender)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"width": 640, "height": 400}, "found 640x400, allowed: 848x480"),
        ({"k": [610.0, 0.0, 423.0, 0.0, 610.0, 239.0, 0.0, 0.0, 1.0]}, "that of another camera"),
        ({"k": [425.0, 0.0, 600.0, 0.0, 425.0, 239.0, 0.0, 0.0, 1.0]}, "that of another camera"),
        ({"k": [0.0] * 9}, "not calibrated"),
        ({"k": [float("nan")] * 9}, "not calibrated"),
    ],
)
def test_camera_info_of_another_camera(sender, changed, said):
    sender.info(**changed)
    sender.graph.until(lambda: sender.node.fault)
    assert said in sender.node.fault
    sender.send(sender.image())
    assert not sender.states
    start(sender)


def test_frames_of_another_size_encoding_or_length(sender):
    start(sender)
    cut = sender.image()
    cut.data = cut.data[:-100]
    metres = sender.image(np.full((480, 848), np.nan, np.float32), "32FC1")
    for bad, said in (
        (sender.image(np.zeros((100, 100), np.uint16)), "found 100x100 in 20000 bytes, allowed: 848x480"),
        (cut, "in 813980 bytes, allowed"),
        (metres, "found encoding '32FC1', allowed: 16UC1"),
    ):
        sender.send(bad)
        assert said in sender.node.fault
    assert sender.works()
    assert not sender.events


def test_time_that_runs_back_is_told_and_gives_no_events(sender):
    start(sender)
    now = sender.stamp
    sender.stamp -= 5_000_000_000
    sender.send(sender.image())
    assert "time ran back by 4.97 s" in sender.node.fault
    sender.stamp = now
    assert sender.works()
    assert not sender.events


@pytest.mark.parametrize("value", [0, 65535])
def test_frames_without_any_depth(sender, value):
    start(sender)
    for _ in range(12):
        sender.send(sender.image(np.full_like(sender.depth, value)))
    assert not sender.events
    for _ in range(12):
        sender.send(sender.image())
    assert not sender.events
