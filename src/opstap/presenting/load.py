"""Whether a tray rests on the fork, felt by a force sensor at the flange."""

from __future__ import annotations

import numpy as np

from opstap.geometry import Floats
from opstap.presenting.backend import NS

GRAVITY = 9.81
GONE, THERE = 0.35, 0.65
"""Shares of a tray's weight below and above which it is gone and there; in between it is as it was: a hand that rests
on the tray, or lifts a part out of it, changes less than that."""
TARE = 0.1
"""Weight of a new measurement in that of the bare fork, which follows the sensor's slow drift."""
AGE = 0.1
"""Seconds after which nothing is known any more."""


class LoadSense:
    """The weight on the fork, less that of the fork itself, which is learned whenever it is surely bare."""

    def __init__(self, tray_mass: float) -> None:
        """`tray_mass` kg, with what is in it."""
        self._full = tray_mass * GRAVITY
        self._bare: float | None = None
        self._load: bool | None = None
        self._stamp = -NS

    def feel(self, force: Floats, flange: Floats, stamp: int, bare: bool) -> None:
        """A measurement at `stamp` ns.

        `force` (3,) N in the sensor's frame, what the fork puts on the sensor; `flange` (3, 3) that frame's rotation in
        the table frame; `bare`: nothing can be on the fork now.
        """
        down = float(-(flange @ force)[2])
        if not np.isfinite(down):
            return
        self._stamp = stamp
        if bare:
            self._bare = down if self._bare is None else self._bare + TARE * (down - self._bare)
        if self._bare is None:
            return
        share = (down - self._bare) / self._full
        self._load = False if share < GONE else True if share > THERE else self._load

    def load(self, now: int) -> bool | None:
        """Whether the tray is on the fork at `now` ns; None: it is not known."""
        return self._load if 0 <= now - self._stamp <= AGE * NS else None
