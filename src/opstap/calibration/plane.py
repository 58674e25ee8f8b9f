"""Planes in depth: fitted to given points, or found in a whole picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats


@dataclass(frozen=True, eq=False)
class Plane:
    """`normal` (3,) of unit length towards the camera, and the camera's distance to it, in an optical frame."""

    normal: Floats
    distance: float
    rms: float
    """Of the points that it was fitted to, metres."""

    def height(self, points: Floats) -> Floats:
        """Height of optical-frame points (..., 3) above it, metres."""
        return np.asarray(points @ self.normal + self.distance)


def fit_plane(points: Floats, rounds: int = 4) -> Plane:
    """Least-squares plane of points (n, 3) in an optical frame; what lies 2.5 spreads off is left out, in rounds.

    Raises:
        ValueError: fewer than 50 points, or they lie on a line.
    """
    kept = points
    for _ in range(rounds):
        if len(kept) < 50:
            raise ValueError(f"{len(kept)} points with depth, allowed: 50 or more")
        centre = kept.mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov((kept - centre).T))
        if values[1] < 1e-6:
            raise ValueError("the points lie on a line")
        normal = vectors[:, 0] * (1.0 if vectors[:, 0] @ centre < 0 else -1.0)
        off = (points - centre) @ normal
        # The spread by the median: a part or a fold in the paper does not widen it.
        spread = max(1.4826 * float(np.median(np.abs((kept - centre) @ normal))), 2e-4)
        plane = Plane(normal, float(-centre @ normal), float(np.sqrt(np.mean(((kept - centre) @ normal) ** 2))))
        kept = points[np.abs(off) < 2.5 * spread]
    return plane


def upwards(normal: Floats, most_tilted: float = 0.40) -> bool:
    """Whether a plane can be a table: it faces the camera, and rises in the picture rather than hangs.

    `most_tilted` is the least cosine to the line of sight: 0.40 is 66 degrees. A side wall faces the camera less; a
    back wall leans towards the picture's lower edge, where a table leans to the upper one. The picture must not be
    upside down.
    """
    return bool(-normal[2] > most_tilted and normal[1] < 0.17)


def find_table(
    points: Floats, noise: Floats, seed: int = 0, tries: int = 400
) -> tuple[Plane, NDArray[np.bool_]] | None:
    """The table in a picture: of the large planes that can be one, the one nearest to the camera.

    Args:
        points: (h, w, 3) in the optical frame, NaN where there is no depth.
        noise: (h, w) standard deviation of depth, metres.
        seed: of the random draws.
        tries: planes that are tried.

    Returns:
        The plane and its pixels (h, w), or None where nothing flat enough and large enough is seen.
    """
    found, flat, sigma = _tried(points, noise, seed, tries)
    if not found:
        return None
    most = max(count for count, _, _ in found)
    large = [f for f in found if f[0] > max(0.5 * most, 0.04 * len(flat))]
    if not large:
        return None
    # A floor can be as large as the table above it: the nearer of two large ones is the table.
    top = _top_of(large)
    inside = np.abs(flat @ top[1] + top[2]) < 3 * sigma
    if np.count_nonzero(inside) < 50:
        return None
    plane = fit_plane(flat[inside])
    pixels = np.abs(points @ plane.normal + plane.distance) < 3 * noise
    return plane, np.asarray(pixels)


def find_heap(
    points: Floats, noise: Floats, seed: int = 0, tries: int = 400, rough: float = 0.035
) -> tuple[Plane, NDArray[np.bool_]] | None:
    """The plane under a heap that covers it, and the heap's pixels: as `find_table`, for a surface `rough` metres up
    and down. The heap's own lie gives the tilt, its deepest points the height: right to a few
    centimetres and about ten degrees."""
    found, flat, _ = _tried(points, np.maximum(noise, rough / 3), seed, tries, uneven=1.0)
    if not found:
        return None
    _, normal, distance = max(found, key=lambda f: f[0])
    for _ in range(4):
        lying = flat[np.abs(flat @ normal + distance) < rough]
        plane = fit_plane(lying, rounds=1)
        normal, distance = plane.normal, plane.distance
    if len(lying) < 0.25 * len(flat) or not upwards(normal):
        return None
    height = plane.height(flat)
    deepest = float(np.quantile(height[np.abs(height) < 2 * rough], 0.03))
    heap = np.asarray(np.abs(plane.height(points)) < 2 * rough)
    return Plane(normal, distance - deepest, plane.rms), heap


def _tried(
    points: Floats, noise: Floats, seed: int, tries: int, uneven: float = 0.37
) -> tuple[list[tuple[int, Floats, float]], Floats, Floats]:
    """Planes that a table can have, through triples of neighbouring points, with how many points lie on each; and
    the points (n, 3) of a sample and their noise (n,). A plane's points are `uneven` over their band at most."""
    h, w = points.shape[:2]
    rng = np.random.default_rng(seed)
    step = max(1, int(np.sqrt(h * w / 20000)))
    sample, spread = points[::step, ::step], noise[::step, ::step]
    valid = np.isfinite(sample[..., 2])
    flat, sigma = sample[valid], spread[valid]
    if len(flat) < 200:
        return [], flat, sigma
    # Three pixels of one neighbourhood: they lie on one surface far more often than three of the whole picture.
    reach = max(4, min(sample.shape[:2]) // 5)
    rows, columns = np.nonzero(valid)
    found: list[tuple[int, Floats, float]] = []
    for first in rng.integers(len(rows), size=tries):
        others = rng.integers(-reach, reach + 1, size=(2, 2))
        v = np.clip(rows[first] + np.array([0, *others[:, 0]]), 0, sample.shape[0] - 1)
        u = np.clip(columns[first] + np.array([0, *others[:, 1]]), 0, sample.shape[1] - 1)
        a, b, c = sample[v, u]
        normal = np.cross(b - a, c - a)
        length = float(np.linalg.norm(normal))
        if not np.isfinite(length) or length < 1e-6:
            continue
        normal = normal / length * (-1.0 if normal @ a > 0 else 1.0)
        if upwards(normal):
            distance = float(-normal @ a)
            off = np.abs(flat @ normal + distance) / (3 * sigma)
            inside = off < 1
            # A cut through something slanting or round spreads evenly over the band (0.58), a plane does not.
            if inside.any() and np.sqrt(np.mean(off[inside] ** 2)) < uneven:
                found.append((int(np.count_nonzero(inside)), normal, distance))
    return found, flat, sigma


def _top_of(large: list[tuple[int, Floats, float]]) -> tuple[int, Floats, float]:
    """The plane with the most points, unless a parallel one 5 cm or more above it is as good."""
    best = max(large, key=lambda f: f[0])
    for other in sorted(large, key=lambda f: f[2]):
        if other[1] @ best[1] > 0.97 and other[2] < best[2] - 0.05:
            return other
    return best
