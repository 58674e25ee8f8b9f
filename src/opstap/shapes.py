"""Triangle meshes of the things in a cell, in the table frame: `(vertices (n, 3), triangles (m, 3))`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Capsule, Floats, Pose
from opstap.instructions import Part
from opstap.scene import WALL, Bin, Case

Mesh = tuple[Floats, NDArray[np.int64]]

_BOX = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
_BOX_FACES = np.array(
    [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4),
     (1, 5, 7), (1, 7, 3)]
)  # fmt: skip


def box(pose: Pose, size: tuple[float, float, float]) -> Mesh:
    """A solid box centred on `pose`."""
    return pose.apply(_BOX * size), _BOX_FACES


def merge(meshes: list[Mesh]) -> Mesh:
    """One mesh of several."""
    vertices, faces, count = [], [], 0
    for v, f in meshes:
        vertices.append(v)
        faces.append(f + count)
        count += len(v)
    return np.vstack(vertices), np.vstack(faces)


def open_box(pose: Pose, size: tuple[float, float, float]) -> Mesh:
    """A box without lid: `pose` at the centre of its inside floor, `size` its inside."""
    w, d, h = size
    walls: list[tuple[tuple[float, float, float], tuple[float, float, float]]]
    walls = [((0, 0, -WALL / 2), (w + 2 * WALL, d + 2 * WALL, WALL))]
    walls += [((s * (w + WALL) / 2, 0, h / 2), (WALL, d + 2 * WALL, h)) for s in (-1, 1)]
    walls += [((0, s * (d + WALL) / 2, h / 2), (w, WALL, h)) for s in (-1, 1)]
    return merge([box(pose @ Pose.of(centre), extent) for centre, extent in walls])


def bin_mesh(b: Bin) -> Mesh:
    """A bin with its label strip, and the tier it stands on."""
    meshes = [open_box(b.pose, b.size), box(b.label.pose @ Pose.of((0, 0, -WALL / 2)), (*b.label.size, WALL))]
    stand = b.position[2] - WALL
    if stand > 0.005:
        w, d, _ = b.size
        meshes.append(box(b.pose @ Pose.of((0, 0, -WALL - stand / 2)), (w + 2 * WALL, d + 2 * WALL, stand)))
    return merge(meshes)


def case_mesh(case: Case) -> Mesh:
    """The case: an open box with a low wall around every slot."""
    height = case.size[2] * 0.6
    meshes = [open_box(case.pose, case.size)]
    for slot in case.slots:
        w, d = slot.size
        t = 0.0015
        for s in (-1, 1):
            x, y = slot.position
            meshes.append(box(case.pose @ Pose.of((x + s * (w + t) / 2, y, height / 2)), (t, d + 2 * t, height)))
            meshes.append(box(case.pose @ Pose.of((x, y + s * (d + t) / 2, height / 2)), (w, t, height)))
    return merge(meshes)


def part_mesh(part: Part, pose: Pose) -> Mesh:
    """A part lying at `pose` (centre of its box)."""
    if part.shape == "box":
        return box(pose, part.size)
    length, width, height = part.size
    vertices, faces = _cylinder()
    return pose.apply(vertices * (length, width, height)), faces


@lru_cache
def _cylinder(sides: int = 16) -> Mesh:
    """A cylinder of length and diameter 1 along x, centred."""
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) / 2
    ends = [np.column_stack([np.full(sides, x), ring]) for x in (-0.5, 0.5)]
    vertices = np.vstack([*ends, [(-0.5, 0, 0), (0.5, 0, 0)]])
    i = np.arange(sides)
    j = (i + 1) % sides
    side = np.vstack([np.column_stack([i, j, j + sides]), np.column_stack([i, j + sides, i + sides])])
    caps = np.vstack([np.column_stack([np.full(sides, 2 * sides), j, i]),
                      np.column_stack([np.full(sides, 2 * sides + 1), i + sides, j + sides])])  # fmt: skip
    return vertices, np.vstack([side, caps])


@lru_cache
def _unit_capsule(sides: int = 14, rings: int = 4) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Vertices of a capsule along z as (radial part per radius, share of the length), and its triangles."""
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    round_ = np.column_stack([np.cos(angle), np.sin(angle)])
    radial, along = [], []
    for t in np.linspace(0.02, np.pi / 2, rings + 1):
        radial.append(np.column_stack([round_ * np.sin(t), np.full(sides, -np.cos(t))]))
        along.append(np.zeros(sides))
    for t in np.linspace(0, np.pi / 2 - 0.02, rings + 1):
        radial.append(np.column_stack([round_ * np.cos(t), np.full(sides, np.sin(t))]))
        along.append(np.ones(sides))
    faces = []
    for r in range(len(radial) - 1):
        i = r * sides + np.arange(sides)
        j = r * sides + (np.arange(sides) + 1) % sides
        faces += [np.column_stack([i, j, j + sides]), np.column_stack([i, j + sides, i + sides])]
    return np.vstack(radial), np.concatenate(along), np.vstack(faces)


def capsule_mesh(capsule: Capsule) -> Mesh:
    """A line segment with a radius."""
    start, end = np.asarray(capsule.start), np.asarray(capsule.end)
    axis = end - start
    length = float(np.linalg.norm(axis))
    w = axis / length if length > 1e-9 else np.array([0.0, 0.0, 1.0])
    u = np.cross(w, (0.0, 0.0, 1.0) if abs(w[2]) < 0.9 else (1.0, 0.0, 0.0))
    u /= np.linalg.norm(u)
    radial, along, faces = _unit_capsule()
    frame = np.stack([u, np.cross(w, u), w])
    return start + capsule.radius * radial @ frame + np.outer(along, axis), faces
