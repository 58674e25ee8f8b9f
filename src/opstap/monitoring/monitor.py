"""One person's monitor: what is known, off, said and advised. All of it in memory, all of it theirs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from opstap.monitoring.advising import Advice, Advisor, Answer
from opstap.monitoring.facts import Face, Fact, FactName
from opstap.monitoring.observing import Observer
from opstap.monitoring.rules import Rules
from opstap.monitoring.telling import SHOWN, lines
from opstap.workflow.model import State

REMEMBERED = 50
"""Advices and faces that are kept for the person to look back at."""


@dataclass
class Monitor:
    """Everything that is known of `person`, and nothing of anybody else."""

    person: str
    rules: Rules
    reach: float
    off: set[FactName] = field(default_factory=set)
    """Facts the person does not want looked at."""
    shared: set[FactName] = field(default_factory=set)
    """Facts the person shares with the coach, by an action of their own."""
    faces: list[tuple[float, Face]] = field(default_factory=list)
    history: list[tuple[Advice, str]] = field(default_factory=list)
    """Advices with the answers they got."""
    _show_from: float = float("-inf")

    def __post_init__(self) -> None:
        self.observer = Observer(self.reach)
        self.advisor = Advisor(self.rules)

    def work(self, now: float, state: State, step: str) -> None:
        """See `Observer.work`."""
        self.observer.work(now, state, step)

    def hands(self, now: float, reaches: Collection[float], moved: bool) -> None:
        """See `Observer.hands`; where every fact that needs hands is off, they are not even looked at."""
        if not {FactName.HESITATION, FactName.REACH, FactName.ABSENT} <= self.off:
            self.observer.hands(now, reaches, moved)

    def update(self, now: float) -> tuple[dict[FactName, Fact], Advice | None]:
        """The facts at `now`, and the advice that stands."""
        facts = self.observer.facts(now, self.off)
        before = self.advisor.standing
        self.advisor.update(facts, now)
        if before and self.advisor.standing is not before:
            self._remember(before, "no answer")
        return facts, self.advisor.standing

    def say(self, face: Face, now: float) -> None:
        """The person said how it goes."""
        self.faces = [*self.faces, (now, face)][-REMEMBERED:]
        self.advisor.say(face)

    def answer(self, answer: Answer, now: float) -> Advice | None:
        """The person's answer to the advice that stands."""
        advice = self.advisor.answer(answer, now)
        if advice:
            self._remember(advice, answer.value)
        return advice

    def switch(self, fact: FactName, on: bool) -> None:
        """Look at this, or do not any more."""
        (self.off.discard if on else self.off.add)(fact)
        if not on:
            self.shared.discard(fact)

    def share(self, fact: FactName, on: bool) -> None:
        """Let the coach see this, or not any more. What is off cannot be shared."""
        if on and fact not in self.off:
            self.shared.add(fact)
        else:
            self.shared.discard(fact)

    def for_the_coach(self, now: float) -> dict[FactName, Fact]:
        """The facts that the person shares, and no others."""
        return {name: fact for name, fact in self.observer.facts(now, self.off).items() if name in self.shared}

    def show(self, now: float) -> None:
        """The person wants to see on the table what is known."""
        self._show_from = now

    def on_the_table(self, now: float, language: str) -> str:
        """The lines that are shown there at `now`; "" where nobody asked for them."""
        if not 0 <= now - self._show_from < SHOWN:
            return ""
        return lines(self.observer.facts(now, self.off), self.shared, language)

    def export(self, now: float) -> dict[str, Any]:
        """All that is known of the person, to take away as JSON."""
        facts = self.observer.facts(now, self.off)
        return {
            "person": self.person,
            "at": now,
            "facts": {n.value: {"value": f.value, "unit": f.unit, "usual": f.baseline, "confidence": f.confidence,
                                "why_not_known": f.why} for n, f in facts.items()},
            "usual_seconds_of_steps": self.observer.usual(),
            "off": sorted(f.value for f in self.off),
            "rules_off": sorted(self.advisor.off),
            "shared_with_the_coach": sorted(f.value for f in self.shared),
            "said": [{"at": at, "face": face.value} for at, face in self.faces],
            "advised": [{"at": a.given, "rule": a.rule, "advice": a.kind.value, "answer": said}
                        for a, said in self.history],
        }  # fmt: skip

    def erase(self) -> None:
        """Forget everything but what the person turned off: who is forgotten is not looked at again for that."""
        off = self.advisor.off
        self.shared, self.faces, self.history = set(), [], []
        self.observer, self.advisor = Observer(self.reach), Advisor(self.rules, off)

    def _remember(self, advice: Advice, answer: str) -> None:
        self.history = [*self.history, (advice, answer)][-REMEMBERED:]
