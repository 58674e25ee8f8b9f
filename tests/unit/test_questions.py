"""Questionnaires one question at a time: consent first, kept after every answer, gone on with, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from packing import START
from sqlalchemy import func, select

from opstap.evaluation.instruments import load_instruments
from opstap.evaluation.questions.messages import Decision, Finished, GivenAnswer, Sheet, typescript
from opstap.evaluation.questions.routes import Questions
from opstap.evaluation.questions.sitting import SITTING, AnswerError, Asked, Sitting, asked_in, check_study
from opstap.evaluation.store import Consents, NoConsentError, Purpose, Reading, Store, StoreError
from opstap.evaluation.store.consent import HOLDS, QUESTIONS
from opstap.evaluation.store.tables import Form
from opstap.evaluation.study import load_study
from opstap.pages.server import PageServer
from opstap.preflight import PreflightError
from opstap.speech import SpeechError, can_speak, speak

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
INSTRUMENTS = load_instruments(CONFIG / "instruments")
ASKED = Asked([INSTRUMENTS["grade"], INSTRUMENTS["tlx_simplified"]], "post", "with")
MINUTE = 60_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as store:
        yield store


def sitting(store: Store, asked: Asked = ASKED) -> Sitting:
    return Sitting(store, asked, "p07", "nl", False)


def yes(at: Sitting, now: int = START) -> None:
    at.decide(Decision(purpose=Purpose.ANSWERS, granted=True), now)


def given(item: str, value: int | None = None, instrument: str = "grade", text: str = "") -> GivenAnswer:
    return GivenAnswer(instrument=instrument, item=item, language="nl", value=value, text=text)


def test_generated_types_are_fresh() -> None:
    told = "python -m opstap.evaluation.questions.messages > web/questions/messages.d.ts"
    assert (ROOT / "web/questions/messages.d.ts").read_text() == typescript(), f"stale; run: {told}"


def test_a_study_says_what_is_asked_and_when() -> None:
    study = load_study(CONFIG / "studies/pilot.yaml", INSTRUMENTS)
    asked = asked_in(study, "without", INSTRUMENTS)
    assert [i.instrument for i in asked.instruments] == ["grade", "work_confidence", "sus_simplified", "tlx_simplified"]
    assert (asked.phase, asked.condition) == ("pre", "without")
    with pytest.raises(AnswerError, match="found 'witout', allowed by study 'pilot': without, with"):
        asked_in(study, "witout", INSTRUMENTS)
    with pytest.raises(PreflightError, match="condition: found ''"):
        check_study(CONFIG, "pilot", "")
    assert check_study(CONFIG, "", "") == ""


def test_words_that_may_not_be_shipped_are_not_asked() -> None:
    study = load_study(CONFIG / "studies/pilot.yaml", INSTRUMENTS)
    outcome = study.outcomes[0].model_copy(update={"measure": "oss_sf.self_efficacy"})
    with pytest.raises(AnswerError, match=r"needs 'oss_sf', whose words are not shipped\. Write them into"):
        asked_in(study.model_copy(update={"outcomes": (outcome,)}), "with", INSTRUMENTS)


def test_before_and_after_have_their_own_questions() -> None:
    vr = INSTRUMENTS["vr_expectations"]
    assert [i.id for i in vr.asked("pre")][-1] == "headset_expected"
    assert {i.id for i in vr.asked("post")} > {"again", "safe", "control"}
    assert {i.id for i in vr.asked("week_1")} == {"picture", "not_nice", "fits_me", "would_go"}


def test_nothing_is_kept_without_a_yes(store: Store) -> None:
    at = sitting(store)
    assert [(c.purpose.value, c.decided) for c in at.sheet(START).consents] == [("answers", None), ("research", None)]
    with pytest.raises(NoConsentError):
        at.answer(given("grade", 8), START)
    at.decide(Decision(purpose=Purpose.ANSWERS, granted=False), START)
    with pytest.raises(NoConsentError):
        at.answer(given("grade", 8), START + 1)
    with store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Form)) == 0
    assert at.sheet(START).consents[0].decided is False


def test_a_yes_runs_out_and_is_asked_again(store: Store) -> None:
    at = sitting(store)
    yes(at)
    assert at.sheet(START + HOLDS - 1).consents[0].decided is True
    assert at.sheet(START + HOLDS).consents[0].decided is None


def test_a_form_is_kept_after_every_answer_and_gone_on_with(store: Store) -> None:
    at = sitting(store)
    yes(at)
    at.answer(given("mental", 4, "tlx_simplified"), START)
    at.answer(given("physical", None, "tlx_simplified"), START + MINUTE)  # skipped
    again = sitting(store).sheet(START + 2 * MINUTE).forms[1]
    assert [(q.item, q.value, q.answered) for q in again.questions][:3] == [
        ("mental", 4, True), ("physical", None, True), ("temporal", None, False),
    ]  # fmt: skip
    assert not again.finished
    Consents(store).decide("p07", Purpose.RESEARCH, True, START)
    (half,) = Reading(store, Purpose.RESEARCH, START + 3 * MINUTE).forms()
    assert (half.finished, half.phase, half.condition, dict(half.answers)) == (
        False, "post", "with", {"mental": 4, "physical": None},
    )  # fmt: skip
    at.answer(given("mental", 2, "tlx_simplified"), START + 3 * MINUTE)  # thought better of it
    at.finish(Finished(instrument="tlx_simplified"), START + 4 * MINUTE)
    (done,) = Reading(store, Purpose.RESEARCH, START + 5 * MINUTE).forms()
    assert (done.finished, done.answers["mental"]) == (True, 2)
    assert [f.finished for f in at.sheet(START + 5 * MINUTE).forms] == [False, True]


def test_a_form_of_yesterday_is_asked_anew_and_stays(store: Store) -> None:
    at = sitting(store)
    yes(at)
    at.answer(given("grade", 8), START)
    assert at.sheet(START + SITTING).forms[0].questions[0].value == 8
    later = START + SITTING + 1
    assert at.sheet(later).forms[0].questions[0].value is None
    at.answer(given("grade", 6), later)
    Consents(store).decide("p07", Purpose.RESEARCH, True, START)
    assert [f.answers["grade"] for f in Reading(store, Purpose.RESEARCH, later).forms()] == [8, 6]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (given("grade", 11), "value: found 11, allowed: 1 to 10"),
        (given("grad", 7), r"item: found 'grad', allowed: grade, why \(did you mean 'grade'\?\)"),
        (given("why", 3), "value: found 3, allowed: words in `text` for 'why'"),
        (given("grade", None, text="fine"), "text: found words, allowed: a number"),
        (given("grade", 7, "grades"), "instrument: found 'grades', allowed: grade, tlx_simplified"),
    ],
)
def test_an_answer_that_cannot_be_is_told(store: Store, answer: GivenAnswer, told: str) -> None:
    at = sitting(store)
    yes(at)
    with pytest.raises(AnswerError, match=told):
        at.answer(answer, START)


def test_what_was_not_begun_cannot_be_handed_in(store: Store) -> None:
    at = sitting(store)
    yes(at)
    with pytest.raises(AnswerError, match="nothing of 'grade' was answered yet"):
        at.finish(Finished(instrument="grade"), START)


def test_every_purpose_can_be_asked_in_both_languages() -> None:
    assert set(QUESTIONS) == set(Purpose)
    assert all(set(words) == {"en", "nl"} for words in QUESTIONS.values())


class Browser:
    """The page's side of the server."""

    def __init__(self, server: PageServer) -> None:
        self.server = server

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
        async def go() -> tuple[int, str]:
            own = {"Origin": self.server.url.rstrip("/")} | headers
            url = self.server.url + path
            async with aiohttp.ClientSession() as session, session.request(method, url, data=body, headers=own) as got:
                return got.status, await got.text("latin-1")

        return asyncio.run(go())

    def post(self, path: str, **message: Any) -> tuple[int, str]:
        return self.ask("POST", path, json.dumps(message))


