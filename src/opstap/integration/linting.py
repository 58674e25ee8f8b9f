"""`opstap lint`: are work instructions easy to follow? Reads a task as a coach would, and names lines.

What makes a file unusable is an error, told by `load_cell` and here alike; all else is a warning: the file works, but
somebody will stumble. Language level A2 is measured by what can be measured: sentences of at most ten words, and words
that are not rare (Zipf scale of wordfreq: 3 is once in a million words). Names of parts are names and may be rare.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from opstap.documents import Document, DocumentError, Location
from opstap.guidance.drawing import PICTURE_GAP, WIDEST_PICTURE
from opstap.guidance.lettering import SMALLEST_CAPITAL, fitted
from opstap.guidance.words import WORDS
from opstap.instructions import Cell, Step, Task, all_words, picture_fault, product_of, task_faults
from opstap.preflight import named
from opstap.scene import Scene, Zone
from opstap.scene_file import load_scene
from opstap.speech import VOICES
from opstap.zones import CELL, centres, for_person, taken

LONGEST = 10
"""Words in a sentence."""
RARE = {"en": 3.0, "nl": 3.0, "de": 3.0}
"""Zipf frequency below which a word is rare. Ukrainian and Arabic words have so many forms that a count of each tells
nothing: there a reader has to judge."""
# fmt: off
COLORS = {
    "en": "red green blue yellow orange purple pink brown black white grey gray",
    "nl": "rood rode groen groene blauw blauwe geel gele oranje paars paarse roze bruin bruine "
          "zwart zwarte wit witte grijs grijze",
    "de": "rot rote roten grün grüne grünen blau blaue blauen gelb gelbe gelben orange lila rosa braun "
          "braune schwarz schwarze weiß weiße grau graue",
    "uk": "червоний червона зелений зелена синій синя жовтий жовта помаранчевий фіолетовий "
          "рожевий коричневий чорний чорна білий біла сірий сіра",
    "ar": "أحمر حمراء أخضر خضراء أزرق زرقاء أصفر صفراء برتقالي بنفسجي وردي بني أسود سوداء أبيض بيضاء رمادي",
}
# fmt: on


@dataclass(frozen=True)
class Finding:
    """Something that somebody will stumble over."""

    line: int
    field: str
    message: str
    error: bool = False


def lint(path: Path, scene: Scene | None = None, parts_list: Path | None = None) -> list[Finding]:
    """Everything that is found in the task file at `path`, in the order of its lines.

    Args:
        scene: the cell where it is to be done; without one, what depends on places is not looked at.
        parts_list: a CSV file with the columns part and count.

    Raises:
        DocumentError: it is no task at all, or the parts list is none.
    """
    document = Document.read(path)
    task = document.parse(Task)
    told = lint_task(task, path.parent, scene)
    if parts_list:
        told += [(*w, False) for w in _mismatches(task, read_parts(parts_list))]
    findings = [Finding(document.line(at), ".".join(str(k) for k in at), text, bad) for at, text, bad in told]
    return sorted(findings, key=lambda f: (f.line, f.field, f.message))


def lint_task(task: Task, folder: Path, scene: Scene | None = None) -> list[tuple[Location, str, bool]]:
    """What is found in a task whose pictures are named from `folder`: where, in words, and whether it is an error."""
    errors = task_faults(task, scene)
    warnings = [*_words(task), *_sound(task), *_parts(task, folder), *_steps(task, folder, scene)]
    if scene and not errors:
        warnings += [*_room(Cell(scene, task)), *_zones(scene)]
    return [*((f.location, f"found {f.found}, allowed: {f.allowed}", True) for f in errors),
            *((*w, False) for w in warnings)]  # fmt: skip


Warnings = Iterator[tuple[Location, str]]


def _words(task: Task) -> Warnings:
    """Long sentences, rare words, colours alone."""
    from wordfreq import zipf_frequency

    for at, words, _ in all_words(task):
        if at[0] in ("parts", "products"):
            continue
        for language, text in words.items():
            # A part's name counts as one word: it is read as one thing.
            plain = re.sub(r"\{\w+\}", "X", text)
            for sentence in re.split(r"[.!?؟:\n]+", plain):
                count = len(sentence.split())
                if count > LONGEST:
                    yield (*at, language), f"a sentence of {count} words, at most {LONGEST} are easy to follow (A2)"
            limit = RARE.get(language, 0.0)
            own = re.findall(r"[^\W\d_]{4,}", plain)
            rare = [w for w in own if at[0] != "title" and zipf_frequency(w.lower(), language) < limit]
            if rare:
                yield (*at, language), f"rare words: {', '.join(dict.fromkeys(rare))}; is there a more usual one?"
            colors = set(COLORS.get(language, "").split()) & {w.lower() for w in re.findall(r"\w+", plain)}
            if colors:
                yield (*at, language), f"names a colour ({', '.join(sorted(colors))}): say the place or the shape too"


def _sound(task: Task) -> Warnings:
    for i, language in enumerate(task.languages):
        if language not in VOICES:
            yield ("languages", i), f"no voice is known for '{language}': its words are shown only"
        if language not in WORDS:
            yield ("languages", i), f"buttons are in English: guidance has no words in '{language}'"


def _parts(task: Task, folder: Path) -> Warnings:
    used = Counter(step.part for step in task.steps if step.part)
    for name, part in task.parts.items():
        if not part.picture:
            yield ("parts", name), "no picture"
        elif fault := picture_fault(folder, part.picture):
            yield ("parts", name, "picture"), fault
    for (one, a), (other, b) in combinations(task.parts.items(), 2):
        close = all(abs(x - y) < 0.002 for x, y in zip(a.size, b.size, strict=True))
        if close and a.shape == b.shape and used[one] and used[other] and not (a.picture and b.picture):
            yield ("parts", other), f"has the shape and size of '{one}': only colour or print tells them apart"


def _steps(task: Task, folder: Path, scene: Scene | None) -> Warnings:
    for i, step in enumerate(task.steps):
        if step.check:
            yield from _check(step, i, folder)
        part = task.parts.get(step.part)
        if part is None:
            continue
        if scene is None:
            if part.unseen:
                yield ("steps", i, "part"), f"depth cannot see that it is done: {part.unseen}"
            continue
        bins = [b for b in scene.bins if b.part == step.part]
        slot = scene.slot.get(step.slot)
        if slot and bins and slot.confirm == "button" and all(b.confirm == "button" for b in bins):
            yield ("steps", i), "nothing is seen of this step: it is done only when the worker says so"
        if step.optional and bins and all(b.confirm == "button" for b in bins):
            yield ("steps", i, "optional"), "'next' says there that it is done, so it cannot be left out by it"
        if step.group and step.present:
            yield ("steps", i, "present"), "the cobot brings it when the guide comes to it, not sooner"


def _check(step: Step, i: int, folder: Path) -> Warnings:
    if fault := picture_fault(folder, step.picture):
        yield ("steps", i, "picture"), fault
    elif not step.picture and not step.slot:
        yield ("steps", i), "a check with no picture and no slot: only words say where to look"
    if not step.rework and step.confirm == "button":
        yield ("steps", i), "no rework: when it is not right, the guide goes one step back"


def _room(cell: Cell) -> Warnings:
    """Words that do not fit their zone at a size that is read from a metre."""
    zone = next((z for z in cell.scene.zones if z.kind == "text"), None)
    if zone is None:
        yield ("phrases",), "the scene has no zone of kind 'text': no words are shown"
        return
    width, height = (1000 * length for length in zone.size)
    beside = width * (1 - WIDEST_PICTURE) - height * PICTURE_GAP
    for at, words, _ in all_words(cell.task):
        if at[0] in ("title", "parts", "products"):
            continue
        for language, text in words.items():
            named_parts = [cell.task.parts[s.part].name.get(language, "") for s in cell.task.steps if s.part]
            longest = text.replace("{part}", max(named_parts, key=len, default="")).replace("{count}", "20")
            pictured = cell.pictures and ("{part}" in text or at[-1] == "check")
            if fitted(longest, beside if pictured else width, height).capital < SMALLEST_CAPITAL:
                yield (*at, language), f"too long for the zone '{zone.id}': '{longest}' would be small"


def _zones(scene: Scene) -> Warnings:
    """Words and buttons that clash, for anybody of the scene."""
    for person in scene.people:
        mine = for_person(scene, person)
        for a, b in combinations(mine.zones, 2):
            apart = [
                abs(p - q) >= (s + t) / 2 for p, q, s, t in zip(a.position, b.position, a.size, b.size, strict=True)
            ]
            if not any(apart) and {"text", "button"} & {a.kind, b.kind}:
                yield ("task",), f"in the scene, '{a.id}' and '{b.id}' lie on one another for '{person.id}'"
        bare = taken(mine, ())
        for zone in mine.zones:
            if zone.kind in ("text", "button") and bare[_cells(mine, zone)].any():
                yield ("task",), f"in the scene, '{zone.id}' lies under a bin or the case for '{person.id}'"


def _cells(scene: Scene, zone: Zone) -> Any:
    xs, ys = centres(scene)
    (x, y), (w, h) = zone.position, zone.size
    return np.ix_(np.abs(ys - y) < h / 2 - CELL, np.abs(xs - x) < w / 2 - CELL)


def read_parts(path: Path) -> dict[str, int]:
    """How many of each part a CSV file lists.

    Raises:
        DocumentError: it cannot be read, or has not the columns part and count.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DocumentError(path, [f"{path}: cannot be read: {error}"]) from error
    listed: Counter[str] = Counter()
    for line, row in enumerate(rows, 2):
        part, count = (row.get("part") or "").strip(), (row.get("count") or "").strip()
        if not part or not count.isdecimal():
            raise DocumentError(
                path, [f"{path}:{line}: found part '{part}', count '{count}', allowed: an id and a number"]
            )
        listed[part] += int(count)
    return dict(listed)


