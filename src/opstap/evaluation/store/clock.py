"""Notices that the machine's clock was set, also ahead: what a journal's stamps alone cannot tell."""

from __future__ import annotations

import time
from collections.abc import Callable

STEP = 2_000_000_000
"""Less than this between two looks is drift, not a setting, ns."""


def since_boot() -> int:
    """ns of a clock that nobody sets and that goes on in sleep, where the system has one."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class ClockWatch:
    """Compares the clock with one that cannot be set; `was_set` tells whether it was since the last call."""

    def __init__(self, clock: Callable[[], int] = time.time_ns, steady: Callable[[], int] = since_boot) -> None:
        self._clock, self._steady = clock, steady
        self._offset = clock() - steady()

    def was_set(self) -> bool:
        before, self._offset = self._offset, self._clock() - self._steady()
        return abs(self._offset - before) > STEP
