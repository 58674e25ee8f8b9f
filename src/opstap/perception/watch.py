"""Depth frames in, workspace events out: what hands did at bins and slots.

Once a place has been clear of hands for some frames, their median depth is compared with what was last settled there,
as a volume. One comparison finds what was taken or put back, and how many: after three frames when the answer is plain,
after five when it is not. Places that no hand came near are compared too, a few each frame in turn, so that what
happened unseen (a tool, lost frames, a restart) is found as well. Nothing depends on a clock but the frames' stamps:
the same frames give the same events.

Where depth cannot tell, nothing is told but that, and why. A place that is set up so (`confirm: visit`) reports the
visit alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from opstap.geometry import View
from opstap.instructions import Cell
from opstap.perception.checkpoint import Memory, fingerprint
from opstap.perception.contents import CHANGED, DOUBT, FRAMES, UNSEEN, Change, Depths, Measure, median_of_valid, rougher
from opstap.perception.hands import NOTHING, Blobs, Hand, HandFinder
from opstap.perception.places import Depth, pixels_of, places_of
from opstap.perception.visits import Visits
from opstap.workflow.model import Content, Happened, WorkspaceEvent

COVERED = 0.04
"""Share of a place's pixels under an arm from which it is not clear; those of less count as without depth."""
HIGHEST = 0.06
"""m above a place's rim, and above what lies there, from which something is not content but held over it."""
FIRST = 3
"""Clear frames from which a change is told when it is clear: a visited place, a whole number of parts, no holes."""
FITS = 0.3
"""Parts by which a change may miss a whole number to be told at once."""
DECIDED = 4
"""Clear frames from which any change is told at a visited place. That nothing changed is known from FRAMES on."""
UNVISITED, LOOKS = 0.6, 3
"""Share of a part that must change, in so many comparisons in a row, where no hand was seen."""
TWICE = 2
"""Comparisons in a row that must find a doubtful change where a hand was, and none while it is close: an arm that draws
back past a place, or the noise of a small part, looks like one for a moment, and a fingertip on its edge for longer."""
TWO = 0.25
"""Two parts are told from a volume of so much less than two on. A part that leaves also bares the gaps around it: one
may look like 1.7, and nobody is told of a part too many that was not."""
VISIT = 150_000_000
"""ns that a hand must be in a place for the visit to count as evidence by itself."""
PATROL = 2
"""Places without cause that are compared in a frame; one where others are compared with cause: places that cannot be
seen are compared again and again, and must not keep the rest from its turn."""
AT_ONCE = 8
"""Most places compared in one frame: bounds the time a frame takes."""
GAP = 200_000_000
"""ns without a frame after which the earlier frames no longer count."""
YOUNG, REFINED = 4, 4
"""Pictures that a reference is averaged from at least, as soon as there are frames for it, and how many places are
refined so in one frame at most. What is told early rests on three frames: the next visit would find their noise."""
BLEND = 0.2
"""Least weight in the reference of a patrol's comparison that found nothing: the first ones are averaged, which takes
noise out, and later ones follow drift."""
REPEATED = 32
"""Events that come again after a restart: more than two frames can have."""


@dataclass(frozen=True)
class PlaceSeen:
    """What is known of a bin or slot now."""

    content: Content
    occupied: bool
    """A hand is in it."""
    fill: float
    """Share of the inside that is filled, 0 to 1; NaN when not known."""
    reason: str
    """Why it cannot be seen, else ""."""


@dataclass(frozen=True)
class Seen:
    """What one frame told."""

    stamp: int
    events: tuple[WorkspaceEvent, ...]
    places: Mapping[str, PlaceSeen]
    hands: tuple[Hand, ...]
    present: bool
    """Somebody is at the bench: a hand is over the table, or was in the last two seconds."""
    blobs: Blobs = NOTHING
    """The arms themselves, for who keeps light off them."""


def _unseen(reason: str, occupied: bool = False) -> PlaceSeen:
    return PlaceSeen(Content.CANNOT_SEE, occupied, float("nan"), reason)


def _count(parts: float) -> int:
    """How many parts a change of so many is, by its volume."""
    return max(1, int(abs(parts) + TWO))


def _plain(parts: float) -> bool:
    """Whether it is clear how many parts came or went, so that it is told before all frames are in."""
    return abs(parts) >= 1 - FITS and abs(abs(parts) - _count(parts)) <= FITS


