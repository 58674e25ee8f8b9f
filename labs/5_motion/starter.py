"""Lab 5: the robot waves."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opstap.instructions import load_cell
from opstap.presenting.robot import Robot
from opstap.presenting.surroundings import Surroundings
from opstap.presenting.timing import TICK, Trajectory, timed
from opstap.scene import MotionLimits

Joints = NDArray[np.float64]


def wave(home: Joints, limits: MotionLimits, free: Callable[[Joints], bool]) -> Trajectory | None:
    """From `home`, swing the last joint but one to and fro twice, by 0.35 to 0.6 rad to either side, and come home.

    Args:
        home: joint positions, (6,) rad.
        limits: of every joint.
        free: whether joint positions touch nothing.

    At no more than a third of the speed that the limits allow: it is a greeting, not a show.
    """
    return timed([home], limits, free)


def main() -> None:
    import matplotlib.pyplot as plt

    cell = load_cell(Path("config/cells/oral_care.yaml"), Path("config/tasks/oral_care_case.yaml"))
    robot = Robot(cell.scene.cobot)
    around = Surroundings(robot, cell.scene)
    made = wave(robot.home, cell.scene.cobot.limits, lambda q: around.free(q, carrying=False))
    plt.plot(np.arange(len(made.positions)) * TICK, made.positions)
    plt.xlabel("s")
    plt.ylabel("rad")
    plt.savefig("wave.png")


if __name__ == "__main__":
    main()
