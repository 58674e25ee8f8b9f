"""Makes what the docs show of the real thing: `make pictures`, or `python docs/generate.py [--texts] [--page URL]`.

- docs/interfaces.md, from the comments in the .msg and .action files;
- docs/nodes.md, from the nodes' own texts and parameters, and the launch files' arguments;
- docs/pictures/plan.png, the cell from above to scale;
- docs/pictures/light_*.jpg and bench.jpg: the light as the projector throws it on the simulated bench;
- docs/pictures/look_*.jpg, with OPSTAP_REAL_DEPTH naming a folder of real captures (docs/recording.md says which);
- docs/pictures/calibrate_*.jpg: bins as their wizard draws them, and the calibration page where there is Chromium;
- docs/pictures/author*.jpg: the page on which a coach makes new work, where there is Chromium;
- docs/card/card.*.pdf, the operator's card;
- docs/pictures/orientation*.jpg, with --orientation (needs Chromium and `make setup-vr`);
- docs/pictures/page.jpg, with the URL of a running cell's page (needs Chromium).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import runpy
import shutil
from dataclasses import MISSING, fields, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
INTERFACES = ROOT / "ros_ws" / "src" / "opstap_interfaces"
CROP = (360, 280)
"""Width and height of a picture of one light, pixels of the camera."""


def rows(text: str) -> list[tuple[str, str, str]]:
    """The fields of one part of an interface file: type, name, meaning. Constants are those with `=`."""
    found = []
    for line in text.splitlines():
        code, _, comment = line.partition("#")
        if code.strip():
            kind, _, name = code.strip().partition(" ")
            found.append((kind, name.strip(), comment.strip()))
    return found


def schemas() -> dict[str, str]:
    """JSON Schemas of the files that people edit, by name, for editors that check and complete YAML."""
    from opstap.instructions import Task
    from opstap.scene import Scene
    from opstap.workflow.levels import Rules

    models = {"task": Task, "scene": Scene, "guidance": Rules}
    return {n: json.dumps(m.model_json_schema(), indent=1, ensure_ascii=False) + "\n" for n, m in models.items()}


def interfaces() -> str:
    """The text of docs/interfaces.md."""
    out = [
        "# Messages and actions",
        "",
        "Written by `python docs/generate.py` from `ros_ws/src/opstap_interfaces`; do not edit. Metres, seconds and",
        "radians unless a name says otherwise; positions in the table frame (docs/scene-and-task.md).",
    ]
    for path in sorted(INTERFACES.glob("*/*.msg")) + sorted(INTERFACES.glob("*/*.action")):
        text = path.read_text(encoding="utf-8")
        parts = text.split("\n---\n") if path.suffix == ".action" else [text]
        titles = ("Goal", "Result", "Feedback") if path.suffix == ".action" else ("",)
        intro = [line.lstrip("# ") for line in text.splitlines() if line.startswith("#")]
        out += ["", f"## {path.stem}", "", " ".join(intro)]
        for title, part in zip(titles, parts, strict=True):
            out += ["", f"*{title}*" if title else "", "", "| field | type | meaning |", "|---|---|---|"]
            out += [f"| `{name}` | {kind} | {meaning} |" for kind, name, meaning in rows(part)]
    return "\n".join(line for i, line in enumerate(out) if line or out[i - 1]) + "\n"


def nodes() -> str:
    """The text of docs/nodes.md."""
    from opstap_cell import NODES
    from opstap_cell.cell_node import CellFiles

    def table(config: type) -> list[str]:
        lines = ["", "| parameter | default | what | allowed |", "|---|---|---|---|"]
        for f in fields(config):
            low, high = f.metadata["low"], f.metadata["high"]
            allowed = ", ".join(f.metadata["choices"]) or (f"{low:g} to {high:.10g}" if low is not None else f.type)
            default = "must be given" if f.default is MISSING else f"`{f.default}`" if f.default != "" else "empty"
            lines.append(f"| `{f.name}` | {default} | {f.metadata['doc']} | {allowed} |")
        return lines

    out = [
        "# Nodes and launch arguments",
        "",
        "Written by `python docs/generate.py` from the nodes and launch files themselves; do not edit. What the topics",
        "carry: [interfaces.md](interfaces.md). Names are relative: a cell's namespace comes before them. Every node",
        "tells how it is on `/diagnostics` once a second, and is started again when it dies.",
    ]
    for file in sorted((ROOT / "launch").glob("*.launch.py")):
        launch = runpy.run_path(str(file))
        out += ["", f"## {file.name}", "", launch["__doc__"].strip()]
        out += ["", "| argument | default | what |", "|---|---|---|"]
        out += [f"| `{n}` | {f'`{d}`' if d else 'empty'} | {t} |" for n, (d, t) in launch["ARGUMENTS"].items()]
    out += ["", "## Every node", *table(CellFiles)]
    for name in NODES:
        module = importlib.import_module(f"opstap_cell.{name}")
        out += ["", f"## {name}", "", module.__doc__.strip()]
        if hasattr(module, "Config"):
            out += table(module.Config)
    return "\n".join(out) + "\n"


def pictures() -> None:
    """The light of every meaning on the simulated bench."""
    import cv2
    import numpy as np

    from opstap.guidance.cues import cues
    from opstap.guidance.drawing import Painter
    from opstap.instructions import Step, load_cell
    from opstap.integration.floor_plan import draw
    from opstap.simulation.bench import Bench
    from opstap.simulation.camera import SimulatedCamera
    from opstap.simulation.world import WorldState
    from opstap.workflow.model import Content, Phase, Problem, State, Trouble

    cell = load_cell(ROOT / "config/cells/oral_care.yaml", ROOT / "config/tasks/oral_care_case.yaml")
    person = cell.scene.profile["default"]
    painter, camera = Painter(cell, cell.scene.projectors[0]), SimulatedCamera(cell, 1)
    take = State(phase=Phase.TAKE, step=13, job=1)
    place = replace(take, phase=Phase.PLACE, taken=1)

    def wrong(state: State, trouble: Trouble, where: str, part: str) -> State:
        return replace(state, problems=(Problem(trouble, where, 1, 0, part),))

    shown = {
        "take": (take, "bin/bin_16/opening"),
        "place": (place, "slot/slot_14"),
        "open": (replace(place, taken=0), "bin/bin_16/opening"),
        "put_back": (wrong(take, Trouble.WRONG_PICK, "bin_18", "interdental_brushes"), "bin/bin_18/opening"),
        "take_out": (wrong(place, Trouble.WRONG_SLOT, "slot_18", "floss"), "slot/slot_18"),
        "refill": (wrong(take, Trouble.EMPTY_BIN, "bin_16", "floss"), "bin/bin_16/opening"),
        "case": (State(), "slot/slot_14"),
        "look": (replace(place, phase=Phase.CHECK), "slot/slot_14"),
        "unseen": (replace(place, contents={"slot_14": Content.CANNOT_SEE}), "slot/slot_14"),
        "paused": (replace(take, paused=True), "zone/instruction"),
        "done": (State(phase=Phase.DONE, step=len(cell.task.steps)), "zone/instruction"),
    }
    steps = list(cell.task.steps)
    steps[13] = Step(id="check", slot="slot_14", check=dict.fromkeys(cell.task.languages, "Is it right?"))
    checked = replace(cell, task=cell.task.model_copy(update={"steps": tuple(steps)}))
    PICTURES.mkdir(exist_ok=True)
    plan = cv2.resize(cv2.cvtColor(draw(cell), cv2.COLOR_RGB2BGR), None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(PICTURES / "plan.png"), plan, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    done = {s.slot for s in cell.task.steps[:13]}
    for name, (state, surface) in shown.items():
        bench = Bench(cell, 1, ["bin_16"] if name == "refill" else [])
        for slot in () if name == "case" else done | {"take_out": {"slot_18"}, "look": {"slot_14"}}.get(name, set()):
            part = "floss" if slot == "slot_18" else cell.task.slot_part[slot]
            bench.put(slot, part)
        for slot in cell.scene.slot if name == "done" else ():
            if slot not in done:
                bench.put(slot, cell.task.slot_part[slot])
        world = WorldState(0, 1, bench.bins, bench.slots, skin=(205, 160, 130))
        light = {cell.scene.projectors[0].id: painter.draw(cues(state, checked if name == "look" else cell, person))}
        image = cv2.cvtColor(camera.color(world, light), cv2.COLOR_RGB2BGR)
        x, y = cell.scene.camera.color_view.project(cell.scene.surfaces[surface].pose.translation)
        w, h = CROP if not surface.startswith("zone") else (700, 200)
        left, top = (int(np.clip(c - s / 2, 0, m - s)) for c, s, m in ((x, w, 1280), (y, h, 720)))
        jpeg = [cv2.IMWRITE_JPEG_QUALITY, 85]
        cv2.imwrite(str(PICTURES / f"light_{name}.jpg"), image[top : top + h, left : left + w], jpeg)
        if name == "take":
            cv2.imwrite(str(PICTURES / "bench.jpg"), image, jpeg)


def calibration() -> None:
    """The calibration wizards at work on a simulated bench, and their page."""
    import cv2
    import numpy as np

    from opstap.calibration.desk import CalibrationWish, Desk, Files
    from opstap.calibration.teaching import BinWizard, bin_overlay
    from opstap.geometry import Pose
    from opstap.pages.server import PageServer
    from opstap.scene_file import load_scene
    from opstap.simulation.calibrating import TeachingBench, bare_bench

    path = ROOT / "config/cells/oral_care.yaml"
    scene = load_scene(path)
    jpeg = [cv2.IMWRITE_JPEG_QUALITY, 80]
    source, desk = bare_bench(scene), Desk(scene, Files(path, ROOT / "out" / "none.yaml"), check=lambda: None)
    desk.ask(CalibrationWish(asked="camera"))
    tick = 0
    while not desk.state().judged:
        tick += 1
        desk.see(source.poll(tick), source)
    by = {"bin_11": Pose.of((0.012, -0.008, 0.0), (0.0, 0.0, np.radians(5))), "bin_14": Pose.of((0.03, 0.0, 0.0))}
    bench = TeachingBench(scene, by)
    wizard = BinWizard(scene, scene.camera.view, bench, bins=["bin_10", "bin_11", "bin_12", "bin_13", "bin_14"])
    while not wizard.done:
        wizard.see(bench.poll(0))
    bins = bin_overlay(wizard, scene.camera.color_view)
    assert bins is not None
    cv2.imwrite(str(PICTURES / "calibrate_bins.jpg"), cv2.cvtColor(bins[180:360, 560:1020], cv2.COLOR_RGB2BGR), jpeg)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        return
    from playwright.sync_api import sync_playwright

    server = PageServer("127.0.0.1", 0, ROOT / "web", lambda *_: None, desk.routes(), "/calibrate/")
    server.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.goto(server.url)
        tab.wait_for_function("document.getElementById('picture').naturalWidth > 0")
        tab.screenshot(path=PICTURES / "calibrate_page.jpg", type="jpeg", quality=80)
        browser.close()
    server.close()


def authoring() -> None:
    """The page on which new work is made, after a packing of four steps with something to answer."""
    from opstap.authoring.desk import AuthorDesk, AuthorWish
    from opstap.documents import Document
    from opstap.instructions import load_cell
    from opstap.pages.server import PageServer
    from opstap.simulation.bench import Bench
    from opstap.simulation.camera import SimulatedCamera
    from opstap.simulation.world import WorldState
    from opstap.workflow.model import Happened, WorkspaceEvent

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        return
    from playwright.sync_api import sync_playwright

    task = ROOT / "config/tasks/oral_care_case.yaml"
    cell = load_cell(ROOT / "config/cells/oral_care.yaml", task)
    desk, bench, view = (
        AuthorDesk(cell, Document.read(task), simulated=True),
        Bench(cell, 1),
        cell.scene.camera.color_view,
    )
    image = SimulatedCamera(cell, 1).color(WorldState(0, 1, bench.bins, bench.slots), {})
    desk.ask(AuthorWish(asked="record"))
    for second in (1, 2):
        desk.look(image, second * 1_000_000_000, view)
        desk.arms(second * 1_000_000_000, ())
        desk.look(image, second * 1_000_000_000 + 1, view)
    seen = (("taken", "bin_01", 1), ("placed", "slot_01", 1), ("taken", "bin_08", 2), ("placed", "slot_07", 2),
            ("placed", "slot_09", 1), ("taken", "bin_13", 1), ("placed", "slot_11", 1))  # fmt: skip
    for i, (happened, place, count) in enumerate(seen, 1):
        desk.hear(WorkspaceEvent(i, i * 1_000_000_000, Happened(happened), place, count, 0.9))
    desk.ask(AuthorWish(asked="stop"))
    for step in desk.state().steps:
        if step.can_photo:
            desk.ask(AuthorWish(asked="photo", step=step.key, to=1))
    desk.ask(AuthorWish(asked="free", step=2, to=1))
    server = PageServer("127.0.0.1", 0, ROOT / "web", lambda *_: None, desk.routes(), "/coach/author.html",
                        on_coach=lambda said: None, try_out=True)  # fmt: skip
    server.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1280, "height": 860}, locale="en-GB")
        tab.goto(server.url)
        tab.locator("#steps li").nth(3).wait_for()
        tab.wait_for_function("() => [...document.images].every(i => i.complete)")
        tab.screenshot(path=PICTURES / "author.jpg", type="jpeg", quality=80)
        tab.get_by_role("button", name="Look").nth(1).click()
        tab.wait_for_function("() => document.getElementById('place').naturalWidth > 0")
        tab.locator("#preview").screenshot(path=PICTURES / "author_look.jpg", type="jpeg", quality=80)
        browser.close()
    server.close()


def orientation() -> None:
    """The orientation's pages, and what an emulated headset shows."""
    from playwright.sync_api import sync_playwright

    from opstap.instructions import load_cell
    from opstap.orientation.glb import glb
    from opstap.orientation.job import load_job
    from opstap.orientation.scenery import scenery
    from opstap.orientation.talk import Orientation
    from opstap.pages.server import PageServer
    from opstap.workflow.levels import load_rules

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    cell = load_cell(ROOT / "config/cells/oral_care.yaml", ROOT / "config/tasks/oral_care_case.yaml")
    job = load_job(ROOT / "config/jobs/oral_care_packer.yaml", cell)
    rules = load_rules(ROOT / "config/rules/guidance.yaml", cell)
    headset = (
        (ROOT / "web/node_modules/iwer/build/iwer.min.js").read_text()
        + """
        globalThis.device = new IWER.XRDevice(IWER.metaQuest3);
        device.installRuntime({ forceInstall: true });
        device.position.set(0, 1.3, 0.1);
        device.quaternion.set(-0.16, 0.2, 0.03, 0.965);
        device.controllers.left.position.set(-0.25, 1.0, -0.25);
        device.controllers.right.position.set(0.1, 1.0, -0.35);
        device.controllers.right.quaternion.set(-0.35, 0.28, 0.1, 0.89);"""
    )
    made = glb(scenery(cell, cobot=True))
    with sync_playwright() as playwright:
        drawing = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        browser = playwright.chromium.launch(executable_path=chromium, args=drawing)
        for name, script in (("", ""), ("_headset", headset)):
            talk = Orientation(cell, job, rules, made, ROOT / "config/jobs", "p01", "nl")
            server = PageServer("127.0.0.1", 0, ROOT / "web", lambda *_: None, talk.routes(), "/orientation/")
            server.start()
            tab = browser.new_page(viewport={"width": 1280, "height": 760})
            if script:
                tab.add_init_script(script)
            tab.goto(server.url)
            tab.locator("#room[data-ready]").wait_for()
            # An emulated headset draws over the page: its buttons are pressed all the same.
            for button in ("#headset" if script else "[data-option=enter]", "[data-option=score-1]"):
                tab.locator(button).evaluate("e => e.click()")
            tab.locator("#screen", has_text="Je hand is leeg.").wait_for()
            tab.locator("#places").evaluate("e => e.open = true")
            for told in ("In je hand:", "In de koffer: 1", "In je hand:", "In de koffer: 2", "In je hand:"):
                tab.locator("#places button.main").first.evaluate("e => e.click()")
                tab.locator("#screen", has_text=told).wait_for()
            tab.locator("#places").evaluate("e => e.open = false")
            tab.locator("#panel").evaluate("e => e.scrollTop = 0")
            if not script:
                coach = browser.new_page(viewport={"width": 1280, "height": 760})
                coach.goto(f"{server.url}orientation/coach.html")
                coach.locator("#room[data-pose]").wait_for()
                coach.wait_for_timeout(1500)
                coach.screenshot(path=PICTURES / "orientation_coach.jpg", type="jpeg", quality=80)
                coach.close()
            tab.bring_to_front()
            tab.wait_for_timeout(1500)
            part = tab.locator("#room") if script else tab
            part.screenshot(path=PICTURES / f"orientation{name}.jpg", type="jpeg", quality=80)
            tab.close()
            server.close()
        browser.close()


