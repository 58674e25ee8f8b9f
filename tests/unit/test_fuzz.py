"""Files and requests that nobody would write: told in plain words or refused, never a crash."""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opstap.calibration.desk import Desk, Files
from opstap.documents import DocumentError
from opstap.factory.settings import load_settings
from opstap.guidance.keys import load_keys
from opstap.instructions import Cell, load_cell
from opstap.integration.importing import ImportFault, draft
from opstap.monitoring.rules import load_rules as load_monitor_rules
from opstap.pages.preview import preview_routes
from opstap.pages.protocol import MAX_INPUT
from opstap.pages.server import PageServer
from opstap.presenting.separation import load_limits
from opstap.simulation.person import load_traits
from opstap.workflow.levels import load_rules

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
TASK = CONFIG / "tasks/gearbox_kit.yaml"
SCENE = CONFIG / "cells/gearbox.yaml"
VALUES = st.sampled_from(
    ["", "null", "-1", "0", "1e308", ".nan", "-.inf", "yes", "[]", "{}", "[[[[]]]]", "{a: b}", "'", '"', "&a *a",
     "!!python/x", "0x7fffffffffffffff", "2026-02-30", "\u202e", "\x00", "a: b: c", "- - -", "|", "<<: {}", "bin_01",
     "x" * 5000]
)  # fmt: skip
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
KIT = load_cell(SCENE, TASK).task
seldom = settings(max_examples=15, deadline=None, derandomize=True)
"""The same examples in every run. More of them, for an afternoon: set max_examples here."""


@st.composite
def spoiled(draw: Any, text: str) -> str:
    """The file with one to three of its lines lost, doubled, moved in, or given another value."""
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        i = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["lose", "double", "indent", "value", "cut"]))
        if how == "lose":
            lines[i : i + 1] = []
        elif how == "double":
            lines.insert(i, lines[i])
        elif how == "indent":
            lines[i] = " " * draw(st.integers(1, 9)) + lines[i]
        elif how == "cut":
            lines[i] = lines[i][: draw(st.integers(0, len(lines[i])))]
        else:
            key, colon, _ = lines[i].partition(":")
            lines[i] = f"{key}{colon} {draw(VALUES)}"
        if not lines:
            return ""
    return "\n".join(lines)


KINDS: dict[str, tuple[Path, Callable[[Path], object]]] = {
    "scene": (SCENE, lambda path: load_cell(path, TASK)),
    "task": (TASK, lambda path: load_cell(SCENE, path)),
    "guidance": (CONFIG / "rules/guidance.yaml", lambda path: load_rules(path, CELL)),
    "monitor": (CONFIG / "rules/monitor.yaml", load_monitor_rules),
    "person": (CONFIG / "people/demo.yaml", lambda path: load_traits(path, CELL)),
    "keys": (CONFIG / "inputs/keys.yaml", load_keys),
    "separation": (CONFIG / "separation.yaml", load_limits),
}
"""Every kind of file that people edit, and who reads it."""


