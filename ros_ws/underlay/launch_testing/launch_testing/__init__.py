"""The part of ROS 2's `launch_testing` that this project uses, for machines without it. See docs/underlay.md."""

from collections.abc import Callable
from typing import Any

from launch.core import unlisted

from launch_testing import actions, asserts

__all__ = ["actions", "asserts", "post_shutdown_test"]


def post_shutdown_test() -> Callable[[Any], Any]:
    """Marks a TestCase that is run after everything ended."""

    def mark(case: Any) -> Any:
        case.__post_shutdown_test__ = True
        return case

    return mark


__getattr__ = unlisted(__name__)
