"""Authoring in the running cell: what is seen goes to the coach's draft while it is recorded, not longer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.clock import Clock, ClockType
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage

from opstap.authoring.desk import AuthorDesk
from opstap.authoring.folding import Brought, brought
from opstap.authoring.photos import EVERY
from opstap.calibration.record import load_calibration
from opstap.documents import Document, DocumentError
from opstap.geometry import Pinhole, Pose, View
from opstap.workflow.changes import Changes, Look
from opstap.workflow.model import Content
from opstap_cell import convert
from opstap_cell.cell_node import CellNode
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import KeepClear, WorkspaceEvent, WorkspaceState, WorkState


class Authoring:
    """An `AuthorDesk` on a node's topics; `calibration` is the path of the camera's, empty where it is the scene's."""

    def __init__(self, node: CellNode, calibration: str, simulated: bool, on_pause: Callable[[], None]) -> None:
        self._node, self._calibration = node, Path(calibration) if calibration else None
        self.desk = AuthorDesk(node.cell, Document.read(node.task_path), on_pause, simulated=simulated)
        self._listening: list[Subscription] = []
        self._forget()
        # Wishes come in the page server's thread; what is asked of ROS is asked by the timer.
        node.create_timer(0.1, self._tend, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _forget(self) -> None:
        self._changes, self._contents = Changes(), dict[str, Content]()
        self._optics: Pinhole | None = None
        self._color_from_depth: Pose | None = None
        self._looked = 0
        self._work: WorkState | None = None

    def _tend(self) -> None:
        if self.desk.recording and not self._listening:
            listen = self._node.create_subscription
            self._listening = [
                listen(WorkspaceEvent, "workspace_events", self._on_event, EVENT),
                listen(WorkspaceState, "workspace_state", self._on_workspace, STATE),
                listen(WorkState, "work_state", self._on_work, STATE),
                listen(KeepClear, "keep_clear", self._on_clear, EVENT),
                listen(CameraInfo, "camera/color/camera_info", self._on_color_info, STATE),
                listen(PoseStamped, "camera/color_from_depth", self._on_extrinsics, STATE),
                listen(CompressedImage, "camera/color/image_raw/compressed", self._on_color, SENSOR),
            ]
        elif not self.desk.recording and self._listening:
            for each in self._listening:
                self._node.destroy_subscription(each)
            self._listening = []
            self._forget()

    def _on_event(self, message: WorkspaceEvent) -> None:
        self.desk.hear(convert.event_from_ros(message))

    def _on_work(self, message: WorkState) -> None:
        before, self._work = self._work, message
        if before and brought(convert.state_from_ros(before), convert.state_from_ros(message)):
            self.desk.hear(Brought(convert.time_from_ros(message.header.stamp), message.step_id))

    def _on_workspace(self, message: WorkspaceState) -> None:
        looks = [Look(p.place, convert.CONTENTS[p.content], p.occupied) for p in message.places]
        for change in self._changes.find(self._contents, looks, convert.time_from_ros(message.header.stamp)):
            self._contents[change.place] = change.content
            self.desk.hear(change)

    def _on_clear(self, message: KeepClear) -> None:
        clear = convert.clear_from_ros(message)
        if clear.clutter.size:  # else nothing is known of where arms are
            self.desk.arms(clear.stamp, clear.outlines)

    def _on_color_info(self, info: CameraInfo) -> None:
        self._optics = Pinhole(info.width, info.height, info.k[0], info.k[4], info.k[2], info.k[5])

    def _on_extrinsics(self, message: PoseStamped) -> None:
        self._color_from_depth = convert.pose_from_ros(message.pose)

    def _on_color(self, message: CompressedImage) -> None:
        stamp = convert.time_from_ros(message.header.stamp)
        view = self._view()
        if view is None or 0 <= stamp - self._looked < EVERY:
            return
        self._looked = stamp
        image = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
        if image is not None:
            self.desk.look(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8), stamp, view)

    def _view(self) -> View | None:
        """The colour camera's; None until all is known of it."""
        if self._optics is None or self._color_from_depth is None:
            return None
        try:
            known = load_calibration(self._calibration) if self._calibration else None
        except DocumentError:
            known = None
        pose = known.pose if known else self._node.cell.scene.camera.pose
        return View(self._optics, pose @ self._color_from_depth.inverse())
