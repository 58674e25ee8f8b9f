"""The server behind the browser pages: it serves `web/`, sends what the cell shows and takes what a person asks.

It runs in its own thread with its own event loop, so that a ROS executor, or nothing at all, can run beside it. What is
shown and asked goes over a `channel`: one for the bench, one for the coach's page.

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
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from aiohttp import web

from opstap.pages.about import AboutInput, AboutMe
from opstap.pages.access import Access
from opstap.pages.channel import GOODBYE, Channel
from opstap.pages.coaching import CoachInput, CoachSnapshot, read_coach
from opstap.pages.guard import Guard
from opstap.pages.protocol import (
    MAX_INPUT,
    OperatorInput,
    PictureKind,
    Refused,
    Role,
    Snapshot,
    picture,
    read_input,
)
from opstap.pages.view import ViewSnapshot, read_nothing

SEND_BUFFER = 256 * 1024
"""What the system may hold back per connection, bytes. Its default of megabytes is a second of old pictures."""

FOLDERS = ("core", "bench", "coach", "questions", "calibrate", "sign-in", "orientation", "view")
"""Folders below the root that are served."""
LIBRARIES = {"three": Path("node_modules", "three")}
"""Folders below the root that hold what npm brings, by the name that pages know them by."""
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
OnAbout = Callable[[AboutInput], None]
OnCoach = Callable[[CoachInput], Refused | None]


class PageServerError(Exception):
    """The pages cannot be served; the message says why and what to do."""


class HostRefusedError(PageServerError):
    """Other machines could reach this address."""


class PortInUseError(PageServerError):
    """Another program listens there."""


class Network(NamedTuple):
    """An address of this machine that others reach, its TCP port, and who may come in."""

    host: str
    port: int
    access: Access


def network_of(host: str, port: int, access: Path) -> Network | None:
    """Where other machines reach the pages, as nodes are told it; an empty `host`: nowhere.

    Raises:
        AccessError: there are no PINs and certificate in the folder `access`.
    """
    return Network(host, port, Access(access, time.monotonic)) if host else None


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
        on_about: called so for what the worker asks of the monitor; None: there is no monitor.
        on_coach: called so for what a coach asks, returns why not where it cannot be done; None: no coach's page.
        try_out: whoever is at this machine may open the coach's page without a PIN. For simulated cells only: what
            people share of themselves is for their coach.
        view: there is a page of the cell in three dimensions.

    Raises:
        HostRefusedError: `host` is not this machine only.
        PageServerError: `root` holds no pages.
    """

    def __init__(self, host: str, port: int, root: Path, on_input: OnInput, routes: Iterable[web.RouteDef] = (),
                 start: str = "/bench/", network: Network | None = None, on_about: OnAbout | None = None,
                 on_coach: OnCoach | None = None, try_out: bool = False, view: bool = False) -> None:  # fmt: skip
        self._host = _loopback(host)
        self._routes, self._first = routes, start
        self._network, self._guard = network, Guard(network.access if network else None, try_out)
        self._bench: Channel[OperatorInput | AboutInput] = Channel(self._guard, read_input, self._heard)
        self._coach = Channel(self._guard, read_coach, self._heard_coach)
        self._look = Channel[Refused](self._guard, read_nothing, lambda *_: None) if view else None
        self._root = root
        for folder in FOLDERS:
            if not (root / folder).is_dir():
                raise PageServerError(f"no pages in {root}: found no folder '{folder}', allowed: the project's web/")
        self.port = port
        self._on_input, self._on_about, self._on_coach = on_input, on_about, on_coach
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="pages", daemon=True)
        self._bench.open(self._loop)
        self._coach.open(self._loop)
        if self._look:
            self._look.open(self._loop)
        self._stop = asyncio.Event()

    @property
    def url(self) -> str:
        """Address to type in a browser on this machine."""
        return f"http://{'[::1]' if ':' in self._host else 'localhost'}:{self.port}/"

    @property
    def connected(self) -> int:
        """Number of bench pages that are connected now; pictures for none are not worth their encoding."""
        return self._bench.connected

    @property
    def coaches(self) -> int:
        """Number of coach's pages that are connected now."""
        return self._coach.connected

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
        self._bench.put("snapshot", snapshot.model_dump_json(), "update")

    def publish_about(self, about: AboutMe) -> None:
        """Show the worker, and nobody else, what is known of them. From any thread."""
        self._bench.put("about", about.model_dump_json(), "about", only="operator")

    def publish_coach(self, snapshot: CoachSnapshot) -> None:
        """Show it on the coach's pages. From any thread; at every change and at least once a second."""
        self._coach.put("coach", snapshot.model_dump_json(), "coach", only="coach")

    @property
    def viewers(self) -> int:
        """Number of pages in three dimensions that are connected now."""
        return self._look.connected if self._look else 0

    def publish_view(self, snapshot: ViewSnapshot) -> None:
        """Show it on the pages in three dimensions. From any thread; at least once a second."""
        if self._look:
            self._look.put("view", snapshot.model_dump_json(), "view")

    def publish_cloud(self, cloud: bytes) -> None:
        """Show it there too; empty: none any more. From any thread."""
        if self._look:
            self._look.put("cloud", cloud)

    def publish_image(self, kind: PictureKind, stamp: int, encoded: bytes) -> None:
        """Show a JPEG or PNG file, taken at `stamp` (ns, cell time), on all pages. From any thread."""
        self._bench.put(kind.name, picture(kind, stamp, encoded))

    def close(self) -> None:
        """Tell the pages goodbye and stop; returns when the port is free again. Not from the server's own thread.

        A server that is not running stays as it is.
        """
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _heard(self, said: OperatorInput | AboutInput, role: Role) -> Refused | None:
        if isinstance(said, OperatorInput):
            self._on_input(said, role)
        elif role != "operator":
            return Refused(field="type", found=f"{said.type} from a {role}", allowed="only from who works here")
        elif self._on_about is None:
            return Refused(field="type", found=said.type, allowed="operator_input: this cell has no monitor")
        else:
            self._on_about(said)
        return None

    def _heard_coach(self, said: CoachInput, role: Role) -> Refused | None:
        assert self._on_coach is not None
        return self._on_coach(said)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(middlewares=[self._guard.middleware], client_max_size=MAX_INPUT)
        app.router.add_get("/ws", self._bench.talk)
        if self._on_coach:
            app.router.add_get("/coach/ws", self._coach.talk)
        if self._look:
            app.router.add_get("/view/ws", self._look.talk)
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
        await asyncio.gather(*(c.close() for c in (self._bench, self._coach, self._look) if c))
        await runner.cleanup()

    async def _to_first(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(self._first)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        folder, name = request.match_info["folder"], request.match_info["name"] or "index.html"
        if folder in LIBRARIES:
            base = self._root / LIBRARIES[folder]
        elif folder in FOLDERS or folder == "fonts":
            base = FONTS if folder == "fonts" else self._root / folder
        else:
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
