"""When the robot is where along a way: within limits of velocity, acceleration and jerk of every joint.

Corners are rounded and the whole is timed by TOPP-RA (H. Pham, Q.-C. Pham, "A new approach to time-optimal path
parameterization based on reachability analysis", 2018), which knows no jerk; a moving average as long as twice the
acceleration over the jerk limit then bounds the jerk. Averaging leaves the way a little, so every sample is checked
again; where one is not free, the robot stops at every corner instead, and stays on the way exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import ruckig

from opstap.geometry import Floats
from opstap.scene import MotionLimits

TICK = 0.01
"""Between samples, seconds."""
BLEND = 0.25
"""A corner is rounded from so far before it, rad, but never over more than half of a piece."""
SPACING = 0.03
"""Between the points that TOPP-RA works with, rad."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Joint positions every `TICK` seconds, (n, dof) rad; begins and ends at rest."""

    positions: Floats
    carrying: bool = False

    @property
    def duration(self) -> float:
        """Seconds."""
        return (len(self.positions) - 1) * TICK

    @cached_property
    def velocities(self) -> Floats:
        """(n, dof) rad/s."""
        if len(self.positions) < 2:
            return np.zeros_like(self.positions)
        v = np.gradient(self.positions, TICK, axis=0)
        v[0] = v[-1] = 0.0
        return np.asarray(v)

    def at(self, seconds: float) -> tuple[Floats, Floats]:
        """Position and velocity (dof,) so many seconds after the start: cubic between samples."""
        q, v = self.sampled(np.array([seconds]))
        return q[0], v[0]

    def sampled(self, seconds: Floats) -> tuple[Floats, Floats]:
        """Positions and velocities (n, dof) at `seconds` (n,)."""
        if len(self.positions) == 1:
            return np.repeat(self.positions, len(seconds), 0), np.repeat(self.velocities, len(seconds), 0)
        x = np.clip(seconds / TICK, 0.0, len(self.positions) - 1.0)
        i = np.minimum(x.astype(int), len(self.positions) - 2)
        t = (x - i)[:, None]
        p0, m0, m1 = self.positions[i], self.velocities[i] * TICK, self.velocities[i + 1] * TICK
        d, s = self.positions[i + 1] - p0, m0 + m1
        c3, c2 = s - 2 * d, 3 * d - m0 - s
        return p0 + t * (m0 + t * (c2 + t * c3)), (m0 + t * (2 * c2 + t * 3 * c3)) / TICK


def timed(way: list[Floats], limits: MotionLimits, free: Callable[[Floats], bool], carrying: bool = False,
          slower: float = 1.0) -> Trajectory | None:  # fmt: skip
    """The trajectory along `way`; `free` tells whether joint positions touch nothing.

    `slower` scales velocity, and the other limits to match, down from 1. None when not even stopping at every corner
    is free, which a checked way never gives.
    """
    scaled = MotionLimits(
        velocity=limits.velocity * slower, acceleration=limits.acceleration * slower**2, jerk=limits.jerk * slower**3
    )
    points = [way[0], *(b for a, b in pairwise(way) if np.abs(b - a).max() > 1e-6)]
    if len(points) == 1:
        return Trajectory(np.array(points), carrying)
    for make in (_flowing, _stopping):
        positions = make(points, scaled)
        if positions is not None and all(free(q) for q in positions[::2]) and free(positions[-1]):
            return Trajectory(positions, carrying)
    return None