class Watcher:
    """Watches all bins and slots of a cell through one depth camera.

    `view` is that of the depth images (a real camera reports its own intrinsics).

    With `checkpoint`, a file, the settled depths and the sequence survive a kill at any instant. The last events then
    come again, the very same with their numbers, so that a reader who passes over numbers it knows has each exactly
    once. What happened while nobody looked is found by comparison. The file holds depths of bins and slots only,
    nothing of people.

    Without one, or when it is lost, places are settled anew, and events are numbered from the first frame's stamp in
    milliseconds on: above all numbers of before, since there are never 1000 events a second.
    """

    def __init__(self, cell: Cell, view: View, checkpoint: Path | None = None) -> None:
        scene = cell.scene
        self._zones = scene.zones
        self._places = places_of(cell)
        self.pixels = pixels_of(self._places, [*(b.outside for b in scene.bins), scene.case.outside], view)
        self.measures = [Measure(place, self.pixels, p, view) for p, place in enumerate(self._places)]
        self._finder = HandFinder(scene, view)
        px, count = self.pixels, len(self._places)
        self._shape = (view.pinhole.height, view.pinhole.width)
        v, u = np.divmod(px.index, self._shape[1])
        self._half = (v // 2) * ((self._shape[1] + 1) // 2) + u // 2
        self._on_half = (v % 2 == 0) & (u % 2 == 0)
        self._total = np.maximum(np.diff(px.start), 1)
        self._visits = Visits(self._places, px, view)
        self._since = np.zeros(count, np.int64)
        """Stamp of the last visit's begin."""
        self._ring = np.zeros((FRAMES, len(px.index)), np.uint16)
        self._frames = 0
        self._not_content = np.zeros(len(px.index), np.float32)
        """Depth, mm, nearer than which something is held over the place."""
        self._clear = np.zeros(count, np.intp)
        """Frames in a row without an arm in front."""
        self._covered = np.ones(count, bool)
        """An arm was in front since the place was last compared."""
        self._suspect = np.zeros(count, np.intp)
        """Comparisons in a row that found a change: of more (positive) or of less."""
        self._averaged = np.zeros(count, np.intp)
        """Quiet comparisons that each place's reference is the mean of."""
        self._near = np.zeros(count, bool)
        """A hand is in the place, or close to it."""
        self._patrol = 0
        self._known = [
            PlaceSeen(Content.CANNOT_SEE, False, np.nan, m.blind or "not settled yet") for m in self.measures
        ]
        self._last: Seen | None = None

        self._file = checkpoint
        size = (fingerprint([p.id for p in self._places], px.index, px.bare), len(px.index), count)
        self._memory = Memory.load(checkpoint, *size) if checkpoint else Memory.fresh(*size)
        self._again = self._memory.recent
        self._changed = False
        for p in range(count):
            self._learn(p)

    def see(self, depth: Depth, stamp: int) -> Seen:
        """Look at a frame.

        Args:
            depth: (height, width) uint16 of the view, mm, 0 = no return.
            stamp: capture time, ns. A frame that is not newer than the last is not looked at: no events.

        Raises:
            ValueError: the image is not of the view's size and type.
            OSError: the checkpoint cannot be written.
        """
        if depth.shape != self._shape or depth.dtype != np.uint16:
            given = f"{depth.dtype} {depth.shape}"
            raise ValueError(f"depth image: found {given}, allowed: uint16 {self._shape} as the camera's view")
        if self._last and stamp <= self._last.stamp:
            return replace(self._last, events=())
        if self._last and stamp - self._last.stamp > GAP:
            self._clear[:] = 0
        self._memory.sequence = self._memory.sequence or stamp // 1_000_000
        row = self._frames % FRAMES
        np.take(depth.reshape(-1), self.pixels.index, out=self._ring[row], mode="clip")
        self._frames += 1
        blobs = self._finder.see(depth, stamp)
        self._cover(blobs, self._ring[row])
        found = self._moved(blobs, stamp)
        for p in self._due():
            found += self._compare(p, stamp)
        self._refine()
        self._keep(found)
        events, self._again = (*self._again, *found), ()
        hands = tuple(self._placed(h) for h in blobs.hands)
        self._last = Seen(stamp, events, self._snapshot(), hands, self._finder.present(stamp), blobs)
        return self._last

    def _cover(self, blobs: Blobs, depth: Depth) -> None:
        """Count for every place the frames without an arm in front of it, or what a hand holds. What is seen of these
        is taken out of `depth` (N,), mm."""
        self._clear += 1
        held = (depth < self._not_content) & (depth > 0)
        hidden = self.pixels.count(held) > COVERED * self._total
        depth[held] = 0
        if blobs.near_arm is not None:
            behind = np.take(blobs.near_arm.reshape(-1), self._half)
            hidden |= self.pixels.count(behind) > COVERED * self._total
            depth[behind] = 0
        self._clear[hidden] = 0
        self._covered |= hidden

    def _moved(self, blobs: Blobs, stamp: int) -> list[WorkspaceEvent]:
        """Hands that entered or left places."""
        memory = self._memory
        moved = self._visits.see(blobs, memory.occupied)
        memory.occupied = (memory.occupied & ~moved.left) | moved.entered
        memory.visited |= moved.entered | moved.near
        self._near = moved.near
        self._since[moved.entered] = stamp
        events = []
        for p in np.flatnonzero(moved.left).tolist():
            seconds = (stamp - int(self._since[p])) * 1e-9 if self._since[p] else 0.0
            evidence = {"seconds": round(seconds, 2), **self._side(p)}
            events.append(self._event(stamp, Happened.HAND_LEFT, p, 0.9, evidence))
            if self._places[p].confirm == "visit" and seconds * 1e9 >= VISIT:
                events.append(self._event(stamp, Happened.VISITED, p, 0.6, evidence))
        for p in np.flatnonzero(moved.entered).tolist():
            evidence = {"hand_cm2": round(float(moved.area[p]) / 100, 1), **self._side(p)}
            events.append(self._event(stamp, Happened.HAND_ENTERED, p, 0.9, evidence))
        return events

    def _side(self, p: int) -> dict[str, float]:
        """Evidence of whose hand visited place `p` last: right 1, left -1, absent when not known."""
        side = self._visits.side[p]
        return {} if side == "unknown" else {"right": 1.0 if side == "right" else -1.0}

    def _due(self) -> list[int]:
        """Places to compare in this frame: those that were covered, visited ones first, and the patrol's."""
        ready = self._clear >= FRAMES
        early = self._memory.visited & (self._clear >= FIRST)
        after = np.flatnonzero((ready | early) & self._covered)
        due = sorted(after.tolist(), key=lambda p: (not self._memory.visited[p], p))[:AT_ONCE]
        for _ in range(1 if due else PATROL):
            self._patrol = (self._patrol + 1) % len(self._places)
            if ready[self._patrol] and not self._covered[self._patrol]:
                due.append(self._patrol)
        return due

    def _compare(self, p: int, stamp: int) -> list[WorkspaceEvent]:
        """Compare a place with its reference, and settle it anew unless a change needs a second look."""
        measure, memory, own = self.measures[p], self._memory, self.pixels.of(p)
        if measure.blind:
            self._covered[p] = False
            return []
        frames = min(int(self._clear[p]), FRAMES)
        rows = np.arange(self._frames - frames, self._frames) % FRAMES
        depth = measure.believable(median_of_valid(self._ring[rows, own]))
        reference = memory.reference[own]
        change = measure.compare(reference, depth, rougher(self._known_from(p), frames))
        visited = bool(memory.visited[p])
        told = bool(memory.settled[p]) and change.of_a_part
        told &= abs(change.parts) >= (CHANGED if visited else UNVISITED)
        if frames < FRAMES and not (told and change.judged and (frames >= DECIDED or _plain(change.parts))):
            return []
        if not change.judged and not (told and visited and change.unseen <= UNSEEN):
            return self._cannot_see(p, "depth has holes there")
        if measure.too_noisy:
            if not visited:
                measure.quiet(change)
            return self._cannot_see(p, measure.too_noisy)
        if memory.settled[p] and visited and not told and abs(change.parts) >= DOUBT:
            return self._cannot_see(p, "less than a part seems to have come or gone")
        events: list[WorkspaceEvent] = []
        if told:
            way = 1 if change.parts > 0 else -1
            self._suspect[p] = way * max(1, way * int(self._suspect[p]) + 1)
            needed = LOOKS if not visited else TWICE if change.doubtful else 1
            if abs(self._suspect[p]) < needed or (change.doubtful and self._near[p]):
                self._clear[p], self._covered[p] = 0, True
                return []
            events.append(self._changed_event(p, change, frames, stamp))
        fresh = self._covered[p] or not memory.settled[p] or bool(events)
        if not fresh:
            measure.quiet(change)
        self._averaged[p] = 0 if fresh else self._averaged[p]
        self._blend(p, depth)
        self._changed |= fresh
        memory.settled[p], memory.visited[p] = True, False
        self._covered[p], self._suspect[p] = False, 0
        self._learn(p)
        return events

    def _known_from(self, p: int) -> float:
        """Frames that the reference of place `p` is the mean of, in effect."""
        return min(FIRST + FRAMES * max(0.0, float(self._averaged[p]) - 1), FRAMES * (2 - BLEND) / BLEND)

    def _blend(self, p: int, depth: Depths) -> None:
        """One more picture, `depth` (n,), of what lies at place `p`."""
        self._averaged[p] += 1
        own = self.pixels.of(p)
        reference = self._memory.reference[own]
        weight = np.where(reference > 0, max(BLEND, 1 / self._averaged[p]), 1.0)
        self._memory.reference[own] = np.where(depth > 0, reference + weight * (depth - reference), reference)

    def _refine(self) -> None:
        """Average the references that rest on few frames. Nothing is told: what truly changes is found as ever."""
        waited = FIRST + FRAMES * self._averaged
        young = (self._averaged < YOUNG) & ~self._covered & self._memory.settled & (self._clear >= waited)
        for p in np.flatnonzero(young)[:REFINED].tolist():
            own = self.pixels.of(p)
            depth = self.measures[p].believable(median_of_valid(self._ring[:, own]))
            change = self.measures[p].compare(self._memory.reference[own], depth)
            if change.judged and abs(change.parts) < UNVISITED:
                self._blend(p, depth)
                self._learn(p)
            else:
                self._averaged[p] = YOUNG

    def _cannot_see(self, p: int, why: str) -> list[WorkspaceEvent]:
        """Nothing is told of place `p` but that; it is compared again with what was settled."""
        self._known[p] = _unseen(why)
        self._clear[p], self._covered[p] = 0, bool(self._memory.visited[p])
        return []

    def _changed_event(self, p: int, change: Change, frames: int, stamp: int) -> WorkspaceEvent:
        place, visited = self._places[p], bool(self._memory.visited[p])
        more = change.parts > 0
        if place.is_bin:
            happened = Happened.PUT_BACK if more else Happened.TAKEN
        else:
            happened = Happened.PLACED if more else Happened.REMOVED
        count = min(_count(change.parts), place.most)
        fits = 1.0 - min(0.5, abs(abs(change.parts) - count))
        evidence = {
            "volume_cm3": round(change.volume * 1e6, 1),
            "expected_cm3": round(place.part.volume * 1e6, 1),
            "unseen": round(change.unseen, 2),
            "visited": float(visited),
            "frames": float(frames),
            **(self._side(p) if visited else {}),
        }
        confidence = round(fits * (1.0 - change.unseen) * (1.0 if visited else 0.6), 2)
        return self._event(stamp, happened, p, confidence, evidence, count)

    def _event(
        self, stamp: int, happened: Happened, p: int, confidence: float, evidence: dict[str, float], count: int = 1
    ) -> WorkspaceEvent:
        self._memory.sequence += 1
        place = self._places[p].id
        return WorkspaceEvent(self._memory.sequence, stamp, happened, place, count, confidence, evidence)

    def _learn(self, p: int) -> None:
        """What follows from a place's reference: where a hand is in it, what is background, what lies there."""
        memory, px, own = self._memory, self.pixels, self.pixels.of(p)
        reference = memory.reference[own]
        settled = np.where(reference > 0, reference, px.bare[own])
        self._not_content[own] = np.minimum(px.rim[own], settled) - HIGHEST * 1000 / px.rise[own]
        self._visits.settle(p, reference)
        if not memory.settled[p]:
            return
        grid = self._on_half[own]
        self._finder.learn(self._half[own][grid], settled[grid])
        content, fill = self.measures[p].content(reference)
        self._known[p] = PlaceSeen(content, False, round(fill, 3), "")

    def _keep(self, found: list[WorkspaceEvent]) -> None:
        """Write the checkpoint where there is news, before the events leave."""
        memory = self._memory
        if not found and not self._changed:
            return
        memory.recent = (*memory.recent, *found)[-REPEATED:]
        self._changed = False
        if self._file:
            memory.save(self._file)

    def _snapshot(self) -> dict[str, PlaceSeen]:
        occupied = self._memory.occupied
        seen = {}
        for p, (place, known) in enumerate(zip(self._places, self._known, strict=True)):
            if self._covered[p] and known.content is not Content.CANNOT_SEE:
                seen[place.id] = _unseen("a hand is in the way", bool(occupied[p]))
            else:
                seen[place.id] = replace(known, occupied=bool(occupied[p])) if occupied[p] else known
        return seen

    def _placed(self, hand: Hand) -> Hand:
        """`hand` with the place or zone that it is in."""
        at = np.asarray(hand.position)
        inside = self._visits.nearest(at, self._memory.occupied)
        if inside is not None:
            return replace(hand, zone=self._places[inside].id)
        for zone in self._zones:
            if np.all(np.abs(at[:2] - zone.position) < np.asarray(zone.size) / 2):
                return replace(hand, zone=zone.id)
        return hand
