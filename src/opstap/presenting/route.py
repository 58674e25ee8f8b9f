"""The whole way of a tray, leg by leg: from the store to the person, and back."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from opstap.geometry import Floats, Pose
from opstap.presenting.handover import Handover, handovers
from opstap.presenting.planning import Load, Planner
from opstap.presenting.reaching import reach_free, straight
from opstap.presenting.robot import Robot
from opstap.presenting.surroundings import STEP, Surroundings
from opstap.presenting.timing import Trajectory, timed
from opstap.scene import Profile, Scene, StoreSlot

LIFT = 0.05
"""A tray is lifted so far before it is moved, metres."""
CLEAR = 0.04
"""The fork is pulled out this much farther than it was in, metres."""
STRETCH = 0.05
"""A tray that is held out comes the last bit straight to the person, metres, and the fork goes straight back."""
SLOW = 0.7
"""Straight legs, where something is near on purpose, go at this share of the velocity limit."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Leg:
    """One motion from rest to rest. `phase` is what the cell calls it: fetch, carry, present, retreat."""

    phase: str
    trajectory: Trajectory
    load: Load
    to_person: bool = False
    """Whether it ends at the handover: there, contact-limited speed may apply."""


@dataclass(frozen=True, eq=False)
class Route:
    """`present` brings the tray, `clear` takes the fork (or the held tray's fork) away and the robot home, `collect`
    fetches the tray again and puts it back in the store."""

    handover: Handover
    slot: str
    present: tuple[Leg, ...]
    clear: tuple[Leg, ...]
    collect: tuple[Leg, ...]


class Router:
    """Plans routes and keeps them. Belongs to the thread that plans."""

    def __init__(self, scene: Scene, robot: Robot) -> None:
        self.scene = scene
        self.around = Surroundings(robot, scene)
        self.planner = Planner(self.around)
        self._kept: dict[tuple[str, str], Route] = {}
        self._fetches: dict[str, list[list[Leg]]] = {}

    def route(self, slot: StoreSlot, person: Profile) -> Route | None:
        """The way from `slot` to `person` and back; None when there is none.

        A route that was made before is checked again, sample by sample, and used when it is still free.
        """
        kept = self._kept.get((slot.id, person.id))
        if kept and all(self._still_free(leg) for leg in (*kept.present, *kept.clear, *kept.collect)):
            return kept
        for handover in handovers(self.scene, person):
            route = self._legs(slot, handover)
            if route:
                self._kept[slot.id, person.id] = route
                return route
            log.info("no way from %s to %s at height %.2f", slot.id, handover.place, handover.pose.translation[2])
        return None

    def _still_free(self, leg: Leg) -> bool:
        q = leg.trajectory.positions
        # Samples a step apart are enough: that is how the way was checked when it was planned.
        along = np.concatenate([[0.0], np.abs(np.diff(q, axis=0)).max(axis=1).cumsum()])
        chosen = np.unique(np.searchsorted(along, np.arange(0.0, along[-1], STEP)))
        return all(self.around.free(q[i], leg.load.carrying, leg.load.lifted) for i in (*chosen, len(q) - 1))

    def _legs(self, slot: StoreSlot, handover: Handover) -> Route | None:
        """Get the tray, bring it, let go of it, go home."""
        taken, bare = Load(True, slot.id), Load(False, slot.id)
        on_table = handover.how == "table"
        tray = handover.pose
        before = _above(tray) if on_table else tray @ Pose.of((-STRETCH, 0.0, 0.0))
        after = self._out(tray) if on_table else tray @ Pose.of((-STRETCH, 0.0, 0.0))
        # Only branches from which the last bit can be gone, to the person and back, are worth a way there.
        ends = [q for q in reach_free(self.around, before, self.around.robot.home, True, slot.id)
                if self._can_dock(q, tray, after, slot.id)]  # fmt: skip
        for fetch in self._fetched(slot) if ends else ():
            legs = _Legs(self, fetch)
            if not (legs.reach("carry", ends, taken) and legs.line("present", tray, taken, to_person=True)):
                continue
            present, legs.legs = legs.legs, []
            if not (legs.line("retreat", after, bare) and legs.home("retreat", bare)):
                continue
            back = [*present, *legs.legs] if on_table else present
            return Route(handover, slot.id, tuple(present), tuple(legs.legs), _reversed(back))
        return None

    def _can_dock(self, start: Floats, tray: Pose, after: Pose, lifted: str) -> bool:
        """Whether a tray can be brought straight from `start` to `tray`, and the fork from there to `after`."""
        there = straight(self.around, start, tray, True, lifted)
        return there is not None and straight(self.around, there[-1], after, False, lifted) is not None

    def _fetched(self, slot: StoreSlot) -> Iterable[list[Leg]]:
        """Ways to get the tray out of the store, one for every branch that can go in; usually the first one serves."""
        if slot.id not in self._fetches:
            self._fetches[slot.id] = list(self._fetching(slot))
        return self._fetches[slot.id]

    def _fetching(self, slot: StoreSlot) -> Iterable[list[Leg]]:
        home, bare, taken = self.around.robot.home, Load(False), Load(True, slot.id)
        out = self._out(slot.pose)
        for branch in reach_free(self.around, out, home, carrying=False):
            legs = _Legs(self, [], home)
            inserting = Load(False, slot.id)
            if (
                legs.reach("fetch", [branch], bare)
                and legs.line("fetch", slot.pose, inserting)
                and legs.line("fetch", _above(slot.pose), taken)
                and legs.line("fetch", _above(out), taken)
            ):
                yield legs.legs

    def _out(self, tray: Pose) -> Pose:
        """Where the fork is when it was pulled out from under a tray at `tray`."""
        return tray @ Pose.of((-self.scene.cobot.tray.size[0] - CLEAR, 0.0, 0.0))  # type: ignore[union-attr]


