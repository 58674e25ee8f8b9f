"""The worker's own view on the bench page, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_cell import FakeCell
from test_bench_page import AXE, show, text

from opstap.monitoring.facts import FactName
from opstap.pages.about import AboutMe
from opstap.pages.protocol import NodeStatus


@pytest.fixture
def mine(page: Any, bench: FakeCell) -> Any:
    """The page with the view open."""
    show(page, bench, bench.snapshot(4))
    bench.server.publish_about(bench.about())
    page.get_by_role("button", name="About me").click()
    page.locator("#about-facts li").first.wait_for()
    return page


def asked(bench: FakeCell) -> tuple[str, str, str]:
    said = bench.of_me.get(timeout=10)
    return said.asked, said.about, said.value


def row(page: Any, name: str) -> str:
    return " ".join(
        page.locator("#about-facts li").filter(has=page.get_by_role("heading", name=name)).inner_text().split()
    )


def test_every_fact_says_its_value_what_is_usual_where_from_and_by_which_rule(mine: Any) -> None:
    assert mine.locator("#about-facts li").count() == len(FactName)
    assert row(mine, "Time of my last steps") == (
        "Time of my last steps 1.2 times my own time from the times of the steps "
        "Above 1.3 times my own time, together with something else: the bench offers a break. "
        "Look at this My coach sees this"
    )
    assert "Above 2 times your usual: the bench offers to call somebody." in row(mine, "Hands at rest")
    assert "usual for you: 11 s" in row(mine, "Hands at rest")
    assert "Above 3.5: the bench offers more help by the light." in row(mine, "Mix-ups in ten steps")
    assert "not known now" in row(mine, "Nobody at the bench")
    assert "No rule looks at this." in row(mine, "Reaching far")
    assert "90 min" in row(mine, "Since my last break")
    assert text(mine, "#about-who").startswith("p07: this is for you.")
    assert text(mine, "#about-advised").startswith("Offers so far: 3. You did not take 1.")


def test_a_face_is_said_and_taken_as_said(mine: Any, bench: FakeCell) -> None:
    mine.get_by_role("button", name="So-so").click()
    assert asked(bench) == ("say", "", "so_so")
    assert text(mine, "#about-answer") == "You said: So-so. Nobody guesses this, it is only your word."


def test_each_signal_is_switched_off_and_shared_by_its_own_box(mine: Any, bench: FakeCell) -> None:
    mine.locator("input[name=share-pace]").check()
    assert asked(bench) == ("share", "pace", "on")
    mine.locator("input[name=switch-pace]").focus()
    mine.keyboard.press("Space")
    assert asked(bench) == ("switch", "pace", "off")
    bench.server.publish_about(bench.about(off=FactName.PACE))
    mine.locator("input[name=share-pace]:disabled").wait_for()
    assert "switched off" in row(mine, "Time of my last steps")
    assert mine.evaluate("document.activeElement.name") == "switch-pace"  # the keyboard stays where it was


def test_erasing_takes_two_presses_and_taking_away_is_a_link(mine: Any, bench: FakeCell) -> None:
    erase = mine.locator("#about-erase")
    erase.click()
    assert text(mine, "#about-erase") == "Sure? Press again"
    erase.click()
    assert asked(bench) == ("erase", "", "")
    assert text(mine, "#about-answer").startswith("All of you is being erased.")
    bench.server.publish_about(bench.about(forgotten=True))
    mine.get_by_role("button", name="Write it down as mine again").click()
    assert asked(bench) == ("remember", "", "")
    mine.get_by_role("button", name="Show me on the table").click()
    assert asked(bench) == ("show", "", "")
    assert mine.get_by_role("link", name="Take all with me").get_attribute("href") == "/about/export"


def test_an_offer_comes_with_its_reason_and_three_answers(page: Any, bench: FakeCell) -> None:
    show(page, bench, bench.snapshot(4))
    bench.server.publish_about(bench.about(offer=True, rules_off=("said_so",)))
    page.locator("#offer").wait_for()
    assert text(page, "#offer-because") == "Why: mix-ups in ten steps."
    for name, value in (("Yes", "yes"), ("Not now", "not_now"), ("Never again", "never")):
        page.get_by_role("button", name=name).click()
        assert asked(bench) == ("answer", "", value)
    bench.server.publish_about(bench.about(rules_off=("said_so",)))
    page.locator("#offer").wait_for(state="hidden")
    page.get_by_role("button", name="About me").click()
    page.get_by_role("button", name="Turn it on again").click()
    assert asked(bench) == ("rule", "said_so", "on")


def test_a_monitor_that_is_gone_is_told(page: Any, bench: FakeCell) -> None:
    show(page, bench, bench.snapshot(4, language="nl"))
    bench.server.publish_about(AboutMe(heard=False))
    page.get_by_role("button", name="Over mij").click()
    assert (
        text(page, "#about-who") == "De monitor is er niet. Nu is er niets van je bekend, en het werk gaat gewoon door."
    )
    assert page.locator("#about-facts li").count() == 0


def test_everybody_can_use_it(mine: Any, bench: FakeCell, node_modules: Path) -> None:
    bench.server.publish_about(bench.about(offer=True, off=FactName.REACH, rules_off=("said_so",)))
    mine.locator("#about-rules li").wait_for()
    mine.evaluate((node_modules / "axe-core/axe.min.js").read_text())
    for scheme in ("light", "dark"):
        mine.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        faults = mine.evaluate("options => axe.run(document, options)", AXE)["violations"]
        assert [(f["id"], [n["html"] for n in f["nodes"]]) for f in faults] == [], scheme
    for width in (320, 640, 1280):  # 640: 200 % zoom of 1280
        mine.set_viewport_size({"width": width, "height": 800})
        assert mine.evaluate("document.documentElement.scrollWidth") == width
        assert mine.evaluate("(d => d.scrollWidth <= d.clientWidth)(document.getElementById('about'))")


def test_whoever_works_reads_that_the_factory_is_told_of_cases(mine: Any, bench: FakeCell) -> None:
    assert text(mine, "#about-factory") == ""
    told = NodeStatus(name="factory", level="ok", message="running")
    bench.server.publish(bench.snapshot(4, nodes=(told,)))
    mine.locator("#about-factory", has_text="told when a case is finished, and nothing of you").wait_for()
