"""The three kinds of topic; nothing else is used, since mismatched QoS loses data with no more than a warning."""

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

SENSOR = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
"""Streams in which only the newest counts."""
EVENT = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
"""Things that happened once."""
STATE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""What is so now: a late reader gets the last one."""
