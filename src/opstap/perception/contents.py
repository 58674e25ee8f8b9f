"""What lies in a place, from depth: how much came or went, and whether anything lies there."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import View
from opstap.perception.places import Pixels, Place
from opstap.workflow.model import Content

FRAMES = 5
"""Clear frames that a decision is made from. With three of them the median is a third noisier."""
DEAD_BAND = 5.0
"""mm, at 1 m, by which a pixel's median depth must change to count: over twice the noise of a median of five there. It
grows with the square of the distance as that noise does."""
CHANGED = 0.4
"""Share of a part's volume that must come or go to be a change."""
UNSEEN = 0.4
"""Share of a place's pixels without depth from which it is not judged."""
HIDDEN = 0.5
"""Share of a part's footprint that holes as wide as half the part may have: it may have come or gone unseen in more."""
ROD = 0.02
"""Metres; a thinner part makes no patch that is wider than noise is, so any patch counts."""
VISIBLE = 0.3
"""Share of a place's floor that the camera must have in view."""

Depths = NDArray[np.float32]


def median_of_valid(frames: NDArray[np.uint16]) -> Depths:
    """Median over time of the frames (k, n) that have a return; 0 where most have none."""
    k = len(frames)
    ordered = np.sort(frames, axis=0)
    valid = np.count_nonzero(ordered, axis=0)
    middle = np.take_along_axis(ordered, (k - 1 - (valid - 1) // 2)[None].clip(0, k - 1), axis=0)[0]
    return np.where(valid * 2 > k, middle, 0).astype(np.float32)


@dataclass(frozen=True)
class Change:
    """What a comparison of a place with its reference gave."""

    volume: float
    """m3 that came (positive) or went."""
    parts: float
    """The same in parts that belong there."""
    unseen: float
    """Share of the place without depth, 0 to 1."""
    hidden: float
    """Area of the holes in which a part could hide, as a share of a part's footprint."""

    @property
    def judged(self) -> bool:
        """Whether enough is seen to tell that nothing, or no more, has changed."""
        return self.unseen <= UNSEEN and self.hidden <= HIDDEN


class Measure:
    """Measures one place; all depths (n,) are those of the place's pixels, mm, 0 = unknown."""

    def __init__(self, place: Place, pixels: Pixels, p: int, view: View) -> None:
        own = pixels.of(p)
        self.place = place
        self.blind = _blind(place, float(pixels.seen[p]))
        self._bare = pixels.bare[own]
        self._on_floor = pixels.on_floor[own]
        self._per_cube = pixels.per_cube
        self._band = np.maximum(DEAD_BAND * (self._bare * np.float32(1e-3)) ** 2, 2.0).astype(np.float32)
        size = sorted(place.part.size)
        self._stands_out = size[0] / 2 * 1000 / pixels.rise[own]
        # Area of the floor behind each pixel, mm2.
        self._area = 3e9 * pixels.per_cube * self._bare**2 / pixels.rise[own]
        self._footprint = size[1] * size[2] * 1e6
        self._room = float(np.prod(place.size))
        self.pixel_mm2 = float(self._area.mean()) if len(self._area) else 0.0
        v, u = np.divmod(pixels.index[own], view.pinhole.width)
        self._at = (v - v.min(), u - u.min()) if len(v) else (v, u)
        self._box = tuple(int(a.max()) + 1 if len(a) else 0 for a in self._at)
        wide = int(size[1] * 1000 / 2 / max(self.pixel_mm2, 0.1) ** 0.5)
        side = max(2, wide) if size[1] >= ROD else 2
        self._kernel = np.ones((side, side), np.uint8)
        self._around = np.ones((2 * max(2, wide) + 1,) * 2, np.uint8)

    def believable(self, depth: Depths) -> Depths:
        """`depth` without what lies below the floor or behind a wall: a reflection, or another camera's light."""
        return np.where(depth > self._bare + 4 * self._band, np.float32(0), depth)

    def compare(self, reference: Depths, depth: Depths) -> Change:
        """Volume between `reference` and `depth` where both are known: exact for what a pixel's pyramid encloses."""
        nearer = reference - depth
        known = (reference > 0) & (depth > 0)
        changed = known & (np.abs(nearer) > self._band)
        holes = depth == 0
        if np.count_nonzero(changed) * self.pixel_mm2 > CHANGED / 2 * self._footprint:
            changed &= self._wide((nearer > 0) & changed, ~known) | self._wide((nearer < 0) & changed, ~known)
        a, b = reference[changed].astype(np.float64), depth[changed].astype(np.float64)
        volume = float(np.sum(a**3 - b**3)) * self._per_cube
        return Change(volume, volume / self.place.part.volume, float(np.mean(holes)), self._hidden(holes))

    def _hidden(self, holes: NDArray[np.bool_]) -> float:
        """Area of holes that are wide enough for half a part, in footprints."""
        if np.count_nonzero(holes) * self.pixel_mm2 < HIDDEN / 2 * self._footprint:
            return 0.0
        picture = np.zeros(self._box, np.uint8)
        picture[self._at] = holes
        wide = cv2.morphologyEx(picture, cv2.MORPH_OPEN, self._kernel, borderValue=0)
        return float(np.sum(self._area[wide[self._at] > 0])) / self._footprint

    def _wide(self, changed: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Pixels in and beside patches of `changed` that are as wide as half a part: noise makes no such patches."""
        picture = np.ones(self._box, np.uint8)
        picture[self._at] = changed | unknown
        core = cv2.erode(picture, self._kernel, borderValue=1)
        if not core.any():
            return np.zeros(len(changed), bool)
        picture[self._at] = changed
        near = cv2.dilate(core, self._around)
        return np.asarray((near & picture)[self._at] > 0)

    def content(self, depth: Depths) -> tuple[Content, float]:
        """Whether anything lies there, and the share of the inside that is filled."""
        seen = self._on_floor & (depth > 0)
        above = self._bare - depth
        standing = float(np.sum(self._area[seen & (above > self._stands_out)]))
        known = depth > 0
        share = float(np.sum(self._bare[known].astype(np.float64) ** 3 - depth[known].astype(np.float64) ** 3))
        fill = min(1.0, max(0.0, share * self._per_cube / self._room))
        return (Content.FILLED if standing > 0.3 * self._footprint else Content.EMPTY), fill


def _blind(place: Place, seen: float) -> str:
    """Why depth is not asked at `place`, of whose floor the camera sees the share `seen`; "" where it is."""
    if place.confirm == "depth":
        return "" if seen >= VISIBLE else "out of the camera's sight"
    why = place.part.unseen or "depth is not asked here"
    told = "a hand that was in it counts" if place.confirm == "visit" else "the worker says it is done"
    return f"{why}: {told}"
