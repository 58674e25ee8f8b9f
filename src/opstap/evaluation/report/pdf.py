"""A report as PDF (A4), set by typst: tagged, with alternative texts, its band on every page."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typst

from opstap.evaluation.report.content import Block, Cards, Content, Figure, Gallery
from opstap.evaluation.report.plots import FONTS

TEMPLATE = Path(__file__).parent / "report.typ"
CARD = Path(__file__).parent / "card.typ"


def pdf(content: Content, template: Path = TEMPLATE) -> bytes:
    """The report as PDF, set by a typst `template` that reads `content.json` and the pictures it names."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for figure in content.figures():
            (root / f"{figure.name}.svg").write_bytes(figure.svg)
        data = {
            "language": content.language,
            "title": content.title,
            "subtitle": content.subtitle,
            "band": content.band,
            "footer": content.footer,
            "blocks": [_plain(b) for b in content.blocks],
        }
        (root / "content.json").write_text(json.dumps(data), encoding="utf-8")
        (root / "report.typ").write_bytes(template.read_bytes())
        done: Any = typst.compile(
            str(root / "report.typ"), root=str(root), font_paths=[str(FONTS)], ignore_system_fonts=True
        )
        return bytes(done)


def _plain(block: Block) -> dict[str, Any]:
    """A block as JSON, its pictures by name."""
    if isinstance(block, Figure):
        return {"block": "Figure"} | _picture(block)
    if isinstance(block, Gallery):
        return {"block": "Gallery", "figures": [_picture(f) for f in block.figures]}
    if isinstance(block, Cards):
        cards = []
        for card in block.cards:
            fields = {k: getattr(card, k) for k in ("title", "subtitle", "verdict", "tone", "big", "text")}
            cards.append(fields | {"figure": _picture(card.figure) if card.figure else None})
        return {"block": "Cards", "cards": cards, "aside": block.aside, "asides": block.asides}
    return {"block": type(block).__name__} | asdict(block)


def _picture(figure: Figure) -> dict[str, Any]:
    return {"name": figure.name, "alt": figure.alt, "caption": figure.caption, "width": figure.width}
