"""Steps that the cobot presents: waited for, taken from the tray or the bin, and the tray is taken back."""

import pytest
from guided import SECOND, Guide

from opstap.workflow.asking import Meaning, ask
from opstap.workflow.journal import Journal, Recorder
from opstap.workflow.model import Happened, Phase, Started, Tray, TrayChanged, TrayVisited
from opstap.workflow.order import current_step
from opstap.workflow.trays import LOST, REACHED, Errand, Reach, Trays

ZONE = "present_right"


@pytest.fixture
def guide(cell):
    """At the first step that is presented, with a cobot."""
    made = Guide(cell)
    made.feed(Started(0, cell.task.task, cobot=True))
    made.start()
    while not current_step(cell, made.state).present:
        made.sees(Happened.TAKEN, made.bin)
        made.sees(Happened.PLACED, made.slot)
    return made


def there(guide):
    guide.feed(TrayChanged(guide.now, Tray.THERE, ZONE))
    return guide


def test_without_a_cobot_a_presented_step_asks_for_its_bin(cell):
    guide = Guide(cell).start()
    while not current_step(cell, guide.state).present:
        guide.sees(Happened.TAKEN, guide.bin)
        guide.sees(Happened.PLACED, guide.slot)
    assert guide.state.tray is Tray.NONE
    assert [m.meaning for m in ask(cell, guide.state).marks] == [Meaning.TAKE]


def test_with_a_cobot_it_waits_and_then_asks_for_the_tray(cell, guide):
    asked = ask(cell, guide.state)
    assert (asked.phrase, asked.marks) == ("bring", ())
    assert asked.unusual, "who has guidance off is told of a moving robot too"
    assert "toothbrush" in asked.words(cell, "en")
    marks = ask(cell, there(guide).state).marks
    assert [(m.meaning, m.place) for m in marks] == [(Meaning.TAKE, ZONE), (Meaning.OPEN, guide.bin)]


def test_a_hand_in_the_tray_is_the_taking_and_the_slot_ends_the_step(cell, guide):
    step = guide.state.step
    guide.feed(TrayVisited(guide.now, ZONE))
    assert guide.state.phase is Phase.TAKE, "the tray is not there yet"
    there(guide).feed(TrayVisited(guide.now, "present_left"))
    assert guide.state.phase is Phase.TAKE
    guide.feed(TrayVisited(guide.now, ZONE))
    assert guide.state.phase is Phase.PLACE
    guide.sees(Happened.PLACED, guide.slot)
    assert (guide.state.step, guide.state.tray) == (step + 1, Tray.NONE)


def test_who_rather_takes_it_from_the_bin_may(cell, guide):
    there(guide).sees(Happened.TAKEN, guide.bin)
    assert guide.state.phase is Phase.PLACE
    assert not guide.state.problems


def test_a_tray_that_cannot_be_had_leaves_the_bin(cell, guide):
    guide.feed(TrayChanged(guide.now, Tray.NONE))
    assert [m.meaning for m in ask(cell, guide.state).marks] == [Meaning.TAKE]


def test_a_guide_that_starts_again_without_the_cobot_does_not_wait_for_it(cell, guide):
    guide.feed(Started(guide.now, cell.task.task))
    assert guide.state.tray is Tray.NONE


def test_trays_are_in_the_journal(cell, tmp_path):
    with Journal(tmp_path / "journal.db") as journal:
        recorder = Recorder(cell, journal)
        recorder.handle(Started(0, cell.task.task, cobot=True))
        recorder.handle(TrayChanged(1, Tray.THERE, ZONE))
        assert Recorder(cell, journal).state == recorder.state


def test_errands_one_at_a_time_and_back_when_the_step_is_done(cell, guide):
    trays = Trays(cell)
    part = current_step(cell, guide.state).part
    errand = trays.next(guide.state)
    assert errand == Errand(part, back=False)
    change = trays.ended(errand, guide.state, True, True, ZONE, 5)
    assert change == TrayChanged(5, Tray.THERE, ZONE)
    guide.feed(change)
    assert trays.next(guide.state) is None
    guide.sees(Happened.PLACED, guide.slot)
    assert trays.next(guide.state) == Errand(part, back=True)
    assert trays.ended(Errand(part, True), guide.state, True, False, "", 6) is None
    assert trays.next(guide.state) is None


def test_what_is_not_brought_is_taken_from_the_bin_and_a_held_tray_goes_back(cell, guide):
    trays = Trays(cell)
    errand = trays.next(guide.state)
    change = trays.ended(errand, guide.state, False, True, "", 5)
    assert change == TrayChanged(5, Tray.NONE)
    guide.feed(change)
    assert trays.next(guide.state) == Errand(errand.part, back=True)
    trays.ended(Errand(errand.part, True), guide.state, False, True, "", 6)
    assert trays.next(guide.state) is None, "not asked over and over at the same step"


def test_a_hand_that_passes_by_is_no_visit_and_one_that_is_lost_for_a_moment_is_one():
    reach = Reach()
    passes = [(True, 0), (True, REACHED // 2), (False, REACHED), (False, 2 * REACHED)]
    looks = [*passes, (True, SECOND), (False, SECOND + LOST), (True, SECOND + REACHED)]
    assert not any(reach.see(*look) for look in looks)
    assert reach.see(False, 2 * SECOND)
    assert not reach.see(False, 3 * SECOND)
