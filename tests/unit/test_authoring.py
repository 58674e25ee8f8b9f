"""What was done once becomes a task: corrections folded in, doubts told, saved only whole and only where it belongs."""

import argparse
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from packing import Packing
from posed import Stage, arm, inside, with_confirm

from opstap.authoring.command import add, run
from opstap.authoring.desk import AuthorDesk, AuthorWish
from opstap.authoring.draft import EditError, differences, drafted
from opstap.authoring.folding import Doubt, Remark, fold
from opstap.authoring.photos import Photographer
from opstap.authoring.writing import SaveError, TakenError, save, written
from opstap.documents import Document
from opstap.instructions import load_cell, picture_fault
from opstap.integration.linting import lint
from opstap.simulation.camera import SimulatedCamera
from opstap.workflow.model import (
    Asked,
    Content,
    Happened,
    PlaceChanged,
    Started,
    Tray,
    TrayChanged,
    TrayVisited,
    WorkspaceEvent,
)

ROOT = Path(__file__).parents[2]
TASK = ROOT / "config/tasks/oral_care_case.yaml"
LIKE = Document.read(TASK)
SECOND = 1_000_000_000
DAY = date(2026, 11, 25)


class Bench:
    """What perception would tell of a person's hands; a second between two events."""

    def __init__(self, cell):
        self.cell, self.events, self.now = cell, [], 0

    def tell(self, happened, place, count=1, confidence=0.9, **evidence):
        self.now += SECOND
        kind = Happened(happened)
        self.events.append(
            WorkspaceEvent(len(self.events) + 1, self.now, kind, place, count, confidence, {"visited": 1.0, **evidence})
        )
        return self

    def cm3(self, part, count=1):
        return self.cell.task.parts[part].volume * 1e6 * count

    def pack(self, bin_id, slot, count=1):
        return self.tell("taken", bin_id, count).tell("placed", slot, count)

    @property
    def done(self):
        return fold(self.cell, self.events)

    @property
    def steps(self):
        return [(p.part, p.slot, p.count) for p in self.done.placings]

    @property
    def doubts(self):
        return [[d.kind for d in p.doubts] for p in self.done.placings]

    @property
    def remarks(self):
        return [(r.kind, r.place, r.count) for r in self.done.remarks]


@pytest.fixture
def bench(cell):
    return Bench(cell)


@pytest.fixture
def tasks(tmp_path):
    """A folder with the shipped task in it."""
    folder = tmp_path / "tasks"
    folder.mkdir()
    shutil.copy(TASK, folder)
    return folder


def test_what_is_taken_and_placed_is_a_step_each_in_order(bench):
    bench.pack("bin_09", "slot_03").pack("bin_07", "slot_01", 2)
    assert bench.steps == [("gloves_l", "slot_03", 1), ("gloves_s", "slot_01", 2)]
    assert bench.doubts == [[], []]
    assert not bench.remarks


def test_corrections_are_folded_in(bench):
    bench.tell("taken", "bin_08").tell("put_back", "bin_08")  # a wrong pick
    bench.tell("taken", "bin_07", 2).tell("put_back", "bin_07").tell("placed", "slot_01")  # one too many
    bench.tell("taken", "bin_09").tell("placed", "slot_05")
    bench.pack("bin_10", "slot_04")
    bench.tell("removed", "slot_05").tell("placed", "slot_02")  # wrong slot, moved later: it stays the second
    assert bench.steps == [("gloves_s", "slot_01", 1), ("gloves_l", "slot_02", 1), ("mask", "slot_04", 1)]
    assert bench.doubts == [[], [], []]
    assert not bench.remarks


def test_what_goes_back_from_its_slot_to_its_bin_was_never_done(bench):
    bench.pack("bin_07", "slot_01").tell("removed", "slot_01").tell("put_back", "bin_07").pack("bin_08", "slot_01")
    assert bench.steps == [("gloves_m", "slot_01", 1)]
    assert not bench.remarks


def test_parts_placed_one_by_one_are_one_step(bench):
    bench.tell("taken", "bin_07", 3).tell("placed", "slot_01").tell("placed", "slot_01").tell("placed", "slot_01")
    assert bench.steps == [("gloves_s", "slot_01", 3)]


