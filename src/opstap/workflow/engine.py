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
from opstap.workflow.asking import ask, oldest, watched_slots
from opstap.workflow.model import (
    Asked,
    Condensed,
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
    Tray,
    TrayChanged,
    TrayVisited,
    Trouble,
    WorkspaceEvent,
)
from opstap.workflow.order import current_step

TOUCHED = 0.3
"""Seconds that a hand has to be at a check's slot to count: shorter, it passed by."""
Transition = tuple[State, tuple[Note, ...]]


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
        return _check_stock(cell, replace(state, tray=event.tray, tray_zone=event.zone), event.stamp)
    if isinstance(event, TrayVisited):
        return _tray_visited(cell, state, event)
    if isinstance(event, PlaceChanged):
        return _place_changed(cell, state, event)
    if isinstance(event, OperatorInput):
        return _asked(cell, state, event)
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


def _seconds(since: int, now: int) -> float:
    return round((now - since) / 1e9, 3)


def _open(state: State, trouble: Trouble, place: str, stamp: int, count: int = 1, part: str = "") -> Transition:
    """Open a problem, or count it up where the same one is open."""
    for i, problem in enumerate(state.problems):
        if (problem.trouble, problem.place) == (trouble, place):
            more = replace(problem, count=problem.count + count)
            return replace(state, problems=(*state.problems[:i], more, *state.problems[i + 1 :])), ()
    problem = Problem(trouble, place, count, stamp, part)
    note = Note(Outcome.PROBLEM_SEEN, place=place, trouble=trouble.value)
    return replace(state, problems=(*state.problems, problem)), (note,)


def _solve(state: State, problem: Problem, stamp: int, count: int | None = None) -> Transition:
    """Take `count` (all unless given) off a problem; at none left it is solved."""
    left = 0 if count is None else problem.count - count
    if left > 0:
        rest = tuple(replace(p, count=left) if p is problem else p for p in state.problems)
        return replace(state, problems=rest), ()
    rest = tuple(p for p in state.problems if p is not problem)
    if problem.trouble is Trouble.REWORK:
        return replace(state, problems=rest), ()  # told as rework, not as something that went wrong
    seconds = _seconds(problem.stamp, stamp)
    note = Note(Outcome.PROBLEM_SOLVED, place=problem.place, trouble=problem.trouble.value, seconds=seconds)
    return replace(state, problems=rest), (note,)


def _find(state: State, place: str, *troubles: Trouble) -> Problem | None:
    return next((p for p in state.problems if p.place == place and p.trouble in troubles), None)


def _of_part(state: State, part: str, *troubles: Trouble) -> Problem | None:
    return next((p for p in state.problems if p.part == part and p.trouble in troubles), None)


def _without(state: State, trouble: Trouble) -> State:
    return replace(state, problems=tuple(p for p in state.problems if p.trouble is not trouble))


def _show(cell: Cell, state: State, stamp: int) -> Transition:
    """Show the next step; where there is none left, the job is done as soon as nothing is to be put right."""
    # A bin that is empty concerned the last step only.
    state = replace(_without(state, Trouble.EMPTY_BIN), taken=0, placed=0, tray=Tray.NONE, tray_zone="")
    if state.step >= len(cell.task.steps):
        return _finish(replace(state, phase=Phase.PUT_RIGHT))
    state = replace(state, phase=Phase.TAKE)
    # What was begun and is in the hand comes before what is not.
    group = order.blocks(cell, state)[0]
    held = next((i for i in group if i in state.begun and state.begun[i][0] > state.begun[i][1]), None)
    if held is not None:
        state = order.followed(cell, state, held)
    return _shown(cell, state, stamp)


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
    state, notes = _check_stock(cell, state, stamp)
    return state, (Note(Outcome.STEP_SHOWN, step=this.id), *notes)


def _followed(cell: Cell, state: State, index: int, stamp: int) -> Transition:
    """The hand does another step that may be done now: that is the current one."""
    here = order.current(cell, state)
    assert here is not None
    # What nothing was done of was not worked on: the time since it was shown belongs to the other one.
    since = stamp if state.taken or state.placed else state.step_since
    after = order.followed(cell, state, index)
    notes = tuple(_skipped(cell, i) for i in order.order(cell, after)[state.step : after.step])
    if state.taken or state.placed:
        after = replace(after, begun={**after.begun, here: (state.taken, state.placed)})
    after, shown = _shown(cell, _without(after, Trouble.EMPTY_BIN), since)
    return after, (*notes, *shown)


