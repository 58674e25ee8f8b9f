"""How good the rules are, as people judge them: the share of advices that were refused. About rules, never a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opstap.monitoring.monitor import Monitor

LEAST_PEOPLE = 5
"""With fewer nothing is told: it would be about somebody."""
TARGET = 0.3
"""Share of refusals above which rules want changing (own target; docs/monitor.md)."""


@dataclass(frozen=True)
class Quality:
    """Of all advices that were given to at least `LEAST_PEOPLE`."""

    people: int
    given: int
    refused: int
    """Answered with "not now" or "never", or not at all."""

    @property
    def refused_share(self) -> float:
        return self.refused / self.given


def quality(monitors: Iterable[Monitor]) -> Quality | None:
    """The figure over everybody who was advised something; None while those are too few."""
    advised = [m.advisor for m in monitors if m.advisor.given]
    if len(advised) < LEAST_PEOPLE:
        return None
    return Quality(len(advised), sum(a.given for a in advised), sum(a.refused for a in advised))
