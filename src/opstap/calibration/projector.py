"""A projector as an inverse camera: its pose and intrinsics from where its pixels fall on the bench.

The calibrated camera tells for each patch of the bench where it is (depth) and which projector pixel lights it (Gray
code). Those pairs are what a camera's calibration needs, so the projector is solved as one (Zhang 2000, through
OpenCV), from a guess: the scene's. Table and raised surfaces together tell distance and focal length apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.calibration.solve import CalibrationError
from opstap.geometry import Floats, Pose, View, rpy_from_rotation
from opstap.scene import Projector

PATCH = 16
"""Side of a patch, pixels of the colour picture."""
DECODED = 0.5
"""Share of a patch that must be decoded."""
FLAT = 0.004
"""Metres of depth around its plane up to which a patch is flat."""
BENT = 1.0
"""Projector pixels around a straight run up to which a patch lies on one surface."""
RAISED = 0.015
"""Metres above the table from which a surface counts as raised."""
FEWEST = 60
BETTER = 0.9
"""What a finer description of the lens must make of the error that 95 of 100 patches stay below."""
P95 = 1.5
"""mm above which a result is not recommended."""


@dataclass(frozen=True, eq=False)
class Lit:
    """Patches of the bench and the projector pixels that light them."""

    points: Floats
    """(n, 3) table frame, metres."""
    pixels: Floats
    """(n, 2)"""


@dataclass(frozen=True, eq=False)
class ProjectorSolution:
    """A projector as it was found."""

    projector: Projector
    lit: Lit
    errors: Floats
    """(n,) mm beside each patch at which its light falls."""

    @property
    def raised(self) -> NDArray[np.bool_]:
        """(n,) which patches lie above the table."""
        return np.asarray(self.lit.points[:, 2] > RAISED)

    def p95(self, chosen: NDArray[np.bool_]) -> float:
        """mm that 95 of 100 of the chosen patches stay below; NaN where there are none."""
        return float(np.quantile(self.errors[chosen], 0.95)) if chosen.any() else float("nan")

    def doubts(self) -> list[str]:
        """Reasons not to accept it; empty when it is good."""
        said = []
        for name, chosen in (("the table", ~self.raised), ("raised surfaces", self.raised)):
            if self.p95(chosen) > P95:
                said.append(
                    f"light falls {self.p95(chosen):.1f} mm off on {name} (allowed: {P95} mm): did anything move?"
                )
        if np.count_nonzero(self.raised) < FEWEST / 6:
            said.append("nothing raised was seen: put empty bins or a box on the table, or heights are only guessed")
        return said


def lit_patches(decoded: Floats, depth: NDArray[np.float32], depth_view: View, color_view: View) -> Lit:
    """Where on the bench which projector pixel falls.

    Args:
        decoded: (h, w, 2) of the colour picture, NaN where it is not known.
        depth: (h, w) metres, 0 = none; the median of some frames.
        depth_view: of the depth camera, calibrated.
        color_view: of the colour camera.
    """
    h, w = decoded.shape[:2]
    across = w // PATCH
    valid = depth > 0
    points = depth_view.pose.apply((depth_view.pinhole.rays() * depth[..., None])[valid])
    uv = color_view.project(points)
    inside = (uv >= 0).all(axis=1) & (uv[:, 0] < across * PATCH) & (uv[:, 1] < h // PATCH * PATCH)
    points, uv = points[inside], uv[inside]
    patch = (uv[:, 1] // PATCH).astype(int) * across + (uv[:, 0] // PATCH).astype(int)
    order = np.argsort(patch, kind="stable")
    points, patch = points[order], patch[order]
    starts = np.searchsorted(patch, np.arange(across * (h // PATCH) + 1))
    rows, columns = np.mgrid[0:PATCH, 0:PATCH] - (PATCH - 1) / 2
    k, origin = color_view.pinhole, color_view.pose.translation
    found: list[tuple[Floats, Floats]] = []
    for i in range(len(starts) - 1):
        y, x = divmod(i, across)
        block = decoded[y * PATCH : (y + 1) * PATCH, x * PATCH : (x + 1) * PATCH].reshape(-1, 2)
        good = np.isfinite(block[:, 0])
        own = points[starts[i] : starts[i + 1]]
        if good.mean() < DECODED or len(own) < 12:
            continue
        run = np.column_stack([np.ones(good.sum()), columns.ravel()[good], rows.ravel()[good]])
        straight, left, _, _ = np.linalg.lstsq(run, block[good], rcond=None)
        if not len(left) or np.sqrt(left.max() / len(run)) > BENT + 1.5:
            continue
        centre = own.mean(axis=0)
        _, sizes, axes = np.linalg.svd(own - centre, full_matrices=False)
        if sizes[2] / np.sqrt(len(own)) > FLAT:
            continue
        u, v = (x + 0.5) * PATCH - 0.5, (y + 0.5) * PATCH - 0.5
        ray = color_view.pose.rotation @ np.array([(u - k.cx) / k.fx, (v - k.cy) / k.fy, 1.0])
        facing = ray @ axes[2] / np.linalg.norm(ray)
        if abs(facing) < 0.5:  # a wall seen from the side
            continue
        found.append((origin + ray * ((centre - origin) @ axes[2]) / (ray @ axes[2]), straight[0]))
    if not found:
        return Lit(np.empty((0, 3)), np.empty((0, 2)))
    return Lit(np.array([p for p, _ in found]), np.array([q for _, q in found]))


def solve_projector(guess: Projector, lit: Lit) -> ProjectorSolution:
    """The projector that throws its pixels there.

    Raises:
        CalibrationError: too little of the bench was lit and seen.
    """
    if len(lit.points) < FEWEST:
        raise CalibrationError(
            f"{len(lit.points)} patches are lit and seen, needed: {FEWEST}: is the projector on, "
            "is the room dark enough?"
        )
    solutions = [_solved(guess, lit, free) for free in (0, 2, 4)]
    # A lens is described no finer than is seen: more numbers always fit the noise a bit better.
    best = solutions[0]
    for finer in solutions[1:]:
        if np.quantile(finer.errors, 0.95) < BETTER * np.quantile(best.errors, 0.95):
            best = finer
    return best


def _solved(guess: Projector, lit: Lit, free: int) -> ProjectorSolution:
    """With the first `free` of the lens's k1, k2, p1, p2; the others are 0."""
    view = guess.view
    size = (view.pinhole.width, view.pinhole.height)
    flags = cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_ASPECT_RATIO | cv2.CALIB_FIX_K3
    flags |= 0 if free >= 4 else cv2.CALIB_ZERO_TANGENT_DIST
    flags |= 0 if free >= 2 else cv2.CALIB_FIX_K1 | cv2.CALIB_FIX_K2
    chosen = np.ones(len(lit.points), bool)
    for _ in range(3):
        object_points, image_points = (a[chosen].astype(np.float32) for a in (lit.points, lit.pixels))
        _, matrix, bends, turns, shifts = cv2.calibrateCamera(
            [object_points], [image_points], size, view.pinhole.matrix.copy(), np.zeros(5), flags=flags
        )
        solved = _as_projector(guess, matrix, bends, turns[0], shifts[0])
        errors = fall_off(solved.view, lit)
        chosen = errors < 3 * np.median(errors[chosen]) + 0.3
    kept = Lit(lit.points[chosen], lit.pixels[chosen])
    return ProjectorSolution(solved, kept, errors[chosen])


