"""What is asked when: one thing at a time, by the rules of opstap.guidance.cues."""

from dataclasses import replace
from pathlib import Path

import pytest

from opstap.guidance.cues import Cue, Kind, cues
from opstap.instructions import Cell, load_cell
from opstap.scene import Profile
from opstap.workflow.model import Content, Phase, Problem, State, Trouble

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
PERSON = Profile(id="someone", language="en", level="full")
STEP = 8
"""cup: bin_11 to slot_09"""
TAKING = State(task="oral_care_case", job=1, phase=Phase.TAKE, step=STEP)
PLACING = replace(TAKING, phase=Phase.PLACE, taken=1)


def shown(state: State, level: str = "full", cell: Cell = CELL, language: str = "en") -> dict[str, Cue]:
    person = PERSON.model_copy(update={"level": level, "language": language})
    result = cues(state, cell, person)
    by_surface = {c.surface: c for c in result}
    assert len(by_surface) == len(result), "two cues on one surface"
    assert set(by_surface) <= set(cell.scene.surfaces)
    return by_surface


def kinds(state: State, level: str = "full", cell: Cell = CELL) -> dict[str, Kind]:
    """Meanings by surface, without words."""
    return {name: c.kind for name, c in shown(state, level, cell).items() if not name.startswith("zone/")}


def words(state: State, level: str = "full", language: str = "en") -> str:
    cue = shown(state, level, language=language).get("zone/instruction")
    return cue.text if cue else ""


def troubled(state: State, *problems: tuple[Trouble, str] | tuple[Trouble, str, int]) -> State:
    return replace(state, problems=tuple(Problem(p[0], p[1], p[2] if len(p) == 3 else 1, 0) for p in problems))


def counting(count: int) -> Cell:
    """The same cell, where the step asks for `count` parts."""
    steps = list(CELL.task.steps)
    steps[STEP] = steps[STEP].model_copy(update={"count": count})
    return Cell(CELL.scene, CELL.task.model_copy(update={"steps": tuple(steps)}))


def two_bins() -> Cell:
    """The same cell, where bin_30 holds cups too."""
    bins = tuple(b.model_copy(update={"part": "cup"}) if b.id == "bin_30" else b for b in CELL.scene.bins)
    return Cell(CELL.scene.model_copy(update={"bins": bins}), CELL.task)


def test_ready_outlines_the_whole_case():
    assert kinds(State()) == {f"slot/{s.id}": Kind.CASE for s in CELL.scene.case.slots}
    assert words(State()) == "Put an empty case here."


def test_taking_lights_the_bin_and_its_number():
    assert kinds(TAKING) == {"bin/bin_11/opening": Kind.TAKE, "bin/bin_11/label": Kind.TAKE}
    assert words(TAKING) == "Take 1: cup."
    assert words(TAKING, language="nl") == "Pak 1: beker."


def test_number_is_what_is_left_to_take():
    cell = counting(5)
    seen = shown(replace(TAKING, taken=2), cell=cell)
    assert seen["bin/bin_11/label"].count == 3
    assert seen["zone/instruction"].text == "Take 3: cup."


def test_placing_lights_the_slot_and_the_bin_goes_dark():
    assert kinds(PLACING) == {"slot/slot_09": Kind.PLACE}
    assert words(PLACING) == "Put it here: cup."


def test_words_of_a_step_go_before_those_of_the_task():
    steps = list(CELL.task.steps)
    steps[STEP] = steps[STEP].model_copy(update={"texts": {"take": {"en": "The white {part}.", "nl": "-"}}})
    cell = Cell(CELL.scene, CELL.task.model_copy(update={"steps": tuple(steps)}))
    assert shown(TAKING, cell=cell)["zone/instruction"].text == "The white cup."


