"""A simulated bench for calibrating projectors: patterns fall from where a projector truly hangs, and are pictured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Pose
from opstap.instructions import Cell, Task
from opstap.perception.depth_camera import MILLIMETRE, Frame
from opstap.scene import Projector, Scene
from opstap.simulation.bench import Bench
from opstap.simulation.calibrating import GRAIN
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.noise import KIND, Noise
from opstap.simulation.world import WorldState

Image = NDArray[np.uint8]


class ProjectionBench:
    """Empty bins and case under the `true` projectors; `show` says what they throw, `poll` gives pictures of it.

    Args:
        scene: as it is written down.
        true: the projectors as they truly hang.
        seed: of the noise.
        noise: of depth.
    """

    fault = ""
    serial = "simulated"

    def __init__(self, scene: Scene, true: Sequence[Projector], seed: int = 1, noise: Noise = KIND) -> None:
        real = scene.model_copy(update={"projectors": tuple(true)})
        self._cell = Cell(real, Task.model_construct(steps=(), parts={}))
        self._camera = SimulatedCamera(self._cell, seed, noise)
        bench = Bench(self._cell, seed, [b.id for b in scene.bins])
        self._world = WorldState(0, 0, bench.bins, bench.slots)
        self.depth_optics, self.color_optics = scene.camera.depth.pinhole, scene.camera.color.pinhole
        self.color_from_depth, self.depth_unit = Pose.of(), MILLIMETRE
        self._rng = np.random.default_rng([seed, 5])
        self._light: Mapping[str, Image] = {}

    def show(self, projector: str, image: Image) -> None:
        """Throw an image (h, w) or (h, w, 3); the other projectors are dark."""
        self._light = {projector: image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)}

    def poll(self, now: int) -> Frame:
        self._world = replace(self._world, tick=self._world.tick + 1, stamp=now)
        color = self._camera.color(self._world, self._light).astype(np.int16)
        color += self._rng.normal(0, GRAIN, color.shape).round().astype(np.int16)
        return Frame(now, self._world.tick, self._camera.depth(self._world), np.clip(color, 0, 255).astype(np.uint8))

    def close(self) -> None:
        """Nothing to close."""
