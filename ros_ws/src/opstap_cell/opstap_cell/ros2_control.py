"""A robot behind `ros2_control`: short trajectories to its controller, joint states from its broadcaster.

The rate along the way is this cell's; the controller's own speed scaling must be at 100 %, or the two would add up.
"""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Duration
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionClient
from rclpy.node import Node
from sensor_msgs.msg import JointState as JointStateMessage
from trajectory_msgs.msg import JointTrajectoryPoint

from opstap.presenting.backend import JointState
from opstap.presenting.pacing import Horizon
from opstap_cell import convert
from opstap_cell.qos import SENSOR


class Ros2ControlRobot:
    """Sends every horizon as a goal that takes the place of the one before."""

    def __init__(self, node: Node, joints: tuple[str, ...], controller: str) -> None:
        self._joints = joints
        self._newest: JointState | None = None
        self._client = ActionClient(node, FollowJointTrajectory, f"{controller}/follow_joint_trajectory")
        node.create_subscription(JointStateMessage, "joint_states", self._on_joints, SENSOR)

    def send(self, horizon: Horizon, now: int) -> None:
        goal = FollowJointTrajectory.Goal()
        goal.trajectory.joint_names = list(self._joints)
        for seconds, q, v in zip(horizon.seconds, horizon.positions, horizon.velocities, strict=True):
            if seconds <= 0.0 and len(horizon.seconds) > 1:
                continue  # it is there already; a point in the past is an error
            point = JointTrajectoryPoint(positions=[float(x) for x in q], velocities=[float(x) for x in v])
            nanoseconds = max(int(seconds * 1e9), 10_000_000)
            point.time_from_start = Duration(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)
            goal.trajectory.points.append(point)
        self._client.send_goal_async(goal)

    def state(self, now: int) -> JointState | None:
        return self._newest

    def _on_joints(self, message: JointStateMessage) -> None:
        """Joints come in the broadcaster's order, and not all of them need be this arm's."""
        at = {name: i for i, name in enumerate(message.name)}
        if not all(name in at and at[name] < len(message.position) for name in self._joints):
            return
        order = [at[name] for name in self._joints]
        velocity = [message.velocity[i] for i in order] if message.velocity else [0.0] * len(order)
        stamp = convert.time_from_ros(message.header.stamp)
        self._newest = JointState(stamp, np.array([message.position[i] for i in order]), np.array(velocity))
