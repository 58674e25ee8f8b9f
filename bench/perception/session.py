"""One session: a cell, one or two hands with a script, a camera with noise, the watcher; and what came of it.

Everything follows from the session's number and the set it belongs to. Sets keep apart what the detection was worked on
with (`tuning`), what is reported (`reporting`) and what the tests run (`regression`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.perception.work import Deed, Manner, OutOfReachError, Visit, Worker, rooms
from opstap.instructions import Cell, load_cell
from opstap.perception.places import pixels_of, places_of
from opstap.perception.watch import Watcher
from opstap.simulation.bench import Bench
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.noise import LEVELS
from opstap.workflow.model import Content, Happened, WorkspaceEvent

CONFIG = Path(__file__).parents[2] / "config"
SCENES = {
    "packing, straight down": ("oral_care", "oral_care_case"),
    "assembly, large bins": ("gearbox", "gearbox_kit"),
    "camera tilted 35 degrees": ("tilted", "tilted_kit"),
}
SETS = {"tuning": 1, "reporting": 4, "regression": 3}
FACTORS: dict[str, dict[str, float]] = {
    "scene": dict.fromkeys(SCENES, 1.0),
    "noise": {"fitted": 0.7, "kind": 0.15, "harsh": 0.15},
    "hands": {"right": 0.3, "left": 0.2, "one-handed": 0.15, "both in turn": 0.15, "both at once": 0.2},
    "speed": {"slow (0.5)": 0.15, "calm (1.0)": 0.35, "2 m/s (1.6)": 0.3, "fast (2.5)": 0.2},
    "tremor": {"none": 0.6, "3 mm": 0.25, "8 mm": 0.15},
    "glove": {"bare": 0.7, "glove": 0.3},
    "skin": {"light": 0.5, "dark": 0.5},
    "sleeve": {"short": 0.6, "loose": 0.4},
    "tool": {"none": 0.85, "in hand": 0.15},
    "fill": {"nearly empty": 0.25, "half": 0.5, "full": 0.25},
    "material": {"as in the task": 0.4, "matte": 0.2, "glossy": 0.2, "black": 0.2},
}
"""Levels of each factor and how often they come; drawn for each session independently."""
SPEEDS = {"slow (0.5)": 0.5, "calm (1.0)": 1.0, "2 m/s (1.6)": 1.6, "fast (2.5)": 2.5}
TREMORS = {"none": 0.0003, "3 mm": 0.003, "8 mm": 0.008}
FILLS = {"nearly empty": (1, 2), "half": (3, 4), "full": (6, 6)}
SURFACES = {"matte": "matte", "glossy": "glossy", "black": "dark"}
RESTS = 0.4
"""Share of deeds after which a hand goes back to where it rests."""
ROUNDS = 12
"""Times that something is taken and put somewhere in a session."""
PATIENCE = 60
"""Frames in which a change must be told, unless the place is touched again."""
FREE = 0.01
"""Share of a place's pixels that may be covered by a hand when it counts as free."""
SETTLED = 40
"""Frames before the hands begin."""


@dataclass(frozen=True)
class Told:
    """A true change, and how it was told."""

    place: str
    part: str
    """What the hand took or put, of several the last."""
    happened: str
    count: int
    right_part: bool
    """The part is the one the place is watched for: only then can a count be told from a volume."""
    told: bool
    counted: int
    """Parts that events told."""
    side_right: bool | None
    """Whether the event named the hand rightly; None: it named none."""
    latency: int | None
    """Frames from the first in which the place was free to the event."""
    after_left: int | None
    """Frames from the last with the fingertips in the place to the event."""
    unseen: bool
    """The place was told as "cannot see" instead."""


@dataclass(frozen=True)
class Outcome:
    number: int
    factors: dict[str, str]
    changes: list[dict[str, Any]]
    false: list[dict[str, Any]]
    """Events of changes that never were."""
    late: int
    """Events of what truly changed while it was untold: arms were in front, and the hand came again before it could be
    told. The changes count as not told."""
    visits: int
    """True visits of hands to places."""
    visits_seen: int
    visits_false: int
    """Places that a hand was told in that it never was in."""
    frames: int


@cache
def cell_of(scene: str) -> Cell:
    files = SCENES[scene]
    return load_cell(CONFIG / f"cells/{files[0]}.yaml", CONFIG / f"tasks/{files[1]}.yaml")


