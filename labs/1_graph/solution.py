"""Lab 1: who talks to whom."""

import time

import rclpy
from rclpy.node import Node


def talkers(node: Node, topic: str) -> list[str]:
    """Full names of the nodes that publish `topic`, such as /cell_1/perception, each once, in alphabetical order."""
    return _names(node.get_publishers_info_by_topic(topic))


def listeners(node: Node, topic: str) -> list[str]:
    """Full names of the nodes that subscribe to `topic`, as above."""
    return _names(node.get_subscriptions_info_by_topic(topic))


def rate(stamps: list[float]) -> float:
    """Messages a second, of the times in seconds at which they came; 0.0 for fewer than two."""
    return (len(stamps) - 1) / (stamps[-1] - stamps[0]) if len(stamps) > 1 else 0.0


def _names(ends: list) -> list[str]:
    return sorted({f"{e.node_namespace.rstrip('/')}/{e.node_name}" for e in ends})


def main() -> None:
    rclpy.init()
    node = Node("student")
    time.sleep(2)  # until the others are known
    for topic, _ in sorted(node.get_topic_names_and_types()):
        print(f"{topic}\n    {', '.join(talkers(node, topic))} -> {', '.join(listeners(node, topic))}")
    rclpy.shutdown()


if __name__ == "__main__":
    main()
