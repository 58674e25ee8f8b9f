"""The real launch file: the simulated cell packs a whole case, and the journal says so."""

import tempfile
import unittest
from pathlib import Path

import launch_testing
import pytest
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.actions import ReadyToTest
from sqlalchemy import select

from launch import LaunchDescription
from opstap.authoring.command import seen_in
from opstap.authoring.draft import differences, drafted
from opstap.authoring.folding import Remark, fold
from opstap.evaluation.store import Store
from opstap.evaluation.store.tables import Person, Run, Tally
from opstap.evaluation.summary import summarise
from opstap.instructions import load_cell
from opstap.workflow.journal import Journal

ROOT = Path(__file__).parents[2]
OUT = Path(tempfile.mkdtemp(prefix="opstap-"))
CELL = PythonLaunchDescriptionSource(str(ROOT / "launch/cell.launch.py"))
ARGUMENTS = {"out": str(OUT), "speed": "max", "port": "0", "linger": "0", "person": "demo"}


@pytest.mark.launch_test
def generate_test_description():
    return LaunchDescription([IncludeLaunchDescription(CELL, launch_arguments=ARGUMENTS.items()), ReadyToTest()])


class TestWhileItRuns(unittest.TestCase):
    def test_the_case_is_packed(self, proc_output, proc_info):
        proc_output.assertWaitFor("the case is packed", timeout=700)
        proc_info.assertWaitForShutdown("cell_simulator", timeout=60)


@launch_testing.post_shutdown_test()
class TestAfterwards(unittest.TestCase):
    def test_every_step_and_every_mistake_is_in_the_journal(self):
        with Journal(OUT / "journal.db") as journal:
            summary = summarise(journal.entries())
        assert summary.jobs == 1
        assert len(summary.steps) == 26
        assert summary.seen == {"wrong_pick": 1, "wrong_slot": 1, "empty_bin": 1}
        assert summary.open == 0

    def test_the_work_that_was_seen_is_that_of_the_task(self):
        """Authoring by doing it once, with a wrong pick, a wrong slot and a bin that was filled on the way."""
        cell = load_cell(ROOT / "config/cells/oral_care.yaml", ROOT / "config/tasks/oral_care_case.yaml")
        done = fold(cell, seen_in(OUT / "journal.db", ROOT))
        assert differences(drafted(done, cell.task), cell.task) == []
        assert {r.kind for r in done.remarks} == {Remark.ADDED}
        assert [p for p in done.placings if p.doubts] == []

    def test_the_store_has_the_job_and_nothing_of_a_person(self):
        with Store(OUT / "store.db") as store, store.reading() as connection:
            assert connection.execute(select(Tally.simulated, Tally.jobs)).all() == [(True, 1)]
            assert connection.execute(select(Run.id)).all() == connection.execute(select(Person.person)).all() == []

    def test_nodes_end_in_order(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info, allowable_exit_codes=[0])
