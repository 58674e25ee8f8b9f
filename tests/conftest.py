"""The shipped cell, for all tests."""

from pathlib import Path

import pytest

from opstap.instructions import Cell, load_cell

ROOT = Path(__file__).parents[1]
SCENE, TASK = ROOT / "config/cells/oral_care.yaml", ROOT / "config/tasks/oral_care_case.yaml"


@pytest.fixture(scope="session")
def cell() -> Cell:
    return load_cell(SCENE, TASK)
