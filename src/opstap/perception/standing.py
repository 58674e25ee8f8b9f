"""The depth that a cell has when nobody is there, worked out from the scene: table, bins and case as boxes.

On every second pixel of the depth picture, as hands and people are looked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Box, Floats, Pose, View
from opstap.perception.places import meets
from opstap.scene import LABEL_HEIGHT, Scene

STEP = 2
"""Pixels of the depth picture from one pixel of the grid to the next."""


def grid_rays(view: View) -> Floats:
    """Directions (h / 2, w / 2, 3) in the table frame of every second pixel; times optical depth gives the way."""
    return np.asarray((view.pinhole.rays() @ view.pose.rotation.T)[::STEP, ::STEP])


def cast(boxes: Sequence[Box], view: View) -> NDArray[np.float32]:
    """Optical depth (h / 2, w / 2) in metres at which rays meet the first of the solid `boxes`; inf where none."""
    rays, origin = grid_rays(view), view.pose.translation
    depth = np.full(rays.shape[:2], np.inf, np.float32)
    for box in boxes:
        uv = view.project(box.corners())
        outline = np.zeros(depth.shape, np.uint8)
        if np.isfinite(uv).all():
            cv2.fillConvexPoly(outline, cv2.convexHull((uv / STEP).round().astype(np.int32)), 1)
            outline = np.asarray(cv2.dilate(outline, np.ones((3, 3), np.uint8)))
        else:
            outline[:] = 1
        at = np.nonzero(outline)
        depth[at] = np.minimum(depth[at], meets(box, origin, rays[at]))
    return depth


def table_box(scene: Scene, above: float = 0.0) -> Box:
    """The table top, `above` metres thicker than it is."""
    w, d = scene.table.size
    return Box(Pose.of((0.0, 0.0, (above - 0.03) / 2)), (w, d, 0.03 + above))


def enlarged(box: Box, sides: float, above: float) -> Box:
    """An upright box that is so much larger on each side and at its top."""
    w, d, h = box.size
    return Box(box.pose @ Pose.of((0.0, 0.0, above / 2)), (w + 2 * sides, d + 2 * sides, h + above))


def furniture(scene: Scene, sides: float, above: float) -> list[Box]:
    """Table, bins with their stands and labels, and case, with so much room around them for what lies there."""
    boxes = [table_box(scene, above)]
    for b in scene.bins:
        w, d, h = b.size
        top, drop = b.position[2] + h, b.position[2]
        label = LABEL_HEIGHT / np.sqrt(2)  # it leans out to the front
        centre = b.pose @ Pose.of((0.0, -label / 2, h / 2 - drop / 2))
        boxes.append(enlarged(Box(centre, (w, d + label, top)), sides, above))
    return [*boxes, enlarged(scene.case.outside, sides, above)]
