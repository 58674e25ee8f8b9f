"""`make bench`: measures the library, the running cell in real time and at full speed; prints and keeps the table.

With figures of one run only: what else the machine does falls on all of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from bench.cell import Run, run_cell
from bench.pipeline import measured, memory_copy_ms
from bench.report import Row, machine, put_into, table

PAGE = Path(__file__).parents[1] / "docs/performance.md"


def latency_rows(name: str, run: Run) -> list[Row]:
    times = np.array(run.latencies()) * 1e3
    return [
        Row(f"capture to projector frame, p50, {name}", float(np.median(times)), "ms"),
        Row(f"capture to projector frame, p95, {name}", float(np.percentile(times, 95)), "ms", 60),
        Row(f"frames without an answer, {name}", run.dropped(), f"of {len(run.sent)}", 0),
        Row(f"simulated seconds in a second, {name}", run.simulated / run.lasted, "x", 0.99, at_least=True),
    ]


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    about = machine()
    print(about, "\nthe library, in one process ...", flush=True)
    copy, parts = memory_copy_ms(), measured(900)
    library = sum(float(np.mean(t)) for t in parts.values())
    print("the cell in real time ...", flush=True)
    real = run_cell(seconds, "speed:=1", "port:=0")
    print("the cell in real time, with film and pages ...", flush=True)
    full = run_cell(seconds, "speed:=1", "port:=8931", "film:=true")
    print("one job at full speed ...", flush=True)
    fast = run_cell(600, "speed:=max", "port:=0", warm_up=0.0)
    frames = fast.simulated * 30
    cell = sum(fast.cpu.values()) / frames * 1e3
    rows = [
        *latency_rows("30 fps", real),
        *latency_rows("30 fps with film and pages", full),
        Row("launch to first instruction", real.first_picture, "s", 6),
        Row("a whole job at `speed:=max`", fast.packed_after / fast.packed_in, "x real time", 4, at_least=True),
        *(Row(f"{name}, CPU", float(np.mean(t)), "ms a frame", note=f"{np.mean(t) / copy:.0f} x copying a depth frame")
          for name, t in parts.items()),
        Row("the library in one process, CPU", library, "ms a frame"),
        Row("all nodes at full speed, CPU", cell, "ms a frame", note=f"{cell / library:.1f} x the library alone"),
        *(Row(f"{name}, of a core", used / full.lasted * 100, "%") for name, used in sorted(full.cpu.items())),
        Row("all nodes with film and pages, real time", sum(full.cpu.values()) / full.lasted * 100, "% of a core"),
    ]  # fmt: skip
    text = table(rows)
    print(text)
    put_into(PAGE, f"{about}\n\n{text}")


if __name__ == "__main__":
    main()
