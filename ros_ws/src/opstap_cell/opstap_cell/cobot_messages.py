"""Messages of people and joints; apart from `convert`, so that only the cobot's node loads the robot libraries."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import Point
from numpy.typing import NDArray
from sensor_msgs.msg import JointState

from opstap.geometry import Capsule
from opstap.presenting.backend import JointState as Joints
from opstap.presenting.separation import Body, People
from opstap_cell.convert import point_from_ros, time_from_ros, time_to_ros
from opstap_interfaces.msg import BodyArray


def people_from_ros(message: BodyArray) -> People:
    bodies = tuple(
        Body(b.id, tuple(Capsule(point_from_ros(c.start), point_from_ros(c.end), c.radius) for c in b.capsules))
        for b in message.bodies
    )
    stamp = time_from_ros(message.header.stamp)
    return People(stamp, bodies, _points(message.voxels), float(message.voxel_size), _points(message.unseen))


def joints_to_ros(joints: Joints, names: tuple[str, ...]) -> JointState:
    message = JointState(name=list(names), position=joints.positions.tolist(), velocity=joints.velocities.tolist())
    message.header.stamp = time_to_ros(joints.stamp)
    return message


def _points(given: list[Point]) -> NDArray[np.float64]:
    return np.array([point_from_ros(p) for p in given], dtype=float).reshape(-1, 3)
