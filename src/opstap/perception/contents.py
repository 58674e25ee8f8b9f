"""What lies in a place, from depth: how much came or went, and whether anything lies there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opstap.perception.places import Pixels, Place
from opstap.workflow.model import Content

FRAMES = 5
"""Clear frames that a decision is made from. With three of them the median is a third noisier."""
DEAD_BAND = 5.0
"""mm by which a pixel's median depth must change to count: over twice the noise of a median of five."""
CHANGED = 0.4
"""Share of a part's volume that must come or go to be a change."""
UNSEEN = 0.4
"""Share of a place's pixels without depth from which it is not judged."""
VISIBLE = 0.3
"""Share of a place's floor that the camera must have in view."""

Depths = NDArray[np.float32]


def median_of_valid(frames: NDArray[np.uint16]) -> Depths:
    """Median over time of the frames (FRAMES, n) that have a return; 0 where most have none."""
    ordered = np.sort(frames, axis=0)
    valid = np.count_nonzero(ordered, axis=0)
    middle = np.take_along_axis(ordered, (FRAMES - 1 - (valid - 1) // 2)[None].clip(0, FRAMES - 1), axis=0)[0]
    return np.where(valid * 2 > FRAMES, middle, 0).astype(np.float32)


@dataclass(frozen=True)
class Change:
    """What a comparison of a place with its reference gave."""

    volume: float
    """m3 that came (positive) or went."""
    parts: float
    """The same in parts that belong there."""
    unseen: float
    """Share of the place without depth, 0 to 1."""


class Measure:
    """Measures one place; all depths (n,) are those of the place's pixels, mm, 0 = unknown."""

    def __init__(self, place: Place, pixels: Pixels, p: int) -> None:
        own = pixels.of(p)
        self.place = place
        self.blind = "" if pixels.seen[p] >= VISIBLE else "out of the camera's sight"
        self._bare = pixels.bare[own]
        self._on_floor = pixels.on_floor[own]
        self._per_cube = pixels.per_cube
        size = sorted(place.part.size)
        self._stands_out = size[0] / 2 * 1000 / pixels.rise[own]
        # Area of the floor behind each pixel, mm2.
        self._area = 3e9 * pixels.per_cube * self._bare**2 / pixels.rise[own]
        self._footprint = size[1] * size[2] * 1e6
        self._room = float(np.prod(place.size))
        self.pixel_mm2 = float(self._area.mean()) if len(self._area) else 0.0

    def compare(self, reference: Depths, depth: Depths) -> Change:
        """Volume between `reference` and `depth` where both are known: exact for what a pixel's pyramid encloses."""
        nearer = reference - depth
        changed = (reference > 0) & (depth > 0) & (np.abs(nearer) > DEAD_BAND)
        a, b = reference[changed].astype(np.float64), depth[changed].astype(np.float64)
        volume = float(np.sum(a**3 - b**3)) * self._per_cube
        return Change(volume, volume / self.place.part.volume, float(np.mean(depth == 0)))

    def content(self, depth: Depths) -> tuple[Content, float]:
        """Whether anything lies there, and the share of the inside that is filled."""
        seen = self._on_floor & (depth > 0)
        above = self._bare - depth
        standing = float(np.sum(self._area[seen & (above > self._stands_out)]))
        known = depth > 0
        share = float(np.sum(self._bare[known].astype(np.float64) ** 3 - depth[known].astype(np.float64) ** 3))
        fill = min(1.0, max(0.0, share * self._per_cube / self._room))
        return (Content.FILLED if standing > 0.3 * self._footprint else Content.EMPTY), fill
