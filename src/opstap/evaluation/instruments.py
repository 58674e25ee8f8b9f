"""Questionnaires as files (`config/instruments/*.yaml`): items, answers and how they become a score.

A score is a straight line from the mean of its items to its range, with reversed items turned around first. That one
rule is SUS (0 to 100), raw TLX (0 to 100), a mean such as OSS-SF (1 to 6) and a sum such as CSQ-VR (6 to 42).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from opstap.documents import Document, Fault, Model, nearest
from opstap.scene import Id, Language

Text = dict[Language, Annotated[str, Field(min_length=1, max_length=300)]]
"""One text in several languages."""


class Answers(Model):
    """Numbers from `low` to `high` in steps of 1, with words at some of them."""

    low: int
    high: int
    labels: dict[Language, dict[int, str]] = Field(default_factory=dict)


class Item(Model):
    """One question. Without `text` its words may not be shipped, and whoever has the right to fills them in."""

    id: Id
    text: Text | None = None
    answers: Id | None = None
    """Name of its answers; needed where there are several. None in an item of words."""
    words: bool = False
    """Answered in words, and never part of a score."""
    reverse: bool = False
    """A higher number means less of what the score is about."""
    phases: tuple[Literal["pre", "post"], ...] = ("pre", "post")
    """When it is asked, where the instrument is filled in before and after."""


class Missing(Model):
    """What happens with items that were skipped."""

    at_most: Annotated[int, Field(ge=0)] = 0
    """With more skipped than this, there is no score."""
    counts_as: Literal["mean", "middle"] = "mean"
    """A skipped item counts as the mean of the person's other items, or as the middle of its answers."""


class Score(Model):
    """One number out of some items."""

    id: Id
    name: Text
    items: tuple[Id, ...] = ()
    """Empty: all items that are not answered in words."""
    range: tuple[float, float]
    """What all-lowest and all-highest answers score."""
    better: Literal["higher", "lower"]
    missing: Missing = Missing()
    source: str


class Instrument(Model):
    """A questionnaire."""

    instrument: Id
    version: Annotated[str, Field(pattern=r"^[0-9a-z.]+$")]
    title: Text
    intro: Text
    """What the person is told before the first question."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    source: str
    """What it goes back to."""
    licence: str
    """Why its words may be shipped, or not, and what must be said."""
    answers: Annotated[dict[Id, Answers], Field(min_length=1)]
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    scores: tuple[Score, ...]

    @cached_property
    def item(self) -> dict[str, Item]:
        return {i.id: i for i in self.items}

    @property
    def can_be_asked(self) -> bool:
        """Whether its words are here."""
        return all(i.text for i in self.items)

    def asked(self, phase: str) -> tuple[Item, ...]:
        """The items of the form at this moment of a study; at other moments than pre and post, those of both."""
        return tuple(i for i in self.items if phase in i.phases or set(i.phases) == {"pre", "post"})

    def answers_of(self, item: Item) -> Answers:
        return self.answers[item.answers or next(iter(self.answers))]

    def scored(self, score: Score) -> tuple[Item, ...]:
        """The items of a score."""
        if score.items:
            return tuple(self.item[i] for i in score.items)
        return tuple(i for i in self.items if not i.words)


@dataclass(frozen=True)
class Scored:
    """What a form gave: `value` is None where too many items were skipped."""

    value: float | None
    answered: int
    items: int


def load_instrument(path: Path) -> Instrument:
    """The questionnaire in `path`.

    Raises:
        DocumentError: with all faults of the file.
    """
    document = Document.read(path)
    instrument = document.parse(Instrument)
    faults = [*_faults_of_items(instrument), *_faults_of_scores(instrument)]
    if faults:
        raise document.error(faults)
    return instrument


def load_instruments(folder: Path) -> dict[str, Instrument]:
    """All questionnaires of a folder by id.

    Raises:
        DocumentError: one of them cannot be used.
    """
    found = [load_instrument(path) for path in sorted(folder.glob("*.yaml"))]
    return {i.instrument: i for i in found}


def score(instrument: Instrument, score: Score, answers: Mapping[str, float | None]) -> Scored:
    """The score of one form; `answers` by item id, None or absent where skipped.

    Raises:
        ValueError: an answer is outside its range; the message names item, value and range.
    """
    fractions: list[float] = []
    skipped = 0
    items = instrument.scored(score)
    for item in items:
        scale, value = instrument.answers_of(item), answers.get(item.id)
        if value is None:
            skipped += 1
            continue
        if not scale.low <= value <= scale.high:
            raise ValueError(
                f"{instrument.instrument}.{item.id}: found {value:g}, allowed: {scale.low} to {scale.high}"
            )
        fraction = (value - scale.low) / (scale.high - scale.low)
        fractions.append(1 - fraction if item.reverse else fraction)
    if skipped > score.missing.at_most or not fractions:
        return Scored(None, len(fractions), len(items))
    if score.missing.counts_as == "middle":
        fractions += [0.5] * skipped
    low, high = score.range
    return Scored(low + sum(fractions) / len(fractions) * (high - low), len(items) - skipped, len(items))


def _faults_of_items(instrument: Instrument) -> list[Fault]:
    faults = []
    for name, scale in instrument.answers.items():
        if scale.high <= scale.low:
            faults.append(Fault(("answers", name, "high"), str(scale.high), f"more than low, {scale.low}"))
        for language, labels in scale.labels.items():
            wrong = [v for v in labels if not scale.low <= v <= scale.high]
            faults += [
                Fault(("answers", name, "labels", language, v), f"a word for {v}", f"{scale.low} to {scale.high}")
                for v in wrong
            ]
    for i, item in enumerate(instrument.items):
        if item.id in [other.id for other in instrument.items[:i]]:
            faults.append(Fault(("items", i, "id"), f"'{item.id}' a second time", "an id of its own"))
        if item.answers is not None and item.answers not in instrument.answers:
            allowed = nearest(item.answers, list(instrument.answers))
            faults.append(Fault(("items", i, "answers"), f"unknown answers '{item.answers}'", allowed))
        if item.answers is None and not item.words and len(instrument.answers) > 1:
            faults.append(Fault(("items", i, "answers"), "nothing", ", ".join(sorted(instrument.answers))))
    texts = [(("title",), instrument.title), (("intro",), instrument.intro)]
    texts += [(("items", i, "text"), item.text) for i, item in enumerate(instrument.items) if item.text]  # type: ignore[misc]
    texts += [(("scores", i, "name"), s.name) for i, s in enumerate(instrument.scores)]  # type: ignore[misc]
    for location, text in texts:
        faults += [
            Fault((*location, language), "no words", f"words in every one of: {', '.join(instrument.languages)}")
            for language in instrument.languages
            if language not in text
        ]
    return faults


def _faults_of_scores(instrument: Instrument) -> list[Fault]:
    faults = []
    for i, s in enumerate(instrument.scores):
        for k, name in enumerate(s.items):
            if name not in instrument.item:
                allowed = nearest(name, list(instrument.item))
                faults.append(Fault(("scores", i, "items", k), f"unknown item '{name}'", allowed))
            elif instrument.item[name].words:
                faults.append(Fault(("scores", i, "items", k), f"'{name}', answered in words", "items with numbers"))
        if s.range[1] <= s.range[0]:
            faults.append(Fault(("scores", i, "range"), f"{list(s.range)}", "[lowest, highest], lowest first"))
    return faults
