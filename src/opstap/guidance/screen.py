"""One projector's picture from moment to moment: cues to light, gently, beside clutter and never on hands.

New light comes within a quarter of a second, half of it at once; light that is no longer meant goes out at once. With
the motion setting "none" all is at once. Words stand in free room of the table: where their zone is not free they go to
the nearest place that is, and stay there while it is. Arms are left dark, with a margin for where they will be when
the light arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats
from opstap.guidance.cues import Cue, Sign
from opstap.guidance.drawing import Painter
from opstap.instructions import Cell
from opstap.scene import Profile, Projector, Scene, Zone
from opstap.zones import CELL, Clear, centres, for_person, nearest_room, taken

COMES = 250_000_000
"""ns in which light comes."""
AT_ONCE = 0.5
"""Share of it that is there from the first picture."""
STEPS = 3
"""Pictures in which it comes."""
LEAD = 0.10
"""s for which a hand's way is kept dark too: from camera to light, p95 as measured (docs/performance.md)."""
SHAPES = ((1.0, 1.0), (0.7, 1.2), (0.5, 1.3), (0.4, 1.3))
"""Widths and heights of the words' room that are tried, as parts of the zone's."""
COARSE = 4
"""Pixels, squared, that are lit or dark together where arms are."""
MARGIN = np.ones((3, 3), np.uint8)
"""Around what is left dark, in those."""
KEEP = 0.5
"""Share of what was left dark below which it is lit again, ..."""
RELIGHT = 300_000_000
"""... and ns after which at the soonest: a picture for every frame of a moving arm costs all who see it."""
NEEDED, AHEAD = (0.0, LEAD / 2, LEAD), (1.5 * LEAD, 2 * LEAD, 3 * LEAD)
"""s ahead of a moving arm that must be dark, and that are left dark too, so that a picture lasts for some frames."""
PARTS = 4
"""Steps in which a button shows how long it has been pressed."""

Image = NDArray[np.uint8]
Box = tuple[slice, slice]
"""Rows and columns of a picture."""


class WordsPlace:
    """Where words stand: in their zone, or in the nearest free room."""

    def __init__(self, scene: Scene, zone: Zone) -> None:
        self._scene, self._zone = scene, zone
        self._full = taken(scene, tuple(z for z in scene.zones if z.id != zone.id))
        self.at: tuple[float, float, float, float] | None = None
        """x, y, width, height, metres; None: the zone itself."""

    def find(self, clutter: NDArray[np.bool_]) -> tuple[float, float, float, float] | None:
        """Where to stand beside `clutter` (ny, nx); where there is no room at all, where they stood."""
        if clutter.shape != self._full.shape:
            return self.at
        x, y, w, h = self.at or (*self._zone.position, *self._zone.size)
        cx, cy = centres(self._scene)
        columns, rows = np.abs(cx - x) < w / 2 + CELL / 4, np.abs(cy - y) < h / 2 + CELL / 4
        if not clutter[np.ix_(rows, columns)].any():
            return self.at
        for wide, high in SHAPES:
            size = (self._zone.size[0] * wide, self._zone.size[1] * high)
            place = nearest_room(self._scene, self._full | clutter, size, self._zone.position)
            if place:
                self.at = (*place, *size)
                break
        return self.at


