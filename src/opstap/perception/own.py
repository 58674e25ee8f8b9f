"""Which pixels of a depth picture are the robot itself, so that neither it nor its tray is taken for somebody.

The robot tells its capsules as it moves; those nearest in time to the picture are used. Only what lies within a small
margin of a capsule is the robot's: a hand before or beside it stays somebody. A tray that stands is hollow, and hands
go into it: there, what is nearer than anything seen since it stands is somebody too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Capsule, View
from opstap.perception.places import Depth
from opstap.perception.standing import STEP, grid_rays

LINK, TRAY = 0.04, 0.015
"""Metres around links (cables, the camera's error, a frame's movement) and around a tray that still are theirs."""
IN_TRAY = 20
"""mm by which a hand in a tray that stands is nearer than what was seen there."""
IN_TIME = 100_000_000
"""ns between picture and capsules from which they are not believed: then the robot is somebody, and stops."""
OCTAGON = np.array([(np.cos(a), np.sin(a)) for a in np.arange(8) * np.pi / 4]) / np.cos(np.pi / 8)

Mask = NDArray[np.uint8]
"""1 where a pixel is the robot's, on every second pixel of the picture."""


class Own:
    """The robot in the pictures of one view."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._rays = (grid_rays(view) * 1e-3).astype(np.float32)
        self._told: deque[tuple[int, tuple[Capsule, ...], tuple[Capsule, ...]]] = deque(maxlen=12)
        self._standing: tuple[Capsule, ...] = ()
        """The trays of the last picture."""
        self._farthest: Depth = np.empty(0, np.uint16)
        """What was seen of them since they do not move, mm; 0 where nothing was."""

    def tell(self, stamp: int, links: Sequence[Capsule], trays: Sequence[Capsule] = ()) -> None:
        """Where the robot's links, and trays that it carries or has put down, are at `stamp`, ns."""
        self._told.append((stamp, tuple(links), tuple(trays)))

    def find(self, depth: Depth, stamp: int) -> Mask | None:
        """The robot's pixels of a picture (h, w) in mm; None where it is not in it, or not known."""
        stamp_near, links, trays = min(self._told, key=lambda t: abs(t[0] - stamp), default=(0, (), ()))
        if not (links or trays) or abs(stamp_near - stamp) > IN_TIME:
            return None
        small = depth[::STEP, ::STEP]
        own = np.zeros(small.shape, np.uint8)
        for capsule in trays:
            self._mark(own, small, capsule, capsule.radius + TRAY)
        self._leave_hands(own, small, trays)
        for capsule in links:
            self._mark(own, small, capsule, capsule.radius + LINK)
        return own if own.any() else None

    def _leave_hands(self, own: Mask, small: Depth, trays: tuple[Capsule, ...]) -> None:
        """Take out of `own` what reaches into a tray that stands."""
        if trays != self._standing:
            self._standing, self._farthest = trays, np.zeros(small.shape, np.uint16)
        if trays:
            np.maximum(self._farthest, small, out=self._farthest, where=own > 0)
            # At the rim both what is on it and what is beside it are seen in turn: the nearer one counts.
            usual = cv2.erode(np.where(own > 0, self._farthest, 65535).astype(np.uint16), np.ones((3, 3), np.uint8))
            own[small + IN_TRAY < usual] = 0

    def _mark(self, own: Mask, small: Depth, capsule: Capsule, radius: float) -> None:
        outline = self._outline(capsule, radius)
        if outline is None:
            return
        x, y, w, h = cv2.boundingRect(outline)
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, own.shape[1]), min(y + h, own.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        inside = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillConvexPoly(inside, outline - [x0, y0], 1)
        window = (slice(y0, y1), slice(x0, x1))
        v, u = np.nonzero(inside & (small[window] > 0) & (own[window] == 0))
        points = self._rays[v + y0, u + x0] * small[window][v, u][:, None]
        start = (np.asarray(capsule.start) - self.view.pose.translation).astype(np.float32)
        axis = (np.asarray(capsule.end) - np.asarray(capsule.start)).astype(np.float32)
        from_start = points - start
        share = np.clip(from_start @ axis / max(float(axis @ axis), 1e-9), 0, 1)
        away = from_start - share[:, None] * axis
        mine = np.einsum("ij,ij->i", away, away) < radius * radius
        own[v[mine] + y0, u[mine] + x0] = 1

    def _outline(self, capsule: Capsule, radius: float) -> NDArray[np.int32] | None:
        """What holds the capsule's image on the grid, a convex polygon; None where it is out of sight."""
        k = self.view.pinhole
        ends = self.view.T_optical_table.apply(np.array([capsule.start, capsule.end]))
        near = ends[:, 2] - radius
        if (near <= 0.02).any():
            return None  # at the camera: out of any robot's reach
        centre = ends[:, :2] / ends[:, 2:] * [k.fx, k.fy] + [k.cx, k.cy]
        half = (radius / near * 1.1)[:, None] * [k.fx, k.fy] + 2
        corners = (centre[:, None] + half[:, None] * OCTAGON).reshape(-1, 2) / STEP
        return np.asarray(cv2.convexHull(corners.round().astype(np.int32))[:, 0])


def without(depth: Depth, own: Mask | None) -> Depth:
    """The picture without the robot: no return where it is. What it hides cannot be seen."""
    if own is None:
        return depth
    h, w = depth.shape
    wide = cv2.resize(own, (own.shape[1] * STEP, own.shape[0] * STEP), interpolation=cv2.INTER_NEAREST)[:h, :w]
    return np.where(wide > 0, np.uint16(0), depth)
