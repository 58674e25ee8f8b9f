"""Substitutions: text that is known only when it is needed."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import Any

from launch.core import LaunchContext, SomeText, Substitution, text_of, unlisted


class SubstitutionFailure(RuntimeError):  # noqa: N818 - the real one's name
    """A substitution has no value."""


class TextSubstitution(Substitution):
    def __init__(self, *, text: str) -> None:
        self.text = text

    def perform(self, context: LaunchContext) -> str:
        return self.text


class LaunchConfiguration(Substitution):
    """The value of a launch argument or configuration."""

    def __init__(self, variable_name: SomeText, *, default: Any = None) -> None:
        self.variable_name, self.default = variable_name, default

    def perform(self, context: LaunchContext) -> str:
        name = text_of(context, self.variable_name)
        if name in context.launch_configurations:
            return context.launch_configurations[name]
        if self.default is None:
            raise SubstitutionFailure(f"launch configuration '{name}' does not exist")
        # As in the real one, a number or a truth value is a good default.
        return text_of(
            context, self.default if isinstance(self.default, str | Substitution | Iterable) else str(self.default)
        )


class EnvironmentVariable(Substitution):
    def __init__(self, name: SomeText, *, default_value: Any = None) -> None:
        self.name, self.default_value = name, default_value

    def perform(self, context: LaunchContext) -> str:
        name = text_of(context, self.name)
        if name in context.environment:
            return context.environment[name]
        if self.default_value is None:
            raise SubstitutionFailure(f"environment variable '{name}' does not exist")
        return text_of(context, self.default_value)


class PathJoinSubstitution(Substitution):
    def __init__(self, substitutions: SomeText) -> None:
        self.substitutions = substitutions

    def perform(self, context: LaunchContext) -> str:
        return os.path.join(*(text_of(context, s) for s in self.substitutions))  # noqa: PTH118 - as the real one does


class PythonExpression(Substitution):
    """The value of a Python expression of the launch file's author."""

    def __init__(self, expression: SomeText) -> None:
        self.expression = expression

    def perform(self, context: LaunchContext) -> str:
        return str(eval(text_of(context, self.expression), {"__builtins__": __builtins__}, math.__dict__))


class ThisLaunchFileDir(Substitution):
    def perform(self, context: LaunchContext) -> str:
        if "launch_file_dir" not in context.locals:
            raise SubstitutionFailure("ThisLaunchFileDir is used outside a launch file")
        return str(context.locals["launch_file_dir"])


class EqualsSubstitution(Substitution):
    def __init__(self, left: SomeText, right: SomeText) -> None:
        self.left, self.right = left, right

    def perform(self, context: LaunchContext) -> str:
        left, right = text_of(context, self.left), text_of(context, self.right)
        return str(left == right).lower()


__all__ = [
    "EnvironmentVariable", "EqualsSubstitution", "LaunchConfiguration", "PathJoinSubstitution", "PythonExpression",
    "TextSubstitution", "ThisLaunchFileDir",
]  # fmt: skip
__getattr__ = unlisted(__name__)
