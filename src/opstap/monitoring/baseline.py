"""What is usual for one person: quantiles of what was measured of that person, the newest counting most.

Quantiles, not means: one long step (a sneeze, a chat) hardly moves them. Old values fade, so that the baseline follows
a person who learns, and is slow enough not to follow one who tires in an afternoon.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

KEPT = 400
"""Values that are kept at most."""


@dataclass
class Baseline:
    """A decaying sample of one quantity."""

    half_life: float = 100.0
    """A value counts half after so many newer ones."""
    needs: int = 8
    """Values before anything is said."""
    _values: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(self, value: float) -> None:
        self._values.append(value)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def confidence(self) -> float:
        """0 with fewer values than needed, 1 from four times as many."""
        return min(1.0, len(self._values) / (4 * self.needs)) if len(self._values) >= self.needs else 0.0

    def quantile(self, share: float) -> float | None:
        """The value below which `share` (0 to 1) of the weight lies; None while there are too few."""
        if len(self._values) < self.needs:
            return None
        values = np.fromiter(self._values, float)
        weights = 0.5 ** (np.arange(len(values))[::-1] / self.half_life)
        order = np.argsort(values)
        reached = np.cumsum(weights[order]) - 0.5 * weights[order]
        found = np.interp(share * weights.sum(), reached, values[order])
        return float(np.clip(found, values.min(), values.max()))  # rounding could go a hair beyond
