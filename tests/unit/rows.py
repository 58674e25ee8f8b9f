"""Rows as the store gives them, for studies that never were."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from opstap.evaluation.measures import Data
from opstap.evaluation.store import CoachingRow, Cycle, FormRow
from opstap.evaluation.store.reading import SessionRow

NAMES = UUID(int=1)
HOUR = 3_600_000_000_000


def session(person: str, number: int, condition: str = "with", **other: Any) -> SessionRow:
    start = number * 24 * HOUR
    row: dict[str, Any] = {"person": person, "cell": "oral_care", "task": "oral_care_case", "condition": condition}
    row |= {"simulated": False, "session": uuid5(NAMES, f"{person}{number}"), "number": number}
    return SessionRow(**(row | {"started_at": start, "ended_at": start + HOUR} | other))


def cycle(within: SessionRow, number: int = 1, seconds: float | None = 200.0, **other: Any) -> Cycle:
    row: dict[str, Any] = {"person": within.person, "cell": within.cell, "task": within.task}
    row |= {"condition": within.condition, "simulated": within.simulated, "session": within.session}
    row |= {"session_number": within.number, "session_started_at": within.started_at, "number": number}
    row |= {"run": uuid5(within.session, str(number)), "finished": seconds is not None, "seconds": seconds}
    row |= {"paused_seconds": 0.0, "steps": 26, "picks": 26, "problems": {}, "disputed": 0, "help_calls": 0}
    row |= {"coach_seconds": 0.0, "held_up_seconds": 0.0, "level": "full", "clock_ok": True}
    return Cycle(**(row | other))


def coaching(within: SessionRow, seconds: float | None, asked_by: str = "worker") -> CoachingRow:
    return CoachingRow(within.person, within.condition, within.session, None, asked_by, seconds)


def form(person: str, instrument: str, phase: str, answers: dict[str, float | None], **other: Any) -> FormRow:
    row: dict[str, Any] = {"person": person, "instrument": instrument, "version": "1", "phase": phase, "condition": ""}
    row |= {
        "language": "nl",
        "simulated": False,
        "opened_at": 1 if phase == "pre" else 2,
        "finished": True,
        "texts": {},
    }
    return FormRow(**(row | {"answers": answers} | other))


def study(people: int = 14, faster: float = 0.8, order: str = "before_after", simulated: bool = False) -> Data:
    """Each person two sessions without and two with; `faster` is the effect on time; nothing else changes."""
    sessions, cycles, coached, forms = [], [], [], []
    for i in range(people):
        person = f"p{i:02}"
        second_last = order != "crossover" or i % 2 == 0
        for number in range(1, 5):
            with_it = (number > 2) == second_last
            row = session(person, number, "with" if with_it else "without", simulated=simulated)
            sessions.append(row)
            base = 180 + 12 * i - 4 * number
            for k in range(1, 4):
                time = base * (faster + 0.01 * (i % 5) if with_it else 1.0) + 3 * k
                wrong = {"wrong_pick": (i + k + number) % 3 if not with_it else (i + k) % 2}
                cycles.append(cycle(row, k, time, problems=wrong))
            coached.append(coaching(row, 300.0 - 10 * i if with_it else 600.0))
        for phase, gain in (("pre", 0), ("post", 1)):
            ids = ("hard_things", "calm", "new_task", "on_my_own", "ready", "goals")
            answers: dict[str, float | None] = {k: 3 + (i + j) % 3 + gain * (i % 2) for j, k in enumerate(ids)}
            forms.append(form(person, "work_confidence", phase, answers))
        forms.append(form(person, "grade", "post", {"grade": 7 + i % 3}))
    return Data(cycles, sessions, coached, forms)
