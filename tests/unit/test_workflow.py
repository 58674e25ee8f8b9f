"""The state machine: the whole job, everything that can go wrong in it, and that nothing counts twice."""

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opstap.workflow.engine import current_step, step
from opstap.workflow.journal import Journal, JournalError, Recorder
from opstap.workflow.model import (
    Asked,
    Content,
    Happened,
    OperatorInput,
    Outcome,
    Phase,
    PlaceChanged,
    Started,
    State,
    Trouble,
    WorkspaceEvent,
)

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


@pytest.fixture
def guide(cell):
    return Guide(cell).start()


def test_a_job_starts_when_the_case_is_seen_empty(cell):
    guide = Guide(cell)
    guide.content(Content.FILLED, *cell.scene.bin)
    guide.content(Content.EMPTY, *list(cell.scene.slot)[:-1])
    assert guide.state.phase is Phase.READY
    guide.content(Content.EMPTY, list(cell.scene.slot)[-1])
    assert (guide.state.phase, guide.state.job, guide.state.step) == (Phase.TAKE, 1, 0)


def test_the_whole_job(guide, cell):
    for i in range(len(cell.task.steps)):
        assert guide.state.step == i
        guide.do_step()
    assert guide.state.phase is Phase.DONE
    assert [n.outcome for n in guide.notes].count(Outcome.STEP_DONE) == len(cell.task.steps)
    assert not guide.state.problems
    # The next empty case starts the next job.
    guide.content(Content.FILLED, *cell.scene.slot)
    guide.content(Content.EMPTY, *cell.scene.slot)
    assert (guide.state.phase, guide.state.job, guide.state.step) == (Phase.TAKE, 2, 0)


def test_a_wrong_pick_is_put_back(guide):
    other = "bin_09"
    assert guide.sees(Happened.TAKEN, other) == [Outcome.PROBLEM_SEEN]
    assert guide.open == [(Trouble.WRONG_PICK, other, 1)]
    assert guide.state.phase is Phase.TAKE
    assert guide.sees(Happened.PUT_BACK, other) == [Outcome.PROBLEM_SOLVED]
    guide.do_step()
    assert guide.state.step == 1


def test_a_wrong_pick_beside_the_right_one(guide):
    guide.sees(Happened.TAKEN, guide.bin)
    guide.sees(Happened.TAKEN, "bin_09")
    assert guide.state.phase is Phase.PLACE
    guide.sees(Happened.PLACED, guide.slot)
    assert guide.state.step == 1
    assert guide.open == [(Trouble.WRONG_PICK, "bin_09", 1)]


def test_the_wrong_part_in_the_right_slot_does_not_count(guide):
    guide.sees(Happened.TAKEN, "bin_09")
    guide.sees(Happened.PLACED, guide.slot)
    assert guide.state.step == 0
    assert (Trouble.WRONG_SLOT, guide.slot, 1) in guide.open
    guide.sees(Happened.REMOVED, guide.slot)
    guide.sees(Happened.PUT_BACK, "bin_09")
    assert not guide.open


def test_too_many_are_counted_back(guide):
    guide.sees(Happened.TAKEN, guide.bin, count=3)
    assert guide.state.phase is Phase.PLACE
    assert guide.open == [(Trouble.TOO_MANY, guide.bin, 2)]
    guide.sees(Happened.PUT_BACK, guide.bin)
    assert guide.open == [(Trouble.TOO_MANY, guide.bin, 1)]
    guide.sees(Happened.PUT_BACK, guide.bin)
    assert not guide.open
    assert guide.state.phase is Phase.PLACE


def test_the_right_part_put_back_is_asked_for_again(guide):
    guide.sees(Happened.TAKEN, guide.bin)
    guide.sees(Happened.PUT_BACK, guide.bin)
    assert guide.state.phase is Phase.TAKE


def test_a_wrong_slot_is_cleared_and_then_the_right_one(guide):
    wrong = "slot_20"
    guide.sees(Happened.TAKEN, guide.bin)
    guide.sees(Happened.PLACED, wrong)
    assert guide.open == [(Trouble.WRONG_SLOT, wrong, 1)]
    guide.sees(Happened.REMOVED, wrong)
    assert not guide.open
    guide.sees(Happened.PLACED, guide.slot)
    assert guide.state.step == 1


