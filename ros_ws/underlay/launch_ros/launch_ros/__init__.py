"""The part of ROS 2's `launch_ros` that this project uses, for machines without it. See docs/underlay.md."""
