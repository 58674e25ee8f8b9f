"""What was seen when a worker said "you are wrong": labelled cases, from which perception can be tested and put right.

A case is one JSON file: what was asked, what every place concerned looked like, and the events with their measurements.
It says nothing of the person and holds no picture. Depth pictures show people: where a recording with consent runs
(`launch/record.launch.py`), the case's stamp finds its frame there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from opstap.instructions import Cell
from opstap.workflow.asking import ask
from opstap.workflow.model import OperatorInput, State, WorkspaceEvent

VERSION = 1


def case(cell: Cell, state: State, wish: OperatorInput, events: Iterable[WorkspaceEvent],
         places: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:  # fmt: skip
    """The case of `wish`, as plain data.

    Args:
        state: before the wish was followed.
        events: the last that perception told.
        places: what is seen of every place now: content, fill, reason.
    """
    asked = ask(cell, state)
    concerned = {mark.place for mark in asked.marks} | ({asked.problem.place} if asked.problem else set())
    return {
        "version": VERSION, "stamp": wish.stamp, "said": wish.asked.value, "source": wish.source,
        "cell": cell.scene.cell, "task": cell.task.task, "step": asked.step.id if asked.step else "",
        "phase": state.phase.value, "asked": asked.phrase, "part": asked.part,
        "marks": [{"meaning": m.meaning.value, "place": m.place, "unseen": m.unseen} for m in asked.marks],
        "problem": asdict(asked.problem) if asked.problem else None,
        "places": {place: dict(places[place]) for place in sorted(concerned) if place in places},
        "events": [asdict(e) for e in events if e.place in concerned],
    }  # fmt: skip


def forget(folder: Path, before: float | None = None) -> None:
    """Remove the cases that were written before `before`, s since 1970; None: all of them.

    Raises:
        OSError: one cannot be removed.
    """
    for path in folder.glob("*.json"):
        if before is None or path.stat().st_mtime < before:
            path.unlink()


def keep(folder: Path, content: dict[str, Any]) -> Path:
    """Write a case; the file is there whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{content['stamp']}.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(path)
    return path
