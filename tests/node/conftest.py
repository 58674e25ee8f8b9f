"""Nodes in this process, each test in a ROS domain of its own."""

import itertools
import os
from pathlib import Path

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

ROOT = Path(__file__).parents[2]
DOMAINS = itertools.cycle(range(100 + 30 * (os.getpid() % 4), 130 + 30 * (os.getpid() % 4)))
FILES = {
    "scene": str(ROOT / "config/cells/oral_care.yaml"),
    "task": str(ROOT / "config/tasks/oral_care_case.yaml"),
}


class Graph:
    """A node of the cell, and a plain one that talks with it."""

    def __init__(self) -> None:
        self.executor: SingleThreadedExecutor
        self.other: Node
        self._nodes: list[Node] = []

    def start(self, kind: type[Node], **parameters: object) -> Node:
        """The node with these parameters; again after a first one is as after its death."""
        self.stop()
        given = [["-p", f"{name}:={value}"] for name, value in (FILES | parameters).items()]
        rclpy.init(args=["--ros-args", *itertools.chain(*given)], domain_id=next(DOMAINS))
        self.executor = SingleThreadedExecutor()
        node = kind()
        self.other = Node("other")
        self._nodes = [node, self.other]
        for each in self._nodes:
            self.executor.add_node(each)
        return node

    def stop(self) -> None:
        for node in self._nodes:
            node.destroy_node()
        self._nodes = []
        rclpy.try_shutdown()

    def hear(self, kind, topic, qos) -> list:
        """A list that fills with what is published on `topic`."""
        messages = []
        self.other.create_subscription(kind, topic, messages.append, qos)
        return messages

    def talk(self, kind, topic, qos):
        """A publisher that the node under test hears."""
        publisher = self.other.create_publisher(kind, topic, qos)
        self.until(lambda: publisher.get_subscription_count() > 0)
        return publisher

    def until(self, condition, spins: int = 8000) -> None:
        """Spin until `condition()` is true; fails after so many spins of at most a millisecond."""
        for _ in range(spins):
            if condition():
                return
            self.executor.spin_once(timeout_sec=0.001)
        raise AssertionError("what was awaited did not come")


@pytest.fixture
def graph():
    made = Graph()
    yield made
    made.stop()
