"""The depth camera node: simulated, recorded, and with no camera at all."""

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from opstap.perception.software_camera import SoftwareCamera
from opstap.simulation.bench import Bench
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.world import WorldState
from opstap_cell import convert
from opstap_cell.cell_node import StartError
from opstap_cell.depth_camera import COLOR_PERIOD, DepthCameraNode
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import SimulatedWorld

DEPTH, INFO = "camera/depth/image_rect_raw", "camera/depth/camera_info"


def world(cell, tick, stamp):
    bench = Bench(cell, 1, ())
    return WorldState(tick, stamp, bench.bins, bench.slots)


def test_a_simulated_world_becomes_its_depth_picture_with_its_stamp(graph, cell):
    graph.start(DepthCameraNode, source="simulated", seed=4)
    depths, infos = graph.hear(Image, DEPTH, SENSOR), graph.hear(CameraInfo, INFO, STATE)
    graph.until(lambda: infos)
    assert (infos[0].width, infos[0].height, infos[0].k[0]) == (848, 480, cell.scene.camera.depth.focal)
    worlds = graph.talk(SimulatedWorld, "simulation/world", EVENT)
    shown = world(cell, 12, 3_400_000_001)
    worlds.publish(convert.world_to_ros(shown, "oral_care/table"))
    graph.until(lambda: depths)
    assert convert.time_from_ros(depths[0].header.stamp) == shown.stamp
    assert depths[0].header.frame_id == "oral_care/camera_depth_optical_frame"
    assert np.array_equal(convert.image_from_ros(depths[0]), SimulatedCamera(cell, 4).depth(shown))


def test_colour_is_made_while_somebody_looks_also_after_time_went_back(graph, cell):
    node = graph.start(DepthCameraNode, source="simulated")
    depths = graph.hear(Image, DEPTH, SENSOR)
    worlds = graph.talk(SimulatedWorld, "simulation/world", EVENT)
    send = lambda stamp: worlds.publish(convert.world_to_ros(world(cell, 1, stamp), "oral_care/table"))  # noqa: E731
    send(10 * COLOR_PERIOD)
    graph.until(lambda: len(depths) == 1)
    assert not node.rendered._sound._color, "nobody looks"
    pictures = graph.hear(CompressedImage, "camera/color/image_raw/compressed", SENSOR)
    aligned = graph.hear(Image, "camera/aligned_depth_to_color/image_raw", SENSOR)
    graph.until(node.wants_color)
    for stamp in (11 * COLOR_PERIOD, 11 * COLOR_PERIOD + 1, 2 * COLOR_PERIOD):
        before = len(depths)
        send(stamp)
        graph.until(lambda n=before: len(depths) > n)
    graph.until(lambda: len(pictures) >= 2)
    assert [convert.time_from_ros(p.header.stamp) for p in pictures] == [11 * COLOR_PERIOD, 2 * COLOR_PERIOD]
    graph.until(lambda: aligned)
    assert (aligned[0].height, aligned[0].width) == (720, 1280)


def test_a_recording_is_published(graph, cell, tmp_path):
    path = tmp_path / "made.db3"
    camera = SoftwareCamera(cell.scene.camera, record=path)
    rng = np.random.default_rng(0)
    made = [rng.integers(0, 3000, (480, 848)).astype(np.uint16) for _ in range(3)]
    for number, depth in enumerate(made):
        camera.push(depth, None, 1_000_000_000 + number * 33_000_000)
    camera.close()
    node = graph.start(DepthCameraNode, source="recording", recording=path)
    depths = graph.hear(Image, DEPTH, SENSOR)
    graph.until(lambda: "ended" in node.fault)
    assert depths
    assert all(any(np.array_equal(convert.image_from_ros(d), m) for m in made) for d in depths)


def test_a_missing_recording_is_a_clear_start_error(graph, tmp_path):
    with pytest.raises(StartError, match=r"absent\.db3: no such recording"):
        graph.start(DepthCameraNode, source="recording", recording=tmp_path / "absent.db3")


def test_no_camera_is_told_in_the_diagnostics(graph):
    graph.start(DepthCameraNode, source="live")
    told = graph.hear(DiagnosticArray, "/diagnostics", 10)
    graph.until(lambda: told)
    status = told[0].status[0]
    assert status.level == DiagnosticStatus.ERROR
    assert "plug it into a USB 3 port" in status.message
