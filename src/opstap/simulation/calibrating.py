"""A simulated camera over a bench that is set up for calibration: the case is away, the board and markers lie there.

The camera truly hangs where the scene says, or `displaced` from there; what calibration finds can be compared with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.calibration.targets import board_picture, marker_picture
from opstap.geometry import Capsule, Floats, Pinhole, Pose, Surface, rpy_from_rotation
from opstap.instructions import Cell, Part, Task
from opstap.perception.depth_camera import MILLIMETRE, Frame
from opstap.scene import Bin, Scene
from opstap.simulation.arm import OPEN, Arm, standing_at
from opstap.simulation.bench import Bench
from opstap.simulation.camera import AMBIENT, LAMP, LIGHT, SimulatedCamera
from opstap.simulation.world import WorldState

FINER = 3
"""The print is sampled so many times finer than the picture and averaged, as a pixel does."""
GRAIN = 3.0
"""Standard deviation of the colour picture's noise, of 255."""
AWAY = (4.0, 4.0, -0.5)


def displaced(cell: Cell, by: Pose) -> Cell:
    """The cell with its camera truly elsewhere: `by` is the motion in the table frame about the camera's place."""
    camera = cell.scene.camera
    nominal = camera.pose
    true = Pose(by.rotation @ nominal.rotation, nominal.translation + by.translation)
    rpy = tuple(float(a) for a in np.degrees(rpy_from_rotation(true.rotation)))
    position = tuple(float(a) for a in true.translation)
    moved = camera.model_copy(update={"position": position, "rpy_deg": rpy})
    return replace(cell, scene=cell.scene.model_copy(update={"camera": moved}))


def shoved(cell: Cell, by: Mapping[str, Pose]) -> Cell:
    """The cell with bins truly elsewhere: bin id -> its motion in the table frame about the bin's own place."""
    bins = []
    for b in cell.scene.bins:
        motion = by.get(b.id, Pose.of())
        x, y, z = (float(v) for v in np.array(b.position) + motion.translation)
        yaw = b.yaw_deg + float(np.degrees(rpy_from_rotation(motion.rotation)[2]))
        bins.append(b.model_copy(update={"position": (x, y, z), "yaw_deg": yaw}))
    return replace(cell, scene=cell.scene.model_copy(update={"bins": tuple(bins)}))


def bare_bench(scene: Scene) -> CalibrationBench:
    """The bench of `scene` with empty bins: for calibrating, no task is needed."""
    return CalibrationBench(Cell(scene, Task.model_construct(steps=(), parts={})))


class CalibrationBench:
    """The camera of that bench. Every poll gives the next frame, with colour.

    Args:
        cell: the cell as the scene describes it.
        by: how the camera is displaced from there, see `displaced`.
        seed: of the noise.
        board: whether the board lies there.
    """

    fault = ""
    serial = "simulated"

    def __init__(self, cell: Cell, by: Pose | None = None, seed: int = 1, *, board: bool = True) -> None:
        true = displaced(cell, by or Pose.of())
        scene = true.scene
        bare = scene.model_copy(update={"case": scene.case.model_copy(update={"position": AWAY})})
        self.true_pose = scene.camera.pose
        self._camera = SimulatedCamera(replace(true, scene=bare), seed)
        bench = Bench(true, seed, () if cell.task.parts else (b.id for b in scene.bins))
        self._world = WorldState(0, 0, bench.bins, bench.slots)
        self._fps = scene.camera.fps
        self.depth_optics, self.color_optics = scene.camera.depth.pinhole, scene.camera.color.pinhole
        self.color_from_depth, self.depth_unit = Pose.of(), MILLIMETRE
        plain = self._camera.color(self._world, {})
        print_ = [(scene.board_surface, board_picture(scene.board, 8))] if board else []
        print_ += [(f.surface, marker_picture(f.id, 12)) for f in scene.fiducials]
        for surface, image in print_:
            plain = _laid(plain, surface, image, scene.camera.color_view.T_optical_table, self.color_optics)
        self._plain = plain
        grain = np.random.default_rng([seed, 3]).normal(0, GRAIN, plain.shape)
        self._grain = grain.round().astype(np.int16)

    def poll(self, now: int) -> Frame | None:
        world = replace(self._world, tick=self._world.tick + 1, stamp=now)
        self._world = world
        # The same grain, at another place in every frame.
        color = self._plain + np.roll(self._grain, 7919 * world.tick)
        return Frame(now, world.tick, self._camera.depth(world), np.clip(color, 0, 255).astype(np.uint8))

    def close(self) -> None:
        """Nothing to close."""


