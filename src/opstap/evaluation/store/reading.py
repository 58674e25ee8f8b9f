"""What measures, statistics and reports read: plain rows, of the people who allow it.

`Reading(store, Purpose.RESEARCH, now)` sees those who let a researcher use what is kept; `Purpose.RECORDS` is for
the cell's own use, such as showing a worker what is kept of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection, func, select

from opstap.evaluation.store.consent import Consents, Purpose
from opstap.evaluation.store.database import Store
from opstap.evaluation.store.tables import (
    Answer,
    Coaching,
    Form,
    GuidanceLevel,
    ProblemRecord,
    Run,
    Session,
    StepRecord,
    Tally,
)

NO_PROBLEMS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True)
class Cycle:
    """One job of one person, begun or finished."""

    person: str
    cell: str
    task: str
    condition: str
    """Condition of the study; "" is ordinary work."""
    simulated: bool
    session: UUID
    session_number: int
    """1 for the person's first session of this task, whatever the condition."""
    session_started_at: int
    """ns since 1970."""
    run: UUID
    number: int
    """1 for the first job of the session."""
    finished: bool
    seconds: float | None
    """From first step shown to done, s; None: not finished, or the clock was changed meanwhile."""
    paused_seconds: float
    steps: int
    picks: int
    problems: Mapping[str, int]
    """Problems by kind (wrong_pick, too_many, wrong_slot, missing, empty_bin, and rework, which is nobody's error),
    without those the person disputed."""
    disputed: int
    """Problems of which the person said that the system was wrong."""
    help_calls: int
    coach_seconds: float
    """Time with a coach within this job, s; see `coaching()` for what lies between jobs."""
    held_up_seconds: float
    """Time within this job with a coach or with an empty bin, s; a moment with both counts once."""
    level: str
    """Guidance level when the job began; "" where it is not known."""
    clock_ok: bool


@dataclass(frozen=True)
class StepTime:
    """One finished step."""

    person: str
    condition: str
    run: UUID
    step: str
    position: int
    seconds: float | None


@dataclass(frozen=True)
class CoachingRow:
    """One stretch in which a coach was called or helped, within a job or between two."""

    person: str
    condition: str
    session: UUID
    run: UUID | None
    asked_by: str
    seconds: float | None
    """None: still open, or the clock was changed meanwhile."""


@dataclass(frozen=True)
class SessionRow:
    """One session, with the time worked in it."""

    person: str
    cell: str
    task: str
    condition: str
    simulated: bool
    session: UUID
    number: int
    started_at: int
    ended_at: int | None

    @property
    def seconds(self) -> float | None:
        return None if self.ended_at is None else (self.ended_at - self.started_at) / 1e9


@dataclass(frozen=True)
class FormRow:
    """One questionnaire with its answers, by item id; a skipped item is there with None."""

    person: str
    instrument: str
    version: str
    phase: str
    condition: str
    language: str
    simulated: bool
    opened_at: int
    finished: bool
    """False: half filled; what was answered is here all the same."""
    answers: Mapping[str, float | None]
    texts: Mapping[str, str]
    """Answers in words, by item id."""


