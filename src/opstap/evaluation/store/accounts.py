"""What a journal says, as rows: runs, steps, problems, help. A pure function of the journal's entries.

The id of a row is made of the journal's identity and the number of the entry it began with, so the same entries give
the same rows, however often and in however many pieces they are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from opstap.workflow.journal import Entry
from opstap.workflow.model import COACH, Note, OperatorInput, Outcome, Trouble

CLOCK_STEP = 2_000_000_000
"""The clock was set when a stamp lies more than this before the one before it, ns. Less is ordinary: a page's input
overtakes the camera frame it was given after."""

REWORK = Trouble.REWORK.value
Row = dict[str, Any]


@dataclass
class _Open:
    """Something that has begun and not ended: from which entry, when, and by which setting of the clock."""

    number: int
    stamp: int
    era: int
    row: Row


@dataclass
class RunAccount:
    """One run with all that hangs on it."""

    row: Row
    first: int
    """Number of the entry it began with."""
    last: int | None = None
    """Number of the entry it ended with; None while it goes on."""
    whole: bool = True
    """False: its beginning was not in what was read, because another person began it."""
    finished: bool = False
    steps: list[Row] = field(default_factory=list)
    problems: list[Row] = field(default_factory=list)
    coaching: list[Row] = field(default_factory=list)


@dataclass
class Account:
    """What was read: runs in order, help between runs, and how far it is settled."""

    runs: list[RunAccount]
    between: list[Row]
    """Coaching rows outside any run."""
    levels: list[Row]
    """Changes of the guidance level. One without level is the end of "leave me alone": as it was before that."""
    settled: int
    """Last entry that says all it will ever say: later reading can begin after it."""
    last: int
    """Last entry that was read."""
    first_stamp: int | None
    last_stamp: int | None

    @property
    def finished(self) -> list[RunAccount]:
        """The runs that are finished and settled."""
        return [r for r in self.runs if r.finished and r.last is not None and r.last <= self.settled]


class _Reader:
    def __init__(self, journal: UUID, after: int, clock_set: frozenset[int]) -> None:
        self.journal = journal
        self.clock_set = clock_set
        self.era = 0
        self.number = after
        self.stamp: int | None = None
        self.first_stamp: int | None = None
        self.runs: list[RunAccount] = []
        self.between: list[Row] = []
        self.levels: list[Row] = []
        self.run: RunAccount | None = None
        self.run_era = 0
        self.step = ""
        self.step_era = 0
        self.problems: list[_Open] = []
        self.help: _Open | None = None
        self.help_run: RunAccount | None = None
        self.pause: _Open | None = None
        self.asked_by = "worker"

    def id(self, kind: str, order: int = 0) -> UUID:
        return uuid5(self.journal, f"{kind}/{self.number}/{order}")

    def read(self, entry: Entry) -> None:
        went_back = self.stamp is not None and entry.stamp < self.stamp - CLOCK_STEP
        if went_back or any(self.number <= n < entry.number for n in self.clock_set):
            self.era += 1
            self.stamp = None
            if self.run:
                self.run.row["clock_ok"] = False
        self.number = entry.number
        self.stamp = entry.stamp if self.stamp is None else max(self.stamp, entry.stamp)
        if self.first_stamp is None:
            self.first_stamp = entry.stamp
        corrected = any(n.outcome is Outcome.CORRECTED for n in entry.notes)
        source = entry.event.source if isinstance(entry.event, OperatorInput) else ""
        self.asked_by = "coach" if source.endswith(COACH) else "worker"
        for order, note in enumerate(entry.notes):
            self.note(note, entry.stamp, order, corrected)
        if any(n.outcome is Outcome.SETTING_CHANGED for n in entry.notes) and isinstance(entry.event, OperatorInput):
            self.set(entry.event)

    def note(self, note: Note, stamp: int, order: int, corrected: bool) -> None:
        outcome = note.outcome
        if outcome is Outcome.JOB_STARTED:
            self.end_run(stamp, finished=False)
            self.begin_run(stamp)
        elif outcome is Outcome.STEP_SHOWN:
            self.step, self.step_era = note.step, self.era
        elif outcome is Outcome.HELP_ASKED:
            row = {"id": self.id("coaching", order), "run": None, "asked_by": self.asked_by, "started": stamp}
            self.help = _Open(self.number, stamp, self.era, row | {"seconds": None})
            self.help_run = self.run
            if self.run:
                self.help.row["run"] = self.run.row["id"]
            (self.run.coaching if self.run else self.between).append(self.help.row)
        elif outcome is Outcome.HELP_ENDED and self.help:
            self.help.row["seconds"] = note.seconds if self.help.era == self.era else None
            self.help = None
        elif outcome is Outcome.PAUSED:
            self.pause = _Open(self.number, stamp, self.era, {})
        elif outcome is Outcome.RESUMED and self.pause:
            self.add_pause(stamp)
            self.pause = None
        elif outcome is Outcome.JOB_DONE:
            self.end_run(stamp, finished=True)
        elif outcome in (Outcome.CORRECTED, Outcome.EVENT_MISSED):
            if self.run:
                self.run.row["corrections" if outcome is Outcome.CORRECTED else "missed_events"] += 1
        elif outcome is Outcome.PROBLEM_SOLVED:
            self.solved(note, corrected)
        elif outcome in (Outcome.PART_TAKEN, Outcome.STEP_DONE, Outcome.PROBLEM_SEEN, Outcome.REWORK):
            self.work(self.run or self.begin_run(stamp, whole=False), note, stamp, order)

    def set(self, wish: OperatorInput) -> None:
        level: str | None
        if wish.setting == "level":
            level, by = wish.value, "rule" if wish.source.startswith("rule") else "worker"
        elif wish.setting == "alone":
            level, by = ("off", "alone") if wish.value == "yes" else (None, "worker")
        else:
            return
        self.levels.append({"id": self.id("level"), "since": wish.stamp, "level": level, "changed_by": by})

    def work(self, run: RunAccount, note: Note, stamp: int, order: int) -> None:
        if note.outcome is Outcome.PART_TAKEN:
            run.row["picks"] += 1
        elif note.outcome is Outcome.STEP_DONE:
            run.row["steps"] += 1
            row = {"id": self.id("step", order), "run": run.row["id"], "step": note.step, "position": run.row["steps"]}
            known = self.step_era == self.era
            run.steps.append(row | {"done": stamp, "seconds": note.seconds if known else None})
        else:
            row = {"id": self.id("problem", order), "run": run.row["id"], "step": note.step or self.step}
            row |= {
                "trouble": note.trouble or REWORK,
                "place": note.place,
                "seen": stamp,
                "seconds": None,
                "disputed": False,
            }
            run.problems.append(row)
            if note.outcome is Outcome.REWORK:
                return  # told once: its steps are done again, which is no trouble to put right
            self.problems.append(_Open(self.number, stamp, self.era, row))

    def solved(self, note: Note, corrected: bool) -> None:
        for opened in self.problems:
            if (opened.row["trouble"], opened.row["place"]) == (note.trouble, note.place):
                opened.row["seconds"] = note.seconds if opened.era == self.era else None
                opened.row["disputed"] = corrected
                self.problems.remove(opened)
                return

    def begin_run(self, stamp: int, whole: bool = True) -> RunAccount:
        row: Row = {"id": self.id("run"), "entry": self.number, "started": stamp, "ended": None, "seconds": None}
        row |= {"paused_seconds": 0.0, "steps": 0, "picks": 0, "corrections": 0, "missed_events": 0, "clock_ok": True}
        self.run = RunAccount(row, self.number, whole=whole)
        self.runs.append(self.run)
        self.run_era = self.era
        self.problems = []
        return self.run

    def end_run(self, stamp: int, finished: bool) -> None:
        run, self.run, self.step = self.run, None, ""
        if run is None:
            return
        run.last, run.finished = self.number, finished
        if self.pause:  # the rest of the pause lies after the run
            self.run = run
            self.add_pause(stamp)
            self.run = None
        if finished and run.whole:
            run.row["ended"] = stamp
            if self.run_era == self.era:
                run.row["seconds"] = round((stamp - run.row["started"]) / 1e9, 3)

    def add_pause(self, stamp: int) -> None:
        """Add the part of the pause that lies in this run."""
        if self.run and self.pause and self.pause.era == self.era:
            paused = stamp - max(self.pause.stamp, self.run.row["started"])
            self.run.row["paused_seconds"] = round(self.run.row["paused_seconds"] + paused / 1e9, 3)

    def account(self, after: int, close: bool) -> Account:
        held = [self.number + 1]
        if not close:
            # A run with something open is read again from its first entry, and so is what overlaps it.
            held += [self.run.first] if self.run else []
            held += [self.help_run.first if self.help_run else self.help.number] if self.help else []
            held += [self.pause.number] if self.pause else []
            while (wider := [r.first for r in self.runs if r.last and r.first < min(held) <= r.last]) != []:
                held += wider
        settled = max(after, min(held) - 1)
        return Account(self.runs, self.between, self.levels, settled, self.number, self.first_stamp, self.stamp)


def account(journal: UUID, entries: Iterable[Entry], after: int = 0, *, clock_set: Iterable[int] = (),
            close: bool = False) -> Account:  # fmt: skip
    """What `entries`, those after number `after`, say.

    Args:
        journal: identity of the journal.
        clock_set: numbers of entries after which the machine's clock was set.
        close: nobody goes on with what is open: it counts as broken off.
    """
    reader = _Reader(journal, after, frozenset(clock_set))
    for entry in entries:
        reader.read(entry)
    return reader.account(after, close)
