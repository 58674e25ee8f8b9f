"""`opstap replay` and `opstap purge`."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

from opstap.documents import DocumentError
from opstap.instructions import load_cell
from opstap.preflight import named
from opstap.recording.bag import typestore
from opstap.recording.consent import ConsentError, check_open, purge
from opstap.recording.replay import replay


def add(commands: Any) -> None:
    """The arguments of both commands."""
    deleted = commands.add_parser("purge", help="delete recordings that have expired")
    deleted.add_argument("folder", type=Path, nargs="?", default=Path("out/recordings"))
    played = commands.add_parser("replay", help="play a recording to perception and compare with what it told live")
    played.add_argument("folder", type=Path, help="a recording made with record.launch.py")
    played.add_argument("--cell", default="oral_care", help="a scene: a name in config/cells, or a path")
    played.add_argument("--calibration", type=Path, help="the camera's calibration file at that time, if there was one")
    played.add_argument("--task", default="oral_care_case", help="a task: a name in config/tasks, or a path")


def run(options: argparse.Namespace) -> int:
    """Do what the options say; the exit code."""
    today = date.today()
    try:
        if options.command == "purge":
            gone = purge(options.folder, today)
            print("\n".join([*(f"deleted {g}" for g in gone), f"{len(gone)} expired recordings deleted"]))
            return 0
        check_open(options.folder, today)
        root = Path(os.environ.get("OPSTAP_ROOT", "."))
        config = root / "config"
        cell = load_cell(named(config / "cells", options.cell), named(config / "tasks", options.task))
        store = typestore(root / "ros_ws" / "src" / "opstap_interfaces")
        found = replay(options.folder, cell, store, options.calibration, _tell)
    except (ConsentError, DocumentError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    print(f"{found.frames} frames, {found.events} events live, {found.missing} frames missing in the recording")
    for line in found.differing[:20]:
        print(f"  {line}")
    print("the same, frame by frame" if found.equal else f"NOT the same: {len(found.differing)} differences")
    return 0 if found.equal else 1


def _tell(frames: int) -> None:
    if frames % 300 == 0:
        print(f"  {frames} frames", flush=True)
