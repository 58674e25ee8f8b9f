"""`opstap import`: a parts list and photos become a draft of work instructions.

The list is a CSV file with a row for each step, in the order of the work: `part` (an id), `name_<language>` for each
language, `width_mm`, `depth_mm`, `height_mm` of the part as it lies, and as one likes `count` (1), `slot` (slot_01,
...), `surface` (matte), `photo` (a file in the photos' folder), `group` (steps in a row with the same id
are done in any order), `optional` (yes: may be left out). A part that comes again needs its id alone. The phrases
are those of another task. What comes out is read back before it is kept, so a draft that is written can be loaded.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ruamel.yaml import YAML

from opstap.documents import Document, DocumentError
from opstap.instructions import Task, task_faults
from opstap.preflight import named

PICTURE = 600
"""Pixels of the longer side of a part's picture."""
LARGEST = 50_000_000
"""Bytes of a photo that is opened."""
NEEDED = ("part",)
YES = ("yes", "true", "1", "x")


class ImportFault(Exception):  # noqa: N818 - it tells faults as DocumentError does
    """The list or a photo cannot be used; the message names file and line."""


def draft(list_path: Path, like: Task, name: str, photos: Path | None, pictures: Path) -> dict[str, Any]:
    """The task of the list at `list_path`, as plain data; pictures are written to `pictures`.

    Args:
        like: the task whose phrases are used, in the languages that the list has names in.
        name: id of the new task.
        photos: where the list's photos are.

    Raises:
        ImportFault: telling every fault of the list at once.
    """
    rows, languages = _rows(list_path)
    spoken = [code for code in like.languages if code in languages]
    if not spoken:
        raise ImportFault(f"{list_path}:1: no column name_<language>, allowed: name_{', name_'.join(like.languages)}")
    parts: dict[str, Any] = {}
    steps: list[dict[str, Any]] = []
    faults: list[str] = []
    for line, row in rows:
        part = row.get("part", "")
        try:
            if part not in parts:
                parts[part] = _part(row, spoken, photos, pictures)
            count = int(row.get("count") or 1)
        except (ValueError, ImportFault) as error:
            faults.append(f"{list_path}:{line}: {error}")
            continue
        number = sum(s["part"] == part for s in steps) + 1
        step: dict[str, Any] = {"id": part if number == 1 else f"{part}_{number}", "part": part}
        step["slot"] = row.get("slot") or f"slot_{len(steps) + 1:02d}"
        step |= {"count": count} if count != 1 else {}
        step |= {"group": row["group"]} if row.get("group") else {}
        step |= {"optional": True} if row.get("optional", "").lower() in YES else {}
        steps.append(step)
    if faults or not steps:
        raise ImportFault("\n".join(faults) or f"{list_path}: no steps")
    phrases = like.phrases.model_dump()
    return {
        "task": name, "title": {code: name.replace("_", " ") for code in spoken}, "languages": spoken,
        "phrases": {key: {code: words[code] for code in spoken} for key, words in phrases.items()},
        "parts": parts, "steps": steps,
    }  # fmt: skip


def _rows(path: Path) -> tuple[list[tuple[int, dict[str, str]]], set[str]]:
    """The rows with their lines, and the languages that names are given in."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [(reader.line_num, {k: (v or "").strip() for k, v in row.items() if k}) for row in reader]
            columns = reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ImportFault(f"{path}: cannot be read: {error}") from error
    if missing := [c for c in NEEDED if c not in columns]:
        raise ImportFault(f"{path}:1: found columns {', '.join(columns) or 'none'}, needed: {', '.join(missing)}")
    return rows, {c.removeprefix("name_") for c in columns if c.startswith("name_")}


def _part(row: dict[str, str], languages: list[str], photos: Path | None, pictures: Path) -> dict[str, Any]:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", row["part"]):
        raise ImportFault(f"part: found '{row['part']}', allowed: small letters, digits and _")
    if unnamed := [code for code in languages if not row.get(f"name_{code}")]:
        raise ImportFault(f"name_{unnamed[0]}: found nothing, allowed: what '{row['part']}' is called")
    size = []
    for column in ("width_mm", "depth_mm", "height_mm"):
        try:
            size.append(round(float(row.get(column, "")) / 1000, 4))
        except ValueError:
            raise ImportFault(f"{column}: found '{row.get(column, '')}', allowed: millimetres") from None
    part: dict[str, Any] = {"name": {code: row[f"name_{code}"] for code in languages}, "size": size}
    part["surface"] = row.get("surface") or "matte"
    if row.get("photo"):
        part["picture"] = _picture((photos or Path()) / row["photo"], pictures / f"{row['part']}.jpg")
    return part


def _picture(photo: Path, out: Path) -> str:
    """A small copy of `photo` without what a camera writes beside the picture; its path from the task's folder."""
    try:
        if photo.stat().st_size > LARGEST:
            raise ImportFault(f"photo: {photo} has more than {LARGEST // 1_000_000} MB")
        image = cv2.imdecode(np.frombuffer(photo.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except OSError as error:
        raise ImportFault(f"photo: {photo} cannot be read: {error.strerror}") from None
    if image is None:
        raise ImportFault(f"photo: {photo} is no picture")
    scale = min(1.0, PICTURE / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())
    return str(Path(out.parent.name) / out.name)


def write(task: dict[str, Any], path: Path) -> None:
    """Write a draft as YAML, once it was read back without fault.

    Raises:
        DocumentError: the draft is no task: what the list says is not allowed.
    """
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write("# A draft of `opstap import`. Check it: opstap lint, opstap check.\n")
        yaml = YAML()
        yaml.allow_unicode, yaml.width = True, 4096
        yaml.dump(task, file)
    document = Document.read(fresh)
    try:
        faults = task_faults(document.parse(Task))
        if faults:
            raise document.error(faults)
    except DocumentError:
        fresh.unlink()
        raise
    fresh.replace(path)


def add(commands: Any) -> None:
    """The command's arguments."""
    own = commands.add_parser("import", help="draft work instructions from a parts list and photos")
    own.add_argument("list", type=Path, help="CSV file: part, name_<language>, width_mm, depth_mm, height_mm, ...")
    own.add_argument("--photos", type=Path, metavar="FOLDER", help="where the list's photos are")
    own.add_argument("--like", default="oral_care_case", help="task whose phrases are used: a name, or a path")
    own.add_argument("--out", type=Path, required=True, metavar="TASK.yaml", help="the draft; its name becomes the id")


def run(options: argparse.Namespace) -> int:
    """Exit code 0: written; 2: the list cannot be used, or the file is there already."""
    config = Path(os.environ.get("OPSTAP_ROOT", ".")) / "config"
    try:
        if options.out.exists():
            raise ImportFault(f"--out: {options.out} is there already; give another name")
        like = Document.read(named(config / "tasks", options.like)).parse(Task)
        pictures = options.out.parent / f"{options.out.stem}_pictures"
        write(draft(options.list, like, options.out.stem, options.photos, pictures), options.out)
    except (ImportFault, DocumentError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 2
    print(f"{options.out}: written. Next: opstap lint {options.out}")
    return 0
