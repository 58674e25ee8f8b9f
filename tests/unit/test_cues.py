"""What is asked when: one thing at a time, by the rules of opstap.guidance.cues."""

from dataclasses import replace
from pathlib import Path

import pytest

from opstap.guidance.cues import Cue, Sign, cues, spoken, with_words
from opstap.instructions import Cell, Step, load_cell
from opstap.pages.bench import Bench
from opstap.scene import Profile
from opstap.workflow.asking import Meaning, ask
from opstap.workflow.engine import step
from opstap.workflow.model import Asked, Content, OperatorInput, Phase, Problem, State, Trouble

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
PERSON = Profile(id="someone", language="en", level="full")
STEP = 8
"""cup: bin_11 to slot_09"""
TAKING = State(task="oral_care_case", job=1, phase=Phase.TAKE, step=STEP)
PLACING = replace(TAKING, phase=Phase.PLACE, taken=1)


def shown(state: State, level: str = "full", cell: Cell = CELL, language: str = "en") -> dict[str, Cue]:
    person = PERSON.model_copy(update={"level": level, "language": language})
    result = [c for c in cues(state, cell, person) if c.kind is not Sign.BUTTON]
    by_surface = {c.surface: c for c in result}
    assert len(by_surface) == len(result), "two cues on one surface"
    assert set(by_surface) <= set(cell.scene.surfaces)
    return by_surface


def kinds(state: State, level: str = "full", cell: Cell = CELL) -> dict[str, Meaning | Sign]:
    """Meanings by surface, without words."""
    return {name: c.kind for name, c in shown(state, level, cell).items() if not name.startswith("zone/")}


def words(state: State, level: str = "full", language: str = "en") -> str:
    cue = shown(state, level, language=language).get("zone/instruction")
    return cue.text if cue else ""


def troubled(state: State, *problems: tuple[Trouble, str] | tuple[Trouble, str, int], lying: str = "cup") -> State:
    """`state` with problems open; `lying` is the part in a wrong slot."""

    def part(trouble: Trouble, place: str) -> str:
        if trouble is Trouble.WRONG_SLOT:
            return lying
        return CELL.scene.bin[place].part if place in CELL.scene.bin else CELL.task.slot_part[place]

    made = (Problem(p[0], p[1], p[2] if len(p) == 3 else 1, 0, part(p[0], p[1])) for p in problems)
    return replace(state, problems=tuple(made))


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
    assert kinds(State()) == {f"slot/{s.id}": Meaning.CASE for s in CELL.scene.case.slots}
    assert words(State()) == "Put an empty case here."


def test_taking_lights_the_bin_and_its_number():
    assert kinds(TAKING) == {"bin/bin_11/opening": Meaning.TAKE, "bin/bin_11/label": Meaning.TAKE}
    assert words(TAKING) == "Take 1: cup."
    assert words(TAKING, language="nl") == "Pak 1: beker."


def test_number_is_what_is_left_to_take():
    cell = counting(5)
    seen = shown(replace(TAKING, taken=2), cell=cell)
    assert seen["bin/bin_11/label"].count == 3
    assert seen["zone/instruction"].text == "Take 3: cup."


def test_placing_lights_the_slot_and_the_bin_goes_dark():
    assert kinds(PLACING) == {"slot/slot_09": Meaning.PLACE}
    assert words(PLACING) == "Put it here: cup."


def test_words_of_a_step_go_before_those_of_the_task():
    steps = list(CELL.task.steps)
    steps[STEP] = steps[STEP].model_copy(update={"texts": {"take": {"en": "The white {part}.", "nl": "-"}}})
    cell = Cell(CELL.scene, CELL.task.model_copy(update={"steps": tuple(steps)}))
    assert shown(TAKING, cell=cell)["zone/instruction"].text == "The white cup."


