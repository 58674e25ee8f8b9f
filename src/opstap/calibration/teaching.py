"""Teaching where bins stand, step by step: by looking near where the scene has them, by pointing, or by filling.

The bench is looked at empty first, with nobody at it; all bins are measured in that picture. Pointing (a hand held in
the bin) and filling (something put into it) only say about where a bin is: for one that stands somewhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.calibration.bins import BinError, Found, find_bin
from opstap.calibration.wizard import BLUE, FRAMES, WHITE, Captured, Source, fixed, median_depth
from opstap.geometry import Floats, View
from opstap.scene import Bin, Scene

By = Literal["near", "pointing", "filling"]
MOVING = 0.001
"""Share of pixels, in patches and not at edges, that may change by more than `NEARER` from one frame to the next."""
NEARER, HAND = 0.015, 0.025
"""Metres: a change, and how much nearer than the empty bench an arm is."""
ARM = 0.004
"""m2 of the smallest arm, as seen; it comes in over the picture's edge, which no part does."""
STEADY, NEAR = 12, 0.025
"""Frames for which a hand is held still, and metres within which it is still."""
GONE = 10
"""Frames without a hand after which it is gone."""
PUT = 0.006
"""Metres by which a filled bin is higher."""
SMALLEST = 4e-4
"""m2 of what was put into it, as seen."""


@dataclass(frozen=True, eq=False)
class Taught:
    """Where the teaching is."""

    step: Literal["look", "show", "judge"]
    said: str
    """What to do, or what came out, in plain words."""
    share: float
    """Of this step that is done, 0 to 1."""


