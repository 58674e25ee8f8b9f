"""The only thing that decides what comes next: `step(cell, state, event) -> (state, notes)`, a pure function.

The rules, in the order of the work:

- A job starts when every slot of the case is seen empty. After the last step the guide waits for that again. Slots
  where depth is not asked (`confirm`) are taken for empty with the others.
- The current step asks for its part (TAKE), then for its slot (PLACE). Anything else that is seen opens a problem; the
  guide asks to put it right and goes on where it was. What is asked first is said by `asking`, for all of the cell.
- A part that arrives in the right slot finishes the step even if its taking was not seen: what counts is the case.
- Of a group, and behind a step that may be left out, the guide follows the hand (`order`): what is taken or placed
  there makes that step the current one, and is no problem.
- A check is answered by the worker: "next" says that it is right, "back" (or "you are wrong", as nothing else was
  claimed) that it is not. Then the steps that it names are done again. Where a hand is enough, its visit says "right".
- A job is not done while something is to be put right. A case that is taken away before starts over with the next.
- The worker's word counts: "next" says that what is asked was done, "you are wrong" that it need not be.
- Where a cobot brings trays, a step that is presented waits for its tray. A tray that cannot be had is no problem: the
  part is in its bin too.
- An event comes at most once: a repeated sequence number changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

from opstap.instructions import Cell
from opstap.workflow import order
from opstap.workflow.answers import asked
from opstap.workflow.asking import ask, oldest, watched_slots
from opstap.workflow.model import (
    Condensed,
    Content,
    Event,
    Happened,
    Note,
    OperatorInput,
    Outcome,
    Phase,
    PlaceChanged,
    Started,
    State,
    Tray,
    TrayChanged,
    TrayVisited,
    Trouble,
    WorkspaceEvent,
)
from opstap.workflow.order import current_step
from opstap.workflow.steps import (
    Transition,
    check_stock,
    finish,
    follow,
    found,
    of_part,
    opened,
    placed_right,
    solved,
    start,
    step_done,
)

TOUCHED = 0.3
"""Seconds that a hand has to be at a check's slot to count: shorter, it passed by."""


def step(cell: Cell, state: State, event: Event) -> Transition:
    """The state after `event`, and what the change meant."""
    state, notes = _after(cell, state, event)
    return _counted(state, notes) if notes else state, notes


def _after(cell: Cell, state: State, event: Event) -> Transition:
    if isinstance(event, Condensed):
        return event.state, ()
    if isinstance(event, Started):
        if event.person != state.person:
            state = replace(state, person=event.person, mixups=0, good_jobs=0)
        # A cobot that is not there (any more) brings nothing.
        tray = state.tray if event.cobot else Tray.NONE
        return replace(state, task=event.task, cobot=event.cobot, tray=tray), ()
    if isinstance(event, TrayChanged):
        return check_stock(cell, replace(state, tray=event.tray, tray_zone=event.zone), event.stamp)
    if isinstance(event, TrayVisited):
        return _tray_visited(cell, state, event)
    if isinstance(event, PlaceChanged):
        return _place_changed(cell, state, event)
    if isinstance(event, OperatorInput):
        return asked(cell, state, event)
    return _happened(cell, state, event)


def _counted(state: State, notes: tuple[Note, ...]) -> State:
    """Count what the rules of `levels` go by, and what a job is summed up with. An empty bin is nobody's doing, and
    what was disputed did not happen."""
    mixups, good, put_right, helped = state.mixups, state.good_jobs, state.put_right, state.helped
    disputed = any(n.outcome is Outcome.CORRECTED for n in notes)
    for note in notes:
        put_right += note.outcome is Outcome.PROBLEM_SOLVED
        helped += note.outcome is Outcome.HELP_ASKED
        if note.outcome is Outcome.PROBLEM_SEEN and note.trouble != Trouble.EMPTY_BIN.value:
            mixups += 1
        elif note.outcome is Outcome.PROBLEM_SOLVED and disputed and note.trouble != Trouble.EMPTY_BIN.value:
            mixups = max(0, mixups - 1)
        elif note.outcome is Outcome.JOB_DONE:
            good = 0 if mixups else good + 1
        elif note.outcome is Outcome.JOB_STARTED:
            mixups = put_right = helped = 0
    return replace(state, mixups=mixups, good_jobs=good, put_right=put_right, helped=helped)


def _place_changed(cell: Cell, state: State, event: PlaceChanged) -> Transition:
    state = replace(state, contents={**state.contents, event.place: event.content})
    if event.place in cell.scene.slot:
        return _slot_changed(cell, state, event)
    part = cell.scene.bin[event.place].part
    if event.content is Content.FILLED:
        problem = of_part(state, part, Trouble.EMPTY_BIN)
        return solved(state, problem, event.stamp) if problem else (state, ())
    # Only news of this bin counts: where the worker said that it is not empty, that word stands until then.
    current = current_step(cell, state)
    return check_stock(cell, state, event.stamp) if current and current.part == part else (state, ())


