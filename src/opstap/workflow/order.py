"""In which order the steps of a job are done.

A job begins in the order of the task file. From there the order changes by three things only:

- *A group is done in any order*: the first step of it that is not done is shown, and when a hand does another one, that
  one comes first (`followed`). What was begun and is left for later is kept in `State.begun`.
- *An optional step is left out* when the worker says "next", or when a hand does what comes behind it.
- *Rework*: steps that a check found not right are ahead again, just before the check (`reworked`).

`State.order` always has every step of the task once, and `State.step` of them are behind: progress is always true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opstap.instructions import Cell, Step
from opstap.workflow.model import Phase, State


def order(cell: Cell, state: State) -> tuple[int, ...]:
    """Indices of the task's steps as they are done in this job."""
    return state.order or tuple(range(len(cell.task.steps)))


def current(cell: Cell, state: State) -> int | None:
    """Index of the step that is being worked on; None before, after and between jobs."""
    working = state.phase in (Phase.TAKE, Phase.PLACE, Phase.CHECK)
    return order(cell, state)[state.step] if working else None


def current_step(cell: Cell, state: State) -> Step | None:
    """The step that is being worked on; None before, after and between jobs."""
    index = current(cell, state)
    return None if index is None else cell.task.steps[index]


def done(cell: Cell, state: State) -> tuple[Step, ...]:
    """The steps that were done, in their order; not those that were left out."""
    return tuple(cell.task.steps[i] for i in order(cell, state)[: state.step] if i not in state.skipped)


def progress(cell: Cell, state: State, index: int) -> tuple[int, int]:
    """Of a step that is not done: parts taken, with those in the slot, and parts in the slot."""
    return (state.taken, state.placed) if index == current(cell, state) else state.begun.get(index, (0, 0))


def progressed(cell: Cell, state: State, index: int, taken: int, placed: int) -> State:
    """`state` with that progress of the step of `index`."""
    if index == current(cell, state):
        return replace(state, taken=taken, placed=placed)
    begun = {i: p for i, p in state.begun.items() if i != index}
    return replace(state, begun=begun | ({index: (taken, placed)} if taken or placed else {}))


def in_hand(cell: Cell, state: State, index: int) -> int:
    """Parts of the step that were taken and are not in the slot."""
    taken, placed = progress(cell, state, index)
    return taken - placed


def blocks(cell: Cell, state: State) -> list[tuple[int, ...]]:
    """What a hand may do now: the steps of the current group, or one step; and where those may all be left out, what
    comes next. A step that was begun is not left out."""
    steps, ahead = cell.task.steps, order(cell, state)[state.step :]
    found: list[tuple[int, ...]] = []
    while ahead and current(cell, state) is not None:
        group = steps[ahead[0]].group
        length = next((n for n, i in enumerate(ahead) if n and (not group or steps[i].group != group)), len(ahead))
        found.append(ahead[:length])
        if any(not steps[i].optional or any(progress(cell, state, i)) for i in ahead[:length]):
            break
        ahead = ahead[length:]
    return found


def choices(cell: Cell, state: State) -> tuple[int, ...]:
    """Indices of all steps that a hand may do now, the current one first."""
    return tuple(i for block in blocks(cell, state) for i in block)


def followed(cell: Cell, state: State, index: int) -> State:
    """`state` with the step of `index`, one of `choices`, next. What comes before its block is left out, and the rest
    of the block is in the task's order."""
    left_out: tuple[int, ...] = ()
    for block in blocks(cell, state):
        if index in block:
            break
        left_out += block
    now, at = order(cell, state), state.step + len(left_out)
    rest = (*sorted(i for i in block if i != index), *now[at + len(block) :])
    return replace(
        state, step=at, order=(*now[: state.step], *left_out, index, *rest), skipped=(*state.skipped, *left_out)
    )


def reworked(cell: Cell, state: State, steps: Sequence[int]) -> State:
    """`state` with those of `steps` that were done ahead again, next."""
    now = order(cell, state)
    behind = [i for i in now[: state.step] if i not in steps or i in state.skipped]
    redone = [i for i in now[: state.step] if i not in behind]
    return replace(state, step=len(behind), order=(*behind, *redone, *now[state.step :]))
