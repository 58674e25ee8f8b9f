"""Who may do what on the pages from another machine: a PIN for each role, and sessions that end.

On the bench's own machine nobody signs in: whoever sits there is the operator. From the network everything goes over
TLS, and nothing is shown before a PIN. PINs are kept as scrypt hashes in a file that only its owner reads; a session is
a random token in a cookie that no script can read. Whoever guesses has to wait: see `Guesses`.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from opstap.certificates import make, server_context
from opstap.pages.protocol import Role

ROLES: tuple[Role, ...] = get_args(Role)
STEM = "pages"
"""Names the certificate files."""
PINS = "pins.json"
DIGITS = (6, 12)
"""How many digits a PIN has, at least and at most."""
LASTS = 12 * 3600.0
"""Seconds a session lasts: a working day."""
MOST_SESSIONS = 64


class AccessError(Exception):
    """The pages cannot be opened to the network; the message says why and what to do."""


class WaitError(Exception):
    """Too many wrong PINs: `seconds` until the next one is looked at."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"too many wrong PINs: wait {seconds:.0f} s")


def _hashed(pin: str, salt: str) -> str:
    # 2^15 rounds: a twentieth of a second for us, a day for all six-digit PINs of a stolen file.
    return hashlib.scrypt(pin.encode(), salt=bytes.fromhex(salt), n=2**15, r=8, p=1, maxmem=2**26).hex()


def new_pin() -> str:
    """A PIN of the shortest length, at random."""
    return "".join(secrets.choice("0123456789") for _ in range(DIGITS[0]))


def prepare(folder: Path, names: list[str]) -> dict[Role, str]:
    """Make certificate and PINs in `folder` unless they are there; returns the new PINs, which are kept nowhere.

    Args:
        names: the bench's names and addresses in the network, as people type them in a browser.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    make(folder, STEM, names)
    if (folder / PINS).exists():
        return {}
    pins: dict[Role, str] = {}
    while len(set(pins.values())) < len(ROLES):  # a PIN says which role it is for
        pins = {role: new_pin() for role in ROLES}
    _write(folder, names, {role: _kept(pin) for role, pin in pins.items()})
    return pins


def set_pin(folder: Path, role: Role, pin: str) -> None:
    """Give `role` another PIN.

    Raises:
        AccessError: it is no PIN, another role has it, or the folder was not prepared.
    """
    least, most = DIGITS
    if not (pin.isdecimal() and pin.isascii() and least <= len(pin) <= most):
        raise AccessError(f"a PIN has {least} to {most} digits 0-9")
    names, pins = _read(folder)
    if any(_fits(pin, kept) for other, kept in pins.items() if other != role):
        raise AccessError("another role has this PIN: choose another one")
    _write(folder, names, pins | {role: _kept(pin)})


def _kept(pin: str) -> dict[str, str]:
    salt = secrets.token_hex(16)
    return {"salt": salt, "hash": _hashed(pin, salt)}


def _fits(pin: str, kept: Mapping[str, str]) -> bool:
    return secrets.compare_digest(_hashed(pin, kept["salt"]), kept["hash"])


def _write(folder: Path, names: list[str], pins: Mapping[str, Mapping[str, str]]) -> None:
    fresh = folder / f"{PINS}.new"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"names": names, "pins": pins}, file, indent=2)
    fresh.replace(folder / PINS)


def _read(folder: Path) -> tuple[list[str], dict[str, dict[str, str]]]:
    file = folder / PINS
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        names, pins = [str(n) for n in data["names"]], data["pins"]
        for role, kept in pins.items():
            if role not in ROLES or not kept["hash"] or not bytes.fromhex(kept["salt"]):
                raise ValueError(f"pins: found '{role}', allowed: {', '.join(ROLES)}, each with salt and hash")
    except FileNotFoundError as error:
        raise AccessError(f"{file}: no such file. Make it: opstap access prepare {folder} NAME") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AccessError(f"{file}: cannot be read ({error}). Remove it and run: opstap access prepare") from error
    return names, pins


class Guesses:
    """Slows down who tries PINs: `FREE` wrong ones are free, then each costs twice the wait of the one before.

    Both per address and for all together, so that many addresses help little: at 20 free ones and then at most one in
    `LONGEST`, a million PINs take years.
    """

    FREE, FIRST, LONGEST = 5, 15.0, 900.0
    FREE_FOR_ALL = 20
    MOST = 1024

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[int, float]] = {}

    def wait(self, address: str, now: float) -> float:
        """Seconds until a PIN from `address` is looked at."""
        return max(self._left(address, self.FREE, now), self._left("", self.FREE_FOR_ALL, now))

    def _left(self, whose: str, free: int, now: float) -> float:
        wrong, last = self._wrong.get(whose, (0, 0.0))
        if wrong < free:
            return 0.0
        return max(0.0, last + min(self.FIRST * 2.0 ** (wrong - free), self.LONGEST) - now)

    def was_wrong(self, address: str, now: float) -> None:
        for whose in (address, ""):
            wrong, last = self._wrong.get(whose, (0, now))
            # A quiet hour is forgiven.
            self._wrong[whose] = (1 if now - last > 3600 else min(wrong + 1, 40), now)
        while len(self._wrong) > self.MOST:
            del self._wrong[next(iter(self._wrong))]

    def was_right(self, address: str) -> None:
        self._wrong.pop(address, None)


@dataclass
class _Session:
    role: Role
    until: float


class Access:
    """The PINs of `folder`, and who is signed in.

    Args:
        folder: as `prepare` made it.
        clock: seconds that only go on.

    Raises:
        AccessError: the folder was not prepared, or cannot be read.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._names, self._pins = _read(folder)
        self._clock = clock
        self._guesses = Guesses()
        self._sessions: dict[str, _Session] = {}
        self._order: deque[str] = deque()
        try:
            self.context: ssl.SSLContext = server_context(folder, STEM)
        except (OSError, ssl.SSLError) as error:
            raise AccessError(f"{folder}: no certificate ({error}). Run: opstap access prepare {folder}") from error

    def is_own_name(self, host: str) -> bool:
        """Whether a Host header names this bench, with any port."""
        name = host[1 : host.rfind("]")] if host.startswith("[") else host.partition(":")[0]
        return name.lower() in (n.lower() for n in self._names)

    def sign_in(self, pin: str, address: str) -> tuple[str, Role] | None:
        """A new session's token and role; None when nobody has this PIN. Takes a tenth of a second.

        Raises:
            WaitError: too many wrong ones came before.
        """
        now = self._clock()
        wait = self._guesses.wait(address, now)
        if wait > 0:
            raise WaitError(wait)
        # All are tried, so that the time tells nothing.
        fitting = [role for role in ROLES if role in self._pins and _fits(pin, self._pins[role])]
        if not fitting:
            self._guesses.was_wrong(address, now)
            return None
        self._guesses.was_right(address)
        token = secrets.token_urlsafe(32)
        self._sessions[_digest(token)] = _Session(fitting[0], now + LASTS)
        self._order.append(_digest(token))
        while len(self._order) > MOST_SESSIONS:
            self._sessions.pop(self._order.popleft(), None)
        return token, fitting[0]

    def role(self, token: str) -> Role | None:
        """The role of who holds `token`; None when the session ended or never was."""
        session = self._sessions.get(_digest(token))
        if session is None or session.until < self._clock():
            return None
        return session.role

    def sign_out(self, token: str) -> None:
        """End the session, if there is one."""
        self._sessions.pop(_digest(token), None)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
