"""The state machine: the whole job, everything that can go wrong in it, and that nothing counts twice."""

import pytest
from guided import SECOND, Guide

from opstap.instructions import Cell
from opstap.scene import Scene
from opstap.workflow.asking import Meaning
from opstap.workflow.changes import Changes, Look
from opstap.workflow.model import (
    Asked,
    Content,
    Happened,
    Outcome,
    Phase,
    PlaceChanged,
    Trouble,
    WorkspaceEvent,
)


@pytest.fixture
def guide(cell):
    return Guide(cell).start()


def test_a_job_starts_when_the_case_is_seen_empty(cell):
    guide = Guide(cell)
    guide.content(Content.FILLED, *cell.scene.bin)
    guide.content(Content.EMPTY, *list(cell.scene.slot)[:-1])
    assert guide.state.phase is Phase.READY
    guide.content(Content.EMPTY, list(cell.scene.slot)[-1])
    assert (guide.state.phase, guide.state.job, guide.state.step) == (Phase.TAKE, 1, 0)


def test_the_whole_job(guide, cell):
    for i in range(len(cell.task.steps)):
        assert guide.state.step == i
        guide.do_step()
    assert guide.state.phase is Phase.DONE
    assert [n.outcome for n in guide.notes].count(Outcome.STEP_DONE) == len(cell.task.steps)
    assert not guide.state.problems
    # The next empty case starts the next job.
    guide.content(Content.FILLED, *cell.scene.slot)
    guide.content(Content.EMPTY, *cell.scene.slot)
    assert (guide.state.phase, guide.state.job, guide.state.step) == (Phase.TAKE, 2, 0)


def test_a_wrong_pick_is_put_back(guide):
    other = "bin_09"
    assert guide.sees(Happened.TAKEN, other) == [Outcome.PROBLEM_SEEN]
    assert guide.open == [(Trouble.WRONG_PICK, other, 1)]
    assert guide.state.phase is Phase.TAKE
    assert guide.sees(Happened.PUT_BACK, other) == [Outcome.PROBLEM_SOLVED]
    guide.do_step()
    assert guide.state.step == 1


def test_a_wrong_pick_beside_the_right_one(guide):
    guide.sees(Happened.TAKEN, guide.bin)
    guide.sees(Happened.TAKEN, "bin_09")
    assert guide.state.phase is Phase.PLACE
    guide.sees(Happened.PLACED, guide.slot)
    assert guide.state.step == 1
    assert guide.open == [(Trouble.WRONG_PICK, "bin_09", 1)]


def test_the_wrong_part_in_the_right_slot_does_not_count(guide):
    guide.sees(Happened.TAKEN, "bin_09")
    guide.sees(Happened.PLACED, guide.slot)
    assert guide.state.step == 0
    assert (Trouble.WRONG_SLOT, guide.slot, 1) in guide.open
    guide.sees(Happened.REMOVED, guide.slot)
    guide.sees(Happened.PUT_BACK, "bin_09")
    assert not guide.open


def test_too_many_are_counted_back(guide):
    guide.sees(Happened.TAKEN, guide.bin, count=3)
    assert guide.state.phase is Phase.PLACE
    assert guide.open == [(Trouble.TOO_MANY, guide.bin, 2)]
    guide.sees(Happened.PUT_BACK, guide.bin)
    assert guide.open == [(Trouble.TOO_MANY, guide.bin, 1)]
    guide.sees(Happened.PUT_BACK, guide.bin)
    assert not guide.open
    assert guide.state.phase is Phase.PLACE


def test_the_right_part_put_back_is_asked_for_again(guide):
    guide.sees(Happened.TAKEN, guide.bin)
    guide.sees(Happened.PUT_BACK, guide.bin)
    assert guide.state.phase is Phase.TAKE


def test_a_wrong_slot_is_cleared_and_then_the_right_one(guide):
    wrong = "slot_20"
    guide.sees(Happened.TAKEN, guide.bin)
    guide.sees(Happened.PLACED, wrong)
    assert guide.open == [(Trouble.WRONG_SLOT, wrong, 1)]
    guide.sees(Happened.REMOVED, wrong)
    assert not guide.open
    guide.sees(Happened.PLACED, guide.slot)
    assert guide.state.step == 1


