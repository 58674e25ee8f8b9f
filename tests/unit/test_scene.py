"""The files people edit: the shipped ones are right, and a wrong one is told with line, field and what is allowed."""

from pathlib import Path

import numpy as np
import pytest

from opstap.documents import DocumentError
from opstap.instructions import load_cell
from opstap.preflight import named
from opstap.scene_file import load_scene

ROOT = Path(__file__).parents[2]
SCENE, TASK = ROOT / "config/cells/oral_care.yaml", ROOT / "config/tasks/oral_care_case.yaml"


def test_the_shipped_job_is_a_real_one(cell):
    assert len(cell.task.steps) >= 24
    assert len({s.part for s in cell.task.steps}) > 20


def test_every_light_is_inside_the_projection(cell):
    view = cell.scene.projectors[0].view
    for name, surface in cell.scene.surfaces.items():
        assert view.sees(surface.corners()).all(), name


def test_label_leans_back_towards_the_operator(cell):
    label = cell.scene.bin["bin_07"].label
    normal = label.pose.rotation[:, 2]
    assert normal == pytest.approx([0, -np.sqrt(0.5), np.sqrt(0.5)])
    top = label.corners()[:2, 2]
    assert top == pytest.approx(cell.scene.bin["bin_07"].position[2] + cell.scene.bin["bin_07"].size[2])


def changed(tmp_path: Path, source: Path, *edits: tuple[str, str]) -> tuple[Path, int]:
    """A copy with the first occurrence of each text replaced; also the line of the last edit."""
    text = source.read_text()
    line = 0
    for old, new in edits:
        assert old in text
        line = text[: text.index(old)].count("\n") + 1
        text = text.replace(old, new, 1)
    path = tmp_path / source.name
    path.write_text(text)
    return path, line


