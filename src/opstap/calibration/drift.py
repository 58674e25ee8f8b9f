"""Between two cases: whether a projector's light still falls where it is meant to, by a few faint dots on the table.

Pictures of the colour camera without the dots are taken from pictures with them: what is left is the dots, whatever the
room's light and the table's pattern. Each is looked for around its place; where it falls, the camera's ray meets the
table. Dots are thrown only while no hand is near one and none moves, and go out at once when one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats, View
from opstap.scene import Projector, Scene
from opstap.zones import Clear, centres, taken

MOST, FEWEST = 10, 4
"""Dots that are thrown, and that must be seen."""
APART = 0.14
"""Metres between two dots."""
REACH = 0.06
"""Metres around its place in which a dot is looked for: less than half of `APART`, so that it is never another's."""
RADIUS = 0.006
"""Of a dot, metres."""
ROOM = 3
"""Cells of the table around a dot that must be free."""
NEAR = 0.25
"""Metres from a hand or an arm within which no dot is thrown."""
STILL = 0.1
"""m/s above which an arm moves: then nothing is thrown."""
REST, SETTLE = 1_000_000_000, 400_000_000
"""ns for which nothing moved before dots are thrown, and after which they surely are in the camera's picture."""
PICTURES = 5
"""Without dots, and again with them."""
PATIENCE = 10_000_000_000
"""ns without enough pictures after which it cannot be checked."""
FAINTEST, SIGMAS = 3.0, 6.0
"""Grey levels, and deviations of what is around, by which a dot must be brighter."""
MOVED = 3.0
"""mm from which a projector counts as moved: twice what a calibration may be off."""

Picture = NDArray[np.uint8]
LightResult = Literal["good", "no_pictures", "unseen", "moved"]
"""From the least to be seen to, to the most."""


@dataclass(frozen=True)
class Drift:
    """What came out."""

    thrown: int
    seen: int
    mm: float
    """By which light falls beside its place: three of four dots lie nearer; NaN: too few were seen."""
    pictures: bool = True
    """The camera gave enough pictures."""

    @property
    def result(self) -> LightResult:
        if not self.pictures:
            return "no_pictures"
        return "moved" if self.mm > MOVED else "unseen" if self.seen < FEWEST else "good"

    @property
    def said(self) -> str:
        """What it means and what to do, in plain words; "" where all is well."""
        unknown = "it is not known whether the light falls right: "
        return {
            "good": "",
            "moved": f"its light falls {self.mm:.0f} mm beside its place: run opstap calibrate projector --check",
            "unseen": f"{unknown}{self.seen} of {self.thrown} faint dots were seen. Is the projector on, its lens "
            "clean, the room too bright? Run opstap calibrate projector --check",
            "no_pictures": f"{unknown}it cannot be checked without colour pictures of the camera",
        }[self.result]


def dot_places(scene: Scene, projector: Projector, camera: View, clear: Clear) -> Floats:
    """Where dots can be thrown: (n, 2) on the table, metres, far from one another; at most `MOST`.

    Args:
        camera: of colour, which must see them.
        clear: what lies on the table, and where arms are.
    """
    xx, yy = np.meshgrid(*centres(scene))
    points = np.stack([xx, yy, np.zeros_like(xx)], axis=-1)
    full = taken(scene, tuple(z for z in scene.zones if z.kind in ("text", "button")))
    full |= clear.clutter if clear.clutter.shape == full.shape else True
    free = cv2.erode((~full).astype(np.uint8), np.ones((2 * ROOM + 1,) * 2, np.uint8), borderValue=0) > 0
    rim = np.array([(x, y, 0.0) for x in (-REACH, REACH) for y in (-REACH, REACH)])
    for view in (projector.view, camera):
        free &= view.sees(points[..., None, :] + rim).all(axis=-1)
    places = np.column_stack([xx[free], yy[free]])
    for outline in clear.outlines:
        arm = np.asarray(outline)[:, :2].astype(np.float32).reshape(-1, 1, 2)
        away = [-cv2.pointPolygonTest(arm, (float(x), float(y)), True) for x, y in places]
        places = places[np.asarray(away, dtype=float) > NEAR]
    # One after the other the farthest from those chosen, from the farthest corner on.
    chosen: list[Floats] = []
    apart = np.hypot(*(places - places.mean(axis=0)).T) if len(places) else np.empty(0)
    while len(chosen) < MOST and len(places) and apart.max() > (APART if chosen else 0):
        chosen.append(places[int(np.argmax(apart))])
        beside = np.hypot(*(places - chosen[-1]).T)
        apart = beside if len(chosen) == 1 else np.minimum(apart, beside)
    return np.array(chosen).reshape(-1, 2)


def measure(dark: Sequence[Picture], lit: Sequence[Picture], places: Floats, camera: View) -> Drift:
    """Where the dots fall.

    Args:
        dark: pictures (h, w, 3) without the dots.
        lit: with them.
        places: where they are meant to fall, (n, 2) on the table, metres.
        camera: of colour, calibrated.
    """
    brighter = _mean(lit) - _mean(dark)
    off = [o for o in (_off(brighter, place, camera) for place in places) if o is not None]
    mm = float(np.quantile(np.linalg.norm(off, axis=1), 0.75) * 1000) if len(off) >= FEWEST else nan
    return Drift(len(places), len(off), mm)