def _skipped(cell: Cell, index: int) -> Note:
    return Note(Outcome.STEP_SKIPPED, step=cell.task.steps[index].id)


def _finish(state: State) -> Transition:
    if state.phase is Phase.PUT_RIGHT and not state.problems:
        return replace(state, phase=Phase.DONE), (Note(Outcome.JOB_DONE),)
    return state, ()


def _check_stock(cell: Cell, state: State, stamp: int) -> Transition:
    """An empty bin is a problem only when its part is asked for and no other bin has it."""
    current = current_step(cell, state)
    if current is None or state.phase is not Phase.TAKE or state.tray is not Tray.NONE:
        return state, ()
    bins = cell.bins_with(current.part)
    empty = [b for b in bins if state.contents.get(b) is Content.EMPTY]
    if len(empty) == len(bins) and not _find(state, bins[0], Trouble.EMPTY_BIN):
        return _open(state, Trouble.EMPTY_BIN, bins[0], stamp, part=current.part)
    return state, ()


def _place_changed(cell: Cell, state: State, event: PlaceChanged) -> Transition:
    state = replace(state, contents={**state.contents, event.place: event.content})
    if event.place in cell.scene.slot:
        return _slot_changed(cell, state, event)
    part = cell.scene.bin[event.place].part
    if event.content is Content.FILLED:
        problem = _of_part(state, part, Trouble.EMPTY_BIN)
        return _solve(state, problem, event.stamp) if problem else (state, ())
    # Only news of this bin counts: where the worker said that it is not empty, that word stands until then.
    current = current_step(cell, state)
    return _check_stock(cell, state, event.stamp) if current and current.part == part else (state, ())


def _slot_changed(cell: Cell, state: State, event: PlaceChanged) -> Transition:
    if not all(state.contents.get(s) is Content.EMPTY for s in watched_slots(cell)):
        return state, ()
    if state.phase in (Phase.READY, Phase.DONE):
        return _start(cell, state, event.stamp)
    # One part out of the case is missing; when the case is empty and more are, it is another case.
    missing = sum(p.count for p in state.problems if p.trouble is Trouble.MISSING)
    if missing < 2:
        return state, ()
    state, notes = _start(cell, state, event.stamp)
    return state, (Note(Outcome.CASE_GONE), *notes)


def _start(cell: Cell, state: State, stamp: int) -> Transition:
    fresh = replace(state, job=state.job + 1, job_since=stamp, step=0, order=(), skipped=(), begun={}, problems=())
    state, shown = _show(cell, fresh, stamp)
    return state, (Note(Outcome.JOB_STARTED), *shown)


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
    state, done = _finish(state)
    return state, (*notes, *more, *done)


