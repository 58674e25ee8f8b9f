"""From the journal into the store: every run, step, problem and call once, whoever reads and whenever it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from packing import SECOND, START, Packing
from sqlalchemy import select

from opstap.evaluation.store import Consents, Purpose, Reading, Store, StoreError
from opstap.evaluation.store.clock import ClockWatch
from opstap.evaluation.store.ingest import Ingest, Workplace
from opstap.evaluation.store.tables import GuidanceLevel, Outgoing, ProblemRecord, Run, Session, Tally
from opstap.instructions import Cell, Step
from opstap.workflow.journal import Journal
from opstap.workflow.model import Asked, Happened, OperatorInput

PLACE = Workplace("oral_care", "oral_care_case", simulated=False)


class Desk:
    """A cell at work with its store."""

    def __init__(self, cell: Cell, folder: Path) -> None:
        self.folder = folder
        self.work = Packing(cell, folder / "journal.db")
        self.store = Store(folder / "store.db")
        connection = self.store.engine.raw_connection()
        connection.cursor().execute("PRAGMA synchronous=OFF")  # killed programs are tested here, not power cuts
        connection.close()
        self.ingest = Ingest(self.store, self.work.journal, PLACE)
        self.consents = Consents(self.store)

    def allow(self, person: str, *purposes: Purpose) -> None:
        for purpose in purposes or Purpose:
            self.consents.decide(person, purpose, True, START)

    def begin(self, person: str, **how: str) -> None:
        self.ingest.begin(person, self.work.now, **how)

    def read(self, **how: bool) -> int:
        return self.ingest.read(self.work.now, **how)

    @property
    def reading(self) -> Reading:
        return Reading(self.store, Purpose.RECORDS, self.work.now)

    def rows(self, table: type) -> list[object]:
        with self.store.reading() as connection:
            return [tuple(r) for r in connection.execute(select(table.__table__))]  # type: ignore[attr-defined]


@pytest.fixture
def desk(cell: Cell, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(cell, tmp_path)
    yield desk
    desk.store.close()
    desk.work.journal.close()


def test_what_a_check_had_done_again_is_counted_and_is_no_error(cell: Cell, tmp_path: Path) -> None:
    check = Step(id="look", check=dict.fromkeys(cell.task.languages, "?"), rework=(cell.task.steps[1].id,))
    task = cell.task.model_copy(update={"steps": (*cell.task.steps[:2], check)})
    desk = Desk(replace(cell, task=task), tmp_path)
    desk.allow("p07", Purpose.RECORDS, Purpose.HUB)
    desk.begin("p07")
    desk.work.empty_case()
    desk.work.steps(2)
    desk.work.asks(Asked.BACK)
    desk.work.sees(Happened.REMOVED, task.steps[1].slot)
    desk.work.steps(1)
    desk.work.asks(Asked.NEXT)
    assert desk.read() == 1
    (cycle,) = desk.reading.cycles()
    assert (cycle.finished, cycle.steps, cycle.problems) == (True, 4, {"rework": 1})
    assert [s.step for s in desk.reading.steps()] == [task.steps[i].id for i in (0, 1, 1, 2)]
    (sent,) = [r[-1] for r in desk.rows(Outgoing) if r[2] == "cycle"]  # type: ignore[index]
    assert sent["problems"] == {}, "a hub is told of errors alone"
    desk.store.close()
    desk.work.journal.close()


def test_one_job(desk: Desk) -> None:
    desk.allow("p07", Purpose.RECORDS)
    desk.begin("p07", condition="with", level="short")
    work = desk.work
    work.empty_case()
    work.steps(2)
    work.wrong_pick()
    work.asks(Asked.HELP)
    work.wait(30)
    work.asks(Asked.HELP_DONE)
    work.steps(3)
    work.asks(Asked.PAUSE)
    work.wait(60)
    work.asks(Asked.RESUME)
    work.steps(21)
    assert desk.read() == 1
    (cycle,) = desk.reading.cycles()
    assert (cycle.person, cycle.condition, cycle.level, cycle.finished) == ("p07", "with", "short", True)
    assert cycle.seconds == 26 * 4 + 2 + 30 + 60
    assert cycle.paused_seconds == 60
    assert (cycle.steps, cycle.picks, cycle.problems) == (26, 26, {"wrong_pick": 1})
    assert (cycle.help_calls, cycle.coach_seconds) == (1, 30)
    steps = desk.reading.steps()
    assert [s.step for s in steps] == [s.id for s in work.cell.task.steps]
    assert [s.seconds for s in steps[:3]] == [4, 4, 4 + 2 + 30]
    (session,) = desk.reading.sessions()
    assert session.seconds == (work.now - START) / SECOND
    (problem,) = desk.rows(ProblemRecord)
    assert "tweezers" in problem  # type: ignore[operator]


def test_without_a_yes_only_the_tally_is_kept(desk: Desk) -> None:
    desk.begin("p07")
    desk.work.job()
    desk.read()
    assert desk.rows(Session) == desk.rows(Run) == []
    assert desk.rows(Tally) == [("oral_care", "oral_care_case", "2026-09-21", False, 1)]
    assert b"p07" not in b"".join(p.read_bytes() for p in desk.folder.glob("*.db*"))


def test_a_yes_counts_from_then_on_and_a_no_too(desk: Desk) -> None:
    desk.begin("p07")
    desk.work.job()
    desk.allow("p07", Purpose.RECORDS)
    desk.begin("p07")
    desk.work.job()
    desk.read()
    assert len(desk.reading.cycles()) == 1
    desk.consents.decide("p07", Purpose.RECORDS, False, START + 1)
    desk.work.job()
    desk.read()
    assert len(desk.rows(Run)) == 1
    assert desk.rows(Tally)[0][-1] == 3  # type: ignore[index]


@pytest.mark.parametrize("every", [4, 60])
def test_read_in_pieces_gives_the_same_as_read_at_once(cell: Cell, tmp_path: Path, every: int) -> None:
    """Also with help over the end of a job, a pause between jobs and a case that was left half full."""
    found = []
    for name, pieces in (("once", False), ("pieces", True)):
        (tmp_path / name).mkdir()
        desk = Desk(cell, tmp_path / name)
        # The ids come from the journal's identity: give both the same.
        desk.work.journal.identity = Journal(tmp_path / "identity.db").identity
        desk.allow("p07")
        desk.begin("p07")
        count = 0

        def reads(desk: Desk = desk, pieces: bool = pieces) -> None:
            nonlocal count
            count += 1
            if pieces and count % every == 0:
                desk.read()

        handle = desk.work.guide.handle
        desk.work.guide.handle = lambda event, handle=handle, reads=reads: (handle(event), reads())[0]  # type: ignore[method-assign,misc,assignment]
        for job in range(3):
            desk.work.empty_case()
            desk.work.steps(10)
            desk.work.wrong_pick()
            desk.work.steps(10)
            if job == 1:
                desk.work.asks(Asked.HELP)
            desk.work.steps(6)
            desk.work.asks(Asked.PAUSE)
            desk.work.wait(10)
            if job == 1:
                desk.work.asks(Asked.HELP_DONE)
            desk.work.empty_case() if job == 2 else None
            desk.work.asks(Asked.RESUME)
        desk.read()
        cycles = [replace(c, session=None) for c in desk.reading.cycles()]  # type: ignore[arg-type]
        sent = [{**r[-1], "person": ""} for r in desk.rows(Outgoing) if r[2] == "cycle"]  # type: ignore[index]
        found.append((cycles, desk.reading.steps(), desk.rows(Tally), sent))
        desk.store.close()
    assert found[0] == found[1]
    assert [c.finished for c in found[0][0]] == [True, True, True, False]
    assert [c.coach_seconds for c in found[0][0]] == [0, 34, 0, 0]
    assert [c.paused_seconds for c in found[0][0]] == [0, 0, 0, 0]
    assert len(found[0][3]) == 3


def test_the_next_person_gets_only_what_comes_after(desk: Desk) -> None:
    desk.allow("p01", Purpose.RECORDS)
    desk.allow("p02", Purpose.RECORDS)
    desk.begin("p01")
    desk.work.job()
    desk.work.empty_case()
    desk.work.steps(10)
    desk.begin("p02")
    desk.work.steps(16)
    desk.work.job()
    desk.read()
    found = [(c.person, c.finished, c.steps) for c in desk.reading.cycles()]
    assert found == [("p01", True, 26), ("p01", False, 10), ("p02", False, 16), ("p02", True, 26)]
    assert desk.rows(Tally)[0][-1] == 3  # type: ignore[index]


def test_restart_within_half_an_hour_is_the_same_session(desk: Desk) -> None:
    desk.allow("p01", Purpose.RECORDS)
    desk.begin("p01")
    desk.work.job()
    desk.read()
    desk.work.wait(29 * 60)
    desk.begin("p01")
    desk.work.job()
    desk.read()
    assert [s.number for s in desk.reading.sessions()] == [1]
    desk.work.wait(31 * 60)
    desk.begin("p01")
    assert [s.number for s in desk.reading.sessions()] == [1, 2]
    desk.work.wait(1)
    desk.begin("p01", condition="without")
    assert [s.condition for s in desk.reading.sessions()] == ["", "", "without"]


def test_the_level_of_guidance_is_that_of_the_moment(desk: Desk) -> None:
    desk.allow("p01")
    desk.begin("p01", level="full")
    desk.work.job()

    def sets(setting: str, value: str, source: str = "page") -> None:
        desk.work.wait(1)
        desk.work.guide.handle(OperatorInput(desk.work.now, Asked.SET, source, setting, value))

    sets("level", "short")
    sets("language", "en")  # is no change of level
    desk.work.job()
    desk.read()
    sets("level", "lights", "rule calm")
    desk.work.job()
    sets("alone", "yes")
    desk.work.job()
    sets("alone", "no")
    desk.read()
    desk.work.job()
    desk.read()
    assert [c.level for c in desk.reading.cycles()] == ["full", "short", "lights", "off", "lights"]
    with desk.store.reading() as connection:
        by = connection.scalars(select(GuidanceLevel.changed_by).order_by(GuidanceLevel.since)).all()
    assert by == ["profile", "worker", "rule", "alone", "worker"]


def test_the_worker_may_dispute_a_problem(desk: Desk) -> None:
    desk.allow("p01", Purpose.RECORDS)
    desk.begin("p01")
    desk.work.empty_case()
    desk.work.sees(Happened.TAKEN, "bin_07")
    desk.work.asks(Asked.YOU_ARE_WRONG)
    desk.work.steps(26)
    desk.read()
    (cycle,) = desk.reading.cycles()
    assert (dict(cycle.problems), cycle.disputed) == ({}, 1)


@pytest.mark.parametrize("step", [-3600, 7200])
def test_a_clock_that_is_set_makes_durations_unknown_not_wrong(desk: Desk, step: int) -> None:
    desk.allow("p01")
    desk.begin("p01")
    desk.work.job()
    desk.work.empty_case()
    desk.work.steps(10)
    desk.work.asks(Asked.HELP)
    desk.work.take()
    desk.read()
    desk.work.wait(step)  # back: seen from the stamps; ahead: told by who watches the clock
    desk.read(clock_was_set=step > 0)
    desk.work.place()
    desk.work.asks(Asked.HELP_DONE)
    desk.work.steps(15)
    desk.work.job()
    desk.read()
    cycles = desk.reading.cycles()
    assert [c.clock_ok for c in cycles] == [True, False, True]
    assert [c.seconds for c in cycles] == [104, None, 104]
    assert [c.steps for c in cycles] == [26, 26, 26]
    assert cycles[1].help_calls == 1
    seconds = [s.seconds for s in desk.reading.steps()]
    assert seconds.count(None) == 1
    assert set(seconds) == {4.0, None}
    assert desk.reading.coaching()[0].seconds is None


def test_an_ordinary_overtaking_is_no_change_of_clock(desk: Desk) -> None:
    desk.allow("p01", Purpose.RECORDS)
    desk.begin("p01")
    desk.work.empty_case()
    desk.work.wait(1)
    desk.work.asks(Asked.PAUSE)
    desk.work.wait(-1)
    desk.work.asks(Asked.RESUME)
    desk.work.steps(26)
    desk.read()
    assert desk.reading.cycles()[0].clock_ok


def test_a_full_disk_is_told_and_read_again_later(desk: Desk) -> None:
    desk.allow("p01")
    desk.begin("p01")
    desk.work.job()
    desk.read()

    def limit(pages: int) -> None:
        connection = desk.store.engine.raw_connection()  # the pool hands out this one every time
        connection.cursor().execute(f"PRAGMA max_page_count = {pages}")
        connection.close()

    with desk.store.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    limit(pages)
    for _ in range(9):
        desk.work.job()
    with pytest.raises(
        StoreError, match=r"store.db: the store cannot be written: .*full. To do: make room on the disk"
    ):
        desk.read()
    assert len(desk.reading.cycles()) == 1
    limit(100_000)
    assert desk.read() == 9
    assert len(desk.reading.cycles()) == 10
    assert desk.rows(Tally)[0][-1] == 10  # type: ignore[index]


def test_a_clock_that_is_set_is_noticed(desk: Desk) -> None:
    clock, steady = [START], [0]
    watch = ClockWatch(lambda: clock[0], lambda: steady[0])
    for ahead, told in ((1, False), (7200, True), (1, False), (-7200, True)):
        clock[0] += (10 + ahead) * SECOND
        steady[0] += 10 * SECOND
        assert watch.was_set() is told


KILLED = """
import sys
from pathlib import Path
from opstap.evaluation.store import Store
from opstap.evaluation.store.clock import ClockWatch
from opstap.evaluation.store.ingest import Ingest, Workplace
from opstap.workflow.journal import Journal
folder = Path(sys.argv[1])
place = Workplace("oral_care", "oral_care_case", False)
ingest = Ingest(Store(folder / "store.db"), Journal(folder / "journal.db"), place)
print("reading", flush=True)
while True:
    ingest.read(int(sys.argv[2]))
