"""What stands still around the robot, and whether the robot is clear of it and of itself."""

from __future__ import annotations

import coal
import numpy as np
import pinocchio as pin

from opstap.geometry import Box, Floats, Pose
from opstap.presenting.robot import Robot, adjacent
from opstap.scene import FEET, Scene

MARGIN = 0.010
"""Every fixed thing is taken this much larger, metres: calibration of robot and table, and the fork's sag."""
DEVICE = 0.16
"""Edge of the cube that stands for a camera or projector and its mount, metres."""
STEP = 0.04
"""No joint moves farther than this between two poses that are checked, rad: 3 cm at the tip of a stretched arm."""
HEAD, HEAD_FROM = (0.60, 0.50), 0.40
"""Where heads are at the operator's edge: width and depth around 10 cm outside it, and from this height over the table,
metres."""
SHELF = 0.02
"""Thickness of the board under a stored tray, metres."""


def fixtures(scene: Scene) -> dict[str, Box]:
    """Everything that stands still, by name: table, bins, case, devices, shelf boards."""
    w, d = scene.table.size
    things = {"table": Box(Pose.of((0.0, 0.0, -0.025)), (w, d, 0.05 - 2 * MARGIN))}
    things |= {f"bin/{b.id}": b.outside for b in scene.bins}
    things["case"] = scene.case.outside
    cube = (DEVICE, DEVICE, DEVICE)
    things["camera"] = Box(Pose.of(scene.camera.position), cube)
    things |= {f"projector/{p.id}": Box(Pose.of(p.position), cube) for p in scene.projectors}
    if scene.cobot:
        # Nobody is there for sure, but no way leads through where the head of who works there is.
        things["head"] = Box(Pose.of((0.0, -d / 2 - 0.10, HEAD_FROM + 0.45)), (HEAD[0], HEAD[1], 0.9))
        for slot in scene.cobot.store:
            along, across, _ = scene.cobot.tray.size
            board = slot.pose @ Pose.of((0.0, 0.0, -FEET - SHELF / 2 - MARGIN))
            things[f"shelf/{slot.id}"] = Box(board, (along, across, SHELF))
    return things


class Surroundings:
    """Tells whether joint positions are free of collision. Not thread-safe, as its robot is not."""

    def __init__(self, robot: Robot, scene: Scene) -> None:
        self.robot = robot
        self._scene = scene
        geometry = pin.GeometryModel()
        for i, solid in enumerate(robot.solids):
            geometry.addGeometryObject(_capsule(f"{solid.link}/{i}", solid.joint, solid.start, solid.end, solid.radius))
        links = range(len(robot.solids))
        tray_from = next(i for i in links if robot.solids[i].link == "tray")
        self._needs_tray: list[bool] = []
        self._tray_of: list[str] = []
        """The stored tray that a pair is about; empty: none."""

        def pair(i: int, j: int, tray: str = "") -> None:
            geometry.addCollisionPair(pin.CollisionPair(i, j))
            self._needs_tray.append(i >= tray_from or tray_from <= j < len(links))
            self._tray_of.append(tray)

        for i in links:
            for j in links[i + 1 :]:
                if not adjacent(robot.solids, i, j):
                    pair(i, j)
        for name, box in fixtures(scene).items():
            j = self._add(geometry, name, box)
            for i in links:
                if not (robot.solids[i].joint == 0 and name == "table"):
                    pair(i, j)
        for slot in robot.cobot.store:
            j = self._add(geometry, f"stored/{slot.id}", robot.cobot.tray_box(slot.pose))
            for i in links:
                pair(i, j, slot.id)
        self._geometry = geometry
        self._data = pin.GeometryData(geometry)
        self._manager = pin.BroadPhaseManager_DynamicAABBTreeCollisionManager(robot.model, geometry, self._data)
        self._active: tuple[bool, str] | None = None

    def _add(self, geometry: pin.GeometryModel, name: str, box: Box) -> int:
        shape = coal.Box(*(float(s) + 2 * MARGIN for s in box.size))
        placement = pin.SE3(box.pose.rotation, box.pose.translation)
        return int(geometry.addGeometryObject(pin.GeometryObject(name, 0, placement, shape)))

    def free(self, q: Floats, carrying: bool, lifted: str = "") -> bool:
        """Whether the robot is clear at `q` (dof,); `lifted` is the slot whose tray is taken, or being taken."""
        self._activate(carrying, lifted)
        return not pin.computeCollisions(self.robot.model, self.robot.data, self._manager, q, True)

    def blocked_by(self, q: Floats, carrying: bool, lifted: str = "") -> str:
        """What the robot touches at `q`, in names; empty when it is free."""
        self._activate(carrying, lifted)
        pin.computeCollisions(self.robot.model, self.robot.data, self._geometry, self._data, q, False)
        pairs = zip(
            self._geometry.collisionPairs, self._data.collisionResults, self._data.activeCollisionPairs, strict=True
        )
        touching = [pair for pair, result, active in pairs if active and result.isCollision()]
        names = [g.name for g in self._geometry.geometryObjects]
        return ", ".join(f"{names[p.first]} and {names[p.second]}" for p in touching)

    def free_between(self, start: Floats, end: Floats, carrying: bool, lifted: str = "") -> bool:
        """Whether the straight way in joint space is clear, `end` included and `start` not; middle first."""
        count = int(np.ceil(np.abs(end - start).max() / STEP))
        if count == 0:
            return True
        shares = np.arange(1, count + 1) / count
        order = sorted(range(count), key=lambda i: _van_der_corput(i + 1))
        return all(self.free(start + shares[i] * (end - start), carrying, lifted) for i in [count - 1, *order])

    def _activate(self, carrying: bool, lifted: str) -> None:
        if (carrying, lifted) == self._active:
            return
        self._active = (carrying, lifted)
        for i, (needs, tray) in enumerate(zip(self._needs_tray, self._tray_of, strict=True)):
            wanted = (carrying or not needs) and not (tray and tray == lifted)
            (self._data.activateCollisionPair if wanted else self._data.deactivateCollisionPair)(i)


def _van_der_corput(i: int) -> float:
    """Spreads the checks: a collision in the middle of a way is met early (binary radical inverse)."""
    value, share = 0.0, 0.5
    while i:
        value += share * (i & 1)
        i, share = i >> 1, share / 2
    return value


def _capsule(name: str, joint: int, start: Floats, end: Floats, radius: float) -> pin.GeometryObject:
    """A capsule lies along z around its middle."""
    axis = end - start
    length = float(np.linalg.norm(axis))
    z = axis / length if length > 1e-9 else np.array([0.0, 0.0, 1.0])
    rotation = pin.Quaternion.FromTwoVectors(np.array([0.0, 0.0, 1.0]), z).matrix()
    return pin.GeometryObject(name, joint, pin.SE3(rotation, (start + end) / 2), coal.Capsule(radius, length))
