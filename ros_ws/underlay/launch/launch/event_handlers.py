"""What is done when something happens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from launch.core import LaunchContext, LaunchDescriptionEntity, Listed, unlisted
from launch.events import Shutdown
from launch.events.process import ProcessEvent, ProcessExited, ProcessIO, ProcessStarted


class BaseEventHandler(metaclass=Listed):
    """Actions, or a callable `(event, context) -> actions`, for the events that match."""

    def __init__(self, matcher: Any, respond: Any, once: bool = False) -> None:
        self._matcher, self._respond, self.once = matcher, respond, once

    def matches(self, event: Any) -> bool:
        return bool(self._matcher(event))

    def handle(self, event: Any, context: LaunchContext) -> Iterable[LaunchDescriptionEntity]:
        if self.once:
            context.unregister_event_handler(self)
        found = self._respond(event, context) if callable(self._respond) else self._respond
        return found if isinstance(found, Iterable) else [found] if found is not None else []


def _of(kind: type[ProcessEvent], target: Any) -> Any:
    def matcher(event: Any) -> bool:
        if not isinstance(event, kind):
            return False
        return target is None or event.action is target or (callable(target) and bool(target(event.action)))

    return matcher


class OnProcessStart(BaseEventHandler):
    def __init__(self, *, target_action: Any = None, on_start: Any, handle_once: bool = False) -> None:
        super().__init__(_of(ProcessStarted, target_action), on_start, handle_once)


class OnProcessExit(BaseEventHandler):
    def __init__(self, *, target_action: Any = None, on_exit: Any, handle_once: bool = False) -> None:
        super().__init__(_of(ProcessExited, target_action), on_exit, handle_once)


class OnProcessIO(BaseEventHandler):
    def __init__(self, *, target_action: Any = None, on_stdout: Any = None, on_stderr: Any = None) -> None:
        def respond(event: Any, context: LaunchContext) -> Any:
            callback = on_stdout if event.from_stdout else on_stderr
            return callback(event) if callback else None

        super().__init__(_of(ProcessIO, target_action), respond)


class OnShutdown(BaseEventHandler):
    def __init__(self, *, on_shutdown: Any) -> None:
        super().__init__(lambda event: isinstance(event, Shutdown), on_shutdown)


__all__ = ["OnProcessExit", "OnProcessIO", "OnProcessStart", "OnShutdown"]
__getattr__ = unlisted(__name__)