def test_every_bin_with_the_part_is_lit_but_not_one_known_to_be_empty():
    cell = two_bins()
    both = {f"bin/{b}/{s}": Kind.TAKE for b in ("bin_11", "bin_30") for s in ("opening", "label")}
    assert kinds(TAKING, cell=cell) == both
    empty = replace(TAKING, contents={"bin_11": Content.EMPTY, "bin_30": Content.CANNOT_SEE})
    assert kinds(empty, cell=cell) == {"bin/bin_30/opening": Kind.TAKE, "bin/bin_30/label": Kind.TAKE}


def test_empty_bins_ask_to_be_filled():
    empty = replace(TAKING, contents={"bin_11": Content.EMPTY, "bin_30": Content.EMPTY})
    asking = troubled(empty, (Trouble.EMPTY_BIN, "bin_11"))
    assert kinds(asking) == {"bin/bin_11/opening": Kind.REFILL}
    assert kinds(asking, cell=two_bins()) == {f"bin/{b}/opening": Kind.REFILL for b in ("bin_11", "bin_30")}
    assert words(asking) == "This bin is empty: cup. A colleague fills it."


def test_the_workers_word_that_a_bin_is_not_empty_counts():
    """The problem was dropped by "you are wrong"; the camera still says empty."""
    corrected = replace(TAKING, contents={"bin_11": Content.EMPTY})
    assert kinds(corrected) == {"bin/bin_11/opening": Kind.TAKE, "bin/bin_11/label": Kind.TAKE}


@pytest.mark.parametrize("state", [TAKING, PLACING])
@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        (Trouble.WRONG_PICK, "Please put it back: saliva ejector."),
        (Trouble.TOO_MANY, "Please put 2 back: saliva ejector."),
    ],
)
def test_what_goes_back_to_a_bin_is_all_that_is_asked(state, trouble, text):
    wrong = troubled(state, (trouble, "bin_06", 2))
    assert kinds(wrong) == {"bin/bin_06/opening": Kind.PUT_BACK, "bin/bin_06/label": Kind.PUT_BACK}
    assert shown(wrong)["bin/bin_06/label"].count == 2
    assert words(wrong) == text


def test_oldest_wrong_pick_first():
    wrong = troubled(
        TAKING, (Trouble.WRONG_PICK, "bin_06"), (Trouble.TOO_MANY, "bin_11"), (Trouble.WRONG_PICK, "bin_01")
    )
    assert set(kinds(wrong)) == {"bin/bin_06/opening", "bin/bin_06/label"}


def test_wrong_slot_shows_from_where_to_where():
    wrong = troubled(PLACING, (Trouble.WRONG_SLOT, "slot_02"))
    assert kinds(wrong) == {"slot/slot_02": Kind.TAKE_OUT, "slot/slot_09": Kind.PLACE}
    assert words(wrong) == "Move it to the lit place: cup."


def test_moved_part_belongs_where_one_is_missing_while_nothing_was_taken():
    moved = ((Trouble.MISSING, "slot_01"), (Trouble.WRONG_SLOT, "slot_20"))
    assert kinds(troubled(TAKING, *moved)) == {"slot/slot_20": Kind.TAKE_OUT, "slot/slot_01": Kind.PLACE}
    assert words(troubled(TAKING, *moved)) == "Move it to the lit place: mouth mirror."
    assert kinds(troubled(PLACING, *moved)) == {"slot/slot_20": Kind.TAKE_OUT, "slot/slot_09": Kind.PLACE}


def test_wrong_part_in_the_slot_of_the_step_goes_back_to_its_bin():
    wrong = troubled(TAKING, (Trouble.WRONG_PICK, "bin_06"), (Trouble.WRONG_SLOT, "slot_09"))
    assert kinds(wrong) == {
        "bin/bin_06/opening": Kind.PUT_BACK,
        "bin/bin_06/label": Kind.PUT_BACK,
        "slot/slot_09": Kind.TAKE_OUT,
    }
    assert words(wrong) == "Please put it back: saliva ejector."


