"""The same seed gives the same journal, to the nanosecond of simulated time, at any speed."""

import signal
import subprocess
from pathlib import Path

import pytest

from opstap.workflow.journal import Journal

ROOT = Path(__file__).parents[2]
STEPS = 5


def journal_of_a_start(out: Path, speed: str) -> list[object]:
    """What the journal holds of the first steps of a run at `speed`."""
    command = ["opstap", "launch", str(ROOT / "launch/cell.launch.py"), f"out:={out}", f"speed:={speed}", "port:=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        assert run.stdout
        for line in run.stdout:
            if f"step {STEPS} of" in line:
                break
        run.send_signal(signal.SIGINT)
        run.stdout.read()
    with Journal(out / "journal.db") as journal:
        return [e.event for e in journal.entries()]


@pytest.mark.parametrize("slow", ["1.5"])
def test_same_seed_same_journal_at_any_speed(tmp_path, slow):
    fast = journal_of_a_start(tmp_path / "fast", "max")
    paced = journal_of_a_start(tmp_path / "paced", slow)
    length = min(len(fast), len(paced))
    assert length > 6 * STEPS, "too little happened to compare"
    assert fast[:length] == paced[:length]
