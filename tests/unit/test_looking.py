"""The table and what is on it, in pictures of any camera at any tilt; what is no table is not taken for one."""

import os
from pathlib import Path

import numpy as np
import pytest

from opstap.geometry import Box, Pinhole, Pose, View
from opstap.looking import LookError, ground, look, read_depth, read_intrinsics
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


def tote(full: bool, seed: int = 0):
    """A tote seen at 35 degrees, empty, or with a heap in it that covers its floor; optics and depth (h, w)."""
    optics = Pinhole(320, 240, 310, 310, 159.5, 119.5)
    whole = Pinhole(640, 480, 620, 620, 319.5, 239.5)  # of which `cast` gives a half
    angle = np.radians(35)
    pose = Pose.of((0.0, -np.sin(angle) * 0.7, np.cos(angle) * 0.7), (np.pi + angle, 0.0, 0.0))
    walls = [
        Box(Pose.of((0, 0, -0.01)), (0.36, 0.6, 0.02)),
        *(Box(Pose.of((x, 0, 0.1)), (0.02, 0.6, 0.2)) for x in (-0.19, 0.19)),
        Box(Pose.of((0, 0.31, 0.1)), (0.40, 0.02, 0.2)),
    ]
    rng = np.random.default_rng(3)
    heap = [
        Box(Pose.of((x, y, 0.03), tuple(rng.uniform(-0.3, 0.3, 3))), (0.11, 0.11, rng.uniform(0.04, 0.11)))
        for x in np.linspace(-0.14, 0.14, 4) for y in np.linspace(-0.28, 0.28, 7)
    ]  # fmt: skip
    seen = cast([*walls, *(heap if full else ())], View(whole, pose))
    noisy = np.where(np.isfinite(seen), seen, 0) * (1 + np.random.default_rng(seed).normal(0, 0.002, seen.shape))
    return optics, noisy.astype(np.float32)


def test_a_covered_table_is_known_from_another_picture_of_the_same_camera():
    optics, full = tote(full=True)
    empty = ground(tote(full=False, seed=1)[1], optics)
    found = look(full, optics, others=(empty,))
    assert found.known == "other picture"
    assert found.tilt_deg == pytest.approx(35, abs=1)
    assert found.table.distance == pytest.approx(0.5734, abs=0.005)
    assert max(t.height for t in found.things) == pytest.approx(0.11, abs=0.04)
    moved = ground(np.roll(tote(full=False)[1], 25, axis=1), optics)
    assert look(full, optics, others=(moved,)).known != "other picture", "the camera stood elsewhere"


def test_a_covered_table_is_estimated_from_the_heap_and_said_to_be():
    optics, full = tote(full=True)
    found = look(full, optics)
    assert found.known == "estimated"
    assert found.tilt_deg == pytest.approx(35, abs=12)
    assert found.table.distance == pytest.approx(0.5734, abs=0.05)


def test_a_wrong_scale_gives_no_table():
    optics, empty = tote(full=False)
    assert look(empty, optics).known == "seen"
    assert look(empty * 10, optics).table is None


@pytest.mark.skipif(not REAL.is_dir(), reason="real captures: set OPSTAP_REAL_DEPTH to their folder")
def test_real_captures_of_another_camera():
    folder = REAL / "arc_tote"
    empty, full = (read_depth(folder / f"test-{name}.depth.png", 0.0001) for name in ("background", "image"))
    optics = read_intrinsics(folder, None, empty.shape)
    found = look(empty, optics)
    assert found.known == "seen"
    assert found.table.rms < 0.003
    heap = look(full, optics, others=(ground(empty, optics),))
    assert heap.known == "other picture"
    assert max(t.height for t in heap.things) > 0.05
    alone = look(full, optics)
    assert alone.known == "estimated"
    assert np.degrees(np.arccos(alone.table.normal @ found.table.normal)) < 15
    assert alone.table.distance == pytest.approx(found.table.distance, abs=0.04)


@pytest.mark.skipif(not REAL.is_dir(), reason="real captures: set OPSTAP_REAL_DEPTH to their folder")
def test_a_person_is_no_table():
    for path in (REAL / "sr305_hand").glob("*.png"):
        depth = read_depth(path, 0.000125)
        assert look(depth, Pinhole(640, 480, 476, 476, 313.7, 242.8)).table is None
