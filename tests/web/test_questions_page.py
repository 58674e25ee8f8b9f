"""The questionnaires in a real browser: large, one at a time, by keyboard and touch, read aloud, kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_cell import WEB

from opstap.evaluation.instruments import load_instruments
from opstap.evaluation.questions.routes import Questions
from opstap.evaluation.questions.sitting import Asked, Sitting
from opstap.evaluation.store import Consents, Purpose, Reading, Store
from opstap.pages.server import PageServer
from opstap.speech import can_speak

INSTRUMENTS = load_instruments(WEB.parent / "config/instruments")
NOW = 1_790_000_000_000_000_000
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as store:
        yield store


@pytest.fixture
def server(store: Store) -> Iterator[PageServer]:
    asked = Asked([INSTRUMENTS["tlx_simplified"], INSTRUMENTS["grade"]], "post", "with")
    questions = Questions(lambda: Sitting(store, asked, "p07", "nl", True), clock=lambda: NOW)
    server = PageServer("127.0.0.1", 0, WEB, lambda *_: None, questions.routes(), "/questions/")
    server.start()
    yield server
    server.close()


@pytest.fixture
def page(browser: Any, server: PageServer) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, has_touch=True)
    context.set_default_timeout(15_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(server.url)
    yield page
    context.close()
    assert wrong == []


def asks(page: Any, question: str) -> None:
    """Wait until this is what the page asks, and its reader is there."""
    page.wait_for_function("text => document.activeElement.textContent === text", arg=question)
    page.locator("#form:not([data-fresh])").wait_for()


def press(page: Any, name: str, moves: bool = True) -> None:
    page.locator("#form:not([data-fresh])").wait_for()  # a press right after a question came is taken for a slip
    before = page.locator("#question").inner_text()
    page.get_by_role("button", name=name, exact=True).tap()
    if moves:
        page.wait_for_function("text => document.getElementById('question').textContent !== text", arg=before)


def allow(page: Any) -> None:
    for question in ("Mag ik jouw antwoorden op de vragen bewaren?", "Mag een onderzoeker gebruiken wat van jou"):
        page.get_by_role("heading", name=question).wait_for()
        page.get_by_label("Ja").tap()
        press(page, "Verder")
    asks(page, "Hoe zwaar is het werk?")


def kept(store: Store) -> dict[str, tuple[bool, dict[str, float | None]]]:
    return {f.instrument: (f.finished, dict(f.answers)) for f in Reading(store, Purpose.RESEARCH, NOW).forms()}


def test_a_person_answers_by_touch_goes_away_and_comes_back(page: Any, store: Store) -> None:
    allow(page)
    press(page, "Begin")
    asks(page, "Moest je veel nadenken?")
    page.get_by_label("veel", exact=True).tap()
    page.locator("#kept", has_text="Bewaard.").wait_for()
    assert kept(store) == {"tlx_simplified": (False, {"mental": 4})}
    press(page, "Verder")
    asks(page, "Was het werk zwaar voor je lichaam?")
    press(page, "Verder", moves=False)
    assert page.locator("#told").inner_text() == "Kies een antwoord, of druk op Sla over."
    press(page, "Sla over")
    asks(page, "Had je het gevoel dat je moest opschieten?")
    page.reload()
    asks(page, "Hoe zwaar is het werk?")  # no question of consent again
    press(page, "Ga verder waar ik was")
    asks(page, "Had je het gevoel dat je moest opschieten?")
    for _ in range(2):
        press(page, "Terug")
    asks(page, "Moest je veel nadenken?")
    assert page.get_by_label("veel", exact=True).is_checked()
    page.get_by_label("een beetje").tap()
    press(page, "Verder")
    for _ in range(5):
        press(page, "Sla over")
    asks(page, "Klaar")
    assert page.locator("#note").inner_text() == "Je hebt 1 van de 6 vragen beantwoord."
    press(page, "Lever in")
    asks(page, "Jouw cijfer voor deze werkplek")
    finished, answers = kept(store)["tlx_simplified"]
    assert (finished, answers["mental"], answers["physical"]) == (True, 2, None)


def test_a_person_answers_by_keyboard_alone(page: Any, store: Store) -> None:
    def keys(*pressed: str) -> None:
        for key in pressed:
            page.keyboard.press(key)

    asks(page, "Mag ik jouw antwoorden op de vragen bewaren?")
    keys("Tab", "Space", "Enter")
    asks(page, "Mag een onderzoeker gebruiken wat van jou bewaard is, zonder jouw naam?")
    keys("Tab", "Space", "Enter")
    asks(page, "Hoe zwaar is het werk?")
    keys("Tab", "Enter")
    asks(page, "Moest je veel nadenken?")
    keys("Tab", "Space", "ArrowDown", "ArrowDown", "Enter")
    asks(page, "Was het werk zwaar voor je lichaam?")
    assert kept(store)["tlx_simplified"][1] == {"mental": 3}


def test_the_grade_and_words(page: Any, store: Store, server: PageServer) -> None:
    allow(page)

    press(page, "Begin")
    for _ in range(6):
        press(page, "Sla over")
    press(page, "Lever in")
    asks(page, "Jouw cijfer voor deze werkplek")
    press(page, "English")
    asks(page, "Your grade for this work place")
    assert page.locator("html").get_attribute("lang") == "en"
    press(page, "Start")
    asks(page, "What grade do you give this work place?")
    page.get_by_label("8", exact=True).tap()
    press(page, "Next")
    asks(page, "Why this grade? You may leave this open.")
    page.get_by_role("textbox").fill("Ik zie <b>zelf</b> wat ik moet doen")
    press(page, "Next")
    press(page, "Hand in")
    asks(page, "Thank you. Your answers are kept.")
    form = Reading(store, Purpose.RESEARCH, NOW).forms("grade")[0]
    assert (form.answers["grade"], form.texts["why"]) == (8, "Ik zie <b>zelf</b> wat ik moet doen")


def test_who_says_no_is_asked_nothing(page: Any, store: Store) -> None:
    asks(page, "Mag ik jouw antwoorden op de vragen bewaren?")
    press(page, "Verder", moves=False)
    assert page.locator("#told").inner_text() == "Kies ja of nee."
    page.get_by_label("Nee").tap()
    press(page, "Verder")
    asks(page, "Er wordt niets bewaard.")
    assert page.get_by_role("button", name="Verder").count() == 0
    assert Consents(store).allowed("p07", NOW) == frozenset()


def test_an_answer_that_is_not_kept_is_told_and_can_be_given_again(page: Any, server: PageServer, store: Store) -> None:
    allow(page)
    press(page, "Begin")
    asks(page, "Moest je veel nadenken?")
    page.route("**/answer", lambda route: route.abort())
    page.get_by_label("veel", exact=True).tap()
    page.locator("#told", has_text="niet bewaard: geen verbinding met de werkbank.").wait_for()
    press(page, "Verder", moves=False)
    asks_still = page.locator("#question").inner_text()
    assert asks_still == "Moest je veel nadenken?"
    page.unroute("**/answer")
    press(page, "Verder")
    asks(page, "Was het werk zwaar voor je lichaam?")
    assert kept(store)["tlx_simplified"][1] == {"mental": 4}


@pytest.mark.skipif(not can_speak(), reason="no espeak-ng: apt-get install espeak-ng")
def test_it_is_read_aloud_by_the_server_where_the_browser_has_no_voice(page: Any) -> None:
    allow(page)
    assert page.evaluate("speechSynthesis.getVoices().filter(v => v.localService).length") == 0
    with page.expect_response("**/speech?*") as read:
        press(page, "Lees voor", moves=False)
    assert read.value.headers["content-type"] == "audio/wav"
    with page.expect_response("**/speech?*") as read:  # and so is every question that follows
        press(page, "Begin")
    assert "Moest+je+veel+nadenken%3F.+helemaal+niet.+een+beetje" in read.value.url
    press(page, "Lees voor", moves=False)
    assert page.get_by_role("button", name="Lees voor").get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_fault_and_all_is_large(page: Any, node_modules: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)

    def check() -> None:
        page.evaluate((node_modules / "axe-core/axe.min.js").read_text())
        faults = page.evaluate("options => axe.run(document, options)", AXE)["violations"]
        assert [(f["id"], [n["html"] for n in f["nodes"]]) for f in faults] == []
        for width, height in ((320, 640), (640, 400), (1280, 800)):  # 640: 1280 at 200 % zoom
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") == width
        for target in page.locator("button:visible, .choice:visible").all():
            assert target.bounding_box()["height"] >= 48

    page.get_by_role("heading", name="Mag ik jouw antwoorden").wait_for()
    check()
    allow(page)
    check()
    press(page, "Begin")
    asks(page, "Moest je veel nadenken?")
    press(page, "Verder", moves=False)
    check()
    for _ in range(6):
        press(page, "Sla over")
    asks(page, "Klaar")
    check()
    press(page, "Lever in")
    asks(page, "Jouw cijfer voor deze werkplek")
    press(page, "Begin")
    asks(page, "Welk cijfer geef je deze werkplek?")
    check()
    press(page, "Sla over")
    asks(page, "Waarom dit cijfer? Je mag dit open laten.")
    check()


def test_a_second_tap_is_no_second_answer(page: Any) -> None:
    allow(page)
    for button, question in (("Begin", "Moest je veel nadenken?"), ("Sla over", "Was het werk zwaar voor je lichaam?")):
        page.locator("#form:not([data-fresh])").wait_for()
        page.get_by_role("button", name=button).dblclick()
        page.locator("#question", has_text=question).wait_for()  # the old question stays until the answer is kept
        page.locator("#form:not([data-fresh])").wait_for()
        assert page.locator("#question").inner_text() == question
        assert page.locator("input:checked").count() == 0
