"""`opstap look FOLDER`: finds the table and what is above it in depth pictures of any camera, and draws what it found.

The folder holds depth pictures (16-bit .png, or .npy) and `intrinsics.txt`, a 3x3 matrix in pixels; or focal length and
centre are given. Nothing of a scene is needed: any table, seen at up to about 65 degrees from straight above.

Where things cover the table, it is known from another picture of the folder that the same camera took from the same
place, which is told by all that did not change. Without one it is estimated from the heap, and that is said.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.calibration.plane import Plane, find_heap, find_table
from opstap.geometry import Pinhole

HIGHEST = 0.6
"""Metres above a table up to which something belongs to it."""
SMALLEST = 6e-4
"""m2 of the smallest thing that is told."""
FARTHEST = 3.0
"""Metres: what is farther away is no work place, or the scale is wrong."""
SAME = 0.6
"""Share of the pixels beside the table that must be as they were for a camera that stood still."""
JUMP = 0.02
"""Metres of height from one pixel to the next that part two things."""
COLORS = ((255, 176, 0), (100, 143, 255), (220, 38, 127), (254, 97, 0), (120, 94, 240))
"""Colours that people with any colour vision tell apart (IBM's palette); every thing has its number too."""


@dataclass(frozen=True)
class Thing:
    """Something above the table."""

    number: int
    area: float
    """m2 as seen."""
    height: float
    """m above the table, of its highest part."""
    box: tuple[int, int, int, int]
    """x, y, width, height in the picture."""
    reaches_in: bool
    """It comes in over the picture's edge, as an arm does."""


@dataclass(frozen=True, eq=False)
class Look:
    """What was found in one picture."""

    table: Plane | None
    known: Literal["seen", "other picture", "estimated", "no"]
    """How the table is known; estimated is to a few centimetres and ten degrees."""
    tilt_deg: float
    """Between the line of sight and straight down on the table."""
    valid: float
    """Share of the picture with depth."""
    things: tuple[Thing, ...]
    picture: NDArray[np.uint8]
    """(h, w, 3) BGR."""


class LookError(Exception):
    """A folder or picture cannot be used; the message says why and what is allowed."""


@dataclass(frozen=True, eq=False)
class Ground:
    """A table that was found in a picture."""

    plane: Plane
    on: NDArray[np.bool_]
    """(h, w) its pixels."""
    depth: NDArray[np.float32]
    """(h, w) the whole picture, metres."""


def ground(depth: NDArray[np.float32], optics: Pinhole, seed: int = 0) -> Ground | None:
    """The table in depth (h, w), metres, 0 or NaN = none; None where none is seen."""
    depth, points, noise = _prepared(depth, optics)
    found = find_table(points, noise, seed)
    return Ground(*found, depth) if found else None


def look(depth: NDArray[np.float32], optics: Pinhole, seed: int = 0, others: tuple[Ground, ...] = ()) -> Look:
    """Find the table and things above it in depth (h, w), metres, 0 or NaN = none.

    Args:
        depth: the picture.
        optics: of its camera.
        seed: of the random draws.
        others: tables of other pictures; the one that was taken from the same place serves where no table is seen.
    """
    depth, points, noise = _prepared(depth, optics)
    valid = float(np.mean(depth > 0))
    own = find_table(points, noise, seed)
    same = [g for g in others if g.depth.shape == depth.shape and _same(depth, g, noise)]
    known: Literal["seen", "other picture", "estimated", "no"] = "seen"
    if same and (own is None or np.count_nonzero(own[1]) < 0.5 * np.count_nonzero(same[0].on)):
        table, region, known = same[0].plane, same[0].on, "other picture"
    elif own is not None:
        table, region = own
    else:
        heap = find_heap(points, noise, seed) if valid > 0.5 else None
        if heap is None:
            return Look(None, "no", float("nan"), valid, (), _drawn(depth, None, np.zeros(depth.shape, np.int32), ()))
        (table, region), known = heap, "estimated"
    height = np.nan_to_num(table.height(points), nan=-1.0)
    on = np.abs(height) < 3 * noise
    over = _over(region) if known != "estimated" else _opened(region)
    things, shown = _things(height, depth, noise, over, optics)
    tilt = float(np.degrees(np.arccos(np.clip(-table.normal[2], -1, 1))))
    return Look(table, known, tilt, valid, things, _drawn(depth, on & over, shown, things))


def _prepared(
    depth: NDArray[np.float32], optics: Pinhole
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Depth with 0 for none, its points (h, w, 3) with NaN for none or far away, and the noise to reckon with."""
    depth = np.where(np.isfinite(depth) & (depth > 0), depth, 0).astype(np.float32)
    near = (depth > 0) & (depth < FARTHEST)
    points = np.where(near[..., None], optics.rays() * depth[..., None], np.nan)
    return depth, points, 0.002 + 0.003 * depth.astype(float) ** 2  # of a stereo camera; structured light is better


def _same(depth: NDArray[np.float32], other: Ground, noise: NDArray[np.float64]) -> bool:
    """Whether the camera stands where it stood for the other picture: what is not over its table looks as it did."""
    both = (depth > 0) & (other.depth > 0) & ~_over(other.on)
    if np.count_nonzero(both) < 0.02 * depth.size:
        return False
    return bool(np.mean(np.abs(depth - other.depth)[both] < 3 * noise[both]) > SAME)


def _things(
    height: NDArray[np.float64], depth: NDArray[np.float32], noise: NDArray[np.float64], over: NDArray[np.bool_],
    optics: Pinhole,
) -> tuple[tuple[Thing, ...], NDArray[np.int32]]:  # fmt: skip
    """What stands above the table, largest first, and the number of each pixel's thing (h, w), 0 = none."""
    above = (height > np.maximum(0.015, 4 * noise)) & (height < HIGHEST) & over
    # Where the height jumps, one thing ends and another begins.
    tall = np.where(above, height, -1.0).astype(np.float32)
    step = tall - cv2.erode(tall, np.ones((3, 3), np.uint8))
    inner = above & ((step < np.maximum(JUMP, 6 * noise)) | ~(cv2.erode(above.view(np.uint8), np.ones((3, 3))) > 0))
    mask = np.asarray(cv2.morphologyEx(inner.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    things: list[Thing] = []
    shown = np.zeros(depth.shape, np.int32)
    for i in np.argsort(-stats[1:, cv2.CC_STAT_AREA]) + 1 if count > 1 else []:
        x, y, w, h = (int(n) for n in stats[i][:4])
        mine = labels == i
        size = float(np.sum(depth[mine].astype(float) ** 2)) / (optics.fx * optics.fy)
        if size < SMALLEST or len(things) == 20:
            continue
        edge = x == 0 or y == 0 or x + w == depth.shape[1] or y + h == depth.shape[0]
        number = len(things) + 1
        things.append(Thing(number, size, float(np.quantile(height[mine], 0.98)), (x, y, w, h), edge))
        shown[mine] = number
    return tuple(things), shown


def _over(on: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels that lie over the table: inside the outline of its large pieces; specks elsewhere are something else."""
    inside = np.zeros(on.shape, np.uint8)
    points = cv2.findNonZero(_opened(on).astype(np.uint8))
    if points is not None:
        cv2.fillConvexPoly(inside, cv2.convexHull(points), 1)
    return np.asarray(inside > 0)


def _opened(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The large pieces of a region, without what is thinner than five pixels."""
    seen = cv2.morphologyEx(region.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(seen, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    large = np.flatnonzero(areas > 0.1 * areas.max()) + 1 if count > 1 else np.empty(0, int)
    return np.asarray(np.isin(labels, large))


def _drawn(
    depth: NDArray[np.float32], on: NDArray[np.bool_] | None, shown: NDArray[np.int32], things: tuple[Thing, ...]
) -> NDArray[np.uint8]:
    """Depth in grey, no depth black, the table tinted green, each thing in a colour with its number and height."""
    far = float(np.quantile(depth[depth > 0], 0.98)) if (depth > 0).any() else 1.0
    near = float(np.quantile(depth[depth > 0], 0.02)) if (depth > 0).any() else 0.0
    grey = np.clip(230 - 170 * (depth - near) / max(far - near, 1e-3), 30, 240) * (depth > 0)
    picture = np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
    if on is not None:
        picture[on] = (picture[on] * 0.6 + np.array((90, 140, 40)) * 0.4).astype(np.uint8)
    for thing in things:
        color = np.array(COLORS[(thing.number - 1) % len(COLORS)][::-1])
        mine = shown == thing.number
        picture[mine] = (picture[mine] * 0.45 + color * 0.55).astype(np.uint8)
        x, y = thing.box[:2]
        words = f"{thing.number}: {thing.height * 100:.0f} cm{' arm?' if thing.reaches_in else ''}"
        at = (min(x, picture.shape[1] - 120), max(y + 16, 16))
        cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 4, cv2.LINE_AA)
        cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(picture)


def read_depth(path: Path, scale: float) -> NDArray[np.float32]:
    """A picture in metres.

    Raises:
        LookError: it is no depth picture.
    """
    try:
        image: Any = np.load(path, allow_pickle=False) if path.suffix == ".npy" else cv2.imread(str(path), -1)
    except (OSError, ValueError) as error:
        raise LookError(f"{path}: cannot be read ({error}), allowed: a 16-bit .png or a .npy") from error
    if image is None or image.ndim != 2 or (path.suffix == ".png" and image.dtype != np.uint16):
        found = "no picture" if image is None else f"{image.dtype} {image.shape}"
        raise LookError(f"{path}: found {found}, allowed: depth (h, w), 16-bit in a .png, any number in a .npy")
    return np.asarray(image.astype(np.float32) * scale)


def read_intrinsics(folder: Path, given: list[float] | None, shape: tuple[int, int]) -> Pinhole:
    """Intrinsics from the command line, or from the folder's only file named *intrinsics*.txt.

    Raises:
        LookError: there are none.
    """
    h, w = shape
    if given is not None:
        fx, fy, cx, cy = given
    else:
        files = sorted(folder.glob("*intrinsics*.txt"))
        allowed = "one intrinsics.txt with a 3x3 matrix in pixels, or --intrinsics FX FY CX CY"
        if len(files) != 1:
            raise LookError(f"{folder}: found {len(files)} intrinsics files, allowed: {allowed}")
        try:
            k = np.loadtxt(files[0]).reshape(3, 3)
        except (OSError, ValueError) as error:
            raise LookError(f"{files[0]}: found no 3x3 matrix ({error}), allowed: {allowed}") from error
        fx, fy, cx, cy = float(k[0, 0]), float(k[1, 1]), float(k[0, 2]), float(k[1, 2])
    if not (fx > 0 and fy > 0):
        raise LookError(f"intrinsics: found focal lengths {fx}, {fy}, allowed: more than 0 pixels")
    return Pinhole(w, h, fx, fy, cx, cy)


def add(commands: Any) -> None:
    """Add `look` to the command's parser."""
    parser = commands.add_parser("look", help="find the table and what is on it in a folder of depth pictures")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=0.001, help="metres of one unit of depth (default: 0.001)")
    parser.add_argument("--intrinsics", type=float, nargs=4, metavar=("FX", "FY", "CX", "CY"), help="in pixels")
    parser.add_argument("--out", type=Path, default=Path("out/look"), help="folder for the pictures")


def run(options: argparse.Namespace) -> int:
    """Look at every depth picture of the folder; the exit code."""
    paths = [p for p in sorted(options.folder.glob("*")) if p.suffix in (".png", ".npy") and "color" not in p.name]
    if not paths:
        print(f"opstap: {options.folder}: found no .png or .npy, allowed: a folder of depth pictures", file=sys.stderr)
        return 1
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        pictures = {path: read_depth(path, options.scale) for path in paths}
        optics = {path: read_intrinsics(options.folder, options.intrinsics, d.shape) for path, d in pictures.items()}
        grounds = {path: ground(d, optics[path]) for path, d in pictures.items()}
        for path, depth in pictures.items():
            others = tuple(g for p, g in grounds.items() if g is not None and p != path)
            found = look(depth, optics[path], others=others)
            target = options.out / f"{path.stem}.look.png"
            target.write_bytes(cv2.imencode(".png", found.picture)[1].tobytes())
            print(f"{path.name}: {_said(found, depth)} -> {target}")
    except (LookError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    return 0


HOW = {
    "seen": "{rms:.1f} mm rms",
    "other picture": "known from another picture of the folder, as things cover it",
    "estimated": "estimated from the heap that covers it, to a few centimetres and ten degrees",
}


def _said(found: Look, depth: NDArray[np.float32]) -> str:
    if found.table is None:
        far = np.median(depth[depth > 0]) if (depth > 0).any() else 0.0
        hint = f"; it is {far:.1f} m away, is --scale right?" if far > FARTHEST else ""
        return f"no table found ({found.valid:.0%} of the picture has depth{hint})"
    t = found.table
    return (
        f"table {t.distance:.3f} m away, tilted {found.tilt_deg:.0f} degrees, "
        f"{HOW[found.known].format(rms=t.rms * 1000)}, {len(found.things)} things on it, "
        f"{sum(x.reaches_in for x in found.things)} reaching in"
    )
