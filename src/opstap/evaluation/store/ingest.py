"""Reads a cell's journal into the store: piece by piece, as often as one likes, and each thing once.

Whose work it is, is known from `begin`; without that person's yes only the day's tally is kept. The place up to which
the journal is settled is written in the same transaction as the rows, so a reader that is killed at any instant goes
on where it was.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4, uuid5

from sqlalchemy import Connection, insert, select, update

from opstap.evaluation.store.accounts import REWORK, Account, RunAccount, account
from opstap.evaluation.store.consent import Consents, Purpose, Writer, upsert
from opstap.evaluation.store.database import Store, StoreError
from opstap.evaluation.store.tables import (
    Coaching,
    GuidanceLevel,
    JournalCursor,
    Outgoing,
    ProblemRecord,
    Run,
    Session,
    StepRecord,
    Tally,
)
from opstap.instructions import Cell
from opstap.preflight import PreflightError
from opstap.workflow.journal import Entry, Journal, JournalError

SAME_SESSION = 30 * 60 * 1_000_000_000
"""A cell that is started again for the same person within this time goes on with the same session, ns."""


@dataclass(frozen=True)
class Workplace:
    """Where and what is worked: goes with every session and tally."""

    cell: str
    task: str
    simulated: bool


class Source(Protocol):
    """What is read: a Journal, or a simulated pilot's."""

    @property
    def identity(self) -> UUID: ...

    @property
    def last(self) -> int: ...

    def entries(self, after: int = 0) -> Iterator[Entry]: ...


