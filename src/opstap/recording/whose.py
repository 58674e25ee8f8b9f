"""Whose recordings and films lie on the disk, so that they go when that person asks to be forgotten.

A recording names who worked in its metadata; films and step pictures, which have no place for it, are named in a list
beside them. Who is in it with others takes all of it away: nobody is cut out of a film.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from opstap.recording.consent import ConsentError, people_of

FILMS = "films.json"
"""Beside films and step pictures: the profile id of who is in each, by the file's path from there."""


def note(folder: Path, file: Path, person: str) -> None:
    """`person` is in `file`, a film or picture below `folder`. Write it down before the first picture is kept.

    Raises:
        OSError: the list cannot be written.
    """
    _write(folder, _read(folder) | {file.relative_to(folder).as_posix(): person})


def erase(root: Path, person: str) -> list[Path]:
    """Delete every recording, film and picture of `person` in `root` and below; what was deleted.

    Raises:
        OSError: something cannot be deleted.
    """
    gone = []
    for metadata in sorted(root.rglob("metadata.yaml")):
        try:
            people = people_of(metadata.parent)
        except ConsentError:
            continue  # no recording
        if person in people:
            shutil.rmtree(metadata.parent)
            gone.append(metadata.parent)
    for listed in sorted(root.rglob(FILMS)):
        films = _read(listed.parent)
        theirs = [listed.parent / name for name, who in films.items() if who == person]
        for film in theirs:
            film.unlink(missing_ok=True)
        gone += theirs
        if theirs:
            _write(listed.parent, {name: who for name, who in films.items() if who != person})
    return gone


def _read(folder: Path) -> dict[str, str]:
    try:
        films = json.loads((folder / FILMS).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(films, dict):
        return {}
    # What somebody else wrote leads to no other folder.
    return {n: w for n, w in films.items() if (folder / n).resolve().is_relative_to(folder.resolve())}


def _write(folder: Path, films: dict[str, str]) -> None:
    fresh = folder / f"{FILMS}.{os.getpid()}"  # the work guide and the film may both be at it
    fresh.write_text(json.dumps(films, indent=1) + "\n", encoding="utf-8")
    fresh.replace(folder / FILMS)
