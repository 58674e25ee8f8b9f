"""Brings trays with the cobot, and keeps it away from people. Not a safety function: docs/cobot.md.

Action: present_part. Subscribes: people, hands, operator_input, workspace_state; with a real robot joint_states.
Publishes: cobot_intent; with the simulated robot joint_states.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from builtin_interfaces.msg import Duration
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future as RosFuture
from sensor_msgs.msg import JointState

from opstap.presenting.backend import RobotBackend, SimulatedRobot
from opstap.presenting.presenter import Intent, Motion, Presenter, Result, Senses
from opstap.presenting.robot import Robot, RobotError
from opstap.presenting.route import Route, Router
from opstap.presenting.separation import People, Separation, load_limits
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, StartError, run
from opstap_cell.cobot_messages import joints_to_ros, people_from_ros
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_cell.ros2_control import Ros2ControlRobot
from opstap_interfaces.action import PresentPart
from opstap_interfaces.msg import BodyArray, CobotIntent, HandArray, OperatorInput, WorkspaceState

AT_TRAY = 0.20
"""A hand this near to the handover pose is at the tray, metres."""


@dataclass(frozen=True)
class Config:
    separation: str = parameter("path of the separation's numbers, config/separation.yaml")
    robot: str = parameter("what moves", "simulated", choices=("simulated", "ros2_control"))
    controller: str = parameter("name of the joint trajectory controller", "joint_trajectory_controller")
    speed: float = parameter("how fast the worker wants it, share of what was planned", 1.0, 0.1, 1.0)
    first_time: bool = parameter("tell every movement before it begins", False)


class PartPresenter(CellNode):
    def __init__(self) -> None:
        super().__init__("part_presenter")
        config = declare(self, Config)
        scene, folder = self.cell.scene, Path(str(self.get_parameter("scene").value)).parent
        if scene.cobot is None:
            raise StartError("scene: found no cobot, allowed: a scene with one, or a launch without part_presenter")
        try:
            robot, planning = Robot(scene.cobot, folder), Robot(scene.cobot, folder)
        except RobotError as error:
            raise StartError(str(error)) from error
        separation = Separation(load_limits(Path(config.separation)), robot.moving_mass, scene.cobot.tray.mass)
        self.presenter = Presenter(robot, separation, config.speed, config.first_time)
        self.simulated = config.robot == "simulated"
        self.arm: RobotBackend = (
            SimulatedRobot(robot.home) if self.simulated else Ros2ControlRobot(self, robot.joints, config.controller)
        )
        self.router, self.planner = Router(scene, planning), ThreadPoolExecutor(1)
        self.planned: Future[Route | None] | None = None
        self.goal: ServerGoalHandle | None = None
        self.ended: RosFuture | None = None
        self.route: Route | None = None
        self.people: People | None = None
        self.hands: HandArray | None = None
        self.drift: float | None = None
        self.joints_out = self.create_publisher(JointState, "joint_states", SENSOR) if self.simulated else None
        self.intent_out = self.create_publisher(CobotIntent, "cobot_intent", STATE)
        self.create_subscription(BodyArray, "people", self.on_people, SENSOR)
        self.create_subscription(HandArray, "hands", self.on_hands, SENSOR)
        self.create_subscription(OperatorInput, "operator_input", self.on_input, EVENT)
        self.create_subscription(WorkspaceState, "workspace_state", self.on_workspace, STATE)
        self.server = ActionServer(self, PresentPart, "present_part", self.execute, goal_callback=self.on_goal,
                                   cancel_callback=self.on_cancel)  # fmt: skip
        self.create_timer(1.0 / scene.camera.fps, self.tick)

    def on_people(self, message: BodyArray) -> None:
        self.got_input()
        self.people = people_from_ros(message)

    def on_hands(self, message: HandArray) -> None:
        self.hands = message

    def on_workspace(self, message: WorkspaceState) -> None:
        drift = float(message.camera_drift_mm)
        self.drift = None if drift != drift else drift  # not a number: it is not measured

    def on_input(self, message: OperatorInput) -> None:
        """Whoever pauses the work stops the robot; resuming it is the consent to go on."""
        if message.asked == OperatorInput.PAUSE:
            self.presenter.stop(message.source or "somebody")
        elif message.asked == OperatorInput.RESUME:
            self.presenter.consent()

    def on_goal(self, goal: PresentPart.Goal) -> GoalResponse:
        return GoalResponse.REJECT if self.goal or self.presenter.busy else GoalResponse.ACCEPT

    def on_cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        self.presenter.stop("whoever asked for the part")
        return CancelResponse.ACCEPT

    async def execute(self, goal: ServerGoalHandle) -> PresentPart.Result:
        """Plan beside the control, then let the ticks do it."""
        part, person = goal.request.part, self.cell.scene.profile.get(goal.request.person)
        slot = next((s for s in self.cell.scene.cobot.store if s.part == part), None)
        if slot is None or person is None:
            goal.abort()
            return PresentPart.Result(
                code=PresentPart.Result.REFUSED, message=f"no tray with '{part}' or no such person"
            )
        self.goal, self.ended = goal, RosFuture(executor=self.executor)
        wanted = {"table": "table", "hand": "hand"}.get(goal.request.place, person.presented)
        self.planned = self.planner.submit(self.router.route, slot, person.model_copy(update={"presented": wanted}))
        code, message = await self.ended
        self.goal = self.ended = None
        goal.canceled() if goal.is_cancel_requested else goal.succeed() if not code else goal.abort()
        return PresentPart.Result(code=code, message=message)

    def tick(self) -> None:
        now = self.get_clock().now().nanoseconds
        joints = self.arm.state(now)
        if self.joints_out and joints:
            self.joints_out.publish(joints_to_ros(joints, self.presenter.robot.joints))
        if self.planned and self.planned.done():
            self.route, self.planned = self.planned.result(), None
            if self.route is None:
                self.end(PresentPart.Result.UNREACHABLE, "there is no free way to this person")
                return
            self.presenter.present(self.route, f"brings {self.goal.request.part}")
        motion = self.presenter.tick(Senses(now, joints, self.people, self.drift, None, self.hand_at_tray()))
        if motion.horizon:
            self.arm.send(motion.horizon, now)
        self.tell(motion, now)

    def hand_at_tray(self) -> bool:
        if self.hands is None or self.route is None:
            return False
        x, y, z = self.route.handover.pose.translation
        return any((h.position.x - x) ** 2 + (h.position.y - y) ** 2 + (h.position.z - z) ** 2 < AT_TRAY**2
                   for h in self.hands.hands)  # fmt: skip

    def tell(self, motion: Motion, now: int) -> None:
        """Intent before it moves, feedback while it does, the result at the end."""
        if motion.intent:
            self.intent_out.publish(self.intent(motion.intent, now))
        if self.goal and not self.planned:
            feedback = PresentPart.Feedback(phase=motion.phase, limited_by=motion.limit.reason)
            feedback.speed_scale = float(motion.limit.rate)
            self.goal.publish_feedback(feedback)
        if motion.result is Result.OK:
            self.end(PresentPart.Result.OK, "presented")
        elif motion.result is Result.NOT_TAKEN:
            self.end(PresentPart.Result.NOT_TAKEN, "nobody took it; it is still held")

    def end(self, code: int, message: str) -> None:
        if self.ended and not self.ended.done():
            self.ended.set_result((code, message))

    def intent(self, intent: Intent, now: int) -> CobotIntent:
        message = CobotIntent(moving=False, start=convert.time_to_ros(intent.start), reason=intent.reason)
        message.header.stamp, message.header.frame_id = convert.time_to_ros(now), self.table_frame
        message.duration = Duration(sec=int(intent.seconds), nanosec=int(intent.seconds % 1 * 1e9))
        message.swept = [convert.point_to_ros((x, y, 0.0)) for x, y in intent.outline]
        return message

    def values(self) -> dict[str, str]:
        return {"busy": str(self.presenter.busy)}


def main() -> int:
    return run(PartPresenter)


if __name__ == "__main__":
    sys.exit(main())