def test_a_taking_that_is_told_late_belongs_to_the_visit_before(bench):
    bench.tell("hand_entered", "bin_07").tell("hand_left", "bin_07").tell("hand_entered", "slot_01")
    bench.tell("placed", "slot_01").tell("taken", "bin_07")
    assert bench.steps == [("gloves_s", "slot_01", 1)]
    assert bench.doubts == [[]]


def test_the_count_in_a_slot_is_that_of_the_part_that_was_in_the_hand(bench):
    """Perception counts by the part of the task that runs, at most as many as that asks for."""
    bench.tell("taken", "bin_07", 2).tell("placed", "slot_01", 1, volume_cm3=bench.cm3("gloves_s", 2))
    assert bench.steps == [("gloves_s", "slot_01", 2)]
    assert bench.doubts == [[]]


def test_of_two_kinds_in_the_hands_the_measured_volume_tells_which(bench):
    bench.tell("taken", "bin_11").tell("taken", "bin_10").tell("placed", "slot_01", volume_cm3=bench.cm3("cup"))
    bench.tell("placed", "slot_02", volume_cm3=bench.cm3("mask"))
    assert bench.steps == [("cup", "slot_01", 1), ("mask", "slot_02", 1)]
    assert bench.doubts == [[], []]


def test_where_volumes_are_alike_a_person_is_asked(bench):
    bench.tell("taken", "bin_07").tell("taken", "bin_08").tell("placed", "slot_01").tell("placed", "slot_02")
    assert bench.doubts == [[], [Doubt.WHICH_PART, Doubt.WHICH_PART]]  # after the first there is one kind left


def test_what_was_not_seen_is_asked_and_never_made_up(cell):
    bench = Bench(cell).tell("placed", "slot_01")
    assert bench.steps == [("", "slot_01", 1)]
    assert bench.doubts == [[Doubt.NOT_TAKEN]]
    assert drafted(bench.done, cell.task).open
    weak = Bench(cell).tell("taken", "bin_07", confidence=0.3).tell("placed", "slot_01", confidence=0.4)
    assert weak.doubts == [[Doubt.UNSURE]]
    agreed = Bench(cell).tell("taken", "bin_07", confidence=0.3).tell("placed", "slot_01")
    assert agreed.doubts == [[]]  # one of two looks was good
    more = Bench(cell).tell("taken", "bin_07").tell("placed", "slot_01", 3)
    assert (more.steps, more.doubts) == ([("gloves_s", "slot_01", 1)], [[Doubt.COUNT]])
    less = Bench(cell).tell("taken", "bin_07", 3).tell("placed", "slot_01", 2)
    assert (less.steps, less.doubts) == ([("gloves_s", "slot_01", 2)], [[Doubt.COUNT]])


def test_places_that_depth_cannot_see_give_a_step_with_a_question(cell):
    for confirm, told in (("visit", "visited"), ("button", "hand_left")):
        hidden = with_confirm(with_confirm(cell, "bin_07", confirm), "slot_01", confirm)
        bench = Bench(hidden).pack("bin_09", "slot_02")
        for place in ("bin_07", "slot_01"):
            bench.tell("hand_entered", place).tell(told, place, seconds=1.0)
        assert bench.steps == [("gloves_l", "slot_02", 1), ("gloves_s", "slot_01", 1)]
        assert bench.doubts == [[], [Doubt.ONLY_HAND]]
        # A hand that comes by again, with nothing in it, did nothing; nor did one that passed.
        bench.tell("hand_entered", "slot_01").tell(told, "slot_01", seconds=1.0)
        assert bench.steps == [("gloves_l", "slot_02", 1), ("gloves_s", "slot_01", 1)]
    passed = Bench(with_confirm(cell, "bin_07", "button")).tell("hand_left", "bin_07", seconds=0.05)
    assert passed.tell("placed", "slot_01").steps == [("", "slot_01", 1)]


def test_what_is_left_over_filled_hidden_or_missed_is_remarked(cell, bench):
    bench.tell("taken", "bin_07").tell("put_back", "bin_12", 6).tell("removed", "slot_09")
    bench.tell("hand_entered", "bin_15").tell("hand_left", "bin_15").tell("hand_entered", "bin_16")
    bench.events = [e for e in bench.events if e.sequence != 5]
    seen = [*bench.events, PlaceChanged(bench.now, "bin_15", Content.CANNOT_SEE)]
    assert [(r.kind, r.place, r.count) for r in fold(cell, seen).remarks] == [
        (Remark.ADDED, "bin_12", 6),
        (Remark.WAS_THERE, "slot_09", 0),
        (Remark.CANNOT_SEE, "bin_15", 0),
        (Remark.MISSED, "", 1),
        (Remark.LEFT_OVER, "bin_07", 1),
    ]


