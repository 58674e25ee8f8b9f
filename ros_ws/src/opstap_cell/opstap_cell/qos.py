"""The three kinds of topic; nothing else is used, since mismatched QoS loses data with no more than a warning."""

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

FRAMES = 4
"""A stage that was held up for a moment finds the frames of that moment instead of only the last. At speed:=max two are
always on their way (and one may be sent again), and a run is the same on every machine only if none is passed over."""

SENSOR = QoSProfile(depth=FRAMES, reliability=ReliabilityPolicy.BEST_EFFORT)
"""Streams that are never sent again."""
EVENT = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
"""Things that happened once."""
STATE = QoSProfile(depth=FRAMES, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""What is so now: a late reader gets the last ones."""
