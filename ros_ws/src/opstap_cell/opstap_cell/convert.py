"""Between messages and the library's values; every number is cast here, since messages take a wrong type silently."""

from __future__ import annotations

import array
from itertools import islice

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, Quaternion, Vector3
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from opstap.geometry import Capsule
from opstap.geometry import Pose as RigidPose
from opstap.instructions import Cell
from opstap.perception.bodies import VOXEL, Bodies, Grid
from opstap.perception.watch import Hand, PlaceSeen
from opstap.scene import Profile
from opstap.simulation.world import Held, WorldState
from opstap.workflow.levels import alone
from opstap.workflow.model import (
    Asked,
    Content,
    Happened,
    OperatorInput,
    Phase,
    Problem,
    State,
    Tray,
    Trouble,
    WorkspaceEvent,
)
from opstap.workflow.order import current_step
from opstap.zones import CELL, Clear
from opstap_interfaces import msg as m

CONTENTS = (Content.FILLED, Content.EMPTY, Content.CANNOT_SEE)
SIDES = ("unknown", "left", "right")


def time_to_ros(stamp: int) -> Time:
    return Time(sec=int(stamp // 1_000_000_000), nanosec=int(stamp % 1_000_000_000))


def time_from_ros(time: Time) -> int:
    return int(time.sec) * 1_000_000_000 + int(time.nanosec)


def point_to_ros(p: tuple[float, float, float] | NDArray[np.float64]) -> Point:
    return Point(x=float(p[0]), y=float(p[1]), z=float(p[2]))


def point_from_ros(p: Point) -> tuple[float, float, float]:
    return (p.x, p.y, p.z)


def vector_to_ros(v: tuple[float, float, float] | NDArray[np.float64]) -> Vector3:
    return Vector3(x=float(v[0]), y=float(v[1]), z=float(v[2]))


def pose_to_ros(pose: RigidPose) -> Pose:
    """Rotation matrix to quaternion xyzw (Shepperd 1978: divide by the largest component)."""
    r = pose.rotation
    squares = np.array([1 + r[0, 0] - r[1, 1] - r[2, 2], 1 - r[0, 0] + r[1, 1] - r[2, 2],
                        1 - r[0, 0] - r[1, 1] + r[2, 2], 1 + r[0, 0] + r[1, 1] + r[2, 2]])  # fmt: skip
    i = int(np.argmax(squares))
    rows = np.array([
        [squares[0], r[0, 1] + r[1, 0], r[0, 2] + r[2, 0], r[2, 1] - r[1, 2]],
        [r[0, 1] + r[1, 0], squares[1], r[1, 2] + r[2, 1], r[0, 2] - r[2, 0]],
        [r[0, 2] + r[2, 0], r[1, 2] + r[2, 1], squares[2], r[1, 0] - r[0, 1]],
        [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], squares[3]],
    ])  # fmt: skip
    q = rows[i] / np.linalg.norm(rows[i])
    orientation = Quaternion(x=float(q[0]), y=float(q[1]), z=float(q[2]), w=float(q[3]))
    return Pose(position=point_to_ros(pose.translation), orientation=orientation)


def pose_from_ros(pose: Pose) -> RigidPose:
    q = pose.orientation
    x, y, z, w = q.x, q.y, q.z, q.w
    rotation = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    return RigidPose(rotation, np.array(point_from_ros(pose.position)))


ENCODINGS = {"16UC1": (np.uint16, 1), "rgb8": (np.uint8, 3), "mono8": (np.uint8, 1)}


def image_to_ros(image: NDArray[np.uint8] | NDArray[np.uint16], encoding: str, frame: str, stamp: int) -> Image:
    """An image (h, w) uint16 as "16UC1" (h, w, 3) uint8 as "rgb8", or (h, w) uint8 as "mono8"."""
    message = Image(height=int(image.shape[0]), width=int(image.shape[1]), encoding=encoding)
    message.header.frame_id, message.header.stamp = frame, time_to_ros(stamp)
    message.step = int(image.strides[0])
    message.is_bigendian = 0
    # An array is handed over as it is; anything else is copied element by element (71 ms a frame).
    message.data = array.array("B", np.ascontiguousarray(image).tobytes())
    return message


def image_from_ros(message: Image) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """A view of the message's data as (h, w) or (h, w, channels).

    Raises:
        ValueError: the encoding is another, or the data are not as many as the size says.
    """
    if message.encoding not in ENCODINGS:
        raise ValueError(f"image encoding: found '{message.encoding}', allowed: {', '.join(ENCODINGS)}")
    kind, channels = ENCODINGS[message.encoding]
    shape = (message.height, message.width) if channels == 1 else (message.height, message.width, channels)
    return np.frombuffer(message.data, dtype=kind).reshape(shape)


def event_to_ros(event: WorkspaceEvent, frame: str) -> m.WorkspaceEvent:
    message = m.WorkspaceEvent(
        sequence=int(event.sequence), happened=event.happened.value, place=event.place, count=int(event.count),
        confidence=float(event.confidence), evidence_names=list(event.evidence),
        evidence_values=[float(v) for v in event.evidence.values()],
    )  # fmt: skip
    message.header.stamp, message.header.frame_id = time_to_ros(event.stamp), frame
    return message


def event_from_ros(message: m.WorkspaceEvent) -> WorkspaceEvent:
    return WorkspaceEvent(
        sequence=message.sequence, stamp=time_from_ros(message.header.stamp), happened=Happened(message.happened),
        place=message.place, count=message.count, confidence=round(message.confidence, 3),
        evidence=dict(zip(message.evidence_names, message.evidence_values, strict=True)),
    )  # fmt: skip


def place_to_ros(place: str, seen: PlaceSeen) -> m.PlaceState:
    return m.PlaceState(
        place=place, content=CONTENTS.index(seen.content), occupied=bool(seen.occupied), fill=float(seen.fill),
        reason=seen.reason,
    )  # fmt: skip


def hand_to_ros(hand: Hand) -> m.Hand:
    return m.Hand(
        position=point_to_ros(hand.position), extent=vector_to_ros(hand.extent), velocity=vector_to_ros(hand.velocity),
        side=SIDES.index(hand.side), zone=hand.zone, confidence=float(hand.confidence),
    )  # fmt: skip


def capsule_from_ros(capsule: m.Capsule) -> Capsule:
    return Capsule(point_from_ros(capsule.start), point_from_ros(capsule.end), float(capsule.radius))


def bodies_to_ros(told: Bodies, grid: Grid, frame: str) -> m.BodyArray:
    message = m.BodyArray(
        bodies=[
            m.Body(
                id=str(b.number), capsules=[capsule_to_ros(c) for c in b.capsules], velocity=vector_to_ros(b.velocity),
                confidence=float(b.confidence),
            )
            for b in told.bodies
        ],
        origin=point_to_ros(grid.origin), voxel_size=float(VOXEL), cells=[int(n) for n in grid.cells],
        occupied=_bits(told.occupied), unseen=_bits(told.unseen),
        out_of_view=_bits(told.out_of_view), robot_shadow=_bits(told.robot_shadow),
    )  # fmt: skip
    message.header.stamp, message.header.frame_id = time_to_ros(told.stamp), frame
    return message


def _bits(voxels: NDArray[np.bool_]) -> array.array[int]:
    return array.array("B", np.packbits(voxels.reshape(-1)).tobytes())


def voxels_from_ros(bits: array.array[int], cells: tuple[int, int, int]) -> NDArray[np.bool_]:
    """A set of voxels (nx, ny, nz)."""
    count = int(cells[0]) * int(cells[1]) * int(cells[2])
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=count).astype(bool).reshape(tuple(int(n) for n in cells))


