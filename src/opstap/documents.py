"""Loads the YAML files that people edit, and says where they are wrong.

Every file is checked against a pydantic model. A wrong value is told with its file, line and field, what was found and
what is allowed; all errors of a file are told at once, since people fix files, not exceptions.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from typing_extensions import Self

Location = tuple[str | int, ...]


class Model(BaseModel):
    """Base of everything that is read from a file: immutable, and an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    documented: ClassVar[str] = "docs/scene-and-task.md"
    """The page that lists the fields."""

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, but what was worked out of the old fields (`cached_property`) is not copied."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


AnyModel = TypeVar("AnyModel", bound=Model)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: the field's `location` in the file, what is wrong, what is allowed."""

    location: Location
    found: str
    allowed: str


class DocumentError(Exception):
    """A file cannot be used. The message names file, line, field, what was found and what is allowed."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path = path
        self.lines = lines
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Document:
    """A parsed YAML file that knows the line of each of its fields."""

    path: Path
    data: Any

    @staticmethod
    def read(path: Path) -> Document:
        """Parse `path`.

        Raises:
            DocumentError: there is no such file, it cannot be read, or it is not YAML.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise DocumentError(path, [f"{path}: no such file{_similar_file(path)}"]) from error
        except (OSError, UnicodeDecodeError) as error:
            raise DocumentError(path, [f"{path}: cannot be read: {error}"]) from error
        return Document.of(path, text)

    @staticmethod
    def of(path: Path, text: str) -> Document:
        """Parse `text`, which is or will be that of `path`.

        Raises:
            DocumentError: it is not YAML.
        """
        try:
            data = YAML(typ="rt").load(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f":{mark.line + 1}" if mark else ""
            raise DocumentError(path, [f"{path}{line}: not valid YAML: {error.problem or error.context}"]) from error
        except (YAMLError, ValueError, OverflowError, RecursionError) as error:
            # What the reader of YAML itself does not expect: a day that does not exist, signs that are no text.
            reason = str(error).splitlines()[0] if str(error) else "it cannot be read"
            raise DocumentError(path, [f"{path}: not valid YAML: {reason}"]) from error
        if not isinstance(data, dict):
            raise DocumentError(path, [f"{path}:1: found {_describe(data)}, allowed: fields such as 'name: value'"])
        return Document(path, data)

    def line(self, location: Location) -> int:
        """Line (from 1) of the field at `location`, or of the nearest thing around it that is in the file."""
        node: Any = self.data
        line = 0
        for key in location:
            try:
                marks: Any = node.lc
                position = marks.key(key) if hasattr(node, "keys") else marks.item(key)
                node = node[key]
            except (AttributeError, KeyError, IndexError, TypeError):
                break
            line = int(position[0])
        return line + 1

    def error(self, faults: list[Fault]) -> DocumentError:
        """The error that tells all `faults` of this file."""
        return DocumentError(
            self.path,
            [
                f"{self.path}:{self.line(f.location)}: {_field(f.location)}: found {f.found}, allowed: {f.allowed}"
                for f in faults
            ],
        )

    def parse(self, model: type[AnyModel]) -> AnyModel:
        """The file as `model`.

        Raises:
            DocumentError: with all faults of the file.
        """
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise self.error([_fault(e, model.documented) for e in error.errors()]) from error


def nearest(word: str, allowed: list[str]) -> str:
    """The names in `allowed` as text, the most similar to `word` first in line."""
    close = difflib.get_close_matches(word, allowed, n=1)
    listed = ", ".join(sorted(allowed)) or "none"
    return f"{listed} (did you mean '{close[0]}'?)" if close else listed


def _similar_file(path: Path) -> str:
    there = sorted(p.stem for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
    return f"; in {path.parent} there is: {nearest(path.stem, there)}" if there else ""


def _field(location: Location) -> str:
    text = ""
    for key in location:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text or "file"


def _describe(value: Any) -> str:
    text = "nothing" if value is None else f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _fault(error: Any, documented: str) -> Fault:
    location: Location = tuple(error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return Fault(location, "nothing", f"the field '{location[-1]}' is needed here")
    if kind == "extra_forbidden":
        return Fault(location, f"unknown field '{location[-1]}'", f"only the fields that {documented} lists")
    if kind == "value_error":
        return Fault(location, _describe(error["input"]), str(context["error"]))
    # pydantic's own words, "Input should be greater than 0", say what is allowed.
    return Fault(location, _describe(error["input"]), error["msg"].removeprefix("Input should be "))
