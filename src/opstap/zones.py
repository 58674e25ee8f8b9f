"""Where words and buttons are for a person: what a hand, one hand or a wheelchair makes different.

The scene file says where they are for a right-handed person, and where one is elsewhere for who sits, stands or works
from a wheelchair. `for_person` gives the same scene with its zones moved: so; mirrored for a left hand; and for who
works with one hand or from a wheelchair, buttons that the file has no place for as near as the table allows, since
nobody should lean for help. `Clear` is what perception tells of the table for the light's sake.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Box, Floats
from opstap.scene import Profile, Scene, Zone

CELL = 0.02
"""Side of the cells in which the table's free room is counted, metres."""
GAP = 0.010
"""Between what is projected on the table and whatever stands there, metres."""


@dataclass(frozen=True, eq=False)
class Clear:
    """What one frame tells a projector. Table frame, metres."""

    stamp: int
    outlines: tuple[Floats, ...] = ()
    """Of every arm, corners (n, 3)."""
    velocities: tuple[tuple[float, float, float], ...] = ()
    """Of every arm, m/s."""
    clutter: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), bool))
    """(ny, nx), as `zones.cells` counts; empty where nothing is known."""
    button: str = ""
    """Zone id of the button that a hand rests on."""
    pressed: float = 0.0
    """0 to 1: how long it did, of the time that is needed."""
    asked: str = ""
    """What the button asks, in the frame in which that is decided."""


def cells(scene: Scene) -> tuple[int, int]:
    """How many cells the table has along x and y."""
    return round(scene.table.size[0] / CELL), round(scene.table.size[1] / CELL)


def centres(scene: Scene) -> tuple[Floats, Floats]:
    """x (nx,) and y (ny,) of the cells' centres, metres, from the table's left and from its near edge."""
    nx, ny = cells(scene)
    return np.asarray((np.arange(nx) + 0.5 - nx / 2) * CELL), np.asarray((np.arange(ny) + 0.5 - ny / 2) * CELL)


def taken(scene: Scene, zones: tuple[Zone, ...]) -> NDArray[np.bool_]:
    """Cells (ny, nx) where nothing can be projected: bins, the case, what is out of the light, and `zones`."""
    points = _points(scene)
    xx, yy = points[..., 0], points[..., 1]
    full = ~np.any([p.view.sees(points) for p in scene.projectors], axis=0)
    half = np.asarray(scene.table.size) / 2 - GAP - CELL / 2
    full |= (np.abs(xx) > half[0]) | (np.abs(yy) > half[1])
    for box in [*(b.outside for b in scene.bins), scene.case.outside]:
        full |= _under(box, points)
    for zone in zones:
        reach = np.asarray(zone.size) / 2 + GAP + CELL / 2
        full |= (np.abs(xx - zone.position[0]) < reach[0]) & (np.abs(yy - zone.position[1]) < reach[1])
    return np.asarray(full)


def _points(scene: Scene) -> Floats:
    """The cells' centres (ny, nx, 3) on the table."""
    xx, yy = np.meshgrid(*centres(scene))
    return np.stack([xx, yy, np.zeros_like(xx)], axis=-1)


def _under(box: Box, points: Floats) -> NDArray[np.bool_]:
    local = np.abs(box.pose.inverse().apply(points)[..., :2])
    return np.asarray(np.all(local < np.asarray(box.size[:2]) / 2 + GAP + CELL / 2, axis=-1))


def nearest_room(
    scene: Scene, full: NDArray[np.bool_], size: tuple[float, float], near: tuple[float, float]
) -> tuple[float, float] | None:
    """Centre of the free rectangle of `size`, metres, nearest to `near`, lit whole by one projector; None: there is no
    room for it."""
    x, y = centres(scene)
    w, h = (max(1, int(np.ceil(length / CELL))) for length in size)
    if h > full.shape[0] or w > full.shape[1]:
        return None
    points = _points(scene)
    each = np.stack([full | ~p.view.sees(points) for p in scene.projectors])
    sums = np.pad(np.cumsum(np.cumsum(each.astype(np.int32), axis=1), axis=2), ((0, 0), (1, 0), (1, 0)))
    inside = sums[:, h:, w:] - sums[:, :-h, w:] - sums[:, h:, :-w] + sums[:, :-h, :-w]
    rows, columns = np.nonzero((inside == 0).any(axis=0))
    if not len(rows):
        return None
    cx, cy = x[columns] + (w - 1) * CELL / 2, y[rows] + (h - 1) * CELL / 2
    best = int(np.argmin(np.round(np.hypot(cx - near[0], cy - near[1]), 6)))
    return round(float(cx[best]), 4), round(float(cy[best]), 4)


def for_person(scene: Scene, person: Profile) -> Scene:
    """`scene` with words and buttons where they are for `person`."""
    zones = [z.model_copy(update={"position": z.at.get(person.seat, z.position)}) for z in scene.zones]
    if person.hand == "left":
        zones = [_mirrored(z) if z.kind in ("text", "button") else z for z in zones]
    if person.one_handed or person.seat == "wheelchair":
        for i, zone in enumerate(zones):
            if zone.kind != "button" or person.seat in zone.at:
                continue
            others = tuple(z for j, z in enumerate(zones) if j != i)
            side = 1 if zone.position[0] >= 0 else -1
            near = (side * person.reach * 0.5, -scene.table.size[1] / 2 + person.reach * 0.5)
            place = nearest_room(scene, taken(scene, others), zone.size, near)
            nearer = place and np.hypot(*np.subtract(place, near)) < np.hypot(*np.subtract(zone.position, near))
            zones[i] = zone.model_copy(update={"position": place}) if nearer else zone
    return scene if tuple(zones) == scene.zones else scene.model_copy(update={"zones": tuple(zones)})


def _mirrored(zone: Zone) -> Zone:
    return zone.model_copy(update={"position": (-zone.position[0], zone.position[1])})
