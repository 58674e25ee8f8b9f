"""Keeps a questionnaire as it is filled in: after every answer, so that a form that is broken off is not lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from opstap.evaluation.store.consent import Consents, Purpose
from opstap.evaluation.store.database import Store
from opstap.evaluation.store.tables import Answer, Form


@dataclass(frozen=True)
class Given:
    """One answer: a number, words, or neither where it was skipped; `at` in ns since 1970."""

    value: float | None
    at: int
    text: str | None = None


@dataclass(frozen=True)
class FilledForm:
    """A form as far as it is filled in. The same id kept again replaces what was kept before."""

    id: UUID
    person: str
    instrument: str
    version: str
    phase: str
    language: str
    opened_at: int
    condition: str = ""
    simulated: bool = False
    finished_at: int | None = None
    answers: dict[str, Given] = field(default_factory=dict)


def keep(store: Store, form: FilledForm, now: int) -> None:
    """Write the form and its answers.

    Raises:
        NoConsentError: the person did not allow answers to be kept.
        StoreError: the store cannot be written.
    """
    row = {name: value for name, value in vars(form).items() if name != "answers"}
    with Consents(store).writing_for(form.person, Purpose.ANSWERS, now) as writer:
        writer.put(Form, [row])
        answers = [
            {"form": form.id, "item": item, "value": a.value, "text": a.text, "answered_at": a.at}
            for item, a in form.answers.items()
        ]
        writer.put(Answer, answers)
