"""The one place where consent is asked: everything kept of a person is written through `Consents.writing_for`, and
everything handed on is read for the people in `Consents.who_said_yes`.

Without a yes nothing of a person is kept; the newest decision counts; a yes can run out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any
from uuid import UUID, uuid4, uuid5

from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from opstap.evaluation.store.database import Store
from opstap.evaluation.store.tables import (
    Answer,
    Base,
    Coaching,
    Consent,
    Fact,
    Form,
    GuidanceLevel,
    Outgoing,
    Person,
    ProblemRecord,
    Run,
    Session,
    StepRecord,
)

TEXT_VERSION = "1"
"""Version of the words in docs/evaluation-store.md and QUESTIONS that a person is shown before deciding."""
HOLDS = 28 * 86_400 * 1_000_000_000
"""How long a yes holds, and what it allows to keep is kept without a new one, ns: four weeks."""


class Purpose(str, Enum):
    """What a person can allow, each on its own."""

    RECORDS = "records"
    """Keep the times, steps and problems of my work at this cell."""
    ANSWERS = "answers"
    """Keep my answers to questions."""
    HUB = "hub"
    """Send the times of my cases to the hub, under another pseudonym, to be counted with those of others."""
    RESEARCH = "research"
    """Let a researcher use what is kept of me, under my pseudonym."""


QUESTIONS: dict[Purpose, dict[str, str]] = {
    Purpose.RECORDS: {
        "en": "May I keep the times, steps and problems of your work here?",
        "nl": "Mag ik de tijden, stappen en problemen van jouw werk hier bewaren?",
    },
    Purpose.ANSWERS: {
        "en": "May I keep your answers to the questions?",
        "nl": "Mag ik jouw antwoorden op de vragen bewaren?",
    },
    Purpose.HUB: {
        "en": "May I send the times of your cases to the hub, without your name?",
        "nl": "Mag ik de tijden van jouw koffers naar de hub sturen, zonder jouw naam?",
    },
    Purpose.RESEARCH: {
        "en": "May a researcher use what is kept of you, without your name?",
        "nl": "Mag een onderzoeker gebruiken wat van jou bewaard is, zonder jouw naam?",
    },
}
"""What a page asks the person, by language."""


class NoConsentError(Exception):
    """A person did not allow this; nothing was written."""

    def __init__(self, person: str, purpose: Purpose) -> None:
        super().__init__(f"'{person}' has not allowed '{purpose.value}': nothing of this was kept")


PURPOSE_OF: dict[type[Base], Purpose] = {
    Session: Purpose.RECORDS,
    Run: Purpose.RECORDS,
    StepRecord: Purpose.RECORDS,
    ProblemRecord: Purpose.RECORDS,
    Coaching: Purpose.RECORDS,
    GuidanceLevel: Purpose.RECORDS,
    Form: Purpose.ANSWERS,
    Answer: Purpose.ANSWERS,
    Outgoing: Purpose.HUB,
}
"""What a row of each table about a person needs. A table that is not here cannot be written by a Writer."""

Row = dict[str, Any]


class Writer:
    """Writes rows about one person in one transaction; made by `Consents.writing_for` only."""

    def __init__(self, connection: Connection, person: str, allowed: frozenset[Purpose]) -> None:
        self.connection = connection
        self.person = person
        self.allowed = allowed

    def put(self, table: type[Base], rows: Sequence[Row]) -> None:
        """Insert rows; one whose key is there already is replaced.

        Raises:
            NoConsentError: the person did not allow what this table keeps.
        """
        purpose = PURPOSE_OF[table]
        if purpose not in self.allowed:
            raise NoConsentError(self.person, purpose)
        if table is Outgoing:  # what is told anew goes to the end of the line
            self.connection.execute(delete(Outgoing).where(Outgoing.id.in_([r["id"] for r in rows])))
        upsert(self.connection, table, rows)


def upsert(connection: Connection, table: type[Base], rows: Sequence[Row]) -> None:
    """Insert rows, replacing those with the same primary key; the same on SQLite and PostgreSQL."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    there = table.__table__
    keys = [c.name for c in there.primary_key]
    by_columns: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        by_columns[tuple(row)].append(row)
    for columns, alike in by_columns.items():
        statement = dialect.insert(there)
        others = {name: statement.excluded[name] for name in columns if name not in keys}
        statement = (
            statement.on_conflict_do_update(index_elements=keys, set_=others)
            if others
            else statement.on_conflict_do_nothing(index_elements=keys)
        )
        connection.execute(statement, alike)


