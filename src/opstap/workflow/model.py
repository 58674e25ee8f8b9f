"""What goes into the work guide's state machine and what it says: plain values, all of them journal-able.

Stamps are integer nanoseconds of the cell's clock, always those of the camera frame or input that is the cause.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Happened(str, Enum):
    """What perception saw at a place (a bin or a slot)."""

    HAND_ENTERED = "hand_entered"
    HAND_LEFT = "hand_left"
    TAKEN = "taken"
    """Content went down in a bin."""
    PUT_BACK = "put_back"
    """Content went up in a bin."""
    PLACED = "placed"
    """Content went up in a slot."""
    REMOVED = "removed"
    """Content went down in a slot."""
    VISITED = "visited"
    """A hand was in a place where a visit is all that can be seen (`confirm: visit`), and left. What it did there is
    not known: evidence holds how long it was in (`seconds`), and no volume."""


class Content(str, Enum):
    """What is known of a place now."""

    FILLED = "filled"
    EMPTY = "empty"
    CANNOT_SEE = "cannot_see"
    """A hand is in the way or depth has holes: not guessed."""


@dataclass(frozen=True)
class WorkspaceEvent:
    """Something seen at a place. `sequence` counts up without gaps from 1 and tells a repeated event."""

    sequence: int
    stamp: int
    happened: Happened
    place: str
    """Bin or slot id."""
    count: int = 1
    """Parts taken, put back or placed, where the part's size allows to tell; else 1."""
    confidence: float = 1.0
    """0 to 1."""
    evidence: dict[str, float] = field(default_factory=dict)
    """What was measured, e.g. {"volume_cm3": -14.2, "expected_cm3": 15.0, "frames": 5}."""


@dataclass(frozen=True)
class PlaceChanged:
    """A place is now seen as `content`, and was not before."""

    stamp: int
    place: str
    content: Content


class Asked(str, Enum):
    """What a person asks of the guide."""

    NEXT = "next"
    BACK = "back"
    PAUSE = "pause"
    RESUME = "resume"
    HELP = "help"
    HELP_DONE = "help_done"
    REPEAT = "repeat"
    YOU_ARE_WRONG = "you_are_wrong"
    STOP_ROBOT = "stop_robot"
    """The cobot stands until somebody asks `RESUME_ROBOT`; the guide only keeps who asked."""
    RESUME_ROBOT = "resume_robot"
    SET = "set"
    """Change one of the settings that `levels` lists."""


COACH = "(coach)"
"""How the source ends of what a coach asked, not the worker."""


@dataclass(frozen=True)
class OperatorInput:
    """A person's wish, and through what it came: `source` is e.g. "page", "projected button", "pedal".

    A change of level by the worker's rule comes in the same way; its source is "rule" and the rule's id.
    """

    stamp: int
    asked: Asked
    source: str
    setting: str = ""
    """With SET: what is set."""
    value: str = ""


@dataclass(frozen=True)
class Started:
    """The guide was started (again) with this task; the first event of every journal."""

    stamp: int
    task: str
    person: str = ""
    """Profile id of who works from here on."""
    cobot: bool = False
    """Whether a cobot is there that brings trays."""


class Tray(str, Enum):
    """The tray with the part of a step that the cobot presents."""

    NONE = "none"
    """No tray: the part is taken from its bin."""
    COMING = "coming"
    """The cobot is asked for it."""
    THERE = "there"
    """It stands within reach, and the cobot has gone."""


@dataclass(frozen=True)
class TrayChanged:
    """The tray of the step is now `tray`, and was not before; `zone` is where it stands."""

    stamp: int
    tray: Tray
    zone: str = ""


@dataclass(frozen=True)
class TrayVisited:
    """A hand was in the tray at `zone`, and left: it took what was asked, as far as one can tell."""

    stamp: int
    zone: str


@dataclass(frozen=True)
class Condensed:
    """Stands in the journal for older lines that were removed: their time was over, or the person asked for it."""

    stamp: int
    state: State
    """What they had made."""


Event = Started | WorkspaceEvent | PlaceChanged | OperatorInput | TrayChanged | TrayVisited | Condensed


class Phase(str, Enum):
    """Where the work is."""

    READY = "ready"
    """Waiting for an empty case."""
    TAKE = "take"
    PLACE = "place"
    CHECK = "check"
    """Something is to be looked at or done, with no part."""
    PUT_RIGHT = "put_right"
    """Every step is done, but something is still to be put right."""
    DONE = "done"
    """The case is full; a next empty case starts the next job."""