def looks(folder: Path) -> None:
    """What `opstap look` draws of a real tote."""
    import cv2

    from opstap.looking import ground, look, read_depth, read_intrinsics

    empty, full = (read_depth(folder / f"test-{name}.depth.png", 0.0001) for name in ("background", "image"))
    optics = read_intrinsics(folder, None, empty.shape)
    seen = ground(empty, optics)
    assert seen is not None
    shown = {"empty": look(empty, optics), "full": look(full, optics, others=(seen,)), "alone": look(full, optics)}
    for name, found in shown.items():
        small = cv2.resize(found.picture, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(PICTURES / f"look_{name}.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 85])


def cards() -> None:
    """The operator's card in each language."""
    import typst

    from opstap.evaluation.report.plots import FONTS

    for language in ("en", "nl"):
        typst.compile(
            str(ROOT / "docs/card/card.typ"), output=str(ROOT / f"docs/card/card.{language}.pdf"), root=str(ROOT / "docs"),
            font_paths=[str(FONTS)], ignore_system_fonts=True, sys_inputs={"language": language},
        )  # fmt: skip


def page(url: str) -> None:
    """The page of a cell that runs at `url`."""
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.goto(url)
        tab.locator("#step", has_text="1").wait_for()
        tab.wait_for_timeout(1500)
        tab.screenshot(path=PICTURES / "page.jpg", type="jpeg", quality=80)
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make what the docs show of the real thing.")
    parser.add_argument("--page", help="URL of a running cell's page, to take its picture")
    parser.add_argument("--orientation", action="store_true", help="the orientation's pictures too")
    parser.add_argument("--texts", action="store_true", help="the texts alone, not the pictures")
    options = parser.parse_args()
    for name, schema in schemas().items():
        (ROOT / "config" / "schemas" / f"{name}.json").write_text(schema, encoding="utf-8")
    (ROOT / "docs" / "interfaces.md").write_text(interfaces(), encoding="utf-8")
    (ROOT / "docs" / "nodes.md").write_text(nodes(), encoding="utf-8")
    if not options.texts:
        pictures()
        calibration()
        authoring()
        cards()
        if os.environ.get("OPSTAP_REAL_DEPTH"):
            looks(Path(os.environ["OPSTAP_REAL_DEPTH"]) / "arc_tote")
    if options.orientation:
        orientation()
    if options.page:
        page(options.page)
