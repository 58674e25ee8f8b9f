"""The report of a study, the business case and a hub's groups in a real browser: nothing that keeps people out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_cell import ROOT

from opstap.evaluation.business.model import load_business
from opstap.evaluation.business.show import html
from opstap.evaluation.hub.protocol import Group
from opstap.evaluation.hub.show import content
from opstap.evaluation.report.page import page as report_page

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
GROUP = Group(region="west", task="oral_care_case", condition="with", simulated=True, quarter="2026-Q3", people=7,
              cycles=90, seconds=201.4, seconds_variance=310, errors_per_100=0.8, coach_minutes_per_hour=None,
              help_calls_per_hour=0.3)  # fmt: skip
PAGES = {
    "report": lambda: (ROOT / "docs/pilot/pilot.nl.html").read_text(),
    "business": lambda: html(load_business(ROOT / "config/business/packing_bench.yaml"), {"coach_hour.low": "x"}, "nl"),
    "hub": lambda: report_page(content({"hub": [GROUP], "https://north:8443": []}, "en")),
}


@pytest.mark.parametrize("name", PAGES)
def test_no_accessibility_fault(browser: Any, node_modules: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGES[name]())
    context = browser.new_context(bypass_csp=True)
    for scheme in ("light", "dark"):
        page = context.new_page()
        page.emulate_media(color_scheme=scheme)
        page.goto(path.as_uri())
        page.evaluate((node_modules / "axe-core/axe.min.js").read_text())
        faults = page.evaluate("options => axe.run(document, options)", AXE)["violations"]
        assert [(f["id"], [n["html"] for n in f["nodes"]]) for f in faults] == []
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") == 320
    context.close()
