"""The same store on a real PostgreSQL, which this file starts."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hubs import content
from packing import START, Packing
from sqlalchemy import create_engine, text
from test_store import NOW, allow, work

from opstap.evaluation.hub.aggregates import aggregates
from opstap.evaluation.hub.keeping import HubStore, Known
from opstap.evaluation.hub.protocol import Batch, digest, essence
from opstap.evaluation.store import Consents, NoConsentError, Purpose, Reading, Store, StoreError
from opstap.evaluation.store.ingest import Ingest, Workplace
from opstap.instructions import Cell


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A cluster in a folder of its own, on a socket only; PostgreSQL refuses to run as root, so root becomes nobody."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if initdb is None:
        pytest.skip("no PostgreSQL: install it (Debian, Ubuntu: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="opstap-pg-"))
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user, -1)
    control = Path(initdb).parent / "pg_ctl"
    quiet = {"check": True, "capture_output": True, "user": user, "cwd": folder, "timeout": 120}
    subprocess.run([initdb, "-D", folder / "data", "-U", "opstap", "-A", "trust", "--no-sync"], **quiet)  # type: ignore[call-overload]
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    start = [control, "-D", folder / "data", "-o", options, "-l", folder / "log", "-w", "start"]
    subprocess.run(start, **quiet)  # type: ignore[call-overload]
    yield f"postgresql://opstap@/postgres?host={folder}"
    subprocess.run([control, "-D", folder / "data", "-m", "immediate", "stop"], **quiet)  # type: ignore[call-overload]
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(server: str) -> str:
    """A database that is empty."""
    engine = create_engine(server.replace("postgresql", "postgresql+psycopg", 1), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS cell WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE cell"))
    engine.dispose()
    return server.replace("/postgres?", "/cell?")


def test_consent_work_and_reading(database: str, cell: Cell, tmp_path: Path) -> None:
    with Store(database) as store:
        with pytest.raises(NoConsentError):
            work(store, "p01")
        allow(store, "p01", *Purpose, now=START)
        desk = Packing(cell, tmp_path / "journal.db")
        ingest = Ingest(store, desk.journal, Workplace("oral_care", "oral_care_case", False))
        ingest.begin("p01", START, condition="with")
        for _ in range(2):
            desk.job()
            ingest.read(desk.now)
        assert [(c.seconds, c.steps) for c in Reading(store, Purpose.RESEARCH, NOW).cycles()] == [(104, 26)] * 2
        assert list(Reading(store, Purpose.RECORDS, NOW).tallies().values()) == [2]
        assert Consents(store).erase("p01")
        assert Reading(store, Purpose.RECORDS, NOW).cycles() == []
    with Store(database) as again, again.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="A newer Opstap made this store"):
        Store(database)


def test_a_hub(database: str) -> None:
    with HubStore(database) as hub:
        hub.admit("cell_1", "cell", "west")
        known = Known("cell_1", "cell", "west")
        records = [
            {"kind": "cycle", "sequence": n, "id": content(n)["id"], "content": content(n, f"p{n % 5}")}
            for n in range(1, 11)
        ]
        for _ in range(2):
            hub.take([(known, Batch.model_validate({"batch": "b", "records": records}))])
        (group,) = aggregates(hub)
        assert (group.people, group.cycles) == (5, 10)
        proof = hub.prove("cell_1", "n" * 16, [("cycle", str(r["id"])) for r in records])
        assert proof == digest("n" * 16, [essence("cycle", r["content"]) for r in records])  # type: ignore[arg-type]


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(StoreError, match=r"postgresql\+psycopg://u:\*\*\*@.*cannot be opened: .*To do: check that"):
        Store("postgresql://u:secret@127.0.0.1:1/none")
