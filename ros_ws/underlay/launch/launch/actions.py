"""Actions other than processes, and the names of all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from launch.core import Action, LaunchContext, LaunchDescriptionEntity, SomeText, text_of, unlisted
from launch.events import Shutdown as ShutdownEvent
from launch.process import ExecuteProcess


class DeclareLaunchArgument(Action):
    """An argument of the launch file, given as `name:=value`."""

    def __init__(
        self, name: str, *, default_value: Any = None, description: str | None = None,
        choices: Iterable[str] | None = None, condition: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(condition=condition)
        self.name, self.default_value = name, default_value
        self.description = description or "no description given"
        self.choices = list(choices) if choices is not None else None

    def execute(self, context: LaunchContext) -> None:
        if self.name not in context.launch_configurations:
            if self.default_value is None:
                raise RuntimeError(f"Required launch argument '{self.name}' was not provided: {self.description}")
            context.launch_configurations[self.name] = text_of(context, self.default_value)
        value = context.launch_configurations[self.name]
        if self.choices is not None and value not in self.choices:
            allowed = ", ".join(self.choices)
            raise RuntimeError(f"launch argument '{self.name}': found '{value}', allowed: {allowed}")


class SetLaunchConfiguration(Action):
    def __init__(self, name: SomeText, value: SomeText, *, condition: Any = None) -> None:
        super().__init__(condition=condition)
        self.name, self.value = name, value

    def execute(self, context: LaunchContext) -> None:
        context.launch_configurations[text_of(context, self.name)] = text_of(context, self.value)


class SetEnvironmentVariable(Action):
    def __init__(self, name: SomeText, value: SomeText, *, condition: Any = None) -> None:
        super().__init__(condition=condition)
        self.name, self.value = name, value

    def execute(self, context: LaunchContext) -> None:
        context.environment[text_of(context, self.name)] = text_of(context, self.value)


class LogInfo(Action):
    def __init__(self, *, msg: SomeText, condition: Any = None) -> None:
        super().__init__(condition=condition)
        self.msg = msg

    def execute(self, context: LaunchContext) -> None:
        print(f"[INFO] [launch.user]: {text_of(context, self.msg)}", flush=True)


class OpaqueFunction(Action):
    """Calls `function(context, *args, **kwargs)`, which may give further entities."""

    def __init__(self, *, function: Any, args: Any = (), kwargs: Any = None, condition: Any = None) -> None:
        super().__init__(condition=condition)
        self.function, self.args, self.kwargs = function, tuple(args), dict(kwargs or {})

    def execute(self, context: LaunchContext) -> Any:
        return self.function(context, *self.args, **self.kwargs)


class _Call(Action):
    def __init__(self, call: Any) -> None:
        super().__init__()
        self.call = call

    def execute(self, context: LaunchContext) -> None:
        self.call(context)


class GroupAction(Action):
    """Actions whose configurations and environment do not leave the group, unless `scoped` is False."""

    def __init__(
        self, actions: Iterable[LaunchDescriptionEntity], *, scoped: bool = True, condition: Any = None
    ) -> None:
        super().__init__(condition=condition)
        self.actions, self.scoped = list(actions), scoped

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        if not self.scoped:
            return self.actions
        return [_Call(LaunchContext.push_scope), *self.actions, _Call(LaunchContext.pop_scope)]


class IncludeLaunchDescription(Action):
    """Another launch file, with arguments of its own that stay set, as in the real one."""

    def __init__(self, source: Any, *, launch_arguments: Any = (), condition: Any = None) -> None:
        super().__init__(condition=condition)
        self.source, self.launch_arguments = source, list(launch_arguments)

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        description = self.source.get_launch_description(context)
        before = context.locals.get("launch_file_dir")
        directory = str(Path(self.source.location).parent)

        def enter(context: LaunchContext) -> None:
            context.locals["launch_file_dir"] = directory

        def leave(context: LaunchContext) -> None:
            context.locals["launch_file_dir"] = before

        given = [SetLaunchConfiguration(name, value) for name, value in self.launch_arguments]
        return [*given, _Call(enter), description, _Call(leave)]


class RegisterEventHandler(Action):
    def __init__(self, event_handler: Any, *, condition: Any = None) -> None:
        super().__init__(condition=condition)
        self.event_handler = event_handler

    def execute(self, context: LaunchContext) -> None:
        context.register_event_handler(self.event_handler)


class EmitEvent(Action):
    def __init__(self, *, event: Any, condition: Any = None) -> None:
        super().__init__(condition=condition)
        self.event = event

    def execute(self, context: LaunchContext) -> None:
        context.emit_event_sync(self.event)


class Shutdown(EmitEvent):
    def __init__(self, *, reason: str = "reason not given", condition: Any = None) -> None:
        super().__init__(event=ShutdownEvent(reason=reason), condition=condition)


class TimerAction(Action):
    """Actions after `period` seconds of real time: a float or a substitution, as the real one wants it."""

    def __init__(self, *, period: Any, actions: Iterable[LaunchDescriptionEntity], condition: Any = None) -> None:
        super().__init__(condition=condition)
        if isinstance(period, int):
            raise TypeError(f"TimerAction: period: found {period!r}, allowed: a float or a substitution")
        self.period, self.actions = period, list(actions)

    def execute(self, context: LaunchContext) -> None:
        seconds = float(self.period if isinstance(self.period, float) else text_of(context, self.period))
        task = asyncio.get_running_loop().create_task(self._wait(context, seconds))
        context.waiting.add(task)
        task.add_done_callback(context.waiting.discard)

    async def _wait(self, context: LaunchContext, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not context.is_shutdown:
            context.visit(self.actions)


__all__ = [
    "DeclareLaunchArgument", "EmitEvent", "ExecuteProcess", "GroupAction", "IncludeLaunchDescription", "LogInfo",
    "OpaqueFunction", "RegisterEventHandler", "SetEnvironmentVariable", "SetLaunchConfiguration", "Shutdown",
    "TimerAction",
]  # fmt: skip

__getattr__ = unlisted(__name__)
