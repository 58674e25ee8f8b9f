"""Keeps a questionnaire as it is filled in: after every answer, so that a form that is broken off is not lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

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


def kept(store: Store, person: str, since: int, now: int) -> list[FilledForm]:
    """The forms that `person` opened from `since` on, oldest first; none where the person does not allow it (now).

    Raises:
        StoreError: the store cannot be read.
    """
    if Purpose.ANSWERS not in Consents(store).allowed(person, now):
        return []
    with store.reading() as connection:
        chosen = select(Form).where(Form.person == person, Form.opened_at >= since).order_by(Form.opened_at)
        found = []
        for row in connection.execute(chosen).mappings():
            answers = connection.execute(select(Answer).where(Answer.form == row["id"]))
            given = {a.item: Given(a.value, a.answered_at, a.text) for a in answers}
            found.append(FilledForm(**row, answers=given))
        return found
