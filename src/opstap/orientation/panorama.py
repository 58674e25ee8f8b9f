"""Pictures all around (equirectangular) of the cell from where one can stand, by ray casting the room that pages show.

    python -m opstap.orientation.panorama [--cell oral_care] [--task oral_care_case] [--job oral_care_packer]

writes `panoramas/<viewpoint>.jpg` beside the job's file, for those that its hot spots name; `make panoramas` does. The
middle of a picture looks at the table (along y of the table frame), x of the picture goes to the right.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats
from opstap.guidance.cues import Sign, cues
from opstap.guidance.drawing import Painter
from opstap.instructions import Cell, load_cell
from opstap.native import leave_out_plots, preload_libusb
from opstap.orientation.glb import Node
from opstap.orientation.job import Job, load_job
from opstap.orientation.scenery import scenery
from opstap.orientation.tryout import SEED, Tryout
from opstap.preflight import named
from opstap.scene import Profile
from opstap.shapes import part_mesh
from opstap.simulation.world import lying_in_bin
from opstap.workflow.levels import load_rules

preload_libusb()
leave_out_plots()
import open3d.core as o3c  # noqa: E402 - needs libusb, which preload_libusb provides
from open3d.t.geometry import RaycastingScene  # noqa: E402

EYES = 1.45
"""Height of the eyes above the floor, metres: between seated and standing."""
FINE, ACROSS = 2, 2048
"""Rays for a pixel each way, and pixels around."""
QUALITY = 78
LAMP = np.array([0.5, -0.4, 1.35])
"""Where the room's lamp hangs, table frame, metres."""
AMBIENT, THROWN = 0.55, 0.75
"""Share of the room's diffuse light, and of a fully lit projector pixel."""


