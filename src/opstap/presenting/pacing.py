"""How fast the robot is along its way: the trajectory is walked slower or faster, never left.

Time along the trajectory is one axis; Ruckig moves its rate with limited acceleration and jerk. Whatever the separation
asks for, the robot stays on the path that was planned and checked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ruckig

from opstap.geometry import Floats
from opstap.presenting.separation import SeparationLimits
from opstap.presenting.timing import Trajectory

SPEED_UP = 1.0
"""How fast the rate rises, 1/s2: less than it falls, so that a robot that was let go does not startle."""


@dataclass(frozen=True, eq=False)
class Horizon:
    """What the robot is told: joint positions (n, dof) rad and velocities at `seconds` (n,) from now.

    It always ends at rest: when nothing newer comes, the robot has stopped on its way by then.
    """

    seconds: Floats
    positions: Floats
    velocities: Floats


class Pacer:
    """Walks one trajectory. `along` is the time along it, seconds; `rate` 0 to 1; `change` 1/s2."""

    def __init__(self, trajectory: Trajectory, limits: SeparationLimits) -> None:
        self.trajectory = trajectory
        self.along = self.rate = self.change = 0.0
        self._limits = limits
        self._solver = ruckig.Ruckig(1)

    @property
    def done(self) -> bool:
        """Whether the end is reached."""
        return self.along >= self.trajectory.duration - 1e-6

    def step(self, rate: float, seconds: float) -> None:
        """Go on for `seconds`, towards `rate`."""
        profile = self._profile(self.along, self.rate, self.change, rate)
        (self.along,), (self.rate,), (self.change,) = profile.at_time(seconds)
        self._settle()

    def _settle(self) -> None:
        """Rounding leaves neither a rate outside 0 to 1 nor a time outside the trajectory."""
        self.rate = min(max(self.rate, 0.0), 1.0)
        if self.rate == 0.0:
            self.change = max(self.change, 0.0)
        self.along = min(max(self.along, 0.0), self.trajectory.duration)

    def horizon(self, rate: float, hold: float, tick: float) -> Horizon:
        """From now towards `rate` for `hold` seconds, then to standstill; a point every `tick` seconds."""
        going = self._profile(self.along, self.rate, self.change, rate)
        (along,), (reached,), (change,) = going.at_time(hold)
        reached = min(max(reached, 0.0), 1.0)
        stopping = self._profile(along, reached, change if reached else max(change, 0.0), 0.0)
        end = hold + stopping.duration
        moments = np.append(np.arange(0.0, end - tick / 10, tick), [end, end + tick])  # no two at one moment
        states = [going.at_time(t) if t < hold else stopping.at_time(t - hold) for t in moments]
        along, rates = np.array([(s, r) for (s,), (r,), _ in states]).T
        positions, velocities = self.trajectory.sampled(along)
        velocities *= np.where(along < self.trajectory.duration, np.maximum(rates, 0.0), 0.0)[:, None]
        velocities[-2:] = 0.0
        positions[-1] = positions[-2]
        return Horizon(moments, positions, velocities)

    def _profile(self, along: float, rate: float, change: float, target: float) -> ruckig.Trajectory:
        wanted = ruckig.InputParameter(1)
        wanted.control_interface = ruckig.ControlInterface.Velocity
        wanted.current_position, wanted.current_velocity = [along], [rate]
        wanted.current_acceleration, wanted.target_velocity = [change], [min(max(target, 0.0), 1.0)]
        wanted.max_acceleration, wanted.min_acceleration = [SPEED_UP], [-self._limits.stop_rate]
        wanted.max_jerk = [self._limits.stop_jerk]
        profile = ruckig.Trajectory(1)
        self._solver.calculate(wanted, profile)
        return profile


def standing(q: Floats) -> Horizon:
    """Stay at `q` (dof,)."""
    return Horizon(np.array([0.0]), q[None], np.zeros((1, len(q))))
