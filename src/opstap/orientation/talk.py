"""The orientation over HTTP: routes for a page server that guards its address and the pages' origin.

One participant is inside at a time; any number of coaches look on. Everything runs in the page server's event loop.
A page that is gone is "away": the session waits for it, and the same page finds it as it was (it names itself by a
token of its own). After `GONE` another page may take its place.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import cv2
from aiohttp import WSMsgType, web
from pydantic import ValidationError

from opstap.guidance.cues import Cue, Sign, cues
from opstap.guidance.drawing import Painter
from opstap.instructions import Cell
from opstap.messages import Message
from opstap.orientation import show
from opstap.orientation.job import Job
from opstap.orientation.messages import Pose, Refused, Taken, Wish
from opstap.orientation.session import MINUTE, Phase, Session, WishError
from opstap.pages.guard import same_origin
from opstap.pages.protocol import MAX_INPUT
from opstap.scene import Language
from opstap.workflow.levels import Rules
from opstap.workflow.model import Asked

log = logging.getLogger(__name__)

TICK = 0.25
"""Seconds between two looks at the clock."""
AGAIN = 8
"""After so many of them a page is sent the session again, though nothing changed."""
HEARTBEAT = 4.0
"""A page is asked this often whether it is there, s; it is gone when half of that passes without an answer."""
GONE = MINUTE // 2
"""How long a participant's page may be gone before another page may take its place, ns."""
MOST_PAGES = 8
OWN = ("pause", "resume", "stop", "disturb", "calm", "note", "prepare")
"""What a coach may ask."""


@dataclass(eq=False)
class _Page:
    socket: web.WebSocketResponse
    coach: bool
    sent: dict[str, bytes | str] = field(default_factory=dict)
    """Of each kind of message, what it was sent last: nothing is sent twice."""


