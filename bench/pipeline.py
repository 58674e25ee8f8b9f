"""The cell's library without ROS, in one process: what each part costs a frame. The limit the nodes are compared with.

python bench/pipeline.py [FRAMES]
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import TypeVar

import cv2
import numpy as np

from opstap.guidance.cues import cues
from opstap.guidance.drawing import Painter
from opstap.instructions import load_cell
from opstap.perception.watch import Seen, Watcher
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.lockstep import Lockstep
from opstap.simulation.person import load_traits
from opstap.simulation.simulator import START, Simulator
from opstap.workflow.journal import Journal, Recorder
from opstap.workflow.model import Content, PlaceChanged, Started

CONFIG = Path(__file__).parents[1] / "config"
T = TypeVar("T")


class Pipeline:
    """Person, camera, perception, work guide and projection, one frame after the other."""

    def __init__(self, journal: Path, person: str = "demo", seed: int = 1) -> None:
        self.cell = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
        traits = load_traits(CONFIG / f"people/{person}.yaml", self.cell)
        self.simulator = Simulator(self.cell, traits, seed)
        self.camera = SimulatedCamera(self.cell, seed)
        self.watcher = Watcher(self.cell, self.cell.scene.camera.view)
        self.recorder = Recorder(self.cell, Journal(journal))
        self.painter = Painter(self.cell, self.cell.scene.projectors[0])
        self.lockstep = Lockstep(self.simulator, START, ["main"], math.inf)
        self.profile = self.cell.scene.profile["default"]
        self.shown: object = None
        self.drawn = 0
        self.spent: dict[str, list[float]] = {}

    def _timed(self, what: str, work: Callable[[], T]) -> T:
        began = process_time()
        result = work()
        self.spent.setdefault(what, []).append((process_time() - began) * 1e3)
        return result

    def frame(self) -> None:
        """One frame from the person's move to the picture that answers it."""
        world = self._timed("simulated person", lambda: self.lockstep.due(0.0))
        assert world is not None
        depth = self._timed("simulated depth", lambda: self.camera.depth(world))
        seen = self._timed("perception", lambda: self.watcher.see(depth, world.stamp))
        self._timed("work guide", lambda: self._decide(seen))
        self._timed("projection", lambda: self._show(world.stamp))
        self.lockstep.on_answer("main", world.stamp, self.drawn)

    def _decide(self, seen: Seen) -> None:
        self.recorder.handle(Started(seen.stamp, self.cell.task.task))
        for event in seen.events:
            self.recorder.handle(event)
        for place, now in seen.places.items():
            hidden = now.occupied or now.content is Content.CANNOT_SEE
            if not hidden and self.recorder.state.contents.get(place) is not now.content:
                self.recorder.handle(PlaceChanged(seen.stamp, place, now.content))

    def _show(self, stamp: int) -> None:
        shown = cues(self.recorder.state, self.cell, self.profile)
        if shown != self.shown:
            self.shown, self.drawn = shown, stamp
            self.lockstep.on_picture("main", stamp, self.painter.draw(shown).copy())


def measured(frames: int) -> dict[str, list[float]]:
    """Part -> CPU milliseconds of each frame, from an empty bench on."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = Pipeline(Path(folder) / "journal.db")
        while len(pipeline.spent.get("projection", ())) < frames and not pipeline.simulator.finished:
            pipeline.frame()
    return pipeline.spent


def memory_copy_ms() -> float:
    """The least a depth frame can cost: to copy it once, ms."""
    frame = np.ones((480, 848), np.uint16)
    began = process_time()
    for _ in range(500):
        frame.copy()
    return (process_time() - began) / 500 * 1e3


def main() -> None:
    total = 0.0
    for what, times in measured(int(sys.argv[1]) if len(sys.argv) > 1 else 900).items():
        total += float(np.mean(times))
        print(
            f"{what:18} mean {np.mean(times):6.2f}, p50 {np.median(times):6.2f}, p95 {np.percentile(times, 95):6.2f} ms"
        )
    print(f"{'all':18} mean {total:6.2f} ms a frame: {1000 / 30 / total:.1f} x real time on one core")


if __name__ == "__main__":
    main()
