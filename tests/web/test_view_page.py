"""The page in three dimensions, in a real browser: what the cell tells is drawn, and who may not look is told so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_cell import WEB
from test_bench_page import AXE

from opstap.geometry import Capsule
from opstap.instructions import Cell
from opstap.orientation.glb import glb
from opstap.orientation.scenery import scenery
from opstap.pages.server import PageServer
from opstap.pages.view import Outline, ViewSnapshot, cloud, frame, lit, solid, typescript, view_routes
from opstap.workflow.model import Phase, State

DEPTH = np.full((48, 84), 1000, np.uint16)


@pytest.fixture
def server(cell: Cell) -> Iterator[PageServer]:
    made = PageServer("127.0.0.1", 0, WEB, lambda *_: None, view_routes(cell, lambda: glb(scenery(cell))), "/view/",
                      view=True)  # fmt: skip
    made.start()
    yield made
    made.close()


def show(server: PageServer, cell: Cell) -> None:
    arm = solid("forearm", Capsule((0.2, 0.3, 0.3), (0.4, 0.3, 0.4), 0.05))
    outline = Outline(name="intent", kind="intent", corners=((0.1, 0.1, 0.0), (0.3, 0.1, 0.0), (0.3, 0.3, 0.0)))
    state = State(phase=Phase.TAKE, step=13, job=1)
    camera = frame("oral_care/camera_depth_optical_frame", cell.scene.camera.pose)
    hand = solid("right hand", Capsule((0.0, 0.0, 0.1), (0.0, 0.0, 0.1), 0.05))
    server.publish_view(ViewSnapshot(clock=12.0, camera=camera, robot=(arm,), people=(arm,), hands=(hand,),
                                     cues=lit(cell, state), intent=outline))  # fmt: skip
    server.publish_cloud(cloud(DEPTH, cell.scene.camera.view.pinhole, cell.scene.camera.pose))


def painted(page: Any) -> int:
    """How many colours the canvas has."""
    png = np.frombuffer(page.locator("#room").screenshot(), np.uint8)
    return len(np.unique(cv2.imdecode(png, cv2.IMREAD_COLOR).reshape(-1, 3), axis=0))


def test_what_the_cell_tells_is_drawn_and_counted(
    browser: Any, server: PageServer, cell: Cell, node_modules: Path
) -> None:
    context = browser.new_context(viewport={"width": 1100, "height": 700})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(server.url)
    show(server, cell)
    page.wait_for_function(f"() => document.getElementById('figure-points')?.textContent === '{DEPTH.size}'")
    page.wait_for_function("() => document.getElementById('figure-lit')?.textContent === 'bin_16'")
    assert page.locator("#figure-hands").inner_text() == "1"
    assert page.locator("#cell").inner_text() == "oral care"
    assert server.viewers == 1
    page.wait_for_function("() => document.getElementById('link').textContent === ''")
    full = painted(page)
    for name in ("shapes", "cloud", "robot", "people", "cues", "zones", "frames"):
        page.uncheck(f"#show-{name}")
    assert painted(page) < full / 3, "the layers are not drawn, or cannot be taken away"
    page.evaluate((node_modules / "axe-core/axe.min.js").read_text())
    faults = page.evaluate("options => axe.run(document, options)", AXE)["violations"]
    context.close()
    assert [(f["id"], [n["target"] for n in f["nodes"]]) for f in faults] == []
    assert wrong == []


def test_types_are_fresh() -> None:
    told = "python -m opstap.pages.view > web/view/messages.d.ts"
    assert (WEB / "view/messages.d.ts").read_text() == typescript(), f"stale; run: {told}"


def test_a_cloud_is_where_the_depth_was(cell: Cell) -> None:
    view = cell.scene.camera.view
    depth = np.zeros((480, 848), np.uint16)
    depth[240, 420] = 700
    depth[0, 0] = 9000  # farther than anything of the cell
    points = np.frombuffer(cloud(depth, view.pinhole, view.pose), "<i2").reshape(-1, 3)
    expected = view.pose.apply(np.array([(420 - view.pinhole.cx) / view.pinhole.fx, (240 - view.pinhole.cy)
                                         / view.pinhole.fy, 1.0]) * 0.7) * 1000  # fmt: skip
    assert points.shape == (1, 3)
    assert np.abs(points[0] - expected).max() <= 1
