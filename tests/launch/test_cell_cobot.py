"""The whole simulated case with the cobot: two of its parts come in trays, past a person who reaches in."""

import tempfile
import unittest
from pathlib import Path

import launch_testing
import pytest
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.actions import ReadyToTest

from launch import LaunchDescription
from opstap.evaluation.summary import summarise
from opstap.workflow.journal import Journal
from opstap.workflow.model import Outcome, Tray, TrayChanged, TrayVisited

ROOT = Path(__file__).parents[2]
OUT = Path(tempfile.mkdtemp(prefix="opstap-"))
CELL = PythonLaunchDescriptionSource(str(ROOT / "launch/cell.launch.py"))
ARGUMENTS = {
    "out": str(OUT), "speed": "max", "port": "0", "linger": "0", "person": "with_cobot", "cobot": "simulated",
}  # fmt: skip


@pytest.mark.launch_test
def generate_test_description():
    return LaunchDescription([IncludeLaunchDescription(CELL, launch_arguments=ARGUMENTS.items()), ReadyToTest()])


class TestWhileItRuns(unittest.TestCase):
    def test_the_case_is_packed(self, proc_output, proc_info):
        proc_output.assertWaitFor("the case is packed", timeout=900)
        proc_info.assertWaitForShutdown("cell_simulator", timeout=60)


@launch_testing.post_shutdown_test()
class TestAfterwards(unittest.TestCase):
    def test_every_step_is_done_and_nothing_went_wrong(self):
        with Journal(OUT / "journal.db") as journal:
            summary = summarise(journal.entries())
        assert len(summary.steps) == 26
        assert not summary.seen

    def test_two_trays_came_and_parts_were_taken_from_them(self):
        with Journal(OUT / "journal.db") as journal:
            entries = list(journal.entries())
        events = [e.event for e in entries]
        assert [e.tray for e in events if isinstance(e, TrayChanged)] == [Tray.THERE, Tray.THERE]
        assert any(isinstance(e, TrayVisited) for e in events)
        taken = {n.step: n.place for e in entries for n in e.notes if n.outcome is Outcome.PART_TAKEN}
        assert {taken["toothbrush"], taken["gloves_m"]} == {"present_right"}

    def test_nodes_end_in_order(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info, allowable_exit_codes=[0])