def _taken(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    part, stamp = cell.scene.bin[event.place].part, event.stamp
    missing = _of_part(state, part, Trouble.MISSING)
    expected = missing.count if missing else 0
    asked = _wanting(cell, state, part)
    if not asked and not missing:
        return _open(state, Trouble.WRONG_PICK, event.place, stamp, event.count, part)
    notes: tuple[Note, ...] = ()
    if asked and _lacking(cell, state, asked[0]) > 0 and asked[0] != order.current(cell, state):
        state, notes = _followed(cell, state, asked[0], stamp)
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
    return _open(state, Trouble.TOO_MANY, event.place, event.stamp, extra, part) if extra > 0 else (state, ())


def _put_back(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    part, count = cell.scene.bin[event.place].part, event.count
    notes: tuple[Note, ...] = ()
    problem = _find(state, event.place, Trouble.WRONG_PICK, Trouble.TOO_MANY) or _of_part(
        state, part, Trouble.WRONG_PICK, Trouble.TOO_MANY
    )
    if not problem:
        state, notes = _followed_back(cell, state, part, event.stamp)
    current = current_step(cell, state)
    mine = current is not None and current.part == part
    if problem:
        back = min(count, problem.count)
        state, notes = _solve(state, problem, event.stamp, back)
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
    return _followed(cell, state, index, stamp) if index is not None else (state, ())


def _placed(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    missing = _find(state, event.place, Trouble.MISSING)
    if missing:
        return _solve(state, missing, event.stamp, event.count)
    state, notes = _followed_to(cell, state, event.place, event.stamp)
    current = current_step(cell, state)
    wrong = oldest(state, Trouble.WRONG_PICK)
    if current is None or not current.part or event.place != current.slot:
        state, more = _placed_wrong(cell, state, event)
    elif wrong and state.phase is Phase.TAKE:
        # Nothing right was taken yet, so what lies in the slot is the wrong part.
        state, more = _open(state, Trouble.WRONG_SLOT, event.place, event.stamp, event.count, wrong.part)
    else:
        state, more = _placed_right(cell, state, event.place, event.count, event.stamp)
    return state, notes + more


def _followed_to(cell: Cell, state: State, slot: str, stamp: int) -> Transition:
    """The step of `slot` is the current one, where it may be done now and the hand can have had its part."""
    steps, here = cell.task.steps, order.current(cell, state)
    index = next((i for i in order.choices(cell, state) if steps[i].slot == slot and i != here), None)
    if index is None or here is None:
        return state, ()
    if order.in_hand(cell, state, index) > 0:
        return _followed(cell, state, index, stamp)
    held = state.taken - state.placed
    if held > 0 and steps[index].part == steps[here].part:
        # The same part goes into either slot: what was taken for one is put into the other.
        given = min(held, _lacking(cell, state, index))
        state = replace(state, taken=state.taken - given)
        taken, placed = order.progress(cell, state, index)
        return _followed(cell, order.progressed(cell, state, index, taken + given, placed), index, stamp)
    in_hand = any(order.in_hand(cell, state, i) > 0 for i in order.choices(cell, state))
    if in_hand or oldest(state, Trouble.WRONG_PICK, Trouble.TOO_MANY, Trouble.MISSING):
        return state, ()  # what lies there is that, most likely
    return _followed(cell, state, index, stamp)


def _placed_right(cell: Cell, state: State, slot: str, count: int, stamp: int) -> Transition:
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
        state, notes = _open(state, Trouble.WRONG_SLOT, slot, stamp, extra, current.part)
        known = _of_part(state, current.part, Trouble.TOO_MANY)
        uncounted = extra - (known.count if known else 0)
        if uncounted > 0:
            bin_id = known.place if known else cell.bins_with(current.part)[0]
            state, more = _open(state, Trouble.TOO_MANY, bin_id, stamp, uncounted, current.part)
            notes += more
    state, done = _step_done(cell, state, stamp)
    return state, (*notes, *done)


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
    return _open(state, Trouble.WRONG_SLOT, event.place, event.stamp, event.count, part)


def _removed(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    count = event.count
    notes: tuple[Note, ...] = ()
    wrong = _find(state, event.place, Trouble.WRONG_SLOT, Trouble.REWORK)
    if wrong:
        out = min(count, wrong.count)
        state, notes = _solve(state, wrong, event.stamp, out)
        count -= out
    done = next((s for s in order.done(cell, state) if s.part and s.slot == event.place), None)
    if done and count:
        state, more = _open(state, Trouble.MISSING, event.place, event.stamp, count, done.part)
        return state, notes + more
    for index in order.choices(cell, state):
        taken, placed = order.progress(cell, state, index)
        if cell.task.steps[index].slot == event.place and placed:
            state = order.progressed(cell, state, index, taken, max(0, placed - count))
    return state, notes


def _visited(cell: Cell, state: State, event: WorkspaceEvent) -> Transition:
    """A hand was where only that can be seen: it did what is asked of that place now, all of it; else nothing."""
    problem = _find(
        state, event.place, Trouble.REWORK, Trouble.WRONG_SLOT, Trouble.MISSING, Trouble.WRONG_PICK, Trouble.TOO_MANY
    )
    if problem:
        return _solve(state, problem, event.stamp)
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
    return _step_done(cell, state, event.stamp)


def _tray_visited(cell: Cell, state: State, event: TrayVisited) -> Transition:
    """Which part left the tray is not seen; it holds one kind, and what counts is the case."""
    current = current_step(cell, state)
    if current is None or state.phase is not Phase.TAKE or (state.tray, state.tray_zone) != (Tray.THERE, event.zone):
        return state, ()
    taken = Note(Outcome.PART_TAKEN, step=current.id, place=event.zone)
    return replace(state, phase=Phase.PLACE, taken=current.count), (taken,)


def _step_done(cell: Cell, state: State, stamp: int) -> Transition:
    current = cell.task.steps[order.order(cell, state)[state.step]]
    seconds = _seconds(state.step_since, stamp)
    left = tuple(p for p in state.problems if p.trouble is not Trouble.REWORK or p.place != current.slot)
    state = replace(state, problems=left)
    done = Note(Outcome.STEP_DONE, step=current.id, place=current.slot, seconds=seconds)
    state, shown = _show(cell, replace(state, step=state.step + 1), stamp)
    return state, (done, *shown)


def _asked(cell: Cell, state: State, event: OperatorInput) -> Transition:
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
        note = Note(Outcome.HELP_ENDED, seconds=_seconds(state.help_since, now))
        return replace(state, help_since=None), (note,)
    if asked not in (Asked.YOU_ARE_WRONG, Asked.NEXT, Asked.BACK):
        return state, ()
    change = {Asked.YOU_ARE_WRONG: _corrected, Asked.NEXT: _confirmed, Asked.BACK: _went_back}[asked]
    state, notes = change(cell, state, now)
    state, done = _finish(state)
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
        return _solve(state, asked.problem, now)
    current = current_step(cell, state)
    if current is None:
        slots = [state.contents.get(s) for s in watched_slots(cell)]
        # No case is started on one that is not empty: a second press after the last step is a slip.
        return (state, ()) if Content.FILLED in slots or None in slots else _start(cell, state, now)
    if state.phase is Phase.TAKE and asked.unseen:
        taken = Note(Outcome.PART_TAKEN, step=current.id, place=asked.marks[0].place)
        return replace(state, phase=Phase.PLACE, taken=current.count), (taken,)
    if state.phase is Phase.TAKE and current.optional and not state.taken:
        return _left_out(cell, state, now)
    return _step_done(cell, state, now)


def _left_out(cell: Cell, state: State, now: int) -> Transition:
    """The current step, which is optional, is not done."""
    index = order.order(cell, state)[state.step]
    note = _skipped(cell, index)
    state = replace(state, step=state.step + 1, skipped=(*state.skipped, index))
    state, shown = _show(cell, state, now)
    return state, (note, *shown)


def _went_back(cell: Cell, state: State, now: int) -> Transition:
    """From placing to taking, from a check to what it was about, and else to the step before."""
    if state.phase is Phase.PLACE:
        return _check_stock(cell, replace(state, phase=Phase.TAKE, taken=state.placed), now)
    this = current_step(cell, state)
    named = [i for i, s in enumerate(cell.task.steps) if this and s.id in this.rework]
    again = order.reworked(cell, state, named)
    if again.step < state.step:
        redone = [cell.task.steps[i] for i in order.order(cell, again)[again.step : state.step]]
        lying = [s for s in redone if state.contents.get(s.slot) is not Content.EMPTY]
        out = tuple(Problem(Trouble.REWORK, s.slot, s.count, now, s.part) for s in lying)
        again = _not_missed(cell, again)
        again, shown = _show(cell, replace(again, problems=(*again.problems, *out)), now)
        return again, (Note(Outcome.REWORK, step=this.id if this else ""), *shown)
    if state.phase is Phase.READY or state.step == 0:
        return state, ()
    before = order.order(cell, state)[state.step - 1]
    state = replace(state, step=state.step - 1, skipped=tuple(i for i in state.skipped if i != before))
    return _show(cell, _not_missed(cell, state), now)


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
        state, more = _solve(state, problem, now)
        if current and problem.trouble is Trouble.WRONG_SLOT and problem.place == current.slot:
            state, placed = _placed_right(cell, state, current.slot, problem.count, now)
            more += placed
    elif state.paused or current is None:
        more = ()
    elif state.phase is Phase.TAKE:
        state, more = replace(state, phase=Phase.PLACE), ()
    else:
        state, more = _went_back(cell, state, now)
    return state, notes + more
