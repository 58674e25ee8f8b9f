"""The coach's page in a real browser, fed as cells would feed it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from fake_cell import WEB
from test_bench_page import AXE, text

from opstap.instructions import Cell
from opstap.monitoring.facts import FactName
from opstap.pages.access import Access, prepare
from opstap.pages.coaching import Cells, CellView, CoachInput, SharedFact, Words, typescript
from opstap.pages.preview import preview_routes
from opstap.pages.protocol import Refused
from opstap.pages.server import Network, PageServer
from opstap.workflow.model import Phase

TITLE = (Words(language="en", text="Pack the oral-care case"), Words(language="nl", text="Pak de mondzorgkoffer in"))


def view(id: str = "/cell_1", **changes: Any) -> CellView:
    said: dict[str, Any] = {"id": id, "name": "oral_care", "simulated": True, "title": TITLE, "job": 2,
                            "phase": Phase.TAKE, "step": 5, "steps": 26, "problems": 0, "paused": False,
                            "cobot": False, "coached_seconds": 185.0}  # fmt: skip
    return CellView(**said | changes)


CALL = {"help_seconds": 130.0, "person": "p07", "problems": 1, "cobot": True}
SHARE = {
    "person": "p07",
    "facts": (SharedFact(name=FactName.PACE, value=1.25, unit="1", usual=1.0),
              SharedFact(name=FactName.REACH, value=None, unit="1", usual=None)),
}  # fmt: skip


class Desk:
    """The server of a bench, with cells around it; time is what the test says."""

    def __init__(self, cell: Cell, **network: Any) -> None:
        self.now = 100.0
        self.cells = Cells("/cell_1")
        self.asked: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self.server = PageServer("127.0.0.1", 0, WEB, lambda *_: None, preview_routes(cell), "/coach/",
                                 on_coach=self._hear, **network)  # fmt: skip
        self.server.start()

    def _hear(self, said: CoachInput) -> Refused | None:
        refused = self.cells.refused(said, self.now)
        if refused is None:
            self.asked.put((said.cell, said.asked))
        return refused

    def show(self, *views: CellView) -> None:
        for each in views:
            self.cells.hear(each, self.now)
        self.server.publish_coach(self.cells.snapshot(self.now))


@pytest.fixture
def desk(cell: Cell) -> Iterator[Desk]:
    desk = Desk(cell, try_out=True)
    yield desk
    desk.server.close()


@pytest.fixture
def page(browser: Any, desk: Desk) -> Iterator[Any]:
    """The coach's page, open; an error in it fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(15_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    desk.show(view())
    page.goto(desk.server.url)
    page.locator("#cells li.cell").first.wait_for()
    yield page
    context.close()
    assert [text for text in wrong if "ERR_CONNECTION_REFUSED" not in text] == []


def lines(page: Any, id: str = "-cell_1") -> str:
    return text(page, f"#cell{id}")


def wait_for(page: Any, id: str, words: str) -> None:
    page.locator(f"#cell{id}", has_text=words).wait_for()


def test_a_cell_at_a_glance(page: Any, desk: Desk) -> None:
    assert lines(page) == (
        "oral care · cell_1 Simulated Pack the oral-care case Case 2 · 5 of 26 steps Nothing to put right "
        "Time with a coach: 3:05 Pause Next case I help here"
    )
    assert text(page, "#calls") == "Nobody calls."
    assert page.locator("progress").evaluate("bar => bar.value") == pytest.approx(5 / 26)
    desk.show(view(phase=Phase.DONE, step=26, paused=True))
    wait_for(page, "-cell_1", "The case is full")
    assert "Paused" in lines(page)
    assert "Start" in lines(page)


def test_who_calls_is_told_with_since_when_and_cells_keep_their_order(page: Any, desk: Desk) -> None:
    desk.show(view("/cell_3"), view("/cell_2", **CALL), view("/cell_1"))
    wait_for(page, "-cell_2", "Asked for help 2:10 ago · Who: p07")
    assert text(page, "#calls") == "Calls for help: cell_2"
    assert page.title() == "(1) Coach: the cells"
    names = [e.get_attribute("id") for e in page.locator("li.cell").all()]
    assert names == ["cell-cell_1", "cell-cell_2", "cell-cell_3"]  # who calls is not moved: nobody is ranked


def test_light_that_falls_beside_its_place_is_told(page: Any, desk: Desk) -> None:
    assert not page.locator(".light").is_visible()
    desk.show(view(light="moved", light_off_mm=5.2))
    wait_for(page, "-cell_1", "The light falls 5 mm beside its place: the projector was moved.")
    for result, words in (("unseen", "test dots were not seen"), ("no_pictures", "gives no colour pictures")):
        desk.show(view(light=result))
        wait_for(page, "-cell_1", words)
    desk.show(view(light="good", light_off_mm=0.4))
    page.locator(".light").wait_for(state="hidden")


def test_nothing_of_a_person_but_what_is_shared(page: Any, desk: Desk) -> None:
    assert not page.locator(".shared").is_visible()
    desk.show(view(**SHARE))
    wait_for(page, "-cell_1", "p07 shares with you")
    assert text(page, ".shared ul") == ("Time of the last steps: 1.3 times their own time Reaching far: not known now")
    desk.show(view())
    page.locator(".shared").wait_for(state="hidden")
    assert "p07" not in page.content()


BUTTONS = [
    ({}, "Pause", "pause"),
    ({"paused": True}, "Start", "resume"),
    ({"phase": Phase.DONE}, "Next case", "next"),
    ({}, "I help here", "help"),
    (CALL, "Help was here", "help_done"),
    ({"cobot": True}, "Stop the cobot", "stop_robot"),
]


