"""What somebody is about to do: steps, one after the other, as plain data that can be saved and gone on with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from opstap.simulation.hand import Hand

Step = Callable[[], float]
"""Starts something and returns the seconds to wait; a movement of the hand is waited for besides."""


class Plan:
    """The steps of one hand. They are bound methods and partials of them, which can be pickled."""

    def __init__(self) -> None:
        self._hand: Hand | None = None
        self._steps: deque[Step] = deque()
        self._until = 0.0

    def begin(self, hand: Hand | None, *steps: Step) -> None:
        """Do `steps` with `hand`."""
        self._hand = hand
        self._steps.extend(steps)

    def go_on(self, now: float) -> bool:
        """Start the steps whose time has come; False when there was nothing to do (the hand may be on its way back)."""
        active = False
        while now >= self._until:
            if not self._steps:
                return active
            active = True
            if self._hand and self._hand.busy:
                break
            self._until = now + self._steps.popleft()()
        return True
