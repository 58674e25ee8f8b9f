"""What a journal says of a job: steps, times, and what had to be put right. Facts about the work, not the person."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opstap.workflow.journal import Entry, Journal, JournalError
from opstap.workflow.model import Note, Outcome, State

PROBLEMS = {
    "wrong_pick": "taken from another bin",
    "too_many": "more taken than asked",
    "wrong_slot": "put in another place",
    "missing": "taken out of the case again",
    "empty_bin": "bin was empty",
}


def describe(note: Note, state: State, steps: int) -> str:
    """A line on `note` for a terminal or a log; empty for what only follows from other notes."""
    if note.outcome is Outcome.STEP_DONE:
        return f"step {state.step} of {steps} done: {note.step} ({note.seconds:.1f} s)"
    if note.outcome is Outcome.PROBLEM_SEEN:
        return f"to put right at {note.place}: {PROBLEMS[note.trouble]}"
    if note.outcome is Outcome.PROBLEM_SOLVED:
        return f"put right at {note.place}: {PROBLEMS[note.trouble]} ({note.seconds:.1f} s)"
    if note.outcome is Outcome.STEP_SKIPPED:
        return f"step left out: {note.step}"
    if note.outcome is Outcome.REWORK:
        return f"to be done again, says the check {note.step}"
    if note.outcome in (Outcome.STEP_SHOWN, Outcome.PART_TAKEN):
        return ""
    return str(note.outcome.value).replace("_", " ")


@dataclass
class Summary:
    """One job, or several in one journal."""

    jobs: int = 0
    steps: list[tuple[str, float]] = field(default_factory=list)
    """Step id and seconds from its light to the part in its place, in order."""
    seen: Counter[str] = field(default_factory=Counter)
    """Problems seen, by kind."""
    solved: list[tuple[str, str, float]] = field(default_factory=list)
    """Kind, place and seconds of every problem that was put right."""
    skipped: list[str] = field(default_factory=list)
    """Ids of steps that were left out."""
    reworked: list[str] = field(default_factory=list)
    """Ids of checks after which steps were done again."""
    help_calls: int = 0
    began: int = 0
    """Stamps (ns) of the first step shown and the last part placed."""
    ended: int = 0

    @property
    def seconds(self) -> float:
        return (self.ended - self.began) / 1e9

    @property
    def open(self) -> int:
        """Problems that were seen and not put right."""
        return sum(self.seen.values()) - len(self.solved)


def summarise(entries: Iterable[Entry]) -> Summary:
    """The summary of a journal's entries."""
    summary = Summary()
    for entry in entries:
        for note in entry.notes:
            if note.outcome is Outcome.STEP_SHOWN and not summary.began:
                summary.began = entry.stamp
            elif note.outcome is Outcome.STEP_DONE:
                summary.steps.append((note.step, note.seconds or 0.0))
                summary.ended = entry.stamp
            elif note.outcome is Outcome.PROBLEM_SEEN:
                summary.seen[note.trouble] += 1
            elif note.outcome is Outcome.PROBLEM_SOLVED:
                summary.solved.append((note.trouble, note.place, note.seconds or 0.0))
            elif note.outcome is Outcome.STEP_SKIPPED:
                summary.skipped.append(note.step)
            elif note.outcome is Outcome.REWORK:
                summary.reworked.append(note.step)
            elif note.outcome is Outcome.HELP_ASKED:
                summary.help_calls += 1
            elif note.outcome is Outcome.JOB_DONE:
                summary.jobs += 1
    return summary


def as_text(summary: Summary) -> str:
    """The summary for a terminal."""
    if not summary.steps:
        return "No step was finished yet."
    times = sorted(seconds for _, seconds in summary.steps)
    lines = [
        f"{len(summary.steps)} steps in {summary.seconds:.1f} s of the cell's time, {summary.jobs} case(s) packed",
        f"a step took {times[len(times) // 2]:.1f} s in the middle, {times[0]:.1f} to {times[-1]:.1f} s",
        f"{sum(summary.seen.values())} thing(s) to put right, {summary.open} still open:",
    ]
    lines += [f"  {PROBLEMS[kind]:<28} {place:<10} put right in {s:.1f} s" for kind, place, s in summary.solved]
    lines += [f"left out: {', '.join(summary.skipped)}"] if summary.skipped else []
    lines += [f"done again, after the check: {', '.join(summary.reworked)}"] if summary.reworked else []
    lines += ["", f"  {'step':<24} seconds", *(f"  {name:<24} {seconds:6.1f}" for name, seconds in summary.steps)]
    return "\n".join(lines)


def add(commands: Any) -> None:
    """Add `opstap summary` to the command line."""
    told = commands.add_parser("summary", help="what a journal says of the work")
    told.add_argument("journal", type=Path, nargs="?", default=Path("out/journal.db"))


def run(options: argparse.Namespace) -> int:
    """Print what a journal says of the work."""
    journal: Path = options.journal
    if not journal.is_file():
        print(f"opstap: {journal}: no such journal; a cell writes one to out/journal.db", file=sys.stderr)
        return 1
    try:
        with Journal(journal, reading=True) as opened:
            print(as_text(summarise(opened.entries())))
    except JournalError as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # what reads this, `head` or so, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
