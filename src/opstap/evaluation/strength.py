"""`opstap strength`: a card of what a worker can do, for the worker. Their data, their choice of what stands on it.

It is made from the worker's own records for the worker alone, is kept nowhere, and holds only what was done: no errors,
no comparison with anybody. A case counts as done alone when it was finished without a coach.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opstap.documents import DocumentError, nearest
from opstap.evaluation.measures import case_seconds
from opstap.evaluation.report.content import Block, Bullets, Content, Heading, Text
from opstap.evaluation.report.pdf import CARD, pdf
from opstap.evaluation.store import Cycle, Purpose, Reading, StepTime, Store, StoreError
from opstap.instructions import Cell, load_cell
from opstap.preflight import named

LINES = ("alone", "guidance", "parts", "pace")
"""What can stand on a card; the worker chooses."""
OFTEN = 5
"""A part counts as known when it was put in its place alone this often."""

WORDS = {
    "en": {
        "title": "What I can do",
        "of": "Card of {name}",
        "work": "The work: {title}",
        "alone": "I packed {n} cases on my own, without a coach.",
        "lights": "{n} of them with lights only.",
        "off": "{n} of them without any guidance.",
        "short": "{n} of them with short instructions.",
        "parts": "I know where these go",
        "pace": "My usual time for a case is {m} minutes and {s} seconds.",
        "nothing": "There is no case yet that I packed on my own.",
        "simulated": "SIMULATED: of a virtual worker, not of a person.",
        "mine": "This card is mine. I chose what stands on it, and I decide who sees it.",
    },
    "nl": {
        "title": "Wat ik kan",
        "of": "Kaart van {name}",
        "work": "Het werk: {title}",
        "alone": "Ik pakte {n} koffers zelf in, zonder begeleider.",
        "lights": "{n} daarvan met alleen licht.",
        "off": "{n} daarvan zonder uitleg.",
        "short": "{n} daarvan met korte uitleg.",
        "parts": "Van deze dingen weet ik waar ze horen",
        "pace": "Over een koffer doe ik meestal {m} minuten en {s} seconden.",
        "nothing": "Er is nog geen koffer die ik zelf inpakte.",
        "simulated": "GESIMULEERD: van een virtuele werker, niet van een mens.",
        "mine": "Deze kaart is van mij. Ik koos wat erop staat, en ik bepaal wie hem ziet.",
    },
}


def card(
    cell: Cell, cycles: Sequence[Cycle], steps: Sequence[StepTime], name: str, language: str, lines: Sequence[str]
) -> Content:
    """The card of one worker from that worker's own `cycles` and `steps`; `lines` of `LINES`."""
    words = WORDS[language]
    alone = [c for c in cycles if c.finished and c.task == cell.task.task and c.coach_seconds == 0 and not c.help_calls]
    runs = {c.run for c in alone}
    blocks: list[Block] = [Text(words["work"].format(title=cell.task.title[language]), "lead")]
    facts = []
    if not alone:
        facts.append(words["nothing"])
    if alone and "alone" in lines:
        facts.append(words["alone"].format(n=len(alone)))
    if "guidance" in lines:
        levels = Counter(c.level for c in alone)
        facts += [words[level].format(n=levels[level]) for level in ("short", "lights", "off") if levels[level]]
    times = sorted(case_seconds(c) for c in alone if c.seconds is not None and c.clock_ok)
    if times and "pace" in lines:
        minutes, seconds = divmod(round(times[len(times) // 2]), 60)
        facts.append(words["pace"].format(m=minutes, s=seconds))
    blocks.append(Bullets(tuple(facts)))
    if "parts" in lines:
        done = Counter(s.step for s in steps if s.run in runs)
        known = [s.part for s in cell.task.steps if s.part and done[s.id] >= OFTEN]
        names = tuple(dict.fromkeys(cell.task.parts[part].name[language] for part in known))
        if names:
            blocks += [Heading(words["parts"]), Bullets(names)]
    band = words["simulated"] if any(c.simulated for c in cycles) else ""
    return Content(language, words["title"], words["of"].format(name=name), band, words["mine"], tuple(blocks))


def add(commands: Any) -> None:
    """Add `strength` to the command's parser."""
    parser = commands.add_parser("strength", help="a worker's own card: what I can do")
    parser.add_argument("person", help="the pseudonym in the store")
    parser.add_argument("--name", default="", help="what to print as name; it is kept nowhere")
    parser.add_argument(
        "--show", nargs="+", choices=LINES, default=["alone", "guidance", "parts"], help="what to print"
    )
    parser.add_argument("--language", choices=sorted(WORDS), default="nl")
    parser.add_argument("--store", default="out/pilot.db", help="an SQLite file, or a PostgreSQL URL")
    parser.add_argument("--cell", default="oral_care", help="a scene: a name in config/cells, or a path")
    parser.add_argument("--task", default="oral_care_case", help="a task: a name in config/tasks, or a path")
    parser.add_argument("--out", type=Path, default=Path("out/strength.pdf"), help="the PDF")


def run(options: argparse.Namespace) -> int:
    """Do what the options say; the exit code."""
    config = Path(os.environ.get("OPSTAP_ROOT", ".")) / "config"
    try:
        cell = load_cell(named(config / "cells", options.cell), named(config / "tasks", options.task))
        if "://" not in options.store and not Path(options.store).exists():
            print(f"opstap: --store: {options.store}: no such file", file=sys.stderr)
            return 1
        with Store(options.store) as store:
            reading = Reading(store, Purpose.RECORDS, time.time_ns())
            if options.person not in reading.people():
                # Other people's pseudonyms are not listed: they are nobody's business here.
                allowed = "your own pseudonym, with a yes to records"
                print(f"opstap: found '{options.person}', allowed: {allowed}", file=sys.stderr)
                return 1
            cycles = [c for c in reading.cycles() if c.person == options.person]
            steps = [s for s in reading.steps() if s.person == options.person]
        if options.language not in cell.task.languages:
            allowed = nearest(options.language, list(cell.task.languages))
            print(f"opstap: --language: found '{options.language}', allowed: {allowed}", file=sys.stderr)
            return 1
        made = card(cell, cycles, steps, options.name or options.person, options.language, options.show)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_bytes(pdf(made, CARD))
        print(options.out)
    except (DocumentError, StoreError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    return 0