def draw(set_: str, number: int, fixed: dict[str, str] | None = None) -> dict[str, str]:
    """The factors of session `number`; scenes come in turn."""
    rng = np.random.default_rng([SETS[set_], number])
    chosen = {}
    for name, levels in FACTORS.items():
        share = np.array(list(levels.values()))
        chosen[name] = list(levels)[int(rng.choice(len(levels), p=share / share.sum()))]
    chosen["scene"] = list(SCENES)[number % len(SCENES)]
    return chosen | (fixed or {})


def _cell(factors: dict[str, str], rng: np.random.Generator) -> Cell:
    cell = cell_of(factors["scene"])
    low, high = FILLS[factors["fill"]]
    bins = tuple(
        b.model_copy(update={"count": max(1, min(int(rng.integers(low, high + 1)), b.count))}) for b in cell.scene.bins
    )
    scene, task = cell.scene.model_copy(update={"bins": bins}), cell.task
    if factors["material"] in SURFACES:
        surface = SURFACES[factors["material"]]
        seeable = {n: p.model_copy(update={"surface": surface}) for n, p in task.parts.items() if not p.unseen}
        task = task.model_copy(update={"parts": task.parts | seeable})
    return Cell(scene, task)


def scripts(
    cell: Cell, factors: dict[str, str], rng: np.random.Generator, rounds: int = ROUNDS
) -> dict[int, list[Deed]]:
    """What each hand (1 right, -1 left) does. Left and right keep to their halves when both work at once."""
    scene = cell.scene
    home = {s.part: s.slot for s in cell.task.steps}
    stock = {b.id: b.count for b in scene.bins}
    free = {s.id for s in scene.case.slots}
    where = {p: room.pose.translation[0] for p, room in rooms(cell).items()}
    sides = {"right": [1], "left": [-1], "one-handed": [int(rng.choice([-1, 1]))]}.get(factors["hands"], [-1, 1])
    at_once = factors["hands"] == "both at once"
    in_turn = len(sides) == 2 and not at_once  # the other hand must not stay where it was
    script: dict[int, list[Deed]] = {side: [] for side in sides}

    def rest() -> list[Deed]:
        """Mostly a hand goes from one place straight to the next."""
        return [Deed("rest")] if in_turn or rng.random() < RESTS else []

    for turn in range(rounds * (2 if at_once else 1)):
        side = sides[turn % len(sides)]
        mine = [b for b in scene.bins if stock[b.id] and (not at_once or where[b.id] * side > 0.03)]
        if not mine:
            continue
        source = mine[int(rng.integers(len(mine)))]
        if rng.random() < 0.15:
            script[side].append(Deed("hover", mine[int(rng.integers(len(mine)))].id))
        if rng.random() < 0.15:
            script[side] += [Deed("touch", mine[int(rng.integers(len(mine)))].id), *rest()]
        number = 2 if stock[source.id] > 1 and rng.random() < 0.15 else 1
        script[side] += [Deed("take", source.id, number), *rest()]
        stock[source.id] -= number
        slots = [s for s in free if not at_once or where[s] * side > 0.02]
        slot = home.get(source.part, "")
        if number == 2 or slot not in slots or rng.random() < 0.1:
            script[side] += [Deed("put", source.id, number), *rest()]
            stock[source.id] += number
            continue
        if rng.random() < 0.1:
            others = [s for s in slots if _fits(cell, source.part, s)]
            slot = sorted(others)[int(rng.integers(len(others)))]
        script[side] += [Deed("put", slot), *rest()]
        free.discard(slot)
        if rng.random() < 0.15:
            script[side] += [Deed("take", slot), Deed("put", source.id), *rest()]
            stock[source.id] += 1
            free.add(slot)
    return {side: _apart(deeds) for side, deeds in script.items()}


def _apart(deeds: list[Deed]) -> list[Deed]:
    """With a rest between two deeds at one place, and after the last: what a hand does that stays there, nobody can
    tell."""
    apart: list[Deed] = []
    for deed in deeds:
        if apart and apart[-1].place == deed.place and deed.place:
            apart.append(Deed("rest"))
        apart.append(deed)
    return [*apart, Deed("rest")]


def _fits(cell: Cell, part: str, slot: str) -> bool:
    size, room = cell.task.parts[part].size, cell.scene.slot[slot].size
    return max(size[:2]) <= max(room) and min(size[:2]) <= min(room)


