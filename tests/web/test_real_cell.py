"""The page of a real cell, launched as a user does: the job goes on to done before the person's eyes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fake_cell import ROOT
from ruamel.yaml import YAML

from opstap.calibration.projector_record import load_projector

STEPS = 3
HALVES = [
    {"id": side, "position": [x, 0.0, 1.25], "rpy_deg": [180, 0, 0], "display": display,
     "optics": {"width": 1280, "height": 800, "focal": 1130, "centre": [cx, 399.5]}}
    for display, (side, x, cx) in enumerate((("left", -0.35, 420), ("right", 0.35, 859)))
]  # fmt: skip
"""Two projectors, each over its half of the bench, their lenses shifted to the middle."""


def two_projectors(folder: Path) -> Path:
    """The shipped scene with those."""
    yaml = YAML()
    scene = yaml.load(ROOT / "config/cells/oral_care.yaml")
    scene["projectors"] = HALVES
    path = folder / "two_projectors.yaml"
    yaml.dump(scene, path)
    return path


def short_task(folder: Path) -> Path:
    """The shipped task with its first steps only."""
    yaml = YAML()
    task = yaml.load(ROOT / "config/tasks/oral_care_case.yaml")
    task["steps"] = task["steps"][:STEPS]
    path = folder / "short.yaml"
    yaml.dump(task, path)
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def bumped(page: Any, port: int) -> None:
    """The calibration page in the running cell: the camera is looked for, and the projector that hangs 5 mm aside."""
    page.goto(f"http://localhost:{port}/calibrate/")
    page.get_by_role("button", name="Camera was bumped: check").click()
    page.locator("#said", has_text="The camera's place is known again.").wait_for()
    page.get_by_label("Which projector").select_option("left")
    page.get_by_role("button", name="Projector", exact=True).click()
    page.locator("#verdict", has_text="Good").wait_for()
    page.get_by_role("button", name="Keep").click()
    page.locator("#projector-kept", has_text="Projector left calibrated on 20").wait_for()


def test_the_page_shows_a_real_job_from_its_start_to_done(browser: Any, tmp_path: Path, node_modules: Path) -> None:
    port = free_port()
    command = ["opstap", "launch", str(ROOT / "launch/cell.launch.py"), f"task:={short_task(tmp_path)}",
               f"cell:={two_projectors(tmp_path)}", "speed:=max", "person:=careful", f"port:={port}",
               f"out:={tmp_path / 'out'}", "linger:=600",
               "fault:=nudge@0"]  # fmt: skip
    environment = os.environ | {"ROS_DOMAIN_ID": str(10 + os.getpid() % 80)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as cell:
        try:
            assert cell.stdout
            said = []
            for line in cell.stdout:
                said.append(line)
                if "the cell in the browser" in line:
                    break
            assert f"http://localhost:{port}/" in said[-1], "".join(said)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(120_000)
            page.goto(f"http://localhost:{port}/")
            page.locator("#words", has_text="The case is full.").wait_for()
            assert page.locator("#summary dd").first.inner_text() == str(STEPS)
            events = page.locator("#event-list").inner_text()
            assert [events.count(f"Done: {name}.") for name in ("mouth mirror", "probe", "tweezers")] == [1, 1, 1]
            for canvas in ("camera", "projector"):  # both pictures came and are not all black
                page.wait_for_function(
                    "id => { const c = document.getElementById(id); return c.getContext('2d')"
                    ".getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 < 3 && v > 60); }",
                    arg=canvas,
                )
            page.wait_for_function("() => document.querySelectorAll('#nodes .ok').length >= 7")
            assert page.locator("#nodes", has_text="projector guidance right ok").count() == 1
            # Both projectors' pictures, side by side.
            page.wait_for_function("() => document.getElementById('projector').width === 2 * 1280")
            # Between two cases the left projector's faint dots are looked at: it hangs 5 mm aside.
            page.locator("#nodes", has_text="projector left: its light falls 5 mm").wait_for()
            page.get_by_role("button", name="Pause").click()  # what the page asks reaches the work guide and comes back
            page.locator("#words", has_text="Paused. Take your time.").wait_for()
            page.get_by_role("button", name="About me").click()  # what the monitor knows of whom it saw
            page.locator("#about-facts li", has_text="Time of my last steps").wait_for()
            assert page.locator("#about-who").inner_text().startswith("default: this is for you.")
            page.locator("input[name=share-error_streak]").check()
            page.goto(f"http://localhost:{port}/coach/")  # simulated: without a PIN
            page.locator("#cell-cell_1", has_text="The case is full").wait_for()
            page.locator("#cell-cell_1", has_text="default shares with you").wait_for()
            page.locator("#cell-cell_1 .light", has_text="The light falls 5 mm beside its place").wait_for()
            bumped(page, port)
            page.goto(f"http://localhost:{port}/coach/")
            page.get_by_role("link", name="Make new work by doing it once").click()
            page.get_by_role("button", name="Record").click()  # the work is over: nothing is seen, and that is told
            page.locator("#seen", has_text="Nothing was put in its place yet.").wait_for()
            page.get_by_role("button", name="Stop").click()
            page.locator("#no-steps", has_text="Nothing was seen that was put in its place.").wait_for()
            page.goto(f"http://localhost:{port}/")
            looking = browser.new_page()
            looking.set_default_timeout(120_000)
            looking.goto(f"http://localhost:{port}/view/")
            looking.wait_for_function("() => Number(document.getElementById('figure-points')?.textContent) > 1000")
            page.locator("#looked-at", has_text="Somebody looks").wait_for()  # and the worker is told
            looking.close()
            page.locator("#looked-at").wait_for(state="hidden")
            page.close()
            kept = load_projector(tmp_path / "out/kept/calibration.left.yaml")
            assert kept is not None
            assert kept.projector.position[0] == pytest.approx(HALVES[0]["position"][0] + 0.005, abs=0.003)
        finally:
            cell.send_signal(signal.SIGINT)
            cell.communicate(timeout=60)
    assert cell.returncode == 0