def _slot_changed(cell: Cell, state: State, event: PlaceChanged) -> Transition:
    if not all(state.contents.get(s) is Content.EMPTY for s in watched_slots(cell)):
        return state, ()
    if state.phase in (Phase.READY, Phase.DONE):
        return start(cell, state, event.stamp)
    # One part out of the case is missing; when the case is empty and more are, it is another case.
    missing = sum(p.count for p in state.problems if p.trouble is Trouble.MISSING)
    if missing < 2:
        return state, ()
    state, notes = start(cell, state, event.stamp)
    return state, (Note(Outcome.CASE_GONE), *notes)


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
        Happened.HAND_LEFT: _touched,
    }.get(event.happened)
    if handle is None:
        return state, notes
    state, more = handle(cell, state, event)
    state, done = finish(state)
    return state, (*notes, *more, *done)


def _taken(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    part, stamp = cell.scene.bin[event.place].part, event.stamp
    missing = of_part(state, part, Trouble.MISSING)
    expected = missing.count if missing else 0
    asked = _wanting(cell, state, part)
    if not asked and not missing:
        return opened(state, Trouble.WRONG_PICK, event.place, stamp, event.count, part)
    notes: tuple[Note, ...] = ()
    if asked and _lacking(cell, state, asked[0]) > 0 and asked[0] != order.current(cell, state):
        state, notes = follow(cell, state, asked[0], stamp)
        asked = [i for i in asked if i in order.blocks(cell, state)[0]]
    left = event.count
    for index in asked:
        got = min(left, _lacking(cell, state, index))
        if got > 0:
            taken, placed = order.progress(cell, state, index)
            state, left = order.progressed(cell, state, index, taken + got, placed), left - got
            notes += (Note(Outcome.PART_TAKEN, step=cell.task.steps[index].id, place=event.place),)
    current = current_step(cell, state)
    if current and current.part == part and state.taken >= current.count:
        state = replace(state, phase=Phase.PLACE)
    state, more = _too_many(state, event, left - expected, part)
    return state, (*notes, *more)


def _wanting(cell: Cell, state: State, part: str) -> list[int]:
    """Steps that may be done now with `part`; those that lack some first, the current one before the others."""
    mine = [i for i in order.choices(cell, state) if cell.task.steps[i].part == part]
    return sorted(mine, key=lambda i: _lacking(cell, state, i) <= 0)


def _lacking(cell: Cell, state: State, index: int) -> int:
    """Parts of the step that were not taken yet."""
    return cell.task.steps[index].count - order.progress(cell, state, index)[0]


def _too_many(state: State, event: WorkspaceEvent, extra: int, part: str) -> Transition:
    return opened(state, Trouble.TOO_MANY, event.place, event.stamp, extra, part) if extra > 0 else (state, ())


def _put_back(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    part, count = cell.scene.bin[event.place].part, event.count
    notes: tuple[Note, ...] = ()
    problem = found(state, event.place, Trouble.WRONG_PICK, Trouble.TOO_MANY) or of_part(
        state, part, Trouble.WRONG_PICK, Trouble.TOO_MANY
    )
    if not problem:
        state, notes = _followed_back(cell, state, part, event.stamp)
    current = current_step(cell, state)
    mine = current is not None and current.part == part
    if problem:
        back = min(count, problem.count)
        state, notes = solved(state, problem, event.stamp, back)
        count -= back
        if mine:
            # If too many were seen where there were not, it was the right one that went back.
            state = replace(state, taken=max(state.placed, state.taken - back))
    if mine and 0 < count <= state.taken - state.placed:
        # The part of this step went back to its bin: ask for it again. More than the hand held is a refill.
        state = replace(state, phase=Phase.TAKE, taken=state.taken - count)
    return state, notes


def _followed_back(cell: Cell, state: State, part: str, stamp: int) -> Transition:
    """A `part` goes back to its bin that is not the current step's: that of a step that was begun."""
    current = current_step(cell, state)
    if current is None or current.part == part:
        return state, ()
    begun = (i for i in order.choices(cell, state) if cell.task.steps[i].part == part)
    index = next((i for i in begun if order.in_hand(cell, state, i) > 0), None)
    return follow(cell, state, index, stamp) if index is not None else (state, ())


def _placed(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    missing = found(state, event.place, Trouble.MISSING)
    if missing:
        return solved(state, missing, event.stamp, event.count)
    state, notes = _followed_to(cell, state, event.place, event.stamp)
    current = current_step(cell, state)
    wrong = oldest(state, Trouble.WRONG_PICK)
    if current is None or not current.part or event.place != current.slot:
        state, more = _placed_wrong(cell, state, event)
    elif wrong and state.phase is Phase.TAKE:
        # Nothing right was taken yet, so what lies in the slot is the wrong part.
        state, more = opened(state, Trouble.WRONG_SLOT, event.place, event.stamp, event.count, wrong.part)
    else:
        state, more = placed_right(cell, state, event.place, event.count, event.stamp)
    return state, notes + more


def _followed_to(cell: Cell, state: State, slot: str, stamp: int) -> Transition:
    """The step of `slot` is the current one, where it may be done now and the hand can have had its part."""
    steps, here = cell.task.steps, order.current(cell, state)
    index = next((i for i in order.choices(cell, state) if steps[i].slot == slot and i != here), None)
    if index is None or here is None:
        return state, ()
    if order.in_hand(cell, state, index) > 0:
        return follow(cell, state, index, stamp)
    held = state.taken - state.placed
    if held > 0 and steps[index].part == steps[here].part:
        # The same part goes into either slot: what was taken for one is put into the other.
        given = min(held, _lacking(cell, state, index))
        state = replace(state, taken=state.taken - given)
        taken, placed = order.progress(cell, state, index)
        return follow(cell, order.progressed(cell, state, index, taken + given, placed), index, stamp)
    in_hand = any(order.in_hand(cell, state, i) > 0 for i in order.choices(cell, state))
    if in_hand or oldest(state, Trouble.WRONG_PICK, Trouble.TOO_MANY, Trouble.MISSING):
        return state, ()  # what lies there is that, most likely
    return follow(cell, state, index, stamp)


def _placed_wrong(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    """Something lies where nothing was asked. What it is was not seen: most likely what the hand holds."""
    in_hand = oldest(state, Trouble.WRONG_PICK, Trouble.TOO_MANY) or oldest(state, Trouble.MISSING)
    current = current_step(cell, state)
    if in_hand and not (state.phase is Phase.PLACE and in_hand.trouble is Trouble.MISSING):
        part = in_hand.part
    elif current and current.part:
        # Taken unseen, if the step was taking: go on with it in the hand, as far as one can tell.
        part, state = current.part, replace(state, phase=Phase.PLACE)
    else:
        part = ""
    return opened(state, Trouble.WRONG_SLOT, event.place, event.stamp, event.count, part)


def _removed(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    count = event.count
    notes: tuple[Note, ...] = ()
    wrong = found(state, event.place, Trouble.WRONG_SLOT, Trouble.REWORK)
    if wrong:
        out = min(count, wrong.count)
        state, notes = solved(state, wrong, event.stamp, out)
        count -= out
    done = next((s for s in order.done(cell, state) if s.part and s.slot == event.place), None)
    if done and count:
        state, more = opened(state, Trouble.MISSING, event.place, event.stamp, count, done.part)
        return state, notes + more
    for index in order.choices(cell, state):
        taken, placed = order.progress(cell, state, index)
        if cell.task.steps[index].slot == event.place and placed:
            state = order.progressed(cell, state, index, taken, max(0, placed - count))
    return state, notes


def _visited(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    """A hand was where only that can be seen: it did what is asked of that place now, all of it; else nothing."""
    problem = found(
        state, event.place, Trouble.REWORK, Trouble.WRONG_SLOT, Trouble.MISSING, Trouble.WRONG_PICK, Trouble.TOO_MANY
    )
    if problem:
        return solved(state, problem, event.stamp)
    steps = cell.task.steps
    for index in next(iter(order.blocks(cell, state)), ()):
        this, (taken, placed) = steps[index], order.progress(cell, state, index)
        if state.phase is Phase.TAKE and taken < this.count and event.place in cell.bins_with(this.part):
            return _taken(cell, state, replace(event, count=this.count - taken))
        placing = state.phase is Phase.PLACE and this is current_step(cell, state)
        if (placing or taken >= this.count) and this.part and event.place == this.slot:
            return _placed(cell, state, replace(event, count=this.count - placed))
    return state, ()


def _touched(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    """A hand was somewhere and left: that answers a check for which this is enough."""
    current = current_step(cell, state)
    there = current is not None and current.check and current.confirm == "visit" and current.slot == event.place
    asked = there and not state.paused and ask(cell, state).problem is None
    if not asked or event.evidence.get("seconds", 1.0) < TOUCHED:
        return state, ()
    return step_done(cell, state, event.stamp)


def _tray_visited(cell: Cell, state: State, event: TrayVisited) -> Transition:
    """Which part left the tray is not seen; it holds one kind, and what counts is the case."""
    current = current_step(cell, state)
    if current is None or state.phase is not Phase.TAKE or (state.tray, state.tray_zone) != (Tray.THERE, event.zone):
        return state, ()
    taken = Note(Outcome.PART_TAKEN, step=current.id, place=event.zone)
    return replace(state, phase=Phase.PLACE, taken=current.count), (taken,)