def _flowing(points: list[Floats], limits: MotionLimits) -> Floats | None:
    """Round the corners, time them, average; None where TOPP-RA finds no timing."""
    import toppra  # a second to import: only the thread that plans pays for it
    import toppra.algorithm
    import toppra.constraint

    toppra.setup_logging("ERROR")
    rounded = _rounded(points)
    grid = np.concatenate([[0.0], np.abs(np.diff(rounded, axis=0)).max(axis=1).cumsum()])
    dof = rounded.shape[1]
    ends = np.zeros((2, dof))
    ends[0] = (rounded[1] - rounded[0]) / (grid[1] - grid[0])
    ends[1] = (rounded[-1] - rounded[-2]) / (grid[-1] - grid[-2])
    path = toppra.SplineInterpolator(grid, rounded, bc_type=((1, ends[0]), (1, ends[1])))
    bound = np.ones((dof, 1)) * [-1.0, 1.0]
    constraints = [
        toppra.constraint.JointVelocityConstraint(limits.velocity * bound),
        toppra.constraint.JointAccelerationConstraint(limits.acceleration * bound),
    ]
    # The grid lies on the path's own points: a uniform one breaks the limits between them at tight corners.
    solver = toppra.algorithm.TOPPRA(constraints, path, gridpoints=grid, parametrizer="ParametrizeConstAccel")
    found = solver.compute_trajectory(0.0, 0.0)
    if found is None:
        return None
    samples = found(np.minimum(np.arange(0.0, found.duration + TICK, TICK), found.duration))
    return _averaged(np.asarray(samples), 2 * limits.acceleration / limits.jerk)


def _rounded(points: list[Floats]) -> Floats:
    """Points close together along the way, corners replaced by quadratic Bezier curves."""
    pieces = [np.array([points[0]])]
    here = points[0]
    for i in range(1, len(points)):
        corner = points[i]
        if i == len(points) - 1:
            pieces.append(_between(here, corner))
            break
        before, after = corner - points[i - 1], points[i + 1] - corner
        reach = min(BLEND, np.abs(before).max() / 2, np.abs(after).max() / 2)
        begin = corner - before * (reach / np.abs(before).max())
        end = corner + after * (reach / np.abs(after).max())
        pieces.append(_between(here, begin))
        t = np.linspace(0.0, 1.0, max(6, int(2 * reach / SPACING)) + 1)[1:, None]
        pieces.append((1 - t) ** 2 * begin + 2 * t * (1 - t) * corner + t**2 * end)
        here = end
    every = np.concatenate(pieces)
    apart = np.concatenate([[True], np.abs(np.diff(every, axis=0)).max(axis=1) > 1e-7])
    return np.asarray(every[apart])


def _between(a: Floats, b: Floats) -> Floats:
    """Evenly spaced points after `a` to `b`."""
    count = max(1, int(np.ceil(np.abs(b - a).max() / SPACING)))
    return np.asarray(a + (np.arange(1, count + 1) / count)[:, None] * (b - a))


def _averaged(positions: Floats, seconds: float) -> Floats:
    """A moving average over `seconds`; the ends are held, so it begins and ends at rest where it should."""
    width = max(1, round(seconds / TICK))
    held = np.concatenate([np.repeat(positions[:1], width, 0), positions, np.repeat(positions[-1:], width, 0)])
    sums = np.concatenate([np.zeros((1, held.shape[1])), held.cumsum(axis=0)])
    return np.asarray((sums[width:] - sums[:-width]) / width)


def _stopping(points: list[Floats], limits: MotionLimits) -> Floats:
    """Every straight piece from rest to rest, with the jerk limit, exactly on the way (Ruckig, one axis)."""
    pieces = [np.array([points[0]])]
    for a, b in pairwise(points):
        length = float(np.abs(b - a).max())
        wanted = ruckig.InputParameter(1)
        wanted.current_position, wanted.target_position = [0.0], [length]
        wanted.max_velocity, wanted.max_acceleration = [limits.velocity], [limits.acceleration]
        wanted.max_jerk = [limits.jerk]
        profile = ruckig.Trajectory(1)
        ruckig.Ruckig(1).calculate(wanted, profile)
        moments = np.append(np.arange(TICK, profile.duration, TICK), profile.duration)
        share = np.array([profile.at_time(t)[0][0] for t in moments]) / length
        pieces.append(a + share[:, None] * (b - a))
    return np.concatenate(pieces)
