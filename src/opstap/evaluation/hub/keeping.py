"""The hub's store: takes batches in, many in one transaction, and proves what it has."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from opstap.evaluation.hub.protocol import Batch, EraseRecord, Receipt, digest, essence
from opstap.evaluation.hub.tables import HubBase, HubCycle, HubErasure, HubTally, Member
from opstap.evaluation.store.database import Store, StoreError


@dataclass(frozen=True)
class Known:
    """Who a token belongs to."""

    member: str
    role: str
    region: str


class HubStore(Store):
    """The hub's store on SQLite or PostgreSQL; opened, migrated and refused as a cell's is."""

    migrations = Path(__file__).parent / "migrations"

    def admit(self, member: str, role: Literal["cell", "hub"], region: str = "") -> str:
        """Let a cell or hub in, or give it a new token. Returns the token, which is not kept here.

        Raises:
            StoreError: it cannot be written.
        """
        token = secrets.token_urlsafe(32)
        row = {"role": role, "region": region, "token_sha256": _hash(token)}
        with self.writing() as connection:
            if connection.execute(update(Member).where(Member.member == member), row).rowcount == 0:
                connection.execute(insert(Member), [row | {"member": member, "last_sequence": 0}])
        return token

    def members(self) -> list[Any]:
        """All members, by name."""
        with self.reading() as connection:
            return list(connection.execute(select(Member).order_by(Member.member)))

    def who(self, token: str) -> Known | None:
        """Whose token this is."""
        with self.reading() as connection:
            query = select(Member.member, Member.role, Member.region).where(Member.token_sha256 == _hash(token))
            row = connection.execute(query).one_or_none()
        return Known(*row) if row else None

    def take(self, batches: Sequence[tuple[Known, Batch]]) -> list[Receipt]:
        """Take batches in. All are on the disk when this returns, or none."""
        receipts = []
        with self.writing() as connection:
            for member, batch in batches:
                highest = max(r.sequence for r in batch.records)
                known = connection.scalar(select(Member.last_sequence).where(Member.member == member.member)) or 0
                self._take(connection, member, batch)
                last = max(known, highest)
                connection.execute(update(Member).where(Member.member == member.member), {"last_sequence": last})
                receipts.append(Receipt(batch=batch.batch, received=len(batch.records), last_sequence=last))
        return receipts

    def _take(self, connection: Connection, member: Known, batch: Batch) -> None:
        erased = select(HubErasure.person, HubErasure.sequence).where(HubErasure.member == member.member)
        until = {row.person: row.sequence for row in connection.execute(erased)}
        cycles: list[dict[str, Any]] = []
        tallies: list[dict[str, Any]] = []
        for record in sorted(batch.records, key=lambda r: r.sequence):
            origin = {"member": member.member, "sequence": record.sequence}
            content = essence(record.kind, record.content)
            if isinstance(record, EraseRecord):
                person = record.content.person
                cycles = [c for c in cycles if c["person"] != person]
                self._erase(connection, member.member, record, until)
            elif record.kind == "tally":
                tallies.append(origin | content | {"region": member.region})
            elif record.sequence > until.get(content["person"], -1):
                cycles.append(origin | content | {"region": member.region})
        _newest(connection, HubCycle, cycles)
        _newest(connection, HubTally, tallies)

    def _erase(self, connection: Connection, member: str, record: EraseRecord, until: dict[str, int]) -> None:
        person = record.content.person
        if record.sequence <= until.get(person, -1):
            return
        until[person] = record.sequence
        here = (HubCycle.member == member, HubCycle.person == person, HubCycle.sequence < record.sequence)
        connection.execute(delete(HubCycle).where(*here))
        connection.execute(delete(HubErasure).where(HubErasure.member == member, HubErasure.person == person))
        row = {"member": member, "person": person, "id": record.id, "sequence": record.sequence}
        connection.execute(insert(HubErasure), [row])

    def prove(self, member: str, nonce: str, records: Sequence[tuple[str, str]]) -> str:
        """The digest over what is here of `records` (kind, id), in their order."""
        ids: dict[str, list[str]] = {"cycle": [], "tally": [], "erase": []}
        for kind, id in records:
            ids[kind].append(id)
        there: dict[tuple[str, str], dict[str, Any]] = {}
        with self.reading() as connection:
            for kind, table in (("cycle", HubCycle), ("tally", HubTally)):
                query = select(table).where(table.member == member, table.id.in_(ids[kind]))
                for row in connection.execute(query).mappings():
                    own = {k: v for k, v in row.items() if k not in ("member", "sequence", "region")}
                    there[kind, row["id"]] = own
            erased = select(HubErasure.id, HubErasure.person)
            for request in connection.execute(
                erased.where(HubErasure.member == member, HubErasure.id.in_(ids["erase"]))
            ):
                there["erase", request.id] = {"person": request.person}
        return digest(nonce, [there.get((kind, id)) for kind, id in records])


def _newest(connection: Connection, table: type[HubBase], rows: list[dict[str, Any]]) -> None:
    """Write rows; one that is there already gives way to a higher sequence number only."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table.__table__)
    names = [c.name for c in table.__table__.columns if c.name not in ("member", "id")]
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["member", "id"],
            set_={name: statement.excluded[name] for name in names},
            where=table.__table__.c.sequence < statement.excluded.sequence,
        ),
        rows,
    )


def _hash(token: str) -> str:
    # A token is 256 random bits: a plain hash cannot be searched.
    return hashlib.sha256(token.encode()).hexdigest()


__all__ = ["HubStore", "Known", "StoreError"]
