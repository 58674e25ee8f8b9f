"""The simulated depth and colour camera: a ray cast of the scene, with the noise of a stereo camera.

What stands still is cast once and kept. A bin or slot whose parts changed is cast again in its own piece of the image
only; arms and parts in hands are cast for the rays that can meet them. Depth is deterministic in (seed, tick).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats, Pose, View
from opstap.instructions import Cell
from opstap.native import preload_libusb
from opstap.simulation import shapes
from opstap.simulation.noise import ARM, DARK, FLAT, GLOSSY, TRANSPARENT, StereoNoise
from opstap.simulation.world import WorldState, lying_in_bin, lying_in_slot

preload_libusb()
import open3d.core as o3c  # noqa: E402 - needs libusb, which preload_libusb provides
from open3d.t.geometry import RaycastingScene  # noqa: E402

KINDS = {"matte": FLAT, "glossy": GLOSSY, "dark": DARK, "transparent": TRANSPARENT}
FLOOR_COLOR, TABLE_COLOR = (92, 88, 84), (196, 190, 180)
BIN_COLOR, CASE_COLOR = (128, 146, 166), (58, 70, 88)
LIGHT = np.array([0.25, -0.35, 0.9]) / np.linalg.norm([0.25, -0.35, 0.9])
"""Direction to the room's lamp, table frame."""
AMBIENT, LAMP, THROWN = 0.34, 0.34, 0.75
"""Share of the room's diffuse light, of its lamp, and of a fully lit projector pixel in a white surface's colour."""


@dataclass
class Object:
    """A mesh with its colour and kind of surface."""

    mesh: shapes.Mesh
    color: tuple[int, int, int]
    kind: int


@dataclass
class Buffers:
    """One view's picture, (h, w): depth m (0 = nothing), kind of surface, albedo (h, w, 3), cosine to the lamp."""

    depth: NDArray[np.float32]
    kind: NDArray[np.uint8]
    albedo: NDArray[np.float32]
    shade: NDArray[np.float32]

    def copy(self) -> Buffers:
        return Buffers(self.depth.copy(), self.kind.copy(), self.albedo.copy(), self.shade.copy())


