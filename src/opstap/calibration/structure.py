"""What stands still, as a camera sees it, and how far the camera has moved since.

The depth of table, bins and rims is kept as a reference. A later picture is laid on it by moving the camera in six
degrees of freedom until depths agree: direct alignment of depth pictures (the range flow constraint of Spies, Jaehne
and Barron 2002, solved coarse to fine as by Jaimez and Gonzalez-Jimenez 2015), with Tukey's weights, so that hands,
parts and a bin that was pushed are outvoted by all that did not move. Projected light and colour play no part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats, Pinhole, Pose

FLAT, STEEP = 1000, 2000
"""Points of the reference on flat places, and on edges, where a sideways motion is felt."""
EDGE = 0.008
"""Metres a pixel from which a place is steep."""
PASSING = 25
"""mm of change from which something else is there, in a glance."""
FIT = 0.008
"""Metres within which a point agrees."""

Picture = NDArray[np.float32]
"""Depth (h, w) in metres on a coarse grid, 0 = none."""


@dataclass(frozen=True, eq=False)
class Aligned:
    """How the camera has moved."""

    motion: Pose
    """T_now_reference: maps points of the reference's optical frame to today's."""
    agree: float
    """Share of the points that can be seen whose depth now agrees, 0 to 1."""
    seen: float
    """Share of the points that have depth now, 0 to 1."""
    rms: float
    """Of the depths that agree, metres."""


class Structure:
    """The reference.

    Args:
        depth: median depth of what stands still, on the grid.
        still: (h, w) which pixels stand still.
        optics: intrinsics of the grid.
    """

    def __init__(self, depth: Picture, still: NDArray[np.bool_], optics: Pinhole) -> None:
        self.optics = optics
        smooth, weight = _blurred(depth, 1.5)
        gx, gy = _slopes(smooth)
        steepness = np.hypot(gx, gy)
        usable = still & (depth > 0) & (weight > 0.6) & (steepness < 0.05)
        inner = np.zeros_like(usable)
        inner[6:-6, 6:-6] = usable[6:-6, 6:-6]
        steep, flat = np.flatnonzero(inner & (steepness > EDGE)), np.flatnonzero(inner & (steepness <= EDGE))
        rng = np.random.default_rng(0)
        chosen = [rng.permutation(some)[:most] for some, most in ((steep, STEEP), (flat, FLAT))]
        self.index = np.concatenate(chosen)
        """(n,) flat indices of the points on the grid."""
        self._rays = optics.rays().reshape(-1, 3)[self.index]
        self.depth = depth
        self._was = (depth.reshape(-1)[self.index] * 1000).astype(np.int32)
        self._first_step = self._glancer(gx, gy) if self.enough else np.zeros((6, len(self.index)))
        self._levels = {sigma: self._level(depth, sigma) for sigma in (6.0, 3.0, 1.5)}

    def _level(self, depth: Picture, sigma: float) -> Floats:
        """Reference depths (n,) as a picture blurred by `sigma` shows them."""
        smooth, _ = _blurred(depth, sigma)
        return np.asarray(smooth.reshape(-1)[self.index], dtype=np.float64)

    def _glancer(self, gx: Picture, gy: Picture) -> Floats:
        """Matrix (6, n) from changes of depth in mm to the motion that explains them best: one step of `align`."""
        k = self.optics
        points = self._rays * self.depth.reshape(-1)[self.index][:, None].astype(float)
        a, b = gx.reshape(-1)[self.index] * k.fx, gy.reshape(-1)[self.index] * k.fy
        jacobian = _jacobian(points, a / points[:, 2], b / points[:, 2])
        # At an edge one raw picture is off by most of a pixel's slope.
        slope = np.hypot(gx, gy).reshape(-1)[self.index]
        weighted = jacobian.T / (0.003**2 + (0.7 * slope) ** 2)
        return np.asarray(-np.linalg.solve(weighted @ jacobian + 1e-3 * np.eye(6), weighted) * 1e-3)

    def glance(self, depth: NDArray[np.uint16]) -> Pose:
        """About how the camera has moved, from one raw picture (h, w) in mm on the grid; what an arm covers, and holes,
        count as unmoved. Twenty microseconds."""
        now = np.take(depth, self.index).astype(np.int32)
        off = now - self._was
        off[(now == 0) | (np.abs(off) > PASSING)] = 0
        return Pose.exp(self._first_step @ off)

    @property
    def enough(self) -> bool:
        """Whether there is structure to tell a motion from."""
        return len(self.index) >= 400

    def align(
        self, depth: Picture, start: Pose | None = None, levels: tuple[float, ...] = (3.0, 1.5), rounds: int = 6
    ) -> Aligned:
        """Lay a picture on the reference.

        Args:
            depth: on the same grid.
            start: where to begin; the reference's place unless given.
            levels: blur in grid pixels, from coarse to fine; 6.0, 3.0 and 1.5 are known.
            rounds: steps at each level, at most.
        """
        *_, found = self.aligning(depth, start, levels, rounds)
        return found

    def aligning(self, depth: Picture, start: Pose | None, levels: tuple[float, ...], rounds: int) -> Iterator[Aligned]:
        """`align` a step at a time, for who has little time in each frame: what each step knew, the last counts."""
        motion = start or Pose.of()
        seen = float(np.mean(depth.reshape(-1)[self.index] > 0)) if len(self.index) else 0.0
        for sigma in levels:
            smooth, weight = _blurred(depth, sigma)
            gx, gy = _slopes(smooth)
            planes = (smooth, gx, gy, weight)
            for _ in range(rounds):
                step, agree, rms = self._step(planes, motion, self._levels[sigma])
                motion = Pose.exp(step) @ motion
                yield Aligned(motion, agree, seen, rms)
                if np.abs(step[:3]).max() < 2e-5 and np.abs(step[3:]).max() < 2e-5:
                    break

    def _step(self, planes: tuple[Picture, ...], motion: Pose, reference: Floats) -> tuple[Floats, float, float]:
        """One Gauss-Newton step (6,), translation then rotation; what share agrees before it, and how well."""
        k = self.optics
        y = motion.apply(self._rays * reference[:, None])
        z = np.maximum(y[:, 2], 0.05)
        u, v = (k.fx * y[:, 0] / z + k.cx), (k.fy * y[:, 1] / z + k.cy)
        at_u, at_v = u.astype(np.float32).reshape(-1, 1), v.astype(np.float32).reshape(-1, 1)
        now, gx, gy, weight = (
            cv2.remap(p, at_u, at_v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT).ravel().astype(float)
            for p in planes
        )
        known = weight > 0.5
        if known.sum() < 200:
            return np.zeros(6), 0.0, 0.0
        r = (now - y[:, 2])[known]
        fits = np.abs(r) < FIT
        agree, rms = float(np.mean(fits)), float(np.sqrt(np.mean(r[fits] ** 2))) if fits.any() else 0.0
        spread = float(np.clip(1.4826 * np.median(np.abs(r)), 0.0015, 0.02))
        tukey = np.clip(1 - (r / (4.685 * spread)) ** 2, 0, None) ** 2
        x, yy, z = y[known, 0], y[known, 1], z[known]
        a, b = gx[known] * k.fx / z, gy[known] * k.fy / z
        jacobian = _jacobian(np.column_stack([x, yy, z]), a, b)
        weighted = jacobian * tukey[:, None]
        normal = weighted.T @ jacobian + np.diag([1e-3] * 3 + [1e-3] * 3)
        return np.linalg.solve(normal, -weighted.T @ r), agree, rms


def _jacobian(points: Floats, a: Floats, b: Floats) -> Floats:
    """How residuals (n,) change with a small motion (6,) of points (n, 3): depth's slopes per metre are a and b (n,).

    A turn w moves a point by w x point.
    """
    x, y, z = points.T
    d = np.column_stack([a, b, -(a * x + b * y) / z - 1])
    return np.column_stack([d, np.cross(points, d)])


def shift_mm(motion: Pose, pose: Pose, points: Floats) -> float:
    """mm by which table-frame points (n, 3) are now seen in a wrong place, at most; `pose`: the old T_table_optical."""
    in_camera = pose.inverse().apply(points)
    return float(np.linalg.norm(pose.apply(motion.apply(in_camera)) - points, axis=1).max() * 1000)


def _blurred(depth: Picture, sigma: float) -> tuple[Picture, Picture]:
    """Depth averaged over its neighbourhood, where there is any, and the share of the neighbourhood that has depth."""
    valid = (depth > 0).astype(np.float32)
    weight = cv2.GaussianBlur(valid, (0, 0), sigma)
    smooth = cv2.GaussianBlur(depth, (0, 0), sigma) / np.maximum(weight, 1e-3)
    return np.asarray(smooth), np.asarray(weight)


def _slopes(depth: Picture) -> tuple[Picture, Picture]:
    """Change of depth a pixel to the right and down, metres."""
    return (
        np.asarray(cv2.Sobel(depth, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)),
        np.asarray(cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)),
    )
