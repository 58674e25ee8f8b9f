"""From what was seen to what was done: workspace events of one packing become placings, corrections folded in.

Nothing here looks at the task's steps. A part that goes back into its bin was never taken; one that is moved from slot
to slot lies where it lay last. What is not sure is kept as a doubt beside the placing, for a person to answer: the
draft shows what is most likely and cannot be saved before.

Events are told when a place is free of hands, which may be after the hand did something elsewhere. So they are taken in
the order in which hands came to their places, not in the order in which they were told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import pairwise

from opstap.instructions import Cell
from opstap.workflow.model import Content, Happened, Phase, PlaceChanged, State, Tray, WorkspaceEvent

LOW = 0.5
"""Confidence below which an event alone is not enough."""
FITS = 0.4
"""Parts by which a measured volume may miss a number of parts, as a share of that number."""
TOUCHED = 0.1
"""Seconds that a hand is in a place for it to count as having done something there."""


@dataclass(frozen=True)
class Brought:
    """A hand took what the cobot had brought for the step with this id."""

    stamp: int
    step: str


Seen = WorkspaceEvent | PlaceChanged | Brought


class Doubt(str, Enum):
    """What a person has to say about a step."""

    ONLY_HAND = "only_hand"
    """The camera saw a hand at its places and cannot see the part."""
    UNSURE = "unsure"
    """It was seen with little certainty."""
    COUNT = "count"
    """As many were taken as `taken`, as many placed as `placed`."""
    WHICH_PART = "which_part"
    """Parts of several kinds were in the hands: `parts`."""
    NOT_TAKEN = "not_taken"
    """Something came into the slot, and nobody was seen taking it."""


class Remark(str, Enum):
    """What a person should know of the recording as a whole."""

    LEFT_OVER = "left_over"
    """`count` of `part` were taken from `place` and not seen put anywhere."""
    ADDED = "added"
    """`count` came into the bin `place` that nobody had taken: was it filled?"""
    WAS_THERE = "was_there"
    """Something was taken out of the slot `place` that had lain there from the start."""
    CANNOT_SEE = "cannot_see"
    """A hand was at `place`, and the camera could not see what it did."""
    MISSED = "missed"
    """`count` events were not received."""


@dataclass(frozen=True)
class Note:
    """A doubt or a remark with its figures."""

    kind: Doubt | Remark
    place: str = ""
    part: str = ""
    count: int = 0
    other: int = 0
    """With COUNT: how many were placed; `count` were taken."""


@dataclass(frozen=True)
class Placing:
    """`count` of `part`, taken from `bin`, lie in `slot`. Stamps are ns, when the hand came there."""

    part: str
    """Empty: nobody knows."""
    bin: str
    slot: str
    count: int
    taken_at: int
    placed_at: int
    doubts: tuple[Note, ...] = ()
    brought: bool = False
    """The cobot brought it."""


@dataclass(frozen=True)
class Done:
    """What was done in one recording, in the order in which the parts were taken."""

    placings: tuple[Placing, ...] = ()
    remarks: tuple[Note, ...] = ()


def brought(before: State, after: State) -> bool:
    """Whether a hand took from the cobot's tray in between: the step goes on to its slot, and neither a place that is
    seen nor the worker's word made it."""
    there = before.tray is Tray.THERE and before.phase is Phase.TAKE and after.phase is Phase.PLACE
    same = (before.job, before.step, before.sequence, before.corrected) == (
        after.job, after.step, after.sequence, after.corrected
    )  # fmt: skip
    return there and same


@dataclass
class _Held:
    """Parts in the hands."""

    part: str
    bin: str
    count: int
    taken_at: int
    confidence: float
    sure: bool = True
    """Whether its taking was measured; else only a hand was seen at the bin."""
    taken: int = 0
    """How many were taken at once."""
    placed: int = 0
    brought: bool = False
    """From a tray, where nobody counts: as many as are put down."""


