"""Groups in any order, steps that may be left out, checks and rework: the guide follows the hand."""

from pathlib import Path

import pytest
from guided import Guide
from posed import Stage, arm, inside

from opstap.evaluation.summary import as_text, describe, summarise
from opstap.instructions import Cell, Step, load_cell, task_faults
from opstap.simulation.camera import SimulatedCamera
from opstap.workflow.asking import Meaning
from opstap.workflow.journal import Journal, Recorder
from opstap.workflow.model import Asked, Content, Happened, Outcome, Phase, Started, Trouble
from opstap.workflow.order import current_step

A, B, C = "mouth_mirror", "probe", "tweezers"
BIN_A, BIN_B, BIN_C = "bin_01", "bin_02", "bin_03"


def guided(cell: Cell, *steps: dict) -> Guide:
    made = []
    for i, step in enumerate(steps):
        words = dict.fromkeys(cell.task.languages, "Is it right?") if "check" in step else None
        slot = {} if words else {"slot": f"slot_{i + 1:02}"}
        made.append(Step.model_validate({"id": f"s{i + 1}"} | slot | step | ({"check": words} if words else {})))
    cell = Cell(cell.scene, cell.task.model_copy(update={"steps": tuple(made)}))
    assert not task_faults(cell.task, cell.scene)
    return Guide(cell).start()


def group(cell: Cell) -> Guide:
    return guided(cell, *({"part": part, "group": "any"} for part in (A, B, C)), {"part": "toothbrush"})


def at(guide: Guide) -> tuple[str, Phase]:
    return current_step(guide.cell, guide.state).id, guide.state.phase


def test_the_first_of_a_group_is_shown_and_a_hand_that_takes_another_is_followed(cell):
    guide = group(cell)
    assert at(guide) == ("s1", Phase.TAKE)
    assert guide.sees(Happened.TAKEN, BIN_C) == [Outcome.STEP_SHOWN, Outcome.PART_TAKEN]
    assert at(guide) == ("s3", Phase.PLACE)
    assert [(m.meaning, m.place) for m in guide.asked.marks] == [(Meaning.PLACE, "slot_03")]
    guide.sees(Happened.PLACED, "slot_03")
    assert at(guide) == ("s1", Phase.TAKE), "the first that is not done"
    assert guide.state.step == 1
    guide.sees(Happened.TAKEN, BIN_B)
    guide.sees(Happened.PLACED, "slot_02")
    guide.obey()
    assert not guide.open
    assert [n.step for n in guide.notes if n.outcome is Outcome.STEP_DONE] == ["s3", "s2", "s1", "s4"]
    assert Outcome.PROBLEM_SEEN not in [n.outcome for n in guide.notes]


def test_what_was_put_without_being_seen_taken_is_followed_too(cell):
    guide = group(cell)
    guide.sees(Happened.PLACED, "slot_02")
    assert (guide.state.step, at(guide), guide.open) == (1, ("s1", Phase.TAKE), [])


def test_two_parts_in_the_hand_are_both_put_down_in_any_order(cell):
    guide = group(cell)
    guide.sees(Happened.TAKEN, BIN_A)
    guide.sees(Happened.TAKEN, BIN_C)
    assert at(guide) == ("s3", Phase.PLACE)
    guide.sees(Happened.PLACED, "slot_01")
    assert at(guide) == ("s3", Phase.PLACE), "it is in the hand still"
    guide.sees(Happened.PLACED, "slot_03")
    assert (at(guide), guide.open) == (("s2", Phase.TAKE), [])


def test_what_was_begun_and_goes_back_into_its_bin_is_asked_for_again(cell):
    guide = group(cell)
    guide.sees(Happened.TAKEN, BIN_A)
    guide.sees(Happened.TAKEN, BIN_C)
    guide.sees(Happened.PUT_BACK, BIN_A)
    assert (at(guide), guide.open) == (("s1", Phase.TAKE), [])
    guide.sees(Happened.PLACED, "slot_03")
    assert (at(guide), guide.state.step) == (("s1", Phase.TAKE), 1)


def test_the_first_that_is_not_done_is_shown_whatever_was_begun_and_put_back(cell):
    guide = group(cell)
    guide.sees(Happened.TAKEN, BIN_C)
    guide.sees(Happened.PUT_BACK, BIN_C)
    guide.sees(Happened.TAKEN, BIN_B)
    guide.sees(Happened.PLACED, "slot_02")
    assert at(guide) == ("s1", Phase.TAKE)


