"""Simulated shifts of eight hours: how often the monitor's rules advise something without a reason, or miss one.

python bench/shifts.py [--seeds A-B] [--rules FILE]

Each virtual worker is one of five: `learner` (slow at first, faster by the hour), `tiring` (slower from some moment of
the afternoon on, until a break), `bad_day` (a stretch of mix-ups), `expert` (fast, even), `returning` (days away, then
slow for an hour). All have noise from step to step, hands that rest, a chat or a dropped part now and then, breaks, an
empty bin, calls for help.
What is a *reason* is written down by the simulation and unknown to the monitor:

- level: a stretch with a third of the steps mixed up
- help: more than 40 s at a loss, or a bin that is empty for more than 3 minutes
- break: a step takes 1.4 times as long as it would rested, an hour and a half or more after the last break

An advice is *false* when no reason of its kind held within 10 minutes before or after; a reason is *missed* when it
lasted (break: 30 minutes; others: as above) and no advice of its kind came until 10 minutes after. A reason within 30
minutes of another advice cannot be advised on, by the rules of spacing; it counts as missed all the same.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from opstap.monitoring.advising import Answer
from opstap.monitoring.facts import AdviceKind
from opstap.monitoring.monitor import Monitor
from opstap.monitoring.rules import Rules, load_rules
from opstap.workflow.model import Phase, Problem, State, Trouble

ROOT = Path(__file__).parents[1]
HOUR, MINUTE = 3600.0, 60.0
SHIFT = 8 * HOUR
STEPS = 26
LOOK = 10.0
"""Time between two looks of the monitor, s."""
GRACE = 10 * MINUTE
KINDS = ("learner", "tiring", "bad_day", "expert", "returning")
BREAKS = (2.5, 5.25)
"""Breaks of a quarter and half an hour begin so many hours into the shift."""


@dataclass
class Reasons:
    """When there was a reason for what: stretches of (from, until)."""

    level: list[tuple[float, float]] = field(default_factory=list)
    help: list[tuple[float, float]] = field(default_factory=list)
    rest: list[tuple[float, float]] = field(default_factory=list)


class Shift:
    """One worker's days: two to get to know the person, and the one that counts."""

    def __init__(self, kind: str, rules: Rules, seed: int) -> None:
        self.kind, self.random = kind, np.random.default_rng(seed)
        self.monitor = Monitor("w", rules, 0.38)
        self.now = 0.0
        self.state = State(job=1, phase=Phase.TAKE)
        self.base = {"expert": 4.0, "learner": 9.0}.get(kind, 6.0) * float(1.25 ** self.random.standard_normal())
        self.done = 0
        self.reasons = Reasons()
        self.advices: list[tuple[float, AdviceKind, str]] = []
        self.counts = False
        self.looked = 0.0

    def run(self) -> None:
        for day in range(3):
            self.counts = day == 2
            self._day(day)
            self._away(15 * HOUR if day < 2 else 0.0)

    def _day(self, day: int) -> None:
        r = self.random
        start = self.now
        tires = start + r.uniform(2.9, 3.7) * HOUR if self.kind == "tiring" and day == 2 else np.inf
        bad = start + r.uniform(0.7, 6.5) * HOUR if self.kind == "bad_day" and day == 2 else np.inf
        rested, breaks = start, [start + b * HOUR for b in BREAKS]
        slow_since: float | None = None
        while self.now < start + SHIFT:
            if breaks and self.now >= breaks[0]:
                breaks.pop(0)
                if slow_since is not None:
                    self._reason(self.reasons.rest, slow_since, self.now)
                slow_since, tires = None, (np.inf if self.now > tires else tires)
                self._away(15 * MINUTE + (15 * MINUTE if not breaks else 0))
                rested = self.now
            slower = 1.0
            if self.kind == "returning" and day == 2 and self.now < start + HOUR:
                slower = 1.3
            if self.now > tires:
                slower = 1 + 0.6 * min(1.0, (self.now - tires) / (0.8 * HOUR))
            if slower >= 1.4 and self.now - rested > 1.5 * HOUR:
                slow_since = slow_since or self.now
            in_bad = bad < self.now < bad + 15 * MINUTE
            if in_bad and not (self.reasons.level and self.reasons.level[-1][1] > self.now):
                self._reason(self.reasons.level, bad, bad + 15 * MINUTE)
            self._step(slower, 0.35 if in_bad else 0.012)
        if slow_since is not None:
            self._reason(self.reasons.rest, slow_since, self.now)

    def _step(self, slower: float, mixup: float) -> None:
        r = self.random
        learning = 1 + 0.9 * (self.done / 150 + 1) ** -0.7 if self.kind == "learner" else 1.0
        seconds = self.base * learning * slower * float(1.25 ** r.standard_normal())
        if r.random() < 0.08:
            self._go(3 + r.exponential(4), moves=False)  # hands rest: looking, thinking
        if r.random() < 0.004:
            seconds += r.exponential(25)  # a chat, a dropped part: hands go on moving
        if r.random() < mixup:
            self._tell(problems=(Problem(Trouble.WRONG_PICK, "b", 1, 0),))
            self._go(3.0)
            self._tell(problems=())
        if r.random() < 0.0006:
            begin = self.now
            self._go(r.uniform(45, 120), moves=False)  # at a loss
            self._reason(self.reasons.help, begin, self.now)
        if r.random() < 0.0012:
            begin, empty = self.now, r.exponential(100)
            self._tell(problems=(Problem(Trouble.EMPTY_BIN, "b", 1, 0),))
            self._go(empty)
            self._tell(problems=())
            if empty > 180:
                self._reason(self.reasons.help, begin, self.now)
        if r.random() < 0.0008:
            self._tell(help_since=1)
            self._go(r.exponential(90))
            self._tell(help_since=None)
        self._go(seconds)
        self.done += 1
        last = self.state.step + 1 >= STEPS
        self._tell(step=0, job=self.state.job + 1) if last else self._tell(step=self.state.step + 1)

    def _tell(self, **changes: object) -> None:
        self.state = State(**(vars(self.state) | changes))  # type: ignore[arg-type]
        self.monitor.work(self.now, self.state, f"s{self.state.step}")

    def _go(self, seconds: float, moves: bool = True) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 2.0)
            self.monitor.hands(self.now, [0.25], moves)
            if self.now >= self.looked + LOOK:
                self._look()

    def _away(self, seconds: float) -> None:
        end = self.now + seconds
        self._tell(paused=True)
        while self.now < end:
            self.now = min(end, self.now + 50.0)
            self.monitor.hands(self.now, [], False)
            self.monitor.update(self.now)
        self._tell(paused=False)

    def _look(self) -> None:
        self.looked = self.now
        before = self.monitor.advisor.given
        advice = self.monitor.update(self.now)[1]
        if self.monitor.advisor.given > before and advice:
            if self.counts:
                self.advices.append((self.now, advice.kind, advice.rule))
            self.monitor.answer(Answer.YES, self.now)

    def _reason(self, of: list[tuple[float, float]], since: float, until: float) -> None:
        if self.counts:
            of.append((since, until))


