"""What the coach's page and the bench's server say to each other, and the cells that are shown on it.

Of a cell: the job, calls for help, the coach's time. Of a person: what that person shares, and who it is while they
call or share; nothing else reaches this page, and nothing of it is kept. Cells stand in the order of their names,
always: they are not compared.

`python -m opstap.pages.coaching` prints the TypeScript of these types; `web/coach/messages.d.ts` is that text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationError

from opstap.calibration.drift import LightResult
from opstap.instructions import Cell
from opstap.messages import Message, declarations
from opstap.monitoring.facts import FactName
from opstap.pages.protocol import Refused, Welcome, refusal
from opstap.scene import Language
from opstap.workflow.model import Phase

SILENT_AFTER = 3.0
"""Seconds without news after which a cell is shown as silent, and nothing of its person any more."""
GONE_AFTER = 600.0
"""Seconds without news after which it is not shown any more."""
CoachAsked = Literal["pause", "resume", "next", "help", "help_done", "stop_robot"]


class Words(Message):
    """A text in one language."""

    language: Language
    text: str


class SharedFact(Message):
    """A fact that the worker shares."""

    name: FactName
    value: float | None
    """None: not known now."""
    unit: str
    usual: float | None
    """What is usual for this person."""


class CellView(Message):
    """One cell."""

    id: str
    """Its ROS namespace: what is asked goes there."""
    name: str
    simulated: bool
    silent: bool = False
    """Nothing was heard for some seconds: the rest is old."""
    title: tuple[Words, ...]
    """Of the task."""
    job: Annotated[int, Field(ge=0)]
    phase: Phase
    step: Annotated[int, Field(ge=0)]
    """Steps that are done."""
    steps: Annotated[int, Field(ge=0)]
    problems: Annotated[int, Field(ge=0)]
    """Open ones."""
    paused: bool
    cobot: bool
    light: LightResult | None = None
    """What came out when it was last looked whether the light falls right; none: not looked yet."""
    light_off_mm: float | None = None
    help_seconds: float | None = None
    """Since the open call; none without one."""
    coached_seconds: Annotated[float, Field(ge=0)] = 0.0
    """From call to help done, all calls since the cell was started."""
    person: str = ""
    """Pseudonym, while this person calls or shares something."""
    facts: tuple[SharedFact, ...] = ()


class StepView(Message):
    """One step of the work at this bench, to look at beforehand."""

    number: Annotated[int, Field(ge=1)]
    take: tuple[Words, ...]
    place: tuple[Words, ...]


class CoachSnapshot(Message):
    """All that the page shows."""

    cells: tuple[CellView, ...]
    """By name."""
    here: str
    """Id of the cell whose bench serves this page: its steps can be looked at."""


class CoachUpdate(Message):
    """A snapshot, and how old it was when it was sent."""

    type: Literal["coach"] = "coach"
    age: float
    snapshot: CoachSnapshot


class CoachInput(Message):
    """What the coach asks of a cell."""

    type: Literal["coach_input"] = "coach_input"
    cell: Annotated[str, Field(max_length=200)]
    asked: CoachAsked


def read_coach(text: str | bytes) -> CoachInput | Refused:
    """The message a page sent, or what is wrong with it. Never raises, whatever the text."""
    try:
        return CoachInput.model_validate_json(text)
    except ValidationError as error:
        return refusal(error, text, CoachInput, {"asked": get_args(CoachAsked)})


class Cells:
    """The cells that were heard of. Times are s of a clock that only goes on."""

    def __init__(self, here: str) -> None:
        self.here = here
        self._heard: dict[str, tuple[float, CellView]] = {}

    def hear(self, view: CellView, now: float) -> None:
        self._heard[view.id] = (now, view)

    def refused(self, said: CoachInput, now: float) -> Refused | None:
        """Why this cannot be asked of that cell now; None: it can."""
        at, view = self._heard.get(said.cell, (now, None))
        if view is None or now - at >= SILENT_AFTER:
            found = f"{said.cell}, which is not heard"
            return Refused(field="cell", found=found, allowed=", ".join(sorted(self._heard)) or "none is heard")
        if said.asked == "next" and view.phase not in (Phase.READY, Phase.DONE):
            # In the middle of the work it would say that a step was done, which is the worker's to say.
            return Refused(field="asked", found="next, while a case is worked on", allowed="when it is full")
        if said.asked == "stop_robot" and not view.cobot:
            return Refused(field="asked", found="stop_robot, where there is no cobot", allowed="pause")
        return None

    def snapshot(self, now: float) -> CoachSnapshot:
        """All cells by name, those that are silent marked and without anything of a person."""
        self._heard = {id: heard for id, heard in self._heard.items() if now - heard[0] < GONE_AFTER}
        nobody = {"silent": True, "person": "", "facts": (), "help_seconds": None}
        shown = [
            view if now - at < SILENT_AFTER else view.model_copy(update=nobody) for at, view in self._heard.values()
        ]
        return CoachSnapshot(cells=tuple(sorted(shown, key=lambda view: view.id)), here=self.here)


def steps(cell: Cell) -> Sequence[StepView]:
    """The steps of the work as they are said at the level "full"."""

    def words(name: str, index: int) -> tuple[Words, ...]:
        step = cell.task.steps[index]
        name = "check" if step.check else name
        return tuple(
            Words(language=language, text=cell.text(name, language, step, step.part, step.count))
            for language in cell.task.languages
        )

    return [StepView(number=i + 1, take=words("take", i), place=words("place", i)) for i in range(len(cell.task.steps))]


def typescript() -> str:
    """The types as a TypeScript declaration file."""
    messages = (Welcome, CoachUpdate, Refused, CoachInput, StepView)
    down = "/** Everything the server sends. */\nexport type CoachDown = Welcome | CoachUpdate | Refused;"
    return declarations("python -m opstap.pages.coaching > web/coach/messages.d.ts", messages, down)


if __name__ == "__main__":
    print(typescript(), end="")
