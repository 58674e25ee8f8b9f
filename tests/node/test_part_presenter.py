"""The presenter in ROS: tells first, stands when nobody looks out; one contract for every robot."""

from pathlib import Path

import numpy as np
import pytest
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionClient, ActionServer
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from opstap.presenting.backend import NS, SimulatedRobot
from opstap.presenting.pacing import Horizon
from opstap_cell import convert
from opstap_cell.cobot_messages import joints_to_ros
from opstap_cell.part_presenter import PartPresenter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_cell.ros2_control import Ros2ControlRobot
from opstap_cell.simulated_robot import horizon_from_ros
from opstap_interfaces.action import PresentPart
from opstap_interfaces.msg import BodyArray, CobotIntent, CobotState, OperatorInput

ROOT = Path(__file__).parents[2]
NUMBERS = str(ROOT / "config/separation.yaml")


class FakeCell:
    """The simulated cell as the presenter meets it: frames of people, joint states, forces; follows what it is told."""

    def __init__(self, graph, node):
        self.graph, self.node, self.stamp, self.frame = graph, node, NS, round(NS / 30)
        self.arm = SimulatedRobot(node.presenter.robot.home, delay=0.0)
        self.joints = graph.talk(JointState, "joint_states", SENSOR)
        self.people = graph.talk(BodyArray, "people", SENSOR)
        self.answers = []
        topic = "joint_trajectory_controller/joint_trajectory"
        graph.other.create_subscription(JointTrajectory, topic, self.on_told, EVENT)
        self.bodies = graph.hear(BodyArray, "robot_body", SENSOR)
        graph.until(lambda: node.simulated._out.get_subscription_count() > 0)

    def on_told(self, message):
        self.answers.append(convert.time_from_ros(message.header.stamp))
        if message.points:
            self.arm.send(horizon_from_ros(message), self.answers[-1] + self.node.simulated.late)

    def tick(self, watching=True):
        """One frame; without `watching` nobody tells of people."""
        self.stamp += self.frame
        state = self.arm.state(self.stamp)
        bodies = len(self.bodies)
        self.joints.publish(joints_to_ros(state, self.node.presenter.robot.joints))
        self.graph.until(lambda: len(self.bodies) > bodies)
        if watching:
            message = BodyArray(voxel_size=0.025)
            message.header.stamp = convert.time_to_ros(self.stamp)
            self.people.publish(message)
            self.graph.until(lambda: self.answers and self.answers[-1] == self.stamp)
        return state

    def until(self, condition, limit=600, **how):
        for _ in range(limit):
            if condition(self.tick(**how)):
                return
        raise AssertionError("it did not come to that")


def ask(graph, part="mouth_mirror", person="default", place="table"):
    client = ActionClient(graph.other, PresentPart, "present_part")
    graph.until(client.server_is_ready)
    sent = client.send_goal_async(PresentPart.Goal(part=part, place=place, person=person))
    graph.until(sent.done)
    return sent.result()


def test_it_tells_first_moves_while_people_are_watched_and_stands_when_they_are_not(graph):
    node = graph.start(PartPresenter, separation=NUMBERS)
    asked = graph.talk(OperatorInput, "operator_input", EVENT)
    intents = graph.hear(CobotIntent, "cobot_intent", STATE)
    bench = FakeCell(graph, node)
    goal = ask(graph)
    assert goal.accepted
    bench.tick()
    bench.until(lambda _: intents)
    home = node.presenter.robot.home
    assert bench.tick().positions == pytest.approx(home)
    assert len(intents[0].swept) >= 3
    assert not intents[0].moving
    assert "mouth_mirror" in intents[0].reason
    bench.until(lambda s: np.abs(s.positions - home).max() > 0.1)
    assert intents[-1].moving
    asked.publish(OperatorInput(asked=OperatorInput.PAUSE, source="pedal"))
    graph.until(lambda: node.presenter.paused)
    bench.until(lambda s: np.abs(s.velocities).max() == 0)
    asked.publish(OperatorInput(asked=OperatorInput.RESUME, source="pedal"))
    graph.until(lambda: not node.presenter.paused)
    bench.until(lambda s: np.abs(s.velocities).max() > 0.01)
    bench.until(lambda s: np.abs(s.velocities).max() == 0, watching=False)