class Caster:
    """Casts rays of one view; keeps the pictures of all that stands still."""

    def __init__(self, cell: Cell, view: View, seed: int, *, shaded: bool) -> None:
        self.cell, self.view, self.seed, self.shaded = cell, view, seed, shaded
        k = view.pinhole
        directions = (k.rays() @ view.pose.rotation.T).astype(np.float32)
        origin = np.broadcast_to(view.pose.translation.astype(np.float32), directions.shape)
        # Optical z of every direction is 1, so the distance along a ray is its depth.
        self.rays = np.concatenate([origin, directions], axis=-1)
        h, w = k.height, k.width
        shape = (h, w) if shaded else (0, 0)
        self.empty = Buffers(
            np.zeros((h, w), np.float32), np.zeros((h, w), np.uint8), np.zeros((*shape, 3), np.float32),
            np.zeros(shape, np.float32),
        )  # fmt: skip
        self._cast(self.empty, static_objects(cell), np.arange(h * w), keep_nearer=False)
        self.still = self.empty.copy()
        self.version = 0
        """Counts the changes of `still`."""
        self._contents: dict[str, tuple[str, ...]] = {}
        boxes = {b.id: b.inside for b in cell.scene.bins} | {
            s.id: cell.scene.case.slot_box(s) for s in cell.scene.case.slots
        }
        self._regions = {place: self._region(box.corners()) for place, box in boxes.items()}

    def _region(self, corners: Floats) -> tuple[slice, slice]:
        """Image box of points, with room for parts that stick out above."""
        uv = self.view.project(np.vstack([corners, corners + [0.0, 0.0, 0.03]]))
        k = self.view.pinhole
        low = np.clip(np.floor(uv.min(axis=0)).astype(int) - 6, 0, [k.width, k.height])
        high = np.clip(np.ceil(uv.max(axis=0)).astype(int) + 7, 0, [k.width, k.height])
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))

    def settle(self, world: WorldState) -> list[tuple[slice, slice]]:
        """Bring `still` up to date with the parts lying in bins and slots; returns the image boxes that changed."""
        places = {**world.bins, **world.slots}
        changed = [p for p, parts in places.items() if parts != self._contents.get(p, ())]
        for place in changed:
            self._contents[place] = places[place]
        touched = [self._regions[p] for p in changed]
        for region in touched:
            self._bake(region)
        self.version += bool(changed)
        return touched

    def _bake(self, region: tuple[slice, slice]) -> None:
        for name in ("depth", "kind", "albedo", "shade") if self.shaded else ("depth", "kind"):
            getattr(self.still, name)[region] = getattr(self.empty, name)[region]
        near = [p for p, r in self._regions.items() if self._contents.get(p) and _touch(r, region)]
        objects = [o for p in near for o in self._parts(p)]
        if objects:
            index = np.arange(self.still.depth.size).reshape(self.still.depth.shape)[region].ravel()
            self._cast(self.still, objects, index, keep_nearer=True)

    def _parts(self, place: str) -> list[Object]:
        parts = self._contents[place]
        lying = lying_in_bin if place in self.cell.scene.bin else lying_in_slot
        poses = lying(self.cell, place, parts, self.seed)
        return [self._part(name, pose) for name, pose in zip(parts, poses, strict=True)]

    def _part(self, name: str, pose: Pose) -> Object:
        part = self.cell.task.parts[name]
        return Object(shapes.part_mesh(part, pose), part.color, KINDS[part.surface])

    def moving(self, world: WorldState, buffers: Buffers) -> NDArray[np.intp]:
        """Cast arms and held parts into `buffers`; returns the flat indices of the rays that could meet them."""
        objects = [Object(shapes.capsule_mesh(c), world.skin, ARM) for c in world.arms]
        objects += [self._part(h.part, h.pose) for h in world.held]
        if not objects:
            return np.empty(0, np.intp)
        mask = np.zeros(buffers.depth.shape, np.uint8)
        for item in objects:
            # The convex hull of the projected vertices holds every ray that can meet a convex mesh.
            uv = self.view.project(item.mesh[0])
            if np.isfinite(uv).all():
                cv2.fillConvexPoly(mask, cv2.convexHull(np.round(uv).astype(np.int32)), 1)
        mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
        index = np.flatnonzero(mask)
        self._cast(buffers, objects, index, keep_nearer=True)
        return index

    def _cast(self, out: Buffers, objects: list[Object], index: NDArray[np.intp], *, keep_nearer: bool) -> None:
        scene = RaycastingScene(nthreads=2)
        lookup: list[Object] = []
        for item in objects:
            vertices, faces = item.mesh
            scene.add_triangles(o3c.Tensor(vertices.astype(np.float32)), o3c.Tensor(faces.astype(np.uint32)))
            lookup.append(item)
        hit = scene.cast_rays(o3c.Tensor(np.ascontiguousarray(self.rays.reshape(-1, 6)[index])))
        depth = hit["t_hit"].numpy()
        before = out.depth.ravel()[index]
        met = np.isfinite(depth)
        if keep_nearer:
            met &= (depth < before) | (before == 0)
        where, ids = index[met], hit["geometry_ids"].numpy()[met]
        out.depth.reshape(-1)[where] = depth[met]
        out.kind.reshape(-1)[where] = np.array([o.kind for o in lookup], np.uint8)[ids]
        if self.shaded:
            out.albedo.reshape(-1, 3)[where] = np.array([o.color for o in lookup], np.float32)[ids]
            normals: Any = hit["primitive_normals"].numpy()[met]
            out.shade.reshape(-1)[where] = np.abs(normals @ LIGHT.astype(np.float32))

    def points(self, depth: NDArray[np.float32], index: NDArray[np.intp]) -> Floats:
        """Table-frame points (n, 3) of pixels."""
        rays = self.rays.reshape(-1, 6)[index]
        return np.asarray(rays[:, :3] + rays[:, 3:] * depth.ravel()[index, None], dtype=float)


