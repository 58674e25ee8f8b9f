"""The closed list of what the monitor can say. Each fact can be seen or counted; none is about how somebody feels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FactName(str, Enum):
    """What a fact is about."""

    PACE = "pace"
    """Time of the last steps against the person's own time for the same steps, 1 = as always, 2 = twice as long."""
    HESITATION = "hesitation"
    """Time since something last moved at the bench while a step was asked, s."""
    ERROR_STREAK = "error_streak"
    """Mix-ups in the last ten steps, without those the person disputed."""
    WAITING_FOR_PARTS = "waiting_for_parts"
    """Time with an empty bin, s."""
    REACH = "reach"
    """Share of the last ten minutes in which a hand was farther than the person's reach, 0 to 1."""
    SINCE_BREAK = "since_break"
    """Time since the last pause or absence of five minutes or more, s."""
    ABSENT = "absent"
    """Time without a hand over the table and without progress, s."""
    ASKED_FOR_HELP = "asked_for_help"
    """Time since the person called for help, s."""


UNITS: dict[FactName, str] = {
    FactName.PACE: "1",
    FactName.HESITATION: "s",
    FactName.ERROR_STREAK: "1",
    FactName.WAITING_FOR_PARTS: "s",
    FactName.REACH: "1",
    FactName.SINCE_BREAK: "s",
    FactName.ABSENT: "s",
    FactName.ASKED_FOR_HELP: "s",
}


class Signal(str, Enum):
    """Where a fact comes from. Two facts of one signal are one piece of evidence."""

    TIMING = "timing"
    ERRORS = "errors"
    SUPPLY = "supply"
    HANDS = "hands"
    CLOCK = "clock"
    SAID = "said"


SIGNALS: dict[FactName, Signal] = {
    FactName.PACE: Signal.TIMING,
    FactName.HESITATION: Signal.TIMING,
    FactName.ERROR_STREAK: Signal.ERRORS,
    FactName.WAITING_FOR_PARTS: Signal.SUPPLY,
    FactName.REACH: Signal.HANDS,
    FactName.SINCE_BREAK: Signal.CLOCK,
    FactName.ABSENT: Signal.HANDS,
    FactName.ASKED_FOR_HELP: Signal.SAID,
}


@dataclass(frozen=True)
class Fact:
    """One fact now."""

    name: FactName
    value: float | None
    """In the fact's unit; None: not known."""
    baseline: float | None = None
    """What is usual for this person, in the same unit; None: none (yet)."""
    confidence: float = 0.0
    """0 to 1: how much it rests on. 0 where it is not known."""
    why: str = ""
    """Why it is not known; empty where it is."""

    @property
    def unit(self) -> str:
        return UNITS[self.name]


class Face(str, Enum):
    """What a person says of themselves with one tap. It is kept as said, and never guessed."""

    GOOD = "good"
    SO_SO = "so_so"
    NOT_GOOD = "not_good"


class AdviceKind(str, Enum):
    """The only things the monitor can advise. None of them changes the pace of the cell or the robot."""

    LEVEL = "level"
    """More guidance, if the person wants it."""
    HELP = "help"
    """Somebody could come and help."""
    BREAK = "break"
    """A break."""
