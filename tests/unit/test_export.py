"""Export: those who allow research, both forms alike, every column explained."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet
from test_store import NOW, allow, work

from opstap.evaluation.store import Purpose, Store
from opstap.evaluation.store.export import dictionary, export, exported


def test_only_those_who_allow_research_and_both_forms_alike(tmp_path: Path) -> None:
    with Store(tmp_path / "store.db") as store:
        allow(store, "p01", Purpose.RECORDS, Purpose.RESEARCH)
        allow(store, "p02", Purpose.RECORDS)
        for person in ("p01", "p02"):
            work(store, person)
        counts = export(store, tmp_path / "out", NOW)
    assert (counts["people"], counts["sessions"], counts["runs"], counts["problems"]) == (1, 1, 1, 1)
    assert "outbox" not in counts
    everything = b"".join(p.read_bytes() for p in (tmp_path / "out").iterdir())
    assert b"p01" in everything
    assert b"p02" not in everything
    for name, count in counts.items():
        table = pyarrow.parquet.read_table(tmp_path / f"out/{name}.parquet")
        rows = list(csv.DictReader((tmp_path / f"out/{name}.csv").open()))
        assert table.num_rows == len(rows) == count
        assert table.schema.field(0).metadata[b"meaning"]
    run = pyarrow.parquet.read_table(tmp_path / "out/runs.parquet").to_pylist()[0]
    assert (run["seconds"], run["clock_ok"], run["steps"]) == (200.0, True, 26)
    assert not list((tmp_path / "out").glob("*.part"))


def test_dictionary_names_every_column(tmp_path: Path) -> None:
    text = dictionary()
    for table in exported():
        assert f"## {table.name}\n" in text
        assert all(f"| {c.name} | " in text for c in table.columns)
    with Store(tmp_path / "store.db") as store:
        export(store, tmp_path, NOW)
    assert json.loads((tmp_path / "dictionary.json").read_text())["runs"]["picks"] == "right parts taken out of bins"
