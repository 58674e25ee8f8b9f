"""How much guidance: what the worker may set, and the rules by which it fades and comes back.

The rules are in `config/rules/guidance.yaml`. They count cases and things to put right, nothing else; the worker sees
the rule in words, chooses it, and puts it to rest with "leave me alone". A rule's change of level goes into the journal
as an input like the worker's own, with the rule's name as its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Annotated, get_args

from pydantic import Field

from opstap.documents import Document, Fault, Model, nearest
from opstap.instructions import Cell, Words
from opstap.scene import Id, Level, Modality, Profile
from opstap.workflow.model import Asked, OperatorInput, Phase, State

LEVELS: tuple[Level, ...] = get_args(Level)
"""From much guidance to none."""
MODALITIES: tuple[Modality, ...] = get_args(Modality)
BY_HAND = "by_hand"
VOLUMES = ("0", "20", "40", "60", "80", "100")


class Rule(Model):
    """When the level goes down and up by one; without numbers it never does."""

    id: Id
    says: Words
    """The rule as the worker reads it; `{less_after}` and `{more_after}` are filled in."""
    less_after: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Finished cases in a row with nothing to put right."""
    more_after: Annotated[int, Field(ge=1, le=100)] | None = None
    """Things to put right in one case."""
    least: Level = "lights"

    def words(self, language: str) -> str:
        """The rule in `language`, or in its first one."""
        text = self.says.get(language) or next(iter(self.says.values()))
        return text.format(less_after=self.less_after, more_after=self.more_after)


class Rules(Model):
    """The rules a worker can choose from."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    def __getitem__(self, name: str) -> Rule:
        return next(r for r in self.rules if r.id == name)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(r.id for r in self.rules)


def load_rules(path: Path, cell: Cell, scene_path: Path | None = None) -> Rules:
    """The rules in `path`, checked, also against the cell that works by them.

    Args:
        scene_path: where the cell's people come from, to name the line of one with an unknown rule.

    Raises:
        DocumentError: telling every fault with line and field.
    """
    document = Document.read(path)
    rules = document.parse(Rules)
    faults = [*_faults(rules, cell)]
    if faults:
        raise document.error(faults)
    if scene_path:
        unknown = [
            Fault(("people", i, "rule"), f"'{p.rule}'", nearest(p.rule, list(rules.ids)))
            for i, p in enumerate(cell.scene.people)
            if p.rule not in rules.ids
        ]
        if unknown:
            raise Document.read(scene_path).error(unknown)
    return rules


def _faults(rules: Rules, cell: Cell) -> list[Fault]:
    faults = []
    if BY_HAND not in rules.ids:
        faults.append(Fault(("rules",), f"no rule '{BY_HAND}'", "one by which only the worker changes the level"))
    for i, rule in enumerate(rules.rules):
        numbers = {n for n in ("less_after", "more_after") if getattr(rule, n) is not None}
        if rule.id in rules.ids[:i]:
            faults.append(Fault(("rules", i, "id"), f"'{rule.id}' a second time", "an id of its own"))
        if rule.id == BY_HAND and numbers:
            faults.append(
                Fault(("rules", i, min(numbers)), "a number", f"none: by '{BY_HAND}' only the worker decides")
            )
        faults += [
            Fault(
                ("rules", i, "says", language), "no words", f"words in every one of: {', '.join(cell.task.languages)}"
            )
            for language in cell.task.languages
            if language not in rule.says
        ]
        for language, text in rule.says.items():
            try:
                used = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
            except ValueError as error:
                used = {str(error)}
            if used != numbers:
                wanted = " and ".join(f"{{{n}}}" for n in sorted(numbers)) or "no number"
                faults.append(Fault(("rules", i, "says", language), f"'{text}'", f"words with {wanted} in them"))
    return faults


def settings(cell: Cell, rules: Rules) -> dict[str, tuple[str, ...]]:
    """What a worker may set, and to what."""
    return {
        "level": LEVELS,
        "rule": rules.ids,
        "alone": ("yes", "no"),
        "language": cell.task.languages,
        "modality": MODALITIES,
        "volume": VOLUMES,
        "motion": ("gentle", "none"),
    }


def refused(wish: OperatorInput, allowed: Mapping[str, tuple[str, ...]]) -> str:
    """Why `wish`, which sets something, cannot be followed; "" where it can."""
    if wish.setting not in allowed:
        return f"operator_input: setting: found '{wish.setting}', allowed: {', '.join(allowed)}"
    if wish.value not in allowed[wish.setting]:
        return f"operator_input: value: found '{wish.value}', allowed: {', '.join(allowed[wish.setting])}"
    return ""


def alone(state: State) -> bool:
    """Whether the worker asked to be left alone."""
    return state.chosen.get("alone") == "yes"


def as_chosen(profile: Profile, state: State, cell: Cell) -> Profile:
    """`profile` with what its person chose since; a language that the task no longer speaks is passed over."""
    own = state.chosen
    changes: dict[str, object] = {n: own[n] for n in ("level", "rule", "modality", "motion") if n in own}
    if own.get("language") in cell.task.languages:
        changes["language"] = own["language"]
    if "volume" in own:
        changes["volume"] = int(own["volume"])
    if alone(state):
        changes["level"] = "off"
    return profile.model_copy(update=changes)


def due(state: State, profile: Profile, rules: Rules, stamp: int) -> OperatorInput | None:
    """The change of level that the worker's rule asks for now; None: none.

    Less comes only between two cases, more at once, and neither while the worker wants to be left alone.
    """
    person = profile.model_copy(update={n: state.chosen[n] for n in ("level", "rule") if n in state.chosen})
    if alone(state) or person.rule not in rules.ids:
        return None
    rule, now = rules[person.rule], LEVELS.index(person.level)
    new = now
    if rule.more_after and state.mixups >= rule.more_after:
        new = max(0, now - 1)
    elif rule.less_after and state.good_jobs >= rule.less_after and state.phase in (Phase.READY, Phase.DONE):
        new = max(now, min(now + 1, LEVELS.index(rule.least)))
    if new == now:
        return None
    return OperatorInput(stamp, Asked.SET, f"rule {rule.id}", "level", LEVELS[new])
