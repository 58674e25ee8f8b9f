"""Perception that is believed only while its camera is: a `Watcher` of the places, under a `CameraWatch`.

- A change at a place that no hand came near is told after the next alignment has found the camera where it was: a bump
  looks like such changes, and must never become an event.
- While the camera is moved or covered, nothing is judged: every place is "cannot see", with the reason, and the work
  goes on by the worker's word. Afterwards the places are settled anew, without events.
- A check puts the calibrated pose right, and keeps it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from opstap.calibration.record import Calibration, calibration_of, load_calibration, save_calibration
from opstap.calibration.solve import Solution
from opstap.geometry import Pinhole, Pose, View
from opstap.instructions import Cell
from opstap.perception.camera_watch import CameraWatch, Check, Condition
from opstap.perception.places import Depth
from opstap.perception.watch import PlaceSeen, Seen, Watcher
from opstap.workflow.model import Content, Happened, WorkspaceEvent

log = logging.getLogger(__name__)

JUDGED = (Happened.TAKEN, Happened.PUT_BACK, Happened.PLACED, Happened.REMOVED)


class Guard:
    """See the module's text.

    Args:
        cell: scene and task.
        optics: of the depth pictures, as the camera reports them.
        serial: the camera's, "" where not known.
        kept: folder in which the places' depths and the camera's reference outlive a restart; None: nothing is kept.
        calibration: the calibration file; where there is none, the scene's pose is used.

    Raises:
        DocumentError: the calibration file cannot be used.
    """

    def __init__(
        self, cell: Cell, optics: Pinhole, serial: str = "", kept: Path | None = None, calibration: Path | None = None
    ) -> None:
        self.cell, self._serial, self._file = cell, serial, calibration
        self._checkpoint = kept / "perception.npz" if kept else None
        self._reference = kept / "camera.npz" if kept else None
        known = load_calibration(calibration) if calibration else None
        self.misfit = known.misfit(optics, serial) if known else ""
        """Why the calibration is not this camera's: then nothing is judged."""
        pose = known.pose if known and not self.misfit else cell.scene.camera.pose
        self.calibrated = known is not None and not self.misfit
        self._look_through(View(optics, pose))

    def _look_through(self, view: View) -> None:
        self.view = view
        self.watcher = Watcher(self.cell, view, self._checkpoint)
        self.camera = CameraWatch(self.cell.scene, view, self._reference)
        self.condition = Condition(float("nan"), False, self.misfit, "")
        self._held: tuple[WorkspaceEvent, ...] = ()
        self._held_at = 0
        self._last: Seen | None = None
        self._out = bool(self.misfit)

    def see(self, depth: Depth, stamp: int) -> Seen:
        """Look at a frame, as `Watcher.see` does.

        Raises:
            ValueError: the image is not of the view's size and type.
        """
        k = self.view.pinhole
        if depth.shape != (k.height, k.width) or depth.dtype != np.uint16:
            given = f"{depth.dtype} {depth.shape}"
            raise ValueError(
                f"depth image: found {given}, allowed: uint16 ({k.height}, {k.width}) as the camera's view"
            )
        if self._last and stamp <= self._last.stamp:
            return replace(self._last, events=())
        if self.misfit:
            return self._blind(stamp, self.misfit)
        self.condition = self.camera.see(depth, stamp)
        check = self.camera.checked()
        if check and check.pose is not None:
            self._put_right(check, check.pose)
        if self.condition.paused:
            self._out = True
            return self._blind(stamp, self.condition.paused)
        if self._out:
            self._forget()
        if self.condition.suspect and self._last:
            self._last = replace(self._last, stamp=stamp, events=(), hands=())
            return self._last
        seen = self.watcher.see(depth, stamp)
        self._last = replace(seen, events=self._vouched(seen.events, stamp))
        return self._last

    def of_camera(self, serial: str) -> Guard | None:
        """This guard, now that the camera's serial number is known; None where the calibration tells it apart."""
        self._serial = serial
        return None if self.misfit or self.calibrated else self

    def check(self) -> None:
        """Find out where the camera hangs now; takes a second of frames without hands."""
        self.camera.check()

    def _vouched(self, events: tuple[WorkspaceEvent, ...], stamp: int) -> tuple[WorkspaceEvent, ...]:
        """The events that can be told now. What is held back goes first: numbers stay in order."""
        if self._held and self.camera.aligned_at > self._held_at:
            events, self._held = (*self._held, *events), ()
            return events
        if self._held or any(e.happened in JUDGED and not e.evidence.get("visited", 1.0) for e in events):
            if not self._held:
                self._held_at = stamp
                self.camera.hurry()
            self._held = (*self._held, *events)
            return ()
        return events

    def _blind(self, stamp: int, reason: str) -> Seen:
        """Nothing is judged."""
        self._held = ()
        nothing = PlaceSeen(Content.CANNOT_SEE, False, float("nan"), reason)
        scene = self.cell.scene
        places: Mapping[str, PlaceSeen] = dict.fromkeys([*scene.bin, *scene.slot], nothing)
        self._last = Seen(stamp, (), places, (), present=False)
        return self._last

    def _forget(self) -> None:
        """Settle the places anew: what was done meanwhile was told by the worker."""
        self._out = False
        if self._checkpoint:
            self._checkpoint.unlink(missing_ok=True)
        self.watcher = Watcher(self.cell, self.view, self._checkpoint)

    def _put_right(self, check: Check, pose: Pose) -> None:
        log.info(check.said)
        if self._reference:
            self._reference.unlink(missing_ok=True)
        if self._checkpoint:
            self._checkpoint.unlink(missing_ok=True)
        optics = self.view.pinhole
        if self._file:
            save_calibration(_corrected(self.cell.scene.cell, check, pose, optics, self._serial), self._file)
        self._look_through(View(optics, pose))
        self.condition = Condition(float("nan"), False, "", "")


def _corrected(cell: str, check: Check, pose: Pose, optics: Pinhole, serial: str) -> Calibration:
    solution = Solution(pose, ("structure",), np.zeros((1, 3)), np.array([[check.rms_mm, 0.0]]), check.rms_mm, 1.0)
    return calibration_of(cell, "structure", solution, optics, serial)
