"""The orientation's page: how much it loads and draws, what a frame costs, and how long a joint takes to get there.

python -m bench.orientation [--seconds 20] [--write]

The node is the real one, with source:=live; the cell is this program, which tells 30 times a second. The page is in a
real headless Chromium that draws in software: drawing is told apart, and says nothing about a headset's. The headset is
an emulated one (iwer). Everything is on one machine and one clock.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from sensor_msgs.msg import JointState

from bench.report import Row, machine, put_into, table
from opstap.instructions import load_cell
from opstap.presenting.robot import UR5E_JOINTS
from opstap_cell.qos import SENSOR, STATE
from opstap_interfaces.msg import PlaceState, WorkspaceState, WorkState

ROOT = Path(__file__).parents[1]
RATE = 30.0
FRAMES = 200
HEADSET = """
const device = new IWER.XRDevice(IWER.metaQuest3);
device.installRuntime({ forceInstall: true });
device.position.set(0, 1.25, 0);
for (const side of ["left", "right"]) device.controllers[side].position.set(side === "left" ? -0.2 : 0.2, 0.9, -0.2);
"""
TIMED = """async (count) => {
  const { frame, stage } = await import("/orientation/orientation.js");
  const { renderer } = stage;
  const [own, drawn] = [[], []];
  const draw = renderer.render.bind(renderer);
  let drawing = 0;
  renderer.render = (...given) => {
    const began = performance.now();
    draw(...given);
    drawing = performance.now() - began;
  };
  await new Promise((done) => renderer.setAnimationLoop((time, xr) => {
    stage.dirty = true;
    const began = performance.now();
    drawing = 0;
    frame(time, xr);
    own.push(performance.now() - began - drawing);
    drawn.push(drawing);
    if (own.length === count) done();
  }));
  renderer.setAnimationLoop(frame);
  renderer.render = draw;
  return [own.slice(20), drawn.slice(20)];
}"""
ALLOCATED = """async (count) => {
  const { headset, stage, now } = await import("/orientation/orientation.js");
  const { renderer } = stage;
  for (let i = 0; i < 500; i++) headset.frame(0.001, now);
  gc();
  const before = performance.memory.usedJSHeapSize;
  for (let i = 0; i < count; i++) headset.frame(0.001, now);
  return (performance.memory.usedJSHeapSize - before) / count;
}"""
WATCH = """async () => {
  const { stage } = await import("/orientation/orientation.js");
  const move = stage.moves.move.bind(stage.moves);
  globalThis.seen = [];
  stage.moves.move = (moving) => { globalThis.seen.push([moving.joints[0], Date.now()]); move(moving); };
}"""


class Telling:
    """A cell that works: where it is, and joints of which the first is a number of its own."""

    def __init__(self) -> None:
        self.node = rclpy.create_node("telling")
        self.work = self.node.create_publisher(WorkState, "/cell_1/work_state", STATE)
        self.contents = self.node.create_publisher(WorkspaceState, "/cell_1/workspace_state", STATE)
        self.joints = self.node.create_publisher(JointState, "/cell_1/joint_states", SENSOR)
        self.sent: dict[float, float] = {}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        state = WorkState(task="oral_care_case", job=1, phase="take", steps=26, person="default", language="nl",
                          level="full", rule="by_hand", volume=0, motion="none", tray="none")  # fmt: skip
        cell = load_cell(ROOT / "config/cells/oral_care.yaml", ROOT / "config/tasks/oral_care_case.yaml")
        full = [*cell.scene.bin, *cell.scene.slot]  # as much to draw as there can be
        self.contents.publish(WorkspaceState(places=[PlaceState(place=p, content=0, fill=1.0) for p in full]))
        number, begin = 0, time.monotonic()
        while not self.over.is_set():
            number += 1
            first = round(number % 30_000 / 10_000, 4)
            message = JointState(name=list(UR5E_JOINTS), position=[first, -2.3, 2.4, 0.0, 0.0, 0.0])
            state.header.stamp = message.header.stamp = self.node.get_clock().now().to_msg()
            self.work.publish(state)
            self.sent[first] = time.time()
            self.joints.publish(message)
            time.sleep(max(0.0, begin + number / RATE - time.monotonic()))

    def close(self) -> None:
        self.over.set()
        self.thread.join()
        self.node.destroy_node()


def orientation(port: int, cache: Path) -> subprocess.Popen[bytes]:
    """The real node, serving the pages at `port`."""
    config = ROOT / "config"
    given = {
        "scene": config / "cells/oral_care.yaml", "task": config / "tasks/oral_care_case.yaml",
        "rules": config / "rules/guidance.yaml", "job": config / "jobs/oral_care_packer.yaml", "cobot": "true",
        "separation": config / "separation.yaml", "source": "live", "cache": cache, "port": port,
    }  # fmt: skip
    arguments = [a for name, value in given.items() for a in ("-p", f"{name}:={value}")]
    command = [sys.executable, "-m", "opstap_cell.vr_orientation", "--ros-args", "-r", "__ns:=/desk", *arguments]
    return subprocess.Popen(command)


def inside(page: Any) -> None:
    """Answer how it goes, so that the session goes on."""
    page.locator("[data-option=score-0]").click()
    page.locator("[data-option=see]").wait_for()


def measure(playwright: Any, url: str, seconds: float) -> list[Row]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    flags = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--enable-precise-memory-info"]
    browser = playwright.chromium.launch(executable_path=path, args=[*flags, "--js-flags=--expose-gc"])
    context = browser.new_context(viewport={"width": 640, "height": 360}, locale="nl-NL")
    context.set_default_timeout(90_000)
    page = context.new_page()
    page.add_init_script((ROOT / "web/node_modules/iwer/build/iwer.min.js").read_text() + HEADSET)
    began = time.monotonic()
    page.goto(url)
    page.wait_for_function("() => Number(document.getElementById('room').dataset.calls) > 20")
    first = time.monotonic() - began
    loaded = page.evaluate("() => performance.getEntriesByType('resource').reduce((n, e) => n + e.transferSize, 0)")
    page.locator("[data-option=enter]").click()
    inside(page)
    page.evaluate(WATCH)
    telling = Telling()
    page.wait_for_timeout(1000 * seconds)
    seen = page.evaluate("() => globalThis.seen")
    telling.close()
    late = np.array([at / 1000 - telling.sent[q] for q, at in seen if q in telling.sent]) * 1e3
    own, drawn = map(np.array, page.evaluate(TIMED, FRAMES))
    room = page.locator("#room")
    flat = int(room.get_attribute("data-calls"))
    page.locator("[data-option=stop]").click()
    page.reload()
    page.locator("#room[data-ready]").wait_for(state="attached")
    page.evaluate("() => fetch('/orientation/status')")
    coach = context.new_page()
    coach.goto(f"{url}orientation/coach.html")
    coach.locator("#next").fill("bench2")
    coach.locator("#prepare").click()
    coach.close()
    page.bring_to_front()
    page.locator("#headset").click()
    page.locator("#room[data-headset=on]").wait_for(state="attached")
    page.locator("[data-option=score-0]").evaluate("button => button.click()")
    worn, both = map(np.array, page.evaluate(TIMED, FRAMES))
    calls, triangles = (int(room.get_attribute(f"data-{n}")) for n in ("calls", "triangles"))
    allocated = float(page.evaluate(ALLOCATED, 20_000))
    browser.close()
    p95 = float(np.percentile(late, 95))
    return [
        Row("loaded for the first view", loaded / 1e6, "MB", 3),
        Row("first view, on this machine", first, "s", 3),
        Row("draw calls, one eye", flat, "", 75),
        Row("draw calls, both eyes", calls, "", 150),
        Row("triangles, both eyes", triangles, "", 200_000),
        Row("own JavaScript of a frame, p95", float(np.percentile(own, 95)), "ms", 4),
        Row("own JavaScript of a frame in the headset, p95", float(np.percentile(worn, 95)), "ms", 4),
        Row("three.js drawing in software, p95", float(np.percentile(drawn, 95)), "ms",
            note=f"both eyes {np.percentile(both, 95):.0f} ms; a headset has a graphics chip"),
        Row("own memory taken in a frame of the headset", allocated, "bytes"),
        Row("a joint from ROS to the page, p50", float(np.median(late)), "ms", note=f"n = {len(late)}"),
        Row("a joint from ROS to the page, p95", p95, "ms", 60),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    about = machine()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    rclpy.init()
    node = orientation(port, ROOT / "out/scenes")
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        with sync_playwright() as playwright:
            rows = measure(playwright, f"http://localhost:{port}/", options.seconds)
    finally:
        node.terminate()
        node.wait(10)
        rclpy.try_shutdown()
    text = table(rows)
    print(text)
    if options.write:
        put_into(ROOT / "docs/performance.md", f"{about}\n\n{text}", "orientation")


if __name__ == "__main__":
    main()
