"""The table of figures: printed, and put into docs/performance.md between two markers."""

from __future__ import annotations

import datetime
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure and its aim; `limit` None: no aim."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    """The aim is a lower bound."""
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def cells(self) -> tuple[str, str, str]:
        """Name, figure and aim as text."""
        shown = f"{self.value:.3g} {self.unit}" + (f" ({self.note})" if self.note else "")
        if self.limit is None:
            return self.what, shown, ""
        aim = f"{'at least' if self.at_least else 'at most'} {self.limit:g} {self.unit}"
        return self.what, shown, aim + (": met" if self.met else ": **missed**")


def table(rows: list[Row]) -> str:
    """A Markdown table."""
    lines = ["| what | measured | aim |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row.cells())} |" for row in rows)])


def machine() -> str:
    """Processor, cores, load, Python and date in one line."""
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", cpuinfo.read_text()) if cpuinfo.exists() else None
    cpu = found[1] if found else platform.processor()
    return (
        f"Measured on {datetime.date.today():%Y-%m-%d}: {os.cpu_count()} cores of {cpu}, no GPU used, "
        f"Python {platform.python_version()}, load before the run {os.getloadavg()[0]:.1f}."
    )


def put_into(page: Path, text: str, what: str = "measured") -> None:
    """Replace what stands between the markers of `page` for `what`.

    Raises:
        ValueError: the page has no markers.
    """
    begin, end = f"<!-- {what}: begin -->", f"<!-- {what}: end -->"
    old = page.read_text(encoding="utf-8")
    if begin not in old or end not in old:
        raise ValueError(f"{page}: found no markers, allowed: '{begin}' and '{end}' around the measured part")
    head, tail = old.split(begin)[0], old.split(end)[1]
    page.write_text(f"{head}{begin}\n{text}\n{end}{tail}", encoding="utf-8")