def told(read: Callable[[Path], object], name: str, data: bytes) -> None:
    """The file is read, or its fault is told with its name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        try:
            read(path)
        except (DocumentError, ImportFault) as error:
            fault = str(error)
        else:
            fault = ""
        assert (
            not fault or str(path) in fault or str(TASK) in fault
        )  # a scene's fault may be the task's, which needs it


@pytest.mark.parametrize("kind", KINDS)
@seldom
@given(data=st.data())
def test_a_spoiled_file_is_read_or_told_with_its_name(kind: str, data: st.DataObject) -> None:
    source, read = KINDS[kind]
    told(read, f"{kind}.yaml", data.draw(spoiled(source.read_text(encoding="utf-8"))).encode())


@seldom
@given(data=st.data())
def test_a_spoiled_factory_file_is_read_or_told_with_its_name(data: st.DataObject) -> None:
    whole = "mqtt:\n  host: broker\n  port: 8883\n  user: cell_1\nrest:\n  host: 127.0.0.1\nopcua:\n  port: 4840"
    text = data.draw(st.one_of(spoiled(whole).map(str.encode), st.binary(max_size=60)))
    told(lambda path: load_settings(path.parent), "factory.yaml", text)


@pytest.mark.parametrize(
    "value",
    ["2026-02-30", "\x00", pytest.param("[" * 3000, id="deep"), "&a [*a]", "1e999999", ".nan", "!!python/object:os.x"],
)
def test_what_no_reader_of_yaml_expects_is_told(value: str) -> None:
    told(load_limits, "separation.yaml", f"hand_speed: {value}\n".encode())


@seldom
@given(data=st.binary(max_size=400))
def test_bytes_that_are_no_text_are_told(data: bytes) -> None:
    told(load_limits, "bytes.yaml", data)


CELLS = st.sampled_from(
    ["", "a", "bolt", "-1", "1e9", "nan", '"', "12,5", "\u202e", "slot_01", "../../x.jpg", "x" * 300]
)


@seldom
@given(st.lists(st.lists(CELLS, max_size=9), max_size=6), st.booleans())
def test_a_spoiled_parts_list_is_drafted_or_told(table: list[list[str]], whole: bool) -> None:
    head = "part,name_en,width_mm,depth_mm,height_mm,count,slot,surface,photo\n" if whole else ""
    text = head + "\n".join(",".join(row) for row in table)
    told(lambda path: draft(path, KIT, "made", path.parent, path.parent), "list.csv", text.encode())


@pytest.fixture
def server(cell: Cell, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[PageServer]:
    """The pages with everything that takes requests; an error in their log fails the test."""
    desk = Desk(cell.scene, Files(SCENE, tmp_path / "calibration.yaml"))
    routes = [*preview_routes(cell), *desk.routes()]
    made = PageServer("127.0.0.1", 0, ROOT / "web", lambda *_: None, routes)
    made.start()
    yield made
    made.close()
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []


PATHS = ["/", "/bench/", "/calibrate/state", "/calibrate/ask", "/calibrate/picture", "/coach/steps", "/ws", "/sign-in",
         "/coach/steps/en/1/take.png", "/coach/steps/xx/99999999999999999999/%00.png", "/core/../../../etc/passwd",
         "/bench/%2e%2e/%2e%2e/pyproject.toml", "//", "/\u202e", "/bench/" + "x" * 3000]  # fmt: skip
BODIES = [b"", b"{}", b"[]", b"null", b'{"asked": "camera"}', b'{"asked": 1, "by": []}', b"\xff\xfe\x00",
          b'{"asked":"bins","bins":["' + b"x" * 900 + b'"]}', b'{"a":' * 300, b"1e999", b"[" * 2000,
          b"x" * (MAX_INPUT + 1)]  # fmt: skip


def test_no_request_is_a_fault_of_the_server(server: PageServer) -> None:
    rng = random.Random(7)
    base = server.url.rstrip("/")

    async def run() -> list[tuple[str, str, int]]:
        asked = []
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(20)) as client:
            for _ in range(150):
                method = rng.choice(["GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"])
                path, origin = rng.choice(PATHS), rng.choice([base, base, "null", "http://evil.example"])
                body = None if method in ("GET", "HEAD") else rng.choice(BODIES)
                kind = rng.choice(["application/json", "text/plain", "multipart/form-data", "x"])
                try:
                    async with client.request(
                        method, base + path, data=body, headers={"Origin": origin, "Content-Type": kind},
                        allow_redirects=False,
                    ) as answer:  # fmt: skip
                        await answer.read()
                        asked.append((method, path, answer.status))
                except aiohttp.ClientConnectionError:
                    asked.append((method, path, 0))  # it hung up on something too large
        return asked

    answered = asyncio.run(run())
    assert [a for a in answered if a[2] >= 500] == []
    assert {200, 400, 403, 404} <= {status for _, _, status in answered}
