"""What the monitor knows of the person who works, as the bench page shows it to that person, and what the person asks.

It goes to pages of the role operator alone: what a coach sees is another message, in `coaching`, of what is shared.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opstap.messages import Message
from opstap.monitoring.facts import AdviceKind, FactName, Signal
from opstap.monitoring.rules import Rules

About = Literal["say", "answer", "switch", "share", "rule", "erase", "remember", "show"]


class Use(Message):
    """A rule that looks at a fact, and from where on."""

    rule: str
    advice: AdviceKind
    above: float
    """In the fact's unit, or times what is usual for this person."""
    times_usual: bool
    at_least: float
    """And at least this in the fact's unit."""
    alone: bool
    """It needs nothing else; false: together with another fact."""
    on: bool
    """The person did not turn this rule off."""


class Known(Message):
    """One fact as it is now."""

    name: FactName
    signal: Signal
    """Where it comes from."""
    value: float | None
    """None: not known now, or switched off."""
    unit: str
    usual: float | None
    """What is usual for this person."""
    confidence: Annotated[float, Field(ge=0, le=1)]
    on: bool
    shared: bool
    """The coach sees it too."""
    uses: tuple[Use, ...]


class Offer(Message):
    """An advice that stands."""

    rule: str
    kind: AdviceKind
    words: str
    """In the person's language."""
    because: tuple[FactName, ...]


class AboutMe(Message):
    """All of it; `heard` false: the monitor is not there, and nothing is known."""

    heard: bool
    person: str = ""
    facts: tuple[Known, ...] = ()
    offer: Offer | None = None
    rules_off: tuple[str, ...] = ()
    advised: Annotated[int, Field(ge=0)] = 0
    refused: Annotated[int, Field(ge=0)] = 0
    forgotten: bool = False
    """The person asked to be forgotten: the work is written down as nobody's until they ask otherwise."""


class AboutUpdate(Message):
    """What is known of the person, and how old that was when it was sent."""

    type: Literal["about"] = "about"
    age: float
    snapshot: AboutMe


class AboutInput(Message):
    """What the person asks of the monitor, about themselves."""

    type: Literal["about_input"] = "about_input"
    asked: About
    about: Annotated[str, Field(max_length=40)] = ""
    """Name of a fact or id of a rule."""
    value: Annotated[str, Field(max_length=40)] = ""
    """say: good, so_so or not_good; answer: yes, not_now or never; switch, share and rule: on or off."""


def uses(rules: Rules, rules_off: tuple[str, ...]) -> dict[FactName, tuple[Use, ...]]:
    """Which rules look at each fact."""
    return {
        name: tuple(
            Use(rule=rule.id, advice=rule.advice, above=c.above, times_usual=c.times_usual, at_least=c.at_least,
                alone=len(rule.when) == 1, on=rule.id not in rules_off)
            for rule in rules.rules for c in rule.when if c.fact is name
        )
        for name in FactName
    }  # fmt: skip
