"""A job done by script: real engine, real journal, a clock that goes on as told."""

from __future__ import annotations

from pathlib import Path

from opstap.instructions import Cell
from opstap.workflow.journal import Journal, Recorder
from opstap.workflow.model import Asked, Content, Happened, OperatorInput, PlaceChanged, Started, WorkspaceEvent

SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND


class Packing:
    """Feeds the work guide's recorder. `now` is ns; a step takes 4 s: 3 to take, 1 to place."""

    def __init__(self, cell: Cell, path: Path, now: int = START) -> None:
        self.cell, self.now = cell, now
        self.journal = Journal(path)
        self.journal._db.execute("PRAGMA synchronous=OFF")
        self.guide = Recorder(cell, self.journal)
        self.guide.handle(Started(now, cell.task.task))
        self.content(Content.FILLED, *cell.scene.bin)

    def content(self, content: Content, *places: str) -> None:
        for place in places:
            self.guide.handle(PlaceChanged(self.now, place, content))

    def wait(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)

    def sees(self, happened: Happened, place: str) -> None:
        self.guide.handle(WorkspaceEvent(self.guide.state.sequence + 1, self.now, happened, place))

    def asks(self, asked: Asked, source: str = "test") -> None:
        self.guide.handle(OperatorInput(self.now, asked, source))

    def empty_case(self) -> None:
        self.content(Content.EMPTY, *self.cell.scene.slot)

    def take(self) -> None:
        self.wait(3)
        self.sees(Happened.TAKEN, self.cell.bins_with(self.cell.task.steps[self.guide.state.step].part)[0])

    def place(self) -> None:
        self.wait(1)
        slot = self.cell.task.steps[self.guide.state.step].slot
        self.guide.handle(PlaceChanged(self.now, slot, Content.FILLED))
        self.sees(Happened.PLACED, slot)

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.take()
            self.place()

    def wrong_pick(self, place: str = "bin_07", right_after: float = 2) -> None:
        self.sees(Happened.TAKEN, place)
        self.wait(right_after)
        self.sees(Happened.PUT_BACK, place)

    def job(self) -> None:
        self.empty_case()
        self.steps(len(self.cell.task.steps))
        self.wait(5)
