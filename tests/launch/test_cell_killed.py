"""Every node is killed once while the cell works; the job still ends right, and nothing counts twice."""

import os
import signal
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
from opstap.workflow.model import WorkspaceEvent

ROOT = Path(__file__).parents[2]
OUT = Path(tempfile.mkdtemp(prefix="opstap-"))
CELL = PythonLaunchDescriptionSource(str(ROOT / "launch/cell.launch.py"))
ARGUMENTS = {"out": str(OUT), "speed": "max", "port": "0", "linger": "0", "person": "careful"}
NODES = ["work_guide", "projector_guidance", "depth_camera", "perception", "cell_simulator"]
KILLED: dict[str, int] = {}


@pytest.mark.launch_test
def generate_test_description():
    return LaunchDescription([IncludeLaunchDescription(CELL, launch_arguments=ARGUMENTS.items()), ReadyToTest()])


class TestWhileItRuns(unittest.TestCase):
    def test_each_node_killed_once(self, proc_output, proc_info):
        for i, node in enumerate(NODES):
            # A kill every few steps: between them the cell has to recover and go on.
            proc_output.assertWaitFor(f"step {2 + 4 * i} of 26 done", timeout=300)
            KILLED[node] = proc_info[f"{node}-"].pid
            os.kill(KILLED[node], signal.SIGKILL)
        proc_output.assertWaitFor("the case is packed", timeout=400)


@launch_testing.post_shutdown_test()
class TestAfterwards(unittest.TestCase):
    def test_nothing_is_lost_or_doubled(self):
        with Journal(OUT / "journal.db") as journal:
            entries = list(journal.entries())
        summary = summarise(entries)
        assert summary.jobs == 1
        assert [s for s, _ in summary.steps] == list(dict.fromkeys(s for s, _ in summary.steps))
        assert len(summary.steps) == 26
        assert summary.open == 0
        sequences = [e.event.sequence for e in entries if isinstance(e.event, WorkspaceEvent)]
        assert sequences == sorted(set(sequences))

    def test_each_was_killed_and_started_again(self, proc_info):
        for node in NODES:
            again = proc_info[f"{node}-"]
            assert again.pid != KILLED[node]
            assert again.returncode == 0
