"""What a stereo depth camera makes of true depth.

Geometry (848x480, f 425 px, 50 mm baseline) is that of a D435. How it errs is fitted, as far as they go, to two sets
of public captures by other cameras: a tote, empty and filled (A. Zeng and others, arc-robot-vision), and hands
(O. Ladas, hand-recognition). They show, and `FITTED` follows them in:

- holes are whole patches: 17 % of the filled tote is in holes over 400 px (a black thing gives no depth at all), 2 % in
  patches of 20-400 px, 0.3 % in speckle; on the empty tote 1.0, 0.2 and 0.06 %. Inside hands 3-4 % is missing.
- 25 % of pixels within 6 px of a depth edge are missing.
- errors of neighbours hang together far: correlation 0.7-0.8 at one pixel, 0.5-0.6 at three, 0.2-0.5 at five.

They cannot tell, being single frames, what stays from frame to frame and what changes, and which share which material
has: both are guesses. So is the size of the error: 0.07 px gives 3 mm at 0.95 m; planes in captures of other cameras
show 1.3-3.9 mm. A real camera above a real bench was not measured. `KIND` is a clean bench in good light; `HARSH` has
about twice the noise and three times the holes of `FITTED`, and is a guess altogether.

Most of a picture stands still. What its noise needs to know is therefore worked out once for the still picture
(`prepare`), for a frame only around what moves (`patch`), and the noise itself (`frame`) is a few passes over integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.simulation.capsules import Region

FLAT, GLOSSY, DARK, TRANSPARENT, ARM = range(5)
"""Kinds of surface as the noise model knows them; the last is skin, glove or sleeve."""

UNIT = 256
"""Steps of disparity in a pixel, while noise is added."""
REPORTED = 32
"""Steps of disparity in a pixel as the D4 ASIC reports them."""
WIDEST_SHADOW = 40
"""Pixels; an arm 0.4 m below the camera throws one of 30."""
PATCH = 5.0
"""Blur of the field that patches without depth are cut from, pixels: most are 20 to 400 pixels large."""
SHORTEST = 0.17
"""Metres; what is nearer is not matched."""
LUCK = 65535
"""The random number of a pixel is from 0 to LUCK - 1; at its limit or above it has no depth."""


@dataclass(frozen=True)
class Noise:
    """Parameters of the stereo model."""

    focal_baseline: float = 425.0 * 0.050
    """Focal length times baseline, px m: depth = focal_baseline / disparity."""
    subpixel: float = 0.07
    """Standard deviation of the disparity from frame to frame, px: depth noise grows with depth squared."""
    fixed: float = 0.03
    """Standard deviation of the disparity pattern that stays and does not average out, px."""
    correlation: float = 1.6
    """Blur of the noise, px: stereo matches windows, so neighbours err together."""
    edge: float = 0.6
    """Step in disparity that counts as an edge, px."""
    flying: float = 0.3
    """Share of edge pixels whose depth lies between the two surfaces."""
    lost: float = 0.2
    """Share of edge pixels without depth."""
    holes: tuple[float, float, float, float, float] = (0.004, 0.10, 0.16, 0.65, 0.01)
    """Share of pixels without depth, each frame anew, on flat, glossy, dark, transparent surfaces and arms."""
    patches: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    """Share of the same surfaces in patches that have no depth as long as they stay where they are."""


KIND = Noise()
FITTED = Noise(fixed=0.045, lost=0.25, holes=(0.003, 0.02, 0.06, 0.2, 0.01), patches=(0.002, 0.08, 0.25, 0.8, 0.03))
HARSH = Noise(
    subpixel=0.13, fixed=0.08, lost=0.4, flying=0.4, holes=(0.02, 0.06, 0.15, 0.4, 0.04),
    patches=(0.01, 0.2, 0.6, 0.95, 0.08),
)  # fmt: skip
LEVELS = {"kind": KIND, "fitted": FITTED, "harsh": HARSH}


@dataclass(frozen=True)
class Prepared:
    """What the noise needs of a picture, (h, w)."""

    disparity: NDArray[np.int16]
    """With the fixed pattern, px / UNIT."""
    limit: NDArray[np.uint16]
    """Random number from which a pixel has no depth."""
    edge: NDArray[np.intp]
    """(n,) flat indices of pixels at an edge."""
    luck_at: NDArray[np.intp]
    """(n,) the same in the larger picture of random numbers."""
    far: NDArray[np.int16]
    """(n,) disparity of the edge's far side, px / UNIT."""
    step: NDArray[np.int16]
    """(n,) difference to its near side."""