def test_events_that_come_twice_count_once(cell, bench):
    bench.pack("bin_07", "slot_01")
    assert fold(cell, [*bench.events, *bench.events]) == bench.done


@pytest.mark.parametrize(("scene", "task"), [("oral_care", "oral_care_case"), ("gearbox", "gearbox_kit")])
def test_round_trip_a_job_of_a_task_gives_that_task(scene, task):
    """Hands posed in the simulated bench, seen by the simulated camera, told by perception as it runs in a cell."""
    cell = load_cell(ROOT / f"config/cells/{scene}.yaml", ROOT / f"config/tasks/{task}.yaml")
    stage = Stage(cell, SimulatedCamera(cell, 5))
    stage.show(9)
    events = []

    def go(place, deed):
        """A quick hand: the next place is reached while what happened at the last one is still being decided."""
        nonlocal events
        events += stage.show(4, arm(cell, inside(cell, place)))
        deed()
        events += stage.show(1, arm(cell, inside(cell, place))) + stage.show(3)

    wrong = next(b.id for b in cell.scene.bins if b.confirm == "depth" and b.part != cell.task.steps[2].part)
    for i, step in enumerate(s for s in cell.task.steps if s.part):
        if i == 2:  # a wrong pick, and a wrong slot
            go(wrong, stage.take(wrong))
            go(wrong, stage.put(wrong))
        bin_id = cell.bins_with(step.part)[0]
        go(bin_id, stage.take(bin_id, step.count))
        if i == 2:
            other = cell.task.steps[5].slot
            go(other, stage.put(other, step.part))
            go(other, lambda other=other: stage.bench.take(other))
        go(step.slot, stage.put(step.slot, step.part))
    events += stage.show(9)
    draft = drafted(fold(cell, events), cell.task)
    assert differences(draft, cell.task) == []
    assert not draft.remarks
    unseen = {b.part for b in cell.scene.bins if b.confirm != "depth"}
    assert {s.part for s in draft.steps if s.doubts} == unseen
    for step in draft.steps:
        draft = draft.answered(step.key)
    again = Document.of(
        Path("again.yaml"), written(draft, "again", Document.read(ROOT / f"config/tasks/{task}.yaml"), DAY)
    )
    assert differences(again.parse(type(cell.task)), cell.task) == []


def test_differences_are_told(cell, bench):
    steps = cell.task.steps[:3]
    task = cell.task.model_copy(update={"steps": steps})
    for step in (steps[1], steps[0], steps[2]):
        bench.pack(cell.bins_with(step.part)[0], step.slot)
    assert differences(drafted(bench.done, task), task) == [
        "in another order, from step 1 on: probe instead of mouth_mirror"
    ]
    bench.tell("removed", steps[2].slot).tell("placed", "slot_20")
    assert differences(drafted(bench.done, task), task) == [
        "not done: 1 tweezers in slot_03", "done besides: 1 tweezers in slot_20"
    ]  # fmt: skip


class Desk:
    """A desk with a recording of a few steps behind it."""

    def __init__(self, cell, tasks, *packed):
        self.paused = 0
        self.desk = AuthorDesk(cell, Document(tasks / TASK.name, LIKE.data), self._pause, today=lambda: DAY)
        self.ask("record", pause=True)
        for each in packed:
            for event in each.events:
                self.desk.hear(event)
        self.ask("stop")

    def _pause(self):
        self.paused += 1

    def ask(self, asked, **wish):
        self.desk.ask(AuthorWish(asked=asked, **wish))
        return self

    @property
    def state(self):
        return self.desk.state()

    @property
    def steps(self):
        return [(s.part, s.slot, s.count) for s in self.state.steps]


@pytest.fixture
def desk(cell, tasks, bench):
    return Desk(cell, tasks, bench.pack("bin_01", "slot_01").pack("bin_07", "slot_07", 2).pack("bin_10", "slot_08"))


