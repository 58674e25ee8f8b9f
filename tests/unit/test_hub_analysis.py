"""The hub's report says the same from its store, from Parquet by DuckDB, and on Dask."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from dask.distributed import Client, LocalCluster
from hubs import content

from opstap.evaluation.hub.aggregates import aggregates
from opstap.evaluation.hub.analysis import MEANS, report, report_on_dask, to_parquet
from opstap.evaluation.hub.keeping import HubStore, Known
from opstap.evaluation.hub.protocol import Batch


def told(groups: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    shown = [(g["condition"], g["quarter"], int(g["people"]), int(g["cycles"])) for g in groups]
    return [(*s, *(round(float(g[m]), 6) for m in MEANS)) for s, g in zip(shown, groups, strict=True)]


def test_all_ways_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opstap.evaluation.hub.analysis.ROWS", 40)
    hub = HubStore(tmp_path / "hub.db")
    hub.admit("cell_1", "cell", "west")
    random, records = Random(1), []
    for n in range(1, 181):
        other = {"condition": ("with", "without")[n % 2], "day": ("2026-01-31", "2026-12-01")[n % 3 > 0]}
        seconds = None if n % 17 == 0 else 90.0 + n
        cycle = content(
            n, f"p{random.randrange(4 if n % 6 == 0 else 7)}", seconds=seconds, coach_seconds=float(n % 5), **other
        )
        records.append({"kind": "cycle", "sequence": n, "id": cycle["id"], "content": cycle})
    hub.take([(Known("cell_1", "cell", "west"), Batch.model_validate({"batch": "b", "records": records}))])
    assert to_parquet(hub, tmp_path / "cycles") == 180
    assert len(list((tmp_path / "cycles").glob("*.parquet"))) == 5
    expected = told([g.model_dump() for g in aggregates(hub)])
    assert len(expected) == 3, "of the four groups one has four people only"
    assert told(report(tmp_path / "cycles")) == expected
    size = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with LocalCluster(**size) as cluster, Client(cluster):
        assert told(report_on_dask(tmp_path / "cycles")) == expected
    assert to_parquet(hub, tmp_path / "cycles") == 180, "written anew, not beside"
    assert len(list((tmp_path / "cycles").glob("*"))) == 5
