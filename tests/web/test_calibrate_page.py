"""The calibration page in a real browser, with a simulated camera over a bench with the board on it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_cell import ROOT, WEB

from opstap.calibration.desk import Desk, Files, typescript
from opstap.calibration.projector_record import load_projector, projector_file
from opstap.calibration.record import load_calibration
from opstap.geometry import Pose
from opstap.instructions import Cell
from opstap.pages.server import PageServer
from opstap.scene_file import load_scene
from opstap.simulation.calibrating import CalibrationBench, TeachingBench
from opstap.simulation.projecting import ProjectionBench

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


class Bench:
    """A page server with a desk, and a thread that feeds it frames of `source`, as a cell does."""

    def __init__(self, cell: Cell, folder: Path, source: Any) -> None:
        scene = folder / "bench.yaml"
        shutil.copy(ROOT / "config/cells/oral_care.yaml", scene)
        self.checks: list[int] = []
        throw = self._throw if isinstance(source, ProjectionBench) else None
        self.thrown: list[bool] = []
        files = Files(scene, folder / "kept.yaml")
        self.desk = Desk(cell.scene, files, check=lambda: self.checks.append(1), throw=throw, settle=0)
        self.source, self.over = source, threading.Event()
        self.server = PageServer("127.0.0.1", 0, WEB, lambda *_: None, self.desk.routes(), "/calibrate/")
        self.server.start()
        self.thread = threading.Thread(target=self._feed)
        self.thread.start()

    def _throw(self, projector: str, image: np.ndarray | None) -> str:
        self.thrown.append(image is not None)
        if image is not None:
            self.source.show(projector, image)
        return ""

    def _feed(self) -> None:
        now = 0
        while not self.over.wait(0.001 if self.desk.busy else 0.05):
            if self.desk.busy:
                now += 1
                self.desk.see(self.source.poll(now), self.source)

    def close(self) -> None:
        self.over.set()
        self.thread.join()
        self.server.close()


@pytest.fixture
def opened(browser: Any, cell: Cell, tmp_path: Path) -> Iterator[Any]:
    """Opens the page over a source; an error in it fails the test."""
    benches: list[Bench] = []
    wrong: list[str] = []

    def open_page(source: Any, locale: str = "en-GB") -> tuple[Any, Bench]:
        benches.append(Bench(cell, tmp_path, source))
        page = browser.new_context(viewport={"width": 1280, "height": 800}, locale=locale).new_page()
        page.set_default_timeout(90_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(benches[0].server.url)
        page.locator("#kept", has_text="amera").wait_for()
        return page, benches[0]

    yield open_page
    for bench in benches:
        bench.close()
    assert wrong == []


def faults(page: Any, node_modules: Path) -> list[Any]:
    page.evaluate((node_modules / "axe-core/axe.min.js").read_text())
    found = page.evaluate("options => axe.run(document, options)", AXE)["violations"]
    return [(f["id"], [n["html"] for n in f["nodes"]]) for f in found]


def test_the_camera_is_calibrated_and_kept(opened: Any, cell: Cell, node_modules: Path) -> None:
    by = Pose.of((0.012, -0.020, 0.010), (0.0, np.radians(1.0), np.radians(2.0)))
    page, bench = opened(CalibrationBench(cell, by))
    assert "not calibrated yet" in page.locator("#kept").inner_text()
    assert faults(page, node_modules) == []
    page.get_by_role("button", name="Camera", exact=True).click()
    page.locator("#verdict", has_text="Good").wait_for()
    page.wait_for_function("document.getElementById('picture').naturalWidth === 960")
    assert "mm on the table" in page.locator("#report").inner_text()
    assert faults(page, node_modules) == []
    page.get_by_role("button", name="Keep").click()
    page.locator("#kept", has_text="calibrated with the board on 20").wait_for()
    kept = load_calibration(bench.desk.files.calibration)
    assert kept is not None
    assert np.linalg.norm(kept.pose.translation - bench.source.true_pose.translation) < 0.003
    assert page.get_by_role("button", name="Camera", exact=True).is_visible()


def test_a_bin_is_taught_by_pointing_and_written(opened: Any, cell: Cell, node_modules: Path) -> None:
    moved = {"bin_14": Pose.of((0.012, -0.006, 0.0))}
    page, bench = opened(TeachingBench(cell.scene, moved, ["bin_14"]))
    page.get_by_label("Which bin").select_option("bin_14")
    page.get_by_role("button", name="One bin, by pointing").click()
    page.locator("#said", has_text="Hold a hand in bin_14 (gauze)").wait_for()
    page.locator("#diff", has_text="+  - {id: bin_14").wait_for()
    assert faults(page, node_modules) == []
    page.get_by_role("button", name="Keep").click()
    page.locator("#said", has_text="Written into bench.yaml").wait_for()
    written = load_scene(bench.desk.files.scene).bin["bin_14"]
    assert written.position[:2] == pytest.approx((0.397, 0.094), abs=0.003)


def test_a_check_is_asked_of_the_cell_and_its_end_is_told(opened: Any, cell: Cell) -> None:
    page, bench = opened(None)
    page.get_by_role("button", name="Camera was bumped: check").click()
    page.locator("#said", has_text="Hands off the table").wait_for()
    assert bench.checks == [1]
    bench.desk.tell("The camera's place is known again.", True)
    page.locator("#said", has_text="known again").wait_for()
    assert page.get_by_role("button", name="Camera was bumped: check").is_visible()


def test_a_projector_is_calibrated_kept_and_checked_in_dutch(opened: Any, cell: Cell, node_modules: Path) -> None:
    scene = cell.scene
    true = scene.projectors[0].model_copy(update={"position": (0.03, -0.02, 1.27), "rpy_deg": (180.8, -0.6, 1.0)})
    page, bench = opened(ProjectionBench(scene, [true]), "nl-NL")
    assert page.get_by_role("button", name="Projector gestoten: controleren").is_disabled(), "nothing is known yet"
    assert "Projector main nog niet gekalibreerd" in page.locator("#projector-kept").inner_text()
    page.get_by_role("button", name="Projector", exact=True).click()
    page.locator("#said", has_text="Maak de bakken leeg en haal je handen van de tafel.").wait_for()
    page.locator("#verdict", has_text="✓ Goed").wait_for()
    assert page.locator("#said").inner_text() == "Goed: bewaar het."
    assert "mm in het midden, 95 % onder" in page.locator("#report").inner_text()
    page.wait_for_function("() => document.getElementById('picture').naturalWidth === 960")
    assert bench.thrown == [*[True] * (len(bench.thrown) - 1), False], "its own pictures again at the end"
    assert faults(page, node_modules) == []
    page.get_by_role("button", name="Bewaar").click()
    page.locator("#said", has_text="Bewaard. Start de werkplek opnieuw").wait_for()
    kept = load_projector(projector_file(bench.desk.files.calibration, "main"))
    assert kept is not None
    assert kept.projector.position == pytest.approx(true.position, abs=0.005)
    page.locator("#projector-kept", has_text="Projector main gekalibreerd op 20").wait_for()
    page.get_by_role("button", name="Projector gestoten: controleren").click()
    page.locator("#said", has_text="Hij is niet verschoven.").wait_for()
    assert not page.get_by_role("button", name="Bewaar").is_visible(), "a check keeps nothing"
    page.get_by_role("button", name="Nog een keer").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Camera", exact=True).wait_for()
    assert bench.thrown[-1] is False


def test_the_messages_types_are_fresh() -> None:
    told = "python -m opstap.calibration.desk > web/calibrate/messages.d.ts"
    assert (WEB / "calibrate/messages.d.ts").read_text() == typescript(), f"stale; run: {told}"