def test_a_draft_is_changed_step_by_step_and_taken_back(desk):
    assert desk.paused == 1
    assert desk.steps == [("mouth_mirror", "slot_01", 1), ("gloves_s", "slot_07", 2), ("mask", "slot_08", 1)]
    desk.ask("move", step=3, to=0).ask("count", step=3, to=2).ask("split", step=2)
    assert desk.steps == [("mask", "slot_08", 2), ("mouth_mirror", "slot_01", 1), ("gloves_s", "slot_07", 1),
                          ("gloves_s", "", 1)]  # fmt: skip
    assert [s.drawn for s in desk.state.steps] == [1, 2, 3, 0]
    desk.ask("slot", step=4, name="slot_09").ask("merge", step=4)
    assert desk.steps[2] == ("gloves_s", "slot_07", 2)
    desk.ask("delete", step=1).ask("undo").ask("undo").ask("undo")
    assert len(desk.steps) == 4
    desk.ask("part", step=4, name="cup").ask("words", step=4, language="nl", text="Pak de beker.")
    last = desk.state.steps[3]
    assert {w.language: w.text for w in last.take} | {"de": "", "uk": "", "ar": ""} == {
        "nl": "Pak de beker.", "en": "Take 1: cup.", "de": "", "uk": "", "ar": ""}  # fmt: skip
    assert last.own == ("nl take",)
    desk.ask("words", step=4, language="nl", text=" ")
    assert desk.state.steps[3].own == ()


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"asked": "move", "step": 1, "to": 9}, "to: found 9, allowed: 0 to 2"),
        ({"asked": "count", "step": 1, "to": 0}, "count: found 0, allowed: 1 to 20"),
        ({"asked": "part", "step": 1, "name": "elbow"}, "part: found 'elbow', allowed: bib, "),
        ({"asked": "slot", "step": 1, "name": "slot_99"}, "slot: found 'slot_99', allowed: slot_01, "),
        ({"asked": "delete", "step": 8}, "step: found 8, allowed: 1, 2, 3"),
        ({"asked": "split", "step": 1}, "count: found 1, allowed: a step with two parts"),
        ({"asked": "merge", "step": 1}, "step: found another part before it"),
        ({"asked": "words", "step": 1, "language": "xx", "text": "a"}, "language: found 'xx', allowed: en, nl"),
        ({"asked": "words", "step": 1, "language": "nl", "text": "a\nb"}, "text: found signs that are no text"),
        ({"asked": "words", "step": 1, "language": "nl", "text": "a" * 121}, "text: found 121 characters"),
        ({"asked": "title", "language": "nl"}, "title: found nothing"),
        ({"asked": "photo", "step": 1, "to": 1}, "photo: found none of 'mouth_mirror'"),
        ({"asked": "record"}, "asked: found record, allowed: save this draft or let it go"),
    ],
)
def test_a_change_that_cannot_be_made_is_told_and_changes_nothing(desk, wish, told):
    before = desk.steps
    with pytest.raises(EditError) as error:
        desk.ask(**wish)
    assert str(error.value).startswith(told)
    assert desk.steps == before


def test_the_linter_speaks_at_the_step(desk):
    desk.ask("words", step=2, language="en", text="Take {amount}.")
    assert [f.error for f in desk.state.steps[1].findings if "{amount}" in f.message] == [True]
    long = "Take the small blue gloves that lie in the third bin from the left side."
    desk.ask("words", step=2, language="en", text=long)
    assert any("a sentence of 15 words" in f.message for f in desk.state.steps[1].findings)
    desk.ask("slot", step=2, name="slot_01")
    assert any("a second time" in f.message and f.error for f in desk.state.steps[1].findings)
    with pytest.raises(SaveError, match="a second time"):
        desk.ask("save", name="new_work")


