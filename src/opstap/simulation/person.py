"""A simulated person who knows nothing of the task and acts on the projected light alone.

The person looks, reaches, takes, waits for a lit place, puts the part there; makes the mistakes that the file asks
for, and puts them right by following the light, as a person would.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from opstap.documents import Document, Fault, Model, nearest
from opstap.geometry import Capsule, Floats, Pose
from opstap.instructions import Cell
from opstap.scene import Id
from opstap.simulation.arm import Build, arm, minimum_jerk
from opstap.simulation.sight import Seen, Sign
from opstap.simulation.world import Held, lying_in_bin, lying_in_slot

Rate = Annotated[float, Field(ge=0, le=1)]
GIVE_UP = 6.0
"""Seconds with a part in hand and its bin still lit, after which a person puts it back and tries again."""


class Mistake(Model):
    """One mistake: at the `at`-th time of taking or placing (from 1)."""

    kind: Literal["wrong_bin", "wrong_slot", "too_many"]
    at: Annotated[int, Field(ge=1, le=1000)]


class Traits(Model):
    """How a simulated person works (`config/people/*.yaml`)."""

    person: Id
    hand: Literal["right", "left", "both"] = "right"
    speed: Annotated[float, Field(ge=0.3, le=3)] = 1.0
    """1 is a calm pace; movements take 1 / speed as long."""
    reaction: Annotated[float, Field(ge=0.1, le=3)] = 0.35
    """Seconds from a change of the light to the start of a movement, on average."""
    hesitation: Rate = 0.0
    """Chance of a pause of one to three seconds before a movement."""
    tremor: Annotated[float, Field(ge=0, le=0.02)] = 0.0
    """Amplitude of a shaking hand, metres."""
    glove: bool = False
    skin: tuple[int, int, int] = (205, 160, 130)
    sleeve: Annotated[float, Field(ge=0, le=0.03)] = 0.006
    mistakes: tuple[Mistake, ...] = ()
    empty_bins: tuple[Id, ...] = ()
    """Bins that nobody filled before the job."""


def load_traits(path: Path, cell: Cell) -> Traits:
    """The person in `path`.

    Raises:
        DocumentError: telling every fault with line and field.
    """
    document = Document.read(path)
    traits = document.parse(Traits)
    faults = [
        Fault(("empty_bins", i), f"unknown bin '{b}'", nearest(b, list(cell.scene.bin)))
        for i, b in enumerate(traits.empty_bins)
        if b not in cell.scene.bin
    ]
    if faults:
        raise document.error(faults)
    return traits


@dataclass
class Places:
    """The true contents of bins and slots; the last part is on top."""

    bins: dict[str, list[str]]
    slots: dict[str, list[str]]


@dataclass(frozen=True)
class Move:
    """A movement of the hand to `target` (3,), then an `action` at `place`."""

    target: tuple[float, float, float]
    seconds: float
    closed: bool
    action: Literal["", "take", "put", "rest"] = ""
    place: str = ""


class Hand:
    """One hand: where it is, what it holds, and what it is about to do."""

    def __init__(self, build: Build, home: tuple[float, float, float]) -> None:
        self.build, self.home = build, home
        self.position: Floats = np.array(home)
        self.start: Floats = self.position
        self.elapsed = 0.0
        self.todo: deque[Move] = deque()
        self.held: list[tuple[str, Floats]] = []
        """Parts in the hand with their yaw-only rotation (3, 3)."""
        self.closed = False

    def advance(self, seconds: float) -> Move | None:
        """Go on with the movement; returns it when it ends."""
        if not self.todo:
            return None
        move = self.todo[0]
        self.closed = move.closed
        self.elapsed += seconds
        share = 1.0 if move.seconds <= 0 else self.elapsed / move.seconds
        target = np.array(move.target)
        s = minimum_jerk(share)
        arc = 0.18 * float(np.linalg.norm(target[:2] - self.start[:2])) * 4 * s * (1 - s)
        self.position = self.start + s * (target - self.start) + np.array([0.0, 0.0, arc])
        if share < 1.0:
            return None
        self.todo.popleft()
        self.start, self.elapsed = self.position, 0.0
        return move


class Person:
    """See the module's text. `act` is called once a tick with what is seen."""

    def __init__(self, cell: Cell, traits: Traits, seed: int) -> None:
        self.cell, self.traits, self.seed = cell, traits, seed
        self.rng = np.random.default_rng([seed, 3])
        radius = 0.034 if traits.glove else 0.030
        edge = -cell.scene.table.size[1] / 2
        self.hands = {
            side: Hand(Build(side, radius, traits.sleeve), (side * 0.30, edge + 0.03, 0.06)) for side in (-1, 1)
        }
        self.now = 0.0
        self.ready_at = 0.0
        self.seen = Seen()
        self.took_from = ""
        self.took_at = 0.0
        self.takes = self.puts = 0
        self.happened: list[tuple[str, str, str]] = []
        """What was really done this tick: (taken or placed or put_back or removed, place, part)."""

    def act(self, seen: Seen, seconds: float, places: Places) -> None:
        """Go on for `seconds`, seeing `seen`."""
        self.now += seconds
        self.happened = []
        if seen != self.seen:
            self.seen = seen
            self.ready_at = self.now + float(self.traits.reaction * self.rng.uniform(0.7, 1.6))
            if self.rng.random() < self.traits.hesitation:
                self.ready_at += float(self.rng.uniform(1.0, 3.0))
        busy = False
        for hand in self.hands.values():
            move = hand.advance(seconds)
            if move and move.action in ("take", "put"):
                self._do(hand, move, places)
            busy |= bool(hand.todo)
        if not busy and self.now >= self.ready_at:
            self._decide(places)

    @property
    def idle(self) -> bool:
        """Whether nothing is held and no hand is moving."""
        return not any(h.todo or h.held for h in self.hands.values())

    def capsules(self) -> tuple[Capsule, ...]:
        """The arms, with the tremor of the moment."""
        depth = self.cell.scene.table.size[1]
        return tuple(
            c
            for side, hand in self.hands.items()
            for c in arm(hand.build, depth, hand.position + self._shake(side), hand.closed)
        )

    def parts_in_hand(self) -> tuple[Held, ...]:
        return tuple(
            Held(part, Pose(rotation, hand.position + self._shake(side) + [0.0, 0.004 * i, 0.022 * i - 0.006]))
            for side, hand in self.hands.items()
            for i, (part, rotation) in enumerate(hand.held)
        )

    def _shake(self, side: int) -> Floats:
        """Two incommensurable tones in the 8-12 Hz band of physiological tremor."""
        t = 2 * np.pi * self.now
        a = self.traits.tremor
        return a * np.array([np.sin(8.3 * t + side), np.sin(10.7 * t), 0.6 * np.sin(11.9 * t)])

    def _decide(self, places: Places) -> None:
        """Start what the light asks for."""
        holding = next((h for h in self.hands.values() if h.held), None)
        if holding:
            self._with_part(holding, places)
            return
        out = [s for s, sign in self.seen.slots.items() if sign is Sign.TAKE_OUT and places.slots[s]]
        if out:
            self._go(self._hand_for(out[0]), out[0], "take", places)
            return
        lit = [b for b, sign in self.seen.bins.items() if sign is Sign.TAKE and places.bins[b]]
        if not lit:
            return
        target = lit[0]
        hand = self._hand_for(target)
        self.takes += 1
        count = max(1, self.seen.pips.get(target, 1))
        if self._mistake("wrong_bin", self.takes):
            target = self._neighbour(target, [b for b in places.bins if places.bins[b]])
        if self._mistake("too_many", self.takes):
            count += 1
        for _ in range(min(count, len(places.bins[target]))):
            self._go(hand, target, "take", places, wait_outside=True)
        self.took_from, self.took_at = target, self.now

    def _with_part(self, hand: Hand, places: Places) -> None:
        back = [b for b, sign in self.seen.bins.items() if sign is Sign.PUT_BACK]
        rings = [s for s, sign in self.seen.slots.items() if sign is Sign.PLACE]
        if back:
            for _ in range(min(len(hand.held), max(1, self.seen.pips.get(back[0], 1)))):
                self._go(hand, back[0], "put", places)
        elif rings:
            self.puts += 1
            target = rings[0]
            if self._mistake("wrong_slot", self.puts):
                target = self._neighbour(target, [s for s in places.slots if not places.slots[s]])
            self._go(hand, target, "put", places)
        elif self.seen.bins.get(self.took_from) is Sign.TAKE and self.now - self.took_at > GIVE_UP:
            # The system did not notice: put it back and try again.
            self._go(hand, self.took_from, "put", places)
            self.took_at = self.now

    def _mistake(self, kind: str, number: int) -> bool:
        return any(m.kind == kind and m.at == number for m in self.traits.mistakes)

    def _bin_at(self, place: str) -> Floats:
        return np.asarray(self.cell.scene.bin[place].position)

    def _slot_at(self, place: str) -> Floats:
        return self.cell.scene.case.slot_floor(self.cell.scene.slot[place]).pose.translation

    def _neighbour(self, place: str, others: list[str]) -> str:
        """The nearest of `others` that is not `place`."""
        at = self._slot_at if place in self.cell.scene.slot else self._bin_at
        return min((o for o in others if o != place), key=lambda o: float(np.linalg.norm(at(o) - at(place))))

    def _hand_for(self, place: str) -> Hand:
        if self.traits.hand == "both":
            at = self._slot_at if place in self.cell.scene.slot else self._bin_at
            return self.hands[1 if at(place)[0] >= 0 else -1]
        return self.hands[1 if self.traits.hand == "right" else -1]

    def _go(
        self, hand: Hand, place: str, action: Literal["take", "put"], places: Places, *, wait_outside: bool = False
    ) -> None:
        """Queue: above the place, down, do it, up; then home, or beside the case with a part in hand."""
        at, rim = self._spot(place, action, places)
        above = (at[0], at[1], rim + 0.09)
        empty = action == "take" and not hand.held
        self._move(hand, above, closed=not empty)
        self._move(hand, at, closed=not empty, least=0.35)
        grip = (at[0], at[1], at[2] + 0.001)
        hand.todo.append(Move(grip, 0.3 / self.traits.speed, action == "take", action, place))
        self._move(hand, above, closed=action == "take", least=0.3)
        side = hand.build.side
        edge = -self.cell.scene.table.size[1] / 2
        waiting = (side * 0.30, edge + 0.07, 0.16)
        self._move(hand, waiting if action == "take" and wait_outside else hand.home, closed=action == "take")

    def _move(self, hand: Hand, target: tuple[float, float, float], *, closed: bool, least: float = 0.3) -> None:
        start = np.array(hand.todo[-1].target) if hand.todo else hand.position
        if not hand.todo:
            hand.start, hand.elapsed = hand.position, 0.0
        seconds = max(least, 0.3 + 0.85 * float(np.linalg.norm(np.array(target) - start)))
        varied = seconds * float(self.rng.uniform(0.92, 1.12))
        hand.todo.append(Move(target, varied / self.traits.speed, closed))

    def _spot(
        self, place: str, action: Literal["take", "put"], places: Places
    ) -> tuple[tuple[float, float, float], float]:
        """Where the fingers go, and the height of the rim around it."""
        scene = self.cell.scene
        in_bin = place in scene.bin
        parts = (places.bins if in_bin else places.slots)[place]
        lying = lying_in_bin if in_bin else lying_in_slot
        if in_bin:
            floor, rim = scene.bin[place].position, scene.bin[place].position[2] + scene.bin[place].size[2]
        else:
            surface = scene.case.slot_floor(scene.slot[place]).pose.translation
            floor, rim = (surface[0], surface[1], surface[2]), float(surface[2] + scene.case.size[2])
        if action == "take" and parts:
            # The fingers close on the topmost part, off its middle as fingers do.
            p = lying(self.cell, place, tuple(parts), self.seed)[-1].translation
            return (float(p[0]), float(p[1]), float(p[2]) + 0.008), rim
        height = 0.030 if in_bin else 0.022
        return (floor[0], floor[1], floor[2] + height), rim

    def _do(self, hand: Hand, move: Move, places: Places) -> None:
        in_bin = move.place in self.cell.scene.bin
        contents = (places.bins if in_bin else places.slots)[move.place]
        if move.action == "take":
            if not contents:
                return
            lying = lying_in_bin if in_bin else lying_in_slot
            rotation = lying(self.cell, move.place, tuple(contents), self.seed)[-1].rotation
            part = contents.pop()
            hand.held.append((part, rotation))
            self.took_at = self.now
            self.happened.append(("taken" if in_bin else "removed", move.place, part))
        elif hand.held:
            part, _ = hand.held.pop()
            contents.append(part)
            self.happened.append(("put_back" if in_bin else "placed", move.place, part))
