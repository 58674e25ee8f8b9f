"""The work guide's engine with a clock, for tests: what is seen and asked, and a person who does what is asked."""

from __future__ import annotations

from opstap.workflow.asking import Ask, Meaning, ask
from opstap.workflow.engine import step
from opstap.workflow.model import (
    Asked,
    Content,
    Happened,
    OperatorInput,
    Phase,
    PlaceChanged,
    Started,
    State,
    WorkspaceEvent,
)
from opstap.workflow.order import current_step

SECOND = 1_000_000_000


class Guide:
    """The engine with a clock that goes on a second at every event, and all notes kept."""

    def __init__(self, cell):
        self.cell, self.state, self.notes, self.now, self.sequence = cell, State(), [], 0, 0
        self.feed(Started(0, cell.task.task))

    def feed(self, event):
        self.state, notes = step(self.cell, self.state, event)
        self.notes += notes
        return [n.outcome for n in notes]

    def sees(self, happened, place, count=1):
        self.now += SECOND
        self.sequence += 1
        return self.feed(WorkspaceEvent(self.sequence, self.now, happened, place, count))

    def content(self, content, *places):
        for place in places:
            self.feed(PlaceChanged(self.now, place, content))

    def asks(self, asked):
        self.now += SECOND
        return self.feed(OperatorInput(self.now, asked, "test"))

    def start(self):
        self.content(Content.FILLED, *self.cell.scene.bin)
        self.content(Content.EMPTY, *self.cell.scene.slot)
        return self

    @property
    def bin(self):
        return self.cell.bins_with(current_step(self.cell, self.state).part)[0]

    @property
    def slot(self):
        return current_step(self.cell, self.state).slot

    @property
    def open(self):
        return [(p.trouble, p.place, p.count) for p in self.state.problems]

    def do_step(self):
        slot = self.slot
        self.sees(Happened.TAKEN, self.bin)
        self.sees(Happened.PLACED, slot)

    @property
    def asked(self) -> Ask:
        return ask(self.cell, self.state)

    def obey(self, most: int = 60) -> None:
        """Do what is asked, and nothing else, until the job is done."""
        for _ in range(most):
            if self.state.phase is Phase.DONE and not self.state.paused:
                return
            self.obey_once()
        raise AssertionError(f"stuck at: {self.state.phase}, {self.asked}")

    def obey_once(self) -> None:
        asked = self.asked
        if asked.phrase == "paused":
            self.asks(Asked.RESUME)
        elif asked.answered:
            self.asks(Asked.NEXT)
        elif asked.phrase == "ready":
            self.content(Content.EMPTY, *self.cell.scene.slot)
        for mark in sorted(asked.marks, key=lambda m: m.meaning is not Meaning.TAKE_OUT):
            if asked.answered or mark.meaning in (Meaning.OPEN, Meaning.CASE):
                continue
            if mark.meaning is Meaning.REFILL:
                self.content(Content.FILLED, mark.place)
            elif mark.meaning is Meaning.TAKE:
                self.sees(Happened.TAKEN, mark.place, mark.count)
                return  # one of several bins
            elif mark.meaning is Meaning.PUT_BACK:
                self.sees(Happened.PUT_BACK, mark.place, mark.count)
            elif mark.meaning is Meaning.LOOK:
                self.sees(Happened.HAND_LEFT, mark.place)
            elif mark.meaning is Meaning.TAKE_OUT:
                self.sees(Happened.REMOVED, mark.place, asked.count)
            else:
                self.sees(Happened.PLACED, mark.place, asked.count)
