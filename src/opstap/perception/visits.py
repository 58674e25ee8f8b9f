"""Which hand is in which place: enters, stays, leaves.

A hand is in a place when enough of it is seen between the place's rim (or what lies higher) and its content. The
forearm that follows the hand over other places is not in them: only what is near the fingertips counts. Each arm is
looked at by itself, so two hands can be in two neighbouring bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats
from opstap.perception.contents import Depths
from opstap.perception.hands import Blobs, HandFinder, Side
from opstap.perception.places import Pixels

REACH_ABOVE = 30
"""mm above the rim, or above content that lies higher, below which a hand is in a place; higher, it passes by.

Fingers at the top of a full bin are above the rim."""
REACH_OVER = 12
"""mm above the settled content from which something is a hand and not content."""
FINGERS = 150.0
"""mm2 of hand inside a place that make a visit: two fingertips."""
FINGERTIPS = 0.13
"""m from the tip of the hand within which it is in a place; what is farther back is palm and forearm."""
NEIGHBOURS = 0.12
"""m. Of places closer than this, a hand visits only the one that it is in most."""
ENTER, LEAVE = 2, 2
"""Frames in a row with and without a hand in a place that make it enter and leave."""


@dataclass(frozen=True, eq=False)
class Moved:
    """Who came and went in one frame. Arrays are (P,), one entry a place."""

    entered: NDArray[np.bool_]
    left: NDArray[np.bool_]
    area: Floats
    """mm2 of hand in each place now."""


class Visits:
    """Hands in places. `side` (P,) tells whose hand was in each last."""

    def __init__(self, pixels: Pixels, pixel_mm2: Floats, half: NDArray[np.intp], centres: Floats) -> None:
        self._pixels, self._pixel_mm2, self._half = pixels, pixel_mm2, half
        self._centres = centres
        self._close = np.linalg.norm(centres[:, None] - centres[None], axis=2) < NEIGHBOURS
        count = len(centres)
        self._low = np.zeros(len(pixels.index), np.uint16)
        self._high = self._low.copy()
        """Depths, mm, between which an arm's pixel is in the place."""
        self._inside = np.zeros(count, np.intp)
        """Frames in a row with a hand in the place; negative: without."""
        self.side: list[Side] = ["unknown"] * count

    def settle(self, p: int, reference: Depths) -> None:
        """The content of place `p` is at depth `reference`, mm, 0 = unknown."""
        px, own = self._pixels, self._pixels.of(p)
        settled = np.where(reference > 0, reference, px.bare[own])
        self._low[own] = np.minimum(px.rim[own], settled) - REACH_ABOVE / px.rise[own]
        self._high[own] = settled - REACH_OVER / px.rise[own]

    def see(self, depth: NDArray[np.uint16], blobs: Blobs, finder: HandFinder, occupied: NDArray[np.bool_]) -> Moved:
        """One frame: `depth` (N,) of the places' pixels. `occupied` (P,) is where hands were known to be."""
        area = np.zeros(len(self._centres))
        hand = np.zeros(len(self._centres), bool)
        if blobs.owner is not None:
            each = self._areas(depth, blobs, finder, blobs.owner)
            most = np.where(self._close[None], each[:, None, :], 0.0).max(axis=2)
            inside = (each >= FINGERS) & (each >= most)
            hand, area = inside.any(axis=0), each.max(axis=0)
            for p in np.flatnonzero(hand):
                side = blobs.hands[int(each[:, p].argmax())].side
                self.side[p] = side if side != "unknown" or self._inside[p] < 0 else self.side[p]
        self._inside = np.where(hand, np.maximum(self._inside, 0) + 1, np.minimum(self._inside, 0) - 1)
        entered = ~occupied & (self._inside >= ENTER)
        return Moved(entered, occupied & (self._inside <= -LEAVE), area)

    def _areas(self, depth: NDArray[np.uint16], blobs: Blobs, finder: HandFinder, owner: NDArray[np.uint8]) -> Floats:
        """mm2 of each hand in each place, (hands, P)."""
        whose = np.take(owner.reshape(-1), self._half)
        within = np.flatnonzero((whose > 0) & (depth > self._low) & (depth < self._high))
        number = whose[within] - np.intp(1)
        points = finder.rays.reshape(-1, 3)[self._half[within]] * depth[within, None] + finder.origin
        near = np.linalg.norm(points - blobs.tips[number], axis=1) < FINGERTIPS
        count = len(self._centres)
        cell = number[near] * count + self._pixels.place[within[near]]
        area = np.bincount(cell, minlength=len(blobs.hands) * count).reshape(len(blobs.hands), count)
        return np.asarray(area * self._pixel_mm2)

    def nearest(self, at: Floats, occupied: NDArray[np.bool_]) -> int | None:
        """The place with a hand in it that is nearest to a hand at `at`; None when none is near."""
        inside = np.flatnonzero(occupied)
        if not len(inside):
            return None
        far = np.linalg.norm(self._centres[inside, :2] - at[:2], axis=1)
        return int(inside[far.argmin()]) if far.min() < NEIGHBOURS else None
