"""The scene for browsers shows what the simulated camera sees, and is valid glTF."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from opstap.geometry import Capsule, Pose
from opstap.instructions import Cell, load_cell
from opstap.orientation.glb import Material, Node, glb, linear, surfaces, triangles
from opstap.orientation.scenery import Cache, scenery
from opstap.presenting.robot import Robot
from opstap.shapes import bin_mesh, box, capsule_mesh

ROOT = Path(__file__).parents[2]


def parsed(data: bytes) -> tuple[dict, bytes]:
    magic, version, length = struct.unpack_from("<III", data)
    assert (magic, version, length) == (0x46546C67, 2, len(data))
    size, kind = struct.unpack_from("<II", data, 12)
    assert kind == 0x4E4F534A
    return json.loads(data[20 : 20 + size]), data[20 + size + 8 :]


def points(data: bytes, name: str) -> np.ndarray:
    """Vertices (n, 3) of the node's mesh, in its own frame."""
    head, binary = parsed(data)
    node = next(n for n in head["nodes"] if n["name"] == name)
    found = []
    for primitive in head["meshes"][node["mesh"]]["primitives"]:
        accessor = head["accessors"][primitive["attributes"]["POSITION"]]
        view = head["bufferViews"][accessor["bufferView"]]
        found.append(np.frombuffer(binary, "<f4", accessor["count"] * 3, view["byteOffset"]).reshape(-1, 3))
    return np.concatenate(found)


