"""Costs and gains of a bench by Monte Carlo: every assumption is a range, and so is every answer.

A range becomes a PERT distribution (Malcolm et al. 1959): a beta distribution between `low` and `high` with its mode at
`likely`. The assumptions are drawn independently; where yours hang together, the answer's range is too narrow or too
wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from opstap.documents import Document, Model
from opstap.scene import Id, Language

Array = npt.NDArray[np.float64]
DRAWS = 20_000
SEED = 20_240


class Range(Model):
    """An assumption: what it is at least, most likely and at most."""

    low: float
    likely: float
    high: float
    why: dict[Language, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if not self.low <= self.likely <= self.high:
            raise ValueError(f"low <= likely <= high, found {self.low:g}, {self.likely:g}, {self.high:g}")
        return self

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """`n` values of the PERT distribution."""
        width = self.high - self.low
        if width == 0:
            return np.full(n, self.low)
        a, b = 1 + 4 * (self.likely - self.low) / width, 1 + 4 * (self.high - self.likely) / width
        return self.low + width * rng.beta(a, b, n)


class Assumptions(Model):
    """All that goes into the sum. Euro, hours, percent as the names say; docs/evaluation.md explains each."""

    hardware: Range
    setup_hours: Range
    setup_rate: Range
    upkeep_year: Range
    new_work_hours: Range
    hours_week: Range
    weeks_year: Range
    coach_rate: Range
    coach_minutes_saved: Range
    cases_hour: Range
    bad_cases_less: Range
    bad_case_cost: Range
    faster: Range
    case_margin: Range
    absence_days_less: Range
    absence_day_cost: Range


class Business(Model):
    """A business case as a file (`config/business/*.yaml`)."""

    business: Id
    title: dict[Language, str]
    months: Annotated[int, Field(ge=12, le=180)] = 60
    assumptions: Assumptions


@dataclass(frozen=True)
class Swing:
    """What the net result does when one assumption goes from its low to its high and the others stay likely, euro."""

    name: str
    at_low: float
    at_high: float


@dataclass(frozen=True)
class Outcome:
    """What the assumptions add up to; never one number."""

    months: Array
    quantiles: Array
    """(5, months + 1): cumulative net result at 5, 25, 50, 75, 95 %, euro."""
    paid_back: Array
    """(months + 1,): chance, 0 to 1, that the bench has paid for itself by then."""
    gains: Mapping[str, tuple[float, float, float]]
    """Yearly gain by kind at 5, 50 and 95 %, euro."""
    cost: tuple[float, float, float]
    """Cost at the start, and ..."""
    running: tuple[float, float, float]
    """... in a year, at 5, 50 and 95 %, euro."""
    swings: tuple[Swing, ...]
    """Largest first."""


def load_business(path: Path) -> Business:
    """The business case in `path`.

    Raises:
        DocumentError: with all faults of the file.
    """
    return Document.read(path).parse(Business)


def yearly(v: Mapping[str, Array]) -> tuple[Array, Array, dict[str, Array]]:
    """Cost at the start, running cost in a year, and gains in a year by kind, euro; the only formulas there are."""
    start = v["hardware"] + v["setup_hours"] * v["setup_rate"]
    running = v["upkeep_year"] + v["new_work_hours"] * v["setup_rate"]
    hours = v["hours_week"] * v["weeks_year"]
    cases = hours * v["cases_hour"]
    gains = {
        "coach": hours * v["coach_minutes_saved"] / 60 * v["coach_rate"],
        "quality": cases * v["bad_cases_less"] / 100 * v["bad_case_cost"],
        "pace": cases * v["faster"] / 100 * v["case_margin"],
        "absence": v["absence_days_less"] * v["absence_day_cost"],
    }
    return start, running, gains


def work_out(business: Business, draws: int = DRAWS, seed: int = SEED) -> Outcome:
    """What the assumptions of `business` add up to."""
    rng = np.random.default_rng(seed)
    ranges = {name: getattr(business.assumptions, name) for name in Assumptions.model_fields}
    start, running, gains = yearly({name: r.draw(rng, draws) for name, r in ranges.items()})
    months = np.arange(business.months + 1, dtype=float)
    net = sum(gains.values(), -running)
    # Gains and costs come evenly, so the balance is a straight line of time, and once paid back it stays so.
    balance = -start[:, None] + net[:, None] * months[None, :] / 12
    likely = {name: np.array([r.likely]) for name, r in ranges.items()}

    def end(name: str, value: float) -> float:
        s, c, g = yearly(likely | {name: np.array([value])})
        return float((-s + (sum(g.values(), -c)) * business.months / 12)[0])

    swings = [Swing(name, end(name, r.low), end(name, r.high)) for name, r in ranges.items()]
    return Outcome(
        months=months,
        quantiles=np.quantile(balance, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0),
        paid_back=(balance >= 0).mean(0),
        gains={kind: _three(g) for kind, g in gains.items()},
        cost=_three(start),
        running=_three(running),
        swings=tuple(sorted(swings, key=lambda s: -abs(s.at_high - s.at_low))),
    )


def _three(values: Array) -> tuple[float, float, float]:
    low, middle, high = (float(q) for q in np.quantile(values, [0.05, 0.5, 0.95]))
    return low, middle, high
