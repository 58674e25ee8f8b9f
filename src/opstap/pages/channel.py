"""One WebSocket of the server: what is shown to everybody who is connected, and what they ask.

State never queues: of every slot only the latest is kept, and each page is sent the latest when it is ready for more. A
slow page skips some; it delays nobody else. Who sends more than a person can is not listened to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, NamedTuple, TypeVar

from aiohttp import WSMsgType, web

from opstap.pages.guard import Guard, role_of, same_origin
from opstap.pages.protocol import MAX_INPUT, Refused, Role, Welcome

SHORTEST_PERIOD = 1 / 30
"""Least time between two pushes to one page, s."""
MAX_PAGES = 16
"""Pages that can be connected at a time."""
HEARTBEAT = 5.0
"""A page is asked this often whether it is there, s; it is let go when half of that passes without an answer."""
GOODBYE = 1.0
"""How long pages get to close their side when the server stops, s."""
A_SECOND, AT_ONCE = 10.0, 20.0
"""Messages that a page may send a second, and at once after a rest. More are passed over, and the page is told once."""
SIGNED_OUT = 4401
"""Close code of a connection whose session ended."""

Asked = TypeVar("Asked")


class _Latest(NamedTuple):
    """The newest value of a slot; `version` tells whether a page has had it."""

    version: int
    at: float
    message: str | bytes
    head: str
    """Of an update: what comes before its age; empty: the message is sent as it is."""
    only: Role | None


class Pace:
    """Lets `A_SECOND` messages a second pass, and `AT_ONCE` after a rest."""

    def __init__(self, now: float) -> None:
        self._left, self._at = AT_ONCE, now

    def passes(self, now: float) -> bool:
        self._left = min(AT_ONCE, self._left + A_SECOND * max(0.0, now - self._at))
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Channel(Generic[Asked]):
    """Made anywhere; `open` is called in the server's loop before anybody connects.

    Args:
        read: a page's message, or what is wrong with it. Must not raise.
        on_input: called in the server's thread for every valid message, with the page's role. Must return at once; what
            it returns, if anything, is told to that page.
    """

    def __init__(
        self,
        guard: Guard,
        read: Callable[[str | bytes], Asked | Refused],
        on_input: Callable[[Asked, Role], Refused | None],
    ) -> None:
        self._guard, self._read, self._on_input = guard, read, on_input
        self._latest: dict[str, _Latest] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._changed = asyncio.Event()

    @property
    def connected(self) -> int:
        """Number of pages that are connected now."""
        return len(self._sockets)

    def put(self, slot: str, message: str | bytes, update: str = "", only: Role | None = None) -> None:
        """Show `message` from now on. From any thread, also before `open`'s loop runs.

        Args:
            update: type of an update: `message`, JSON, is sent with how old it is.
            only: the one role that may see it; None: everybody.
        """
        loop = self._loop
        assert loop is not None
        head = f'{{"type":"{update}","age":' if update else ""

        def put() -> None:
            before = self._latest.get(slot)
            version = before.version + 1 if before else 1
            self._latest[slot] = _Latest(version, loop.time(), message, head, only)
            self._changed.set()
            self._changed = asyncio.Event()

        loop.call_soon_threadsafe(put)

    async def close(self) -> None:
        """Tell the pages goodbye; one that does not listen is cut off by the server."""
        goodbyes = [asyncio.wait_for(page.close(code=1001), GOODBYE) for page in self._sockets]
        await asyncio.gather(*goodbyes, return_exceptions=True)

    async def talk(self, request: web.Request) -> web.StreamResponse:
        """The handler of the WebSocket."""
        if not same_origin(request):
            raise web.HTTPForbidden(text="Only this server's own pages may connect.\n")
        if len(self._sockets) >= MAX_PAGES:
            raise web.HTTPServiceUnavailable(text=f"{MAX_PAGES} pages are open. Close one.\n")
        page = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_INPUT, compress=False)
        await page.prepare(request)
        self._sockets.add(page)
        sender = asyncio.create_task(self._send(page, request))
        try:
            await self._hear(page, request)
        finally:
            self._sockets.discard(page)
            sender.cancel()
            with suppress(asyncio.CancelledError):
                await sender
        return page

    async def _hear(self, page: web.WebSocketResponse, request: web.Request) -> None:
        role, loop = role_of(request), asyncio.get_running_loop()
        await page.send_str(Welcome(role=role).model_dump_json())
        pace, told = Pace(loop.time()), False
        async for message in page:
            if not self._guard.still(request):
                return
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                continue
            answer: Refused | None = None
            if pace.passes(loop.time()):
                read, told = self._read(message.data), False
                answer = read if isinstance(read, Refused) else self._on_input(read, role)
            elif not told:
                answer, told = Refused(field="message", found="too many", allowed=f"{A_SECOND:.0f} a second"), True
            if answer:
                with suppress(ConnectionResetError):
                    await page.send_str(answer.model_dump_json())

    async def _send(self, page: web.WebSocketResponse, request: web.Request) -> None:
        """Send the page what it has not had, newest only, as fast as it takes it and at most 30 times a second."""
        had: dict[str, int] = {}
        role, loop = role_of(request), asyncio.get_running_loop()
        with suppress(ConnectionResetError):
            while self._guard.still(request):
                changed = self._changed
                for slot in list(self._latest):
                    latest = self._latest[slot]
                    if latest.version == had.get(slot) or latest.only not in (None, role):
                        continue
                    had[slot] = latest.version
                    if isinstance(latest.message, bytes):
                        await page.send_bytes(latest.message)
                    elif latest.head:
                        age = loop.time() - latest.at
                        await page.send_str(f'{latest.head}{age:.3f},"snapshot":{latest.message}}}')
                    else:
                        await page.send_str(latest.message)
                await asyncio.sleep(SHORTEST_PERIOD)
                await changed.wait()
            await page.close(code=SIGNED_OUT)
