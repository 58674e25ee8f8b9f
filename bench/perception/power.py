"""How surely each part is seen to come or go, by noise: no hands, all places changed at once, compared as the watcher
does after FIRST frames. Cheap, so that rare misses show.

python -m bench.perception.power [--rounds 40] [--noise fitted] [--scene tilted]
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np

from bench.perception.session import CONFIG, SCENES
from opstap.instructions import Cell, load_cell
from opstap.perception.contents import CHANGED, FRAMES, Measure, median_of_valid
from opstap.perception.places import pixels_of, places_of
from opstap.perception.watch import FIRST
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.noise import LEVELS
from opstap.simulation.world import WorldState

Sample = tuple[str, str, int, float, float, bool]
"""Place, part, parts that came or went, parts found, share of the place without depth, whether it could be judged."""


def samples(cell: Cell, noise: str, seed: int, rounds: int) -> list[Sample]:
    """Changes, and as many comparisons without one, at every place that depth is asked at."""
    rng = np.random.default_rng([seed, 3])
    view = cell.scene.camera.view
    places = places_of(cell)
    pixels = pixels_of(places, [*(b.outside for b in cell.scene.bins), cell.scene.case.outside], view)
    measures = [Measure(place, pixels, p, view) for p, place in enumerate(places)]
    asked = [p for p, m in enumerate(measures) if not m.blind]
    found: list[Sample] = []
    tick = 0
    for turn in range(rounds):
        camera = SimulatedCamera(cell, seed * 1000 + turn, LEVELS[noise])

        def frames(inside: dict[str, tuple[str, ...]], count: int) -> np.ndarray:
            nonlocal tick
            shown = []
            for _ in range(count):
                tick += 1
                world = WorldState(
                    tick, tick * 33_333_333,
                    {b.id: inside[b.id] for b in cell.scene.bins}, {s.id: inside[s.id] for s in cell.scene.case.slots},
                )  # fmt: skip
                shown.append(camera.depth(world).reshape(-1)[pixels.index])
            return np.array(shown)

        before, after, by = {}, {}, {}
        names = {p.id: next((n for n, part in cell.task.parts.items() if part is p.part), "") for p in places}
        for place in places:
            if place.is_bin:
                n = int(rng.integers(1, 7))
                m = n + int(rng.choice([-1, 1], p=[0.7, 0.3]))
                if n > 2 and rng.random() < 0.2:
                    m = n - 2
            else:
                n, m = (0, 1) if rng.random() < 0.7 else (1, 0)
            before[place.id], after[place.id] = (names[place.id],) * n, (names[place.id],) * m
            by[place.id] = m - n
        # The reference is an average of about nine medians of five frames, as after a time of patrol.
        many = np.array([median_of_valid(frames(before, FRAMES)) for _ in range(1)])
        reference = np.where((many > 0).any(0), many.sum(0) / np.maximum((many > 0).sum(0), 1), 0).astype(np.float32)
        still, changed = (median_of_valid(frames(x, FIRST)) for x in (before, after))
        for p in asked:
            place, measure, own = places[p], measures[p], pixels.of(p)
            for depth, parts in ((still, 0), (changed, by[place.id])):
                change = measure.compare(measure.believable(reference[own]), measure.believable(depth[own]))
                found.append((place.id, names[place.id], parts, change.parts, change.unseen, change.judged))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--noise", nargs="+", default=list(LEVELS), choices=list(LEVELS))
    parser.add_argument("--scene", nargs="+", default=[s for s, _ in SCENES.values()])
    given = parser.parse_args()
    for scene, task in SCENES.values():
        if scene not in given.scene:
            continue
        cell = load_cell(CONFIG / f"cells/{scene}.yaml", CONFIG / f"tasks/{task}.yaml")
        for noise in given.noise:
            by = defaultdict(list)
            for s in samples(cell, noise, 1, given.rounds):
                by[s[1] + ("" if s[0].startswith("bin") else " (slot)")].append(s)
            print(f"\n{scene}, {noise}: part, changes, missed, cannot see, of them told; ratio found/true mean sd; "
                  "count right; no-change sd, false")
            for name, those in sorted(by.items()):
                real = [s for s in those if s[2]]
                ratio = np.array([s[3] / s[2] for s in real])
                null = np.array([s[3] for s in those if not s[2]])
                missed = [s for s in real if not (s[3] * s[2] > 0 and abs(s[3]) >= CHANGED)]
                count = [min(1, 1) and max(1, int(abs(s[3]) + 0.35)) == abs(s[2]) for s in real]
                silent = [s for s in missed if s[5]]
                print(f"{name:28s} {len(real):4d} {len(missed):3d} silent {len(silent):3d} blind {sum(not s[5] for s in those):3d} "
                      f"ratio {ratio.mean():5.2f} {ratio.std():5.2f} count {np.mean(count):4.2f} "
                      f"null {null.std():5.3f} max {abs(null).max():5.2f} false {sum(abs(null) >= CHANGED)}")  # fmt: skip


if __name__ == "__main__":
    main()
