"""Rigid poses, pinhole views and flat surfaces: all the geometry the cell needs.

Conventions (REP 103): metres, radians, right-handed. The table frame has its origin at the centre of the table top,
x to the operator's right, y away from the operator, z up. Optical frames look along +z, x right, y down in the image.
`T_a_b` maps points given in frame b to frame a.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def rotation_from_rpy(roll: float, pitch: float, yaw: float) -> Floats:
    """Rotation matrix (3, 3) of fixed-axis roll, pitch, yaw in radians, as URDF and REP 103 define them."""
    cr, sr = np.cos(roll), np.sin(roll)
    cp, sp = np.cos(pitch), np.sin(pitch)
    cy, sy = np.cos(yaw), np.sin(yaw)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def rpy_from_rotation(rotation: Floats) -> tuple[float, float, float]:
    """Roll, pitch, yaw in radians of a rotation matrix (3, 3); at pitch +-90 degrees roll is 0."""
    pitch = float(np.arcsin(np.clip(-rotation[2, 0], -1.0, 1.0)))
    if abs(rotation[2, 0]) > 1 - 1e-12:
        return 0.0, pitch, float(np.arctan2(-rotation[0, 1], rotation[1, 1]))
    return float(np.arctan2(rotation[2, 1], rotation[2, 2])), pitch, float(np.arctan2(rotation[1, 0], rotation[0, 0]))


@dataclass(frozen=True, eq=False)
class Pose:
    """A rigid transform: `rotation` (3, 3) and `translation` (3,) in metres."""

    rotation: Floats
    translation: Floats

    @staticmethod
    def of(position: ArrayLike = (0.0, 0.0, 0.0), rpy: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Pose:
        """Pose from a position (3,) in metres and roll, pitch, yaw in radians."""
        return Pose(rotation_from_rpy(*rpy), np.asarray(position, dtype=float))

    def __matmul__(self, other: Pose) -> Pose:
        return Pose(self.rotation @ other.rotation, self.rotation @ other.translation + self.translation)

    @staticmethod
    def exp(twist: ArrayLike) -> Pose:
        """Pose of a twist (6,): translation in metres as it is, then a rotation vector in radians (Rodrigues)."""
        twist = np.asarray(twist, dtype=float)
        v, w = twist[:3], twist[3:]
        angle = float(np.linalg.norm(w))
        if angle < 1e-12:
            return Pose(np.eye(3), v.copy())
        x, y, z = w / angle
        k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        return Pose(np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k), v.copy())

    @property
    def angle(self) -> float:
        """How far it turns, radians, 0 to pi."""
        return float(np.arccos(np.clip((np.trace(self.rotation) - 1) / 2, -1.0, 1.0)))

    def inverse(self) -> Pose:
        return Pose(self.rotation.T, -self.rotation.T @ self.translation)

    def apply(self, points: ArrayLike) -> Floats:
        """Map points (..., 3)."""
        return np.asarray(np.asarray(points, dtype=float) @ self.rotation.T + self.translation)

    @cached_property
    def matrix(self) -> Floats:
        """Homogeneous matrix (4, 4)."""
        m = np.eye(4)
        m[:3, :3], m[:3, 3] = self.rotation, self.translation
        return m


@dataclass(frozen=True)
class Pinhole:
    """Pinhole intrinsics in pixels; pixel centres are at integer coordinates."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = ()
    """k1, k2, p1, p2 as OpenCV counts them (Brown 1971), of a projector's lens; empty: none. Depth cameras deliver
    pictures without."""

    @property
    def matrix(self) -> Floats:
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    def pixels(self, xy: Floats) -> Floats:
        """Pixels (..., 2) of directions (..., 2), which are points at z = 1 of the optical frame."""
        x, y = xy[..., 0], xy[..., 1]
        if self.distortion:
            x, y = self._bent(x, y)
        return np.stack([x * self.fx + self.cx, y * self.fy + self.cy], axis=-1)

    def directions(self, pixels: ArrayLike) -> Floats:
        """Directions (..., 3) in the optical frame of pixels (..., 2), scaled to z = 1."""
        bent = (np.asarray(pixels, dtype=float) - [self.cx, self.cy]) / [self.fx, self.fy]
        xy = bent.copy()
        for _ in range(12 if self.distortion else 0):  # fixed point: quick where bends are slight
            xy += bent - np.stack(self._bent(xy[..., 0], xy[..., 1]), axis=-1)
        return np.concatenate([xy, np.ones((*xy.shape[:-1], 1))], axis=-1)

    def rays(self) -> Floats:
        """Direction of every pixel in the optical frame, (height, width, 3), scaled to z = 1: ray * depth = point."""
        u, v = np.meshgrid(np.arange(self.width), np.arange(self.height))
        return self.directions(np.stack([u, v], axis=-1))

    def _bent(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Where the lens sends a direction. Far beside the picture, where the polynomial would bend light back into it,
        nothing is bent."""
        k1, k2, p1, p2 = self.distortion
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + k2 * r2)
        far = r2 > self._far
        return (
            np.where(far, x, x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)),
            np.where(far, y, y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y),
        )

    @cached_property
    def _far(self) -> float:
        """Square of twice the direction of the farthest corner."""
        x = max(self.cx, self.width - 1 - self.cx) / self.fx
        y = max(self.cy, self.height - 1 - self.cy) / self.fy
        return 4 * (x * x + y * y)


@dataclass(frozen=True, eq=False)
class View:
    """A camera, or a projector as an inverse camera: intrinsics and `T_table_optical`."""

    pinhole: Pinhole
    pose: Pose

    @cached_property
    def T_optical_table(self) -> Pose:  # noqa: N802 - frame names keep their case
        return self.pose.inverse()

    def project(self, points: ArrayLike) -> Floats:
        """Pixels (..., 2) of table-frame points (..., 3); points behind the device give NaN."""
        p = self.T_optical_table.apply(points)
        z = np.where(p[..., 2] > 1e-6, p[..., 2], np.nan)
        return self.pinhole.pixels(p[..., :2] / z[..., None])

    def beside(self, points: ArrayLike, radius: ArrayLike = 0.0) -> NDArray[np.bool_]:
        """Whether all points (..., n, 3), with `radius` (..., 1) around them, lie outside one side of the view: (...).

        Holds for points behind the device too, which have no pixel.
        """
        p, k = self.T_optical_table.apply(points), self.pinhole
        sides = [(0, k.fx, k.cx, k.width), (1, k.fy, k.cy, k.height)]
        within = [
            ((s * f * p[..., axis] + edge * p[..., 2]) / np.hypot(f, edge) > -np.asarray(radius)).any(axis=-1)
            for axis, f, c, n in sides
            for s, edge in ((1.0, c + 1), (-1.0, n - c))
        ]
        return np.asarray(~np.logical_and.reduce(within))

    def sees(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Whether each table-frame point (..., 3) falls inside the image (occlusion is not considered)."""
        uv = self.project(points)
        k = self.pinhole
        inside = (uv[..., 0] >= 0) & (uv[..., 0] <= k.width - 1) & (uv[..., 1] >= 0) & (uv[..., 1] <= k.height - 1)
        return np.asarray(inside, dtype=bool)

    def on_table(self) -> Floats:
        """The picture's border (n, 2) on the plane z = 0 of the table frame, metres; at the horizon: far away."""
        k, t = self.pinhole, np.linspace(0, 1, 16, endpoint=False)
        w, h, none = t * k.width, t * k.height, np.zeros(16)
        sides = ((w, none), (none + k.width, h), (k.width - w, none + k.height), (none, k.height - h))
        edges = np.concatenate([np.column_stack(s) for s in sides]) - 0.5
        rays = k.directions(edges) @ self.pose.rotation.T
        reach = self.pose.translation[2] / np.maximum(-rays[:, 2], 1e-3)
        return np.asarray(self.pose.translation[:2] + rays[:, :2] * reach[:, None])


@dataclass(frozen=True, eq=False)
class Surface:
    """A flat rectangle that light can fall on.

    `pose` is T_table_surface: origin at the rectangle's centre, x to the right and y upwards as its reader sees it,
    z out of the surface. `size` is (width, height) in metres.
    """

    pose: Pose
    size: tuple[float, float]

    def points(self, xy: ArrayLike) -> Floats:
        """Table-frame points (..., 3) of surface coordinates (..., 2) in metres."""
        xy = np.asarray(xy, dtype=float)
        return self.pose.apply(np.concatenate([xy, np.zeros((*xy.shape[:-1], 1))], axis=-1))

    def corners(self) -> Floats:
        """Corners (4, 3) in the table frame: top left, top right, bottom right, bottom left as its reader sees it."""
        w, h = self.size[0] / 2, self.size[1] / 2
        return self.points([(-w, h), (w, h), (w, -h), (-w, -h)])

    def homography(self, view: View) -> Floats:
        """Matrix (3, 3) from homogeneous surface metres (x, y, 1) to homogeneous pixels of `view`.

        A lens that distorts bends a small surface hardly more than a homography can: then it is the one that comes
        nearest in the least squares over the surface, by the direct linear transform.
        """
        T = view.T_optical_table @ self.pose  # noqa: N806
        straight = np.column_stack([T.rotation[:, 0], T.rotation[:, 1], T.translation])
        matrix = np.asarray(view.pinhole.matrix @ straight)
        if not view.pinhole.distortion:
            return matrix
        w, h = self.size[0] / 2, self.size[1] / 2
        x, y = (g.ravel() for g in np.meshgrid(np.linspace(-w, w, 5), np.linspace(-h, h, 5)))
        where = np.column_stack([x, y, np.ones_like(x)])
        ideal = where @ matrix.T
        ideal /= ideal[:, 2:]
        # From where a lens that does not distort would show the points to where this one does: near to one another, so
        # that the equations are well scaled. Pixels are counted from the middle, in units of the focal length.
        k = view.pinhole
        units = np.array([[1 / k.fx, 0, -k.cx / k.fx], [0, 1 / k.fy, -k.cy / k.fy], [0, 0, 1]])
        a = ideal @ units.T
        b = (view.project(self.points(np.column_stack([x, y]))) - [k.cx, k.cy]) / [k.fx, k.fy]
        zero = np.zeros_like(a)
        equations = np.vstack([
            np.column_stack([a, zero, -b[:, :1] * a]), np.column_stack([zero, a, -b[:, 1:] * a]),
        ])  # fmt: skip
        bend = np.linalg.svd(equations)[2][-1].reshape(3, 3)
        return np.asarray(np.linalg.inv(units) @ (bend / bend[2, 2]) @ units @ matrix)


@dataclass(frozen=True, eq=False)
class Box:
    """A solid box: `pose` is T_table_box with the origin at the centre, `size` (3,) full lengths in metres."""

    pose: Pose
    size: tuple[float, float, float]

    def corners(self) -> Floats:
        """The eight corners (8, 3) in the table frame."""
        signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
        return self.pose.apply(signs * np.asarray(self.size) / 2)

    def contains(self, points: ArrayLike) -> NDArray[Any]:
        """Whether each table-frame point (..., 3) lies inside or on the box."""
        local = self.pose.inverse().apply(points)
        return np.asarray(np.all(np.abs(local) <= np.asarray(self.size) / 2, axis=-1))


@dataclass(frozen=True)
class Capsule:
    """A line segment with a radius, table frame, metres: an arm, a finger, a robot link."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    radius: float
