"""From a draft to a task file, with the phrases, parts and comments of the task that it began from."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from opstap.authoring.draft import Draft, DraftStep, picture_of, tasked, whole
from opstap.documents import Document
from opstap.instructions import PRODUCT, Task

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class SaveError(Exception):
    """The draft cannot be saved; the message says why and what to do."""


class TakenError(SaveError):
    """There is a task of that name; it is replaced only when asked so."""


def written(draft: Draft, name: str, like: Document, day: date) -> str:
    """The text of the task file: the whole steps of `draft`, and all else as in the task `like`."""
    task = like.parse(Task)
    made = tasked(draft, name, task)
    data: Any = deepcopy(like.data)
    data["task"] = name
    data.pop("products", None)  # what was recorded is one
    data["title"] = _flow({la: made.title[la] for la in task.languages})
    for part in sorted(draft.photos & made.parts.keys()):
        data["parts"][part]["picture"] = made.parts[part].picture
    steps = CommentedSeq([_flow(step.model_dump(exclude_defaults=True)) for step in made.steps])
    for i, step in enumerate(whole(draft)):
        unwritten = _unwritten(step, task)
        if unwritten:
            steps.yaml_set_comment_before_after_key(
                i, before=f"draft: no words of its own yet in {unwritten}", indent=2
            )
    data["steps"] = steps
    yaml, out = YAML(), io.StringIO()
    yaml.allow_unicode, yaml.width, yaml.preserve_quotes = True, 4096, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(data, out)
    lines = out.getvalue().splitlines(keepends=True)
    schema = [line for line in lines[:1] if line.startswith("# yaml-language-server:")]
    rest = next(i for i, line in enumerate(lines) if not line.startswith("#"))  # what was said of the other task
    head = [f"# Recorded by doing it once, from the task '{task.task}', on {day}.\n",
            "# Every field is explained in docs/scene-and-task.md.\n"]  # fmt: skip
    return "".join([*schema, *head, *lines[rest:]])


def _flow(data: Any) -> Any:
    """On one line, as steps are written."""
    if isinstance(data, dict):
        made = CommentedMap({key: _flow(value) for key, value in data.items()})
        made.fa.set_flow_style()
        return made
    return data


def _unwritten(step: DraftStep, task: Task) -> str:
    """Languages in which a step that has words of its own says the ordinary ones."""
    return ", ".join(la for la in task.languages if any(la not in own for own in step.texts.values()))


def check_name(name: str, running: str) -> None:
    """Whether a task can be saved by this name.

    Raises:
        SaveError: it is no id, or that of the task that runs.
    """
    if not NAME.fullmatch(name):
        raise SaveError(f"name: found '{name[:60]}', allowed: small letters, digits and _, a letter first, at most 40")
    if name == running.partition(PRODUCT)[0]:
        raise SaveError(f"name: found '{name}', which this bench works by now, allowed: another one")


def save(folder: Path, name: str, text: str, photos: Mapping[str, bytes], *, replace: bool) -> Path:
    """Write the task file and its photos (JPEG files by part) into `folder`; its path. It is there whole, or not.

    Raises:
        TakenError: there is one, and it is not to be replaced.
        SaveError: it cannot be written.
    """
    if not NAME.fullmatch(name):  # so that no name leads out of the folder
        raise SaveError(f"name: found '{name[:60]}', allowed: small letters, digits and _, a letter first, at most 40")
    path, fresh = folder / f"{name}.yaml", folder / f".{name}.yaml.new"
    if path.exists() and not replace:
        raise TakenError(f"name: {path.name} is there already, allowed: another name, or replace it")
    try:
        for part, photo in photos.items():
            picture = folder / picture_of(name, part)
            picture.parent.mkdir(exist_ok=True)
            picture.write_bytes(photo)
        fresh.write_text(text, encoding="utf-8")
        if replace:
            fresh.replace(path)
        else:
            os.link(fresh, path)  # fails where somebody was faster
            fresh.unlink()
    except FileExistsError as error:
        fresh.unlink(missing_ok=True)
        raise TakenError(f"name: {path.name} is there already, allowed: another name, or replace it") from error
    except OSError as error:
        raise SaveError(f"{folder}: cannot be written ({error.strerror})") from error
    return path
