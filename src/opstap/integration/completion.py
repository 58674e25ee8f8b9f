"""`opstap completion`: a script that lets the shell complete opstap's commands and options."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import shtab


def add(commands: Any) -> None:
    """The command's arguments."""
    completion = commands.add_parser(
        "completion",
        help="let the shell complete opstap's commands: bash, zsh or tcsh",
        epilog='For bash: put eval "$(opstap completion bash)" in ~/.bashrc, after the environment was sourced.',
    )
    completion.add_argument("shell", choices=shtab.SUPPORTED_SHELLS)


def run(options: argparse.Namespace) -> int:
    """Exit code 0."""
    from opstap.commands import GROUPS, parser

    made = parser(GROUPS)
    folder = Path(os.environ.get("OPSTAP_ROOT", ".")) / "launch"
    files = sorted(p.name for p in folder.glob("*.launch.py"))
    subparsers = next(a for a in made._actions if isinstance(a, argparse._SubParsersAction))
    subparsers.choices["launch"].add_argument("file", choices=files or None)
    print(shtab.complete(made, options.shell))
    return 0
