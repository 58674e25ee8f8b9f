"""`opstap store`: what is kept, who allowed what, export and erase."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from opstap.evaluation.store.consent import HOLDS, Consents, Purpose
from opstap.evaluation.store.database import Store, StoreError
from opstap.evaluation.store.export import export
from opstap.evaluation.store.reading import Reading

DAY = 86_400 * 1_000_000_000


def add(commands: Any) -> None:
    """Add `store` to the command's parser."""
    parser = commands.add_parser("store", help="what is kept of the work: show, allow, refuse, export, erase")
    what = parser.add_subparsers(dest="what", required=True)
    show = what.add_parser("show", help="how much is kept, and who allowed what")
    exports = what.add_parser("export", help="Parquet and CSV of those who allow research, with a data dictionary")
    exports.add_argument("folder", type=Path)
    yes = what.add_parser("allow", help="write down a person's yes")
    days = HOLDS // DAY
    yes.add_argument("--days", type=int, default=days, choices=range(1, days + 1), metavar="DAYS",
                     help=f"how long it holds, 1 to {days}")  # fmt: skip
    no = what.add_parser("refuse", help="write down a person's no")
    erase = what.add_parser("erase", help="remove all that is kept of a person, here and at the hub")
    for each in (yes, no, erase):
        each.add_argument("person", help="profile id of the scene")
    for each in (yes, no):
        each.add_argument("purpose", nargs="+", choices=[p.value for p in Purpose])
    for each in (show, exports, yes, no, erase):
        each.add_argument("--store", default="out/store.db", help="an SQLite file or a PostgreSQL URL")


def run(options: argparse.Namespace) -> int:
    """Do what the options say; the exit code."""
    now = time.time_ns()
    try:
        with Store(options.store) as store:
            consents = Consents(store)
            if options.what == "show":
                _show(store, now)
            elif options.what == "export":
                for table, rows in export(store, options.folder, now).items():
                    print(f"{table:<18} {rows} rows")
            elif options.what == "erase":
                found = consents.erase(options.person)
                print(f"{options.person}: {'all that was kept is erased' if found else 'nothing was kept'}")
            else:
                granted = options.what == "allow"
                ends = now + options.days * DAY if granted else None
                for purpose in options.purpose:
                    consents.decide(options.person, Purpose(purpose), granted, now, expires_at=ends)
                print(f"{options.person} {'allows' if granted else 'does not allow'}: {', '.join(options.purpose)}")
    except (StoreError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    return 0


def _show(store: Store, now: int) -> None:
    for purpose in Purpose:
        people = Reading(store, purpose, now).people()
        print(f"{purpose.value:<10} allowed by {len(people)}: {', '.join(people) or 'nobody'}")
    reading = Reading(store, Purpose.RECORDS, now)
    cycles = reading.cycles()
    simulated = sum(c.simulated for c in cycles)
    print(f"{len(reading.sessions())} sessions, {len(cycles)} cases of which {simulated} SIMULATED")
    for (cell, task, day), jobs in sorted(reading.tallies().items())[-10:]:
        print(f"{day}  {cell}  {task}: {jobs} packed")
