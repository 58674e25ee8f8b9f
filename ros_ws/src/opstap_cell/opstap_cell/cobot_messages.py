"""Messages of people and joints; apart from `convert`, so that only the cobot's node loads the robot libraries."""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Duration
from numpy.typing import NDArray
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectoryPoint

from opstap.geometry import Capsule
from opstap.presenting.backend import JointState as Joints
from opstap.presenting.pacing import Horizon
from opstap.presenting.presenter import Intent, Motion, Result
from opstap.presenting.separation import Body as Seen
from opstap.presenting.separation import People
from opstap_cell.convert import (
    capsule_to_ros,
    point_from_ros,
    point_to_ros,
    time_from_ros,
    time_to_ros,
    voxels_from_ros,
)
from opstap_interfaces.msg import Body, BodyArray, CobotIntent, CobotState


def people_from_ros(message: BodyArray) -> People:
    """What perception saw, as points in the table frame."""
    bodies = tuple(
        Seen(b.id, tuple(Capsule(point_from_ros(c.start), point_from_ros(c.end), c.radius) for c in b.capsules))
        for b in message.bodies
    )
    cells = tuple(message.cells)
    return People(
        time_from_ros(message.header.stamp),
        bodies,
        _middles(message, voxels_from_ros(message.occupied, cells)),
        float(message.voxel_size),
        _middles(message, voxels_from_ros(message.unseen, cells)),
        _middles(message, voxels_from_ros(message.out_of_view, cells)),
    )


def joints_to_ros(joints: Joints, names: tuple[str, ...]) -> JointState:
    message = JointState(name=list(names), position=joints.positions.tolist(), velocity=joints.velocities.tolist())
    message.header.stamp = time_to_ros(joints.stamp)
    return message


def joints_from_ros(message: JointState, joints: tuple[str, ...]) -> Joints | None:
    """The state of `joints`; they come in the broadcaster's order, and not all of the message need be this arm's.

    None where some are missing.
    """
    at = {name: i for i, name in enumerate(message.name)}
    if not all(name in at and at[name] < len(message.position) for name in joints):
        return None
    order = [at[name] for name in joints]
    velocity = [message.velocity[i] for i in order] if message.velocity else [0.0] * len(order)
    position = np.array([message.position[i] for i in order])
    return Joints(time_from_ros(message.header.stamp), position, np.array(velocity))


def points_to_ros(horizon: Horizon) -> list[JointTrajectoryPoint]:
    points = []
    for seconds, q, v in zip(horizon.seconds, horizon.positions, horizon.velocities, strict=True):
        point = JointTrajectoryPoint(positions=[float(x) for x in q], velocities=[float(x) for x in v])
        nanoseconds = int(seconds * 1e9)
        point.time_from_start = Duration(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)
        points.append(point)
    return points


def robot_to_ros(stamp: int, frame: str, links: tuple[Capsule, ...], tray: tuple[Capsule, ...]) -> BodyArray:
    """The robot's own capsules, so that perception does not take it for somebody."""
    parts = {"robot": links, "tray": tray}
    message = BodyArray(
        bodies=[Body(id=name, capsules=[capsule_to_ros(c) for c in capsules]) for name, capsules in parts.items()]
    )
    message.header.stamp, message.header.frame_id = time_to_ros(stamp), frame
    return message


def intent_to_ros(intent: Intent, now: int, frame: str, moving: bool) -> CobotIntent:
    message = CobotIntent(moving=moving, start=time_to_ros(intent.start), reason=intent.reason)
    message.header.stamp, message.header.frame_id = time_to_ros(now), frame
    message.duration = Duration(sec=int(intent.seconds), nanosec=int(intent.seconds % 1 * 1e9))
    message.swept = [point_to_ros((float(x), float(y), 0.0)) for x, y in intent.outline]
    return message


def state_to_ros(motion: Motion) -> CobotState:
    """What the robot does now; without a header, so that it can be compared with what was told last."""
    return CobotState(
        phase=motion.phase, needs_consent=motion.needs_consent, not_taken=motion.result is Result.NOT_TAKEN,
        speed_scale=float(motion.limit.rate), limited_by=motion.limit.reason,
    )  # fmt: skip


def _middles(message: BodyArray, voxels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Middles of the voxels that are set, (n, 3) metres in the table frame."""
    return np.asarray(point_from_ros(message.origin)) + (np.argwhere(voxels) + 0.5) * message.voxel_size
