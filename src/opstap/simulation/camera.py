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

from opstap import shapes
from opstap.geometry import Capsule, Floats, Pose, View
from opstap.instructions import Cell
from opstap.native import leave_out_plots, preload_libusb
from opstap.scene import WALL
from opstap.simulation.capsules import CapsuleCaster, Region
from opstap.simulation.noise import ARM, DARK, FLAT, GLOSSY, TRANSPARENT, Noise, StereoNoise
from opstap.simulation.world import WorldState, lying_in_bin, lying_in_slot

preload_libusb()
leave_out_plots()
import open3d.core as o3c  # noqa: E402 - needs libusb, which preload_libusb provides
from open3d.t.geometry import RaycastingScene  # noqa: E402

KINDS = {"matte": FLAT, "glossy": GLOSSY, "dark": DARK, "transparent": TRANSPARENT}
FLOOR_COLOR, TABLE_COLOR = (92, 88, 84), (196, 190, 180)
BIN_COLOR, CASE_COLOR = (128, 146, 166), (138, 148, 160)
ROBOT_COLOR, TRAY_COLOR = (150, 165, 178), (176, 150, 110)
LIGHT = np.array([0.25, -0.35, 0.9]) / np.linalg.norm([0.25, -0.35, 0.9])
"""Direction to the room's lamp, table frame."""
AMBIENT, LAMP, THROWN = 0.34, 0.34, 0.75
"""Share of the room's diffuse light, of its lamp, and of a fully lit projector pixel in a white surface's colour."""

DEEPER = 0.006
"""Metres behind what a projector lights from which a point is in shadow."""


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
        self._capsules = CapsuleCaster(view)
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
        self._regions: dict[str, Region] = {}
        for place, box in boxes.items():
            # With room for parts that stick out above.
            region = self._box(np.vstack([box.corners(), box.corners() + [0.0, 0.0, 0.03]]), 6)
            if region is not None:
                self._regions[place] = region

    def _box(self, points: Floats, margin: int) -> Region | None:
        """Image box of table-frame points; None where nothing of it is in the image."""
        uv, k = self.view.project(points), self.view.pinhole
        if self.view.beside(points):
            return None
        if not np.isfinite(uv).all():
            return slice(0, k.height), slice(0, k.width)
        low = np.clip(np.floor(uv.min(axis=0)).astype(int) - margin, 0, [k.width, k.height])
        high = np.clip(np.ceil(uv.max(axis=0)).astype(int) + margin + 1, 0, [k.width, k.height])
        if (high <= low).any():
            return None
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))

    def settle(self, world: WorldState) -> list[Region]:
        """Bring `still` up to date with the parts lying in bins and slots; returns the image boxes that changed."""
        places = {**world.bins, **world.slots}
        changed = [p for p in self._regions if places[p] != self._contents.get(p, ())]
        for place in changed:
            self._contents[place] = places[place]
        touched = [self._regions[p] for p in changed]
        for region in touched:
            self._bake(region)
        self.version += bool(changed)
        return touched

    def _bake(self, region: Region) -> None:
        for name in ("depth", "kind", "albedo", "shade") if self.shaded else ("depth", "kind"):
            getattr(self.still, name)[region] = getattr(self.empty, name)[region]
        near = [p for p, r in self._regions.items() if self._contents.get(p) and _touch(r, region)]
        objects = [o for p in near for o in self._parts(p)]
        if objects:
            self._cast(self.still, objects, self._pixels(region), keep_nearer=True)

    def _parts(self, place: str) -> list[Object]:
        parts = self._contents[place]
        lying = lying_in_bin if place in self.cell.scene.bin else lying_in_slot
        poses = lying(self.cell, place, parts, self.seed)
        return [self._part(name, pose) for name, pose in zip(parts, poses, strict=True)]

    def _part(self, name: str, pose: Pose) -> Object:
        part = self.cell.task.parts[name]
        return Object(shapes.part_mesh(part, pose), part.color, KINDS[part.surface])

    def moving(self, world: WorldState, buffers: Buffers) -> list[Region]:
        """Cast arms, the robot, its trays and held parts into `buffers`; returns the image boxes in which these may be
        seen."""
        regions: list[Region | None] = []
        for capsules, color in ((world.arms, world.skin), (world.robot, ROBOT_COLOR)):
            if capsules:
                regions += self._round(capsules, color, buffers)
        items = [self._part(h.part, h.pose) for h in world.held]
        if world.trays:
            assert self.cell.scene.cobot
            along, across, height = self.cell.scene.cobot.tray.size
            inside = (along - 2 * WALL, across - 2 * WALL, height - WALL)
            floors = (t @ Pose.of((0.0, 0.0, WALL)) for t in world.trays)
            items += [Object(shapes.open_box(floor, inside), TRAY_COLOR, FLAT) for floor in floors]
        for item in items:
            region = self._box(item.mesh[0], 1)
            regions.append(region)
            if region is not None:
                self._cast(buffers, [item], self._pixels(region), keep_nearer=True)
        return _merged([r for r in regions if r is not None])

    def _round(
        self, capsules: tuple[Capsule, ...], color: tuple[int, int, int], buffers: Buffers
    ) -> list[Region | None]:
        """Cast capsules of one colour."""
        regions = self._capsules.regions(capsules)
        hits = self._capsules.cast(capsules, regions)
        before = buffers.depth.ravel()[hits.index]
        nearer = (hits.depth < before) | (before == 0)
        index = hits.index[nearer]
        buffers.depth.reshape(-1)[index] = hits.depth[nearer]
        buffers.kind.reshape(-1)[index] = ARM
        if self.shaded:
            buffers.albedo.reshape(-1, 3)[index] = color
            buffers.shade.reshape(-1)[index] = np.abs(self._capsules.normals(capsules, hits) @ LIGHT)[nearer]
        return regions

    def _pixels(self, region: Region) -> NDArray[np.intp]:
        """Flat indices of a region's pixels."""
        rows, columns = np.ogrid[region]
        return (rows * self.view.pinhole.width + columns).ravel()

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


