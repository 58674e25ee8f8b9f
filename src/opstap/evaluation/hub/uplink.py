"""A cell tells its hub: the outbox is sent in batches, and a record leaves it only when the hub proved that it has it.

Blocking; to be run in a thread of its own. Killed at any instant it begins again with what is still in the outbox.
"""

from __future__ import annotations

import json
import secrets
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, func, select

from opstap.evaluation.hub.client import HubAddress, HubClient, UplinkError
from opstap.evaluation.hub.protocol import MAX_BATCH, MAX_RECORDS, Proof, Receipt, digest, essence
from opstap.evaluation.store.database import Store
from opstap.evaluation.store.tables import Outgoing


class Uplink:
    """Sends one store's outbox to one hub.

    Raises:
        UplinkError: address or authority cannot be used.
    """

    def __init__(self, store: Store, hub: HubAddress) -> None:
        self.store = store
        self.hub = HubClient(hub)

    def waiting(self) -> int:
        """Records that are still to be sent."""
        with self.store.reading() as connection:
            return connection.scalar(select(func.count()).select_from(Outgoing)) or 0

    def send(self) -> int:
        """Send one batch. Returns how many records the hub proved to have; 0 when there is nothing to send.

        Raises:
            HubAwayError: try again later.
            UplinkError: the hub refused, or its answer does not hold; a person should look.
            StoreError: the store cannot be read or written.
        """
        records = self._next()
        if not records:
            return 0
        batch = str(uuid4())
        receipt = self.hub.ask("/v1/batches", Receipt, {"version": 1, "batch": batch, "records": records})
        if (receipt.batch, receipt.received) != (batch, len(records)):
            raise UplinkError(
                f"hub {self.hub.host}: its receipt is for {receipt.received} records of batch '{receipt.batch}', sent "
                f"were {len(records)} of '{batch}'. They stay in the outbox."
            )
        nonce = secrets.token_hex(16)
        asked = {"nonce": nonce, "records": [(r["kind"], r["id"]) for r in records]}
        proof = self.hub.ask("/v1/proofs", Proof, asked)
        if proof.digest != digest(nonce, [essence(r["kind"], r["content"]) for r in records]):
            raise UplinkError(
                f"hub {self.hub.host}: it says that it received {len(records)} records, and cannot prove that it has "
                "them. They stay in the outbox. Ask the hub's keeper to look at its store."
            )
        with self.store.writing() as connection:
            # By number, not by id: what was told anew meanwhile has another number and stays.
            connection.execute(delete(Outgoing).where(Outgoing.sequence.in_([r["sequence"] for r in records])))
        return len(records)

    def _next(self) -> list[dict[str, Any]]:
        with self.store.reading() as connection:
            query = select(Outgoing).order_by(Outgoing.sequence).limit(MAX_RECORDS)
            rows = connection.execute(query).all()
        records: list[dict[str, Any]] = []
        size = 0
        for row in rows:
            record = {"kind": row.kind, "sequence": row.sequence, "id": str(row.id), "content": row.content}
            size += len(json.dumps(record))
            if records and size > MAX_BATCH // 2:
                break
            records.append(record)
        return records
