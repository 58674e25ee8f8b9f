"""Checks of lab 4: the simulated camera looks into bins of the shipped cell."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from opstap.instructions import load_cell
from opstap.simulation.bench import Bench
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.noise import FITTED, KIND, Noise
from opstap.simulation.world import WorldState

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
VIEW = CELL.scene.camera.view
FOCAL = float(VIEW.pinhole.fx)
STILL = Noise(subpixel=0, fixed=0, edge=99, flying=0, lost=0, holes=(0, 0, 0, 0, 0))
BINS = [b for b in CELL.scene.bins
        if CELL.part_in(b.id).surface == "matte" and CELL.part_in(b.id).volume > 2e-5][:3]  # fmt: skip


def inside(bin_):
    """The pixels of a bin's floor, away from its walls."""
    corners = bin_.inside.corners()
    floor = corners[corners[:, 2] < corners[:, 2].mean()]
    middle = floor.mean(axis=0)
    uv = VIEW.project(middle + 0.86 * (floor - middle))
    (u0, v0), (u1, v1) = np.ceil(uv.min(axis=0)).astype(int), np.floor(uv.max(axis=0)).astype(int)
    return slice(v0, v1), slice(u0, u1)


@cache
def camera(noise: Noise) -> SimulatedCamera:
    return SimulatedCamera(CELL, 3, noise)


def picture(noise: Noise, bin_, parts: int, tick: int):
    """Depth of the bin with so many parts, the median of five frames from tick 5 * `tick` on."""
    bench = Bench(CELL, 3)
    bins = dict(bench.bins) | {bin_.id: (bin_.part,) * parts}
    frames = [
        camera(noise).depth(WorldState(t, t, bins, bench.slots))[inside(bin_)] for t in range(5 * tick, 5 * tick + 5)
    ]
    return np.median(frames, axis=0).astype(np.uint16)


def right(work, noise: Noise, changes) -> tuple[int, int, str]:
    """How many of the changes (from, to) were told rightly, of how many; and the first that was not."""
    good, all_, first = 0, 0, ""
    for bin_ in BINS:
        for k, (was, is_) in enumerate(changes):
            before, after = picture(noise, bin_, was, 2 * k), picture(noise, bin_, is_, 2 * k + 1)
            found = work.taken(before, after, CELL.part_in(bin_.id).volume, FOCAL)
            all_ += 1
            good += found == was - is_
            if found != was - is_ and not first:
                first = f"{bin_.id} went from {was} to {is_} parts: {found}"
    return good, all_, first


def without_noise(work):
    """it is right where there is no noise"""
    good, of, first = right(work, STILL, [(3, 2), (4, 2), (2, 2), (1, 3)])
    assert good == of, f"{good} of {of} right; {first}"


def with_noise(work):
    """it is right with the noise of a camera, at least 9 times of 10"""
    good, of, first = right(work, KIND, [(3, 2), (2, 1), (4, 2), (2, 3), (3, 3)])
    assert good >= 0.9 * of, f"{good} of {of} right; {first}"


def with_holes(work):
    """the same with a third of the picture missing in one piece"""
    bin_ = BINS[0]
    before, after = picture(KIND, bin_, 3, 0), picture(KIND, bin_, 3, 1)
    rows = before.shape[0] // 3
    before, after = before.copy(), after.copy()
    before[:rows], after[-rows // 2 :] = 0, 0
    found = work.taken(before, after, CELL.part_in(bin_.id).volume, FOCAL)
    assert found == 0, f"nothing was taken, parts of both pictures are missing: {found}. A hole is not far away"


def says_what_it_cannot_see(work):
    """it says None where most is missing"""
    before = picture(KIND, BINS[0], 3, 0).copy()
    before[: int(before.shape[0] * 0.7)] = 0
    found = work.taken(before, picture(KIND, BINS[0], 2, 1), CELL.part_in(BINS[0].id).volume, FOCAL)
    assert found is None, f"70 % of the picture is missing: {found}; expected None"


def nothing_where_nothing_happened(work):
    """it tells nothing where nothing happened, 20 times of 20"""
    told = []
    for tick in range(20):
        bin_ = BINS[tick % len(BINS)]
        pair = picture(FITTED, bin_, 3, 40 + 2 * tick), picture(FITTED, bin_, 3, 41 + 2 * tick)
        told.append(work.taken(*pair, CELL.part_in(bin_.id).volume, FOCAL))
    assert set(told) <= {0, None}, f"it told {sum(t not in (0, None) for t in told)} changes"


CHECKS = [without_noise, with_noise, with_holes, says_what_it_cannot_see, nothing_where_nothing_happened]
