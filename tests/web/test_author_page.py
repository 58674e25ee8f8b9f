"""The page on which a coach makes new work by doing it once, in a real browser, with what perception would tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_cell import ROOT, WEB
from test_bench_page import AXE, text

from opstap.authoring.desk import AuthorDesk, AuthorWish, typescript
from opstap.documents import Document
from opstap.instructions import Cell, load_cell
from opstap.pages.server import PageServer
from opstap.workflow.model import Happened, WorkspaceEvent

SECOND = 1_000_000_000


class Authored:
    """The server of a bench where a coach records."""

    def __init__(self, cell: Cell, folder: Path) -> None:
        self.folder, self.sequence, self.pauses = folder, 0, 0
        shipped = (ROOT / "config/tasks/oral_care_case.yaml").read_text(encoding="utf-8")
        bare = re.sub(r", picture: [^}]*", "", shipped)  # the photos are the first pictures
        (folder / "oral_care_case.yaml").write_text(bare, encoding="utf-8")
        cell = self.cell = load_cell(ROOT / "config/cells/oral_care.yaml", folder / "oral_care_case.yaml")
        self.desk = AuthorDesk(cell, Document.read(folder / "oral_care_case.yaml"), self._pause)
        self.server = PageServer("127.0.0.1", 0, WEB, lambda *_: None, self.desk.routes(), "/coach/author.html",
                                 on_coach=lambda said: None, try_out=True)  # fmt: skip
        self.server.start()

    def _pause(self) -> None:
        self.pauses += 1

    def tell(self, happened: str, place: str, count: int = 1) -> None:
        self.sequence += 1
        self.desk.hear(WorkspaceEvent(self.sequence, self.sequence * SECOND, Happened(happened), place, count, 0.9))

    def look(self) -> None:
        view = self.cell.scene.camera.color_view
        image = np.full((view.pinhole.height, view.pinhole.width, 3), 150, np.uint8)
        for stamp in (1, 2):
            self.desk.look(image, stamp * SECOND, view)
            self.desk.arms(stamp * SECOND, ())
            self.desk.look(image, stamp * SECOND + 1, view)

    def pack(self) -> None:
        """Three steps: one of two parts, and one of which nobody was seen taking the part."""
        for happened, place, count in (
            ("taken", "bin_01", 1), ("placed", "slot_01", 1), ("taken", "bin_07", 2), ("placed", "slot_07", 2),
            ("placed", "slot_09", 1), ("put_back", "bin_12", 6),
        ):  # fmt: skip
            self.tell(happened, place, count)


@pytest.fixture
def authored(cell: Cell, tmp_path: Path) -> Iterator[Authored]:
    authored = Authored(cell, tmp_path)
    yield authored
    authored.server.close()


@pytest.fixture
def page(browser: Any, authored: Authored) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(15_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(authored.server.url)
    page.locator("#start").wait_for()
    yield page
    context.close()
    assert wrong == []


def drafted(page: Any, authored: Authored) -> None:
    """Recorded and stopped, with a draft on the page."""
    authored.desk.ask(AuthorWish(asked="record"))
    authored.look()
    authored.pack()
    authored.desk.ask(AuthorWish(asked="stop"))
    page.locator("#steps li").nth(2).wait_for()


def steps(page: Any) -> list[str]:
    return [" ".join(h.inner_text().split()) for h in page.locator("#steps h3").all()]


def test_a_coach_records_answers_changes_and_saves(page: Any, authored: Authored, cell: Cell) -> None:
    assert page.locator("#pause").is_checked()
    page.get_by_role("button", name="Record").click()
    page.locator("#seen", has_text="Nothing was put in its place yet.").wait_for()
    assert authored.pauses == 1
    authored.look()
    authored.tell("taken", "bin_10")
    authored.tell("placed", "slot_08")
    page.locator("#last", has_text="Last: 1 × face mask in slot 08").wait_for()
    authored.pack()
    page.get_by_role("button", name="Stop").click()
    page.locator("#open", has_text="Questions to answer: 1").wait_for()
    assert steps(page) == [
        "1. 1 × face mask to slot 08",
        "2. 1 × mouth mirror to slot 01",
        "3. 2 × gloves S to slot 07",
        "4. 1 × part not known to slot 09",
    ]
    assert text(page, "#remarks") == "6 × bib came into bin 12: was it filled?"
    assert page.get_by_role("button", name="Save").is_disabled()
    last = page.locator("#steps li.step").nth(3)
    assert "Nobody was seen taking this." in last.inner_text()
    last.get_by_role("button", name="Change").click()
    last.get_by_label("Part", exact=True).select_option("cup")
    last.get_by_role("button", name="It is right").click()
    page.locator("#open", has_text="No questions are open.").wait_for()
    last.get_by_label("Words to take it").fill("Take the cup.")
    last.get_by_label("Words to take it").blur()
    page.get_by_label("What the work is called").fill("Pack a small case")
    page.get_by_label("What the work is called").blur()
    page.get_by_label("Name of the file").fill("Small case")
    page.get_by_role("button", name="Save").click()
    page.locator("#answer", has_text="name: found 'Small case', allowed: small letters").wait_for()
    page.get_by_label("Name of the file").fill("small_case")
    page.get_by_role("button", name="Save").click()
    page.locator("#saved", has_text="Saved as small_case in").wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("dialog", name="There is work with the name small_case already").get_by_role(
        "button", name="No"
    ).click()
    loaded = load_cell(ROOT / "config/cells/oral_care.yaml", authored.folder / "small_case.yaml").task
    assert [(s.part, s.slot, s.count) for s in loaded.steps] == [
        ("mask", "slot_08", 1),
        ("mouth_mirror", "slot_01", 1),
        ("gloves_s", "slot_07", 2),
        ("cup", "slot_09", 1),
    ]
    assert loaded.title["en"] == "Pack a small case"
    assert loaded.steps[3].texts["take"]["en"] == "Take the cup."
    assert loaded.parts["mask"].picture == "small_case_pictures/mask.jpg"


def test_groups_and_checks_are_marked_on_the_page(page: Any, authored: Authored) -> None:
    drafted(page, authored)
    cards = page.locator("#steps li.step")
    second = cards.nth(1)
    second.get_by_role("button", name="Change").click()
    second.get_by_label("In any order with the step above").check()
    second.get_by_label("May be left out").check()
    page.locator(".marks", has_text="In any order with the step above · May be left out").wait_for()
    second.get_by_role("button", name="Add a check behind it").click()
    check = cards.nth(2)
    page.locator("#steps h3", has_text="3. Check: write what to look at or to do").wait_for()
    check.get_by_role("button", name="Change").click()
    assert not check.get_by_label("How many", exact=True).is_visible()
    check.get_by_role("textbox", name="What to look at or to do").fill("Is it clean?")
    check.get_by_role("textbox", name="What to look at or to do").blur()
    page.locator("#steps h3", has_text="3. Check: Is it clean?").wait_for()
    assert check.get_by_label("Slot", exact=True).input_value() == ""
    assert [s.check for s in authored.desk.state().steps] == [False, False, True, False]
    assert (authored.desk.state().steps[1].free, authored.desk.state().steps[1].optional) == (True, True)


def test_keyboard_alone_moves_a_step_and_keeps_its_place(page: Any, authored: Authored) -> None:
    drafted(page, authored)
    page.locator("#steps li.step").nth(2).get_by_role("button", name="Up").focus()
    page.keyboard.press("Enter")
    page.locator("#moved", has_text="Step is now number 2 of 3").wait_for()
    page.keyboard.press("Alt+ArrowUp")
    page.locator("#moved", has_text="Step is now number 1 of 3").wait_for()
    assert steps(page)[0] == "1. 1 × part not known to slot 09"
    # The button that was pressed is of no use any more: the keyboard is beside it, not lost.
    page.wait_for_function("() => document.activeElement.classList.contains('down')")
    page.keyboard.press("Alt+ArrowDown")
    page.locator("#moved", has_text="Step is now number 2 of 3").wait_for()
    page.get_by_role("button", name="Undo").press("Enter")
    page.wait_for_function("() => document.querySelector('#steps h3').innerText.startsWith('1. 1 × part not known')")


def test_a_step_is_looked_at_as_the_light_shows_it(page: Any, authored: Authored) -> None:
    drafted(page, authored)
    page.get_by_label("Words in").select_option("ar")
    page.locator("#steps li.step").nth(1).get_by_role("button", name="Look").click()
    page.wait_for_function("() => [...document.querySelectorAll('#preview img')].every(i => i.naturalWidth === 768)")
    assert "2" in text(page, "#take-words")
    assert page.locator("#take-words").get_attribute("lang") == "ar"
    page.get_by_role("dialog").get_by_role("button", name="Ready").click()
    page.get_by_role("button", name="Let go").click()
    page.get_by_role("dialog", name="Let this draft go?").get_by_role("button", name="Let go").click()
    page.locator("#start").wait_for()


def test_everybody_can_use_it(page: Any, authored: Authored, node_modules: Path) -> None:
    page.evaluate((node_modules / "axe-core/axe.min.js").read_text())

    def faults() -> Any:
        found = page.evaluate("options => axe.run(document, options)", AXE)["violations"]
        return [(f["id"], [n["html"] for n in f["nodes"]]) for f in found]

    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert faults() == []
    drafted(page, authored)
    for step in page.locator("#steps li.step").all():
        step.get_by_role("button", name="Change").click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert faults() == [], scheme
    for width in (320, 640, 1280):  # 640: 200 % zoom of 1280
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_types_are_fresh() -> None:
    command = "python -m opstap.authoring.desk > web/coach/author-messages.d.ts"
    assert (WEB / "coach/author-messages.d.ts").read_text() == typescript(), f"run: {command}"


def test_only_a_coach_gets_there(cell: Cell, tmp_path: Path) -> None:
    """At a real bench, without the coach's PIN: neither what was done there, nor to record it."""
    import http.client

    authored = Authored(cell, tmp_path)
    authored.server.close()
    server = PageServer("127.0.0.1", 0, WEB, lambda *_: None, authored.desk.routes(), on_coach=lambda said: None)
    server.start()
    try:
        for method, path in (
            ("GET", "state"),
            ("POST", "ask"),
            ("GET", "photos/cup.jpg"),
            ("GET", "steps/nl/1/take.png"),
        ):
            connection = http.client.HTTPConnection("localhost", server.port, timeout=10)
            connection.request(method, f"/coach/author/{path}", headers={"Origin": f"http://localhost:{server.port}"})
            assert connection.getresponse().status == 403, path
            connection.close()
        assert authored.desk.state().doing == "nothing"
    finally:
        server.close()
