"""Hands the records of those who allow it to a researcher: Parquet and CSV, with a data dictionary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from sqlalchemy import BigInteger, Boolean, Double, Float, Select, Table

from opstap.evaluation.store.consent import Consents, Purpose
from opstap.evaluation.store.database import Store
from opstap.evaluation.store.own import rows_of
from opstap.evaluation.store.tables import BOOKKEEPING, Base

ROWS = 50_000
"""Rows written at a time: bounds the memory."""


def export(store: Store, folder: Path, now: int) -> dict[str, int]:
    """Write every table as <table>.parquet and <table>.csv, and dictionary.md and dictionary.json.

    Only people who allow research at `now` (ns since 1970) are in it; a file that is there is replaced when the new one
    is whole. Returns the number of rows by table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    people = Consents(store).who_said_yes(Purpose.RESEARCH, now)
    for table in exported():
        counts[table.name] = _write(store, table, rows_of(table, people), folder)
    (folder / "dictionary.md").write_text(dictionary(), encoding="utf-8")
    (folder / "dictionary.json").write_text(json.dumps(_meanings(), indent=1), encoding="utf-8")
    return counts


def exported() -> list[Table]:
    """The tables that say something of the work."""
    return [t for t in Base.metadata.sorted_tables if t.name not in BOOKKEEPING]


def dictionary() -> str:
    """The data dictionary as Markdown, from the tables' own texts."""
    meanings = {m.class_.__tablename__: (m.class_.__doc__ or "").strip() for m in Base.registry.mappers}
    lines = ["# Data dictionary", "", "Empty means unknown or not applicable, as each column says."]
    for table in exported():
        lines += ["", f"## {table.name}", "", meanings[table.name], "", "| column | type | meaning |", "|---|---|---|"]
        lines += [f"| {c.name} | {_type(c)} | {c.doc} |" for c in table.columns]
    return "\n".join(lines) + "\n"


def _meanings() -> dict[str, dict[str, str]]:
    return {t.name: {c.name: str(c.doc) for c in t.columns} for t in exported()}


def _type(column: Any) -> str:
    if isinstance(column.type, Boolean):
        return "bool"
    if isinstance(column.type, BigInteger):
        return "int64"
    return "double" if isinstance(column.type, Double | Float) else "string"


def _write(store: Store, table: Table, query: Select[Any], folder: Path) -> int:
    types = {"bool": pa.bool_(), "int64": pa.int64(), "double": pa.float64(), "string": pa.string()}
    fields = [pa.field(c.name, types[_type(c)], metadata={"meaning": str(c.doc)}) for c in table.columns]
    schema = pa.schema(fields, metadata={"table": table.name})
    parquet, csv = (folder / f"{table.name}.{end}" for end in ("parquet", "csv"))
    parts = parquet.with_suffix(".parquet.part"), csv.with_suffix(".csv.part")
    count = 0
    with (
        store.reading() as connection,
        pa.parquet.ParquetWriter(parts[0], schema) as to_parquet,
        pa.csv.CSVWriter(parts[1], schema) as to_csv,
    ):
        for rows in connection.execution_options(yield_per=ROWS).execute(query).partitions():
            columns = [
                [None if v is None else str(v) if f.type == pa.string() else v for v in values]
                for f, values in zip(fields, zip(*rows, strict=True), strict=True)
            ]
            batch = pa.table(columns, schema=schema)
            to_parquet.write_table(batch)
            to_csv.write_table(batch)
            count += len(rows)
    parts[0].replace(parquet)
    parts[1].replace(csv)
    return count
