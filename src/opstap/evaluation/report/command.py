"""`opstap report`: a study's report as a web page and as PDF, from what the store kept."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from opstap.documents import DocumentError
from opstap.evaluation.analysis import MIN_GROUP, analyse
from opstap.evaluation.instruments import load_instruments
from opstap.evaluation.measures import Data
from opstap.evaluation.report.compose import compose, languages
from opstap.evaluation.report.page import page
from opstap.evaluation.report.pdf import pdf
from opstap.evaluation.store import Purpose, Reading, Store, StoreError
from opstap.evaluation.study import load_study
from opstap.preflight import named


def add(commands: Any) -> None:
    """Add `report` to the command's parser."""
    parser = commands.add_parser("report", help="did it help? a study's report as web page and PDF")
    parser.add_argument("study", help="a study: a name in config/studies, or a path")
    parser.add_argument("--store", default="out/pilot.db", help="an SQLite file, or a PostgreSQL URL")
    parser.add_argument("--out", type=Path, default=Path("out/report"), help="folder for the reports")


def run(options: argparse.Namespace) -> int:
    """Do what the options say; the exit code."""
    config = Path(os.environ.get("OPSTAP_ROOT", ".")) / "config"
    try:
        instruments = load_instruments(config / "instruments")
        study = load_study(named(config / "studies", options.study), instruments)
        if "://" not in options.store and not Path(options.store).exists():
            print(f"opstap: --store: {options.store}: no such file. Make one with: opstap pilot", file=sys.stderr)
            return 1
        with Store(options.store) as store:
            data = Data.read(Reading(store, Purpose.RESEARCH, time.time_ns()))
        analysis = analyse(study, data, instruments)
        options.out.mkdir(parents=True, exist_ok=True)
        for language in languages(analysis):
            content = compose(analysis, language)
            for suffix, made in (("html", page(content).encode()), ("pdf", pdf(content))):
                path = options.out / f"{study.study}.{language}.{suffix}"
                path.write_bytes(made)
                print(path)
    except (DocumentError, StoreError, OSError, ValueError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    if not analysis.enough:
        few = f"{analysis.people} people of this study allow research; figures need {MIN_GROUP}, and the report says so"
        print(f"opstap: {few}", file=sys.stderr)
    elif analysis.simulated:
        print("These figures are SIMULATED, and every page says so.")
    return 0
