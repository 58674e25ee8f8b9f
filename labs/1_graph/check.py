"""Checks of lab 1: a graph of three nodes, in a ROS domain of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import String


@contextmanager
def graph() -> Iterator[tuple[Node, Callable[[Callable[[], bool]], None]]]:
    """Two speakers and a listener of the topic `light`, and a node that looks at them."""
    context = Context()
    rclpy.init(context=context, domain_id=40 + os.getpid() % 60)
    nodes = [Node(name, namespace="/lab", context=context) for name in ("torch", "lamp", "eye", "student")]
    executor = SingleThreadedExecutor(context=context)
    for node in nodes:
        executor.add_node(node)
    for speaker in nodes[:2]:
        speaker.create_publisher(String, "light", 1)
    nodes[2].create_subscription(String, "light", lambda _: None, 1)
    nodes[2].create_subscription(String, "light", lambda _: None, 1)

    def until(condition: Callable[[], bool]) -> None:
        for _ in range(3000):
            if condition():
                return
            executor.spin_once(timeout_sec=0.001)

    try:
        until(lambda: nodes[3].count_publishers("/lab/light") == nodes[3].count_subscribers("/lab/light") == 2)
        yield nodes[3], until
    finally:
        for node in nodes:
            node.destroy_node()
        rclpy.shutdown(context=context)


def who_publishes(work):
    """talkers() names every node that publishes a topic"""
    with graph() as (node, _):
        found = work.talkers(node, "/lab/light")
    assert found == ["/lab/lamp", "/lab/torch"], f"for /lab/light: {found}; expected ['/lab/lamp', '/lab/torch']"


def who_subscribes(work):
    """listeners() names every node that subscribes, each once"""
    with graph() as (node, _):
        found = work.listeners(node, "/lab/light")
    assert found == ["/lab/eye"], f"for /lab/light: {found}; expected ['/lab/eye'], which has two subscriptions"


def how_often(work):
    """rate() is messages a second"""
    for stamps, expected in (([], 0.0), ([3.0], 0.0), ([0.0, 0.1, 0.2, 0.3], 10.0), ([5.0, 7.0], 0.5)):
        found = work.rate(stamps)
        assert abs(found - expected) < 1e-9, f"for {stamps}: {found}; expected {expected}"


CHECKS = [who_publishes, who_subscribes, how_often]
