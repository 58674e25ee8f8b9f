"""The server behind the browser pages: it serves `web/`, sends what the cell shows and takes what a person asks.

It runs in its own thread with its own event loop, so that a ROS executor, or nothing at all, can run beside it.
State never queues: of the snapshot and of each kind of picture only the latest is kept, and each page is sent the
latest when it is ready for more. A slow page skips some; it delays nobody else.

A page can stop and change the work, so the server is closed by default: it listens on this machine only, answers only
to this machine's own names (a web site cannot reach it by pointing its own name here), takes a WebSocket only from its
own pages, and serves only the files of a few folders. Other machines get in over TLS and with a PIN: `guard`.
"""

from __future__ import annotations

import asyncio
import errno
import gzip
import ipaddress
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from aiohttp import WSMsgType, web

from opstap.pages.access import Access
from opstap.pages.guard import Guard, role_of, same_origin
from opstap.pages.protocol import (
    MAX_INPUT,
    OperatorInput,
    PictureKind,
    Refused,
    Role,
    Snapshot,
    Welcome,
    picture,
    read_input,
)

SHORTEST_PERIOD = 1 / 30
"""Least time between two pushes to one page, s."""
MAX_PAGES = 16
"""Pages that can be connected at a time."""
HEARTBEAT = 5.0
"""A page is asked this often whether it is there, s; it is let go when half of that passes without an answer."""
GOODBYE = 1.0
"""How long pages get to close their side when the server stops, s."""
SEND_BUFFER = 256 * 1024
"""What the system may hold back per connection, bytes. Its default of megabytes is a second of old pictures."""

SIGNED_OUT = 4401
"""Close code of a connection whose session ended."""

FOLDERS = ("core", "bench", "questions", "calibrate", "sign-in")
"""Folders below the root that are served."""
FONTS = Path(__file__).parents[1] / "guidance" / "fonts"
"""The fonts of the projected text, served as /fonts/."""
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ttf": "font/ttf",
}
"""Kinds of file that are served. The system's own table differs from machine to machine."""
OnInput = Callable[[OperatorInput, Role], None]


class PageServerError(Exception):
    """The pages cannot be served; the message says why and what to do."""


class HostRefusedError(PageServerError):
    """Other machines could reach this address."""


class PortInUseError(PageServerError):
    """Another program listens there."""


class _Latest(NamedTuple):
    """The newest value of a slot; `version` tells whether a page has had it."""

    version: int
    at: float
    message: str | bytes


class Network(NamedTuple):
    """An address of this machine that others reach, its TCP port, and who may come in."""

    host: str
    port: int
    access: Access