class Room:
    """The room with everything in it, ready to be looked at."""

    def __init__(self, cell: Cell, root: Node, lit: list[NDArray[np.uint8]]) -> None:
        self._cell, self._lit, self._scene = cell, lit, RaycastingScene()
        colors: list[tuple[int, int, int]] = []
        for vertices, faces, color in [*_meshes(root, np.eye(4), top=True), *_parts(cell)]:
            self._scene.add_triangles(
                o3c.Tensor(vertices.astype(np.float32)), o3c.Tensor(np.ascontiguousarray(faces, dtype=np.uint32))
            )
            colors.append(color)
        self._colors = np.array(colors, dtype=np.float64)

    def around(self, eyes: Floats) -> NDArray[np.uint8]:
        """What is seen from `eyes` (3,), table frame: (ACROSS / 2, ACROSS, 3) RGB."""
        wide, high = FINE * ACROSS, FINE * ACROSS // 2
        turn = (np.arange(wide) + 0.5) / wide * 2 * np.pi - np.pi
        up = np.pi / 2 - (np.arange(high) + 0.5) / high * np.pi
        across, along = np.meshgrid(turn, up)
        ways = np.stack([np.sin(across) * np.cos(along), np.cos(across) * np.cos(along), np.sin(along)], axis=-1)
        seen = np.concatenate([self._look(eyes, rows) for rows in np.array_split(ways, 16)])
        small = cv2.resize(seen.astype(np.float32), (ACROSS, ACROSS // 2), interpolation=cv2.INTER_AREA)
        return np.asarray(np.clip(small, 0, 255), dtype=np.uint8)

    def _look(self, eyes: Floats, ways: Floats) -> Floats:
        hit = self._cast(np.broadcast_to(eyes, ways.shape), ways)
        far = hit["t_hit"].numpy()
        met = np.isfinite(far)
        points = eyes + ways * np.where(met, far, 0.0)[..., None]
        normals = hit["primitive_normals"].numpy().astype(np.float64)
        normals *= -np.sign(np.einsum("ijk,ijk->ij", normals, ways))[..., None]
        color = self._colors[np.where(met, hit["geometry_ids"].numpy(), 0).astype(np.int64)]
        lamp = self._light_of(LAMP, points, normals)
        light = np.repeat((AMBIENT + (1 - AMBIENT) * lamp)[..., None], 3, axis=-1)
        for projector, picture in zip(self._cell.scene.projectors, self._lit, strict=True):
            place = projector.view.pose.translation
            falls = self._light_of(place, points, normals) > 0.05
            uv = projector.view.project(points.reshape(-1, 3)).reshape(*points.shape[:2], 2)
            h, w = picture.shape[:2]
            inside = falls & (uv >= 0).all(axis=-1) & (uv[..., 0] < w - 1) & (uv[..., 1] < h - 1)
            at = np.nan_to_num(uv[inside]).astype(int)
            light[inside] += THROWN * picture[at[:, 1], at[:, 0]] / 255.0
        return np.where(met[..., None], color * light, 220.0)

    def _light_of(self, lamp: Floats, points: Floats, normals: Floats) -> Floats:
        """Cosine of the light that comes from `lamp` straight to each point; 0 in the shade."""
        way = points - lamp
        distance = np.linalg.norm(way, axis=-1)
        way = way / np.maximum(distance, 1e-9)[..., None]
        reached = self._cast(np.broadcast_to(lamp, way.shape), way)["t_hit"].numpy() > distance - 0.004
        return np.asarray(np.clip(-np.einsum("ijk,ijk->ij", normals, way), 0.0, 1.0) * reached)

    def _cast(self, origins: Floats, ways: Floats) -> dict[str, o3c.Tensor]:
        rays = np.concatenate([origins, ways], axis=-1).astype(np.float32)
        return dict(self._scene.cast_rays(o3c.Tensor(rays)))


Surface = tuple[Floats, NDArray[np.int64], tuple[int, int, int]]


def _meshes(node: Node, above: Floats, top: bool = False) -> list[Surface]:
    """Everything of a tree that stands in the room, in the root's own frame, the table's."""
    if node.name in ("parts", "tray"):
        return []
    own = np.eye(4)
    if not top:  # the root turns and lifts the table frame for glTF
        own = _matrix(node)
    here = above @ own
    found = [(v @ here[:3, :3].T + here[:3, 3], f, material.color) for (v, f), material in node.mesh]
    return [*found, *(surface for child in node.children for surface in _meshes(child, here))]


def _matrix(node: Node) -> Floats:
    x, y, z, w = node.rotation
    made = np.eye(4)
    made[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    made[:3, 3] = node.translation
    return made


def _parts(cell: Cell) -> list[Surface]:
    found = []
    for b in cell.scene.bins:
        part = cell.task.parts[b.part]
        for pose in lying_in_bin(cell, b.id, (b.part,) * b.count, SEED):
            found.append((*part_mesh(part, pose), part.color))
    return found


def panoramas(cell: Cell, job: Job, lit: list[NDArray[np.uint8]], folder: Path) -> dict[str, NDArray[np.uint8]]:
    """A picture for every viewpoint whose name a hot spot's panorama has. `folder` is the scene file's."""
    named_there = {Path(s.panorama).stem for s in job.hot_spots}
    room = Room(cell, scenery(cell, cell.scene.cobot is not None, folder), lit)
    height = EYES - cell.scene.table.height
    return {v.id: room.around(np.array([*v.position, height])) for v in job.viewpoints if v.id in named_there}


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures all around, for the hot spots of a job.")
    for name, default in (("cell", "oral_care"), ("task", "oral_care_case"), ("job", "oral_care_packer")):
        parser.add_argument(f"--{name}", default=default)
    options = parser.parse_args()
    config = Path("config")
    scene = named(config / "cells", options.cell)
    cell = load_cell(scene, named(config / "tasks", options.task))
    path = named(config / "jobs", options.job)
    tryout = Tryout(cell, load_rules(config / "rules/guidance.yaml", cell), Profile(id="participant"), 0)
    shown = [c for c in cues(tryout.state, cell, tryout.profile) if c.kind is not Sign.BUTTON]
    # Nobody has to read in a picture: light without words serves every language.
    lit = [Painter(cell, p).draw([c for c in shown if not c.text]) for p in cell.scene.projectors]
    made = panoramas(cell, load_job(path, cell, cell.scene.cobot is not None), lit, scene.parent)
    (path.parent / "panoramas").mkdir(exist_ok=True)
    for viewpoint, picture in made.items():
        out = path.parent / "panoramas" / f"{viewpoint}.jpg"
        cv2.imwrite(str(out), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        print(f"{out}: {out.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