class Consents:
    """The decisions people took, and the gate that follows them."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def decide(self, person: str, purpose: Purpose, granted: bool, now: int, *, expires_at: int | None = None,
               simulated: bool = False, text_version: str = TEXT_VERSION) -> None:  # fmt: skip
        """Write down a person's yes or no (`now`: ns since 1970). A no about the hub also goes to the hub.

        A yes of a real person holds for `HOLDS` at most, and is asked again then.
        """
        if granted and not simulated:
            expires_at = min(expires_at or now + HOLDS, now + HOLDS)
        with self.store.writing() as connection:
            if not connection.scalar(select(Person.person).where(Person.person == person)):
                connection.execute(insert(Person), [{"person": person, "simulated": simulated, "created_at": now}])
            row = {"id": uuid4(), "person": person, "purpose": purpose.value, "granted": granted, "decided_at": now}
            connection.execute(insert(Consent), [row | {"expires_at": expires_at, "text_version": text_version}])
            if purpose is Purpose.HUB and not granted:
                self._forget_at_hub(connection, person)

    def allowed(self, person: str, now: int) -> frozenset[Purpose]:
        """What `person` allows at `now`."""
        with self.store.reading() as connection:
            return _allowed(connection, person, now)

    def decided(self, person: str, now: int) -> dict[Purpose, bool]:
        """What `person` said yes or no to; a yes that has run out is no decision any more."""
        with self.store.reading() as connection:
            newest = _newest(connection, person)
        return {p: r.granted for p, r in newest.items() if not r.granted or r.expires_at is None or r.expires_at > now}

    def who_said_yes(self, purpose: Purpose, now: int) -> Select[Any]:
        """A query for the pseudonyms of all who allow `purpose` at `now`; every hand-on joins it."""
        newest = (
            select(Consent.person, func.max(Consent.decided_at).label("decided_at"))
            .where(Consent.purpose == purpose.value)
            .group_by(Consent.person)
            .subquery()
        )
        same = and_(Consent.person == newest.c.person, Consent.decided_at == newest.c.decided_at)
        # Of a yes and a no of the same moment the no counts.
        refused = select(Consent.person).join(newest, same).where(Consent.purpose == purpose.value, ~Consent.granted)
        return (
            select(Consent.person)
            .join(newest, same)
            .where(
                Consent.purpose == purpose.value,
                Consent.granted,
                or_(Consent.expires_at.is_(None), Consent.expires_at > now),
                Consent.person.not_in(refused),
            )
            .distinct()
        )

    @contextmanager
    def writing_for(self, person: str, purpose: Purpose, now: int) -> Iterator[Writer]:
        """A transaction that may write what `person` allows.

        Raises:
            NoConsentError: `purpose` is not allowed, before anything is written.
        """
        with self.store.writing() as connection:
            allowed = _allowed(connection, person, now)
            if purpose not in allowed:
                raise NoConsentError(person, purpose)
            yield Writer(connection, person, allowed)

    def writer(self, connection: Connection, person: str, now: int) -> Writer:
        """A writer within a transaction that is open already; what is not allowed it refuses."""
        return Writer(connection, person, _allowed(connection, person, now))

    def erase(self, person: str) -> bool:
        """Remove all that is kept of a person, here and at the hub. Returns whether there was anything.

        The bytes are overwritten (SQLite); a backup made elsewhere is not reached.
        """
        with self.store.writing() as connection:
            self._forget_at_hub(connection, person)
            found = connection.execute(delete(Person).where(Person.person == person)).rowcount > 0
        self._wipe_log()
        return found

    def purge(self, now: int) -> list[str]:
        """Remove what people allowed until a moment that has passed. Returns the pseudonyms it was about."""
        touched: set[str] = set()
        with self.store.writing() as connection:
            for person in connection.scalars(select(Person.person)).all():
                lapsed = _lapsed(connection, person, now)
                if Purpose.RECORDS in lapsed:
                    connection.execute(delete(Session).where(Session.person == person))
                if Purpose.ANSWERS in lapsed:
                    connection.execute(delete(Form).where(Form.person == person))
                if Purpose.HUB in lapsed:
                    self._forget_at_hub(connection, person)
                # A lapsed yes is answered with a no, so that it is dealt with once.
                rows = [
                    {"id": uuid4(), "person": person, "purpose": p.value, "granted": False, "decided_at": now,
                     "expires_at": None, "text_version": TEXT_VERSION}
                    for p in lapsed
                ]  # fmt: skip
                if rows:
                    connection.execute(insert(Consent), rows)
                    touched.add(person)
        if touched:
            self._wipe_log()
        return sorted(touched)

    def hub_pseudonym(self, connection: Connection, person: str) -> str:
        """The pseudonym under which the hub knows `person`: made with a secret that does not leave this store."""
        return str(uuid5(self.secret(connection), person))

    def secret(self, connection: Connection) -> UUID:
        """A secret of this store, made when first needed; it never leaves the store."""
        found = connection.scalar(select(Fact.value).where(Fact.name == "secret"))
        if found is None:
            found = str(uuid4())
            connection.execute(insert(Fact), [{"name": "secret", "value": found}])
        return UUID(found)

    def _forget_at_hub(self, connection: Connection, person: str) -> None:
        """Take back what is not sent yet and ask the hub to remove the rest, if the person ever allowed it."""
        ever = select(Consent.id).where(Consent.person == person, Consent.purpose == Purpose.HUB.value, Consent.granted)
        if connection.scalar(ever.limit(1)) is None:
            return
        connection.execute(delete(Outgoing).where(Outgoing.person == person))
        content = {"person": self.hub_pseudonym(connection, person)}
        self.tell_hub(connection, uuid5(self.secret(connection), f"erase/{person}"), "erase", content)

    def tell_hub(self, connection: Connection, id: UUID, kind: str, content: dict[str, Any]) -> None:
        """Put a record about nobody in the outbox; one with the same id that still waits is replaced."""
        connection.execute(delete(Outgoing).where(Outgoing.id == id))
        connection.execute(insert(Outgoing), [{"id": id, "kind": kind, "person": None, "content": content}])

    def _wipe_log(self) -> None:
        """SQLite's log holds copies of what was erased: empty it."""
        if self.store.url.get_backend_name() == "sqlite":
            connection = self.store.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()


def _newest(connection: Connection, person: str) -> dict[Purpose, Any]:
    rows = connection.execute(
        select(Consent.purpose, Consent.granted, Consent.expires_at)
        .where(Consent.person == person)
        .order_by(Consent.decided_at, Consent.granted.desc())
    )
    return {Purpose(r.purpose): r for r in rows}


def _allowed(connection: Connection, person: str, now: int) -> frozenset[Purpose]:
    newest = _newest(connection, person)
    return frozenset(p for p, row in newest.items() if row.granted and (row.expires_at is None or row.expires_at > now))


def _lapsed(connection: Connection, person: str, now: int) -> list[Purpose]:
    newest = _newest(connection, person)
    return [p for p, row in newest.items() if row.granted and row.expires_at is not None and row.expires_at <= now]


__all__ = ["Consents", "NoConsentError", "Purpose", "Writer", "upsert"]