def run(set_: str, number: int, fixed: dict[str, str] | None = None, rounds: int = ROUNDS) -> Outcome:
    """Run a session from its start to half a second after its end; `fixed` factors are not drawn."""
    factors = draw(set_, number, fixed)
    rng = np.random.default_rng([SETS[set_], number, 1])
    cell = _cell(factors, rng)
    script = scripts(cell, factors, rng, rounds)
    manner = Manner(
        speed=SPEEDS[factors["speed"]],
        tremor=TREMORS[factors["tremor"]],
        glove=factors["glove"] == "glove",
        sleeve=factors["sleeve"] == "loose",
        tool=factors["tool"] == "in hand",
        skin=(205, 160, 130) if factors["skin"] == "light" else (90, 60, 45),
    )
    seed = 10_000 * SETS[set_] + number
    bench = Bench(cell, seed)
    worker = Worker(bench, {side: [] for side in script}, manner, seed)
    camera = SimulatedCamera(cell, seed, LEVELS[factors["noise"]])
    record = Record(cell, camera, worker)
    for _ in range(SETTLED):
        record.step()
    worker.begin(script)
    while not worker.done:
        record.step()
    for _ in range(PATIENCE):
        record.step()
    return record.score(number, factors)


def attempt(job: tuple[str, int]) -> dict[str, Any]:
    """`run` in a process of its own; a session that cannot be run is told, and does not end the others."""
    cv2.setNumThreads(1)
    try:
        return asdict(run(*job))
    except Exception as error:
        return {"number": job[1], "error": f"{type(error).__name__}: {error}"}


