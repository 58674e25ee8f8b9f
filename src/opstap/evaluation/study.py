"""A study as a file (`config/studies/*.yaml`): what is compared with what, and which outcome was named beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from opstap.documents import Document, Fault, Model, nearest
from opstap.evaluation.instruments import Instrument
from opstap.evaluation.measures import MEASURES
from opstap.scene import Id, Language

Words = dict[Language, Annotated[str, Field(min_length=1, max_length=400)]]


class Condition(Model):
    """One of the two things that are compared."""

    id: Id
    """As the store's sessions and forms name it."""
    name: Words
    """As in "a case took 20 % less time {name}"."""
    forms: Annotated[str, Field(pattern=r"^[a-z0-9_]*$")] = ""
    """Phase of the forms that belong to it (pre, post, ...); empty: the forms that name the condition."""


class Outcome(Model):
    """What is compared: a measure of the work, or a score `instrument.score`."""

    measure: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
    scale: Literal["difference", "ratio"] = "difference"
    worthwhile: Annotated[float, Field(gt=0)] | None = None
    """The smallest change that would matter to the people of the study: in its unit, or in % for a ratio."""


class Study(Model):
    """A study of one group of people, each measured under both conditions."""

    study: Id
    title: Words
    about: Words = Field(default_factory=dict)
    """Who took part, where and when; printed as it is."""
    design: Literal["before_after", "with_without", "crossover"]
    """before_after: all had the first condition first. with_without: sessions of both kinds took turns. crossover: half
    had one first, half the other."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("nl", "en")
    task: str = ""
    """Only sessions of this task; empty: all."""
    cell: str = ""
    conditions: Annotated[tuple[Condition, Condition], Field()]
    skip_first: Annotated[int, Field(ge=0)] = 0
    """Sessions at the start of each condition that are left out, to get used to it."""
    use_last: Annotated[int, Field(ge=1)] | None = None
    """Only the last so many sessions of each condition, where learning has levelled off."""
    primary: str
    """The one outcome named beforehand; all others only suggest."""
    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1)]
    target_seconds: Annotated[float, Field(gt=0)] | None = None
    """Target pace, seconds per case."""
    registered: str = ""
    """Where and when the design and the primary outcome were written down beforehand."""


def load_study(path: Path, instruments: Mapping[str, Instrument]) -> Study:
    """The study in `path`.

    Raises:
        DocumentError: with all faults of the file.
    """
    document = Document.read(path)
    study = document.parse(Study)
    faults = _faults(study, instruments)
    if faults:
        raise document.error(faults)
    return study


def _faults(study: Study, instruments: Mapping[str, Instrument]) -> list[Fault]:
    allowed = [*MEASURES, *(f"{i.instrument}.{s.id}" for i in instruments.values() for s in i.scores)]
    faults = []
    for i, outcome in enumerate(study.outcomes):
        if outcome.measure not in allowed:
            faults.append(Fault(("outcomes", i, "measure"), f"'{outcome.measure}'", nearest(outcome.measure, allowed)))
        if outcome.measure in [o.measure for o in study.outcomes[:i]]:
            faults.append(Fault(("outcomes", i, "measure"), f"'{outcome.measure}' a second time", "each measure once"))
        if outcome.scale == "ratio" and "." in outcome.measure:
            faults.append(Fault(("outcomes", i, "scale"), "ratio", "difference: a score has no zero to divide by"))
    measures = [o.measure for o in study.outcomes]
    if study.primary not in measures:
        faults.append(Fault(("primary",), f"'{study.primary}'", f"one of the outcomes: {', '.join(measures)}"))
    if study.conditions[0].id == study.conditions[1].id:
        faults.append(Fault(("conditions", 1, "id"), f"'{study.conditions[1].id}' a second time", "another condition"))
    texts = [(("title",), study.title)] + [(("conditions", i, "name"), c.name) for i, c in enumerate(study.conditions)]
    if study.about:
        texts.append((("about",), study.about))
    for location, text in texts:
        faults += [
            Fault((*location, language), "no words", f"words in every one of: {', '.join(study.languages)}")
            for language in study.languages
            if language not in text
        ]
    return faults
