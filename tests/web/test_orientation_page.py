"""The orientation in a real browser without a headset: a whole session by the keyboard, a coach who looks on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium_with
from orientations import GL, SECOND, Served, opened, press, says

from opstap.instructions import Cell
from opstap.orientation.job import Video
from opstap.orientation.mirror import SeenHand
from opstap.pages.guard import IMPORT_MAP
from opstap.scene import Profile
from opstap.workflow.carried import waiting
from opstap.workflow.model import Phase as Work
from opstap.workflow.model import State

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
WEB = Path(__file__).parents[2] / "web/orientation"
HANDS = "async () => (await import('/orientation/orientation.js')).stage.moves.hands.count === 1"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium_with(*GL) as browser:
        yield browser


@pytest.fixture
def served(cell: Cell, node_modules: Path) -> Iterator[Served]:
    served = Served(cell)
    yield served
    served.server.close()


def accessible(page: Any, node_modules: Path) -> None:
    # The page's own rules for scripts hold for axe too: it comes from outside of the page.
    page.evaluate((node_modules / "axe-core/axe.min.js").read_text())
    found = page.evaluate("options => axe.run(document, options)", AXE)["violations"]
    assert [(v["id"], [n["html"][:90] for n in v["nodes"]]) for v in found] == []


def test_a_session_by_keyboard_with_a_coach(browser: Any, served: Served, node_modules: Path) -> None:
    with opened(browser, served.server.url) as page, opened(browser, served.coach) as coach:
        says(page, "Niets beweegt jou.")
        accessible(page, node_modules)
        press(page, "Ga naar binnen")
        says(page, "Hoe voel je je nu?")
        press(page, "2")
        says(page, "Pak 1: mondspiegel.")
        page.locator("#watched", has_text="Je coach kijkt mee").wait_for()

        # Two topics; one has a question.
        press(page, "Het werk")
        says(page, "In elke koffer gaan 26 dingen.")
        press(page, "Het licht")
        says(page, "✓ Ja. Volg het licht.")
        press(page, "Dit vind ik leuk")
        press(page, "Sluit")
        press(page, "Wat niet leuk is")
        says(page, "Je doet vaak hetzelfde op een dag.")
        accessible(page, node_modules)
        press(page, "Hier wil ik meer over vragen")
        press(page, "Sluit")

        # Three parts: where to reach comes first, and who presses stays there.
        says(page, "Je hand is leeg.")
        page.locator("#places summary").focus()
        page.keyboard.press("Enter")
        page.locator("#places button").first.focus()
        for number in (1, 2, 3):
            page.keyboard.press("Enter")
            says(page, "Leg hier neer:")
            page.wait_for_function("() => document.activeElement.textContent.startsWith('Koffer, vak')")
            page.keyboard.press("Enter")
            says(page, f"In de koffer: {number}")
            page.wait_for_function("() => document.activeElement.textContent.endsWith('verlicht')")
        assert served.session.tryout.packed == 3

        # The coach sees the same, also where the eyes go.
        says(coach, "In de koffer: 3")
        pose = "() => document.getElementById('room').dataset.pose"
        coach.wait_for_function(pose)
        before = coach.evaluate(pose)
        page.keyboard.press("ArrowRight")
        coach.wait_for_function(f"before => ({pose})() !== before", arg=before)
        accessible(coach, node_modules)
        press(coach, "Pauze")
        says(page, "Je coach heeft op pauze gedrukt.")
        assert page.get_by_role("button", name="Ga verder").count() == 0
        press(coach, "Ga verder")
        says(page, "Je hand is leeg.")
        press(coach, "Een bak is leeg")
        says(page, "Een collega vult hem.")
        press(page, "Laat het stoppen")
        coach.locator("#note").fill("rustig")
        coach.keyboard.press("Enter")
        coach.locator("#notes", has_text="rustig").wait_for()

        # A minute on it is asked how it goes; worse than before, stopping is offered, and is a choice.
        served.now += 61 * SECOND
        says(page, "Hoe voel je je?")
        press(page, "5")
        says(page, "Wil je stoppen?")
        press(page, "Ga verder")
        says(page, "Je hand is leeg.")
        page.keyboard.press("Escape")
        says(page, "Je bent gestopt. Dat is altijd goed.")
        card = " ".join(page.locator("#card").inner_text().split())
        assert "Dit zag ik Het werk, Wat niet leuk is Dit vind ik leuk Het werk" in card
        assert "Hier wil ik meer over vragen Wat niet leuk is Ik pakte 3 dingen in, in 1" in card
        accessible(page, node_modules)
        coach.locator("#next").fill("p02")
        coach.keyboard.press("Enter")
        coach.locator("#person", has_text="p02").wait_for()
        says(page, "Niets beweegt jou.")
        assert served.session.memory.notes == []


def test_what_is_loaded_and_drawn_stays_small(browser: Any, served: Served) -> None:
    with opened(browser, served.server.url) as page:
        page.wait_for_function("() => Number(document.getElementById('room').dataset.calls) > 20")
        room = page.locator("#room")
        assert int(room.get_attribute("data-calls")) <= 75  # a headset draws for two eyes: 150
        assert int(room.get_attribute("data-triangles")) <= 100_000
        sizes = "() => performance.getEntriesByType('resource').map(e => [e.name, e.transferSize])"
        loaded = dict(page.evaluate(sizes))
        assert any(name.endswith("cell.glb") for name in loaded)
        assert sum(loaded.values()) <= 3_000_000, loaded


def test_without_webgl_everything_is_done_with_buttons(browser: Any, served: Served) -> None:
    off = "HTMLCanvasElement.prototype.getContext = new Proxy(HTMLCanvasElement.prototype.getContext, {apply: (get, on,"
    off += " args) => String(args[0]).startsWith('webgl') ? null : Reflect.apply(get, on, args)})"
    made = browser.new_context(locale="nl-NL")
    page = made.new_page()
    page.add_init_script(off)
    page.goto(served.server.url)
    page.locator("#told", has_text="kan geen ruimte tekenen").wait_for()
    press(page, "Ga naar binnen")
    press(page, "0")
    page.locator("#places summary").click()
    page.get_by_role("button", name="mondspiegel ● verlicht").click()
    says(page, "In je hand: mondspiegel")
    made.close()


def test_a_second_participant_is_told_and_the_first_is_found_again(browser: Any, served: Served) -> None:
    with opened(browser, served.server.url) as page, opened(browser, served.server.url, ready=False) as other:
        press(page, "Ga naar binnen")
        press(page, "1")
        other.locator("#told", has_text="Er is nu iemand anders binnen.").wait_for()
        page.reload()
        says(page, "Je was weg.")
        press(page, "Ga verder")
        says(page, "Pak 1: mondspiegel.")
        assert served.session.phase.value == "inside"


def test_a_cell_is_looked_at_and_its_silence_is_told(browser: Any, cell: Cell, node_modules: Path) -> None:
    served = Served(cell, mirrored=True)
    work = State(task=cell.task.task, job=1, phase=Work.TAKE, step=1)
    try:
        with opened(browser, served.server.url) as page:
            press(page, "Ga naar binnen")
            press(page, "0")
            says(page, "De werkplek is niet te horen.")
            served.mirror.tell_work(work, Profile(id="anna"), 1_790_000_000 * SECOND)
            says(page, "Dit gebeurt nu, op de werkplek.")
            says(page, "Pak 1: sonde.")
            page.locator("#unreal").wait_for(state="hidden")
            served.mirror.tell_hands((SeenHand((0.0, 0.0, 0.1), (0.1, 0.2, 0.1)),))
            page.wait_for_function(
                "async () => (await import('/orientation/orientation.js')).stage.moves.hands.count === 1"
            )
            served.now += 3 * SECOND
            says(page, "De werkplek is niet te horen.")
            press(page, "Probeer het zelf")
            says(page, "Je hand is leeg.")
            page.keyboard.press("Escape")
            # The help that was found here goes to the bench by choice, and can be taken back.
            says(page, "Wil je daarmee beginnen aan de werkbank?")
            assert waiting(served.carried, "p01") is None
            press(page, "Ja, neem het mee")
            says(page, "De werkbank begint de volgende keer met deze hulp: veel.")
            assert waiting(served.carried, "p01") == "full"
            press(page, "Nee, neem het niet mee")
            says(page, "Wil je daarmee beginnen aan de werkbank?")
            assert waiting(served.carried, "p01") is None
    finally:
        served.server.close()


def test_pictures_all_around_and_a_video_that_is_missing(browser: Any, served: Served) -> None:
    with opened(browser, served.server.url) as page:
        press(page, "Ga naar binnen")
        press(page, "0")
        press(page, "Het werk")
        press(page, "Kijk helemaal rond")
        page.wait_for_function("async () => !(await import('/orientation/orientation.js')).stage.table.visible")
        press(page, "Terug naar de ruimte")
        page.wait_for_function("async () => (await import('/orientation/orientation.js')).stage.table.visible")
        video = Video(file="none.mp4", captions={"nl": "none.vtt", "en": "none.vtt"})
        served.session.job.hot_spots[2].__dict__["video"] = video  # its file went away after the start
        press(page, "Sluit")
        press(page, "Werktijden")
        says(page, "Een video of geluid is er niet")
        says(page, "Het werk begint om half negen.")
        served.session.job.hot_spots[2].__dict__["video"] = None


def test_the_checklist_tells_what_it_can_and_asks_the_rest(browser: Any, served: Served, node_modules: Path) -> None:
    made = browser.new_context(locale="nl-NL")
    page = made.new_page()
    page.goto(f"{served.server.url}orientation/ready.html")
    page.locator("[data-check=server][data-found=yes]").wait_for()
    page.locator("[data-check=responsible][data-found=no]").wait_for()
    accessible(page, node_modules)
    served.orientation._respond("Sam")
    page.locator("#again").click()
    page.locator("[data-check=responsible]", has_text="Sam").wait_for()
    assert page.locator("#verdict").inner_text().startswith("Nog niet klaar")
    for tick in page.locator("#checks input").all():
        tick.check()
    page.locator("#verdict", has_text="Alles is klaar.").wait_for()
    made.close()


def test_the_import_map_is_the_one_that_is_allowed() -> None:
    for name in ("index.html", "coach.html"):
        assert f'<script type="importmap">{IMPORT_MAP}</script>' in (WEB / name).read_text(encoding="utf-8")
