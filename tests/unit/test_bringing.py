"""The arm of the virtual bench brings a tray as at the real one: told before, seen, taken from, asked back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from opstap.guidance.cues import Sign
from opstap.instructions import Cell
from opstap.orientation.bringing import Bringing
from opstap.orientation.tryout import Tryout
from opstap.presenting.separation import load_limits
from opstap.scene import Profile
from opstap.workflow.levels import load_rules
from opstap.workflow.model import Phase, Tray

ROOT = Path(__file__).parents[2]
FRAME = 33_333_334


def test_a_tray_is_brought_and_taken_from(cell: Cell) -> None:
    """Planning runs beside it, for as long as it takes; everything else is in the arm's own time."""
    # One plan is enough to wait for.
    (step,) = [s for s in cell.task.steps if s.part == "toothbrush"]
    cell = replace(cell, task=cell.task.model_copy(update={"steps": (step,)}))
    arm = Bringing(cell, load_limits(ROOT / "config/separation.yaml"))
    rules = load_rules(ROOT / "config/rules/guidance.yaml", cell)
    tryout = Tryout(cell, rules, Profile(id="participant", language="nl"), 0, arm)
    assert tryout.state.tray is Tray.COMING
    rest, signs = arm.joints, []
    for _ in range(60 * 30):
        tryout.move(FRAME, 0)
        if arm._planned:
            arm._planned.result()
        signs += [c.kind for c in tryout.lit(0) if c.kind in (Sign.WILL_MOVE, Sign.MOVES) and c.kind not in signs[-1:]]
        if signs == [Sign.WILL_MOVE]:
            assert arm.joints == rest  # light comes before it moves
        if tryout.state.tray is Tray.THERE:
            break
    assert signs == [Sign.WILL_MOVE, Sign.MOVES]
    (zone,) = tryout.standing
    assert tryout.asked.marks[0].place == zone
    tryout.take(zone, 0)
    assert (tryout.held, tryout.state.phase) == (step.part, Phase.PLACE)
    tryout.put(tryout.asked.marks[0].place, 0)
    tryout.move(FRAME, 0)
    assert arm.busy
    assert tryout.standing == ()  # on its way back nothing can be taken from it
    for _ in range(5 * 30):  # told again, and begun; the way is the one that it came
        tryout.move(FRAME, 0)
    assert arm.joints != rest
