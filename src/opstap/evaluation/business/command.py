"""`opstap business`: what a bench costs and brings, on a page on which every assumption can be changed."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

from opstap.documents import DocumentError
from opstap.evaluation.business.model import load_business, work_out
from opstap.evaluation.business.show import WORDS, application, content
from opstap.evaluation.report.page import page
from opstap.evaluation.report.pdf import pdf
from opstap.preflight import named


def add(commands: Any) -> None:
    """Add `business` to the command's parser."""
    parser = commands.add_parser("business", help="what a bench costs and brings: a page with every assumption")
    parser.add_argument("file", nargs="?", default="packing_bench", help="a name in config/business, or a path")
    parser.add_argument("--port", type=int, default=8090, help="of the page, on this machine only")
    parser.add_argument("--out", type=Path, help="write web page and PDF into this folder instead")


def run(options: argparse.Namespace) -> int:
    """Do what the options say; the exit code."""
    config = Path(os.environ.get("OPSTAP_ROOT", ".")) / "config"
    try:
        business = load_business(named(config / "business", options.file))
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            outcome = work_out(business)
            for language in (name for name in business.title if name in WORDS):
                made = content(business, outcome, language)
                for suffix, text in (("html", page(made).encode()), ("pdf", pdf(made))):
                    path = options.out / f"{business.business}.{language}.{suffix}"
                    path.write_bytes(text)
                    print(path)
            return 0
        print(f"Open http://localhost:{options.port}/  (Ctrl-C ends it)", flush=True)
        web.run_app(application(business), host="127.0.0.1", port=options.port, print=None)
    except (DocumentError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    return 0
