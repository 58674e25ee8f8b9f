"""A cell that is mirrored: shown as it was told, without whose work it is; lost when it is silent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opstap.geometry import Pose
from opstap.guidance.cues import Sign
from opstap.instructions import Cell
from opstap.orientation import show
from opstap.orientation.job import load_job
from opstap.orientation.mirror import LOST_AFTER, Mirror, SeenHand
from opstap.orientation.session import SECOND, Session, WishError
from opstap.scene import Profile
from opstap.workflow.levels import load_rules
from opstap.workflow.model import Content, Phase, State

ROOT = Path(__file__).parents[2]


class Clock:
    now = 10 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mirror(cell: Cell, clock: Clock) -> Mirror:
    return Mirror(cell, "live", clock)


@pytest.fixture
def session(cell: Cell) -> Session:
    job = load_job(ROOT / "config/jobs/oral_care_packer.yaml", cell)
    rules = load_rules(ROOT / "config/rules/guidance.yaml", cell)
    session = Session(cell, job, rules, "p01", "en", 0, view="cell")
    session.enter(0)
    session.score(0, 0)
    return session


def working(cell: Cell, **changes: object) -> State:
    return replace(State(task=cell.task.task, job=1, phase=Phase.TAKE, step=2, person="anna"), **changes)


def test_the_work_is_shown_and_nothing_of_who_does_it(session: Session, mirror: Mirror, cell: Cell) -> None:
    mirror.tell_work(working(cell), Profile(id="anna", language="nl", level="full"), 5 * SECOND)
    told = show.snapshot(session, False, 0, mirror)
    part = cell.task.parts[cell.task.steps[2].part].name["en"]
    assert (told.cell, told.step, told.words) == ("live", 3, f"Take 1: {part}.")  # in the participant's language
    assert [k.place for k in told.marks] == list(cell.bins_with(cell.task.steps[2].part))
    assert told.unreal  # its clock is a simulated one
    assert "anna" not in told.model_dump_json()
    assert {c.surface for c in mirror.lit()} >= {f"bin/{told.marks[0].place}/opening"}


def test_what_is_seen_in_bins_and_slots_lies_there(session: Session, mirror: Mirror, cell: Cell) -> None:
    first = cell.scene.bins[0]
    slot = cell.task.steps[0].slot
    seen = {first.id: (Content.FILLED, 0.5), cell.scene.bins[1].id: (Content.EMPTY, 0.0), slot: (Content.FILLED, 1.0)}
    mirror.tell_contents(seen)
    piles = {p.part: p.lying for p in show.world(session, mirror).piles}
    inside = [p for p in piles[first.part] if first.inside.contains(p[:3])]
    assert len(inside) == round(first.count / 2)
    assert cell.scene.bins[1].part not in piles
    assert mirror.packed == 1
    version = mirror.version
    mirror.tell_contents({first.id: (Content.CANNOT_SEE, float("nan"))})  # it stays as it was seen last
    assert (mirror.version, len(mirror.lying()[first.part])) == (version, len(piles[first.part]))


def test_hands_joints_tray_and_intent(session: Session, mirror: Mirror) -> None:
    mirror.tell_hands((SeenHand((0.1, -0.2, 0.05), (0.09, 0.18, 0.06)),))
    assert show.moving(session, mirror).hands == ((0.1, -0.2, 0.05, 0.09, 0.18, 0.06),)
    mirror.tell_work(working(mirror.cell), Profile(id="anna"), 0)
    mirror.tell_intent(((0.0, 0.0), (0.1, 0.0), (0.1, 0.1)), moving=False)
    assert Sign.WILL_MOVE in {c.kind for c in mirror.lit()}
    mirror.tell_intent((), moving=False)
    assert Sign.WILL_MOVE not in {c.kind for c in mirror.lit()}
    mirror.tell_tray(Pose.of((0.0, 0.3, 0.2)))
    assert show.moving(session, mirror).trays == ()  # no arm is shown here


def test_a_silent_cell_is_lost_and_another_task_is_told(mirror: Mirror, clock: Clock, cell: Cell) -> None:
    assert mirror.standing == "lost"
    mirror.tell_work(working(cell), Profile(id="anna"), 0)
    assert mirror.standing == "live"
    clock.now += LOST_AFTER + 1
    assert mirror.standing == "lost"
    mirror.tell_work(working(cell), Profile(id="anna"), 1_790_000_000 * SECOND)
    assert not mirror.simulated
    before = mirror.state
    mirror.tell_work(working(cell, task="another"), Profile(id="anna"), 0)
    assert (mirror.standing, mirror.state) == ("other", before)


def test_only_what_is_seen_counts_as_a_change(mirror: Mirror, cell: Cell) -> None:
    profile = Profile(id="anna")
    mirror.tell_work(working(cell), profile, 1)
    version = mirror.version
    mirror.tell_work(working(cell, sequence=7, step_since=3), profile, 2)
    assert (mirror.version, mirror.stamp) == (version, 2)
    mirror.tell_work(working(cell, phase=Phase.PLACE, taken=1), profile, 3)
    assert mirror.version == version + 1


def test_the_work_of_others_cannot_be_done_for_them(session: Session, cell: Cell) -> None:
    for act in (lambda: session.act("bin_01", 0), lambda: session.new_case(0), lambda: session.disturb("shortage", 0)):
        with pytest.raises(WishError):
            act()
    session.see("own")
    session.act("bin_01", 0)
    assert session.tryout.held
