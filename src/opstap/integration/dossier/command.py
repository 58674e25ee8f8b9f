"""`opstap dossier`: writes the three drafts as Markdown and PDF."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

from opstap.documents import DocumentError
from opstap.evaluation.report.markdown import markdown
from opstap.evaluation.report.pdf import pdf
from opstap.integration.dossier.compose import LANGUAGES, Draft
from opstap.integration.dossier.setup import load_setup
from opstap.preflight import PreflightError


def add(commands: Any) -> None:
    """The command's arguments."""
    parser = commands.add_parser(
        "dossier", help="drafts for privacy, works council and AI Act, from the cell's settings"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("out"), help="folder of the cell's last launch; written to below it"
    )
    parser.add_argument("--language", nargs="+", choices=LANGUAGES, default=list(LANGUAGES))


def run(options: argparse.Namespace) -> int:
    """Exit code 0: written; 1: not, and why."""
    try:
        setup = load_setup(options.out, Path(os.environ.get("OPSTAP_ROOT", ".")) / "config")
        folder = options.out / "dossier"
        folder.mkdir(parents=True, exist_ok=True)
        for language in options.language:
            draft = Draft(setup, language, date.today().isoformat())
            for name, content in (("dpia", draft.dpia()), ("works_council", draft.letter()), ("ai", draft.inventory())):
                path = folder / f"{name}.{language}"
                path.with_suffix(f".{language}.md").write_text(markdown(content), encoding="utf-8")
                path.with_suffix(f".{language}.pdf").write_bytes(pdf(content))
                print(f"{path}.md, .pdf")
    except (DocumentError, PreflightError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    return 0
