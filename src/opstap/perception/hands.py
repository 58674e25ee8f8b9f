"""Hands and arms in the depth image: whatever large stands out from the settled background.

Works on every second pixel: an arm is dozens of pixels wide. Gloves, tools, a part in the hand and projected light make
no difference, since only depth is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Box, Floats, View
from opstap.perception.places import Depth, at_share
from opstap.scene import Scene

STANDS_OUT = 15.0
"""How much nearer than the background a hand is, mm at 1 m: over four times the depth noise there. A stereo camera's
noise grows with the square of the distance, and so does this."""
CLEARANCE = 40
"""At the start anything this far above table and boxes, in mm, is an arm and not background."""
SMALLEST_ARM = 0.004
"""m2 as seen by the camera. Larger than any part, so that a part put down is not taken for a hand."""
HAND_LENGTH = 0.19
"""m, from wrist to fingertip; 95th percentile of adults is about 0.205, the mean 0.19."""
LOWEST = -0.05
"""m, below the table's top, under which a pixel is none of a hand: at an arm's edge beside the table depth is mixed
with the floor's, and one such pixel would be taken for the tip."""
FINGERTIPS = 0.13
"""m from the tip of the hand within which it can be in a place; what is farther back is palm and forearm."""
STRIPES = 16
"""The background learns one row in so many a frame: 2 mm a second at 30 fps. It learns nothing from an arm that reaches
in from outside, however long that rests; what was put down and left is background after a while."""
PRESENCE = 2_000_000_000
"""ns after the last hand for which a person still counts as being there."""
MOST_HANDS = 8
SETTLE = 5
"""Frames from which the first background is made."""

Side = Literal["left", "right", "unknown"]


@dataclass(frozen=True)
class Hand:
    """One hand, in the table frame, metres and seconds."""

    position: tuple[float, float, float]
    """Middle of the hand's visible part."""
    extent: tuple[float, float, float]
    """Size of the upright box around the hand's visible part."""
    side: Side
    zone: str
    """The place (bin, slot or zone of the scene) it is in, or ""."""
    velocity: tuple[float, float, float]
    """m/s, smoothed over about two frames."""
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, eq=False)
class Arm:
    """What stands out as one arm with its hand, table frame, metres."""

    outline: Floats
    """Corners (n, 3) around all of it, a centimetre wider, each at the arm's height there."""
    fingers: Floats
    """Points (n, 3) near the tip: every fourth pixel in each direction."""
    tip: tuple[float, float, float]
    velocity: tuple[float, float, float]
    """Of the hand, m/s."""


@dataclass(frozen=True, eq=False)
class Blobs:
    """What stands out in one frame."""

    near_arm: NDArray[np.bool_] | None
    """Pixels of arms with a rim around them, where depth is mixed with the arm's; None when there are none."""
    hands: tuple[Hand, ...]
    arms: tuple[Arm, ...]
    """Of each hand its arm."""


NOTHING = Blobs(None, (), ())


@dataclass(frozen=True, eq=False)
class _Seen:
    """An arm in one frame."""

    hand: Hand
    leaning: float
    """How much it speaks for right (positive) or left."""
    fingers: Floats
    tip: Floats
    attached: bool
    """It reaches in from outside the image."""


@dataclass(frozen=True, eq=False)
class _Track:
    """A hand over time; `leaning` is that of its arm, averaged."""

    hand: Hand
    stamp: int
    leaning: float


