"""The `opstap` command."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Collection
from importlib.metadata import version
from typing import NoReturn

# Groups of commands by name: the module with `add` and `run`, and what it is for. Only the group asked for is loaded.
GROUPS = {
    "summary": ("opstap.evaluation.summary", "what a journal says of the work"),
    "access": ("opstap.pages.command", "who may open the pages from the network: certificate and PINs"),
    "new-cell": ("opstap.integration.new_cell", "ask a few questions, write scene, work instructions and a plan"),
    "check": ("opstap.integration.checking", "do scene and work instructions fit each other? draws the cell to scale"),
    "doctor": ("opstap.integration.doctor", "is this machine fit for a cell? says what to do"),
    "calibrate": (
        "opstap.calibration.command",
        "find out where camera, bins and projectors are: board, camera, bins, projector",
    ),
    "ask": ("opstap.evaluation.questions.command", "ask a study's questionnaires on a page, one question a screen"),
    "report": ("opstap.evaluation.report.command", "did it help? a study's report as web page and PDF"),
    "business": ("opstap.evaluation.business.command", "what a bench costs and brings, as ranges"),
    "strength": ("opstap.evaluation.strength", "a worker's own card: what I can do"),
    "hub": ("opstap.evaluation.hub.command", "collect the work of many cells, show groups of five people and more"),
    "factory": ("opstap.factory.command", "orders in, finished cases out: MQTT, REST, OPC UA"),
    "store": ("opstap.evaluation.store.command", "what is kept of the work: show, allow, refuse, export, erase"),
    "dossier": (
        "opstap.integration.dossier.command",
        "drafts for privacy, works council and AI Act, from the settings",
    ),
    "lint": ("opstap.integration.linting", "are work instructions easy to follow? with line numbers"),
    "author": ("opstap.authoring.command", "draft work instructions from what was done once at the bench"),
    "import": ("opstap.integration.importing", "draft work instructions from a parts list and photos"),
    "look": ("opstap.looking", "find the table and what is on it in a folder of depth pictures of any camera"),
    "purge": ("opstap.recording.command", "delete recordings that have expired"),
    "replay": ("opstap.recording.command", "play a recording to perception and compare with what it told live"),
    "lab": ("opstap.integration.labs", "exercises for students"),
    "audit": ("opstap.integration.auditing", "known faults in the pinned packages, without a network"),
    "enclaves": ("opstap.integration.enclaves", "keys for the nodes (SROS2), where the middleware can use them"),
    "completion": ("opstap.integration.completion", "let the shell complete opstap's commands: bash, zsh or tcsh"),
    "pilot": ("opstap.evaluation.pilot.command", "let virtual workers work for weeks: a simulated pilot"),
}


def launch(arguments: list[str]) -> NoReturn:
    """Run a launch file in this shell's ROS environment."""
    if importlib.util.find_spec("opstap_cell") is None:
        print("opstap: the ROS environment is not sourced. Run: source ros_ws/environment.sh", file=sys.stderr)
        sys.exit(1)
    sys.stdout.flush()
    # The launch takes this process's place: a signal meant to end the cell reaches it, whoever sends it.
    os.execv(sys.executable, [sys.executable, "-m", "opstap_cell.launching", *arguments])


def parser(known: Collection[str]) -> argparse.ArgumentParser:
    """The command's parser; of the groups in `known` with all their arguments."""
    made = argparse.ArgumentParser(prog="opstap", description="The Opstap assistance cell.")
    made.add_argument("--version", action="version", version=f"opstap {version('opstap')}")
    commands = made.add_subparsers(dest="command", required=True)
    commands.add_parser("launch", help="run a launch file: opstap launch cell.launch.py a:=b [--show-args]")
    wanted = {GROUPS[name][0] for name in known if name in GROUPS}
    for name, (module, purpose) in GROUPS.items():
        if name in commands.choices:
            continue  # its module brings more than one
        if module in wanted:
            importlib.import_module(module).add(commands)
        else:
            commands.add_parser(name, help=purpose)
    return made


def main() -> int:
    """Entry point."""
    if sys.argv[1:2] == ["launch"]:  # its arguments are the launch file's business
        launch(sys.argv[2:])
    options = parser(sys.argv[1:2]).parse_args()
    return int(importlib.import_module(GROUPS[options.command][0]).run(options))


if __name__ == "__main__":
    sys.exit(main())
