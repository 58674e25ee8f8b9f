"""A study worked out: what was kept of the people, per person and condition, compared as the study's file says.

Groups of fewer than `MIN_GROUP` people are never shown: neither their mean nor their lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal
from uuid import UUID

import numpy as np

from opstap.evaluation import statistics
from opstap.evaluation.instruments import Instrument, score
from opstap.evaluation.measures import (
    MEASURES,
    Better,
    Data,
    Measure,
    by_level,
    sessions_to_pace,
    step_seconds,
    work_of,
)
from opstap.evaluation.statistics import (
    FEW,
    Change,
    Interval,
    Mixed,
    Scale,
    crossover,
    holm,
    mean_interval,
    mixed,
    paired,
)
from opstap.evaluation.store import SessionRow
from opstap.evaluation.study import Condition, Outcome, Study

MIN_GROUP = 5
"""Fewest people whose figures are shown together."""

Verdict = Literal["better", "worse", "changed", "unclear", "none"]
Warn = Literal["few", "coarse", "cannot_be_rare", "learning", "carry_over", "left_out", "unscored", "uneven_orders"]


@dataclass(frozen=True)
class Single:
    """A figure known under the second condition only, such as a grade for the bench."""

    n: int
    mean: float
    interval: Interval | None


@dataclass(frozen=True)
class Result:
    """One outcome of a study."""

    id: str
    name: Mapping[str, str]
    unit: Mapping[str, str]
    better: Better
    decimals: int
    definition: Mapping[str, str]
    source: str
    scale: Scale
    primary: bool
    worthwhile: float | None
    bounds: tuple[float, float] | None
    """Lowest and highest possible, for a score."""
    change: Change | None
    pairs: tuple[tuple[float, float], ...]
    """One pair a person, in no order that says anything."""
    single: Single | None
    period: float | None
    mixed: Mixed | None
    why_not_mixed: str
    adjusted_p: float | None
    warnings: tuple[tuple[Warn, int], ...]
    """What a reader must know, with the number of people it is about."""

    @property
    def verdict(self) -> Verdict:
        """What the interval says; "none" where there is none."""
        if self.change is None or self.change.interval is None:
            return "none"
        still = 1.0 if self.scale == "ratio" else 0.0
        interval = self.change.interval
        if interval.low <= still <= interval.high:
            return "unclear"
        if self.better == "neither":
            return "changed"
        return "better" if (interval.low > still) == (self.better == "higher") else "worse"


@dataclass(frozen=True)
class Point:
    """Mean of a group in one session."""

    session: int
    condition: str
    n: int
    mean: float


@dataclass(frozen=True)
class Step:
    """Time of one step under both conditions, s: mean over the people who did it under both."""

    step: str
    n: int
    first: float
    second: float


@dataclass(frozen=True)
class Pace:
    """How many people were at target pace by each session with the second condition."""

    target: float
    n: int
    reached: tuple[int, ...]
    """People who had reached it by session 1, 2, ..."""


@dataclass(frozen=True)
class Analysis:
    """All that a report shows."""

    study: Study
    simulated: bool
    people: int
    cases: int
    sessions: int
    hours: float
    results: tuple[Result, ...]
    curve: tuple[Point, ...]
    pace: Pace | None
    levels: Mapping[int, Mapping[str, int]]
    steps: tuple[Step, ...] = ()

    @property
    def enough(self) -> bool:
        """Whether there are people enough to show any figure."""
        return self.people >= MIN_GROUP

    def result(self, measure: str) -> Result | None:
        return next((r for r in self.results if r.id == measure), None)


def analyse(study: Study, data: Data, instruments: Mapping[str, Instrument], seed: int = statistics.SEED) -> Analysis:
    """Work a study out. A form with an answer outside its range raises ValueError, as `instruments.score` does."""
    chosen = _sessions(study, data)
    asked = {o.measure.partition(".")[0] for o in study.outcomes if "." in o.measure}
    filled = [f for f in data.forms if f.instrument in asked and _condition_of(study, f.phase, f.condition)]
    people = sorted({person for person, _ in chosen} | {f.person for f in filled})
    rng = np.random.default_rng(seed)
    if len(people) < MIN_GROUP:
        return Analysis(study, data.simulated, len(people), 0, 0, 0.0, (), (), None, {})
    results = [_result(study, o, data, instruments, chosen, people, rng, seed) for o in study.outcomes]
    p = {r.id: r.change.p for r in results if not r.primary and r.change is not None and r.change.p is not None}
    adjusted = dict(zip(p, holm(list(p.values())), strict=True))
    used = [s for sessions in chosen.values() for s in sessions]
    ids = {s.session for s in used}
    cycles = [c for c in data.cycles if c.session in ids]
    return Analysis(
        study=study,
        simulated=data.simulated,
        people=len(people),
        cases=sum(c.finished for c in cycles),
        sessions=len(used),
        hours=sum(work_of(data, p, s).hours for (p, _), s in chosen.items()),
        results=tuple(replace(r, adjusted_p=adjusted.get(r.id)) for r in results),
        curve=_curve(study, data, people),
        pace=_pace(study, data, people),
        levels=by_level(cycles),
        steps=_steps(study, data, {c.run for c in cycles}),
    )


def _steps(study: Study, data: Data, runs: set[UUID]) -> tuple[Step, ...]:
    """The steps that enough people did under both conditions, in the order of the work."""
    used = [s for s in data.steps if s.run in runs]
    first, second = (step_seconds(s for s in used if s.condition == c.id) for c in study.conditions)
    found = []
    for step, times in second.items():
        both = sorted(times.keys() & first.get(step, {}).keys())
        if len(both) >= MIN_GROUP:
            means = (fmean(each[step][p] for p in both) for each in (first, second))
            found.append(Step(step, len(both), *means))
    return tuple(found)


def _all_sessions(study: Study, data: Data, person: str, condition: str) -> list[SessionRow]:
    return [
        s
        for s in data.sessions
        if s.person == person and s.condition == condition and study.task in ("", s.task) and study.cell in ("", s.cell)
    ]


def _sessions(study: Study, data: Data) -> dict[tuple[str, str], list[SessionRow]]:
    """The sessions that count, by person and condition; only where there are any."""
    chosen = {}
    for person in sorted({s.person for s in data.sessions}):
        for condition in study.conditions:
            rows = _all_sessions(study, data, person, condition.id)[study.skip_first :]
            rows = rows[-study.use_last :] if study.use_last else rows
            if rows:
                chosen[person, condition.id] = rows
    return chosen


def _result(
    study: Study, outcome: Outcome, data: Data, instruments: Mapping[str, Instrument],
    chosen: Mapping[tuple[str, str], list[SessionRow]], people: Sequence[str], rng: np.random.Generator, seed: int,
) -> Result:  # fmt: skip
    first, second = study.conditions
    warn: list[tuple[Warn, int]] = []
    values: dict[str, dict[str, float]]
    model: Mixed | None = None
    why_not = ""
    if "." in outcome.measure:
        what, values, unscored = _of_forms(outcome.measure, study, data, instruments)
        if unscored:
            warn.append(("unscored", unscored))
    else:
        measure = MEASURES[outcome.measure]
        what = _Described.of(measure)
        values = {c.id: {} for c in study.conditions}
        for (person, condition), sessions in chosen.items():
            value = measure.of(work_of(data, person, sessions))
            if value is not None:
                values[condition][person] = value
    scale = outcome.scale
    both = [p for p in people if p in values[first.id] and p in values[second.id]]
    if scale == "ratio" and any(values[c.id][p] <= 0 for p in both for c in study.conditions):
        scale = "difference"
    if "." not in outcome.measure:
        model, why_not = _model(study, MEASURES[outcome.measure], scale, data, chosen, both)
    rng.shuffle(both)
    a, b = [values[first.id][p] for p in both], [values[second.id][p] for p in both]
    change: Change | None = None
    single: Single | None = None
    period: float | None = None
    if len(both) >= MIN_GROUP:
        left_out = len(set(values[first.id]) ^ set(values[second.id]))
        if left_out:
            warn.append(("left_out", left_out))
        change, period, more = _compare(study, scale, a, b, [_order(study, data, p) for p in both], seed)
        warn += more
    elif len(values[second.id]) >= MIN_GROUP:
        after = list(values[second.id].values())
        single = Single(len(after), fmean(after), mean_interval(after, seed))
    return Result(
        id=outcome.measure, name=what.name, unit=what.unit, better=what.better, decimals=what.decimals,
        definition=what.definition, source=what.source, scale=scale, primary=outcome.measure == study.primary,
        worthwhile=outcome.worthwhile, bounds=what.bounds, change=change,
        pairs=tuple(zip(a, b, strict=True)) if change else (), single=single, period=period, mixed=model,
        why_not_mixed=why_not, adjusted_p=None, warnings=tuple(warn),
    )  # fmt: skip


def _compare(
    study: Study, scale: Scale, a: Sequence[float], b: Sequence[float], second_last: Sequence[bool], seed: int
) -> tuple[Change, float | None, list[tuple[Warn, int]]]:
    warn: list[tuple[Warn, int]] = []
    period: float | None = None
    orders = min(sum(second_last), len(second_last) - sum(second_last))
    if study.design == "crossover" and orders >= 2:
        found = crossover(a, b, second_last, scale, seed)
        change, period = found.change, found.period
        if found.carry_over_p is not None and found.carry_over_p < 0.1:  # a weak test, so a wide mesh (Senn 2002)
            warn.append(("carry_over", len(a)))
    else:
        change = paired(a, b, scale, seed)
        if study.design == "crossover":
            warn.append(("uneven_orders", orders))
        if study.design == "before_after":
            warn.append(("learning", len(a)))
    if change.n < FEW:
        warn.append(("few", change.n))
    if change.interval and change.interval.method.startswith("Student"):
        warn.append(("coarse", change.n))
    if change.exact and study.design != "crossover" and 2.0 ** (1 - change.n) > 0.05:
        warn.append(("cannot_be_rare", change.n))
    return change, period, warn


def _order(study: Study, data: Data, person: str) -> bool:
    """Whether this person had the second condition last."""
    mine = [s for s in data.sessions if s.person == person and s.condition in {c.id for c in study.conditions}]
    return bool(mine) and min(mine, key=lambda s: s.started_at).condition == study.conditions[0].id


@dataclass(frozen=True)
class _Described:
    name: Mapping[str, str]
    unit: Mapping[str, str]
    better: Better
    decimals: int
    definition: Mapping[str, str]
    source: str
    bounds: tuple[float, float] | None = None

    @staticmethod
    def of(m: Measure) -> _Described:
        return _Described(m.name, m.unit, m.better, m.decimals, m.definition, m.source)


def _of_forms(
    measure: str, study: Study, data: Data, instruments: Mapping[str, Instrument]
) -> tuple[_Described, dict[str, dict[str, float]], int]:
    """A score by condition and person, from the last form of each; and how many forms were too empty to score."""
    instrument_id, score_id = measure.split(".")
    instrument = instruments[instrument_id]
    wanted = next(s for s in instrument.scores if s.id == score_id)
    low, high = wanted.range
    points = {"en": f"points, {low:g} to {high:g}", "nl": f"punten, {low:g} tot {high:g}"}
    n = len(instrument.scored(wanted))
    definition = {
        "en": f"Questionnaire '{instrument.title['en']}', {n} question{'s' * (n > 1)}, "
        f"up to {wanted.missing.at_most} skipped.",
        "nl": f"Vragenlijst '{instrument.title['nl']}', {n} vra{'gen' if n > 1 else 'ag'}, "
        f"hooguit {wanted.missing.at_most} overgeslagen.",
    }
    what = _Described(wanted.name, points, wanted.better, 0 if high > 20 else 1, definition, wanted.source, (low, high))
    values: dict[str, dict[str, float]] = {c.id: {} for c in study.conditions}
    unscored: dict[tuple[str, str], bool] = {}
    for form in sorted(data.forms, key=lambda f: f.opened_at):
        condition = _condition_of(study, form.phase, form.condition)
        if form.instrument != instrument_id or condition is None:
            continue
        found = score(instrument, wanted, form.answers)
        unscored[form.person, condition.id] = found.value is None
        if found.value is not None:
            values[condition.id][form.person] = found.value
    return what, values, sum(unscored.values())


def _condition_of(study: Study, phase: str, condition: str) -> Condition | None:
    for c in study.conditions:
        if (c.forms and c.forms == phase) or (not c.forms and c.id == condition):
            return c
    return None


def _model(
    study: Study, measure: Measure, scale: Scale, data: Data, chosen: Mapping[tuple[str, str], list[SessionRow]],
    people: Sequence[str],
) -> tuple[Mixed | None, str]:  # fmt: skip
    """A mixed model over single sessions: the second condition, and a straight line of learning over sessions."""
    values, who, support, number = [], [], [], []
    for (person, condition), sessions in chosen.items():
        if person not in people:
            continue
        for session in sessions:
            value = measure.of(work_of(data, person, [session]))
            if value is None or (scale == "ratio" and value <= 0):
                continue
            values.append(float(np.log(value)) if scale == "ratio" else value)
            who.append(person)
            support.append(float(condition == study.conditions[1].id))
            number.append(float(session.number))
    if len(set(who)) < MIN_GROUP:
        return None, "fewer than five people"
    centred = np.asarray(number) - fmean(number)
    try:
        return mixed(values, who, {"condition": support, "session": centred}, slope="condition"), ""
    except ValueError as error:
        return None, str(error)


def _curve(study: Study, data: Data, people: Sequence[str]) -> tuple[Point, ...]:
    """Mean time per case by session number, where five or more people had that session under that condition."""
    found: dict[tuple[int, str], list[float]] = {}
    for person in people:
        for condition in study.conditions:
            for s in _all_sessions(study, data, person, condition.id):
                value = MEASURES["case_seconds"].of(work_of(data, person, [s]))
                if value is not None:
                    found.setdefault((s.number, condition.id), []).append(value)
    return tuple(
        Point(number, condition, len(values), fmean(values))
        for (number, condition), values in sorted(found.items())
        if len(values) >= MIN_GROUP
    )


def _pace(study: Study, data: Data, people: Sequence[str]) -> Pace | None:
    if study.target_seconds is None:
        return None
    sessions = {p: _all_sessions(study, data, p, study.conditions[1].id) for p in people}
    had = {p: rows for p, rows in sessions.items() if rows}
    if len(had) < MIN_GROUP:
        return None
    reached = [sessions_to_pace(data, p, rows, study.target_seconds) for p, rows in had.items()]
    longest = max(len(rows) for rows in had.values())
    counts = tuple(sum(r is not None and r <= k for r in reached) for k in range(1, longest + 1))
    return Pace(study.target_seconds, len(had), counts)
