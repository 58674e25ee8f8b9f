"""The robot as the cell needs it: joints, capsules around its links, the fork and the tray it carries.

`UR5E` is built from the maker's public Denavit-Hartenberg values and our own capsules; any other arm comes from a URDF,
whose collision shapes are wrapped in capsules. All results are in the table frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import coal
import numpy as np
import pinocchio as pin

from opstap.geometry import Capsule, Floats, Pose
from opstap.scene import Cobot

UR5E = "ur5e"
UR5E_D = (0.1625, 0.0, 0.0, 0.1333, 0.0997, 0.0996)
UR5E_A = (0.0, -0.425, -0.3922, 0.0, 0.0, 0.0)
UR5E_ALPHA = (np.pi / 2, 0.0, 0.0, np.pi / 2, -np.pi / 2, 0.0)
"""Universal Robots, "DH parameters for calculations of kinematics and dynamics", UR5e: metres, radians."""
UR5E_MASSES = (3.761, 8.058, 2.846, 1.37, 1.3, 0.365)
"""Same source, kg."""
UR5E_JOINTS = ("shoulder_pan", "shoulder_lift", "elbow", "wrist_1", "wrist_2", "wrist_3")
UR5E_CAPSULES = (
    # link, joint it moves with, start, end (its frame), radius; estimated from the maker's drawings, rounded up
    ("base", 0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.09), 0.082),
    ("shoulder", 1, (0.0, 0.0, 0.1625), (0.0, -0.138, 0.1625), 0.075),
    ("upper_arm", 2, (0.0, 0.0, 0.138), (-0.425, 0.0, 0.138), 0.065),
    ("forearm", 3, (0.0, 0.0, 0.016), (-0.3922, 0.0, 0.016), 0.058),
    ("wrist_1", 4, (0.0, 0.0, 0.06), (0.0, 0.0, 0.1333), 0.052),
    ("wrist_2", 5, (0.0, 0.0, 0.04), (0.0, 0.0, 0.0997), 0.050),
    ("wrist_3", 6, (0.0, 0.0, 0.03), (0.0, 0.0, 0.0996), 0.045),
)
TOUCHING = 2
"""Links that are at most so many joints apart may touch: they are built that way."""
ADAPTER = 0.05
"""From flange to the tray's nearest edge, metres."""
NECK = 0.16
"""The fork hangs on a neck: the flange is this much higher than the tray's floor, metres, so that the wrist stays above
bins while a tray stands on the table."""
RIM = 0.008
"""The tines go under the tray's rim, so much below its upper edge, metres."""
FORK_RADIUS = 0.012
WIDER = 1.1
"""How much wider than a shape the capsule around it is."""
R_FLANGE_FORK = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
"""Fork frame: x the way the flange points, z up when the fork is level."""


class RobotError(Exception):
    """The robot of a scene cannot be built; the message says what was found and what is allowed."""


@dataclass(frozen=True, eq=False)
class Capsules:
    """Capsules around the robot's links at one moment, and how fast their ends move."""

    links: tuple[str, ...]
    start: Floats
    """(n, 3) metres, table frame."""
    end: Floats
    radius: Floats
    """(n,)"""
    start_velocity: Floats
    """(n, 3) m/s, table frame."""
    end_velocity: Floats

    def shapes(self) -> tuple[Capsule, ...]:
        """The same as plain capsules."""
        ends = zip(self.start.tolist(), self.end.tolist(), self.radius.tolist(), strict=True)
        return tuple(Capsule(tuple(a), tuple(b), r) for a, b, r in ends)

    def scaled(self, rate: float) -> Capsules:
        """The same at `rate` times the speed."""
        return replace(self, start_velocity=rate * self.start_velocity, end_velocity=rate * self.end_velocity)


@dataclass(frozen=True, eq=False)
class _Solid:
    link: str
    joint: int
    start: Floats
    end: Floats
    radius: float


