"""Context, description, substitution: what actions are made of."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any


class UnsupportedError(ImportError):
    """A call that the real packages know and this subset does not.

    An ImportError, because `from launch.actions import X` turns every other error into its own words.
    """


def unsupported(what: str) -> UnsupportedError:
    """The error for `what`; its message names the page that lists what there is."""
    return UnsupportedError(
        f"{what} is not in this project's launch subset. docs/underlay.md lists what is; "
        "for all of it install ROS 2 Jazzy (apt) and source it."
    )


def unlisted(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a module of the subset."""

    def missing(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module '{module}' has no attribute '{name}'")
        raise unsupported(f"{module}.{name}")

    return missing


class Listed(type):
    """Classes of the subset: an argument they do not know is refused with the page's name, not lost in silence."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        try:
            cls.signature().bind(*args, **kwargs)
        except TypeError as error:
            raise unsupported(f"{cls.__module__}.{cls.__name__}({_shown(args, kwargs)}): {error}; this call") from None
        return super().__call__(*args, **kwargs)

    def signature(cls) -> inspect.Signature:
        """What the class is called with; `**` stands for what the class it derives from is called with."""
        if cls.__init__ is object.__init__:  # type: ignore[misc]
            return inspect.Signature()
        own = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
        names = {p.name for p in own}
        if own and own[-1].kind is inspect.Parameter.VAR_KEYWORD:
            rest = cls.__base__.signature().parameters.values()  # type: ignore[union-attr]
            # What the class sets itself is its own business.
            own = own[:-1] + [p for p in rest if p.name not in names | cls.__dict__.get("sets", set())]
        return inspect.Signature(own)


def _shown(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    return ", ".join(["..."] * len(args) + [f"{name}=..." for name in kwargs])


class Substitution(metaclass=Listed):
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


class LaunchDescriptionEntity(metaclass=Listed):
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
        self._scopes: list[tuple[dict[str, str], dict[str, str]]] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise unsupported(f"LaunchContext.{name}")

    @property
    def environment(self) -> MutableMapping[str, str]:
        """The environment that processes get."""
        return os.environ

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
        self._scopes.append((dict(self.launch_configurations), dict(self.environment)))

    def pop_scope(self) -> None:
        # The same mappings stay: others hold on to them.
        for now, before in zip((self.launch_configurations, self.environment), self._scopes.pop(), strict=True):
            now.clear()
            now.update(before)
