"""The simulated camera that something befalls; see `faults` for what can."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Pose
from opstap.instructions import Cell
from opstap.simulation.calibrating import displaced
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.faults import Fault
from opstap.simulation.noise import KIND, Noise
from opstap.simulation.world import WorldState

MOTIONS = {
    "bump": Pose.of((0.0055, -0.0025, 0.0)),
    "turn": Pose.of((0.0, 0.0, 0.0), (math.radians(0.5), math.radians(-0.5), 0.0)),
}

NUDGE = 0.005
"""Metres by which a nudged projector hangs aside."""


class FaultyCamera:
    """A simulated camera that something befalls; see `SimulatedCamera` for what it gives.

    Args:
        cell: the cell.
        seed: of the noise.
        fault: what befalls it; None: nothing does.
        begin: stamp of the simulation's start, ns.
        noise: of the camera.
    """

    def __init__(self, cell: Cell, seed: int, fault: Fault | None, begin: int, noise: Noise = KIND) -> None:
        self._cell, self._seed, self._fault, self._begin = cell, seed, fault, begin
        self._noise = noise
        self._sound = SimulatedCamera(cell, seed, noise)

    @cached_property
    def _moved(self) -> SimulatedCamera:
        assert self._fault is not None
        return SimulatedCamera(displaced(self._cell, MOTIONS[self._fault.kind]), self._seed, self._noise)

    @cached_property
    def _nudged(self) -> SimulatedCamera:
        scene = self._cell.scene
        first, *others = scene.projectors
        x, y, z = first.position
        moved = scene.model_copy(
            update={"projectors": (first.model_copy(update={"position": (x + NUDGE, y, z)}), *others)}
        )
        return SimulatedCamera(replace(self._cell, scene=moved), self._seed, self._noise)

    @cached_property
    def _lost(self) -> NDArray[np.bool_]:
        """Pixels without depth."""
        assert self._fault is not None
        k = self._cell.scene.camera.view.pinhole
        rng = np.random.default_rng([self._seed, 4])
        if self._fault.kind == "dust":
            spots = np.zeros((k.height, k.width), np.uint8)
            for x, y in rng.uniform((0.1, 0.1), (0.9, 0.9), (9, 2)) * (k.width, k.height):
                cv2.circle(spots, (round(x), round(y)), round(0.03 * k.width), 1, -1)
            return spots > 0
        cloud = cv2.GaussianBlur(rng.standard_normal((k.height, k.width)).astype(np.float32), (0, 0), 20)
        return np.asarray(cloud > np.quantile(cloud, 0.3))

    def _lasts(self, world: WorldState) -> str:
        f = self._fault
        return f.kind if f and f.start <= world.stamp - self._begin < f.end else ""

    def depth(self, world: WorldState) -> NDArray[np.uint16]:
        kind = self._lasts(world)
        if kind in MOTIONS:
            return self._moved.depth(world)
        depth = self._sound.depth(world)
        if kind == "cover":
            depth[:] = 0
        elif kind in ("sun", "dust"):
            depth[self._lost] = 0
        return depth

    def color(self, world: WorldState, light: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
        kind = self._lasts(world)
        if kind in MOTIONS:
            return self._moved.color(world, light)
        color = (self._nudged if kind == "nudge" else self._sound).color(world, light)
        return np.zeros_like(color) if kind == "cover" else color
