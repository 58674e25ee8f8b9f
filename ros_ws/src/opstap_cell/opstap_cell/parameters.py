"""Declares a frozen dataclass as ROS parameters: the fields hold default, range, unit and meaning."""

from __future__ import annotations

from dataclasses import MISSING, Field, field, fields
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterUninitializedException,
)
from rclpy.node import Node

AnyConfig = TypeVar("AnyConfig")


class ParameterError(Exception):
    """A parameter has a value it cannot have; the message names it, what was found and what is allowed."""


def parameter(doc: str, default: Any = MISSING, low: float | None = None, high: float | None = None,
              choices: tuple[str, ...] = ()) -> Any:  # fmt: skip
    """A dataclass field that is a ROS parameter; without a default it must be given."""
    return field(default=default, metadata={"doc": doc, "low": low, "high": high, "choices": choices})


def declare(node: Node, config: type[AnyConfig]) -> AnyConfig:
    """Declare every field of `config` on `node`, read-only, and return the values.

    Raises:
        ParameterError: a value is missing, of another type, or out of range.
    """
    values = {f.name: _declare(node, f) for f in fields(config)}  # type: ignore[arg-type]
    return config(**values)


def _allowed(f: Field[Any]) -> str:
    if f.metadata["choices"]:
        return ", ".join(f.metadata["choices"])
    low, high = f.metadata["low"], f.metadata["high"]
    return f"{f.type}" + (f" from {low} to {high}" if low is not None else "")


def _declare(node: Node, f: Field[Any]) -> Any:
    kinds = {"str": str, "int": int, "float": float, "bool": bool}
    kind = kinds[str(f.type)]
    descriptor = ParameterDescriptor(description=f.metadata["doc"], read_only=True)
    low, high = f.metadata["low"], f.metadata["high"]
    if low is not None and kind is int:
        descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=0)]
    elif low is not None:
        descriptor.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high), step=0.0)]
    default = kind() if f.default is MISSING else f.default
    try:
        value = node.declare_parameter(f.name, default, descriptor).value
    except (InvalidParameterValueException, InvalidParameterTypeException, ParameterUninitializedException) as error:
        given = node._parameter_overrides.get(f.name)
        found = given.value if given is not None else "nothing"
        raise ParameterError(f"parameter '{f.name}': found {found!r}, allowed: {_allowed(f)}") from error
    if f.default is MISSING and value == default:
        raise ParameterError(f"parameter '{f.name}': found nothing, allowed: {f.metadata['doc']}")
    if f.metadata["choices"] and value not in f.metadata["choices"]:
        raise ParameterError(f"parameter '{f.name}': found {value!r}, allowed: {_allowed(f)}")
    return value
