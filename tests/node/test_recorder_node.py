"""A recorded session gives the same events and states again; depth is recorded only with consent and an expiry."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from sensor_msgs.msg import CameraInfo, Image

from opstap.recording.bag import typestore
from opstap.recording.consent import ConsentError, check_open, purge, terms, terms_of
from opstap.recording.replay import replay
from opstap.simulation.bench import Bench
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.world import WorldState
from opstap_cell import convert
from opstap_cell.cell_node import StartError
from opstap_cell.depth_camera import DepthCameraNode
from opstap_cell.perception import Perception
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_cell.recorder import Recorder
from opstap_interfaces.msg import WorkspaceEvent, WorkspaceState

FRAME = 33_333_333
TODAY = date(2026, 11, 25)
INTERFACES = Path(__file__).parents[2] / "ros_ws/src/opstap_interfaces"


def played(graph, recording):
    """What perception tells when the camera node plays `recording`; every picture must reach it."""
    node = graph.start(DepthCameraNode, source="recording", recording=recording)
    perception = Perception()
    graph.executor.add_node(perception)
    graph._nodes.append(perception)
    events = graph.hear(WorkspaceEvent, "workspace_events", EVENT)
    graph.until(lambda: "ended" in node.fault, spins=60000)
    graph.stop()
    return [(e.happened, e.place) for e in events]


def test_what_was_seen_live_is_seen_again_frame_by_frame(graph, cell, tmp_path):
    folder = tmp_path / "session"
    expires = (date.today() + timedelta(days=7)).isoformat()
    recorder = graph.start(Recorder, folder=folder, depth=True, consent="'true'", expires=f"'{expires}'")
    perception = Perception()
    graph.executor.add_node(perception)
    graph._nodes.append(perception)
    states = graph.hear(WorkspaceState, "workspace_state", STATE)
    info = graph.talk(CameraInfo, "camera/depth/camera_info", STATE)
    depth = graph.talk(Image, "camera/depth/image_rect_raw", SENSOR)
    graph.until(lambda: depth.get_subscription_count() == 2)
    info.publish(DepthCameraNode.info(cell.scene.camera.depth.pinhole, "camera", 0))
    camera, bench = SimulatedCamera(cell, 1), Bench(cell, 1)
    for tick in range(130):
        if tick == 25:
            bench.take("bin_11")
        world = WorldState(tick, 0, bench.bins, bench.slots)
        message = convert.image_to_ros(camera.depth(world), "16UC1", "camera", 1_000_000_000 + tick * FRAME)
        depth.publish(message)
        graph.until(lambda m=message: states and states[-1].header.stamp == m.header.stamp)
    expected = {"/camera/depth/image_rect_raw": 130, "/workspace_state": 130, "/workspace_events": 1}
    graph.until(lambda: recorder.messages >= Counter(expected))
    graph.stop()
    assert terms_of(folder).expires == date.fromisoformat(expires)
    with AnyReader([folder], default_typestore=typestore(INTERFACES)) as other:
        assert {c.topic.rsplit("/", 1)[-1] for c in other.connections} >= {"image_rect_raw", "workspace_state"}
        assert other.message_count >= 262
    assert played(graph, folder) == [("taken", "bin_11")], "the whole cell sees the session again"
    found = replay(folder, cell, typestore(INTERFACES))
    assert found.events == 1
    assert found.frames == 130
    assert found.differing == []
    assert found.equal


def test_a_difference_is_found(graph, cell, tmp_path):
    folder = tmp_path / "session"
    recorder = graph.start(Recorder, folder=folder, depth=True, consent="'true'", expires=f"'{date.today()}'")
    info = graph.talk(CameraInfo, "camera/depth/camera_info", STATE)
    depth = graph.talk(Image, "camera/depth/image_rect_raw", SENSOR)
    state = graph.talk(WorkspaceState, "workspace_state", STATE)
    info.publish(DepthCameraNode.info(cell.scene.camera.depth.pinhole, "camera", 0))
    message = convert.image_to_ros(np.full((480, 848), 1000, np.uint16), "16UC1", "camera", 5)
    depth.publish(message)
    told = WorkspaceState(header=message.header)
    told.places = [convert.m.PlaceState(place="bin_01", content=0)]
    state.publish(told)
    expected = ("/camera/depth/camera_info", "/camera/depth/image_rect_raw", "/workspace_state")
    graph.until(lambda: recorder.messages >= Counter(expected))
    graph.stop()
    found = replay(folder, cell, typestore(INTERFACES))
    assert not found.equal
    assert "bin_01 was filled, is cannot_see" in found.differing[0]


def test_without_consent_or_expiry_no_depth_is_recorded(graph, tmp_path):
    with pytest.raises(StartError, match="only when everybody in the pictures agreed"):
        graph.start(Recorder, folder=tmp_path / "a", depth=True, expires="'2027-01-01'")
    with pytest.raises(StartError, match="the day until which it may be kept"):
        graph.start(Recorder, folder=tmp_path / "b", depth=True, consent="'true'")
    node = graph.start(Recorder, folder=tmp_path / "c")
    topics = [s.topic_name for s in node.subscriptions]
    assert "/workspace_state" in topics
    assert not any("image" in t for t in topics)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("expires", ["", "tomorrow", "2026-11-24", "2028-01-01"])
def test_an_expiry_is_a_day_within_a_year(expires):
    with pytest.raises(ConsentError, match="2026-11-25 to 2027-11-25"):
        terms("true", expires, TODAY)


def test_an_expired_recording_is_refused_and_purged(graph, tmp_path):
    graph.start(Recorder, folder=tmp_path / "r" / "old", depth=True, consent="'true'", expires=f"'{date.today()}'")
    graph.stop()
    today, tomorrow = date.today(), date.today() + timedelta(days=1)
    check_open(tmp_path / "r" / "old", today)
    with pytest.raises(ConsentError, match="expired on"):
        check_open(tmp_path / "r" / "old", tomorrow)
    assert purge(tmp_path, today) == []
    assert purge(tmp_path, tomorrow) == [tmp_path / "r" / "old"]
    assert not (tmp_path / "r" / "old").exists()
    with pytest.raises(ConsentError, match="no recording"):
        check_open(tmp_path, today)