SCENE_FAULTS = [
    (", height: 0.74}", "}", "table.height: found nothing", "needed"),
    ("size: [0.060, 0.190, 0.025]", "size: [0.060, -0.190, 0.025]", "bins[0].size[1]: found -0.19", "greater than 0"),
    ("position: [-0.385, 0.100, 0.003]", "position: [-0.330, 0.100, 0.003]", "'bin_08' overlaps bin 'bin_07'", "clear"),
    ("{id: bin_06, part: saliva_ejector, position: [0.460", "{id: bin_06, part: saliva_ejector, position: [0.640",
     "reaches over the table's edge", "inside"),
    ("position: [-0.1275, 0.1208]", "position: [-0.2275, 0.1208]", "slot 'slot_01'", "inside +-0.225"),
    ("depth: {width: 848, height: 480, focal: 425}", "depth: {width: 848, height: 480, focal: 900}",
     "is outside the camera's view", "on the table x"),
    ("width: 1280, height: 800, focal: 1130}}", "width: 1280, height: 800, focal: 1900}}",
     "is outside the light of every projector", "a place that one lights"),
    ("  - {id: main, position", "  - {id: far, position: [2, 0, 1], rpy_deg: [180, 0, 0], "
     "optics: {width: 640, height: 480, focal: 500}}\n  - {id: main, position", "0 a second time", "its own"),
    ("focal: 1130}}", "focal: 1130, distortion: [0.9, 0, 0, 0]}}", "optics.distortion[0]: found 0.9", "less than or"),
    ("{id: bin_02,", "{id: bin_01,", "'bin_01' a second time", "its own"),
    ("cell: oral_care", "cell: oral_care\ncolour: red", "unknown field 'colour'", "docs/scene-and-task.md"),
    ("rpy_deg: [180, 0, 0]", "rpy_deg: [0, 0, 0]", "outside the camera's view", "does not look down"),
    ("hand: right}", "hand: middle}", "people[0].hand: found 'middle'", "'right' or 'left'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "found", "allowed"), SCENE_FAULTS)
def test_a_wrong_scene_is_told(tmp_path, old, new, found, allowed):
    path, _ = changed(tmp_path, SCENE, (old, new))
    with pytest.raises(DocumentError) as error:
        load_scene(path)
    assert found in str(error.value)
    assert allowed in str(error.value)
    assert str(error.value).startswith(f"{path}:")


def test_the_line_is_the_line_of_the_fault(tmp_path):
    path, line = changed(tmp_path, SCENE, ("position: [-0.1275, 0.1208]", "position: [-0.2275, 0.1208]"))
    with pytest.raises(DocumentError, match=f"{path}:{line}: case.slots"):
        load_scene(path)


TASK_FAULTS = [
    ("{id: gauze, part: gauze,", "{id: gauze, part: gauzes,", "unknown part 'gauzes'", "did you mean 'gauze'?"),
    ("slot: slot_05}", "slot: slot_99}", "unknown slot 'slot_99'", "slot_01"),
    ("slot: slot_05}", "slot: slot_04}", "slot 'slot_04' of step 'toothbrush' a second time", "one step a slot"),
    ("{en: probe, nl: sonde, ", "{en: probe, ", "parts.probe.name.nl: found no words", "en, nl"),
    ('"Take {count}: {part}."', '"Take {counts}: {part}."', "Take {counts}", "{count} and {part}"),
    ("size: [0.165, 0.014, 0.010]", "size: [0.165, 0.014]", "parts.probe.size", ""),
]


@pytest.mark.parametrize(("old", "new", "found", "allowed"), TASK_FAULTS)
def test_a_wrong_task_is_told(tmp_path, old, new, found, allowed):
    path, line = changed(tmp_path, TASK, (old, new))
    with pytest.raises(DocumentError) as error:
        load_cell(SCENE, path)
    assert found in str(error.value)
    assert allowed in str(error.value)
    assert str(error.value).startswith(f"{path}:{line}:")


GEARBOX, KIT = SCENE.with_name("gearbox.yaml"), TASK.with_name("gearbox_kit.yaml")
WORDS, TRAY = "size: [0.62, 0.100]", "position: [0.455, -0.355], size: [0.26, 0.17]"
SEAT_FAULTS = [
    (WORDS, "at: {standing: [0.5, -0.345]}", "zones[0].at.standing: found zone", "inside"),
    (WORDS, "at: {lying: [0.0, -0.345]}", "zones[0].at.lying", "'seated', 'standing'"),
    (TRAY, "at: {seated: [0, 0]}", "zones[5].at: found 'at' of a zone of kind 'handover'", "words and buttons only"),
]


@pytest.mark.parametrize(("zone", "at", "found", "allowed"), SEAT_FAULTS)
def test_a_wrong_place_for_a_seat_is_told(tmp_path, zone, at, found, allowed):
    path, line = changed(tmp_path, SCENE, (zone, f"{zone}, {at}"))
    with pytest.raises(DocumentError, match=f"{path}:{line}: ") as error:
        load_scene(path)
    assert found in str(error.value)
    assert allowed in str(error.value)


STEP_FAULTS = [
    ("slot: slot_01}", "slot: slot_01, group: one}", "steps[0].group", "'one' of one step", "two steps or more"),
    ("slot: slot_06}", "slot: slot_06, group: gears_1}", "steps[5].group", "again after", "one after the other"),
    ("part: cover, slot: slot_02}", "part: cover}", "steps[1].slot", "no slot", "words to 'check'"),
    ("part: cover, slot: slot_02}", "slot: slot_02}", "steps[1].part", "no part", "words to 'check'"),
    ("slot: slot_02}", "slot: slot_02, rework: [housing_1]}", "steps[1].rework", "without 'check'", "it is for checks"),
    ("slot: slot_02}", "slot: slot_02, optional: 3}", "steps[1].optional", "3", "valid boolean"),
    ("slot: slot_02}", "slot: slot_02, optionl: true}", "steps[1].optionl", "unknown field", "scene-and-task"),
    ("rework: [gasket_1]", "rework: [gasket]", "steps[12].rework[0]", "unknown step 'gasket'", "mean 'gasket_1'"),
    ("rework: [gasket_1]", "rework: [gasket_2]", "steps[12].rework[0]", "no step before it", "gasket_1"),
    ("rework: [gasket_2]", "rework: [press_1]", "steps[25].rework[0]", "no step before it that takes", "spring_1"),
    ("    rework: [gasket_1]", "    part: gasket", "steps[12].part", "'part' of a check", "steps that take a part"),
    ("    rework: [gasket_1]", "    optional: true", "steps[12].optional", "'optional' of a check", "take a part"),
    ("    slot: slot_11\n", "", "steps[12].confirm", "'visit' of a check without a slot", "name a slot"),
    ("    slot: slot_11\n", "    slot: slot_77\n", "steps[12].slot", "unknown slot 'slot_77'", "slot_0"),
    ('      uk: "Притисни це рукою."\n', "", "steps[12].check.uk", "no words", "en, nl, de, uk, ar"),
    ('"Press it flat with your hand."', '"Press {part}."', "steps[12].check.en", "Press {part}", "plain text here"),
    ("slot: slot_11}", "slot: slot_11, optional: true}", "steps[12].rework[0]", "may have been left out", "optional"),
]


@pytest.mark.parametrize(("old", "new", "field", "found", "allowed"), STEP_FAULTS)
def test_a_wrong_group_check_or_rework_is_told(tmp_path, old, new, field, found, allowed):
    path, _ = changed(tmp_path, KIT, (old, new))
    with pytest.raises(DocumentError) as error:
        load_cell(GEARBOX, path)
    line = next(each for each in str(error.value).splitlines() if f": {field}: " in each)
    number = int(line.removeprefix(f"{path}:").split(":")[0])
    assert found in line
    assert allowed in line
    name = field.split(".")[-1].split("[")[0]
    around = path.read_text(encoding="utf-8").splitlines()[number - 1]
    assert name in around or "id: " in around or "check:" in around, (line, around)


NAMES = "{en: one, nl: een, de: eins, uk: один, ar: واحد}"
PRODUCTS = ("languages: [en,", f"products: {{short: {NAMES}, long: {NAMES}}}\nlanguages: [en,")
ONLY_LONG = [(f"slot: slot_{n}", f"only: [long], slot: slot_{n}") for n in range(13, 25)]
REST = ("  - id: press_2\n", "  - id: press_2\n    only: [long]\n")


def test_a_task_with_products_is_that_of_the_one_that_is_named(tmp_path):
    path, _ = changed(tmp_path, KIT, PRODUCTS, *ONLY_LONG, REST)
    short, whole = (load_cell(GEARBOX, path.with_name(f"{path.name}#{p}")) for p in ("short", "long"))
    assert (short.task.task, len(short.task.steps), short.task.title["en"]) == (
        "gearbox_kit#short", 13, "Lay out two gearboxes: one",
    )  # fmt: skip
    assert (whole.task.task, len(whole.task.steps), short.folder) == ("gearbox_kit#long", 26, tmp_path)
    for name, found in (("", "no product"), ("#shrt", "the product 'shrt'")):
        with pytest.raises(DocumentError, match=f"found {found}, allowed: gearbox_kit#short, gearbox_kit#long"):
            load_cell(GEARBOX, path.with_name(path.name + name))
    with pytest.raises(DocumentError, match="found the product 'x', allowed: gearbox_kit, which has none"):
        load_cell(GEARBOX, KIT.with_name("gearbox_kit.yaml#x"))
    assert named(tmp_path, "kit#short") == tmp_path / "kit.yaml#short"


PRODUCT_FAULTS = [
    (("part: cover, slot: slot_02}", "part: cover, slot: slot_02, only: [lng]}"), "steps[1].only[0]", "mean 'long'"),
    (("part: gasket, slot: slot_11}", "part: gasket, slot: slot_11, only: [long]}"), "steps[12].rework[0]", "that are"),
]


@pytest.mark.parametrize(("edit", "field", "allowed"), PRODUCT_FAULTS)
def test_a_wrong_product_is_told(tmp_path, edit, field, allowed):
    path, _ = changed(tmp_path, KIT, PRODUCTS, edit)
    with pytest.raises(DocumentError) as error:
        load_cell(GEARBOX, path.with_name(f"{path.name}#long"))
    (line,) = [each for each in str(error.value).splitlines() if f": {field}: " in each]
    assert allowed in line


def test_two_products_may_use_one_slot_for_different_parts(tmp_path):
    one = ("slot: slot_01}", "slot: slot_01, only: [short]}")
    other = ("part: cover, slot: slot_02}", "part: cover, slot: slot_01, only: [long]}")
    path, _ = changed(tmp_path, KIT, PRODUCTS, one, other)
    assert load_cell(GEARBOX, path.with_name(f"{path.name}#long")).task.slot_part["slot_01"] == "cover"
    path, _ = changed(tmp_path, KIT, PRODUCTS, other)
    with pytest.raises(DocumentError, match="slot 'slot_01' of step 'housing_1' a second time"):
        load_cell(GEARBOX, path.with_name(f"{path.name}#long"))


def test_broken_yaml_in_a_group_is_told_with_its_line(tmp_path):
    path, line = changed(tmp_path, KIT, ("group: gears_1}", "group: [gears_1}"))
    with pytest.raises(DocumentError, match=f"{path}:{line}: not valid YAML"):
        load_cell(GEARBOX, path)


def test_a_bin_with_an_unknown_part_is_told_in_the_scene(tmp_path):
    path, _ = changed(tmp_path, SCENE, ("part: probe", "part: prob"))
    with pytest.raises(DocumentError) as error:
        load_cell(path, TASK)
    # The task then also misses a bin for its part, which is told of the task first.
    assert "prob" in str(error.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [("- a\n- b\n", "allowed: fields"), ("cell: [1\n", "not valid YAML"), ("", "found nothing")],
)
def test_what_is_no_scene_at_all_is_told(tmp_path, text, found):
    path = tmp_path / "scene.yaml"
    path.write_text(text)
    with pytest.raises(DocumentError, match=found):
        load_scene(path)


def test_a_missing_file_names_those_that_are_there(tmp_path):
    with pytest.raises(DocumentError, match="did you mean 'oral_care'"):
        load_scene(SCENE.with_name("oral_car.yaml"))
