"""The simulated world at one tick, and where parts lie in bins and slots.

The world is small on purpose: it travels as one message a tick to the process that renders it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from opstap.geometry import Capsule, Pose
from opstap.instructions import Cell
from opstap.scene import WALL

GAP = 0.002
"""Clearance between neighbouring parts in a bin, metres."""


@dataclass(frozen=True)
class Held:
    """A part in a hand; `pose` is T_table_part with the origin at the centre of the part's box."""

    part: str
    pose: Pose


@dataclass(frozen=True)
class WorldState:
    """Everything that moves in the cell, at tick `tick` and time `stamp` (ns)."""

    tick: int
    stamp: int
    bins: Mapping[str, tuple[str, ...]]
    """Bin id -> parts in it, bottom first."""
    slots: Mapping[str, tuple[str, ...]]
    held: tuple[Held, ...] = ()
    arms: tuple[Capsule, ...] = ()
    robot: tuple[Capsule, ...] = ()
    """The cobot's links and fork; empty: there is none."""
    trays: tuple[Pose, ...] = ()
    """T_table_tray of the trays that are not in the store: middle of the floor, x along the fork."""
    skin: tuple[int, int, int] = (205, 160, 130)


def lying_in_bin(cell: Cell, bin_id: str, parts: tuple[str, ...], seed: int) -> list[Pose]:
    """T_table_part of each part of a bin: rows and layers, each a little askew.

    The pose of a part depends only on its place in the order, so taking the last leaves the others where they were.
    """
    b = cell.scene.bin[bin_id]
    return _pile(cell, b.pose, b.size[:2], parts, seed, bin_id)


def lying_in_slot(cell: Cell, slot_id: str, parts: tuple[str, ...], seed: int) -> list[Pose]:
    """T_table_part of each part in a slot, side by side and stacked as in a bin."""
    slot = cell.scene.slot[slot_id]
    return _pile(cell, cell.scene.case.pose @ Pose.of((*slot.position, 0.0)), slot.size, parts, seed, slot_id)


def lying_in_tray(cell: Cell, tray: Pose, slot: str, parts: tuple[str, ...], seed: int) -> list[Pose]:
    """T_table_part of each part in the tray of store slot `slot` that is now at `tray`."""
    assert cell.scene.cobot
    along, across, _ = cell.scene.cobot.tray.size
    floor = tray @ Pose.of((0.0, 0.0, WALL))
    return _pile(cell, floor, (along - 2 * WALL, across - 2 * WALL), parts, seed, slot)


def _pile(
    cell: Cell, floor: Pose, area: tuple[float, float], parts: tuple[str, ...], seed: int, place: str
) -> list[Pose]:
    """Grid cells as large as the largest part (turned to fit), filled layer by layer; all in the frame `floor`."""
    if not parts:
        return []
    rng = np.random.default_rng([seed, *place.encode()])
    jitter = rng.uniform(-1.0, 1.0, (len(parts) + 64, 3))  # drawn for more than there are: a prefix keeps its draws
    poses: list[Pose] = []
    # A bin holds one kind; a wrong part put there lies on top of the grid of the first.
    size = np.array(cell.task.parts[parts[0]].size)
    turned = bool((size[0] > size[1]) != (area[0] > area[1])) and size[0] > min(area)
    w, d = (size[1], size[0]) if turned else (size[0], size[1])
    columns = max(1, int((area[0] + GAP) // (w + GAP)))
    rows = max(1, int((area[1] + GAP) // (d + GAP)))
    for i, part in enumerate(parts):
        layer, cell_index = divmod(i, columns * rows)
        row, column = divmod(cell_index, columns)
        free_x, free_y = area[0] / columns - w, area[1] / rows - d
        x = (column + 0.5) * area[0] / columns - area[0] / 2 + 0.2 * max(0.0, free_x) * jitter[i, 0]
        y = (row + 0.5) * area[1] / rows - area[1] / 2 + 0.2 * max(0.0, free_y) * jitter[i, 1]
        height = cell.task.parts[part].size[2]
        # Askew by 3 degrees, but a long part by no more than 2 mm at its ends: the pile was laid, not thrown.
        askew = min(np.radians(3.0), 0.004 / max(size[:2]))
        yaw = (np.pi / 2 if turned else 0.0) + askew * jitter[i, 2]
        poses.append(floor @ Pose.of((x, y, layer * size[2] + height / 2), (0.0, 0.0, float(yaw))))
    return poses
