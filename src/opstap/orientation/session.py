"""One participant's session: what is told, how long it lasts, who may stop it, and what is remembered of it.

Everything is the participant's choice: nothing moves them, nothing happens that was not asked for, and pause and stop
work in every state. The rules of time:

- A session is meant to last `Job.minutes`. A minute before its end that is said; at its end the participant chooses to
  stop, or to stay `LONGER` more. No answer within `PATIENCE` is a stop.
- `HARD_STOP` after the headset went on it ends. Pauses with the headset on count, since eyes and stomach do not pause;
  time away (headset off, page hidden, no connection) does not.
- How one feels is asked at the start and every minute, 0 to 10. `WORSE` steps above the start, it is offered to stop.

`now` is ns of a clock that only goes on. What is remembered stays in memory until the next participant is prepared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from opstap.documents import nearest
from opstap.instructions import Cell
from opstap.orientation.job import Job, Trouble
from opstap.orientation.messages import Comfort
from opstap.orientation.tryout import Tryout, TryoutError
from opstap.scene import Language, Profile
from opstap.workflow.levels import Rules
from opstap.workflow.model import Asked

if TYPE_CHECKING:
    from opstap.orientation.bringing import Bringing

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HARD_STOP = 12 * MINUTE
LONGER = 2 * MINUTE
PATIENCE = MINUTE
WORST, WORSE = 10, 3
"""Highest score of how one feels, and how far above the start it is offered to stop."""
LASTS: dict[Trouble, int] = {"shortage": 15 * SECOND, "visitor": 20 * SECOND, "noise": 20 * SECOND}
"""How long a disturbance lasts; a participant can end it before."""
MOST_NOTES, LONGEST_NOTE = 100, 500

Pauser = Literal["participant", "coach", "away"]
Ended = Literal["", "participant", "coach", "time"]
View = Literal["own", "cell"]
"""What is looked at: the own try-out, or a cell that is mirrored."""
Showing = Literal["", "panorama", "video"]
Question = Literal["", "score", "worse", "time"]
"""What is asked of the participant: how it goes, whether to stop since it goes worse, whether to stop at the end."""


class Phase(str, Enum):
    BEFORE = "before"
    """What comes is told; nothing has begun."""
    INSIDE = "inside"
    AFTER = "after"


class WishError(ValueError):
    """That cannot be done now; the message says what was found and what is allowed."""


@dataclass
class Memory:
    """What a session leaves: for the participant's card and the coach, in memory only."""

    seen: list[str] = field(default_factory=list)
    """Hot spots that were opened, in order."""
    liked: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Hot spots about which the participant wants to ask more."""
    answers: dict[str, int] = field(default_factory=dict)
    """Of the quiz at each hot spot, the answer chosen last."""
    scores: list[tuple[int, int]] = field(default_factory=list)
    """Time inside, ns, and how it went, 0 to 10."""
    notes: list[tuple[int, str]] = field(default_factory=list)
    """The coach's: time inside, ns, and words."""
    packed: int = 0