class Orientation:
    """The session of the participant who is here now, and who looks on.

    Args:
        scene_file: the cell as GLB.
        folder: the job file's; its pictures are served.
        person: pseudonym of the first participant.
        questions: whether /questions/ asks some before and after.
        clock: ns that only go on.
    """

    def __init__(
        self, cell: Cell, job: Job, rules: Rules, scene_file: bytes, folder: Path, person: str, language: Language,
        questions: bool = False, clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:  # fmt: skip
        self._cell, self._job, self._rules, self._file, self._folder = cell, job, rules, scene_file, folder
        self._questions, self._clock = questions, clock
        self.session = Session(cell, job, rules, person, language, clock())
        self._painters = [Painter(cell, p) for p in cell.scene.projectors]
        self._thrown: tuple[Cue, ...] | None = None
        self._light: list[bytes] = []
        self._pages: list[_Page] = []
        self._token = ""
        self._left_at = 0
        self._participant: _Page | None = None
        self._ticking: asyncio.Task[None] | None = None

    @property
    def pages(self) -> int:
        """Number of pages that are connected now."""
        return len(self._pages)

    def routes(self) -> list[web.RouteDef]:
        """What the pages ask of their server."""
        return [
            web.get("/orientation/talk", self._participate),
            web.get("/orientation/coach-talk", self._look_on),
            web.get("/orientation/cell.glb", self._scene),
            web.get("/orientation/pictures/{spot}", self._picture),
        ]

    async def _scene(self, request: web.Request) -> web.Response:
        return web.Response(body=self._file, content_type="model/gltf-binary")

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        spot = self._job.spot.get(request.match_info["spot"])
        if spot is None or not spot.picture:
            raise web.HTTPNotFound
        path = self._folder / spot.picture
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            log.warning("%s cannot be read: %s", path, error.strerror)
            raise web.HTTPNotFound from error
        kind = "image/png" if path.suffix.lower() == ".png" else "image/jpeg"
        return web.Response(body=data, content_type=kind)

    async def _participate(self, request: web.Request) -> web.StreamResponse:
        socket = await self._opened(request)
        token = request.query.get("page", "")[:64]
        now = self._clock()
        here = self._participant
        free = here is None and (now - self._left_at >= GONE or self.session.phase is not Phase.INSIDE)
        if token != self._token and self._token and not free:
            await socket.send_str(Taken().model_dump_json())
            await socket.close()
            return socket
        page = self._participant = _Page(socket, coach=False)
        self._token = token
        if here:  # the same page again: its first connection is dead without a word
            await here.socket.close()
        try:
            await self._serve(page)
        finally:
            self._forget(page)
            if self._participant is page:
                self._participant, self._left_at = None, self._clock()
                self.session.pause("away", self._left_at)
        return socket

    async def _look_on(self, request: web.Request) -> web.StreamResponse:
        socket = await self._opened(request)
        page = _Page(socket, coach=True)
        try:
            await self._serve(page)
        finally:
            self._forget(page)
        return socket

    async def _opened(self, request: web.Request) -> web.WebSocketResponse:
        if not same_origin(request):
            raise web.HTTPForbidden(text="Only this server's own pages may connect.\n")
        if len(self._pages) >= MOST_PAGES:
            raise web.HTTPServiceUnavailable(text=f"{MOST_PAGES} pages are open. Close one.\n")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_INPUT, compress=False)
        await socket.prepare(request)
        return socket

    async def _serve(self, page: _Page) -> None:
        self._pages.append(page)
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.create_task(self._tick())
        await self._show()
        async for message in page.socket:
            if message.type is WSMsgType.TEXT:
                await self._hear(page, message.data)

    def _forget(self, page: _Page) -> None:
        with suppress(ValueError):
            self._pages.remove(page)

    async def _tick(self) -> None:
        """While somebody is here, time passes; a page that hears nothing takes its connection for dead."""
        ticks = 0
        while self._pages:
            await asyncio.sleep(TICK)
            ticks += 1
            if ticks % AGAIN == 0:
                for page in self._pages:
                    page.sent.pop("session", None)
            self.session.tick(self._clock())
            await self._show()

    async def _hear(self, page: _Page, text: str) -> None:
        try:
            if not page.coach and text.startswith('{"type":"pose"'):
                pose = Pose.model_validate_json(text)
                await self._send("pose", pose, [p for p in self._pages if p.coach])
                return
            wish = Wish.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            why = f"{'.'.join(map(str, first['loc'])) or 'message'}: {first['msg']}"
            await page.socket.send_str(Refused(why=why).model_dump_json())
            return
        try:
            self._do(wish, page.coach)
        except (WishError, ValueError) as error:
            await page.socket.send_str(Refused(why=str(error)).model_dump_json())
        await self._show()

    def _do(self, wish: Wish, coach: bool) -> None:
        """Do what a page asks.

        Raises:
            WishError: it cannot be done now.
            ValueError: a number is none.
        """
        session, now, value = self.session, self._clock(), wish.value
        session.tick(now)
        if coach and wish.asked not in OWN:
            raise WishError(f"asked: found '{wish.asked}' from a coach, allowed: {', '.join(OWN)}")
        if not coach and wish.asked in ("note", "prepare"):
            raise WishError(f"asked: found '{wish.asked}' from a participant, allowed: to the coach")
        by: Literal["participant", "coach"] = "coach" if coach else "participant"
        actions: dict[str, Callable[[], None]] = {
            "enter": lambda: session.enter(now),
            "stop": lambda: session.stop(by),
            "pause": lambda: session.pause(by, now),
            "resume": lambda: session.resume(by, now),
            "away": lambda: session.pause("away", now),
            "score": lambda: session.score(int(value), now),
            "stay": lambda: session.stay(now),
            "go": lambda: session.go(value),
            "open": lambda: session.look(value),
            "answer": lambda: session.answer(int(value)),
            "like": lambda: session.mark("like"),
            "ask": lambda: session.mark("ask"),
            "act": lambda: session.act(value, now),
            "new_case": lambda: session.new_case(now),
            "level": lambda: session.guide(Asked.SET, now, "level", value),
            "set": lambda: session.set(wish.setting, value, now),
            "disturb": lambda: session.disturb(value, now),
            "calm": lambda: session.calm(now),
            "note": lambda: session.note(value),
            "prepare": lambda: self._prepare(value),
        }
        actions[wish.asked]()

    def _prepare(self, person: str) -> None:
        """A session for the next participant; what the last one left is forgotten."""
        if self.session.phase is Phase.INSIDE:
            raise WishError("prepare: found somebody inside, allowed: before or after a session")
        if not (0 < len(person) <= 40 and person.replace("_", "").replace("-", "").isalnum()):
            raise WishError(f"person: found '{person[:40]}', allowed: a pseudonym of letters, digits, _ and -")
        before = self.session
        self.session = Session(self._cell, self._job, self._rules, person, before.language, self._clock())

    async def _show(self) -> None:
        """Send every page what it has not had."""
        session, pages = self.session, self._pages
        coaches = [p for p in pages if p.coach]
        await self._send("scenery", show.scenery(session, self._questions), pages)
        await self._send("world", show.world(session), pages)
        await self._send("session", show.snapshot(session, bool(coaches), self._clock()), pages)
        if coaches:
            await self._send("watch", show.watch(session, self._participant is not None), coaches)
        await self._throw()

    async def _throw(self) -> None:
        """Draw the projectors' light where it has changed, and send it."""
        session = self.session
        state, profile = session.tryout.state, session.tryout.profile
        shown = cues(state, self._cell, profile, self._clock()) if session.phase is Phase.INSIDE else ()
        # Projected buttons cannot be pressed here, so none are thrown: the page and the panel have their own.
        lit = tuple(cue for cue in shown if cue.kind is not Sign.BUTTON)
        if lit != self._thrown:
            self._thrown = lit
            self._light = [bytes([i]) + _png(p, lit) for i, p in enumerate(self._painters)]
        for i, light in enumerate(self._light):
            await self._deliver(f"light {i}", light, self._pages)

    async def _send(self, kind: str, message: Message, pages: Iterable[_Page]) -> None:
        await self._deliver(kind, message.model_dump_json(), pages)

    async def _deliver(self, kind: str, message: str | bytes, pages: Iterable[_Page]) -> None:
        for page in list(pages):
            if page.sent.get(kind) == message:
                continue
            page.sent[kind] = message
            with suppress(ConnectionError):
                await (page.socket.send_bytes(message) if isinstance(message, bytes) else page.socket.send_str(message))


def _png(painter: Painter, lit: tuple[Cue, ...]) -> bytes:
    image = cv2.cvtColor(painter.draw(lit), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
