"""Measures of the work by their definitions: pauses, help, refills, disputes, clock changes, work that was cut off."""

from __future__ import annotations

import pytest
from rows import HOUR, coaching, cycle, session

from opstap.evaluation.measures import MEASURES, Data, Work, by_level, sessions_to_pace, step_seconds
from opstap.evaluation.store import Cycle, StepTime

ONE = session("p01", 1)


def value(measure: str, *cycles: Cycle, **other: object) -> float | None:
    return MEASURES[measure].of(Work([ONE], cycles, other.get("coaching", [])))  # type: ignore[arg-type]


def test_a_pause_is_no_slowness_but_help_is_part_of_what_a_case_takes() -> None:
    slow = cycle(ONE, seconds=300, paused_seconds=60, coach_seconds=40, held_up_seconds=90)
    assert value("case_seconds", slow) == 240
    assert value("hands_on_seconds", slow) == 150


def test_cases_without_a_time_do_not_count_in_times_but_their_errors_do() -> None:
    cut = cycle(ONE, 2, seconds=None, picks=4, problems={"wrong_pick": 1})
    jumped = cycle(ONE, 3, seconds=9_999, clock_ok=False, picks=26)
    good = cycle(ONE, 1, seconds=200, picks=20)
    assert value("case_seconds", good, cut, jumped) == 200
    assert value("errors_per_100", good, cut, jumped) == pytest.approx(100 * 1 / 50)
    assert value("case_seconds", cut) is None


def test_errors_by_kind_and_an_empty_bin_is_none() -> None:
    busy = cycle(ONE, picks=50, problems={"wrong_pick": 2, "wrong_slot": 1, "empty_bin": 3}, disputed=4)
    assert value("errors_per_100", busy) == pytest.approx(6)
    assert value("wrong_pick_per_100", busy) == pytest.approx(4)
    assert value("missing_per_100", busy) == 0
    assert value("errors_per_100", cycle(ONE, picks=0)) is None


def test_coaching_per_hour_worked_counts_pauses_out() -> None:
    paused = cycle(ONE, seconds=900, paused_seconds=1800)
    helped = [coaching(ONE, 300), coaching(ONE, 300, "coach"), coaching(ONE, None)]
    assert value("coach_minutes_per_hour", paused, coaching=helped) == pytest.approx(20)
    assert value("help_calls_per_hour", paused, coaching=helped) == pytest.approx(
        4
    )  # two by the worker in half an hour


def test_a_session_that_was_cut_off_is_as_long_as_its_jobs() -> None:
    cut = session("p01", 1, ended_at=None)
    work = Work([cut], [cycle(cut, seconds=1800)], [coaching(cut, 60)])
    assert work.hours == 0.5
    assert MEASURES["coach_minutes_per_hour"].of(work) == 2
    assert MEASURES["coach_minutes_per_hour"].of(Work([cut], [], [])) is None


def test_unsteadiness_is_the_coefficient_of_variation() -> None:
    assert value("pace_variation", *(cycle(ONE, i, s) for i, s in enumerate((90.0, 100.0, 110.0)))) == pytest.approx(10)
    assert value("pace_variation", cycle(ONE, 1, 90), cycle(ONE, 2, 110)) is None


def test_share_of_full_guidance() -> None:
    assert value("full_guidance_share", cycle(ONE, 1), cycle(ONE, 2, level="short"), cycle(ONE, 3, level="")) == 50
    later = session("p01", 2)
    assert by_level([cycle(ONE), cycle(later, level="short")]) == {1: {"full": 1}, 2: {"short": 1}}


@pytest.mark.parametrize(
    ("times", "reached"),
    [
        ([300, 250, 190, 180, 170], 3),
        ([300, 190, 250, 190, 180], 4),  # once is luck, twice in a row is pace
        ([300, 250, 240, 230, 190], 5),  # the last session has none after it
        ([300, 250, 240, 230, 210], None),
        ([190, 190], 1),
    ],
)
def test_sessions_to_target_pace(times: list[float], reached: int | None) -> None:
    sessions = [session("p01", i) for i in range(1, len(times) + 1)]
    data = Data([cycle(s, seconds=t) for s, t in zip(sessions, times, strict=True)], sessions, [], [])
    assert sessions_to_pace(data, "p01", sessions, 200) == reached


def test_every_measure_says_what_it_is_in_both_languages() -> None:
    assert HOUR > 0
    for measure in MEASURES.values():
        assert set(measure.name) == set(measure.unit) == set(measure.definition) == {"en", "nl"}
        assert measure.source


def test_time_per_step_is_a_persons_median_in_the_order_of_the_work() -> None:
    run = session("p1", 1).session
    rows = [
        StepTime("p1", "with", run, step, position, seconds)
        for position, step in ((2, "cup"), (1, "probe"))
        for seconds in (4.0, 5.0, 90.0, None)
    ]
    told = step_seconds([*rows, StepTime("p2", "with", run, "cup", 2, 7.0)])
    assert told == {"probe": {"p1": 5.0}, "cup": {"p1": 5.0, "p2": 7.0}}
    assert list(told) == ["probe", "cup"]
