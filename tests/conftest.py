"""The shipped cell, for all tests."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from opstap.instructions import Cell, load_cell

ROOT = Path(__file__).parents[1]
SCENE, TASK = ROOT / "config/cells/oral_care.yaml", ROOT / "config/tasks/oral_care_case.yaml"


@pytest.fixture(scope="session")
def cell() -> Cell:
    return load_cell(SCENE, TASK)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The last lines: what ran, and what could not run and why. Nothing is left out in silence."""
    where = Counter(r.nodeid.split("/")[1] for r in terminalreporter.stats.get("passed", ()) if "/" in r.nodeid)
    ran = ", ".join(f"{folder} {number}" for folder, number in sorted(where.items())) or "none"
    failed = len(terminalreporter.stats.get("failed", ())) + len(terminalreporter.stats.get("error", ()))
    reasons = Counter(r.longrepr[2].removeprefix("Skipped: ") for r in terminalreporter.stats.get("skipped", ()))
    terminalreporter.section("what ran", sep="=")
    terminalreporter.line(f"checks passed: {sum(where.values())} ({ran}); failed: {failed}")
    terminalreporter.line(f"could not run: {sum(reasons.values())}")
    for reason, number in reasons.most_common():
        terminalreporter.line(f"  {number:>4}  {reason}")
