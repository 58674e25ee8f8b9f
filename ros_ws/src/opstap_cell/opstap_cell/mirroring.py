"""What a running cell, or a recording of one, tells the orientation's mirror. Only listens."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState

from opstap.geometry import Pose
from opstap.instructions import Cell
from opstap.orientation.mirror import Mirror, SeenHand
from opstap.recording.bag import typestore
from opstap.recording.consent import ConsentError, check_open
from opstap.recording.playing import Playing
from opstap_cell import convert
from opstap_cell.qos import SENSOR, STATE
from opstap_interfaces.msg import BodyArray, CobotIntent, HandArray, WorkspaceState, WorkState

TOPICS: dict[str, tuple[Any, Any]] = {
    "work_state": (WorkState, STATE), "workspace_state": (WorkspaceState, STATE), "hands": (HandArray, SENSOR),
    "joint_states": (JointState, SENSOR), "cobot_intent": (CobotIntent, STATE), "robot_body": (BodyArray, SENSOR),
}  # fmt: skip
PLAY = 0.02
"""Seconds between two looks at what a recording has due."""


class Mirroring:
    """Tells `mirror` what comes on the cell's topics; a recorded message is told like a live one."""

    def __init__(self, cell: Cell, mirror: Mirror, heard: Callable[[], None]) -> None:
        self._cell, self._mirror, self._heard = cell, mirror, heard
        self._hear: dict[str, Callable[[Any], None]] = {
            "work_state": self._on_work, "workspace_state": self._on_workspace, "hands": self._on_hands,
            "joint_states": self._on_joints, "cobot_intent": self._on_intent, "robot_body": self._on_body,
        }  # fmt: skip
        self._playing: Playing | None = None

    def listen(self, node: Node, namespace: str) -> None:
        """Hear the cell in `namespace`."""
        for topic, (kind, qos) in TOPICS.items():
            node.create_subscription(kind, f"/{namespace.strip('/')}/{topic}", self._hear[topic], qos)

    def play(self, node: Node, recording: Path, interfaces: Path) -> None:
        """Play a recording, again and again. `interfaces` is the folder of the package opstap_interfaces.

        Raises:
            ConsentError: it cannot be read, or may not be any more.
        """
        check_open(recording, date.today())
        self._playing = Playing(
            recording,
            typestore(interfaces),
            tuple(TOPICS),
            lambda topic, raw: deserialize_message(raw, TOPICS[topic][0]),
        )
        self._tell = node.get_logger().error
        node.create_timer(PLAY, self._play, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _play(self) -> None:
        assert self._playing
        try:
            due = self._playing.due(time.monotonic_ns())
        except ConsentError as error:  # the page tells that nothing is heard
            self._tell(str(error), throttle_duration_sec=60.0)
            return
        for each in due:
            self._hear[each.topic](each.message)

    def _on_work(self, message: Any) -> None:
        self._heard()
        stamp = convert.time_from_ros(message.header.stamp)
        profile = convert.profile_from_ros(message, self._cell)
        self._mirror.tell_work(convert.state_from_ros(message), profile, stamp)

    def _on_workspace(self, message: Any) -> None:
        self._mirror.tell_contents({p.place: (convert.CONTENTS[p.content], float(p.fill)) for p in message.places})

    def _on_hands(self, message: Any) -> None:
        seen = (
            SeenHand(convert.point_from_ros(h.position), (float(h.extent.x), float(h.extent.y), float(h.extent.z)))
            for h in message.hands
        )
        self._mirror.tell_hands(tuple(seen))

    def _on_joints(self, message: Any) -> None:
        self._mirror.tell_joints({n: float(q) for n, q in zip(message.name, message.position, strict=False)})

    def _on_intent(self, message: Any) -> None:
        outline = tuple((round(float(p.x), 3), round(float(p.y), 3)) for p in message.swept)
        self._mirror.tell_intent(outline, bool(message.moving))

    def _on_body(self, message: Any) -> None:
        """The tray, as the capsules around it: side by side, along the fork."""
        capsules = [c for body in message.bodies if body.id == "tray" for c in body.capsules]
        if not capsules:
            self._mirror.tell_tray(None)
            return
        ends = [convert.point_from_ros(p) for c in capsules for p in (c.start, c.end)]
        middle = [sum(axis) / len(ends) for axis in zip(*ends, strict=True)]
        (x0, y0, _), (x1, y1, _) = ends[:2]
        assert self._cell.scene.cobot
        floor = middle[2] - self._cell.scene.cobot.tray.size[2] / 2
        turn = math.atan2(y1 - y0, x1 - x0)
        self._mirror.tell_tray(Pose.of((middle[0], middle[1], floor), (0.0, 0.0, turn)))
