"""The only thing that decides what comes next: `step(cell, state, event) -> (state, notes)`, a pure function.

The rules, in the order of the work:

- A job starts when every slot of the case is seen empty. After the last step the guide waits for that again. Slots
  where depth is not asked (`confirm`) are taken for empty with the others.
- The current step asks for its part (TAKE), then for its slot (PLACE). Anything else that is seen opens a problem; the
  guide asks to put it right and goes on where it was.
- A part that arrives in the right slot finishes the step even if its taking was not seen: what counts is the case.
- An event comes at most once: a repeated sequence number changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

from opstap.instructions import Cell, Step
from opstap.workflow.model import (
    Asked,
    Content,
    Event,
    Happened,
    Note,
    OperatorInput,
    Outcome,
    Phase,
    PlaceChanged,
    Problem,
    Started,
    State,
    Trouble,
    WorkspaceEvent,
)

Transition = tuple[State, tuple[Note, ...]]


def current_step(cell: Cell, state: State) -> Step | None:
    """The step that is being worked on; None before, after and between jobs."""
    working = state.phase in (Phase.TAKE, Phase.PLACE)
    return cell.task.steps[state.step] if working else None


def step(cell: Cell, state: State, event: Event) -> Transition:
    """The state after `event`, and what the change meant."""
    if isinstance(event, Started):
        return replace(state, task=event.task), ()
    if isinstance(event, PlaceChanged):
        return _place_changed(cell, state, event)
    if isinstance(event, OperatorInput):
        return _asked(cell, state, event)
    return _happened(cell, state, event)


def _seconds(since: int, now: int) -> float:
    return round((now - since) / 1e9, 3)


def _open(state: State, trouble: Trouble, place: str, stamp: int, count: int = 1) -> Transition:
    """Open a problem, or count it up where the same one is open."""
    for i, problem in enumerate(state.problems):
        if (problem.trouble, problem.place) == (trouble, place):
            more = replace(problem, count=problem.count + count)
            return replace(state, problems=(*state.problems[:i], more, *state.problems[i + 1 :])), ()
    problem = Problem(trouble, place, count, stamp)
    note = Note(Outcome.PROBLEM_SEEN, place=place, trouble=trouble.value)
    return replace(state, problems=(*state.problems, problem)), (note,)


def _solve(state: State, problem: Problem, stamp: int, count: int | None = None) -> Transition:
    """Take `count` (all unless given) off a problem; at none left it is solved."""
    left = 0 if count is None else problem.count - count
    if left > 0:
        rest = tuple(replace(p, count=left) if p is problem else p for p in state.problems)
        return replace(state, problems=rest), ()
    rest = tuple(p for p in state.problems if p is not problem)
    seconds = _seconds(problem.stamp, stamp)
    note = Note(Outcome.PROBLEM_SOLVED, place=problem.place, trouble=problem.trouble.value, seconds=seconds)
    return replace(state, problems=rest), (note,)


def _find(state: State, place: str, *troubles: Trouble) -> Problem | None:
    return next((p for p in state.problems if p.place == place and p.trouble in troubles), None)


def _show(cell: Cell, state: State, stamp: int) -> Transition:
    """Show the step `state.step`, or finish the job where there is none left."""
    if state.step >= len(cell.task.steps):
        return replace(state, phase=Phase.DONE, taken=0, placed=0), (Note(Outcome.JOB_DONE),)
    current = cell.task.steps[state.step]
    state = replace(state, phase=Phase.TAKE, taken=0, placed=0, step_since=stamp)
    state, notes = _check_stock(cell, state, stamp)
    return state, (Note(Outcome.STEP_SHOWN, step=current.id), *notes)


def _check_stock(cell: Cell, state: State, stamp: int) -> Transition:
    """An empty bin is a problem only when its part is asked for and no other bin has it."""
    current = current_step(cell, state)
    if current is None or state.phase is not Phase.TAKE:
        return state, ()
    bins = cell.bins_with(current.part)
    empty = [b for b in bins if state.contents.get(b) is Content.EMPTY]
    if len(empty) == len(bins) and not _find(state, bins[0], Trouble.EMPTY_BIN):
        return _open(state, Trouble.EMPTY_BIN, bins[0], stamp)
    return state, ()


def _place_changed(cell: Cell, state: State, event: PlaceChanged) -> Transition:
    state = replace(state, contents={**state.contents, event.place: event.content})
    notes: tuple[Note, ...] = ()
    if event.content is Content.FILLED and event.place in cell.scene.bin:
        part = cell.scene.bin[event.place].part
        for problem in [p for p in state.problems if p.trouble is Trouble.EMPTY_BIN]:
            if cell.scene.bin[problem.place].part == part:
                state, solved = _solve(state, problem, event.stamp)
                notes += solved
    if state.phase in (Phase.READY, Phase.DONE):
        slots = [s.id for s in cell.scene.case.slots if s.confirm == "depth"]
        if all(state.contents.get(s) is Content.EMPTY for s in slots):
            state = replace(state, job=state.job + 1, step=0, problems=())
            state, shown = _show(cell, state, event.stamp)
            return state, (*notes, Note(Outcome.JOB_STARTED), *shown)
        return state, notes
    state, stock = _check_stock(cell, state, event.stamp)
    return state, (*notes, *stock)


def _happened(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    if event.sequence <= state.sequence:
        return state, ()
    notes: tuple[Note, ...] = ()
    if event.sequence > state.sequence + 1 and state.sequence > 0:
        notes = (Note(Outcome.EVENT_MISSED, place=event.place),)
    state = replace(state, sequence=event.sequence)
    if state.phase in (Phase.READY, Phase.DONE):
        return state, notes
    handle = {
        Happened.TAKEN: _taken,
        Happened.PUT_BACK: _put_back,
        Happened.PLACED: _placed,
        Happened.REMOVED: _removed,
        Happened.VISITED: _visited,
    }.get(event.happened)
    if handle is None:
        return state, notes
    state, more = handle(cell, state, event)
    return state, notes + more


def _taken(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    current = current_step(cell, state)
    assert current is not None
    if cell.scene.bin[event.place].part != current.part:
        return _open(state, Trouble.WRONG_PICK, event.place, event.stamp, event.count)
    wanted = current.count - state.taken if state.phase is Phase.TAKE else 0
    extra = event.count - wanted
    notes: tuple[Note, ...] = ()
    if wanted > 0:
        state = replace(state, taken=state.taken + min(event.count, wanted))
        notes = (Note(Outcome.PART_TAKEN, step=current.id, place=event.place),)
    if state.taken >= current.count:
        state = replace(state, phase=Phase.PLACE)
    if extra > 0:
        state, more = _open(state, Trouble.TOO_MANY, event.place, event.stamp, extra)
        notes += more
    return state, notes


def _put_back(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    problem = _find(state, event.place, Trouble.WRONG_PICK, Trouble.TOO_MANY)
    if problem:
        return _solve(state, problem, event.stamp, min(event.count, problem.count))
    current = current_step(cell, state)
    assert current is not None
    if cell.scene.bin[event.place].part == current.part and state.taken > 0:
        # The part of this step went back to its bin: ask for it again.
        return replace(state, phase=Phase.TAKE, taken=max(0, state.taken - event.count)), ()
    return state, ()


def _placed(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    missing = _find(state, event.place, Trouble.MISSING)
    if missing:
        return _solve(state, missing, event.stamp)
    current = current_step(cell, state)
    assert current is not None
    if event.place != current.slot:
        return _open(state, Trouble.WRONG_SLOT, event.place, event.stamp)
    wrong = [p for p in state.problems if p.trouble is Trouble.WRONG_PICK]
    if wrong and state.phase is Phase.TAKE:
        # Nothing right was taken yet, so what lies in the slot is the wrong part.
        return _open(state, Trouble.WRONG_SLOT, event.place, event.stamp)
    placed = state.placed + event.count
    notes: tuple[Note, ...] = ()
    if state.phase is Phase.TAKE:
        state = replace(state, taken=max(state.taken, min(placed, current.count)))
    if placed < current.count:
        return replace(state, placed=placed), notes
    seconds = _seconds(state.step_since, event.stamp)
    done = Note(Outcome.STEP_DONE, step=current.id, place=event.place, seconds=seconds)
    # What concerned only this step is over with it.
    over = [p for p in state.problems if p.trouble is Trouble.EMPTY_BIN]
    state = replace(state, step=state.step + 1, problems=tuple(p for p in state.problems if p not in over))
    state, shown = _show(cell, state, event.stamp)
    return state, (*notes, done, *shown)


def _removed(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    wrong = _find(state, event.place, Trouble.WRONG_SLOT)
    if wrong:
        return _solve(state, wrong, event.stamp)
    finished = {s.slot for s in cell.task.steps[: state.step]}
    if event.place in finished:
        return _open(state, Trouble.MISSING, event.place, event.stamp)
    return replace(state, placed=max(0, state.placed - 1)), ()


def _visited(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    """A hand was where only that can be seen: it did what is asked of that place now, all of it; else nothing."""
    problem = _find(state, event.place, Trouble.WRONG_SLOT, Trouble.MISSING, Trouble.WRONG_PICK, Trouble.TOO_MANY)
    if problem:
        return _solve(state, problem, event.stamp)
    current = current_step(cell, state)
    assert current is not None
    if state.phase is Phase.TAKE and event.place in cell.bins_with(current.part):
        return _taken(cell, state, replace(event, count=current.count - state.taken))
    if state.phase is Phase.PLACE and event.place == current.slot:
        return _placed(cell, state, replace(event, count=current.count - state.placed))
    return state, ()


def _asked(cell: Cell, state: State, event: OperatorInput) -> Transition:
    asked, now = event.asked, event.stamp
    if asked is Asked.PAUSE and not state.paused:
        return replace(state, paused=True), (Note(Outcome.PAUSED),)
    if asked is Asked.RESUME and state.paused:
        return replace(state, paused=False), (Note(Outcome.RESUMED),)
    if asked is Asked.HELP and state.help_since is None:
        return replace(state, help_since=now), (Note(Outcome.HELP_ASKED),)
    if asked is Asked.HELP_DONE and state.help_since is not None:
        note = Note(Outcome.HELP_ENDED, seconds=_seconds(state.help_since, now))
        return replace(state, help_since=None), (note,)
    if asked is Asked.YOU_ARE_WRONG:
        return _corrected(state, now)
    current = current_step(cell, state)
    if asked is Asked.NEXT and current is not None:
        # The worker says it is done; the worker's word counts, and the journal says through what it came.
        seconds = _seconds(state.step_since, now)
        done = Note(Outcome.STEP_DONE, step=current.id, place=current.slot, seconds=seconds)
        state, shown = _show(cell, replace(state, step=state.step + 1, problems=()), now)
        return state, (done, *shown)
    if asked is Asked.BACK and state.job > 0 and state.phase is not Phase.READY and state.step > 0:
        return _show(cell, replace(state, step=state.step - 1, problems=()), now)
    return state, ()


def _corrected(state: State, now: int) -> Transition:
    """The worker says the system is wrong: the oldest problem is dropped and work goes on."""
    notes: tuple[Note, ...] = (Note(Outcome.CORRECTED),)
    if state.problems:
        state, solved = _solve(state, state.problems[0], now)
        notes += solved
    return state, notes