def test_a_saved_draft_is_a_task_that_loads_and_lints(cell, desk, tasks):
    desk.ask("title", language="nl", text="Pak een kleine koffer").ask(
        "words", step=1, language="nl", text="Pak de spiegel."
    )
    desk.ask("save", name="small_case")
    path = tasks / "small_case.yaml"
    assert desk.state.saved == "small_case"
    assert sorted(p.name for p in tasks.iterdir()) == ["oral_care_case.yaml", "small_case.yaml"]
    text = path.read_text()
    assert text.splitlines()[:2] == [
        "# yaml-language-server: $schema=../schemas/task.json",
        "# Recorded by doing it once, from the task 'oral_care_case', on 2026-11-25.",
    ]
    assert "phrases:                      # {part} and {count} are filled in\n" in text
    assert "  # draft: no words of its own yet in en, de, uk, ar\n  - {id: mouth_mirror" in text
    assert "26 steps" not in text
    loaded = load_cell(ROOT / "config/cells/oral_care.yaml", path)
    assert [(s.id, s.part, s.slot, s.count) for s in loaded.task.steps] == [
        ("mouth_mirror", "mouth_mirror", "slot_01", 1), ("gloves_s", "gloves_s", "slot_07", 2),
        ("mask", "mask", "slot_08", 1)]  # fmt: skip
    assert loaded.task.title["nl"] == "Pak een kleine koffer"
    assert loaded.text("take", "nl", loaded.task.steps[0], "mouth_mirror") == "Pak de spiegel."
    assert loaded.text("take", "ar", loaded.task.steps[0], "mouth_mirror") == cell.text(
        "take", "ar", None, "mouth_mirror"
    )
    assert not [f for f in lint(path, cell.scene) if f.error]


def test_nothing_is_overwritten_unasked(desk, tasks):
    desk.ask("save", name="small_case").ask("delete", step=2)
    assert desk.state.saved == ""
    before = (tasks / "small_case.yaml").read_text()
    with pytest.raises(TakenError, match=r"small_case.yaml is there already"):
        desk.ask("save", name="small_case")
    assert (tasks / "small_case.yaml").read_text() == before
    desk.ask("save", name="small_case", replace=True)
    assert "gloves_s" not in (tasks / "small_case.yaml").read_text().split("steps:")[1]


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/b", ".hidden", "", "Big", "a" * 41, "oral_care_case", "x\n"])
def test_no_name_leads_elsewhere_or_to_the_work_that_runs(desk, tasks, name):
    before = sorted(tasks.parent.rglob("*"))
    with pytest.raises(SaveError, match="name: found"):
        desk.ask("save", name=name, replace=True)
    if name != "oral_care_case":
        with pytest.raises(SaveError, match="name: found"):
            save(tasks, name, "", {}, replace=True)
    assert sorted(tasks.parent.rglob("*")) == before


def test_a_draft_with_a_question_is_not_saved(cell, tasks, bench):
    desk = Desk(cell, tasks, bench.pack("bin_01", "slot_01").tell("placed", "slot_02"))
    with pytest.raises(SaveError, match="answer every question first"):
        desk.ask("save", name="small_case")
    with pytest.raises(EditError, match="choose the part first"):
        desk.ask("right", step=2)
    desk.ask("part", step=2, name="probe").ask("right", step=2).ask("save", name="small_case")
    assert (tasks / "small_case.yaml").exists()


def test_a_folder_that_cannot_be_written_is_told(cell, desk, tasks):
    (tasks / ".small_case.yaml.new").mkdir()
    with pytest.raises(SaveError, match="cannot be written"):
        desk.ask("save", name="small_case")


def test_nothing_is_heard_before_and_after_a_recording(desk, bench):
    desk.ask("let_go")
    desk.desk.hear(bench.events[0])
    desk.ask("record").ask("stop")
    assert (desk.state.doing, desk.state.steps) == ("draft", ())
    assert desk.paused == 1


@pytest.fixture(scope="module")
def colors(cell):
    """A colour image in which every bin has a colour of its own, and those colours."""
    import cv2

    view, rng = cell.scene.camera.color_view, np.random.default_rng(1)
    image = np.zeros((view.pinhole.height, view.pinhole.width, 3), np.uint8)
    colors = {b.id: rng.integers(40, 255, 3).tolist() for b in cell.scene.bins}
    for b in cell.scene.bins:
        cv2.fillConvexPoly(image, np.round(view.project(b.opening.corners())).astype(np.int32), colors[b.id])
    return image, colors


def test_a_photo_is_the_inside_of_its_bin(cell, colors):
    image, wanted = colors
    photographer = Photographer(cell.scene, cell.scene.camera.color_view)
    photographer.see(image, SECOND)
    assert not photographer.places  # nothing is known of arms
    photographer.arms(SECOND, ())
    photographer.see(image, SECOND)
    assert photographer.places == set(cell.scene.bin)
    photo = photographer._photos["bin_07"]
    assert np.median(photo.reshape(-1, 3), axis=0) == pytest.approx(wanted["bin_07"], abs=2)
    assert photo.shape[1] / photo.shape[0] == pytest.approx(
        cell.scene.bin["bin_07"].size[0] / cell.scene.bin["bin_07"].size[1], rel=0.03
    )
    jpeg = photographer.jpeg("bin_07")
    assert jpeg.startswith(b"\xff\xd8\xff")
    assert b"Exif" not in jpeg
    assert photographer.jpeg("bin_99") == b""


