"""Work instructions that are hard to follow are told with their lines; a parts list becomes a task."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from ruamel.yaml import YAML

from opstap.documents import DocumentError
from opstap.instructions import Task, load_cell, picture_fault
from opstap.integration import importing, linting
from opstap.integration.importing import ImportFault, draft, write
from opstap.integration.linting import lint
from opstap.scene_file import load_scene

CONFIG = Path(__file__).parents[2] / "config"
TASK, SCENE = CONFIG / "tasks/oral_care_case.yaml", load_scene(CONFIG / "cells/oral_care.yaml")


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = TASK.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "task.yaml"
    path.write_text(text, encoding="utf-8")
    if not (tmp_path / "pictograms").exists():
        (tmp_path / "pictograms").symlink_to(CONFIG / "tasks/pictograms")
    return path


def line_of(path: Path, words: str) -> int:
    return next(i for i, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if words in text)


@pytest.mark.parametrize(
    ("change", "words", "told"),
    [
        (
            ('"Take {count}: {part}."', '"Now please take {count} of the {part} out of the bin at your right hand."'),
            "Now please take",
            "a sentence of 15 words",
        ),
        (('"Zet hier een lege koffer."', '"Deponeer hier een lege koffer."'), "Deponeer", "rare words: Deponeer"),
        (('"Please take this out."', '"Please take the blue one out."'), "blue one", "names a colour (blue)"),
        (('"Haal dit eruit."', '"Haal de rode eruit."'), "Haal de rode", "names a colour (rode)"),
        (("languages: [en, nl, de, uk, ar]", "languages: [en, nl, de]"), "", ""),
    ],
)
def test_what_is_hard_to_follow_is_told_with_its_line(tmp_path, change, words, told):
    path = changed(tmp_path, change)
    new = [f for f in lint(path, SCENE) if f not in lint(TASK, SCENE)]
    if told:
        assert [f for f in new if told in f.message and f.line == line_of(path, words)], new
    else:
        assert not [f for f in new if not f.error]


def test_words_that_do_not_fit_their_zone_are_told():
    small = tuple(z.model_copy(update={"size": (0.2, 0.04)}) if z.kind == "text" else z for z in SCENE.zones)
    found = [f for f in lint(TASK, SCENE.model_copy(update={"zones": small})) if "too long for the zone" in f.message]
    assert line_of(TASK, "This bin is empty") in [f.line for f in found]
    assert line_of(TASK, "Paused. Take your time.") not in [f.line for f in found]


def test_an_error_is_told_as_one(tmp_path):
    path = changed(tmp_path, ("slot: slot_05}", "slot: slot_55}"), ('    nl: "Pauze. Neem je tijd."\n', ""))
    errors = [f for f in lint(path, SCENE) if f.error]
    assert [f.line for f in errors] == [line_of(path, "  paused:"), line_of(path, "slot_55")]


def test_the_words_of_the_shipped_tasks_are_easy(tmp_path):
    for name, cell in (("oral_care_case", "oral_care"), ("gearbox_kit", "gearbox")):
        scene = load_scene(CONFIG / f"cells/{cell}.yaml")
        found = lint(CONFIG / f"tasks/{name}.yaml", scene)
        assert not found


def test_a_part_that_depth_cannot_see_is_told_without_a_scene():
    found = lint(CONFIG / "tasks/gearbox_kit.yaml")
    assert sum("depth cannot see that it is done: the part is transparent" in f.message for f in found) == 2


def test_a_step_that_only_the_worker_can_confirm(tmp_path):
    bins = tuple(b.model_copy(update={"confirm": "button"}) if b.id == "bin_11" else b for b in SCENE.bins)
    slots = tuple(s.model_copy(update={"confirm": "button"}) if s.id == "slot_09" else s for s in SCENE.case.slots)
    scene = SCENE.model_copy(update={"bins": bins, "case": SCENE.case.model_copy(update={"slots": slots})})
    found = [f for f in lint(TASK, scene) if "only when the worker says so" in f.message]
    assert [f.line for f in found] == [line_of(TASK, "{id: cup,")]


def test_checks_groups_and_what_may_be_left_out_are_looked_at(tmp_path):
    words = "{en: 'Is it shut?', nl: 'Is het dicht?', de: 'Ist es zu?', uk: 'Чи закрито?', ar: 'هل هو مغلق؟'}"
    path = changed(
        tmp_path,
        ("slot: slot_07, present: true}", "slot: slot_07, present: true, group: g}"),
        ("part: mask, slot: slot_08}", f"part: mask, slot: slot_08, group: g}}\n  - {{id: shut, check: {words}}}"),
        ("part: cup, slot: slot_09}", "part: cup, slot: slot_09, optional: true}"),
        (
            "part: bib, slot: slot_10}",
            f"part: bib, slot: slot_10}}\n  - {{id: see, picture: gone.png, check: {words}}}",
        ),
    )
    bins = tuple(b.model_copy(update={"confirm": "button"}) if b.id == "bin_11" else b for b in SCENE.bins)
    found = [f for f in lint(path, SCENE.model_copy(update={"bins": bins})) if f.field.startswith("steps")]
    assert not [f for f in found if f.error]
    told = {(f.line, f.message.split(":")[0]) for f in found}
    assert told >= {
        (line_of(path, "id: gloves_m"), "the cobot brings it when the guide comes to it, not sooner"),
        (line_of(path, "id: shut"), "a check with no picture and no slot"),
        (line_of(path, "id: shut"), "no rework"),
        (line_of(path, "id: cup"), "'next' says there that it is done, so it cannot be left out by it"),
        (line_of(path, "id: see"), f"the picture {tmp_path}/gone.png cannot be read"),
    }


def test_zones_that_clash_are_told():
    zones = tuple(z.model_copy(update={"position": (0.3, -0.345)}) if z.id == "button_next" else z for z in SCENE.zones)
    found = [f.message for f in lint(TASK, SCENE.model_copy(update={"zones": zones}))]
    assert any("'instruction' and 'button_next' lie on one another" in m for m in found)


def test_a_language_without_a_voice_or_words_is_told(tmp_path):
    text = TASK.read_text(encoding="utf-8").replace("languages: [en,", "languages: [fi, en,")
    path = tmp_path / "task.yaml"
    path.write_text(text, encoding="utf-8")
    messages = {f.message for f in lint(path)}
    assert "no voice is known for 'fi': its words are shown only" in messages
    assert "buttons are in English: guidance has no words in 'fi'" in messages
    assert any(f.error and f.field == "phrases.take.fi" for f in lint(path))


def test_parts_list_and_steps_are_compared(tmp_path):
    steps = Task.model_validate(YAML(typ="safe").load(TASK.read_text(encoding="utf-8"))).steps
    rows = ["part,count", *(f"{s.part},{s.count}" for s in steps if s.part != "cup"), "floss,2", "rope,1"]
    parts = tmp_path / "parts.csv"
    parts.write_text("\n".join(rows), encoding="utf-8")
    told = [f.message for f in lint(TASK, SCENE, parts) if "parts list" in f.message]
    assert sorted(told) == [
        "the parts list has 0 of 'cup', the steps take 1",
        "the parts list has 1 of 'rope', the steps take 0",
        "the parts list has 3 of 'floss', the steps take 1",
    ]
    parts.write_text("part,count\ncup,many\n", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"parts.csv:2: found part 'cup', count 'many'"):
        lint(TASK, SCENE, parts)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("gone.png", None, "cannot be read: No such file"),
        ("huge.png", b"\x89PNG" + b"0" * 4_000_001, "has 4.0 MB, at most 4 are loaded"),
        ("text.png", b"hello", "is neither PNG nor JPEG"),
        (
            "bomb.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x75\x30\0\0\0\x10",
            "has 30000 x 16 pixels, at most 6000 a side",
        ),
        ("bomb.jpg", b"\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\x0b\x08\x75\x30\0\x10\1\1\x11\0", "has 16 x 30000 pixels"),
    ],
    ids=["gone", "huge", "text", "png", "jpeg"],
)
def test_a_picture_that_cannot_be_shown_is_told(tmp_path, name, content, told):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    path = changed(tmp_path, ("pictograms/floss.png", name))
    (found,) = [f for f in lint(path) if f.field == "parts.floss.picture"]
    assert told in found.message
    assert found.line == line_of(path, "  floss:")


def test_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("OPSTAP_ROOT", str(CONFIG.parent))
    options = argparse_of(linting, "lint", "oral_care_case", "--cell", "oral_care", "--json")
    assert linting.run(options) == 0
    assert all({"line", "field", "message", "error"} == set(f) for f in json.loads(capsys.readouterr().out))
    assert linting.run(argparse_of(linting, "lint", "gearbox_kit", "--strict")) == 1
    assert "warning: steps.11.part: depth cannot see that it is done" in capsys.readouterr().out
    assert linting.run(argparse_of(linting, "lint", "oral_care_cas")) == 2
    assert "did you mean 'oral_care_case'" in capsys.readouterr().err


def argparse_of(module, *words):
    import argparse

    parser = argparse.ArgumentParser()
    module.add(parser.add_subparsers())
    return parser.parse_args(list(words))


# ------------------------------------------------------------------------------------------------------- import

LIST = """part,name_en,name_nl,width_mm,depth_mm,height_mm,count,photo,slot
mirror,mirror,spiegel,165,16,14,,mirror.jpg,
cup,cup,beker,44,44,30,2,,slot_09
mirror,,,,,,,,
"""


GROUPED = """part,name_en,width_mm,depth_mm,height_mm,group,optional
mirror,mirror,165,16,14,two,
cup,cup,44,44,30,two,
lid,lid,44,44,30,,yes
"""


def test_a_list_says_what_is_in_any_order_and_what_may_be_left_out(tmp_path):
    like = Task.model_validate(YAML(typ="safe").load(TASK.read_text(encoding="utf-8")))
    made = draft(listed(tmp_path, GROUPED), like, "kit", None, tmp_path / "pictures")
    write(made, tmp_path / "kit.yaml")
    steps = Task.model_validate(YAML(typ="safe").load((tmp_path / "kit.yaml").read_text(encoding="utf-8"))).steps
    assert [(s.id, s.group, s.optional) for s in steps] == [
        ("mirror", "two", False), ("cup", "two", False), ("lid", "", True)
    ]  # fmt: skip


def listed(tmp_path: Path, text: str = LIST) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    photo = np.full((900, 1600, 3), (40, 90, 200), np.uint8)
    cv2.imwrite(str(tmp_path / "mirror.jpg"), photo)
    return path


def like() -> Task:
    return Task.model_validate(YAML(typ="safe").load(TASK.read_text(encoding="utf-8")))


def test_a_list_becomes_a_task(tmp_path):
    options = argparse_of(
        importing, "import", str(listed(tmp_path)), "--photos", str(tmp_path), "--like", str(TASK),
        "--out", str(tmp_path / "case.yaml"),
    )  # fmt: skip
    assert importing.run(options) == 0
    task = Task.model_validate(YAML(typ="safe").load((tmp_path / "case.yaml").read_text(encoding="utf-8")))
    assert (task.task, task.languages) == ("case", ("en", "nl"))
    assert [(s.id, s.part, s.slot, s.count) for s in task.steps] == [
        ("mirror", "mirror", "slot_01", 1),
        ("cup", "cup", "slot_09", 2),
        ("mirror_2", "mirror", "slot_03", 1),
    ]
    assert task.parts["mirror"].size == (0.165, 0.016, 0.014)
    assert picture_fault(tmp_path, task.parts["mirror"].picture) == ""
    assert max(cv2.imread(str(tmp_path / task.parts["mirror"].picture)).shape) == importing.PICTURE
    assert not [f for f in lint(tmp_path / "case.yaml") if f.error]
    assert importing.run(options) == 2, "an existing task is never overwritten"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("165,16,14,,mirror.jpg", "165,16,14,,gone.jpg"), r"list.csv:2: photo: .*gone.jpg cannot be read"),
        (("165,16,14,,mirror.jpg", "165,16,14,,list.csv"), r"list.csv:2: photo: .*list.csv is no picture"),
        (("165,16,14", "long,16,14"), "list.csv:2: width_mm: found 'long', allowed: millimetres"),
        (("cup,cup,beker", "cup,cup,"), "list.csv:3: name_nl: found nothing, allowed: what 'cup' is called"),
        (("cup,cup,", "The Cup,cup,"), "list.csv:3: part: found 'The Cup'"),
        (("part,name_en", "thing,name_en"), "list.csv:1: found columns thing, .* needed: part"),
        (("name_en,name_nl", "en,nl"), "list.csv:1: no column name_<language>"),
    ],
)
def test_a_wrong_list_is_told_with_its_line(tmp_path, change, told):
    with pytest.raises(ImportFault, match=told):
        draft(listed(tmp_path, LIST.replace(*change)), like(), "case", tmp_path, tmp_path / "pictures")


def test_a_draft_that_is_no_task_is_not_kept(tmp_path):
    task = draft(listed(tmp_path, LIST.replace("44,44,30", "44,44,-30")), like(), "case", tmp_path, tmp_path / "p")
    with pytest.raises(DocumentError, match="size"):
        write(task, tmp_path / "case.yaml")
    assert not list(tmp_path.glob("case*"))


def test_a_picture_is_shown_beside_the_words_and_one_that_is_gone_is_passed_over(tmp_path):
    from opstap.guidance.cues import cues
    from opstap.guidance.drawing import Painter
    from opstap.workflow.model import Phase, State

    shutil.copy(TASK, tmp_path / "task.yaml")
    path = changed(tmp_path, ("pictograms/floss.png", "floss.png"))
    cv2.imwrite(str(tmp_path / "floss.png"), np.full((80, 80, 3), (30, 200, 30), np.uint8))
    cell = load_cell(CONFIG / "cells/oral_care.yaml", path)
    state, person = State(phase=Phase.TAKE, step=13, job=1), cell.scene.profile["default"]
    projector = cell.scene.projectors[0]
    with_picture = Painter(cell, projector).draw(cues(state, cell, person))
    green = (with_picture[..., 1] > 150) & (with_picture[..., 0] < 80) & (with_picture[..., 2] < 80)
    assert green.sum() > 3000
    (tmp_path / "floss.png").unlink()
    without = Painter(cell, projector).draw(cues(state, cell, person))
    assert not ((without[..., 1] > 150) & (without[..., 0] < 80) & (without[..., 2] < 80)).any()
    assert without.any()