def call(graph, service):
    client = graph.other.create_client(Trigger, service)
    graph.until(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    graph.until(answer.done)
    assert answer.result().success


def test_a_stop_by_page_pedal_or_service_is_obeyed_at_the_next_frame_and_ends_by_consent_alone(graph):
    node = graph.start(PartPresenter, separation=NUMBERS)
    asked = graph.talk(OperatorInput, "operator_input", EVENT)
    states = graph.hear(CobotState, "cobot_state", STATE)
    bench = FakeCell(graph, node)
    ask(graph)
    for stop, go_on in (
        (lambda: call(graph, "stop_robot"), lambda: call(graph, "resume_robot")),
        (lambda: asked.publish(OperatorInput(asked="stop_robot", source="page (coach)")),
         lambda: asked.publish(OperatorInput(asked="resume_robot", source="page (coach)"))),
    ):  # fmt: skip
        bench.until(lambda s: states and states[-1].speed_scale == 1.0 and np.abs(s.velocities).max() > 0.01)
        stop()
        graph.until(lambda: node.presenter.needs_consent)
        bench.tick()
        graph.until(lambda: states[-1].needs_consent)
        assert (states[-1].speed_scale, states[-1].phase) == (0.0, "fetch")
        assert "stopped by" in states[-1].limited_by
        bench.until(lambda s: np.abs(s.velocities).max() == 0, limit=25)
        asked.publish(OperatorInput(asked=OperatorInput.PAUSE))
        graph.until(lambda: node.presenter.paused)
        asked.publish(OperatorInput(asked=OperatorInput.RESUME))
        graph.until(lambda: not node.presenter.paused)
        assert all(np.abs(bench.tick().velocities).max() == 0 for _ in range(10)), "the work going on is no consent"
        go_on()
        graph.until(lambda: not node.presenter.needs_consent)
    assert "page (coach)" in "".join(s.limited_by for s in states)


def test_perception_is_told_what_is_the_robot(graph):
    node = graph.start(PartPresenter, separation=NUMBERS)
    bench = FakeCell(graph, node)
    bench.tick()
    told = {b.id: b.capsules for b in bench.bodies[-1].bodies}
    assert len(told["robot"]) > 8
    assert not told["tray"]
    assert convert.time_from_ros(bench.bodies[-1].header.stamp) == bench.stamp


def test_a_tray_that_is_not_out_cannot_be_taken_back(graph):
    graph.start(PartPresenter, separation=NUMBERS)
    result = ask(graph, place="store").get_result_async()
    graph.until(result.done)
    assert result.result().result.code == PresentPart.Result.REFUSED
    assert "not out" in result.result().result.message


def test_what_cannot_be_brought_is_refused_in_words(graph):
    graph.start(PartPresenter, separation=NUMBERS)
    goal = ask(graph, part="nothing_like_it")
    result = goal.get_result_async()
    graph.until(result.done)
    assert result.result().result.code == PresentPart.Result.REFUSED
    assert "nothing_like_it" in result.result().result.message


class FakeController(Node):
    """A joint trajectory controller: follows the newest goal between its points, publishes joint states."""

    def __init__(self, joints, positions):
        super().__init__("controller")
        self.joints, self.arm = joints, SimulatedRobot(positions, delay=0.0)
        self.states = self.create_publisher(JointState, "joint_states", SENSOR)
        self.server = ActionServer(self, FollowJointTrajectory, "jtc/follow_joint_trajectory", self.follow)
        self.create_timer(0.01, self.publish)
        self.positions = positions

    def now(self):
        return self.get_clock().now().nanoseconds

    async def follow(self, goal):
        trajectory = goal.request.trajectory
        assert list(trajectory.joint_names) == list(self.joints)
        here = self.arm.state(self.now()).positions
        seconds = [0.0] + [p.time_from_start.sec + p.time_from_start.nanosec / NS for p in trajectory.points]
        positions = np.array([here] + [list(p.positions) for p in trajectory.points])
        self.arm.send(Horizon(np.array(seconds), positions, 0 * positions), self.now())
        goal.succeed()
        return FollowJointTrajectory.Result()

    def publish(self):
        state = self.arm.state(self.now())
        # The broadcaster has its own order, and joints of other things.
        message = joints_to_ros(state, self.joints)
        message.name, message.position = ["lift", *message.name[::-1]], [9.0, *message.position.tolist()[::-1]]
        message.velocity = [0.0, *message.velocity.tolist()[::-1]]
        self.states.publish(message)


@pytest.mark.parametrize("kind", ["simulated", "ros2_control"])
def test_contract_of_a_robot(graph, kind):
    """Follows the newest horizon, and stands at its end when nothing newer comes."""
    graph.start(lambda: Node("user"))
    joints, start = ("a", "b", "c"), np.array([0.1, -0.2, 0.3])
    if kind == "simulated":
        arm = SimulatedRobot(start)
    else:
        controller = FakeController(joints, start)
        graph.executor.add_node(controller)
        graph._nodes.append(controller)
        arm = Ros2ControlRobot(graph.other, joints, "jtc", "speed_scaling")
        graph.until(arm._client.server_is_ready)

    def now():
        return graph.other.get_clock().now().nanoseconds

    def at(q):
        state = arm.state(now())
        return state is not None and np.abs(state.positions - q).max() < 1e-3

    graph.until(lambda: at(start))
    first, second = start + 0.2, start - 0.1
    for goal in (first, second):
        t = np.array([0.0, 0.1, 0.2, 0.22])
        q = np.array([start, (start + goal) / 2, goal, goal])
        arm.send(Horizon(t, q, np.zeros_like(q)), now())
    graph.until(lambda: at(second))
    state = arm.state(now())
    assert now() - state.stamp < NS
    for _ in range(100):
        graph.executor.spin_once(timeout_sec=0.001)
        assert at(second), "it stands"
    assert arm.scaling == 1.0
    if kind == "ros2_control":
        tells = graph.talk(Float64, "speed_scaling", SENSOR)
        for told, taken in ((50.0, 0.5), (100.0, 1.0), (0.25, 0.25), (1.0, 1.0), (0.0, 0.0)):
            tells.publish(Float64(data=told))
            graph.until(lambda taken=taken: arm.scaling == taken)