class _Legs:
    """Legs that follow each other; every method adds one and tells whether it could."""

    def __init__(self, router: Router, legs: list[Leg], start: Floats | None = None) -> None:
        self._router = router
        self._around = router.around
        self.legs = list(legs)
        self._at = legs[-1].trajectory.positions[-1] if start is None else start

    def home(self, phase: str, load: Load) -> bool:
        return self.reach(phase, [self._around.robot.home], load)

    def reach(self, phase: str, goals: list[Floats], load: Load) -> bool:
        """Any free way to one of `goals`."""
        way = self._router.planner.plan(self._at, goals, load) if goals else None
        return self._add(phase, way, load, 1.0, False)

    def line(self, phase: str, tool: Pose, load: Load, to_person: bool = False) -> bool:
        """Straight to `tool`."""
        way = straight(self._around, self._at, tool, load.carrying, load.lifted)
        return self._add(phase, way, load, SLOW, to_person)

    def _add(self, phase: str, way: list[Floats] | None, load: Load, slower: float, to_person: bool) -> bool:
        if way is None:
            return False

        def free(q: Floats) -> bool:
            return self._around.free(q, load.carrying, load.lifted)

        trajectory = timed(way, self._around.robot.cobot.limits, free, load.carrying, slower)
        if trajectory is None:
            return False
        self._at = way[-1]
        self.legs.append(Leg(phase, trajectory, load, to_person))
        return True


def _above(tray: Pose) -> Pose:
    return Pose(tray.rotation, tray.translation + (0.0, 0.0, LIFT))


COLLECTING = {"retreat": "fetch", "present": "fetch", "carry": "carry", "fetch": "retreat"}
"""What a leg is called when it is gone backwards."""


def _reversed(legs: list[Leg]) -> tuple[Leg, ...]:
    """The same ways backwards: what was free there is free here, and at the same limits."""
    return tuple(
        replace(
            leg, phase=COLLECTING[leg.phase], to_person=leg.phase == "retreat" and leg.load.carrying,
            trajectory=Trajectory(leg.trajectory.positions[::-1], leg.trajectory.carrying),
        )
        for leg in reversed(legs)
    )  # fmt: skip