class StereoNoise:
    """Adds the noise; the same (seed, tick) always gives the same frame."""

    BANK = 3
    ROAM = 256
    """The noise is drawn once, this much larger than a frame: a frame is a window of it at a random place."""

    def __init__(self, shape: tuple[int, int], seed: int, noise: Noise | None = None) -> None:
        self.noise = noise or KIND
        self.shape, self.seed = shape, seed
        n = self.noise
        rng = np.random.default_rng([seed, 1])
        large = (shape[0] + self.ROAM, shape[1] + self.ROAM)
        self._bank = [
            np.round(self._field(rng, large, n.correlation) * (n.subpixel * UNIT)).astype(np.int16)
            for _ in range(self.BANK)
        ]
        self._fixed = self._field(rng, shape, 3.0) * np.float32(n.fixed * UNIT)
        self._patchy = self._field(rng, shape, PATCH)
        self._patch_from = np.array([NormalDist().inv_cdf(1 - p) if p > 0 else np.inf for p in n.patches], np.float32)
        self._luck = rng.integers(0, LUCK, large, dtype=np.uint16)
        self._limits = np.round((1 - np.array(n.holes)) * LUCK).astype(np.uint16)
        self._kernel = np.ones((3, 3), np.uint8)
        reported = np.arange(65536, dtype=np.uint16).view(np.int16)
        with np.errstate(divide="ignore"):
            depth = np.where(reported > 0, n.focal_baseline * 1000 * REPORTED / reported, 0)
        self._depth_of = np.clip(np.round(depth), 0, 65535).astype(np.uint16)
        """Depth in mm of every reported disparity; no disparity, no depth."""

    @staticmethod
    def _field(rng: np.random.Generator, shape: tuple[int, int], blur: float) -> NDArray[np.float32]:
        field = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), blur)
        return np.asarray(field / field.std(), dtype=np.float32)

    def prepare(self, depth: NDArray[np.float32], kind: NDArray[np.uint8]) -> Prepared:
        """What noise needs of a picture.

        Args:
            depth: true depth (h, w) in metres, 0 where nothing was hit.
            kind: kind of surface (h, w), one of FLAT to ARM.
        """
        return self._prepare(depth, kind, (slice(0, self.shape[0]), slice(0, self.shape[1])))

    def patch(
        self, still: Prepared, depth: NDArray[np.float32], kind: NDArray[np.uint8], regions: Sequence[Region]
    ) -> Prepared:
        """The same as `prepare(depth, kind)`, for a picture that differs from that of `still` in `regions` alone."""
        disparity, limit = still.disparity.copy(), still.limit.copy()
        fresh = np.zeros(self.shape, bool)
        pieces = []
        for region in regions:
            # A change moves the edges beside it, and the shadows left of these; and it may lie in another's shadow.
            changed = self._grown(region, 1, WIDEST_SHADOW + 2)
            seen = self._grown(changed, 1, WIDEST_SHADOW + 2)
            piece = self._prepare(depth[seen], kind[seen], seen)
            inner = tuple(slice(c.start - s.start, c.stop - s.start) for c, s in zip(changed, seen, strict=True))
            disparity[changed], limit[changed] = piece.disparity[inner], piece.limit[inner]
            fresh[changed] = True
            pieces.append((piece, changed))
        kept = ~fresh.ravel()[still.edge]
        parts = [(still.edge[kept], still.luck_at[kept], still.far[kept], still.step[kept])]
        for piece, (rows, columns) in pieces:
            y, x = np.divmod(piece.edge, self.shape[1])
            mine = (y >= rows.start) & (y < rows.stop) & (x >= columns.start) & (x < columns.stop)
            parts.append((piece.edge[mine], piece.luck_at[mine], piece.far[mine], piece.step[mine]))
        edge, luck_at, far, step = (np.concatenate(p) for p in zip(*parts, strict=True))
        return Prepared(disparity, limit, edge, luck_at, far, step)

    def frame(self, picture: Prepared, tick: int) -> NDArray[np.uint16]:
        """Depth (h, w) in mm as the camera reports it in frame `tick`, 0 = no return."""
        (h, w), n = self.shape, self.noise
        rng = np.random.default_rng([self.seed, 2, tick])
        y, x, v, u = (int(i) for i in rng.integers(0, self.ROAM, 4))
        window = self._bank[int(rng.integers(self.BANK))][y : y + h, x : x + w]
        measured = cv2.add(picture.disparity, window)
        # At an edge the matching window holds both surfaces: the depth flies between them, or is missing.
        luck = self._luck.reshape(-1)[picture.luck_at + (v * (w + self.ROAM) + u)]
        flying = np.flatnonzero(luck < n.flying * LUCK)
        between = picture.step[flying] * (luck[flying] / np.float32(n.flying * LUCK))
        measured.reshape(-1)[picture.edge[flying]] = picture.far[flying] + between.astype(np.int16)
        reported = cv2.add(measured, UNIT // REPORTED // 2) >> (UNIT // REPORTED).bit_length() - 1
        depth = cv2.LUT(reported.view(np.uint16), self._depth_of)
        depth[self._luck[v : v + h, u : u + w] >= picture.limit] = 0
        return np.asarray(depth)

    def _prepare(self, depth: NDArray[np.float32], kind: NDArray[np.uint8], region: Region) -> Prepared:
        """`prepare` of one region of the picture; edges are told by their indices in the whole."""
        disparity = cv2.divide(np.float32(self.noise.focal_baseline), cv2.max(depth, SHORTEST))
        high, low = cv2.dilate(disparity, self._kernel), cv2.erode(disparity, self._kernel)
        ys, xs = np.nonzero(cv2.compare(cv2.subtract(high, low), float(self.noise.edge), cv2.CMP_GT))
        limit = self._limits[kind]
        limit[self._patches(disparity, kind, region)] = 0
        limit[ys, xs] = np.minimum(limit[ys, xs], np.uint16((1 - self.noise.lost) * LUCK))
        limit[depth <= SHORTEST] = 0
        self._shadow(limit, disparity, ys, xs)
        far = np.round(low[ys, xs] * UNIT).astype(np.int16)
        step = np.round(high[ys, xs] * UNIT).astype(np.int16) - far
        units = np.round(disparity * np.float32(UNIT) + self._fixed[region]).astype(np.int16)
        row, column = ys + region[0].start, xs + region[1].start
        w = self.shape[1]
        return Prepared(units, limit, row * w + column, row * (w + self.ROAM) + column, far, step)

    def _patches(self, disparity: NDArray[np.float32], kind: NDArray[np.uint8], region: Region) -> NDArray[np.bool_]:
        """Where patches without depth are: they belong to a surface, so those of parts are others in every layer."""
        missing = np.asarray(self._patchy[region] > self._patch_from[kind])
        ys, xs = np.nonzero((kind != FLAT) & (kind != ARM))
        if len(ys):
            (h, w), layer = self.shape, np.round(disparity[ys, xs] * 4).astype(np.intp)
            moved = self._patchy[(ys + region[0].start + 31 * layer) % h, (xs + region[1].start + 57 * layer) % w]
            missing[ys, xs] = moved > self._patch_from[kind[ys, xs]]
        return missing

    @staticmethod
    def _shadow(
        limit: NDArray[np.uint16], disparity: NDArray[np.float32], ys: NDArray[np.intp], xs: NDArray[np.intp]
    ) -> None:
        """Left of a near edge the second imager sees the near thing: as many pixels as the disparity steps are lost."""
        inside = xs > 0
        ys, xs = ys[inside], xs[inside]
        step = disparity[ys, xs] - disparity[ys, xs - 1]
        near = step > 0.8
        ys, xs, width = ys[near], xs[near], np.minimum(np.ceil(step[near]), WIDEST_SHADOW).astype(int)
        for i in range(int(width.max(initial=0))):
            reach = width > i
            limit[ys[reach], np.maximum(xs[reach] - 1 - i, 0)] = 0

    def _grown(self, region: Region, up_down: int, sideways: int) -> Region:
        """`region` and so many pixels around it, within the picture."""
        (rows, columns), (h, w) = region, self.shape
        return (
            slice(max(rows.start - up_down, 0), min(rows.stop + up_down, h)),
            slice(max(columns.start - sideways, 0), min(columns.stop + sideways, w)),
        )
