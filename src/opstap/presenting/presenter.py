"""Brings a tray along its route: says so first, watches people, holds, lets go, stops for whatever is wrong.

`tick` is called once a camera frame. What it returns always ends in standstill; a presenter that dies leaves a robot
that stops on its way within the horizon.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

import cv2
import numpy as np

from opstap.geometry import Box, Floats, Pose
from opstap.presenting.backend import NS, JointState
from opstap.presenting.pacing import Horizon, Pacer, standing
from opstap.presenting.robot import Capsules, Robot
from opstap.presenting.route import Leg, Route
from opstap.presenting.separation import Limit, People, Separation

HOLD = 0.06
"""So long a horizon goes on before it brakes: two camera frames, seconds."""
TICK = 0.03
"""Between points of a horizon, seconds."""
AHEAD = (0.0, 0.12, 0.25)
"""Moments along the way at which links are looked at, seconds."""
LEAD, LEAD_FIRST = 2.0, 4.0
"""From telling to moving, seconds; the longer one in first-time mode, before every leg."""
GONE = 0.2
"""A load is gone when it was gone for so long, seconds: a bump is shorter."""
UNDER_TABLE = 0.4
"""How far a zone of contact reaches below the table top, where trunks are, metres."""
FULL_SPEED = 0.01
"""A controller that goes so much slower than told, share, scales."""
UNDER_TRAY = 0.25
"""How high over its place a tray is watched that is put down, metres: more than a hand on a hand."""
CORNERS = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
PATIENCE = 20.0
"""Seconds after which a tray that was not taken is told; it is still held."""


class Result(str, Enum):
    """How a presentation ended, or stands."""

    OK = "ok"
    STOPPED = "stopped"
    NOT_TAKEN = "not_taken"


@dataclass(frozen=True, eq=False)
class Senses:
    """Everything known at a tick. None: it is not known, and then the robot stands."""

    now: int
    joints: JointState | None
    people: People | None
    camera_drift_mm: float | None = None
    """None where the camera does not measure it: not a reason to stop."""
    load: bool | None = None
    """Whether the fork feels (or the camera sees) the tray on it."""
    hand_at_tray: bool = False
    scaling: float = 1.0
    """Share of the told speed that the robot's controller allows."""


@dataclass(frozen=True, eq=False)
class Intent:
    """What the robot is about to do: outline (n, 2) on the table, counter-clockwise; when (ns), how long (s), why."""

    start: int
    seconds: float
    outline: Floats
    reason: str


@dataclass(frozen=True, eq=False)
class Motion:
    """The answer to a tick."""

    horizon: Horizon | None
    """None: the robot's place is not known, and it is told nothing; it stands by itself at the end of the last one."""
    phase: str
    limit: Limit
    intent: Intent | None = None
    """Given once, before a movement begins."""
    result: Result | None = None
    needs_consent: bool = False


@dataclass
class _Job:
    legs: deque[Leg]
    reason: str
    zone: Box | None
    place: Pose
    """Where the tray is handed over."""
    hold: bool
    begin: int = 0
    told: bool = False
    pacer: Pacer | None = None
    held_since: int = -1
    gone_since: int = -1
    after: deque[Leg] = field(default_factory=deque)