class Reading:
    """Everything that may be read for one purpose at one moment.

    Args:
        purpose: what the people must have allowed.
        now: ns since 1970; consents that have run out by then do not count.
    """

    def __init__(self, store: Store, purpose: Purpose, now: int) -> None:
        self.store = store
        self._people = Consents(store).who_said_yes(purpose, now)

    def people(self) -> list[str]:
        """The pseudonyms of those who allow it, sorted."""
        with self.store.reading() as connection:
            return sorted(connection.scalars(self._people).all())

    def sessions(self) -> list[SessionRow]:
        """All sessions, oldest first."""
        with self.store.reading() as connection:
            return self._sessions(connection)

    def cycles(self) -> list[Cycle]:
        """All jobs, oldest session first and in the order of work within it."""
        with self.store.reading() as connection:
            sessions = {s.session: s for s in self._sessions(connection)}
            problems: dict[UUID, Counter[str]] = defaultdict(Counter)
            disputed: Counter[UUID] = Counter()
            query = select(ProblemRecord.run, ProblemRecord.trouble, ProblemRecord.disputed, func.count().label("n"))
            grouped = query.group_by(ProblemRecord.run, ProblemRecord.trouble, ProblemRecord.disputed)
            for row in connection.execute(grouped):
                if row.disputed:
                    disputed[row.run] += row.n
                else:
                    problems[row.run][row.trouble] += row.n
            helped: dict[UUID | None, list[tuple[str, float]]] = defaultdict(list)
            stretches = select(Coaching.run, Coaching.asked_by, Coaching.seconds).where(Coaching.run.is_not(None))
            for in_run, asked_by, seconds in connection.execute(stretches):
                helped[in_run].append((asked_by, seconds or 0.0))
            waits = select(ProblemRecord.run, ProblemRecord.seen, ProblemRecord.seconds).where(
                ProblemRecord.trouble == "empty_bin", ProblemRecord.seconds.is_not(None)
            )
            stops = select(Coaching.run, Coaching.started, Coaching.seconds).where(
                Coaching.run.is_not(None), Coaching.seconds.is_not(None)
            )
            held_up: dict[UUID | None, list[tuple[float, float]]] = defaultdict(list)
            for in_run, since, seconds in [*connection.execute(waits), *connection.execute(stops)]:
                held_up[in_run].append((since / 1e9, since / 1e9 + seconds))
            levels: dict[UUID, list[tuple[int, str]]] = defaultdict(list)
            for change in connection.execute(select(GuidanceLevel).order_by(GuidanceLevel.since)):
                levels[change.session].append((change.since, change.level))
            cycles: list[Cycle] = []
            numbers: Counter[UUID] = Counter()
            ordered = {s: i for i, s in enumerate(sessions)}
            runs = [r for r in connection.execute(select(Run)) if r.session in sessions]
            for run in sorted(runs, key=lambda r: (ordered[r.session], r.entry)):
                session = sessions[run.session]
                numbers[run.session] += 1
                coaching = helped.get(run.id, [])
                level = [name for since, name in levels[run.session] if since <= run.started]
                cycles.append(
                    Cycle(
                        person=session.person, cell=session.cell, task=session.task, condition=session.condition,
                        simulated=session.simulated, session=run.session, session_number=session.number,
                        session_started_at=session.started_at, run=run.id, number=numbers[run.session],
                        finished=run.ended is not None, seconds=run.seconds, paused_seconds=run.paused_seconds,
                        steps=run.steps, picks=run.picks, problems=problems.get(run.id, NO_PROBLEMS),
                        disputed=disputed[run.id], help_calls=sum(asked_by == "worker" for asked_by, _ in coaching),
                        coach_seconds=sum(seconds for _, seconds in coaching),
                        held_up_seconds=_covered(held_up[run.id]), level=level[-1] if level else "",
                        clock_ok=run.clock_ok,
                    )
                )  # fmt: skip
            return cycles

    def steps(self) -> list[StepTime]:
        """All finished steps, by run and in the order they were finished."""
        query = select(
            Session.person, Session.condition, StepRecord.run, StepRecord.step, StepRecord.position, StepRecord.seconds
        )
        joined = query.join(Run, Run.id == StepRecord.run).join(Session, Session.id == Run.session)
        chosen = joined.where(Session.person.in_(self._people)).order_by(
            Session.started_at, Run.entry, StepRecord.position
        )
        with self.store.reading() as connection:
            return [StepTime(*row) for row in connection.execute(chosen)]

    def coaching(self) -> list[CoachingRow]:
        """All stretches with a coach, oldest first."""
        query = select(
            Session.person, Session.condition, Coaching.session, Coaching.run, Coaching.asked_by, Coaching.seconds
        )
        chosen = query.join(Session, Session.id == Coaching.session).where(Session.person.in_(self._people))
        with self.store.reading() as connection:
            return [
                CoachingRow(*row) for row in connection.execute(chosen.order_by(Session.started_at, Coaching.started))
            ]

    def forms(self, instrument: str | None = None) -> list[FormRow]:
        """All questionnaires (of one instrument), oldest first, half-filled ones too."""
        query = select(Form).where(Form.person.in_(self._people)).order_by(Form.opened_at)
        if instrument is not None:
            query = query.where(Form.instrument == instrument)
        with self.store.reading() as connection:
            values: dict[UUID, dict[str, float | None]] = defaultdict(dict)
            texts: dict[UUID, dict[str, str]] = defaultdict(dict)
            for row in connection.execute(select(Answer)):
                values[row.form][row.item] = row.value
                if row.text is not None:
                    texts[row.form][row.item] = row.text
            return [
                FormRow(
                    person=f.person, instrument=f.instrument, version=f.version, phase=f.phase, condition=f.condition,
                    language=f.language, simulated=f.simulated, opened_at=f.opened_at,
                    finished=f.finished_at is not None, answers=values.get(f.id, {}), texts=texts.get(f.id, {}),
                )
                for f in connection.execute(query)
            ]  # fmt: skip

    def tallies(self) -> dict[tuple[str, str, str], int]:
        """Jobs finished by cell, task and day (UTC): of everybody, since nobody can be told from them."""
        with self.store.reading() as connection:
            query = select(Tally.cell, Tally.task, Tally.day, func.sum(Tally.jobs))
            rows = connection.execute(query.group_by(Tally.cell, Tally.task, Tally.day))
            return {(cell, task, day): int(jobs) for cell, task, day, jobs in rows}

    def _sessions(self, connection: Connection) -> list[SessionRow]:
        query = (
            select(Session)
            .where(Session.person.in_(self._people))
            .order_by(Session.started_at, Session.person, Session.id)
        )
        numbers: Counter[tuple[str, str]] = Counter()
        rows = []
        for s in connection.execute(query):
            numbers[s.person, s.task] += 1
            rows.append(
                SessionRow(
                    person=s.person, cell=s.cell, task=s.task, condition=s.condition, simulated=s.simulated,
                    session=s.id, number=numbers[s.person, s.task], started_at=s.started_at, ended_at=s.ended_at,
                )
            )  # fmt: skip
        return rows


def _covered(stretches: list[tuple[float, float]]) -> float:
    """Length of what `stretches` (start, end) cover together."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(stretches):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


__all__ = ["CoachingRow", "Cycle", "FormRow", "Reading", "SessionRow", "StepTime"]
