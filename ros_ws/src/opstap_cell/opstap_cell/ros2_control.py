"""A robot behind `ros2_control`: short trajectories to its controller, joint states from its broadcaster.

The rate along the way is this cell's alone: a controller that follows a whole way at its own scaling would go on after
this cell has died. What the controller's scaling is at is watched: at less than 100 % the presenter stands, since the
two would add up.
"""

from __future__ import annotations

from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionClient
from rclpy.node import Node
from sensor_msgs.msg import JointState as JointStateMessage
from std_msgs.msg import Float64

from opstap.presenting.backend import JointState
from opstap.presenting.pacing import Horizon
from opstap_cell.cobot_messages import joints_from_ros, points_to_ros
from opstap_cell.qos import SENSOR


class Ros2ControlRobot:
    """Sends every horizon as a goal that takes the place of the one before.

    `scaling` is the topic on which a broadcaster tells the controller's speed scaling; empty: it has none.
    """

    def __init__(self, node: Node, joints: tuple[str, ...], controller: str, scaling: str = "") -> None:
        self._joints = joints
        self.scaling = 1.0
        if scaling:
            node.create_subscription(Float64, scaling, self._on_scaling, SENSOR)
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

    def _on_scaling(self, message: Float64) -> None:
        # Broadcasters tell per cent, newer ones a share. Who takes 1 % for all of it is off its way soon, and stands.
        self.scaling = message.data / 100 if message.data > 1 else message.data

    def _on_joints(self, message: JointStateMessage) -> None:
        self._newest = joints_from_ros(message, self._joints) or self._newest
