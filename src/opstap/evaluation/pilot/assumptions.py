"""What a simulated pilot assumes (`config/pilots/*.yaml`): every number that goes in, with where it comes from."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from opstap.documents import Document, Fault, Model, nearest
from opstap.evaluation.instruments import Instrument
from opstap.scene import Id, Level

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Spread = Annotated[float, Field(ge=1, le=10)]
Rate = Annotated[float, Field(ge=0)]
Source = Annotated[str, Field(min_length=4)]


class LogNormal(Model):
    """Two thirds of draws lie between median / spread and median x spread."""

    median: Positive
    spread: Spread

    def draw(self, random: np.random.Generator) -> float:
        return float(self.median * self.spread ** random.standard_normal())


class Normal(Model):
    """Mean and standard deviation."""

    mean: float
    sd: Rate

    def draw(self, random: np.random.Generator) -> float:
        return float(random.normal(self.mean, self.sd))


class BadDay(Model):
    """A day on which things go worse."""

    chance: Share
    slower: Annotated[float, Field(ge=1)]
    more_errors: Annotated[float, Field(ge=1)]


class Pace(Model):
    """How fast a step is, and how that changes with practice: first x (learned + (1 - learned) x gap x jobs^-rate)."""

    first_step_seconds: LogNormal
    learned_share: LogNormal
    learning_rate: LogNormal
    job_spread: Spread
    step_spread: Spread
    day_spread: Spread
    bad_day: BadDay
    place_share: Share
    source: Source


class Mistakes(Model):
    """How often something has to be put right, per 100 picks."""

    wrong_bin: Rate
    wrong_slot: Rate
    too_many: Rate


class Condition(Model):
    """Work with or without the bench."""

    pace: LogNormal
    gap: Share
    per_100_picks: Mistakes
    notice_seconds: LogNormal
    help_per_hour: LogNormal
    help_seconds: LogNormal
    level: Level
    source: Source


class Errors(Model):
    """How errors differ between people and fall with practice."""

    between_people: Spread
    learning: Rate
    source: Source


class Supply(Model):
    """Bins that are found empty."""

    empty_bins_per_100_jobs: Rate
    refill_seconds: LogNormal
    source: Source


class Answers(Model):
    """How virtual workers answer questions, on a scale from 0 to 1."""

    person: Normal
    item_sd: Rate
    with_bench: Normal
    skips_item: Share
    stops_half_way: Share
    source: Source


class Block(Model):
    """Some working days under one condition, and the forms at their end."""

    condition: Literal["without", "with"]
    days: Annotated[int, Field(ge=1, le=250)]
    phase: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    forms: tuple[Id, ...] = ()


class Order(Model):
    """The blocks of one group of workers."""

    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]


class Assumptions(Model):
    """A whole simulated pilot. Workers take the orders of a plan in turn."""

    pilot: Id
    workers: Annotated[int, Field(ge=1, le=1000)]
    seed: Annotated[int, Field(ge=0)]
    starts: date
    session_minutes: Positive
    pace: Pace
    conditions: dict[Literal["without", "with"], Condition]
    errors: Errors
    supply: Supply
    answers: Answers
    plans: Annotated[dict[Id, Annotated[tuple[Order, ...], Field(min_length=1)]], Field(min_length=1)]


def load_assumptions(path: Path, instruments: dict[str, Instrument]) -> Assumptions:
    """The pilot in `path`.

    Raises:
        DocumentError: with all faults of the file.
    """
    document = Document.read(path)
    assumptions = document.parse(Assumptions)
    faults = [
        Fault(("conditions", name), "nothing", f"what is assumed of work {name} the bench")
        for name in ("without", "with")
        if name not in assumptions.conditions
    ]
    for plan, orders in assumptions.plans.items():
        for i, order in enumerate(orders):
            for j, block in enumerate(order.blocks):
                for k, form in enumerate(block.forms):
                    if form not in instruments:
                        where = ("plans", plan, i, "blocks", j, "forms", k)
                        faults.append(Fault(where, f"'{form}'", nearest(form, list(instruments))))
    if faults:
        raise document.error(faults)
    return assumptions
