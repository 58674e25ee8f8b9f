"""What the projector shows for a state of the work: cues, each a meaning on a surface.

What is asked is said by `workflow.asking`; here it becomes light. A cue's shape and colour follow from its meaning and
from the surface alone (see `drawing`), so no meaning rests on colour only.

Levels, as the worker chose: `full` shows all; `short` has words only for what is out of the ordinary; `lights` never
has words; `off` shows nothing but what is out of the ordinary, with words. An open call for help is shown as `full`,
with the words for help first: whoever asks for help gets more, not less.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from opstap.instructions import Cell
from opstap.scene import Profile
from opstap.workflow.asking import Mark, Meaning, ask
from opstap.workflow.model import State


class Sign(str, Enum):
    """What stands beside or instead of words in a zone."""

    NONE = "none"
    PAUSED = "paused"
    DONE = "done"


@dataclass(frozen=True)
class Cue:
    """One meaning on one surface."""

    kind: Meaning | Sign
    """A meaning on a bin or slot, a sign in a zone."""
    surface: str
    """Name in `Scene.surfaces`."""
    count: int = 1
    """Parts, shown on labels; at least 1."""
    text: str = ""
    """Words for a zone; empty for a sign alone."""
    unseen: bool = False
    """The camera cannot see this place: the worker says when it is done."""


def cues(state: State, cell: Cell, profile: Profile) -> tuple[Cue, ...]:
    """All that is shown for `state` to the person of `profile`; the module's text says by which rules.

    The words are in the person's language, in the scene's first zone of kind "text"; without one there are no words.
    """
    asked = ask(cell, state)
    level = "full" if state.help_since is not None else profile.level
    if level == "off" and not asked.unusual:
        return ()
    lights = tuple(cue for mark in asked.marks for cue in _light(mark, cell))
    words = []
    if level == "full" or (asked.unusual and level != "lights"):
        words = asked.words(cell, profile.language).split("\n")
    if state.help_since is not None:
        # Two lines are read from a metre in every script; who comes to help sees the question mark.
        words = [cell.text("help", profile.language), *words[:1]]
    sign = Sign(asked.phrase) if asked.phrase in ("paused", "done") else Sign.NONE
    zone = next((z.id for z in cell.scene.zones if z.kind == "text"), None)
    if zone is None or not (words or sign is not Sign.NONE):
        return lights
    return (*lights, Cue(sign, f"zone/{zone}", text="\n".join(words)))


def _light(mark: Mark, cell: Cell) -> tuple[Cue, ...]:
    if mark.place in cell.scene.slot:
        return (Cue(mark.meaning, f"slot/{mark.place}", unseen=mark.unseen),)
    opening = Cue(mark.meaning, f"bin/{mark.place}/opening", mark.count, unseen=mark.unseen)
    if mark.meaning in (Meaning.TAKE, Meaning.PUT_BACK):
        return opening, Cue(mark.meaning, f"bin/{mark.place}/label", mark.count)
    return (opening,)