def test_a_part_of_the_group_in_the_slot_of_another_is_still_wrong(cell):
    guide = group(cell)
    guide.sees(Happened.TAKEN, BIN_A)
    guide.sees(Happened.PLACED, "slot_02")
    assert guide.open == [(Trouble.WRONG_SLOT, "slot_02", 1)]
    guide.obey()


def test_a_part_behind_the_group_is_a_wrong_pick(cell):
    guide = group(cell)
    guide.sees(Happened.TAKEN, "bin_04")
    assert guide.open == [(Trouble.WRONG_PICK, "bin_04", 1)]


def test_the_same_part_goes_into_either_slot_and_both_may_be_taken_at_once(cell):
    guide = guided(cell, {"part": A, "group": "two"}, {"part": A, "group": "two"}, {"part": B})
    guide.sees(Happened.TAKEN, BIN_A)
    guide.sees(Happened.PLACED, "slot_02")
    assert (at(guide), guide.open) == (("s1", Phase.TAKE), [])
    pairs = guided(cell, {"part": A, "group": "two", "count": 2}, {"part": A, "group": "two", "count": 2})
    pairs.sees(Happened.TAKEN, BIN_A, 2)
    pairs.sees(Happened.PLACED, "slot_02")
    assert (at(pairs), pairs.state.taken) == (("s2", Phase.PLACE), 2), "the other one is in the hand"
    both = guided(cell, {"part": A, "group": "two"}, {"part": A, "group": "two"}, {"part": B})
    both.sees(Happened.TAKEN, BIN_A, 3)
    assert both.open == [(Trouble.TOO_MANY, BIN_A, 1)], "one more than both steps ask"
    both.sees(Happened.PUT_BACK, BIN_A)
    both.sees(Happened.PLACED, "slot_02")
    both.sees(Happened.PLACED, "slot_01")
    assert at(both) == ("s3", Phase.TAKE)


def test_a_count_that_was_begun_is_not_forgotten(cell):
    guide = guided(cell, {"part": A, "count": 2, "group": "g"}, {"part": B, "group": "g"})
    guide.sees(Happened.TAKEN, BIN_A)
    guide.sees(Happened.PLACED, "slot_01")
    guide.sees(Happened.TAKEN, BIN_B)
    guide.sees(Happened.PLACED, "slot_02")
    assert (at(guide), guide.state.placed, guide.asked.count) == (("s1", Phase.TAKE), 1, 1)
    guide.sees(Happened.TAKEN, BIN_B)  # one too many of what is done
    guide.sees(Happened.PUT_BACK, BIN_B)
    guide.sees(Happened.PLACED, "slot_01")
    assert guide.state.phase is Phase.DONE


def test_next_leaves_out_what_may_be_left_out_and_back_brings_it_again(cell):
    guide = guided(cell, {"part": A}, {"part": B, "optional": True}, {"part": C})
    guide.do_step()
    assert guide.asks(Asked.NEXT) == [Outcome.STEP_SKIPPED, Outcome.STEP_SHOWN]
    assert (at(guide), guide.state.step, guide.state.skipped) == (("s3", Phase.TAKE), 2, (1,))
    guide.asks(Asked.BACK)
    assert (at(guide), guide.state.skipped) == (("s2", Phase.TAKE), ())
    guide.do_step()
    guide.do_step()
    assert guide.state.phase is Phase.DONE


def test_who_takes_what_comes_behind_has_left_it_out(cell):
    guide = guided(cell, {"part": A, "optional": True}, {"part": B, "optional": True}, {"part": C})
    assert guide.sees(Happened.TAKEN, BIN_C)[:3] == [Outcome.STEP_SKIPPED, Outcome.STEP_SKIPPED, Outcome.STEP_SHOWN]
    guide.sees(Happened.PLACED, "slot_03")
    assert (guide.state.phase, guide.open, guide.state.skipped) == (Phase.DONE, [], (0, 1))


def test_what_was_left_out_is_not_missing_and_what_was_begun_is_not_left_out(cell):
    guide = guided(cell, {"part": A, "optional": True, "count": 2}, {"part": B}, {"part": C})
    guide.sees(Happened.TAKEN, BIN_A)
    guide.sees(Happened.TAKEN, BIN_B)
    assert guide.open == [(Trouble.WRONG_PICK, BIN_B, 1)]
    other = guided(cell, {"part": A, "optional": True}, {"part": B}, {"part": C})
    other.asks(Asked.NEXT)
    other.sees(Happened.REMOVED, "slot_01")
    assert not other.open