class HandFinder:
    """Finds arms against a background that it learns; keeps track of hands from frame to frame."""

    def __init__(self, scene: Scene, view: View) -> None:
        k = view.pinhole
        self.origin = view.pose.translation
        self.rays = ((k.rays() @ view.pose.rotation.T)[::2, ::2] * 1e-3).astype(np.float32)
        """(H / 2, W / 2, 3) in the table frame: `origin` + ray times depth in mm is the point that a pixel sees."""
        distance = float(np.linalg.norm(self.origin))
        self._smallest = int(SMALLEST_ARM * k.fx * k.fy / (4 * distance**2))
        self._highest = _envelope(scene, view)
        self._background = self._highest.copy()
        """int16 (H / 2, W / 2), mm."""
        self._limit = self._limit_of(self._background)
        self._first: list[NDArray[np.int16]] = []
        self._turn = 0
        self._tracks: list[_Track] = []
        self._last_seen: int | None = None

    def learn(self, pixels: NDArray[np.intp], depth: NDArray[np.float32]) -> None:
        """Take `depth` (n,), mm, as background at flat indices `pixels` (n,) of the every-second-pixel grid."""
        self._background.reshape(-1)[pixels] = depth
        self._limit.reshape(-1)[pixels] = self._limit_of(depth)

    @staticmethod
    def _limit_of(background: NDArray[Any]) -> NDArray[np.int16]:
        """Depth, mm, from which what is nearer stands out."""
        metres = background * np.float32(1e-3)
        return np.asarray(background - np.maximum(STANDS_OUT * metres * metres, 8.0), dtype=np.int16)

    def see(self, depth: Depth, stamp: int) -> Blobs:
        small = depth[::2, ::2].astype(np.int16)
        if len(self._first) < SETTLE:
            self._start(small)
        near = ((small < self._limit) & (small > 0)).view(np.uint8)
        near = cv2.morphologyEx(near, cv2.MORPH_OPEN, _SQUARE3)
        owner, boxes, part = self._arms(near)
        if not boxes:
            self._tracks = []
            self._adapt(small, None)
            return NOTHING
        covering = owner.copy()
        self._adopt(small[part], near[part], covering[part])
        near_arm = cv2.dilate(covering, _SQUARE5)
        seen = [self._measure(small, owner, i, box) for i, box in enumerate(boxes, 1)]
        self._adapt(small, near_arm, np.array([False, *(s.attached for s in seen)]))
        self._tracks = self._follow(seen, stamp)
        self._last_seen = stamp
        arms = tuple(
            Arm(self._outline(small, owner, near_arm, i, box), s.fingers, _triple(s.tip), t.hand.velocity)
            for i, (s, t, box) in enumerate(zip(seen, self._tracks, boxes, strict=True), 1)
        )
        return Blobs(near_arm > 0, tuple(t.hand for t in self._tracks), arms)

    def _arms(self, near: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], list[Sequence[int]], tuple[slice, slice]]:
        """The arms in what stands out: their pixels, numbered from 1; the box (x, y, width, height) of each; and the
        part of the picture that all that stands out is in."""
        x, y, w, h = cv2.boundingRect(near)
        top, left = max(0, y - GAP), max(0, x - GAP)
        part = slice(top, y + h + GAP), slice(left, x + w + GAP)
        number, labels = cv2.connectedComponents(near[part], connectivity=4, ltype=cv2.CV_16U)
        # OpenCV's own statistics cost six times the labels.
        areas = cv2.calcHist([labels], [0], None, [number], [0, number]).ravel()[1:]
        large = np.flatnonzero(areas >= self._smallest)[:MOST_HANDS] + 1
        owner = np.zeros_like(near)
        boxes: list[Sequence[int]] = []
        for i, label in enumerate(large.tolist(), 1):
            mask = (labels == label).view(np.uint8)
            owner[part] += mask * np.uint8(i)
            x, y, w, h = cv2.boundingRect(mask)
            boxes.append((x + left, y + top, w, h))
        return owner, boxes, part

    @staticmethod
    def _adopt(small: NDArray[np.int16], near: NDArray[np.uint8], covering: NDArray[np.uint8]) -> None:
        """Give arms, `covering`, what holes cut off from them: fingers behind a bin's wall are no content."""
        around = cv2.dilate(covering, _REACH)
        lost = (near > covering) & (around > 0)
        if not lost.any():
            return
        # What is reached from an arm through patches without depth; at every arm's edge single pixels have none.
        holes = ((small == 0) & (around > 0)).view(np.uint8)
        holes = cv2.dilate(cv2.morphologyEx(holes, cv2.MORPH_OPEN, _SQUARE3), _SQUARE3)
        _, joined = cv2.connectedComponents(near | holes, ltype=cv2.CV_16U)
        arms = np.zeros(int(joined.max()) + 1, bool)
        arms[joined[covering > 0]] = True
        mine = lost & arms[joined]
        covering[mine] = around[mine]

    def _outline(
        self,
        small: NDArray[np.int16],
        owner: NDArray[np.uint8],
        near_arm: NDArray[np.uint8],
        i: int,
        box: Sequence[int],
    ) -> Floats:
        """The outline (n, 3) of arm number `i` and its rim; the rim is as high as the arm beside it."""
        x, y, w, h = box
        left, top = max(0, x - RIM), max(0, y - RIM)
        around = slice(top, y + h + RIM), slice(left, x + w + RIM)
        small, owner, near_arm = small[around], owner[around], near_arm[around]
        outlines, _ = cv2.findContours((near_arm == i).view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        if not outlines:
            return np.zeros((0, 3))
        largest = max(outlines, key=cv2.contourArea)
        corners = cv2.approxPolyDP(largest, OUTLINE, closed=True)[:, 0]
        far = np.int16(30000)
        mine = np.where((owner == i) & (small > 0), small, far)
        only = cv2.erode(mine, _SQUARE11)
        depth = only[corners[:, 1], corners[:, 0]].astype(float)
        if depth.max() == far:
            depth[depth == far] = at_share(mine[mine < far], 0.5)
        return np.asarray(self.rays[corners[:, 1] + top, corners[:, 0] + left] * depth[:, None] + self.origin)

    def present(self, stamp: int) -> bool:
        """Whether somebody is at the bench: a hand is seen, or was a moment ago."""
        return self._last_seen is not None and 0 <= stamp - self._last_seen <= PRESENCE

    def _start(self, small: NDArray[np.int16]) -> None:
        """Background of the first frames: their median, but nothing that hovers over table and boxes."""
        self._first.append(small)
        if len(self._first) == SETTLE:
            frames = np.sort(np.stack(self._first), axis=0)
            valid = np.count_nonzero(frames, axis=0)
            middle = np.take_along_axis(frames, (SETTLE - (valid + 1) // 2)[None].clip(max=SETTLE - 1), axis=0)[0]
            self._background = np.maximum(middle, self._background)
            self._limit = self._limit_of(self._background)

    def _adapt(
        self, small: NDArray[np.int16], near_arm: NDArray[np.uint8] | None, attached: NDArray[np.bool_] | None = None
    ) -> None:
        """One stripe of rows follows the scene: slowly nearer, at once farther (whatever stood there has gone), and not
        where arms are that `attached` (1 + arms,) has."""
        if len(self._first) < SETTLE:
            return
        self._turn = (self._turn + 1) % STRIPES
        rows = slice(self._turn, None, STRIPES)
        behind = np.where(small[rows] > 0, small[rows] - self._background[rows], 0)
        if near_arm is not None and attached is not None:
            behind[attached[near_arm[rows]]] = 0
        self._background[rows] += np.where(behind > STANDS_OUT, behind, np.sign(behind)).astype(np.int16)
        self._limit[rows] = self._limit_of(self._background[rows])

    def _measure(self, small: NDArray[np.int16], owner: NDArray[np.uint8], i: int, box: Sequence[int]) -> _Seen:
        """The hand at the end of arm number `i`, in `box`: x, y, width, height."""
        x, y, w, h = box
        window = (slice(y, y + h, 2), slice(x, x + w, 2))
        mask = owner[window] == i
        points = self.rays[window][mask] * small[window][mask][:, None] + self.origin
        over_table = points[:, 2] > LOWEST
        points = points[over_table] if over_table.any() else points
        height, width = small.shape
        border = (x == 0) | (y == 0) | (x + w == width) | (y + h == height)
        entry = self._entry(points, x, y, w, h, width, height)
        away = np.hypot(*(points[:, :2] - entry[:2]).T)
        far = points[away >= at_share(away, 0.98)]
        # One of the points, not their mean: two ends equally far must not give a tip in mid-air.
        tip = far[np.argmin(np.linalg.norm(far - far.mean(axis=0), axis=1))]
        beyond = np.linalg.norm(points - tip, axis=1)
        hand = points[beyond < HAND_LENGTH]
        low, high = (np.array([at_share(axis, share) for axis in hand.T]) for share in (0.02, 0.98))
        # The operator stands at -y: a right arm comes in from the right and leans to the left.
        leaning = 1.5 * entry[0] - tip[0]
        confidence = min(1.0, len(points) * 4 / (3 * self._smallest)) * (1.0 if border else 0.8)
        found = Hand(
            _triple(hand.mean(axis=0)), _triple(high - low), "unknown", "", (0.0, 0.0, 0.0), round(confidence, 2)
        )
        fingers = points[beyond < FINGERTIPS]
        return _Seen(found, float(leaning), fingers, tip, border)

    @staticmethod
    def _entry(points: Floats, x: int, y: int, w: int, h: int, width: int, height: int) -> Floats:
        """Where the arm comes from: the image border it reaches, else its end nearest to the operator."""
        if y + h == height or not (x == 0 or y == 0 or x + w == width):
            key = points[:, 1]
        elif x == 0:
            key = points[:, 0]
        elif x + w == width:
            key = -points[:, 0]
        else:
            key = -points[:, 1]
        return np.asarray(points[key <= at_share(key, 0.05)].mean(axis=0))

    def _follow(self, seen: list[_Seen], stamp: int) -> list[_Track]:
        """Tie hands to those of the last frame, nearest first."""
        old = list(self._tracks)
        tracks = []
        for hand, leaning in ((s.hand, s.leaning) for s in seen):
            before = min(old, key=lambda t: _apart(t.hand, hand), default=None)
            if before and _apart(before.hand, hand) < 0.25:
                old.remove(before)
                dt = (stamp - before.stamp) * 1e-9
                moved = (np.array(hand.position) - before.hand.position) / dt
                hand = replace(hand, velocity=_triple(0.5 * np.array(before.hand.velocity) + 0.5 * moved))
                leaning = 0.8 * before.leaning + 0.2 * leaning
            tracks.append(_Track(hand, stamp, leaning))
        if len(tracks) == 2:
            first_left = tracks[0].leaning <= tracks[1].leaning
            sides: list[Side] = ["left", "right"] if first_left else ["right", "left"]
        else:
            sides = ["right" if t.leaning > 0.05 else "left" if t.leaning < -0.05 else "unknown" for t in tracks]
        return [replace(t, hand=replace(t.hand, side=side)) for t, side in zip(tracks, sides, strict=True)]


RIM = 3
"""Pixels around an arm, of every second, in which depth may be mixed with the arm's."""
GAP = 8
"""Pixels, of every second, that holes may cut fingers off from their hand by: 4 cm at 1 m."""
OUTLINE = 1.5
"""Pixels by which an arm's outline may cut a corner."""
_SQUARE3 = np.ones((3, 3), np.uint8)
_SQUARE11 = np.ones((11, 11), np.uint8)
_SQUARE5 = np.ones((5, 5), np.uint8)
_REACH = np.ones((2 * GAP + 1, 2 * GAP + 1), np.uint8)


def _apart(a: Hand, b: Hand) -> float:
    return float(np.linalg.norm(np.subtract(a.position, b.position)))


def _triple(v: Floats) -> tuple[float, float, float]:
    return (round(float(v[0]), 4), round(float(v[1]), 4), round(float(v[2]), 4))


def _envelope(scene: Scene, view: View) -> NDArray[np.int16]:
    """The nearest depth that still counts as background, (H / 2, W / 2) mm: table and boxes plus CLEARANCE."""
    k = view.pinhole
    rays = (k.rays() @ view.pose.rotation.T)[::2, ::2]
    down = np.where(rays[..., 2] < -1e-3, rays[..., 2], np.nan)

    def plane(z: float) -> Floats:
        return np.asarray(np.nan_to_num((z - view.pose.translation[2]) / down * 1000, nan=30000.0))

    nearest = plane(CLEARANCE / 1000)
    boxes: list[Box] = [*(b.outside for b in scene.bins), scene.case.outside]
    for box in sorted(boxes, key=lambda b: float(b.corners()[:, 2].max())):
        outline = np.zeros(nearest.shape, np.uint8)
        corners = box.corners()
        uv = view.project(corners)
        if np.isnan(uv).any():
            continue
        cv2.fillConvexPoly(outline, cv2.convexHull((uv / 2).round().astype(np.int32)), 1)
        top = plane(float(corners[:, 2].max()) + CLEARANCE / 1000)
        nearest = np.where(outline == 1, np.minimum(nearest, top), nearest)
    return np.clip(nearest, 1, 30000).astype(np.int16)