def _touch(a: tuple[slice, slice], b: tuple[slice, slice]) -> bool:
    return all(x.start < y.stop and y.start < x.stop for x, y in zip(a, b, strict=True))


def static_objects(cell: Cell) -> list[Object]:
    """Everything of a cell that never moves."""
    scene = cell.scene
    w, d = scene.table.size
    objects = [
        Object(shapes.box(Pose.of((0, 0, -scene.table.height - 0.01)), (6, 6, 0.02)), FLOOR_COLOR, FLAT),
        Object(shapes.box(Pose.of((0, 0, -0.015)), (w, d, 0.03)), TABLE_COLOR, FLAT),
        Object(shapes.case_mesh(scene.case), CASE_COLOR, FLAT),
    ]
    return objects + [Object(shapes.bin_mesh(b), BIN_COLOR, FLAT) for b in scene.bins]


class SimulatedCamera:
    """Depth and colour of a world, as a stereo camera above the table gives them."""

    def __init__(self, cell: Cell, seed: int) -> None:
        self.cell, self.seed = cell, seed
        self._depth = Caster(cell, cell.scene.camera.view, seed, shaded=False)
        k = cell.scene.camera.view.pinhole
        self._noise = StereoNoise((k.height, k.width), seed)
        self._color: Caster | None = None
        self._light_map: dict[str, NDArray[np.float32]] = {}

    def true_depth(self, world: WorldState) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Depth (h, w) in metres without noise, and the kind of surface of every pixel."""
        self._depth.settle(world)
        buffers = Buffers(self._depth.still.depth.copy(), self._depth.still.kind.copy(), *self._nothing())
        self._depth.moving(world, buffers)
        return buffers.depth, buffers.kind

    @staticmethod
    def _nothing() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return np.empty((0, 0, 3), np.float32), np.empty((0, 0), np.float32)

    def depth(self, world: WorldState) -> NDArray[np.uint16]:
        """Depth (h, w) uint16 in millimetres with noise, 0 = no return; the same for the same seed and tick."""
        depth, kind = self.true_depth(world)
        return self._noise(depth, kind, world.tick)

    def color(self, world: WorldState, light: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Colour (h, w, 3) uint8 RGB of the world in the room's light and that of the projectors.

        Args:
            world: what to show.
            light: projector id -> what it throws, (h, w, 3) RGB.
        """
        if self._color is None:
            self._color = Caster(self.cell, self.cell.scene.camera.color_view, self.seed, shaded=True)
        caster = self._color
        for region in caster.settle(world):
            index = np.arange(caster.still.depth.size).reshape(caster.still.depth.shape)[region].ravel()
            for projector, lit_from in self._light_map.items():
                lit_from.reshape(-1, 2)[index] = self._lit_from(projector, caster, caster.still.depth, index)
        buffers = caster.still.copy()
        moved = caster.moving(world, buffers)
        h, w = buffers.depth.shape
        brightness = (AMBIENT + LAMP * buffers.shade)[..., None]
        for projector, image in light.items():
            if projector not in self._light_map:
                everything = np.arange(h * w)
                self._light_map[projector] = self._lit_from(projector, caster, caster.still.depth, everything).reshape(
                    h, w, 2
                )
            lit_from = self._light_map[projector]
            if len(moved):
                lit_from = lit_from.copy()
                lit_from.reshape(-1, 2)[moved] = self._lit_from(projector, caster, buffers.depth, moved)
            thrown = cv2.remap(image, lit_from, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
            brightness = brightness + thrown.astype(np.float32) * np.float32(THROWN / 255)
        return np.asarray(np.clip(buffers.albedo * brightness, 0, 255), dtype=np.uint8)

    def _lit_from(
        self, projector: str, caster: Caster, depth: NDArray[np.float32], index: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Projector pixel (n, 2) that lights each camera pixel; outside the image where there is none."""
        view = next(p.view for p in self.cell.scene.projectors if p.id == projector)
        uv = view.project(caster.points(depth, index))
        return np.nan_to_num(uv, nan=-1e4).astype(np.float32)
