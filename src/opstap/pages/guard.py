"""What every request passes before anything else: is it for us, from our own pages, and from somebody who may.

A request over plain HTTP can only come from this machine (the server listens nowhere else so) and is the operator's.
One over TLS comes from the network and needs a session; without one there is the page to sign in, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import logging
from base64 import b64encode
from hashlib import sha256

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from opstap.pages.access import Access, WaitError
from opstap.pages.protocol import Role

IMPORT_MAP = '{"imports":{"three":"/three/build/three.module.js","three/addons/":"/three/examples/jsm/"}}'
"""Where pages that draw in three dimensions find three.js. Browsers take this map only from inside the page, so it is
the one script there that is allowed."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' "
    f"'sha256-{b64encode(sha256(IMPORT_MAP.encode()).digest()).decode()}'; style-src 'self'; img-src 'self' blob:; "
    "font-src 'self'; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
COOKIE = "__Host-opstap"
"""The prefix makes browsers refuse it without TLS, for other paths, and from other hosts."""
OPEN = ("/sign-in", "/core/", "/fonts/")
"""Paths that are there before anybody signed in."""
MAY: dict[str, tuple[Role, ...]] = {
    "/calibrate": ("coach", "integrator"),
    "/coach": ("coach",),
    "/orientation/coach": ("coach",),
    "/view": ("integrator",),
    "/bench": ("operator", "integrator"),
    "/ws": ("operator", "integrator"),
    "/about": ("operator",),
}
"""Paths that from the network only some PINs open; all others are everybody's who signed in. The bench page shows the
work as closely as who stands beside it sees it, with the camera's picture: what a worker shares with a coach is on the
coach's page."""
COACHING = "/coach"
"""The path that is nobody's without the coach's PIN, also at the bench's own machine: it shows what people share."""
LONGEST_PIN_BODY = 64
ORIENTATION_COACH = "/orientation/coach"
"""The same, as soon as there are PINs. Without, nobody but who is at this machine reaches the orientation at all, and
there is no other way to it; what it shows of people is there only while their session is, and nothing they shared."""
NO_PIN_HERE = "This page is for the coach, who signs in with a PIN, over https also on this machine: docs/network.md\n"

ROLE: web.RequestKey[Role] = web.RequestKey("role", str)  # type: ignore[arg-type]
log = logging.getLogger(__name__)


def role_of(request: web.Request) -> Role:
    """Who asks; every request that got past the guard has one."""
    return request[ROLE]


class Guard:
    """The middleware; `access` is None where the network is not served, `try_out` as `PageServer` says."""

    def __init__(self, access: Access | None, try_out: bool = False) -> None:
        self._access, self._try_out = access, try_out

    def routes(self) -> list[web.RouteDef]:
        """To sign in and out; nothing where the network is not served."""
        return [web.post("/sign-in", self._sign_in), web.post("/sign-out", self._sign_out)] if self._access else []

    def token(self, request: web.Request) -> str:
        """What a request from the network carries; empty on this machine."""
        return request.cookies.get(COOKIE, "") if request.secure else ""

    def still(self, request: web.Request) -> bool:
        """Whether who opened `request`, perhaps long ago, may still do what it does."""
        return not request.secure or (self._access is not None and self._access.role(self.token(request)) is not None)

    @property
    def middleware(self) -> Middleware:
        """Refuses what may not pass, and gives every answer the headers that pages need."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = self._refused(request)
            if response is None:
                try:
                    response = await handler(request)
                except web.HTTPException as error:
                    error.headers.update(HEADERS)
                    raise
            if not response.prepared:
                response.headers.update(HEADERS)
            return response

        return guard

    def _refused(self, request: web.Request) -> web.StreamResponse | None:
        host = request.headers.get("Host", "")
        own = self._access.is_own_name(host) if self._access and request.secure else _this_machine(host)
        if not own:
            use = "the bench's own name" if request.secure else "http://localhost and the port"
            return web.Response(status=421, text=f"Use {use}: other names are refused.\n")
        asks = request.method not in ("GET", "HEAD")
        if asks and not same_origin(request):
            return web.Response(status=403, text="Only this server's own pages may ask this.\n")
        role: Role | None = "operator" if not request.secure else None
        if not request.secure and request.path.startswith(COACHING):
            if not self._try_out:
                return web.Response(status=403, text=NO_PIN_HERE)
            role = "coach"
        if not request.secure and self._access and request.path.startswith(ORIENTATION_COACH):
            return web.Response(status=403, text=NO_PIN_HERE)
        if self._access and request.secure:
            role = self._access.role(self.token(request))
            if role is None and not request.path.startswith(OPEN):
                if asks or request.path == "/ws":
                    return web.Response(status=401, text="Sign in first.\n")
                return web.Response(status=302, headers={"Location": f"/sign-in/?next={request.path}"})
            may = next((roles for path, roles in MAY.items() if request.path.startswith(path)), None)
            if role is not None and may is not None and role not in may:
                if role == "coach" and request.path.startswith("/bench") and not asks:
                    return web.Response(status=302, headers={"Location": f"{COACHING}/"})
                return web.Response(status=403, text=f"This page is for the {' or the '.join(may)}.\n")
        if role is not None:
            request[ROLE] = role
        return None

    async def _sign_in(self, request: web.Request) -> web.Response:
        assert self._access is not None
        address = request.remote or "unknown"
        try:
            if (request.content_length or 0) > LONGEST_PIN_BODY:
                raise ValueError("too long")
            pin = json.loads(await request.text())["pin"]
            if not isinstance(pin, str):
                raise ValueError("no text")
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": 'found something else, allowed: {"pin": "digits"}'}, status=400)
        try:
            # In a thread: hashing takes long on purpose, and pictures must not wait for it.
            found = await asyncio.to_thread(self._access.sign_in, pin, address)
        except WaitError as error:
            log.warning("sign-in from %s refused: %s", address, error)
            return web.json_response({"wait": round(error.seconds) + 1}, status=429)
        if found is None:
            log.warning("sign-in from %s: wrong PIN", address)
            return web.json_response({"wait": 0}, status=403)
        token, role = found
        log.info("sign-in from %s as %s", address, role)
        response = web.json_response({"role": role})
        response.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="Strict", path="/")
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        assert self._access is not None
        self._access.sign_out(self.token(request))
        response = web.Response(status=204)
        response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
        return response


def same_origin(request: web.Request) -> bool:
    """Whether it comes from a page of this very server."""
    return request.headers.get("Origin") == f"{'https' if request.secure else 'http'}://{request.host}"


def _this_machine(host: str) -> bool:
    """Whether a Host header names this machine. The port may differ: it does behind `ssh -L` or `adb reverse`."""
    name = host[: host.rfind("]") + 1] if host.startswith("[") else host.partition(":")[0]
    return name in ("localhost", "127.0.0.1", "[::1]")
