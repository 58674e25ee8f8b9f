"""Records the cell's topics into a rosbag2 folder (MCAP). Depth only with consent and a day until which it is kept.

Subscribes: the topics below, serialised as they come; work_state also for who works, and monitor_input: who asks to be
forgotten takes the recording away, and it ends.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import String

from opstap.recording.bag import Bag, typestore
from opstap.recording.consent import ConsentError, Terms, terms
from opstap_cell.cell_node import CellNode, StartError, run
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, STATE
from opstap_interfaces.msg import (
    BodyArray,
    CobotIntent,
    HandArray,
    MonitorInput,
    OperatorInput,
    WorkspaceEvent,
    WorkspaceState,
    WorkState,
)

LATEST = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
STREAM = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)
EVENTS = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
"""Queues as deep as a moment's hold-up of the disk: a recording must miss nothing."""
TOPICS = {
    "camera/depth/camera_info": (CameraInfo, LATEST),
    "camera/serial": (String, LATEST),
    "workspace_state": (WorkspaceState, LATEST),
    "workspace_events": (WorkspaceEvent, EVENTS),
    "hands": (HandArray, STREAM),
    "work_state": (WorkState, LATEST),
    "operator_input": (OperatorInput, EVENTS),
    "joint_states": (JointState, STREAM),
    "robot_body": (BodyArray, STREAM),
    "cobot_intent": (CobotIntent, LATEST),
    "/diagnostics": (DiagnosticArray, EVENTS),
}
DEPTH = {"camera/depth/image_rect_raw": (Image, STREAM)}


@dataclass(frozen=True)
class Config:
    folder: str = parameter("new folder for the recording")
    depth: bool = parameter("record the depth pictures too, which show people", False)
    consent: str = parameter("true when everybody in the pictures agreed", "false")
    expires: str = parameter("day until which it may be kept, such as 2027-01-31", "")


class Recorder(CellNode):
    def __init__(self) -> None:
        super().__init__("recorder")
        config = declare(self, Config)
        agreed: Terms | None = None
        root = Path(os.environ.get("OPSTAP_ROOT", "."))
        try:
            if config.depth:
                agreed = terms(config.consent, config.expires, date.today())
            store = typestore(root / "ros_ws" / "src" / "opstap_interfaces")
            self.folder = Path(config.folder).absolute()
            self.bag: Bag | None = Bag(self.folder, store, agreed)
        except ConsentError as error:
            raise StartError(str(error)) from error
        self.people: set[str] = set()
        self.messages: Counter[str] = Counter()
        for topic, (kind, qos) in {**TOPICS, **(DEPTH if config.depth else {})}.items():
            full = topic if topic.startswith("/") else f"{self.get_namespace().rstrip('/')}/{topic}"
            package, name = kind.__module__.split(".")[0], kind.__name__
            on_message = partial(self.on_message, full, f"{package}/msg/{name}")
            self.create_subscription(kind, topic, on_message, qos, raw=True)
        self.create_subscription(WorkState, "work_state", self.on_work, STATE)
        self.create_subscription(MonitorInput, "monitor_input", self.on_monitor_input, EVENT)
        self.get_logger().info(f"recording into {config.folder}")

    def on_message(self, topic: str, kind: str, data: bytes) -> None:
        self.got_input()
        if self.bag is None:
            return
        self.messages[topic] += 1
        self.bag.write(topic, kind, self.get_clock().now().nanoseconds, bytes(data))

    def on_work(self, message: WorkState) -> None:
        if self.bag and message.person not in self.people:
            self.people.add(message.person)
            self.bag.people(self.people)

    def on_monitor_input(self, message: MonitorInput) -> None:
        """Delete what shows who asks to be forgotten; who is in it is not known before the guide said who works."""
        theirs = not message.person or not self.people or message.person in self.people
        if message.asked == MonitorInput.ERASE and theirs and self.bag:
            self.bag.close()
            self.bag = None
            shutil.rmtree(self.folder)
            self.warning = "the recording was deleted, as somebody in it asked; start a new one only with their consent"
            self.get_logger().info(self.warning)

    def values(self) -> dict[str, str]:
        return {"messages": str(self.messages.total())}

    def destroy_node(self) -> None:
        if self.bag:
            self.bag.close()
        super().destroy_node()


def main() -> int:
    return run(Recorder)


if __name__ == "__main__":
    sys.exit(main())
