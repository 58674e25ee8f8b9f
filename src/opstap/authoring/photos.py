"""Photos of parts and of filled slots, cut from the colour image while a job is recorded.

A bin is cut out only from a picture in which no arm is near it, by the outlines that perception tells for that moment;
where these are not known nothing is cut. What is kept is the inside of the bin, straightened, before the first part was
taken; and of a slot, since something was put there last: what a check has to find. In memory, until the coach saves the
task. A projector adds light: of several pictures the darkest one shows the
parts and not a cue on them.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Floats, Surface, View
from opstap.scene import Scene
from opstap.workflow.model import Happened, WorkspaceEvent

WIDTH = 320
"""Pixels of a photo's longer side at most; a projector shows it smaller."""
BESIDE = 0.05
"""Metres round a bin, as seen by the camera, in which no arm may be: outlines are a few centimetres sure."""
APART = 150_000_000
"""ns between a colour image and the outlines of arms that are taken for one moment."""
EVERY = 300_000_000
"""ns between two pictures that are looked at."""


class Photographer:
    """Cuts out bins. `view` is the colour camera's."""

    def __init__(self, scene: Scene, view: View) -> None:
        self._bins = {b.id: b.opening for b in scene.bins}
        self._slots = {s.id: scene.case.slot_floor(s) for s in scene.case.slots}
        self._view = view
        self._photos: dict[str, NDArray[np.uint8]] = {}
        self._taken: set[str] = set()
        self._empty = set(self._slots)
        """Slots in which nothing was put yet."""
        self._arms: tuple[int, Sequence[Floats]] | None = None
        self._looked = 0

    def arms(self, stamp: int, outlines: Sequence[Floats]) -> None:
        """Where arms are at `stamp`, ns: corners (n, 3) of each, table frame."""
        self._arms = (stamp, outlines)

    def see(self, image: NDArray[np.uint8], stamp: int) -> None:
        """Look at a colour image (height, width, 3) RGB of `stamp`, ns; one of another size is passed over."""
        k = self._view.pinhole
        if image.shape != (k.height, k.width, 3) or 0 <= stamp - self._looked < EVERY:
            return
        if self._arms is None or abs(self._arms[0] - stamp) > APART:
            return
        self._looked = stamp
        arms = self._covered(self._arms[1])
        for place, surface in (self._bins | self._slots).items():
            if place not in (self._taken if place in self._bins else self._empty):
                photo = self._cut(surface, image, arms)
                if photo is not None and (place not in self._photos or photo.mean() < self._photos[place].mean()):
                    self._photos[place] = photo

    def happened(self, event: WorkspaceEvent) -> None:
        """The first part was taken from a bin: its photo stays as it is. What a slot looked like is no longer so."""
        if event.place in self._slots and event.happened in (Happened.PLACED, Happened.REMOVED, Happened.VISITED):
            self._photos.pop(event.place, None)
            if event.happened is Happened.REMOVED:
                self._empty.add(event.place)
            else:
                self._empty.discard(event.place)
        if event.happened in (Happened.TAKEN, Happened.VISITED) and event.place in self._photos:
            self._taken.add(event.place)

    def jpeg(self, place: str) -> bytes:
        """The photo of what is in a bin or slot, a JPEG file without anything but the picture; empty: there is none."""
        photo = self._photos.get(place)
        if photo is None:
            return b""
        bgr = cv2.cvtColor(photo, cv2.COLOR_RGB2BGR)
        return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()

    @property
    def places(self) -> frozenset[str]:
        """Ids of the bins and slots that there is a photo of."""
        return frozenset(self._photos)

    def _covered(self, outlines: Sequence[Floats]) -> NDArray[np.uint8]:
        """Where arms are in the colour image, 255."""
        k = self._view.pinhole
        mask = np.zeros((k.height, k.width), np.uint8)
        for outline in outlines:
            pixels = self._view.project(outline)
            if len(outline) < 3 or not np.isfinite(pixels).all():
                mask[:] = 255  # an arm, and nobody knows where
                continue
            cv2.fillPoly(mask, [np.round(np.clip(pixels, -9999, 9999)).astype(np.int32)], 255)
        return mask

    def _cut(self, surface: Surface, image: NDArray[np.uint8], arms: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        corners = self._view.project(surface.corners()).astype(np.float32)
        k = self._view.pinhole
        if not np.isfinite(corners).all() or (corners < 0).any() or (corners >= (k.width, k.height)).any():
            return None
        pixel = float(np.linalg.norm(corners[1] - corners[0])) / surface.size[0]
        around = cv2.dilate(_filled(corners, arms.shape), np.ones((3, 3), np.uint8),
                            iterations=max(1, round(BESIDE * pixel)))  # fmt: skip
        if cv2.countNonZero(cv2.bitwise_and(around, arms)):
            return None
        width, depth = surface.size
        scale = min(WIDTH / max(width, depth), 2 * pixel)
        size = (max(1, round(width * scale)), max(1, round(depth * scale)))
        goal = np.array([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)  # as the operator sees it
        warp = cv2.getPerspectiveTransform(corners, goal)
        return np.asarray(cv2.warpPerspective(image, warp, size, flags=cv2.INTER_LINEAR), dtype=np.uint8)


def _filled(corners: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 255)
    return mask
