"""A ROS domain of its own for every launch test."""

import os

# Two runs on one machine, say a cell at work and its tests, must not hear each other.
os.environ["ROS_DOMAIN_ID"] = str(10 + os.getpid() % 90)
