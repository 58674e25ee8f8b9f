"""Speed and separation monitoring: how fast the robot may go along its way, so that it stands before it is met.

For every pair of a robot link and something that is, or may be, a person: what the person covers until the robot
stands, what the robot covers, and what is not known for sure must fit in between. Only the speed at which a link comes
nearer counts; a robot that goes away is never held back. The slowest pair decides, and is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from opstap.documents import Document, Model
from opstap.geometry import Box, Capsule, Floats
from opstap.presenting.robot import Capsules
from opstap.scene import Id

Reals = NDArray[np.floating[Any]]
"""Floats of any width: points are worked out in single precision."""
Positive = Annotated[float, Field(gt=0, le=10)]
HALVINGS = 10
"""The rate is found to a thousandth."""
CELL = 0.04
"""Points are gathered in cells so wide, metres."""
HALF_DIAGONAL = 3**0.5 / 2
TOUCHABLE = ("upper_arm", "forearm", "wrist_1", "wrist_2", "wrist_3", "fork", "tray")
"""Links that may touch somebody: from the upper arm on, rounded, and to be measured for it."""


NEVER_SEEN = "a place out of the camera's view"
"""There, separation cannot be kept, since nobody knows who is there: speed is limited instead, for every link."""


class Region(Model):
    """A part of the body that may be touched: quasi-static `force` N, effective `mass` kg, `stiffness` N/m."""

    id: Id
    force: Annotated[float, Field(gt=0, le=400)]
    mass: Annotated[float, Field(gt=0, le=80)]
    stiffness: Annotated[float, Field(gt=0, le=200_000)]


class SeparationLimits(Model):
    """The numbers of `config/separation.yaml`, which says where each comes from."""

    hand_speed: Annotated[float, Field(ge=0.5, le=4)]
    human_speed: Annotated[float, Field(ge=0.5, le=4)]
    near: Positive
    reaction: Annotated[float, Field(ge=0.01, le=1)]
    stop_rate: Annotated[float, Field(ge=0.5, le=20)]
    stop_jerk: Annotated[float, Field(ge=2, le=500)]
    intrusion: Annotated[float, Field(ge=0, le=1.2)]
    person_error: Annotated[float, Field(ge=0, le=0.5)]
    robot_error: Annotated[float, Field(ge=0, le=0.2)]
    standstill: Annotated[float, Field(gt=0, le=0.05)]
    people_age: Annotated[float, Field(gt=0, le=0.5)]
    joints_age: Annotated[float, Field(gt=0, le=0.5)]
    off_path: Annotated[float, Field(gt=0, le=0.5)]
    camera_drift: Annotated[float, Field(gt=0, le=50)]
    contact_speed: Annotated[float, Field(gt=0, le=0.25)]
    contact_regions: Annotated[tuple[Region, ...], Field(min_length=1)]
    contact_zone: tuple[Positive, Positive, Positive]
    head_clear: Positive

    def stop_time(self, rate: float) -> float:
        """Seconds from `rate` to standstill, with the jerk limit."""
        full = self.stop_rate**2 / self.stop_jerk
        if rate >= full:
            return rate / self.stop_rate + self.stop_rate / self.stop_jerk
        return float(2 * np.sqrt(max(rate, 0.0) / self.stop_jerk))

    def protective(self, rate: float, approach: Floats, distance: Floats, age: float) -> Floats:
        """Sp (n,) in metres at `rate` for links that at rate 1 come nearer at `approach` (n,) m/s.

        `distance` (n,) decides between a hand's speed and a walking person's, as ISO 13855 has it. Braking is even, so
        the robot covers half of what it would at full speed; a person is taken to come on until it stands.
        """
        fixed, share = self._covered(rate, age)
        return np.asarray(self.person_speed(distance) * fixed + approach * share + self._unsure)

    def fits(self, rate: float, approach: float, distance: float, age: float) -> bool:
        """Whether one pair may go on at `rate`: the same as `protective`, for numbers instead of arrays."""
        speed = self.hand_speed if distance < self.near else self.human_speed
        fixed, share = self._covered(rate, age)
        return speed * fixed + approach * share + self._unsure <= distance

    def turning(self, age: float) -> float:
        """Seconds in which somebody seen `age` s ago goes anywhere before the robot answers."""
        return age + self.reaction

    def person_speed(self, distance: Reals) -> Floats:
        """How fast (m/s) somebody `distance` (n,) m away comes or goes: a hand near by, who walks beyond, ISO 13855."""
        return np.where(distance < self.near, self.hand_speed, self.human_speed)

    def beside(self, age: float) -> float:
        """So near (metres), somebody seen `age` s ago may be anywhere around a link by now."""
        return self.hand_speed * age + self._unsure

    @property
    def _unsure(self) -> float:
        return self.intrusion + self.person_error + self.robot_error

    def _covered(self, rate: float, age: float) -> tuple[float, float]:
        """What a person's speed, and a link's at rate 1, are multiplied with, seconds."""
        stopping, reaction = self.stop_time(rate), self.reaction + age
        return reaction + stopping, rate * (reaction + stopping / 2)

    def contact(self, robot_mass: float, load: float) -> float:
        """The speed (m/s) at which any of the regions may be touched, free or clamped."""
        robot = robot_mass / 2 + load
        speeds = [self.contact_speed]
        for r in self.contact_regions:
            free = 1 / (1 / r.mass + 1 / robot)
            speeds.append(2 * r.force / float(np.sqrt(free * r.stiffness)))
            speeds.append(r.force / float(np.sqrt(robot * r.stiffness)))
        return min(speeds)


def load_limits(path: Path) -> SeparationLimits:
    """The numbers in `path`, checked.

    Raises:
        DocumentError: telling every fault with line and field.
    """
    return Document.read(path).parse(SeparationLimits)


@dataclass(frozen=True)
class Body:
    """A part of a person, or something unknown that may be one."""

    id: str
    capsules: tuple[Capsule, ...]


@dataclass(frozen=True, eq=False)
class People:
    """What perception saw near the robot in one frame. `stamp` ns is when it was taken; points (n, 3) metres."""

    stamp: int
    bodies: tuple[Body, ...] = ()
    voxels: Floats = field(default_factory=lambda: np.empty((0, 3)))
    voxel_size: float = 0.03
    unseen: Floats = field(default_factory=lambda: np.empty((0, 3)))
    """Middles of voxels that cannot be seen: taken as occupied."""
    out_of_view: Floats = field(default_factory=lambda: np.empty((0, 3)))
    """Middles of voxels that the camera never sees, where people may always be: near them contact speed is kept."""


@dataclass(frozen=True)
class Limit:
    """How fast the robot may go: `rate` 0 to 1 of what was planned, and what limits it; empty: nothing."""

    rate: float
    reason: str = ""
    link: str = ""
    body: str = ""
    distance: float = float("inf")
    """Of the pair that limits, metres."""
    protective: float = 0.0
    """What that pair needs at `rate`, metres."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of links and things: arrays (n,) of distance m, approach m/s, speed of the link's faster end m/s; where the
    link and the thing are nearest to each other, (n, 3) m."""

    link: NDArray[np.intp]
    body: NDArray[np.intp]
    distance: Floats
    approach: Floats
    speed: Floats
    place: Floats
    point: Floats


class Separation:
    """Works out the limit for every camera frame."""

    def __init__(self, limits: SeparationLimits, robot_mass: float, load: float) -> None:
        self.limits = limits
        self.contact_speed = limits.contact(robot_mass, load)

    def limit(self, ahead: Sequence[Capsules], people: People, age: float, zone: Box | None = None) -> Limit:
        """The limit now.

        `ahead` are the links at rate 1, now and at moments within the stopping time; `age` (s) is how old `people` are;
        `zone` is where the arm from the upper arm on may touch somebody, at contact speed; None: nowhere.
        """
        best = Limit(1.0)
        names = [b.id for b in people.bodies for _ in b.capsules]
        if names:
            pairs = with_bodies(ahead, [c for b in people.bodies for c in b.capsules], self.limits, age)
            best = self._slower(best, pairs, ahead[0].links, names, age, zone)
        for name, points in (
            ("something", people.voxels),
            ("a place that cannot be seen", people.unseen),
            (NEVER_SEEN, people.out_of_view),
        ):
            if len(points) and best.rate > 0:
                # What is too far to matter at the rate so far cannot lower it.
                pairs = self._with_points(ahead, points, people.voxel_size, age, best.rate, name != NEVER_SEEN)
                best = self._slower(best, pairs, ahead[0].links, [name], age, zone)
        return best

    def _slower(self, best: Limit, pairs: Pairs, links: Sequence[str], names: list[str], age: float, zone: Box | None
                ) -> Limit:  # fmt: skip
        """`best`, or the lower limit that `pairs` ask for."""
        if not all(np.isfinite(getattr(pairs, f)).all() for f in ("distance", "approach", "speed")):
            return Limit(0.0, "where somebody is is not a number")
        touchable = np.full(len(pairs.link), names == [NEVER_SEEN])
        if zone is not None and names != [NEVER_SEEN]:
            touchable = self.touchable(pairs, links, zone, self.limits.person_error)

        def lacking(rate: float, of: NDArray[np.intp]) -> Floats:
            """How much nearer than allowed the pairs `of` are at `rate`; 0 or less: allowed."""
            short = self.limits.protective(rate, pairs.approach[of], pairs.distance[of], age) - pairs.distance[of]
            gentle = touchable[of] & (rate * pairs.speed[of] <= self.contact_speed)
            return np.asarray(np.where(gentle, -1.0, short))

        # The pair that lacks most sets the rate; whoever still lacks something there lowers it, until nobody does.
        rate, worst, left = best.rate, -1, np.flatnonzero(pairs.approach > self.limits.standstill)
        if names != [NEVER_SEEN]:
            # So near, an arm may be on the other side by now, and what went away from it comes nearer.
            beside = np.flatnonzero(touchable & (pairs.distance < self.limits.beside(age)))
            if len(beside):
                first = int(beside[pairs.speed[beside].argmax()])
                gentle = 0.999 * self.contact_speed / max(float(pairs.speed[first]), 1e-6)
                rate, worst = (gentle, first) if gentle < rate else (rate, worst)
        while rate > 0:
            short = lacking(rate, left)
            left, short = left[short > 0], short[short > 0]
            if not len(left):
                break
            worst = int(left[short.argmax()])
            approach, distance = float(pairs.approach[worst]), float(pairs.distance[worst])
            gentle = self.contact_speed / max(float(pairs.speed[worst]), 1e-6) if touchable[worst] else 0.0
            low, high = min(0.999 * gentle, rate), rate
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                low, high = (middle, high) if self.limits.fits(middle, approach, distance, age) else (low, middle)
            rate = low
        if worst < 0:
            return best
        link, body, distance = links[pairs.link[worst]], names[pairs.body[worst]], float(pairs.distance[worst])
        need = self.limits.protective(rate, pairs.approach[[worst]], pairs.distance[[worst]], age)
        reason = f"{link} and {body}: {max(distance, 0.0):.2f} m apart"
        return Limit(rate, reason, link, body, distance, float(need[0]))

    def touchable(self, pairs: Pairs, links: Sequence[str], zone: Box, error: float = 0.0) -> NDArray[np.bool_]:
        """Which pairs (n,) may touch, gently: a link made for it, where the link or the thing is in `zone`.

        A touch happens where the link is: who walks out of the zone while a link is in it is touched in it. A
        thing that may be `error` m elsewhere must be so much further in. Above the zone, where heads are, it must be
        `head_clear` apart.
        """
        made = np.array([link in TOUCHABLE for link in links])[pairs.link]
        up = np.array([0.0, 0.0, zone.size[2]])
        above = pairs.point[:, 2] > zone.pose.translation[2] + zone.size[2] / 2
        sure = Box(zone.pose, (zone.size[0] - 2 * error, zone.size[1] - 2 * error, zone.size[2]))
        within = zone.contains(pairs.place) | zone.contains(pairs.place - up)
        within |= sure.contains(pairs.point) | sure.contains(pairs.point - up)
        return np.asarray(made & within & (~above | (pairs.distance >= self.limits.head_clear)))

    def _with_points(self, ahead: Sequence[Capsules], points: Floats, size: float, age: float, rate: float, moves: bool
                     ) -> Pairs:  # fmt: skip
        """Every link with every cell that has a point near enough to matter, in products of matrices.

        Cells are `CELL` wide and taken as full: twenty thousand points become two thousand cells, a bit nearer than
        they are.
        """
        now = ahead[0]
        fastest = np.max([_fastest(c) for c in ahead], axis=0)
        beyond, within = (self.limits.protective(rate, fastest, np.full(len(fastest), d), age) for d in (np.inf, 0.0))
        around = now.radius + (size + CELL) * HALF_DIAGONAL
        reach = np.maximum(beyond, np.minimum(within, self.limits.near)) + around
        low = (np.minimum(now.start, now.end) - reach[:, None]).min(axis=0)
        high = (np.maximum(now.start, now.end) + reach[:, None]).max(axis=0)
        cells = _cells(points, low, high).astype(np.float32)
        share, squared = _along(now, cells, low)
        near = (squared < (reach**2).astype(np.float32)).any(axis=1)
        cells, share, squared = cells[near], share[near], squared[near]
        approach = np.full(squared.shape, -np.inf, np.float32)
        distance = np.sqrt(np.maximum(squared, 0.0))
        sine = _turn(distance - around, self.limits, age).astype(np.float32) if moves else np.zeros(1, np.float32)
        for i, c in enumerate(ahead):
            t, squared = (share, squared) if i == 0 else _along(c, cells, low)
            apart = np.sqrt(np.maximum(squared, 0.0))
            start, axis, velocity, change = (
                x.astype(np.float32)
                for x in (c.start - low, c.end - c.start, c.start_velocity, c.end_velocity - c.start_velocity)
            )

            # (v + t w).(p - s - t a), for every cell p and every link.
            still = cells @ velocity.T - _dot(start, velocity)
            turning = cells @ change.T - _dot(start, change) - _dot(axis, velocity)
            nearer = still + t * (turning - t * _dot(axis, change))
            moving = _dot(velocity, velocity) + t * (2 * _dot(velocity, change) + t * _dot(change, change))
            moving = np.sqrt(np.maximum(moving, 0.0))
            nearer = np.where(apart > 1e-3, nearer / np.maximum(apart, 1e-3), moving)
            approach = np.maximum(approach, _towards(nearer, moving, sine))
        which, link = np.nonzero((distance < reach.astype(np.float32)) & (approach > self.limits.standstill))
        far = distance[which, link] - around[link]
        body = np.zeros(len(link), np.intp)
        place = now.start[link] + share[which, link, None] * (now.end - now.start)[link]
        return Pairs(link, body, far, approach[which, link].astype(float), fastest[link], place, cells[which] + low)


def _cells(points: Floats, low: Floats, high: Floats) -> Floats:
    """Middles of the cells between `low` and `high` that have a point in them, seen from `low`."""
    x, y, z = points.T
    (x0, y0, z0), (x1, y1, z1) = low, high
    near = np.flatnonzero((x >= x0) & (x < x1) & (y >= y0) & (y < y1) & (z >= z0) & (z < z1))
    shape = np.ceil((high - low) / CELL).astype(int) + 1
    i, j, k = (((p[near] - p0) * (1 / CELL)).astype(np.int32) for p, p0 in ((x, x0), (y, y0), (z, z0)))
    full = np.zeros(int(shape.prod()), bool)
    full[(i * shape[1] + j) * shape[2] + k] = True
    return np.asarray((np.column_stack(np.unravel_index(np.flatnonzero(full), tuple(shape))) + 0.5) * CELL)


def _along(c: Capsules, cells: NDArray[np.float32], origin: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Share of every link's axis that is nearest to every cell, and the squared distance: (cells, links) each."""
    start, axis = (c.start - origin).astype(np.float32), (c.end - c.start).astype(np.float32)
    length2 = np.maximum(np.einsum("ij,ij->i", axis, axis), np.float32(1e-12))
    along = (cells @ axis.T - np.einsum("ij,ij->i", start, axis)) / length2
    share = np.clip(along, 0, 1)
    squared = np.einsum("ij,ij->i", cells, cells)[:, None] - 2 * (cells @ start.T) + np.einsum("ij,ij->i", start, start)
    return share, np.asarray(squared + share * (share - 2 * along) * length2, dtype=np.float32)


