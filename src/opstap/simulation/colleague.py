"""A colleague who fills bins that the light says are empty."""

from __future__ import annotations

from functools import partial

import numpy as np

from opstap.geometry import Capsule, Floats, Pose
from opstap.scene import Bin
from opstap.simulation.arm import Arm, Tremor, minimum_jerk, standing_at
from opstap.simulation.bench import Bench
from opstap.simulation.hand import CLEARANCE, Hand, Terrain
from opstap.simulation.plan import Plan, Step
from opstap.simulation.sight import Seen
from opstap.simulation.world import Held

NOTICE = (3.0, 6.0)
"""Seconds from the light to the colleague's coming, shortest and longest."""
WALK_SECONDS, WALK = 1.2, 0.6
"""How long and from how far (metres) the last steps to the table are."""
DROP_SECONDS = 0.25
CHECK_SECONDS = 10.0
"""A colleague who filled a bin leaves its light alone for this long: the cell has to see it first."""
START = np.array([0.25, 0.02, 0.25])
"""Where the hand is when the colleague arrives, body frame."""


class Colleague:
    """Comes to the table's nearest side (never the operator's), fills the bin to its usual count and leaves."""

    def __init__(self, bench: Bench, terrain: Terrain, dt: float, rng: np.random.Generator) -> None:
        self._bench = bench
        self._terrain = terrain
        self._dt = dt
        self._rng = rng
        self._tremor = Tremor(0.0003, rng)
        self._now = 0.0
        self._seen = Seen()
        self._hand: Hand | None = None
        self._walking = (0.0, 0.0, 0.0)
        """When the last steps began, and from and to how far behind the place at the table they go."""
        self._plan = Plan()

    def act(self, seen: Seen) -> None:
        """Live on for one tick."""
        self._now += self._dt
        self._seen = seen
        if not self._plan.go_on(self._now) and seen.refill:
            wait = float(self._rng.uniform(*NOTICE))
            self._plan.begin(None, partial(float, wait), partial(self._come, seen.refill[0]))
        if self._hand:
            self._hand.tick(self._dt)

    def capsules(self) -> tuple[Capsule, ...]:
        """The arm, table frame; none while the colleague is elsewhere."""
        if self._hand is None:
            return ()
        x, y, z = (float(c) for c in self._away(self._hand))
        return tuple(
            Capsule(
                (c.start[0] + x, c.start[1] + y, c.start[2] + z), (c.end[0] + x, c.end[1] + y, c.end[2] + z), c.radius
            )
            for c in self._hand.capsules()
        )

    def held(self) -> tuple[Held, ...]:
        """The next part that goes into the bin; the hand hides those after it."""
        if self._hand is None:
            return ()
        away = self._away(self._hand)
        return tuple(Held(h.part, Pose(h.pose.rotation, h.pose.translation + away)) for h in self._hand.held())

    def _away(self, hand: Hand) -> Floats:
        """From the place at the table to where the colleague is now (3,)."""
        since, start, end = self._walking
        behind = start + (end - start) * minimum_jerk((self._now - since) / WALK_SECONDS)
        return np.asarray(hand.arm.body.rotation @ (0.0, -behind, 0.0))

    def _come(self, bin_id: str) -> float:
        b = self._bench.cell.scene.bin[bin_id]
        lacking = b.count - len(self._bench.inside(bin_id))
        if bin_id not in self._seen.refill or lacking <= 0:
            return 0.0
        body = self._stand(b)
        hand = self._hand = Hand(Arm(1, body), body.apply(START), self._terrain, 1.0, self._tremor)
        self._take_one(b)
        over = b.pose.apply((0.0, 0.0, b.size[2] + CLEARANCE))
        drops: list[Step] = [partial(self._drop, b, lacking - 1 - i) for i in range(lacking)]
        self._plan.begin(
            hand,
            partial(self._walk, WALK, 0.0),
            partial(self._go, over),
            partial(float, DROP_SECONDS),
            *drops,
            partial(self._go, hand.grip),
            partial(self._walk, 0.0, WALK),
            self._leave,
        )
        return 0.0

    def _walk(self, start: float, end: float) -> float:
        """Step from `start` to `end` metres behind the place at the table."""
        self._walking = (self._now, start, end)
        return WALK_SECONDS

    def _go(self, goal: Floats) -> float:
        assert self._hand
        self._hand.go(goal)
        return 0.0

    def _drop(self, b: Bin, left: int) -> float:
        assert self._hand
        self._bench.refill(b.id, [self._hand.drop()])
        if left:
            self._take_one(b)
        return DROP_SECONDS

    def _leave(self) -> float:
        self._hand = None
        return CHECK_SECONDS

    def _take_one(self, b: Bin) -> None:
        assert self._hand
        height = self._bench.cell.part_in(b.id).size[2]
        lying = self._bench.next(b.id, b.part)
        self._hand.hold(b.part, Pose(lying.rotation, self._hand.grip - (0.0, 0.0, height / 2)), height)

    def _stand(self, b: Bin) -> Pose:
        """At the back, left or right edge of the table, whichever is nearest to the bin, in front of it."""
        half_x, half_y = (s / 2 for s in self._bench.cell.scene.table.size)
        x, y, _ = b.position
        edges = [
            (half_y - y, standing_at(x, half_y, np.pi)),
            (half_x - x, standing_at(half_x, y, np.pi / 2)),
            (half_x + x, standing_at(-half_x, y, -np.pi / 2)),
        ]
        return min(edges, key=lambda edge: edge[0])[1]
