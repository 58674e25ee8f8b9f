"""What the projector shows for a state of the work: cues, each a meaning on a surface.

What is asked is said by `workflow.asking`; here it becomes light. A cue's shape and colour follow from its meaning and
from the surface alone (see `drawing`), so no meaning rests on colour only.

Levels, as the worker chose: `full` shows all; `short` has words only for what is out of the ordinary; `lights` never
has words; `off` shows nothing but what is out of the ordinary, with words. A check is nothing but words, so it has them
at every level. An open call for help is shown as `full`, with the words for help first: whoever asks for help gets
more, not less. "Say again" shows the words at every level for a while. Buttons are no guidance and stay at every level.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from opstap.guidance.words import say
from opstap.instructions import Cell
from opstap.scene import Profile
from opstap.workflow.asking import Ask, Mark, Meaning, ask
from opstap.workflow.model import State

AGAIN = 8_000_000_000
"""ns for which words that were asked for again are shown."""
ANSWER = 3_000_000_000
"""ns for which the answer to "you are wrong" is shown."""
TABLE = "table"
"""The surface of cues that have an outline of their own."""


class Sign(str, Enum):
    """What stands beside or instead of words in a zone."""

    NONE = "none"
    PAUSED = "paused"
    DONE = "done"
    BUTTON = "button"
    """The outline of a button, with its word."""
    WILL_MOVE = "will_move"
    """Where the cobot is about to pass."""
    MOVES = "moves"
    """Where it passes now."""
    DOTS = "dots"
    """Faint dots by which it is seen whether the light still falls right."""


@dataclass(frozen=True)
class Cue:
    """One meaning on one surface."""

    kind: Meaning | Sign
    """A meaning on a bin or slot, a sign in a zone."""
    surface: str
    """Name in `Scene.surfaces`."""
    count: int = 1
    """Parts, shown on labels; at least 1. Of a button: 1, and up to 4 more while it is pressed."""
    text: str = ""
    """Words for a zone; empty for a sign alone."""
    outline: tuple[tuple[float, float], ...] = ()
    """Of an area on the table, metres in the table frame, instead of a surface's own."""
    unseen: bool = False
    """The camera cannot see this place: the worker says when it is done."""
    toward: str = ""
    """Surface where the movement goes that begins here, shown by an arrow head; empty: none."""
    picture: str = ""
    """Of words: the part's picture, a path from the task's folder; empty: none."""
    at: tuple[float, float, float, float] | None = None
    """Where on the table a zone's cue stands instead: x, y, width, height, metres."""


def cues(state: State, cell: Cell, profile: Profile, now: int | None = None) -> tuple[Cue, ...]:
    """All that is shown for `state` to the person of `profile`; the module's text says by which rules.

    The words are in the person's language, in the scene's first zone of kind "text"; without one there are no words.

    Args:
        now: ns, the stamp that this answers; None: nothing was just asked for.
    """
    asked = ask(cell, state)
    answers = {"next": "right", "you_are_wrong": "again"} if asked.phrase == "check" else {}
    buttons = tuple(
        Cue(Sign.BUTTON, f"zone/{z.id}", text=say(answers.get(z.asked, z.asked), profile.language))
        for z in cell.scene.zones
        if z.asked and (z.asked in ("next", "help") or not state.paused)
    )
    again, answered = _since(state.repeated, now, AGAIN), _since(state.corrected, now, ANSWER)
    level = "full" if state.help_since is not None or again else profile.level
    if level == "off" and not asked.unusual and not answered:
        return buttons
    lights = tuple(cue for mark in asked.marks for cue in _light(mark, asked, cell))
    words = []
    if level == "full" or asked.phrase == "check" or (asked.unusual and level != "lights"):
        words = asked.words(cell, profile.language, profile.ways).split("\n")
    # Two lines are read from a metre in every script; who comes to help sees the question mark.
    if state.help_since is not None:
        words = [cell.text("help", profile.language), *words[:1]]
    elif answered:
        words = [say("corrected", profile.language), *words[:1]]
    sign = Sign(asked.phrase) if asked.phrase in ("paused", "done") else Sign.NONE
    zone = next((z.id for z in cell.scene.zones if z.kind == "text"), None)
    if zone is None or not (words or sign is not Sign.NONE):
        return (*lights, *buttons)
    wanted = words and sign is Sign.NONE and state.help_since is None and profile.modality != "words"
    picture = cell.pictures.get(asked.pictured(cell), "") if wanted else ""
    if picture and profile.modality == "picture" and not (asked.unusual or again or answered):
        words = []
    return (*lights, *buttons, Cue(sign, f"zone/{zone}", text="\n".join(words), picture=picture))


def with_words(shown: tuple[Cue, ...], cell: Cell, words: str) -> tuple[Cue, ...]:
    """`shown` with other `words`, lines of them, for a while; the lights stay as they are."""
    zone = next((f"zone/{z.id}" for z in cell.scene.zones if z.kind == "text"), None)
    if zone is None:
        return shown
    return (*(c for c in shown if c.surface != zone), Cue(Sign.NONE, zone, text=words))


def spoken(state: State, cell: Cell, profile: Profile, now: int | None = None) -> str:
    """What is said aloud: the words that `cues` shows, or shows a picture for; a sentence a line; "" for none."""
    profile = profile.model_copy(update={"modality": "both"})
    return next((c.text for c in cues(state, cell, profile, now) if c.text and c.kind is not Sign.BUTTON), "")


def _since(stamp: int | None, now: int | None, span: int) -> bool:
    return stamp is not None and now is not None and 0 <= now - stamp < span


def _light(mark: Mark, asked: Ask, cell: Cell) -> tuple[Cue, ...]:
    if mark.place not in cell.scene.bin and mark.place not in cell.scene.slot:
        return (Cue(mark.meaning, f"tray/{mark.place}", mark.count),)
    if mark.place in cell.scene.slot:
        # What is taken out goes somewhere: the arrow says that this is the first of the two places.
        goal = next((m for m in asked.marks if m.meaning in (Meaning.PLACE, Meaning.PUT_BACK)), None)
        toward = ""
        if mark.meaning is Meaning.TAKE_OUT and goal:
            toward = f"slot/{goal.place}" if goal.place in cell.scene.slot else f"bin/{goal.place}/opening"
        return (Cue(mark.meaning, f"slot/{mark.place}", unseen=mark.unseen, toward=toward),)
    opening = Cue(mark.meaning, f"bin/{mark.place}/opening", mark.count, unseen=mark.unseen)
    if mark.meaning in (Meaning.TAKE, Meaning.PUT_BACK):
        return opening, Cue(mark.meaning, f"bin/{mark.place}/label", mark.count)
    return (opening,)


def dots_cue(places: tuple[tuple[float, float], ...]) -> tuple[Cue, ...]:
    """Faint dots on the table, metres; nothing without any."""
    return (Cue(Sign.DOTS, TABLE, outline=places),) if places else ()


def robot_cue(outline: tuple[tuple[float, float], ...], moving: bool) -> tuple[Cue, ...]:
    """Where the cobot passes, at every level of guidance; none without an outline."""
    return (Cue(Sign.MOVES if moving else Sign.WILL_MOVE, TABLE, outline=outline),) if outline else ()