class Record:
    """Steps worker, camera and watcher together and keeps what is needed to score."""

    def __init__(self, cell: Cell, camera: SimulatedCamera, worker: Worker) -> None:
        self.cell, self.camera, self.worker = cell, camera, worker
        view = cell.scene.camera.view
        self.watcher = Watcher(cell, view)
        self._rooms = rooms(cell)
        places = places_of(cell)
        pixels = pixels_of(places, [*(b.outside for b in cell.scene.bins), cell.scene.case.outside], view)
        self._index = {p.id: pixels.index[pixels.of(i)] for i, p in enumerate(places)}
        self._watched = {p.id: p.part for p in places}
        self.events: list[tuple[int, WorkspaceEvent]] = []
        self._cannot_see: dict[str, set[int]] = {}
        self._covered: dict[str, list[int]] = {}
        """Place -> ticks at which a hand truly covered it, while that matters."""
        self._touched: dict[str, list[int]] = {}
        """Place -> ticks at which fingertips truly were in it."""

    def step(self) -> None:
        tick = self.worker.ticks
        world = self.worker.tick()
        seen = self.watcher.see(self.camera.depth(world), world.stamp)
        self.events += [(tick, e) for e in seen.events]
        for place, state in seen.places.items():
            if state.content is Content.CANNOT_SEE and "hand" not in state.reason:
                self._cannot_see.setdefault(place, set()).add(tick)
        for hand in self.worker.hands.values():
            for place, room in self._rooms.items():
                if np.abs(hand.grip - room.pose.translation).max() < 0.25 and _within(room, hand.grip):
                    self._touched.setdefault(place, []).append(tick)
        recent = {v.place for v in self.worker.visits if tick - max(v.tick, self._last(v.place)) <= PATIENCE}
        if recent:
            depth, _ = self.camera.true_depth(world)
            still = self.camera.still_depth
            for place in recent:
                at = self._index[place]
                if np.mean(depth.ravel()[at] < still.ravel()[at] - 0.002) > FREE:
                    self._covered.setdefault(place, []).append(tick)

    def score(self, number: int, factors: dict[str, str]) -> Outcome:
        visits = self.worker.visits
        told = [(t, e) for t, e in self.events if e.happened not in (Happened.HAND_ENTERED, Happened.HAND_LEFT)]
        used: set[int] = set()
        changes = []
        for visit in (v for v in visits if v.change):
            later = [v.tick for v in visits if v.place == visit.place and v.tick > visit.tick]
            end = min([*later, self._free_since(visit) + PATIENCE])
            happened = self._name(visit)
            mine = [
                i
                for i, (t, e) in enumerate(told)
                if e.place == visit.place and visit.begin <= t <= end and i not in used and _means(e, happened)
            ]
            used |= set(mine)
            changes.append(asdict(self._told(visit, happened, [told[i] for i in mine], end)))
        false, late = [], 0
        for i, (t, e) in enumerate(told):
            if i in used or (e.happened is Happened.VISITED and self._was_in(e.place, t)):
                continue
            if self._net(e, t, max([x for x, before in told[:i] if before.place == e.place], default=0)):
                late += 1
                continue
            missed = [
                v
                for v, c in zip([v for v in visits if v.change], changes, strict=True)
                if not c["told"] and v.place != e.place and 0 <= t - v.tick <= PATIENCE
            ]
            kind = "wrong place" if missed else "no such change"
            false.append(
                {"tick": t, "place": e.place, "happened": e.happened.value, "kind": kind, "count": e.count}
                | {k: v for k, v in e.evidence.items() if k in ("volume_cm3", "expected_cm3", "visited", "frames")}
            )
        entered = [(t, e.place) for t, e in self.events if e.happened is Happened.HAND_ENTERED]
        spans = [(v.place, *self._stay(v)) for v in visits]
        seen = sum(any(p == e and first - 3 <= t <= last + 3 for t, e in entered) for p, first, last in spans)
        wrong = sum(not any(abs(t - x) <= 3 for x in self._touched.get(p, ())) for t, p in entered)
        return Outcome(number, factors, changes, false, late, len(spans), seen, wrong, self.worker.ticks)

    def _net(self, event: WorkspaceEvent, tick: int, since: int) -> bool:
        """Whether `event` says what all true changes at its place since the last event there come to."""
        net = sum(v.change for v in self.worker.visits if v.place == event.place and since < v.tick <= tick)
        return net * (1 if event.happened in (Happened.PUT_BACK, Happened.PLACED) else -1) > 0

    def _last(self, place: str) -> int:
        """Tick at which `place` was last seen covered."""
        return self._covered[place][-1] if self._covered.get(place) else 0

    def _free_since(self, visit: Visit) -> int:
        """The tick from which the place of `visit` was free for long enough to tell."""
        since = visit.tick
        for t in self._covered.get(visit.place, ()):
            since = t if since < t <= since + PATIENCE else since
        return since

    def _was_in(self, place: str, tick: int) -> bool:
        """Whether fingertips truly were in `place` in the second before `tick`: then it is no falsehood to say so."""
        return any(tick - 30 <= t <= tick for t in self._touched.get(place, ()))

    def _stay(self, visit: Visit) -> tuple[int, int]:
        """First and last tick at which the fingertips truly were in the place of `visit`, around its deed."""
        first = last = visit.tick
        for t in self._touched.get(visit.place, ()):
            if t <= last + 3:
                first, last = (first, max(t, last)) if t >= first else (first, last)
        for t in reversed(self._touched.get(visit.place, ())):
            if first - 3 <= t < first:
                first = t
        return first, last

    def _name(self, visit: Visit) -> str:
        if visit.place in self.cell.scene.bin:
            return "taken" if visit.change < 0 else "put_back"
        return "removed" if visit.change < 0 else "placed"

    def _told(self, visit: Visit, happened: str, events: list[tuple[int, WorkspaceEvent]], end: int) -> Told:
        place = visit.place
        part = self._watched[place]
        same = all(self.cell.task.parts[p].size == part.size for p in visit.parts)
        latency = after = None
        side = None
        if events:
            t, event = events[-1]
            covered = [c for c in self._covered.get(place, []) if visit.tick <= c <= t]
            touched = [c for c in self._touched.get(place, []) if visit.tick <= c <= t]
            latency = t - (covered[-1] + 1 if covered else visit.tick)
            after = t - (touched[-1] if touched else visit.tick)
            if "right" in event.evidence:
                side = event.evidence["right"] == visit.side
        unseen = bool({t for t in self._cannot_see.get(place, ()) if visit.tick < t <= end})
        counted = sum(e.count for _, e in events)
        return Told(
            place,
            visit.parts[-1],
            happened,
            abs(visit.change),
            same,
            bool(events),
            counted,
            side,
            latency,
            after,
            unseen,
        )


def _means(event: WorkspaceEvent, happened: str) -> bool:
    return event.happened.value == happened or event.happened is Happened.VISITED


def _within(room: Any, point: Any) -> bool:
    """Whether fingertips at `point` are in `room`, or up to 4 cm above its rim or a centimetre beside it."""
    local = room.pose.inverse().apply(point)
    half = np.asarray(room.size) / 2
    return bool(np.all(np.abs(local[:2]) <= half[:2] + 0.01) and -half[2] - 0.01 <= local[2] <= half[2] + 0.04)


__all__ = ["FACTORS", "SCENES", "SETS", "OutOfReachError", "Outcome", "Record", "run"]
