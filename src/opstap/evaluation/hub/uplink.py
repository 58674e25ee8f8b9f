"""A cell tells its hub: the outbox is sent in batches, and a record leaves it only when the hub proved that it has it.

Blocking; to be run in a thread of its own. Killed at any instant it begins again with what is still in the outbox.
"""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from pydantic import ValidationError
from sqlalchemy import delete, func, select

from opstap.evaluation.hub.certificates import client_context
from opstap.evaluation.hub.protocol import MAX_BATCH, MAX_RECORDS, Message, Proof, Receipt, digest, essence
from opstap.evaluation.store.database import Store
from opstap.evaluation.store.tables import Outgoing

TIMEOUT = 20.0
"""Longest wait for the hub, s."""
MAX_ANSWER = 65_536
"""Longest answer that is read, bytes."""

AnyAnswer = TypeVar("AnyAnswer", bound=Message)


class UplinkError(Exception):
    """The hub could not be told, or did not do as it should; nothing left the outbox. The message says what to do."""


class HubAwayError(UplinkError):
    """The hub cannot be reached or is busy; try again later."""


@dataclass(frozen=True)
class HubAddress:
    """Where the hub is, how it is known, and what it knows this cell by."""

    url: str
    authority: Path
    token: str


class Uplink:
    """Sends one store's outbox to one hub.

    Raises:
        UplinkError: address or authority cannot be used.
    """

    def __init__(self, store: Store, hub: HubAddress) -> None:
        parts = urlsplit(hub.url)
        if parts.scheme != "https" or not parts.hostname:
            raise UplinkError(f"hub: found '{hub.url}', allowed: https://name:port")
        self.store = store
        self.host, self.port = parts.hostname, parts.port or 443
        self._token = hub.token
        try:
            self._context = client_context(hub.authority)
        except (OSError, ssl.SSLError) as error:
            raise UplinkError(f"{hub.authority}: not the certificate file that the hub gave ({error})") from error

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
        receipt = self._ask("/v1/batches", {"version": 1, "batch": batch, "records": records}, Receipt)
        if (receipt.batch, receipt.received) != (batch, len(records)):
            raise UplinkError(
                f"hub {self.host}: its receipt is for {receipt.received} records of batch '{receipt.batch}', sent were "
                f"{len(records)} of '{batch}'. They stay in the outbox."
            )
        nonce = secrets.token_hex(16)
        asked = {"nonce": nonce, "records": [(r["kind"], r["id"]) for r in records]}
        proof = self._ask("/v1/proofs", asked, Proof)
        if proof.digest != digest(nonce, [essence(r["kind"], r["content"]) for r in records]):
            raise UplinkError(
                f"hub {self.host}: it says that it received {len(records)} records, and cannot prove that it has them. "
                "They stay in the outbox. Ask the hub's keeper to look at its store."
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

    def _ask(self, path: str, content: Mapping[str, Any], answer: type[AnyAnswer]) -> AnyAnswer:
        """One request; anything but a well-formed yes is an error. Redirects are not followed."""
        where = f"hub {self.host}:{self.port}"
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT, context=self._context)
        try:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
            connection.request("POST", path, json.dumps(content).encode(), headers)
            response = connection.getresponse()
            body = response.read(MAX_ANSWER + 1)
        except ssl.SSLCertVerificationError as error:
            raise UplinkError(
                f"{where}: its certificate is not the one this cell was given ({error.verify_message}). Nothing was "
                "sent. If the hub has a new certificate, get its hub-ca.pem from its keeper."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise HubAwayError(
                f"{where}: cannot be reached ({error or type(error).__name__}). Trying again later."
            ) from error
        finally:
            connection.close()
        if response.status in (429, 502, 503, 504):
            raise HubAwayError(f"{where}: busy (status {response.status}). Trying again later.")
        text = body[:300].decode("utf-8", "replace").strip()
        if response.status == 401:
            raise UplinkError(f"{where}: does not know this cell's token. Ask its keeper for a new one.")
        if response.status != 200:
            raise UplinkError(f"{where}: answered {response.status} to {path}: {text}")
        try:
            if len(body) > MAX_ANSWER:
                raise ValueError("the answer is too long")
            return answer.model_validate_json(body)
        except (ValidationError, ValueError) as error:
            first = str(error).splitlines()[0]
            raise UplinkError(f"{where}: its answer to {path} makes no sense ({first}): {text}") from error