@pytest.mark.parametrize("level", ["full", "short", "lights", "off"])
def test_a_check_has_words_at_every_level_and_its_buttons_say_so(level):
    steps = list(CELL.task.steps)
    steps[STEP] = Step(id="look", slot="slot_09", check=dict.fromkeys(CELL.task.languages, "Is it shut?"))
    cell = Cell(CELL.scene, CELL.task.model_copy(update={"steps": tuple(steps)}))
    person = PERSON.model_copy(update={"level": level})
    seen = {c.surface: c for c in cues(replace(TAKING, phase=Phase.CHECK), cell, person)}
    assert seen["zone/instruction"].text == "Is it shut?"
    assert seen["slot/slot_09"].kind is Meaning.LOOK
    assert (seen["zone/button_next"].text, seen["zone/button_wrong"].text) == ("Yes, right", "Do it again")
    assert words(TAKING) == "Take 1: cup."


@pytest.mark.parametrize("modality", ["both", "words", "picture"])
def test_words_and_pictures_as_the_worker_wants_them(modality):
    person = PERSON.model_copy(update={"modality": modality})

    def told(state: State) -> tuple[str, str]:
        cue = next(c for c in cues(state, CELL, person) if c.surface == "zone/instruction")
        return cue.text, cue.picture

    words, picture = "Take 1: cup.", "pictograms/cup.png"
    assert told(TAKING) == {"both": (words, picture), "words": (words, ""), "picture": ("", picture)}[modality]
    assert spoken(TAKING, CELL, person) == words
    lacking = troubled(TAKING, (Trouble.EMPTY_BIN, "bin_11"))
    assert told(lacking) == ("This bin is empty: cup. A colleague fills it.", "" if modality == "words" else picture)
    assert told(replace(TAKING, paused=True)) == ("Paused. Take your time.", "")
    page = Bench(CELL, simulated=True).update(TAKING, person, 0, {}, (), 1.0)
    shown = page.picture and (page.picture.file, page.picture.alt, page.picture.alone)
    assert shown == (None if modality == "words" else ("pictures/cup", "cup", modality == "picture"))
    assert page.words == words


def test_a_picture_that_cannot_be_shown_is_left_out_of_the_page():
    cup = CELL.task.parts["cup"].model_copy(update={"picture": "gone.png"})
    cell = replace(CELL, task=CELL.task.model_copy(update={"parts": {**CELL.task.parts, "cup": cup}}))
    assert Bench(cell, simulated=True).update(TAKING, PERSON, 0, {}, (), 1.0).picture is None


def test_every_bin_with_the_part_is_lit_but_not_one_known_to_be_empty():
    cell = two_bins()
    both = {f"bin/{b}/{s}": Meaning.TAKE for b in ("bin_11", "bin_30") for s in ("opening", "label")}
    assert kinds(TAKING, cell=cell) == both
    empty = replace(TAKING, contents={"bin_11": Content.EMPTY, "bin_30": Content.CANNOT_SEE})
    assert kinds(empty, cell=cell) == {"bin/bin_30/opening": Meaning.TAKE, "bin/bin_30/label": Meaning.TAKE}


def test_empty_bins_ask_to_be_filled():
    empty = replace(TAKING, contents={"bin_11": Content.EMPTY, "bin_30": Content.EMPTY})
    asking = troubled(empty, (Trouble.EMPTY_BIN, "bin_11"))
    assert kinds(asking) == {"bin/bin_11/opening": Meaning.REFILL}
    assert kinds(asking, cell=two_bins()) == {f"bin/{b}/opening": Meaning.REFILL for b in ("bin_11", "bin_30")}
    assert words(asking) == "This bin is empty: cup. A colleague fills it."


def test_the_workers_word_that_a_bin_is_not_empty_counts():
    """The problem was dropped by "you are wrong"; the camera still says empty."""
    corrected = replace(TAKING, contents={"bin_11": Content.EMPTY})
    assert kinds(corrected) == {"bin/bin_11/opening": Meaning.TAKE, "bin/bin_11/label": Meaning.TAKE}


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
    assert kinds(wrong) == {"bin/bin_06/opening": Meaning.PUT_BACK, "bin/bin_06/label": Meaning.PUT_BACK}
    assert shown(wrong)["bin/bin_06/label"].count == 2
    assert words(wrong) == text


def test_oldest_wrong_pick_first():
    wrong = troubled(
        TAKING, (Trouble.WRONG_PICK, "bin_06"), (Trouble.TOO_MANY, "bin_11"), (Trouble.WRONG_PICK, "bin_01")
    )
    assert set(kinds(wrong)) == {"bin/bin_06/opening", "bin/bin_06/label"}


