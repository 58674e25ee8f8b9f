"""Plays a recording in its own time, over and over: each message when it is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from opstap.recording.bag import Message, messages
from opstap.recording.consent import ConsentError

REST = 2_000_000_000
"""Between the end and the next beginning, ns."""


class Playing:
    """A recording of the topics whose names end in one of `wanted`; `decode` as for `bag.messages`.

    Raises:
        ConsentError: it cannot be read, or holds none of them.
    """

    def __init__(
        self, folder: Path, store: Any, wanted: tuple[str, ...], decode: Callable[[str, bytes], Any] | None = None
    ) -> None:
        self._folder, self._store, self._wanted, self._decode = folder, store, wanted, decode
        self._coming = self._read()
        self._next: Message | None = next(self._coming, None)
        if self._next is None:
            raise ConsentError(f"{folder}: found none of the topics {', '.join(wanted)}, allowed: a cell's recording")
        self._offset: int | None = None
        """From the recording's time to the clock's, ns."""
        self._until = 0

    def due(self, now: int) -> list[Message]:
        """What is due at `now`, ns of a clock that only goes on; the first call begins."""
        if self._next is None:
            if now < self._until:
                return []
            self._coming = self._read()
            self._next, self._offset = next(self._coming, None), None
        found: list[Message] = []
        while self._next is not None:
            if self._offset is None:
                self._offset = now - self._next.stamp
            if self._next.stamp + self._offset > now:
                return found
            found.append(self._next)
            self._next = next(self._coming, None)
        self._until = now + REST
        return found

    def _read(self) -> Iterator[Message]:
        return messages(self._folder, self._store, self._wanted, self._decode)
