"""Where the bins truly stand: an open box of the scene's size is laid on the depth of rims, walls and floor.

A predicted depth is compared with the measured one ray by ray, and the pose with the least truncated difference is
taken (the truncation of Blake and Zisserman 1987): parts that lie in a bin, a hand or a neighbour do not pull at it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats, Pose, View
from opstap.scene import WALL, Bin

SEARCH = 0.035
"""Metres around the hint within which a bin is looked for: under half the distance of two neighbours."""
TURN = np.radians(12.0)
"""How far it may be turned."""
RISE = 0.02
"""Metres by which it may stand higher or lower than the scene says."""
COARSE, FINE = 0.025, 0.008
"""Metres from which a difference counts no more, in the search and at the end."""
POOR, FILLED = 5.0, 4.2
"""mm of mean truncated difference: of the rim, from which no such bin stands there; inside, from which it is not
empty."""
VALLEYS = 5
"""Places from which the search goes down."""
FEWEST = 150
"""Pixels with depth that a bin must have."""


@dataclass(frozen=True)
class Found:
    """A bin as it was measured."""

    bin: Bin
    """With its measured position and yaw, rounded to 0.1 mm and 0.1 degrees."""
    was: Bin
    misfit_mm: float
    """Of the rim: mean truncated difference of depth."""

    @property
    def moved_mm(self) -> tuple[float, float, float]:
        a, b = (np.array(x.position) * 1000 for x in (self.bin, self.was))
        x, y, z = (float(v) for v in a - b)
        return x, y, z

    @property
    def turned_deg(self) -> float:
        return self.bin.yaw_deg - self.was.yaw_deg


class BinError(Exception):
    """A bin is not found; the message says what to do."""


def find_bin(b: Bin, depth: NDArray[np.float32], view: View, at: tuple[float, float] | None = None) -> Found:
    """Find `b`.

    Args:
        b: as the scene has it: its size is known, its place only about.
        depth: (h, w) metres, 0 = none, of the bench with nobody at it; the median of several frames is best.
        view: of the depth camera, calibrated.
        at: x and y in the table frame to look around, metres; unless given, where the scene has it.

    Raises:
        BinError: nothing like it stands there, or it cannot be seen.
    """
    x, y = at or b.position[:2]
    z, yaw = b.position[2], float(np.radians(b.yaw_deg))
    rays, measured = _around(b, depth, view, x, y)
    if len(measured) < FEWEST:
        raise BinError(f"{b.id}: {len(measured)} pixels with depth there, needed: {FEWEST}: is it in the picture?")
    origin = view.pose.translation
    low, high = _walls(b.size)

    sparse, dense = max(1, len(measured) // 1200), max(1, len(measured) // 2500)

    def misfit(p: Floats, truncated: float, every: int) -> tuple[float, float]:
        """Of the rim, and of what is inside it."""
        pose = Pose.of(p[:3], (0.0, 0.0, float(p[3])))
        o, d = pose.inverse().apply(origin), rays[::every] @ pose.rotation
        predicted = _meets(low, high, o, d)
        on = np.isfinite(predicted)
        predicted, d, there = predicted[on], d[on], measured[::every][on]
        rim = o[2] + predicted * d[:, 2] > b.size[2] - 0.002
        if np.count_nonzero(rim) * every < FEWEST / 4 or rim.all():
            return truncated, truncated
        off = np.minimum(np.abs(predicted - there), truncated)
        return float(off[rim].mean()), float(off[~rim].mean())

    def total(p: Floats, truncated: float, every: int) -> float:
        return sum(misfit(p, truncated, every))

    # A hint lies inside the rim; without one the bin is near where the scene has it.
    wide, deep = (s / 2 for s in b.size[:2]) if at else (SEARCH, SEARCH)
    starts = [
        np.array([x + dx, y + dy, z, yaw])
        for dx in np.arange(-wide, wide + 1e-6, 0.005)
        for dy in np.arange(-deep, deep + 1e-6, 0.005)
    ]
    best: list[Floats] = []
    for p in sorted(starts, key=lambda p: total(p, COARSE, sparse)):
        # Each in a valley of its own: a neighbour's rim can be taken for the bin's, 7 mm aside.
        if all(np.linalg.norm(p - q) > 0.008 for q in best):
            best.append(p)
        if len(best) == VALLEYS:
            break
    coarse = [_descend(lambda p: total(p, COARSE, sparse), p, np.array([0.004, 0.004, 0.004, 0.05])) for p in best]
    start = min(coarse, key=lambda p: total(p, FINE, dense))
    found = start
    for step in (0.002, 0.0015):  # a second time with other steps: they do not halt at the same small unevenness
        found = _descend(lambda p: total(p, FINE, dense), found, step * np.array([1.0, 1.0, 1.0, 12.0]))
    left, inside = (m * 1000 for m in misfit(found, FINE, dense))
    off = np.abs(found - [x, y, z, yaw])
    if left > POOR or off[3] > TURN or off[2] > RISE or off[0] > wide + 0.01 or off[1] > deep + 0.01:
        raise BinError(
            f"{b.id}: no box of {b.size[0] * 1000:.0f} x {b.size[1] * 1000:.0f} x {b.size[2] * 1000:.0f} mm found "
            f"near x {x:.3f}, y {y:.3f}: is it there, is it empty, is bins.size right?"
        )
    if inside > FILLED:
        raise BinError(f"{b.id}: something lies in it, or bins.size is not its size: empty it first")
    px, py, pz = (round(float(v), 4) for v in found[:3])
    measured_bin = b.model_copy(
        update={"position": (px, py, pz), "yaw_deg": round(float(np.degrees(found[3])), 1) + 0.0}
    )
    return Found(measured_bin, b, left)


def _around(b: Bin, depth: NDArray[np.float32], view: View, x: float, y: float) -> tuple[Floats, Floats]:
    """Rays (n, 3) in the table frame, and depth (n,), of the pixels where the bin can be."""
    reach = max(b.size[:2]) + SEARCH
    z, h = b.position[2], b.size[2]
    corners = [(x + i * reach, y + j * reach, z + k) for i in (-1, 1) for j in (-1, 1) for k in (0.0, h)]
    uv = view.project(corners)
    k = view.pinhole
    if not np.isfinite(uv).all():
        return np.empty((0, 3)), np.empty(0)
    (u0, v0), (u1, v1) = (np.clip(f(uv, axis=0), 0, (k.width, k.height)).astype(int) for f in (np.min, np.max))
    v, u = np.nonzero(depth[v0:v1, u0:u1] > 0)
    u, v = u + u0, v + v0
    rays = np.column_stack([(u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones(len(u))]) @ view.pose.rotation.T
    return rays, depth[v, u].astype(float)


def _walls(size: tuple[float, float, float]) -> tuple[Floats, Floats]:
    """Lower and upper corners (5, 3) of floor and walls in the bin's frame."""
    w, d, h = size[0] / 2, size[1] / 2, size[2]
    t = WALL
    boxes = [
        (-w - t, -d - t, -t, w + t, d + t, 0), (-w - t, -d - t, 0, -w, d + t, h), (w, -d - t, 0, w + t, d + t, h),
        (-w, -d - t, 0, w, -d, h), (-w, d, 0, w, d + t, h),
    ]  # fmt: skip
    both = np.array(boxes, dtype=float)
    return both[:, :3], both[:, 3:]


def _meets(low: Floats, high: Floats, origin: Floats, rays: Floats) -> Floats:
    """Length (n,) along rays (n, 3) from `origin` to the first of axis-aligned boxes; inf where none (slab method)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        a = (low[:, None] - origin) / rays
        b = (high[:, None] - origin) / rays
    near, far = np.minimum(a, b).max(axis=-1), np.maximum(a, b).min(axis=-1)
    return np.asarray(np.where((near <= far) & (near > 0), near, np.inf).min(axis=0))


def _descend(cost: Callable[[Floats], float], start: Floats, step: Floats) -> Floats:
    """The least of `cost` near `start`: one coordinate after the other, with halving steps (Hooke and Jeeves 1961)."""
    at, value = start, cost(start)
    for _ in range(4):
        moved = True
        while moved:
            moved = False
            for i in range(len(at)):
                for sign in (-1.0, 1.0):
                    tried = at.copy()
                    tried[i] += sign * step[i]
                    new = cost(tried)
                    if new < value - 1e-9:
                        at, value, moved = tried, new, True
                        break
        step = step / 2
    return at
