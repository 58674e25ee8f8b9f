"""An orientation of the shipped job, served as its node serves it, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fake_cell import ROOT, WEB

from opstap.evaluation.store import Store
from opstap.instructions import Cell
from opstap.orientation.glb import glb
from opstap.orientation.job import load_job
from opstap.orientation.mirror import Mirror
from opstap.orientation.questions import questionnaires
from opstap.orientation.scenery import scenery
from opstap.orientation.talk import Orientation
from opstap.pages.server import PageServer
from opstap.workflow.levels import load_rules

JOBS = ROOT / "config/jobs"
GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
"""Software drawing, for browsers without a graphics card."""
SECOND = 1_000_000_000


class Served:
    """The server and its session; `now` is the clock, ns."""

    def __init__(self, cell: Cell, mirrored: bool = False, questions: bool = False) -> None:
        self.now = 0
        self.mirror = Mirror(cell, "live", lambda: self.now)
        self.folder = TemporaryDirectory()
        self.carried = Path(self.folder.name) / "carried"
        job = load_job(JOBS / "oral_care_packer.yaml", cell)
        rules = load_rules(ROOT / "config/rules/guidance.yaml", cell)
        made = glb(scenery(cell, cobot=True))
        self.orientation = Orientation(
            cell, job, rules, made, JOBS, "p01", "nl", questions, mirror=self.mirror if mirrored else None,
            carried=self.carried, clock=lambda: self.now,
        )  # fmt: skip
        routes = self.orientation.routes()
        if questions:
            self.store = Store(str(Path(self.folder.name) / "store.db"))
            study = ROOT / "config/studies/vr_orientation.yaml"
            routes += questionnaires(ROOT / "config", study, self.store, lambda: self.session).routes()
        self.server = PageServer("127.0.0.1", 0, WEB, lambda *_: None, routes, "/orientation/")
        self.server.start()

    @property
    def session(self) -> Any:
        return self.orientation.session

    @property
    def coach(self) -> str:
        return f"{self.server.url}orientation/coach.html"


@contextmanager
def opened(browser: Any, url: str, script: str | Path = "", ready: bool = True, **context: Any) -> Iterator[Any]:
    """A page in a context of its own; an error in it fails the test."""
    made = browser.new_context(**({"viewport": {"width": 900, "height": 560}, "locale": "nl-NL"} | context))
    made.set_default_timeout(90_000)
    page = made.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    if isinstance(script, Path):
        page.add_init_script(path=script)
    elif script:
        page.add_init_script(script)
    page.goto(url)
    if ready:
        page.locator("#room[data-ready]").wait_for(state="attached")
    yield page
    made.close()
    assert [text for text in wrong if "ERR_CONNECTION_REFUSED" not in text] == []


def press(page: Any, name: str, key: str = "Enter") -> None:
    """Press the button of this name by the keyboard."""
    button = page.get_by_role("button", name=name, exact=True)
    button.wait_for()
    button.focus()
    page.keyboard.press(key)


def says(page: Any, words: str) -> None:
    """Wait until the page's screen shows these words."""
    page.locator("#screen", has_text=words).wait_for()
