"""What the projector shows for a state of the work: cues, each a meaning on a surface.

A cue's shape and colour follow from its meaning and from the surface alone (see `drawing`), so no meaning rests on
colour only. One thing is asked at a time; whatever else is open waits in the dark. In order:

1. *Paused*: all lights are off, a sign tells why. Nothing is asked of someone who takes a break.
2. *Something is where it should not be* (wrong pick, too many, wrong slot), the oldest first. Neither the bin nor the
   slot of the step is lit, so that nothing is added to a mistake, and a hand that holds two parts has one thing to do.
   Only a part in a wrong slot is different: where it belongs is lit too, as taking it out and putting it there is one
   movement. While the step is placing, that is the slot of the step; else it is a place where something is missing.
3. *The step is placing*: its slot. What is in the hand is put down first: a ring on another place now would ask for
   the wrong part there, and with nothing but light a person cannot tell.
4. *Something is missing* from a slot that was done, the oldest first: that slot.
5. *The step is taking*: all bins that hold the part, except those known to be empty, which ask to be filled. With none
   left the words say that a colleague fills it.
6. *An empty case is awaited*: the outline of the case's slots. *The case is full*: a sign.

Levels, as the worker chose: `full` shows all; `short` has words only for 1, 2, 4 and an empty bin; `lights` never has
words; `off` shows nothing but those same unusual things, with words. An open call for help is shown as `full`, with
the words for help first: whoever asks for help gets more, not less.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from opstap.instructions import Cell, Step
from opstap.scene import Profile
from opstap.workflow.model import Content, Phase, Problem, State, Trouble


class Kind(str, Enum):
    """What a cue means."""

    TAKE = "take"
    """Take from this bin; on its label: this many."""
    PLACE = "place"
    """Put the part in this slot."""
    PUT_BACK = "put_back"
    """Put it back in this bin; on its label: this many."""
    TAKE_OUT = "take_out"
    """Take the part out of this slot."""
    REFILL = "refill"
    """This bin needs filling."""
    CASE = "case"
    """A slot of the empty case that is awaited."""
    SAY = "say"
    """Words."""
    PAUSED = "paused"
    """The sign for a pause, and words."""
    DONE = "done"
    """The sign for a full case, and words."""


@dataclass(frozen=True)
class Cue:
    """One meaning on one surface."""

    kind: Kind
    surface: str
    """Name in `Scene.surfaces`."""
    count: int = 1
    """Parts, shown on labels; at least 1."""
    text: str = ""
    """Words for a zone; empty for a sign alone."""


@dataclass(frozen=True)
class _Ask:
    """What is asked now: lights, a sign and words for the text zone, and whether it is out of the ordinary."""

    lights: tuple[Cue, ...]
    text: str
    unusual: bool = False
    sign: Kind = Kind.SAY


MISPLACED = (Trouble.WRONG_PICK, Trouble.TOO_MANY, Trouble.WRONG_SLOT)
"""Troubles in which a part is where it should not be."""


def cues(state: State, cell: Cell, profile: Profile) -> tuple[Cue, ...]:
    """All that is shown for `state` to the person of `profile`; the module's text says by which rules.

    The words are in the person's language, in the scene's first zone of kind "text"; without one there are no words.
    """
    level = "full" if state.help_since is not None else profile.level
    ask = _ask(state, cell, profile.language)
    if level == "off" and not ask.unusual:
        return ()
    words = []
    if state.help_since is not None:
        words.append(cell.text("help", profile.language))
    if ask.text and (level == "full" or (ask.unusual and level != "lights")):
        words.append(ask.text)
    zone = next((z.id for z in cell.scene.zones if z.kind == "text"), None)
    if zone is None or not (words or ask.sign is not Kind.SAY):
        return ask.lights
    return (*ask.lights, Cue(ask.sign, f"zone/{zone}", text="\n".join(words)))


def _ask(state: State, cell: Cell, language: str) -> _Ask:
    if state.paused:
        return _Ask((), cell.text("paused", language), unusual=True, sign=Kind.PAUSED)
    step = cell.task.steps[state.step] if state.phase in (Phase.TAKE, Phase.PLACE) else None
    misplaced = next((p for p in state.problems if p.trouble in MISPLACED), None)
    if misplaced and misplaced.trouble is Trouble.WRONG_SLOT:
        return _move(misplaced, _belongs(misplaced, state, step), cell, language)
    if misplaced:
        part, count = cell.scene.bin[misplaced.place].part, misplaced.count
        words = cell.text(misplaced.trouble.value, language, part=part, count=count)
        return _Ask(_on_bin(Kind.PUT_BACK, misplaced.place, count), words, unusual=True)
    if step and state.phase is Phase.PLACE:
        return _Ask((_on_slot(Kind.PLACE, step.slot),), cell.text("place", language, step, step.part, step.count))
    missing = next((p for p in state.problems if p.trouble is Trouble.MISSING), None)
    if missing:
        words = cell.text("missing", language, part=cell.task.slot_part[missing.place])
        return _Ask((_on_slot(Kind.PLACE, missing.place),), words, unusual=True)
    if step:
        return _take(state, step, cell, language)
    if state.phase is Phase.READY:
        outline = tuple(_on_slot(Kind.CASE, slot.id) for slot in cell.scene.case.slots)
        return _Ask(outline, cell.text("ready", language))
    return _Ask((), cell.text("done", language), sign=Kind.DONE)


def _take(state: State, step: Step, cell: Cell, language: str) -> _Ask:
    """Bins to take from; those known to be empty ask to be filled."""
    bins = cell.bins_with(step.part)
    reported = {p.place for p in state.problems if p.trouble is Trouble.EMPTY_BIN}
    empty = [b for b in bins if b in reported or state.contents.get(b) is Content.EMPTY]
    refill = tuple(Cue(Kind.REFILL, f"bin/{b}/opening") for b in empty)
    if len(empty) == len(bins):
        return _Ask(refill, cell.text("empty_bin", language, part=step.part), unusual=True)
    left = max(1, step.count - state.taken - state.placed)
    lit = tuple(cue for b in bins if b not in empty for cue in _on_bin(Kind.TAKE, b, left))
    return _Ask((*lit, *refill), cell.text("take", language, step, step.part, left))


def _belongs(wrong: Problem, state: State, step: Step | None) -> str | None:
    """The slot for the part that lies in the wrong slot; None where nothing is awaited anywhere else."""
    missing = [p.place for p in state.problems if p.trouble is Trouble.MISSING]
    awaited = [step.slot] if step else []
    candidates = awaited + missing if state.phase is Phase.PLACE else missing + awaited
    return next((slot for slot in candidates if slot != wrong.place), None)


def _move(wrong: Problem, home: str | None, cell: Cell, language: str) -> _Ask:
    out = _on_slot(Kind.TAKE_OUT, wrong.place)
    if home is None:
        # Words would have to name a part and a place, and neither is known: the cross says all there is to say.
        return _Ask((out,), "", unusual=True)
    words = cell.text("wrong_slot", language, part=cell.task.slot_part[home])
    return _Ask((out, _on_slot(Kind.PLACE, home)), words, unusual=True)


def _on_bin(kind: Kind, bin_id: str, count: int) -> tuple[Cue, Cue]:
    return Cue(kind, f"bin/{bin_id}/opening", count), Cue(kind, f"bin/{bin_id}/label", count)


def _on_slot(kind: Kind, slot_id: str) -> Cue:
    return Cue(kind, f"slot/{slot_id}")
