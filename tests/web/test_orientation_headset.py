"""The orientation in an emulated headset (iwer) in a real browser: controllers, hands, gaze.

What is aimed at is computed from where the page has it; all else goes through WebXR, as in a headset's browser.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium_with
from orientations import GL, SECOND, Served, opened, press, says

from opstap.evaluation.questions.messages import Sheet
from opstap.instructions import Cell

HEADSET = """
const device = new IWER.XRDevice(IWER.metaQuest3);
device.installRuntime({ forceInstall: true });
device.position.set(0, 1.25, 0);
globalThis.device = device;
globalThis.raise = (y) => {
  for (const side of ["left", "right"]) {
    device.controllers[side].position.set(side === "left" ? -0.2 : 0.2, y, -0.2);
    device.hands[side].position.set(side === "left" ? -0.2 : 0.2, y, -0.2);
  }
};
raise(0.9);
"""
HELPERS = """
async ([kind, name]) => {
  const { Vector3, Matrix4, Quaternion } = await import("three");
  const { stage, headset } = await import("/orientation/orientation.js");
  const frames = async (n) => {
    const from = stage.renderer.info.render.frame;
    while (stage.renderer.info.render.frame < from + n) await new Promise((done) => setTimeout(done, 5));
  };
  const place = () => {
    if (kind === "option") {
      const { x, y, w, h } = headset.panel.buttons.find((b) => b.option.id === name);
      const { canvas, mesh } = headset.panel;
      const [wide, high] = [mesh.geometry.parameters.width, mesh.geometry.parameters.height];
      const at = new Vector3(((x + w / 2) / canvas.width - 0.5) * wide, (0.5 - (y + h / 2) / canvas.height) * high, 0);
      return at.applyMatrix4(mesh.matrixWorld);
    }
    const found = { place: "places", spot: "spots", viewpoint: "viewpoints" }[kind];
    const thing = stage.scenery[found].find((each) => each.id === name);
    const at = thing.middle ?? (thing.at.length === 3 ? thing.at : [...thing.at, -stage.scenery.table[2]]);
    return new Vector3(...at).applyMatrix4(stage.table.matrixWorld);
  };
  const local = (point) => point.clone().applyMatrix4(stage.rig.matrixWorld.clone().invert());
  const up = new Vector3(0, 1, 0);
  const turn = (from, to) => new Quaternion().setFromRotationMatrix(new Matrix4().lookAt(from, to, up));
  await frames(1);
  const target = local(place());
  const how = globalThis.how ?? "controller";
  if (how === "gaze") {
    const eye = new Vector3(0, 1.25, 0);
    device.quaternion.copy(turn(eye, target));
    return;
  }
  const hand = how === "controller" ? device.controllers.right : device.hands.right;
  // A hand takes what it is at; a controller points from the side.
  const from = how === "hand" && kind === "place" ? target.clone() : new Vector3(0.2, 1.0, -0.1);
  hand.position.copy(from);
  hand.quaternion.copy(turn(from, from.equals(target) ? target.clone().add(new Vector3(0, -0.1, -0.3)) : target));
  await frames(1);
  const pull = (value) => {
    if (how === "controller") hand.updateButtonValue("trigger", value);
    else hand.updatePinchValue(value);
  };
  pull(1);
  await frames(2);
  pull(0);
  await frames(2);
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium_with(*GL) as browser:
        yield browser


@pytest.fixture
def served(cell: Cell, node_modules: Path) -> Iterator[Served]:
    served = Served(cell, questions=True)
    yield served
    served.server.close()


ON_PANEL = """async (id) => {
  const { headset } = await import("/orientation/orientation.js");
  return headset.panel.buttons.some((b) => b.option.id === id);
}"""
TITLE = "async () => (await import('/orientation/orientation.js')).headset.panel.drawn.title"
FIRST_CHOICE = """async () => {
  const { headset } = await import("/orientation/orientation.js");
  return headset.panel.buttons.map((b) => b.option.id).find((id) => id.startsWith("value-"));
}"""


def questions_of(served: Served) -> Any:
    """The forms as the page for questions would show them."""
    with urllib.request.urlopen(f"{served.server.url}questions/sheet", timeout=10) as answer:
        return Sheet.model_validate_json(answer.read()).forms


def choose(page: Any, kind: str, name: str) -> None:
    page.evaluate(HELPERS, [kind, name])


def turn_over(page: Any, option: str) -> None:
    """Choose on the panel, and wait until it asks something else."""
    page.wait_for_function(ON_PANEL, arg=option)
    title = page.evaluate(TITLE)
    choose(page, "option", option)
    page.wait_for_function(f"async (title) => (await ({TITLE})()) !== title", arg=title)


def test_a_session_in_a_headset(browser: Any, served: Served, node_modules: Path, tmp_path: Path) -> None:
    script = tmp_path / "headset.js"
    script.write_text((node_modules / "iwer/build/iwer.min.js").read_text() + HEADSET)
    size = {"width": 320, "height": 240}  # software draws for two eyes
    with opened(browser, served.server.url, script, viewport=size) as page:
        page.locator("#headset").click()
        page.locator("#room[data-headset=on]").wait_for(state="attached")
        says(page, "Hoe voel je je nu?")
        choose(page, "option", "score-1")
        says(page, "Pak 1: mondspiegel.")

        # Three parts by controller.
        for number in (1, 2, 3):
            choose(page, "place", served.session.tryout.asked.marks[0].place)
            says(page, "In je hand:")
            choose(page, "place", served.session.tryout.asked.marks[0].place)
            says(page, f"In de koffer: {number}")

        # Two topics; teleport; a turn by the stick.
        choose(page, "spot", "hours")
        says(page, "Het werk begint om half negen.")
        choose(page, "option", "like")
        choose(page, "option", "close")
        choose(page, "viewpoint", "beside")
        page.wait_for_function("async () => (await import('/orientation/orientation.js')).stage.rig.position.x > 1.2")
        assert served.session.viewpoint == "beside"
        turned = page.evaluate("""async () => {
          const { stage } = await import("/orientation/orientation.js");
          const before = stage.rig.rotation.y;
          device.controllers.right.updateAxis("thumbstick", "x-axis", 1);
          const from = stage.renderer.info.render.frame;
          while (stage.renderer.info.render.frame < from + 6) await new Promise((done) => setTimeout(done, 5));
          device.controllers.right.updateAxis("thumbstick", "x-axis", 0);
          return (before - stage.rig.rotation.y) * 180 / Math.PI;
        }""")
        assert turned == pytest.approx(30)
        served.session.go("seat")
        page.wait_for_function("async () => (await import('/orientation/orientation.js')).stage.rig.position.x === 0")

        # Both hands up is a pause, also while they are only held there; down again nothing more happens.
        page.evaluate("() => raise(1.3)")
        says(page, "Pauze. Neem je tijd.")
        page.evaluate("() => raise(0.9)")
        choose(page, "option", "resume")
        says(page, "Je hand is leeg.")

        # By hand: what the hand is at; then the panel by pointing.
        page.evaluate("() => { device.primaryInputMode = 'hand'; globalThis.how = 'hand'; }")
        choose(page, "place", served.session.tryout.asked.marks[0].place)
        says(page, "In je hand:")
        choose(page, "place", served.session.tryout.asked.marks[0].place)
        says(page, "In de koffer: 4")
        choose(page, "spot", "team")
        says(page, "We werken met acht mensen.")
        choose(page, "option", "close")
        says(page, "Je hand is leeg.")
        calls = int(page.locator("#room").get_attribute("data-calls"))
        assert 20 < calls <= 150  # both eyes

        # By looking alone.
        served.session.set("dwell", "true", served.now)
        page.evaluate(
            "() => { globalThis.how = 'gaze'; device.hands.right.connected = device.hands.left.connected = false; }"
        )
        choose(page, "spot", "training")
        says(page, "In de eerste week zit er iemand naast je.")
        choose(page, "option", "close")
        says(page, "Je hand is leeg.")

        # The coach pauses; the headset comes off; nothing is lost.
        served.session.pause("coach", served.now)
        says(page, "Je coach heeft op pauze gedrukt.")
        served.session.resume("coach", served.now)
        says(page, "Je hand is leeg.")
        served.now += 30 * SECOND
        page.evaluate("async () => (await import('/orientation/orientation.js')).headset.session.end()")
        page.locator("#room[data-headset=off]").wait_for(state="attached")
        says(page, "Je was weg.")
        press(page, "Ga verder")
        says(page, "Je hand is leeg.")

        # After the end the study's questions are asked on the panel, and kept as those of the page are.
        page.evaluate("() => { globalThis.how = 'controller'; device.primaryInputMode = 'controller'; }")
        page.evaluate("async () => (await import('/orientation/orientation.js')).headset.enter()")
        page.locator("#room[data-headset=on]").wait_for(state="attached")
        served.session.set("dwell", "false", served.now)
        served.session.stop("participant")
        says(page, "Klaar")
        turn_over(page, "questions")
        turn_over(page, "yes")  # to keeping answers; whatever else may be kept is refused
        while page.evaluate(ON_PANEL, "no"):
            turn_over(page, "no")
        turn_over(page, "start")
        asked = page.evaluate(FIRST_CHOICE)
        turn_over(page, asked)
        kept = [given for form in questions_of(served) for given in form.questions if given.answered]
        assert [k.value for k in kept] == [int(asked.removeprefix("value-"))]
        assert served.session.memory.packed == 4
        assert served.session.memory.seen == ["hours", "team", "training"]
