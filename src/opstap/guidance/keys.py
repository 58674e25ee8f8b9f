"""Keys of a keyboard or a foot pedal, and what they ask (`config/inputs/keys.yaml`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from opstap.documents import Document, Fault, Model, nearest
from opstap.workflow.model import Asked

ALLOWED = tuple(a.value for a in Asked if a is not Asked.SET)
BOUNCE = 0.3
"""Seconds within which the same key again is a bounce of the pedal, not a second press."""


class Keys(Model):
    """What each key asks."""

    keys: Annotated[dict[str, str], Field(min_length=1)]
    device: Annotated[str, Field(max_length=200)] = ""
    """A pedal that is read by itself, whatever window has the keyboard: its name, or its path in /dev/input."""


def load_keys(path: Path) -> dict[int, Asked]:
    """What each key asks, by SDL's code of the key.

    Raises:
        DocumentError: telling every unknown key and wish with its line.
    """
    from opstap.guidance.window import KEYS

    document = Document.read(path)
    keys = document.parse(Keys).keys
    faults = []
    for name, asked in keys.items():
        if name not in KEYS:
            faults.append(Fault(("keys", name), f"unknown key '{name}'", "a key as SDL names it, such as 'pagedown'"))
        if asked not in ALLOWED:
            faults.append(Fault(("keys", name), f"'{asked}'", nearest(asked, list(ALLOWED))))
    if faults:
        raise document.error(faults)
    return {KEYS[name]: Asked(asked) for name, asked in keys.items()}


def load_device(path: Path) -> str:
    """The device that is read by itself; "": none.

    Raises:
        DocumentError: as `load_keys`.
    """
    return Document.read(path).parse(Keys).device


class Pedal:
    """Turns presses into wishes: one for each press, none for a bounce or a key that means nothing here."""

    def __init__(self, keys: dict[int, Asked]) -> None:
        self._keys = keys
        self._last: dict[int, float] = {}

    def press(self, key: int, now: float) -> Asked | None:
        """What the key of SDL's code `key`, pressed at `now` seconds, asks."""
        asked = self._keys.get(key)
        bounced = asked is not None and now - self._last.get(key, -BOUNCE) < BOUNCE
        if asked is not None:
            self._last[key] = now
        return None if bounced else asked