class Screen:
    """What one projector throws for one person."""

    def __init__(self, cell: Cell, projector: Projector, person: Profile) -> None:
        self.cell = replace(cell, scene=for_person(cell.scene, person))
        self._view = projector.view
        self._painter = Painter(self.cell, projector)
        words = next((z for z in self.cell.scene.zones if z.kind == "text"), None)
        self._place = WordsPlace(self.cell.scene, words) if words else None
        self._cues: tuple[Cue, ...] | None = None
        self._fresh: list[Box] = []
        """Where the goal differs from what was before."""
        self._before: Image | None = None
        self._goal: Image | None = None
        self._since = 0
        self._step = STEPS
        self._light: Image | None = None
        """As it is thrown where no arm is."""
        self._size = (projector.optics.width, projector.optics.height)
        self._lit = np.zeros((-(-self._size[1] // COARSE), -(-self._size[0] // COARSE)), np.uint8)
        """Where it is lit at all, coarsely."""
        self._dark: NDArray[np.uint8] | None = None
        """What is left dark in the last picture, coarsely."""
        self._dark_since = 0

    def show(self, cues: Sequence[Cue], motion: str, stamp: int, clear: Clear | None) -> Image | None:
        """The picture (height, width, 3) RGB for `stamp`, ns; None where it is still the last one.

        Args:
            clear: what is to be left dark and free; None: nothing is known of it.
        """
        shown = self._placed(cues, clear)
        changed = shown != self._cues
        if changed:
            self._fresh = self._differing(shown)
            self._cues, self._before = shown, self._light
            self._goal, self._since = self._painter.draw(shown), stamp
            self._step = -1
        assert self._goal is not None
        if self._step < STEPS:
            gone = 1.0 if motion == "none" or self._before is None else max(0.0, (stamp - self._since) / COMES)
            step = min(STEPS, int(gone * STEPS))
            if step != self._step:
                self._step, changed = step, True
                self._light = self._goal if step == STEPS else self._coming(AT_ONCE + (1 - AT_ONCE) * step / STEPS)
                for rows, columns in self._fresh:
                    self._lit[_coarse(rows), _coarse(columns)] = _lit(self._light[_whole(rows), _whole(columns)])
        assert self._light is not None
        dark = self._arms(clear, stamp)
        if not changed and dark is self._dark:
            return None
        if dark is not self._dark:
            self._dark, self._dark_since = dark, stamp
        if dark is None:
            return np.array(self._light)
        bright = cv2.resize(cv2.bitwise_not(dark), None, fx=COARSE, fy=COARSE, interpolation=cv2.INTER_NEAREST)
        bright = bright[: self._size[1], : self._size[0]]
        return np.asarray(cv2.bitwise_and(self._light, self._light, mask=bright), dtype=np.uint8)

    def _coming(self, share: float) -> Image:
        """New light at `share` of its brightness; what was lit and stays so is as bright as before."""
        assert self._goal is not None
        assert self._before is not None
        light = np.array(self._goal)
        for box in self._fresh:
            goal = self._goal[box]
            light[box] = cv2.max(cv2.convertScaleAbs(goal, alpha=share), cv2.min(goal, self._before[box]))
        return light

    def _differing(self, shown: tuple[Cue, ...]) -> list[Box]:
        """Where `shown` may differ from the light that is on now; all of the picture before the first."""
        if self._cues is None:
            return [(slice(0, self._size[1]), slice(0, self._size[0]))]
        boxes = [self._painter.box(cue) for cue in {*shown} ^ {*self._cues}]
        coming = self._fresh if self._step < STEPS else []
        return coming + [b for b in boxes if b[0].stop > b[0].start and b[1].stop > b[1].start]

    def _placed(self, cues: Sequence[Cue], clear: Clear | None) -> tuple[Cue, ...]:
        """The words where there is room, and the button that is being pressed."""
        if clear is None:
            return tuple(cues)
        at = self._place.find(clear.clutter) if self._place else None
        placed = []
        for cue in cues:
            if cue.kind is Sign.BUTTON and cue.surface == f"zone/{clear.button}":
                placed.append(replace(cue, count=1 + int(clear.pressed * PARTS)))
            elif at and cue.surface.startswith("zone/") and cue.kind is not Sign.BUTTON:
                placed.append(replace(cue, at=at))
            else:
                placed.append(cue)
        return tuple(placed)

    def _arms(self, clear: Clear | None, stamp: int) -> NDArray[np.uint8] | None:
        """What is left dark, coarsely, 255; None: nothing that would be lit. The last one again where it still covers
        the arms and little more, so that noise makes no new picture."""
        fresh = self._dark is not None and stamp - self._dark_since < RELIGHT
        if clear is None or not clear.outlines:
            return self._dark if fresh and clear else None
        mask = np.zeros(self._lit.shape, np.uint8)
        for outline, velocity in zip(clear.outlines, clear.velocities, strict=True):
            for ahead in NEEDED if any(velocity) else NEEDED[:1]:
                self._fill(mask, outline + np.asarray(velocity) * ahead)
        found = cv2.countNonZero(cv2.bitwise_and(mask, self._lit))
        if not found:
            return self._dark if fresh else None
        if self._dark is not None:
            beside = cv2.countNonZero(cv2.bitwise_and(cv2.bitwise_and(mask, self._lit), cv2.bitwise_not(self._dark)))
            before = cv2.countNonZero(cv2.bitwise_and(self._dark, self._lit))
            if beside == 0 and (fresh or found > KEEP * before):
                return self._dark
        for outline, velocity in zip(clear.outlines, clear.velocities, strict=True):
            for ahead in AHEAD if any(velocity) else ():
                self._fill(mask, outline + np.asarray(velocity) * ahead)
        return np.asarray(cv2.dilate(mask, MARGIN), dtype=np.uint8)

    def _fill(self, mask: NDArray[np.uint8], outline: Floats) -> None:
        pixels = self._view.project(outline)
        if len(outline) >= 3 and np.isfinite(pixels).all():
            cv2.fillPoly(mask, [np.round(np.clip(pixels, -9999, 9999) / COARSE).astype(np.int32)], 255)


def _coarse(span: slice) -> slice:
    """The blocks that hold some of a span of pixels."""
    return slice(span.start // COARSE, -(-span.stop // COARSE))


def _whole(span: slice) -> slice:
    """The pixels of those blocks."""
    return slice(span.start // COARSE * COARSE, -(-span.stop // COARSE) * COARSE)


def _lit(image: Image) -> NDArray[np.uint8]:
    """Which blocks of `COARSE` pixels hold light, 255."""
    red, green, blue = cv2.split(image)
    brightest = cv2.max(cv2.max(red, green), blue)
    block = np.ones((COARSE, COARSE), np.uint8)
    whole = cv2.dilate(brightest, block, anchor=(0, 0))[::COARSE, ::COARSE]
    return np.asarray(np.where(whole > 0, 255, 0), dtype=np.uint8)