def _touch(a: Region, b: Region) -> bool:
    return all(x.start < y.stop and y.start < x.stop for x, y in zip(a, b, strict=True))


def _merged(regions: list[Region]) -> list[Region]:
    """Boxes around those that touch each other, until none do."""
    apart: list[Region] = []
    for region in regions:
        while touching := [other for other in apart if _touch(region, other)]:
            apart = [other for other in apart if other not in touching]
            rows, columns = zip(region, *touching, strict=True)
            region = _around(rows), _around(columns)
        apart.append(region)
    return apart


def _around(spans: tuple[slice, ...]) -> slice:
    return slice(min(s.start for s in spans), max(s.stop for s in spans))


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

    def __init__(self, cell: Cell, seed: int, noise: Noise | None = None) -> None:
        self.cell, self.seed = cell, seed
        self._depth = Caster(cell, cell.scene.camera.view, seed, shaded=False)
        k = cell.scene.camera.view.pinhole
        self._noise = StereoNoise((k.height, k.width), seed, noise)
        self._prepared = self._noise.prepare(self._depth.still.depth, self._depth.still.kind)
        self._shown: tuple[WorldState, Buffers, list[Region]] | None = None
        self._color: Caster | None = None
        self._reach: dict[str, NDArray[np.float32]] = {}
        """Projector id -> how far its pixels reach, (h, w) m along its axis, before table, bins or case stop them."""
        self._lit_from: dict[str, NDArray[np.float32]] = {}
        """Projector id -> its pixel that lights each pixel of what stands still, (h, w, 2)."""
        self._still_light: Mapping[str, NDArray[np.uint8]] = {}
        self._still_color = np.empty((0, 0, 3), np.uint8)
        """What stands still, in the light of `_still_light`."""

    @property
    def still_depth(self) -> NDArray[np.float32]:
        """The same without noise, of the last world without arms and what they hold, m."""
        return self._depth.still.depth

    def true_depth(self, world: WorldState) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Depth (h, w) in metres without noise, and the kind of surface of every pixel."""
        buffers, _ = self._moved(world)
        return buffers.depth, buffers.kind

    def _moved(self, world: WorldState) -> tuple[Buffers, list[Region]]:
        """The picture of depth, and the boxes in which it is not that of what stands still. Kept for the next call with
        the same world."""
        if self._shown is not None and self._shown[0] is world:
            return self._shown[1], self._shown[2]
        for region in self._depth.settle(world):
            still = self._depth.still
            self._prepared = self._noise.patch(self._prepared, still.depth, still.kind, [region])
        buffers = self._depth.still.copy()
        regions = self._depth.moving(world, buffers)
        self._shown = (world, buffers, regions)
        return buffers, regions

    def depth(self, world: WorldState) -> NDArray[np.uint16]:
        """Depth (h, w) uint16 in millimetres with noise, 0 = no return; the same for the same seed and tick."""
        buffers, regions = self._moved(world)
        picture = self._noise.patch(self._prepared, buffers.depth, buffers.kind, regions)
        return self._noise.frame(picture, world.tick)

    def color(self, world: WorldState, light: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Colour (h, w, 3) uint8 RGB of the world in the room's light and that of the projectors.

        Args:
            world: what to show.
            light: projector id -> what it throws, (h, w, 3) RGB; the same array as long as it is the same picture.
        """
        if self._color is None:
            self._color = Caster(self.cell, self.cell.scene.camera.color_view, self.seed, shaded=True)
        caster, still = self._color, self._color.still
        everything: Region = tuple(slice(0, n) for n in still.depth.shape)  # type: ignore[assignment]
        changed = caster.settle(world)
        for projector in light:
            if projector not in self._lit_from:
                self._lit_from[projector] = np.empty((*still.depth.shape, 2), np.float32)
                changed = [everything]
        for region in changed:
            for projector, lit_from in self._lit_from.items():
                lit_from[region] = self._pixels_of(projector, caster, still, region)
        if dict(light).keys() != self._still_light.keys() or any(light[p] is not self._still_light[p] for p in light):
            changed = [everything]
        if changed == [everything] or not self._still_color.size:
            self._still_light, changed = dict(light), []
            self._still_color = self._shine(still, light, self._lit_from, everything)
        for region in changed:
            shone_from = {p: self._lit_from[p][region] for p in light}
            self._still_color[region] = self._shine(still, light, shone_from, region)
        buffers, picture = still.copy(), self._still_color.copy()
        for region in caster.moving(world, buffers):
            shone_from = {p: self._pixels_of(p, caster, buffers, region) for p in light}
            picture[region] = self._shine(buffers, light, shone_from, region)
        return np.asarray(picture)

    @staticmethod
    def _shine(
        buffers: Buffers,
        light: Mapping[str, NDArray[np.uint8]],
        lit_from: Mapping[str, NDArray[np.float32]],
        region: Region,
    ) -> NDArray[np.uint8]:
        """A region's colours in the room's light and the projectors'."""
        brightness = cv2.merge([AMBIENT + LAMP * buffers.shade[region]] * 3)
        for projector, image in light.items():
            thrown = cv2.remap(image, lit_from[projector], None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
            brightness = cv2.scaleAdd(thrown.astype(np.float32), THROWN / 255, brightness)
        return np.asarray(cv2.multiply(buffers.albedo[region], brightness, dtype=cv2.CV_8U))

    def _pixels_of(self, projector: str, caster: Caster, buffers: Buffers, region: Region) -> NDArray[np.float32]:
        """Projector pixel (rows, columns, 2) that lights each camera pixel; outside the image where there is none. What
        lies on the table, in bins or in the case casts no shadow, nor do arms."""
        view = next(p.view for p in self.cell.scene.projectors if p.id == projector)
        if projector not in self._reach:
            self._reach[projector] = Caster(self.cell, view, self.seed, shaded=False).still.depth
        directions = caster.rays[region][..., 3:]
        # From camera rays straight to the projector's frame: R (o + d z - c).
        to_optical = view.T_optical_table.rotation.astype(np.float32)
        origin = (caster.view.pose.translation - view.pose.translation).astype(np.float32)
        p = directions @ to_optical.T * buffers.depth[region][..., None] + to_optical @ origin
        away = p[..., 2]
        uv = view.pinhole.pixels(p[..., :2] / np.maximum(away, 1e-6)[..., None]).astype(np.float32)
        reach = cv2.remap(self._reach[projector], uv, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
        lit = (away > 1e-6) & (away < reach + DEEPER)
        return np.asarray(np.where(lit[..., None], uv, np.float32(-1e4)))
