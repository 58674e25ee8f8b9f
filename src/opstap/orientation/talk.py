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
from typing import TYPE_CHECKING, Literal

import cv2
from aiohttp import WSMsgType, web
from pydantic import ValidationError

from opstap.guidance.cues import Cue, Sign
from opstap.guidance.drawing import Painter
from opstap.instructions import Cell
from opstap.messages import Message
from opstap.orientation import show
from opstap.orientation.job import Job
from opstap.orientation.media import Media
from opstap.orientation.messages import Pose, Refused, Status, Taken, Wish
from opstap.orientation.mirror import Mirror
from opstap.orientation.session import MINUTE, Phase, Session, View, WishError
from opstap.pages.guard import same_origin
from opstap.pages.protocol import MAX_INPUT
from opstap.scene import Language
from opstap.workflow.carried import CarriedError, offer, withdraw
from opstap.workflow.levels import Rules
from opstap.workflow.model import Asked

if TYPE_CHECKING:
    from opstap.orientation.bringing import Bringing

log = logging.getLogger(__name__)

TICK = 0.25
"""Seconds between two looks at the clock."""
MOVES = 1 / 60
"""Seconds between two messages of what moves, at least."""
AGAIN = 8
"""After so many looks at the clock a page is sent the session again, though nothing changed."""
HEARTBEAT = 4.0
"""A page is asked this often whether it is there, s; it is gone when half of that passes without an answer."""
GONE = MINUTE // 2
"""How long a participant's page may be gone before another page may take its place, ns."""
MOST_PAGES = 8
LONGEST_NAME = 60
COACHS = ("note", "prepare", "respond")
OWN = ("pause", "resume", "stop", "disturb", "calm", *COACHS)
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
        arm: makes the arm of a try-out; None: there is none.
        mirror: the cell that can be looked at; None: there is none.
        carried: folder in which a level of help waits for the bench; None: it cannot be taken there.
        responsible: name of who is there for the participant.
        clock: ns that only go on.
    """

    def __init__(
        self, cell: Cell, job: Job, rules: Rules, scene_file: bytes, folder: Path, person: str, language: Language,
        questions: bool = False, arm: Callable[[], Bringing] | None = None, mirror: Mirror | None = None,
        carried: Path | None = None, responsible: str = "", clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:  # fmt: skip
        self._cell, self._job, self._rules, self._file = cell, job, rules, scene_file
        self._media, self._mirror, self._carried = Media(job, folder), mirror, carried
        self._arm, self._responsible = arm, responsible
        self._questions, self._clock = questions, clock
        self.session = self._made(person, language)
        self._painters = [Painter(cell, p.undistorted) for p in cell.scene.projectors]
        self._thrown: tuple[Cue, ...] | None = None
        self._light: list[bytes] = []
        self._pages: list[_Page] = []
        self._token = ""
        self._left_at = 0
        self._participant: _Page | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stirred: asyncio.Event | None = None
        self._shown_version = -1
        if mirror:
            mirror.changed = self._stir

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
            web.get("/orientation/status", self._status),
            *self._media.routes(),
        ]

    async def _scene(self, request: web.Request) -> web.Response:
        return web.Response(body=self._file, content_type="model/gltf-binary")

    async def _status(self, request: web.Request) -> web.Response:
        standing = self._mirror.standing if self._mirror else ""
        status = Status(language=self.session.language, responsible=self._responsible, cell=standing,
                        questions=self._questions, missing=tuple(self._media.gone()))  # fmt: skip
        return web.Response(text=status.model_dump_json(), content_type="application/json")

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
            self._loop, self._stirred = asyncio.get_running_loop(), asyncio.Event()
            self._ticking = asyncio.create_task(self._go_on())
        await self._show()
        async for message in page.socket:
            if message.type is WSMsgType.TEXT:
                await self._hear(page, message.data)

    def _forget(self, page: _Page) -> None:
        with suppress(ValueError):
            self._pages.remove(page)

    def _stir(self) -> None:
        """The mirrored cell told something; from any thread."""
        loop, stirred = self._loop, self._stirred
        if loop and stirred:
            with suppress(RuntimeError):  # the server has stopped
                loop.call_soon_threadsafe(stirred.set)

    async def _go_on(self) -> None:
        """While somebody is here, time passes and what moves is sent; a page that hears nothing takes its connection
        for dead."""
        assert self._stirred
        ticks, due = 0, time.monotonic() + TICK
        while self._pages:
            await self._rest(due)
            session = self.session
            session.tick(self._clock())
            if time.monotonic() >= due:
                ticks, due = ticks + 1, time.monotonic() + TICK
                if ticks % AGAIN == 0:
                    for page in self._pages:
                        page.sent.pop("session", None)
                await self._show()
            elif self._mirror and self._mirror.version != self._shown_version:
                self._shown_version = self._mirror.version
                await self._show()
            else:
                await self._send("moving", show.moving(session, self._mirror), self._pages)

    async def _rest(self, due: float) -> None:
        """Until something has to be told: what moves, or at the latest the time at `due`."""
        assert self._stirred
        session = self.session
        if session.view == "own":
            moves = session.tryout.arm is not None and session.tryout.arm.busy and not session.paused
            await asyncio.sleep(MOVES if moves else max(0.0, due - time.monotonic()))
            return
        await asyncio.sleep(MOVES)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stirred.wait(), max(0.001, due - time.monotonic()))
        self._stirred.clear()

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
        if not coach and wish.asked in COACHS:
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
            "show": lambda: session.show(value),
            "see": lambda: self._see(value),
            "carry": lambda: self._carry(value),
            "disturb": lambda: session.disturb(value, now),
            "calm": lambda: session.calm(now),
            "note": lambda: session.note(value),
            "prepare": lambda: self._prepare(value),
            "respond": lambda: self._respond(value),
        }
        actions[wish.asked]()

    def _prepare(self, person: str) -> None:
        """A session for the next participant; what the last one left is forgotten."""
        if self.session.phase is Phase.INSIDE:
            raise WishError("prepare: found somebody inside, allowed: before or after a session")
        if not (0 < len(person) <= 40 and person.replace("_", "").replace("-", "").isalnum()):
            raise WishError(f"person: found '{person[:40]}', allowed: a pseudonym of letters, digits, _ and -")
        self.session = self._made(person, self.session.language)

    def _made(self, person: str, language: Language) -> Session:
        arm = self._arm() if self._arm else None
        view: View = "cell" if self._mirror else "own"
        return Session(self._cell, self._job, self._rules, person, language, self._clock(), arm, view)

    def _see(self, value: str) -> None:
        """Look at the own try-out or at the cell."""
        views: tuple[View, ...] = ("own", "cell") if self._mirror else ("own",)
        view = next((v for v in views if v == value), None)
        if view is None:
            raise WishError(f"see: found '{value[:40]}', allowed: {', '.join(views)}")
        self.session.see(view)
        self._shown_version = -1

    def _carry(self, value: str) -> None:
        """Take the level of help to the bench, or leave it here after all."""
        session = self.session
        if self._carried is None or session.phase is not Phase.AFTER or value not in ("yes", "no"):
            raise WishError(f"carry: found '{value[:40]}', allowed: yes or no, after a session that can be carried on")
        try:
            if value == "yes":
                offer(self._carried, session.person, session.tryout.profile.level)
            else:
                withdraw(self._carried, session.person)
        except CarriedError as error:
            raise WishError(str(error)) from error
        session.carried = value == "yes"

    def _respond(self, name: str) -> None:
        """Name who is there for the participant; empty: nobody."""
        if len(name) > LONGEST_NAME:
            raise WishError(f"respond: found {len(name)} characters, allowed: a name of up to {LONGEST_NAME}")
        self._responsible = " ".join(name.split())

    async def _show(self) -> None:
        """Send every page what it has not had."""
        session, pages = self.session, self._pages
        coaches = [p for p in pages if p.coach]
        await self._send("scenery", show.scenery(session, self._questions, self._responsible), pages)
        await self._send("world", show.world(session, self._mirror), pages)
        told = show.snapshot(
            session, bool(coaches), self._clock(), self._mirror, self._media, self._carried is not None
        )
        await self._send("session", told, pages)
        await self._send("moving", show.moving(session, self._mirror), pages)
        if coaches:
            await self._send("watch", show.watch(session, self._participant is not None), coaches)
        await self._throw()

    async def _throw(self) -> None:
        """Draw the projectors' light where it has changed, and send it."""
        session, mirror = self.session, self._mirror
        shown: tuple[Cue, ...] = ()
        if session.phase is Phase.INSIDE:
            shown = mirror.lit() if mirror and session.view == "cell" else session.tryout.lit(self._clock())
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
