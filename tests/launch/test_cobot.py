"""The real launch file with a cobot: a tray is brought and taken from; the camera sees it all."""

import tempfile
import unittest
from pathlib import Path

import launch_testing
import pytest
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.actions import ReadyToTest
from ruamel.yaml import YAML

from launch import LaunchDescription
from opstap.workflow.journal import Journal
from opstap.workflow.model import Tray, TrayChanged, TrayVisited

ROOT = Path(__file__).parents[2]
OUT = Path(tempfile.mkdtemp(prefix="opstap-"))
CELL = PythonLaunchDescriptionSource(str(ROOT / "launch/cell.launch.py"))


def one_tray() -> str:
    """One step of the shipped task, brought from the nearest store slot. The way back is in test_cobot_manners."""
    yaml = YAML()
    task = yaml.load(ROOT / "config/tasks/oral_care_case.yaml")
    task["steps"] = [s | {"present": True} for s in task["steps"] if s["id"] == "mouth_mirror"]
    yaml.dump(task, OUT / "one_tray.yaml")
    return str(OUT / "one_tray.yaml")


ARGUMENTS = {"out": str(OUT / "out"), "task": one_tray(), "cobot": "simulated", "person": "careful", "speed": "max",
             "port": "0", "linger": "0"}  # fmt: skip


@pytest.mark.launch_test
def generate_test_description():
    return LaunchDescription([IncludeLaunchDescription(CELL, launch_arguments=ARGUMENTS.items()), ReadyToTest()])


class TestWhileItRuns(unittest.TestCase):
    def test_the_tray_is_brought_and_the_part_is_put_into_the_case(self, proc_output):
        proc_output.assertWaitFor("tray of mouth_mirror: brought", timeout=700)
        proc_output.assertWaitFor("step 1 of 1 done", timeout=700)


@launch_testing.post_shutdown_test()
class TestAfterwards(unittest.TestCase):
    def test_the_part_was_taken_from_the_tray(self):
        with Journal(OUT / "out" / "journal.db") as journal:
            events = [e.event for e in journal.entries()]
        trays = [e for e in events if isinstance(e, TrayChanged | TrayVisited)]
        assert [getattr(e, "tray", None) for e in trays[:2]] == [Tray.THERE, None], trays
        assert trays[1].zone == "present_right"

    def test_nodes_end_in_order(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info, allowable_exit_codes=[0])
