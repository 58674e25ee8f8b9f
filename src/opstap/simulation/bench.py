"""What really lies in bins and slots, and what really happened to it: the truth that nobody in the cell is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from opstap.geometry import Pose
from opstap.instructions import Cell
from opstap.simulation.world import lying_in_bin, lying_in_slot

Deed = Literal["taken", "put_back", "placed", "removed", "refilled"]


@dataclass(frozen=True)
class Truth:
    """One part that changed its place: what happened at tick `tick` in the bin or slot `place`."""

    tick: int
    deed: Deed
    place: str
    part: str


class Bench:
    """Bins, filled as the scene counts, and an empty case. Parts lie in piles: the last one is on top."""

    def __init__(self, cell: Cell, seed: int, empty_bins: Iterable[str] = ()) -> None:
        self.cell = cell
        self.tick = 0
        self.truth: list[Truth] = []
        empty = set(empty_bins)
        bins = {b.id: () if b.id in empty else (b.part,) * b.count for b in cell.scene.bins}
        self._bins: dict[str, tuple[str, ...]] = bins
        self._slots: dict[str, tuple[str, ...]] = {s.id: () for s in cell.scene.case.slots}
        self._seed = seed

    @property
    def bins(self) -> Mapping[str, tuple[str, ...]]:
        """Bin id -> parts in it, bottom first. Never changed in place: it may be kept."""
        return self._bins

    @property
    def slots(self) -> Mapping[str, tuple[str, ...]]:
        """Slot id -> parts in it, as `bins`."""
        return self._slots

    def inside(self, place: str) -> tuple[str, ...]:
        """Parts in a bin or slot, bottom first."""
        return self._bins[place] if place in self._bins else self._slots[place]

    def top(self, place: str) -> Pose:
        """T_table_part of the part on top. The place must not be empty."""
        return self._lying(place, self.inside(place))[-1]

    def next(self, place: str, part: str) -> Pose:
        """T_table_part that `part` would have there."""
        return self._lying(place, (*self.inside(place), part))[-1]

    def take(self, place: str) -> str:
        """Take the part on top; the part. The place must not be empty."""
        *rest, part = self.inside(place)
        self._change(place, tuple(rest), "taken" if place in self._bins else "removed", part)
        return part

    def put(self, place: str, part: str) -> None:
        """Put `part` on top."""
        self._change(place, (*self.inside(place), part), "put_back" if place in self._bins else "placed", part)

    def refill(self, bin_id: str, parts: Iterable[str]) -> None:
        """Put new parts into a bin."""
        for part in parts:
            self._change(bin_id, (*self._bins[bin_id], part), "refilled", part)

    def _lying(self, place: str, parts: tuple[str, ...]) -> list[Pose]:
        lying = lying_in_bin if place in self._bins else lying_in_slot
        return lying(self.cell, place, parts, self._seed)

    def _change(self, place: str, parts: tuple[str, ...], deed: Deed, part: str) -> None:
        if place in self._bins:
            self._bins = {**self._bins, place: parts}
        else:
            self._slots = {**self._slots, place: parts}
        self.truth.append(Truth(self.tick, deed, place, part))
