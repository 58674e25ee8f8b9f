"""`opstap hub`: make a hub, let cells in, run it, read its groups and those of other hubs."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

from opstap.certificates import make
from opstap.evaluation.hub.aggregates import aggregates, group
from opstap.evaluation.hub.client import HubClient, UplinkError, hub_address
from opstap.evaluation.hub.keeping import HubStore
from opstap.evaluation.hub.protocol import FEWEST, MAX_GROUPS, Group, Groups
from opstap.evaluation.hub.service import serve
from opstap.evaluation.hub.show import WORDS, content, lines
from opstap.evaluation.report.page import page
from opstap.evaluation.report.pdf import pdf
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
    pages = what.add_parser("page", help="the groups as web page and PDF")
    pages.add_argument("--out", type=Path, default=Path("out/hub"), help="folder for them")
    for each in (groups, pages):
        each.add_argument("--parquet", type=Path, help="read them from what `opstap hub parquet` wrote, by DuckDB")
        each.add_argument("--of", metavar="URL", help="ask another hub, https://name:port, and show its groups too")
        each.add_argument("--authority", default="hub-ca.pem", help="that hub's certificate file")
        each.add_argument("--token", default="hub-token", help="file with the token it gave to this hub")
    parquet = what.add_parser("parquet", help="write the cases as Parquet files, for reports over very many")
    parquet.add_argument("into", type=Path, help="folder for them")
    for each in (runs, admit, members, groups, pages, parquet):
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
            elif options.what == "parquet":
                from opstap.evaluation.hub.analysis import to_parquet  # DuckDB and Arrow are for this only

                print(f"{to_parquet(store, options.into)} cases in {options.into}")
            else:
                _show(_groups(store, options), options)
    except (StoreError, UplinkError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(store: HubStore, options: argparse.Namespace) -> int:
    authority = make(options.folder, "hub", options.name or ["localhost", "127.0.0.1"])
    runner = await serve(store, options.host, options.port, options.folder)
    print(f"hub: https://{options.host}:{options.port}, give cells {authority}", flush=True)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
    await runner.cleanup()
    return 0


def _groups(store: HubStore, options: argparse.Namespace) -> dict[str, list[Group]]:
    """The groups of this hub, and of the other one where one is named."""
    here = aggregates(store)
    if options.parquet:
        from opstap.evaluation.hub.analysis import report

        here = [group(row) for row in report(options.parquet)]
    found = {str(options.folder): here}
    if options.of:
        other = HubClient(hub_address(options.of, options.authority, options.token))
        found[options.of] = list(other.ask("/v1/aggregates", Groups, longest=MAX_GROUPS).groups)
    return found


def _show(hubs: dict[str, list[Group]], options: argparse.Namespace) -> None:
    if options.what == "groups":
        print("\n".join(lines(hubs)))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    for language in WORDS:
        made = content(hubs, language)
        for suffix, data in (("html", page(made).encode()), ("pdf", pdf(made))):
            path = options.out / f"hub.{language}.{suffix}"
            path.write_bytes(data)
            print(path)
