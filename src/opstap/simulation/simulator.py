"""The simulated cell: a person, a colleague who fills empty bins, and where every part is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Capsule, Floats
from opstap.instructions import Cell
from opstap.simulation.arm import minimum_jerk
from opstap.simulation.person import Person, Places, Traits
from opstap.simulation.sight import Seen, Sight, Sign
from opstap.simulation.world import WorldState

START = 1_000_000_000
"""Stamp of tick 0, ns; not 0, which ROS reads as "no time"."""


@dataclass(frozen=True)
class Truth:
    """Something that really happened: for tests and benchmarks, never for the cell."""

    tick: int
    happened: str
    place: str
    part: str


class Colleague:
    """Fills the bins that are lit for filling, reaching in from behind the rack; sees the light only."""

    WAIT, REACH, POUR = 2.5, 0.9, 0.8

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.bin = ""
        self.elapsed = 0.0

    def act(self, seen: Seen, seconds: float, places: Places) -> list[tuple[str, str, str]]:
        """Go on for `seconds`; returns what was done, as `Person.happened` has it."""
        if not self.bin:
            self.bin = next((b for b, s in seen.bins.items() if s is Sign.REFILL), "")
            self.elapsed = 0.0
            return []
        before, self.elapsed = self.elapsed, self.elapsed + seconds
        poured = self.WAIT + self.REACH + self.POUR / 2
        done: list[tuple[str, str, str]] = []
        if before < poured <= self.elapsed:
            b = self.cell.scene.bin[self.bin]
            missing = max(1, b.count) - len(places.bins[self.bin])
            places.bins[self.bin] += [b.part] * missing
            done = [("filled", self.bin, b.part)]
        if self.elapsed > self.WAIT + 2 * self.REACH + self.POUR:
            self.bin = ""
        return done

    def capsules(self) -> tuple[Capsule, ...]:
        if not self.bin or self.elapsed < self.WAIT:
            return ()
        t = self.elapsed - self.WAIT
        share = min(t / self.REACH, 1.0, max(0.0, (2 * self.REACH + self.POUR - t) / self.REACH))
        b = self.cell.scene.bin[self.bin]
        back = self.cell.scene.table.size[1] / 2
        away: Floats = np.array([b.position[0], back + 0.45, 0.45])
        over: Floats = np.array([b.position[0], b.position[1] + 0.02, b.position[2] + b.size[2] + 0.03])
        hand = away + minimum_jerk(share) * (over - away)
        elbow = hand + np.array([0.05, 0.22, 0.18])
        points = [tuple(round(float(v), 4) for v in p) for p in (elbow, hand, hand - np.array([0.0, 0.07, 0.02]))]
        return (Capsule(points[0], points[1], 0.042), Capsule(points[1], points[2], 0.034))  # type: ignore[arg-type]


class Simulator:
    """Everything in the cell that is not a node: `tick` is called `fps` times a simulated second.

    The whole state is plain data, so that it can be pickled and the simulation go on in another process.
    """

    def __init__(self, cell: Cell, traits: Traits, seed: int) -> None:
        self.cell, self.seed = cell, seed
        self.fps = cell.scene.camera.fps
        self.person = Person(cell, traits, seed)
        self.colleague = Colleague(cell)
        self.skin = (96, 150, 205) if traits.glove else traits.skin
        filled = {b.id: [b.part] * (0 if b.id in traits.empty_bins else b.count) for b in cell.scene.bins}
        self.places = Places(filled, {s.id: [] for s in cell.scene.case.slots})
        self.ticks = 0
        self.truth: list[Truth] = []
        self._sight: Sight | None = None
        self._looked_at: tuple[Any, ...] = ()
        self._seen = Seen()
        self._dark_since = 0

    def __getstate__(self) -> dict[str, Any]:
        # What is looked at is worked out again; the images belong to another process.
        return {**self.__dict__, "_sight": None, "_looked_at": ()}

    def tick(self, light: Mapping[str, NDArray[np.uint8]]) -> WorldState:
        """Advance by one frame in the light that the person sees, and return the world.

        Args:
            light: projector id -> image (h, w, 3) RGB as thrown; an image that did not change must be the same object.
        """
        self._look(light)
        seconds = 1.0 / self.fps
        self.person.act(self._seen, seconds, self.places)
        happened = [*self.person.happened, *self.colleague.act(self._seen, seconds, self.places)]
        self.truth += [Truth(self.ticks, *h) for h in happened]
        if self._seen.bins or self._seen.slots or not self.person.idle:
            self._dark_since = self.ticks
        world = self.world()
        self.ticks += 1
        return world

    def world(self) -> WorldState:
        """The world at the current tick."""
        return WorldState(
            tick=self.ticks,
            stamp=START + self.ticks * 1_000_000_000 // self.fps,
            bins={k: tuple(v) for k, v in self.places.bins.items()},
            slots={k: tuple(v) for k, v in self.places.slots.items()},
            held=self.person.parts_in_hand(),
            arms=(*self.person.capsules(), *self.colleague.capsules()),
            skin=self.skin,
        )

    def _look(self, light: Mapping[str, NDArray[np.uint8]]) -> None:
        images = tuple(light.values())
        if len(images) == len(self._looked_at) and all(a is b for a, b in zip(images, self._looked_at, strict=True)):
            return
        self._sight = self._sight or Sight(self.cell.scene)
        self._seen, self._looked_at = self._sight.look(light), images

    @property
    def packed(self) -> bool:
        """Whether every slot of the task holds its part and nothing else."""
        wanted = {s.slot: [s.part] * s.count for s in self.cell.task.steps}
        return all(self.places.slots[s.id] == wanted.get(s.id, []) for s in self.cell.scene.case.slots)

    @property
    def finished(self) -> bool:
        """Whether the case is packed and nothing has been asked for two seconds."""
        return self.packed and self.ticks - self._dark_since > 2 * self.fps
