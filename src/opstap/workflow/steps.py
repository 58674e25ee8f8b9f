"""What every transition of the work guide is made of: a step is shown, followed, done; a problem opened, solved."""

from __future__ import annotations

from dataclasses import replace

from opstap.instructions import Cell
from opstap.workflow import order
from opstap.workflow.model import Content, Note, Outcome, Phase, Problem, State, Tray, Trouble
from opstap.workflow.order import current_step

Transition = tuple[State, tuple[Note, ...]]


def seconds_of(since: int, now: int) -> float:
    return round((now - since) / 1e9, 3)


def opened(state: State, trouble: Trouble, place: str, stamp: int, count: int = 1, part: str = "") -> Transition:
    """Open a problem, or count it up where the same one is open."""
    for i, problem in enumerate(state.problems):
        if (problem.trouble, problem.place) == (trouble, place):
            more = replace(problem, count=problem.count + count)
            return replace(state, problems=(*state.problems[:i], more, *state.problems[i + 1 :])), ()
    problem = Problem(trouble, place, count, stamp, part)
    note = Note(Outcome.PROBLEM_SEEN, place=place, trouble=trouble.value)
    return replace(state, problems=(*state.problems, problem)), (note,)


def solved(state: State, problem: Problem, stamp: int, count: int | None = None) -> Transition:
    """Take `count` (all unless given) off a problem; at none left it is solved."""
    left = 0 if count is None else problem.count - count
    if left > 0:
        rest = tuple(replace(p, count=left) if p is problem else p for p in state.problems)
        return replace(state, problems=rest), ()
    rest = tuple(p for p in state.problems if p is not problem)
    if problem.trouble is Trouble.REWORK:
        return replace(state, problems=rest), ()  # told as rework, not as something that went wrong
    seconds = seconds_of(problem.stamp, stamp)
    note = Note(Outcome.PROBLEM_SOLVED, place=problem.place, trouble=problem.trouble.value, seconds=seconds)
    return replace(state, problems=rest), (note,)


def found(state: State, place: str, *troubles: Trouble) -> Problem | None:
    return next((p for p in state.problems if p.place == place and p.trouble in troubles), None)


def of_part(state: State, part: str, *troubles: Trouble) -> Problem | None:
    return next((p for p in state.problems if p.part == part and p.trouble in troubles), None)


def without(state: State, trouble: Trouble) -> State:
    return replace(state, problems=tuple(p for p in state.problems if p.trouble is not trouble))


def show(cell: Cell, state: State, stamp: int) -> Transition:
    """Show the next step; where there is none left, the job is done as soon as nothing is to be put right."""
    # A bin that is empty concerned the last step only.
    state = replace(without(state, Trouble.EMPTY_BIN), taken=0, placed=0, tray=Tray.NONE, tray_zone="")
    if state.step >= len(cell.task.steps):
        return finish(replace(state, phase=Phase.PUT_RIGHT))
    state = replace(state, phase=Phase.TAKE)
    # What was begun and is in the hand comes before what is not.
    group = order.blocks(cell, state)[0]
    held = next((i for i in group if i in state.begun and state.begun[i][0] > state.begun[i][1]), None)
    if held is not None:
        state = order.followed(cell, state, held)
    state, shown = _shown(cell, state, stamp)
    state, notes = check_stock(cell, state, stamp)
    return state, shown + notes


def _shown(cell: Cell, state: State, stamp: int) -> Transition:
    """The step that comes next is the current one; it goes on where it was left."""
    index = order.order(cell, state)[state.step]
    this = cell.task.steps[index]
    begun = {i: p for i, p in state.begun.items() if i != index}
    taken, placed = state.begun.get(index, (0, 0))
    phase = Phase.CHECK if this.check else Phase.PLACE if taken >= this.count else Phase.TAKE
    tray = Tray.COMING if state.cobot and this.present and phase is Phase.TAKE else Tray.NONE
    state = replace(
        state, phase=phase, taken=taken, placed=placed, begun=begun, tray=tray, tray_zone="", step_since=stamp
    )
    return state, (Note(Outcome.STEP_SHOWN, step=this.id),)


def follow(cell: Cell, state: State, index: int, stamp: int) -> Transition:
    """The hand does another step that may be done now: that is the current one."""
    here = order.current(cell, state)
    assert here is not None
    # What nothing was done of was not worked on: the time since it was shown belongs to the other one.
    since = stamp if state.taken or state.placed else state.step_since
    after = order.followed(cell, state, index)
    notes = tuple(skipped(cell, i) for i in order.order(cell, after)[state.step : after.step])
    if state.taken or state.placed:
        after = replace(after, begun={**after.begun, here: (state.taken, state.placed)})
    after, shown = _shown(cell, without(after, Trouble.EMPTY_BIN), since)
    return after, (*notes, *shown)


def skipped(cell: Cell, index: int) -> Note:
    return Note(Outcome.STEP_SKIPPED, step=cell.task.steps[index].id)


def finish(state: State) -> Transition:
    if state.phase is Phase.PUT_RIGHT and not state.problems:
        return replace(state, phase=Phase.DONE), (Note(Outcome.JOB_DONE),)
    return state, ()


def check_stock(cell: Cell, state: State, stamp: int) -> Transition:
    """An empty bin is a problem only when its part is asked for and no other bin has it."""
    current = current_step(cell, state)
    if current is None or state.phase is not Phase.TAKE or state.tray is not Tray.NONE:
        return state, ()
    bins = cell.bins_with(current.part)
    empty = [b for b in bins if state.contents.get(b) is Content.EMPTY]
    if len(empty) == len(bins) and not found(state, bins[0], Trouble.EMPTY_BIN):
        return opened(state, Trouble.EMPTY_BIN, bins[0], stamp, part=current.part)
    return state, ()


def start(cell: Cell, state: State, stamp: int) -> Transition:
    fresh = replace(state, job=state.job + 1, job_since=stamp, step=0, order=(), skipped=(), begun={}, problems=())
    state, shown = show(cell, fresh, stamp)
    return state, (Note(Outcome.JOB_STARTED), *shown)


def step_done(cell: Cell, state: State, stamp: int) -> Transition:
    current = cell.task.steps[order.order(cell, state)[state.step]]
    seconds = seconds_of(state.step_since, stamp)
    left = tuple(p for p in state.problems if p.trouble is not Trouble.REWORK or p.place != current.slot)
    state = replace(state, problems=left)
    done = Note(Outcome.STEP_DONE, step=current.id, place=current.slot, seconds=seconds)
    state, shown = show(cell, replace(state, step=state.step + 1), stamp)
    return state, (done, *shown)


def placed_right(cell: Cell, state: State, slot: str, count: int, stamp: int) -> Transition:
    """`count` parts came into the slot of the step."""
    current = cell.task.steps[order.order(cell, state)[state.step]]
    placed = state.placed + count
    state = replace(state, placed=placed, taken=max(state.taken, min(placed, current.count)))
    if placed < current.count:
        return state, ()
    notes: tuple[Note, ...] = ()
    extra = placed - current.count
    if extra:
        # They lie where they should not, and they were taken where nothing more was asked.
        state, notes = opened(state, Trouble.WRONG_SLOT, slot, stamp, extra, current.part)
        known = of_part(state, current.part, Trouble.TOO_MANY)
        uncounted = extra - (known.count if known else 0)
        if uncounted > 0:
            bin_id = known.place if known else cell.bins_with(current.part)[0]
            state, more = opened(state, Trouble.TOO_MANY, bin_id, stamp, uncounted, current.part)
            notes += more
    state, done = step_done(cell, state, stamp)
    return state, (*notes, *done)
