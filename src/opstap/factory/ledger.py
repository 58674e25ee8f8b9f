"""The ledger: orders, finished cases and what is still to be told, in one SQLite file of the cell.

Finished cases come from the work guide's journal, each once: the place up to which it was read is written in the same
transaction. A case counts for the oldest open order of its task.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from opstap.factory.facts import Event, Happening, Job, Order, OrderState
from opstap.workflow.journal import Journal
from opstap.workflow.model import Outcome

VERSION = 1
MOST_OPEN = 1000
"""Open orders at a time."""
BUFFERED = 10_000
"""Events kept for a broker that is away; older ones are dropped, and counted."""
SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS orders (
    number  INTEGER PRIMARY KEY,            -- order of arrival
    name    TEXT NOT NULL UNIQUE,           -- the factory's number
    task    TEXT NOT NULL,
    count   INTEGER NOT NULL,
    done    INTEGER NOT NULL DEFAULT 0,
    progress TEXT NOT NULL DEFAULT 'open'   -- open, done, cancelled
) STRICT;
CREATE TABLE IF NOT EXISTS jobs (number INTEGER PRIMARY KEY, task TEXT NOT NULL, name TEXT NOT NULL,
    day TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY AUTOINCREMENT, happened TEXT NOT NULL, name TEXT NOT NULL,
    task TEXT NOT NULL, done INTEGER NOT NULL, day TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS journals (identity TEXT PRIMARY KEY, read INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO counts VALUES ('lost', 0);
PRAGMA user_version = {VERSION};
COMMIT;
"""


class LedgerError(Exception):
    """The ledger cannot be opened or written; the message says what to do."""


class OrderRefusedError(Exception):
    """An order cannot be taken; the message says why."""


