"""The journal: nothing lost, nothing doubled, and what is wrong with a file is told."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from opstap.instructions import Cell
from opstap.workflow.engine import step
from opstap.workflow.journal import Journal, JournalError, Recorder
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

ROUNDS = 25


def job(cell: Cell) -> list[Event]:
    """What is seen while a case is packed, with slips at every step."""
    events: list[Event] = [Started(0, cell.task.task)]
    events += [PlaceChanged(0, place, Content.FILLED) for place in cell.scene.bin]
    events += [PlaceChanged(0, place, Content.EMPTY) for place in cell.scene.slot]
    for s in cell.task.steps:
        taken, slips = cell.bins_with(s.part)[0], 8 * [(Happened.TAKEN, "bin_07"), (Happened.PUT_BACK, "bin_07")]
        for happened, place in (*slips, (Happened.TAKEN, taken), (Happened.PLACED, s.slot)):
            n = sum(isinstance(e, WorkspaceEvent) for e in events) + 1
            events.append(WorkspaceEvent(n, n, happened, place))
    return events


def write_on(cell: Cell, path: Path, events: list[Event], out: int) -> None:
    """Go on with the job, as a guide that was started again: it hears some events a second time."""
    recorder = Recorder(cell, Journal(path))
    for event in events:
        if isinstance(event, PlaceChanged) and recorder.state.contents.get(event.place):
            continue  # that it changed was known
        recorder.handle(event)
        if isinstance(event, WorkspaceEvent):
            os.write(out, recorder.state.sequence.to_bytes(4, "big"))  # shown


def test_killed_at_any_instant_it_goes_on_at_the_right_step(cell, tmp_path):
    path, events, chance = tmp_path / "journal.db", job(cell), random.Random(5)
    state, after = State(), {0: State()}
    for event in events:
        state, _ = step(cell, state, event)
        after[state.sequence] = state
    shown, killed = 0, 0
    for _ in range(ROUNDS):
        back, out = os.pipe()
        child = os.fork()
        if child == 0:
            write_on(cell, path, events, out)
            os._exit(0)
        os.close(out)
        until = shown + chance.randrange(6)
        while shown <= until and (told := os.read(back, 4)):
            shown = max(shown, int.from_bytes(told, "big"))
        spin = time.perf_counter() + chance.random() * 0.004  # some instant of the next event's writing
        while time.perf_counter() < spin:
            pass
        os.kill(child, signal.SIGKILL)
        while told := os.read(back, 4):
            shown = max(shown, int.from_bytes(told, "big"))
        killed += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        os.close(back)
        with Journal(path) as journal:
            sequences = [e.event.sequence for e in journal.entries() if isinstance(e.event, WorkspaceEvent)]
            resumed = Recorder(cell, journal).state
        assert sequences == list(range(1, len(sequences) + 1))
        assert resumed.sequence >= shown
        if resumed.sequence:
            assert resumed == after[resumed.sequence]
    assert killed > ROUNDS / 2
    with Journal(path) as journal:
        assert Recorder(cell, journal).state.sequence >= 2 * ROUNDS


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda p: p.write_text("no database, but a text that is long enough for SQLite" * 20), "not a database"),
        (lambda p: p.mkdir(), "unable to open"),
        (lambda p: sqlite3.connect(p).execute("CREATE TABLE other (x)").connection.commit(), "no journal of this"),
        (lambda p: sqlite3.connect(p).execute("PRAGMA user_version=99").connection.commit(), "found version 99"),
    ],
)
def test_what_is_no_journal_is_refused(tmp_path, make, told):
    make(tmp_path / "j.db")
    with pytest.raises(JournalError, match=told) as error:
        Journal(tmp_path / "j.db")
    assert "j.db" in str(error.value)
    assert "away" in str(error.value)


def test_a_second_writer_is_told(cell, tmp_path, monkeypatch):
    monkeypatch.setattr("opstap.workflow.journal.WAIT", 0.0)
    with Journal(tmp_path / "j.db") as journal:
        other = sqlite3.connect(tmp_path / "j.db")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match=r"locked.*is this cell running twice"):
            journal.append(Started(0, "x"), ())


def test_a_damaged_line_is_named(cell, tmp_path):
    with Journal(tmp_path / "j.db") as journal:
        journal.append(Started(0, cell.task.task), ())
        journal._db.execute("INSERT INTO journal (stamp, kind, event, notes) VALUES (1, 'dance', '{}', '[]')")
        with pytest.raises(JournalError, match=r"line 2 of the journal cannot be read .*dance"):
            list(journal.entries())


def test_reading_makes_no_journal(tmp_path):
    with pytest.raises(JournalError, match="unable to open"):
        Journal(tmp_path / "j.db", reading=True)
    assert not (tmp_path / "j.db").exists()


def test_a_journal_of_another_task_is_refused(cell, tmp_path):
    with Journal(tmp_path / "j.db") as journal:
        Recorder(cell, journal).handle(Started(0, "assembly"))
        with pytest.raises(JournalError, match="of task 'assembly', not 'oral_care_case'"):
            Recorder(cell, journal)


def test_a_journal_can_only_grow_by_whole_events(cell, tmp_path):
    with Journal(tmp_path / "j.db") as journal:
        recorder = Recorder(cell, journal)
        recorder.handle(Started(0, cell.task.task))
        assert recorder.handle(Started(0, cell.task.task)) == ()
    rows = sqlite3.connect(tmp_path / "j.db").execute("SELECT kind FROM journal").fetchall()
    assert rows == [("started",)]


def test_a_full_disk_is_told_and_nothing_is_lost(cell, tmp_path):
    with Journal(tmp_path / "j.db") as journal:
        recorder = Recorder(cell, journal)
        recorder.handle(Started(0, cell.task.task))
        journal._db.execute("PRAGMA max_page_count = 1")
        events = [PlaceChanged(n, place, Content.FILLED) for n, place in enumerate(cell.scene.bin)]
        events += [PlaceChanged(n, place, Content.EMPTY) for n, place in enumerate(cell.scene.slot)]
        written = []

        def write_all():
            for event in events[len(written) :]:
                recorder.handle(event)
                written.append(event)

        with pytest.raises(JournalError, match=r"j\.db: the journal cannot be written \(.*full\).*Make room"):
            write_all()
        assert 0 < len(written) < len(events)
        journal._db.execute("PRAGMA max_page_count = 1000")
        write_all()
        kept = [e.event for e in journal.entries()]
    assert kept == [Started(0, cell.task.task), *events]


def test_a_journal_is_read_on_from_where_one_was(cell, tmp_path):
    with Journal(tmp_path / "j.db") as journal:
        recorder = Recorder(cell, journal)
        recorder.handle(Started(0, cell.task.task))
        recorder.handle(OperatorInput(1, Asked.PAUSE, "test"))
        assert [e.number for e in journal.entries(after=1)] == [2]
        identity = journal.identity
    with Journal(tmp_path / "j.db") as again, Journal(tmp_path / "k.db") as other:
        assert again.identity == identity != other.identity


def packed(cell: Cell, path: Path, person: str) -> Recorder:
    """A case that `person` packed, after one of somebody else."""
    recorder = Recorder(cell, Journal(path))
    recorder.handle(Started(1, cell.task.task, "before"))
    recorder.handle(OperatorInput(2, Asked.SET, "page (operator)", "volume", "30"))
    recorder.handle(Started(3, cell.task.task, person))
    recorder.handle(OperatorInput(4, Asked.SET, "page (operator)", "volume", "70"))
    for event in job(cell)[1:]:
        recorder.handle(event)
    return recorder


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_who_asks_is_forgotten_on_the_disk_and_the_job_goes_on(cell, tmp_path):
    recorder = packed(cell, tmp_path / "journal.db", "p07_of_the_test")
    assert b"p07_of_the_test" in bytes_of(tmp_path)
    state, last = recorder.state, recorder.journal.last
    recorder.forget("p07_of_the_test", 99)
    assert b"p07_of_the_test" not in bytes_of(tmp_path)
    assert (recorder.journal.last, [e.number for e in recorder.journal.entries()]) == (last, [last])
    again = Recorder(cell, Journal(tmp_path / "journal.db"))
    assert again.state == recorder.state
    assert (again.state.step, again.state.contents, again.state.sequence) == (
        state.step,
        state.contents,
        state.sequence,
    )
    assert (again.state.person, list(again.state.settings)) == ("", ["before"])
    recorder.handle(Started(100, cell.task.task, "next"))
    assert Recorder(cell, Journal(tmp_path / "journal.db")).state.person == "next"


def test_what_is_too_old_goes_and_what_is_young_stays(cell, tmp_path):
    recorder = packed(cell, tmp_path / "journal.db", "p07")
    state, lines = recorder.state, list(recorder.journal.entries())
    assert not recorder.expire(lines[0].stamp)
    cut = lines[len(lines) // 2]
    assert recorder.expire(cut.stamp)
    assert not recorder.expire(cut.stamp)  # once is enough
    left = list(recorder.journal.entries())
    kept = next(i for i, entry in enumerate(lines) if entry.stamp >= cut.stamp)
    assert left[1:] == lines[kept:]
    assert left[0].number == lines[kept - 1].number
    again = Recorder(cell, Journal(tmp_path / "journal.db"))
    assert again.state == replace(state, settings={"p07": {"volume": "70"}})  # who was here before is not kept
    assert b"before" not in bytes_of(tmp_path)


def test_a_reader_that_holds_on_is_told(cell, tmp_path, monkeypatch):
    monkeypatch.setattr("opstap.workflow.journal.WAIT", 0.05)
    recorder = packed(cell, tmp_path / "journal.db", "p07")
    with Journal(tmp_path / "journal.db", reading=True) as reader:
        lines = reader.entries()
        next(lines)
        with pytest.raises(JournalError, match="reads them still"):
            recorder.forget("p07", 99)
