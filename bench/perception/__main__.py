"""Picks and places by scripted hands in simulated cells, and how the detection tells them.

python -m bench.perception [--set reporting] [--sessions 72] [--minutes 20] [--processes 2] [--write]

Sessions run on all cores; each finished one is kept in out/, so that a run that was broken off goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from multiprocessing import get_context
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from bench.perception.report import summary, tables  # noqa: E402 - after the number of threads
from bench.perception.session import SETS, attempt  # noqa: E402
from bench.report import put_into  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs/perception-benchmark.md"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="reporting", choices=list(SETS))
    parser.add_argument("--sessions", type=int, default=72)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kept", type=Path, default=Path("out"))
    parser.add_argument("--write", action="store_true", help="put the tables into docs/perception-benchmark.md")
    given = parser.parse_args()
    kept = given.kept / f"perception-{given.set}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    done = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    left = [(given.set, n) for n in range(given.sessions) if n not in {o["number"] for o in done}]
    end = time.monotonic() + 60 * given.minutes
    if left and given.minutes > 0:
        with get_context("spawn").Pool(given.processes) as pool, kept.open("a") as file:
            for outcome in pool.imap_unordered(attempt, left):
                done.append(outcome)
                file.write(json.dumps(outcome) + "\n")
                file.flush()
                changes = sum(len(o.get("changes", ())) for o in done)
                print(f"\rsession {len(done)} of {given.sessions}, {changes} changes", end="", file=sys.stderr)
                if time.monotonic() > end:
                    print("\ntime is up; run again to go on", file=sys.stderr)
                    pool.terminate()
                    break
    print(file=sys.stderr)
    broken = [o for o in done if "error" in o]
    for outcome in broken:
        print(f"session {outcome['number']}: {outcome['error']}", file=sys.stderr)
    good = sorted((o for o in done if "error" not in o), key=lambda o: o["number"])
    if not good:
        print("no session was run", file=sys.stderr)
        return 1
    text = tables(good)
    print(text)
    if given.write:
        about = f'Set "{given.set}", sessions: {len(good)}, frames: {sum(o["frames"] for o in good):,}.'
        put_into(PAGE, f"{about}\n\n{text}", "hands")
    return 0 if summary(good)["changes"] else 1


if __name__ == "__main__":
    sys.exit(main())
