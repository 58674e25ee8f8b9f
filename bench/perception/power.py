"""How surely each part is seen to come or go, by noise: no hands, all places changed at once, compared as the watcher
does in its third frame. A change costs a fiftieth of one by hands, so that rare misses show.

python -m bench.perception.power [--rounds 20] [--noise kind fitted harsh] [--scene oral_care gearbox tilted] [--write]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bench.perception.report import interval
from bench.perception.session import CONFIG, SCENES
from bench.report import put_into
from opstap.instructions import Cell, load_cell
from opstap.perception.contents import CHANGED, DOUBT, FRAMES, Measure, median_of_valid, rougher
from opstap.perception.places import places_of
from opstap.perception.watch import FIRST, TWO, Watcher
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.noise import LEVELS
from opstap.simulation.world import WorldState

PAGE = Path(__file__).parents[2] / "docs/perception-benchmark.md"
QUIET = 4
"""Comparisons from which a place learns its noise before it is changed."""


@dataclass(frozen=True)
class Sample:
    """One comparison: `change` parts came (positive) or went, 0: none; `found` of them were measured."""

    place: str
    part: str
    change: int
    found: float
    sure: bool
    """Depth had no holes that a part could hide in."""
    noisy: bool
    """There is more noise than there may be: nothing is told but that."""

    @property
    def told(self) -> bool:
        return abs(self.found) >= CHANGED and not self.noisy

    @property
    def right(self) -> bool:
        return self.told and self.found * self.change > 0

    @property
    def count(self) -> int:
        """Parts as the watcher counts them."""
        return max(1, int(abs(self.found) + TWO))

    @property
    def silent(self) -> bool:
        """Missed, and not told as "cannot see" either."""
        return not self.right and self.sure and not self.noisy and abs(self.found) < DOUBT


class Bench:
    """A cell without hands, all of whose places change at once."""

    def __init__(self, cell: Cell, noise: str, seed: int) -> None:
        view = cell.scene.camera.view
        self.cell, self.places = cell, places_of(cell)
        watcher = Watcher(cell, view)
        self.pixels, self.measures = watcher.pixels, watcher.measures
        self.camera = SimulatedCamera(cell, seed, LEVELS[noise])
        self.rng = np.random.default_rng([seed, 3])
        self.part = {
            p.id: next(name for name, part in cell.task.parts.items() if part.size == p.part.size) for p in self.places
        }
        self._tick = 0

    def frames(self, inside: Mapping[str, tuple[str, ...]], count: int) -> np.ndarray:
        """(count, N) depths of the places' pixels."""
        scene, shown = self.cell.scene, []
        for _ in range(count):
            self._tick += 1
            bins, slots = {b.id: inside[b.id] for b in scene.bins}, {s.id: inside[s.id] for s in scene.case.slots}
            depth = self.camera.depth(WorldState(self._tick, self._tick * 33_333_333, bins, slots))
            shown.append(depth.reshape(-1)[self.pixels.index])
        return np.array(shown)

    def round(self) -> list[Sample]:
        """A change, and a comparison without one, at every place that depth is asked at."""
        before, after = {}, {}
        for place in self.places:
            n = int(self.rng.integers(1, 7)) if place.is_bin else int(self.rng.random() < 0.3)
            m = n + int(self.rng.choice([-1, 1], p=[0.7, 0.3])) if place.is_bin else 1 - n
            if n > 2 and self.rng.random() < 0.2:
                m = n - 2
            before[place.id], after[place.id] = (self.part[place.id],) * n, (self.part[place.id],) * m
        reference = median_of_valid(self.frames(before, FRAMES))
        for _ in range(QUIET):
            quiet = median_of_valid(self.frames(before, FRAMES))
            for p, measure in enumerate(self.measures):
                own = self.pixels.of(p)
                measure.quiet(measure.compare(reference[own], quiet[own]))
        found = []
        for inside in (before, after):
            depth = median_of_valid(self.frames(inside, FIRST))
            for p, (place, measure) in enumerate(zip(self.places, self.measures, strict=True)):
                if not measure.blind:
                    change = len(inside[place.id]) - len(before[place.id])
                    found.append(self._compare(measure, reference[self.pixels.of(p)], depth[self.pixels.of(p)], change))
        return found

    def _compare(self, measure: Measure, reference: np.ndarray, depth: np.ndarray, change: int) -> Sample:
        # The noise here was learned against references of FRAMES, not of many.
        rough = rougher(FRAMES, FIRST) / rougher(FRAMES, FRAMES)
        c = measure.compare(measure.believable(reference), measure.believable(depth), rough)
        place = measure.place.id
        return Sample(place, self.part[place], change, c.parts, c.judged, bool(measure.too_noisy))


def samples(scene: str, task: str, noise: str, seed: int, rounds: int) -> list[Sample]:
    """`rounds` rounds, each with other piles and another pattern of noise."""
    cell = load_cell(CONFIG / f"cells/{scene}.yaml", CONFIG / f"tasks/{task}.yaml")
    return [s for turn in range(rounds) for s in Bench(cell, noise, 1000 * seed + turn).round()]


HEAD = (
    '| | changes | told % (95 %) | told "cannot see" % | missed in silence % | count right % | comparisons without a '
    "change: false per 1,000 |\n|---|---|---|---|---|---|---|"
)


def row(name: str, those: list[Sample]) -> str:
    real, none = [s for s in those if s.change], [s for s in those if not s.change]
    told = [s for s in real if s.right]
    low, high = interval(len(told), len(real))
    silent = sum(s.silent for s in real)
    count = np.mean([s.count == abs(s.change) for s in told]) if told else np.nan
    return (
        f"| {name} | {len(real)} | {100 * len(told) / len(real):.1f} ({100 * low:.1f}-{100 * high:.1f}) "
        f"| {100 * (len(real) - len(told) - silent) / len(real):.1f} | {100 * silent / len(real):.1f} "
        f"| {100 * count:.0f} | {1000 * sum(s.told for s in none) / len(none):.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--noise", nargs="+", default=list(LEVELS), choices=list(LEVELS))
    parser.add_argument("--scene", nargs="+", default=[s for s, _ in SCENES.values()])
    parser.add_argument("--write", action="store_true", help="put the tables into docs/perception-benchmark.md")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    text = []
    for noise in given.noise:
        by: dict[str, list[Sample]] = {}
        for scene, task in SCENES.values():
            if scene in given.scene:
                by[scene] = samples(scene, task, noise, 2, given.rounds)
        everything = [s for those in by.values() for s in those]
        text += [f"\n### {noise} noise\n", HEAD, row("all", everything)]
        for scene, those in by.items():
            text.append(row(f"{scene}", those))
            kinds = sorted({(s.part, s.place.startswith("slot")) for s in those})
            for part, slot in kinds:
                mine = [s for s in those if s.part == part and s.place.startswith("slot") == slot]
                real = [s for s in mine if s.change]
                if any(not s.right for s in real) or any(s.told for s in mine if not s.change):
                    text.append(row(f"&nbsp; {part}{' in its slot' if slot else ''}", mine))
        print("\n".join(text), flush=True)
    if given.write:
        put_into(PAGE, "\n".join(text), "parts")


if __name__ == "__main__":
    main()