@pytest.fixture
def browser(store: Store) -> Iterator[Browser]:
    questions = Questions(lambda: sitting(store), clock=lambda: START)
    server = PageServer("127.0.0.1", 0, ROOT / "web", lambda *_: None, questions.routes(), "/questions/")
    server.start()
    yield Browser(server)
    server.close()


def test_over_http(browser: Browser) -> None:
    assert browser.ask("GET", "")[1].count("questions.js") == 1  # the first page is that of the questions
    assert Sheet.model_validate_json(browser.ask("GET", "questions/sheet")[1]).forms[0].instrument == "grade"
    answer = {"instrument": "grade", "item": "grade", "language": "nl", "value": 9}
    assert browser.post("questions/answer", **answer)[0] == 403
    assert browser.post("questions/decision", purpose="answers", granted=True)[0] == 200
    status, text = browser.post("questions/answer", **answer)
    assert (status, Sheet.model_validate_json(text).forms[0].questions[0].value) == (200, 9)
    assert browser.post("questions/finished", instrument="grade")[0] == 200
    assert browser.post("questions/answer", **answer | {"value": 12}) == (400, "value: found 12, allowed: 1 to 10\n")
    status, text = browser.post("questions/answer", **answer | {"mood": "good"})
    assert (status, text) == (400, "mood: Extra inputs are not permitted\n")
    assert browser.ask("POST", "questions/answer", "no JSON")[0] == 400
    assert browser.ask("POST", "questions/answer", "x" * 5000)[0] == 413