class Robot:
    """Kinematics of one arm with the fork, and with or without a tray. Not thread-safe: every thread has its own."""

    def __init__(self, cobot: Cobot, folder: Path = Path()) -> None:
        """`folder` is where the path of a URDF starts.

        Raises:
            RobotError: the URDF cannot be read, or is not an arm of hinges.
        """
        self.cobot = cobot
        self.model, solids, self._flange = _ur5e() if cobot.model == UR5E else _from_urdf(folder / cobot.model)
        self.joints = tuple(self.model.names)[1:]
        self.dof = int(self.model.nq)
        if len(cobot.home_deg) != self.dof:
            raise RobotError(f"cobot.home_deg: found {len(cobot.home_deg)} angles, allowed: {self.dof}, one per joint")
        base = pin.SE3(cobot.pose.rotation, cobot.pose.translation)
        for joint in range(1, self.model.njoints):
            if self.model.parents[joint] == 0:
                self.model.jointPlacements[joint] = base * self.model.jointPlacements[joint]
        solids = [
            replace(s, start=base.act(s.start), end=base.act(s.end)) if s.joint == 0 else s for s in solids
        ]  # fmt: skip
        last = self.model.njoints - 1
        flange = Pose(np.array(self._flange.rotation), np.array(self._flange.translation))
        along, across, height = cobot.tray.size
        self._joint_tool = flange @ Pose(R_FLANGE_FORK, np.array([0.0, -NECK, ADAPTER + along / 2]))
        fork = [
            _Solid("fork", last, self._joint_tool.apply(a), self._joint_tool.apply(b), FORK_RADIUS)
            for a, b in _fork(along, across, height)
        ]
        tray = [_Solid("tray", last, self._joint_tool.apply(a), self._joint_tool.apply(b), r)
                for a, b, r in _around_box(along, across, height)]  # fmt: skip
        self.solids = [*solids, *fork, *tray]
        self._bare = len(self.solids) - len(tray)
        self._joint_of = np.array([s.joint for s in self.solids])
        self._ends = np.array([[s.start for s in self.solids], [s.end for s in self.solids]])
        self._radius = np.array([s.radius for s in self.solids])
        self._links = tuple(s.link for s in self.solids)
        self.lower = np.maximum(np.array(self.model.lowerPositionLimit), -2 * np.pi)
        self.upper = np.minimum(np.array(self.model.upperPositionLimit), 2 * np.pi)
        self.home = np.radians(np.array(cobot.home_deg, dtype=float))
        self.moving_mass = sum(float(i.mass) for i in self.model.inertias)
        """kg, all that moves without load."""
        self.data = self.model.createData()

    def tool(self, q: Floats) -> Pose:
        """T_table_tool: the middle of the tray's floor; x away from the flange, z up when the tray is level."""
        pin.forwardKinematics(self.model, self.data, q)
        joint = self.data.oMi[self.model.njoints - 1]
        return Pose(np.array(joint.rotation), np.array(joint.translation)) @ self._joint_tool

    def flange(self, q: Floats) -> Floats:
        """Rotation (3, 3) of the flange in the table frame, where a force sensor sits."""
        return np.asarray(self.tool(q).rotation @ R_FLANGE_FORK.T)

    def tray_at(self, tool: Pose) -> tuple[Capsule, ...]:
        """Capsules around a tray at `tool`, table frame."""
        return tuple(
            Capsule(tuple(tool.apply(a).tolist()), tuple(tool.apply(b).tolist()), r)
            for a, b, r in _around_box(*self.cobot.tray.size)
        )

    def joint_goal(self, tool: Pose) -> pin.SE3:
        """Where the last joint's frame is when the tool is at `tool`."""
        goal = tool @ self._joint_tool.inverse()
        return pin.SE3(goal.rotation, goal.translation)

    def flange_goal(self, tool: Pose) -> Pose:
        """T_base_flange when the tool is at `tool`, as closed-form kinematics ask for it."""
        flange = Pose(np.array(self._flange.rotation), np.array(self._flange.translation))
        return self.cobot.pose.inverse() @ tool @ self._joint_tool.inverse() @ flange

    def capsules(self, q: Floats, velocity: Floats, carrying: bool) -> Capsules:
        """The capsules at joint positions `q` (dof,) rad with joint velocities (dof,) rad/s."""
        pin.forwardKinematics(self.model, self.data, q, velocity)
        n = len(self.solids) if carrying else self._bare
        count, data = self.model.njoints, self.data
        rotation = np.array([data.oMi[j].rotation for j in range(count)])
        twist = np.array([data.v[j].vector for j in range(count)])
        angular = np.zeros((count, 3, 3))
        angular[:, _SKEW[0], _SKEW[1]] = twist[:, 3:, None] * [1.0, -1.0]
        # (rows place and speed) = turn * (point in the joint's frame) + shift, both ends at once.
        turn = np.concatenate([rotation, rotation @ angular], axis=1)
        origin = np.array([data.oMi[j].translation for j in range(count)])
        shift = np.concatenate([origin, np.einsum("nij,nj->ni", rotation, twist[:, :3])], axis=1)
        of = self._joint_of[:n]
        both = np.einsum("nij,knj->kni", turn[of], self._ends[:, :n]) + shift[of]
        (start, end), (start_velocity, end_velocity) = both[..., :3], both[..., 3:]
        return Capsules(self._links[:n], start, end, self._radius[:n], start_velocity, end_velocity)


_SKEW = (np.array([[2, 1], [0, 2], [1, 0]]), np.array([[1, 2], [2, 0], [0, 1]]))
"""Where the parts x, y, z of a vector stand in the matrix of its cross product, with sign + and -."""


