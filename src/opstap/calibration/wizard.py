"""Calibrating the camera step by step: what to do, how far it is, what came out. Terminal and page show the same.

1 look    the board or enough markers are found in the picture
2 hold    nothing moves while frames are gathered
3 judge   residuals in millimetres; a person accepts or tries again
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.calibration.record import Calibration, calibration_of
from opstap.calibration.solve import FEWEST, CalibrationError, Solution, solve
from opstap.calibration.targets import Marks, Targets
from opstap.geometry import Pinhole, Pose, View
from opstap.scene import Scene

FRAMES = 20
"""Frames that are gathered: their median depth has a quarter of one frame's noise."""
STILL = 0.8
"""Pixels by which points may move between two frames that are gathered together."""
BLUE, AMBER, WHITE = (90, 200, 255), (255, 170, 0), (255, 255, 255)
ENLARGED = 40
"""How much longer than they are residuals are drawn."""

Step = Literal["look", "hold", "judge"]


class Captured(Protocol):
    """One picture with depth."""

    @property
    def depth(self) -> NDArray[np.uint16]: ...
    @property
    def color(self) -> NDArray[np.uint8] | None: ...


class Source(Protocol):
    """What is needed of a camera."""

    fault: str
    serial: str
    depth_optics: Pinhole
    color_optics: Pinhole
    color_from_depth: Pose
    depth_unit: float


@dataclass(frozen=True, eq=False)
class Progress:
    """Where the calibration is."""

    step: Step
    said: str
    """What to do, or what came out, in plain words."""
    share: float
    """Of this step that is done, 0 to 1."""
    marks: Marks | None
    solution: Solution | None = None


class CameraWizard:
    """Takes pictures with `see` until there is a solution; `again` starts over."""

    def __init__(self, scene: Scene, source: Source) -> None:
        self.scene, self.source = scene, source
        self._targets = Targets(scene)
        self.again()

    def again(self) -> None:
        self._depths: list[NDArray[np.uint16]] = []
        self._last: Marks | None = None
        self._sums: dict[str, list[NDArray[np.float64]]] = {}
        self.solution: Solution | None = None
        self.picture: NDArray[np.uint8] | None = None
        self.progress = Progress("look", "Lay the board where the scene file says.", 0.0, None)

    def see(self, frame: Captured) -> Progress:
        """Look at a frame. Frames without colour are passed over."""
        if frame.color is None or self.solution is not None:
            return self.progress
        self.picture = frame.color
        marks = self._targets.find(frame.color)
        if len(marks) < FEWEST:
            self._start(marks)
            said = "No board and no markers found: lay the board flat, where the scene file says, its picture side up."
            if frame.color.mean() < 25:
                said = "The picture is dark: switch on a light."
            self.progress = Progress("look", said, 0.0, marks)
        elif self._moved(marks):
            self._start(marks)
            self.progress = Progress("look", f"{len(marks)} points found. Keep everything still.", 0.5, marks)
        else:
            self._gather(frame, marks)
            share = len(self._depths) / FRAMES
            self.progress = Progress("hold", f"{len(marks)} points found. Hands off the table, please.", share, marks)
            if len(self._depths) == FRAMES:
                self.progress = self._judge(marks)
        self._last = marks
        return self.progress

    def calibration(self) -> Calibration:
        """What to keep. Only after a solution."""
        assert self.solution is not None
        method: Literal["board", "markers"] = (
            "board" if any(n.startswith("board") for n in self.solution.names) else "markers"
        )
        return calibration_of(self.scene.cell, method, self.solution, self.source.depth_optics, self.source.serial)

    def _start(self, marks: Marks) -> None:
        self._depths, self._sums = [], {}

    def _moved(self, marks: Marks) -> bool:
        if self._last is None:
            return True
        before = dict(zip(self._last.names, self._last.pixels, strict=True))
        off = [np.linalg.norm(p - before[n]) for n, p in zip(marks.names, marks.pixels, strict=True) if n in before]
        return not off or float(np.median(off)) > STILL

    def _gather(self, frame: Captured, marks: Marks) -> None:
        self._depths.append(frame.depth)
        for name, pixel in zip(marks.names, marks.pixels, strict=True):
            self._sums.setdefault(name, []).append(pixel)

    def _judge(self, marks: Marks) -> Progress:
        """Solve with the means of what was gathered; points seen in less than half the frames do not count."""
        often = [i for i, n in enumerate(marks.names) if len(self._sums[n]) * 2 > FRAMES]
        names = tuple(marks.names[i] for i in often)
        pixels = np.array([np.mean(self._sums[n], axis=0) for n in names]).reshape(-1, 2)
        mean = Marks(names, pixels, marks.points[often], marks.owner[often])
        depth = median_depth(np.stack(self._depths), self.source.depth_unit)
        s = self.source
        try:
            solution = solve(mean, depth, s.depth_optics, s.color_optics, s.color_from_depth)
        except CalibrationError as error:
            self._start(marks)
            return Progress("look", str(error), 0.0, marks)
        self.solution = solution
        return Progress("judge", self._verdict(solution), 1.0, mean, solution)

    def _verdict(self, solution: Solution) -> str:
        doubts = solution.doubts()
        if doubts:
            return "Better try again. " + " ".join(d[0].upper() + d[1:] + "." for d in doubts)
        return f"Good: {solution.rms:.2f} mm on average, {solution.worst:.2f} mm at worst."


