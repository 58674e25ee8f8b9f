"""Messages between browser pages and their servers: pydantic models, and their TypeScript to check the pages with."""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Iterable
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Base of all that is sent: immutable, an unknown field is an error, and so is a number that JSON cannot say."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


def declarations(command: str, messages: Iterable[type[Message]], *more: str) -> str:
    """A TypeScript declaration file of `messages` and all they are made of; `command` writes it, `more` ends it."""
    found: dict[str, type[Message]] = {}
    for message in messages:
        _collect(message, found)
    lines = [f"// Written by `{command}`; do not edit.", ""]
    for name, model in found.items():
        lines += [_comment(inspect.cleandoc(model.__doc__ or ""), ""), f"export interface {name} {{"]
        for field_name, field in model.model_fields.items():
            if field.description:
                lines.append(_comment(field.description, "  "))
            lines.append(f"  {field_name}: {_type(field.annotation)};")
        lines += ["}", ""]
    return "\n".join([*lines, *more]).rstrip() + "\n"


def _collect(annotation: Any, found: dict[str, type[Message]]) -> None:
    """Every model in `annotation`, those that it is made of first."""
    if inspect.isclass(annotation) and issubclass(annotation, Message):
        for field in annotation.model_fields.values():
            _collect(field.annotation, found)
        found[annotation.__name__] = annotation
    for inner in get_args(annotation):
        _collect(inner, found)


def _type(annotation: Any) -> str:
    names = {str: "string", int: "number", float: "number", bool: "boolean", types.NoneType: "null"}
    if annotation in names:
        return names[annotation]
    if inspect.isclass(annotation) and issubclass(annotation, Enum):
        return " | ".join(json.dumps(member.value) for member in annotation)
    if inspect.isclass(annotation) and issubclass(annotation, Message):
        return annotation.__name__
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inner[0])
    if origin is Literal:
        return " | ".join(json.dumps(value) for value in inner)
    if origin in (Union, types.UnionType):
        return " | ".join(_type(i) for i in inner)
    if origin is tuple and inner[-1] is Ellipsis:
        return f"ReadonlyArray<{_type(inner[0])}>"
    if origin is tuple:
        return f"readonly [{', '.join(_type(i) for i in inner)}]"
    raise TypeError(f"no TypeScript for {annotation}; messages use strings, numbers, enums, messages and tuples")


def _comment(text: str, indent: str) -> str:
    lines = text.strip().splitlines()
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */"
    return "\n".join([f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"])
