"""What is asked of the cobot, one errand at a time, and whether a hand was in the tray that it put down."""

from __future__ import annotations

from dataclasses import dataclass

from opstap.instructions import Cell
from opstap.workflow.model import State, Tray, TrayChanged
from opstap.workflow.order import current_step

REACHED = 200_000_000
"""ns that a hand has to be in the tray to count: shorter, it passed by."""
LOST = 150_000_000
"""ns that a hand is not seen there before it has left: a camera loses it for some pictures."""


@dataclass(frozen=True)
class Errand:
    """Bring the tray with `part`, or take it `back` to the store."""

    part: str
    back: bool


class Trays:
    """Follows from the state of the work what the cobot should do next."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self.out = ""
        """The part whose tray is out of the store; empty: none is."""
        self._stuck: tuple[int, int] | None = None
        """Job and step at which a tray could not be taken back."""

    def next(self, state: State) -> Errand | None:
        """What to ask now, while nothing is asked."""
        step = current_step(self._cell, state)
        wanted = step.part if step and state.tray is not Tray.NONE else ""
        if self.out and self.out != wanted:
            return Errand(self.out, back=True) if self._stuck != (state.job, state.step) else None
        if wanted and not self.out and state.tray is Tray.COMING:
            return Errand(wanted, back=False)
        return None

    def ended(self, errand: Errand, state: State, done: bool, left_out: bool, zone: str, stamp: int
              ) -> TrayChanged | None:  # fmt: skip
        """The errand is over: `done` or not, the tray `left_out` of the store, in `zone`. What changed by that."""
        self.out = errand.part if left_out else ""
        if errand.back:
            self._stuck = None if done else (state.job, state.step)
            return None
        step = current_step(self._cell, state)
        if step is None or step.part != errand.part or state.tray is not Tray.COMING:
            return None  # the work went on without it
        return TrayChanged(stamp, Tray.THERE, zone) if done else TrayChanged(stamp, Tray.NONE)


class Reach:
    """Whether a hand was in the tray: in for `REACHED` or longer, and out again."""

    def __init__(self) -> None:
        self._since: int | None = None
        self._last = 0

    def see(self, inside: bool, stamp: int) -> bool:
        """One look at `stamp` ns; true in the one after which the hand has left."""
        if inside:
            self._since, self._last = (stamp if self._since is None else self._since), stamp
            return False
        if stamp - self._last <= LOST:
            return False
        since, self._since = self._since, None
        return since is not None and self._last - since >= REACHED
