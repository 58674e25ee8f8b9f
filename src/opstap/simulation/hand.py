"""A hand that goes somewhere, takes hold of parts and lets go of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from opstap.geometry import Box, Capsule, Floats, Pose
from opstap.scene import Scene
from opstap.simulation.arm import CLOSED, OPEN, Arm, Path, Tremor
from opstap.simulation.world import Held

CLEARANCE = 0.055
"""Fingertips pass this high over rims and table, metres: a part hangs below them."""
MARGIN = 0.04
"""A rim counts when the hand passes within this distance of it, metres."""
REACH_SECONDS, SECONDS_PER_METRE = 0.55, 0.85
"""Duration of a movement at speed 1, with its length: about 0.8 s for a usual reach, as people do when not hurried."""
FINGER_SPEED = 0.03
"""Of a fingertip that opens or closes, m/s."""
GRIP_DEPTH = 0.004
"""How far below a part's top the fingertips hold it, metres."""
FINGER_THICKNESS = 0.009
"""Fingertips stay this far above a floor, metres."""
FINGER_ROOM = 0.030
"""Fingertips stay this far from a place's walls, metres; a part that lies nearer is held off its middle."""


def grip_point(room: Box, part: Pose, height: float) -> Floats:
    """Where the fingers hold a part of `height` that lies at `part` in `room`, the inside of a bin or slot."""
    local = room.pose.inverse().apply(part.translation + (0.0, 0.0, height / 2 - GRIP_DEPTH))
    local[2] = max(local[2], FINGER_THICKNESS - room.size[2] / 2)
    free = np.maximum(np.array(room.size[:2]) / 2 - FINGER_ROOM, 0.0)
    local[:2] = np.clip(local[:2], -free, free)
    return room.pose.apply(local)


class Terrain:
    """How high a hand has to be over bins and case."""

    def __init__(self, scene: Scene) -> None:
        boxes = [*(b.outside for b in scene.bins), scene.case.outside]
        if scene.cobot:
            # As if a tray stood there all the time.
            boxes += [scene.cobot.tray_box(scene.cobot.standing(z)) for z in scene.zones if z.kind == "handover"]
        self._centres = np.array([b.pose.translation[:2] for b in boxes])
        self._axes = np.array([b.pose.rotation[:2, :2].T for b in boxes])
        self._halves = np.array([b.size[:2] for b in boxes]) / 2 + MARGIN
        self._rims = np.array([b.corners()[:, 2].max() for b in boxes])

    def top(self, start: Floats, goal: Floats) -> float:
        """Height to travel at, from `start` to `goal` (3,), metres."""
        points = start[:2] + np.linspace(0.0, 1.0, 25)[:, None] * (goal - start)[:2]
        local = np.einsum("bij,bpj->bpi", self._axes, points[None] - self._centres[:, None])
        under = (np.abs(local) <= self._halves[:, None]).all(axis=-1).any(axis=1)
        rim = float(self._rims[under].max()) if under.any() else 0.0
        return max(rim + CLEARANCE, float(start[2]), float(goal[2]))


@dataclass(eq=False)
class _Grasped:
    part: str
    offset: Floats
    """From the grip point to the part's centre."""
    rotation: Floats
    turn: Floats
    """Rotation vector of the turn that it makes on the way."""
    shift: Floats
    """How far it slips between the fingers on the way."""


class Hand:
    """One hand with its arm. `grip` (3,) is the point between the fingertips, table frame, without tremor."""

    def __init__(self, arm: Arm, grip: Floats, terrain: Terrain, speed: float, tremor: Tremor) -> None:
        self.arm = arm
        self.grip = grip
        self.opening = OPEN
        self.grasped: list[_Grasped] = []
        self._wanted_opening = OPEN
        self._terrain = terrain
        self._speed = speed
        self._tremor = tremor
        self._path: Path | None = None
        self._since = 0.0
        self._seconds = 0.0
        self._turned = 0.0

    @property
    def busy(self) -> bool:
        """Whether it is on its way."""
        return self._path is not None

    def go(self, goal: Floats, landing: Pose | None = None) -> None:
        """Set off to `goal` (3,); what was taken last is turned on the way so that it arrives at `landing`."""
        length = float(np.linalg.norm(goal - self.grip))
        duration = (REACH_SECONDS + SECONDS_PER_METRE * length) / self._speed
        self._path = Path(self.grip, goal, self._terrain.top(self.grip, goal), duration)
        self._since = self._seconds
        for held in self.grasped:
            held.rotation, held.offset = self._rotation(held), self._offset(held)
            held.turn = held.shift = np.zeros(3)
        if landing:
            held = self.grasped[-1]
            held.turn = cv2.Rodrigues(held.rotation.T @ landing.rotation)[0].ravel()
            held.shift = landing.translation - goal - held.offset
        self._turned = 0.0

    def close(self) -> None:
        self._wanted_opening = CLOSED

    def open(self) -> None:
        self._wanted_opening = OPEN

    def hold(self, part: str, pose: Pose, height: float) -> None:
        """Have `part`, which is at `pose`; what the hand holds already moves up into the palm by its `height`."""
        for held in self.grasped:
            held.offset = held.offset + (0.0, 0.0, height)
        self.grasped.append(_Grasped(part, pose.translation - self.grip, pose.rotation, np.zeros(3), np.zeros(3)))

    def drop(self) -> str:
        """Let go of the part that was taken last; the part."""
        return self.grasped.pop().part

    def tick(self, dt: float) -> None:
        """Move on by `dt` seconds."""
        self._seconds += dt
        step = FINGER_SPEED * dt
        self.opening += min(step, max(-step, self._wanted_opening - self.opening))
        if self._path is None:
            return
        gone = self._seconds - self._since
        self._turned = self._path.across(gone)
        self.grip = self._path.at(gone)
        if gone >= self._path.duration - 1e-9:
            self.grip, self._path = self._path.goal, None

    def capsules(self) -> tuple[Capsule, ...]:
        """The arm as it is now."""
        return self.arm.capsules(self.arm.reach(self._shaking()), self.opening)

    def held(self) -> tuple[Held, ...]:
        """The parts in the hand as they are now."""
        grip = self._shaking()
        return tuple(Held(h.part, Pose(self._rotation(h), grip + self._offset(h))) for h in self.grasped)

    def _shaking(self) -> Floats:
        return self.grip + self._tremor.at(self._seconds)

    def _offset(self, held: _Grasped) -> Floats:
        return held.offset + self._turned * held.shift

    def _rotation(self, held: _Grasped) -> Floats:
        if not held.turn.any():
            return held.rotation
        return np.asarray(held.rotation @ cv2.Rodrigues(self._turned * held.turn)[0])
