"""Time to draw one projected frame, as a multiple of the least there is to do: clear the same frame and copy it.

python bench/projection.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np

from opstap.guidance.cues import cues
from opstap.guidance.drawing import Painter
from opstap.guidance.screen import Screen
from opstap.instructions import Cell, load_cell
from opstap.scene import Lens, Projector
from opstap.workflow.model import Phase, Problem, State, Trouble
from opstap.zones import Clear

CONFIG = Path(__file__).parents[1] / "config"
FRAMES = 60
BENT, WARPED = "take, bent lens", "take, warped"
"""With a lens that distorts: as it is drawn, each surface by its own homography; and as it could be, by a table."""
STATES = {
    "empty case awaited": State(),
    "take": State(phase=Phase.TAKE, step=15),
    "place": State(phase=Phase.PLACE, step=15, taken=1),
    "wrong pick": State(phase=Phase.TAKE, step=15, problems=(Problem(Trouble.WRONG_PICK, "bin_06", 2, 0),)),
    "wrong slot": State(phase=Phase.PLACE, step=15, problems=(Problem(Trouble.WRONG_SLOT, "slot_02", 1, 0),)),
    "empty bin": State(phase=Phase.TAKE, step=15, problems=(Problem(Trouble.EMPTY_BIN, "bin_18", 1, 0),)),
}


def milliseconds(times: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return float(np.median(times) * 1e3), float(np.percentile(times, 95) * 1e3)


def screened(cell: Cell, projector: Projector) -> dict[str, list[float]]:
    """Pictures of the whole screen: light that comes, and an arm that moves over a lit bin and is left dark."""
    person = cell.scene.profile["default"]
    screen = Screen(cell, projector, person)
    times: dict[str, list[float]] = {"light that comes": [], "arm left dark": []}
    for i in range(FRAMES):
        stamp, state = i * 33_000_000, STATES["take" if i // 10 % 2 else "place"]
        x = 0.1 * np.sin(i / 3)
        arm = np.array([(x - 0.05, -0.5, 0.2), (x + 0.05, -0.5, 0.2), (x + 0.05, 0.2, 0.1), (x - 0.05, 0.2, 0.1)])
        over = Clear(stamp, (arm,), ((0.3, 0.0, 0.0),))
        for name, clear in (("light that comes", Clear(stamp)), ("arm left dark", over)):
            start = perf_counter()
            picture = screen.show(cues(state, cell, person), "gentle", stamp, clear)
            if (picture is not None and i % 10) or name == "arm left dark":
                times[name].append(perf_counter() - start)
    return times


def main() -> None:
    cell = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
    person = cell.scene.profile["default"]
    for width, height, focal in ((1280, 800, 1130), (1920, 1080, 1525)):
        optics = Lens(width=width, height=height, focal=focal)
        projector = cell.scene.projectors[0].model_copy(update={"optics": optics})
        scene = cell.scene.model_copy(update={"projectors": (projector,)})
        painter = Painter(type(cell)(scene, cell.task), projector)
        frame = np.zeros((height, width, 3), np.uint8)
        lens = optics.model_copy(update={"distortion": (-0.12, 0.03, 0.002, -0.003)})
        bent = projector.model_copy(update={"optics": lens})
        bending = Painter(type(cell)(scene.model_copy(update={"projectors": (bent,)}), cell.task), bent)
        pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
        table = projector.view.pinhole.pixels(bent.view.pinhole.directions(pixels)[..., :2]).astype(np.float32)
        least, times = [], {name: [] for name in (*STATES, BENT, WARPED)}
        for _ in range(FRAMES):
            # In turn, so that whatever else the machine does falls on all of them alike.
            start = perf_counter()
            frame[:] = 0
            frame.copy()
            least.append(perf_counter() - start)
            for name, state in STATES.items():
                start = perf_counter()
                painter.draw(cues(state, cell, person))
                times[name].append(perf_counter() - start)
            start = perf_counter()
            bending.draw(cues(STATES["take"], cell, person))
            times[BENT].append(perf_counter() - start)
            start = perf_counter()
            cv2.remap(painter.draw(cues(STATES["take"], cell, person)), table, None, cv2.INTER_LINEAR)
            times[WARPED].append(perf_counter() - start)
        times |= screened(replace(cell, scene=scene), projector)
        base = milliseconds(least)[0]
        print(f"{width}x{height}: clear and copy {base:.2f} ms")
        for name, measured in times.items():
            median, p95 = milliseconds(measured)
            print(f"  {name:20} {median:6.2f} ms, p95 {p95:6.2f} ms, {median / base:5.1f} x clear and copy")


if __name__ == "__main__":
    main()
