"""Conducts a simulated pilot: each pick and place is an event of the real workflow engine, read into the real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from uuid import UUID, uuid5

import numpy as np

from opstap.evaluation.instruments import Instrument
from opstap.evaluation.pilot.assumptions import Assumptions, Block
from opstap.evaluation.pilot.worker import Day, Worker
from opstap.evaluation.store import Consents, Purpose, Store
from opstap.evaluation.store.forms import FilledForm, Given, keep
from opstap.evaluation.store.ingest import Ingest, Workplace
from opstap.instructions import Cell, Step
from opstap.workflow.engine import step
from opstap.workflow.journal import Entry
from opstap.workflow.model import (
    Asked,
    Content,
    Event,
    Happened,
    OperatorInput,
    PlaceChanged,
    Started,
    State,
    WorkspaceEvent,
)

SIMULATED = UUID("5ad1c0de-0000-4000-8000-6f7073746170")
"""Namespace of the ids of simulated pilots."""
SECOND = 1_000_000_000
BREATH = 20.0
"""Seconds between two cases."""
ANSWER = 12.0
"""Seconds for one question."""


class Tape:
    """A journal in memory, for one session: what the engine made of each event."""

    def __init__(self, identity: UUID) -> None:
        self.identity = identity
        self._entries: list[Entry] = []

    @property
    def last(self) -> int:
        return len(self._entries)

    def append(self, event: Event, notes: tuple[object, ...]) -> None:
        self._entries.append(Entry(len(self._entries) + 1, event.stamp, event, notes))  # type: ignore[arg-type]

    def entries(self, after: int = 0) -> Iterator[Entry]:
        return iter(self._entries[after:])


class Bench:
    """One session at the bench: what the worker does becomes events, the engine decides."""

    def __init__(self, cell: Cell, worker: Worker, condition: str, day: Day, tape: Tape, now: int) -> None:
        self.cell, self.worker, self.condition, self.day, self.tape, self.now = cell, worker, condition, day, tape, now
        self.state = State()
        self._sequence = 0
        self.feed(Started(now, cell.task.task))
        self.content(Content.FILLED, *cell.scene.bin)

    def feed(self, event: Event) -> None:
        state, notes = step(self.cell, self.state, event)
        if state != self.state:
            self.tape.append(event, notes)
            self.state = state

    def content(self, content: Content, *places: str) -> None:
        for place in places:
            self.feed(PlaceChanged(self.now, place, content))

    def sees(self, happened: Happened, place: str, count: int = 1) -> None:
        self._sequence += 1
        self.feed(WorkspaceEvent(self._sequence, self.now, happened, place, count))

    def wait(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)

    def job(self) -> None:
        """Pack one case."""
        worker = self.worker
        self.content(Content.EMPTY, *self.cell.scene.slot)
        pace = worker.job_pace(self.condition, self.day)
        for this in self.cell.task.steps:
            self._do(this, pace)
        worker.jobs += 1
        self.wait(BREATH)

    def _do(self, this: Step, pace: float) -> None:
        worker = self.worker
        taking, placing = worker.step_seconds(pace)
        if this.check:
            self.wait(placing)
            self.feed(OperatorInput(self.now, Asked.NEXT, "simulated"))
            return
        (bin_id, *_) = self.cell.bins_with(this.part)
        if worker.bin_runs_out(len(self.cell.task.steps)):
            self.content(Content.EMPTY, bin_id)
            self.wait(worker.refilled_after())
            self.content(Content.FILLED, bin_id)
        if worker.asks_for_help(self.condition, taking + placing):
            self.feed(OperatorInput(self.now, Asked.HELP, "simulated"))
            self.wait(worker.helped_for(self.condition))
            self.feed(OperatorInput(self.now, Asked.HELP_DONE, "simulated"))
        mistake = worker.mistake(self.condition, self.day)
        self.wait(taking)
        if mistake == "wrong_bin":
            others = [b.id for b in self.cell.scene.bins if b.part != this.part]
            wrong = others[worker.chooses(len(others))]
            self.sees(Happened.TAKEN, wrong)
            self.wait(worker.notices_after(self.condition))
            self.sees(Happened.PUT_BACK, wrong)
            self.wait(taking / 2)
        self.sees(Happened.TAKEN, bin_id, this.count + (mistake == "too_many"))
        if mistake == "too_many":
            self.wait(worker.notices_after(self.condition))
            self.sees(Happened.PUT_BACK, bin_id)
        self.wait(placing)
        free = [s for s in self.cell.scene.slot if self.state.contents.get(s) is Content.EMPTY and s != this.slot]
        if mistake == "wrong_slot" and free:
            wrong = free[worker.chooses(len(free))]
            self._put(wrong)
            self.wait(worker.notices_after(self.condition))
            self.content(Content.EMPTY, wrong)
            self.sees(Happened.REMOVED, wrong)
            self.wait(placing)
        for _ in range(this.count):
            self._put(this.slot)

    def _put(self, slot: str) -> None:
        self.content(Content.FILLED, slot)
        self.sees(Happened.PLACED, slot)


def conduct(
    assumptions: Assumptions,
    plan: str,
    cell: Cell,
    instruments: dict[str, Instrument],
    store: Store,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> None:
    """Let every virtual worker work through `plan`, and keep what comes of it, marked as simulated.

    The same assumptions, plan and cell give the same records.

    Args:
        progress: told after each session how many of how many are done.
    """
    orders = assumptions.plans[plan]
    sessions = [sum(b.days for b in orders[i % len(orders)].blocks) for i in range(assumptions.workers)]
    done = 0
    for number, stream in enumerate(np.random.SeedSequence(assumptions.seed).spawn(assumptions.workers), start=1):
        person = f"sim_{number:02d}"
        _consent(store, person, _nine(assumptions.starts))
        worker = Worker(assumptions, np.random.default_rng(stream))
        days = _working_days(assumptions.starts)
        for block in orders[(number - 1) % len(orders)].blocks:
            for _ in range(block.days):
                now = _session(assumptions, plan, cell, store, worker, person, block.condition, next(days))
                done += 1
                progress(done, sum(sessions))
            _ask(assumptions, plan, store, worker, person, block, instruments, now)


def _session(assumptions: Assumptions, plan: str, cell: Cell, store: Store, worker: Worker, person: str,
             condition: str, day: date) -> int:  # fmt: skip
    """One session; returns the moment it ended."""
    tape = Tape(_id(assumptions, plan, f"{person}/{day}"))
    start = _nine(day)
    ingest = Ingest(store, tape, Workplace(cell.scene.cell, cell.task.task, simulated=True))
    ingest.begin(person, start, condition=condition, level=assumptions.conditions[condition].level)  # type: ignore[index]
    bench = Bench(cell, worker, condition, worker.day(), tape, start)
    while bench.now < start + assumptions.session_minutes * 60 * SECOND:
        bench.job()
    ingest.end(bench.now)
    return bench.now


def _ask(assumptions: Assumptions, plan: str, store: Store, worker: Worker, person: str, block: Block,
         instruments: dict[str, Instrument], now: int) -> None:  # fmt: skip
    for name in block.forms:
        instrument = instruments[name]
        said = worker.answers(instrument, block.condition, block.phase)
        asked = [i for i in instrument.items if not i.words and not ("pre" in block.phase and "pre" not in i.phases)]
        opened, given = now, {}
        for item, value in said.items():
            now += round(ANSWER * SECOND)
            given[item] = Given(value, now)
        id = _id(assumptions, plan, f"{person}/{block.condition}/{block.phase}/{name}")
        form = FilledForm(
            id=id, person=person, instrument=name,
            version=instrument.version, phase=block.phase, condition=block.condition, language="nl", simulated=True,
            opened_at=opened, finished_at=now if len(said) == len(asked) else None, answers=given,
        )  # fmt: skip
        keep(store, form, now)


def _consent(store: Store, person: str, now: int) -> None:
    """A virtual worker says yes to all: it goes through the same gate as everybody."""
    consents = Consents(store)
    if consents.allowed(person, now) != frozenset(Purpose):
        for purpose in Purpose:
            consents.decide(person, purpose, True, now, simulated=True, text_version="simulated")


def _id(assumptions: Assumptions, plan: str, what: str) -> UUID:
    return uuid5(SIMULATED, f"{assumptions.pilot}/{assumptions.seed}/{plan}/{what}")


def _nine(day: date) -> int:
    """Nine o'clock (UTC) of a day, ns since 1970."""
    return int(datetime.combine(day, time(9), timezone.utc).timestamp()) * SECOND


def _working_days(first: date) -> Iterator[date]:
    day = first
    while True:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)
