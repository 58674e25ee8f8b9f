"""Pictures all around: ahead is in the middle, right is at the right, and light falls where the projector throws it."""

from __future__ import annotations

import numpy as np
import pytest

from opstap.geometry import Pose
from opstap.instructions import Cell
from opstap.orientation import panorama
from opstap.orientation.glb import Material, Node
from opstap.shapes import box


def test_what_is_ahead_is_in_the_middle(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panorama, "ACROSS", 64)
    things = {(0.0, 5.0): (200, 0, 0), (5.0, 0.0): (0, 200, 0), (0.0, -5.0): (0, 0, 200), (-5.0, 0.0): (200, 200, 0)}
    root = Node("cell", [(box(Pose.of((*at, 0.5)), (2.0, 2.0, 2.0)), Material(color)) for at, color in things.items()])
    dark = [np.zeros((p.optics.height, p.optics.width, 3), np.uint8) for p in cell.scene.projectors]
    seen = panorama.Room(cell, root, dark).around(np.array([0.0, 0.0, 0.5]))
    assert seen.shape == (32, 64, 3)
    found = [tuple(int(v > 60) for v in seen[16, column]) for column in (32, 48, 63, 16)]
    assert found == [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0)]  # ahead, right, behind, left
    lit = [np.full_like(picture, 255) for picture in dark]
    above = np.array([0.0, -0.1, 0.6])
    table = Node("cell", [(box(Pose.of((0.0, 0.0, -0.5)), (1.0, 1.0, 1.0)), Material((100, 100, 100)))])
    down = [int(panorama.Room(cell, table, light).around(above)[30, 32, 0]) for light in (dark, lit)]
    assert down[1] > 1.3 * down[0]
