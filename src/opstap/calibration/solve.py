"""The camera's pose from points on the table and the depth of the table.

Depth says how high the camera hangs and how it tilts: it is depth that perception works with, and thousands of pixels
make its plane exact. Colour says where the camera is over the table and how it is turned: the pixels of known points
are cast on that plane, and laid on the points where they are (a rigid fit in the plane, Kabsch 1976). All that is left
over is measured where it matters, in millimetres on the table.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.calibration.plane import Plane, fit_plane
from opstap.calibration.targets import Marks
from opstap.geometry import Floats, Pinhole, Pose

FEWEST = 4
"""Points, at least."""
SPREAD = 0.08
"""Metres that the points must be spread on the table, as a standard deviation, for the direction to be sure."""
WORST, MEAN = 4.0, 2.0
"""mm of the worst and the root-mean-square point above which a result is not recommended."""
SCALE = 0.02
"""Difference in size between colour and depth from which one of them is not to be trusted."""


class CalibrationError(Exception):
    """No pose can be told from this; the message says what to do."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A camera pose and how well it fits."""

    pose: Pose
    """T_table_depth: of the depth camera's optical frame."""
    names: tuple[str, ...]
    points: Floats
    """(n, 3) where the points are, table frame."""
    errors: Floats
    """(n, 2) how far beside them they were measured, x and y, mm."""
    plane_rms: float
    """mm of the table's depth around its plane."""
    scale: float
    """Size of the pattern as measured, divided by what it is: 1.01 is depth that reads 1 % long."""

    @property
    def rms(self) -> float:
        """mm"""
        return float(np.sqrt(np.mean(np.sum(self.errors**2, axis=1))))

    @property
    def worst(self) -> float:
        """mm"""
        return float(np.linalg.norm(self.errors, axis=1).max())

    def doubts(self) -> list[str]:
        """Reasons not to accept it, in plain words; empty when it is good."""
        said = []
        if self.rms > MEAN or self.worst > WORST:
            said.append(
                f"points are {self.rms:.1f} mm off on average and {self.worst:.1f} mm at worst (allowed: {MEAN:g} and "
                f"{WORST:g} mm): is the board flat, is board.square what you measured, did anything move?"
            )
        if abs(self.scale - 1) > SCALE:
            said.append(
                f"depth reads {abs(self.scale - 1) * 100:.1f} % too {'long' if self.scale > 1 else 'short'}, or "
                "board.square is wrong: measure a square; if it is right, run the camera maker's own calibration"
            )
        return said


def solve(
    marks: Marks, depth: NDArray[np.float32], depth_optics: Pinhole, color_optics: Pinhole, color_from_depth: Pose
) -> Solution:
    """The pose of the depth camera.

    Args:
        marks: what was found in the colour picture.
        depth: (h, w) metres along the optical axis, 0 = no return; several frames' median is best.
        depth_optics, color_optics: intrinsics of the two pictures.
        color_from_depth: T_color_depth.

    Raises:
        CalibrationError: too few points, too close together, or no depth of the table around them.
    """
    if len(marks) < FEWEST:
        raise CalibrationError(f"{len(marks)} points are seen, needed: {FEWEST} or more; is the board in the picture?")
    spread = np.linalg.eigvalsh(np.cov(marks.points[:, :2].T))
    if np.sqrt(spread.sum()) < SPREAD:
        raise CalibrationError(
            f"the points seen are all within {2 * np.sqrt(spread.sum()):.2f} m of each other: show more of the "
            "board, or markers farther apart"
        )
    plane = _table(marks, depth, depth_optics, color_optics, color_from_depth)
    measured = _cast(marks, plane, color_optics, color_from_depth)
    along, across = _axes(plane.normal)
    flat = np.column_stack([measured @ along, measured @ across])
    true = marks.points[:, :2]
    chosen = np.ones(len(true), bool)
    for _ in range(3):
        turn, shift, scale = _rigid(flat[chosen], true[chosen])
        off = np.linalg.norm(flat @ turn.T + shift - true, axis=1)
        chosen = off < 3 * np.median(off[chosen]) + 0.001  # one corner that was mistaken for another does not count
        if chosen.sum() < FEWEST:
            raise CalibrationError("the points do not fit each other: is the board flat, and the right one printed?")
    rotation = np.vstack([turn @ np.vstack([along, across]), plane.normal])
    pose = Pose(rotation, np.array([*shift, plane.distance]))
    errors = (flat @ turn.T + shift - true) * 1000
    return Solution(pose, marks.names, marks.points, errors, plane.rms * 1000, scale)


