"""The worker's own card: only what they did, only what they chose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rows import cycle, session

from opstap.evaluation.report.content import Bullets, Content
from opstap.evaluation.report.pdf import CARD, pdf
from opstap.evaluation.store import StepTime
from opstap.evaluation.strength import LINES, card
from opstap.instructions import Cell, Step, load_cell

CONFIG = Path(__file__).parents[2] / "config"
CELL: Cell = load_cell(CONFIG / "cells" / "oral_care.yaml", CONFIG / "tasks" / "oral_care_case.yaml")
FIRST = CELL.task.steps[0]


def lines_of(content: Content) -> list[str]:
    return [i for b in content.blocks if isinstance(b, Bullets) for i in b.items]


def made(*show: str, simulated: bool = False, helped: int = 0) -> Content:
    row = session("p01", 1, simulated=simulated)
    cycles = [cycle(row, k, 200 + k, level="lights", picks=26, problems={"wrong_pick": 2}) for k in range(1, 7)]
    cycles += [cycle(row, 7 + k, 100, coach_seconds=60) for k in range(helped)]
    steps = [StepTime("p01", "with", c.run, FIRST.id, 1, 5.0) for c in cycles]
    return card(CELL, cycles, steps, "Sam", "en", show)


def test_only_what_was_chosen_stands_on_it() -> None:
    assert lines_of(made("alone")) == ["I packed 6 cases on my own, without a coach."]
    assert lines_of(made("pace")) == ["My usual time for a case is 3 minutes and 24 seconds."]
    parts = lines_of(made("parts"))
    assert parts == [CELL.task.parts[FIRST.part].name["en"]]
    assert lines_of(made("guidance")) == ["6 of them with lights only."]


def test_a_check_that_was_done_often_is_no_part() -> None:
    check = Step(id=FIRST.id, check=dict.fromkeys(CELL.task.languages, "?"))
    cell = replace(CELL, task=CELL.task.model_copy(update={"steps": (check, *CELL.task.steps[1:])}))
    row = session("p01", 1)
    cycles = [cycle(row, k, 200, picks=26) for k in range(1, 7)]
    steps = [StepTime("p01", "with", c.run, FIRST.id, 1, 5.0) for c in cycles]
    assert lines_of(card(cell, cycles, steps, "Sam", "en", ("parts",))) == []


def test_help_does_not_count_as_alone_and_no_error_is_told() -> None:
    everything = lines_of(made(*LINES, helped=3))
    assert everything[0] == "I packed 6 cases on my own, without a coach."
    assert not any("wrong" in line or "error" in line for line in everything)


def test_nobody_is_compared_and_a_beginner_gets_a_kind_card() -> None:
    content = card(CELL, [], [], "Sam", "nl", LINES)
    assert lines_of(content) == ["Er is nog geen koffer die ik zelf inpakte."]
    assert content.footer.startswith("Deze kaart is van mij")


def test_a_virtual_workers_card_says_so_and_it_is_a_pdf() -> None:
    content = made(*LINES, simulated=True)
    assert "SIMULATED" in content.band
    assert pdf(content, CARD).startswith(b"%PDF")