def capsule_to_ros(capsule: Capsule) -> m.Capsule:
    return m.Capsule(start=point_to_ros(capsule.start), end=point_to_ros(capsule.end), radius=float(capsule.radius))


def world_to_ros(world: WorldState, frame: str) -> m.SimulatedWorld:
    lying = {**world.bins, **world.slots}
    names = sorted({part for parts in lying.values() for part in parts})
    number = {name: i for i, name in enumerate(names)}
    message = m.SimulatedWorld(
        tick=int(world.tick), places=list(lying), bins=len(world.bins),
        counts=array.array("H", [len(parts) for parts in lying.values()]), parts=names,
        lying=array.array("H", [number[part] for parts in lying.values() for part in parts]),
        held=[m.HeldPart(part=h.part, pose=pose_to_ros(h.pose)) for h in world.held],
        arms=_flat(world.arms),
        robot=_flat(world.robot),
        trays=[pose_to_ros(t) for t in world.trays],
        skin=[int(c) for c in world.skin],
    )  # fmt: skip
    message.header.stamp, message.header.frame_id = time_to_ros(world.stamp), frame
    return message


def world_from_ros(message: m.SimulatedWorld) -> WorldState:
    parts = iter([message.parts[i] for i in message.lying])
    lying = [(place, tuple(islice(parts, count))) for place, count in zip(message.places, message.counts, strict=True)]
    return WorldState(
        tick=message.tick, stamp=time_from_ros(message.header.stamp),
        bins=dict(lying[: message.bins]), slots=dict(lying[message.bins :]),
        held=tuple(Held(h.part, pose_from_ros(h.pose)) for h in message.held),
        arms=_capsules(message.arms),
        robot=_capsules(message.robot),
        trays=tuple(pose_from_ros(t) for t in message.trays),
        skin=(int(message.skin[0]), int(message.skin[1]), int(message.skin[2])),
    )  # fmt: skip


def clear_to_ros(clear: Clear, frame: str) -> m.KeepClear:
    rows, columns = clear.clutter.shape
    message = m.KeepClear(
        corners=array.array("H", [len(o) for o in clear.outlines]),
        outlines=array.array("f", [v for o in clear.outlines for v in o.reshape(-1).tolist()]),
        velocities=array.array("f", [float(v) for velocity in clear.velocities for v in velocity]),
        cell_size=float(CELL), cells=[columns, rows], clutter=_bits(clear.clutter),
        button=clear.button, pressed=float(clear.pressed),
    )  # fmt: skip
    message.header.stamp, message.header.frame_id = time_to_ros(clear.stamp), frame
    return message