def test_no_photo_has_a_hand_in_it(cell, colors):
    image, _ = colors
    photographer = Photographer(cell.scene, cell.scene.camera.color_view)
    x, y, z = cell.scene.bin["bin_26"].pose.translation
    reaching = np.array(
        [(x - 0.04, -0.4, z + 0.1), (x - 0.04, y, z + 0.1), (x + 0.04, y, z + 0.1), (x + 0.04, -0.4, z + 0.1)]
    )
    photographer.arms(SECOND, (reaching,))
    photographer.see(image, SECOND)
    seen = photographer.places
    assert "bin_26" not in seen
    covered = {b.id for b in cell.scene.bins if abs(b.position[0] - x) < 0.05 and b.position[1] <= y}
    assert len(covered) > 1
    assert not covered & seen
    assert len(seen) >= len(cell.scene.bins) / 2
    # Where an arm cannot be placed, and when arms were told too long ago, nothing is cut.
    for outline, later in ((reaching[:2], 0), (np.full((4, 3), np.nan), 0), (reaching + 9, SECOND)):
        other = Photographer(cell.scene, cell.scene.camera.color_view)
        other.arms(SECOND, (outline,))
        other.see(image, SECOND + later)
        assert not other.places


def test_of_several_pictures_the_one_without_light_on_the_parts_is_kept(cell, colors):
    image, wanted = colors
    photographer = Photographer(cell.scene, cell.scene.camera.color_view)
    for second, light in ((1, 30), (2, 0), (3, 30)):
        photographer.arms(second * SECOND, ())
        photographer.see(np.clip(image.astype(int) + light, 0, 255).astype(np.uint8), second * SECOND)
    assert np.median(photographer._photos["bin_07"].reshape(-1, 3), axis=0) == pytest.approx(wanted["bin_07"], abs=2)


def test_a_photo_stays_as_it_was_before_the_first_part_was_taken(cell, colors, bench):
    image, _ = colors
    photographer = Photographer(cell.scene, cell.scene.camera.color_view)
    photographer.arms(SECOND, ())
    photographer.see(image, SECOND)
    photographer.happened(bench.tell("taken", "bin_07").events[0])
    photographer.arms(3 * SECOND, ())
    photographer.see(np.zeros_like(image), 3 * SECOND)
    assert photographer._photos["bin_07"].max() > 40
    assert photographer._photos["bin_08"].max() == 0


def test_photos_are_kept_with_the_task_and_only_then(cell, tasks, bench, colors):
    image, _ = colors
    view = cell.scene.camera.color_view
    parts = {**cell.task.parts, "mask": cell.task.parts["mask"].model_copy(update={"picture": ""})}
    desk = Desk(replace(cell, task=cell.task.model_copy(update={"parts": parts})), tasks)
    desk.ask("let_go").ask("record")
    for stamp in (1, 2):
        desk.desk.look(image, stamp * SECOND, view)
        desk.desk.arms(stamp * SECOND, ())
        desk.desk.look(image, stamp * SECOND + 1, view)
    for event in bench.pack("bin_07", "slot_07").pack("bin_10", "slot_08").events:
        desk.desk.hear(event)
    desk.ask("stop")
    assert [(s.can_photo, s.photo) for s in desk.state.steps] == [
        (True, False),
        (True, True),
    ]  # a picture it has is kept
    desk.ask("photo", step=1, to=1)
    assert desk.desk.photo("gloves_s").startswith(b"\xff\xd8\xff")
    assert len(desk.desk.picture(1, "take", "nl")) > len(desk.ask("photo", step=1, to=0).desk.picture(1, "take", "nl"))
    desk.ask("photo", step=2, to=0).ask("photo", step=1, to=1)
    assert list(tasks.iterdir()) == [tasks / TASK.name]
    desk.ask("save", name="small_case")
    assert [p.name for p in (tasks / "small_case_pictures").iterdir()] == ["gloves_s.jpg"]
    loaded = load_cell(ROOT / "config/cells/oral_care.yaml", tasks / "small_case.yaml")
    assert picture_fault(loaded.folder, loaded.task.parts["gloves_s"].picture) == ""
    assert loaded.task.parts["mask"].picture == "pictograms/mask.png"
    desk.ask("let_go")
    assert desk.desk.photo("gloves_s") == b""