def _table(
    marks: Marks, depth: NDArray[np.float32], depth_optics: Pinhole, color_optics: Pinhole, color_from_depth: Pose
) -> Plane:
    """The plane of the table in the depth camera's optical frame: fitted to the depth around the points."""
    rays = depth_optics.rays()
    points = rays * depth[..., None]
    in_color = color_from_depth.apply(points)
    z = np.where(in_color[..., 2] > 1e-3, in_color[..., 2], np.nan)
    u = color_optics.fx * in_color[..., 0] / z + color_optics.cx
    v = color_optics.fy * in_color[..., 1] / z + color_optics.cy
    on = np.full((color_optics.height, color_optics.width), -1, np.int32)
    heights = []
    for number, owner in enumerate(np.unique(marks.owner)):
        own = marks.owner == owner
        heights.append(float(marks.points[own, 2].mean()))
        cv2.fillConvexPoly(on, cv2.convexHull(marks.pixels[own].astype(np.float32)).round().astype(np.int32), number)
    column, row = (np.nan_to_num(np.round(x), nan=-1.0).astype(int) for x in (u, v))
    seen = (depth > 0) & (row >= 0) & (row < on.shape[0]) & (column >= 0) & (column < on.shape[1])
    number = on[row[seen], column[seen]]
    chosen, above = points[seen][number >= 0], np.array(heights)[number[number >= 0]]
    try:
        plane = fit_plane(chosen)
        if above.any():
            # What lies higher is let down to the table along its normal.
            for _ in range(2):
                plane = fit_plane(chosen - above[:, None] * plane.normal)
    except ValueError as error:
        raise CalibrationError(f"no depth of the table there: {error}. Is the lens clean, is the sun on it?") from error
    return plane


def _cast(marks: Marks, plane: Plane, optics: Pinhole, color_from_depth: Pose) -> Floats:
    """The points (n, 3) in the depth camera's optical frame: colour's rays, cut at their heights above the table."""
    rays = np.column_stack([(marks.pixels - [optics.cx, optics.cy]) / [optics.fx, optics.fy], np.ones(len(marks))])
    depth_from_color = color_from_depth.inverse()
    directions = rays @ depth_from_color.rotation.T
    origin = depth_from_color.translation
    reach = (marks.points[:, 2] - plane.height(origin)) / (directions @ plane.normal)
    return np.asarray(origin + directions * reach[:, None])


def _axes(normal: Floats) -> tuple[Floats, Floats]:
    """Two directions in the plane that make a right-handed frame with its normal."""
    along = np.cross(normal, [0.0, 0.0, 1.0] if abs(normal[2]) < 0.7 else [0.0, 1.0, 0.0])
    along /= np.linalg.norm(along)
    return along, np.cross(normal, along)


def _rigid(a: Floats, b: Floats) -> tuple[Floats, Floats, float]:
    """Rotation (2, 2), shift (2,) that lay points a (n, 2) on b, and the size of a divided by that of b."""
    ca, cb = a.mean(axis=0), b.mean(axis=0)
    u, _, vt = np.linalg.svd((b - cb).T @ (a - ca))
    turn = u @ np.diag([1.0, np.linalg.det(u @ vt)]) @ vt
    scale = float(np.sqrt(np.sum((a - ca) ** 2) / np.sum((b - cb) ** 2)))
    return turn, cb - turn @ ca, scale
