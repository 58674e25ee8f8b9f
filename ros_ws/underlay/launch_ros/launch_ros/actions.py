"""Nodes, namespaces and parameters."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from launch.actions import ExecuteProcess
from launch.core import (
    Action,
    LaunchContext,
    SomeText,
    Substitution,
    text_of,
    unlisted,
)


def _join(outer: str, inner: str) -> str:
    """A namespace within another; an absolute one stands alone."""
    if inner.startswith("/") or not inner:
        return inner or outer
    return f"{outer.rstrip('/')}/{inner}"


class PushRosNamespace(Action):
    """A namespace for the nodes that follow in the same group."""

    def __init__(self, namespace: SomeText, *, condition: Any = None) -> None:
        super().__init__(condition=condition)
        self.namespace = namespace

    def execute(self, context: LaunchContext) -> None:
        outer = context.launch_configurations.get("ros_namespace", "")
        joined = _join(outer, text_of(context, self.namespace))
        context.launch_configurations["ros_namespace"] = joined if joined.startswith("/") else f"/{joined}"


class SetParameter(Action):
    """A parameter for all nodes that follow in the same group."""

    def __init__(self, name: SomeText, value: Any, *, condition: Any = None) -> None:
        super().__init__(condition=condition)
        self.name, self.value = name, value

    def execute(self, context: LaunchContext) -> None:
        known = yaml.safe_load(context.launch_configurations.get("ros_params", "{}"))
        known[text_of(context, self.name)] = _value(context, self.value)
        context.launch_configurations["ros_params"] = yaml.safe_dump(known, sort_keys=False)


def _value(context: LaunchContext, value: Any) -> Any:
    """A parameter's value; what a substitution gives is read as YAML, as the real one does."""
    if isinstance(value, Substitution):
        return yaml.safe_load(text_of(context, value))
    if isinstance(value, Mapping):
        return {text_of(context, k): _value(context, v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        if any(isinstance(v, Substitution) for v in value) and all(isinstance(v, str | Substitution) for v in value):
            return yaml.safe_load(text_of(context, value))
        values = [_value(context, v) for v in value]
        # An array has one type: among numbers with a fraction all are.
        kinds = {type(v) for v in values}
        return [float(v) for v in values] if kinds == {int, float} else values
    return value


class Node(ExecuteProcess):
    """A ROS node of an installed package; `process` are the options of ExecuteProcess."""

    sets = {"cmd"}  # noqa: RUF012 - read by Listed

    def __init__(
        self, *, executable: SomeText, package: Any = None, name: Any = None, namespace: Any = None,
        parameters: Iterable[Any] | None = None, remappings: Iterable[tuple[Any, Any]] | None = None,
        arguments: Iterable[SomeText] | None = None, ros_arguments: Iterable[SomeText] | None = None,
        **process: Any,
    ) -> None:  # fmt: skip
        super().__init__(cmd=[], **process)
        self.package, self.executable, self.node_name, self.namespace = package, executable, name, namespace
        self.parameters, self.remappings = list(parameters or ()), list(remappings or ())
        self.node_arguments, self.ros_arguments = list(arguments or ()), list(ros_arguments or ())

    def arguments(self, context: LaunchContext) -> list[str]:
        """Executable, arguments, then `--ros-args` with name, namespace, parameters and remaps, in this order."""
        command = [self._find(context), *(text_of(context, a) for a in self.node_arguments)]
        if self.ros_arguments:
            command += ["--ros-args", *(text_of(context, a) for a in self.ros_arguments)]
        command.append("--ros-args")
        name = text_of(context, self.node_name) if self.node_name else ""
        inner = text_of(context, self.namespace) if self.namespace else ""
        namespace = _join(context.launch_configurations.get("ros_namespace", ""), inner)
        if namespace and not namespace.startswith("/"):
            namespace = f"/{namespace}"
        if name:
            command += ["-r", f"__node:={name}"]
        if namespace:
            command += ["-r", f"__ns:={namespace}"]
        # As the real one: a file for all nodes, unless both name and namespace are known.
        key = f"{namespace.rstrip('/')}/{name}" if name and namespace else "/**"
        for parameter, value in yaml.safe_load(context.launch_configurations.get("ros_params", "{}")).items():
            command += ["-p", f"{parameter}:={value}"]
        for given in self.parameters:
            command += ["--params-file", self._parameter_file(context, given, key)]
        for source, target in self.remappings:
            command += ["-r", f"{text_of(context, source)}:={text_of(context, target)}"]
        return command

    def _find(self, context: LaunchContext) -> str:
        executable = text_of(context, self.executable)
        if self.package is None:
            return executable
        package = text_of(context, self.package)
        prefixes = [p for p in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p]
        for prefix in prefixes:
            if (Path(prefix) / "share/ament_index/resource_index/packages" / package).exists():
                path = Path(prefix) / "lib" / package / executable
                if path.exists():
                    return str(path)
                there = ", ".join(sorted(p.name for p in path.parent.glob("*"))) or "none"
                raise RuntimeError(f"package '{package}' has no executable '{executable}'; it has: {there}")
        raise RuntimeError(
            f"package '{package}' was not found in: {', '.join(prefixes) or 'an empty AMENT_PREFIX_PATH'}"
        )

    @staticmethod
    def _parameter_file(context: LaunchContext, given: Any, key: str) -> str:
        """The path of a YAML file as it is, or a temporary one of a dict, for the node of `key`."""
        if not isinstance(given, Mapping):
            return text_of(context, given)
        values = _value(context, given)
        handle, path = tempfile.mkstemp(prefix="launch_params_")
        with os.fdopen(handle, "w") as file:
            yaml.safe_dump({key: {"ros__parameters": values}}, file)
        # Not before the end: a node that is started again reads it again.
        atexit.register(Path(path).unlink, missing_ok=True)
        return path


__all__ = ["Node", "PushRosNamespace", "SetParameter"]
__getattr__ = unlisted(__name__)
