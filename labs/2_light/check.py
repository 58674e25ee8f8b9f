"""Checks of lab 2: on the shipped cell, and in the projector's picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from opstap.guidance.cues import cues
from opstap.guidance.drawing import Painter
from opstap.instructions import load_cell
from opstap.workflow.asking import Meaning
from opstap.workflow.model import Phase, Problem, State, Trouble

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
PERSON = CELL.scene.profile["default"]
FIRST = State(job=1, phase=Phase.TAKE, step=0)


def label(step):
    return f"bin/{CELL.bins_with(CELL.task.steps[step].part)[0]}/label"


def more(work, state, person=PERSON):
    """What the student's light has more than what is shown anyway."""
    before = cues(state, CELL, person)
    shown = work.with_next(state, CELL, person)
    lost = [c for c in before if c not in shown]
    assert not lost, f"a light of the step itself is gone: {lost[0]}"
    return [c for c in shown if c not in before]


def the_next_label(work):
    """the label of the next bin is shown, and nothing else"""
    found = more(work, FIRST)
    assert [(c.kind, c.surface, c.count) for c in found] == [(Meaning.TAKE, label(1), CELL.task.steps[1].count)], (
        f"more than what is shown anyway: {found}; expected one cue, Meaning.TAKE on {label(1)}"
    )


def its_count(work):
    """its count is that of the next step"""
    for i in range(len(CELL.task.steps) - 1):
        for cue in more(work, replace(FIRST, step=i)):
            assert cue.count == CELL.task.steps[i + 1].count, f"at step {i + 1}: {cue.count}"


def not_while_something_is_wrong(work):
    """it is gone while something is to be put right"""
    wrong = Problem(Trouble.WRONG_PICK, "bin_07", 1, 0, CELL.scene.bin["bin_07"].part)
    assert not more(work, replace(FIRST, problems=(wrong,))), "it is still there after a wrong pick"


def as_the_worker_chose(work):
    """it respects the worker's level"""
    for level in ("lights", "off"):
        assert not more(work, FIRST, PERSON.model_copy(update={"level": level})), f"it is there at level {level}"
    assert more(work, FIRST, PERSON.model_copy(update={"level": "short"})), "it is gone at level short"


def at_the_end(work):
    """it is gone at the last step"""
    assert not more(work, replace(FIRST, step=len(CELL.task.steps) - 1)), "it is there after the last step"


def in_the_picture(work):
    """the projector throws it where the label is"""
    projector = CELL.scene.projectors[0]
    picture = Painter(CELL, projector).draw(work.with_next(FIRST, CELL, PERSON))
    surface = CELL.scene.surfaces[label(1)]
    w, h = surface.size
    points = surface.points([(x * w, y * h) for x in (-0.4, -0.2, 0, 0.2, 0.4) for y in (-0.3, 0, 0.3)])
    columns, rows = projector.view.project(points).round().astype(int).T
    assert picture[rows, columns].max() > 60, f"it is dark at {label(1)}"


CHECKS = [the_next_label, its_count, not_while_something_is_wrong, as_the_worker_chose, at_the_end, in_the_picture]
