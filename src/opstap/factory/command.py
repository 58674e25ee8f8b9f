"""`opstap factory`: makes the folder by which a cell tells a factory's systems of its work, and says who may ask."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, get_args

from opstap.factory.openapi import document
from opstap.factory.settings import SETTINGS, STEM, May, SecretError, admit, prepare, remove


def add(commands: Any) -> None:
    """The command's arguments."""
    factory = commands.add_parser("factory", help="orders in, finished cases out: MQTT, REST, OPC UA")
    what = factory.add_subparsers(dest="what", required=True)
    made = what.add_parser("prepare", help="make the folder, with certificates; everything in it is off")
    made.add_argument("folder", type=Path, help="where it is kept; only its owner may read it")
    made.add_argument("names", nargs="+", metavar="NAME", help="this machine's name or address, as clients use it")
    client = what.add_parser("client", help="let a client in, or give it a new secret; shows the secret once")
    client.add_argument("folder", type=Path)
    client.add_argument("name", help="letters, digits, - and _")
    client.add_argument("--may", choices=get_args(May), default="read", help="see, or place and cancel orders too")
    client.add_argument("--remove", action="store_true", help="take its right away")
    what.add_parser("openapi", help="the REST service's OpenAPI document")


def run(options: argparse.Namespace) -> int:
    """Exit code 0: done; 2: not, and why."""
    try:
        if options.what == "openapi":
            print(json.dumps(document(), indent=1))
        elif options.what == "prepare":
            from opstap.factory.opcua import make_certificate

            prepare(options.folder, options.names)
            make_certificate(options.folder)
            print(f"Say in {options.folder / SETTINGS} what is on; then: opstap launch cell.launch.py "
                  f"factory:={options.folder}\nClients of the REST service trust {options.folder}/{STEM}-ca.pem; "
                  "certificates of OPC UA clients go into the folder trusted/.")  # fmt: skip
        elif not options.name.replace("-", "").replace("_", "").isalnum() or not options.name.isascii():
            raise SecretError(f"name: found '{options.name}', allowed: letters, digits, - and _")
        elif options.remove:
            if not remove(options.folder, options.name):
                raise SecretError(f"name: found '{options.name}', which is no client of {options.folder}")
            print("Its right ends with the next start of the cell.")
        else:
            print(admit(options.folder, options.name, options.may))
            print("It is shown only now: REST token, and OPC UA password of this name. It counts from the next start "
                  "of the cell.", file=sys.stderr)  # fmt: skip
    except (SecretError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 2
    return 0
