"""The action that lets the tests begin."""

from typing import Any

from launch.core import Action, LaunchContext, unlisted


class ReadyToTest(Action):
    """Visited, it lets the active tests begin."""

    def execute(self, context: LaunchContext) -> None:
        ready: Any = context.locals.get("launch_testing_ready")
        if ready is not None:
            ready()


__all__ = ["ReadyToTest"]
__getattr__ = unlisted(__name__)