def test_groups_what_may_be_left_out_and_checks_come_back_from_the_file(tasks, cell):
    bench = Bench(cell)
    for bin_id, slot in (("bin_01", "slot_01"), ("bin_07", "slot_07"), ("bin_10", "slot_08"), ("bin_11", "slot_09")):
        bench.pack(bin_id, slot)
    desk = Desk(cell, tasks, bench)
    with pytest.raises(EditError, match="none before it that takes a part"):
        desk.ask("free", step=1, to=1)
    desk.ask("free", step=2, to=1).ask("free", step=3, to=1).ask("optional", step=4, to=1).ask("check", step=3)
    with pytest.raises(SaveError, match="answer every question"):
        desk.ask("save", name="small_case")
    with pytest.raises(EditError, match="found a check, allowed: a step that takes a part"):
        desk.ask("count", step=5, to=2)
    with pytest.raises(EditError, match="phrase: found 'take', allowed: check"):
        desk.ask("words", step=5, phrase="take", language="nl", text="Ligt alles goed?")
    desk.ask("words", step=5, phrase="check", language="nl", text="Ligt alles goed?").ask(
        "slot", step=5, name="slot_08"
    )
    assert len(desk.desk.picture(4, "take", "nl")) > 1000
    shown = [(s.free, s.can_free, s.optional, s.check) for s in desk.state.steps]
    assert shown == [(False, False, False, False), (True, True, False, False), (True, True, False, False),
                     (False, False, False, True), (False, False, True, False)]  # fmt: skip
    desk.ask("save", name="small_case")
    loaded = load_cell(ROOT / "config/cells/oral_care.yaml", tasks / "small_case.yaml").task
    assert [(s.id, s.group, s.optional, s.rework) for s in loaded.steps] == [
        ("mouth_mirror", "group_1", False, ()), ("gloves_s", "group_1", False, ()), ("mask", "group_1", False, ()),
        ("check_1", "", False, ("mask",)), ("cup", "", True, ()),
    ]  # fmt: skip
    assert loaded.steps[3].check == dict.fromkeys(loaded.languages, "Ligt alles goed?")
    assert "draft: no words of its own yet in en, de, uk, ar" in (tasks / "small_case.yaml").read_text(encoding="utf-8")
    other = Bench(cell).pack("bin_10", "slot_08").pack("bin_01", "slot_01").pack("bin_07", "slot_07")
    assert differences(drafted(other.done, loaded), loaded) == [], "in any order, and without what may be left out"
    late = Bench(cell).pack("bin_11", "slot_09").pack("bin_10", "slot_08").pack("bin_01", "slot_01")
    assert differences(drafted(late.pack("bin_07", "slot_07").done, loaded), loaded) == [
        "in another order, from step 1 on: cup instead of mouth_mirror"
    ]


def test_a_check_has_a_photo_of_its_slot_as_it_was_left(cell, tasks, bench, colors):
    image, _ = colors
    view = cell.scene.camera.color_view
    desk = Desk(cell, tasks)
    desk.ask("let_go").ask("record")

    def look(second):
        desk.desk.arms(second * SECOND, ())
        desk.desk.look(image, second * SECOND + 1, view)

    look(1)
    look(2)
    for event in bench.pack("bin_07", "slot_07").events:
        desk.desk.hear(event)
    desk.desk.hear(WorkspaceEvent(90, 90 * SECOND, Happened.PLACED, "slot_20"))
    desk.desk.hear(WorkspaceEvent(91, 91 * SECOND, Happened.REMOVED, "slot_20"))
    look(92)
    desk.ask("stop").ask("check", step=1).ask("words", step=2, phrase="check", language="en", text="Is it shut?")
    assert not desk.state.steps[1].can_photo, "it is not said where"
    desk.ask("slot", step=2, name="slot_20")
    assert not desk.state.steps[1].can_photo, "nothing lies there"
    desk.ask("slot", step=2, name="slot_07")
    assert desk.state.steps[1].can_photo
    desk.ask("photo", step=2, to=1)
    assert not [f.message for f in desk.state.steps[1].findings if "picture" in f.message]
    assert desk.desk.photo("slot_07").startswith(b"\xff\xd8\xff")
    desk.ask("save", name="small_case")
    loaded = load_cell(ROOT / "config/cells/oral_care.yaml", tasks / "small_case.yaml")
    assert loaded.pictures["check_1"] == "small_case_pictures/slot_07.jpg"
    assert [name for name, _ in loaded.picture_faults()] == list(loaded.task.parts), "pictograms are not in this folder"