def _dot(x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("ij,ij->i", x, y))


def _fastest(c: Capsules) -> Floats:
    """Speed of the faster end of every capsule (n,)."""
    ends = np.stack([c.start_velocity, c.end_velocity])
    return np.asarray(np.sqrt((ends * ends).sum(axis=2).max(axis=0)))


def _turn(distance: Reals, limits: SeparationLimits, age: float) -> Reals:
    """Sine of the angle by which the direction to somebody `distance` m away turns until the robot answers, at most."""
    gone = limits.person_speed(distance) * limits.turning(age)
    return np.asarray(np.clip(gone / np.maximum(distance, 1e-3), 0.0, 1.0))


def _towards(nearer: Reals, speed: Reals, sine: Reals) -> Reals:
    """The fastest (m/s) that a link comes nearer at which goes at `speed`, once the direction has turned.

    What was sideways counts in part, and all of it within reach; what goes straight away still does.
    """
    cosine = np.sqrt(1 - sine * sine)
    across = np.sqrt(np.maximum(speed * speed - nearer * nearer, 0.0))
    return np.asarray(np.where(nearer >= speed * cosine, speed, nearer * cosine + across * sine))


def with_bodies(
    ahead: Sequence[Capsules], capsules: list[Capsule], limits: SeparationLimits | None = None, age: float = 0.0
) -> Pairs:
    """Every link with every capsule of a body; with `limits`, one that goes on moving as it was seen `age` s ago."""
    ends = np.array([(*c.start, *c.end, c.radius) for c in capsules])
    n, m, k = len(ahead[0].links), len(capsules), len(ahead)
    start, axis, velocity, change = (
        np.concatenate(x)[:, None]
        for x in (
            [c.start for c in ahead],
            [c.end - c.start for c in ahead],
            [c.start_velocity for c in ahead],
            [c.end_velocity - c.start_velocity for c in ahead],
        )
    )
    body, body_axis = ends[:, :3], ends[:, 3:6] - ends[:, :3]
    share, other = nearest(start, axis, body, body_axis)
    there = body + other[..., None] * body_axis
    share = share[..., None]
    way = there - start - share * axis
    speed = velocity + share * change
    apart = np.sqrt(np.einsum("...i,...i", way, way))
    moving = np.sqrt(np.einsum("...i,...i", speed, speed))
    # Inside each other there is no direction: then any movement counts as nearer.
    nearer = np.where(apart > 1e-3, np.einsum("...i,...i", speed, way) / np.maximum(apart, 1e-3), moving)
    distance = apart[:n] - ahead[0].radius[:, None] - ends[:, 6]
    if limits:
        nearer = _towards(nearer, moving, np.tile(_turn(distance, limits, age), (k, 1)))
    link, which = np.indices((n, m)).reshape(2, -1)
    approach = nearer.reshape(k, -1).max(axis=0)
    fastest = np.max([_fastest(c) for c in ahead], axis=0)
    place = (start + share * axis)[:n].reshape(-1, 3)
    return Pairs(link, which, distance.ravel(), approach, fastest[link], place, there[:n].reshape(-1, 3))


def nearest(p: Floats, u: Floats, q: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Where the segments from `p` along `u` and from `q` along `v` (..., 3) are nearest: shares 0 to 1 of each.

    C. Ericson, "Real-time collision detection", 2005, 5.1.9, for all pairs at once.
    """
    w = p - q
    a, b, e, c, f = (np.einsum("...i,...i", x, y) for x, y in ((u, u), (u, v), (v, v), (u, w), (v, w)))
    a, e = np.maximum(a, 1e-12), np.maximum(e, 1e-12)
    across = a * e - b * b
    s = np.where(across > 1e-12, np.clip((b * f - c * e) / np.maximum(across, 1e-12), 0.0, 1.0), 0.0)
    t = (b * s + f) / e
    outside = (t < 0) | (t > 1)
    t = np.clip(t, 0.0, 1.0)
    s = np.where(outside, np.clip((b * t - c) / a, 0.0, 1.0), s)
    return s, t
