"""The bench page in a real browser, fed as a cell would feed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_cell import START, FakeCell, one_colour

from opstap.instructions import Cell
from opstap.pages.protocol import Choice, NodeStatus, PictureKind, Robot
from opstap.workflow.model import Asked, Phase

STATES = ["take", "place", "problem", "unseen", "paused", "old", "done"]
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def state(bench: FakeCell, name: str) -> Any:
    """One of STATES, and what the worker reads then."""
    made = {
        "take": lambda: bench.snapshot(4),
        "place": lambda: bench.snapshot(12, Phase.PLACE, "nl", help_since=START),
        "problem": lambda: bench.problem(8),
        "unseen": lambda: bench.snapshot(
            8,
            Phase.PLACE,
            "nl",
            words="Leg hier neer: beker.\nIk kan dit niet zien. Zeg het als het klaar is.",
            confirm=True,
        ),
        "old": lambda: bench.problem(11).model_copy(update={"silent": True}),
        "paused": lambda: bench.snapshot(
            3,
            paused=True,
            words="Paused. Take your time.",
            simulated=False,
            nodes=[NodeStatus(name="perception", level="warn", message="late"), NodeStatus(name="a", level="stale")],
        ),
        "done": bench.done,
    }
    return made[name]()


def show(page: Any, bench: FakeCell, snapshot: Any) -> None:
    """Publish, and wait until the page shows it."""
    bench.show(snapshot)
    page.wait_for_function("text => document.getElementById('words').textContent === text", arg=snapshot.words)


def text(page: Any, selector: str) -> str:
    return " ".join(page.locator(selector).inner_text().split())


def test_a_picture_stands_beside_the_words_or_instead_of_them(page: Any, bench: FakeCell) -> None:
    show(page, bench, bench.snapshot(4))
    image = page.get_by_role("img", name="tongue scraper")
    image.wait_for()
    assert image.evaluate("i => i.naturalWidth") == 240
    assert image.bounding_box()["height"] >= 110
    alone = bench.snapshot(12, language="nl")
    show(page, bench, alone.model_copy(update={"picture": alone.picture.model_copy(update={"alone": True})}))
    page.get_by_role("img", name="tandpasta").wait_for()
    assert page.locator("#words.only-heard").count() == 1
    assert text(page, "#words") == "Pak 1: tandpasta.", "it is read aloud still"
    page.route("**/pictures/gone", lambda route: route.fulfill(body="no picture", content_type="image/png"))
    gone = bench.snapshot(5)
    gone = gone.model_copy(update={"picture": gone.picture.model_copy(update={"file": "pictures/gone", "alone": True})})
    show(page, bench, gone)
    page.wait_for_function("document.getElementById('words').className === ''")
    assert not page.locator("#picture").is_visible()


def test_a_check_asks_if_it_is_right_and_what_may_be_left_out_can_be_skipped(page: Any, bench: FakeCell) -> None:
    step = bench.snapshot(4).step
    assert step
    asks = bench.snapshot(4, step=step.model_copy(update={"check": True}), words="Is it shut?", picture=None)
    show(page, bench, asks)
    page.get_by_role("button", name="Do it again").click()
    assert bench.asked.get(timeout=5) is Asked.BACK
    page.get_by_role("button", name="Yes, right").click()
    assert bench.asked.get(timeout=5) is Asked.NEXT
    show(page, bench, bench.snapshot(6, step=step.model_copy(update={"optional": True})))
    assert page.get_by_role("button", name="Skip").is_visible()
    show(page, bench, bench.snapshot(7, step=step.model_copy(update={"optional": True, "taken": 1})))
    assert page.get_by_role("button", name="Next").is_visible()


def test_step_is_shown_and_told(page: Any, bench: FakeCell) -> None:
    show(page, bench, bench.snapshot(4))
    assert text(page, "#now") == "Step 5 of 26 Take 1: tongue scraper."
    assert page.locator("#now").get_attribute("aria-live") == "polite"
    assert page.locator("#progress").evaluate("bar => bar.value") == pytest.approx(4 / 26)
    assert text(page, "header") == "Pack the oral-care case oral care Case 1 00:38 Guidance: full Simulated ×4.8"
    assert page.title() == "Step 5 of 26 · Pack the oral-care case"
    assert text(page, "#event-list").startswith("00:38 In its place: toothbrush. 00:28")
    assert text(page, "#nodes") == "● depth camera ok ● perception ok ● work guide ok ● projector guidance ok"
    assert text(page, "#latencies") == "Camera to light: 21 ms (p95 34 ms)"
    show(page, bench, bench.snapshot(4, Phase.PLACE))
    assert text(page, "#words") == "Put it here: tongue scraper."


def test_words_are_those_of_the_worker(page: Any, bench: FakeCell) -> None:
    show(page, bench, bench.snapshot(0, language="nl"))
    assert text(page, "#now") == "Stap 1 van 26 Pak 1: mondspiegel."
    assert text(page, "#actions") == "Terug Verder Pauze Roep hulp Zeg het nog eens Dit klopt niet"
    assert page.locator("html").get_attribute("lang") == "nl"


def test_pictures_are_drawn(page: Any, bench: FakeCell) -> None:
    pixel = "([id, x]) => [...document.getElementById(id).getContext('2d').getImageData(x, 40, 1, 1).data.slice(0, 3)]"
    for index, rgb in enumerate(((250, 10, 10), (10, 10, 250))):
        bench.picture(PictureKind.CAMERA, b"not a picture")
        show(page, bench, bench.snapshot(index))
        bench.picture(PictureKind.CAMERA, one_colour(rgb), at=START + 65)
        bench.picture(PictureKind.PROJECTOR, one_colour(rgb[::-1], ".png"), at=START + 65)
        for name, wanted in (("camera", rgb), ("projector", rgb[::-1])):
            near = f"([...a]) => ({pixel})(a).every((v, i) => Math.abs(v - {list(wanted)}[i]) < 6)"
            page.wait_for_function(near, arg=[name, 80])
    page.wait_for_function("() => document.getElementById('camera-time').textContent.endsWith('01:05')")


def test_camera_that_stands_still_is_told(page: Any, bench: FakeCell) -> None:
    for kind in PictureKind:
        bench.picture(kind, one_colour((9, 9, 9)), at=START + 65)
    for _ in range(60):
        bench.show(bench.snapshot(0))
        if text(page, "#camera-time") == "No new picture · 01:05":
            break
        page.wait_for_timeout(100)
    assert text(page, "#camera-time") == "No new picture · 01:05"
    assert text(page, "#projector-time") == "01:05"  # it is sent when it changes


def test_problem_is_shown_with_a_sign(page: Any, bench: FakeCell) -> None:
    show(page, bench, bench.snapshot(8))
    assert not page.locator("#sign").is_visible()
    assert not page.locator("#problems").is_visible()
    show(page, bench, bench.problem(8))
    assert text(page, "#now") == "Step 9 of 26 Please put it back: gloves L."
    assert page.locator("#sign").is_visible()
    assert text(page, "#problems") == "Also open This bin is empty: cup. A colleague fills it."
    assert page.locator("[data-place=bin_09] .mark.put_back").count() == 1
    assert page.locator("[data-place=bin_11] .mark.refill").count() == 1
    show(page, bench, bench.snapshot(9))
    assert not page.locator("#sign").is_visible()


def test_problem_that_waits_does_not_take_the_step_away(page: Any, bench: FakeCell) -> None:
    show(page, bench, bench.snapshot(8, problems=bench.problem(8).problems))
    assert text(page, "#now") == "Step 9 of 26 Take 1: cup."
    assert text(page, "#problem-list") == "This bin is empty: cup. A colleague fills it."


def test_what_cannot_be_seen_is_confirmed_by_the_person(page: Any, bench: FakeCell) -> None:
    unseen = "Put it here: cup.\nI cannot see this. Tell me when it is done."
    show(page, bench, bench.snapshot(8, words=unseen, confirm=True))
    page.get_by_role("button", name="It is done", exact=True).click()
    assert bench.asked.get(timeout=10) is Asked.NEXT


def test_cell_that_is_silent_is_told_with_the_time(page: Any, bench: FakeCell) -> None:
    gone = [NodeStatus(name="perception", level="stale", message="not heard of")]
    show(page, bench, bench.snapshot(4, silent=True, nodes=gone))
    assert text(page, "#link") == "No news from the cell since 00:38. What you see is old."
    assert all(button.is_disabled() for button in page.get_by_role("button").all())
    assert text(page, "#nodes") == "○ perception gone: not heard of"  # health goes on being told
    show(page, bench, bench.done().model_copy(update={"silent": True}))
    assert text(page, "#link") == "The simulated work is over."
    show(page, bench, bench.snapshot(5))
    assert not page.locator("#link").is_visible()


def test_finished_job_is_summed_up_in_facts(page: Any, bench: FakeCell) -> None:
    show(page, bench, bench.done())
    assert text(page, "#summary") == "Steps 26 Time 4 min 22 s Put right 3 Calls for help 0"
    assert page.locator("#progress").evaluate("bar => bar.value") == 1
    show(page, bench, bench.snapshot(0))
    assert not page.locator("#summary").is_visible()


@pytest.mark.parametrize(
    ("changes", "name", "asked"),
    [
        ({}, "Pause", Asked.PAUSE),
        ({"paused": True}, "Go on", Asked.RESUME),
        ({}, "Call help", Asked.HELP),
        ({"help_since": START}, "Help was here", Asked.HELP_DONE),
        ({}, "Next", Asked.NEXT),
        ({}, "Back", Asked.BACK),
        ({}, "Bench is wrong", Asked.YOU_ARE_WRONG),
        ({}, "Say again", Asked.REPEAT),
        ({"robot": Robot(phase="carry")}, "Stop the robot", Asked.STOP_ROBOT),
        ({"robot": Robot(phase="carry", stopped=True)}, "Robot may go on", Asked.RESUME_ROBOT),
    ],
)
def test_button_asks(page: Any, bench: FakeCell, changes: dict[str, Any], name: str, asked: Asked) -> None:
    show(page, bench, bench.snapshot(2, **changes))
    page.get_by_role("button", name=name, exact=True).click()
    assert bench.asked.get(timeout=10) is asked


def test_slip_of_the_hand_asks_once(page: Any, bench: FakeCell) -> None:
    show(page, bench, bench.snapshot(2))
    page.get_by_role("button", name="Next").dblclick()
    page.get_by_role("button", name="Back").focus()
    page.keyboard.down("Enter")
    page.wait_for_timeout(700)  # longer than what counts as a slip
    page.keyboard.down("Enter")  # as a key that is held down repeats
    page.keyboard.up("Enter")
    page.get_by_role("button", name="Pause").click()
    assert [bench.asked.get(timeout=10) for _ in range(3)] == [Asked.NEXT, Asked.BACK, Asked.PAUSE]


def test_keyboard_reaches_everything_in_reading_order(page: Any, bench: FakeCell) -> None:
    show(page, bench, bench.snapshot(2))
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.value || document.activeElement.id"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == ["back", "next", "pause", "help", "repeat", "you_are_wrong", "events"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert bench.asked.get(timeout=10) is Asked.YOU_ARE_WRONG


def test_the_worker_sees_and_sets_how_much_help_there_is(page: Any, bench: FakeCell) -> None:
    rules = ("by_hand", "calm"), ("Only I change it.", "Less help after 5 good cases.")
    choices = [
        Choice(setting="level", value="full", values=("full", "short", "lights", "off")),
        Choice(setting="rule", value="calm", values=rules[0], words=rules[1]),
        Choice(setting="alone", value="no", values=("yes", "no")),
        Choice(setting="language", value="en", values=("en", "ar")),
    ]
    show(page, bench, bench.snapshot(2, choices=choices))
    page.get_by_role("button", name="Guidance: full").click()
    assert page.get_by_label("When it changes").locator("option:checked").text_content() == rules[1][1]
    assert page.get_by_label("Language").locator("option").all_text_contents() == ["English", "العربية"]
    page.get_by_label("Leave me alone").select_option("yes")
    assert bench.asked.get(timeout=10) is Asked.SET
    assert bench.chosen.get(timeout=10) == ("alone", "yes")
    page.screenshot(path="/tmp/settings.png")
    page.get_by_role("button", name="Ready").click()
    page.locator("#mine").wait_for(state="hidden")


def test_old_news_is_told_and_the_page_comes_back(page: Any, bench: FakeCell, cell: Cell) -> None:
    show(page, bench, bench.snapshot(2))
    assert not page.locator("#link").is_visible()
    bench.server.close()
    page.locator("#link", has_text="No connection with the bench").wait_for()
    assert all(button.is_disabled() for button in page.get_by_role("button").all())
    assert text(page, "#words") == "Take 1: tweezers."
    again = FakeCell(cell, bench.server.port)
    try:
        again.show(again.snapshot(6))
        page.locator("#words", has_text="Take 1: gloves M.").wait_for()
        page.locator("#link").wait_for(state="hidden")
        page.get_by_role("button", name="Pause").click()
        assert again.asked.get(timeout=10) is Asked.PAUSE
    finally:
        again.server.close()


def test_silent_cell_is_told_also_to_a_page_that_connects_then(page: Any, bench: FakeCell) -> None:
    show(page, bench, bench.snapshot(2))
    page.locator("#link", has_text="No news from the bench").wait_for()
    page.reload()
    page.locator("#link", has_text="No news from the bench").wait_for()
    assert text(page, "#words") == "Take 1: tweezers."
    page.evaluate(
        "() => { window.told = []; new MutationObserver(() => told.push(document.getElementById('link').textContent))"
        ".observe(document.getElementById('link'), { childList: true }); }"
    )
    with page.expect_websocket() as again:
        pass
    again.value.wait_for_event("framereceived", lambda frame: "update" in frame)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert page.evaluate("told") == []  # the old state that it was sent is not taken for news
    show(page, bench, bench.snapshot(3))
    page.locator("#link").wait_for(state="hidden")


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 800), (1024, 768)])
def test_all_fits_without_scrolling(page: Any, bench: FakeCell, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    for name in STATES:
        show(page, bench, state(bench, name))
        check_fit(page, width, height)


BROKEN = """[...document.querySelectorAll("#actions button")].filter((button) => {
  button.style.overflowWrap = button.style.wordBreak = "normal";
  return button.scrollWidth > button.clientWidth;
}).map((button) => button.textContent)"""


@pytest.mark.parametrize(
    ("language", "way", "back"),
    [("de", "ltr", "Zurück"), ("uk", "ltr", "Назад"), ("ar", "rtl", "رجوع"), ("nl", "ltr", "Terug")],
)
def test_the_page_speaks_the_worker_s_language_and_still_fits(
    page: Any, bench: FakeCell, node_modules: Path, language: str, way: str, back: str
) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    show(page, bench, bench.snapshot(4, Phase.PLACE, language=language, paused=True, help_since=3.0))
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("html").get_attribute("dir") == way
    assert page.get_by_role("button", name=back).is_visible()
    check_fit(page, 1024, 768)
    page.evaluate((node_modules / "axe-core/axe.min.js").read_text())
    assert page.evaluate("options => axe.run(document, options)", AXE)["violations"] == []
    for paused, helped in ((True, 3.0), (False, None)):
        show(page, bench, bench.snapshot(4, Phase.PLACE, language=language, paused=paused, help_since=helped))
        assert page.evaluate(BROKEN) == [], "no word is broken on a button"


def check_fit(page: Any, width: int, height: int) -> None:
    size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert page.evaluate(size) == [width, height]
    bench_above = page.locator("#camera").bounding_box()
    assert bench_above["width"] >= width * 0.5
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        assert box["height"] >= 48


def test_narrow_window_needs_no_sideways_scrolling(page: Any, bench: FakeCell) -> None:
    """WCAG 1.4.10: 320 CSS pixels, which is 1280 at four times zoom."""
    page.set_viewport_size({"width": 320, "height": 640})
    for name in STATES:
        show(page, bench, state(bench, name))
        assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [*STATES, "silent"])
def test_no_accessibility_fault(page: Any, bench: FakeCell, node_modules: Path, scheme: str, name: str) -> None:
    page.emulate_media(color_scheme=scheme)
    show(page, bench, state(bench, "problem" if name == "silent" else name))
    if name == "silent":
        page.locator("#link", has_text="No news").wait_for()
    page.evaluate((node_modules / "axe-core/axe.min.js").read_text())
    faults = page.evaluate("options => axe.run(document, options)", AXE)["violations"]
    assert [(f["id"], [n["html"] for n in f["nodes"]]) for f in faults] == []
