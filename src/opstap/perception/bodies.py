"""Who stands at the bench and may be there, as `people` finds it and the robot hears it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Capsule, Floats

VOXEL = 0.025
"""Side of a voxel, metres."""


@dataclass(frozen=True, eq=False)
class Body:
    """A part of a person, or something unknown that may be one. Table frame, metres and seconds."""

    number: int
    """The same one as long as it is followed."""
    capsules: tuple[Capsule, ...]
    velocity: tuple[float, float, float]
    confidence: float


@dataclass(frozen=True, eq=False)
class Bodies:
    """What one frame told. Voxel sets are of the grid, see `Grid`."""

    stamp: int
    bodies: tuple[Body, ...]
    occupied: NDArray[np.bool_]
    """(nx, ny, nz) somebody is there."""
    unseen: NDArray[np.bool_]
    """(nx, ny, nz) nobody knows: behind somebody, in a hole. To be treated as occupied."""
    out_of_view: NDArray[np.bool_]
    """(nx, ny, nz) this camera never sees it, and it is not walled off: somebody may always be there. With what
    somebody can have reached in the robot's shadow."""
    robot_shadow: NDArray[np.bool_]
    """(nx, ny, nz) hidden by the robot itself, and nobody can have got there since it was seen free."""


@dataclass(frozen=True, eq=False)
class Grid:
    """The voxels: `origin` (3,) is the lowest corner, `cells` how many along x, y, z."""

    origin: tuple[float, float, float]
    cells: tuple[int, int, int]

    def centres(self) -> Floats:
        """(nx, ny, nz, 3) in the table frame."""
        axes = [o + (np.arange(n) + 0.5) * VOXEL for o, n in zip(self.origin, self.cells, strict=True)]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
