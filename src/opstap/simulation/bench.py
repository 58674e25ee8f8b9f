"""What really lies in bins and slots, and what really happened to it: the truth that nobody in the cell is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from opstap.geometry import Pose
from opstap.instructions import Cell
from opstap.simulation.world import Held, lying_in_bin, lying_in_slot, lying_in_tray

IN_TRAY = 4
"""Parts in a tray of the store at the start."""

Deed = Literal["taken", "put_back", "placed", "removed", "refilled"]


@dataclass(frozen=True)
class Truth:
    """One part that changed its place: what happened at tick `tick` in the bin, slot or tray `place`."""

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
        self._trays = {s.id: (s.part,) * IN_TRAY for s in cell.scene.cobot.store} if cell.scene.cobot else {}
        """Parts in the tray of each store slot, wherever it is."""
        self.standing: dict[str, tuple[str, Pose]] = {}
        """Handover zone id -> store slot and T_table_tray of the tray that stands there."""
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
        """Parts in a bin, a slot, or the tray in a zone, bottom first."""
        if place in self._bins or place in self._slots:
            return self._bins[place] if place in self._bins else self._slots[place]
        return self._trays[self.standing[place][0]] if place in self.standing else ()

    def in_tray(self, slot: str, tray: Pose) -> tuple[Held, ...]:
        """What lies in the tray of store slot `slot`, which is at `tray`."""
        parts = self._trays[slot]
        poses = lying_in_tray(self.cell, tray, slot, parts, self._seed)
        return tuple(Held(part, pose) for part, pose in zip(parts, poses, strict=True))

    def top(self, place: str) -> Pose:
        """T_table_part of the part on top. The place must not be empty."""
        return self._lying(place, self.inside(place))[-1]

    def next(self, place: str, part: str) -> Pose:
        """T_table_part that `part` would have there."""
        return self._lying(place, (*self.inside(place), part))[-1]

    def take(self, place: str) -> str:
        """Take the part on top; the part. The place must not be empty."""
        *rest, part = self.inside(place)
        self._change(place, tuple(rest), "removed" if place in self._slots else "taken", part)
        return part

    def put(self, place: str, part: str) -> None:
        """Put `part` on top."""
        self._change(place, (*self.inside(place), part), "placed" if place in self._slots else "put_back", part)

    def refill(self, bin_id: str, parts: Iterable[str]) -> None:
        """Put new parts into a bin."""
        for part in parts:
            self._change(bin_id, (*self._bins[bin_id], part), "refilled", part)

    def _lying(self, place: str, parts: tuple[str, ...]) -> list[Pose]:
        if place in self.standing:
            slot, tray = self.standing[place]
            return lying_in_tray(self.cell, tray, slot, parts, self._seed)
        lying = lying_in_bin if place in self._bins else lying_in_slot
        return lying(self.cell, place, parts, self._seed)

    def _change(self, place: str, parts: tuple[str, ...], deed: Deed, part: str) -> None:
        if place in self._bins:
            self._bins = {**self._bins, place: parts}
        elif place in self.standing:
            self._trays[self.standing[place][0]] = parts
        else:
            self._slots = {**self._slots, place: parts}
        self.truth.append(Truth(self.tick, deed, place, part))