class Trouble(str, Enum):
    """What is not as it should be. A fact about a place, never about a person."""

    WRONG_PICK = "wrong_pick"
    """A part was taken from `place`, where none was asked for; put it back."""
    TOO_MANY = "too_many"
    """More were taken from `place` than asked; put `count` back."""
    WRONG_SLOT = "wrong_slot"
    """A part was put in `place`; it belongs elsewhere, or it is one too many there."""
    MISSING = "missing"
    """The part of a step that was done is gone from `place`."""
    EMPTY_BIN = "empty_bin"
    """The bin of the part that is asked is empty; it needs filling."""
    REWORK = "rework"
    """A check was not right: the part in `place` comes out, and its step is done again. No mistake of anybody."""


@dataclass(frozen=True)
class Problem:
    """An open trouble at a place, since `stamp`."""

    trouble: Trouble
    place: str
    count: int
    stamp: int
    part: str = ""
    """The part it is about, as far as can be told: nobody sees which part lies in a wrong slot. Empty: unknown."""


@dataclass(frozen=True)
class State:
    """Everything the guide knows of the job. Rebuilt from the journal by running `step` over it."""

    task: str = ""
    job: int = 0
    """Number of the job, 1 for the first case."""
    job_since: int = 0
    """Stamp at which it was started."""
    put_right: int = 0
    """How often something was put right in this job, or need not be because the worker said so."""
    helped: int = 0
    """How often help was asked for in this job."""
    phase: Phase = Phase.READY
    step: int = 0
    """How many of the job's steps are behind; so the current one's place in `order`."""
    order: tuple[int, ...] = ()
    """Indices of the task's steps in the order of this job; empty: that of the task. See `workflow.order`."""
    skipped: tuple[int, ...] = ()
    """Indices of optional steps that were left out."""
    begun: dict[int, tuple[int, int]] = field(default_factory=dict)
    """`taken` and `placed` of steps that were begun and are not current, by index."""
    taken: int = 0
    """Parts of this step that were surely taken, with those in the slot; fewer than asked while placing: not sure."""
    placed: int = 0
    """Parts of this step in the slot, where it asks for more than one."""
    problems: tuple[Problem, ...] = ()
    """Oldest first. Which one is put right first: see `asking`."""
    paused: bool = False
    help_since: int | None = None
    """Stamp of the open call for help."""
    step_since: int = 0
    """Stamp at which the step was shown."""
    contents: dict[str, Content] = field(default_factory=dict)
    """Last known content of every place that was reported."""
    sequence: int = 0
    """Last workspace event that was handled; one at or below it came twice."""
    person: str = ""
    """Profile id of who works."""
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    """What people chose at the bench: of each profile id, values by setting."""
    mixups: int = 0
    """Things to put right that were seen in this job since the level last changed, without those that were disputed."""
    good_jobs: int = 0
    """Jobs finished in a row with nothing to put right, since the level last changed."""
    repeated: int | None = None
    """Stamp at which the words were asked for again."""
    corrected: int | None = None
    """Stamp at which the worker last said that the system was wrong."""

    @property
    def chosen(self) -> dict[str, str]:
        """What the person who works chose."""
        return self.settings.get(self.person, {})

    cobot: bool = False
    """Whether a cobot brings the trays of steps that are presented."""
    tray: Tray = Tray.NONE
    """Of the current step."""
    tray_zone: str = ""
    """Where that tray stands."""


class Outcome(str, Enum):
    """What a transition meant, for journal and reports."""

    JOB_STARTED = "job_started"
    STEP_SHOWN = "step_shown"
    PART_TAKEN = "part_taken"
    STEP_DONE = "step_done"
    STEP_SKIPPED = "step_skipped"
    """An optional step was left out."""
    REWORK = "rework"
    """A check was not right; steps are done again."""
    JOB_DONE = "job_done"
    CASE_GONE = "case_gone"
    """The case was taken away before it was full; the next one is a new job."""
    PROBLEM_SEEN = "problem_seen"
    PROBLEM_SOLVED = "problem_solved"
    HELP_ASKED = "help_asked"
    HELP_ENDED = "help_ended"
    PAUSED = "paused"
    RESUMED = "resumed"
    CORRECTED = "corrected"
    """The worker said the system was wrong."""
    SETTING_CHANGED = "setting_changed"
    EVENT_MISSED = "event_missed"
    """Sequence numbers were skipped: something was seen that never arrived."""


@dataclass(frozen=True)
class Note:
    """One outcome, with the step, place and trouble it is about."""

    outcome: Outcome
    step: str = ""
    place: str = ""
    trouble: str = ""
    seconds: float | None = None
    """How long it took: a step since it was shown, a problem since it was seen."""
