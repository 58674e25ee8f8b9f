"""The cell of a scene file as a scene for browsers: the shapes that the simulated camera sees, in a room.

One geometry for all: bins, case, parts and arm are those of `opstap.shapes` and `presenting.robot`. The file holds
what stands still, one mesh of every kind of part under `parts` (not shown as it is: pages put copies where parts lie),
and the arm as a chain of joints, with one `tray` like `parts`. glTF has y up; its root node turns the table frame
(x right, y away from the operator, z up) so, and lifts the table to its height.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np

from opstap.geometry import Capsule, Floats, Pose
from opstap.instructions import Cell, Part
from opstap.orientation.glb import Material, Mesh, Node, glb
from opstap.scene import FEET, WALL, Scene
from opstap.shapes import bin_mesh, box, capsule_mesh, case_mesh, open_box, part_mesh

TABLE, LEG, BIN, CASE = (
    Material((196, 188, 176), 0.8),
    Material((90, 96, 102)),
    Material((104, 124, 140)),
    Material((70, 76, 84)),
)
FLOOR, WALLS, SKIRTING = Material((150, 144, 136)), Material((214, 219, 220)), Material((120, 126, 130))
SEAT, ARM, JOINT = Material((60, 92, 120)), Material((196, 202, 206), 0.5), Material((70, 110, 150), 0.5)
TRAY = Material((176, 150, 110))
BOARD = 0.02
"""Thickness of the board under a stored tray, metres."""
TOP = 0.03
"""Thickness of the table top, metres."""
ROOM = (5.0, 5.0, 2.7)
"""Width, depth and height of the room, metres: where a cell stands is not in its scene file."""
Y_UP = (-float(np.sqrt(0.5)), 0.0, 0.0, float(np.sqrt(0.5)))
"""Turns z up into y up, quaternion x, y, z, w."""
ROUGHNESS = {"matte": 0.9, "glossy": 0.25, "dark": 0.8, "transparent": 0.2}


def scenery(cell: Cell, cobot: bool = False, folder: Path = Path()) -> Node:
    """The cell as a tree of named nodes.

    Args:
        cobot: whether the arm of the scene stands there; the scene must have one.
        folder: the scene file's, where the path of the arm's URDF starts.

    Raises:
        RobotError: the arm cannot be built.
    """
    scene = cell.scene
    children = [
        _room(scene),
        Node("table", _table(scene)),
        Node("bins", [(bin_mesh(b), BIN) for b in scene.bins]),
        Node("case", [(case_mesh(scene.case), CASE)]),
        Node("parts", children=[_part(name, part) for name, part in cell.task.parts.items()]),
    ]
    if cobot:
        children += [_arm(scene, folder), _tray(scene)]
    return Node("cell", translation=(0.0, scene.table.height, 0.0), rotation=Y_UP, children=children)


class Cache:
    """GLB files by what they were made of, in a folder: made once for a scene and a task, not at every start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, cell: Cell, cobot: bool = False, folder: Path = Path()) -> bytes:
        """The cell's GLB; a folder that cannot be written only costs the time to make it anew."""
        scene, task = cell.scene.model_dump_json(), cell.task.model_dump_json()
        code = "".join(path.read_text(encoding="utf-8") for path in _SOURCES)
        arm = (folder / cell.scene.cobot.model) if cobot and cell.scene.cobot else None
        urdf = arm.read_text(encoding="utf-8") if arm and arm.is_file() else ""
        key = sha256("\n".join((scene, task, code, str(cobot), urdf)).encode()).hexdigest()[:24]
        path = self._folder / f"{cell.scene.cell}_{key}.glb"
        try:
            return path.read_bytes()
        except OSError:
            made = glb(scenery(cell, cobot, folder))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            fresh.write_bytes(made)
            fresh.replace(path)
        except OSError:
            pass
        return made


_SOURCES = [
    Path(__file__),
    Path(__file__).with_name("glb.py"),
    Path(__file__).parents[1] / "shapes.py",
    Path(__file__).parents[1] / "presenting" / "robot.py",
]
"""What a file follows from besides scene and task: a change of these makes it anew."""


def _table(scene: Scene) -> list[tuple[Mesh, Material]]:
    w, d = scene.table.size
    height = scene.table.height - TOP
    legs = [
        (box(Pose.of((x * (w / 2 - 0.05), y * (d / 2 - 0.05), -TOP - height / 2)), (0.05, 0.05, height)), LEG)
        for x in (-1, 1)
        for y in (-1, 1)
    ]
    return [(box(Pose.of((0.0, 0.0, -TOP / 2)), (w, d, TOP)), TABLE), *legs]


