"""Brings trays with the cobot, and keeps it away from people. Not a safety function: docs/cobot.md.

Action: present_part. Services: stop_robot, resume_robot. Subscribes: people, hands, operator_input, workspace_state,
joint_states, the wrench. Publishes: cobot_intent, cobot_state, robot_body; drives a joint trajectory controller, or the
cell simulator's stand-in for one.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from geometry_msgs.msg import WrenchStamped
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future as RosFuture
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from opstap.presenting.backend import RobotBackend
from opstap.presenting.load import LoadSense
from opstap.presenting.presenter import Intent, Motion, Presenter, Result, Senses
from opstap.presenting.robot import Robot, RobotError
from opstap.presenting.route import Route, Router
from opstap.presenting.separation import People, Separation, load_limits
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, StartError, run
from opstap_cell.cobot_messages import intent_to_ros, joints_from_ros, people_from_ros, robot_to_ros, state_to_ros
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_cell.ros2_control import Ros2ControlRobot
from opstap_cell.simulated_robot import SimulatedCellRobot
from opstap_interfaces.action import PresentPart
from opstap_interfaces.msg import BodyArray, CobotIntent, CobotState, HandArray, OperatorInput, WorkspaceState

AT_TRAY = 0.20
"""A hand this near to the handover pose is at the tray, metres."""


@dataclass(frozen=True)
class Config:
    separation: str = parameter("path of the separation's numbers, config/separation.yaml")
    robot: str = parameter("what moves: the cell simulator's arm, or a real one", "simulated",
                           choices=("simulated", "ros2_control"))  # fmt: skip
    controller: str = parameter("name of the joint trajectory controller", "joint_trajectory_controller")
    scaling: str = parameter("topic of the controller's own speed scaling; empty: it has none",
                             "speed_scaling_state_broadcaster/speed_scaling")  # fmt: skip
    wrench: str = parameter("topic of the force sensor at the flange", "force_torque_sensor_broadcaster/wrench")
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
            self.robot, planning, self.shape = (Robot(scene.cobot, folder) for _ in range(3))
        except RobotError as error:
            raise StartError(str(error)) from error
        separation = Separation(load_limits(Path(config.separation)), self.robot.moving_mass, scene.cobot.tray.mass)
        self.presenter = Presenter(self.robot, separation, config.speed, config.first_time)
        joints, fps = self.robot.joints, scene.camera.fps
        self.simulated: SimulatedCellRobot | None = None
        self.arm: RobotBackend
        if config.robot == "simulated":
            self.arm = self.simulated = SimulatedCellRobot(self, joints, fps, config.controller)
        else:
            self.arm = Ros2ControlRobot(self, joints, config.controller, config.scaling)
            self.create_timer(1.0 / fps, lambda: self.tick(self.get_clock().now().nanoseconds))
        self.router, self.planner = Router(scene, planning), ThreadPoolExecutor(1)
        self.planned: Future[Route | None] | None = None
        self.goal: ServerGoalHandle | None = None
        self.ended: RosFuture | None = None
        self.route: Route | None = None
        self.intent: Intent | None = None
        self.told_moving = False
        self.people: People | None = None
        self.hands: HandArray | None = None
        self.drift: float | None = None
        self.load = LoadSense(scene.cobot.tray.mass)
        self.flange = self.robot.flange(self.robot.home)
        self.intent_out = self.create_publisher(CobotIntent, "cobot_intent", STATE)
        self.state_out = self.create_publisher(CobotState, "cobot_state", STATE)
        self.told = CobotState()
        self.body_out = self.create_publisher(BodyArray, "robot_body", SENSOR)
        self.create_subscription(BodyArray, "people", self.on_people, SENSOR)
        self.create_subscription(HandArray, "hands", self.on_hands, SENSOR)
        self.create_subscription(JointState, "joint_states", self.on_joints, SENSOR)
        self.create_subscription(WrenchStamped, config.wrench, self.on_force, SENSOR)
        self.create_subscription(OperatorInput, "operator_input", self.on_input, EVENT)
        self.create_subscription(WorkspaceState, "workspace_state", self.on_workspace, STATE)
        self.create_service(Trigger, "stop_robot", self.on_stop)
        self.create_service(Trigger, "resume_robot", self.on_resume)
        self.server = ActionServer(self, PresentPart, "present_part", self.execute, goal_callback=self.on_goal,
                                   cancel_callback=self.on_cancel)  # fmt: skip

    def on_people(self, message: BodyArray) -> None:
        self.got_input()
        fresh = self.people is None or convert.time_from_ros(message.header.stamp) > self.people.stamp
        self.people = people_from_ros(message) if fresh else self.people
        if self.simulated and self.people:
            if fresh:
                self.tick(self.people.stamp + self.simulated.late)
            self.simulated.answer(self.people.stamp)

    def on_joints(self, message: JointState) -> None:
        """Tell perception what is the robot, as soon as it is known."""
        joints = joints_from_ros(message, self.robot.joints)
        if joints is None:
            return
        self.flange = self.shape.flange(joints.positions)
        links = self.shape.capsules(joints.positions, joints.velocities, carrying=False).shapes()
        tool = self.shape.tool(joints.positions) if self.presenter.carrying else self.presenter.standing
        tray = self.shape.tray_at(tool) if tool else ()
        self.body_out.publish(robot_to_ros(joints.stamp, self.table_frame, links, tray))

    def on_force(self, message: WrenchStamped) -> None:
        force = message.wrench.force
        self.load.feel(np.array([force.x, force.y, force.z]), self.flange, convert.time_from_ros(message.header.stamp),
                       bare=not self.presenter.carrying)  # fmt: skip

    def on_hands(self, message: HandArray) -> None:
        self.hands = message

    def on_workspace(self, message: WorkspaceState) -> None:
        drift = float(message.camera_drift_mm)
        self.drift = None if drift != drift else drift  # not a number: it is not measured

    def on_input(self, message: OperatorInput) -> None:
        """A stop holds until somebody lets the robot go on; a pause of the work until the work goes on."""
        if message.asked == OperatorInput.STOP_ROBOT:
            self.presenter.stop(message.source or "somebody")
        elif message.asked == OperatorInput.RESUME_ROBOT:
            self.presenter.consent()
        elif message.asked in (OperatorInput.PAUSE, OperatorInput.RESUME, OperatorInput.NEXT):
            self.presenter.paused = message.asked == OperatorInput.PAUSE

    def on_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.presenter.stop("a service call")
        response.success, response.message = (
            True,
            "it brakes from the next frame on, and stands until resume_robot",
        )
        return response

    def on_resume(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.presenter.consent()
        response.success, response.message = True, "it goes on as soon as nothing else stops it"
        return response

    def on_goal(self, goal: PresentPart.Goal) -> GoalResponse:
        free = not self.presenter.busy or (goal.place == "store" and self.presenter.holding)
        return GoalResponse.ACCEPT if free and not self.goal else GoalResponse.REJECT

    def on_cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        self.presenter.stop("whoever asked for the part")
        return CancelResponse.ACCEPT

    async def execute(self, goal: ServerGoalHandle) -> PresentPart.Result:
        """Plan beside the control, then let the ticks do it."""
        part, place = goal.request.part, goal.request.place
        person = self.cell.scene.profile.get(goal.request.person)
        slot = next((s for s in self.cell.scene.cobot.store if s.part == part), None)
        out = self.presenter.standing is not None or self.presenter.holding
        if slot is None or person is None or out != (place == "store"):
            goal.abort()
            why = "it is not out" if place == "store" else f"no tray with '{part}' in the store, or no such person"
            return PresentPart.Result(code=PresentPart.Result.REFUSED, message=why)
        self.goal, self.ended = goal, RosFuture(executor=self.executor)
        if place == "store" and self.route:
            self.presenter.collect(self.route, f"takes back {part}")
        else:
            wanted = {"table": "table", "hand": "hand"}.get(place, person.presented)
            self.planned = self.planner.submit(self.router.route, slot, person.model_copy(update={"presented": wanted}))
        code, message = await self.ended
        self.goal = self.ended = None
        goal.canceled() if goal.is_cancel_requested else goal.succeed() if not code else goal.abort()
        where = self.route.handover.place if self.route and self.presenter.standing else ""
        return PresentPart.Result(code=code, message=message, place=where)

    def tick(self, now: int) -> None:
        if self.planned and (self.planned.done() or self.simulated):
            # The simulated cell waits for a plan, so that a run does not depend on the speed of the machine.
            self.route, self.planned = self.planned.result(), None
            if self.route is None:
                self.end(PresentPart.Result.UNREACHABLE, "there is no free way to this person")
                return
            self.presenter.present(self.route, f"brings {self.goal.request.part}")
        load = self.load.load(now)
        motion = self.presenter.tick(
            Senses(now, self.arm.state(now), self.people, self.drift, load, self.hand_at_tray(), self.arm.scaling)
        )
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
        """Intent before it moves and while it does, feedback, the result at the end."""
        if motion.intent:
            self.intent = motion.intent
            self.intent_out.publish(intent_to_ros(self.intent, now, self.table_frame, moving=False))
        elif self.intent and motion.phase == "idle":
            self.intent = None
            self.intent_out.publish(CobotIntent())
        elif self.intent and now >= self.intent.start and not self.told_moving:
            self.intent_out.publish(intent_to_ros(self.intent, now, self.table_frame, moving=True))
        self.told_moving = bool(self.intent and now >= self.intent.start)
        state = state_to_ros(motion)
        if state != self.told:
            self.told = state
            message = state_to_ros(motion)
            message.header.stamp, message.header.frame_id = convert.time_to_ros(now), self.table_frame
            self.state_out.publish(message)
        if self.goal and not self.planned:
            feedback = PresentPart.Feedback(phase=motion.phase, limited_by=motion.limit.reason)
            feedback.speed_scale = float(motion.limit.rate)
            self.goal.publish_feedback(feedback)
        if motion.result is Result.OK:
            self.end(PresentPart.Result.OK, "done")
        elif motion.result is Result.NOT_TAKEN:
            self.end(PresentPart.Result.NOT_TAKEN, "nobody took it; it is still held")

    def end(self, code: int, message: str) -> None:
        if self.ended and not self.ended.done():
            self.ended.set_result((code, message))

    def values(self) -> dict[str, str]:
        return {"busy": str(self.presenter.busy), "carrying": str(self.presenter.carrying)}


def main() -> int:
    return run(PartPresenter)


if __name__ == "__main__":
    sys.exit(main())
