"""`opstap ask`: a study's questionnaires on a page of this machine, for one person; no cell is needed."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from opstap.documents import DocumentError
from opstap.evaluation.questions.routes import questions
from opstap.evaluation.questions.sitting import AnswerError
from opstap.evaluation.store import Store, StoreError
from opstap.pages.server import PageServer, PageServerError
from opstap.preflight import named


def add(commands: Any) -> None:
    """Add `ask` to the command's parser."""
    parser = commands.add_parser("ask", help="ask a study's questionnaires on a page, one question a screen")
    parser.add_argument("study", help="a name in config/studies, or a path")
    parser.add_argument("--condition", required=True, help="condition of the study that the answers are about")
    parser.add_argument("--person", required=True, help="pseudonym of the person who answers; never a name")
    parser.add_argument("--language", choices=("nl", "en"), default="nl", help="to begin with")
    parser.add_argument("--store", default="out/store.db", help="an SQLite file or a PostgreSQL URL")
    parser.add_argument("--port", type=int, default=8091, help="of the page, on this machine only")


def run(options: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C; the exit code."""
    root = Path(os.environ.get("OPSTAP_ROOT", "."))
    study = named(root / "config" / "studies", options.study)
    try:
        with Store(options.store) as store:
            asked = questions(
                root / "config", study, options.condition, store, lambda: (options.person, options.language), False
            )
            server = PageServer("127.0.0.1", options.port, root / "web", lambda *_: None, asked.routes(), "/questions/")
            server.start()
            print(f"Open {server.url} for {options.person}  (Ctrl-C ends it)", flush=True)
            stop = threading.Event()
            for name in (signal.SIGINT, signal.SIGTERM):
                signal.signal(name, lambda *_: stop.set())
            stop.wait()
            server.close()
    except (DocumentError, AnswerError, StoreError, PageServerError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    return 0