def matrix(node: dict) -> np.ndarray:
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    made = np.eye(4)
    made[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    made[:3, 3] = node.get("translation", (0, 0, 0))
    return made


def placed(data: bytes, name: str) -> np.ndarray:
    """The node's vertices in the table frame: those of all nodes above it applied, but for the root's."""
    nodes = parsed(data)[0]["nodes"]
    above = {child: i for i, n in enumerate(nodes) for child in n.get("children", ())}
    at = next(i for i, n in enumerate(nodes) if n["name"] == name)
    total = np.eye(4)
    while at:
        total = matrix(nodes[at]) @ total
        at = above[at]
    return points(data, name) @ total[:3, :3].T + total[:3, 3]


def test_a_changed_bin_changes_bench_simulator_and_page(cell: Cell) -> None:
    first = cell.scene.bins[0]
    moved = first.model_copy(update={"position": (-0.470, -0.120, 0.003), "size": (0.070, 0.190, 0.030)})
    scene = cell.scene.model_copy(update={"bins": (moved, *cell.scene.bins[1:])})
    other = Cell(scene, cell.task, cell.folder)
    assert not np.array_equal(bin_mesh(first)[0], bin_mesh(moved)[0])  # what the simulated camera sees
    assert not np.array_equal(
        cell.scene.surfaces[f"bin/{first.id}/opening"].corners(), scene.surfaces[f"bin/{first.id}/opening"].corners()
    )  # where the bench throws its light
    for each, wanted in ((cell, first), (other, moved)):
        bins = points(glb(scenery(each)), "bins")
        for vertex in np.round(bin_mesh(wanted)[0], 5):
            assert np.abs(bins - vertex).max(axis=1).min() < 1e-4
    gone = np.round(bin_mesh(first)[0], 5)
    assert any(np.abs(points(glb(scenery(other)), "bins") - v).max(axis=1).min() > 1e-3 for v in gone)


def test_the_arm_stands_as_its_kinematics_say(cell: Cell) -> None:
    assert cell.scene.cobot
    robot = Robot(cell.scene.cobot)
    data = glb(scenery(cell, cobot=True))
    links = robot.capsules(robot.home, np.zeros(robot.dof), carrying=False)
    wrist = links.links.index("wrist_3")
    meshes = [
        capsule_mesh(Capsule(tuple(links.start[i]), tuple(links.end[i]), float(links.radius[i])))[0]
        for i in range(wrist, len(links.links))
    ]
    wanted, found = np.concatenate(meshes), placed(data, "joint_wrist_3")
    # A capsule is round: what goes around it may begin elsewhere. Its middle and reach are the same.
    assert found.mean(axis=0) == pytest.approx(wanted.mean(axis=0), abs=2e-3)
    assert found.min(axis=0) == pytest.approx(wanted.min(axis=0), abs=6e-3)
    assert found.max(axis=0) == pytest.approx(wanted.max(axis=0), abs=6e-3)
    extras = next(n for n in parsed(data)[0]["nodes"] if n["name"] == "joint_elbow")["extras"]
    assert extras == {"axis": [0, 0, 1], "slides": False, "home": pytest.approx(np.radians(140))}


def test_without_an_arm_there_is_none(cell: Cell) -> None:
    names = {n["name"] for n in parsed(glb(scenery(cell)))[0]["nodes"]}
    assert "cobot" not in names
    assert {"table", "bins", "case", "room", "part_cup", "part_probe"} <= names


def test_it_is_small_enough_for_a_headset(cell: Cell) -> None:
    root = scenery(cell, cobot=True)
    assert len(glb(root)) <= 1_000_000  # the page's other two megabytes are three.js
    # Every part that lies in a bin is one copy of its kind: its triangles count, no draw call.
    copies = sum(b.count * triangles(next(n for n in root.children[4].children if n.name == f"part_{b.part}"))
                 for b in cell.scene.bins)  # fmt: skip
    assert triangles(root) + copies <= 100_000
    assert surfaces(root) <= 60


def test_colours_are_as_the_standard_says() -> None:
    assert linear((0, 128, 255)) == [0.0, 0.21586, 1.0]
    assert linear((10, 0, 0))[0] == pytest.approx(10 / 255 / 12.92, abs=1e-5)


def test_one_draw_call_for_each_material_and_sharp_edges() -> None:
    red, blue = Material((255, 0, 0)), Material((0, 0, 255))
    node = Node("two", [(box(Pose.of((x, 0.0, 0.0)), (1.0, 1.0, 1.0)), m) for x, m in ((0, red), (2, blue), (4, red))])
    head, _ = parsed(glb(node))
    assert len(head["meshes"][0]["primitives"]) == surfaces(node) == 2
    counts = [head["accessors"][p["attributes"]["POSITION"]]["count"] for p in head["meshes"][0]["primitives"]]
    assert counts == [48, 24]  # a corner of a box is three: one for each side


def test_a_triangle_without_area_is_left_out() -> None:
    flat = (np.array([(0.0, 0, 0), (1, 0, 0), (2, 0, 0), (0, 1, 0)]), np.array([(0, 1, 2), (0, 1, 3)]))
    head, _ = parsed(glb(Node("flat", [(flat, Material((1, 2, 3)))])))
    assert head["accessors"][head["meshes"][0]["primitives"][0]["indices"]]["count"] == 3


def test_it_is_made_once_for_a_scene(cell: Cell, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "scenes")
    made = cache.file(cell)
    (kept,) = (tmp_path / "scenes").iterdir()
    assert kept.read_bytes() == made == glb(scenery(cell))
    kept.write_bytes(b"kept")
    assert cache.file(cell) == b"kept"
    table = cell.scene.table.model_copy(update={"height": 0.80})
    higher = Cell(cell.scene.model_copy(update={"table": table}), cell.task, cell.folder)
    assert cache.file(higher) == glb(scenery(higher)) != made


def test_a_folder_that_cannot_be_written_costs_only_time(cell: Cell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert Cache(tmp_path / "file").file(cell) == glb(scenery(cell))


@pytest.mark.parametrize("name", ["gearbox", "tilted"])
def test_every_shipped_cell_can_be_shown(name: str) -> None:
    task = {"gearbox": "gearbox_kit", "tilted": "tilted_kit"}[name]
    other = load_cell(ROOT / f"config/cells/{name}.yaml", ROOT / f"config/tasks/{task}.yaml")
    parsed(glb(scenery(other, cobot=other.scene.cobot is not None)))
