"""People for the robot: everything over the table that is not table, bins, case, parts or the robot itself.

Nothing is learned here: a person who rests for minutes does not fade into the background. What stands there by the
scene, with room for parts, is taken away; what is nearer than that is somebody. It is told twice, and both err on the
large side: as capsules (a limb is taken to be as thick as it is wide) and as voxels. What cannot be seen (behind
somebody, where depth has holes, outside the view) is told as unseen: nobody knows who is there.

What the robot itself hides would forbid it every way down. So a place in its shadow stays free for as long as nobody
can have got there since it was seen free: what is unknown grows into the shadow at the speed of a hand, from wherever
somebody is or may be, and goes when no arm leads in there any more.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from opstap.geometry import Capsule, Floats, View
from opstap.perception.bodies import VOXEL, Bodies, Body, Grid
from opstap.perception.own import Mask
from opstap.perception.places import Depth
from opstap.perception.standing import STEP, cast, enlarged, furniture, grid_rays
from opstap.scene import Scene

SIDES, ABOVE = 0.015, 0.040
"""Room around table, bins and case for what lies there, metres: less high than that, it may be a part."""
HAND_SPEED = 2.0
"""m/s at which somebody can get into the robot's shadow (ISO 13855)."""
LED_IN = 3
"""Voxels within which an arm that leads into the shadow is seen, or may be, beside it."""
SMALLEST = 4e-4
"""m2 of the smallest thing that counts as somebody: two fingertips."""
REACH, TOP = 0.15, 0.70
"""The grid is the table with so much beside it, and goes up so far, metres."""
SLICE = 0.10
"""Metres of a limb that make one capsule."""
THICKEST = 0.13
"""Half of the thickness that a body is taken to have, at most, metres."""
MARGIN = 0.030
"""Metres that a capsule is thicker than what is seen of it."""
HOLE_FRAMES = 3
"""Frames in a row without depth from which a hole is no flicker."""
EYES = 50.0
"""Between the camera's two eyes, mm (D415, D435: 55 and 50): so wide, at the most, is what one of them does not see."""
SURE = 10
"""Frames in a row with depth from which a pixel is no dead corner."""
FOLLOW = 0.30
"""Metres that somebody can have moved between two frames and be the same one."""


