"""What lies in a place, from depth: how much came or went, and whether anything lies there."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.detectability import NEEDED, noise_of_change, too_weak, window
from opstap.geometry import Floats, View
from opstap.perception.places import Pixels, Place, at_share
from opstap.workflow.model import Content

FRAMES = 5
"""Clear frames that a place is settled from."""
STANDS_OUT = 4.0
"""Times the noise of the averaged difference from which a pixel counts as changed: a place has some hundred independent
windows, and thousands of comparisons an hour are to find nothing."""
BESIDE = 2.0
"""The same for what is connected to such a pixel: the slopes of a part that is seen at a slant."""
SMALLEST = 0.12
"""Share of a part that a connected change must make up: noise and what shifts at edges makes smaller ones."""
CHANGED = 0.3
"""Share of a part's volume that must come or go to be a change."""
HALF = 0.5
"""Share of a part's volume below which a change is doubtful."""
HIGH, SURELY = 0.55, 0.7
"""Shares of a part's thickness that a change must reach somewhere, and from which it is one for sure. Of 1,186 changes
of parts the lowest reached 0.60, of those of half a part or more 0.76; noise that made up half a part 0.41 to 0.67."""
DOUBT = 0.15
"""Share of a part's volume from which something has changed, but less than a part: that is told as not to be seen."""
FILLED_IN = 2.5
"""Most that a change is taken to be larger than what of it has depth: holes in it are filled with its mean."""
UNSEEN = 0.4
"""Share of a place's pixels without depth from which it is not judged."""
HIDDEN = 0.5
"""Share of a part's footprint that holes as wide as half the part may have: it may have come or gone unseen in more."""
LEAST_SEEN = 0.3
"""Share of a part that the camera must see of it wherever it lies on the floor of its place."""
NOISIEST = 4.0
"""Times the expected noise up to which a place's own noise is followed."""
LEARNING = 0.1
"""Least weight of a quiet comparison in a place's noise: the first ones are averaged."""
VISIBLE = 0.3
"""Share of a place's floor that the camera must have in view."""

Depths = NDArray[np.float32]