"""


def test_killed_at_any_instant_nothing_is_lost_or_doubled(desk: Desk) -> None:
    desk.allow("p01")
    desk.begin("p01")
    arguments = [sys.executable, "-c", KILLED, str(desk.folder), str(START)]
    for number in range(3):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=os.environ)
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        for _ in range(2):
            desk.work.job()
        desk.work.empty_case()
        desk.work.steps(1 + 3 * number)
        process.send_signal(signal.SIGKILL)
        process.wait()
        desk.work.steps(25 - 3 * number)
    desk.read()
    cycles = desk.reading.cycles()
    assert [(c.finished, c.seconds, c.steps) for c in cycles] == [(True, 104, 26)] * 9
    assert desk.rows(Tally)[0][-1] == 9  # type: ignore[index]
    assert len([r for r in desk.rows(Outgoing) if r[2] == "cycle"]) == 9  # type: ignore[index]


def test_who_began_it_is_kept_with_a_coach_s_time(desk: Desk) -> None:
    desk.allow("p07", Purpose.RECORDS)
    desk.begin("p07")
    work = desk.work
    work.empty_case()
    work.steps(2)
    for source, seconds in (("page (operator)", 30), ("page (coach)", 50)):
        work.asks(Asked.HELP, source)
        work.wait(seconds)
        work.asks(Asked.HELP_DONE, "page (coach)")
    work.steps(24)
    desk.read()
    assert [(c.asked_by, c.seconds) for c in desk.reading.coaching()] == [("worker", 30), ("coach", 50)]