class TeachingBench:
    """A bench whose bins are truly elsewhere, and a hand that shows them one after the other, for teaching.

    Args:
        scene: as it is written down.
        by: how bins are displaced from there, see `shoved`.
        order: ids of the bins that a hand is held in, `HELD` frames each.
        fills: whether it leaves something in them.
        seed: of the noise.
    """

    fault = ""
    serial = "simulated"
    BEFORE, HELD, AFTER = 24, 20, 16
    """Frames before the first hand, with a hand in a bin, and without one after it."""

    def __init__(
        self, scene: Scene, by: Mapping[str, Pose], order: Sequence[str] = (), *, fills: bool = False, seed: int = 1
    ) -> None:
        part = Part(name={"en": "block"}, size=(0.04, 0.03, 0.02))
        task = Task.model_construct(steps=(), parts={b.part: part for b in scene.bins})
        self._cell = shoved(Cell(scene, task), by)
        self.true = self._cell.scene
        self._camera = SimulatedCamera(self._cell, seed)
        self._bench = Bench(self._cell, seed, [b.id for b in scene.bins])
        self._order, self._fills = order, fills
        self._tick = 0
        self.depth_optics, self.color_optics = scene.camera.depth.pinhole, scene.camera.color.pinhole
        self.color_from_depth, self.depth_unit = Pose.of(), MILLIMETRE

    def poll(self, now: int) -> Frame | None:
        number, phase = divmod(self._tick - self.BEFORE, self.HELD + self.AFTER)
        arms: tuple[Capsule, ...] = ()
        if self._tick >= self.BEFORE and number < len(self._order) and phase < self.HELD:
            b = self.true.bin[self._order[number]]
            arms = self._arm_in(b)
            if self._fills and phase == 0:
                for _ in range(2):
                    self._bench.put(b.id, b.part)
        world = WorldState(self._tick, now, self._bench.bins, self._bench.slots, (), arms)
        color = self._camera.color(world, {}) if self._tick % 10 == 0 else None
        self._tick += 1
        return Frame(now, self._tick, self._camera.depth(world), color)

    def _arm_in(self, b: Bin) -> tuple[Capsule, ...]:
        x, y, z = (float(v) for v in b.pose.translation)
        side = 1 if x > 0 else -1
        arm = Arm(side, standing_at(0.0, -self.true.table.size[1] / 2, 0.0))
        return arm.capsules(arm.reach(np.array([x, y - 0.01, z + 0.02])), OPEN)

    def close(self) -> None:
        """Nothing to close."""


def _laid(
    picture: NDArray[np.uint8],
    surface: Surface,
    image: NDArray[np.uint8],
    optical_from_table: Pose,
    optics: Pinhole,
) -> NDArray[np.uint8]:
    """`picture` with a print (h, w) lying on `surface`, white paper around it, in the room's light."""
    border = max(4, min(image.shape) // 12)
    image = np.pad(image, border, constant_values=255)
    h, w = image.shape
    inner_w, inner_h = w - 2 * border, h - 2 * border
    # Print pixels to surface metres; pixel centres are at integers.
    to_surface = np.array([
        [surface.size[0] / inner_w, 0.0, (0.5 - w / 2) * surface.size[0] / inner_w],
        [0.0, -surface.size[1] / inner_h, (h / 2 - 0.5) * surface.size[1] / inner_h],
        [0.0, 0.0, 1.0],
    ])  # fmt: skip
    T = optical_from_table @ surface.pose  # noqa: N806
    to_pixels: Floats = optics.matrix @ np.column_stack([T.rotation[:, 0], T.rotation[:, 1], T.translation])
    to_finer = np.array([[FINER, 0, (FINER - 1) / 2], [0, FINER, (FINER - 1) / 2], [0, 0, 1.0]])
    matrix = to_finer @ to_pixels @ to_surface
    size = (optics.width * FINER, optics.height * FINER)
    shine = (AMBIENT + LAMP * float(LIGHT[2])) * 235
    seen = cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_LINEAR)
    there = cv2.warpPerspective(np.full_like(image, 255), matrix, size, flags=cv2.INTER_LINEAR)
    small = (optics.width, optics.height)
    seen, there = (cv2.resize(i, small, interpolation=cv2.INTER_AREA).astype(np.float32) / 255 for i in (seen, there))
    ink = 12 + seen * (shine - 12)
    mixed = picture * (1 - there[..., None]) + (ink * there)[..., None]
    return np.asarray(mixed.round().astype(np.uint8))
