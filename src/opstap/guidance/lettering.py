"""Words in light: laid out as large as fits, shaped in every script, and painted on a surface.

All lengths are millimetres on the surface.
"""

from __future__ import annotations

import logging
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import skia

log = logging.getLogger(__name__)

FONTS = Path(__file__).parent / "fonts"
FONT_FILES = ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSansArabic-Regular.ttf", "NotoSansArabic-Bold.ttf")
FAMILIES = ["Noto Sans", "Noto Sans Arabic"]
"""Latin, Greek and Cyrillic letters are the first one's; what it lacks comes from the next."""
CAPITAL = 0.714
"""Height of a capital in Noto Sans, as part of the font size (OS/2 table, sCapHeight)."""
LARGEST_CAPITAL = 24.0
SMALLEST_CAPITAL = 12.0
"""Height of a capital that is read well from a metre: 0.7 degrees of sight, where print is read from 0.3."""


def write(canvas: Any, paragraph: Any, left: float, top: float) -> None:
    """Paint a paragraph with its top left corner at (left, top); letters are drawn y down, surfaces are y up."""
    canvas.save()
    canvas.translate(left, top)
    canvas.scale(1, -1)
    paragraph.paint(canvas, 0, 0)
    canvas.restore()


@dataclass(frozen=True)
class Words:
    """Words laid out in a room: `width` and `height` of what is written, `capital` the height of its capitals, mm."""

    paragraph: Any
    room: float
    width: float
    height: float
    capital: float


@lru_cache(maxsize=256)
def fitted(text: str, width: float, height: float) -> Words:
    """`text` as large as fits in `width` by `height` mm, wrapped, never clipped.

    Whole words go before size down to `SMALLEST_CAPITAL`; then words are broken; and what still does not fit is
    written smaller, as small words can be read from nearby and missing ones cannot.
    """
    capital = LARGEST_CAPITAL
    while True:
        paragraph = paragraph_of(text, capital / CAPITAL)
        paragraph.layout(width)
        whole = paragraph.MinIntrinsicWidth <= width or capital <= SMALLEST_CAPITAL
        if whole and paragraph.Height <= height and paragraph.LongestLine <= width:
            room = _balanced(paragraph, width)
            return Words(paragraph, room, max(0.0, paragraph.LongestLine), paragraph.Height, capital)
        smaller = capital * 0.95
        capital = SMALLEST_CAPITAL if smaller < SMALLEST_CAPITAL < capital else smaller


def _balanced(paragraph: Any, width: float) -> float:
    """Lay out as narrow as goes without another line, so that no last word stands alone; the width it took."""
    height, narrow, wide = paragraph.Height, min(paragraph.MinIntrinsicWidth, width), width
    while wide - narrow > 1.0:
        middle = (narrow + wide) / 2
        paragraph.layout(middle)
        narrow, wide = (narrow, middle) if paragraph.Height <= height else (middle, wide)
    paragraph.layout(wide)
    return wide


@lru_cache(maxsize=1)
def _fonts() -> Any:
    """The project's own fonts, and none of the system's: the same picture on every machine.

    Where one is missing or broken the system's stand in: words of another look are better than none.
    """
    fonts = skia.textlayout.FontCollection()
    missing = missing_fonts()
    if missing:
        log.warning("%s", missing)
        fonts.setDefaultFontManager(skia.FontMgr())
        return fonts
    provider = skia.textlayout.TypefaceFontProvider()
    for file in FONT_FILES:
        provider.registerTypeface(_typeface(file))
    fonts.setDefaultFontManager(provider)
    return fonts


def _typeface(file: str) -> Any:
    """A font; None where it is missing or broken."""
    path = FONTS / file
    return skia.FontMgr.New_Custom_Empty().makeFromFile(str(path)) if path.exists() else None


def missing_fonts() -> str:
    """Which of the project's fonts cannot be used, and what to do; "" where all are there."""
    missing = [file for file in FONT_FILES if _typeface(file) is None]
    if not missing:
        return ""
    return (
        f"{', '.join(missing)} in {FONTS}: missing or broken; words are drawn with the system's fonts, or not at all. "
        "Install Opstap again"
    )


def paragraph_of(text: str, size: float, bold: bool = False) -> Any:
    """A centred paragraph at font size `size` mm, shaped by HarfBuzz; it still has to be laid out."""
    style = skia.textlayout.TextStyle()
    style.setFontFamilies(FAMILIES)
    style.setFontSize(size)
    style.setFontStyle(skia.FontStyle.Bold() if bold else skia.FontStyle.Normal())
    style.setColor(skia.ColorWHITE)
    block = skia.textlayout.ParagraphStyle()
    block.setTextStyle(style)
    block.setTextAlign(skia.textlayout.TextAlign.kLeft if bold else skia.textlayout.TextAlign.kCenter)
    builder = skia.textlayout.ParagraphBuilder(block, _fonts(), skia.Unicode())
    builder.addText("\n".join(_isolated(line) for line in text.split("\n")))
    return builder.Build()


def _isolated(line: str) -> str:
    """A line that begins with a right-to-left letter, marked so that all of it runs from right to left.

    Paragraphs run from left to right and skia-python cannot say otherwise; without the isolate (Unicode's UAX 9) the
    numbers and stops of an Arabic line would stand on its wrong side.
    """
    strong = (unicodedata.bidirectional(letter) for letter in line)
    first = next((kind for kind in strong if kind in ("L", "R", "AL")), "L")
    return line if first == "L" else f"\u2067{line}\u2069"
