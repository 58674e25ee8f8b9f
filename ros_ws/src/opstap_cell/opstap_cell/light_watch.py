"""A projector's check between two cases in the running cell: the colour camera's pictures while they are wanted.

Publishes projector/<id>/drift. Subscribes, while it checks, camera/color/image_raw, camera/color/camera_info and
camera/color_from_depth.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from geometry_msgs.msg import PoseStamped
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, Image

from opstap.calibration.drift import LightCheck
from opstap.calibration.record import load_calibration
from opstap.documents import DocumentError
from opstap.geometry import Pinhole, Pose, View
from opstap.guidance.cues import Cue, dots_cue
from opstap.scene import Projector
from opstap.workflow.model import Phase, State
from opstap.zones import Clear
from opstap_cell import convert
from opstap_cell.cell_node import CellNode
from opstap_cell.qos import SENSOR, STATE
from opstap_interfaces.msg import ProjectorDrift


class LightWatch:
    """`tend` with every frame gives what is to be thrown for the check.

    Of several projectors one has its turn after each case, so that none sees another's dots.

    Args:
        camera: the camera's calibration file; empty, or no such file: the scene's pose is used.
        warn: is told in plain words what somebody should see to; "" where all is well.
    """

    def __init__(self, node: CellNode, projector: Projector, camera: str, warn: Callable[[str], None]) -> None:
        self._node, self._projector, self._warn = node, projector, warn
        ids = [p.id for p in node.cell.scene.projectors]
        self._projectors, self._turn = len(ids), ids.index(projector.id)
        self._file = Path(camera) if camera else None
        self._check = LightCheck(node.cell.scene, projector)
        self._listening: list[Subscription] = []
        self._optics: Pinhole | None = None
        self._from_depth, self._pose = Pose.of(), node.cell.scene.camera.pose
        self._out = node.create_publisher(ProjectorDrift, f"projector/{projector.id}/drift", STATE)

    def tend(self, state: State, clear: Clear | None, stamp: int) -> tuple[Cue, ...]:
        between = state.phase in (Phase.READY, Phase.DONE) and not state.paused
        between &= (state.job - 1) % self._projectors == self._turn
        if self._check.tend(between, clear, stamp):
            self._tell(stamp)
        if self._check.wants_pictures != bool(self._listening):
            self._listen(self._check.wants_pictures)
        return dots_cue(tuple((round(float(x), 4), round(float(y), 4)) for x, y in self._check.dots))

    def _tell(self, stamp: int) -> None:
        drift = self._check.drift
        assert drift is not None
        self._warn(f"projector {self._projector.id}: {drift.said}" if drift.said else "")
        message = ProjectorDrift(projector=self._projector.id, result=drift.result, drift_mm=float(drift.mm),
                                 seen=drift.seen, thrown=drift.thrown)  # fmt: skip
        message.header.stamp, message.header.frame_id = convert.time_to_ros(stamp), self._node.table_frame
        self._out.publish(message)

    def _listen(self, wanted: bool) -> None:
        for each in self._listening:
            self._node.destroy_subscription(each)
        self._listening = []
        if not wanted:
            return
        try:
            known = load_calibration(self._file) if self._file else None
        except DocumentError:
            known = None  # perception tells of it
        self._pose = known.pose if known else self._node.cell.scene.camera.pose
        listen = self._node.create_subscription
        self._listening = [
            listen(CameraInfo, "camera/color/camera_info", self._on_info, STATE),
            listen(PoseStamped, "camera/color_from_depth", self._on_extrinsics, STATE),
            listen(Image, "camera/color/image_raw", self._on_picture, SENSOR),
        ]

    def _on_info(self, info: CameraInfo) -> None:
        self._optics = Pinhole(info.width, info.height, info.k[0], info.k[4], info.k[2], info.k[5])

    def _on_extrinsics(self, message: PoseStamped) -> None:
        self._from_depth = convert.pose_from_ros(message.pose)

    def _on_picture(self, message: Image) -> None:
        if self._optics is not None and (message.width, message.height) == (self._optics.width, self._optics.height):
            view = View(self._optics, self._pose @ self._from_depth.inverse())
            self._check.see(convert.image_from_ros(message), view, convert.time_from_ros(message.header.stamp))
