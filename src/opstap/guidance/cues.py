"""What the projector shows for a state of the work: cues, each a meaning on a surface.

A cue's shape and colour follow from its meaning and from the surface alone (see `drawing`), so no meaning rests on
colour only. One thing is asked at a time; whatever else is open waits in the dark. In order:

1. *Paused*: all lights are off, a sign tells why. Nothing is asked of someone who takes a break.
2. *Something in the hand should not be there* (wrong pick, too many), the oldest first: the bin it goes back to.
   Neither bin nor slot of the step is lit, so a hand that holds two parts has one thing to do. What lies in a wrong
   slot at that time is crossed too: most likely it is that very part, and taking it out and putting it back is one
   movement.
3. *Something lies in a wrong slot*, the oldest first: that slot is crossed and the right one lit, again one movement.
   The right one is that of the step; but while the step is taking its part is still in the bin, and what lies wrong
   more likely belongs where something is missing.
4. *The step is placing*: its slot. What is in the hand is put down before anything else is asked: a ring on another
   place would ask for this part there, and with nothing but light a person cannot tell.
5. *Something is missing* from a slot that was done, the oldest first: that slot.
6. *The bins of the part are empty*: they ask to be filled, and the words say that a colleague does it.
7. *The step is taking*: every bin that holds its part and is not known to be empty. When all of them are, and no such
   problem is open, the worker said the system is wrong: the worker's word counts and they are lit.
8. *An empty case is awaited*: the outline of the case's slots. *The case is full*: a sign.

Levels, as the worker chose: `full` shows all; `short` has words only for 1, 2, 3, 5 and 6; `lights` never has
words; `off` shows nothing but those same things, with words. An open call for help is shown as `full`, with
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
    in_hand = _oldest(state, Trouble.WRONG_PICK, Trouble.TOO_MANY)
    in_wrong_slot = _oldest(state, Trouble.WRONG_SLOT)
    crossed = (_on_slot(Kind.TAKE_OUT, in_wrong_slot.place),) if in_wrong_slot else ()
    if in_hand:
        part, count = cell.scene.bin[in_hand.place].part, in_hand.count
        words = cell.text(in_hand.trouble.value, language, part=part, count=count)
        return _Ask((*_on_bin(Kind.PUT_BACK, in_hand.place, count), *crossed), words, unusual=True)
    if in_wrong_slot:
        home = _belongs(in_wrong_slot, state, step)
        if home is None:
            # Words would have to name a part and a place, and neither is known: the cross says all there is to say.
            return _Ask(crossed, "", unusual=True)
        words = cell.text("wrong_slot", language, part=cell.task.slot_part[home])
        return _Ask((*crossed, _on_slot(Kind.PLACE, home)), words, unusual=True)
    if step and state.phase is Phase.PLACE:
        return _Ask((_on_slot(Kind.PLACE, step.slot),), cell.text("place", language, step, step.part, step.count))
    missing = _oldest(state, Trouble.MISSING)
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
    """The bins to take from, or to fill."""
    bins = cell.bins_with(step.part)
    if any(p.trouble is Trouble.EMPTY_BIN and p.place in bins for p in state.problems):
        refill = tuple(Cue(Kind.REFILL, f"bin/{b}/opening") for b in bins)
        return _Ask(refill, cell.text("empty_bin", language, part=step.part), unusual=True)
    stocked = [b for b in bins if state.contents.get(b) is not Content.EMPTY] or bins
    left = step.count - state.taken
    lit = tuple(cue for b in stocked for cue in _on_bin(Kind.TAKE, b, left))
    return _Ask(lit, cell.text("take", language, step, step.part, left))


def _oldest(state: State, *troubles: Trouble) -> Problem | None:
    return next((p for p in state.problems if p.trouble in troubles), None)


def _belongs(wrong: Problem, state: State, step: Step | None) -> str | None:
    """The slot for the part that lies in the wrong slot; None where no other slot waits for a part."""
    missing = [p.place for p in state.problems if p.trouble is Trouble.MISSING]
    awaited = [step.slot] if step else []
    candidates = awaited + missing if state.phase is Phase.PLACE else missing + awaited
    return next((slot for slot in candidates if slot != wrong.place), None)


def _on_bin(kind: Kind, bin_id: str, count: int) -> tuple[Cue, Cue]:
    return Cue(kind, f"bin/{bin_id}/opening", count), Cue(kind, f"bin/{bin_id}/label", count)


def _on_slot(kind: Kind, slot_id: str) -> Cue:
    return Cue(kind, f"slot/{slot_id}")
