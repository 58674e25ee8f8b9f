"""`opstap pilot`: conduct a simulated pilot and keep it in a store of its own."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from opstap.documents import DocumentError, nearest
from opstap.evaluation.instruments import load_instruments
from opstap.evaluation.pilot.assumptions import load_assumptions
from opstap.evaluation.pilot.conduct import conduct
from opstap.evaluation.store import Store, StoreError
from opstap.instructions import load_cell
from opstap.preflight import named

BAR = 40
"""Width of the progress bar, characters."""


def add(commands: Any) -> None:
    """Add `pilot` to the command's parser."""
    parser = commands.add_parser("pilot", help="let virtual workers work for weeks: a simulated pilot, about a minute")
    parser.add_argument("file", nargs="?", default="packing", help="a pilot: a name in config/pilots, or a path")
    parser.add_argument("--plan", default="before_after", help="a plan of that file")
    parser.add_argument("--store", default="out/pilot.db", help="a new SQLite file, or a PostgreSQL URL")
    parser.add_argument("--cell", default="oral_care", help="a scene: a name in config/cells, or a path")
    parser.add_argument("--task", default="oral_care_case", help="a task: a name in config/tasks, or a path")


def run(options: argparse.Namespace) -> int:
    """Do what the options say; the exit code."""
    config = Path(os.environ.get("OPSTAP_ROOT", ".")) / "config"
    try:
        instruments = load_instruments(config / "instruments")
        assumptions = load_assumptions(named(config / "pilots", options.file), instruments)
        if options.plan not in assumptions.plans:
            allowed = nearest(options.plan, list(assumptions.plans))
            print(f"opstap: --plan: found '{options.plan}', allowed: {allowed}", file=sys.stderr)
            return 1
        cell = load_cell(named(config / "cells", options.cell), named(config / "tasks", options.task))
        with Store(options.store) as store:
            conduct(assumptions, options.plan, cell, instruments, store, show_progress)
            print(f"\n{assumptions.workers} virtual workers, plan {options.plan}: SIMULATED, kept in {store.name}")
    except (DocumentError, StoreError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nopstap: stopped. The same command goes on where it was.", file=sys.stderr)
        return 130
    return 0


def show_progress(done: int, of: int) -> None:
    """A bar on the terminal; in a log only every tenth part."""
    if sys.stderr.isatty():
        filled = BAR * done // of
        print(f"\r[{'#' * filled}{'.' * (BAR - filled)}] session {done} of {of}", end="", file=sys.stderr, flush=True)
    elif done * 10 // of != (done - 1) * 10 // of:
        print(f"session {done} of {of}", file=sys.stderr, flush=True)
