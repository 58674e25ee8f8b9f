"""What is asked of the person now: the one rule that light, words, page and corrections all follow.

One thing is asked at a time; whatever else is open waits. In order:

1. *Paused*: nothing is asked of someone who takes a break.
2. *Something in the hand should not be there* (wrong pick, too many), the oldest first: put it back in its bin. Neither
   bin nor slot of the step is marked, so a hand that holds two parts has one thing to do. Where such a part lies in a
   wrong slot it is crossed too: taking it out and putting it back is one movement.
3. *Something lies in a wrong slot*, the oldest first: take it out, and put it where it belongs, again one movement.
   That is the slot of the step, a slot where it is missing, or its bin; where nobody can tell, it is only taken out.
   Before a step is done again because a check was not right, what lies in its slot is taken out.
4. *The step is placing*: its slot. What is in the hand is put down before anything else is asked.
5. *Something is missing* from a slot that was done, the oldest first: that slot.
6. *The bins of the part are empty*: a colleague fills them.
7. *The step is a check*: its words; where it names a slot, that one is lit.
   *The step is taking*: every bin that holds its part and is not known to be empty. When all of them are, and no such
   problem is open, the worker said the system is wrong: the worker's word counts. Where the cobot brings the part, its
   tray instead, once it stands there; its bins are open besides, for who rather takes it there.
8. *An empty case is awaited*, or *the case is full*.

Where the guide is not sure that the hand holds the part (4 after parts were put back, 5 always), its bins are marked
as open besides: who has nothing in the hand may take one there.

What depth cannot see is never guessed. A mark on such a place is `unseen`, and the person says when it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from opstap.instructions import Cell, Step
from opstap.workflow.model import Content, Phase, Problem, State, Tray, Trouble
from opstap.workflow.order import current_step


class Meaning(str, Enum):
    """What a mark on a bin or a slot asks."""

    TAKE = "take"
    """Take `count` from this bin."""
    OPEN = "open"
    """Take from this bin if your hand is empty."""
    PUT_BACK = "put_back"
    """Put `count` back in this bin."""
    REFILL = "refill"
    """This bin needs filling."""
    PLACE = "place"
    """Put the part in this slot."""
    TAKE_OUT = "take_out"
    """Take the part out of this slot."""
    CASE = "case"
    """A slot of the empty case that is awaited."""
    LOOK = "look"
    """Look here, or do here what is said; nothing is put."""


@dataclass(frozen=True)
class Mark:
    """One meaning on one bin or slot, or on the tray in a zone."""

    meaning: Meaning
    place: str
    count: int = 1
    """Parts, 1 or more."""
    unseen: bool = False
    """The camera cannot see this place: the person's word is waited for."""


@dataclass(frozen=True)
class Ask:
    """What is asked now."""

    phrase: str
    """Which of the task's phrases tells it."""
    marks: tuple[Mark, ...] = ()
    part: str = ""
    """The part it is about; empty where it is about none."""
    count: int = 1
    problem: Problem | None = None
    """The trouble that it puts right; None in ordinary work."""
    step: Step | None = None
    """The step, for words of its own."""

    @property
    def unusual(self) -> bool:
        """Whether it is out of the ordinary, so that it is told at every level of guidance."""
        return self.problem is not None or self.phrase in ("paused", "cannot_see", "bring", "check") or self.unseen

    @property
    def unseen(self) -> bool:
        """Whether the camera cannot see when it is done."""
        return any(mark.unseen for mark in self.marks)

    @property
    def answered(self) -> bool:
        """Whether the person has to say when it is done."""
        return self.unseen or (self.step is not None and bool(self.step.check) and self.step.confirm == "button")

    def pictured(self, cell: Cell) -> str:
        """The part or check whose picture (`Cell.pictures`) shows it; empty: none does."""
        name = self.step.id if self.phrase == "check" and self.step else self.part
        return name if name in cell.pictures else ""

    def words(self, cell: Cell, language: str, ways: Sequence[str] = ()) -> str:
        """It in words, one line a sentence, for who works by `ways` (`Profile.ways`)."""
        text = cell.text(self.phrase, language, self.step, self.part, self.count, ways)
        if self.unseen and self.phrase != "cannot_see":
            text += "\n" + cell.text("cannot_see", language)
        return text


def watched_slots(cell: Cell) -> tuple[str, ...]:
    """Ids of the slots whose content depth tells."""
    return tuple(s.id for s in cell.scene.case.slots if s.confirm == "depth")


def oldest(state: State, *troubles: Trouble) -> Problem | None:
    """The oldest open problem of these kinds."""
    return next((p for p in state.problems if p.trouble in troubles), None)


