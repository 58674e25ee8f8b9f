"""Scripted hands: what each hand does one after the other, and what truly happened.

Unlike the simulated person, who acts on light alone, these hands do as they are told, both at once if need be, and also
what no guide would ask for: reach into a bin and take nothing, hover, put back, take out, take two.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np

from opstap.geometry import Capsule
from opstap.instructions import Cell
from opstap.simulation.arm import Arm, Build, OutOfReachError, Tremor, standing_at
from opstap.simulation.bench import Bench
from opstap.simulation.hand import Hand, Terrain, grip_point
from opstap.simulation.person import GLOVE, HOLD, REST
from opstap.simulation.plan import Plan, Step
from opstap.simulation.world import Held, WorldState

Act = Literal["take", "put", "touch", "hover", "rest"]
GRASP, RELEASE, TOUCH = 0.35, 0.25, 0.3
"""Seconds at ease: closing the fingers, letting go, feeling about."""
HOVER = 0.10
"""How far above a rim a hovering hand stays, metres."""
START = 1_000_000_000


@dataclass(frozen=True)
class Deed:
    """Something one hand does at one place."""

    act: Act
    place: str = ""
    count: int = 1


@dataclass(frozen=True)
class Manner:
    """How hands look and move."""

    speed: float = 1.0
    tremor: float = 0.0003
    glove: bool = False
    sleeve: bool = False
    tool: bool = False
    skin: tuple[int, int, int] = (205, 160, 130)


@dataclass
class Visit:
    """What one hand truly did in one place, from its first deed there to the next place it went to."""

    place: str
    side: int
    tick: int
    """When the content changed (for a touch: when the fingers were down)."""
    begin: int = 0
    """When it first changed: of two parts one after the other, either may be told by itself."""
    change: int = 0
    """Parts that came (positive) or went."""
    parts: list[str] = field(default_factory=list)


class Worker:
    """One or two scripted hands at a bench; `tick()` once a frame."""

    def __init__(self, bench: Bench, scripts: dict[int, list[Deed]], manner: Manner, seed: int, fps: int = 30) -> None:
        scene = bench.cell.scene
        rng = np.random.default_rng([seed, 7])
        body = standing_at(0.0, -scene.table.size[1] / 2, 0.0)
        build = Build(hand=GLOVE if manner.glove else 1.0, sleeve=manner.sleeve)
        terrain = Terrain(scene)
        self._bench, self._manner, self._dt = bench, manner, 1 / fps
        self._fps = fps
        self._rooms = rooms(bench.cell)
        self.hands: dict[int, Hand] = {}
        for side in scripts:
            start = body.apply(REST * (side, 1, 1))
            self.hands[side] = Hand(Arm(side, body, build), start, terrain, manner.speed, Tremor(manner.tremor, rng))
        self._scripts = {side: deque(script) for side, script in scripts.items()}
        self._plans = {side: Plan() for side in scripts}
        self._pause = {side: float(rng.uniform(0.2, 0.8)) for side in scripts}
        self._rng = rng
        self.visits: list[Visit] = []
        self.ticks = 0
        self._quiet = True

    def begin(self, scripts: dict[int, list[Deed]]) -> None:
        """Give each hand what it does."""
        self._scripts = {side: deque(script) for side, script in scripts.items()}

    @property
    def done(self) -> bool:
        return not any(self._scripts.values()) and not any(h.busy for h in self.hands.values()) and self._quiet

    def tick(self) -> WorldState:
        now = self.ticks * self._dt
        self._bench.tick = self.ticks
        self._quiet = True
        for side, hand in self.hands.items():
            if not self._plans[side].go_on(now) and not hand.busy and now >= self._pause[side]:
                if self._scripts[side]:
                    self._plans[side].begin(hand, *self._steps(side, hand, self._scripts[side].popleft()))
            else:
                self._quiet = False
            hand.tick(self._dt)
        world = WorldState(
            tick=self.ticks,
            stamp=START + self.ticks * 1_000_000_000 // self._fps,
            bins=self._bench.bins,
            slots=self._bench.slots,
            held=tuple(h for hand in self.hands.values() for h in hand.held()),
            arms=tuple(c for hand in self.hands.values() for c in self._capsules(hand)),
            skin=self._manner.skin,
        )
        self.ticks += 1
        return world

    def _capsules(self, hand: Hand) -> tuple[Capsule, ...]:
        arm = hand.capsules()
        if not self._manner.tool:
            return arm
        # A screwdriver that lies across the palm and sticks out 8 cm beside the thumb.
        palm = np.asarray(arm[2].end)
        across = np.array([-hand.arm.side * 0.08, 0.03, 0.02])
        return (*arm, Capsule(tuple(palm + across), tuple(palm - 0.5 * across), 0.011))

    def _steps(self, side: int, hand: Hand, deed: Deed) -> list[Step]:
        at = partial(self._visit, side, deed.place)
        if deed.act == "rest":
            return [partial(self._back, side, hand)]
        if deed.act == "hover":
            return [partial(self._above, hand, deed.place), partial(float, TOUCH)]
        if deed.act == "touch":
            return [partial(self._feel, hand, deed.place), at, partial(float, TOUCH / self._manner.speed)]
        if deed.act == "take":
            once: list[Step] = [
                partial(self._approach, hand, deed.place),
                partial(self._squeeze, hand),
                partial(self._lift, side, hand, deed.place),
            ]
            return [at, *(once * deed.count)]
        put: list[Step] = [
            partial(self._carry, hand, deed.place),
            partial(self._let_go, hand),
            partial(self._lay, side, hand, deed.place),
        ]
        return [at, *(put * deed.count)]

    def _visit(self, side: int, place: str) -> float:
        self.visits.append(Visit(place, side, self.ticks))
        return 0.0

    def _changed(self, side: int, place: str, part: str, by: int) -> None:
        visit = next(v for v in reversed(self.visits) if v.side == side)
        assert visit.place == place
        visit.begin = self.ticks if not visit.change else visit.begin
        visit.change += by
        visit.tick = self.ticks
        visit.parts.append(part)

    def _back(self, side: int, hand: Hand) -> float:
        hand.go(hand.arm.body.apply((HOLD if hand.grasped else REST) * (side, 1, 1)))
        self._pause[side] = self.ticks * self._dt + float(self._rng.uniform(0.1, 0.6))
        return 0.0

    def _above(self, hand: Hand, place: str) -> float:
        room = self._rooms[place]
        hand.go(room.pose.apply((0.0, 0.0, room.size[2] / 2 + HOVER)))
        return 0.0

    def _feel(self, hand: Hand, place: str) -> float:
        room = self._rooms[place]
        parts = self._bench.inside(place)
        if parts:
            hand.go(grip_point(room, self._bench.top(place), self._height(parts[-1])) + (0.0, 0.0, 0.012))
        else:
            hand.go(room.pose.apply((0.0, 0.0, 0.018 - room.size[2] / 2)))
        return 0.0

    def _approach(self, hand: Hand, place: str) -> float:
        hand.open()
        parts = self._bench.inside(place)
        if parts:
            hand.go(grip_point(self._rooms[place], self._bench.top(place), self._height(parts[-1])))
        return 0.0

    def _squeeze(self, hand: Hand) -> float:
        hand.close()
        return GRASP / self._manner.speed

    def _lift(self, side: int, hand: Hand, place: str) -> float:
        if self._bench.inside(place):
            pose, part = self._bench.top(place), self._bench.take(place)
            hand.hold(part, pose, self._height(part))
            self._changed(side, place, part, -1)
        return 0.0

    def _carry(self, hand: Hand, place: str) -> float:
        if hand.grasped:
            part = hand.grasped[-1].part
            landing = self._bench.next(place, part)
            hand.go(grip_point(self._rooms[place], landing, self._height(part)), landing)
        return 0.0

    def _let_go(self, hand: Hand) -> float:
        hand.open()
        return RELEASE / self._manner.speed

    def _lay(self, side: int, hand: Hand, place: str) -> float:
        if hand.grasped:
            part = hand.drop()
            self._bench.put(place, part)
            self._changed(side, place, part, +1)
        return 0.0

    def _height(self, part: str) -> float:
        return self._bench.cell.task.parts[part].size[2]


def rooms(cell: Cell):
    """Place id -> its inside."""
    scene = cell.scene
    return {b.id: b.inside for b in scene.bins} | {s.id: scene.case.slot_box(s) for s in scene.case.slots}


__all__ = ["Act", "Deed", "Held", "Manner", "OutOfReachError", "Visit", "Worker", "rooms"]
