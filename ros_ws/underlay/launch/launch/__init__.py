"""The part of ROS 2's `launch` that this project uses, for machines without it. See docs/underlay.md."""

from launch.core import LaunchContext, LaunchDescription, LaunchDescriptionEntity, Substitution
from launch.service import LaunchService

__all__ = ["LaunchContext", "LaunchDescription", "LaunchDescriptionEntity", "LaunchService", "Substitution"]


def __getattr__(name: str) -> object:
    from launch.core import unsupported

    raise unsupported(f"launch.{name}")
