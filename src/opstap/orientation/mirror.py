"""A running or recorded cell as it was told last, to be shown in the orientation. Nothing is ever told back.

It holds what the cell says of itself: work, contents, hands as the camera makes them out, joints, intent. Whose work it
is, is not among it: the page shows work, not a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from opstap.geometry import Pose
from opstap.guidance.cues import Cue, cues, robot_cue
from opstap.instructions import Cell
from opstap.orientation.tryout import SEED, Lying, lying_of
from opstap.scene import Profile
from opstap.simulation.world import lying_in_bin, lying_in_slot
from opstap.workflow.model import Content, State

SIMULATED_BEFORE = 10**18
"""A simulated cell's clock begins near 0, a real one tells the time since 1970: this is in 2001, ns."""
LOST_AFTER = 2_000_000_000
"""ns without a work state after which the cell is lost."""

Source = Literal["live", "replayed"]
Standing = Literal["live", "replayed", "lost", "other"]
"""Other: the cell works at another task than this orientation tells of."""


@dataclass(frozen=True)
class SeenHand:
    """A hand as perception tells it: middle and extent, metres in the table frame."""

    position: tuple[float, float, float]
    extent: tuple[float, float, float]


class Mirror:
    """One cell. Every `tell_...` may be called from any thread; `changed` is called after it, in that thread.

    Args:
        clock: ns that only go on.
    """

    def __init__(self, cell: Cell, source: Source, clock: Callable[[], int]) -> None:
        self.cell, self.source, self._clock = cell, source, clock
        self.state: State | None = None
        self.profile = Profile(id="participant")
        self.stamp = 0
        """Of the state, ns of the cell's own clock."""
        self.hands: tuple[SeenHand, ...] = ()
        self.joints: dict[str, float] = {}
        self.tray: Pose | None = None
        """Of the tray on the fork or in a zone, T_table_tray; None: none is out."""
        self.version = 0
        """Counts what changes more than hands and joints."""
        self.changed: Callable[[], None] = lambda: None
        self._robot: tuple[Cue, ...] = ()
        self._contents: dict[str, tuple[Content, float]] = {}
        self._heard: int | None = None
        self._other = False

    @property
    def standing(self) -> Standing:
        """How it is with the cell now."""
        if self._heard is None or self._clock() - self._heard > LOST_AFTER:
            return "lost"
        return "other" if self._other else self.source

    @property
    def simulated(self) -> bool:
        """Whether what is shown is a simulated cell's work."""
        return self.stamp < SIMULATED_BEFORE

    def tell_work(self, state: State, profile: Profile, stamp: int) -> None:
        """Where the work is; `profile` is kept without whose it is."""
        self._heard, self._other = self._clock(), state.task != self.cell.task.task
        if not self._other:
            profile = profile.model_copy(update={"id": "participant"})
            before, self.stamp = self.state, stamp
            self.state, self.profile = state, profile
            self.version += before is None or _shown(before) != _shown(state)
        self.changed()

    def tell_contents(self, contents: dict[str, tuple[Content, float]]) -> None:
        """What is in bins and slots, and how full they are, 0 to 1; what cannot be seen stays as it was seen last."""
        seen = {p: (c, fill) for p, (c, fill) in contents.items() if c is not Content.CANNOT_SEE}
        counts = {p: self._count(p, c, fill) for p, (c, fill) in seen.items()}
        if any(self._count(p, *self._contents.get(p, (Content.EMPTY, 0.0))) != n for p, n in counts.items()):
            self.version += 1
        self._contents = {**self._contents, **seen}
        self.changed()

    def tell_hands(self, hands: tuple[SeenHand, ...]) -> None:
        self.hands = hands
        self.changed()

    def tell_joints(self, joints: dict[str, float]) -> None:
        self.joints = {**self.joints, **joints}
        self.changed()

    def tell_tray(self, tray: Pose | None) -> None:
        self.tray = tray
        self.changed()

    def tell_intent(self, outline: tuple[tuple[float, float], ...], moving: bool) -> None:
        self._robot = robot_cue(outline, moving)
        self.version += 1
        self.changed()

    def lit(self) -> tuple[Cue, ...]:
        """What the cell's projector is asked to show."""
        if self.state is None:
            return ()
        return (*self._robot, *cues(self.state, self.cell, self.profile, self.stamp))

    def lying(self) -> dict[str, list[Lying]]:
        """Where parts of each kind lie: as many as a bin is full, and one a slot, where depth does not count."""
        found: dict[str, list[Lying]] = {}
        scene, task = self.cell.scene, self.cell.task
        for place, (content, fill) in self._contents.items():
            part = scene.bin[place].part if place in scene.bin else task.slot_part.get(place)
            count = self._count(place, content, fill)
            if part is None or not count:
                continue
            laid = lying_in_bin if place in scene.bin else lying_in_slot
            found.setdefault(part, []).extend(lying_of(pose) for pose in laid(self.cell, place, (part,) * count, SEED))
        return found

    @property
    def packed(self) -> int:
        """Slots of the case with something in them."""
        slots = self.cell.scene.slot
        return sum(c is Content.FILLED for p, (c, _) in self._contents.items() if p in slots)

    def _count(self, place: str, content: Content, fill: float) -> int:
        if content is not Content.FILLED:
            return 0
        known = self.cell.scene.bin.get(place)
        if known is None:
            return 1
        share = fill if np.isfinite(fill) else 1.0
        return max(1, min(known.count, round(share * known.count)))


def _shown(state: State) -> object:
    """What of a state is shown; times and numbers that count on are not."""
    return (state.phase, state.step, state.order, state.taken, state.placed, state.problems, state.paused,
            state.help_since, state.repeated, state.corrected, state.tray, state.tray_zone, state.contents)  # fmt: skip