def test_a_part_that_leaves_a_finished_slot_is_missing(guide):
    slot = guide.slot
    guide.do_step()
    guide.sees(Happened.REMOVED, slot)
    assert guide.open == [(Trouble.MISSING, slot, 1)]
    guide.sees(Happened.PLACED, slot)
    assert not guide.open
    assert guide.state.step == 1


def test_an_empty_bin_matters_when_it_is_asked_for(guide, cell):
    second = cell.bins_with(cell.task.steps[1].part)[0]
    guide.content(Content.EMPTY, second)
    assert not guide.open
    guide.do_step()
    assert guide.open == [(Trouble.EMPTY_BIN, second, 1)]
    guide.content(Content.FILLED, second)
    assert not guide.open


def test_a_part_whose_taking_was_not_seen_counts_when_it_arrives(guide):
    guide.sees(Happened.PLACED, guide.slot)
    assert guide.state.step == 1


def test_an_event_counts_once(guide):
    event = WorkspaceEvent(1, SECOND, Happened.TAKEN, guide.bin)
    guide.feed(event)
    before = guide.state
    guide.feed(event)
    assert guide.state == before


def test_a_gap_in_the_sequence_is_noted(guide):
    guide.sees(Happened.HAND_ENTERED, guide.bin)
    guide.sequence += 1
    assert Outcome.EVENT_MISSED in guide.sees(Happened.HAND_LEFT, guide.bin)


def test_pause_help_back_next_and_the_workers_word(guide):
    assert guide.asks(Asked.PAUSE) == [Outcome.PAUSED]
    assert guide.asks(Asked.PAUSE) == []
    assert guide.asks(Asked.RESUME) == [Outcome.RESUMED]
    assert guide.asks(Asked.HELP) == [Outcome.HELP_ASKED]
    guide.asks(Asked.HELP_DONE)
    assert guide.notes[-1].seconds == 1.0
    guide.asks(Asked.NEXT)
    assert guide.state.step == 1
    guide.asks(Asked.BACK)
    assert guide.state.step == 0
    guide.sees(Happened.TAKEN, "bin_09")
    assert guide.asks(Asked.YOU_ARE_WRONG) == [Outcome.CORRECTED, Outcome.PROBLEM_SOLVED]
    assert not guide.open


EVENTS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from([Happened.TAKEN, Happened.PUT_BACK]),
            st.sampled_from(["bin_01", "bin_02", "bin_03", "bin_09"]),
            st.integers(1, 3),
        ),
        st.tuples(
            st.sampled_from([Happened.PLACED, Happened.REMOVED]),
            st.sampled_from(["slot_01", "slot_02", "slot_03", "slot_20"]),
            st.just(1),
        ),
        st.sampled_from(list(Asked)),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_whatever_happens_the_state_makes_sense_and_the_journal_gives_it_back(cell, tmp_path_factory, events):
    guide = Guide(cell).start()
    path = tmp_path_factory.mktemp("journal") / "j.db"
    with Journal(path) as journal:
        journal._db.execute("PRAGMA synchronous=OFF")  # the test is about content, not about the disk
        recorder = Recorder(cell, journal)
        recorder.handle(Started(0, cell.task.task))
        for place in cell.scene.bin:
            recorder.handle(PlaceChanged(0, place, Content.FILLED))
        for place in cell.scene.slot:
            recorder.handle(PlaceChanged(0, place, Content.EMPTY))
        for n, event in enumerate(events, start=1):
            if isinstance(event, Asked):
                recorder.handle(OperatorInput(n * SECOND, event, "test"))
                guide.feed(OperatorInput(n * SECOND, event, "test"))
            else:
                guide.sequence += 1
                e = WorkspaceEvent(guide.sequence, n * SECOND, event[0], event[1], event[2])
                recorder.handle(e)
                guide.feed(e)
            state = recorder.state
            assert 0 <= state.step <= len(cell.task.steps)
            assert all(p.count > 0 for p in state.problems)
            assert len({(p.trouble, p.place) for p in state.problems}) == len(state.problems)
        assert recorder.state == guide.state
    with Journal(path) as journal:
        assert Recorder(cell, journal).state == guide.state


