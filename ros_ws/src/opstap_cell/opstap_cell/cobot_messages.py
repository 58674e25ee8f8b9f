"""Messages of people and joints; apart from `convert`, so that only the cobot's node loads the robot libraries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import JointState

from opstap.geometry import Capsule
from opstap.presenting.backend import JointState as Joints
from opstap.presenting.separation import Body, People
from opstap_cell.convert import point_from_ros, time_from_ros, time_to_ros, voxels_from_ros
from opstap_interfaces.msg import BodyArray


def people_from_ros(message: BodyArray) -> People:
    """What perception saw, as points in the table frame. What the robot itself hides is as unknown as the rest."""
    bodies = tuple(
        Body(b.id, tuple(Capsule(point_from_ros(c.start), point_from_ros(c.end), c.radius) for c in b.capsules))
        for b in message.bodies
    )
    cells = tuple(message.cells)
    unknown = voxels_from_ros(message.unseen, cells) | voxels_from_ros(message.robot_shadow, cells)
    return People(
        time_from_ros(message.header.stamp),
        bodies,
        _middles(message, voxels_from_ros(message.occupied, cells)),
        float(message.voxel_size),
        _middles(message, unknown),
    )


def joints_to_ros(joints: Joints, names: tuple[str, ...]) -> JointState:
    message = JointState(name=list(names), position=joints.positions.tolist(), velocity=joints.velocities.tolist())
    message.header.stamp = time_to_ros(joints.stamp)
    return message


def _middles(message: BodyArray, voxels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Middles of the voxels that are set, (n, 3) metres in the table frame."""
    return np.asarray(point_from_ros(message.origin)) + (np.argwhere(voxels) + 0.5) * message.voxel_size
