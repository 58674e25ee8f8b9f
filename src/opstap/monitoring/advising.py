"""From facts to advice, by the rules: seldom, with a reason, and the person's answer is the last word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from opstap.monitoring.facts import AdviceKind, Face, Fact, FactName
from opstap.monitoring.rules import Condition, Rule, Rules

STANDS = 180.0
"""An advice nobody answers is taken back after this, s."""


class Answer(str, Enum):
    """What a person says to an advice."""

    YES = "yes"
    NOT_NOW = "not_now"
    NEVER = "never"
    """Not this rule any more, until the person turns it on again."""


@dataclass(frozen=True)
class Advice:
    """Something to offer the person."""

    rule: str
    kind: AdviceKind
    given: float
    """When, s of the cell's clock."""
    facts: tuple[Fact, ...]
    """What it rests on, as it was then."""


@dataclass
class _Watch:
    """How one rule stands."""

    since: list[float | None]
    armed: bool = True
    quiet_until: float = float("-inf")


@dataclass
class Advisor:
    """One person's advice. In memory only."""

    rules: Rules
    off: set[str] = field(default_factory=set)
    """Ids of the rules the person turned off."""
    standing: Advice | None = None
    """What is offered now and not answered yet."""
    given: int = 0
    refused: int = 0
    """Answered with "not now" or "never", or not at all: the figure of quality of the rules."""
    _last: float = float("-inf")
    _last_now: float | None = None
    _watches: dict[str, _Watch] = field(default_factory=dict)
    _said: Face | None = None

    def say(self, face: Face) -> None:
        """The person said how it goes; looked at once, at the next `update`."""
        self._said = face

    def answer(self, answer: Answer, now: float) -> Advice | None:
        """The person's answer to what stands. Returns that advice, None where there is none (any more)."""
        advice, self.standing = self.standing, None
        if advice is None:
            return None
        if answer is not Answer.YES:
            self.refused += 1
        if answer is Answer.NOT_NOW:
            self._watch(advice.rule).quiet_until = now + 60 * self.rules.after_not_now_minutes
        elif answer is Answer.NEVER:
            self.off.add(advice.rule)
        return advice

    def update(self, facts: Mapping[FactName, Fact], now: float) -> Advice | None:
        """A new advice, or None. At most one at a time, and with the rules' spacing between two."""
        said, self._said = self._said, None
        if self._last_now is not None and now < self._last_now:  # the clock was set back: spacing begins anew
            self._last, self.standing = now, None
            for watch in self._watches.values():
                watch.since, watch.quiet_until = [None] * len(watch.since), min(watch.quiet_until, now)
        self._last_now = now
        if self.standing and now - self.standing.given > STANDS:
            self.standing, self.refused = None, self.refused + 1
        fired: Rule | None = None
        for rule in self.rules.rules:
            holds = self._holds(rule, facts, now)
            asked = said is not None and said in rule.said
            if fired is None and (holds or asked) and rule.id not in self.off and self._may(rule, now):
                fired = rule
        if fired is None:
            return None
        self._watch(fired.id).armed = False
        self._last, self.given = now, self.given + 1
        self.standing = Advice(fired.id, fired.advice, now, tuple(facts[c.fact] for c in fired.when))
        return self.standing

    def _may(self, rule: Rule, now: float) -> bool:
        spaced = now - self._last >= 60 * self.rules.spacing_minutes
        return self.standing is None and spaced and now >= self._watch(rule.id).quiet_until

    def _watch(self, rule: str) -> _Watch:
        if rule not in self._watches:
            found = next(r for r in self.rules.rules if r.id == rule)
            self._watches[rule] = _Watch([None] * len(found.when))
        return self._watches[rule]

    def _holds(self, rule: Rule, facts: Mapping[FactName, Fact], now: float) -> bool:
        """Whether all conditions hold for long enough, after all of them had been at rest since the last time."""
        if not rule.when:
            return False
        watch = self._watch(rule.id)
        for i, condition in enumerate(rule.when):
            over = _over(condition, facts[condition.fact])
            watch.since[i] = (now if watch.since[i] is None else watch.since[i]) if over else None
        if not watch.armed and any(_rests(c, facts[c.fact]) for c in rule.when):
            watch.armed = True
        held = zip(rule.when, watch.since, strict=True)
        return watch.armed and all(since is not None and now - since >= c.lasting for c, since in held)


def _measure(condition: Condition, fact: Fact) -> float | None:
    """The fact as the condition measures it; None: not known, so the condition does not hold."""
    if fact.value is None or fact.confidence < condition.confidence:
        return None
    if not condition.times_usual:
        return fact.value
    return fact.value / fact.baseline if fact.baseline else None


def _over(condition: Condition, fact: Fact) -> bool:
    value = _measure(condition, fact)
    return value is not None and value > condition.above and (fact.value or 0.0) >= condition.at_least


def _rests(condition: Condition, fact: Fact) -> bool:
    value = _measure(condition, fact)
    return value is not None and value <= condition.rests_at


def words(rules: Rules, advice: Advice, language: str) -> str:
    """An advice as the person reads it."""
    rule = next(r for r in rules.rules if r.id == advice.rule)
    text = rule.says.get(language) or rule.says["en"]
    figures = {f.name.value: f"{f.value:.1f}" if f.unit == "1" and f.name is FactName.PACE else f"{f.value:.0f}"
               for f in advice.facts if f.value is not None}  # fmt: skip
    return text.format(**figures)
