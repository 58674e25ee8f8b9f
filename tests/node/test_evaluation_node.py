"""The evaluation node: from the journal into the store and to a real hub, as far as the person allows."""

import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

sys.path.append(str(Path(__file__).parents[1] / "unit"))
from hubs import Hub
from packing import Packing

from opstap.evaluation.hub.keeping import HubStore
from opstap.evaluation.hub.tables import HubCycle
from opstap.evaluation.store import Consents, Purpose, Store
from opstap.evaluation.store.ingest import sit_down
from opstap.evaluation.store.tables import Run, Tally
from opstap_cell.cell_node import StartError
from opstap_cell.evaluation import Evaluation


def kept(path, column, kind=Store):
    with kind(path) as store, store.reading() as connection:
        return connection.scalars(select(column)).all()


def test_work_gets_into_the_store_and_to_the_hub(graph, cell, tmp_path):
    store, journal = tmp_path / "store.db", tmp_path / "journal.db"
    hub = Hub(tmp_path / "hub")
    (tmp_path / "token").write_text(hub.store.admit("cell_1", "cell", "west"))
    with Store(store) as opened:
        for purpose in (Purpose.RECORDS, Purpose.HUB):
            Consents(opened).decide("nl", purpose, True, time.time_ns())
    work = Packing(cell, journal)
    sit_down(str(store), journal, cell, "nl", "with", False)
    node = graph.start(
        Evaluation, store=store, journal=journal, period=0.1, hub=f"https://127.0.0.1:{hub.port}",
        hub_authority=hub.authority, hub_token=tmp_path / "token",
    )  # fmt: skip
    work.job()
    graph.until(lambda: node.jobs == 1)
    assert kept(store, Run.seconds) == [104]
    assert kept(store, Tally.jobs) == [1]
    assert node.fault == ""
    node.reporter.close()
    graph.start(
        Evaluation, store=store, journal=journal, hub=f"https://127.0.0.1:{hub.port}",
        hub_authority=hub.authority, hub_token=tmp_path / "token",
    )  # fmt: skip
    graph.until(lambda: kept(tmp_path / "hub/hub.db", HubCycle.seconds, HubStore) == [104])
    hub.close()


def test_without_a_yes_there_is_a_tally_only(graph, cell, tmp_path):
    store, journal = tmp_path / "store.db", tmp_path / "journal.db"
    work = Packing(cell, journal)
    sit_down(str(store), journal, cell, "nl", "", False)
    node = graph.start(Evaluation, store=store, journal=journal, period=0.1)
    work.job()
    graph.until(lambda: node.jobs == 1)
    assert kept(store, Run.seconds) == []
    assert kept(store, Tally.jobs) == [1]


def test_what_cannot_be_opened_is_a_clear_start_error(graph, tmp_path):
    (tmp_path / "store.db").write_text("no database, but long enough to be looked at by SQLite" * 40)
    with pytest.raises(StartError, match=r"store\.db: the store cannot be opened: .*not a database"):
        graph.start(Evaluation, store=tmp_path / "store.db", journal=tmp_path / "journal.db")
    with pytest.raises(StartError, match="hub_token: 'absent' cannot be read"):
        graph.start(
            Evaluation, store=tmp_path / "s.db", journal=tmp_path / "journal.db", hub="https://h", hub_token="absent"
        )
