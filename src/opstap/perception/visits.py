"""Which hand is in which place: enters, stays, leaves.

A hand is in a place when enough of it is seen in the space over the place's floor, up to a little above its rim or what
lies higher. The forearm that follows the hand over other places is not in them: only what is near the fingertips
counts. Each arm is looked at by itself, so two hands can be in two neighbouring bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats, View
from opstap.perception.contents import Depths
from opstap.perception.hands import Blobs, Side
from opstap.perception.places import Pixels, Place, at_share

REACH_ABOVE = 0.030
"""m above the rim, or above content that lies higher, below which a hand is in a place; higher, it passes by. Fingers
at the top of a full bin are above the rim."""
BACK_OF_HAND = 0.07
"""m that more of the hand may be above it for a camera that looks from the side: fingers are hidden behind the hand's
back, which is so much higher. It counts with the sine of the slant."""
THICK = 0.12
"""m from the back of the hand to the fingers hidden behind it, for a camera that looked level. It counts with the
square of the slant's sine: from nearly above, nothing is hidden."""
FINGERS = 150.0
"""mm2 of hand inside a place that make a visit: two fingertips."""
BESIDE = 0.03
"""m beside or above a place at which a hand is close to it."""
NEAR = 0.12
"""m from a place's centre within which a hand is said to be in it."""
ENTER, LEAVE = 2, 2
"""Frames in a row with and without a hand in a place that make it enter and leave."""


@dataclass(frozen=True, eq=False)
class Moved:
    """Who came and went in one frame. Arrays are (P,), one entry a place."""

    entered: NDArray[np.bool_]
    left: NDArray[np.bool_]
    near: NDArray[np.bool_]
    """A hand is in the place or so close that it may have been: what changes there is believed at once."""
    area: Floats
    """mm2 of hand in each place now."""


class Visits:
    """Hands in places. `side` (P,) tells whose hand was in each last."""

    def __init__(self, places: Sequence[Place], pixels: Pixels, view: View) -> None:
        self._places, self._pixels = places, pixels
        inverse = [p.pose.inverse() for p in places]
        # A point in the table frame @ turn + shift is one in the place's.
        self._turn = np.array([i.rotation.T for i in inverse])
        self._shift = np.array([i.translation for i in inverse])[:, None]
        self._half = np.array([p.size[:2] for p in places]) / 2
        self._centres = np.array([p.pose.translation for p in places])
        way = self._centres - view.pose.translation
        slant = np.hypot(way[:, 0], way[:, 1]) / np.linalg.norm(way, axis=1)
        rims = np.array([p.size[2] for p in places])
        self._reach = rims + REACH_ABOVE + BACK_OF_HAND * slant
        self._top = self._reach.copy()
        """Height above each place's floor, m, below which a hand is in it."""
        k = view.pinhole
        self._at, self._mm2 = view.pose.translation, 16e6 / (k.fx * k.fy)
        self._inside = np.zeros(len(places), np.intp)
        """Frames in a row with a hand in the place; negative: without."""
        self.side: list[Side] = ["unknown"] * len(places)

    def settle(self, p: int, reference: Depths) -> None:
        """The content of place `p` is at depth `reference`, mm, 0 = unknown."""
        px, own = self._pixels, self._pixels.of(p)
        over = np.where(reference > 0, px.rim[own] - reference, 0.0) * px.rise[own] * 1e-3
        self._top[p] = self._reach[p] + (max(0.0, at_share(over, 0.9)) if len(over) else 0.0)

    def see(self, blobs: Blobs, occupied: NDArray[np.bool_]) -> Moved:
        """One frame. `occupied` (P,) is where hands were known to be."""
        area = np.zeros(len(self._places))
        hand, near = np.zeros(len(self._places), bool), np.zeros(len(self._places), bool)
        if blobs.hands:
            each, beside = (np.array(a) for a in zip(*(self._areas(arm.fingers) for arm in blobs.arms), strict=True))
            near = beside.max(axis=0) >= FINGERS
            # One hand visits one place, the one that it is in most: a thumb or a tool may stick out into the next.
            inside = (each >= FINGERS) & (each >= each.max(axis=1, keepdims=True))
            hand, area = inside.any(axis=0), each.max(axis=0)
            for p in np.flatnonzero(hand).tolist():
                side = blobs.hands[int(each[:, p].argmax())].side
                self.side[p] = side if side != "unknown" or self._inside[p] < 0 else self.side[p]
        self._inside = np.where(hand, np.maximum(self._inside, 0) + 1, np.minimum(self._inside, 0) - 1)
        entered = ~occupied & (self._inside >= ENTER)
        return Moved(entered, occupied & (self._inside <= -LEAVE), near, area)

    def _areas(self, fingers: Floats) -> tuple[Floats, Floats]:
        """mm2 of one hand, as the camera sees it, in each place and in or close to it, both (P,)."""
        area, close = np.zeros(len(self._places)), np.zeros(len(self._places))
        way = fingers - self._at
        far2 = np.sum(way**2, axis=1)
        # From the side, fingers are hidden behind the hand's back: they lie farther along the camera's ray.
        slant2 = np.sum(way[:, :2] ** 2, axis=1) / far2
        behind = fingers + way * [1, 1, 0] * (THICK * slant2 / np.hypot(way[:, 0], way[:, 1]))[:, None]
        low, high = np.minimum(fingers, behind).min(axis=0), np.maximum(fingers, behind).max(axis=0)
        # Nothing of a place is farther from its centre than its span, however it is turned.
        centres, span = self._centres[:, :2], self._half.sum(axis=1)[:, None] * 2 + BESIDE
        some = np.flatnonzero(np.all((centres + span > low[:2]) & (centres - span < high[:2]), axis=1))
        if len(some):
            turn, shift, half = self._turn[some], self._shift[some], self._half[some, None]
            local, hidden = (points @ turn + shift for points in (fingers, behind))
            beside = np.minimum(*((np.abs(at[..., :2]) - half).max(axis=2) for at in (local, hidden)))
            above = local[..., 2] - self._top[some, None]
            area[some] = ((beside < 0) & (above < 0)) @ far2 * self._mm2
            close[some] = ((beside < BESIDE) & (above < BESIDE)) @ far2 * self._mm2
        return area, close

    def nearest(self, at: Floats, occupied: NDArray[np.bool_]) -> int | None:
        """The place with a hand in it that is nearest to a hand at `at`; None when none is near."""
        inside = np.flatnonzero(occupied)
        if not len(inside):
            return None
        far = np.linalg.norm(self._centres[inside, :2] - at[:2], axis=1)
        return int(inside[far.argmin()]) if far.min() < NEAR else None
