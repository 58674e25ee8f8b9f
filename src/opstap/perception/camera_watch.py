"""Watches the camera itself: has it been moved, is something in front of the lens, does sunlight or dust blind it?

What stands still (table, bins, rims) is compared with how it looked when the camera was calibrated. In every frame a
glance at a few thousand of its points tells whether something is amiss; then nothing is judged at the places until an
alignment (twice a second, at once when something is amiss) has told how far the camera moved, or that it did not. A
moved camera pauses the judging, not the work: steps go on by the worker's word, until a check has found its new pose.
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.calibration.structure import Aligned, Picture, Structure, shift_mm
from opstap.geometry import Pinhole, Pose, View
from opstap.perception.checkpoint import fingerprint
from opstap.perception.places import Depth
from opstap.perception.standing import STEP, cast, enlarged, furniture
from opstap.scene import Scene

log = logging.getLogger(__name__)

SETTLE = 15
"""Frames from which the reference is made."""
WINDOW = 5
"""Frames that an alignment is made from."""
EVERY = 500_000_000
"""ns between two alignments while nothing seems amiss."""
SUSPECT = 3.0
"""mm of shift at a place at which a glance suspects that the camera moved."""
LIMIT = 3.0
"""mm of shift at a place from which the camera has moved."""
BACK = 1.5
"""mm below which it is back where it was."""
SURE = 3
"""Alignments in a row that make it sure."""
STAYED = 6
"""Alignments in a row without fault after which the judging goes on by itself."""
FAR = 100.0
"""mm; more is not measured, only told."""
AGREE = 0.5
"""Share of the points that must agree for a motion to be believed."""
ROOM = 0.15
"""Metres behind the nearest that stands there by the scene, within which something does stand there."""
NEAR_SHARE, NEAR = 0.6, 150
"""Lens covered: so many of the points are more than so many mm nearer."""
DARK, DAZZLED = 0.10, 0.65
"""Shares of the points with depth, below which the camera sees nothing, and is dazzled."""
DUST_SECONDS, DUST_SHARE = 40.0, 0.02
"""Points without depth for so long, and the share of them from which the lens is called dirty."""
CHECK_FRAMES = 30
"""Frames of a check."""

COVERED = "Something is in front of the camera. Take it away, and wipe the lens."
NOTHING = "The camera sees nothing: it has no depth anywhere. Is the lens covered, or the light very strong?"
SUNLIGHT = "Large parts have no depth. Is the sun or a strong lamp on the table? Close the blind."
DUST = "There are spots without depth that stay. Wipe the camera's lens."
MOVED = "The camera was moved, by about {mm:.0f} mm. Check the camera: opstap calibrate check"
MOVED_FAR = "The camera was moved a lot. Calibrate it again: opstap calibrate camera"
ELSEWHERE = "The camera does not see this bench where the scene file has it. Calibrate it: opstap calibrate camera"
NO_STRUCTURE = "Too little of the table and bins is seen to tell whether the camera moves."
CHECKING = "The camera is being checked. Hands off the table for two seconds, please."


@dataclass(frozen=True)
class Condition:
    """How the camera is."""

    drift_mm: float
    """How far off a place is seen, at most; NaN while not known."""
    suspect: bool
    """Something seems amiss: judge nothing from this frame."""
    paused: str
    """Why nothing is judged for now; empty when it is."""
    warning: str
    """What a person should see to, though work is judged; else empty."""


@dataclass(frozen=True, eq=False)
class Check:
    """What a check found."""

    pose: Pose | None
    """T_table_optical now; None when it could not be told."""
    said: str
    moved_mm: float
    rms_mm: float


class CameraWatch:
    """Watches one camera.

    Args:
        scene: what stands in the cell.
        view: the depth camera's, as calibrated.
        kept: a file that keeps the reference over restarts, so that a bump while the cell was off is seen too.
    """

    def __init__(self, scene: Scene, view: View, kept: Path | None = None) -> None:
        k = view.pinhole
        self.view = view
        self._grid = Pinhole((k.width + 1) // STEP, (k.height + 1) // STEP, k.fx / STEP, k.fy / STEP, k.cx / STEP,
                             k.cy / STEP)  # fmt: skip
        self._places = np.array([b.pose.translation for b in scene.bins] + [scene.case.pose.translation])
        self._still, self._nearest = _still(scene, view)
        self._kept = kept
        self._key = fingerprint([], np.array([k.fx, k.fy, k.cx, k.cy]), view.pose.matrix, self._still)
        self.structure: Structure | None = self._load()
        self._sum = np.zeros(self._still.shape, np.float32)
        self._count = np.zeros(self._still.shape, np.float32)
        self._frames = 0
        self.aligned_at = -1
        """Stamp of the frame at which it was last told how far the camera moved, ns; -1: not yet."""
        self._aligning: Iterator[Aligned] | None = None
        """The alignment under way: a step a frame, unless something seems amiss."""
        self._aligned: Aligned | None = None
        self._pictured = 0
        """Stamp of the last frame in it, ns."""
        self._hurried = False
        self._motion = Pose.of()
        self._moved = self._good = 0
        self._blind: list[str] = []
        self._holes: NDArray[np.float64] | None = None
        self._holes_at: int | None = None
        self._checking = 0
        self._check: Check | None = None
        self._condition = Condition(float("nan"), False, "", "")

    def see(self, depth: Depth, stamp: int) -> Condition:
        """Look at a frame: depth (h, w) uint16 mm, stamp ns."""
        small = depth[::STEP, ::STEP]
        if self.structure is None:
            self._gather(small)
            if self._frames == SETTLE:
                self._settle()
            return self._condition
        glanced = self.structure.glance(small)
        suspect = shift_mm(glanced, self.view.pose, self._places) > SUSPECT
        due = self.aligned_at < 0 or stamp - self.aligned_at >= EVERY
        amiss = bool(self._checking or suspect or self._hurried or self._moved or self._blind)
        if self._aligning:
            self._go_on(amiss)
        elif amiss or due or self._frames:
            self._gather(small)
        if self._checking and self._frames >= self._checking:
            self._finish_check()
        elif not self._checking and self._frames >= WINDOW:
            self._judge(stamp)
            if amiss and self._aligning:
                self._go_on(amiss)
        c = self._condition
        held = suspect or self._moved > 0 or bool(self._blind)
        said = CHECKING if self._checking else c.paused
        self._condition = Condition(c.drift_mm, held and not c.paused, c.paused, c.warning)
        return Condition(c.drift_mm, held and not said, said, c.warning)

    def hurry(self) -> None:
        """Align as soon as can be, from the next frames on."""
        self._hurried, self._aligning = True, None
        self._clear()

    def check(self) -> None:
        """Find the camera's pose anew from the next frames; `checked` gives the result."""
        if self.structure is not None:
            self._checking, self._check, self._aligning = CHECK_FRAMES, None, None
            self._clear()

    def checked(self) -> Check | None:
        """The result of a check, once."""
        done, self._check = self._check, None
        return done

    # --- frames

    def _gather(self, small: Depth) -> None:
        if self._frames == 0:
            self._clear()
        cv2.accumulate(small, self._sum)
        cv2.add(self._count, 1.0, self._count, mask=(small > 0).view(np.uint8))
        self._frames += 1

    def _clear(self) -> None:
        self._sum[:] = 0
        self._count[:] = 0
        self._frames = 0

    def _mean(self) -> Picture:
        """Mean depth in metres of the frames gathered; 0 where less than half of them have a return."""
        known = self._count * 2 > self._frames
        mean = np.where(known, self._sum / np.maximum(self._count, 1) / 1000, 0).astype(np.float32)
        self._frames = 0
        return np.asarray(mean)

    # --- reference

    def _settle(self) -> None:
        depth = self._mean()
        # An arm that happens to be there is nearer than anything that stands there.
        still = self._still & (depth > self._nearest) & (depth < self._nearest + ROOM)
        self._use(depth, still)
        if self.structure is not None and self._kept:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            draft = self._kept.with_suffix(".new")
            with draft.open("wb") as file:
                np.savez_compressed(file, key=self._key, depth=depth, still=still)
            draft.replace(self._kept)

    def _use(self, depth: Picture, still: NDArray[np.bool_]) -> None:
        structure = Structure(depth, still, self._grid)
        if structure.enough:
            self.structure = structure
            self._condition = Condition(0.0, False, "", "")
        else:
            seen = float(np.mean(depth > 0))
            here = depth[self._still & (depth > 0)]
            said = NOTHING if seen < DARK else COVERED if len(here) and np.median(here) < 0.3 else ""
            if not said and len(here) > 400 and not still.any():
                said = ELSEWHERE
            self._condition = Condition(float("nan"), False, said, "" if said else NO_STRUCTURE)

    def _load(self) -> Structure | None:
        if self._kept is None:
            return None
        try:
            with np.load(self._kept, allow_pickle=False) as file:
                if str(file["key"]) == self._key:
                    return Structure(file["depth"], file["still"], self._grid)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            log.warning("%s cannot be used, the camera's reference is made anew: %s", self._kept, error)
        return None

    # --- judging

    def _judge(self, stamp: int) -> None:
        """Whether the camera sees; where it does, begin to tell whether it moved."""
        s = self.structure
        assert s is not None
        depth = self._mean()
        self._pictured = stamp
        at, was = depth.reshape(-1)[s.index], s.depth.reshape(-1)[s.index]
        seen = float(np.mean(at > 0))
        nearer = float(np.mean((at > 0) & (at < was - NEAR / 1000)))
        blind = NOTHING if seen < DARK else COVERED if nearer > NEAR_SHARE else ""
        warning = SUNLIGHT if not blind and seen < DAZZLED else "" if blind else self._dust(at > 0, stamp)
        self._condition = replace(self._condition, warning=warning)
        self._condition = replace(self._condition, warning=warning)
        self._blind = [*self._blind, blind][-SURE:] if blind else []
        if blind:
            self._good = 0
            if len(self._blind) == SURE:
                self._condition = replace(self._condition, paused=blind)
            self.aligned_at, self._hurried = stamp, False
        elif warning == SUNLIGHT:
            self._conclude(self._condition.drift_mm)
        else:
            self._aligning = s.aligning(depth, self._motion, (3.0,), 4)

    def _go_on(self, to_the_end: bool) -> None:
        """One step of the alignment under way, or all that are left."""
        assert self._aligning is not None
        while (found := next(self._aligning, None)) is not None:
            self._aligned = found
            if not to_the_end:
                return
        self._aligning = None
        assert self._aligned is not None
        self._conclude(self._drift(self._aligned))

    def _conclude(self, drift: float) -> None:
        """Places are seen `drift` mm off: what follows."""
        paused = self._condition.paused
        if drift > LIMIT:
            self._good, self._moved = 0, self._moved + 1
            if self._moved >= SURE:
                paused = MOVED_FAR if drift >= FAR else MOVED.format(mm=drift)
        else:
            self._moved = 0
            self._good = self._good + 1 if drift < BACK else 0
            paused = "" if self._good >= STAYED else paused
        self._condition = replace(self._condition, drift_mm=drift, paused=paused)
        self.aligned_at, self._hurried = self._pictured, False

    def _drift(self, found: Aligned) -> float:
        """mm by which places are seen wrong; FAR where no small motion explains the picture."""
        if found.agree < AGREE:
            self._motion = Pose.of()
            return FAR
        self._motion = found.motion
        shift = shift_mm(found.motion, self.view.pose, self._places)
        if shift > LIMIT:
            return min(shift, FAR)
        self._motion = Pose.of()  # the next one begins at rest: no estimate is carried on
        return shift

    def _dust(self, has_depth: NDArray[np.bool_], stamp: int) -> str:
        """Holes that stay for most of a minute, where there was depth."""
        if self._holes is None or self._holes_at is None or stamp < self._holes_at:
            self._holes = np.zeros(len(has_depth))
        else:
            passed = min(10.0, (stamp - self._holes_at) * 1e-9)
            self._holes = np.where(has_depth, 0.0, self._holes + passed)
        self._holes_at = stamp
        return DUST if float(np.mean(self._holes > DUST_SECONDS)) > DUST_SHARE else ""

    def _finish_check(self) -> None:
        s = self.structure
        assert s is not None
        self._checking = 0
        found = s.align(self._mean(), self._motion, (6.0, 3.0, 1.5), 15)
        if found.agree < AGREE:
            self._check = Check(None, MOVED_FAR, float("nan"), float("nan"))
            return
        shift = shift_mm(found.motion, self.view.pose, self._places)
        pose = self.view.pose @ found.motion.inverse()
        said = f"The camera was found {shift:.1f} mm from where it was. Its pose is put right, and judging goes on."
        self._check = Check(pose, said, shift, found.rms * 1000)


def _still(scene: Scene, view: View) -> tuple[NDArray[np.bool_], Picture]:
    """What stands still on the grid: table, outsides and rims of bins; and the least depth it can have there, metres.

    Insides of bins change with what lies there; the case comes and goes.
    """
    nearest = cast(furniture(scene, 0.006, 0.03), view)
    still = np.isfinite(nearest)
    for box, rim in [*((b.inside, True) for b in scene.bins), (enlarged(scene.case.outside, 0.03, 0.02), False)]:
        uv = view.project(box.corners())
        if not np.isfinite(uv).all():
            continue
        inside = np.zeros(still.shape, np.uint8)
        cv2.fillConvexPoly(inside, cv2.convexHull((uv / STEP).round().astype(np.int32)), 1)
        if rim:
            inside = np.asarray(cv2.erode(inside, np.ones((5, 5), np.uint8)))
        still &= inside == 0
    return still, np.where(np.isfinite(nearest), nearest, 0).astype(np.float32)
