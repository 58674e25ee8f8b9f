"""What a person asks of the work guide, and what becomes of the work by that. The worker's word counts."""

from __future__ import annotations

from dataclasses import replace

from opstap.instructions import Cell
from opstap.workflow import order
from opstap.workflow.asking import ask, watched_slots
from opstap.workflow.model import Asked, Content, Note, OperatorInput, Outcome, Phase, Problem, State, Trouble
from opstap.workflow.order import current_step
from opstap.workflow.steps import (
    Transition,
    check_stock,
    finish,
    placed_right,
    seconds_of,
    show,
    skipped,
    solved,
    start,
    step_done,
)


def asked(cell: Cell, state: State, event: OperatorInput) -> Transition:
    asked, now = event.asked, event.stamp
    if asked is Asked.SET:
        return _set(state, event)
    if asked is Asked.REPEAT:
        return replace(state, repeated=now), ()
    if asked is Asked.PAUSE and not state.paused:
        return replace(state, paused=True), (Note(Outcome.PAUSED),)
    if asked in (Asked.RESUME, Asked.NEXT) and state.paused:
        return replace(state, paused=False), (Note(Outcome.RESUMED),)
    if asked is Asked.HELP and state.help_since is None:
        return replace(state, help_since=now), (Note(Outcome.HELP_ASKED),)
    if asked is Asked.HELP_DONE and state.help_since is not None:
        note = Note(Outcome.HELP_ENDED, seconds=seconds_of(state.help_since, now))
        return replace(state, help_since=None), (note,)
    if asked not in (Asked.YOU_ARE_WRONG, Asked.NEXT, Asked.BACK):
        return state, ()
    change = {Asked.YOU_ARE_WRONG: _corrected, Asked.NEXT: _confirmed, Asked.BACK: _went_back}[asked]
    state, notes = change(cell, state, now)
    state, done = finish(state)
    return state, (*notes, *done)


def _set(state: State, event: OperatorInput) -> Transition:
    """Keep what the person chose; a level that changes begins a new count."""
    if state.chosen.get(event.setting) == event.value:
        return state, ()
    own = {**state.chosen, event.setting: event.value}
    state = replace(state, settings={**state.settings, state.person: own})
    if event.setting in ("level", "rule"):
        # A case that is under way does not count for the new level.
        state = replace(state, mixups=0, good_jobs=0 if state.phase in (Phase.READY, Phase.DONE) else -1)
    return state, (Note(Outcome.SETTING_CHANGED),)


def _confirmed(cell: Cell, state: State, now: int) -> Transition:
    """The worker says that what is asked was done; the worker's word counts, and the journal says it was one."""
    asked = ask(cell, state)
    if asked.problem:
        return solved(state, asked.problem, now)
    current = current_step(cell, state)
    if current is None:
        slots = [state.contents.get(s) for s in watched_slots(cell)]
        # No case is started on one that is not empty: a second press after the last step is a slip.
        return (state, ()) if Content.FILLED in slots or None in slots else start(cell, state, now)
    if state.phase is Phase.TAKE and asked.unseen:
        taken = Note(Outcome.PART_TAKEN, step=current.id, place=asked.marks[0].place)
        return replace(state, phase=Phase.PLACE, taken=current.count), (taken,)
    if state.phase is Phase.TAKE and current.optional and not state.taken:
        return _left_out(cell, state, now)
    return step_done(cell, state, now)


def _left_out(cell: Cell, state: State, now: int) -> Transition:
    """The current step, which is optional, is not done."""
    index = order.order(cell, state)[state.step]
    note = skipped(cell, index)
    state = replace(state, step=state.step + 1, skipped=(*state.skipped, index))
    state, shown = show(cell, state, now)
    return state, (note, *shown)


def _went_back(cell: Cell, state: State, now: int) -> Transition:
    """From placing to taking, from a check to what it was about, and else to the step before."""
    if state.phase is Phase.PLACE:
        return check_stock(cell, replace(state, phase=Phase.TAKE, taken=state.placed), now)
    this = current_step(cell, state)
    named = [i for i, s in enumerate(cell.task.steps) if this and s.id in this.rework]
    again = order.reworked(cell, state, named)
    if again.step < state.step:
        redone = [cell.task.steps[i] for i in order.order(cell, again)[again.step : state.step]]
        lying = [s for s in redone if state.contents.get(s.slot) is not Content.EMPTY]
        out = tuple(Problem(Trouble.REWORK, s.slot, s.count, now, s.part) for s in lying)
        again = _not_missed(cell, again)
        again, shown = show(cell, replace(again, problems=(*again.problems, *out)), now)
        return again, (Note(Outcome.REWORK, step=this.id if this else ""), *shown)
    if state.phase is Phase.READY or state.step == 0:
        return state, ()
    before = order.order(cell, state)[state.step - 1]
    state = replace(state, step=state.step - 1, skipped=tuple(i for i in state.skipped if i != before))
    return show(cell, _not_missed(cell, state), now)


def _not_missed(cell: Cell, state: State) -> State:
    """Nothing is missing where it is still to be put."""
    ahead = {cell.task.steps[i].slot for i in order.order(cell, state)[state.step :]}
    return replace(
        state, problems=tuple(p for p in state.problems if not (p.trouble is Trouble.MISSING and p.place in ahead))
    )


def _corrected(cell: Cell, state: State, now: int) -> Transition:
    """The worker says the system is wrong: what it asks to put right is right, or else it is the other half's turn."""
    problem = ask(cell, state).problem
    current = current_step(cell, state)
    if state.phase is Phase.CHECK and not (problem or state.paused):
        return _went_back(cell, state, now)  # nothing was claimed: it is the check's answer
    notes: tuple[Note, ...] = (Note(Outcome.CORRECTED),)
    state = replace(state, corrected=now)
    if problem:
        state, more = solved(state, problem, now)
        if current and problem.trouble is Trouble.WRONG_SLOT and problem.place == current.slot:
            state, placed = placed_right(cell, state, current.slot, problem.count, now)
            more += placed
    elif state.paused or current is None:
        more = ()
    elif state.phase is Phase.TAKE:
        state, more = replace(state, phase=Phase.PLACE), ()
    else:
        state, more = _went_back(cell, state, now)
    return state, notes + more