def ask(cell: Cell, state: State) -> Ask:
    """What is asked of the person now, by the rules of the module's text."""
    if state.paused:
        return Ask("paused")
    problem = (
        oldest(state, Trouble.WRONG_PICK, Trouble.TOO_MANY)
        or oldest(state, Trouble.WRONG_SLOT)
        or _rework(cell, state)
        or (None if state.phase is Phase.PLACE else oldest(state, Trouble.MISSING) or oldest(state, Trouble.EMPTY_BIN))
    )
    if problem:
        return putting_right(cell, state, problem)
    step = current_step(cell, state)
    if step is None:
        return _between_jobs(cell, state)
    if state.phase is Phase.CHECK:
        return Ask("check", (Mark(Meaning.LOOK, step.slot),) if step.slot else (), step=step)
    if state.phase is Phase.PLACE:
        left = step.count - state.taken
        may_take = _on_bins(cell, state, Meaning.OPEN, step.part, left) if left > 0 else ()
        marks = (_mark(cell, state, Meaning.PLACE, step.slot), *may_take)
        return Ask("place", marks, step.part, step.count - state.placed, step=step)
    left = step.count - state.taken
    if state.tray is Tray.COMING:
        return Ask("bring", (), step.part, left, step=step)
    if state.tray is Tray.THERE:
        marks = (Mark(Meaning.TAKE, state.tray_zone, left), *_on_bins(cell, state, Meaning.OPEN, step.part, left))
        return Ask("take", marks, step.part, left, step=step)
    return Ask("take", _on_bins(cell, state, Meaning.TAKE, step.part, left), step.part, left, step=step)


def _rework(cell: Cell, state: State) -> Problem | None:
    """What lies in the slot of the step, which is done again."""
    step = current_step(cell, state)
    return next((p for p in state.problems if p.trouble is Trouble.REWORK and step and p.place == step.slot), None)


def putting_right(cell: Cell, state: State, problem: Problem) -> Ask:
    """What is asked to put `problem` right, once its turn has come."""
    trouble, place, part, count = problem.trouble, problem.place, problem.part, problem.count
    if trouble is Trouble.EMPTY_BIN:
        return Ask(trouble.value, tuple(Mark(Meaning.REFILL, b) for b in cell.bins_with(part)), part, count, problem)
    if trouble is Trouble.MISSING:
        marks = (_mark(cell, state, Meaning.PLACE, place), *_on_bins(cell, state, Meaning.OPEN, part, count))
        return Ask(trouble.value, marks, part, count, problem)
    if trouble is Trouble.REWORK:
        return Ask("take_out", (_mark(cell, state, Meaning.TAKE_OUT, place),), part, count, problem)
    if trouble is not Trouble.WRONG_SLOT:
        lying = [p for p in state.problems if p.trouble is Trouble.WRONG_SLOT and p.part in (part, "")]
        crossed = tuple(_mark(cell, state, Meaning.TAKE_OUT, p.place) for p in lying[:1])
        return Ask(trouble.value, (_mark(cell, state, Meaning.PUT_BACK, place, count), *crossed), part, count, problem)
    out = _mark(cell, state, Meaning.TAKE_OUT, place)
    home = _home(cell, state, problem)
    if home:
        return Ask(trouble.value, (out, _mark(cell, state, Meaning.PLACE, home)), part, count, problem)
    bins = cell.bins_with(part)[:1]
    if bins:
        return Ask("wrong_pick", (out, _mark(cell, state, Meaning.PUT_BACK, bins[0], count)), part, count, problem)
    return Ask("take_out", (out,), "", count, problem)


def _home(cell: Cell, state: State, wrong: Problem) -> str | None:
    """The slot for the part that lies in the wrong slot; None where no other slot waits for it."""
    step = current_step(cell, state)
    missing = [p.place for p in state.problems if p.trouble is Trouble.MISSING and p.part == wrong.part]
    awaited = [step.slot] if step and step.part == wrong.part else []
    candidates = awaited + missing if state.phase is Phase.PLACE else missing + awaited
    return next((slot for slot in candidates if slot != wrong.place), None)


def _between_jobs(cell: Cell, state: State) -> Ask:
    """A case is awaited, or the full one still stands there; where only blind spots are left, the person decides."""
    slots = watched_slots(cell)
    unseen = [s for s in slots if state.contents.get(s) is Content.CANNOT_SEE]
    empty = [s for s in slots if state.contents.get(s) is Content.EMPTY]
    if unseen and empty and len(unseen) + len(empty) == len(slots):
        return Ask("cannot_see", tuple(_mark(cell, state, Meaning.CASE, s) for s in unseen))
    if state.phase is Phase.READY:
        return Ask("ready", tuple(Mark(Meaning.CASE, s.id) for s in cell.scene.case.slots))
    return Ask("done")


def _on_bins(cell: Cell, state: State, meaning: Meaning, part: str, count: int) -> tuple[Mark, ...]:
    """The bins with the part that are not known to be empty, or all where they all are."""
    bins = cell.bins_with(part)
    stocked = [b for b in bins if state.contents.get(b) is not Content.EMPTY] or bins
    return tuple(_mark(cell, state, meaning, b, count) for b in stocked)


def _mark(cell: Cell, state: State, meaning: Meaning, place: str, count: int = 1) -> Mark:
    confirm = (cell.scene.bin.get(place) or cell.scene.slot[place]).confirm
    hidden = confirm == "button" or (confirm == "depth" and state.contents.get(place) is Content.CANNOT_SEE)
    # A bin that may be taken from is not waited for, so whether it is seen does not matter.
    return Mark(meaning, place, count, unseen=hidden and meaning is not Meaning.OPEN)