def median_of_valid(frames: NDArray[np.uint16]) -> Depths:
    """Median over time of the frames (k, n) that have a return; 0 where most have none."""
    k = len(frames)
    ordered = _sorted(frames)
    median = (ordered[k // 2] + ordered[(k - 1) // 2].astype(np.float32)) / 2
    holed = np.flatnonzero(ordered[0] == 0)
    if len(holed):
        some = ordered[:, holed]
        valid = np.count_nonzero(some, axis=0)
        # The valid ones are the last. Of an even number both in the middle count: one alone would be off to its side.
        high = k - 1 - np.maximum(valid - 1, 0) // 2
        low = np.where(valid % 2 == 0, high - 1, high)
        columns = np.arange(len(holed))
        middle = (some[high, columns] + some[low, columns].astype(np.float32)) / 2
        median[holed] = np.where(valid * 2 > k, middle, 0)
    return np.asarray(median, np.float32)


def _sorted(frames: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Frames (k, n) in order at each pixel: odd-even transposition (Knuth, TAOCP 3, 5.3.4). For the five at most that
    there are it takes a fifth of the time of numpy's sort along the first axis."""
    rows = list(frames)
    for turn in range(len(rows)):
        for i in range(turn % 2, len(rows) - 1, 2):
            rows[i], rows[i + 1] = np.minimum(rows[i], rows[i + 1]), np.maximum(rows[i], rows[i + 1])
    return np.stack(rows)


def rougher(known: float, seen: float) -> float:
    """How much noisier the difference of two pictures is than one of FRAMES and a reference of very many: of `known`
    frames that the reference is the mean of, and `seen` frames now."""
    return float((FRAMES / known + FRAMES / seen) ** 0.5)


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
    height: float = 1.0
    """How high it is where it is highest, as a share of how thick the part is at least."""
    spread: float = 0.0
    """Standard deviation of the averaged difference, mm: the noise, where nothing changed."""

    @property
    def of_a_part(self) -> bool:
        """Whether it is nearly as high as a part somewhere."""
        return self.height >= HIGH

    @property
    def doubtful(self) -> bool:
        """Whether it may be noise, or the edge of an arm, though it is `of_a_part`."""
        return abs(self.parts) < HALF or self.height < SURELY

    @property
    def judged(self) -> bool:
        """Whether enough is seen to tell that nothing, or no more, has changed."""
        return self.unseen <= UNSEEN and self.hidden <= HIDDEN


class Measure:
    """Measures one place; all depths (n,) are those of the place's pixels, mm, 0 = unknown."""

    def __init__(self, place: Place, pixels: Pixels, p: int, view: View) -> None:
        own = pixels.of(p)
        self.place = place
        self._bare = pixels.bare[own]
        self._on_floor = pixels.on_floor[own]
        self._per_cube = pixels.per_cube
        metres = self._bare * np.float32(1e-3)
        self._below = np.maximum(20.0 * metres**2, 8.0).astype(np.float32)
        size = sorted(place.part.size)
        self._stands_out = size[0] / 2 * 1000 / pixels.rise[own]
        self._thick = 2 * at_share(self._stands_out, 0.5) if len(self._stands_out) else 0.0
        """mm of depth that the part makes at least."""
        # Area of the floor behind each pixel, mm2.
        self._area = 3e9 * pixels.per_cube * self._bare**2 / pixels.rise[own]
        self._footprint = size[1] * size[2] * 1e6
        self._room = float(np.prod(place.size))
        self.pixel_mm2 = float(self._area.mean()) if len(self._area) else 0.0
        v, u = np.divmod(pixels.index[own], view.pinhole.width)
        self._at = (v - v.min(), u - u.min()) if len(v) else (v, u)
        self._box = tuple(int(a.max()) + 1 if len(a) else 0 for a in self._at)
        pixel = max(self.pixel_mm2, 0.1) ** 0.5 * 1e-3
        side = window(min(place.part.size[:2]), pixel)
        self._window = (side, side)
        self._expected = 1000 * noise_of_change(float(metres.mean()) if len(metres) else 1.0, side)
        self.noise = self._expected
        """mm by which the averaged difference of two settled pictures of this place errs; learned while it is quiet."""
        self._quiet = 0
        wide = max(2, int(size[1] / 2 / pixel))
        self._kernel = np.ones((wide, wide), np.uint8)
        seen = pixels.of_part(p, place, view)
        self._single = max(float(seen.mean()), 0.1) * place.part.volume
        self.blind = _blind(place, float(pixels.seen[p]), float(seen.min()), view)

    @property
    def too_noisy(self) -> str:
        """Why noise hides the part now, "" when it does not."""
        return "" if self._thick >= NEEDED * self.noise else "depth is too noisy there for so small a part"

    def believable(self, depth: Depths) -> Depths:
        """`depth` without what lies below the floor or behind a wall: a reflection, or another camera's light."""
        return np.where(depth > self._bare + self._below, np.float32(0), depth)

    def compare(self, reference: Depths, depth: Depths, rough: float = 1.0) -> Change:
        """Volume between `reference` and `depth`, mm, in patches that stand out of the noise.

        What a pixel's pyramid encloses is exact; holes in a patch are filled with its mean. `rough` is how much more
        noise there is than in the comparisons that it was learned from (see `rougher`).
        """
        known = (reference > 0) & (depth > 0)
        nearer = np.where(known, reference - depth, np.float32(0))
        smooth = self._averaged(nearer, known)
        spread = 1.48 * at_share(np.abs(smooth[self._at]), 0.5) if len(nearer) else 0.0
        volume = height = 0.0
        least = STANDS_OUT * self.noise * rough
        if float(np.abs(smooth).max(initial=0.0)) > least:
            cubes = (reference.astype(np.float64) ** 3 - depth.astype(np.float64) ** 3) * known * self._per_cube
            volume = sum(self._patches(s, least, cubes, known) for s in (smooth, -smooth))
            height = float(smooth.max() if volume > 0 else -smooth.min()) / max(self._thick, 1e-3)
        holes = depth == 0
        return Change(volume, volume / self._single, float(np.mean(holes)), self._hidden(holes), height, spread)

    def quiet(self, change: Change) -> None:
        """`change` was of a place that nothing happened in: learn its noise."""
        if change.unseen <= UNSEEN:
            self._quiet += 1
            noise = self.noise + max(LEARNING, 1 / (self._quiet + 1)) * (change.spread - self.noise)
            self.noise = min(max(noise, self._expected / 2), NOISIEST * self._expected)

    def _averaged(self, nearer: Depths, known: NDArray[np.bool_]) -> Depths:
        """Mean of `nearer` over the window around each pixel, as a picture (h, w); 0 where little of it is known."""
        total, weight = np.zeros(self._box, np.float32), np.zeros(self._box, np.float32)
        total[self._at], weight[self._at] = nearer, known
        total, weight = (
            cv2.boxFilter(a, -1, self._window, normalize=False, borderType=cv2.BORDER_CONSTANT) for a in (total, weight)
        )
        return np.asarray(np.where(weight > 0.25 * self._window[0] ** 2, total / np.maximum(weight, 1), 0.0))

    def _patches(self, smooth: Depths, least: float, cubes: Floats, known: NDArray[np.bool_]) -> float:
        """m3 in the connected patches of picture `smooth` that exceed `least` somewhere and are large enough."""
        number, labels = cv2.connectedComponents((smooth > BESIDE * self.noise).astype(np.uint8), connectivity=8)
        stands = np.zeros(number, bool)
        stands[labels[smooth > least]] = True
        if not stands.any():
            return 0.0
        mine = labels[self._at]
        volume = np.bincount(mine, cubes, number)[1:]
        area = np.bincount(mine, self._area, number)[1:]
        with_depth = np.bincount(mine, self._area * known, number)[1:]
        volume *= np.minimum(area / np.maximum(with_depth, 1e-9), FILLED_IN)
        return float(np.sum(volume[stands[1:] & (np.abs(volume) > SMALLEST * self._single)]))

    def _hidden(self, holes: NDArray[np.bool_]) -> float:
        """Area of holes that are wide enough for half a part, in footprints."""
        if np.count_nonzero(holes) * self.pixel_mm2 < HIDDEN / 2 * self._footprint:
            return 0.0
        picture = np.zeros(self._box, np.uint8)
        picture[self._at] = holes
        wide = cv2.morphologyEx(picture, cv2.MORPH_OPEN, self._kernel, borderValue=0)
        return float(np.sum(self._area[wide[self._at] > 0])) / self._footprint

    def content(self, depth: Depths) -> tuple[Content, float]:
        """Whether anything lies there, and the share of the inside that is filled."""
        seen = self._on_floor & (depth > 0)
        above = self._bare - depth
        standing = float(np.sum(self._area[seen & (above > self._stands_out)]))
        known = depth > 0
        share = float(np.sum(self._bare[known].astype(np.float64) ** 3 - depth[known].astype(np.float64) ** 3))
        fill = min(1.0, max(0.0, share * self._per_cube / self._room))
        return (Content.FILLED if standing > 0.3 * self._footprint else Content.EMPTY), fill


def _blind(place: Place, floor: float, least: float, view: View) -> str:
    """Why depth is not asked at `place`; "" where it is.

    Args:
        floor: share of its floor that the camera sees.
        least: share of a part that it sees where walls hide most of it.
    """
    if place.confirm == "depth":
        if floor < VISIBLE:
            return "out of the camera's sight"
        if least < LEAST_SEEN:
            return "a part beside the wall would be hidden from the camera"
        x, y, z = place.pose.translation
        return place.part.unseen or too_weak(place.part.size, (float(x), float(y), float(z)), view)
    why = place.part.unseen or "depth is not asked here"
    told = "a hand that was in it counts" if place.confirm == "visit" else "the worker says it is done"
    return f"{why}: {told}"
