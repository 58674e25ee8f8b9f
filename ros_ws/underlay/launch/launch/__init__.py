"""The part of ROS 2's `launch` that this project uses, for machines without it. See docs/underlay.md."""

import sys
from collections.abc import Sequence

from launch.core import LaunchContext, LaunchDescription, LaunchDescriptionEntity, Substitution, unlisted, unsupported
from launch.service import LaunchService

__all__ = ["LaunchContext", "LaunchDescription", "LaunchDescriptionEntity", "LaunchService", "Substitution"]


class _Rest:
    """Asked last for a module: what is not in the subset gets an error that says where to look."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> None:
        package, dot, _ = name.partition(".")
        if dot and package in ("launch", "launch_ros", "launch_testing"):
            raise unsupported(f"the module {name}")


sys.meta_path.append(_Rest())  # type: ignore[arg-type]
__getattr__ = unlisted(__name__)
