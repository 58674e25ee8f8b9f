"""What the three ways to a factory have in common."""

from __future__ import annotations

from typing import Protocol

from opstap.factory.facts import CellState


class FactoryError(Exception):
    """A way to the factory cannot be opened; the message says which, why and what to do."""


class Part(Protocol):
    """One way to the factory. Everything in the bridge's event loop."""

    fault: str
    """What is wrong now, in plain words; empty when nothing is."""

    async def start(self) -> None:
        """Begin.

        Raises:
            FactoryError: it cannot.
        """

    async def show(self, state: CellState) -> None:
        """The cell is now in this state, and was not before; or there is something new to tell."""

    async def stop(self) -> None:
        """End, and free what was taken."""
