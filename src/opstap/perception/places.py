"""Where in the depth image the places are: for every bin and slot the pixels that look into it, computed once.

A depth pixel is worth looking at when its ray passes through a place's opening. What it meets there when the place is
bare (floor or wall), where it crosses the rim, and how much volume a millimetre of depth is, follow from the scene and
the camera's view alone, for any camera pose. All places lie behind each other in one list, so that one gather a frame
serves them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Box, Floats, Pose, View
from opstap.instructions import Cell, Part
from opstap.scene import Confirm

Depth = NDArray[np.uint16]
"""A depth image or part of one: millimetres along the optical axis, 0 = no return."""

CLEAR = 0.001
"""Metres that a part lies away from a wall at least."""
MARGIN = 0.004
"""Strip along a rim that is not looked at, metres: there depth is mixed and the camera's pose not that well known."""


@dataclass(frozen=True, eq=False)
class Place:
    """A bin or slot: where it is, and the part that belongs in it.

    `pose` is T_table_place with the origin at the centre of the inside floor, `size` (3,) the inside in metres.
    """

    id: str
    is_bin: bool
    pose: Pose
    size: tuple[float, float, float]
    part: Part
    most: int
    """Parts that one visit can sensibly add or take away."""
    confirm: Confirm = "depth"


def places_of(cell: Cell) -> tuple[Place, ...]:
    """All bins, then all slots. A slot of no step is watched for the smallest part there is."""
    scene, task = cell.scene, cell.task
    seeable = [task.parts[b.part] for b in scene.bins if not task.parts[b.part].unseen]
    smallest = min(seeable or [task.parts[b.part] for b in scene.bins], key=lambda p: p.volume)
    counts = {s.slot: s.count for s in task.steps if s.part}
    bins = [Place(b.id, True, b.pose, b.size, task.parts[b.part], 20, b.confirm) for b in scene.bins]
    slots = [
        Place(
            s.id,
            False,
            scene.case.pose @ Pose.of((*s.position, 0.0)),
            (*s.size, scene.case.size[2]),
            task.parts[task.slot_part[s.id]] if s.id in task.slot_part else smallest,
            counts.get(s.id, 1),
            s.confirm,
        )
        for s in scene.case.slots
    ]
    return (*bins, *slots)


@dataclass(frozen=True, eq=False)
class Pixels:
    """The pixels of all places, place after place; every array has one entry a pixel, N in all.

    Depths are millimetres along the optical axis, as in the image.
    """

    start: NDArray[np.intp]
    """(P + 1,): the pixels of place p are start[p] to start[p + 1]."""
    index: NDArray[np.intp]
    """Flat index into the depth image."""
    place: NDArray[np.intp]
    bare: NDArray[np.float32]
    """Depth of floor or wall when the place is empty."""
    rim: NDArray[np.float32]
    """Depth at which the ray crosses the plane of the rim."""
    rise: NDArray[np.float32]
    """Height, in mm along the table's z, that is gained per mm nearer to the camera."""
    on_floor: NDArray[np.bool_]
    """Whether `bare` is the floor, a margin away from the walls."""
    seen: NDArray[np.float64]
    """(P,): share of each place's floor that the camera sees, 0 to 1."""
    rays: Floats
    """(N, 3) in the table frame; times depth in metres gives the way from the camera."""
    per_cube: float
    """m3 per mm3: the space that a pixel sees between depths a and b is (b**3 - a**3) * per_cube."""

    def of(self, p: int) -> slice:
        return slice(int(self.start[p]), int(self.start[p + 1]))

    def of_part(self, p: int, place: Place, view: View) -> Floats:
        """Shares of its volume that the camera sees of one part on the floor of place `p`: in the middle, then against
        each wall and in each corner, lying along either side where there is room."""
        own, part = self.of(p), place.part
        rays, bare = self.rays[own], self.bare[own].astype(np.float64)
        w, d, h = part.size
        room = np.asarray(place.size[:2])
        shares = []
        for size in {(w, d), (d, w)}:
            free = (room - size) / 2 - CLEAR
            if np.any(free < -CLEAR):
                continue
            at = [(x, y) for x in (0, -1, 1) for y in (0, -1, 1)]
            for x, y in np.unique(at * np.maximum(free, 0), axis=0):
                box = Box(place.pose @ Pose.of((x, y, h / 2)), (*size, h))
                depth = np.minimum(meets(box, view.pose.translation, rays) * 1000, bare)
                shares.append(float(np.sum(bare**3 - depth**3)) * self.per_cube / (w * d * h))
        # A part that is larger than its place lies as it can: nothing is known of that.
        return np.array(shares or [1.0])

    def count(self, chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
        """How many of the `chosen` (N,) pixels each place has, (P,)."""
        return np.bincount(self.place[np.flatnonzero(chosen)], minlength=len(self.start) - 1)


def pixels_of(places: Sequence[Place], obstacles: Sequence[Box], view: View) -> Pixels:
    """Find the pixels of `places`. `obstacles` are the boxes that can stand between the camera and a place."""
    k = view.pinhole
    rays = k.rays() @ view.pose.rotation.T  # in the table frame; times depth in metres gives the way from the camera
    area = 1e-6 / (k.fx * k.fy)  # a pixel covers depth_mm**2 * area m2 across the optical axis
    found = [_look_into(place, obstacles, view, rays) for place in places]
    seen = np.zeros(len(places))
    for p, (place, (_, bare, _, rise, on_floor)) in enumerate(zip(places, found, strict=True)):
        floor = (place.size[0] - 2 * MARGIN) * (place.size[1] - 2 * MARGIN)
        seen[p] = min(1.0, float(np.sum((bare**2 / rise)[on_floor])) * area / floor)
    joined: list[NDArray[Any]] = [np.concatenate(column) for column in zip(*found, strict=True)]
    lengths = [len(index) for index, *_ in found]
    return Pixels(
        start=np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp),
        index=joined[0],
        place=np.repeat(np.arange(len(places)), lengths),
        bare=joined[1].astype(np.float32),
        rim=joined[2].astype(np.float32),
        rise=joined[3].astype(np.float32),
        on_floor=joined[4],
        seen=seen,
        rays=rays.reshape(-1, 3)[joined[0]],
        per_cube=area * 1e-3 / 3,
    )