def clear_from_ros(message: m.KeepClear) -> Clear:
    points = np.asarray(message.outlines, dtype=np.float64).reshape(-1, 3)
    ends = np.cumsum(np.asarray(message.corners, dtype=np.int64))
    columns, rows = (int(n) for n in message.cells)
    bits = np.unpackbits(np.frombuffer(message.clutter, np.uint8), count=rows * columns)
    return Clear(
        time_from_ros(message.header.stamp), tuple(np.split(points, ends[:-1])) if len(ends) else (),
        tuple((float(x), float(y), float(z)) for x, y, z in zip(*[iter(message.velocities)] * 3, strict=True)),
        bits.astype(bool).reshape(rows, columns), message.button, float(message.pressed),
    )  # fmt: skip


def _flat(capsules: tuple[Capsule, ...]) -> array.array[float]:
    return array.array("d", [v for c in capsules for v in (*c.start, *c.end, c.radius)])


def _capsules(flat: array.array[float]) -> tuple[Capsule, ...]:
    rows = zip(*[iter(flat)] * 7, strict=True)
    return tuple(Capsule((x, y, z), (u, v, w), radius) for x, y, z, u, v, w, radius in rows)


def state_to_ros(state: State, cell: Cell, profile: Profile, stamp: int, frame: str) -> m.WorkState:
    """`profile` is that of who works, with what was chosen at the bench (`levels.as_chosen`)."""
    step = current_step(cell, state)
    message = m.WorkState(
        task=state.task, job=int(state.job), job_since=time_to_ros(state.job_since),
        put_right=int(state.put_right), helped=int(state.helped), phase=state.phase.value, step=int(state.step),
        steps=len(cell.task.steps), step_id=step.id if step else "", order=array.array("H", state.order),
        skipped=array.array("H", state.skipped), taken=int(state.taken), placed=int(state.placed),
        problems=[
            m.Problem(
                trouble=p.trouble.value, place=p.place, part=p.part, count=int(p.count), since=time_to_ros(p.stamp)
            )
            for p in state.problems
        ],
        paused=bool(state.paused), help_asked=state.help_since is not None,
        help_since=time_to_ros(state.help_since or 0), step_since=time_to_ros(state.step_since),
        empty=[p for p, content in state.contents.items() if content is Content.EMPTY],
        unseen=[p for p, content in state.contents.items() if content is Content.CANNOT_SEE],
        person=profile.id, language=profile.language, level=profile.level, rule=profile.rule, alone=alone(state),
        volume=int(profile.volume), modality=profile.modality, motion=profile.motion, sequence=int(state.sequence),
        repeated=time_to_ros(state.repeated or 0), corrected=time_to_ros(state.corrected or 0),
        cobot=bool(state.cobot), tray=state.tray.value, tray_zone=state.tray_zone,
    )  # fmt: skip
    message.header.stamp, message.header.frame_id = time_to_ros(stamp), frame
    return message


def state_from_ros(message: m.WorkState) -> State:
    """The part of the state that is shown: of the contents, what is empty and what cannot be seen."""
    contents = dict.fromkeys(message.empty, Content.EMPTY) | dict.fromkeys(message.unseen, Content.CANNOT_SEE)
    return State(
        task=message.task, job=message.job, job_since=time_from_ros(message.job_since),
        put_right=message.put_right, helped=message.helped, phase=Phase(message.phase), step=message.step,
        order=tuple(message.order), skipped=tuple(message.skipped), taken=message.taken, placed=message.placed,
        problems=tuple(
            Problem(Trouble(p.trouble), p.place, p.count, time_from_ros(p.since), p.part) for p in message.problems
        ),
        paused=message.paused, help_since=time_from_ros(message.help_since) if message.help_asked else None,
        step_since=time_from_ros(message.step_since), contents=contents,
        sequence=message.sequence, person=message.person,
        settings={message.person: {"alone": "yes"}} if message.alone else {},
        repeated=time_from_ros(message.repeated) or None, corrected=time_from_ros(message.corrected) or None,
        cobot=message.cobot, tray=Tray(message.tray), tray_zone=message.tray_zone,
    )  # fmt: skip


def profile_from_ros(message: m.WorkState, cell: Cell) -> Profile:
    """Who works, with what was chosen at the bench."""
    chosen = {name: getattr(message, name) for name in ("language", "level", "rule", "volume", "modality", "motion")}
    return cell.scene.profile[message.person].model_copy(update=chosen)


def input_from_ros(message: m.OperatorInput) -> OperatorInput:
    """A person's wish.

    Raises:
        ValueError: it asks for something unknown; the message lists what is allowed.
    """
    allowed = [a.value for a in Asked]
    if message.asked not in allowed:
        raise ValueError(f"operator_input: asked: found '{message.asked}', allowed: {', '.join(allowed)}")
    return OperatorInput(
        time_from_ros(message.header.stamp), Asked(message.asked), message.source[:40], message.setting, message.value
    )
