"""`opstap calibrate projector`: its pose and intrinsics from patterns of light, or whether it was moved."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from opstap.calibration.projector_record import calibration_of, load_projector, projector_file, save_projector
from opstap.calibration.projector_wizard import MOVED, SETTLE, ProjectorWizard, projector_report
from opstap.calibration.record import load_calibration
from opstap.calibration.solve import CalibrationError
from opstap.documents import nearest
from opstap.scene import Projector

if TYPE_CHECKING:
    from opstap.calibration.command import Chosen
    from opstap.guidance.window import ProjectorWindow

PATIENCE = 60.0
"""Seconds for all patterns."""


def calibrate_projector(chosen: Chosen, options: argparse.Namespace) -> int:
    """Calibrate or check; the exit code."""
    from opstap.calibration.command import accepted

    projectors = {p.id: p for p in chosen.scene.projectors}
    name = options.projector or next(iter(projectors))
    if name not in projectors:
        print(f"opstap: projector: found '{name}', allowed: {nearest(name, list(projectors))}", file=sys.stderr)
        return 1
    guess, file = projectors[name], projector_file(chosen.file, name)
    known = load_projector(file)
    if options.check and known is None:
        print(f"opstap: {file}: not calibrated yet; run it without --check", file=sys.stderr)
        return 1
    print("Empty the bins and take your hands off the table. The projector shows stripes now.", flush=True)
    try:
        wizard = _seen(chosen, guess, options.source)
    except NotSeenError as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    if options.check and known is not None:
        off = wizard.check(known.projector)
        moved = off > MOVED
        print(
            f"its light falls {off:.1f} mm off (95 of 100 places below that)" + (": calibrate it anew" if moved else "")
        )
        return 1 if moved else 0
    try:
        solution = wizard.solve()
    except CalibrationError as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    print("\n".join(f"  {line}" for line in projector_report(solution, guess)))
    doubts = solution.doubts()
    for doubt in doubts:
        print(f"  better try again: {doubt}")
    if (options.yes and doubts) or (not options.yes and not accepted(not doubts)):
        print("nothing was kept")
        return 1
    save_projector(calibration_of(chosen.scene.cell, solution), file)
    print(f"kept in {file}")
    return 0


class NotSeenError(Exception):
    """The patterns could not be shown or seen."""


def _seen(chosen: Chosen, guess: Projector, kind: str) -> ProjectorWizard:
    """A wizard that has seen all patterns."""
    source, show, settle = _simulated(chosen, guess) if kind == "sim" else _real(chosen, guess)
    known = load_calibration(chosen.file) if kind != "sim" else None
    wizard: ProjectorWizard | None = None
    end = time.monotonic() + PATIENCE
    try:
        while wizard is None or not (wizard.lit or wizard.fault):
            frame = source.poll(time.time_ns())
            if time.monotonic() > end:
                raise NotSeenError(
                    f"the patterns were not all seen within {PATIENCE:.0f} s: {source.fault or 'no colour'}"
                )
            if frame is None:
                time.sleep(0.005)
                continue
            if wizard is None:
                misfit = known.misfit(source.depth_optics, source.serial) if known else ""
                if misfit:
                    raise NotSeenError(misfit)
                pose = known.pose if known else chosen.scene.camera.pose
                wizard = ProjectorWizard(guess, pose, source, show, settle)
            wizard.see(frame)
        if wizard.fault:
            raise NotSeenError(wizard.fault)
        return wizard
    finally:
        source.close()


def _simulated(chosen: Chosen, guess: Projector) -> tuple[Any, Any, int]:
    """A bench whose projector hangs some centimetres from where the scene has it."""
    from opstap.simulation.projecting import ProjectionBench

    x, y, z = guess.position
    roll, pitch, yaw = guess.rpy_deg
    optics = guess.optics.model_copy(update={"focal": guess.optics.focal * 0.985})
    moved = {"position": (x + 0.03, y - 0.02, z + 0.02), "rpy_deg": (roll + 0.8, pitch - 0.6, yaw + 1.0)}
    true = guess.model_copy(update=moved | {"optics": optics})
    bench = ProjectionBench(chosen.scene, [true if p.id == guess.id else p for p in chosen.scene.projectors])
    return bench, lambda image: bench.show(guess.id, image), 0


def _real(chosen: Chosen, guess: Projector) -> tuple[Any, Any, int]:
    from opstap.guidance.window import NoDisplay, ProjectorWindow
    from opstap.perception.live_camera import LiveCamera

    try:
        window = ProjectorWindow(guess.display, (guess.optics.width, guess.optics.height))
    except NoDisplay as error:
        raise NotSeenError(str(error)) from error

    def show(image: NDArray[np.uint8]) -> None:
        window.show(np.repeat(image[..., None], 3, axis=2))
        window.poll()

    return LiveCamera(chosen.scene.camera), show, SETTLE


class Windows:
    """The projectors' windows beside the calibration page, one at a time; `tend` in the thread that throws."""

    def __init__(self, projectors: Sequence[Projector]) -> None:
        self._projectors = {p.id: p for p in projectors}
        self._window: ProjectorWindow | None = None
        self._of = ""
        self._over = False

    def throw(self, projector: str, image: NDArray[np.uint8] | None) -> str:
        """Throw an image (h, w); None, which may come from any thread, ends that. Why it cannot, "" where it can."""
        if image is None:
            self._over = True
            return ""
        from opstap.guidance.window import NoDisplay, ProjectorWindow

        self._over = False
        try:
            if self._window is None or self._of != projector:
                self.close()
                optics = self._projectors[projector].optics
                self._window = ProjectorWindow(self._projectors[projector].display, (optics.width, optics.height))
                self._of = projector
        except NoDisplay as error:
            return str(error)
        self._window.show(np.repeat(image[..., None], 3, axis=2))
        self.tend()
        return ""

    def tend(self) -> None:
        """Answer the desktop, and close what is over."""
        if self._over:
            self.close()
        elif self._window is not None:
            self._window.poll()

    def close(self) -> None:
        if self._window is not None:
            self._window.close()
        self._window = None