class Ledger:
    """The ledger in one file. To be used by the thread that made it.

    Args:
        task: the cell's task; orders for another one are refused.

    Raises:
        LedgerError: the file cannot be opened or is no ledger.
    """

    def __init__(self, path: Path, task: str) -> None:
        self.path, self.task = path, task
        with self._told():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=5.0)
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            (tables,) = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if version not in (0, VERSION) or (version == 0 and tables):
                raise LedgerError(f"{path}: no ledger of this version. Move it away, and a new one is begun.")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.executescript(SCHEMA)
        self.fresh = version == 0

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path}: the ledger cannot be used ({error})") from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def place(self, order: Order, now: int) -> tuple[OrderState, bool]:
        """Take an order (`now`: ns since 1970); the same one again changes nothing. Returns it, and whether it is new.

        Raises:
            OrderRefusedError: it is for another task, its number stands for another order, or too many are open.
        """
        if order.task != self.task:
            raise OrderRefusedError(f"task: found '{order.task}', allowed: {self.task}, which this cell is set up for")
        there = self.order(order.order)
        if there is not None:
            if (there.task, there.count) != (order.task, order.count):
                raise OrderRefusedError(f"order: '{order.order}' is there already, for {there.count} of '{there.task}'")
            return there, False
        if len(self.orders("open")) >= MOST_OPEN:
            raise OrderRefusedError(f"order: {MOST_OPEN} orders are open, allowed: no more")
        with self._writing():
            self._db.execute(
                "INSERT INTO orders (name, task, count) VALUES (?, ?, ?)", (order.order, order.task, order.count)
            )
            self._happened("order_placed", order.order, order.task, 0, _day(now))
        return OrderState(**order.model_dump(), done=0, progress="open"), True

    def cancel(self, name: str, now: int) -> OrderState | None:
        """Take an open order back; None when there is no order of that number.

        Raises:
            OrderRefusedError: it is done.
        """
        found = self.order(name)
        if found is None or found.progress == "cancelled":
            return found
        if found.progress == "done":
            raise OrderRefusedError(f"order: '{name}' is done, and cannot be taken back")
        with self._writing():
            self._db.execute("UPDATE orders SET progress = 'cancelled' WHERE name = ?", (name,))
            self._happened("order_cancelled", name, found.task, found.done, _day(now))
        return self.order(name)

    def order(self, name: str) -> OrderState | None:
        found = self._orders("WHERE name = ?", name)
        return found[0] if found else None

    def orders(self, progress: str = "") -> tuple[OrderState, ...]:
        """All orders, or those of this progress, oldest first."""
        return self._orders("WHERE progress = ?", progress) if progress else self._orders("")

    def _orders(self, where: str, *values: str) -> tuple[OrderState, ...]:
        query = f"SELECT name, task, count, done, progress FROM orders {where} ORDER BY number"
        with self._told():
            rows = self._db.execute(query, values).fetchall()
        return tuple(OrderState(order=n, task=t, count=c, done=d, progress=p) for n, t, c, d, p in rows)

    @property
    def current(self) -> OrderState | None:
        """The order that the next finished case counts for."""
        found = self._orders("WHERE progress = 'open' AND task = ?", self.task)
        return found[0] if found else None

    @property
    def finished(self) -> int:
        """Number of finished cases."""
        with self._told():
            return int(self._db.execute("SELECT coalesce(max(number), 0) FROM jobs").fetchone()[0])

    def jobs(self, after: int, most: int) -> tuple[Job, ...]:
        """Up to `most` finished cases after number `after`, oldest first."""
        query = "SELECT number, task, name, day FROM jobs WHERE number > ? ORDER BY number LIMIT ?"
        with self._told():
            rows = self._db.execute(query, (after, most)).fetchall()
        return tuple(Job(number=n, task=t, order=o, day=d) for n, t, o, d in rows)

    def read(self, journal: Journal, now: int) -> int:
        """Take over what was finished since the last time; returns how many cases.

        A new ledger begins where the journal is: what was done before the bridge was switched on is not told.

        Raises:
            JournalError: the journal cannot be read.
        """
        identity = str(journal.identity)
        with self._told():
            known = self._db.execute("SELECT read FROM journals WHERE identity = ?", (identity,)).fetchone()
        after = known[0] if known else journal.last if self.fresh else 0
        last, done = after, 0
        for entry in journal.entries(after):
            last = entry.number
            done += sum(note.outcome is Outcome.JOB_DONE for note in entry.notes)
        if known and last == after:
            return 0
        with self._writing():
            for _ in range(done):
                self._job_done(_day(now))
            self._db.execute("INSERT OR REPLACE INTO journals VALUES (?, ?)", (identity, last))
        self.fresh = False
        return done

    def _job_done(self, day: str) -> None:
        order = self.current
        name, counted = (order.order, order.done + 1) if order else ("", 0)
        self._db.execute("INSERT INTO jobs (task, name, day) VALUES (?, ?, ?)", (self.task, name, day))
        self._happened("job_done", name, self.task, counted, day)
        if order:
            progress = "done" if counted >= order.count else "open"
            self._db.execute("UPDATE orders SET done = ?, progress = ? WHERE name = ?", (counted, progress, name))
            if progress == "done":
                self._happened("order_done", name, self.task, counted, day)

    def _happened(self, happened: Happening, name: str, task: str, done: int, day: str) -> None:
        row = (happened, name, task, done, day)
        number = self._db.execute(
            "INSERT INTO events (happened, name, task, done, day) VALUES (?, ?, ?, ?, ?)", row
        ).lastrowid
        dropped = self._db.execute("DELETE FROM events WHERE number <= ?", ((number or 0) - BUFFERED,)).rowcount
        self._db.execute("UPDATE counts SET value = value + ? WHERE name = 'lost'", (dropped,))

    def untold(self, most: int) -> tuple[Event, ...]:
        """Up to `most` events that the broker does not have yet, oldest first."""
        query = "SELECT number, happened, name, task, done, day FROM events ORDER BY number LIMIT ?"
        with self._told():
            (lost,) = self._db.execute("SELECT value FROM counts WHERE name = 'lost'").fetchone()
            rows: list[tuple[Any, ...]] = self._db.execute(query, (most,)).fetchall()
        return tuple(Event(number=n, happened=h, order=o, task=t, done=c, day=d, lost=lost)
                     for n, h, o, t, c, d in rows)  # fmt: skip

    def told(self, number: int) -> None:
        """The broker has all events up to this number."""
        with self._writing():
            self._db.execute("DELETE FROM events WHERE number <= ?", (number,))


def _day(now: int) -> str:
    return datetime.fromtimestamp(now / 1e9, timezone.utc).strftime("%Y-%m-%d")