def judge(shift: Shift, table: Counter[tuple[str, str]]) -> None:
    """Count what this shift says of each rule."""
    reasons = {
        AdviceKind.LEVEL: shift.reasons.level,
        AdviceKind.HELP: shift.reasons.help,
        AdviceKind.BREAK: shift.reasons.rest,
    }
    for at, kind, rule in shift.advices:
        right = any(since - GRACE <= at <= until + GRACE for since, until in reasons[kind])
        table[rule, "right" if right else "false"] += 1
    for kind, stretches in reasons.items():
        for since, until in stretches:
            if kind is AdviceKind.BREAK and until - since < 30 * MINUTE:
                continue
            table[kind.value, "reasons"] += 1
            table[kind.value, "missed"] += not any(
                k is kind and since - GRACE <= at <= until + GRACE for at, k, _ in shift.advices
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", default="1000-1019", help="first and last seed; each gives a shift of every kind")
    parser.add_argument("--rules", type=Path, default=ROOT / "config/rules/monitor.yaml")
    options = parser.parse_args()
    first, last = map(int, options.seeds.split("-"))
    rules = load_rules(options.rules)
    total: Counter[tuple[str, str]] = Counter()
    by_kind: dict[str, Counter[tuple[str, str]]] = {k: Counter() for k in KINDS}
    for seed in range(first, last + 1):
        for kind in KINDS:
            shift = Shift(kind, rules, seed)
            shift.run()
            judge(shift, by_kind[kind])
    for table in by_kind.values():
        total.update(table)
    shifts = (last - first + 1) * len(KINDS)
    print(f"{shifts} simulated shifts of 8 hours, seeds {options.seeds}")
    print("| rule | advises | right | false | false a shift |\n|---|---|---|---|---|")
    for rule in rules.rules:
        right, false = total[rule.id, "right"], total[rule.id, "false"]
        print(f"| `{rule.id}` | {rule.advice.value} | {right} | {false} | {false / shifts:.2f} |")
    print("\n| reason for | reasons | missed |\n|---|---|---|")
    for kind in AdviceKind:
        print(f"| {kind.value} | {total[kind.value, 'reasons']} | {total[kind.value, 'missed']} |")
    print("\n| worker | right | false | missed |\n|---|---|---|---|")
    for name, table in by_kind.items():
        sums = [sum(n for (_, what), n in table.items() if what == wanted) for wanted in ("right", "false", "missed")]
        print(f"| {name} | " + " | ".join(map(str, sums)) + " |")


if __name__ == "__main__":
    main()