class BinWizard:
    """Takes frames with `see` until all of `bins` are measured.

    Args:
        scene: the cell.
        view: of the depth camera, calibrated.
        source: the camera.
        by: how the bins are told.
        bins: which ones; unless given, all.
    """

    def __init__(self, scene: Scene, view: View, source: Source, by: By = "near", bins: Sequence[str] = ()) -> None:
        self.scene, self.view, self.source, self.by = scene, view, source, by
        self.bins: tuple[Bin, ...] = tuple(b for b in scene.bins if not bins or b.id in bins)
        self.found: list[Found] = []
        self.failed: list[str] = []
        """Why bins were not found, in plain words."""
        self.empty: NDArray[np.float32] | None = None
        """(h, w) the bench with nobody at it, metres."""
        self.picture: NDArray[np.uint8] | None = None
        self._before = np.empty((0, 0), np.float32)
        """(h, w) the bench before something was put into the bin that is asked for."""
        self._on_table = np.empty((0, 0), np.bool_)
        self._gathered: list[NDArray[np.uint16]] = []
        self._hints: dict[str, tuple[float, float]] = {}
        self._tips: list[Floats] = []
        self._free = 0
        self._was_here = False
        self.done = False
        self.progress = Taught("look", "Take everything out of the bins, and your hands off the table.", 0.0)

    @property
    def asked(self) -> Bin | None:
        """The bin to be shown next."""
        return next((b for b in self.bins if b.id not in self._hints), None) if self.by != "near" else None

    def see(self, frame: Captured) -> Taught:
        """Look at a frame."""
        if self.done:
            return self.progress
        if frame.color is not None:
            self.picture = frame.color
        if self.empty is None:
            self._gather(frame.depth)
            if self.empty is None:
                return self.progress
            # What was put into one bin is not seen again at the next.
            self._before = self.empty
            self._on_table = self._over_table(self.empty)
            self._gathered = []
        if self.asked is not None:
            self._show(frame.depth)
        if self.asked is None:
            self._measure()
        return self.progress

    def _gather(self, depth: NDArray[np.uint16]) -> None:
        if self._gathered:
            # A stereo camera's noise grows with the square of the distance.
            limit = NEARER / self.source.depth_unit * np.maximum(1.0, depth * self.source.depth_unit) ** 2
            off = np.abs(depth.astype(np.int32) - self._gathered[-1].astype(np.int32))
            both = (depth > 0) & (self._gathered[-1] > 0)
            moved = cv2.morphologyEx((both & (off > limit)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
            if np.count_nonzero(moved) > MOVING * depth.size:
                self._gathered = []
        self._gathered.append(depth)
        said = "Take everything out of the bins, and your hands off the table."
        self.progress = Taught("look", said, len(self._gathered) / FRAMES)
        if len(self._gathered) == FRAMES:
            self.empty = median_depth(np.stack(self._gathered), self.source.depth_unit)

    def _show(self, depth: NDArray[np.uint16]) -> None:
        """Follow the hand that shows a bin."""
        assert self.asked is not None
        name = f"{self.asked.id} ({self.asked.part.replace('_', ' ')})"
        metres = depth * np.float32(self.source.depth_unit)
        hand = self._hand(metres)
        done = len(self._hints) / len(self.bins)
        self._free = 0 if hand is not None else self._free + 1
        if self._was_here:
            self.progress = Taught("show", "Good. Take your hand away.", done)
            self._was_here = self._free < GONE
        elif self.by == "pointing":
            self.progress = Taught("show", f"Hold a hand in {name}, the fingers inside its rim.", done)
            if hand is not None:
                self._point(hand)
        else:
            self.progress = Taught("show", f"Put something into {name}, then take your hands away.", done)
            self._gathered = [*self._gathered[-4:], depth] if hand is None else []
            if self._free >= GONE:
                self._fill()

    def _point(self, hand: Floats) -> None:
        """The fingers are the hand's lowest points, as it reaches down into the bin."""
        low = hand[hand[:, 2] <= np.quantile(hand[:, 2], 0.06)]
        self._tips = [*self._tips[-STEADY + 1 :], np.median(low[:, :2], axis=0)]
        spread = np.linalg.norm(np.ptp(self._tips, axis=0))
        if len(self._tips) == STEADY and spread < NEAR:
            self._told(np.median(self._tips, axis=0))
            self._was_here, self._tips = True, []

    def _fill(self) -> None:
        """What is higher now than before a hand was there lies in the bin."""
        now = median_depth(np.stack(self._gathered), self.source.depth_unit)
        both = (now > 0) & (self._before > 0)
        higher = cv2.morphologyEx(
            (self._on_table & both & (self._before - now > PUT)).astype(np.uint8),
            cv2.MORPH_OPEN,
            np.ones((3, 3), np.uint8),
        )
        count, labels, _, _ = cv2.connectedComponentsWithStats(higher)
        k = self.view.pinhole
        sizes = [float(np.sum(now[labels == i].astype(float) ** 2)) / (k.fx * k.fy) for i in range(1, count)]
        if sizes and max(sizes) > SMALLEST:
            mine = labels == 1 + int(np.argmax(sizes))
            self._told(self._points(now, mine)[:, :2].mean(axis=0))
            self._before, self._gathered = now, []

    def _told(self, at: Floats) -> None:
        assert self.asked is not None
        self._hints[self.asked.id] = (float(at[0]), float(at[1]))

    def _hand(self, depth: NDArray[np.float32]) -> Floats | None:
        """Points (n, 3) in the table frame of the largest thing that reaches in over the picture's edge."""
        assert self.empty is not None
        near = ((depth > 0) & (self.empty - depth > HAND)).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            cv2.morphologyEx(near, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        )
        h, w = depth.shape
        k = self.view.pinhole
        for i in np.argsort(-stats[1:, cv2.CC_STAT_AREA]) + 1 if count > 1 else []:
            x, y, wide, high = (int(v) for v in stats[i][:4])
            if x > 0 and y > 0 and x + wide < w and y + high < h:
                continue
            mine = labels == i
            if float(np.sum(depth[mine].astype(float) ** 2)) / (k.fx * k.fy) > ARM:
                return self._points(depth, mine)
        return None

    def _over_table(self, depth: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Pixels (h, w) of the table and what stands on it, not of the floor."""
        x, y, z = np.moveaxis(self.view.pose.apply(self.view.pinhole.rays() * depth[..., None]), -1, 0)
        w, d = self.scene.table.size
        return np.asarray((depth > 0) & (np.abs(x) < w / 2) & (np.abs(y) < d / 2) & (z > -0.02))

    def _points(self, depth: NDArray[np.float32], mask: NDArray[np.bool_]) -> Floats:
        """Table-frame points (n, 3) of the pixels in `mask`."""
        v, u = np.nonzero(mask)
        k = self.view.pinhole
        rays = np.column_stack([(u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones(len(u))])
        return self.view.pose.apply(rays * depth[v, u][:, None])

    def _measure(self) -> None:
        assert self.empty is not None
        for b in self.bins:
            try:
                self.found.append(find_bin(b, self.empty, self.view, self._hints.get(b.id)))
            except BinError as error:
                self.failed.append(str(error))
        said = f"{len(self.found)} of {len(self.bins)} bins measured."
        if self.found:
            said += f" The farthest stood {max(farthest(f) for f in self.found):.1f} mm from where the scene has it."
        self.done = True
        self.progress = Taught("judge", said, 1.0)


def farthest(found: Found) -> float:
    """mm by which the worst corner of the bin's floor stood elsewhere."""
    w, d, _ = found.was.size
    corners = [(x * w / 2, y * d / 2, 0.0) for x in (-1, 1) for y in (-1, 1)]
    off = found.bin.pose.apply(corners) - found.was.pose.apply(corners)
    return float(np.linalg.norm(off, axis=1).max() * 1000)


def bin_report(wizard: BinWizard) -> Iterator[str]:
    """What was measured, in lines of text."""
    for f in wizard.found:
        x, y, z = f.moved_mm
        yield (
            f"{f.bin.id:<8} {f.bin.part:<20} {x:+6.1f} {y:+6.1f} {z:+6.1f} mm, turned {f.turned_deg:+5.1f} degrees; "
            f"rim within {f.misfit_mm:.1f} mm"
        )
    yield from wizard.failed


def bin_overlay(wizard: BinWizard, colour: View) -> NDArray[np.uint8] | None:
    """The colour picture (h, w, 3) RGB with the rims as the scene has them (thin) and as measured (thick)."""
    if wizard.picture is None:
        return None
    picture: NDArray[np.uint8] = wizard.picture.copy()
    measured = {f.bin.id: f.bin for f in wizard.found}
    for b in wizard.bins:
        for each, paint, thick in ((b, WHITE, 1), (measured.get(b.id), BLUE, 3)):
            if each is not None:
                w, d, h = each.size
                rim = [(x * w / 2, y * d / 2, h) for x, y in ((-1, 1), (1, 1), (1, -1), (-1, -1))]
                pixels = [fixed(p) for p in colour.project(each.pose.apply(rim))]
                cv2.polylines(picture, [np.array(pixels, np.int32)], True, paint, thick, cv2.LINE_AA, 4)
    return picture
