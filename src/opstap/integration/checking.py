"""`opstap check`: do scene and work instructions fit each other? Says what the cell is, and draws it to scale."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import cv2

from opstap.documents import DocumentError
from opstap.instructions import Cell, load_cell
from opstap.integration.floor_plan import draw
from opstap.preflight import named


def described(cell: Cell) -> dict[str, Any]:
    """What a cell is, in figures; and what somebody should know of it."""
    scene, task = cell.scene, cell.task
    used = {b for s in task.steps for b in cell.bins_with(s.part)}
    edge = scene.table.size[1] / 2
    reach = max(math.hypot(b.position[0], b.position[1] + edge) for b in scene.bins)
    confirmed = Counter([b.confirm for b in scene.bins] + [s.confirm for s in scene.case.slots])
    notes = [f"bin '{b.id}' ({b.part}) is used by no step" for b in scene.bins if b.id not in used]
    notes += [f"slot '{s.id}' gets nothing" for s in scene.case.slots if s.id not in task.slot_part]
    notes += [f"{fault}; the work goes on without it" for _, fault in cell.picture_faults()]
    needed = Counter[str]()
    for step in task.steps:
        if step.part:
            needed[step.part] += step.count
    return {
        "cell": scene.cell,
        "task": task.task,
        "steps": len(task.steps),
        "parts": len(needed),
        "pieces": needed.total(),
        "bins": len(scene.bins),
        "slots": len(scene.case.slots),
        "languages": list(task.languages),
        "people": [p.id for p in scene.people],
        "camera": scene.camera.serial or "any",
        "projectors": [p.id for p in scene.projectors],
        "cobot": scene.cobot.model if scene.cobot else "none",
        "farthest_bin_m": round(reach, 2),
        "confirmed_by": dict(confirmed),
        "notes": notes,
    }


def as_text(told: dict[str, Any]) -> str:
    """The same for people."""
    lines = [
        f"cell {told['cell']}: {told['bins']} bins, {told['slots']} slots, camera {told['camera']}, "
        f"projector {', '.join(told['projectors'])}, cobot {told['cobot']}",
        f"task {told['task']}: {told['steps']} steps, {told['pieces']} pieces of {told['parts']} kinds, "
        f"in {', '.join(told['languages'])}",
        f"people: {', '.join(told['people'])}",
        f"farthest bin: {told['farthest_bin_m']} m from the middle of the person's edge",
        "done is seen by: " + ", ".join(f"{how} at {n} places" for how, n in told["confirmed_by"].items()),
    ]
    return "\n".join([*lines, *(f"note: {n}" for n in told["notes"]), "Scene and task fit each other."])


def add(commands: Any) -> None:
    """The command's arguments."""
    check = commands.add_parser("check", help="do scene and work instructions fit each other? draws the cell to scale")
    check.add_argument("cell", nargs="?", default="oral_care", help="scene: a name in config/cells, or a path")
    check.add_argument("task", nargs="?", default="oral_care_case", help="a name in config/tasks, or a path")
    check.add_argument("--plan", type=Path, metavar="FILE.png", help="draw the cell from above, a millimetre a pixel")
    check.add_argument("--json", action="store_true", help="for scripts")


def run(options: argparse.Namespace) -> int:
    """Exit code 0: they fit; 2: they do not, or the plan cannot be written."""
    config = Path(os.environ.get("OPSTAP_ROOT", ".")) / "config"
    try:
        cell = load_cell(named(config / "cells", options.cell), named(config / "tasks", options.task))
        if options.plan:
            if options.plan.suffix != ".png":
                raise OSError(f"--plan: found '{options.plan}', allowed: a name that ends in .png")
            encoded = cv2.imencode(".png", cv2.cvtColor(draw(cell), cv2.COLOR_RGB2BGR))[1]
            options.plan.write_bytes(encoded.tobytes())
    except (DocumentError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 2
    told = described(cell)
    print(json.dumps(told, indent=2) if options.json else as_text(told))
    return 0