class Presenter:
    """One robot, one job at a time."""

    def __init__(self, robot: Robot, separation: Separation, speed: float = 1.0, first_time: bool = False) -> None:
        self.robot, self.limits = robot, separation.limits
        self.speed, self.first_time = speed, first_time
        self._separation = separation
        self._job: _Job | None = None
        self._stopped = ""
        """Why somebody has to agree before it moves again; empty: nobody has to."""
        self.paused = False
        """Whether the work is paused: then it stands, and goes on with the work."""
        self._last = -1
        self._rate = 0.0
        self.carrying = False
        """Whether the tray is on the fork, by what was done."""
        self.standing: Pose | None = None
        """Where it put a tray down for somebody and has not taken it up again."""

    @property
    def holding(self) -> bool:
        """Whether it holds a tray out."""
        return self._job is not None and self._job.hold and not self._job.legs

    @property
    def busy(self) -> bool:
        return self._job is not None

    def present(self, route: Route, reason: str) -> None:
        """Bring the tray of `route`; on the table it is put down and left, otherwise held until it is taken."""
        held = route.handover.how == "hand"
        legs, after = deque(route.present), deque(route.clear)
        zone = self._zone(route.handover.pose)
        self._job = _Job(
            legs if held else legs + after, reason, zone, route.handover.pose, held, after=after if held else deque()
        )

    def collect(self, route: Route, reason: str) -> None:
        """Bring the tray back to the store."""
        place = route.handover.pose
        self._job = _Job(deque(route.collect), reason, self._zone(place), place, False)

    @property
    def needs_consent(self) -> bool:
        """Whether it stands, busy or not, until somebody agrees that it goes on."""
        return bool(self._stopped)

    def stop(self, who: str) -> None:
        """Somebody says stop: from the next tick on it stands, until somebody agrees to go on."""
        self._stopped = f"stopped by {who}"

    def consent(self) -> None:
        """Somebody at the bench agrees that it goes on."""
        self._stopped = ""

    def tick(self, senses: Senses) -> Motion:
        """What the robot does from now on."""
        seconds = (senses.now - self._last) / NS if self._last >= 0 else 0.0
        self._last = senses.now
        job = self._job
        if job is None:
            return Motion(None, "idle", Limit(0.0, self._stopped or "nothing to do"), needs_consent=self.needs_consent)
        self._walk(job, seconds)
        reason = self._blind(senses)
        if reason and reason.lasting:
            self._stopped = reason.text
        why = self._stopped or (reason.text if reason else "the work is paused" if self.paused else "")
        if why:
            return self._stand(job, Limit(0.0, why))
        return self._go(job, senses)

    def _walk(self, job: _Job, seconds: float) -> None:
        """Where the robot is by now: what it was told lasted `HOLD`, and braked after that."""
        if job.pacer:
            job.pacer.step(self._rate, min(seconds, HOLD))
            if seconds > HOLD:
                job.pacer.step(0.0, seconds - HOLD)

    def _blind(self, senses: Senses) -> _Reason | None:
        """Why nothing may move: what is stale, absent or unknown. Times before now count too: a clock is wrong."""
        limits, now = self.limits, senses.now
        joints, people = senses.joints, senses.people
        if joints is None or not 0 <= now - joints.stamp <= limits.joints_age * NS:
            return _Reason("where the robot is is not known", lasting=bool(self._rate))
        if not np.isfinite(joints.positions).all() or not self._on_way(joints.positions):
            return _Reason("the robot is not where it should be", lasting=True)
        if not abs(senses.scaling - 1.0) < FULL_SPEED:
            return _Reason("the robot's controller scales the speed too", lasting=True)
        if people is None:
            return _Reason("nobody looks out for people")
        if not 0 <= now - people.stamp <= limits.people_age * NS:
            return _Reason("the picture of the people is old")
        drift = senses.camera_drift_mm
        if drift is not None and not drift <= limits.camera_drift:
            return _Reason("the camera was moved", lasting=True)
        return None

    def _on_way(self, q: Floats) -> bool:
        """Whether the joints are near where they were told to be lately; before the first move, at its begin."""
        job = self._job
        assert job
        pacer = job.pacer
        if pacer is None:
            return not job.legs or bool(np.abs(job.legs[0].trajectory.positions[0] - q).max() < self.limits.off_path)
        lately = np.linspace(max(0.0, pacer.along - 0.25), pacer.along, 6)
        return bool((np.abs(pacer.trajectory.sampled(lately)[0] - q).max(axis=1) < self.limits.off_path).any())

    def _stand(self, job: _Job, limit: Limit) -> Motion:
        """Brake on the way, at once."""
        self._rate = 0.0
        horizon = job.pacer.horizon(0.0, HOLD, TICK) if job.pacer else None
        phase = job.legs[0].phase if job.legs else "hold"
        return Motion(horizon, phase, limit, result=Result.STOPPED, needs_consent=self.needs_consent)

    def _go(self, job: _Job, senses: Senses) -> Motion:
        if job.pacer and job.pacer.done:
            self._ended(job.legs.popleft(), job)
            job.pacer = None
            job.told = job.told and not self.first_time
            self._rate = 0.0
        if not job.legs:
            return self._arrived(job, senses)
        leg = job.legs[0]
        if not job.told:
            job.told = True
            job.begin = senses.now + int((LEAD_FIRST if self.first_time else LEAD) * NS)
            told = list(job.legs)[:1] if self.first_time else list(job.legs)
            intent = Intent(job.begin, sum(x.trajectory.duration for x in told), self._outline(told), job.reason)
            return Motion(self._still(leg), leg.phase, Limit(0.0, "it is told first"), intent)
        if senses.now < job.begin:
            return Motion(self._still(leg), leg.phase, Limit(0.0, "it is told first"))
        if job.pacer is None:
            job.pacer = Pacer(leg.trajectory, self.limits)
            if leg.load.carrying:
                self.carrying, self.standing = True, None
        assert senses.people
        age = (senses.now - senses.people.stamp) / NS
        if leg.to_person and not job.hold and self._under(job.place, senses.people):
            limit = Limit(0.0, "somebody is under the tray")
        else:
            limit = self._separation.limit(self._links(job.pacer, leg), senses.people, age, job.zone)
        self._rate = min(limit.rate, self.speed)
        return Motion(job.pacer.horizon(self._rate, HOLD, TICK), leg.phase, limit)

    def _under(self, place: Pose, people: People) -> bool:
        """Whether somebody has a hand where the tray would press it on the table: there, gentle is not enough."""
        along, across, _ = self.robot.cobot.tray.size
        room = Box(place @ Pose.of((0.0, 0.0, UNDER_TRAY / 2)), (along, across, UNDER_TRAY))
        axes = [np.linspace(c.start, c.end, 5) for b in people.bodies for c in b.capsules]
        return any(room.contains(points).any() for points in (people.voxels, *axes) if len(points))

    def _ended(self, leg: Leg, job: _Job) -> None:
        """Where the tray is once `leg` is gone: on the fork as long as legs carry it, else where it was put down."""
        self.carrying = leg.load.carrying and (bool(job.legs and job.legs[0].load.carrying) or job.hold)
        if leg.load.carrying:
            self.standing = job.place if job.legs and not job.legs[0].load.carrying and leg.to_person else None

    def _still(self, leg: Leg) -> Horizon:
        return standing(leg.trajectory.positions[0])

    def _arrived(self, job: _Job, senses: Senses) -> Motion:
        """At the end of the way: done, or hold the tray until it is taken."""
        if not job.hold:
            self._job = None
            return Motion(None, "idle", Limit(0.0, ""), result=Result.OK)
        job.held_since = senses.now if job.held_since < 0 else job.held_since
        gone = senses.load is False
        job.gone_since = (senses.now if job.gone_since < 0 else job.gone_since) if gone else -1
        # Load gone and a hand there: a bump is too short, a fallen tray has no hand, a hand alone rests on it.
        if gone and senses.hand_at_tray and senses.now - job.gone_since >= GONE * NS:
            job.hold, job.legs, job.told = False, job.after, True
            job.begin = senses.now
            return Motion(None, "hold", Limit(0.0, "it was taken"))
        late = senses.now - job.held_since > PATIENCE * NS
        return Motion(None, "hold", Limit(0.0, "it is held out"), result=Result.NOT_TAKEN if late else None)

    def _links(self, pacer: Pacer, leg: Leg) -> list[Capsules]:
        """The links at the planned speed, now and on the way that braking takes."""
        positions, velocities = pacer.trajectory.sampled(pacer.along + np.array(AHEAD))
        return [self.robot.capsules(q, v, leg.load.carrying) for q, v in zip(positions, velocities, strict=True)]

    def _zone(self, tray: Pose) -> Box:
        """Where people may be touched gently: all of the table's width, since both of a worker's arms lie there; in
        depth around the handover, and from under the table to a height that heads are above."""
        width, depth, top = self.limits.contact_zone
        y = float(tray.translation[1])
        return Box(Pose.of((0.0, y, (top - UNDER_TABLE) / 2)), (width, depth, top + UNDER_TABLE))

    def _outline(self, legs: list[Leg]) -> Floats:
        """Hull (n, 2) of everything the links pass over, seen from above."""
        points = []
        for leg in legs:
            zero = np.zeros(self.robot.dof)
            for q in leg.trajectory.positions[:: max(1, len(leg.trajectory.positions) // 12)]:
                c = self.robot.capsules(q, zero, leg.load.carrying)
                for end in (c.start, c.end):
                    points += [end[:, :2] + c.radius[:, None] * corner for corner in CORNERS]
        hull = cv2.convexHull(np.concatenate(points).astype(np.float32), clockwise=False)
        return np.asarray(hull[:, 0], dtype=float)


@dataclass(frozen=True)
class _Reason:
    text: str
    lasting: bool = False
    """Whether somebody has to agree before it goes on."""