def test_a_part_that_leaves_a_finished_slot_is_missing(guide):
    slot = guide.slot
    guide.do_step()
    guide.sees(Happened.REMOVED, slot)
    assert guide.open == [(Trouble.MISSING, slot, 1)]
    guide.sees(Happened.PLACED, slot)
    assert not guide.open
    assert guide.state.step == 1


def test_an_empty_bin_matters_when_it_is_asked_for(guide, cell):
    second = cell.bins_with(cell.task.steps[1].part)[0]
    guide.content(Content.EMPTY, second)
    assert not guide.open
    guide.do_step()
    assert guide.open == [(Trouble.EMPTY_BIN, second, 1)]
    guide.content(Content.FILLED, second)
    assert not guide.open


def test_a_part_whose_taking_was_not_seen_counts_when_it_arrives(guide):
    guide.sees(Happened.PLACED, guide.slot)
    assert guide.state.step == 1


def test_an_event_counts_once(guide):
    event = WorkspaceEvent(1, SECOND, Happened.TAKEN, guide.bin)
    guide.feed(event)
    before = guide.state
    guide.feed(event)
    assert guide.state == before


def test_a_gap_in_the_sequence_is_noted(guide):
    guide.sees(Happened.HAND_ENTERED, guide.bin)
    guide.sequence += 1
    assert Outcome.EVENT_MISSED in guide.sees(Happened.HAND_LEFT, guide.bin)


def test_pause_help_back_next_and_the_workers_word(guide):
    assert guide.asks(Asked.PAUSE) == [Outcome.PAUSED]
    assert guide.asks(Asked.PAUSE) == []
    assert guide.asks(Asked.RESUME) == [Outcome.RESUMED]
    assert guide.asks(Asked.HELP) == [Outcome.HELP_ASKED]
    guide.asks(Asked.HELP_DONE)
    assert guide.notes[-1].seconds == 1.0
    guide.asks(Asked.NEXT)
    assert guide.state.step == 1
    guide.asks(Asked.BACK)
    assert guide.state.step == 0
    guide.sees(Happened.TAKEN, "bin_09")
    assert guide.asks(Asked.YOU_ARE_WRONG) == [Outcome.CORRECTED, Outcome.PROBLEM_SOLVED]
    assert not guide.open


def test_put_back_too_many_may_have_been_the_only_one(guide):
    """Two were seen where one was taken: it went back, and can be taken again without another word."""
    guide.sees(Happened.TAKEN, guide.bin, count=2)
    guide.sees(Happened.PUT_BACK, guide.bin)
    assert guide.state.phase is Phase.PLACE
    assert [m.meaning for m in guide.asked.marks] == [Meaning.PLACE, Meaning.OPEN]
    guide.sees(Happened.TAKEN, guide.bin)
    assert not guide.open
    assert [m.meaning for m in guide.asked.marks] == [Meaning.PLACE]
    guide.sees(Happened.PLACED, guide.slot)
    assert guide.state.step == 1


def test_several_parts_one_by_one_or_together(cell):
    guide = counting(cell, 3)
    guide.sees(Happened.TAKEN, guide.bin)
    assert (guide.state.phase, guide.asked.count) == (Phase.TAKE, 2)
    guide.sees(Happened.PLACED, guide.slot)
    guide.sees(Happened.TAKEN, guide.bin, 2)
    assert guide.state.phase is Phase.PLACE
    guide.sees(Happened.PUT_BACK, guide.bin)
    assert (guide.state.phase, guide.asked.count) == (Phase.TAKE, 1)
    guide.sees(Happened.TAKEN, guide.bin)
    guide.sees(Happened.REMOVED, guide.slot)
    assert (guide.state.placed, guide.state.step) == (0, 0)
    guide.sees(Happened.PLACED, guide.slot, 3)
    assert (guide.state.step, guide.open) == (1, [])


def test_one_too_many_in_the_slot_goes_back_to_its_bin(guide):
    bin_id, slot = guide.bin, guide.slot
    guide.sees(Happened.TAKEN, bin_id, 2)
    guide.sees(Happened.PLACED, slot, 2)
    assert guide.state.step == 1
    assert guide.open == [(Trouble.TOO_MANY, bin_id, 1), (Trouble.WRONG_SLOT, slot, 1)]
    assert {(m.meaning, m.place) for m in guide.asked.marks} == {
        (Meaning.PUT_BACK, bin_id),
        (Meaning.TAKE_OUT, slot),
    }
    guide.sees(Happened.REMOVED, slot)
    guide.sees(Happened.PUT_BACK, bin_id)
    assert not guide.open


