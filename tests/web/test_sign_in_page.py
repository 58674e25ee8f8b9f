"""The page where somebody from the network types a PIN, in a real browser over real TLS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_cell import WEB

from opstap.pages.access import Access, Guesses, prepare
from opstap.pages.server import Network, PageServer


@pytest.fixture
def network(tmp_path: Path) -> Iterator[SimpleNamespace]:
    pins = prepare(tmp_path / "access", ["localhost"])
    access = Access(tmp_path / "access", time.monotonic)
    server = PageServer("127.0.0.1", 0, WEB, lambda said, role: None, network=Network("127.0.0.1", 0, access))
    server.start()
    yield SimpleNamespace(url=f"https://localhost:{server.network_port}", pins=pins)
    server.close()


@pytest.fixture
def tablet(browser: Any, network: SimpleNamespace) -> Iterator[Any]:
    """A page on another machine, which trusts the bench; sent to sign in when it asks for the bench."""
    context = browser.new_context(viewport={"width": 800, "height": 900}, locale="nl-NL", ignore_https_errors=True)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"{network.url}/bench/")
    yield page
    context.close()


def type_pin(page: Any, pin: str) -> None:
    for digit in pin:
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="Aanmelden").click()


def test_the_pad_signs_in_and_goes_where_one_wanted(tablet: Any, network: SimpleNamespace) -> None:
    assert "/sign-in/?next=/bench/" in tablet.url
    tablet.get_by_role("button", name="7", exact=True).click()
    tablet.get_by_role("button", name="Wis het laatste cijfer").click()
    type_pin(tablet, network.pins["operator"])
    tablet.wait_for_url(f"{network.url}/bench/")
    tablet.goto(network.url)
    assert tablet.url.endswith("/bench/"), "signed in once is enough"
    tablet.context.clear_cookies()
    tablet.goto(f"{network.url}/bench/")
    type_pin(tablet, network.pins["coach"])
    tablet.wait_for_url(f"{network.url}/coach/")


def test_a_wrong_pin_is_told_and_so_is_the_wait(tablet: Any, network: SimpleNamespace) -> None:
    told = tablet.get_by_role("alert")
    wrong = next(p for p in ("111111", "222222", "333333") if p not in network.pins.values())
    for _ in range(Guesses.FREE):
        type_pin(tablet, wrong)
        told.filter(has_text="Deze pincode klopt niet").wait_for()
        assert tablet.get_by_label("Jouw pincode").input_value() == ""
    type_pin(tablet, wrong)
    told.filter(has_text="Wacht 1").wait_for()


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example"]
)
def test_signing_in_leads_nowhere_else(tablet: Any, network: SimpleNamespace, next_page: str) -> None:
    tablet.goto(f"{network.url}/sign-in/?next={next_page}")
    type_pin(tablet, network.pins["operator"])
    tablet.wait_for_url(f"{network.url}/bench/")


def test_everybody_can_use_it(tablet: Any, node_modules: Path) -> None:
    tablet.evaluate((node_modules / "axe-core/axe.min.js").read_text())
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    faults = tablet.evaluate("options => axe.run(document, options)", options)["violations"]
    assert [(f["id"], [n["html"] for n in f["nodes"]]) for f in faults] == []
    for width in (320, 800):
        tablet.set_viewport_size({"width": width, "height": 700})
        assert tablet.evaluate("document.documentElement.scrollWidth") == width
    assert all(b.bounding_box()["height"] >= 48 for b in tablet.get_by_role("button").all())
