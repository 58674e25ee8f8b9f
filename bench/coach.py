"""Twenty cells on one coach's page: how long until the coach sees what changed at a cell.

python -m bench.coach [--seconds 20] [--write]

Cells are simulated by their `coach_view` alone, four messages a second each, as a cell tells while parts are taken and
put down. The dashboard is the real node, the page is in a real headless Chromium. A latency goes from the message's
publishing to the moment the page's text has changed, on one clock. One cell alone, in the same run, is the peer.
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

import numpy as np
import rclpy

from bench.report import Row, machine, put_into, table
from opstap_cell.qos import EVENT
from opstap_interfaces.msg import CoachView

ROOT = Path(__file__).parents[1]
CELLS, RATE = 20, 4.0
WATCH = """() => {
  window.seen = [];
  window.watching?.disconnect();
  window.watching = new MutationObserver((changes) => {
    for (const change of changes) {
      const work = (change.target.nodeType === 3 ? change.target.parentElement : change.target);
      const card = work?.closest?.("li.cell");
      if (card && work.matches(".work")) window.seen.push([card.id, work.textContent, Date.now()]);
    }
  });
  window.watching.observe(document.getElementById("cells"), { subtree: true, childList: true, characterData: true });
}"""


class Traffic:
    """Publishes what `count` cells tell; `job` counts up with every message, so that the page shows each."""

    def __init__(self, count: int) -> None:
        self.node = rclpy.create_node(f"traffic_{count}")
        self.names = [f"cell_{i + 1:02d}" for i in range(count)]
        self.out = [self.node.create_publisher(CoachView, f"/{name}/coach_view", EVENT) for name in self.names]
        self.sent: dict[tuple[str, int], float] = {}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        number, begin = 0, time.monotonic()
        while not self.over.is_set():
            which = number % len(self.names)
            job = 1 + number // len(self.names)
            view = CoachView(cell="oral_care", simulated=True, languages=["en"], titles=["Pack the oral-care case"],
                             job=job, phase="take", step=job % 26, steps=26, coached_seconds=float(job))  # fmt: skip
            self.sent[self.names[which], job] = time.time()
            self.out[which].publish(view)
            number += 1
            ahead = begin + number / (RATE * len(self.names)) - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)

    def close(self) -> None:
        self.over.set()
        self.thread.join()
        self.node.destroy_node()


def dashboard(port: int) -> subprocess.Popen[bytes]:
    """The real node, serving the pages at `port`."""
    config = ROOT / "config"
    given = {
        "scene": config / "cells/oral_care.yaml", "task": config / "tasks/oral_care_case.yaml",
        "rules": config / "rules/guidance.yaml", "monitor_rules": config / "rules/monitor.yaml",
        "simulated": "true", "port": port,
    }  # fmt: skip
    arguments = [a for name, value in given.items() for a in ("-p", f"{name}:={value}")]
    command = [sys.executable, "-m", "opstap_cell.dashboard", "--ros-args", "-r", "__ns:=/desk", *arguments]
    return subprocess.Popen(command)


def measure(page: object, count: int, seconds: float) -> np.ndarray:
    """Latencies, s, of what `count` cells told for `seconds` once all are on the page."""
    traffic = Traffic(count)
    try:
        page.wait_for_function(f"() => document.querySelectorAll('li.cell:not(.old)').length >= {count}")
        page.evaluate(WATCH)
        page.wait_for_timeout(1000 * seconds)
        seen = page.evaluate("() => window.seen")
    finally:
        traffic.close()
    latencies = []
    for id, text, at in seen:
        key = id.removeprefix("cell-"), int(text.split(" ")[1])
        if key in traffic.sent:
            latencies.append(at / 1000 - traffic.sent[key])
    return np.array(latencies)


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
    node = dashboard(port)
    try:
        with sync_playwright() as playwright:
            path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1600, "height": 1200})
            page.set_default_timeout(60_000)
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.2)
            page.goto(f"http://localhost:{port}/coach/")
            alone = measure(page, 1, options.seconds)
            all_of_them = measure(page, CELLS, options.seconds)
            browser.close()
    finally:
        node.terminate()
        node.wait(10)
        rclpy.try_shutdown()
    p95 = float(np.percentile(all_of_them, 95))
    rows = [
        Row(f"a change at one of {CELLS} cells to the coach's page, p50", float(np.median(all_of_them)) * 1e3, "ms"),
        Row(f"a change at one of {CELLS} cells to the coach's page, p95", p95 * 1e3, "ms", 500),
        Row("the same with one cell, p95", float(np.percentile(alone, 95)) * 1e3, "ms",
            note=f"{p95 / float(np.percentile(alone, 95)):.1f} x as long with {CELLS}"),
        Row("changes that were measured", len(all_of_them), f"in {options.seconds:g} s"),
    ]  # fmt: skip
    text = table(rows)
    print(text)
    if options.write:
        put_into(ROOT / "docs/performance.md", f"{about}\n\n{text}", "coach")


if __name__ == "__main__":
    main()