def test_wrong_slot_shows_from_where_to_where():
    wrong = troubled(PLACING, (Trouble.WRONG_SLOT, "slot_02"))
    assert kinds(wrong) == {"slot/slot_02": Meaning.TAKE_OUT, "slot/slot_09": Meaning.PLACE}
    assert words(wrong) == "Move it to the lit place: cup."


def test_moved_part_belongs_where_one_is_missing_while_nothing_was_taken():
    moved = ((Trouble.MISSING, "slot_01"), (Trouble.WRONG_SLOT, "slot_20"))
    taking = troubled(TAKING, *moved, lying="mouth_mirror")
    assert kinds(taking) == {"slot/slot_20": Meaning.TAKE_OUT, "slot/slot_01": Meaning.PLACE}
    assert words(taking) == "Move it to the lit place: mouth mirror."
    assert kinds(troubled(PLACING, *moved)) == {"slot/slot_20": Meaning.TAKE_OUT, "slot/slot_09": Meaning.PLACE}


def test_wrong_part_in_the_slot_of_the_step_goes_back_to_its_bin():
    wrong = troubled(TAKING, (Trouble.WRONG_PICK, "bin_06"), (Trouble.WRONG_SLOT, "slot_09"), lying="saliva_ejector")
    back = {
        "bin/bin_06/opening": Meaning.PUT_BACK,
        "bin/bin_06/label": Meaning.PUT_BACK,
        "slot/slot_09": Meaning.TAKE_OUT,
    }
    assert kinds(wrong) == back
    assert words(wrong) == "Please put it back: saliva ejector."
    # The same movement is asked where its taking was put right, or never seen.
    assert kinds(troubled(TAKING, (Trouble.WRONG_SLOT, "slot_09"), lying="saliva_ejector")) == back


def test_another_thing_in_a_wrong_slot_waits_for_what_is_in_the_hand():
    wrong = troubled(PLACING, (Trouble.WRONG_PICK, "bin_06"), (Trouble.WRONG_SLOT, "slot_02"))
    assert kinds(wrong) == {"bin/bin_06/opening": Meaning.PUT_BACK, "bin/bin_06/label": Meaning.PUT_BACK}


def test_what_nobody_can_name_is_only_taken_out():
    wrong = troubled(TAKING, (Trouble.WRONG_SLOT, "slot_09"), lying="")
    assert kinds(wrong) == {"slot/slot_09": Meaning.TAKE_OUT}
    assert words(wrong) == "Please take this out."


OPEN = {"bin/bin_01/opening": Meaning.OPEN}


def test_missing_part_is_asked_but_not_of_a_full_hand():
    missing = (Trouble.MISSING, "slot_01")
    assert kinds(troubled(TAKING, missing)) == {"slot/slot_01": Meaning.PLACE, **OPEN}
    assert words(troubled(TAKING, missing)) == "This is missing: mouth mirror."
    assert kinds(troubled(PLACING, missing)) == {"slot/slot_09": Meaning.PLACE}


def test_bin_is_open_where_the_hand_may_be_empty():
    """What was put back as too many may have been the only one."""
    unsure = replace(PLACING, taken=0)
    assert kinds(unsure) == {"slot/slot_09": Meaning.PLACE, "bin/bin_11/opening": Meaning.OPEN}
    assert words(unsure) == "Put it here: cup."


@pytest.mark.parametrize(
    ("state", "place", "surface"),
    [
        (TAKING, "bin_11", "bin/bin_11/opening"),
        (PLACING, "slot_09", "slot/slot_09"),
        (troubled(TAKING, (Trouble.WRONG_PICK, "bin_06")), "bin_06", "bin/bin_06/opening"),
        (troubled(TAKING, (Trouble.MISSING, "slot_01")), "slot_01", "slot/slot_01"),
    ],
)
def test_what_cannot_be_seen_is_said_and_marked(state, place, surface):
    blind = replace(state, contents={place: Content.CANNOT_SEE})
    assert kinds(blind) == kinds(state)
    assert [c.surface for c in shown(blind).values() if c.unseen] == [surface]
    assert words(blind) == words(state) + "\nI cannot see this. Tell me when it is done."
    assert words(blind, "short") == words(blind)


