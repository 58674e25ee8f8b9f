"""What is measured of the work, each with its definition, unit and source; computed from what the store kept.

All work measures follow three rules. A pause is the worker's right and never counts as slowness. An error that the
worker said was none does not count. A job cut off, or one during which the clock was changed, has no time, but its
picks and problems are facts and do count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import Literal

from opstap.evaluation.store import CoachingRow, Cycle, FormRow, Reading, SessionRow, StepTime

Better = Literal["higher", "lower", "neither"]
ERRORS = ("wrong_pick", "too_many", "wrong_slot", "missing")
"""Kinds of problem that are errors of picking and placing. An empty bin is a matter of supply."""
IN_A_ROW = 2
"""Sessions at target pace in a row that count as having reached it."""


@dataclass(frozen=True)
class Data:
    """What one study reads of the store."""

    cycles: Sequence[Cycle]
    sessions: Sequence[SessionRow]
    coaching: Sequence[CoachingRow]
    forms: Sequence[FormRow]
    steps: Sequence[StepTime] = ()

    @staticmethod
    def read(reading: Reading) -> Data:
        return Data(reading.cycles(), reading.sessions(), reading.coaching(), reading.forms(), reading.steps())

    @property
    def simulated(self) -> bool:
        """Whether anything in it is not of a human being at a real cell."""
        return any(
            [
                *(c.simulated for c in self.cycles),
                *(s.simulated for s in self.sessions),
                *(f.simulated for f in self.forms),
            ]
        )


@dataclass(frozen=True)
class Work:
    """Sessions of one person under one condition, with all that happened in them."""

    sessions: Sequence[SessionRow]
    cycles: Sequence[Cycle]
    coaching: Sequence[CoachingRow]

    @property
    def hours(self) -> float:
        """Length of the sessions less pauses; of a session that was cut off, the length of its jobs."""
        seconds = 0.0
        for session in self.sessions:
            mine = [c for c in self.cycles if c.session == session.session]
            whole = session.seconds
            seconds += sum(c.seconds or 0.0 for c in mine) if whole is None else whole
            seconds -= sum(c.paused_seconds for c in mine)
        return max(seconds, 0.0) / 3600

    @property
    def timed(self) -> list[Cycle]:
        """Finished jobs with a time."""
        return [c for c in self.cycles if c.finished and c.clock_ok and c.seconds is not None]


@dataclass(frozen=True)
class Measure:
    """One measure of the work. `of` gives its value for a person under a condition, None where it cannot be told."""

    id: str
    name: Mapping[str, str]
    unit: Mapping[str, str]
    better: Better
    definition: Mapping[str, str]
    source: str
    of: Callable[[Work], float | None]
    decimals: int = 1


def case_seconds(cycle: Cycle) -> float:
    """Time from first step shown to last part placed, less pauses, s."""
    assert cycle.seconds is not None
    return max(cycle.seconds - cycle.paused_seconds, 0.0)


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return fmean(found) if found else None


def _variation(work: Work) -> float | None:
    times = [case_seconds(c) for c in work.timed]
    return 100 * stdev(times) / fmean(times) if len(times) >= 3 and fmean(times) > 0 else None


def _errors(kinds: Sequence[str]) -> Callable[[Work], float | None]:
    def of(work: Work) -> float | None:
        picks = sum(c.picks for c in work.cycles)
        return 100 * sum(c.problems.get(k, 0) for c in work.cycles for k in kinds) / picks if picks else None

    return of


def _per_hour(amount: Callable[[Work], float]) -> Callable[[Work], float | None]:
    return lambda work: amount(work) / work.hours if work.hours > 0 else None


def _coach_minutes(work: Work) -> float:
    return sum(row.seconds or 0.0 for row in work.coaching) / 60


def _full_guidance(work: Work) -> float | None:
    known = [c.level for c in work.cycles if c.level]
    return 100 * sum(level == "full" for level in known) / len(known) if known else None


def _error(kind: str, en: str, nl: str) -> Measure:
    return Measure(
        f"{kind}_per_100",
        {"en": en, "nl": nl},
        {"en": "per 100 picks", "nl": "per 100 keer pakken"},
        "lower",
        {"en": f"Problems of kind '{kind}' per 100 right picks.", "nl": f"Soort '{kind}' per 100 keer goed pakken."},
        "part of errors per 100 picks",
        _errors([kind]),
        2,
    )


_SECONDS = {"en": "seconds", "nl": "seconden"}
_PERCENT = {"en": "%", "nl": "%"}

MEASURES: dict[str, Measure] = {
    m.id: m
    for m in (
        Measure(
            "case_seconds",
            {"en": "Time per case", "nl": "Tijd per koffer"},
            _SECONDS,
            "lower",
            {
                "en": "Mean over finished cases of the time from the first step shown to the last part placed, less "
                "pauses. Help and waiting for a refill are in it, since they are part of what a case takes.",
                "nl": "Gemiddelde tijd van de eerste stap tot het laatste onderdeel, zonder pauzes. Hulp en wachten op "
                "bijvullen tellen mee: ze horen bij wat een koffer kost.",
            },
            "cycle time as in the pilot with oral-care cases; ISO 22400-2:2014, actual production time",
            lambda w: _mean(case_seconds(c) for c in w.timed),
        ),
        Measure(
            "hands_on_seconds",
            {"en": "Hands-on time per case", "nl": "Werktijd per koffer"},
            _SECONDS,
            "lower",
            {
                "en": "Time per case less every moment with a coach or with an empty bin.",
                "nl": "Tijd per koffer zonder de tijd met een begeleider of een lege bak.",
            },
            "own; separates the work from what it waits for",
            lambda w: _mean(max(case_seconds(c) - c.held_up_seconds, 0.0) for c in w.timed),
        ),
        Measure(
            "pace_variation",
            {"en": "Unsteadiness of pace", "nl": "Wisseling van tempo"},
            _PERCENT,
            "lower",
            {
                "en": "Standard deviation of a person's times per case, in percent of their mean; from three cases on.",
                "nl": "Spreiding van iemands tijden per koffer, in procent van het gemiddelde; vanaf drie koffers.",
            },
            "coefficient of variation; the pilot reported a steadier pace",
            _variation,
        ),
        Measure(
            "errors_per_100",
            {"en": "Errors", "nl": "Fouten"},
            {"en": "per 100 picks", "nl": "per 100 keer pakken"},
            "lower",
            {
                "en": "Wrong picks, too many, wrong places and parts gone missing, per 100 right picks; without those "
                "the worker said were none. They were seen and put right at the bench: detours, not bad cases.",
                "nl": "Verkeerd gepakt, te veel, verkeerde plek of weer weg, per 100 keer goed pakken; zonder wat de "
                "werker geen fout vond. Ze zijn aan de werkbank gezien en hersteld: omwegen, geen slechte koffers.",
            },
            "errors per 100 picks as in the pilot; kinds as the work guide tells them",
            _errors(ERRORS),
            2,
        ),
        _error("wrong_pick", "Wrong part taken", "Verkeerd onderdeel gepakt"),
        _error("too_many", "Too many taken", "Te veel gepakt"),
        _error("wrong_slot", "Put in the wrong place", "Op de verkeerde plek gelegd"),
        _error("missing", "Taken out again", "Weer weggenomen"),
        Measure(
            "coach_minutes_per_hour",
            {"en": "Coaching time", "nl": "Tijd van de begeleider"},
            {"en": "minutes per hour", "nl": "minuten per uur"},
            "lower",
            {
                "en": "Minutes with a coach, called by the worker or come unasked, per hour worked.",
                "nl": "Minuten met een begeleider, geroepen of zelf gekomen, per gewerkt uur.",
            },
            "coaching time as in the pilot with oral-care cases",
            _per_hour(_coach_minutes),
        ),
        Measure(
            "help_calls_per_hour",
            {"en": "Calls for help", "nl": "Hulp gevraagd"},
            {"en": "per hour", "nl": "per uur"},
            "neither",
            {
                "en": "Times the worker called the coach, per hour worked. Fewer is not always better: asking is "
                "a skill.",
                "nl": "Hoe vaak de werker de begeleider riep, per gewerkt uur. Minder is niet altijd beter: vragen is "
                "knap.",
            },
            "help-seeking, after Vanneste et al. (2020)",
            _per_hour(lambda w: sum(row.asked_by == "worker" for row in w.coaching)),
            2,
        ),
        Measure(
            "full_guidance_share",
            {"en": "Cases with full guidance", "nl": "Koffers met volledige uitleg"},
            {"en": "% of cases", "nl": "% van de koffers"},
            "neither",
            {
                "en": "Share of cases begun at guidance level 'full'. It falls when a worker needs fewer words.",
                "nl": "Deel van de koffers dat met niveau 'full' begon. Het daalt als minder uitleg nodig is.",
            },
            "own; levels full, short, lights, off",
            _full_guidance,
            0,
        ),
    )
}


def work_of(data: Data, person: str, sessions: Sequence[SessionRow]) -> Work:
    """The work of `person` in `sessions`."""
    ids = {s.session for s in sessions}
    return Work(
        sessions,
        [c for c in data.cycles if c.person == person and c.session in ids],
        [c for c in data.coaching if c.person == person and c.session in ids],
    )


def sessions_to_pace(data: Data, person: str, sessions: Sequence[SessionRow], target: float) -> int | None:
    """The first of `sessions` (1, 2, ...) with a mean time per case at or below `target` s that holds in the next one.

    The last session counts by itself. None where it was not reached: the person may yet reach it after the study, so
    this is told as "reached by session k: m of n people" and never averaged.
    """
    times: dict[int, float | None] = {}
    for i, session in enumerate(sessions, 1):
        times[i] = MEASURES["case_seconds"].of(work_of(data, person, [session]))
    paced = [i for i, t in times.items() if t is not None and t <= target]
    for i in paced:
        follow = range(i, min(i + IN_A_ROW, len(sessions) + 1))
        if all(j in paced for j in follow):
            return i
    return None


def by_level(cycles: Iterable[Cycle]) -> dict[int, dict[str, int]]:
    """Cases begun at each guidance level, by session number of the person."""
    counts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for c in cycles:
        if c.level:
            counts[c.session_number][c.level] += 1
    return {number: dict(levels) for number, levels in sorted(counts.items())}


def step_seconds(steps: Iterable[StepTime]) -> dict[str, dict[str, float]]:
    """Median time from shown to finished of each step, s: by step id in the order of the work, and by person.

    Pauses, help and refills are in it: the median of a person's times hardly minds the few steps that have them.
    """
    times: dict[str, dict[str, list[float]]] = {}
    places: dict[str, list[int]] = defaultdict(list)
    for s in steps:
        if s.seconds is not None:
            times.setdefault(s.step, defaultdict(list))[s.person].append(s.seconds)
            places[s.step].append(s.position)
    ordered = sorted(times, key=lambda step: median(places[step]))
    return {step: {person: median(found) for person, found in times[step].items()} for step in ordered}