def test_a_check_waits_for_the_workers_answer(cell):
    guide = guided(cell, {"part": A}, {"check": ..., "slot": "slot_01", "rework": ("s1",)}, {"part": B})
    guide.do_step()
    assert (at(guide), guide.asked.phrase, guide.asked.answered) == (("s2", Phase.CHECK), "check", True)
    assert [(m.meaning, m.place) for m in guide.asked.marks] == [(Meaning.LOOK, "slot_01")]
    guide.sees(Happened.HAND_LEFT, "slot_01")
    assert at(guide)[0] == "s2"
    guide.sees(Happened.TAKEN, BIN_B)
    assert guide.open == [(Trouble.WRONG_PICK, BIN_B, 1)]
    guide.sees(Happened.PUT_BACK, BIN_B)
    assert Outcome.STEP_DONE in guide.asks(Asked.NEXT)
    assert at(guide) == ("s3", Phase.TAKE)


def test_a_hand_at_its_slot_answers_a_check_that_asks_no_more(cell):
    guide = guided(cell, {"part": A}, {"check": ..., "slot": "slot_01", "confirm": "visit"}, {"part": B})
    guide.do_step()
    guide.sees(Happened.HAND_LEFT, "slot_02")
    assert at(guide)[0] == "s2"
    guide.sees(Happened.HAND_LEFT, "slot_01")
    assert at(guide)[0] == "s3"


@pytest.mark.parametrize("answer", [Asked.BACK, Asked.YOU_ARE_WRONG])
def test_a_check_that_is_not_right_asks_its_steps_again_and_nobody_made_a_mistake(cell, answer):
    guide = guided(cell, {"part": A}, {"part": B}, {"part": C}, {"check": ..., "rework": ("s1", "s3")})
    for _ in range(3):
        guide.content(Content.FILLED, guide.slot)
        guide.do_step()
    assert guide.asks(answer) == [Outcome.REWORK, Outcome.STEP_SHOWN]
    assert (at(guide), guide.state.step) == (("s1", Phase.TAKE), 1)
    assert [(m.meaning, m.place) for m in guide.asked.marks] == [(Meaning.TAKE_OUT, "slot_01")]
    guide.sees(Happened.REMOVED, "slot_01")
    guide.content(Content.EMPTY, "slot_01")
    assert guide.asked.phrase == "take"
    guide.do_step()
    guide.obey()
    done = [n.step for n in guide.notes if n.outcome is Outcome.STEP_DONE]
    assert done == ["s1", "s2", "s3", "s1", "s3", "s4"]
    state = guide.state
    assert not {Outcome.PROBLEM_SEEN, Outcome.PROBLEM_SOLVED} & {n.outcome for n in guide.notes}
    assert (state.put_right, state.mixups, state.good_jobs, state.corrected) == (0, 0, 1, None)


def test_a_new_part_put_into_the_slot_ends_the_rework_of_it(cell):
    guide = guided(cell, {"part": A}, {"check": ..., "rework": ("s1",)})
    guide.content(Content.FILLED, "slot_01")
    guide.do_step()
    guide.asks(Asked.BACK)
    guide.sees(Happened.TAKEN, BIN_A)
    assert guide.asked.phrase == "take_out", "first the old one comes out"
    guide.sees(Happened.PLACED, "slot_01")
    assert (at(guide), guide.open) == (("s2", Phase.CHECK), [])


def test_a_check_without_rework_goes_back_a_step(cell):
    guide = guided(cell, {"part": A}, {"check": ...})
    guide.do_step()
    guide.asks(Asked.BACK)
    assert at(guide) == ("s1", Phase.TAKE)


def test_the_next_job_is_in_the_tasks_order_again(cell):
    guide = group(cell)
    guide.sees(Happened.TAKEN, BIN_C)
    guide.sees(Happened.PLACED, "slot_03")
    guide.obey()
    guide.content(Content.EMPTY, *cell.scene.slot)
    assert (guide.state.job, guide.state.order, at(guide)) == (2, (), ("s1", Phase.TAKE))