def test_blind_spots_of_an_empty_case_are_confirmed():
    contents = dict.fromkeys(CELL.scene.slot, Content.EMPTY) | {"slot_26": Content.CANNOT_SEE}
    assert kinds(State(contents=contents)) == {"slot/slot_26": Meaning.CASE}
    assert words(State(contents=contents)) == "I cannot see this. Tell me when it is done."
    filled = contents | {"slot_01": Content.FILLED}
    assert words(State(contents=filled)) == "Put an empty case here."


def test_page_light_and_correction_follow_one_rule():
    """The oldest problem is not the one that is asked: what is in the hand goes first."""
    wrong = troubled(TAKING, (Trouble.MISSING, "slot_01"), (Trouble.WRONG_PICK, "bin_06"))
    assert ask(CELL, wrong).problem == wrong.problems[1]
    corrected, _ = step(CELL, replace(wrong, sequence=1), OperatorInput(1, Asked.YOU_ARE_WRONG, "test"))
    assert corrected.problems == wrong.problems[:1]
    snapshot = Bench(CELL, simulated=True).update(wrong, PERSON, 1, {}, (), 1.0)
    assert snapshot.words == words(wrong) == "Please put it back: saliva ejector."
    assert [p.trouble for p in snapshot.problems] == [Trouble.MISSING]
    assert {p.id: p.mark for p in snapshot.places if p.mark != "none"} == {"bin_06": Meaning.PUT_BACK}


def test_waiting_for_a_colleague_never_hides_what_the_worker_can_put_right():
    waiting = ((Trouble.EMPTY_BIN, "bin_11"),)
    assert set(kinds(troubled(TAKING, *waiting, (Trouble.WRONG_PICK, "bin_06")))) == {
        "bin/bin_06/opening",
        "bin/bin_06/label",
    }
    assert kinds(troubled(TAKING, *waiting, (Trouble.MISSING, "slot_01"))) == {"slot/slot_01": Meaning.PLACE, **OPEN}
    assert kinds(troubled(PLACING, *waiting)) == {"slot/slot_09": Meaning.PLACE}


def test_pause_puts_out_every_light_and_tells_why():
    paused = replace(troubled(PLACING, (Trouble.WRONG_PICK, "bin_06")), paused=True)
    assert kinds(paused) == {}
    assert shown(paused)["zone/instruction"] == Cue(Sign.PAUSED, "zone/instruction", text="Paused. Take your time.")


@pytest.mark.parametrize("level", ["full", "short", "lights", "off"])
def test_help_shows_everything_at_every_level(level):
    asked = replace(TAKING, help_since=5)
    assert kinds(asked, level) == kinds(TAKING)
    assert words(asked, level) == "Help is on its way.\nTake 1: cup."


def test_done():
    done = State(job=1, phase=Phase.DONE, step=len(CELL.task.steps))
    assert kinds(done) == {}
    assert shown(done)["zone/instruction"] == Cue(Sign.DONE, "zone/instruction", text="The case is full. Well done!")
    assert shown(done, "short")["zone/instruction"] == Cue(Sign.DONE, "zone/instruction")


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
def test_buttons_are_there_at_every_level_and_fewer_in_a_pause(state):
    asked = {z.id: z.asked for z in CELL.scene.zones}

    def buttons(state: State, level: str) -> list[str]:
        shown = cues(state, CELL, PERSON.model_copy(update={"level": level, "language": "nl"}))
        return [asked[c.surface.removeprefix("zone/")] for c in shown if c.kind is Sign.BUTTON]

    for level in ("full", "short", "lights", "off"):
        assert buttons(state, level) == ["you_are_wrong", "help", "repeat", "next"]
    assert buttons(replace(state, paused=True), "full") == ["help", "next"]


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


def test_what_a_worker_wants_to_see_takes_the_words_place_and_leaves_the_light():
    before = cues(TAKING, CELL, PERSON)
    after = with_words(before, CELL, "Mix-ups in ten steps: 1.\nYour coach does not see this.")
    assert after[-1].text.startswith("Mix-ups")
    assert after[-1].surface == "zone/instruction"
    assert set(after) - {after[-1]} == {c for c in before if c.surface != "zone/instruction"}
    assert any(c.kind is Meaning.TAKE for c in after)