def test_another_site_can_neither_answer_nor_listen(browser: Browser, store: Store) -> None:
    for origin in ("http://evil.example", "null"):
        body = json.dumps({"purpose": "answers", "granted": True})
        assert browser.ask("POST", "questions/decision", body, Origin=origin)[0] == 403
    assert Consents(store).allowed("p07", START) == frozenset()
    assert browser.ask("GET", "questions/speech?text=hi&language=nl", **{"Sec-Fetch-Site": "cross-site"})[0] == 403


def test_a_full_disk_is_told_and_the_answer_can_be_given_again(store: Store) -> None:
    at = sitting(store)
    yes(at)
    at.answer(given("grade", 8), START)

    def limit(pages: int) -> None:
        connection = store.engine.raw_connection()  # the pool hands out this one every time
        connection.cursor().execute(f"PRAGMA max_page_count = {pages}")
        connection.close()

    with store.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    limit(pages)
    long = given("why", text="w" * 900)

    def fill() -> None:
        for later in range(20):  # every sitting a form of its own, until the room is used up
            at.answer(long, START + 2 * SITTING * later)

    with pytest.raises(StoreError, match=r"cannot be written: .*full\. To do: make room"):
        fill()
    limit(100_000)
    end = START + HOLDS - 1
    at.answer(long, end)
    assert len(at.sheet(end).forms[0].questions[1].text) == 900
    Consents(store).decide("p07", Purpose.RESEARCH, True, START)
    first = Reading(store, Purpose.RESEARCH, end).forms()[0]
    assert (first.answers["grade"], len(first.texts["why"])) == (8, 900)


@pytest.mark.skipif(not can_speak(), reason="no espeak-ng: apt-get install espeak-ng")
def test_the_server_reads_aloud(browser: Browser) -> None:
    sound = speak("Welk cijfer geef je deze werkplek?", "nl")
    assert sound[:4] == b"RIFF"
    assert len(sound) > 44_100  # more than a second
    assert browser.ask("GET", "questions/speech?text=Hallo&language=nl")[1].startswith("RIFF")
    assert browser.ask("GET", "questions/speech?text=Hallo&language=xx")[0] == 404
    with pytest.raises(SpeechError, match="found 601 characters, allowed: 1 to 600"):
        speak("x" * 601, "nl")


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "opstap.commands", "ask", "pilot", "--condition", "during", "--person", "p07"]
    done = subprocess.run([*command, "--store", str(tmp_path / "s.db")], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        1, "opstap: condition: found 'during', allowed by study 'pilot': without, with\n",
    )  # fmt: skip
