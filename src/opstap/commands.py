"""The `opstap` command."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path
from typing import NoReturn

from opstap.calibration import command as calibrate
from opstap.evaluation.summary import as_text, summarise
from opstap.workflow.journal import Journal, JournalError


def launch(arguments: list[str]) -> NoReturn:
    """Run a launch file in this shell's ROS environment."""
    if importlib.util.find_spec("opstap_cell") is None:
        print("opstap: the ROS environment is not sourced. Run: source ros_ws/environment.sh", file=sys.stderr)
        sys.exit(1)
    sys.stdout.flush()
    # The launch takes this process's place: a signal meant to end the cell reaches it, whoever sends it.
    os.execv(sys.executable, [sys.executable, "-m", "opstap_cell.launching", *arguments])


def summary(journal: Path) -> int:
    """Print what a journal says of the work."""
    if not journal.exists():
        print(f"opstap: {journal}: no such journal", file=sys.stderr)
        return 1
    try:
        with Journal(journal) as opened:
            print(as_text(summarise(opened.entries())))
    except JournalError as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    return 0


def main() -> int:
    """Entry point."""
    if sys.argv[1:2] == ["launch"]:  # its arguments are the launch file's business
        launch(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="opstap", description="The Opstap assistance cell.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("launch", help="run a launch file: opstap launch cell.launch.py a:=b [--show-args]")
    told = commands.add_parser("summary", help="what a journal says of the work")
    told.add_argument("journal", type=Path, nargs="?", default=Path("out/journal.db"))
    calibrate.add(commands)
    options = parser.parse_args()
    if options.command == "calibrate":
        return calibrate.run(options)
    return summary(options.journal)


if __name__ == "__main__":
    sys.exit(main())
