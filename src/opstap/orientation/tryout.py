"""The virtual bench: what a participant takes and puts goes to the same state machine as at the real one.

Nothing is judged here. A hand in the scene becomes the event that perception would tell of it, and `workflow` decides.
Parts lie where the simulator lays them. A hand holds one part. Where there is an arm, it brings the trays of steps that
are presented, as at the bench.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from opstap.geometry import Pose
from opstap.guidance.cues import Cue, cues
from opstap.instructions import Cell
from opstap.scene import Profile
from opstap.simulation.bench import Bench
from opstap.simulation.world import lying_in_bin, lying_in_slot
from opstap.workflow.asking import Ask, ask
from opstap.workflow.engine import step
from opstap.workflow.levels import Rules, as_chosen, due, refused, settings
from opstap.workflow.model import (
    Asked,
    Content,
    Event,
    Happened,
    OperatorInput,
    Phase,
    PlaceChanged,
    Started,
    State,
    TrayVisited,
    WorkspaceEvent,
)
from opstap.workflow.order import current_step

if TYPE_CHECKING:  # only who shows an arm pays for the robot libraries
    from opstap.orientation.bringing import Bringing

SEED = 1
SOURCE = "orientation"
Lying = tuple[float, float, float, float]
"""x, y, z of a part's middle, metres in the table frame, and its turn about z, rad."""


class TryoutError(ValueError):
    """That cannot be done here; the message says what was found and what is allowed."""


