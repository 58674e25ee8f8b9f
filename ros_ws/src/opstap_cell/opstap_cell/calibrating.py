"""The calibration page's hands in the running cell: the camera's pictures while they are wanted, checks, reloading."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String
from std_srvs.srv import Trigger

from opstap.calibration.desk import Desk, Files
from opstap.geometry import Pinhole, Pose
from opstap.perception.camera_watch import CHECKING
from opstap.perception.depth_camera import MILLIMETRE, Frame
from opstap_cell import convert
from opstap_cell.cell_node import CellNode
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import WorkspaceState

PATIENCE = 30.0
"""Seconds for a check of the camera's pose."""
APART = 20_000_000
"""ns between the stamps of depth and colour that count as one picture."""


class CameraOfTopics:
    """The cell's camera as its topics tell of it; what the wizards need of one."""

    fault = ""
    depth_unit = MILLIMETRE

    def __init__(self, scene_camera: Any) -> None:
        self.depth_optics: Pinhole = scene_camera.depth.pinhole
        self.color_optics: Pinhole = scene_camera.color.pinhole
        self.color_from_depth, self.serial = Pose.of(), ""


class CellDesk:
    """A `Desk` on a node's topics: pictures are asked for only while somebody calibrates.

    Args:
        settle: the camera's pictures that pass before one shows a pattern that was asked for.
    """

    def __init__(self, node: CellNode, files: Files, settle: int) -> None:
        self._node = node
        self.camera = CameraOfTopics(node.cell.scene.camera)
        self._kept = self._asked = False
        # The page's wishes come in its server's thread; what is asked of ROS is asked by the timer.
        self._patterns = {p.id: node.create_publisher(Image, f"projector/{p.id}/pattern", EVENT)
                          for p in node.cell.scene.projectors}  # fmt: skip
        self._thrown: deque[tuple[str, NDArray[np.uint8] | None]] = deque()
        self.desk = Desk(node.cell.scene, files, self._on_kept, self._on_check, self._throw, settle)
        self._load = node.create_client(Trigger, "load_calibration")
        self._look = node.create_client(Trigger, "check_camera")
        self._listening: list[Subscription] = []
        self._color: tuple[int, NDArray[np.uint8]] | None = None
        self._depth: Frame | None = None
        """The last pictures that have no partner yet."""
        self._began, self._begun = 0.0, False
        self._reasons: set[str] = set()
        node.create_subscription(WorkspaceState, "workspace_state", self._on_workspace, STATE)
        node.create_timer(0.1, self._tend, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _on_kept(self) -> None:
        self._kept = True

    def _on_check(self) -> None:
        self._asked = True

    def _throw(self, projector: str, image: NDArray[np.uint8] | None) -> str:
        if not self._patterns[projector].get_subscription_count():
            return f"The node of projector {projector} does not run." if image is not None else ""
        self._thrown.append((projector, image))
        return ""

    def _tell_patterns(self) -> None:
        while self._thrown:
            projector, image = self._thrown.popleft()
            message = Image(encoding="mono8") if image is None else convert.image_to_ros(image, "mono8", "", 0)
            self._patterns[projector].publish(message)

    def _on_workspace(self, message: WorkspaceState) -> None:
        self._reasons = {p.reason for p in message.places}

    def _tend(self) -> None:
        self._tell_patterns()
        if self.desk.busy and not self._listening:
            self._listen()
        elif not self.desk.busy and self._listening:
            for each in self._listening:
                self._node.destroy_subscription(each)
            self._listening = []
        if self._kept:
            self._kept = False
            self._load.call_async(Trigger.Request())
        if self._asked:
            self._asked, self._began, self._begun = False, time.monotonic(), False
            self._look.call_async(Trigger.Request())
        if self._began:
            self._follow_check()

    def _follow_check(self) -> None:
        self._begun = self._begun or CHECKING in self._reasons
        if self._begun and CHECKING not in self._reasons:
            wrong = next((r for r in self._reasons if "camera" in r.lower()), "")
            self.desk.tell(wrong or "The camera's place is known again. The work goes on.", True)
            self._began = 0.0
        elif time.monotonic() - self._began > PATIENCE:
            self.desk.tell("No answer within 30 seconds: does the camera send pictures?", True)
            self._began = 0.0

    def _listen(self) -> None:
        listen = self._node.create_subscription
        self._listening = [
            listen(CameraInfo, "camera/depth/camera_info", self._on_depth_info, STATE),
            listen(CameraInfo, "camera/color/camera_info", self._on_color_info, STATE),
            listen(PoseStamped, "camera/color_from_depth", self._on_extrinsics, STATE),
            listen(String, "camera/serial", self._on_serial, STATE),
            listen(Image, "camera/color/image_raw", self._on_color, SENSOR),
            listen(Image, "camera/depth/image_rect_raw", self._on_depth, SENSOR),
        ]

    def _on_depth_info(self, info: CameraInfo) -> None:
        self.camera.depth_optics = _pinhole(info)

    def _on_color_info(self, info: CameraInfo) -> None:
        self.camera.color_optics = _pinhole(info)

    def _on_extrinsics(self, message: PoseStamped) -> None:
        self.camera.color_from_depth = convert.pose_from_ros(message.pose)

    def _on_serial(self, message: String) -> None:
        self.camera.serial = message.data

    def _on_color(self, message: Image) -> None:
        """Colour comes before its depth, or after it, as the simulated one does."""
        stamp, color = convert.time_from_ros(message.header.stamp), convert.image_from_ros(message)
        depth, self._depth = self._depth, None
        if depth is not None and abs(depth.stamp - stamp) < APART:
            self._see(replace(depth, color=color))
        else:
            self._color = (stamp, color)

    def _on_depth(self, message: Image) -> None:
        stamp, color = convert.time_from_ros(message.header.stamp), None
        if self._color is not None and abs(self._color[0] - stamp) < APART:
            (_, color), self._color = self._color, None
        frame = Frame(stamp, 0, convert.image_from_ros(message), color)
        self._depth = frame if color is None else None
        self._see(frame)

    def _see(self, frame: Frame) -> None:
        self.desk.see(frame, self.camera)
        self._tell_patterns()


def _pinhole(info: CameraInfo) -> Pinhole:
    return Pinhole(info.width, info.height, info.k[0], info.k[4], info.k[2], info.k[5])
