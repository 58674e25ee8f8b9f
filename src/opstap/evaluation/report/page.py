"""A report as one web page: self-contained, readable on a phone, by a screen reader and on paper."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from html import escape
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from opstap.evaluation.report.content import (
    Block,
    Bullets,
    Card,
    Cards,
    Content,
    Figure,
    Gallery,
    Heading,
    NewPage,
    Note,
    Table,
    Text,
)
from opstap.evaluation.report.plots import FONTS

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
STYLE = Path(__file__).parent / "report.css"


def page(content: Content, policy: str = POLICY) -> str:
    """The report as HTML under a content security `policy`; it loads nothing from anywhere."""
    band = f'<header class="band">{escape(content.band)}</header>' if content.band else ""
    body = "".join(_block(b) for b in content.blocks)
    return f"""<!doctype html>
<html lang="{content.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{escape(content.title)}</title>
<style>
{_fonts()}
{STYLE.read_text(encoding="utf-8")}
</style>
</head>
<body>
{band}
<main>
<header><h1>{escape(content.title)}</h1><p class="subtitle">{escape(content.subtitle)}</p></header>
{body}
</main>
<footer><p>{escape(content.footer)}</p></footer>
</body>
</html>
"""


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{escape(block.text)}</h{block.level}>\n"
    if isinstance(block, Text):
        kind = "" if block.kind == "normal" else f' class="{block.kind}"'
        return f"<p{kind}>{escape(block.text)}</p>\n"
    if isinstance(block, Note):
        return f'<p class="note">{escape(block.text)}</p>\n'
    if isinstance(block, Bullets):
        return "<ul>" + "".join(f"<li>{escape(i)}</li>" for i in block.items) + "</ul>\n"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Figure):
        return _figure(block)
    if isinstance(block, Gallery):
        return '<div class="gallery">' + "".join(_figure(f) for f in block.figures) + "</div>\n"
    if isinstance(block, Cards):
        return '<div class="cards">' + "".join(_card(c) for c in block.cards) + _aside(block) + "</div>\n"
    assert isinstance(block, NewPage)
    return '<hr class="new-page">\n'


def _figure(figure: Figure) -> str:
    data = base64.b64encode(figure.svg).decode()
    caption = f"<figcaption>{escape(figure.caption)}</figcaption>" if figure.caption else ""
    image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(figure.alt)}">'
    return f'<figure style="max-width:{figure.width:.0%}">{image}{caption}</figure>\n'


def _card(card: Card) -> str:
    subtitle = f'<p class="of">{escape(card.subtitle)}</p>' if card.subtitle else ""
    return (
        f'<section class="card"><div class="top"><h2>{escape(card.title)}</h2>'
        f'<span class="verdict {card.tone}">{escape(card.verdict)}</span></div>{subtitle}'
        f'<p class="big">{escape(card.big)}</p><p>{escape(card.text)}</p>'
        f"{_figure(card.figure) if card.figure else ''}</section>\n"
    )


def _aside(cards: Cards) -> str:
    items = "".join(f"<li>{escape(i)}</li>" for i in cards.asides)
    return f'<section class="card aside"><h2>{escape(cards.aside)}</h2><ul>{items}</ul></section>\n'


def _table(table: Table) -> str:
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    kind = [' class="number"' if i >= table.numbers_from else "" for i in range(len(table.head))]
    head = "".join(f'<th scope="col"{k}>{escape(h)}</th>' for h, k in zip(table.head, kind, strict=True))
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td{k}>{escape(cell)}</td>" for cell, k in zip(row[1:], kind[1:], strict=True))
        + "</tr>"
        for row in table.rows
    )
    # A wide table scrolls by itself, also by keyboard.
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(table.caption or table.head[0])}"><table>'
        f"{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>\n"
    )


@lru_cache(maxsize=1)
def _fonts() -> str:
    """Noto Sans with the letters of western languages only: the whole font is half a megabyte a weight."""
    rules = []
    for path, weight in ((FONTS / "NotoSans-Regular.ttf", 400), (FONTS / "NotoSans-Bold.ttf", 700)):
        font = TTFont(path)
        options = subset.Options()
        options.hinting = False
        options.layout_features = ["kern"]
        options.notdef_outline = True
        cut = subset.Subsetter(options)
        cut.populate(unicodes=[*range(0x20, 0x180), *(ord(c) for c in "–—‘’“”…−×≥≤€→•’")])
        cut.subset(font)
        out = io.BytesIO()
        font.save(out)
        data = base64.b64encode(out.getvalue()).decode()
        rules.append(f"@font-face{{font-family:'Noto Sans';font-weight:{weight};src:url(data:font/ttf;base64,{data})}}")
    return "\n".join(rules)
