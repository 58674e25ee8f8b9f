"""Where no light may fall, and what the hands ask: arms as outlines, clutter on the table, buttons that are pressed.

Outlines come from the arms that `hands` found, each corner lifted to the arm's own height, so that any projector can
leave them dark. Clutter is counted in cells of the table: whatever stands on it that the scene does not know, holes in
depth, and a hand that rests. A cell must be seen so for about half a second, so a passing hand changes nothing.

A button is pressed by resting the fingers on it: low over the table and still, for `DWELL`. An arm that passes over it,
or a hand higher up, presses nothing, and a hand that stays presses once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats, View
from opstap.perception.hands import Arm
from opstap.perception.places import Depth
from opstap.scene import Scene, Zone
from opstap.zones import CELL, Clear, cells, taken

EVERY = 6
"""Frames between two looks at the table."""
FRESH, RESTING = 0.35, 0.12
"""Weight of a look at what lies there, and at an arm: clutter after two looks, a resting hand after six."""
TALL = 0.012
"""m above the table from which something is no noise of a depth camera at 1 m."""
STRIDE = 4
DWELL = 700_000_000
"""ns for which a hand rests on a button."""
LOW = 0.060
"""m above the table below which fingers are on a button: a hand laid flat, with its back."""
STILL = 0.12
"""m/s; a hand that passes is faster."""
LAPSE = 150_000_000
"""ns for which a resting hand may seem not to rest: noise, a tremor."""
PRESSED = 200.0
"""mm2 of fingers on a button."""


class Clearance:
    """Looks at frame after frame of one depth camera.

    Args:
        scene: as it is for the person who works (`zones.for_person`).
        view: of the depth images.
    """

    def __init__(self, scene: Scene, view: View) -> None:
        self._scene, self.view = scene, view
        self._rays = ((view.pinhole.rays() @ view.pose.rotation.T)[::STRIDE, ::STRIDE] * 1e-3).astype(np.float32)
        self._origin = view.pose.translation
        nx, ny = cells(scene)
        down = self._rays[..., 2]
        with np.errstate(divide="ignore"):
            table = np.where(down < 0, -self._origin[2] / down, np.inf)
            self._limit = np.where(down < 0, (TALL - self._origin[2]) / down, 0.0).astype(np.float32)
        hit = self._rays[..., :2] * np.where(np.isfinite(table), table, 0.0)[..., None] + self._origin[:2]
        self._cell = self._cells_of(hit)
        self._known = taken(scene, ())
        """Bins and case, of which depth knows more."""
        self._samples = np.maximum(np.bincount(self._cell[self._cell >= 0], minlength=nx * ny), 1)
        self._score = np.zeros((ny, nx))
        self._frames = 0
        self._mm2 = 16e6 / (view.pinhole.fx * view.pinhole.fy)
        self._buttons: tuple[Zone, ...] = tuple(z for z in scene.zones if z.kind == "button")
        self._on, self._since, self._done = "", 0, False
        self._rested = 0

    def _cells_of(self, xy: Floats) -> NDArray[np.int64]:
        """Flat index of the cell at each point (..., 2), -1 beside the table."""
        nx, ny = cells(self._scene)
        column = np.floor(xy[..., 0] / CELL + nx / 2).astype(np.int64)
        row = np.floor(xy[..., 1] / CELL + ny / 2).astype(np.int64)
        inside = (column >= 0) & (column < nx) & (row >= 0) & (row < ny)
        return np.asarray(np.where(inside, row * nx + column, -1))

    def see(self, depth: Depth, arms: Sequence[Arm], near_arm: NDArray[np.bool_] | None, stamp: int) -> Clear:
        """Look at a frame.

        Args:
            depth: (h, w) uint16 of the view, mm, 0 = no return.
            arms: those of the frame.
            near_arm: pixels of arms, on every second pixel; None: none.
            stamp: capture time, ns.
        """
        if self._frames % EVERY == 0:
            self._look(depth, near_arm)
        self._frames += 1
        asked = self._press(arms, stamp)
        share = 1.0 if self._done else min(1.0, (stamp - self._since) / DWELL) if self._on else 0.0
        outlines = tuple(a.outline for a in arms)
        velocities = tuple(a.velocity for a in arms)
        return Clear(stamp, outlines, velocities, self._score > 0.5, self._on, share, asked)

    def _look(self, depth: Depth, near_arm: NDArray[np.bool_] | None) -> None:
        nx, ny = cells(self._scene)
        small = depth[::STRIDE, ::STRIDE].astype(np.float32)
        step = STRIDE // 2
        hidden = near_arm[::step, ::step] if near_arm is not None else np.zeros(small.shape, bool)
        tall = (small > 0) & (small < self._limit) & ~hidden
        points = self._rays[tall] * small[tall][:, None] + self._origin
        standing = self._cells_of(points[:, :2])
        count = np.bincount(standing[standing >= 0], minlength=nx * ny)
        holes = (small == 0) & ~hidden & (self._cell >= 0)
        share = np.bincount(self._cell[holes], minlength=nx * ny) / self._samples
        full = ((count >= 2) | (share > 0.5)).reshape(ny, nx) & ~self._known
        under = np.zeros(nx * ny, bool)
        covered = self._cell[hidden & (self._cell >= 0)]
        under[covered] = True
        arm = under.reshape(ny, nx)
        weight = np.where(arm, RESTING, FRESH)
        self._score += weight * ((full | arm) - self._score)

    def _press(self, arms: Sequence[Arm], stamp: int) -> str:
        """What a button asks in this frame; "" for nothing."""
        found = next((b for b in self._buttons if any(self._rests(a, b) for a in arms)), None)
        if found:
            self._rested = stamp
        elif self._on and stamp - self._rested < LAPSE:
            found = next(b for b in self._buttons if b.id == self._on)
        if found is None or found.id != self._on:
            self._on, self._since, self._done = found.id if found else "", stamp, False
            return ""
        if self._done or stamp - self._since < DWELL:
            return ""
        self._done = True
        return found.asked

    def _rests(self, arm: Arm, button: Zone) -> bool:
        if float(np.linalg.norm(arm.velocity)) > STILL or not len(arm.fingers):
            return False
        within = np.abs(arm.fingers[:, :2] - button.position) < np.asarray(button.size) / 2
        on = within.all(axis=1) & (arm.fingers[:, 2] < LOW)
        # What arrives from beyond the button with its tip elsewhere is an arm on its way.
        far2 = np.sum((arm.fingers[on] - self._origin) ** 2, axis=1)
        tip = np.abs(np.asarray(arm.tip[:2]) - button.position) < np.asarray(button.size) / 2 + 0.01
        return bool(tip.all()) and float(np.sum(far2)) * self._mm2 >= PRESSED