class Session:
    """See the module's text."""

    def __init__(
        self, cell: Cell, job: Job, rules: Rules, person: str, language: Language, now: int,
        arm: Bringing | None = None, view: View = "own",
    ) -> None:  # fmt: skip
        if language not in job.languages:
            raise WishError(f"language: found '{language}', allowed: {', '.join(job.languages)}")
        self.cell, self.job, self.rules = cell, job, rules
        self.person = person
        """Pseudonym."""
        self.language = language
        self.phase = Phase.BEFORE
        self.ended: Ended = ""
        self.paused: set[Pauser] = set()
        self.question: Question = ""
        self.viewpoint = job.viewpoints[0].id
        self.open = ""
        """The hot spot that is open."""
        self.showing: Showing = ""
        """What of it is shown besides its text."""
        self.disturbance: Trouble | Literal[""] = ""
        self.comfort = Comfort()
        self.memory = Memory()
        self.view = view
        self.carried = False
        """Whether the participant wants the level of help at the bench, too."""
        self.tryout = Tryout(cell, rules, Profile(id="participant", language=language), now, arm)
        self.active = self.worn = 0
        """ns inside without pauses, and with them, but never with time away."""
        self._length = round(job.minutes * MINUTE)
        self._last = now
        self._next_score = self._asked_at = self._disturbed_at = 0
        self._short = ""

    @property
    def left(self) -> int:
        """ns until the end, as things are now."""
        return max(0, min(self._length - self.active, HARD_STOP - self.worn))

    @property
    def nearly_over(self) -> bool:
        return self.phase is Phase.INSIDE and self.left <= MINUTE

    def tick(self, now: int) -> None:
        """Let time pass; call it a few times a second, and before anything else that happens."""
        passed, self._last = max(0, now - self._last), now
        if self.phase is not Phase.INSIDE or "away" in self.paused:
            return
        self.worn += passed
        if self.worn >= HARD_STOP:
            self._end("time")
            return
        if self.question == "time" and self.worn - self._asked_at >= PATIENCE:
            self._end("time")
            return
        if self.paused:
            return
        self.active += passed
        self.tryout.move(passed, now)
        if self.disturbance and self.active - self._disturbed_at >= LASTS[self.disturbance]:
            self.calm(now)
        if self.question == "" and self.active >= self._length:
            self.question, self._asked_at = "time", self.worn
        elif self.question == "" and self.active >= self._next_score:
            self.question = "score"

    # What the participant does.

    def enter(self, now: int) -> None:
        """Begin."""
        self._need(self.phase is Phase.BEFORE, "enter")
        self.phase, self._last = Phase.INSIDE, now
        self.paused.clear()
        self.question = "score"

    def stop(self, by: Literal["participant", "coach"]) -> None:
        """End the session, whatever is going on."""
        self._need(self.phase is Phase.INSIDE, "stop")
        self._end(by)

    def pause(self, by: Pauser, now: int) -> None:
        if self.phase is Phase.INSIDE:
            self.tick(now)
            self.paused.add(by)

    def resume(self, by: Literal["participant", "coach"], now: int) -> None:
        """Go on, as far as it is `by` who paused. Who comes back from away goes on by the own choice."""
        self.tick(now)
        if by == "participant" and "coach" in self.paused:
            raise WishError("resume: found a pause of the coach, allowed: when the coach goes on, or stop")
        self.paused.discard(by)
        if by == "participant":
            self.paused.discard("away")

    def score(self, value: int, now: int) -> None:
        """How it goes, 0 (fine) to 10."""
        self._need(self.phase is Phase.INSIDE, "score")
        if not 0 <= value <= WORST:
            raise WishError(f"score: found {value}, allowed: 0 to {WORST}")
        self.tick(now)
        if self.phase is not Phase.INSIDE:
            return
        self.memory.scores.append((self.active, value))
        self._next_score = self.active + MINUTE
        worse = value - self.memory.scores[0][1] >= WORSE
        self.question = "worse" if worse else ""

    def stay(self, now: int) -> None:
        """Go on, where it was asked whether to stop."""
        self._need(self.question in ("worse", "time"), "stay")
        if self.question == "time":
            self._length = self.active + LONGER
        self.question = ""

    def go(self, viewpoint: str) -> None:
        """Stand somewhere else."""
        self._need(self._free, "go")
        names = [v.id for v in self.job.viewpoints]
        if viewpoint not in names:
            raise WishError(f"go: found '{viewpoint}', allowed: {nearest(viewpoint, names)}")
        self.viewpoint = viewpoint

    def see(self, view: View) -> None:
        """Look at the cell that is mirrored, or at the own try-out."""
        self._need(self._free, "see")
        self.view = view

    def look(self, spot: str) -> None:
        """Open a hot spot; "" closes the one that is open."""
        self._need(self._free, "open")
        if spot and spot not in self.job.spot:
            raise WishError(f"open: found '{spot}', allowed: {nearest(spot, list(self.job.spot))}")
        self.open, self.showing = spot, ""
        if spot and spot not in self.memory.seen:
            self.memory.seen.append(spot)

    def show(self, what: str) -> None:
        """Show the panorama or the video of the hot spot that is open; "" ends that."""
        spot = self.job.spot[self.open] if self.open else None
        there: dict[str, Showing] = {"": ""}
        if spot and spot.panorama:
            there["panorama"] = "panorama"
        if spot and spot.video:
            there["video"] = "video"
        if what not in there:
            raise WishError(f"show: found '{what[:40]}', allowed: {', '.join(n for n in there if n) or 'nothing here'}")
        self._need(self._free, "show")
        self.showing = there[what]

    def answer(self, choice: int) -> None:
        """Answer the quiz of the hot spot that is open."""
        quiz = self.job.spot[self.open].quiz if self.open else None
        if quiz is None:
            raise WishError("answer: found no quiz that is open, allowed: at a hot spot with a quiz")
        if not 0 <= choice < len(quiz.answers):
            raise WishError(f"answer: found {choice}, allowed: 0 to {len(quiz.answers) - 1}")
        self.memory.answers[self.open] = choice

    def mark(self, what: Literal["like", "ask"]) -> None:
        """Put the open hot spot on the card, or take it off: liked, or to be asked about."""
        self._need(bool(self.open), what)
        marked = self.memory.liked if what == "like" else self.memory.asked
        if self.open in marked:
            marked.remove(self.open)
        else:
            marked.append(self.open)

    def act(self, place: str, now: int) -> None:
        """Take from `place`, or put there what the hand holds."""
        self._need(self._free and not self.question and self.view == "own", "act")
        try:
            if self.tryout.held is None:
                self.tryout.take(place, now)
            else:
                self.tryout.put(place, now)
        except TryoutError as error:
            raise WishError(str(error)) from error
        self.memory.packed = max(self.memory.packed, self.tryout.packed)

    def guide(self, asked: Asked, now: int, setting: str = "", value: str = "") -> None:
        """Ask something of the work guide, as on the bench page."""
        self._need(self._free and self.view == "own", "guide")
        try:
            self.tryout.wish(asked, now, setting, value)
        except TryoutError as error:
            raise WishError(str(error)) from error

    def new_case(self, now: int) -> None:
        self._need(self._free and self.view == "own", "new_case")
        self.tryout.new_case(now)

    def set(self, setting: str, value: str, now: int) -> None:
        """Change a setting of comfort, or the language."""
        if setting == "language":
            if value not in self.job.languages:
                raise WishError(f"language: found '{value}', allowed: {', '.join(self.job.languages)}")
            self.language = value
            self.tryout.wish(Asked.SET, now, "language", value)
            return
        if setting not in Comfort.model_fields:
            raise WishError(f"set: found '{setting}', allowed: {nearest(setting, [*Comfort.model_fields, 'language'])}")
        try:
            self.comfort = Comfort.model_validate(self.comfort.model_dump() | {setting: value})
        except ValidationError as error:
            told = error.errors(include_url=False)[0]["msg"]
            raise WishError(f"set: {setting}: found '{value[:40]}', allowed: {told}") from error

    # What coach or participant ask for.

    def disturb(self, kind: str, now: int) -> None:
        """Let something happen that happens at work too."""
        kinds: list[Trouble] = [d.kind for d in self.job.disturbances]
        found = next((k for k in kinds if k == kind), None)
        if found is None:
            raise WishError(f"disturb: found '{kind[:40]}', allowed: {', '.join(kinds) or 'none in this job'}")
        self._need(self._free and not self.disturbance, "disturb")
        self._need(found != "shortage" or self.view == "own", "disturb")
        if found == "shortage":
            self._short = self.tryout.run_out(now)
            if not self._short:
                raise WishError("disturb: found nothing that could run out now, allowed: while a part is asked for")
        self.disturbance, self._disturbed_at = found, self.active

    def calm(self, now: int) -> None:
        """End what disturbs."""
        if self._short:
            self.tryout.refill(self._short, now)
        self.disturbance, self._short = "", ""

    def note(self, words: str) -> None:
        """Keep a note of the coach, for as long as this session is in memory."""
        words = " ".join(words.split())
        if not 0 < len(words) <= LONGEST_NOTE or len(self.memory.notes) >= MOST_NOTES:
            raise WishError(f"note: found {len(words)} characters, allowed: 1 to {LONGEST_NOTE}, {MOST_NOTES} notes")
        self.memory.notes.append((self.active, words))

    @property
    def _free(self) -> bool:
        return self.phase is Phase.INSIDE and not self.paused

    def _need(self, fits: bool, what: str) -> None:
        if not fits:
            state = f"{self.phase.value}{', paused' if self.paused else ''}{', asked' if self.question else ''}"
            raise WishError(f"{what}: found a session that is {state}, allowed: when it can be done")

    def _end(self, why: Ended) -> None:
        self.phase, self.ended, self.question, self.open, self.showing = Phase.AFTER, why, "", "", ""
        self.disturbance = ""
        self.paused.clear()
