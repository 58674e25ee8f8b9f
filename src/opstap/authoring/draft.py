"""The draft of a task: steps that a coach changes one at a time until nothing is in doubt.

A draft never changes in place: every change gives a new one, so that the last can be taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Literal

from opstap.authoring.folding import Done, Note
from opstap.instructions import Cell, Step, Task, Texts

Phrase = Literal["take", "place", "check"]
TITLE = {
    "en": "New work",
    "nl": "Nieuw werk",
    "de": "Neue Arbeit",
    "uk": "Нова робота",
    "ar": "عمل جديد",
}
"""What a draft is called until the coach writes it; other languages begin with the English one."""
LONGEST = 120
"""Characters of a text."""
MOST = 20
"""Parts of one step, as `instructions.Step` allows."""


class EditError(ValueError):
    """A change that cannot be made; the message names field, what was found and what is allowed."""


@dataclass(frozen=True)
class DraftStep:
    """A step that may not be whole yet: `part` and `slot` may be empty."""

    key: int
    """Stays with the step when it is moved."""
    part: str
    slot: str
    count: int = 1
    texts: Mapping[Phrase, Mapping[str, str]] = field(default_factory=dict)
    """Words of its own, by phrase and language; where there are none the task's phrases are said."""
    doubts: tuple[Note, ...] = ()
    """What a person has to answer."""
    free: bool = False
    """In any order with the step before it."""
    optional: bool = False
    present: bool = False
    """The cobot brings it."""
    check: bool = False
    """A check, which has its words as phrase "check", no part, and a slot if it likes."""

    @property
    def pictured(self) -> str:
        """Of what there may be a photo: its part, or a check's slot."""
        return self.slot if self.check else self.part

    @property
    def whole(self) -> bool:
        """Whether it can be a step of a task."""
        return bool(self.texts.get("check")) if self.check else bool(self.part and self.slot)


