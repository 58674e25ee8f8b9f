"""Opens the store, brings its schema up to date, and hands out transactions. Nothing here knows what is kept."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY = 10.0
"""How long a transaction waits for another program's, s."""

log = logging.getLogger(__name__)


AnyStore = TypeVar("AnyStore", bound="Store")


class StoreError(Exception):
    """The store cannot be opened, read or written; the message says what to do. What was written before is safe."""


class NewerStoreError(StoreError):
    """The store was made by a newer Opstap."""


class Store:
    """One store: an SQLite file (in WAL mode) or a PostgreSQL database.

    An older schema is migrated when the store is opened; a newer one is refused and left as it is.

    Args:
        where: path of an SQLite file, or a SQLAlchemy URL such as `postgresql+psycopg://user@host/opstap`.

    Raises:
        StoreError: it cannot be opened, or is no store of ours, or is newer than this program.
    """

    migrations = MIGRATIONS
    """Folder with Alembic's scripts."""

    def __init__(self, where: Path | str) -> None:
        self.url = _url(where)
        self.name = self.url.render_as_string(hide_password=True)
        if self.url.get_backend_name() == "sqlite":
            self.name = self.url.database or ""
            try:
                Path(self.name).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"{self.name}: the folder cannot be made ({error.strerror})") from error
        self.engine = _engine(self.url)
        with self._told("opened"):
            self._migrate()

    def __enter__(self: AnyStore) -> AnyStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the store throughout.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._told("read"), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it is on the disk when the block ends, or nothing of it.

        Raises:
            StoreError: the store cannot be written: disk full, file not writable, another program holds it.
        """
        with self._told("written"), self.engine.execution_options(opstap_writes=True).begin() as connection:
            yield connection

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn the database's errors into one message that says what to do."""
        try:
            yield
        except (OperationalError, DatabaseError) as error:
            raise StoreError(f"{self.name}: the store cannot be {what}: {_advice(error)}") from error

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(self.migrations).replace("%", "%%"))
        script = ScriptDirectory.from_config(config)
        newest = script.get_current_head()
        with self.engine.execution_options(opstap_writes=True).begin() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
            if found == newest:
                return
            known = {r.revision for r in script.walk_revisions()}
            if found is not None and found not in known:
                raise NewerStoreError(
                    f"{self.name}: found schema '{found}', allowed: up to '{newest}'. A newer Opstap made this store, "
                    "or it is the store of something else, such as a hub. Nothing was changed."
                )
            if found is None and inspect(connection).get_table_names():
                raise StoreError(
                    f"{self.name}: found tables that are not Opstap's, allowed: a new file or an empty database"
                )
            log.info("%s: schema %s -> %s", self.name, found or "none", newest)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _url(where: Path | str) -> URL:
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(Path(where).absolute()))
    try:
        url = make_url(where)
        backend = url.get_backend_name()
    except ArgumentError as error:
        raise StoreError(f"store: found '{where}', allowed: a path, or postgresql+psycopg://user@host/name") from error
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database:
        return url
    found = url.render_as_string(hide_password=True)
    raise StoreError(f"store: found '{found}', allowed: a path, or postgresql+psycopg://user@host/name")


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": int(BUSY)})
    engine = create_engine(url, connect_args={"timeout": BUSY})

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # the transactions are ours: Python's would not cover schema changes
        connection.execute("PRAGMA journal_mode=WAL")
        # FULL: a commit is on the disk before it returns. secure_delete: what a person had erased is overwritten.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once: one that read first would be refused where another wrote in between.
        writes = connection.get_execution_options().get("opstap_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _advice(error: DBAPIError) -> str:
    """The database's own words, and what a person can do about it."""
    text = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
    for sign, advice in (
        ("disk is full", "make room on the disk; nothing that was written before is lost"),
        ("No space left", "make room on the server's disk; nothing that was written before is lost"),
        ("disk I/O error", "the disk is full or failing; look at its free space first"),
        ("readonly", "give a file and folder you may write in"),
        ("unable to open", "give a file in a folder you may write in"),
        ("locked", f"another program has been writing for {BUSY:.0f} s; end it"),
        ("not a database", "this is no SQLite file; give another path"),
        ("malformed", "the file is damaged; put back a copy, or move it away and read the journals again"),
        ("password authentication", "check user and password of the store's URL"),
        ("onnection", "check that the server runs and the URL is right"),
    ):
        if sign in text:
            return f"{text}. To do: {advice}."
    return text
