"""What moves the robot: one contract, a simulated robot here, a `ros2_control` one in the ROS package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from opstap.geometry import Floats
from opstap.presenting.pacing import Horizon, standing

NS = 1_000_000_000


@dataclass(frozen=True, eq=False)
class JointState:
    """Where the joints were measured to be at `stamp` ns: positions (dof,) rad, velocities (dof,) rad/s."""

    stamp: int
    positions: Floats
    velocities: Floats


class RobotBackend(Protocol):
    """A robot that follows what it was last told, and stands at the end of it when nothing newer comes."""

    def send(self, horizon: Horizon, now: int) -> None:
        """Follow `horizon`, which begins `now` (ns), instead of what was told before."""

    def state(self, now: int) -> JointState | None:
        """The newest joint state; None: none was ever seen."""

    @property
    def scaling(self) -> float:
        """Share of the told speed that the controller itself allows, 0 to 1: at less than 1 it is slowed twice."""


class SimulatedRobot:
    """Follows exactly, `delay` seconds late, no faster than `speed` rad/s; purely kinematic."""

    scaling = 1.0

    def __init__(self, positions: Floats, delay: float = 0.03, speed: float = 3.14) -> None:
        self._delay, self._speed = int(delay * NS), speed
        self._told: list[tuple[int, Horizon]] = [(-(10**18), standing(positions))]
        self._last = JointState(-1, np.array(positions), np.zeros(len(positions)))

    def send(self, horizon: Horizon, now: int) -> None:
        self._told.append((now, horizon))

    def state(self, now: int) -> JointState | None:
        seen = now - self._delay
        while len(self._told) > 1 and self._told[1][0] <= seen:
            self._told.pop(0)
        begin, horizon = self._told[0]
        wanted = np.array([np.interp((seen - begin) / NS, horizon.seconds, p) for p in horizon.positions.T])
        last = self._last
        if last.stamp < 0 or now <= last.stamp:
            self._last = JointState(now, wanted if last.stamp < 0 else last.positions, np.zeros(len(wanted)))
            return self._last
        seconds = (now - last.stamp) / NS
        step = np.clip(wanted - last.positions, -self._speed * seconds, self._speed * seconds)
        self._last = JointState(now, last.positions + step, step / seconds)
        return self._last
