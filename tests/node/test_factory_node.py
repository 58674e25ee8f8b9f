"""The factory node: of the cell's topics only the closed list goes on, and nothing is on unless asked for."""

import sqlite3
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit"))
from packing import Packing

from opstap.factory.settings import prepare
from opstap_cell.cell_node import StartError
from opstap_cell.factory import Factory
from opstap_cell.qos import STATE
from opstap_interfaces.msg import PlaceState, Problem, WorkspaceState, WorkState


def test_the_node_tells_of_work_and_material_and_counts_from_the_journal(graph, cell, tmp_path):
    prepare(tmp_path / "factory", ["localhost"])
    work = Packing(cell, tmp_path / "journal.db")
    node = graph.start(Factory, folder=tmp_path / "factory", journal=tmp_path / "journal.db",
                       ledger=tmp_path / "factory.db")  # fmt: skip
    told = []
    node.bridge.tell = told.append
    graph.talk(WorkspaceState, "workspace_state", STATE).publish(
        WorkspaceState(places=[PlaceState(place="bin_16", content=PlaceState.EMPTY),
                               PlaceState(place="slot_01", content=PlaceState.EMPTY)])
    )  # fmt: skip
    graph.until(lambda: node.empty == ("floss",))
    states = graph.talk(WorkState, "work_state", STATE)
    states.publish(WorkState(phase="take", person="left_handed", paused=True, help_asked=True,
                             problems=[Problem(trouble="empty_bin", place="bin_16")]))  # fmt: skip
    graph.until(lambda: told)
    assert vars(told[0]) == {"begun": True, "wanting": True, "empty": ("floss",)}
    work.job()

    def finished():
        with sqlite3.connect(tmp_path / "factory.db") as ledger:
            return ledger.execute("SELECT count(*) FROM jobs").fetchone()[0]

    graph.until(lambda: finished() == 1)


def test_a_folder_that_was_not_prepared_is_a_clear_start_error(graph, tmp_path):
    from opstap.documents import DocumentError

    with pytest.raises((StartError, DocumentError), match="opstap factory prepare"):
        graph.start(Factory, folder=tmp_path, journal=tmp_path / "journal.db", ledger=tmp_path / "factory.db")