def report(wizard: CameraWizard) -> Iterator[str]:
    """A solution in lines of text: residuals in mm on the table, and how far from where the scene has the camera."""
    solution = wizard.solution
    assert solution is not None
    nominal = wizard.scene.camera.pose
    moved = (solution.pose.translation - nominal.translation) * 1000
    turned = np.degrees((nominal.inverse() @ solution.pose).angle)
    yield f"points             {len(solution.names)}"
    yield f"on average         {solution.rms:.2f} mm on the table (root mean square)"
    yield f"at worst           {solution.worst:.2f} mm"
    yield f"table in depth     {solution.plane_rms:.2f} mm around its plane"
    yield f"size of pattern    {(solution.scale - 1) * 100:+.2f} % against what it should be"
    yield "camera             x {:.4f}  y {:.4f}  z {:.4f} m".format(*solution.pose.translation)
    yield "                   {:+.1f} {:+.1f} {:+.1f} mm and {:.2f} degrees from the scene file".format(*moved, turned)
    order = np.argsort(-np.linalg.norm(solution.errors, axis=1))[:5]
    yield "worst points       " + ", ".join(
        f"{solution.names[i]} ({solution.errors[i, 0]:+.2f}, {solution.errors[i, 1]:+.2f})" for i in order
    )


def overlay(wizard: CameraWizard) -> NDArray[np.uint8] | None:
    """The colour picture (h, w, 3) RGB with the points found; after a solution with its residuals, drawn enlarged, and
    the outlines of bins and case as they would now be seen."""
    if wizard.picture is None:
        return None
    picture: NDArray[np.uint8] = wizard.picture.copy()
    progress, optics = wizard.progress, wizard.source.color_optics
    if progress.solution is not None:
        color_pose = progress.solution.pose @ wizard.source.color_from_depth.inverse()
        view = View(optics, color_pose)
        scene = wizard.scene
        rims = [b.opening.points([(x, y) for x, y in _corners(b.size)]) + [0, 0, b.size[2] / 2] for b in scene.bins]
        for rim in [*rims, scene.board_surface.corners()]:
            _outline(picture, view.project(rim), WHITE)
        for point, error in zip(progress.solution.points, progress.solution.errors, strict=True):
            end = point + np.array([*error, 0.0]) / 1000 * ENLARGED
            a, b = (fixed(p) for p in view.project(np.array([point, end])))
            cv2.line(picture, a, b, AMBER, 3, cv2.LINE_AA, 4)
    if progress.marks is not None:
        for pixel in progress.marks.pixels:
            cv2.circle(picture, fixed(pixel), 7 * 16, BLUE, 2, cv2.LINE_AA, 4)
    return picture


def median_depth(frames: NDArray[np.uint16], unit: float) -> NDArray[np.float32]:
    """Median over time of frames (n, h, w), in metres; 0 where half or more of them have no return."""
    ordered = np.sort(frames, axis=0)
    valid = np.count_nonzero(ordered, axis=0)
    middle = np.take_along_axis(ordered, (len(frames) - 1 - (valid - 1) // 2)[None].clip(0, len(frames) - 1), axis=0)
    return np.asarray(np.where(valid * 2 > len(frames), middle[0], 0) * unit, dtype=np.float32)


def _corners(size: tuple[float, float, float]) -> list[tuple[float, float]]:
    w, d = size[0] / 2, size[1] / 2
    return [(-w, d), (w, d), (w, -d), (-w, -d)]


def fixed(pixel: NDArray[np.float64]) -> tuple[int, int]:
    """A pixel as OpenCV draws it with four bits after the point."""
    return (round(float(pixel[0]) * 16), round(float(pixel[1]) * 16))


def _outline(picture: NDArray[np.uint8], pixels: NDArray[np.float64], color: tuple[int, int, int]) -> None:
    if np.isfinite(pixels).all():
        cv2.polylines(picture, [np.round(pixels * 16).astype(np.int32)], True, color, 1, cv2.LINE_AA, 4)
