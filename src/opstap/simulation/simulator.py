"""The simulated world from tick to tick: light in, world out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from opstap.instructions import Cell
from opstap.simulation.bench import Bench, Truth
from opstap.simulation.colleague import Colleague
from opstap.simulation.hand import Terrain
from opstap.simulation.person import Person, Traits
from opstap.simulation.sight import Images, Seen, Sight, remembered
from opstap.simulation.world import WorldState

if TYPE_CHECKING:
    from opstap.simulation.cobot import SimulatedCobot

START = 1_000_000_000
"""Stamp of tick 0, ns; not 0, which ROS reads as "no time"."""
DONE_SECONDS, GIVE_UP_SECONDS = 3.0, 30.0
"""A job is over when nothing was asked for so long: with a full case and every tray back, and otherwise."""


class Simulator:
    """A person and a colleague at a bench. The same seed and the same images give the same world, tick by tick.

    It can be pickled, and goes on from there in another process.

    Raises:
        OutOfReachError: a bin or slot of the cell is too far for the person.
    """

    def __init__(self, cell: Cell, traits: Traits, seed: int, *, cobot: bool = False) -> None:
        self.cobot: SimulatedCobot | None = None
        """The arm that brings trays; None: there is none."""
        if cobot:
            from opstap.simulation.cobot import SimulatedCobot  # its libraries are loaded only where there is one

            self.cobot = SimulatedCobot(cell.scene)
        self.fps = cell.scene.camera.fps
        self.ticks = 0
        """Number of the next tick."""
        self._bench = Bench(cell, seed, traits.empty_bins)
        terrain, dt = Terrain(cell.scene), 1 / self.fps
        self._person = Person(traits, self._bench, terrain, dt, np.random.default_rng([seed, traits.seed, 0]))
        self._colleague = Colleague(self._bench, terrain, dt, np.random.default_rng([seed, traits.seed, 1]))
        self._idle_ticks = 0
        self._sight: Sight | None = None
        self._lit = self._seen = Seen()
        """What the light said last, and that with what is remembered."""
        scene = cell.scene
        self._centres = {b.id: np.asarray(b.pose.translation) for b in scene.bins}
        if scene.cobot:
            handovers = [z for z in scene.zones if z.kind == "handover"]
            self._centres |= {z.id: scene.cobot.standing(z).translation for z in handovers}
        self._centres |= {s.id: np.asarray(scene.case.slot_box(s).pose.translation) for s in scene.case.slots}

    def __getstate__(self) -> dict[str, Any]:
        # Sight is worked out again: it is large, and the images in it belong to this process.
        return {**self.__dict__, "_sight": None}

    def tick(self, light: Images) -> WorldState:
        """Go on by one tick, 1 / fps seconds, and return the world; the first call gives tick 0.

        `light` is what reaches the eyes at this tick, however long ago it was drawn. Pass the same array objects as
        long as the picture does not change: only new ones are looked at.
        """
        self._bench.tick = self.ticks
        self._sight = self._sight or Sight(self._bench.cell.scene)
        if self.cobot:
            self.cobot.tick(START + self.ticks * 1_000_000_000 // self.fps)
            self._bench.standing = {zone: (t.slot, t.pose) for zone, t in self.cobot.standing().items()}
        lit = self._sight.look(light)
        # Arms move half their own width in a tick at most: those of the last tick cover what is dark now.
        seen = (
            remembered(self._seen, lit, self._person.capsules(), self._centres) if lit is not self._lit else self._seen
        )
        self._lit, self._seen = lit, seen
        self._person.act(seen, self.cobot.coming() if self.cobot else "")
        self._colleague.act(seen)
        idle = self._person.idle and not (self.cobot and self.cobot.moving)
        self._idle_ticks = self._idle_ticks + 1 if idle else 0
        world = self._world()
        self.ticks += 1
        return world

    def _world(self) -> WorldState:
        out = self.cobot.out if self.cobot else []
        in_trays = (h for t in out for h in self._bench.in_tray(t.slot, t.pose))
        return WorldState(
            tick=self.ticks,
            stamp=START + self.ticks * 1_000_000_000 // self.fps,
            bins=self._bench.bins,
            slots=self._bench.slots,
            held=(*self._person.held(), *self._colleague.held(), *in_trays),
            robot=self.cobot.capsules if self.cobot else (),
            trays=tuple(t.pose for t in out),
            arms=self._person.capsules() + self._colleague.capsules(),
            skin=self._person.traits.glove or self._person.traits.skin,
        )

    @property
    def truth(self) -> tuple[Truth, ...]:
        """Everything that really happened to parts, oldest first; for tests and reports, not for the cell."""
        return tuple(self._bench.truth)

    @property
    def packed(self) -> bool:
        """Whether every slot of the task truly holds its part (or nothing, where it may be left out), and no other slot
        anything."""
        steps = {s.slot: (s.part,) * s.count for s in self._bench.cell.task.steps if s.part}
        free = {s.slot for s in self._bench.cell.task.steps if s.optional}
        return all(
            parts == steps.get(slot, ()) or (not parts and slot in free) for slot, parts in self._bench.slots.items()
        )

    @property
    def finished(self) -> bool:
        """Whether the person has placed something, rests, and has seen nothing to do for a while."""
        slots = self._bench.slots
        needed = [s.slot for s in self._bench.cell.task.steps if s.part and not s.optional]
        full = all(slots[slot] for slot in needed) and not (self.cobot and self.cobot.out)
        seconds = DONE_SECONDS if full else GIVE_UP_SECONDS
        return any(slots.values()) and self._idle_ticks >= seconds * self.fps
