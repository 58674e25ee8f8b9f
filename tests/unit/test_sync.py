"""From cell to hub: nothing lost, nothing doubled, whoever is killed, away or lies."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hubs import Hub, content, drain, fill, lying
from packing import START
from sqlalchemy import func, select

from opstap.evaluation.hub.aggregates import aggregates
from opstap.evaluation.hub.client import HubAddress, HubAwayError, HubClient, UplinkError
from opstap.evaluation.hub.command import add, run
from opstap.evaluation.hub.keeping import HubStore, Known
from opstap.evaluation.hub.protocol import Batch, Groups
from opstap.evaluation.hub.tables import HubCycle, HubTally
from opstap.evaluation.hub.uplink import Uplink
from opstap.evaluation.store import Consents, Purpose, Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "cell/store.db") as store:
        yield store


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(tmp_path / "hub")
    yield hub
    hub.close()


def count(store: Store, table: Any = HubCycle) -> int:
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_no_token_is_in_any_log(store: Store, hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = hub.store.admit("cell_1", "cell", "west")
    fill(store, range(3))
    assert drain(Uplink(store, hub.address(token))) == 3
    fill(store, range(3, 6))
    with pytest.raises(UplinkError) as refused:
        drain(Uplink(store, hub.address("not-the-token")))
    assert "not-the-token" not in caplog.text + str(refused.value)
    assert token not in caplog.text


def test_everything_arrives_once(store: Store, hub: Hub) -> None:
    fill(store, range(1200))
    uplink = Uplink(store, hub.address(hub.store.admit("cell_1", "cell", "west")))
    assert (drain(uplink), uplink.waiting(), count(hub.store)) == (1200, 0, 1200)
    fill(store, range(1200))  # uploaded a second time
    assert (drain(uplink), uplink.waiting(), count(hub.store)) == (1200, 0, 1200)
    with hub.store.reading() as connection:
        row = connection.execute(select(HubCycle).limit(1)).one()
    assert (row.region, row.errors, row.empty_bins, row.coach_seconds) == ("west", 1, 1, 30)
    assert "p07" not in str(row)


def test_a_hub_that_is_away_for_a_week(store: Store, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "hub")
    token, port = hub.store.admit("cell_1", "cell"), hub.port
    uplink = Uplink(store, hub.address(token))
    hub.close()
    for day in range(7):
        fill(store, range(day * 100, day * 100 + 100))
        with pytest.raises(HubAwayError, match="cannot be reached"):
            uplink.send()
    assert uplink.waiting() == 700
    hub = Hub(tmp_path / "hub", port=port)
    assert (drain(uplink), count(hub.store)) == (700, 700)
    hub.close()


def test_erased_at_the_cell_is_erased_at_the_hub_and_stays_so(store: Store, hub: Hub) -> None:
    fill(store, range(10))
    fill(store, range(10, 15), "p08")
    uplink = Uplink(store, hub.address(hub.store.admit("cell_1", "cell")))
    old = uplink._next()
    drain(uplink)
    Consents(store).erase("p07")
    drain(uplink)
    assert count(hub.store) == 5
    known = hub.store.who(uplink.hub.token)
    assert known is not None
    hub.store.take([(known, Batch.model_validate({"batch": "late", "records": old}))])
    assert count(hub.store) == 5, "a late duplicate brings nothing back"
    for _ in range(2):  # allowed and withdrawn again
        fill(store, range(3))
        assert drain(uplink) == 3
        assert count(hub.store) == 8
        Consents(store).decide("p07", Purpose.HUB, False, START + 1)
        Consents(store).erase("p07")
        drain(uplink)
        assert count(hub.store) == 5


LIES: dict[str, tuple[dict[str, Any], str]] = {
    "claims what it does not have": (
        {"/v1/batches": lambda b: {"batch": b["batch"], "received": len(b["records"]), "last_sequence": 9},
         "/v1/proofs": {"digest": "0" * 64}},
        "says that it received 20 records, and cannot prove",
    ),
    "too few": (
        {"/v1/batches": lambda b: {"batch": b["batch"], "received": 3, "last_sequence": 9}},
        "its receipt is for 3 records",
    ),
    "another batch": (
        {"/v1/batches": lambda b: {"batch": "other", "received": len(b["records"]), "last_sequence": 9}},
        "of batch 'other'",
    ),
    "no JSON": ({"/v1/batches": "thank you"}, "its answer to /v1/batches makes no sense .*: thank you"),
    "half an answer": ({"/v1/batches": {"batch": "x"}}, "makes no sense"),
    "endless": ({"/v1/batches": "x" * 100_000}, "the answer is too long"),
    "redirect": ({"/v1/batches": web.Response(status=307, headers={"Location": "https://localhost/"})}, "answered 307"),
    "refuses": ({"/v1/batches": web.Response(status=400, text="seconds: too small")}, "answered 400 .*too small"),
    "does not know us": ({"/v1/batches": web.Response(status=401)}, "does not know this token"),
    "is busy": ({"/v1/batches": web.Response(status=503)}, "busy .*Trying again later"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_hub_that_lies_gets_nothing_out_of_the_outbox(store: Store, tmp_path: Path, lie: str) -> None:
    answers, told = LIES[lie]
    hub = Hub(tmp_path / "hub", lying(answers))
    fill(store, range(20))
    uplink = Uplink(store, hub.address("token"))
    with pytest.raises(UplinkError, match=told):
        uplink.send()
    assert uplink.waiting() == 20
    hub.close()


def test_another_certificate_gets_nothing(store: Store, hub: Hub, tmp_path: Path) -> None:
    other = Hub(tmp_path / "other")
    fill(store, range(3))
    uplink = Uplink(store, HubAddress(f"https://127.0.0.1:{other.port}", hub.authority, "secret"))
    with pytest.raises(UplinkError, match=r"certificate is not the one this cell was given .* Nothing was sent"):
        uplink.send()
    other.close()
    with pytest.raises(UplinkError, match="found 'http://h', allowed: https://name:port"):
        Uplink(store, HubAddress("http://h", hub.authority, "secret"))


def test_wrong_messages_are_told_field_by_field(store: Store, hub: Hub) -> None:
    uplink = Uplink(store, hub.address(hub.store.admit("cell_1", "cell")))
    fill(store, range(1))
    (record,) = uplink._next()
    record["content"] |= {"seconds": -1, "surprise": True}
    with pytest.raises(UplinkError, match=r"(?s)answered 400.*records.0.cycle.content.seconds.*surprise"):
        uplink.hub.ask("/v1/batches", Batch, {"batch": "b", "records": [record]})
    with pytest.raises(UplinkError, match=r"answered 403 .*for a cell; the token is of a hub"):
        Uplink(store, hub.address(hub.store.admit("north", "hub"))).send()


def test_an_older_record_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    hub = HubStore(tmp_path / "hub.db")
    hub.admit("cell_1", "cell")
    tally = {"id": "t", "cell": "c", "task": "t", "day": "2026-09-21", "simulated": False}
    for sequence, jobs in ((5, 10), (3, 6), (5, 10)):
        record = {"kind": "tally", "sequence": sequence, "id": "t", "content": tally | {"jobs": jobs}}
        hub.take([(Known("cell_1", "cell", ""), Batch.model_validate({"batch": "b", "records": [record]}))])
    with hub.reading() as connection:
        assert connection.execute(select(HubTally.jobs)).scalars().all() == [10]


CELL = """
import sys
from pathlib import Path
from opstap.evaluation.hub.client import HubAddress
from opstap.evaluation.hub.uplink import Uplink
from opstap.evaluation.store import Store
store = Store(Path(sys.argv[1]))
uplink = Uplink(store, HubAddress(sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
import opstap.evaluation.hub.uplink as module
module.MAX_RECORDS = 5
print("sending", flush=True)
while True:
    print(uplink.send(), flush=True)
"""


def test_killed_at_any_instant_nothing_is_lost_or_doubled(store: Store, hub: Hub, tmp_path: Path) -> None:
    fill(store, range(300))
    token = hub.store.admit("cell_1", "cell")
    address = hub.address(token)
    arguments = [sys.executable, "-c", CELL, str(tmp_path / "cell/store.db"), address.url, str(hub.authority), token]
    for lines in (1, 3, 8):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=os.environ)
        assert process.stdout is not None
        for _ in range(lines + 1):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
    uplink = Uplink(store, address)
    waiting, there = uplink.waiting(), count(hub.store)
    assert 0 < waiting < 300
    assert waiting + there >= 300
    assert drain(uplink) == waiting
    assert count(hub.store) == 300


def test_only_groups_of_five_are_shown(tmp_path: Path) -> None:
    hub = HubStore(tmp_path / "hub.db")
    member = Known("cell_1", "cell", "west")
    hub.admit("cell_1", "cell", "west")
    number = 0
    for condition, people in (("with", 5), ("without", 4)):
        for person in range(people):
            for seconds in (100.0 + 10 * person, 120.0 + 10 * person):
                number += 1
                cycle = content(number, f"p{person}", condition=condition, seconds=seconds)
                record = {"kind": "cycle", "sequence": number, "id": cycle["id"], "content": cycle}
                hub.take([(member, Batch.model_validate({"batch": "b", "records": [record]}))])
    (group,) = aggregates(hub)
    assert (group.condition, group.people, group.cycles, group.quarter) == ("with", 5, 10, "2026-Q3")
    assert group.seconds == pytest.approx(130)
    assert group.seconds_variance == pytest.approx(200)
    assert group.errors_per_100 == pytest.approx(100 / 26)
    assert "p0" not in str(group)


def five_people(hub: HubStore) -> None:
    hub.admit("cell_9", "cell", "north")
    cycles = [content(n, f"p{n}", seconds=100.0) for n in range(5)]
    records = [{"kind": "cycle", "sequence": n + 1, "id": c["id"], "content": c} for n, c in enumerate(cycles)]
    hub.take([(Known("cell_9", "cell", "north"), Batch.model_validate({"batch": "b", "records": records}))])


def test_another_hub_gets_the_groups_and_nobody_else(hub: Hub, tmp_path: Path, capsys: Any) -> None:
    five_people(hub.store)
    (tmp_path / "token").write_text(hub.store.admit("south", "hub"))
    (tmp_path / "cell").write_text(hub.store.admit("cell_1", "cell"))
    command = ["groups", "--folder", str(tmp_path / "south"), "--of", f"https://127.0.0.1:{hub.port}"]
    command += ["--authority", str(hub.authority), "--token"]

    def opstap(*arguments: str) -> int:
        parser = argparse.ArgumentParser()
        add(parser.add_subparsers())
        return run(parser.parse_args(["hub", *arguments]))

    assert opstap(*command, str(tmp_path / "token")) == 0
    told = capsys.readouterr().out
    assert "south:\nNo group of 5 people yet." in told
    assert re.search(r"north °  t +with +2026-Q3 +5 +5 +100\.0 +3\.8 +18\.0", told)
    assert "SIMULATED" in told
    assert opstap(*command, str(tmp_path / "cell")) == 1
    assert "answered 403 to /v1/aggregates: This is for a hub; the token is of a cell." in capsys.readouterr().err
    (tmp_path / "cell").write_text("guessed")
    assert opstap(*command, str(tmp_path / "cell")) == 1
    assert "does not know this token" in capsys.readouterr().err
    folder = ["--folder", str(tmp_path / "hub")]
    assert opstap("parquet", str(tmp_path / "cycles"), *folder) == 0
    assert capsys.readouterr().out == f"5 cases in {tmp_path / 'cycles'}\n"
    assert opstap("page", "--parquet", str(tmp_path / "cycles"), "--out", str(tmp_path / "page"), *folder) == 0
    assert len(list((tmp_path / "page").glob("hub.*"))) == 4
    text = (tmp_path / "page/hub.nl.html").read_text()
    assert "GESIMULEERD" in text
    assert "<td>2026-Q3</td>" in text


FALSE_GROUPS: dict[str, tuple[dict[str, Any], str]] = {
    "too few people": ({"people": 4}, "groups.0.people"),
    "a figure that cannot be": ({"seconds": -1}, "groups.0.seconds"),
    "a person": ({"person": "p07"}, "groups.0.person"),
}


@pytest.mark.parametrize("false", FALSE_GROUPS)
def test_another_hubs_groups_are_looked_at_before_they_are_shown(tmp_path: Path, false: str) -> None:
    real = HubStore(tmp_path / "real.db")
    five_people(real)
    told = aggregates(real)[0].model_dump() | FALSE_GROUPS[false][0]
    hub = Hub(tmp_path / "hub", lying({"/v1/aggregates": {"groups": [told]}}))
    client = HubClient(hub.address("token"))
    with pytest.raises(UplinkError, match="its answer to /v1/aggregates makes no sense"):
        client.ask("/v1/aggregates", Groups)
    hub.close()
