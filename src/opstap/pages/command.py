"""`opstap access`: opens the pages to the network: certificate and PINs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from opstap.pages.access import ROLES, STEM, AccessError, new_pin, prepare, set_pin


def add(commands: Any) -> None:
    """The command's arguments."""
    access = commands.add_parser("access", help="who may open the pages from the network: certificate and PINs")
    what = access.add_subparsers(dest="what", required=True)
    made = what.add_parser("prepare", help="make certificate and PINs, once; shows the PINs once")
    made.add_argument("folder", type=Path, help="where they are kept; only its owner may read it")
    made.add_argument("names", nargs="+", metavar="NAME", help="the bench's name or address, as typed in a browser")
    pin = what.add_parser("pin", help="give a role a new PIN")
    pin.add_argument("folder", type=Path)
    pin.add_argument("role", choices=ROLES)


def run(options: argparse.Namespace) -> int:
    """Exit code 0: done; 2: not, and why."""
    try:
        if options.what == "prepare":
            pins = prepare(options.folder, options.names)
            if not pins:
                print(f"{options.folder} is prepared already. For a new PIN: opstap access pin {options.folder} ROLE")
                return 0
            print("\n".join(f"PIN of the {role}: {pin}" for role, pin in pins.items()))
            print("They are shown only now, and kept nowhere in the clear.")
            print(f"Give other machines {options.folder / f'{STEM}-ca.pem'}, to trust this bench: docs/network.md")
        else:
            pin = new_pin()
            set_pin(options.folder, options.role, pin)
            print(f"PIN of the {options.role}: {pin}\nIt is used from the next start of the cell on.")
    except (AccessError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 2
    return 0
