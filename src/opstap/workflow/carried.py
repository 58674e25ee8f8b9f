"""The level of help that somebody found in the orientation and wants at the bench, too: a file that waits for them.

It is written only when that person chooses it, can be taken back until the bench has used it, and is used once: at the
next start of a bench for that pseudonym, as that person's own choice, which can be changed there like any other.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from opstap.scene import Level

PSEUDONYM = re.compile(r"[A-Za-z0-9_-]{1,40}")


class CarriedError(Exception):
    """What waits cannot be written, read or removed; the message says why and what to do."""


class Carried(BaseModel):
    """What the file holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Level


def offer(folder: Path, person: str, level: Level) -> None:
    """Keep `level` for the next start of a bench for `person`, instead of what waited before.

    Raises:
        CarriedError: the folder cannot be written.
    """
    path = _path(folder, person)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(Carried(level=level).model_dump_json() + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise CarriedError(f"{path}: cannot be written ({error.strerror}), allowed: a folder you may write") from error


def withdraw(folder: Path, person: str) -> None:
    """Nothing waits for `person` any more.

    Raises:
        CarriedError: the file cannot be removed.
    """
    path = _path(folder, person)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CarriedError(f"{path}: cannot be removed ({error.strerror}), allowed: remove it by hand") from error


def waiting(folder: Path, person: str) -> Level | None:
    """What waits for `person`; None: nothing.

    Raises:
        CarriedError: the file is there and cannot be read.
    """
    path = _path(folder, person)
    try:
        return Carried.model_validate_json(path.read_text(encoding="utf-8")).level
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError) as error:
        told = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise CarriedError(
            f'{path}: found {told}, allowed: {{"level": "short"}}. Remove it, and choose again'
        ) from error


def _path(folder: Path, person: str) -> Path:
    if not PSEUDONYM.fullmatch(person):
        raise CarriedError(f"person: found '{person[:40]}', allowed: a pseudonym of letters, digits, _ and -")
    return folder / f"{person}.json"
