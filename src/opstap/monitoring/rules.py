"""The monitor's rules as a file (`config/rules/monitor.yaml`) that a coach can read, checked when it is loaded."""

from __future__ import annotations

from pathlib import Path
from string import Formatter
from typing import Annotated

from pydantic import Field

from opstap.documents import Document, Fault, Model
from opstap.monitoring.facts import SIGNALS, AdviceKind, Face, FactName
from opstap.scene import Id, Language

LEAST_SPACING = 30
"""Minutes between two advices that no file may go below: most alarms of such a monitor are false."""


class Condition(Model):
    """One thing that must hold."""

    fact: FactName
    above: Annotated[float, Field(gt=0)]
    """In the fact's unit, or times what is usual for the person."""
    times_usual: bool = False
    at_least: Annotated[float, Field(ge=0)] = 0.0
    """And at least this in the fact's unit, however little is usual."""
    until: Annotated[float, Field(ge=0)] | None = None
    """The rule can fire again after the fact was at or below this, in the same measure."""
    lasting: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """For so long without a break, s."""
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.5
    """With less the fact does not count."""

    @property
    def rests_at(self) -> float:
        return self.above / 2 if self.until is None else self.until


class Rule(Model):
    """When to advise what, and the words the person reads."""

    id: Id
    advice: AdviceKind
    when: tuple[Condition, ...] = ()
    """All of them must hold; empty: only when the person says so."""
    said: tuple[Face, ...] = ()
    """Or the person said one of these."""
    says: dict[Language, Annotated[str, Field(min_length=1, max_length=200)]]
    """With {fact} for the number that a fact has."""


class Rules(Model):
    """All rules of a cell."""

    spacing_minutes: Annotated[float, Field(ge=LEAST_SPACING, le=480)] = LEAST_SPACING
    after_not_now_minutes: Annotated[float, Field(ge=LEAST_SPACING, le=480)] = 90
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


def load_rules(path: Path, languages: tuple[Language, ...] = ("nl", "en")) -> Rules:
    """The rules in `path`.

    Raises:
        DocumentError: with all faults of the file.
    """
    document = Document.read(path)
    rules = document.parse(Rules)
    faults = [f for i, rule in enumerate(rules.rules) for f in _faults(i, rule, rules, languages)]
    if faults:
        raise document.error(faults)
    return rules


def _faults(i: int, rule: Rule, rules: Rules, languages: tuple[Language, ...]) -> list[Fault]:
    faults = []
    here = ("rules", i)
    if rule.id in [r.id for r in rules.rules[:i]]:
        faults.append(Fault((*here, "id"), f"'{rule.id}' a second time", "an id of its own"))
    if not rule.when and not rule.said:
        faults.append(Fault(here, "neither 'when' nor 'said'", "at least one of them"))
    signals = {SIGNALS[c.fact] for c in rule.when}
    if rule.advice is AdviceKind.BREAK and rule.when and len(signals) < 2:
        found = ", ".join(c.fact.value for c in rule.when)
        faults.append(
            Fault(
                (*here, "when"), found, "two independent signals for a break, such as pace and since_break, or 'said'"
            )
        )
    for k, condition in enumerate(rule.when):
        if condition.rests_at >= condition.above:
            faults.append(Fault((*here, "when", k, "until"), f"{condition.rests_at:g}", f"below {condition.above:g}"))
    faults += [
        Fault((*here, "says", language), "no words", f"words in every one of: {', '.join(languages)}")
        for language in languages
        if language not in rule.says
    ]
    names = {c.fact.value for c in rule.when}
    for language, text in rule.says.items():
        try:
            used = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        except ValueError as error:
            used = {str(error)}
        if not used <= names:
            allowed = ", ".join(f"{{{n}}}" for n in sorted(names)) or "no {number}"
            faults.append(Fault((*here, "says", language), f"'{text}'", allowed))
    return faults
