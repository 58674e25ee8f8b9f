"""The hub's report over very many cycles: DuckDB straight from Parquet, and the same on Dask for more than one machine.

A server database answers the same query: `aggregates` runs it on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet
from sqlalchemy import select

from opstap.evaluation.hub.aggregates import query
from opstap.evaluation.hub.keeping import HubStore
from opstap.evaluation.hub.protocol import FEWEST
from opstap.evaluation.hub.tables import HubCycle

ROWS = 100_000
"""Rows of a Parquet file: bounds the memory."""
COLUMNS = ("member", "person", "region", "task", "condition", "simulated", "day", "seconds", "paused_seconds", "picks",
           "errors", "help_calls", "coach_seconds")  # fmt: skip
MEANS = ("seconds", "errors_per_100", "coach_minutes_per_hour", "help_calls_per_hour")
GROUP = ["region", "task", "condition", "simulated", "quarter"]


def to_parquet(store: HubStore, folder: Path) -> int:
    """Write the hub's cycles as Parquet files, in the place of those that are there. Returns the number of cycles."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    count = 0
    for rows in _parts(store):
        part = folder / f"cycles-{len(written):05d}.parquet.part"
        pa.parquet.write_table(pa.Table.from_pylist(rows), part)
        written.append(part)
        count += len(rows)
    for old in folder.glob("cycles-*.parquet"):
        old.unlink()
    for part in written:
        part.rename(part.with_suffix(""))
    return count


def _parts(store: HubStore) -> Iterator[list[dict[str, Any]]]:
    with store.reading() as connection:
        chosen = select(*(getattr(HubCycle, name) for name in COLUMNS))
        result = connection.execution_options(yield_per=ROWS).execute(chosen)
        for rows in result.mappings().partitions():
            yield [dict(row) for row in rows]


def report(folder: Path, memory: str = "512MB", threads: int = 2) -> list[dict[str, Any]]:
    """The groups that may be shown, by DuckDB over the Parquet files of `folder`, within bounds."""
    with duckdb.connect(config={"memory_limit": memory, "threads": threads}) as connection:
        files = str(folder / "cycles-*.parquet").replace("'", "''")
        found = connection.execute(query(f"read_parquet('{files}')"))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def report_on_dask(folder: Path) -> list[dict[str, Any]]:
    """The same on Dask, on whatever cluster is the default: each worker sums its files, and only sums travel."""
    import dask.dataframe as dd

    frame = dd.read_parquet(str(folder / "cycles-*.parquet"), columns=list(COLUMNS))
    quarter = ((frame["day"].str.slice(5, 7).astype(int) + 2) // 3).astype(str)
    frame = frame.assign(
        quarter=frame["day"].str.slice(0, 4) + "-Q" + quarter,
        someone=frame["member"] + "/" + frame["person"],
        net=frame["seconds"] - frame["paused_seconds"],
        cycles=1,
    )
    sums = ["cycles", "net", "seconds", "picks", "errors", "help_calls", "coach_seconds"]
    timed = frame.assign(timed=frame["net"].notnull().astype(int))
    each = timed.groupby([*GROUP, "someone"])[[*sums, "timed"]].sum(split_out=1).compute().reset_index()
    each["mean_seconds"] = each["net"] / each["timed"]
    each["errors_per_100"] = 100 * each["errors"] / each["picks"]
    each["coach_minutes_per_hour"] = 60 * each["coach_seconds"] / each["seconds"]
    each["help_calls_per_hour"] = 3600 * each["help_calls"] / each["seconds"]
    each["seconds"] = each["mean_seconds"]
    groups = each.groupby(GROUP).agg(
        people=("someone", "count"), cycles=("cycles", "sum"), **{name: (name, "mean") for name in MEANS}
    )
    shown = groups[groups["people"] >= FEWEST].reset_index().sort_values(GROUP)
    return list(shown.to_dict("records"))
