"""The simulated cobot: follows what it is told, lifts trays with its fork, feels their weight.

It stands for arm, controller and force sensor together, behind the same topics as real ones. Purely kinematic: a tray
is on the fork when the fork is under its rim and higher than where the tray stood, and stays where it is put down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opstap.geometry import Capsule, Floats, Pose
from opstap.presenting.backend import NS, JointState, SimulatedRobot
from opstap.presenting.pacing import Horizon
from opstap.presenting.robot import Robot
from opstap.scene import FEET, Scene

LATE = 2
"""Frames from a picture's capture to the command that answers it; a third one is the controller's delay."""
UNDER = 0.015
"""A fork this near to its place under a tray lifts it, metres."""
LIFTED = 0.001
"""Metres above where it stood from which a tray is on the fork."""
GRAVITY = 9.81
NEAR = 0.45
"""A tray this near to a handover zone is seen to come there, metres."""


@dataclass
class Tray:
    """One tray of the store."""

    slot: str
    pose: Pose
    """T_table_tray, the middle of the floor."""
    level: float
    """Height of its floor where it stands, metres."""
    on_fork: bool = False


class SimulatedCobot:
    """Arm, fork and trays of `scene`; one `tick` a camera frame."""

    def __init__(self, scene: Scene) -> None:
        assert scene.cobot
        self._scene, self._cobot = scene, scene.cobot
        frame = NS / scene.camera.fps
        self._late = round(LATE * frame)
        self._model: Robot | None = Robot(scene.cobot)
        self._arm = SimulatedRobot(self._model.home, delay=(frame - 1000) / NS)
        self.names = self._model.joints
        self.trays = [Tray(s.id, s.pose, s.position[2]) for s in scene.cobot.store]
        self.joints = JointState(0, self._model.home, 0 * self._model.home)
        self.capsules: tuple[Capsule, ...] = ()

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_model": None}  # made again: it is a library's object that cannot be saved

    @property
    def model(self) -> Robot:
        if self._model is None:
            self._model = Robot(self._cobot)
        return self._model

    def tell(self, horizon: Horizon, source: int) -> None:
        """Follow `horizon`, the answer to the frame of stamp `source` ns."""
        self._arm.send(horizon, source + self._late)

    def tick(self, stamp: int) -> None:
        """Be where it is at `stamp`, ns."""
        self.joints = self._arm.state(stamp) or self.joints
        q = self.joints.positions
        self.capsules = self.model.capsules(q, self.joints.velocities, carrying=False).shapes()
        self._carry(self.model.tool(q))

    @property
    def moving(self) -> bool:
        """Whether a joint turns."""
        return bool(np.abs(self.joints.velocities).max() > 1e-3)

    def _carry(self, fork: Pose) -> None:
        for tray in self.trays:
            height = float(fork.translation[2])
            if not tray.on_fork:
                apart = float(np.abs(fork.translation[:2] - tray.pose.translation[:2]).max())
                turned = (fork.rotation.T @ tray.pose.rotation)[0, 0]
                tray.on_fork = apart < UNDER and turned > 0.99 and LIFTED < height - tray.level < 0.1
            elif height <= self._level(fork) + LIFTED / 2:
                tray.on_fork, tray.level = False, self._level(fork)
                tray.pose = Pose(fork.rotation, np.array([*fork.translation[:2], tray.level]))
            if tray.on_fork:
                tray.pose = fork

    def _level(self, fork: Pose) -> float:
        """Height at which a tray at `fork` stands: on its shelf or on the table."""
        near = [s for s in self._cobot.store if np.abs(fork.translation[:2] - s.position[:2]).max() < UNDER]
        return float(near[0].position[2]) if near else FEET

    @property
    def force(self) -> Floats:
        """What a force sensor at the flange feels (3,), N, in its own frame: the weight of the tray on the fork."""
        carried = any(t.on_fork for t in self.trays)
        weight = np.array([0.0, 0.0, -self._cobot.tray.mass * GRAVITY if carried else 0.0])
        return np.asarray(self.model.flange(self.joints.positions).T @ weight)

    @property
    def out(self) -> list[Tray]:
        """Trays that are not in the store."""
        store = {s.id: np.array(s.position) for s in self._cobot.store}
        return [t for t in self.trays if np.abs(t.pose.translation - store[t.slot]).max() > UNDER]

    def coming(self) -> str:
        """Zone that a tray on the fork is near to and comes down over; empty: none."""
        for tray in self.trays:
            for zone in self._scene.zones:
                apart = np.linalg.norm(tray.pose.translation[:2] - zone.position)
                if tray.on_fork and zone.kind == "handover" and apart < NEAR:
                    return zone.id
        return ""

    def standing(self) -> dict[str, Tray]:
        """Zone id -> the tray that stands there."""
        found = {}
        for zone in self._scene.zones:
            for tray in self.trays:
                apart = np.abs(tray.pose.translation[:2] - zone.position).max()
                if zone.kind == "handover" and not tray.on_fork and apart < 2 * UNDER:
                    found[zone.id] = tray
        return found
