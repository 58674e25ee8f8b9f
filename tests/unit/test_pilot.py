"""The simulated pilot: the same seed, the same records; every assumption shows; all is marked as simulated."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from opstap.documents import DocumentError
from opstap.evaluation.instruments import load_instruments
from opstap.evaluation.pilot.assumptions import Assumptions, load_assumptions
from opstap.evaluation.pilot.conduct import conduct
from opstap.evaluation.store import Purpose, Reading, Store
from opstap.instructions import Cell, load_cell

ROOT = Path(__file__).parents[2]
INSTRUMENTS = load_instruments(ROOT / "config/instruments")
SHIPPED = load_assumptions(ROOT / "config/pilots/packing.yaml", INSTRUMENTS)
FAR = 2_000_000_000_000_000_000


def small(**changes: Any) -> Assumptions:
    """Two workers, one day of each kind, twelve minutes a day."""
    plan = SHIPPED.plans["crossover"]
    blocks = tuple(
        o.model_copy(update={"blocks": tuple(b.model_copy(update={"days": 1}) for b in o.blocks)}) for o in plan
    )
    return SHIPPED.model_copy(update={"workers": 2, "session_minutes": 12, "plans": {"crossover": blocks}} | changes)


def records(assumptions: Assumptions, cell: Cell, path: Path) -> Reading:
    conduct(assumptions, "crossover", cell, INSTRUMENTS, Store(path))
    return Reading(Store(path), Purpose.RESEARCH, FAR)


def test_same_seed_same_records_and_all_marked_simulated(cell: Cell, tmp_path: Path) -> None:
    one, two = (records(small(), cell, tmp_path / f"{n}.db") for n in (1, 2))
    assert one.cycles() == two.cycles()
    assert one.steps() == two.steps()
    assert one.forms() == two.forms()
    assert all(c.simulated and c.finished for c in one.cycles())
    assert all(f.simulated for f in one.forms())
    assert all(s.simulated for s in one.sessions())
    assert [(s.person, s.condition) for s in sorted(one.sessions(), key=lambda s: (s.person, s.started_at))] == [
        ("sim_01", "without"), ("sim_01", "with"), ("sim_02", "with"), ("sim_02", "without"),
    ]  # fmt: skip
    other = records(small(seed=2), cell, tmp_path / "3.db")
    assert [c.seconds for c in other.cycles()] != [c.seconds for c in one.cycles()]


def test_a_task_with_groups_and_checks_is_packed_too(tmp_path: Path) -> None:
    gearbox = load_cell(ROOT / "config/cells/gearbox.yaml", ROOT / "config/tasks/gearbox_kit.yaml")
    reading = records(small(workers=1), gearbox, tmp_path / "store.db")
    assert reading.cycles()
    assert all((c.finished, c.steps, c.picks >= 24) == (True, 26, True) for c in reading.cycles())


def test_conducted_again_into_the_same_store_nothing_is_doubled(cell: Cell, tmp_path: Path) -> None:
    first = records(small(), cell, tmp_path / "store.db").cycles()
    assert records(small(), cell, tmp_path / "store.db").cycles() == first


def test_assumptions_come_back_out(cell: Cell, tmp_path: Path) -> None:
    """With certain errors, certain help and no spread, the records are what the file says."""
    always = SHIPPED.conditions["with"]
    calm = {"spread": 1.0}
    certain = always.model_copy(
        update={
            "gap": 1.0,
            "pace": always.pace.model_copy(update=calm),
            "per_100_picks": always.per_100_picks.model_copy(update={"wrong_bin": 30, "wrong_slot": 0, "too_many": 0}),
            "help_per_hour": always.help_per_hour.model_copy(update={"median": 12.0, "spread": 1.0}),
        }
    )
    pace = SHIPPED.pace
    steady = pace.model_copy(
        update={
            "first_step_seconds": pace.first_step_seconds.model_copy(update=calm),
            "learned_share": pace.learned_share.model_copy(update={"median": 1.0, "spread": 1.0}),
            "job_spread": 1.0,
            "step_spread": 1.0,
            "day_spread": 1.0,
            "bad_day": pace.bad_day.model_copy(update={"chance": 0}),
        }
    )
    errors = SHIPPED.errors.model_copy(update={"between_people": 1.0, "learning": 0.0})
    supply = SHIPPED.supply.model_copy(update={"empty_bins_per_100_jobs": 0.0})
    changed = small(
        pace=steady, errors=errors, supply=supply, session_minutes=90, conditions={"with": certain, "without": certain}
    )
    reading = records(changed, cell, tmp_path / "store.db")
    cycles = reading.cycles()
    untroubled = [s.seconds for s in reading.steps() if s.seconds and abs(s.seconds - 15.0) < 0.01]
    assert len(untroubled) > 0.6 * len(reading.steps())
    errors_per_100 = 100 * sum(sum(c.problems.values()) for c in cycles) / sum(c.picks for c in cycles)
    assert errors_per_100 == pytest.approx(30, abs=6)
    assert mean(c.help_calls for c in cycles) == pytest.approx(12 * 26 * 15 / 3600, rel=0.35)
    assert {k for c in cycles for k in c.problems} == {"wrong_pick"}


def test_every_kind_of_trouble_happens_and_is_put_right(cell: Cell, tmp_path: Path) -> None:
    base = SHIPPED.conditions["with"]
    often = base.model_copy(
        update={
            "per_100_picks": base.per_100_picks.model_copy(
                update=dict.fromkeys(("wrong_bin", "wrong_slot", "too_many"), 9)
            )
        }
    )
    supply = SHIPPED.supply.model_copy(update={"empty_bins_per_100_jobs": 100.0})
    reading = records(small(conditions={"with": often, "without": often}, supply=supply), cell, tmp_path / "store.db")
    kinds = {k for c in reading.cycles() for k in c.problems}
    assert kinds == {"wrong_pick", "wrong_slot", "too_many", "empty_bin"}
    assert all(c.finished and c.steps == 26 for c in reading.cycles())


def test_half_filled_forms_occur(cell: Cell, tmp_path: Path) -> None:
    answers = SHIPPED.answers.model_copy(update={"stops_half_way": 1.0})
    forms = records(small(answers=answers), cell, tmp_path / "store.db").forms("sus_simplified")
    assert [(f.finished, len(f.answers)) for f in forms] == [(False, 5)] * 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("workers: 14", "workers: none", "workers: found 'none', allowed:"),
        ("forms: [grade, work", "forms: [grad, work", r"forms\[0\]: found 'grad', allowed: .*did you mean 'grade'"),
        ("  without:\n    pace", "  withoot:\n    pace", "conditions.withoot"),
        ("spread: 1.35", "spread: 0.5", "first_step_seconds.spread: found 0.5, allowed: greater than or equal to 1"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_with_line_and_field(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = (ROOT / "config/pilots/packing.yaml").read_text()
    assert old in text
    (tmp_path / "wrong.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(DocumentError, match=rf"wrong\.yaml:\d+: .*{told}"):
        load_assumptions(tmp_path / "wrong.yaml", INSTRUMENTS)