def test_the_cobot_is_asked_for_what_is_shown_now(cell):
    guide = guided(cell, {"part": A, "group": "g"}, {"part": "toothbrush", "group": "g", "present": True}, {"part": C})
    guide.feed(Started(guide.now, cell.task.task, cobot=True))
    guide.do_step()
    assert guide.asked.phrase == "bring"
    guide.sees(Happened.PLACED, "slot_02")
    assert guide.state.tray.value == "none"


def test_an_empty_bin_of_a_step_that_was_left_for_another_is_no_problem_any_more(cell):
    guide = group(cell)
    guide.content(Content.EMPTY, BIN_A)
    assert guide.open == [(Trouble.EMPTY_BIN, BIN_A, 1)]
    guide.sees(Happened.TAKEN, BIN_B)
    assert guide.open == []


def test_a_hand_in_a_bin_of_the_group_where_no_more_is_seen_is_followed(cell):
    guide = group(cell)
    guide.sees(Happened.VISITED, BIN_B)
    assert at(guide) == ("s2", Phase.PLACE)
    guide.sees(Happened.VISITED, "slot_02")
    assert (at(guide), guide.state.step) == (("s1", Phase.TAKE), 1)


def test_a_journal_whose_old_lines_are_gone_knows_the_order_of_this_job(cell, tmp_path):
    guide = guided(cell, {"part": A, "count": 2, "group": "g"}, {"part": B, "group": "g"}, {"part": C})
    with Journal(tmp_path / "journal.db") as journal:
        recorder = Recorder(guide.cell, journal)
        guide.feed = recorder.handle
        guide.feed(Started(0, cell.task.task, "p1"))
        guide.start()
        guide.sees(Happened.TAKEN, BIN_A)
        guide.sees(Happened.TAKEN, BIN_B)
        assert (recorder.state.order, recorder.state.begun) == ((1, 0, 2), {0: (1, 0)})
        recorder.forget("p1", guide.now)
        assert Recorder(guide.cell, journal).state == recorder.state


def test_the_guide_follows_a_hand_that_the_camera_sees():
    """At the simulated bench: real perception tells what a posed hand does, in another order than is shown."""
    config = Path(__file__).parents[2] / "config"
    cell = load_cell(config / "cells/gearbox.yaml", config / "tasks/gearbox_kit.yaml")
    stage, guide = Stage(cell, SimulatedCamera(cell, 5)), Guide(cell).start()
    stage.show(9)

    def go(place, deed):
        events = stage.show(4, arm(cell, inside(cell, place)))
        deed()
        for event in [*events, *stage.show(1, arm(cell, inside(cell, place))), *stage.show(9)]:
            guide.feed(event)

    for name in ("housing_1", "cover_1", "gear_small_1", "gear_large_1"):
        step = next(s for s in cell.task.steps if s.id == name)
        bin_id = cell.bins_with(step.part)[0]
        go(bin_id, stage.take(bin_id))
        assert at(guide) == (name, Phase.PLACE)
        go(step.slot, stage.put(step.slot, step.part))
    assert (at(guide), guide.open, guide.state.step) == (("shaft_1", Phase.TAKE), [], 4)
    assert [n.step for n in guide.notes if n.outcome is Outcome.STEP_DONE][2:] == ["gear_small_1", "gear_large_1"]


def test_the_summary_tells_what_was_left_out_and_done_again(cell, tmp_path):
    guide = guided(cell, {"part": A, "optional": True}, {"part": B}, {"check": ..., "rework": ("s2",)})
    with Journal(tmp_path / "journal.db") as journal:
        recorder = Recorder(guide.cell, journal)
        told = []

        def feed(event):
            notes = recorder.handle(event)
            guide.state = recorder.state
            told.extend(describe(note, recorder.state, 3) for note in notes)

        guide.feed = feed
        feed(Started(0, cell.task.task))
        guide.start()
        guide.asks(Asked.NEXT)
        guide.do_step()
        guide.asks(Asked.BACK)
        guide.sees(Happened.REMOVED, "slot_02")
        guide.do_step()
        guide.asks(Asked.NEXT)
        summary = summarise(journal.entries())
    assert (summary.skipped, summary.reworked, summary.jobs, summary.open) == (["s1"], ["s3"], 1, 0)
    assert "left out: s1\ndone again, after the check: s3\n" in as_text(summary)
    assert {"step left out: s1", "to be done again, says the check s3"} <= set(told)