@dataclass
class _Folding:
    cell: Cell
    held: list[_Held] = field(default_factory=list)
    lying: list[Placing] = field(default_factory=list)
    remarks: list[Note] = field(default_factory=list)

    def taken(self, event: WorkspaceEvent, at: int, sure: bool) -> None:
        part = self.cell.scene.bin[event.place].part
        again = next((h for h in self.held if not h.sure and h.part == part and not sure), None)
        if again:  # a hand that comes a second time to a bin that is not seen into
            return
        self.held.append(_Held(part, event.place, event.count, at, event.confidence, sure, event.count))

    def put_back(self, event: WorkspaceEvent) -> None:
        part, left = self.cell.scene.bin[event.place].part, event.count
        for held in [h for h in reversed(self.held) if h.part == part]:
            back = min(left, held.count)
            held.count, held.taken, left = held.count - back, held.taken - back, left - back
        self._drop()
        if left:
            self.remarks.append(Note(Remark.ADDED, event.place, part, left))

    def placed(self, event: WorkspaceEvent, at: int, sure: bool) -> None:
        part, doubts = self._most_likely(event, sure)
        mine = [h for h in reversed(self.held) if h.part == part]
        if not mine:
            if sure:  # a hand that was in a place which is not seen into, with nothing known in it, did nothing
                note = Note(Doubt.NOT_TAKEN, event.place, count=event.count)
                self.lying.append(Placing("", "", event.place, event.count, at, at, (note,)))
            return
        there = sum(h.count for h in mine)
        if mine[0].brought:
            mine[0].count += max(0, event.count - there)
            there = max(there, event.count)
        count = self._how_many(event, part, there) if sure else there
        if count > there:
            doubts.append(Note(Doubt.COUNT, event.place, part, there, count))
            count = there
        if not (sure and mine[0].sure):
            doubts.append(Note(Doubt.ONLY_HAND, event.place, part))
        elif max(event.confidence, mine[0].confidence) < LOW:
            doubts.append(Note(Doubt.UNSURE, event.place, part))
        since, left = at, count
        for held in mine:  # the last that was taken is put down first
            if left:
                now = min(left, held.count)
                held.count, held.placed, left = held.count - now, held.placed + now, left - now
                since = held.taken_at
        before = next((p for p in self.lying if (p.slot, p.part) == (event.place, part)), None)
        if before:
            self.lying.remove(before)
            count, since, doubts = count + before.count, min(since, before.taken_at), [*before.doubts, *doubts]
        unlike = tuple(dict.fromkeys(doubts))
        self.lying.append(Placing(part, mine[0].bin, event.place, count, since, at, unlike, mine[0].brought))
        self._drop()

    def removed(self, event: WorkspaceEvent) -> None:
        lying = next((p for p in reversed(self.lying) if p.slot == event.place), None)
        if lying is None:
            self.remarks.append(Note(Remark.WAS_THERE, event.place))
            return
        count = min(event.count, lying.count)
        if lying.part:
            count = min(lying.count, max(1, _parts(event, self._volume(lying.part), lying.count) or count))
        self.lying.remove(lying)
        if lying.count > count:
            self.lying.append(replace(lying, count=lying.count - count))
        if not lying.part:
            return  # nobody knows what it is: it is asked about where it is put next
        sure = not any(d.kind is Doubt.ONLY_HAND for d in lying.doubts)
        held = _Held(lying.part, lying.bin, count, lying.taken_at, event.confidence, sure, count)
        self.held.append(replace(held, brought=lying.brought))

    def _most_likely(self, event: WorkspaceEvent, sure: bool) -> tuple[str, list[Note]]:
        """The part that was put down, "" where the hands were empty, and the doubts about it."""
        # A place that is not seen into is for parts that are not seen; elsewhere what was seen to be taken comes first.
        kinds = [h for h in self.held if h.sure == sure] or self.held
        parts = list(dict.fromkeys(h.part for h in reversed(kinds)))
        if sure and len(parts) > 1:
            there = {p: sum(h.count for h in kinds if h.part == p) for p in parts}
            fitting = [p for p in parts if _parts(event, self._volume(p), there[p])]
            parts = fitting if len(fitting) == 1 else parts
        doubts = [Note(Doubt.WHICH_PART, event.place, part) for part in parts] if len(parts) > 1 else []
        return (parts[0] if parts else ""), doubts

    def _how_many(self, event: WorkspaceEvent, part: str, most: int) -> int:
        """Perception counts by the part that the running task has in that slot; the hand held another, perhaps."""
        return _parts(event, self._volume(part), most) or event.count

    def _volume(self, part: str) -> float:
        return self.cell.task.parts[part].volume

    def _drop(self) -> None:
        self.held = [h for h in self.held if h.count > 0]

    def done(self) -> Done:
        # Both were counted, and not the same: which of the two is right is for a person to say.
        for held in self.held:
            mine = [p for p in self.lying if (p.part, p.bin, p.taken_at) == (held.part, held.bin, held.taken_at)]
            if len(mine) == 1 and held.sure and held.placed:
                note = Note(Doubt.COUNT, mine[0].slot, held.part, held.taken, held.placed)
                self.lying[self.lying.index(mine[0])] = replace(mine[0], doubts=(*mine[0].doubts, note))
            else:
                self.remarks.append(Note(Remark.LEFT_OVER, held.bin, held.part, held.count))
        ordered = sorted(self.lying, key=lambda p: (p.taken_at, p.placed_at))
        return Done(tuple(ordered), tuple(dict.fromkeys(self.remarks)))


