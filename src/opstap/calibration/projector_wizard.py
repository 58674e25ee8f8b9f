"""Calibrating a projector step by step: it throws its patterns, the camera looks at each, and out come millimetres.

About 45 patterns; a real camera takes ten seconds for them. Hands off the table meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.calibration.patterns import GrayCode
from opstap.calibration.projector import Lit, ProjectorSolution, fall_off, lit_patches, solve_projector
from opstap.calibration.wizard import Captured, Source, median_depth
from opstap.geometry import Pose, View
from opstap.scene import Projector

DEPTHS = 20
"""Depth pictures whose median is used."""
BRIGHT = 12.0
"""Grey levels by which the projector must light the picture at least, where it does."""
SETTLE = 6
"""Pictures that pass after a pattern: 0.2 s at 30 a second, for projectors that work on their picture."""
MOVED = 2.0
"""mm from which a projector counts as moved."""


class ProjectorWizard:
    """Takes pictures with `see` until there is a solution, or `fault` says why there is none.

    Args:
        projector: as the scene has it.
        camera: T_table_depth, calibrated.
        source: the camera.
        show: throws an image (h, w) uint8.
        settle: pictures to let pass after each pattern: the projector's and the camera's delay.
    """

    def __init__(
        self,
        projector: Projector,
        camera: Pose,
        source: Source,
        show: Callable[[NDArray[np.uint8]], None],
        settle: int,
    ) -> None:
        self.projector, self.camera, self.source = projector, camera, source
        self._show, self._settle = show, settle
        self._code = GrayCode(projector.optics.width, projector.optics.height)
        self._seen: list[NDArray[np.uint8]] = []
        self._depths: list[NDArray[np.uint16]] = []
        self._waited = 0
        self.lit: Lit | None = None
        self.fault = ""
        show(self._code.images[0])

    @property
    def share(self) -> float:
        """Of the patterns that were seen."""
        return len(self._seen) / len(self._code.images)

    def see(self, frame: Captured) -> bool:
        """Look at a picture; True when all patterns were seen. Those without colour are passed over."""
        if self.lit is not None or self.fault:
            return True
        if frame.color is None:
            return False
        if self._waited < self._settle:
            self._waited += 1
            return False
        self._waited = 0
        self._seen.append(np.asarray(cv2.cvtColor(frame.color, cv2.COLOR_RGB2GRAY)))
        if len(self._depths) < DEPTHS:
            self._depths.append(frame.depth)
        if len(self._seen) < len(self._code.images):
            self._show(self._code.images[len(self._seen)])
            return False
        self._show(self._code.images[0])
        self._judge()
        return True

    def _judge(self) -> None:
        gain = self._seen[1].astype(float) - self._seen[0]
        if np.quantile(gain, 0.9) < BRIGHT:
            self.fault = "The projector's light is not seen: is it on, is its lens open, is the room too bright?"
            return
        depth = median_depth(np.stack(self._depths), self.source.depth_unit)
        color_pose = self.camera @ self.source.color_from_depth.inverse()
        self.lit = lit_patches(
            self._code.decode(self._seen),
            depth,
            View(self.source.depth_optics, self.camera),
            View(self.source.color_optics, color_pose),
        )

    def solve(self) -> ProjectorSolution:
        """The projector's pose and intrinsics; after all patterns were seen.

        Raises:
            CalibrationError: too little was lit and seen.
        """
        assert self.lit is not None
        return solve_projector(self.projector, self.lit)

    def check(self, known: Projector) -> float:
        """mm that 95 of 100 patches stay below, by which the light of `known` falls off now; after all were seen."""
        assert self.lit is not None
        return float(np.quantile(fall_off(known.view, self.lit), 0.95))


def projector_report(solution: ProjectorSolution, guess: Projector) -> Iterator[str]:
    """A solution in lines of text."""
    for name, chosen in (("table", ~solution.raised), ("raised surfaces", solution.raised)):
        if chosen.any():
            median, worst = np.median(solution.errors[chosen]), solution.errors[chosen].max()
            yield (
                f"{name:<18} {median:.2f} mm in the middle, 95 % below {solution.p95(chosen):.2f} mm, at worst "
                f"{worst:.2f} mm ({np.count_nonzero(chosen)} patches)"
            )
    p = solution.projector
    moved = (np.array(p.position) - guess.position) * 1000
    turned = np.degrees((guess.pose.inverse() @ p.pose).angle)
    yield "projector          x {:.4f}  y {:.4f}  z {:.4f} m".format(*p.position)
    yield "                   {:+.1f} {:+.1f} {:+.1f} mm and {:.2f} degrees from the scene file".format(*moved, turned)
    if any(p.optics.distortion):
        yield "lens               k1 {:+.4f}  k2 {:+.4f}  p1 {:+.4f}  p2 {:+.4f}".format(*p.optics.distortion)
    yield f"focal length       {p.optics.focal:.1f} pixels (scene file: {guess.optics.focal:g})"
