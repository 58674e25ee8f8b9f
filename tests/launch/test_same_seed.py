"""The same seed gives the same journal, to the nanosecond of simulated time: at any speed, and beside other cells."""

import signal
import subprocess
from pathlib import Path

import pytest
import rclpy

from opstap.workflow.journal import Journal

ROOT = Path(__file__).parents[2]
STEPS = 5


def start(out: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = ["opstap", "launch", str(ROOT / "launch/cell.launch.py"), f"out:={out}", "port:=0", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(run: "subprocess.Popen[str]", steps: int) -> None:
    """Wait for the end of so many steps."""
    for line in run.stdout:
        if f"step {steps} of" in line:
            break


def end(run: "subprocess.Popen[str]") -> None:
    with run:
        run.send_signal(signal.SIGINT)
        run.stdout.read()


def publishers_of_clocks() -> dict[str, int]:
    """How many publish on each topic named clock."""
    rclpy.init()
    node = rclpy.create_node("looks_at_clocks")
    found: dict[str, int] = {}
    for _ in range(100):  # discovery takes its time
        rclpy.spin_once(node, timeout_sec=0.1)
        names = [name for name, _ in node.get_topic_names_and_types() if name.endswith("/clock")]
        found = {name: count for name in names if (count := node.count_publishers(name))}
        if len(found) == 3:
            break
    node.destroy_node()
    rclpy.shutdown()
    return found


def journal_of(out: Path) -> list[object]:
    with Journal(out / "journal.db") as journal:
        return [e.event for e in journal.entries()]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What the journal holds of the first steps of a run of seed 1, as fast as it goes."""
    out = tmp_path_factory.mktemp("alone")
    run = start(out, "speed:=max")
    wait_for(run, STEPS)
    end(run)
    return journal_of(out)


def assert_same_beginning(one: list[object], other: list[object], steps: int) -> None:
    length = min(len(one), len(other))
    assert length > 6 * steps, "too little happened to compare"
    assert one[:length] == other[:length]


def test_same_seed_same_journal_at_any_speed(alone, tmp_path):
    run = start(tmp_path, "speed:=1.5")
    wait_for(run, STEPS)
    end(run)
    assert_same_beginning(alone, journal_of(tmp_path), STEPS)


def test_three_cells_on_one_network_do_not_mix(alone, tmp_path):
    others = {"cell_2": "seed:=2", "cell_3": "person:=careful", "site/cell_1": "seed:=1"}
    runs = {name: start(tmp_path / name, f"namespace:={name}", "speed:=max", other) for name, other in others.items()}
    for run in runs.values():
        wait_for(run, 2)
    clocks = publishers_of_clocks()
    for run in runs.values():
        end(run)
    assert clocks == {f"/{name}/clock": 1 for name in others}, "each has its own, and nobody shares /clock"
    journals = {name: journal_of(tmp_path / name) for name in others}
    assert_same_beginning(alone, journals["site/cell_1"], 2)
    for name in ("cell_2", "cell_3"):
        assert len(journals[name]) > 6
        assert journals[name][: len(alone)] != alone[: len(journals[name])]
