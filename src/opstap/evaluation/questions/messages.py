"""What the page of the questionnaires and its server say to each other, as JSON over HTTP.

`python -m opstap.evaluation.questions.messages` prints the TypeScript of these types; `web/questions/messages.d.ts` is
that text.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opstap.evaluation.store import Purpose
from opstap.messages import Message, declarations
from opstap.scene import Language

MAX_TEXT = 900
"""Longest answer in words, characters."""


class Words(Message):
    """A text in one of the languages of the page."""

    language: Language
    text: str


class Choice(Message):
    """One answer that can be chosen. Where the scale has no words for it, the number stands alone."""

    value: int
    words: tuple[Words, ...]


class Question(Message):
    """One item of a form."""

    item: str
    words: tuple[Words, ...]
    choices: tuple[Choice, ...]
    """Empty: answered in words."""
    value: float | None = None
    """What was answered before; none where it was not, or was skipped."""
    text: str = ""
    answered: bool = False
    """True also for one that was skipped."""


class FormSheet(Message):
    """One questionnaire as far as it is filled in."""

    instrument: str
    title: tuple[Words, ...]
    intro: tuple[Words, ...]
    languages: tuple[Language, ...]
    questions: tuple[Question, ...]
    finished: bool


class ConsentSheet(Message):
    """One thing the person may allow or not."""

    purpose: Purpose
    words: tuple[Words, ...]
    decided: bool | None
    """None: not asked yet, or the yes has run out."""


class Sheet(Message):
    """All that is asked of one person now."""

    language: Language
    """The person's, where the page speaks it."""
    simulated: bool
    consents: tuple[ConsentSheet, ...]
    forms: tuple[FormSheet, ...]
    speech: bool
    """Whether the server can read aloud, where the browser has no voice."""


class Decision(Message):
    """The person's yes or no."""

    type: Literal["decision"] = "decision"
    purpose: Purpose
    granted: bool


class GivenAnswer(Message):
    """One answer; with neither value nor text the question was skipped."""

    type: Literal["answer"] = "answer"
    instrument: str
    item: str
    language: Language
    value: int | None = None
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""


class Finished(Message):
    """The person hands the form in."""

    type: Literal["finished"] = "finished"
    instrument: str


def typescript() -> str:
    """The types as a TypeScript declaration file."""
    command = "python -m opstap.evaluation.questions.messages > web/questions/messages.d.ts"
    return declarations(command, (Sheet, Decision, GivenAnswer, Finished))


if __name__ == "__main__":
    print(typescript(), end="")
