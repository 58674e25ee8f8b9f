"""The REST service: orders in, finished cases out, over TLS, with a token, as the OpenAPI document says."""

from __future__ import annotations

import functools
import ipaddress
import json
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ValidationError

from opstap.certificates import server_context
from opstap.factory.facts import CellState, Jobs, Order, Orders, Told
from opstap.factory.ledger import Ledger, LedgerError, OrderRefusedError
from opstap.factory.openapi import ROUTES, Route, document, fits
from opstap.factory.parts import FactoryError
from opstap.factory.settings import STEM, Clients, Rest

LONGEST = 4096
"""Longest body, bytes."""
BURST, A_SECOND = 20.0, 5.0
"""Requests that one client, or one address without a right token, may make at once, and then each second."""
MOST_KNOWN = 1024
Answer = tuple[int, BaseModel]


class Limiter:
    """A bucket of `burst` requests for each caller, filled with `a_second` each second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, burst: float = BURST,
                 a_second: float = A_SECOND) -> None:  # fmt: skip
        self._clock, self._burst, self._rate = clock, burst, a_second
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, who: str) -> float:
        """0: go on; else seconds until the next one is answered."""
        now = self._clock()
        left, since = self._buckets.pop(who, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        self._buckets[who] = (max(left - 1, 0.0) if left >= 1 else left, now)
        while len(self._buckets) > MOST_KNOWN:  # the longest unheard goes first
            del self._buckets[next(iter(self._buckets))]
        return 0.0 if left >= 1 else (1 - left) / self._rate


class RestPart:
    """Serves one cell's ledger.

    Args:
        folder: as `settings.prepare` made it.
        changed: called when an order was placed or cancelled.
        now: ns since 1970.
    """

    def __init__(self, settings: Rest, folder: Path, clients: Clients, ledger: Ledger, changed: Callable[[], None],
                 now: Callable[[], int] = time.time_ns, limiter: Limiter | None = None) -> None:  # fmt: skip
        self.fault = ""
        self.port = settings.port
        self._host, self._folder = settings.host, folder
        self._clients, self._ledger, self._changed, self._now = clients, ledger, changed, now
        self._limiter = limiter or Limiter()
        self._document = document()
        self._shown: CellState | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        try:
            ipaddress.ip_address(self._host)
            context = server_context(self._folder, STEM)
            runner = web.AppRunner(self.app(), access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, self._host, self.port, ssl_context=context)
            await site.start()
        except ValueError as error:
            raise FactoryError(f"rest: host: found '{self._host}', allowed: an address, such as 127.0.0.1") from error
        except (OSError, ssl.SSLError) as error:
            raise FactoryError(f"rest: cannot listen on {self._host} port {self.port}: {error}") from error
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def show(self, state: CellState) -> None:
        self._shown = state

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    def app(self) -> web.Application:
        """The routes of the table, and the document itself."""
        app = web.Application(client_max_size=LONGEST, middlewares=[_told])
        app.router.add_get("/v1/openapi.json", self._openapi)
        for route in ROUTES:
            app.router.add_route(route.method.upper(), route.path, functools.partial(self._asked, route))
        return app

    async def _openapi(self, request: web.Request) -> web.StreamResponse:
        self._limit(f"address {request.remote}")
        return web.json_response(self._document)

    async def _asked(self, route: Route, request: web.Request) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        client = self._clients.who(token.strip()) if scheme.lower() == "bearer" else None
        self._limit(client.name if client else f"address {request.remote}")
        if client is None:
            return _answer(401, Told(error="a token is needed: Authorization: Bearer TOKEN"),
                           {"WWW-Authenticate": "Bearer"})  # fmt: skip
        if route.may == "orders" and client.may != "orders":
            return _answer(403, Told(error=f"'{client.name}' may read, and not place or cancel orders"))
        given = dict[str, Any]()
        for parameter in route.parameters:
            name, schema = parameter["name"], parameter["schema"]
            found = request.match_info[name] if parameter["in"] == "path" else request.query.get(name)
            given[name] = schema.get("default") if found is None else fits(found, schema)
            if found is not None and given[name] is None:
                return _answer(400, Told(error=f"{name}: found '{found[:80]}', allowed: {json.dumps(schema)}"))
        unknown = request.query.keys() - given.keys()
        if unknown:
            return _answer(400, Told(error=f"{min(unknown)[:80]}: unknown, allowed: {', '.join(given) or 'nothing'}"))
        try:
            if route.body:
                given["body"] = route.body.model_validate_json(await request.read())
            code, message = getattr(self, f"_{route.name}")(**given)
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()[:5]]
            return _answer(400, Told(error="; ".join(faults)))
        except OrderRefusedError as error:
            return _answer(409, Told(error=str(error)))
        except LedgerError as error:
            self.fault = str(error)
            return _answer(503, Told(error="the ledger cannot be used now"))
        return _answer(code, message)

    def _limit(self, who: str) -> None:
        wait = self._limiter.wait(who)
        if wait > 0:
            raise web.HTTPTooManyRequests(text="too many requests", headers={"Retry-After": str(int(wait) + 1)})

    def _state(self) -> Answer:
        return (200, self._shown) if self._shown else (503, Told(error="the cell was not heard yet"))

    def _place(self, body: Order) -> Answer:
        state, fresh = self._ledger.place(body, self._now())
        self._changed()
        return (201 if fresh else 200), state

    def _orders(self, progress: str | None) -> Answer:
        return 200, Orders(orders=self._ledger.orders(progress or ""))

    def _order(self, order: str) -> Answer:
        found = self._ledger.order(order)
        return (200, found) if found else (404, _none(order))

    def _cancel(self, order: str) -> Answer:
        found = self._ledger.cancel(order, self._now())
        self._changed()
        return (200, found) if found else (404, _none(order))

    def _jobs(self, after: int, limit: int) -> Answer:
        return 200, Jobs(jobs=self._ledger.jobs(after, limit))


def _none(order: str) -> Told:
    return Told(error=f"no order '{order}'")


def _answer(code: int, message: BaseModel, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        text=message.model_dump_json(), status=code, content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )  # fmt: skip


@web.middleware
async def _told(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """What aiohttp itself refuses, in the form of all answers."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        kept = {k: v for k, v in error.headers.items() if k in ("Allow", "Retry-After")}
        return _answer(error.status, Told(error=(error.text or error.reason).strip()), kept)
