"""Checks of lab 7: the node in this process, in a ROS domain of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import String

from opstap_cell.cell_node import CellNode
from opstap_cell.qos import STATE
from opstap_interfaces.msg import Problem, WorkState

CONFIG = Path(__file__).parents[2] / "config"


@contextmanager
def lamp(work) -> Iterator[Callable[..., list[str]]]:
    """Tell the lamp of a state of the work; all colours it has published since it began."""
    files = [f"scene:={CONFIG / 'cells/oral_care.yaml'}", f"task:={CONFIG / 'tasks/oral_care_case.yaml'}"]
    rclpy.init(args=["--ros-args", *(word for f in files for word in ("-p", f))], domain_id=40 + os.getpid() % 60)
    executor = SingleThreadedExecutor()
    nodes: list[Node] = []
    try:
        nodes += [work.Lamp(), Node("guide")]
        for node in nodes:
            executor.add_node(node)
        out, colors, second = nodes[1].create_publisher(WorkState, "work_state", STATE), [], [0]
        nodes[1].create_subscription(String, "lamp", lambda m: colors.append(m.data), STATE)

        def until(condition: Callable[[], bool], spins: int = 3000) -> bool:
            for _ in range(spins):
                if condition():
                    return True
                executor.spin_once(timeout_sec=0.001)
            return False

        def tell(phase: str = "take", **more) -> list[str]:
            second[0] += 1
            message = WorkState(phase=phase, **more)
            message.header.stamp.sec = second[0]
            before, heard = len(colors), nodes[0]._inputs
            out.publish(message)
            until(lambda: nodes[0]._inputs > heard)
            until(lambda: len(colors) > before, 150)
            return list(colors)

        hears = [s.topic_name for s in nodes[0].subscriptions]
        assert "/work_state" in hears, "it does not subscribe to work_state"
        assert until(lambda: out.get_subscription_count() > 0), "it does not subscribe to work_state with the QoS STATE"
        assert until(lambda: nodes[0].out.get_subscription_count() > 0), "it does not publish lamp"
        yield tell
    finally:
        for node in nodes:
            node.destroy_node()
        rclpy.shutdown()


def belongs_to_the_cell(work):
    """it is a node of the cell, and hears work_state"""
    assert issubclass(work.Lamp, CellNode), "Lamp is not made from CellNode"
    with lamp(work) as tell:
        tell()


def shows_work(work):
    """it is white while somebody works, and off otherwise"""
    with lamp(work) as tell:
        assert tell("ready")[-1:] == ["off"], "ready: expected off"
        assert tell("take")[-1:] == ["white"], "take: expected white"
        assert tell("done")[-1:] == ["off"], "done: expected off"
        assert tell("place")[-1:] == ["white"], "place: expected white"
        assert tell("place", paused=True)[-1:] == ["off"], "paused: expected off"


def shows_help(work):
    """a call for help comes first"""
    with lamp(work) as tell:
        assert tell("take", help_asked=True)[-1:] == ["blue"], "expected blue"
        assert tell("take", help_asked=True, paused=True)[-1:] == ["blue"], "paused, with help asked: expected blue"
        assert tell("take")[-1:] == ["white"], "after the help: expected white"


def says_nothing_twice(work):
    """it speaks when the colour changes, and only then"""
    with lamp(work) as tell:
        tell("take")
        tell("place")
        assert tell("take") == ["white"], "three states of work: expected one word, white"


def tells_nobody_of_mixups(work):
    """a mix-up changes nothing"""
    with lamp(work) as tell:
        found = tell("take", problems=[Problem(trouble="wrong_pick", place="bin_01", count=1)])
        assert found == ["white"], f"with a mix-up: {found}; expected ['white']"
        assert tell("put_right", problems=[Problem(trouble="missing", place="slot_01", count=1)]) == ["white"]


CHECKS = [belongs_to_the_cell, shows_work, shows_help, says_nothing_twice, tells_nobody_of_mixups]