class Tryout:
    """One participant at the virtual bench. `now` is ns throughout. Without an `arm`, parts are in their bins only."""

    def __init__(self, cell: Cell, rules: Rules, profile: Profile, now: int, arm: Bringing | None = None) -> None:
        self.cell, self.arm = cell, arm
        self.held: str | None = None
        """The part in the hand."""
        self._profile, self._rules = profile, rules
        self._settings = settings(cell, rules)
        self._bench = Bench(cell, SEED)
        self._laid: tuple[object, object, dict[str, list[Lying]]] | None = None
        self.state = State()
        self._decide(Started(now, cell.task.task, profile.id, arm is not None))
        for place in (*self._bench.bins, *self._bench.slots):
            self._decide(PlaceChanged(now, place, self._content(place)))

    @property
    def profile(self) -> Profile:
        """The participant's, with what was chosen since."""
        return as_chosen(self._profile, self.state, self.cell)

    @property
    def asked(self) -> Ask:
        """What is asked now."""
        return ask(self.cell, self.state)

    @property
    def packed(self) -> int:
        """Parts that lie in the case."""
        return sum(len(parts) for parts in self._bench.slots.values())

    def take(self, place: str, now: int) -> None:
        """Take the part on top; at a check, a touch of its place, or of any in the case, says that it is right.

        Raises:
            TryoutError: no such place, nothing in it, or the hand is full.
        """
        parts = self._inside(place)
        if self.held is None and self._answers(place):
            self._decide(OperatorInput(now, Asked.NEXT, SOURCE))
            return
        if self.held is not None:
            raise TryoutError(f"take: found a hand that holds '{self.held}', allowed: put it down first")
        if not parts:
            raise TryoutError(f"take: found '{place}' empty, allowed: a place with something in it")
        self.held = self._bench.take(place)
        if place in self._bench.standing:
            self._decide(TrayVisited(now, place))
        else:
            self._happened(Happened.REMOVED if place in self._bench.slots else Happened.TAKEN, place, now)

    def _answers(self, place: str) -> bool:
        step = current_step(self.cell, self.state) if self.asked.phrase == "check" else None
        return step is not None and place in self.cell.scene.slot and step.slot in (place, "")

    def put(self, place: str, now: int) -> None:
        """Put what the hand holds there.

        Raises:
            TryoutError: no such place, or the hand is empty.
        """
        self._inside(place)
        if self.held is None:
            raise TryoutError("put: found an empty hand, allowed: take something first")
        if place in self._bench.standing:
            raise TryoutError("put: found a tray, allowed: the case, or the part's own bin")
        self._bench.put(place, self.held)
        self.held = None
        self._happened(Happened.PLACED if place in self._bench.slots else Happened.PUT_BACK, place, now)

    def wish(self, asked: Asked, now: int, setting: str = "", value: str = "") -> None:
        """What the participant asks of the guide.

        Raises:
            TryoutError: a setting that there is not.
        """
        wish = OperatorInput(now, asked, SOURCE, setting, value)
        refusal = refused(wish, self._settings) if asked is Asked.SET else ""
        if refusal:
            raise TryoutError(refusal)
        self._decide(wish)

    def move(self, passed: int, now: int) -> None:
        """Let the arm go on for `passed` ns."""
        if self.arm is None:
            return
        for change in self.arm.move(passed, self.state, self.profile, now):
            self._decide(change)
        self._bench.standing = self.arm.standing

    def lit(self, now: int) -> tuple[Cue, ...]:
        """What the projector shows."""
        arm = self.arm.lit if self.arm else ()
        return (*arm, *cues(self.state, self.cell, self.profile, now))

    @property
    def standing(self) -> tuple[str, ...]:
        """Zones in which a tray stands that can be taken from."""
        return tuple(self._bench.standing)

    def in_trays(self) -> dict[str, tuple[str, list[Lying]]]:
        """Store slot -> the part its tray is for, and where those lie that are in it, in the tray's frame."""
        store = self.cell.scene.cobot.store if self.arm and self.cell.scene.cobot else ()
        return {s.id: (s.part, [lying_of(h.pose) for h in self._bench.in_tray(s.id, Pose.of())]) for s in store}

    def run_out(self, now: int) -> str:
        """The bin that is asked for runs empty, of itself; its id, or "" where no part is asked for."""
        current = current_step(self.cell, self.state)
        if current is None or self.state.phase is not Phase.TAKE:
            return ""
        for place in self.cell.bins_with(current.part):
            while self._bench.inside(place):
                self._bench.take(place)
            self._see(place, now)
        return self.cell.bins_with(current.part)[0]

    def refill(self, place: str, now: int) -> None:
        """A colleague fills that bin, and every other with its part that is empty."""
        part = self.cell.scene.bin[place].part
        for each in self.cell.bins_with(part):
            if not self._bench.inside(each):
                self._bench.refill(each, (part,) * self.cell.scene.bin[each].count)
            self._see(each, now)

    def new_case(self, now: int) -> None:
        """An empty case takes the place of the one that stands there, and every bin is filled."""
        standing, self._bench = self._bench.standing, Bench(self.cell, SEED)
        self._bench.standing = standing
        for place in (*self._bench.bins, *self._bench.slots):
            self._see(place, now)

    def count(self, place: str) -> int:
        """Parts in a bin or slot."""
        return len(self._bench.inside(place))

    def lying(self) -> dict[str, list[Lying]]:
        """Where the parts of each kind lie, in bins and slots."""
        bins, slots = self._bench.bins, self._bench.slots
        if self._laid is None or self._laid[0] is not bins or self._laid[1] is not slots:
            found: dict[str, list[Lying]] = {}
            for places, laid in ((bins, lying_in_bin), (slots, lying_in_slot)):
                for place, parts in places.items():
                    for part, pose in zip(parts, laid(self.cell, place, parts, SEED), strict=True):
                        found.setdefault(part, []).append(lying_of(pose))
            self._laid = (bins, slots, found)
        return self._laid[2]

    def _inside(self, place: str) -> tuple[str, ...]:
        if place not in self._bench.bins and place not in self._bench.slots and place not in self._bench.standing:
            raise TryoutError(f"place: found '{place}', allowed: a bin or a slot of the scene")
        return self._bench.inside(place)

    def _content(self, place: str) -> Content:
        return Content.FILLED if self._bench.inside(place) else Content.EMPTY

    def _happened(self, happened: Happened, place: str, now: int) -> None:
        """As perception tells it: the event first, then what the place looks like since."""
        self._decide(WorkspaceEvent(self.state.sequence + 1, now, happened, place))
        self._see(place, now)

    def _see(self, place: str, now: int) -> None:
        if self.state.contents.get(place) is not self._content(place):
            self._decide(PlaceChanged(now, place, self._content(place)))

    def _decide(self, event: Event) -> None:
        self.state, _ = step(self.cell, self.state, event)
        change = due(self.state, self._profile, self._rules, event.stamp)
        if change:
            self._decide(change)


def lying_of(pose: Pose) -> Lying:
    """Where a part lies, rounded to a tenth of a millimetre."""
    x, y, z = pose.translation.tolist()
    return round(x, 4), round(y, 4), round(z, 4), round(float(np.arctan2(pose.rotation[1, 0], pose.rotation[0, 0])), 4)
