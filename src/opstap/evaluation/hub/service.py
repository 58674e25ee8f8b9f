"""The hub's HTTPS service. It takes batches in, many in one transaction, and refuses more when too many wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from opstap.certificates import server_context
from opstap.evaluation.hub.aggregates import aggregates
from opstap.evaluation.hub.keeping import HubStore, Known
from opstap.evaluation.hub.protocol import MAX_BATCH, Batch, Groups, Proof, ProofRequest, Receipt
from opstap.evaluation.store.database import StoreError

WAITING = 256
"""Batches that may wait at a time; more are told to come back later. Bounds the memory."""
TOGETHER = 64
"""Batches written in one transaction."""
LATER = {"Retry-After": "5"}


AnyMessage = TypeVar("AnyMessage", bound=BaseModel)


@dataclass(frozen=True)
class Waiting:
    """A batch and whoever waits for its receipt."""

    member: Known
    batch: Batch
    receipt: asyncio.Future[Receipt]


class HubService:
    """One hub: its store behind HTTPS."""

    def __init__(self, store: HubStore) -> None:
        self.store = store
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue(WAITING)

    def app(self) -> web.Application:
        """The routes. Every one wants a token."""
        app = web.Application(client_max_size=MAX_BATCH)
        app.router.add_post("/v1/batches", self._batches)
        app.router.add_post("/v1/proofs", self._proofs)
        app.router.add_get("/v1/aggregates", self._aggregates)
        app.cleanup_ctx.append(self._writer)
        return app

    async def _writer(self, app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(self._write())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _write(self) -> None:
        while True:
            waiting = [await self._queue.get()]
            while len(waiting) < TOGETHER and not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            try:
                receipts = await asyncio.to_thread(self.store.take, [(w.member, w.batch) for w in waiting])
            except Exception as error:  # whoever waits is told, whatever it was
                for each in waiting:
                    if not each.receipt.cancelled():
                        each.receipt.set_exception(error)
                continue
            for each, receipt in zip(waiting, receipts, strict=True):
                if not each.receipt.cancelled():
                    each.receipt.set_result(receipt)

    async def _who(self, request: web.Request, role: str) -> Known:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        known = await asyncio.to_thread(self.store.who, token) if token else None
        if known is None:
            raise web.HTTPUnauthorized(text="This hub does not know the token.\n")
        if known.role != role:
            raise web.HTTPForbidden(text=f"This is for a {role}; the token is of a {known.role}.\n")
        return known

    async def _batches(self, request: web.Request) -> web.Response:
        member = await self._who(request, "cell")
        batch = _read(Batch, await request.read())
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(Waiting(member, batch, receipt))
        except asyncio.QueueFull as error:
            raise web.HTTPServiceUnavailable(
                text="Too many cells at once. Come back later.\n", headers=LATER
            ) from error
        return _answer(await _kept(receipt))

    async def _proofs(self, request: web.Request) -> web.Response:
        member = await self._who(request, "cell")
        asked = _read(ProofRequest, await request.read())
        found = await asyncio.to_thread(self.store.prove, member.member, asked.nonce, asked.records)
        return _answer(Proof(digest=found))

    async def _aggregates(self, request: web.Request) -> web.Response:
        await self._who(request, "hub")
        return _answer(Groups(groups=tuple(await asyncio.to_thread(aggregates, self.store))))


async def _kept(receipt: asyncio.Future[Receipt]) -> Receipt:
    try:
        return await receipt
    except StoreError as error:
        raise web.HTTPServiceUnavailable(text=f"The hub cannot write now: {error}\n", headers=LATER) from error


def _read(kind: type[AnyMessage], body: bytes) -> AnyMessage:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()[:5]]
        raise web.HTTPBadRequest(text="\n".join(faults) + "\n") from error


def _answer(message: BaseModel) -> web.Response:
    return web.Response(text=message.model_dump_json(), content_type="application/json")


async def serve(store: HubStore, host: str, port: int, certificates: Path) -> web.AppRunner:
    """Listen and serve until the runner's `cleanup`."""
    runner = web.AppRunner(HubService(store).app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port, ssl_context=server_context(certificates, "hub")).start()
    return runner