class People:
    """Finds people in depth pictures of one view."""

    def __init__(self, scene: Scene, view: View) -> None:
        self.view = view
        w, d = scene.table.size
        low = (-w / 2 - REACH, -d / 2 - REACH, 0.0)
        self.grid = Grid(low, (round((w + 2 * REACH) / VOXEL), round((d + 2 * REACH) / VOXEL), round(TOP / VOXEL)))
        boxes = furniture(scene, SIDES, ABOVE)
        boxes[0] = enlarged(boxes[0], 2.0, 0.0)  # beside the table too: what is higher than it is somebody
        nearest = cast(boxes, view)
        self._shape = (view.pinhole.height, view.pinhole.width)
        self._nearest = np.where(np.isfinite(nearest), nearest * 1000, 60000).astype(np.uint16)
        self._rays = (grid_rays(view) * 1e-3).astype(np.float32)
        self._origin = view.pose.translation
        # Half a voxel as it is seen from a hand's usual height.
        height = max(float(view.pose.translation[2]) - 0.15, 0.3)
        side = int(np.ceil(VOXEL * view.pinhole.fx / STEP / height)) | 1
        self._footprint = np.ones((side, side), np.uint8)
        self._eyes = EYES * view.pinhole.fx
        self._px_m2 = (STEP / view.pinhole.fx) ** 2
        self._holes = np.zeros(self._nearest.shape, np.uint8)
        self._tracks: list[tuple[int, Floats, int]] = []
        self._next = 1

        centres = self.grid.centres().reshape(-1, 3)
        uv = view.project(centres)
        inside = view.sees(centres)
        self._outside = ~inside.reshape(self.grid.cells)
        shut = np.zeros(len(centres), bool)
        for area in scene.cobot.closed if scene.cobot else ():
            shut |= (np.abs(centres[:, :2] - area.position) <= np.asarray(area.size) / 2).all(axis=1)
        self._shut = shut.reshape(self.grid.cells)
        self._never = np.ones(self._nearest.shape, np.uint8)
        """Pixels that never had depth: the strip that only one of the camera's eyes sees, a dead corner."""
        self._shown = np.zeros_like(self._never)
        self._beside_dead = np.zeros_like(self._never)
        self._dead = np.zeros(self.grid.cells, bool)
        """Voxels on such pixels."""
        self._reached = np.zeros(self.grid.cells, bool)
        """In the robot's shadow, and somebody can have got there."""
        self._before: int | None = None
        """Stamp of the last picture. Whoever starts the cell has seen that nobody stands in the robot's shadow."""
        pixel = np.nan_to_num(np.round(uv / STEP), nan=0.0).astype(np.intp)
        h, w_ = self._nearest.shape
        pixel = np.clip(pixel, 0, [w_ - 1, h - 1])
        flat = pixel[:, 1] * w_ + pixel[:, 0]
        depth = view.T_optical_table.apply(centres)[:, 2] * 1000
        free = inside & (depth < self._nearest.reshape(-1)[flat])
        self._at = np.flatnonzero(free)
        """Voxels in view that are not furniture, (n,)."""
        self._pixel, self._depth = flat[self._at], depth[self._at].astype(np.float32)

    def see(self, depth: Depth, stamp: int, robot: Mask | None = None) -> Bodies:
        """Look at a frame.

        Args:
            depth: (h, w) uint16, mm.
            stamp: capture time, ns.
            robot: which pixels are the robot's, see `own`; None: none.

        Raises:
            ValueError: the picture has not the view's size.
        """
        if depth.shape != self._shape:
            raise ValueError(f"depth image: found {depth.shape}, allowed: {self._shape} as the camera's view")
        small = np.ascontiguousarray(depth[::STEP, ::STEP])
        hole = small == 0
        nearer = ((small < self._nearest) & ~hole).view(np.uint8)
        # Single pixels are noise, and a seam of mixed pixels around the robot is no somebody; a fingertip is wider.
        front = np.asarray(cv2.morphologyEx(nearer, cv2.MORPH_OPEN, _SQUARE3))
        own = np.zeros_like(front) if robot is None else nearer & robot
        front = front if robot is None else np.asarray(cv2.morphologyEx(front & ~own, cv2.MORPH_OPEN, _SQUARE3))
        self._get_to_know(hole, nearer > 0)
        lost = self._lost(hole) & (1 - self._beside_dead)
        bodies, front = self._bodies(small, front, stamp)
        occupied, behind, beside = self._voxels(small, front, lost)
        _, shadow, beside_robot = self._voxels(small, own, lost)
        unknown = behind | self._column(lost & ~(beside | beside_robot))
        out_of_view = (self._outside | self._dead) & ~self._shut
        shadow &= ~occupied & ~unknown & ~self._outside & ~self._dead
        seconds, self._before = 0.0 if self._before is None else (stamp - self._before) * 1e-9, stamp
        steps = int(np.ceil(HAND_SPEED * min(max(seconds, 0.0), 1.0) / VOXEL))
        self._reached = _grown(shadow, occupied | unknown | out_of_view, self._reached, steps)
        unseen = unknown & ~occupied & ~out_of_view
        # Taken for somebody, its own shadow would hold the robot for as long as it stands there: it is as out of view.
        never = (out_of_view | self._reached) & ~occupied & ~unseen
        return Bodies(stamp, bodies, occupied, unseen, never, shadow & ~self._reached)

    def _get_to_know(self, hole: NDArray[np.bool_], nearer: NDArray[np.bool_]) -> None:
        """Which pixels give no depth of the background; at the edge of who passes, some seem to for moments."""
        if self._before is None:
            fresh = self._never & hole
        else:
            self._shown = np.where(hole | nearer, 0, np.minimum(self._shown, SURE) + 1).astype(np.uint8)
            fresh = self._never & (self._shown < SURE)
        if fresh.sum() != self._never.sum() or self._before is None:
            dead = np.asarray(cv2.morphologyEx(fresh, cv2.MORPH_OPEN, _SQUARE5))
            # The rim of a dead strip flickers.
            self._beside_dead = np.asarray(cv2.dilate(dead, _SQUARE5))
            self._dead = self._column(self._beside_dead)
        self._never = fresh

    def nothing_known(self, stamp: int) -> Bodies:
        """What is told while the camera cannot be believed: all is unseen."""
        none = np.zeros(self.grid.cells, bool)
        return Bodies(stamp, (), none, ~none, none, none)

    # --- the picture

    def _lost(self, hole: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Pixels in holes that stay and are as wide as a finger or wider."""
        self._holes = np.where(hole, np.minimum(self._holes, HOLE_FRAMES) + 1, 0).astype(np.uint8)
        stays = (self._holes >= HOLE_FRAMES).view(np.uint8)
        return np.asarray(cv2.morphologyEx(stays, cv2.MORPH_OPEN, _SQUARE5))

    # --- voxels

    def _voxels(
        self, small: Depth, mask: NDArray[np.uint8], lost: NDArray[np.uint8]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.uint8]]:
        """Voxels at what `mask` shows, voxels behind it, and which of the `lost` pixels are so because of it.

        Those lie beside it: one of the camera's two eyes sees what `mask` shows there, so they hide what is farther
        away than that, and nothing that is nearer.
        """
        occupied, behind = np.zeros((2, *self.grid.cells), bool)
        if not mask.any():
            return occupied, behind, np.zeros_like(lost)
        shown = np.where(mask > 0, small, np.uint16(65535))
        near = cv2.erode(shown, self._footprint)
        wide = int(self._eyes / float(shown.min()) / STEP) + 1
        around = cv2.erode(shown, np.ones((5, 2 * wide + 1), np.uint8))
        beside = lost & (around < 65535)
        far = np.where(mask > 0, small, np.uint16(0))
        far = cv2.dilate(np.where(beside > 0, around, far), self._footprint)
        last = far.reshape(-1)[self._pixel]
        hit = np.flatnonzero(last)
        z, last = self._depth[hit], last[hit].astype(np.float32)
        first = near.reshape(-1)[self._pixel[hit]].astype(np.float32)
        half = VOXEL * 1000 * 0.87  # half of a voxel's diagonal
        at = (z >= first - half) & (z <= last + half)
        occupied.reshape(-1)[self._at[hit[at]]] = True
        behind.reshape(-1)[self._at[hit[z > last + half]]] = True
        return occupied, behind, beside

    def _column(self, lost: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Voxels on rays that give no depth."""
        unseen = np.zeros(self.grid.cells, bool)
        if lost.any():
            wide = cv2.dilate(lost, _SQUARE3).reshape(-1)
            unseen.reshape(-1)[self._at[wide[self._pixel] > 0]] = True
        return unseen

    # --- capsules

    def _bodies(self, small: Depth, front: NDArray[np.uint8], stamp: int) -> tuple[tuple[Body, ...], NDArray[np.uint8]]:
        """Everybody, and `front` without what is too small to be somebody."""
        if not front.any():
            self._tracks = []
            return (), front
        number, labels, stats, _ = cv2.connectedComponentsWithStats(front, connectivity=8, ltype=cv2.CV_16U)
        kept = np.zeros(number, np.uint8)
        found: list[tuple[tuple[Capsule, ...], Floats, float]] = []
        for label in range(1, number):
            x, y, w, h, area = (int(n) for n in stats[label])
            step = 1 if area < 1000 else 2 if area < 4000 else 3
            window = (slice(y, y + h, step), slice(x, x + w, step))
            mine = labels[window] == label
            points = self._rays[window][mine] * small[window][mine][:, None] + self._origin
            if len(points) < 3:
                continue
            distance = float(np.median(np.linalg.norm(points - self._origin, axis=1)))
            size = area * self._px_m2 * distance**2
            if size < SMALLEST:
                continue
            kept[label] = 1
            found.append((self._capsules(points), points.mean(axis=0), min(1.0, 0.5 + size / 0.01)))
        return self._follow(found, stamp), np.asarray(kept[labels])

    def _capsules(self, points: Floats) -> tuple[Capsule, ...]:
        """Capsules around points (n, 3) of one surface and what is taken to be behind it."""
        centre = points.mean(axis=0)
        axis = np.linalg.eigh(np.cov((points - centre).T) + 1e-12 * np.eye(3))[1][:, 2]
        along = (points - centre) @ axis
        low, high = float(along.min()), float(along.max())
        count = max(1, int(np.ceil((high - low) / SLICE)))
        which = np.clip(((along - low) / max(high - low, 1e-6) * count).astype(int), 0, count - 1)
        made = []
        for i in range(count):
            own = points[which == i]
            if not len(own):
                continue
            made.append(self._capsule(own, axis))
        return tuple(made)

    def _capsule(self, points: Floats, axis: Floats) -> Capsule:
        """One capsule around a piece of a limb that runs along `axis`."""
        middle = points.mean(axis=0)
        away = middle - self._origin
        away /= np.linalg.norm(away)
        across = np.cross(axis, away)
        across /= max(float(np.linalg.norm(across)), 1e-9)
        side = (points - middle) @ across
        half = min(float(np.quantile(side, 0.98) - np.quantile(side, 0.02)) / 2, THICKEST)
        # The limb's middle line lies half its width behind what is seen of it, above the table.
        core = middle + across * float((side.max() + side.min()) / 2) + away * half * 0.75
        along = (points - core) @ axis
        start, end = core + axis * along.min(), core + axis * along.max()
        off = float(_distance(points, Capsule(_three(start), _three(end), 0.0)).max())
        return Capsule(_three(start), _three(end), round(max(off, half) + MARGIN, 4))

    def _follow(self, found: list[tuple[tuple[Capsule, ...], Floats, float]], stamp: int) -> tuple[Body, ...]:
        old, tracks, bodies = list(self._tracks), [], []
        for capsules, centre, confidence in found:
            before = min(old, key=lambda t: float(np.linalg.norm(t[1] - centre)), default=None)
            velocity, number = np.zeros(3), self._next
            if before is not None and np.linalg.norm(before[1] - centre) < FOLLOW and stamp > before[2]:
                old = [t for t in old if t is not before]
                velocity, number = (centre - before[1]) / ((stamp - before[2]) * 1e-9), before[0]
            else:
                self._next += 1
            tracks.append((number, centre, stamp))
            bodies.append(Body(number, capsules, _three(velocity), round(confidence, 2)))
        self._tracks = tracks
        return tuple(bodies)


def _grown(
    shadow: NDArray[np.bool_], source: NDArray[np.bool_], before: NDArray[np.bool_], steps: int
) -> NDArray[np.bool_]:
    """Where in the robot's shadow somebody can have got by now, from `source` or from where that was so `before`."""
    if not shadow.any():
        return shadow
    reached = shadow & _dilated(source | before, steps)
    if reached.any():
        # Nobody leaves a hand behind: where nothing that could be its arm leads in any more, nobody is left.
        labels, _ = ndimage.label(reached)
        led = np.unique(labels[reached & _dilated(source, LED_IN)])
        reached &= np.isin(labels, led)
    return reached


def _dilated(voxels: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    """All voxels at most `steps` away along every axis."""
    wide = 2 * steps + 1
    grown = cv2.dilate(voxels.view(np.uint8), np.ones((wide, wide), np.uint8))
    flat = grown.reshape(-1, grown.shape[-1])
    return np.asarray(cv2.dilate(flat, np.ones((1, wide), np.uint8)).reshape(grown.shape) > 0)


_SQUARE3, _SQUARE5 = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)


def _distance(points: Floats, capsule: Capsule) -> Floats:
    """Distance (n,) of points (n, 3) to a capsule's middle line."""
    a, b = np.asarray(capsule.start), np.asarray(capsule.end)
    d = b - a
    t = np.clip((points - a) @ d / max(float(d @ d), 1e-12), 0.0, 1.0)
    return np.asarray(np.linalg.norm(points - a - t[:, None] * d, axis=1))


def _three(v: Floats) -> tuple[float, float, float]:
    return (round(float(v[0]), 4), round(float(v[1]), 4), round(float(v[2]), 4))