KILLED = """
import sys
from pathlib import Path
from opstap.instructions import load_cell
from opstap.workflow.journal import Journal, Recorder
from opstap.workflow.model import *
cell = load_cell(Path(sys.argv[1]), Path(sys.argv[2]))
recorder = Recorder(cell, Journal(Path(sys.argv[3])))
recorder.handle(Started(0, cell.task.task))
for place in cell.scene.bin: recorder.handle(PlaceChanged(0, place, Content.FILLED))
for place in cell.scene.slot: recorder.handle(PlaceChanged(0, place, Content.EMPTY))
n = recorder.state.sequence
while True:
    step = cell.task.steps[recorder.state.step % 26]
    for happened in (Happened.TAKEN, Happened.PUT_BACK):
        n += 1
        recorder.handle(WorkspaceEvent(n, n, happened, cell.bins_with(step.part)[0]))
        print(n, flush=True)
"""


def test_killed_at_any_instant_nothing_shown_is_lost_or_doubled(cell, tmp_path):
    root = Path(__file__).parents[2]
    scene, task = root / "config/cells/oral_care.yaml", root / "config/tasks/oral_care_case.yaml"
    path = tmp_path / "journal.db"
    command = [sys.executable, "-c", KILLED, str(scene), str(task), str(path)]
    for wanted in (3, 5, 9):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(root / "src")}
        )
        shown = 0
        for line in process.stdout:
            shown = int(line)
            if shown % 10 == wanted:
                process.send_signal(signal.SIGKILL)
        process.wait()
        with Journal(path) as journal:
            sequences = [e.event.sequence for e in journal.entries() if isinstance(e.event, WorkspaceEvent)]
            state = Recorder(cell, journal).state
        assert sequences == list(range(1, len(sequences) + 1))
        assert state.sequence >= shown > 0


def test_a_journal_of_another_task_is_refused(cell, tmp_path):
    with Journal(tmp_path / "j.db") as journal:
        Recorder(cell, journal).handle(Started(0, "assembly"))
        with pytest.raises(JournalError, match="of task 'assembly', not 'oral_care_case'"):
            Recorder(cell, journal)


def test_what_is_no_journal_is_refused(tmp_path):
    (tmp_path / "j.db").write_text("no database, but a text that is long enough to be looked at by SQLite" * 20)
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path / "j.db")


def test_a_journal_can_only_grow_by_whole_events(cell, tmp_path):
    with Journal(tmp_path / "j.db") as journal:
        recorder = Recorder(cell, journal)
        recorder.handle(Started(0, cell.task.task))
        assert recorder.handle(Started(0, cell.task.task)) == ()
    rows = sqlite3.connect(tmp_path / "j.db").execute("SELECT kind FROM journal").fetchall()
    assert rows == [("started",)]
    assert replace(recorder.state) == recorder.state


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


def test_a_visit_counts_as_what_is_asked_of_that_place_and_of_no_other(guide, cell):
    guide.start()
    first = cell.task.steps[0]
    (source,) = cell.bins_with(first.part)
    guide.sees(Happened.VISITED, first.slot)
    guide.sees(Happened.VISITED, "bin_30")
    assert guide.state.phase is Phase.TAKE
    assert not guide.state.problems
    guide.sees(Happened.VISITED, source)
    assert (guide.state.phase, guide.state.taken) == (Phase.PLACE, first.count)
    guide.sees(Happened.VISITED, first.slot)
    assert guide.state.step == 1
    guide.sees(Happened.TAKEN, "bin_30")
    guide.sees(Happened.VISITED, "bin_30")
    assert not guide.state.problems, "what was taken wrongly went back"


def test_a_job_starts_without_the_slots_where_depth_is_not_asked(cell):
    slots = tuple(s.model_copy(update={"confirm": "button"}) if s.id == "slot_09" else s for s in cell.scene.case.slots)
    case = cell.scene.case.model_copy(update={"slots": slots})
    guide = Guide(replace(cell, scene=cell.scene.model_copy(update={"case": case})))
    guide.content(Content.EMPTY, *(s.id for s in slots if s.id != "slot_09"))
    assert guide.state.job == 1
