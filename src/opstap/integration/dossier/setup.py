"""What is known of a cell for its dossier: what the last launch was told, or else the shipped settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from opstap.instructions import Cell, load_cell
from opstap.monitoring.rules import Rules, load_rules
from opstap.preflight import LAUNCHED, PreflightError, named

SHIPPED = {
    "cell": "oral_care", "task": "oral_care_case", "sim": "true", "profile": "default", "cobot": "none",
    "speech": "false", "film": "false", "network": "", "hub": "", "factory": "", "markers": "false",
    "study": "", "recording": "", "port": "8080",
}  # fmt: skip
"""What `cell.launch.py` is told when it is told nothing; a test compares them."""
ALWAYS = ("depth_camera", "perception", "work_guide", "projector_guidance", "operator_monitor", "evaluation")


@dataclass(frozen=True)
class Setup:
    """One cell as it was, or would be, started."""

    given: dict[str, str]
    """Launch arguments by name."""
    running: bool
    """They are those of a launch, not the shipped ones."""
    cell: Cell
    rules: Rules

    def on(self, name: str) -> bool:
        """Whether an argument asks for something."""
        return self.given[name].lower() not in ("", "false", "none", "0")

    @property
    def nodes(self) -> frozenset[str]:
        """The nodes that this launch starts."""
        some = {"speech": "speech", "film": "film", "cobot": "part_presenter", "sim": "cell_simulator",
                "factory": "factory", "markers": "scene_markers", "port": "dashboard"}  # fmt: skip
        return frozenset(ALWAYS) | {node for argument, node in some.items() if self.on(argument)}


def load_setup(out: Path, config: Path) -> Setup:
    """The settings of the launch that wrote `out/launch.json`, where there is one; else the shipped ones.

    Raises:
        DocumentError: a file of the cell is wrong.
        PreflightError: launch.json cannot be read, or lacks something.
    """
    given, running = dict(SHIPPED), False
    path = out / LAUNCHED
    if path.exists():
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
            given, running = {name: str(read[name]) for name in SHIPPED}, True
        except (OSError, ValueError, KeyError, TypeError) as error:
            allowed = "what a launch wrote there; remove it to describe the shipped settings"
            raise PreflightError(f"{path}: found {error!r}, allowed: {allowed}") from error
    cell = load_cell(named(config / "cells", given["cell"]), named(config / "tasks", given["task"]))
    return Setup(given, running, cell, load_rules(config / "rules" / "monitor.yaml"))
