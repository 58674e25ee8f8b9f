"""From what perception tells of every place at every frame to what changed: the events of the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from opstap.workflow.model import Content, PlaceChanged

UNSEEN_AFTER = 3_000_000_000
"""ns for which a place has to be hidden before that is told: a hand in the way is gone sooner."""


class Look(NamedTuple):
    """What one frame tells of a bin or a slot."""

    place: str
    content: Content
    occupied: bool
    """A hand is in it."""


class Changes:
    """Finds what changed. What is hidden is first taken to be as it was, and after `UNSEEN_AFTER` cannot be seen."""

    def __init__(self) -> None:
        self._hidden: dict[str, int] = {}
        """Places that are hidden without a hand in them, and since which stamp."""

    def find(self, known: Mapping[str, Content], looks: Iterable[Look], stamp: int) -> list[PlaceChanged]:
        """The places that are not as `known` (any more) at the frame of `stamp`, ns."""
        changed = []
        for place, content, occupied in looks:
            if occupied or content is not Content.CANNOT_SEE:
                self._hidden.pop(place, None)
            elif stamp - self._hidden.setdefault(place, stamp) < UNSEEN_AFTER:
                continue
            if not occupied and known.get(place) is not content:
                changed.append(PlaceChanged(stamp, place, content))
        return changed
