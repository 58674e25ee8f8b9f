"""The arm of the cell simulator, behind the topics of a joint trajectory controller.

The simulated cell goes on tick by tick as fast as it can, so time is that of the frames: every frame is answered with
one trajectory, stamped with the frame it answers, without points where nothing new is told.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import JointState as JointStateMessage
from trajectory_msgs.msg import JointTrajectory

from opstap.presenting.backend import NS, JointState
from opstap.presenting.pacing import Horizon
from opstap_cell import convert
from opstap_cell.cobot_messages import joints_from_ros, points_to_ros
from opstap_cell.qos import EVENT, SENSOR

LATE = 2
"""Frames that a command is later than the picture it answers."""


class SimulatedCellRobot:
    scaling = 1.0

    def __init__(self, node: Node, joints: tuple[str, ...], fps: int, controller: str) -> None:
        self._joints = joints
        self.late = round(LATE * NS / fps)
        self._states: deque[JointState] = deque(maxlen=8)
        self._told: tuple[int, JointTrajectory] | None = None
        self._out = node.create_publisher(JointTrajectory, f"{controller}/joint_trajectory", EVENT)
        node.create_subscription(JointStateMessage, "joint_states", self._on_joints, SENSOR)

    def send(self, horizon: Horizon, now: int) -> None:
        self._told = (now, JointTrajectory(joint_names=list(self._joints), points=points_to_ros(horizon)))

    def state(self, now: int) -> JointState | None:
        """As it was when the frame was taken that is answered now: what came since depends on the machine's speed."""
        known = [s for s in self._states if s.stamp <= now - self.late]
        return known[-1] if known else None

    def answer(self, source: int) -> None:
        """Publish what was told in answer to the frame of stamp `source` ns."""
        told = self._told
        fresh = told is not None and told[0] == source + self.late
        message = told[1] if told and fresh else JointTrajectory()
        message.header.stamp = convert.time_to_ros(source)
        self._out.publish(message)

    def _on_joints(self, message: JointStateMessage) -> None:
        state = joints_from_ros(message, self._joints)
        if state:
            self._states.append(state)


def horizon_from_ros(message: JointTrajectory) -> Horizon:
    """The way that a trajectory tells, for whoever follows it."""
    seconds = [p.time_from_start.sec + p.time_from_start.nanosec / NS for p in message.points]
    positions = np.array([list(p.positions) for p in message.points])
    return Horizon(np.array(seconds), positions, np.array([list(p.velocities) for p in message.points]))