def _fork(along: float, across: float, height: float) -> list[tuple[tuple[float, float, float], ...]]:
    """The neck, the beam behind the tray and a tine along either side of it, fork frame."""
    flange, back, tip = -along / 2 - ADAPTER, -along / 2 - 2 * FORK_RADIUS, along / 2
    side, z = across / 2, height - RIM - FORK_RADIUS
    return [
        ((flange, 0.0, NECK), (back, 0.0, z)),
        ((back, -side, z), (back, side, z)),
        ((back, -side, z), (tip, -side, z)),
        ((back, side, z), (tip, side, z)),
    ]


def _around_box(along: float, across: float, height: float) -> list[tuple[Floats, Floats, float]]:
    """Capsules side by side that hold the tray, whose floor's middle is the fork frame's origin."""
    strips = max(1, int(np.ceil(1.5 * across / height)))
    width = across / strips
    radius = float(np.hypot(width, height) / 2)
    half = max(0.0, along / 2 - radius + height / 2)
    middles = (np.arange(strips) + 0.5) * width - across / 2
    return [
        (np.array([-half, y, height / 2]), np.array([half, y, height / 2]), radius)
        for y in middles
    ]  # fmt: skip


Built = tuple[pin.Model, list[_Solid], pin.SE3]


def _ur5e() -> Built:
    model = pin.Model()
    placement, parent = pin.SE3.Identity(), 0
    for name, d, a, alpha, mass in zip(UR5E_JOINTS, UR5E_D, UR5E_A, UR5E_ALPHA, UR5E_MASSES, strict=True):
        reach = np.pi if name == "elbow" else 2 * np.pi
        parent = model.addJoint(parent, pin.JointModelRZ(), placement, name, np.array([150.0]), np.array([np.pi]),
                                np.array([-reach]), np.array([reach]))  # fmt: skip
        model.appendBodyToJoint(parent, pin.Inertia(mass, np.zeros(3), 0.01 * np.eye(3)), pin.SE3.Identity())
        placement = pin.SE3(pin.utils.rpyToMatrix(alpha, 0.0, 0.0), np.array([a, 0.0, d]))
    solids = [_Solid(n, j, np.array(s), np.array(e), r) for n, j, s, e, r in UR5E_CAPSULES]
    return model, solids, placement


def _from_urdf(path: Path) -> Built:
    if not path.is_file():
        raise RobotError(f"cobot.model: found '{path}', allowed: {UR5E}, or the path of a URDF file")
    # `package://` is looked for around the file; Pinocchio itself looks where ROS has its packages (AMENT_PREFIX_PATH).
    packages = [str(p) for p in (path.parent, *path.parents[1:4])]
    try:
        model = pin.buildModelFromUrdf(str(path))
        geometry = pin.buildGeomFromUrdf(model, str(path), pin.GeometryType.COLLISION, package_dirs=packages)
    except (ValueError, RuntimeError) as error:
        raise RobotError(f"{path}: cannot be read as a robot: {error}") from error
    if model.nq != model.nv or model.nq == 0:
        raise RobotError(f"{path}: found joints without limits or none at all, allowed: hinges and slides with limits")
    solids = [_wrapped(g) for g in geometry.geometryObjects]
    last = model.njoints - 1
    tips = [f for f in model.frames if f.parentJoint == last and f.type == pin.FrameType.BODY]
    flange = next((f for f in tips if f.name in ("flange", "tool0")), tips[-1] if tips else None)
    return model, solids, flange.placement if flange else pin.SE3.Identity()


def _wrapped(thing: pin.GeometryObject) -> _Solid:
    """One capsule around a collision shape, along its longest direction.

    A tenth wider than the shape is around that axis: then its round caps need to stick out only half as far.
    """
    placement = thing.placement
    points = _corners(thing.geometry, np.array(thing.meshScale)) @ placement.rotation.T + placement.translation
    middle = points.mean(axis=0)
    axis = np.linalg.svd(points - middle, full_matrices=False)[2][0]
    along = (points - middle) @ axis
    around = float(np.linalg.norm(points - middle - along[:, None] * axis, axis=1).max())
    inset = min(around * (WIDER**2 - 1) ** 0.5, float(np.ptp(along)) / 2)
    low, high = along.min() + inset, along.max() - inset
    return _Solid(thing.name, int(thing.parentJoint), middle + low * axis, middle + high * axis, WIDER * around)


def _corners(shape: coal.CollisionGeometry, scale: Floats) -> Floats:
    """Points (n, 3) whose hull is the shape, or a box around it."""
    if hasattr(shape, "vertices"):
        return np.array(shape.vertices()) * scale
    shape.computeLocalAABB()
    low, high = np.array(shape.aabb_local.min_), np.array(shape.aabb_local.max_)
    return np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])


def adjacent(solids: Sequence[_Solid], i: int, j: int) -> bool:
    """Whether two solids are built so near each other that they may touch."""
    return abs(solids[i].joint - solids[j].joint) < TOUCHING
