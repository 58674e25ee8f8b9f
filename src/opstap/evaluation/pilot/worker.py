"""A virtual worker: learns, errs, asks for help, has good and bad days. Everything is drawn from the assumptions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opstap.evaluation.instruments import Instrument, Item
from opstap.evaluation.pilot.assumptions import Assumptions, Condition


@dataclass(frozen=True)
class Day:
    """How a day is."""

    slower: float
    more_errors: float


class Worker:
    """One virtual worker. The same assumptions and random stream give the same worker, doing the same things."""

    def __init__(self, assumptions: Assumptions, random: np.random.Generator) -> None:
        self.assumptions = assumptions
        self.random = random
        pace = assumptions.pace
        self.first = pace.first_step_seconds.draw(random)
        self.learned = min(1.0, pace.learned_share.draw(random))
        self.rate = pace.learning_rate.draw(random)
        self.error_factor = float(assumptions.errors.between_people ** random.standard_normal())
        conditions = assumptions.conditions.items()
        self.own_pace: dict[str, float] = {name: c.pace.draw(random) for name, c in conditions}
        self.help_per_hour: dict[str, float] = {name: c.help_per_hour.draw(random) for name, c in conditions}
        self.attitude = assumptions.answers.person.draw(random)
        self.bench_attitude = assumptions.answers.with_bench.draw(random)
        self.jobs = 0
        """Jobs done so far: practice."""

    def condition(self, name: str) -> Condition:
        return self.assumptions.conditions[name]  # type: ignore[index]

    def day(self) -> Day:
        """A new day."""
        pace = self.assumptions.pace
        bad = self.random.random() < pace.bad_day.chance
        slower = pace.day_spread ** self.random.standard_normal() * (pace.bad_day.slower if bad else 1.0)
        return Day(slower, pace.bad_day.more_errors if bad else 1.0)

    def job_pace(self, name: str, day: Day) -> float:
        """Seconds a step takes in this job, before what differs from step to step."""
        pace, gap = self.assumptions.pace, self.condition(name).gap
        practised = self.learned + (1 - self.learned) * gap * (self.jobs + 1) ** -self.rate
        noise = pace.job_spread ** self.random.standard_normal()
        return float(self.first * practised * self.own_pace[name] * day.slower * noise)

    def step_seconds(self, job_pace: float) -> tuple[float, float]:
        """Seconds until the part is taken, and from then until it is placed."""
        pace = self.assumptions.pace
        seconds = max(1.0, job_pace * pace.step_spread ** self.random.standard_normal())
        return seconds * (1 - pace.place_share), seconds * pace.place_share

    def mistake(self, name: str, day: Day) -> str | None:
        """What goes wrong at this step: wrong_bin, wrong_slot, too_many or nothing."""
        rates = self.condition(name).per_100_picks
        factor = self.error_factor * day.more_errors * (self.jobs + 1) ** -self.assumptions.errors.learning
        draw = self.random.random() * 100
        for kind in ("wrong_bin", "wrong_slot", "too_many"):
            draw -= min(30.0, getattr(rates, kind) * factor)
            if draw < 0:
                return kind
        return None

    def notices_after(self, name: str) -> float:
        return self.condition(name).notice_seconds.draw(self.random)

    def asks_for_help(self, name: str, seconds: float) -> bool:
        """Whether help is asked for within a step of `seconds`; rarer with practice, as errors are."""
        practice = (self.jobs + 1) ** -self.assumptions.errors.learning
        return bool(self.random.random() < self.help_per_hour[name] * practice * seconds / 3600)

    def helped_for(self, name: str) -> float:
        return self.condition(name).help_seconds.draw(self.random)

    def chooses(self, count: int) -> int:
        """One of `count` possibilities."""
        return int(self.random.integers(count))

    def bin_runs_out(self, steps: int) -> bool:
        """Whether the bin of this step is found empty, in a job of `steps` steps."""
        return bool(self.random.random() < self.assumptions.supply.empty_bins_per_100_jobs / 100 / steps)

    def refilled_after(self) -> float:
        return self.assumptions.supply.refill_seconds.draw(self.random)

    def answers(self, instrument: Instrument, name: str, phase: str) -> dict[str, float | None]:
        """The worker's answers by item, in the order asked; what comes after the worker stopped is not there."""
        said: dict[str, float | None] = {}
        for item in instrument.items:
            if item.words or ("pre" in phase and "pre" not in item.phases):
                continue
            said[item.id] = self._answer(instrument, item, name)
        stops = self.random.random() < self.assumptions.answers.stops_half_way
        return dict(list(said.items())[: len(said) // 2]) if stops and len(said) > 1 else said

    def _answer(self, instrument: Instrument, item: Item, name: str) -> float | None:
        assumed = self.assumptions.answers
        good = self.attitude + (self.bench_attitude if name == "with" else 0.0)
        place = float(np.clip(self.random.normal(good, assumed.item_sd), 0, 1))
        if self.random.random() < assumed.skips_item:
            return None
        falls = any(s.better == "lower" and item in instrument.scored(s) for s in instrument.scores)
        if item.reverse != falls:
            place = 1 - place
        answers = instrument.answers_of(item)
        return float(answers.low + round(place * (answers.high - answers.low)))