Found = tuple[NDArray[np.intp], Floats, Floats, Floats, NDArray[np.bool_]]


def _look_into(place: Place, obstacles: Sequence[Box], view: View, rays: Floats) -> Found:
    """Index, bare depth, rim depth, rise and on_floor of the pixels that look into `place`."""
    k = view.pinhole
    half = np.asarray(place.size[:2]) / 2
    height = place.size[2]
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (0, 1)]) * [*half, height]
    uv = view.project(place.pose.apply(corners))
    if np.isnan(uv).any():
        return _nothing()
    (u0, v0), (u1, v1) = np.floor(uv.min(axis=0)).astype(int), np.ceil(uv.max(axis=0)).astype(int) + 1
    columns, rows = np.meshgrid(np.arange(max(u0, 0), min(u1, k.width)), np.arange(max(v0, 0), min(v1, k.height)))
    u, v = columns.ravel(), rows.ravel()
    to_place = place.pose.inverse()
    origin = to_place.apply(view.pose.translation)
    ray = rays[v, u] @ to_place.rotation.T
    downwards = ray[:, 2] < -1e-3
    u, v, ray = u[downwards], v[downwards], ray[downwards]

    at_rim = (height - origin[2]) / ray[:, 2]
    through = np.all(np.abs(origin[:2] + ray[:, :2] * at_rim[:, None]) < half - MARGIN, axis=1) & (at_rim > 0)
    seen = rays[v, u]
    for box in obstacles:
        through &= ~(meets(box, view.pose.translation, seen) < at_rim - 1e-4)
    u, v, ray, at_rim = u[through], v[through], ray[through], at_rim[through]

    at_floor = -origin[2] / ray[:, 2]
    sideways = np.where(np.abs(ray[:, :2]) < 1e-9, 1e-9, ray[:, :2])
    at_wall = ((np.sign(sideways) * half - origin[:2]) / sideways).min(axis=1)
    bare = np.minimum(at_floor, at_wall)
    on_floor = np.all(np.abs(origin[:2] + ray[:, :2] * at_floor[:, None]) < half - MARGIN, axis=1)
    rise = -rays[v, u, 2]
    return v * k.width + u, bare * 1000, at_rim * 1000, rise, on_floor


def at_share(values: NDArray[Any], share: float) -> float:
    """The value (of (n,), n > 0) that `share` of them are below; ten times as fast as numpy's, which interpolates."""
    i = round(share * (len(values) - 1))
    return float(np.partition(values, i)[i])


def _nothing() -> Found:
    none = np.empty(0)
    return none.astype(np.intp), none, none, none, none.astype(bool)


def meets(box: Box, origin: Floats, rays: Floats) -> Floats:
    """Ray parameter (n,) at which rays (n, 3) enter `box`, inf where they miss: the slab method."""
    to_box = box.pose.inverse()
    o, d = to_box.apply(origin)[:, None], to_box.rotation @ rays.T
    d = np.where(np.abs(d) < 1e-12, 1e-12, d)
    half = np.asarray(box.size)[:, None] / 2
    near, far = (-half - o) / d, (half - o) / d
    # Along the first axis: numpy takes the extremes of three rows many times faster than of rows of three.
    entry, leave = np.minimum(near, far).max(axis=0), np.maximum(near, far).min(axis=0)
    return np.where((entry < leave) & (leave > 0), entry, np.inf)