class Ingest:
    """One journal on its way into one store.

    `now` is ns since 1970 throughout; it need not be the clock of the journal's stamps.
    """

    def __init__(self, store: Store, journal: Source, place: Workplace) -> None:
        self.store = store
        self.journal = journal
        self.place = place
        self.consents = Consents(store)
        self._seen = -1

    def begin(self, person: str, now: int, *, condition: str = "", level: str = "") -> UUID | None:
        """From here on it is `person` who works. What is in the journal already belongs to who worked before.

        Returns the session's id; None where the person did not allow records to be kept.
        """
        with self.store.writing() as connection:
            cursor = self._cursor(connection, now)
            same = self._same_session(connection, cursor, person, condition, now)
            if same is not None:
                return same
            self._read(connection, cursor, now, close=True)
            writer = self.consents.writer(connection, person, now)
            session = None
            if Purpose.RECORDS in writer.allowed:
                session = uuid5(self.journal.identity, f"session/{person}/{condition}/{now}")
                row = {"id": session, "person": person, "condition": condition, "started_at": now, "ended_at": None}
                writer.put(Session, [row | vars(self.place)])
                if level:
                    change = {"id": uuid4(), "session": session, "since": 0, "level": level, "changed_by": "profile"}
                    writer.put(GuidanceLevel, [change])
            fresh: dict[str, Any] = {"session": session, "since_at": now, "since_stamp": None, "clock_set": []}
            connection.execute(update(JournalCursor).where(JournalCursor.journal == self.journal.identity), fresh)
            return session

    def read(self, now: int, *, clock_was_set: bool = False) -> int:
        """Take over what is new in the journal. Returns how many jobs were finished and settled in it.

        Args:
            clock_was_set: the machine's clock was set since the last call; durations that span it are unknown.
        """
        last = self.journal.last
        if last == self._seen and not clock_was_set:
            return 0
        with self.store.writing() as connection:
            jobs = self._read(connection, self._cursor(connection, now), now, clock_was_set=clock_was_set)
        self._seen = last
        return jobs

    def end(self, now: int) -> None:
        """Nobody works here any more: what is open counts as broken off."""
        with self.store.writing() as connection:
            self._read(connection, self._cursor(connection, now), now, close=True)
            gone = {"session": None}
            connection.execute(update(JournalCursor).where(JournalCursor.journal == self.journal.identity), gone)

    def _cursor(self, connection: Connection, now: int) -> Any:
        query = select(JournalCursor).where(JournalCursor.journal == self.journal.identity)
        found = connection.execute(query).one_or_none()
        if found is None:
            row = {"journal": self.journal.identity, "settled": 0, "session": None}
            row |= {"since_at": now, "since_stamp": None, "clock_set": []}
            connection.execute(insert(JournalCursor), [row])
            found = connection.execute(query).one()
        return found

    def _same_session(self, connection: Connection, cursor: Any, person: str, condition: str, now: int) -> UUID | None:
        if cursor.session is None:
            return None
        session = connection.execute(select(Session).where(Session.id == cursor.session)).one()
        same = (session.person, session.condition, session.task) == (person, condition, self.place.task)
        recent = now - (session.ended_at or session.started_at) <= SAME_SESSION
        return session.id if same and recent else None

    def _read(self, connection: Connection, cursor: Any, now: int, *, close: bool = False,
              clock_was_set: bool = False) -> int:  # fmt: skip
        entries = list(self.journal.entries(after=cursor.settled))
        clock_set = list(cursor.clock_set)
        if clock_was_set:
            clock_set.append(entries[-1].number if entries else cursor.settled)
        read = account(self.journal.identity, entries, cursor.settled, clock_set=clock_set, close=close)
        since_stamp = cursor.since_stamp if cursor.since_stamp is not None else read.first_stamp
        offset = cursor.since_at - (since_stamp or 0)
        if cursor.session is not None:
            self._write(connection, cursor.session, read, offset, now)
        self._count(connection, read.finished, offset, now)
        moved = {"settled": read.settled, "since_stamp": since_stamp}
        moved |= {"clock_set": [n for n in clock_set if n >= read.settled]}
        connection.execute(update(JournalCursor).where(JournalCursor.journal == self.journal.identity), moved)
        return len(read.finished)

    def _write(self, connection: Connection, session: UUID, read: Account, offset: int, now: int) -> None:
        """Write what was read for the session's person, as far as that person allows it now."""
        owner = connection.execute(select(Session).where(Session.id == session)).one()
        writer = self.consents.writer(connection, owner.person, now)
        if Purpose.RECORDS not in writer.allowed:
            return
        writer.put(Run, [r.row | {"session": session} for r in read.runs])
        writer.put(StepRecord, [s for r in read.runs for s in r.steps])
        writer.put(ProblemRecord, [p for r in read.runs for p in r.problems])
        helped = [c for r in read.runs for c in r.coaching] + read.between
        writer.put(Coaching, [c | {"session": session} for c in helped])
        self._write_levels(connection, writer, session, read.levels)
        if read.last_stamp is not None:
            ended = max(owner.ended_at or 0, owner.started_at, read.last_stamp + offset)
            connection.execute(update(Session).where(Session.id == session), {"ended_at": ended})
        if Purpose.HUB in writer.allowed:
            self._send(connection, writer, owner, read.finished, offset)

    def _write_levels(
        self, connection: Connection, writer: Writer, session: UUID, levels: list[dict[str, Any]]
    ) -> None:
        """Write the changes of level; after "leave me alone" it is what it was before."""
        known = select(GuidanceLevel.level).where(GuidanceLevel.session == session, GuidanceLevel.changed_by != "alone")
        for change in levels:
            if change["level"] is None:
                earlier = known.where(GuidanceLevel.since < change["since"]).order_by(GuidanceLevel.since.desc())
                change["level"] = connection.scalar(earlier.limit(1)) or ""
            writer.put(GuidanceLevel, [change | {"session": session}])

    def _send(self, connection: Connection, writer: Writer, session: Any, runs: list[RunAccount], offset: int) -> None:
        """Put finished cycles in the outbox: what the hub needs to count them, and a day instead of a moment."""
        person = self.consents.hub_pseudonym(connection, session.person)
        levels = select(GuidanceLevel.since, GuidanceLevel.level).where(GuidanceLevel.session == session.id)
        known = sorted((since, level) for since, level in connection.execute(levels))
        records = []
        for run in runs:
            row = run.row
            # Work that is done again because of a check is in no hub's figures.
            problems = Counter(p["trouble"] for p in run.problems if not p["disputed"] and p["trouble"] != REWORK)
            level = [level for since, level in known if since <= row["started"]]
            content = {
                "id": str(row["id"]), "person": person, "cell": session.cell, "task": session.task,
                "condition": session.condition, "simulated": session.simulated,
                "day": _day(row["started"] + offset), "seconds": row["seconds"],
                "paused_seconds": row["paused_seconds"], "steps": row["steps"], "picks": row["picks"],
                "problems": dict(problems), "disputed": sum(p["disputed"] for p in run.problems),
                "help_calls": len(run.coaching), "coach_seconds": sum(c["seconds"] or 0.0 for c in run.coaching),
                "level": level[-1] if level else "",
            }  # fmt: skip
            records.append({"id": row["id"], "kind": "cycle", "person": session.person, "content": content})
        writer.put(Outgoing, records)

    def _count(self, connection: Connection, runs: list[RunAccount], offset: int, now: int) -> None:
        """Add finished jobs to the tallies, and tell the hub the new totals."""
        place = vars(self.place)
        for day, jobs in Counter(_day((r.row["ended"] or r.row["started"]) + offset) for r in runs).items():
            key = place | {"day": day}
            this = [getattr(Tally, name) == value for name, value in key.items()]
            total = (connection.scalar(select(Tally.jobs).where(*this)) or 0) + jobs
            upsert(connection, Tally, [key | {"jobs": total}])
            id = uuid5(self.consents.secret(connection), f"{key}")
            self.consents.tell_hub(connection, id, "tally", {"id": str(id), **key, "jobs": total})


def sit_down(where: str, journal: Path, cell: Cell, profile: str, condition: str, simulated: bool) -> None:
    """Write down, before a cell starts, that from here on it is `profile` who works at it.

    Raises:
        PreflightError: store or journal cannot be written.
    """
    place = Workplace(cell.scene.cell, cell.task.task, simulated)
    person = cell.scene.profile.get(profile)
    try:
        with Store(where) as store, Journal(journal) as opened:
            level = person.level if person else ""
            Ingest(store, opened, place).begin(profile, time.time_ns(), condition=condition, level=level)
    except (StoreError, JournalError) as error:
        raise PreflightError(str(error)) from error


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1e9, timezone.utc).strftime("%Y-%m-%d")