def fold(cell: Cell, seen: Iterable[Seen]) -> Done:
    """What was done in a recording.

    Args:
        cell: whose bins say which part is taken; the steps of its task are not looked at.
        seen: all events of the recording, the places that can or cannot be seen (any more), and what the cobot brought;
            for that alone the steps of the cell's task are looked at, since nobody sees into a tray.
    """
    seen = list(seen)
    events = sorted({e.sequence: e for e in seen if isinstance(e, WorkspaceEvent)}.values(), key=lambda e: e.sequence)
    folding = _Folding(cell)
    confirm = {b.id: b.confirm for b in cell.scene.bins} | {s.id: s.confirm for s in cell.scene.case.slots}
    kinds = {s.id: s.part for s in cell.task.steps if s.part}
    trays = [(b.stamp, b) for b in seen if isinstance(b, Brought) and b.step in kinds]
    visits: list[tuple[int, WorkspaceEvent | Brought]] = [*_by_visit([e for e in events if e.place in confirm]), *trays]
    for at, event in sorted(visits, key=lambda v: v[0]):
        if isinstance(event, Brought):
            folding.held.append(_Held(kinds[event.step], "", 1, at, 1.0, taken=1, brought=True))
            continue
        asked = confirm[event.place] == "button" and event.happened is Happened.HAND_LEFT
        if event.happened is Happened.VISITED or (asked and event.evidence.get("seconds", 1.0) >= TOUCHED):
            if event.place in cell.scene.bin:
                folding.taken(replace(event, count=1), at, sure=False)
            else:
                folding.placed(event, at, sure=False)
        elif event.happened is Happened.TAKEN:
            folding.taken(event, at, sure=True)
        elif event.happened is Happened.PUT_BACK:
            folding.put_back(event)
        elif event.happened is Happened.PLACED:
            folding.placed(event, at, sure=True)
        elif event.happened is Happened.REMOVED:
            folding.removed(event)
    folding.remarks += _unseen(seen)
    missed = sum(b.sequence - a.sequence - 1 for a, b in pairwise(events))
    if missed:
        folding.remarks.append(Note(Remark.MISSED, count=missed))
    return folding.done()


def _by_visit(events: list[WorkspaceEvent]) -> list[tuple[int, WorkspaceEvent]]:
    """The events in the order in which hands came to their places, with that stamp."""
    came: dict[str, int] = {}
    ordered = []
    for event in events:
        if event.happened is Happened.HAND_ENTERED:
            came[event.place] = event.stamp
        at = came.get(event.place, event.stamp) if event.evidence.get("visited", 1.0) else event.stamp
        ordered.append((at, event))
    return sorted(ordered, key=lambda o: (o[0], o[1].sequence))


def _unseen(seen: list[Seen]) -> list[Note]:
    """Places that a hand was at, and that could not be seen afterwards, nor was anything told of them."""
    hidden: dict[str, bool] = {}
    touched: set[str] = set()
    for each in seen:
        if isinstance(each, PlaceChanged):
            hidden[each.place] = each.content is Content.CANNOT_SEE
        elif isinstance(each, Brought):
            continue
        elif each.happened is Happened.HAND_ENTERED:
            touched.add(each.place)
        elif each.happened not in (Happened.HAND_LEFT, Happened.VISITED):
            touched.discard(each.place)
    return [Note(Remark.CANNOT_SEE, place) for place in sorted(touched) if hidden.get(place)]


def _parts(event: WorkspaceEvent, volume: float, most: int) -> int:
    """How many parts of `volume`, m3, the measured change is, at most `most`; 0: no whole number fits, or none was
    measured."""
    measured = abs(event.evidence.get("volume_cm3", 0.0)) * 1e-6 / volume
    best = min(range(1, most + 1), key=lambda n: abs(measured - n))
    return best if abs(measured - best) <= FITS * best else 0
