"""CPU time to draw projected pictures, as multiples of the least there is to do: clear a picture and copy it.

python -m bench.projection [--write]

All kinds of pictures are drawn in turn, so that whatever else the machine does falls on all of them alike.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import process_time

import cv2
import numpy as np

from bench.report import Row, machine, put_into, table
from opstap.guidance.cues import cues
from opstap.guidance.drawing import Painter
from opstap.guidance.screen import Screen
from opstap.instructions import Cell, load_cell
from opstap.scene import Lens, Projector
from opstap.workflow.model import Phase, Problem, State, Trouble
from opstap.zones import Clear

ROOT = Path(__file__).parents[1]
FRAMES = 120
FRAME = 33_000_000
BENT = (-0.12, 0.03, 0.002, -0.003)
"""A lens that draws the picture's corners in by 30 pixels of 1280."""
STATES = {
    "empty case awaited": State(),
    "take": State(phase=Phase.TAKE, step=15),
    "place": State(phase=Phase.PLACE, step=15, taken=1),
    "wrong pick": State(phase=Phase.TAKE, step=15, problems=(Problem(Trouble.WRONG_PICK, "bin_06", 2, 0),)),
    "wrong slot": State(phase=Phase.PLACE, step=15, problems=(Problem(Trouble.WRONG_SLOT, "slot_02", 1, 0),)),
    "empty bin": State(phase=Phase.TAKE, step=15, problems=(Problem(Trouble.EMPTY_BIN, "bin_18", 1, 0),)),
}


class Projected:
    """One projector's pictures; `spent` is ms of CPU of each, by kind."""

    def __init__(self, cell: Cell, projector: Projector) -> None:
        self.cell = replace(cell, scene=cell.scene.model_copy(update={"projectors": (projector,)}))
        self.person = cell.scene.profile["default"]
        self.size = (projector.optics.width, projector.optics.height)
        self.spent: dict[str, list[float]] = {}
        self._painter = Painter(self.cell, projector)
        bent = projector.model_copy(update={"optics": projector.optics.model_copy(update={"distortion": BENT})})
        scene = cell.scene.model_copy(update={"projectors": (bent,)})
        self._bending = Painter(replace(cell, scene=scene), bent)
        pixels = np.stack(np.meshgrid(np.arange(self.size[0]), np.arange(self.size[1])), axis=-1)
        straight = bent.view.pinhole.directions(pixels)[..., :2]
        self._table = projector.view.pinhole.pixels(straight).astype(np.float32)
        self._screen = Screen(self.cell, projector, self.person)
        self._beneath = Screen(self.cell, projector, self.person)
        self._frame = np.zeros((self.size[1], self.size[0], 3), np.uint8)

    def _spend(self, what: str, work: Callable[[], object]) -> None:
        began = process_time()
        if work() is not None:
            self.spent.setdefault(what, []).append((process_time() - began) * 1e3)

    def _least(self) -> object:
        self._frame[:] = 0
        return self._frame.copy()

    def round(self, i: int) -> None:
        """Every kind of picture once."""
        self._spend("clear and copy", self._least)
        shown = {name: cues(state, self.cell, self.person) for name, state in STATES.items()}
        self._spend("drawing", lambda: self._painter.draw(list(shown.values())[i % len(shown)]))
        taking = shown["take"]
        self._spend("drawing for a lens that distorts", lambda: self._bending.draw(taking))
        self._spend(
            "the same, warped by a table instead",
            lambda: cv2.remap(self._painter.draw(taking), self._table, None, cv2.INTER_LINEAR),
        )
        stamp = i * FRAME
        now = list(shown.values())[i // 10 % len(shown)]
        self._spend("a picture that changes", lambda: self._screen.show(now, "gentle", stamp, Clear(stamp)))
        x = 0.1 * np.sin(i / 3)
        arm = np.array([(x - 0.05, -0.5, 0.2), (x + 0.05, -0.5, 0.2), (x + 0.05, 0.2, 0.1), (x - 0.05, 0.2, 0.1)])
        over = Clear(stamp, (arm,), ((0.3, 0.0, 0.0),))
        self._spend("with an arm over it", lambda: self._beneath.show(now, "gentle", stamp, over))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    cv2.setNumThreads(1)  # as the node does
    about = machine()
    cell = load_cell(ROOT / "config/cells/oral_care.yaml", ROOT / "config/tasks/oral_care_case.yaml")
    rows = []
    for width, height, focal in ((1280, 800, 1130), (1920, 1080, 1525)):
        optics = Lens(width=width, height=height, focal=focal)
        made = Projected(cell, cell.scene.projectors[0].model_copy(update={"optics": optics}))
        for i in range(6 * FRAMES):
            made.round(i)
        base = float(np.median(made.spent["clear and copy"]))
        for what, times in made.spent.items():
            middle, p95 = float(np.median(times)), float(np.percentile(times, 95))
            note = f"{middle / base:.1f} x clear and copy; p95 {p95:.1f} ms, {p95 / base:.0f} x"
            rows.append(Row(f"{width}x{height}: {what}, median", middle, "ms", note=note))
            if what in ("a picture that changes", "with an arm over it") and height == 1080:
                rows.append(Row(f"{width}x{height}: {what}, p95", p95, "ms", 10, note=f"of {len(times)}"))
    text = table(rows)
    print(text)
    if options.write:
        put_into(ROOT / "docs/performance.md", f"{about}\n\n{text}", "projection")


if __name__ == "__main__":
    main()