def test_every_button_asks_its_own_cell(page: Any, desk: Desk) -> None:
    for i, (changes, name, asked) in enumerate(BUTTONS):
        id = f"/cell_{i + 2}"
        desk.show(view(id, **changes))
        page.locator(f"#cell-cell_{i + 2}").get_by_role("button", name=name, exact=True).click()
        assert desk.asked.get(timeout=10) == (id, asked)


def test_what_cannot_be_asked_is_told(page: Any, desk: Desk) -> None:
    assert page.get_by_role("button", name="Next case").is_disabled()
    desk.show(view(phase=Phase.DONE))
    ready = page.get_by_role("button", name="Next case")
    page.locator("#cell-cell_1", has_text="The case is full").wait_for()
    desk.cells.hear(view(), desk.now)  # meanwhile a case is worked on again
    ready.click()
    page.locator("#answer", has_text="Not done: next, while a case is worked on.").wait_for()


def test_a_cell_that_is_silent_is_told_and_says_nothing_of_its_person(page: Any, desk: Desk) -> None:
    desk.show(view(**SHARE | CALL))
    wait_for(page, "-cell_1", "p07 shares")
    desk.now += 5
    desk.show(view("/cell_2"))
    wait_for(page, "-cell_1", "No news from this cell")
    assert "p07" not in page.content()
    assert all(b.is_disabled() for b in page.locator("#cell-cell_1 button").all())
    desk.now += 600
    desk.show(view("/cell_2"))
    page.locator("#cell-cell_1").wait_for(state="detached")


def test_lost_connection_is_told_and_comes_back(page: Any, desk: Desk, cell: Cell) -> None:
    port = desk.server.port
    desk.server.close()
    page.locator("#link", has_text="No connection with the bench").wait_for()
    assert all(b.is_disabled() for b in page.locator("#cells button").all())
    again = PageServer("127.0.0.1", port, WEB, lambda *_: None, preview_routes(cell), on_coach=desk._hear, try_out=True)
    again.start()
    try:
        for _ in range(100):  # a page that is not told anything anew goes on saying that what it shows is old
            again.publish_coach(desk.cells.snapshot(desk.now))
            if not page.locator("#link").is_visible():
                break
            page.wait_for_timeout(100)
        page.get_by_role("button", name="Pause").click()
        assert desk.asked.get(timeout=10) == ("/cell_1", "pause")
    finally:
        again.close()


def test_keyboard_alone(page: Any, desk: Desk) -> None:
    desk.show(view(cobot=True))
    page.get_by_role("button", name="Stop the cobot").wait_for()
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.value || document.activeElement.id"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == ["preview-open", "author", "pause", "help", "stop_robot"]
    page.keyboard.press("Enter")
    assert desk.asked.get(timeout=10) == ("/cell_1", "stop_robot")
    desk.show(view(cobot=True, step=6))
    wait_for(page, "-cell_1", "6 of 26")
    assert page.evaluate("document.activeElement.value") == "stop_robot"


def test_the_steps_are_looked_at_as_the_light_shows_them(page: Any, desk: Desk) -> None:
    page.get_by_role("button", name="Look at the steps at cell_1").click()
    page.locator("#preview-step", has_text="Step 1 of 26").wait_for()
    page.get_by_role("button", name="Next", exact=True).click()
    assert text(page, "#preview-step") == "Step 2 of 26"
    assert text(page, "#take-words") == "Take 1: probe."
    page.wait_for_function("() => [...document.images].every(i => i.complete && i.naturalWidth === 768)")
    assert page.locator("#place").get_attribute("alt").startswith("The light while this is placed: Put it here")


def test_everybody_can_use_it(page: Any, desk: Desk, node_modules: Path) -> None:
    desk.show(view(**SHARE), view("/cell_2", **CALL), view("/cell_3", paused=True))
    wait_for(page, "-cell_3", "Paused")
    page.evaluate((node_modules / "axe-core/axe.min.js").read_text())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        faults = page.evaluate("options => axe.run(document, options)", AXE)["violations"]
        assert [(f["id"], [n["html"] for n in f["nodes"]]) for f in faults] == [], scheme
    for width in (320, 640, 1280):  # 640: 200 % zoom of 1280
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert all(b.bounding_box()["height"] >= 48 for b in page.get_by_role("button").all() if b.is_visible())


def test_over_the_network_only_the_coach_gets_in(browser: Any, cell: Cell, tmp_path: Path) -> None:
    pins = prepare(tmp_path / "access", ["localhost"])
    network = Network("127.0.0.1", 0, Access(tmp_path / "access", time.monotonic))
    desk = Desk(cell, network=network)
    try:
        desk.show(view())
        context = browser.new_context(locale="nl-NL", ignore_https_errors=True)
        page = context.new_page()
        assert page.goto(desk.server.url).status == 403  # at the bench itself, without a PIN
        for role, seen in (("operator", False), ("coach", True)):
            page.goto(f"https://localhost:{desk.server.network_port}/coach/")
            for digit in pins[role]:
                page.get_by_role("button", name=digit, exact=True).click()
            with page.expect_navigation():
                page.get_by_role("button", name="Aanmelden").click()
            if seen:
                page.locator("#cell-cell_1", has_text="Pak de mondzorgkoffer in").wait_for()
            assert page.locator("body", has_text="Koffer 2").count() == seen
            context.clear_cookies()
        context.close()
    finally:
        desk.server.close()


def test_types_are_fresh() -> None:
    fresh = typescript()
    command = "python -m opstap.pages.coaching > web/coach/messages.d.ts"
    assert (WEB / "coach/messages.d.ts").read_text() == fresh, f"run: {command}"
