"""The projector's node: patterns of who calibrates, faint dots between two cases, and a pedal that is not there."""

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import CameraInfo, Image

from opstap.simulation.projecting import ProjectionBench
from opstap.zones import Clear, cells
from opstap_cell import convert
from opstap_cell.depth_camera import DepthCameraNode
from opstap_cell.projector_guidance import ProjectorGuidance
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import KeepClear, ProjectionState, ProjectorDrift, WorkState

FRAME = 33_333_333


class Cell:
    """Work states and what is to be kept clear, frame after frame, each answered."""

    def __init__(self, graph, cell):
        self.graph, self.scene, self.stamp = graph, cell.scene, 1_000_000_000
        self.answers = graph.hear(ProjectionState, "projector/main/state", EVENT)
        self.images = graph.hear(Image, "projector/main/image", STATE)
        self.work = graph.talk(WorkState, "work_state", STATE)
        self.clear = graph.talk(KeepClear, "keep_clear", EVENT)
        self.bare = np.zeros(cells(cell.scene)[::-1], bool)

    def frame(self, phase="take"):
        self.stamp += FRAME
        message = WorkState(phase=phase, step=13, steps=26, job=1, person="default", language="en", level="full",
                            volume=0, motion="none", tray="none")  # fmt: skip
        message.header.stamp = convert.time_to_ros(self.stamp)
        self.clear.publish(convert.clear_to_ros(Clear(self.stamp, clutter=self.bare), "table"))
        self.work.publish(message)
        self.graph.until(lambda: self.answers and self.answers[-1].source_stamp == message.header.stamp)

    @property
    def thrown(self):
        """The newest picture, (h, w, 3)."""
        stamp = self.answers[-1].image_stamp
        self.graph.until(lambda: self.images and self.images[-1].header.stamp == stamp)
        return convert.image_from_ros(self.images[-1])


@pytest.fixture
def desk(graph, cell):
    graph.start(ProjectorGuidance)
    return Cell(graph, cell)


def test_patterns_are_thrown_instead_until_an_empty_one(desk):
    desk.frame()
    guiding = desk.thrown
    assert guiding.any()
    pattern = np.zeros(guiding.shape[:2], np.uint8)
    pattern[::2] = 255
    out = desk.graph.talk(Image, "projector/main/pattern", EVENT)

    def shown_after(message):
        before = len(desk.images)
        out.publish(message)
        while len(desk.images) == before:
            desk.frame()
        return desk.thrown

    thrown = shown_after(convert.image_to_ros(pattern, "mono8", "", 0))
    assert np.array_equal(thrown, np.repeat(pattern[..., None], 3, axis=2))
    desk.frame()
    assert desk.answers[-1].surfaces == [], "nothing guides meanwhile"
    assert np.array_equal(shown_after(Image(encoding="mono8")), guiding)
    small = convert.image_to_ros(np.full((4, 4), 255, np.uint8), "mono8", "", 0)
    assert np.array_equal(shown_after(small), guiding), "a pattern of another size is none"


def test_between_two_cases_a_bumped_projector_is_told(desk, cell):
    drifts = desk.graph.hear(ProjectorDrift, "projector/main/drift", STATE)
    diagnostics = desk.graph.hear(DiagnosticArray, "/diagnostics", 10)
    info, color = (desk.graph.other.create_publisher(k, f"camera/color/{t}", q)
                   for k, t, q in ((CameraInfo, "camera_info", STATE), (Image, "image_raw", SENSOR)))  # fmt: skip
    info.publish(DepthCameraNode.info(cell.scene.camera.color.pinhole, "color", 0))
    true = cell.scene.projectors[0].model_copy(update={"position": (0.004, 0.003, 1.25)})
    bench = ProjectionBench(cell.scene, [true])
    for _ in range(200):
        desk.frame("done")
        if color.get_subscription_count():
            bench.show("main", desk.thrown)
            color.publish(convert.image_to_ros(bench.poll(0).color, "rgb8", "color", desk.stamp))
        if drifts:
            break
    assert drifts[0].result == "moved"
    assert drifts[0].drift_mm == pytest.approx(5.0, abs=0.5)
    desk.graph.until(lambda: any("its light falls 5 mm" in s.message for m in diagnostics for s in m.status))
    desk.frame("done")
    desk.graph.until(lambda: not color.get_subscription_count())


def test_a_pedal_that_is_not_there_is_told_and_the_light_goes_on(graph, cell, tmp_path):
    pytest.importorskip("evdev", reason="evdev is not installed (pip install 'opstap[pedal]')")
    keys = tmp_path / "keys.yaml"
    keys.write_text("device: Nobody makes this\nkeys: {f1: help}\n")
    graph.start(ProjectorGuidance, keys=keys)
    diagnostics = graph.hear(DiagnosticArray, "/diagnostics", 10)
    told = "pedal: device: found no 'Nobody makes this'"
    graph.until(lambda: any(told in s.message for m in diagnostics for s in m.status))
    desk = Cell(graph, cell)
    desk.frame()
    assert desk.thrown.any()
