"""A robot behind `ros2_control`: short trajectories to its controller, joint states from its broadcaster.

The rate along the way is this cell's; the controller's own speed scaling must be at 100 %, or the two would add up.
"""

from __future__ import annotations

from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionClient
from rclpy.node import Node
from sensor_msgs.msg import JointState as JointStateMessage

from opstap.presenting.backend import JointState
from opstap.presenting.pacing import Horizon
from opstap_cell.cobot_messages import joints_from_ros, points_to_ros
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
        # It is at the first point already, and a point in the past is an error.
        points = points_to_ros(horizon)
        goal.trajectory.points = points[1:] or points
        first = goal.trajectory.points[0].time_from_start
        first.nanosec = max(first.nanosec, 10_000_000 if first.sec == 0 else 0)
        self._client.send_goal_async(goal)

    def state(self, now: int) -> JointState | None:
        return self._newest

    def _on_joints(self, message: JointStateMessage) -> None:
        self._newest = joints_from_ros(message, self._joints) or self._newest
