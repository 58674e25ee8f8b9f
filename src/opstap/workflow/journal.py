"""The journal: every event the work guide handled, written before its effect is shown.

An append-only SQLite file in WAL mode, one transaction an event, synced to disk. The state is never stored: it is what
`step` makes of the events, so a guide that is killed at any instant comes back at the right step by reading them again.
An event that was written is not handled twice, because workspace events carry a sequence number.

No line is kept for longer than `KEPT`, nor when the person it is about asks to be forgotten: one line with the state
that they had made then takes the place of those that go, and their bytes are overwritten.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from opstap.instructions import Cell
from opstap.workflow.engine import step
from opstap.workflow.model import (
    Asked,
    Condensed,
    Content,
    Event,
    Happened,
    Note,
    OperatorInput,
    Outcome,
    PlaceChanged,
    Started,
    State,
    Tray,
    TrayChanged,
    TrayVisited,
    WorkspaceEvent,
)

VERSION = 4
"""Of the form of the file, kept in it as `user_version`; raised when the table or the events' fields change."""
READS = (1, 2, 3, VERSION)
"""Forms that can be read and written on: 1 had no person in `started` and no settings in `operator_input`, 2 nothing
`condensed`, 3 no order of steps in it."""
KEPT = 28 * 86_400_000_000_000
"""How long a line is kept at most, ns: four weeks."""
SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS journal (
    number  INTEGER PRIMARY KEY,    -- order of writing
    stamp   INTEGER NOT NULL,       -- nanoseconds of the cell's clock: the cause's capture time
    kind    TEXT NOT NULL,          -- started, workspace_event, place_changed, operator_input, tray_changed, ...
    event   TEXT NOT NULL,          -- the event as JSON
    notes   TEXT NOT NULL           -- what it meant, as JSON
) STRICT;
CREATE TABLE IF NOT EXISTS identity (
    id      TEXT NOT NULL           -- a UUID of this journal, so that who reads it twice can tell
) STRICT;
INSERT INTO identity SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT * FROM identity);
PRAGMA user_version = {VERSION};
COMMIT;
"""
WAIT = 5.0
"""Seconds to wait for another program that writes in the journal."""


class JournalError(Exception):
    """The journal cannot be opened, read or written, or belongs to another task; the message says what to do."""


@dataclass(frozen=True)
class Entry:
    """One line of the journal."""

    number: int
    stamp: int
    event: Event
    notes: tuple[Note, ...]


class Journal:
    """The journal in one file; with `reading`, one that is there and is not written, also while a cell writes it.

    Raises:
        JournalError: the file cannot be opened or is not a journal of this version.
    """

    def __init__(self, path: Path, *, reading: bool = False) -> None:
        self.path = path
        with self._told("opened"):
            if not reading:
                path.parent.mkdir(parents=True, exist_ok=True)
            mode = "rw" if reading else "rwc"  # a reader, too, has to share the write-ahead log's index
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=WAIT
            )
            version = self._version()
            if version not in (*READS, None if reading else 0):
                self._db.close()
                raise JournalError(_OTHER.format(path=path, found=version if version >= 0 else "none"))
            if not reading:
                self._db.execute("PRAGMA journal_mode=WAL")
                # FULL: a commit is on the disk before it returns, so a power cut loses nothing that was shown.
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.execute("PRAGMA secure_delete=ON")
                self._db.executescript(SCHEMA)
            self.identity = UUID(self._db.execute("SELECT id FROM identity").fetchone()[0])

    def _version(self) -> int:
        """0: a new file; -1: another program's, or an older form that was not numbered."""
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        return -1 if version == 0 and tables else int(version)

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        """Tell what the system or SQLite refuses, and what to do about it."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            advice = next((a for words, a in _ADVICE.items() if words in str(error)), _ADVICE[""])
            raise JournalError(f"{self.path}: the journal cannot be {done} ({error}). {advice}") from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def append(self, event: Event, notes: tuple[Note, ...]) -> None:
        """Write one event and what it meant; it is on the disk when this returns.

        Raises:
            JournalError: it is not written.
        """
        row = (event.stamp, _KIND[type(event)], json.dumps(asdict(event)), json.dumps([asdict(n) for n in notes]))
        with self._told("written"):
            self._db.execute("INSERT INTO journal (stamp, kind, event, notes) VALUES (?, ?, ?, ?)", row)

    def condense(self, upto: int, event: Condensed) -> None:
        """Put one line with `event` in the place of all up to number `upto`; their bytes are overwritten.

        Raises:
            JournalError: it cannot be written, or another program holds on to the old lines.
        """
        row = (upto, event.stamp, _KIND[Condensed], json.dumps(asdict(event)), "[]")
        with self._told("written"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.execute("DELETE FROM journal WHERE number <= ?", (upto,))
                self._db.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", row)
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise JournalError(f"{self.path}: old lines are removed, but another program reads them still. Ask again.")

    def lines_of(self, person: str) -> list[dict[str, Any]]:
        """What was written while `person` worked, as plain data: for that person to take away."""
        found, theirs = [], False
        for entry in self.entries():
            if isinstance(entry.event, Started):
                theirs = entry.event.person == person
            if theirs:
                notes = [asdict(note) for note in entry.notes]
                line = {"stamp": entry.stamp, "kind": _KIND[type(entry.event)], "event": asdict(entry.event)}
                found.append(line | {"notes": notes})
        return found

    def people(self, after: int) -> set[str]:
        """Profile ids of who began to work after line number `after`."""
        query = "SELECT event FROM journal WHERE kind = 'started' AND number > ?"
        return {json.loads(event)["person"] for (event,) in self._db.execute(query, (after,))}

    @property
    def last(self) -> int:
        """Number of the newest line, 0 where there is none."""
        return int(self._db.execute("SELECT coalesce(max(number), 0) FROM journal").fetchone()[0])

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """All lines, or those after line number `after`, in the order they were written.

        Raises:
            JournalError: the file is damaged; the message names the line.
        """
        with self._told("read"):
            rows = self._db.execute("SELECT * FROM journal WHERE number > ? ORDER BY number", (after,))
            for number, stamp, kind, event, notes in rows:
                try:
                    read = _READ[kind](json.loads(event))
                    yield Entry(number, stamp, read, tuple(_note(n) for n in json.loads(notes)))
                except (KeyError, TypeError, ValueError) as error:
                    raise JournalError(_LINE.format(path=self.path, number=number, error=error)) from error


class Recorder:
    """State machine and journal together: `handle` an event, and it is decided, written, and only then visible.

    Raises:
        JournalError: the journal was written for another task.
    """

    def __init__(self, cell: Cell, journal: Journal) -> None:
        self.cell = cell
        self.journal = journal
        self.state = State()
        for entry in journal.entries():
            self.state, _ = step(cell, self.state, entry.event)
        if self.state.task not in ("", cell.task.task):
            raise JournalError(
                f"{journal.path}: this journal is of task '{self.state.task}', not '{cell.task.task}'. "
                "Finish that job, or give another folder for this one."
            )

    def handle(self, event: Event) -> tuple[Note, ...]:
        """Decide on an event and write it, unless it changes nothing."""
        state, notes = step(self.cell, self.state, event)
        if state == self.state:
            return ()
        self.journal.append(event, notes)
        self.state = state
        return notes

    def forget(self, person: str, stamp: int) -> None:
        """Remove what was written, for `person` asked for it; the job goes on where it is, as nobody's.

        Raises:
            JournalError: see `Journal.condense`.
        """
        settings = {who: chosen for who, chosen in self.state.settings.items() if who != person}
        whose = "" if self.state.person == person else self.state.person
        state = replace(self.state, person=whose, settings=settings, mixups=0, good_jobs=0)
        self.journal.condense(self.journal.last, Condensed(stamp, state))
        self.state = state

    def expire(self, before: int) -> bool:
        """Remove the lines that are older than the stamp `before`, ns; whether there were any.

        What people chose at the bench is kept only of those who worked here since.

        Raises:
            JournalError: see `Journal.condense`.
        """
        state, old = State(), list[Entry]()
        for entry in self.journal.entries():
            if entry.stamp >= before:
                break
            old.append(entry)
            state, _ = step(self.cell, state, entry.event)
        if all(isinstance(entry.event, Condensed) for entry in old):
            return False
        here = {self.state.person, *self.journal.people(old[-1].number)}
        state = replace(state, settings={who: chosen for who, chosen in state.settings.items() if who in here})
        self.journal.condense(old[-1].number, Condensed(old[-1].stamp, state))
        return True


_ADVICE = {
    "disk is full": "Make room on the disk: the work goes on where it was.",
    "disk I/O": "Look after the disk, and move what is left of the journal to another one.",
    "locked": "Another program writes in it: is this cell running twice?",
    "not a database": "Move that file away, or give another folder.",
    "malformed": "Move it away; the cell starts a new one.",
    "": "Give a folder you may write in, or move it away.",
}
"""What to do, by words in the error's text (SQLite's result codes are not in Python 3.10's errors)."""
_OTHER = (
    "{path}: this is no journal of this version (found version {found}, allowed: " + f"{VERSION}"
    "). Move it away, or read it with the version that wrote it."
)
_LINE = "{path}: line {number} of the journal cannot be read ({error!r}). Move it away; the cell starts a new one."


def _note(data: dict[str, Any]) -> Note:
    return Note(**{**data, "outcome": Outcome(data["outcome"])})


_KIND: dict[type, str] = {
    Started: "started",
    WorkspaceEvent: "workspace_event",
    PlaceChanged: "place_changed",
    OperatorInput: "operator_input",
    TrayChanged: "tray_changed",
    TrayVisited: "tray_visited",
    Condensed: "condensed",
}
_CONDENSED = TypeAdapter(Condensed)
_READ: dict[str, Callable[[dict[str, Any]], Event]] = {
    "started": lambda d: Started(**d),
    "workspace_event": lambda d: WorkspaceEvent(**{**d, "happened": Happened(d["happened"])}),
    "place_changed": lambda d: PlaceChanged(**{**d, "content": Content(d["content"])}),
    "operator_input": lambda d: OperatorInput(**{**d, "asked": Asked(d["asked"])}),
    "tray_changed": lambda d: TrayChanged(**{**d, "tray": Tray(d["tray"])}),
    "tray_visited": lambda d: TrayVisited(**d),
    "condensed": _CONDENSED.validate_python,
}
