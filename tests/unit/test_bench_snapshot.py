"""What the bench page shows of a job, also of one that it first hears of midway."""

from __future__ import annotations

from dataclasses import replace

from opstap.instructions import Cell, Step
from opstap.pages.bench import Bench
from opstap.pages.protocol import Snapshot
from opstap.workflow.model import Phase, State

SECOND = 1_000_000_000


def shown(bench: Bench, cell: Cell, state: State, at: float) -> Snapshot:
    return bench.update(state, cell.scene.profile["default"], round(at * SECOND), {}, (), 1.0)


def part(cell: Cell, step: int) -> str:
    return cell.task.parts[cell.task.steps[step].part].name["en"]


def test_a_page_that_comes_late_tells_what_was_done_before(cell: Cell) -> None:
    bench = Bench(cell, simulated=True)
    state = State(job=1, job_since=10 * SECOND, phase=Phase.TAKE, step=2, step_since=25 * SECOND)
    said = shown(bench, cell, state, 30.0)
    assert [e.words for e in said.events] == ["A new case.", f"Done: {part(cell, 0)}.", f"Done: {part(cell, 1)}."]
    assert said.events[0].at == said.job_started == 10.0
    said = shown(bench, cell, replace(state, step=3), 40.0)
    assert [e.words for e in said.events][3:] == [f"Done: {part(cell, 2)}."]


def test_a_job_is_summed_up_from_its_own_start_whenever_the_page_came(cell: Cell) -> None:
    done = State(job=2, job_since=100 * SECOND, put_right=3, helped=1, phase=Phase.DONE, step=len(cell.task.steps))
    summary = shown(Bench(cell, simulated=True), cell, done, 160.0).summary
    assert summary is not None
    assert (summary.seconds, summary.corrections, summary.help_calls) == (60.0, 3, 1)


def test_what_was_left_out_and_what_was_checked_is_told(cell: Cell) -> None:
    check = Step(id="look", check=dict.fromkeys(cell.task.languages, "Is it shut?"))
    steps = (cell.task.steps[0], cell.task.steps[1].model_copy(update={"optional": True}), check, *cell.task.steps[3:])
    cell = replace(cell, task=cell.task.model_copy(update={"steps": steps}))
    bench = Bench(cell, simulated=True)
    said = shown(bench, cell, State(job=1, phase=Phase.TAKE, step=1), 10.0)
    assert said.step is not None
    assert (said.step.optional, said.step.check) == (True, False)
    said = shown(bench, cell, State(job=1, phase=Phase.CHECK, step=2, skipped=(1,)), 12.0)
    assert said.step is not None
    assert (said.words, said.step.check, said.confirm, said.step.number) == ("Is it shut?", True, True, 3)
    said = shown(bench, cell, State(job=1, phase=Phase.TAKE, step=3, skipped=(1,)), 14.0)
    assert [e.words for e in said.events][2:] == [f"Left out: {part(cell, 1)}.", "Done: Is it shut?."]


def test_the_next_case_begins_with_an_empty_list(cell: Cell) -> None:
    bench = Bench(cell, simulated=True)
    shown(bench, cell, State(job=1, phase=Phase.DONE, step=len(cell.task.steps)), 10.0)
    said = shown(bench, cell, State(job=2, job_since=20 * SECOND, phase=Phase.TAKE), 20.0)
    assert [e.words for e in said.events] == ["A new case."]
    assert said.summary is None
