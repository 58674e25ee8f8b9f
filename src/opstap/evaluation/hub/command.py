"""`opstap hub`: make a hub, let cells in, run it, read its aggregates."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

from opstap.evaluation.hub.aggregates import FEWEST, aggregates
from opstap.evaluation.hub.certificates import make
from opstap.evaluation.hub.keeping import HubStore
from opstap.evaluation.hub.service import serve
from opstap.evaluation.store.database import StoreError


def add(commands: Any) -> None:
    """Add `hub` to the command's parser."""
    parser = commands.add_parser("hub", help="collect the work of many cells, show groups of five people and more")
    what = parser.add_subparsers(dest="what", required=True)
    runs = what.add_parser("run", help="make the certificates when there are none, and serve")
    runs.add_argument("--host", default="127.0.0.1", help="address to listen on")
    runs.add_argument("--port", type=int, default=8443)
    runs.add_argument("--name", action="append", default=[], help="a name or address that cells use; may be repeated")
    admit = what.add_parser("admit", help="let a cell or another hub in: prints its token once")
    admit.add_argument("member", help="a name for it")
    admit.add_argument("--role", choices=("cell", "hub"), default="cell")
    admit.add_argument("--region", default="", help="region its work counts for")
    members = what.add_parser("members", help="who may send or ask")
    groups = what.add_parser("groups", help=f"the groups of {FEWEST} people and more")
    for each in (runs, admit, members, groups):
        each.add_argument("--folder", type=Path, default=Path("hub"), help="where certificates and store are")
        each.add_argument("--store", help="a PostgreSQL URL, when one file is outgrown; default: hub.db in the folder")


def run(options: argparse.Namespace) -> int:
    """Do what the options say; the exit code."""
    try:
        with HubStore(options.store or options.folder / "hub.db") as store:
            if options.what == "run":
                return asyncio.run(_serve(store, options))
            if options.what == "admit":
                print(store.admit(options.member, options.role, options.region))
                print(f"Write this token in a file that only '{options.member}' can read.", file=sys.stderr)
            elif options.what == "members":
                for m in store.members():
                    print(f"{m.member:<24} {m.role:<5} {m.region:<16} up to number {m.last_sequence}")
            else:
                _print(aggregates(store))
    except (StoreError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(store: HubStore, options: argparse.Namespace) -> int:
    authority = make(options.folder, options.name or ["localhost", "127.0.0.1"])
    runner = await serve(store, options.host, options.port, options.folder)
    print(f"hub: https://{options.host}:{options.port}, give cells {authority}", flush=True)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
    await runner.cleanup()
    return 0


def _print(groups: list[dict[str, Any]]) -> None:
    if not groups:
        print(f"No group of {FEWEST} people yet.")
        return
    heads = ("region", "task", "condition", "quarter", "people", "s a case", "errors/100", "coach min/h", "")
    print("{:<14} {:<18} {:<10} {:<8} {:>6} {:>9} {:>10} {:>11} {}".format(*heads))
    for g in groups:
        figures = (g["seconds"], g["errors_per_100"], g["coach_minutes_per_hour"])
        told = ["unknown" if f is None else f"{f:.1f}" for f in figures]
        note = "SIMULATED" if g["simulated"] else ""
        print(
            f"{g['region']:<14} {g['task']:<18} {g['condition']:<10} {g['quarter']:<8} {g['people']:>6.0f} "
            f"{told[0]:>9} {told[1]:>10} {told[2]:>11} {note}"
        )