def test_nothing_to_name_leaves_the_cross_alone():
    wrong = troubled(TAKING, (Trouble.WRONG_SLOT, "slot_09"))
    assert kinds(wrong) == {"slot/slot_09": Kind.TAKE_OUT}
    assert words(wrong) == ""


def test_missing_part_is_asked_but_not_of_a_full_hand():
    assert kinds(troubled(TAKING, (Trouble.MISSING, "slot_01"))) == {"slot/slot_01": Kind.PLACE}
    assert words(troubled(TAKING, (Trouble.MISSING, "slot_01"))) == "This is missing: mouth mirror."
    assert kinds(troubled(PLACING, (Trouble.MISSING, "slot_01"))) == {"slot/slot_09": Kind.PLACE}


def test_waiting_for_a_colleague_never_hides_what_the_worker_can_put_right():
    waiting = ((Trouble.EMPTY_BIN, "bin_11"),)
    assert set(kinds(troubled(TAKING, *waiting, (Trouble.WRONG_PICK, "bin_06")))) == {
        "bin/bin_06/opening",
        "bin/bin_06/label",
    }
    assert kinds(troubled(TAKING, *waiting, (Trouble.MISSING, "slot_01"))) == {"slot/slot_01": Kind.PLACE}
    assert kinds(troubled(PLACING, *waiting)) == {"slot/slot_09": Kind.PLACE}


def test_pause_puts_out_every_light_and_tells_why():
    paused = replace(troubled(PLACING, (Trouble.WRONG_PICK, "bin_06")), paused=True)
    assert kinds(paused) == {}
    assert shown(paused)["zone/instruction"] == Cue(Kind.PAUSED, "zone/instruction", text="Paused. Take your time.")


@pytest.mark.parametrize("level", ["full", "short", "lights", "off"])
def test_help_shows_everything_at_every_level(level):
    asked = replace(TAKING, help_since=5)
    assert kinds(asked, level) == kinds(TAKING)
    assert words(asked, level) == "Help is on its way.\nTake 1: cup."


def test_done():
    done = State(job=1, phase=Phase.DONE, step=len(CELL.task.steps))
    assert kinds(done) == {}
    assert shown(done)["zone/instruction"] == Cue(Kind.DONE, "zone/instruction", text="The case is full. Well done!")
    assert shown(done, "short")["zone/instruction"] == Cue(Kind.DONE, "zone/instruction")


ORDINARY = [State(), TAKING, PLACING]
UNUSUAL = [
    troubled(TAKING, (Trouble.WRONG_PICK, "bin_06")),
    troubled(TAKING, (Trouble.TOO_MANY, "bin_11")),
    troubled(PLACING, (Trouble.WRONG_SLOT, "slot_02")),
    troubled(TAKING, (Trouble.MISSING, "slot_01")),
    troubled(TAKING, (Trouble.EMPTY_BIN, "bin_11")),
    replace(TAKING, paused=True),
]


@pytest.mark.parametrize("state", ORDINARY)
def test_levels_of_ordinary_work(state):
    assert kinds(state, "short") == kinds(state, "lights") == kinds(state)
    assert words(state)
    assert "zone/instruction" not in shown(state, "short") | shown(state, "lights")
    assert shown(state, "off") == {}


@pytest.mark.parametrize("state", UNUSUAL)
def test_levels_where_something_is_the_matter(state):
    assert shown(state, "short") == shown(state, "off") == shown(state)
    assert kinds(state, "lights") == kinds(state)
    assert words(state)
    assert words(state, "lights") == ""
    assert shown(state, "lights"), "a bench that is all dark tells nothing"


def test_without_a_zone_for_text_there_are_lights_alone():
    cell = Cell(CELL.scene.model_copy(update={"zones": ()}), CELL.task)
    assert all(not c.text for c in cues(TAKING, cell, PERSON))
    assert kinds(TAKING, cell=cell) == kinds(TAKING)
