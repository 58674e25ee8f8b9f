"""What a report is made of, whatever shows it: a web page (`html`) or a PDF (`pdf`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Heading:
    text: str
    level: Literal[2, 3] = 2


@dataclass(frozen=True)
class Text:
    text: str
    kind: Literal["normal", "lead", "small"] = "normal"


@dataclass(frozen=True)
class Note:
    """Something that must not be overlooked."""

    text: str


@dataclass(frozen=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """`rows` of text; the first column is the head of its row. Columns after `numbers_from` hold numbers."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers_from: int = 1


@dataclass(frozen=True)
class Figure:
    """A picture: `svg` with text as outlines, `alt` tells all that it shows."""

    name: str
    svg: bytes
    alt: str
    caption: str = ""
    width: float = 1.0
    """Share of the page's width."""


@dataclass(frozen=True)
class Card:
    """One answer: what it is about, the answer in a few words, a sentence, a picture."""

    title: str
    subtitle: str
    verdict: str
    tone: Literal["good", "bad", "plain"]
    big: str
    text: str
    figure: Figure | None


@dataclass(frozen=True)
class Cards:
    """Answers side by side, the last place taken by what they do not tell."""

    cards: tuple[Card, ...]
    aside: str
    asides: tuple[str, ...]


@dataclass(frozen=True)
class Gallery:
    """Small pictures side by side."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class NewPage:
    """What follows begins on a page of its own."""


Block = Heading | Text | Note | Bullets | Table | Figure | Cards | Gallery | NewPage


@dataclass(frozen=True)
class Content:
    """A report. `band` is shown on every page, e.g. that its data is simulated; empty: none."""

    language: str
    title: str
    subtitle: str
    band: str
    footer: str
    blocks: tuple[Block, ...] = field(default_factory=tuple)

    def figures(self) -> list[Figure]:
        """All pictures, in order."""
        found: list[Figure] = []
        for block in self.blocks:
            if isinstance(block, Figure):
                found.append(block)
            elif isinstance(block, Gallery):
                found += block.figures
            elif isinstance(block, Cards):
                found += [c.figure for c in block.cards if c.figure]
        return found