class PageServer:
    """Serves the pages of one cell.

    Args:
        host: an address of this machine that no other machine can reach: 127.0.0.1, ::1 or localhost.
        port: TCP port, 0 for any free one; `port` then tells which.
        root: folder with `bench/` and `core/`.
        on_input: called in the server's thread for every valid message of a page, with the page's role. Must return
            at once.
        routes: more than the pages themselves; served behind the same guards.
        start: the page at `/`.
        network: where other machines reach the pages, over TLS and with PINs; None: nowhere.

    Raises:
        HostRefusedError: `host` is not this machine only.
        PageServerError: `root` holds no pages.
    """

    def __init__(self, host: str, port: int, root: Path, on_input: OnInput, routes: Iterable[web.RouteDef] = (),
                 start: str = "/bench/", network: Network | None = None) -> None:  # fmt: skip
        self._host = _loopback(host)
        self._routes, self._first = routes, start
        self._network, self._guard = network, Guard(network.access if network else None)
        self._root = root
        for folder in FOLDERS:
            if not (root / folder).is_dir():
                raise PageServerError(f"no pages in {root}: found no folder '{folder}', allowed: the project's web/")
        self.port = port
        self._on_input = on_input
        self._latest: dict[str, _Latest] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="pages", daemon=True)
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()

    @property
    def url(self) -> str:
        """Address to type in a browser on this machine."""
        return f"http://{'[::1]' if ':' in self._host else 'localhost'}:{self.port}/"

    @property
    def connected(self) -> int:
        """Number of pages that are connected now; pictures for none are not worth their encoding."""
        return len(self._sockets)

    def start(self) -> None:
        """Listen and serve, until `close`. Returns when a browser can connect.

        Raises:
            PortInUseError: another program listens on the port.
            PageServerError: the system does not let this program listen there.
        """
        self._listener = _listening(self._host, self.port)
        self.port = self._listener.getsockname()[1]
        if self._network:
            try:
                self._network_listener = _listening(self._network.host, self._network.port)
            except PageServerError:
                self._listener.close()
                raise
            self.network_port = self._network_listener.getsockname()[1]
        self._thread.start()

    def publish(self, snapshot: Snapshot) -> None:
        """Show `snapshot` on all pages. From any thread.

        Publish at every change and at least once a second: pages tell the person when nothing came for 2 s.
        """
        self._set("snapshot", snapshot.model_dump_json())

    def publish_image(self, kind: PictureKind, stamp: int, encoded: bytes) -> None:
        """Show a JPEG or PNG file, taken at `stamp` (ns, cell time), on all pages. From any thread."""
        self._set(kind.name, picture(kind, stamp, encoded))

    def close(self) -> None:
        """Tell the pages goodbye and stop; returns when the port is free again. Not from the server's own thread.

        A server that is not running stays as it is.
        """
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _set(self, slot: str, message: str | bytes) -> None:
        def put() -> None:
            before = self._latest.get(slot)
            self._latest[slot] = _Latest(before.version + 1 if before else 1, self._loop.time(), message)
            self._changed.set()
            self._changed = asyncio.Event()

        self._loop.call_soon_threadsafe(put)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(middlewares=[self._guard.middleware], client_max_size=MAX_INPUT)
        app.router.add_get("/ws", self._talk)
        app.router.add_routes(self._guard.routes())
        app.router.add_routes(self._routes)
        app.router.add_get("/", self._to_first)
        for folder in FOLDERS:
            app.router.add_get(f"/{folder}", _to_folder)
        app.router.add_get("/{folder}/{name:.*}", self._file)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE)
        await runner.setup()
        await web.SockSite(runner, self._listener).start()
        if self._network:
            await web.SockSite(runner, self._network_listener, ssl_context=self._network.access.context).start()
        await self._stop.wait()
        goodbyes = [asyncio.wait_for(page.close(code=1001), GOODBYE) for page in self._sockets]
        await asyncio.gather(*goodbyes, return_exceptions=True)  # a page that does not listen is cut off below
        await runner.cleanup()

    async def _to_first(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(self._first)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        folder, name = request.match_info["folder"], request.match_info["name"] or "index.html"
        base = FONTS if folder == "fonts" else self._root / folder if folder in FOLDERS else None
        if base is None:
            raise web.HTTPNotFound
        try:
            path = (base / name).resolve()
            if path.suffix not in TYPES or not path.is_relative_to(base.resolve()):
                raise web.HTTPNotFound
            plain, packed = _load(path, path.stat().st_mtime_ns)
        except (OSError, ValueError) as error:  # no such file, a folder, a name too long or with a null byte
            raise web.HTTPNotFound from error
        headers = {"Content-Type": TYPES[path.suffix], "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("Accept-Encoding", "") and len(packed) < len(plain):
            return web.Response(body=packed, headers=headers | {"Content-Encoding": "gzip"})
        return web.Response(body=plain, headers=headers)

    async def _talk(self, request: web.Request) -> web.StreamResponse:
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
        role = role_of(request)
        await page.send_str(Welcome(role=role).model_dump_json())
        async for message in page:
            if not self._guard.still(request):
                return
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                continue
            read = read_input(message.data)
            if isinstance(read, Refused):
                with suppress(ConnectionResetError):
                    await page.send_str(read.model_dump_json())
            else:
                self._on_input(read, role)

    async def _send(self, page: web.WebSocketResponse, request: web.Request) -> None:
        """Send the page what it has not had, newest only, as fast as it takes it and at most 30 times a second."""
        had: dict[str, int] = {}
        with suppress(ConnectionResetError):
            while self._guard.still(request):
                changed = self._changed
                for slot in list(self._latest):
                    latest = self._latest[slot]
                    if latest.version == had.get(slot):
                        continue
                    had[slot] = latest.version
                    if isinstance(latest.message, bytes):
                        await page.send_bytes(latest.message)
                    else:
                        age = self._loop.time() - latest.at
                        await page.send_str(f'{{"type":"update","age":{age:.3f},"snapshot":{latest.message}}}')
                await asyncio.sleep(SHORTEST_PERIOD)
                await changed.wait()
            await page.close(code=SIGNED_OUT)


def _listening(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"port {port} on {host} is in use by another program (is this cell already running?): "
                f"stop that program, or choose another port, such as {port + 1}"
            ) from error
        raise PageServerError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    return listener


def _loopback(host: str) -> str:
    """`host` as an address that only this machine reaches."""
    address = "127.0.0.1" if host == "localhost" else host
    with suppress(ValueError):
        if ipaddress.ip_address(address).is_loopback:
            return address
    raise HostRefusedError(
        f"host '{host}': other machines could reach the pages without TLS and PINs, and anyone there could stop the "
        "work. Allowed: 127.0.0.1, ::1 or localhost; for the network see docs/network.md"
    )


async def _to_folder(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(f"{request.path}/")


@lru_cache(maxsize=256)
def _load(path: Path, mtime: int) -> tuple[bytes, bytes]:
    """A file as it is and packed; `mtime` is there so that an edited file is read again."""
    plain = path.read_bytes()
    return plain, gzip.compress(plain, mtime=0)
