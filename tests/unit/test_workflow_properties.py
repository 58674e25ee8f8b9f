"""Whatever happens, the guide goes on: properties of the state machine over random histories."""

from __future__ import annotations

from typing import Any

import pytest
from guided import SECOND, Guide
from hypothesis import given, settings
from hypothesis import strategies as st

from opstap.instructions import Cell, Step, task_faults
from opstap.workflow import order
from opstap.workflow.engine import step
from opstap.workflow.journal import Journal, Recorder
from opstap.workflow.model import Asked, Content, Event, Happened, Phase, State, WorkspaceEvent

BINS = ["bin_01", "bin_02", "bin_03", "bin_04", "bin_09"]
SLOTS = ["slot_01", "slot_02", "slot_03", "slot_04", "slot_05", "slot_20"]
SEEN = st.one_of(
    st.tuples(st.sampled_from([Happened.TAKEN, Happened.PUT_BACK]), st.sampled_from(BINS), st.integers(1, 3)),
    st.tuples(st.sampled_from([Happened.PLACED, Happened.REMOVED]), st.sampled_from(SLOTS), st.integers(1, 3)),
    st.tuples(st.sampled_from([Happened.VISITED, Happened.HAND_LEFT]), st.sampled_from(BINS + SLOTS)),
)
CONTENT = st.tuples(st.sampled_from(list(Content)), st.sampled_from(BINS + SLOTS))
HISTORY = st.lists(st.one_of(SEEN, SEEN, SEEN, CONTENT, st.sampled_from(list(Asked))), max_size=40)
"""Anything that can be seen or asked, likely or not."""


def short(cell: Cell) -> Cell:
    """The same cell with four steps of 1, 3, 1 and 2 parts, two of them of one kind."""
    chosen = zip(cell.task.steps[:4], (1, 3, 1, 2), ("mouth_mirror", "probe", "tweezers", "mouth_mirror"), strict=True)
    steps = tuple(s.model_copy(update={"count": count, "part": part}) for s, count, part in chosen)
    return Cell(cell.scene, cell.task.model_copy(update={"steps": steps}))


def mixed(cell: Cell) -> Cell:
    """A group of three with one kind of part twice, a step that may be left out, another, and two checks."""
    words, any_order = dict.fromkeys(cell.task.languages, "?"), {"group": "any"}
    kinds = [("mouth_mirror", 1, any_order), ("probe", 2, any_order), ("mouth_mirror", 2, any_order)]
    kinds += [("tweezers", 2, {"optional": True}), ("toothbrush", 1, {})]
    steps = [
        Step.model_validate({"id": f"s{i}", "part": part, "slot": f"slot_0{i + 1}", "count": count, **more})
        for i, (part, count, more) in enumerate(kinds)
    ]
    steps.insert(3, Step(id="touch", slot="slot_02", check=words, confirm="visit", rework=("s0", "s1")))
    steps.append(Step(id="look", check=words, rework=("s1", "s4")))
    mixed = Cell(cell.scene, cell.task.model_copy(update={"steps": tuple(steps)}))
    assert not task_faults(mixed.task, mixed.scene)
    return mixed


TASKS = pytest.mark.parametrize("shape", [short, mixed])


def after(guide: Guide, history: list[Any]) -> Guide:
    for event in history:
        if isinstance(event, Asked):
            guide.asks(event)
        elif isinstance(event[0], Content):
            guide.content(*event)
        else:
            guide.sees(*event)
    return guide


@TASKS
@settings(max_examples=300, deadline=None)
@given(HISTORY)
def test_the_state_makes_sense(cell, shape, history):
    guide = after(Guide(shape(cell)).start(), history)
    state = guide.state
    steps = len(shape(cell).task.steps)
    assert 0 <= state.step <= steps
    assert (state.step == steps) == (state.phase in (Phase.PUT_RIGHT, Phase.DONE))
    assert not state.order or sorted(state.order) == list(range(steps)), "every step once"
    behind = order.order(guide.cell, state)[: state.step]
    assert set(state.skipped) <= set(behind)
    assert len(set(state.skipped)) == len(state.skipped)
    assert not {*state.begun} & {*behind, order.current(guide.cell, state)}
    assert all(0 <= placed <= taken for taken, placed in state.begun.values())
    assert 0 <= state.placed <= state.taken or state.phase is Phase.DONE
    assert all(p.count > 0 for p in state.problems)
    assert len({(p.trouble, p.place) for p in state.problems}) == len(state.problems)
    assert bool(state.problems) or state.phase is not Phase.PUT_RIGHT
    assert not (state.problems and state.phase is Phase.DONE)


@TASKS
@settings(max_examples=300, deadline=None)
@given(HISTORY)
def test_who_does_what_is_asked_gets_done(cell, shape, history):
    after(Guide(shape(cell)).start(), history).obey()


@TASKS
@settings(max_examples=300, deadline=None)
@given(HISTORY)
def test_the_workers_word_alone_gets_done(cell, shape, history):
    """Whatever the camera says from now on or cannot say."""
    guide = after(Guide(shape(cell)).start(), history)
    for _ in range(80):
        if guide.state.phase is Phase.DONE and not guide.state.paused:
            return
        guide.asks(Asked.NEXT)
    raise AssertionError(f"stuck at {guide.asked}")


@TASKS
@settings(max_examples=300, deadline=None)
@given(HISTORY, st.data())
def test_a_repeated_event_changes_nothing(cell, shape, history, data):
    guide = Guide(shape(cell)).start()
    heard: list[WorkspaceEvent] = []
    for event in history:
        after(guide, [event])
        if isinstance(event, tuple) and isinstance(event[0], Happened):
            heard.append(WorkspaceEvent(guide.sequence, guide.now, *event))
        if heard:
            again = data.draw(st.sampled_from(heard))
            assert step(guide.cell, guide.state, again) == (guide.state, ())


@TASKS
@settings(max_examples=40, deadline=None)
@given(HISTORY)
def test_the_journal_gives_back_the_state_at_every_prefix(cell, shape, tmp_path_factory, history):
    path = tmp_path_factory.mktemp("journal") / "j.db"
    events: list[Event] = []
    guide = Guide(shape(cell))
    feed = guide.feed
    guide.feed = lambda event: (events.append(event), feed(event))[1]
    after(guide.start(), history)
    state = State()
    with Journal(path) as journal:
        journal._db.execute("PRAGMA synchronous=OFF")  # this is about content, not about the disk
        recorder = Recorder(guide.cell, journal)
        for n, event in enumerate(events):
            recorder.handle(event)
            state, _ = step(guide.cell, state, event)
            if n >= len(events) - len(history) or n == 0:
                assert Recorder(guide.cell, journal).state == recorder.state == state


def test_time_goes_on(cell):
    """The stamps of a whole job: a step's seconds are those from its light to its part."""
    guide = Guide(short(cell)).start()
    guide.obey()
    seconds = [n.seconds for n in guide.notes if n.outcome.value == "step_done"]
    assert seconds == [2.0] * 4
    assert guide.now == 8 * SECOND