def _mismatches(task: Task, listed: dict[str, int]) -> Warnings:
    asked: Counter[str] = Counter()
    for step in task.steps:
        if step.part:
            asked[step.part] += step.count
    for part in sorted({*asked, *listed}):
        if asked[part] != listed.get(part, 0):
            at: Location = ("parts", part) if part in task.parts else ("steps",)
            yield at, f"the parts list has {listed.get(part, 0)} of '{part}', the steps take {asked[part]}"


def add(commands: Any) -> None:
    """The command's arguments."""
    own = commands.add_parser("lint", help="are work instructions easy to follow? says where somebody will stumble")
    own.add_argument("task", help="a name in config/tasks, or a path")
    own.add_argument("--cell", help="the scene where it is done: a name in config/cells, or a path")
    own.add_argument("--parts", type=Path, metavar="LIST.csv", help="parts list with the columns part and count")
    own.add_argument("--strict", action="store_true", help="exit code 1 with warnings too")
    own.add_argument("--json", action="store_true", help="for scripts")


def run(options: argparse.Namespace) -> int:
    """Exit code 0: nothing, or warnings only; 1: warnings with --strict; 2: errors."""
    config = Path(os.environ.get("OPSTAP_ROOT", ".")) / "config"
    path, _ = product_of(named(config / "tasks", options.task))  # all products are read
    try:
        scene = load_scene(named(config / "cells", options.cell)) if options.cell else None
        findings = lint(path, scene, options.parts)
    except DocumentError as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps([vars(f) for f in findings], ensure_ascii=False, indent=1))
    else:
        for f in findings:
            print(f"{path}:{f.line}: {'error' if f.error else 'warning'}: {f.field}: {f.message}")
        errors = sum(f.error for f in findings)
        print(f"{errors} errors, {len(findings) - errors} warnings")
    return 2 if any(f.error for f in findings) else int(bool(findings) and options.strict)
