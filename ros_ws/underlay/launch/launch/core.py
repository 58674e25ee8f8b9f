"""Context, description, substitution: what actions are made of."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from typing import Any


def unsupported(what: str) -> AttributeError:
    """The error for a call that the real packages know and this subset does not."""
    return AttributeError(
        f"{what} is not in this project's launch subset. docs/underlay.md lists what is; "
        "for all of it install ROS 2 Jazzy (apt) and source it."
    )


def only(call: str, given: dict[str, Any], *known: str) -> None:
    """Refuse keyword arguments that would otherwise be lost in silence."""
    for name in given:
        if name not in known:
            raise TypeError(str(unsupported(f"argument '{name}' of {call}")))


class Substitution:
    """Something that becomes text when it is performed."""

    def perform(self, context: LaunchContext) -> str:
        raise NotImplementedError


SomeText = Any
"""A str, a Substitution, or an iterable of them."""


def text_of(context: LaunchContext, some: SomeText) -> str:
    """The text of one or several substitutions put together."""
    if isinstance(some, str):
        return some
    if isinstance(some, Substitution):
        return some.perform(context)
    if isinstance(some, os.PathLike):
        return os.fspath(some)
    if isinstance(some, Iterable):
        return "".join(text_of(context, s) for s in some)
    raise TypeError(f"found {some!r}, allowed: text, a substitution, or a list of them")


class LaunchDescriptionEntity:
    """Something that can be visited; it may give further entities to visit."""

    def visit(self, context: LaunchContext) -> Iterable[LaunchDescriptionEntity] | None:
        raise NotImplementedError


class Action(LaunchDescriptionEntity):
    """An entity that acts when visited, unless its condition says no. Conditions are evaluated at the visit."""

    def __init__(self, *, condition: Any = None) -> None:
        self.condition = condition

    def visit(self, context: LaunchContext) -> Iterable[LaunchDescriptionEntity] | None:
        if self.condition is None or self.condition.evaluate(context):
            return self.execute(context)
        return None

    def execute(self, context: LaunchContext) -> Iterable[LaunchDescriptionEntity] | None:
        raise NotImplementedError


class LaunchDescription(LaunchDescriptionEntity):
    """A list of entities, visited in order."""

    def __init__(self, initial_entities: Iterable[LaunchDescriptionEntity] | None = None) -> None:
        self.entities = list(initial_entities or ())

    def add_action(self, action: LaunchDescriptionEntity) -> None:
        self.entities.append(action)

    def add_entity(self, entity: LaunchDescriptionEntity) -> None:
        self.entities.append(entity)

    def get_launch_arguments(self) -> list[Any]:
        """The DeclareLaunchArguments in this description, without what only a visit would show."""
        from launch.actions import DeclareLaunchArgument, GroupAction

        found: list[Any] = []
        for entity in self.entities:
            if isinstance(entity, DeclareLaunchArgument):
                found.append(entity)
            elif isinstance(entity, GroupAction):
                found += LaunchDescription(entity.actions).get_launch_arguments()
        return found

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        return self.entities


class LaunchContext:
    """What actions share: configurations, event handlers, the event queue."""

    def __init__(self, *, argv: Iterable[str] = (), noninteractive: bool = False) -> None:
        self.argv = list(argv)
        self.noninteractive = noninteractive
        self.launch_configurations: dict[str, str] = {}
        self.locals: dict[str, Any] = {}
        self.handlers: list[Any] = []
        self.is_shutdown = False
        self.queue: list[Any] = []
        self.wake = asyncio.Event()
        self.processes: list[Any] = []
        self.waiting: set[asyncio.Future[Any]] = set()
        """Timers and processes that keep the service running."""
        self.visit: Callable[[Iterable[LaunchDescriptionEntity]], None] = lambda entities: None
        self._scopes: list[dict[str, str]] = []

    def perform_substitution(self, substitution: Substitution) -> str:
        return substitution.perform(self)

    def register_event_handler(self, handler: Any) -> None:
        self.handlers.insert(0, handler)

    def unregister_event_handler(self, handler: Any) -> None:
        self.handlers.remove(handler)

    def emit_event_sync(self, event: Any) -> None:
        self.queue.append(event)
        self.wake.set()

    def push_scope(self) -> None:
        self._scopes.append(dict(self.launch_configurations))

    def pop_scope(self) -> None:
        # The same dict stays: others hold on to it.
        before = self._scopes.pop()
        self.launch_configurations.clear()
        self.launch_configurations.update(before)
