"""What a stereo depth camera makes of true depth.

The parameters are reasoned guesses for a D435-like camera (848x480, f 425 px, 50 mm baseline) and are not fitted to
captures of one. At 0.95 m they give 3 mm of noise on the table; public captures of other cameras show 1.3-3.9 mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FLAT, GLOSSY, DARK, TRANSPARENT, ARM = range(5)
"""Kinds of surface as the noise model knows them; the last is skin, glove or sleeve."""


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
    holes: tuple[float, float, float, float, float] = (0.004, 0.10, 0.16, 0.65, 0.01)
    """Share of pixels without depth on flat, glossy, dark, transparent surfaces and arms."""


class StereoNoise:
    """Adds the noise; the same (seed, tick) always gives the same frame."""

    BANK = 6

    def __init__(self, shape: tuple[int, int], seed: int, noise: Noise | None = None) -> None:
        self.noise = noise or Noise()
        self.seed = seed
        n = self.noise
        rng = np.random.default_rng([seed, 1])
        h, w = shape
        # Drawn once, twice as large as needed in each direction: a frame is a window at a random offset.
        self._bank = [self._field(rng, (h + 256, w + 256), n.correlation) * np.float32(n.subpixel) for _ in range(3)]
        self._fixed = self._field(rng, shape, 3.0) * np.float32(n.fixed)
        self._uniform = rng.random((h + 256, w + 256), dtype=np.float32)
        self._limits = np.array(n.holes, np.float32)
        self._kernel = np.ones((3, 3), np.uint8)

    @staticmethod
    def _field(rng: np.random.Generator, shape: tuple[int, int], blur: float) -> NDArray[np.float32]:
        field = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), blur)
        return np.asarray(field / field.std(), dtype=np.float32)

    def __call__(self, depth: NDArray[np.float32], kind: NDArray[np.uint8], tick: int) -> NDArray[np.uint16]:
        """Depth as the camera reports it.

        Args:
            depth: true depth (h, w) in metres, 0 where nothing was hit.
            kind: kind of surface (h, w), one of FLAT to ARM.
            tick: number of the frame.

        Returns:
            (h, w) uint16 millimetres, 0 = no return.
        """
        h, w = depth.shape
        rng = np.random.default_rng([self.seed, 2, tick])
        y, x, v, u = (int(i) for i in rng.integers(0, 256, 4))
        window = self._bank[int(rng.integers(len(self._bank)))][y : y + h, x : x + w]
        random = self._uniform[v : v + h, u : u + w]
        fb = np.float32(self.noise.focal_baseline)
        disparity = cv2.divide(fb, cv2.max(depth, 0.05))
        high, low = cv2.dilate(disparity, self._kernel), cv2.erode(disparity, self._kernel)
        edge = cv2.compare(cv2.subtract(high, low), float(self.noise.edge), cv2.CMP_GT)
        measured = cv2.add(cv2.add(disparity, window), self._fixed)
        ys, xs = np.nonzero(edge)
        # At an edge the matching window holds both surfaces: the depth flies between them, or is missing.
        mix = random[ys, xs]
        flying = mix < 0.3
        measured[ys, xs] = np.where(flying, low[ys, xs] + mix / 0.3 * (high[ys, xs] - low[ys, xs]), measured[ys, xs])
        measured = np.round(measured * 32) / np.float32(32)  # the D4 ASIC reports 1/32 px
        out = cv2.divide(fb * np.float32(1000.0), measured)
        hole = random > 1 - self._limits[kind]
        hole |= depth <= 0
        hole[ys, xs] |= mix > 0.8
        self._shadow(hole, disparity, ys, xs)
        out[hole] = 0
        return np.asarray(np.clip(out + np.float32(0.5), 0, 65535), dtype=np.uint16)

    @staticmethod
    def _shadow(
        hole: NDArray[np.bool_], disparity: NDArray[np.float32], ys: NDArray[np.intp], xs: NDArray[np.intp]
    ) -> None:
        """Left of a near edge the second imager sees the near thing: as many pixels as the disparity steps are lost."""
        inside = xs > 0
        ys, xs = ys[inside], xs[inside]
        step = disparity[ys, xs] - disparity[ys, xs - 1]
        near = step > 0.8
        ys, xs, width = ys[near], xs[near], np.minimum(np.ceil(step[near]), 40).astype(int)
        for i in range(int(width.max(initial=0))):
            reach = width > i
            hole[ys[reach], np.maximum(xs[reach] - 1 - i, 0)] = True
