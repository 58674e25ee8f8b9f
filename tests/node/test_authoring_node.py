"""Authoring in the running cell: what is seen at the bench is heard while it is recorded, not before and not after."""

from dataclasses import replace

import cv2
import numpy as np
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import CameraInfo, CompressedImage

from opstap.authoring.desk import AuthorWish
from opstap.workflow.model import Happened, Phase, State, Tray
from opstap.workflow.model import WorkspaceEvent as Seen
from opstap.zones import Clear
from opstap_cell import convert
from opstap_cell.authoring import Authoring
from opstap_cell.cell_node import CellNode
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import KeepClear, WorkspaceEvent, WorkState

SECOND = 1_000_000_000


def test_a_packing_is_heard_and_its_parts_are_pictured(graph):
    node = graph.start(lambda: CellNode("desk"))
    authoring = Authoring(node, "", True, lambda: None)
    desk, view = authoring.desk, node.cell.scene.camera.color_view
    out = {
        topic: graph.other.create_publisher(kind, topic, qos)
        for topic, kind, qos in (
            ("workspace_events", WorkspaceEvent, EVENT), ("keep_clear", KeepClear, EVENT),
            ("work_state", WorkState, STATE),
            ("camera/color/camera_info", CameraInfo, STATE), ("camera/color_from_depth", PoseStamped, STATE),
            ("camera/color/image_raw/compressed", CompressedImage, SENSOR),
        )
    }  # fmt: skip

    def heard(recorded=True):
        return all((p.get_subscription_count() > 0) == recorded for p in out.values())

    def tell(sequence, happened, place):
        event = Seen(sequence, sequence * SECOND, happened, place, 1, 0.9)
        out["workspace_events"].publish(convert.event_to_ros(event, "table"))

    assert heard(False)
    desk.ask(AuthorWish(asked="record"))
    graph.until(heard)
    k = view.pinhole
    info = CameraInfo(width=k.width, height=k.height, k=[k.fx, 0.0, k.cx, 0.0, k.fy, k.cy, 0.0, 0.0, 1.0])
    out["camera/color/camera_info"].publish(info)
    out["camera/color_from_depth"].publish(PoseStamped())
    picture = cv2.imencode(".jpg", np.full((k.height, k.width, 3), 90, np.uint8))[1].tobytes()
    stamp = [0]

    def look():
        """A picture, and where arms are then: nowhere."""
        stamp[0] += SECOND
        clear = Clear(stamp[0], clutter=np.zeros((2, 2), bool))
        out["keep_clear"].publish(convert.clear_to_ros(clear, "table"))
        jpeg = CompressedImage(format="jpeg", data=picture)
        jpeg.header.stamp = convert.time_to_ros(stamp[0])
        out["camera/color/image_raw/compressed"].publish(jpeg)
        for _ in range(20):
            graph.executor.spin_once(timeout_sec=0.001)
        return desk.photo("gloves_s")

    graph.until(look, spins=200)
    tell(1, Happened.TAKEN, "bin_07")
    tell(2, Happened.PLACED, "slot_07")
    graph.until(lambda: desk.state().seen == 1)
    person = node.cell.scene.profile["default"]
    number, task = next((i, s) for i, s in enumerate(node.cell.task.steps) if s.present)
    there = State(job=1, phase=Phase.TAKE, step=number, tray=Tray.THERE, tray_zone="present_right", sequence=2)
    for state, at in ((there, 4), (replace(there, phase=Phase.PLACE, taken=1), 5)):  # a hand took from the cobot's tray
        out["work_state"].publish(convert.state_to_ros(state, node.cell, person, at * SECOND, "table"))
        graph.until(lambda phase=state.phase.value: authoring._work is not None and authoring._work.phase == phase)
    tell(6, Happened.PLACED, task.slot)
    graph.until(lambda: desk.state().seen == 2)
    desk.ask(AuthorWish(asked="stop"))
    graph.until(lambda: heard(False))
    one, other = desk.state().steps
    assert (one.part, one.slot, one.count, one.can_photo) == ("gloves_s", "slot_07", 1, True)
    assert (other.part, other.slot, other.doubts) == (task.part, task.slot, ())
