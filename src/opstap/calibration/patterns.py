"""Structured light: Gray-code patterns for a projector, and which projector pixel lights each camera pixel.

The patterns are OpenCV's (structured_light, after Gupta et al. 2011): each stripe pattern with its inverse, coarse to
fine, so that a pixel is judged against itself and not against the colour of what it sees.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats

Grey = NDArray[np.uint8]
CONTRAST = 10.0
"""Grey levels by which a stripe must be lighter or darker than its inverse, at least."""
SHARE = 0.25
"""And as a share of what full light makes of it: less is the edge of a stripe."""
FINEST = 2
"""Finest bits that need not be seen: a stripe can be thinner than what a camera pixel sees."""


class GrayCode:
    """Patterns of a projector of `width` by `height` pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._bits = (int(np.ceil(np.log2(width))), int(np.ceil(np.log2(height))))
        coded = cv2.structured_light.GrayCodePattern.create(width, height).generate()[1]
        shape = (height, width)
        self.images: tuple[Grey, ...] = (np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8), *coded)
        """Black, white, then columns and rows, coarse to fine, each pattern before its inverse."""

    def decode(self, seen: Sequence[NDArray[np.generic]]) -> Floats:
        """Projector pixel (h, w, 2) that lights each camera pixel; NaN where none does, or it is not clear which.

        Args:
            seen: camera pictures (h, w) in grey of `images`, in their order.
        """
        grey = [np.asarray(s, dtype=np.float32) for s in seen]
        light = grey[1] - grey[0]
        columns, rows = self._bits
        u = self._axis(grey[2 : 2 + 2 * columns], light, columns, self.width)
        v = self._axis(grey[2 + 2 * columns :], light, rows, self.height)
        unknown = np.isnan(u) | np.isnan(v)
        return np.stack([np.where(unknown, np.nan, u), np.where(unknown, np.nan, v)], axis=-1)

    @staticmethod
    def _axis(pairs: Sequence[NDArray[np.float32]], light: NDArray[np.float32], bits: int, size: int) -> Floats:
        """One coordinate (h, w): the middle of the interval that the bits leave which are clear."""
        value = np.zeros(light.shape, np.int64)
        before = np.zeros(light.shape, bool)
        clear = light > 2 * CONTRAST
        known = np.zeros(light.shape, np.int64)
        for i in range(bits):
            difference = pairs[2 * i] - pairs[2 * i + 1]
            clear &= np.abs(difference) > np.maximum(CONTRAST, SHARE * light)
            before = before ^ (difference > 0)  # Gray code to binary
            value = np.where(clear, value * 2 + before, value)
            known += clear
        left = bits - known
        middle = (value << left) + ((1 << left) - 1) / 2
        return np.asarray(np.where((left <= FINEST) & (middle < size), middle, np.nan))