@dataclass(frozen=True)
class Draft:
    """A task in the making, in the languages and with the phrases and parts of the task `like`."""

    title: Mapping[str, str]
    steps: tuple[DraftStep, ...]
    remarks: tuple[Note, ...] = ()
    photos: frozenset[str] = frozenset()
    """Parts, and slots of checks, whose photo is kept with the task."""

    @property
    def open(self) -> bool:
        """Whether somebody has to answer something before it can be a task."""
        return all(s.check for s in self.steps) or any(s.doubts or not s.whole for s in self.steps)

    def at(self, key: int) -> int:
        """Where the step of `key` is.

        Raises:
            EditError: there is none (any more).
        """
        for i, step in enumerate(self.steps):
            if step.key == key:
                return i
        raise EditError(f"step: found {key}, allowed: {', '.join(str(s.key) for s in self.steps) or 'none is left'}")

    def _with(self, index: int, *steps: DraftStep) -> Draft:
        return replace(self, steps=(*self.steps[:index], *steps, *self.steps[index + 1 :]))

    def moved(self, key: int, to: int) -> Draft:
        """The step at index `to`."""
        index = self.at(key)
        if not 0 <= to < len(self.steps):
            raise EditError(f"to: found {to}, allowed: 0 to {len(self.steps) - 1}")
        rest = list(self.steps)
        rest.insert(to, rest.pop(index))
        return replace(self, steps=tuple(rest))

    def without(self, key: int) -> Draft:
        return self._with(self.at(key))

    def counted(self, key: int, count: int) -> Draft:
        if not 1 <= count <= MOST:
            raise EditError(f"count: found {count}, allowed: 1 to {MOST}")
        index = self._taking(key)
        return self._with(index, replace(self.steps[index], count=count))

    def with_part(self, key: int, part: str, cell: Cell) -> Draft:
        allowed = sorted({b.part for b in cell.scene.bins})
        if part not in allowed:
            raise EditError(f"part: found '{part}', allowed: {', '.join(allowed)}")
        index = self._taking(key)
        # Its own words were about the other part.
        return self._with(index, replace(self.steps[index], part=part, texts={}))

    def with_slot(self, key: int, slot: str, cell: Cell) -> Draft:
        index = self.at(key)
        if slot not in cell.scene.slot and not (self.steps[index].check and not slot):
            raise EditError(f"slot: found '{slot}', allowed: {', '.join(cell.scene.slot)}")
        return self._with(index, replace(self.steps[index], slot=slot))

    def answered(self, key: int) -> Draft:
        """A person says that the step is right as it is."""
        index = self._taking(key)
        if not self.steps[index].part:
            raise EditError("part: found nothing, allowed: choose the part first")
        return self._with(index, replace(self.steps[index], doubts=()))

    def split(self, key: int) -> Draft:
        """One part of the step in a step of its own, behind it, whose slot is to be chosen."""
        index = self.at(key)
        step = self.steps[index]
        if step.count < 2:
            raise EditError("count: found 1, allowed: a step with two parts or more can be split")
        own = DraftStep(self._next_key, step.part, "")
        return self._with(index, replace(step, count=step.count - 1), own)

    def merged(self, key: int) -> Draft:
        """The step and the one before it, of the same part, as one in the slot of the first."""
        index = self.at(key)
        before, step = self.steps[index - 1], self.steps[index]
        if index == 0 or step.check or before.part != step.part:
            raise EditError("step: found another part before it, allowed: two steps in a row with the same part")
        if before.count + step.count > MOST:
            raise EditError(f"count: found {before.count + step.count}, allowed: 1 to {MOST}")
        doubts = tuple(dict.fromkeys((*before.doubts, *step.doubts)))
        whole = replace(before, count=before.count + step.count, doubts=doubts)
        return replace(self, steps=(*self.steps[: index - 1], whole, *self.steps[index + 1 :]))

    def checked(self, key: int) -> Draft:
        """A check behind the step, whose words are to be written."""
        index = self.at(key)
        return self._with(index, self.steps[index], DraftStep(self._next_key, "", "", check=True))

    def freed(self, key: int, free: bool) -> Draft:
        """Whether the step is done in any order with the one before it."""
        index = self._taking(key)
        if free and (index == 0 or self.steps[index - 1].check):
            raise EditError("step: found none before it that takes a part, allowed: two such steps in a row")
        return self._with(index, replace(self.steps[index], free=free))

    def left_out(self, key: int, optional: bool) -> Draft:
        """Whether the step may be left out."""
        index = self._taking(key)
        return self._with(index, replace(self.steps[index], optional=optional))

    def _taking(self, key: int) -> int:
        """Where the step of `key` is, which takes a part."""
        index = self.at(key)
        if self.steps[index].check:
            raise EditError("step: found a check, allowed: a step that takes a part")
        return index

    @property
    def _next_key(self) -> int:
        return max(s.key for s in self.steps) + 1

    def worded(self, key: int, phrase: Phrase, language: str, text: str, task: Task) -> Draft:
        """Words of the step's own in one language; empty: the task's phrase again."""
        _check_text(text, language, task)
        index = self.at(key)
        step = self.steps[index]
        if step.check != (phrase == "check"):
            raise EditError(f"phrase: found '{phrase}', allowed: {'check' if step.check else 'take, place'}")
        own = {la: t for la, t in step.texts.get(phrase, {}).items() if la != language}
        if text.strip():
            own[language] = text.strip()
        texts = {p: words for p, words in {**step.texts, phrase: own}.items() if words}
        return self._with(index, replace(step, texts=texts))

    def titled(self, language: str, text: str, task: Task) -> Draft:
        _check_text(text, language, task)
        if not text.strip():
            raise EditError("title: found nothing, allowed: some words")
        return replace(self, title={**self.title, language: text.strip()})

    def pictured(self, part: str, there: bool) -> Draft:
        """Whether the photo of `part` is kept with the task."""
        return replace(self, photos=self.photos | {part} if there else self.photos - {part})


def whole(draft: Draft) -> list[DraftStep]:
    """The steps of which all is known that is needed."""
    return [s for s in draft.steps if s.whole]


def picture_of(name: str, part: str) -> str:
    """Where the photo of a part or slot is kept with the task `name`, from the tasks' folder."""
    return f"{name}_pictures/{part}.jpg"


