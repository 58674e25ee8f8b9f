"""What a hub shows others: groups of at least five people, at one granularity, so that nobody is found by subtraction.

A group is (region, task, condition, quarter). Real and simulated work never stand in one group. Of each person one mean
is taken first, so that who worked most does not count most.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from opstap.evaluation.hub.keeping import HubStore
from opstap.evaluation.hub.protocol import FEWEST, Group

# The same words for SQLite, PostgreSQL and DuckDB: only sums and plain arithmetic. {cycles} is a table or a file.
PER_PERSON = """
SELECT region, task, condition, simulated,
       substr(day, 1, 4) || '-Q' || CASE WHEN substr(day, 6, 2) <= '03' THEN '1' WHEN substr(day, 6, 2) <= '06' THEN '2'
                                         WHEN substr(day, 6, 2) <= '09' THEN '3' ELSE '4' END AS quarter,
       member || '/' || person AS person,
       count(*) AS cycles,
       avg(seconds - paused_seconds) AS seconds,
       100.0 * sum(errors) / NULLIF(sum(picks), 0) AS errors_per_100,
       60.0 * sum(coach_seconds) / NULLIF(sum(seconds), 0) AS coach_minutes_per_hour,
       3600.0 * sum(help_calls) / NULLIF(sum(seconds), 0) AS help_calls_per_hour
FROM {cycles} GROUP BY region, task, condition, simulated, quarter, member || '/' || person
"""
REPORT = (
    """
SELECT region, task, condition, simulated, quarter,
       count(*) AS people, sum(cycles) AS cycles,
       avg(seconds) AS seconds, avg(seconds * seconds) - avg(seconds) * avg(seconds) AS seconds_variance,
       avg(errors_per_100) AS errors_per_100, avg(coach_minutes_per_hour) AS coach_minutes_per_hour,
       avg(help_calls_per_hour) AS help_calls_per_hour
FROM ("""
    + PER_PERSON
    + """) AS each_person
GROUP BY region, task, condition, simulated, quarter
HAVING count(*) >= {fewest}
ORDER BY region, task, condition, simulated, quarter
"""
)


def query(cycles: str = "cycles") -> str:
    """The report over `cycles`: the name of a table, or DuckDB's read_parquet(...)."""
    return REPORT.format(cycles=cycles, fewest=FEWEST)


def aggregates(store: HubStore) -> list[Group]:
    """The groups that may be shown, straight from the hub's store."""
    with store.reading() as connection:
        return [group(row) for row in connection.execute(text(query())).mappings()]


def group(row: Mapping[Any, Any]) -> Group:
    """A row of the report, whatever database answered."""
    told: dict[str, Any] = {k: v if isinstance(v, str | bool | None) else float(v) for k, v in row.items()}
    if told["seconds_variance"] is not None:
        told["seconds_variance"] = max(told["seconds_variance"], 0.0)  # of equal times, less a rounding error
    return Group(**told)
