"""Where the rays of a camera meet capsules, in closed form: what moves is cast anew for every frame.

A capsule is rounder than any mesh of it, and its few thousand rays cost less than building a mesh and its tree.
The formula is that of a ray and a capsule (a cylinder between two spheres), solved for every ray of the capsule's
box in the image at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Capsule, Floats, View

Region = tuple[slice, slice]
"""Rows and columns of an image."""

OCTAGON = np.array([(np.cos(a), np.sin(a)) for a in np.arange(8) * np.pi / 4]) / np.cos(np.pi / 8)
"""Around a disc of radius 1."""
WORTH_OUTLINE = 1500
"""Pixels of a box from which on it pays to leave out those beside a slanting capsule."""


@dataclass(frozen=True)
class Hits:
    """Rays that meet a capsule, each with the nearest one: pixels as flat indices, optical depth in metres."""

    index: NDArray[np.intp]
    """(n,) flat pixel indices."""
    depth: Floats
    """(n,)"""
    owner: NDArray[np.int32]
    """(n,) which capsule."""


class CapsuleCaster:
    """Casts the rays of `view`."""

    def __init__(self, view: View) -> None:
        self.view = view
        k, r = view.pinhole, view.pose.rotation
        # The direction of a pixel's ray, scaled to optical z = 1, is linear in u and v.
        self._du, self._dv = r[:, 0] / k.fx, r[:, 1] / k.fy
        self._d0 = r[:, 2] - k.cx * self._du - k.cy * self._dv
        rays = k.rays().reshape(-1, 3)
        self._squared = np.einsum("ij,ij->i", rays, rays)
        """Squared length of every pixel's direction, (height * width,)."""
        self._nearest = np.full(len(rays), np.inf)
        """Scratch: the nearest depth of every pixel while a cast is on; infinite between two."""

    def _discs(self, capsules: Sequence[Capsule]) -> tuple[Floats, Floats, Floats, Floats]:
        """What holds the image of both ends: centres and half sizes (n, 2, 2) px; and their nearest and farthest z."""
        k = self.view.pinhole
        ends = self.view.T_optical_table.apply(np.reshape([(c.start, c.end) for c in capsules], (-1, 2, 3)))
        radius, f = np.array([c.radius for c in capsules])[:, None], np.array([k.fx, k.fy])
        near = ends[..., 2] - radius
        # A sphere's silhouette is at most this wide; seen from the side a little wider.
        half = (radius / np.maximum(near, 1e-3) * 1.1)[..., None] * f + 1
        centre = ends[..., :2] / np.maximum(ends[..., 2:], 1e-3) * f + np.array([k.cx, k.cy])
        return centre, half, near, ends[..., 2] + radius

    def regions(self, capsules: Sequence[Capsule]) -> list[Region | None]:
        """The box of the image that holds each capsule; None for one that is out of sight."""
        centre, half, near, far = self._discs(capsules)
        size = np.array([self.view.pinhole.width, self.view.pinhole.height])
        around = np.any(near <= 0, axis=1, keepdims=True)
        low = np.where(around, 0, np.clip(np.floor((centre - half).min(axis=1)), 0, size)).astype(int)
        high = np.where(around, size, np.clip(np.ceil((centre + half).max(axis=1)) + 1, 0, size)).astype(int)
        ends = np.reshape([(c.start, c.end) for c in capsules], (-1, 2, 3))
        beside = self.view.beside(ends, np.array([c.radius for c in capsules])[:, None])
        seen: list[bool] = ((far > 0).any(axis=1) & (high > low).all(axis=1) & ~beside).tolist()
        return [
            (slice(y0, y1), slice(x0, x1)) if s else None
            for s, (x0, y0), (x1, y1) in zip(seen, low.tolist(), high.tolist(), strict=True)
        ]

    def cast(self, capsules: Sequence[Capsule], regions: Sequence[Region | None]) -> Hits:
        """The nearest hit of every ray in the capsules' regions."""
        width = self.view.pinhole.width
        centre, half, near, _ = self._discs(capsules)
        pixels: list[NDArray[np.int32]] = []
        owners: list[NDArray[np.int32]] = []
        for i, region in enumerate(regions):
            if region is not None:
                rows = np.arange(region[0].start, region[0].stop, dtype=np.int32)
                columns = np.arange(region[1].start, region[1].stop, dtype=np.int32)
                block = np.add.outer(rows * np.int32(width), columns)
                if block.size > WORTH_OUTLINE and (near[i] > 0).all():
                    block = block[self._outline(centre[i], half[i], region) > 0]
                pixels.append(block.ravel())
                owners.append(np.full(block.size, i, np.int32))
        if not pixels:
            return Hits(np.empty(0, np.intp), np.empty(0), np.empty(0, np.int32))
        pixel, owner = np.concatenate(pixels), np.concatenate(owners)
        kept, depth = self._meet(capsules, pixel, owner)
        pixel, owner = pixel[kept].astype(np.intp), owner[kept]
        np.minimum.at(self._nearest, pixel, depth)
        first = depth == self._nearest[pixel]
        self._nearest[pixel] = np.inf
        return Hits(pixel[first], depth[first], owner[first])

    @staticmethod
    def _outline(centre: Floats, half: Floats, region: Region) -> NDArray[np.uint8]:
        """Mask of a region: 1 inside the hull of octagons around both ends."""
        octagons = centre[:, None] + half[:, None] * OCTAGON - (region[1].start, region[0].start)
        hull = cv2.convexHull(np.round(octagons.reshape(-1, 2)).astype(np.int32))
        mask = np.zeros((region[0].stop - region[0].start, region[1].stop - region[1].start), np.uint8)
        return np.asarray(cv2.fillConvexPoly(mask, hull, 1), dtype=np.uint8)

    def _meet(
        self, capsules: Sequence[Capsule], pixel: NDArray[np.int32], owner: NDArray[np.int32]
    ) -> tuple[NDArray[np.intp], Floats]:
        """Which of the rays meet their capsules, as indices into `pixel`, and the depths at which they do."""
        start = np.array([c.start for c in capsules])
        axis = np.array([c.end for c in capsules]) - start
        from_start = self.view.pose.translation - start
        from_end = from_start - axis
        radius = np.array([c.radius for c in capsules])
        length2 = np.einsum("ij,ij->i", axis, axis)
        along0 = np.einsum("ij,ij->i", axis, from_start)
        start2 = np.einsum("ij,ij->i", from_start, from_start) - radius**2
        end2 = np.einsum("ij,ij->i", from_end, from_end) - radius**2
        v, u = np.divmod(pixel, self.view.pinhole.width)

        def dot(vectors: Floats) -> Floats:
            """Product of each ray's direction with its capsule's vector: linear in u and v."""
            du, dv, d0 = (vectors @ d for d in (self._du, self._dv, self._d0))
            return np.asarray(du[owner] * u + dv[owner] * v + d0[owner])

        # The cylinder; a ray that misses it, made endless, misses the capsule.
        dd = self._squared[pixel]
        d_axis, d_start = dot(axis), dot(from_start)
        l2, a0 = length2[owner], along0[owner]
        a = l2 * dd - d_axis * d_axis
        b = l2 * d_start - a0 * d_axis
        h = b * b - a * (length2 * start2 - along0 * along0)[owner]
        kept = np.flatnonzero(h >= 0)
        owner, dd, d_axis, d_start = owner[kept], dd[kept], d_axis[kept], d_start[kept]
        l2, a0, a, b, h = l2[kept], a0[kept], a[kept], b[kept], h[kept]
        with np.errstate(invalid="ignore", divide="ignore"):
            t = (-b - np.sqrt(h)) / a
            along = a0 + t * d_axis
            depth = np.where((a > 1e-12) & (along >= 0) & (along <= l2) & (t > 0), t, np.inf)
            # The spheres at its ends.
            for d_from, from2 in ((d_start, start2), (d_start - d_axis, end2)):
                t = (-d_from - np.sqrt(d_from * d_from - dd * from2[owner])) / dd
                depth = np.where((t > 0) & (t < depth), t, depth)
        met = np.isfinite(depth)
        return kept[met], depth[met]

    def normals(self, capsules: Sequence[Capsule], hits: Hits) -> Floats:
        """Outward unit normals (n, 3) of the hits, table frame."""
        start = np.reshape([c.start for c in capsules], (-1, 3))[hits.owner]
        axis = np.reshape([c.end for c in capsules], (-1, 3))[hits.owner] - start
        v, u = np.divmod(hits.index, self.view.pinhole.width)
        direction = u[:, None] * self._du + v[:, None] * self._dv + self._d0
        from_start = self.view.pose.translation + hits.depth[:, None] * direction - start
        length2 = np.maximum(np.einsum("ij,ij->i", axis, axis), 1e-12)
        share = np.clip(np.einsum("ij,ij->i", from_start, axis) / length2, 0, 1)
        normal = from_start - share[:, None] * axis
        return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12))