def _room(scene: Scene) -> Node:
    """A plain room with a stool: bright enough to see, nothing to look at but the work."""
    w, d, h = ROOM
    floor, t = -scene.table.height, 0.05
    walls = [((x * w / 2, 0.0), (t, d)) for x in (-1, 1)] + [((0.0, y * d / 2), (w, t)) for y in (-1, 1)]
    surfaces: list[tuple[Mesh, Material]] = [(box(Pose.of((0.0, 0.0, floor - t / 2)), (w, d, t)), FLOOR)]
    for (x, y), (across, along) in walls:
        surfaces.append((box(Pose.of((x, y, floor + h / 2)), (across, along, h)), WALLS))
        surfaces.append((box(Pose.of((x, y, floor + 0.05)), (across + 0.03, along + 0.03, 0.1)), SKIRTING))
    stool = (0.0, -scene.table.size[1] / 2 - 0.45)
    seat = Capsule((*stool, floor + 0.50), (*stool, floor + 0.505), 0.16)
    post = Capsule((*stool, floor), (*stool, floor + 0.45), 0.03)
    return Node("room", [*surfaces, (_flattened(capsule_mesh(seat), floor + 0.5), SEAT), (capsule_mesh(post), LEG)])


def _flattened(mesh: Mesh, z: float) -> Mesh:
    """`mesh` squeezed to a quarter of its height around `z`."""
    vertices, faces = mesh
    return np.column_stack([vertices[:, :2], z + (vertices[:, 2] - z) / 4]), faces


def _part(name: str, part: Part) -> Node:
    return Node(f"part_{name}", [(part_mesh(part, Pose.of()), Material(part.color, ROUGHNESS[part.surface]))])


def _arm(scene: Scene, folder: Path) -> Node:
    """The arm at its home: `joint_<name>` turns or slides along the axis in its extras by the joint's position."""
    import pinocchio as pin

    from opstap.presenting.robot import Robot

    assert scene.cobot
    robot = Robot(scene.cobot, folder)
    model = robot.model

    def solids(joint: int) -> list[tuple[Mesh, Material]]:
        own = [s for s in robot.solids if s.joint == joint and s.link != "tray"]
        return [
            (capsule_mesh(Capsule(_point(s.start), _point(s.end), s.radius)), JOINT if s.link == "fork" else ARM)
            for s in own
        ]

    def node(joint: int) -> Node:
        """A joint: fixed where it sits on its parent, and inside that what moves."""
        placement, name, home = model.jointPlacements[joint], model.names[joint], float(robot.home[joint - 1])
        # Moved a little from zero, a joint shows its axis: the same for hinges and slides of any direction.
        moved = model.joints[joint].createData()
        model.joints[joint].calc(moved, np.full(model.nq, 0.5))
        axis = pin.log3(np.array(moved.M.rotation)) / 0.5
        slides = bool(np.allclose(axis, 0.0))
        if slides:
            axis = np.array(moved.M.translation) / 0.5
        turned = pin.exp3(np.zeros(3) if slides else axis * home)
        shifted = axis * home if slides else np.zeros(3)
        below = [node(j) for j in range(1, model.njoints) if model.parents[j] == joint]
        extras = {"axis": [round(float(v), 6) for v in axis], "slides": slides, "home": home}
        moving = Node(f"joint_{name}", solids(joint), _point(shifted), _quaternion(turned), below, extras)
        return Node(
            f"at_{name}", (), _point(placement.translation), _quaternion(placement.rotation), [moving]
        )  # fmt: skip

    first = [node(j) for j in range(1, model.njoints) if model.parents[j] == 0]
    return Node("cobot", [*solids(0), *_boards(scene)], children=first)


def _tray(scene: Scene) -> Node:
    """One tray, in its own frame; pages put copies where trays are."""
    assert scene.cobot
    along, across, height = scene.cobot.tray.size
    inside = (along - 2 * WALL, across - 2 * WALL, height - WALL)
    return Node("tray", [(open_box(Pose.of((0.0, 0.0, WALL)), inside), TRAY)])


def _boards(scene: Scene) -> list[tuple[Mesh, Material]]:
    """The board under every tray of the store."""
    assert scene.cobot
    along, across, _ = scene.cobot.tray.size
    under = Pose.of((0.0, 0.0, -FEET - BOARD / 2))
    return [(box(slot.pose @ under, (along, across, BOARD)), LEG) for slot in scene.cobot.store]


def _point(v: Floats) -> tuple[float, float, float]:
    return float(v[0]), float(v[1]), float(v[2])


def _quaternion(rotation: Floats) -> tuple[float, float, float, float]:
    """x, y, z, w of a rotation matrix."""
    import pinocchio as pin

    x, y, z, w = pin.Quaternion(np.array(rotation)).coeffs()
    return float(x), float(y), float(z), float(w)
