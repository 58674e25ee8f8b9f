"""Lab 4: how many were taken?"""

import numpy as np
from numpy.typing import NDArray


def taken(before: NDArray[np.uint16], after: NDArray[np.uint16], part: float, focal: float) -> int | None:
    """Parts that were taken between two depth pictures (h, w) of the inside of a bin; negative: put in.

    Args:
        before, after: mm, the median of five frames; 0 where the camera saw nothing.
        part: volume of one part, m3.
        focal: focal length, pixels.

    None where less than half of the pixels have depth in both.
    """
    known = (before > 0) & (after > 0)
    if known.mean() < 0.5:
        return None
    a, b = before[known] / 1000, after[known] / 1000
    # The pyramid that a pixel sees from the camera to depth z has the volume z**3 / (3 f**2).
    seen = float(np.sum(b**3 - a**3)) / (3 * focal**2)
    # What holes hide is taken to have changed as the rest did.
    return round(seen / known.mean() / part)
