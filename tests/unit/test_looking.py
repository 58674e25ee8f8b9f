"""The table and what is on it, in pictures of any camera at any tilt; what is no table is not taken for one."""

import os
from pathlib import Path

import numpy as np
import pytest

from opstap.geometry import Box, Pinhole, Pose, View
from opstap.looking import LookError, look, read_depth, read_intrinsics
from opstap.perception.standing import cast

REAL = Path(os.environ.get("OPSTAP_REAL_DEPTH", "/nonexistent"))


@pytest.mark.parametrize("tilt", [0, 30, 60])
@pytest.mark.parametrize("focal", [425, 300])
def test_a_table_before_walls_is_found_with_what_stands_on_it(tilt, focal):
    optics = Pinhole(640, 480, focal, focal, 319.5, 239.5)
    angle = np.radians(tilt)
    pose = Pose.of((0.0, -np.sin(angle), np.cos(angle)), (np.pi + angle, 0.0, 0.0))
    boxes = [
        Box(Pose.of((0, 0, -0.02)), (1.4, 1.0, 0.04)),
        Box(Pose.of((0, 0, -0.75)), (8, 8, 0.02)),
        Box(Pose.of((0, 2.0, 0.5)), (8, 0.1, 4)),
        Box(Pose.of((0.1, 0.0, 0.05)), (0.15, 0.12, 0.10)),
    ]
    half = cast(boxes, View(optics, pose))
    small = Pinhole(320, 240, focal / 2, focal / 2, 319.5 / 2, 239.5 / 2)
    depth = np.where(np.isfinite(half), half, 0)
    rng = np.random.default_rng(0)
    depth = depth * (1 + rng.normal(0, 0.002, depth.shape)) * (rng.uniform(size=depth.shape) > 0.1)
    found = look(depth.astype(np.float32), small)
    assert found.table is not None
    assert found.tilt_deg == pytest.approx(tilt, abs=1.0)
    assert found.table.distance == pytest.approx(np.cos(angle) * pose.translation[2] / np.cos(angle), abs=0.01)
    assert any(t.height == pytest.approx(0.10, abs=0.02) for t in found.things)


def test_nothing_is_no_table():
    optics = Pinhole(64, 48, 50, 50, 31.5, 23.5)
    assert look(np.zeros((48, 64), np.float32), optics).table is None
    noise = np.random.default_rng(0).uniform(0.3, 2, (48, 64)).astype(np.float32)
    assert look(noise, optics).table is None
    assert look(np.full((48, 64), np.nan, np.float32), optics).things == ()


def test_bad_files_are_told(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no")
    with pytest.raises(LookError, match="found no picture"):
        read_depth(tmp_path / "a.png", 0.001)
    np.save(tmp_path / "b.npy", np.zeros((2, 2, 3)))
    with pytest.raises(LookError, match=r"\(2, 2, 3\)"):
        read_depth(tmp_path / "b.npy", 0.001)
    with pytest.raises(LookError, match="found 0 intrinsics files"):
        read_intrinsics(tmp_path, None, (2, 2))
    (tmp_path / "intrinsics.txt").write_text("1 2")
    with pytest.raises(LookError, match="no 3x3 matrix"):
        read_intrinsics(tmp_path, None, (2, 2))


@pytest.mark.skipif(not REAL.is_dir(), reason="real captures: set OPSTAP_REAL_DEPTH to their folder")
def test_real_captures_of_another_camera():
    folder = REAL / "arc_tote"
    depth = read_depth(folder / "test-background.depth.png", 0.0001)
    found = look(depth, read_intrinsics(folder, None, depth.shape))
    assert found.table is not None
    assert found.table.rms < 0.003