def test_what_leaves_a_slot_that_is_not_the_steps_changes_nothing(cell):
    guide = counting(cell, 3)
    guide.sees(Happened.PLACED, guide.slot, 2)
    guide.sees(Happened.REMOVED, "slot_20")
    assert guide.state.placed == 2


def test_missing_part_may_be_taken_anew(guide):
    bin_id, slot = guide.bin, guide.slot
    guide.do_step()
    guide.sees(Happened.REMOVED, slot)
    guide.sees(Happened.PUT_BACK, bin_id)
    assert [(m.meaning, m.place) for m in guide.asked.marks] == [(Meaning.PLACE, slot), (Meaning.OPEN, bin_id)]
    guide.sees(Happened.TAKEN, bin_id)
    assert guide.open == [(Trouble.MISSING, slot, 1)]
    guide.sees(Happened.PLACED, slot)
    assert not guide.open


def test_a_job_is_not_done_while_something_is_missing(guide, cell):
    slot = guide.slot
    for _ in cell.task.steps[:-1]:
        guide.do_step()
    guide.sees(Happened.TAKEN, guide.bin)
    guide.sees(Happened.REMOVED, slot)
    guide.sees(Happened.PLACED, guide.slot)
    assert guide.state.phase is Phase.PUT_RIGHT
    assert Outcome.JOB_DONE not in [n.outcome for n in guide.notes]
    assert guide.asked.problem.place == slot
    assert guide.sees(Happened.PLACED, slot) == [Outcome.PROBLEM_SOLVED, Outcome.JOB_DONE]
    assert guide.state.phase is Phase.DONE


@pytest.mark.parametrize("steps", [3, 26])
def test_a_case_that_is_taken_away_whole_is_followed_by_a_new_job(guide, cell, steps):
    for step in cell.task.steps[:steps]:
        guide.do_step()
        guide.content(Content.FILLED, step.slot)
    first, *others = [s.slot for s in cell.task.steps[:steps]]
    if steps == 26:  # one part is missing, so that the job is not done
        guide.asks(Asked.BACK)
        guide.sees(Happened.REMOVED, first)
        guide.do_step()
    for slot in others if steps == 26 else [first, *others]:
        guide.sees(Happened.REMOVED, slot)
    guide.content(Content.EMPTY, *cell.scene.slot)
    assert (guide.state.job, guide.state.phase, guide.state.step, guide.open) == (2, Phase.TAKE, 0, [])
    assert Outcome.CASE_GONE in [n.outcome for n in guide.notes]


def test_one_part_that_leaves_the_case_empty_is_missing(guide, cell):
    slot = guide.slot
    guide.do_step()
    guide.content(Content.FILLED, slot)
    guide.sees(Happened.REMOVED, slot)
    guide.content(Content.EMPTY, slot)
    assert (guide.state.job, guide.open) == (1, [(Trouble.MISSING, slot, 1)])


def test_the_workers_word_that_a_bin_is_not_empty_stands(guide):
    guide.content(Content.EMPTY, guide.bin)
    assert guide.asked.phrase == "empty_bin"
    guide.asks(Asked.YOU_ARE_WRONG)
    guide.content(Content.EMPTY, "bin_30")  # news of another bin
    assert guide.asked.phrase == "take"


def test_you_are_wrong_without_a_problem_is_the_other_half_of_the_step(guide):
    guide.asks(Asked.YOU_ARE_WRONG)  # "I have it in my hand"
    assert guide.state.phase is Phase.PLACE
    guide.asks(Asked.YOU_ARE_WRONG)  # "I have not"
    assert guide.state.phase is Phase.TAKE


def test_what_lies_in_the_steps_slot_is_right_if_the_worker_says_so(guide):
    guide.sees(Happened.TAKEN, "bin_09")
    guide.sees(Happened.PLACED, guide.slot)
    guide.asks(Asked.YOU_ARE_WRONG)
    guide.asks(Asked.YOU_ARE_WRONG)
    assert (guide.state.step, guide.open) == (1, [])


