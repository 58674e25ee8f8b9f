"""A real hub on this machine, and cells that report to it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID, uuid5

from aiohttp import web
from packing import START

from opstap.certificates import make, server_context
from opstap.evaluation.hub.client import HubAddress
from opstap.evaluation.hub.keeping import HubStore
from opstap.evaluation.hub.service import HubService
from opstap.evaluation.hub.uplink import Uplink
from opstap.evaluation.store import Consents, Purpose, Store
from opstap.evaluation.store.tables import Outgoing

SPACE = UUID(int=7)


class Hub:
    """Serves an application over TLS in a thread of its own."""

    def __init__(self, folder: Path, app: web.Application | None = None, port: int = 0) -> None:
        self.folder = folder
        self.authority = make(folder, "hub", ["127.0.0.1", "localhost"])
        self.store = HubStore(folder / "hub.db")
        self.app = app or HubService(self.store).app()
        self.port = port
        self.loop = asyncio.new_event_loop()
        self.thread = Thread(target=self._run, daemon=True)
        self.ready = asyncio.Event()
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self.ready.wait(), self.loop).result(30)

    def _run(self) -> None:
        self.loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self.stopped = asyncio.Event()
        runner = web.AppRunner(self.app, access_log=None)
        await runner.setup()
        site = web.TCPSite(
            runner, "127.0.0.1", self.port, ssl_context=server_context(self.folder, "hub"), reuse_address=True
        )
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self.ready.set()
        await self.stopped.wait()
        await runner.cleanup()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.stopped.set)
        self.thread.join(30)
        self.store.close()

    def address(self, token: str) -> HubAddress:
        return HubAddress(f"https://127.0.0.1:{self.port}", self.authority, token)


def content(number: int, person: str = "p", **other: Any) -> dict[str, Any]:
    """One cycle as an outbox holds it."""
    row = {"id": str(uuid5(SPACE, str(number))), "person": person, "cell": "c", "task": "t", "condition": "with"}
    row |= {"simulated": True, "day": "2026-09-21", "seconds": 104.0, "paused_seconds": 0, "steps": 26, "picks": 26}
    row |= {"problems": {"wrong_pick": 1, "empty_bin": 1}, "disputed": 0, "help_calls": 1, "coach_seconds": 30}
    return row | {"level": "full"} | other


def fill(store: Store, numbers: range, person: str = "p07") -> None:
    """Put cycles in the outbox, as the ingest does."""
    consents = Consents(store)
    if not consents.allowed(person, START):
        consents.decide(person, Purpose.HUB, True, START)
    with consents.writing_for(person, Purpose.HUB, START) as writer:
        hub_person = consents.hub_pseudonym(writer.connection, person)
        contents = [content(n, hub_person) for n in numbers]
        writer.put(Outgoing, [{"id": UUID(c["id"]), "kind": "cycle", "person": person, "content": c} for c in contents])


def drain(uplink: Uplink) -> int:
    total = 0
    while sent := uplink.send():
        total += sent
    return total


def lying(answers: dict[str, Any]) -> web.Application:
    """A hub that answers as told: per path a body, a status, or a function of the request's JSON."""

    async def answer(request: web.Request) -> web.StreamResponse:
        told = answers[request.path]
        if callable(told):
            told = told(await request.json())
        if isinstance(told, web.Response):
            return web.Response(status=told.status, body=told.body, headers=told.headers)
        return web.Response(text=told if isinstance(told, str) else json.dumps(told))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app