def tasked(draft: Draft, name: str, like: Task) -> Task:
    """The whole steps of `draft` as a task, which may have faults still; all else is as in `like`."""
    used: Counter[str] = Counter()
    steps: list[Step] = []
    for step in whole(draft):
        if step.check:
            made = _check(step, like, steps)
            picture = picture_of(name, step.slot) if step.slot in draft.photos else ""
            steps.append(made.model_copy(update={"picture": picture}))
            continue
        used[step.part] += 1
        texts: Texts = {
            phrase: {la: own.get(la, getattr(like.phrases, phrase)[la]) for la in like.languages}
            for phrase, own in step.texts.items()
        }
        id = step.part if used[step.part] == 1 else f"{step.part[:37]}_{used[step.part]}"
        group = ""
        if step.free and steps and not steps[-1].check:
            group = steps[-1].group or f"group_{len({s.group for s in steps if s.group}) + 1}"
            steps[-1] = steps[-1].model_copy(update={"group": group})
        made = Step(id=id, part=step.part, slot=step.slot, count=step.count, texts=texts)
        made = made.model_copy(update={"optional": step.optional, "present": step.present})
        steps.append(made.model_copy(update={"group": group}))
    photos = {
        part: like.parts[part].model_copy(update={"picture": picture_of(name, part)})
        for part in draft.photos
        if part in like.parts
    }
    changes: dict[str, object] = {
        "products": {},
        "task": name,
        "title": dict(draft.title),
        "parts": {**like.parts, **photos},
        "steps": tuple(steps),
    }
    return like.model_copy(update=changes)


def _check(step: DraftStep, like: Task, before: Sequence[Step]) -> Step:
    """The check; what it finds not right is the step before it, until somebody writes which."""
    own = step.texts["check"]
    words = {la: own.get(la) or next(iter(own.values())) for la in like.languages}
    made = Step(id=f"check_{sum(bool(s.check) for s in before) + 1}", check=words)
    redo = [s.id for s in before if s.part and not s.optional][-1:]
    return made.model_copy(update={"slot": step.slot, "rework": tuple(redo)})


def _check_text(text: str, language: str, task: Task) -> None:
    if language not in task.languages:
        raise EditError(f"language: found '{language}', allowed: {', '.join(task.languages)}")
    if len(text) > LONGEST:
        raise EditError(f"text: found {len(text)} characters, allowed: {LONGEST}")
    if not text.isprintable():
        raise EditError("text: found signs that are no text, allowed: one line of text")


def drafted(done: Done, like: Task) -> Draft:
    """The draft of what was done, in the languages of `like`."""
    steps = tuple(
        DraftStep(i + 1, p.part, p.slot, min(MOST, max(1, p.count)), {}, p.doubts, present=p.brought)
        for i, p in enumerate(done.placings)
    )
    return Draft({la: TITLE.get(la, TITLE["en"]) for la in like.languages}, steps, done.remarks)


def differences(found: Draft | Task, task: Task) -> list[str]:
    """What the work in `found` does otherwise than that of `task`, in plain words; none: they are equivalent.

    Two tasks are equivalent when they put the same parts, as many, into the same slots, in the same order, but for the
    groups of `task` and what it lets be left out. Ids, words, checks and which of several bins was used make
    no difference.
    """
    mine = [(s.part, s.slot, s.count) for s in found.steps if not s.check]
    steps = [s for s in task.steps if s.part and (not s.optional or (s.part, s.slot, s.count) in mine)]
    theirs = [(s.part, s.slot, s.count) for s in steps]
    told = [f"not done: {count} {part} in {slot}" for part, slot, count in theirs if (part, slot, count) not in mine]
    told += [f"done besides: {count} {part or '?'} in {slot or '?'}" for part, slot, count in mine
             if (part, slot, count) not in theirs]  # fmt: skip
    if told:
        return told
    done = 0
    for _, block in groupby(steps, key=lambda s: s.group or s.id):
        asked = [(s.part, s.slot, s.count) for s in block]
        if sorted(mine[done : done + len(asked)]) != sorted(asked):
            first = next((i for i, each in enumerate(mine[done:], done) if each not in asked), done)
            return [f"in another order, from step {first + 1} on: {mine[first][0]} instead of {theirs[first][0]}"]
        done += len(asked)
    return []