def fall_off(view: View, lit: Lit) -> Floats:
    """mm (n,) beside each patch at which, seen by `view`, its pixel's light falls, at the patch's height."""
    rays = view.pinhole.directions(lit.pixels) @ view.pose.rotation.T
    reach = (lit.points[:, 2] - view.pose.translation[2]) / rays[:, 2]
    falls = view.pose.translation + rays * reach[:, None]
    return np.asarray(np.linalg.norm(falls - lit.points, axis=1) * 1000)


def _as_projector(guess: Projector, matrix: Floats, bends: Floats, turn: Floats, shift: Floats) -> Projector:
    pose = Pose(cv2.Rodrigues(turn)[0], np.asarray(shift, dtype=float).ravel()).inverse()
    x, y, z = (round(float(v), 5) for v in pose.translation)
    roll, pitch, yaw = (round(float(np.degrees(a)), 4) for a in rpy_from_rotation(pose.rotation))
    centre = (round(float(matrix[0, 2]), 3), round(float(matrix[1, 2]), 3))
    k1, k2, p1, p2 = (round(float(np.clip(b, -0.5, 0.5)), 6) for b in np.ravel(bends)[:4])
    optics = {"focal": round(float(matrix[0, 0]), 3), "centre": centre, "distortion": (k1, k2, p1, p2)}
    return guess.model_copy(update={"position": (x, y, z), "rpy_deg": (roll, pitch, yaw),
                                    "optics": guess.optics.model_copy(update=optics)})  # fmt: skip
