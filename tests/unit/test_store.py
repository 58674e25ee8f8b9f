"""The store: its schema, its transactions, and that nothing of a person gets in or out without a yes."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hubs import fill
from sqlalchemy import func, select, text

from opstap.evaluation.hub.keeping import HubStore
from opstap.evaluation.store import Consents, NoConsentError, Purpose, Reading, Store, StoreError
from opstap.evaluation.store.consent import PURPOSE_OF
from opstap.evaluation.store.tables import Answer, Base, Coaching, Form, Outgoing, Person, ProblemRecord, Run, Session

DAY = 86_400_000_000_000
NOW = 1_790_000_000_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store(tmp_path / "store.db") as store:
        yield store


def session_row(person: str, **other: Any) -> dict[str, Any]:
    row = {"id": uuid4(), "person": person, "cell": "oral_care", "task": "oral_care_case", "condition": "with"}
    return row | {"simulated": True, "started_at": NOW, "ended_at": None} | other


def run_row(session: UUID, **other: Any) -> dict[str, Any]:
    row = {"id": uuid4(), "session": session, "entry": 3, "started": 10, "ended": 15, "seconds": 200.0}
    counts = {"paused_seconds": 0.0, "steps": 26, "picks": 26, "corrections": 0, "missed_events": 0}
    return row | counts | {"clock_ok": True} | other


def allow(store: Store, person: str, *purposes: Purpose, now: int = NOW, **how: Any) -> Consents:
    consents = Consents(store)
    for purpose in purposes:
        consents.decide(person, purpose, True, now, **how)
    return consents


def count(store: Store, table: type[Base]) -> int:
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def work(store: Store, person: str, now: int = NOW) -> None:
    """One session with one run and a problem."""
    session = session_row(person)
    run = run_row(session["id"])
    problem = {"id": uuid4(), "run": run["id"], "step": "probe", "trouble": "wrong_pick", "place": "bin_02"}
    with Consents(store).writing_for(person, Purpose.RECORDS, now) as writer:
        writer.put(Session, [session])
        writer.put(Run, [run])
        writer.put(ProblemRecord, [problem | {"seen": 3, "seconds": 2.5, "disputed": False}])


def test_sqlite_is_in_wal_mode_and_synced_in_full(store: Store) -> None:
    with store.reading() as connection:
        pragma = {p: connection.exec_driver_sql(f"PRAGMA {p}").scalar() for p in ("journal_mode", "synchronous")}
    assert pragma == {"journal_mode": "wal", "synchronous": 2}


def test_without_a_yes_nothing_of_a_person_is_kept(store: Store) -> None:
    with pytest.raises(NoConsentError, match="'p07' has not allowed 'records'"):
        work(store, "p07")
    allow(store, "p07", Purpose.ANSWERS)
    with pytest.raises(NoConsentError):
        work(store, "p07")
    assert count(store, Session) == count(store, Run) == 0


def test_each_table_asks_for_its_own_purpose(store: Store) -> None:
    consents = allow(store, "p07", Purpose.RECORDS)
    form = {"id": uuid4(), "person": "p07", "instrument": "sus", "version": "1", "phase": "post", "condition": ""}
    form |= {"language": "nl", "simulated": False, "opened_at": NOW, "finished_at": None}

    def both() -> None:
        with consents.writing_for("p07", Purpose.RECORDS, NOW) as writer:
            writer.put(Session, [session_row("p07")])
            writer.put(Form, [form])

    with pytest.raises(NoConsentError):
        both()
    assert count(store, Session) == 0, "the transaction is undone as a whole"
    people = {t.__tablename__ for t in PURPOSE_OF}
    assert people == {
        "sessions",
        "runs",
        "steps",
        "problems",
        "coaching",
        "guidance_levels",
        "forms",
        "answers",
        "outbox",
    }


def test_no_other_module_writes_a_persons_rows() -> None:
    """`insert` and `upsert` are used where consent is asked, and for what is not about a person."""
    root = Path(__file__).parents[2] / "src/opstap"
    names = "|".join(t.__name__ for t in PURPOSE_OF)
    for path in root.rglob("*.py"):
        if path.name != "consent.py":
            found = re.findall(rf"(?:insert|upsert)\((?:\w+, )?(?:{names})\b", path.read_text())
            assert not found, f"{path}: {found}"


def test_a_yes_runs_out_and_what_it_kept_goes(store: Store) -> None:
    consents = allow(store, "p07", Purpose.RECORDS, expires_at=NOW + 28 * DAY)
    work(store, "p07", NOW + DAY)
    assert consents.purge(NOW + 27 * DAY) == []
    assert count(store, Run) == 1
    with pytest.raises(NoConsentError):
        work(store, "p07", NOW + 28 * DAY)
    assert consents.purge(NOW + 28 * DAY) == ["p07"]
    assert count(store, Run) == count(store, Session) == 0
    assert consents.purge(NOW + 29 * DAY) == [], "dealt with once"


def test_the_newest_decision_counts_and_no_wins_a_tie(store: Store) -> None:
    consents = allow(store, "p07", Purpose.RESEARCH)
    assert Reading(store, Purpose.RESEARCH, NOW).people() == ["p07"]
    consents.decide("p07", Purpose.RESEARCH, False, NOW)
    assert Reading(store, Purpose.RESEARCH, NOW).people() == []
    assert consents.allowed("p07", NOW) == frozenset()
    consents.decide("p07", Purpose.RESEARCH, True, NOW + 1)
    assert Reading(store, Purpose.RESEARCH, NOW).people() == ["p07"]


def test_reading_sees_only_those_who_allow_it(store: Store) -> None:
    for person, purposes in (("p01", (Purpose.RECORDS, Purpose.RESEARCH)), ("p02", (Purpose.RECORDS,))):
        allow(store, person, *purposes)
        work(store, person)
    reading = Reading(store, Purpose.RESEARCH, NOW)
    (cycle,) = reading.cycles()
    assert (cycle.person, cycle.seconds, cycle.problems, cycle.session_number) == ("p01", 200.0, {"wrong_pick": 1}, 1)
    assert [s.person for s in reading.sessions()] == ["p01"]
    assert [c.person for c in Reading(store, Purpose.RECORDS, NOW).cycles()] == ["p01", "p02"]


def test_half_filled_form_is_kept_and_said_to_be_so(store: Store) -> None:
    consents = allow(store, "p07", Purpose.ANSWERS, Purpose.RESEARCH)
    form = {"id": uuid4(), "person": "p07", "instrument": "sus", "version": "1", "phase": "post", "condition": ""}
    form |= {"language": "nl", "simulated": False, "opened_at": NOW, "finished_at": None}
    answer = {"form": form["id"], "item": "q1", "value": 4.0, "text": None, "answered_at": NOW}
    for value in (4.0, 3.0, None):  # changed, then skipped after all
        with consents.writing_for("p07", Purpose.ANSWERS, NOW) as writer:
            writer.put(Form, [form])
            writer.put(Answer, [answer | {"value": value}])
    (read,) = Reading(store, Purpose.RESEARCH, NOW).forms("sus")
    assert (read.finished, read.answers) == (False, {"q1": None})
    assert Reading(store, Purpose.RESEARCH, NOW).forms("tlx") == []


def test_erase_removes_every_byte(store: Store, tmp_path: Path) -> None:
    person = "zebra_finch"
    consents = allow(store, person, *Purpose)
    work(store, person)
    session = session_row(person, condition="unmistakable")
    with consents.writing_for(person, Purpose.HUB, NOW) as writer:
        writer.put(Session, [session])
        writer.put(Outgoing, [{"id": uuid4(), "kind": "cycle", "person": person, "content": {"of": "zebra_finch"}}])
    on_disk = lambda: b"".join(p.read_bytes() for p in tmp_path.glob("store.db*"))  # noqa: E731
    assert b"zebra_finch" in on_disk()
    assert b"unmistakable" in on_disk()
    assert consents.erase(person)
    assert b"zebra_finch" not in on_disk()
    assert b"unmistakable" not in on_disk()
    assert count(store, Person) == count(store, Run) == 0
    with store.reading() as connection:
        (row,) = connection.execute(select(Outgoing)).all()
        assert (row.kind, row.person) == ("erase", None)
        assert row.content == {"person": consents.hub_pseudonym(connection, person)}
    assert not consents.erase(person)


def test_file_of_something_else_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE recipes (id)")
    with pytest.raises(StoreError, match="tables that are not Opstap's"):
        Store(other)
    (tmp_path / "text.db").write_text("hello, this is not a database at all, but long enough to be looked at" * 20)
    with pytest.raises(StoreError, match="not a database"):
        Store(tmp_path / "text.db")
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="folder cannot be made"):
        Store(tmp_path / "file" / "store.db")
    with pytest.raises(StoreError, match=r"found 'mysql://u:\*\*\*@h/d', allowed: a path, or postgresql"):
        Store("mysql://u:secret@h/d")


def test_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with Store(path) as store, store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"found schema '9999', allowed: up to '.*'. A newer Opstap made this store"):
        Store(path)
    assert path.read_bytes() == before


def test_a_hubs_store_is_not_taken_for_a_cells(tmp_path: Path) -> None:
    HubStore(tmp_path / "hub.db").close()
    with pytest.raises(StoreError, match=r"found schema 'hub_0001'.*store of something else, such as a hub"):
        Store(tmp_path / "hub.db")


def test_an_older_schema_is_migrated_with_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with Store(path) as store:
        fill(store, range(3))
        with store.writing() as connection:
            plain = re.sub("AUTOINCREMENT", "", connection.exec_driver_sql(
                "SELECT sql FROM sqlite_schema WHERE name = 'outbox'").scalar_one())  # fmt: skip
            rows = connection.execute(select(Outgoing.__table__)).all()
            connection.exec_driver_sql("ALTER TABLE outbox RENAME TO before")
            connection.exec_driver_sql(plain)
            connection.exec_driver_sql("INSERT INTO outbox SELECT * FROM before")
            connection.exec_driver_sql("DROP TABLE before")
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with Store(path) as store, store.reading() as connection:
        assert connection.execute(select(Outgoing.__table__)).all() == rows
        assert "AUTOINCREMENT" in connection.exec_driver_sql(
            "SELECT sql FROM sqlite_schema WHERE name = 'outbox'").scalar_one()  # fmt: skip


def test_models_and_migrations_say_the_same(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_comment": False})
        assert compare_metadata(context, Base.metadata) == []


def test_every_column_says_what_it_means() -> None:
    for table in Base.metadata.tables.values():
        for column in table.columns:
            assert column.doc, f"{table.name}.{column.name}"


def test_a_moment_with_a_coach_at_an_empty_bin_counts_once(store: Store) -> None:
    allow(store, "p07", Purpose.RECORDS)
    session = session_row("p07")
    run = run_row(session["id"])
    empty = {"id": uuid4(), "run": run["id"], "step": "probe", "trouble": "empty_bin", "place": "bin_02"}
    with Consents(store).writing_for("p07", Purpose.RECORDS, NOW) as writer:
        writer.put(Session, [session])
        writer.put(Run, [run])
        writer.put(ProblemRecord, [empty | {"seen": 10_000_000_000, "seconds": 20.0, "disputed": False}])
        help_ = {"id": uuid4(), "session": session["id"], "run": run["id"], "asked_by": "worker"}
        writer.put(Coaching, [help_ | {"started": 25_000_000_000, "seconds": 15.0}])
    (cycle,) = Reading(store, Purpose.RECORDS, NOW).cycles()
    assert cycle.held_up_seconds == pytest.approx(30)
