"""One person at the questionnaires of a study: what is asked, and what was answered so far.

Nothing is kept before the person says yes, and everything goes through `store.consent`. A form that is broken off is
found again within a sitting, `SITTING` long; after that it stays half filled and is asked anew, since a feeling of
yesterday is no answer of today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from opstap.documents import nearest
from opstap.evaluation.instruments import Instrument, Item, load_instruments
from opstap.evaluation.questions.messages import (
    Choice,
    ConsentSheet,
    Decision,
    Finished,
    FormSheet,
    GivenAnswer,
    Question,
    Sheet,
    Words,
)
from opstap.evaluation.store import Consents, Purpose, Store
from opstap.evaluation.store.consent import HOLDS, QUESTIONS
from opstap.evaluation.store.forms import FilledForm, Given, keep, kept
from opstap.evaluation.study import Study, load_study
from opstap.preflight import PreflightError, named
from opstap.scene import Language

SITTING = 12 * 3_600 * 1_000_000_000
"""For so long after it was opened a form is gone on with, and a finished one not asked again, ns."""
LANGUAGES: tuple[Language, ...] = ("nl", "en")
"""What the page speaks."""


class AnswerError(ValueError):
    """An answer cannot be kept; the message says what was found and what is allowed."""


@dataclass(frozen=True)
class Asked:
    """Which questionnaires are asked, and about what."""

    instruments: Sequence[Instrument]
    phase: str
    """Moment in the study, such as pre or post; "": none."""
    condition: str


def asked_in(study: Study, condition: str, instruments: Mapping[str, Instrument]) -> Asked:
    """The questionnaires that `study` needs of a person under `condition`.

    Raises:
        AnswerError: the study has no such condition, or no questionnaires, or the words of one are not shipped.
    """
    found = [c for c in study.conditions if c.id == condition]
    if not found:
        names = ", ".join(c.id for c in study.conditions)
        raise AnswerError(f"condition: found '{condition}', allowed by study '{study.study}': {names}")
    needed = list(dict.fromkeys(o.measure.partition(".")[0] for o in study.outcomes if "." in o.measure))
    if not needed:
        raise AnswerError(f"study: '{study.study}' has no outcome out of a questionnaire, such as grade.grade")
    silent = [name for name in needed if not instruments[name].can_be_asked]
    if silent:
        raise AnswerError(
            f"study: '{study.study}' needs '{silent[0]}', whose words are not shipped. Write them into "
            f"config/instruments/{silent[0]}.yaml if you may use them: {instruments[silent[0]].licence}"
        )
    phase = found[0].forms
    return Asked([instruments[n] for n in needed if instruments[n].asked(phase)], phase, condition)


def check_study(config: Path, study: str, condition: str) -> str:
    """The path of the study whose questionnaires a cell asks; "" where it asks none.

    Raises:
        DocumentError, PreflightError: it cannot be asked like this.
    """
    if not study:
        return ""
    path = named(config / "studies", study)
    instruments = load_instruments(config / "instruments")
    try:
        asked_in(load_study(path, instruments), condition, instruments)
    except AnswerError as error:
        raise PreflightError(str(error)) from error
    return str(path)


class Sitting:
    """The questionnaires of one person. `now` is ns since 1970 throughout."""

    def __init__(self, store: Store, asked: Asked, person: str, language: Language, simulated: bool) -> None:
        self.store = store
        self.asked = asked
        self.person = person
        self.language: Language = language if language in LANGUAGES else "en"
        self.simulated = simulated
        self.consents = Consents(store)

    def sheet(self, now: int, speech: bool = False) -> Sheet:
        """What the page shows."""
        decided = self.consents.decided(self.person, now)
        return Sheet(
            language=self.language,
            simulated=self.simulated,
            consents=tuple(
                ConsentSheet(purpose=p, words=_words(QUESTIONS[p]), decided=decided.get(p))
                for p in (Purpose.ANSWERS, Purpose.RESEARCH)
            ),
            forms=tuple(self._form(i, self._found(i, now)) for i in self.asked.instruments),
            speech=speech,
        )

    def decide(self, decision: Decision, now: int) -> None:
        """Write down the person's yes or no."""
        ends = now + HOLDS if decision.granted else None
        self.consents.decide(
            self.person, decision.purpose, decision.granted, now, expires_at=ends, simulated=self.simulated
        )

    def answer(self, given: GivenAnswer, now: int) -> None:
        """Keep one answer at once.

        Raises:
            AnswerError: no such question, or no such answer to it.
            NoConsentError: the person did not say yes.
            StoreError: it cannot be written; what was kept before is safe.
        """
        instrument = self._instrument(given.instrument)
        items = {i.id: i for i in instrument.asked(self.asked.phase)}
        item = items.get(given.item)
        if item is None:
            raise AnswerError(f"item: found '{given.item}', allowed: {nearest(given.item, list(items))}")
        _check(instrument, item, given)
        form = self._found(instrument, now)
        if form is None or form.finished_at is not None:
            form = FilledForm(
                id=uuid4(), person=self.person, instrument=instrument.instrument, version=instrument.version,
                phase=self.asked.phase, condition=self.asked.condition, language=given.language, opened_at=now,
                simulated=self.simulated,
            )  # fmt: skip
        answers = form.answers | {item.id: Given(given.value, now, given.text or None)}
        keep(self.store, replace(form, answers=answers, language=given.language), now)

    def finish(self, finished: Finished, now: int) -> None:
        """The form is handed in; it was kept answer by answer.

        Raises:
            AnswerError: nothing was answered yet.
        """
        instrument = self._instrument(finished.instrument)
        form = self._found(instrument, now)
        if form is None:
            raise AnswerError(f"instrument: nothing of '{instrument.instrument}' was answered yet")
        if form.finished_at is None:
            keep(self.store, replace(form, finished_at=now), now)

    def _instrument(self, name: str) -> Instrument:
        by_name = {i.instrument: i for i in self.asked.instruments}
        if name not in by_name:
            raise AnswerError(f"instrument: found '{name}', allowed: {nearest(name, list(by_name))}")
        return by_name[name]

    def _found(self, instrument: Instrument, now: int) -> FilledForm | None:
        """The form of this sitting."""
        about = (instrument.instrument, instrument.version, self.asked.phase, self.asked.condition)
        forms = kept(self.store, self.person, now - SITTING, now)
        mine = [f for f in forms if (f.instrument, f.version, f.phase, f.condition) == about]
        return mine[-1] if mine else None

    def _form(self, instrument: Instrument, form: FilledForm | None) -> FormSheet:
        answers = form.answers if form else {}
        questions = []
        for item in instrument.asked(self.asked.phase):
            given = answers.get(item.id)
            question = Question(item=item.id, words=_words(item.text or {}), choices=_choices(instrument, item))
            if given:
                question = question.model_copy(
                    update={"value": given.value, "text": given.text or "", "answered": True}
                )
            questions.append(question)
        return FormSheet(
            instrument=instrument.instrument, title=_words(instrument.title), intro=_words(instrument.intro),
            languages=tuple(name for name in LANGUAGES if name in instrument.languages), questions=tuple(questions),
            finished=form is not None and form.finished_at is not None,
        )  # fmt: skip


def _words(text: Mapping[Language, str] | Mapping[str, str]) -> tuple[Words, ...]:
    return tuple(Words(language=language, text=text[language]) for language in LANGUAGES if language in text)


def _choices(instrument: Instrument, item: Item) -> tuple[Choice, ...]:
    if item.words:
        return ()
    scale = instrument.answers_of(item)
    labels = {
        v: {language: scale.labels[language][v] for language in LANGUAGES if v in scale.labels.get(language, {})}
        for v in range(scale.low, scale.high + 1)
    }
    return tuple(Choice(value=v, words=_words(words)) for v, words in labels.items())


def _check(instrument: Instrument, item: Item, given: GivenAnswer) -> None:
    if item.words and given.value is not None:
        raise AnswerError(f"value: found {given.value}, allowed: words in `text` for '{item.id}'")
    if not item.words and given.text:
        raise AnswerError(f"text: found words, allowed: a number in `value` for '{item.id}'")
    scale = instrument.answers_of(item)
    if given.value is not None and not scale.low <= given.value <= scale.high:
        raise AnswerError(f"value: found {given.value}, allowed: {scale.low} to {scale.high}")
