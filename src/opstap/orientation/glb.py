"""Writes binary glTF 2.0 (GLB): one file with nodes, flat-shaded meshes and plain materials, as browsers load it.

Only what a cell needs: a tree of named nodes, each with at most one mesh; no textures, no animation. The format is
Khronos' "glTF 2.0 Specification"; a test checks what is written with Khronos' own validator.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats

Mesh = tuple[Floats, NDArray[np.int64]]
"""Vertices (n, 3) in metres, triangles (m, 3)."""

FLOAT, UNSIGNED = 5126, 5125
"""glTF's numbers of component types."""
MAGIC, JSON_CHUNK, BINARY_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942


@dataclass(frozen=True)
class Material:
    """What a surface looks like: sRGB 0-255, roughness 0 (a mirror) to 1."""

    color: tuple[int, int, int]
    roughness: float = 0.9


@dataclass(frozen=True, eq=False)
class Node:
    """A thing in the scene, placed in its parent's frame."""

    name: str
    mesh: Sequence[tuple[Mesh, Material]] = ()
    """Its surfaces; those of one material become one draw call."""
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rotation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    """Quaternion x, y, z, w."""
    children: Sequence[Node] = ()
    extras: dict[str, Any] = field(default_factory=dict)


def glb(root: Node) -> bytes:
    """The file. The same tree gives the same bytes."""
    return _Writer(root).file()


def triangles(root: Node) -> int:
    """Number of triangles of a tree."""
    return sum(len(faces) for (_, faces), _ in root.mesh) + sum(triangles(child) for child in root.children)


def surfaces(root: Node) -> int:
    """Number of draw calls that a tree takes: its materials, counted for every node."""
    return len({material for _, material in root.mesh}) + sum(surfaces(child) for child in root.children)


def linear(color: tuple[int, int, int]) -> list[float]:
    """sRGB 0-255 as the linear values that glTF wants (IEC 61966-2-1)."""
    c = np.asarray(color) / 255.0
    return [round(float(v), 5) for v in np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)]


class _Writer:
    def __init__(self, root: Node) -> None:
        self._binary = bytearray()
        self._materials: dict[Material, int] = {}
        self._json: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "Opstap"}, "scene": 0, "scenes": [{"nodes": [0]}],
            "nodes": [], "meshes": [], "materials": [], "accessors": [], "bufferViews": [],
        }  # fmt: skip
        self._add(root)

    def file(self) -> bytes:
        self._json["buffers"] = [{"byteLength": len(self._binary)}]
        # A list that is empty may not be written.
        text = json.dumps({k: v for k, v in self._json.items() if v != []}, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        binary = bytes(self._binary)  # a multiple of four: only 4-byte numbers went in
        chunks = (
            struct.pack("<II", len(text), JSON_CHUNK) + text + struct.pack("<II", len(binary), BINARY_CHUNK) + binary
        )
        return struct.pack("<III", MAGIC, 2, 12 + len(chunks)) + chunks

    def _add(self, node: Node) -> int:
        index = len(self._json["nodes"])
        written: dict[str, Any] = {"name": node.name}
        self._json["nodes"].append(written)
        if node.translation != (0.0, 0.0, 0.0):
            written["translation"] = list(node.translation)
        if node.rotation != (0.0, 0.0, 0.0, 1.0):
            written["rotation"] = list(node.rotation)
        if node.extras:
            written["extras"] = node.extras
        if node.mesh:
            written["mesh"] = self._mesh(node)
        if node.children:
            written["children"] = [self._add(child) for child in node.children]
        return index

    def _mesh(self, node: Node) -> int:
        by_material: dict[Material, list[Mesh]] = {}
        for mesh, material in node.mesh:
            by_material.setdefault(material, []).append(mesh)
        primitives = []
        for material, meshes in by_material.items():
            corners = np.concatenate([vertices[faces] for vertices, faces in meshes])  # (m, 3 corners, 3)
            normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
            size = np.linalg.norm(normals, axis=1)
            flat = size > 1e-12  # a triangle without area has no normal, and shows nothing
            corners, normals = corners[flat], normals[flat] / size[flat, None]
            points, index = _shared(corners, normals)
            attributes = {"POSITION": self._floats(points[:, :3], bounds=True), "NORMAL": self._floats(points[:, 3:])}
            primitives.append(
                {"attributes": attributes, "indices": self._indices(index), "material": self._material(material)}
            )
        self._json["meshes"].append({"name": node.name, "primitives": primitives})
        return len(self._json["meshes"]) - 1

    def _material(self, material: Material) -> int:
        if material not in self._materials:
            self._materials[material] = len(self._json["materials"])
            look = {"baseColorFactor": [*linear(material.color), 1.0], "metallicFactor": 0.0,
                    "roughnessFactor": material.roughness}  # fmt: skip
            self._json["materials"].append({"pbrMetallicRoughness": look})
        return self._materials[material]

    def _floats(self, values: Floats, bounds: bool = False) -> int:
        data = values.astype("<f4")
        more = {"min": data.min(axis=0).tolist(), "max": data.max(axis=0).tolist()} if bounds else {}
        return self._accessor(data, FLOAT, "VEC3", 34962, more)

    def _indices(self, index: NDArray[np.int64]) -> int:
        return self._accessor(index.astype("<u4"), UNSIGNED, "SCALAR", 34963, {})

    def _accessor(self, data: NDArray[Any], component: int, kind: str, target: int, more: dict[str, Any]) -> int:
        raw = data.tobytes()
        self._json["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self._binary), "byteLength": len(raw), "target": target}
        )
        self._binary += raw
        self._json["accessors"].append(
            {"bufferView": len(self._json["bufferViews"]) - 1, "componentType": component, "count": len(data),
             "type": kind, **more}
        )  # fmt: skip
        return len(self._json["accessors"]) - 1


def _shared(corners: Floats, normals: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Corners of triangles (m, 3, 3) with a normal each, as unique rows (n, 6) and where each corner finds its own.

    A corner is shared only where the normal is the same, so that edges stay sharp.
    """
    rows = np.concatenate([corners, np.repeat(normals[:, None], 3, axis=1)], axis=2).reshape(-1, 6)
    unique, index = np.unique(rows.round(6), axis=0, return_inverse=True)
    normals = unique[:, 3:] / np.linalg.norm(unique[:, 3:], axis=1, keepdims=True)
    return np.concatenate([unique[:, :3], normals], axis=1), np.asarray(index, dtype=np.int64).reshape(-1)
