"""`opstap author`: what was done once, from a recording or a journal, becomes a draft of work instructions."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

from opstap.authoring.draft import Draft, differences, drafted, tasked, whole
from opstap.authoring.folding import Brought, Doubt, Note, Remark, Seen, fold
from opstap.authoring.writing import SaveError, check_name, save, written
from opstap.documents import Document, DocumentError
from opstap.instructions import Task, load_cell, scene_faults, task_faults
from opstap.preflight import named
from opstap.recording.bag import messages, time_of, typestore
from opstap.recording.consent import ConsentError, check_open
from opstap.workflow.journal import Journal, JournalError
from opstap.workflow.model import Happened, Outcome, PlaceChanged, TrayVisited, WorkspaceEvent

WORDS = {
    Doubt.ONLY_HAND: "only a hand was seen at its places: is it right?",
    Doubt.UNSURE: "it was seen with little certainty: is it right?",
    Doubt.COUNT: "{count} were taken and {other} placed: how many are right?",
    Doubt.WHICH_PART: "'{part}' was in the hands too: which one lies there?",
    Doubt.NOT_TAKEN: "nobody was seen taking it: what is it?",
    Remark.LEFT_OVER: "{count} of '{part}' from {place} were not seen put anywhere",
    Remark.ADDED: "{count} came into {place} that nobody had taken",
    Remark.WAS_THERE: "something was taken out of {place} that had lain there from the start",
    Remark.CANNOT_SEE: "what a hand did at {place} could not be seen",
    Remark.MISSED: "{count} events are missing in the recording",
}
EVENTS = "workspace_events"


def seen_in(path: Path, root: Path) -> list[Seen]:
    """What was seen while the last case was packed, from a journal; or all of a recording.

    Raises:
        JournalError, ConsentError: it cannot be read.
    """
    if path.is_dir():
        check_open(path, date.today())
        store = typestore(root / "ros_ws" / "src" / "opstap_interfaces")
        return [_event(m.message) for m in messages(path, store, (EVENTS,))]
    seen: list[Seen] = []
    with Journal(path, reading=True) as journal:
        for entry in journal.entries():
            if any(n.outcome is Outcome.JOB_STARTED for n in entry.notes):
                seen = []
            if isinstance(entry.event, WorkspaceEvent | PlaceChanged):
                seen.append(entry.event)
            elif isinstance(entry.event, TrayVisited):
                steps = (n.step for n in entry.notes if n.outcome is Outcome.PART_TAKEN)
                seen += [Brought(entry.stamp, step) for step in steps]
    return seen


def _event(message: Any) -> WorkspaceEvent:
    evidence = dict(zip(map(str, message.evidence_names), map(float, message.evidence_values), strict=True))
    return WorkspaceEvent(int(message.sequence), time_of(message.header), Happened(str(message.happened)),
                          str(message.place), int(message.count), float(message.confidence), evidence)  # fmt: skip


def told(note: Note) -> str:
    """A doubt or remark in plain words."""
    return WORDS[note.kind].format(place=note.place, part=note.part, count=note.count, other=note.other)


def add(commands: Any) -> None:
    """The command's arguments."""
    own = commands.add_parser("author", help="draft work instructions from what was done once at the bench")
    own.add_argument("recorded", type=Path, help="a journal (out/journal.db: its last case), or a recording's folder")
    own.add_argument("--cell", default="oral_care", help="where it was done: a name in config/cells, or a path")
    own.add_argument("--like", default="oral_care_case", help="task whose phrases, parts and languages are used")
    own.add_argument("--out", type=Path, metavar="TASK.yaml", help="write the draft there; its name becomes the id")
    own.add_argument("--yes", action="store_true", help="what is asked about the steps is right as drafted")
    own.add_argument("--compare", metavar="TASK", help="tell what was done otherwise than this task says")


def run(options: argparse.Namespace) -> int:
    """Exit code 0: done; 1: not the same as --compare, or not written for open questions; 2: it cannot be used."""
    root = Path(os.environ.get("OPSTAP_ROOT", "."))
    config = root / "config"
    try:
        if not options.recorded.exists():
            raise SaveError(f"{options.recorded}: no such file, allowed: a journal, or a folder of record.launch.py")
        like = named(config / "tasks", options.like)
        cell = load_cell(named(config / "cells", options.cell), like)
        draft = drafted(fold(cell, seen_in(options.recorded, root)), cell.task)
        for i, step in enumerate(draft.steps):
            print(f"{i + 1:3} {step.count} x {step.part or '?'} in {step.slot or '?'}")
            print("".join(f"      ? {told(d)}\n" for d in step.doubts), end="")
        print("".join(f"  note: {told(r)}\n" for r in draft.remarks), end="")
        found = 0
        if options.compare:
            other = differences(draft, Document.read(named(config / "tasks", options.compare)).parse(Task))
            print("\n".join([*other] or [f"the same as '{options.compare}'"]))
            found = int(bool(other))
        if options.out:
            for step in draft.steps if options.yes else ():
                draft = draft.answered(step.key) if step.part else draft
            found = max(found, _write(draft, options.out, Document.read(like), cell))
    except (SaveError, DocumentError, JournalError, ConsentError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 2
    return found


def _write(draft: Draft, out: Path, like: Document, cell: Any) -> int:
    check_name(out.stem, cell.task.task)
    if draft.open:
        print(f"{out}: not written: {'there is a question' if whole(draft) else 'no steps'}. Say --yes, or draft it on "
              "the coach's page, where each step can be put right.", file=sys.stderr)  # fmt: skip
        return 1
    task = tasked(draft, out.stem, cell.task)
    faults = task_faults(task, cell.scene) or scene_faults(task, cell.scene)
    if faults:
        raise SaveError("\n".join(f"{out}: found {f.found}, allowed: {f.allowed}" for f in faults))
    save(out.parent, out.stem, written(draft, out.stem, like, date.today()), {}, replace=False)
    print(f"{out}: written. Next: opstap lint {out}")
    return 0
