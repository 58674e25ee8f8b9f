"""The page /view/ in the running cell: what it shows is asked of the cell only while somebody looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, Image

from opstap.calibration.record import load_calibration
from opstap.documents import DocumentError
from opstap.geometry import Capsule, Pinhole
from opstap.pages.view import Outline, Solid, ViewSnapshot, cloud, frame, lit, solid
from opstap_cell import convert
from opstap_cell.cell_node import CellNode
from opstap_cell.qos import SENSOR, STATE
from opstap_interfaces.msg import BodyArray, CobotIntent, HandArray, WorkState

CLOUD_EVERY = 0.5
"""Seconds between two clouds."""
OLD = 1.0
"""Seconds after which what was heard of robot, people and hands is not shown any more."""


@dataclass
class Heard:
    """The newest of what moves, and when it was heard."""

    at: dict[str, float] = field(default_factory=dict)
    solids: dict[str, tuple[Solid, ...]] = field(default_factory=dict)

    def put(self, name: str, solids: list[Solid]) -> None:
        self.at[name], self.solids[name] = time.monotonic(), tuple(solids)

    def of(self, name: str) -> tuple[Solid, ...]:
        return self.solids[name] if time.monotonic() - self.at.get(name, -OLD) < OLD else ()


class Viewing:
    """`tend` is called by the node, ten times a second.

    Args:
        calibration: the camera's calibration file; empty, or no such file: the scene's pose is used.
        publish: shows what moves. publish_cloud: shows a cloud; empty bytes take it away.
    """

    def __init__(self, node: CellNode, calibration: str, publish: Callable[[ViewSnapshot], None],
                 publish_cloud: Callable[[bytes], None]) -> None:  # fmt: skip
        self._node, self._publish, self._publish_cloud = node, publish, publish_cloud
        self._calibration = Path(calibration) if calibration else None
        self._listening: list[Subscription] = []
        self._optics: Pinhole | None = None
        self._heard, self._intent = Heard(), CobotIntent()
        self._clouded = 0.0

    def shapes(self, folder: Path) -> Callable[[], bytes]:
        """Makes the cell's shapes for browsers when they are first asked for; kept in `folder`."""

        def made() -> bytes:
            from opstap.orientation.scenery import Cache  # a second's work that no start waits for

            return Cache(folder).file(self._node.cell, folder=self._node.scene_path.parent)

        return made

    @property
    def watched(self) -> bool:
        return bool(self._listening)

    def tend(self, viewers: int, work: WorkState | None) -> None:
        if viewers and not self._listening:
            self._begin()
        elif not viewers and self._listening:
            self._end()
        if not self._listening:
            return
        state = convert.state_from_ros(work) if work else None
        stamp = convert.time_from_ros(work.header.stamp) / 1e9 if work else 0.0
        swept = [(p.x, p.y, p.z) for p in self._intent.swept]
        name = f"{self._node.cell.scene.cell}/camera_depth_optical_frame"
        self._publish(ViewSnapshot(
            clock=stamp, camera=frame(name, self._pose), robot=self._heard.of("robot"),
            people=self._heard.of("people"), hands=self._heard.of("hands"),
            cues=lit(self._node.cell, state) if state else (),
            intent=Outline(name="intent", kind="intent", corners=tuple(swept)) if swept else None,
        ))  # fmt: skip

    def _begin(self) -> None:
        pose = self._node.cell.scene.camera.pose
        try:
            known = load_calibration(self._calibration) if self._calibration else None
            pose = known.pose if known else pose
        except DocumentError as error:
            self._node.get_logger().warning(f"the 3D view shows the camera where the scene says: {error}")
        self._pose = pose
        make = self._node.create_subscription
        self._listening = [
            make(CameraInfo, "camera/depth/camera_info", self._on_info, STATE),
            make(Image, "camera/depth/image_rect_raw", self._on_depth, SENSOR),
            make(BodyArray, "robot_body", lambda m: self._on_bodies("robot", m), SENSOR),
            make(BodyArray, "people", lambda m: self._on_bodies("people", m), SENSOR),
            make(HandArray, "hands", self._on_hands, SENSOR),
            make(CobotIntent, "cobot_intent", self._on_intent, STATE),
        ]
        self._node.get_logger().info("somebody looks at the 3D view")

    def _end(self) -> None:
        for each in self._listening:
            self._node.destroy_subscription(each)
        self._listening, self._heard, self._intent = [], Heard(), CobotIntent()
        self._publish_cloud(b"")

    def _on_info(self, info: CameraInfo) -> None:
        self._optics = Pinhole(info.width, info.height, info.k[0], info.k[4], info.k[2], info.k[5])

    def _on_depth(self, image: Image) -> None:
        if self._optics is None or time.monotonic() - self._clouded < CLOUD_EVERY:
            return
        self._clouded = time.monotonic()
        self._publish_cloud(cloud(convert.image_from_ros(image), self._optics, self._pose))

    def _on_bodies(self, name: str, message: BodyArray) -> None:
        self._heard.put(name, [solid(b.id, convert.capsule_from_ros(c)) for b in message.bodies for c in b.capsules])

    def _on_hands(self, message: HandArray) -> None:
        sides = {1: "left hand", 2: "right hand"}
        found = []
        for hand in message.hands:
            at = convert.point_from_ros(hand.position)
            size = max(hand.extent.x, hand.extent.y, hand.extent.z) / 2
            found.append(solid(sides.get(hand.side, "hand"), Capsule(at, at, min(0.1, max(0.02, size)))))
        self._heard.put("hands", found)

    def _on_intent(self, message: CobotIntent) -> None:
        self._intent = message
