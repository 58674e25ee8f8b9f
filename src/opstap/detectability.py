"""Whether depth can show a part at all: how far it stands above what is under it, against the noise of the camera.

A stereo camera's depth errs with the square of the distance, and neighbouring pixels err together. A difference of two
pictures is therefore averaged over windows about as wide as a part is; a part whose height is less than `NEEDED` times
what such an average errs by would come and go unseen, or be seen where it is not. It is told when a cell is loaded, and
such a place needs another way to confirm.
"""

from __future__ import annotations

from math import exp, hypot, sqrt

from opstap.geometry import View

NOISE = 0.0033
"""Metres by which one pixel of one frame errs at 1 m: 0.07 px of disparity at 425 px focal length and 50 mm baseline,
as `opstap.simulation.noise` has it; planes in public captures of other cameras show 1.3 to 3.9 mm."""
CORRELATION = 1.6
"""Pixels of blur that would make as much of neighbours' errors hang together (the same source)."""
SETTLED_MEDIAN = 0.54
"""Noise of a median of five frames, as a share of one frame's (normal distribution)."""
NEEDED = 5.0
"""Times the noise that a part must stand out. A window counts as changed from four times on; the rest keeps a part that
is seen badly from falling below that."""
NARROWEST = 3.0
"""Pixels that a part must be wide: the window in which stereo matches loses what is narrower."""


def window(narrow: float, pixel: float) -> int:
    """Side of the averaging window, pixels (odd, 3 to 7), for a part `narrow` m wide where a pixel covers `pixel` m."""
    return min(7, max(3, int(0.8 * narrow / pixel) | 1))


def averaged(side: int) -> float:
    """Noise of the mean over a window of `side` pixels, as a share of one pixel's: errors hang together like a Gaussian
    of CORRELATION px blur, so their autocorrelation falls as exp(-d^2 / 4 CORRELATION^2) in each direction."""
    along = sum((side - abs(d)) * exp(-(d * d) / (4 * CORRELATION**2)) for d in range(1 - side, side))
    return along / side**2


def noise_of_change(distance: float, side: int) -> float:
    """Metres by which the averaged difference of two settled pictures errs, at a `distance` in metres along the optical
    axis."""
    return NOISE * distance**2 * SETTLED_MEDIAN * sqrt(2) * averaged(side)


def too_weak(size: tuple[float, float, float], at: tuple[float, float, float], view: View) -> str:
    """Why depth cannot show a part of `size` (m, as it lies) at table point `at`, in plain words; "" when it can.

    What walls hide of it is another matter: `opstap.perception.places` knows where they are.
    """
    way = [a - b for a, b in zip(at, view.pose.translation, strict=True)]
    optical = float(view.pose.rotation[:, 2] @ way)
    if optical <= 0:
        return "it is behind the camera"
    pixel = optical / min(view.pinhole.fx, view.pinhole.fy)
    narrow = min(size[:2])
    if narrow < NARROWEST * pixel:
        return f"the part is {1000 * narrow:.0f} mm narrow, and a pixel covers {1000 * pixel:.1f} mm there"
    # A ray that comes in at a slant meets the floor farther behind the part's top than the part is high.
    rise = abs(way[2]) / optical if way[2] else 1.0
    signal = size[2] / max(rise, 0.2)
    noise = noise_of_change(optical, window(narrow, pixel))
    if signal >= NEEDED * noise:
        return ""
    away = hypot(*way)
    return (
        f"the part is too flat: {1000 * size[2]:.0f} mm change depth by {signal / noise:.1f} times its noise "
        f"{away:.2f} m away, and {NEEDED:.0f} times are needed"
    )