def _mean(pictures: Sequence[Picture]) -> NDArray[np.float32]:
    """Grey (h, w) of pictures of the same."""
    total = np.zeros(pictures[0].shape[:2], np.float32)
    for picture in pictures:
        cv2.accumulate(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)), total)
    return np.asarray(total / len(pictures))


def _off(brighter: NDArray[np.float32], place: Floats, camera: View) -> Floats | None:
    """How far beside its place a dot falls, (2,) metres; None where it is not seen."""
    x, y = place
    corners = camera.project(np.array([(x + i, y + j, 0.0) for i in (-REACH, REACH) for j in (-REACH, REACH)]))
    k = camera.pinhole
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, [k.width, k.height])
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, 0, [k.width, k.height])
    window = brighter[top:bottom, left:right]
    if min(window.shape) < 5:
        return None
    # A dot's size in pixels: smoothed by it, noise goes and the dot stays.
    radius = max(1.0, RADIUS / (2 * REACH) * min(window.shape))
    smooth = cv2.GaussianBlur(window, (0, 0), radius / 2)
    middle, spread = float(np.median(smooth)), float(np.median(np.abs(smooth - np.median(smooth)))) * 1.4826
    peak = float(smooth.max())
    if peak - middle < max(FAINTEST, SIGMAS * spread):
        return None
    v0, u0 = np.unravel_index(int(smooth.argmax()), smooth.shape)
    v, u = np.mgrid[0 : window.shape[0], 0 : window.shape[1]]
    weight = np.where(np.hypot(u - u0, v - v0) < 2.5 * radius, np.clip(smooth - (middle + peak) / 2, 0, None), 0.0)
    pixel = np.array([(weight * u).sum(), (weight * v).sum()]) / weight.sum() + [left, top]
    ray = camera.pose.rotation @ camera.pinhole.directions(pixel)
    falls = camera.pose.translation + ray * (-camera.pose.translation[2] / ray[2])
    return np.asarray(falls[:2] - place)


class LightCheck:
    """One projector's check after each case: `tend` with every frame, `see` with the pictures it wants.

    All stamps are ns of the cell's clock.
    """

    def __init__(self, scene: Scene, projector: Projector) -> None:
        self._scene, self._projector = scene, projector
        self._due = True
        """This pause has not been used yet."""
        self._rested: int | None = None
        self._began = 0
        self._lit_since: int | None = None
        self._dark: list[Picture] = []
        self._lit: list[Picture] = []
        self._camera: View | None = None
        self._clear: Clear | None = None
        self._places = np.empty((0, 2))
        self.drift: Drift | None = None
        """The last result."""

    @property
    def wants_pictures(self) -> bool:
        return self._began > 0

    @property
    def dots(self) -> Floats:
        """What is to be thrown now, (n, 2) on the table, metres."""
        return self._places if self._lit_since is not None else np.empty((0, 2))

    def tend(self, between: bool, clear: Clear | None, stamp: int) -> bool:
        """A frame of the cell; True when a check came to its end.

        Args:
            between: no case is being packed, and the work is not paused.
            clear: of this frame; None, or without clutter: nothing is known of the table.
        """
        self._due |= not between
        known = clear is not None and clear.clutter.size > 0
        moves = clear is not None and any(np.linalg.norm(v) > STILL for v in clear.velocities)
        if not between or not known or moves or not self._due or not self._far(clear):
            self._stop()
            return False
        self._clear = clear
        self._rested = stamp if self._rested is None else self._rested
        if stamp - self._rested < REST:
            return False
        self._began = self._began or stamp
        if stamp - self._began > PATIENCE:
            self.drift = Drift(len(self._places), 0, nan, pictures=False)
        elif len(self._lit) >= PICTURES and self._camera is not None:
            self.drift = measure(self._dark, self._lit, self._places, self._camera)
        else:
            return False
        self._due = False
        self._stop()
        return True

    def see(self, picture: Picture, camera: View, stamp: int) -> None:
        """A picture (h, w, 3) of the colour camera, taken at `stamp` by a camera that is calibrated as `camera`."""
        if not self.wants_pictures or self._clear is None or stamp < self._began:
            return
        if self._lit_since is None:
            self._camera = camera
            self._dark.append(picture)
            if len(self._dark) == PICTURES:
                self._places = dot_places(self._scene, self._projector, camera, self._clear)
                self._lit_since = stamp if len(self._places) else None
                if not len(self._places):
                    self._due = False
                    self._stop()
        elif stamp >= self._lit_since + SETTLE:
            self._lit.append(picture)

    def _far(self, clear: Clear | None) -> bool:
        """Whether no arm is near a dot."""
        for outline in clear.outlines if clear and len(self._places) else ():
            arm = np.asarray(outline)[:, :2].astype(np.float32).reshape(-1, 1, 2)
            if any(cv2.pointPolygonTest(arm, (float(x), float(y)), True) > -NEAR for x, y in self._places):
                return False
        return True

    def _stop(self) -> None:
        self._rested, self._lit_since, self._began = None, None, 0
        self._dark, self._lit, self._places = [], [], np.empty((0, 2))