def test_next_says_that_what_is_asked_was_done(guide):
    guide.sees(Happened.TAKEN, "bin_09")
    guide.asks(Asked.NEXT)
    assert (guide.state.step, guide.open) == (0, [])
    guide.content(Content.CANNOT_SEE, guide.bin)
    guide.asks(Asked.NEXT)
    assert (guide.state.step, guide.state.phase) == (0, Phase.PLACE)
    guide.asks(Asked.NEXT)
    assert guide.state.step == 1


def test_a_slip_after_the_last_step_starts_nothing(guide, cell):
    for step in cell.task.steps:
        guide.do_step()
        guide.content(Content.FILLED, step.slot)
    guide.asks(Asked.NEXT)
    assert (guide.state.job, guide.state.phase) == (1, Phase.DONE)


def test_a_case_with_a_blind_spot_is_started_by_the_worker(cell):
    guide = Guide(cell)
    slots = list(cell.scene.slot)
    guide.content(Content.CANNOT_SEE, slots[0])
    guide.content(Content.EMPTY, *slots[1:])
    assert (guide.state.phase, guide.asked.phrase) == (Phase.READY, "cannot_see")
    guide.asks(Asked.NEXT)
    assert guide.state.phase is Phase.TAKE


def test_hidden_is_told_when_it_lasts():
    changes, known = Changes(), {"a": Content.FILLED, "b": Content.FILLED}
    hidden = [Look("a", Content.CANNOT_SEE, False), Look("b", Content.CANNOT_SEE, True)]
    for second in range(3):
        assert changes.find(known, hidden, second * SECOND) == []
    assert changes.find(known, hidden, 3 * SECOND) == [PlaceChanged(3 * SECOND, "a", Content.CANNOT_SEE)]
    seen = [Look("a", Content.EMPTY, False), Look("b", Content.EMPTY, True)]
    assert changes.find(known, seen, 4 * SECOND) == [PlaceChanged(4 * SECOND, "a", Content.EMPTY)]
    assert changes.find(known, hidden, 5 * SECOND) == []  # counted anew


def test_a_visit_counts_as_what_is_asked_of_that_place_and_of_no_other(guide, cell):
    first = cell.task.steps[0]
    (source,) = cell.bins_with(first.part)
    guide.sees(Happened.VISITED, first.slot)
    guide.sees(Happened.VISITED, "bin_30")
    assert guide.state.phase is Phase.TAKE
    assert not guide.state.problems
    guide.sees(Happened.VISITED, source)
    assert (guide.state.phase, guide.state.taken) == (Phase.PLACE, first.count)
    guide.sees(Happened.VISITED, first.slot)
    assert guide.state.step == 1
    guide.sees(Happened.TAKEN, "bin_30")
    guide.sees(Happened.VISITED, "bin_30")
    assert not guide.state.problems, "what was taken wrongly went back"


def test_a_job_starts_without_the_slots_where_depth_is_not_asked(cell):
    slots = tuple(s.model_copy(update={"confirm": "button"}) if s.id == "slot_09" else s for s in cell.scene.case.slots)
    case = cell.scene.case.model_copy(update={"slots": slots})
    guide = Guide(Cell(cell.scene.model_copy(update={"case": case}), cell.task))
    guide.content(Content.EMPTY, *(s.id for s in slots if s.id != "slot_09"))
    assert guide.state.job == 1


def test_where_a_button_is_asked_the_worker_says_so_and_where_a_visit_is_nobody_need(cell):
    for confirm, unseen in (("button", True), ("visit", False)):
        bins = tuple(b.model_copy(update={"confirm": confirm}) for b in cell.scene.bins)
        scene = Scene.model_validate({**{n: getattr(cell.scene, n) for n in Scene.model_fields}, "bins": bins})
        guide = Guide(Cell(scene, cell.task)).start()
        guide.content(Content.CANNOT_SEE, guide.bin)
        assert guide.asked.unseen == unseen


def counting(cell: Cell, count: int) -> Guide:
    """A guide whose first step asks for `count` parts."""
    steps = (cell.task.steps[0].model_copy(update={"count": count}), *cell.task.steps[1:])
    return Guide(Cell(cell.scene, cell.task.model_copy(update={"steps": steps}))).start()