def command(*arguments):
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    return run(parser.parse_args(["author", *map(str, arguments)]))


def test_the_terminal_drafts_from_a_journal(cell, tmp_path, tasks, capsys, monkeypatch):
    monkeypatch.setenv("OPSTAP_ROOT", str(ROOT))
    packing = Packing(cell, tmp_path / "journal.db")
    packing.job()
    packing.wrong_pick()
    packing.empty_case()
    packing.steps(3)
    packing.journal.close()
    assert command(tmp_path / "journal.db", "--compare", "oral_care_case") == 1
    told = capsys.readouterr().out
    assert told.startswith(
        "  1 1 x mouth_mirror in slot_01\n  2 1 x probe in slot_02\n  3 1 x tweezers in slot_03\nnot done"
    )
    out = tasks / "three.yaml"
    assert command(tmp_path / "journal.db", "--out", out) == 0
    assert command(tmp_path / "journal.db", "--compare", out) == 0
    assert "the same as" in capsys.readouterr().out
    assert command(tmp_path / "journal.db", "--out", out) == 2
    assert "three.yaml is there already" in capsys.readouterr().err
    assert command(tmp_path / "nothing.db") == 2
    assert "no such file" in capsys.readouterr().err


def test_the_terminal_writes_no_draft_with_a_question_unless_it_is_answered(cell, tmp_path, tasks, capsys, monkeypatch):
    monkeypatch.setenv("OPSTAP_ROOT", str(ROOT))
    packing = Packing(cell, tmp_path / "journal.db")
    packing.empty_case()
    packing.sees(Happened.TAKEN, "bin_01")
    event = WorkspaceEvent(packing.guide.state.sequence + 1, packing.now, Happened.PLACED, "slot_01", 3)
    packing.guide.handle(event)
    packing.asks(Asked.PAUSE)
    packing.journal.close()
    assert command(tmp_path / "journal.db", "--out", tasks / "one.yaml") == 1
    said = capsys.readouterr()
    assert "? 1 were taken and 3 placed: how many are right?" in said.out
    assert "there is a question" in said.err
    assert command(tmp_path / "journal.db", "--out", tasks / "one.yaml", "--yes") == 0


def test_what_the_cobot_brought_is_drafted_without_a_question(cell, tmp_path, tasks, capsys, monkeypatch):
    monkeypatch.setenv("OPSTAP_ROOT", str(ROOT))
    packing = Packing(cell, tmp_path / "journal.db")
    packing.guide.handle(Started(packing.now, cell.task.task, cobot=True))
    packing.empty_case()
    packing.steps(3)
    packing.guide.handle(TrayChanged(packing.now, Tray.THERE, "present_right"))
    packing.wait(1)
    packing.guide.handle(TrayVisited(packing.now, "present_right"))
    packing.place()
    packing.steps(1)
    packing.asks(Asked.PAUSE)
    packing.journal.close()
    assert command(tmp_path / "journal.db", "--out", tasks / "brought.yaml") == 0
    said = capsys.readouterr().out
    assert "?" not in said
    assert "not seen put anywhere" not in said
    loaded = load_cell(ROOT / "config/cells/oral_care.yaml", tasks / "brought.yaml").task
    assert [(s.part, s.slot, s.present) for s in loaded.steps][2:] == [
        ("tweezers", "slot_03", False), ("toothbrush", "slot_04", True), ("tongue_scraper", "slot_05", False)
    ]  # fmt: skip


def test_the_task_of_a_cell_is_not_looked_at(cell, bench):
    """The steps of the task that runs say nothing of what was done."""
    bench.pack("bin_20", "slot_02").pack("bin_03", "slot_19")
    other = replace(cell, task=cell.task.model_copy(update={"steps": cell.task.steps[:1]}))
    assert fold(other, bench.events) == bench.done
