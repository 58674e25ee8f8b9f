"""Camera to table: a displaced simulated camera is found again, and what cannot be trusted is told."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from opstap.calibration.plane import find_table, fit_plane
from opstap.calibration.record import (
    CameraKnown,
    beside,
    load_calibration,
    save_calibration,
)
from opstap.calibration.solve import CalibrationError, solve
from opstap.calibration.targets import Targets, print_board
from opstap.calibration.wizard import FRAMES, CameraWizard, median_depth, overlay, report
from opstap.documents import DocumentError
from opstap.geometry import Pinhole, Pose
from opstap.perception.depth_camera import Frame
from opstap.scene import Board, Fiducial
from opstap.simulation.calibrating import CalibrationBench

TABLE = np.array([(x, y, 0.0) for x in (-0.45, 0.45) for y in (-0.30, 0.35)])
BUMPED = Pose.of((0.012, -0.020, 0.030), tuple(np.radians((2.0, -1.5, 3.0))))


def off(found: Pose, true: Pose) -> float:
    """mm by which the corners of the working area are seen in a wrong place, at most."""
    return float(np.linalg.norm((found @ true.inverse()).apply(TABLE) - TABLE, axis=1).max() * 1000)


def run(wizard: CameraWizard, bench: CalibrationBench, frames: int = FRAMES + 1) -> None:
    for now in range(frames):
        wizard.see(bench.poll(now))


@pytest.fixture(scope="module")
def still(cell):
    return CalibrationBench(cell)


@pytest.fixture(scope="module")
def bumped(cell):
    bench = CalibrationBench(cell, BUMPED, seed=3)
    wizard = CameraWizard(cell.scene, bench)
    run(wizard, bench)
    return bench, wizard


def test_the_board_gives_a_displaced_cameras_pose_within_2_mm(cell, bumped):
    bench, wizard = bumped
    assert wizard.progress.step == "judge"
    assert off(cell.scene.camera.pose, bench.true_pose) > 25
    assert off(wizard.solution.pose, bench.true_pose) < 2.0
    assert np.degrees((wizard.solution.pose.inverse() @ bench.true_pose).angle) < 0.2
    assert wizard.solution.doubts() == []
    assert len(wizard.solution.names) == 54


def test_the_report_tells_millimetres_and_the_picture_shows_the_points(bumped):
    _, wizard = bumped
    text = "\n".join(report(wizard))
    assert "54" in text
    assert "mm on the table" in text
    assert "degrees from the scene file" in text
    picture, plain = overlay(wizard), wizard.picture
    assert (picture != plain).any(axis=2).sum() > 2000


def test_markers_stuck_on_the_table_do_as_well(cell):
    places = [(60, (-0.22, -0.02, 0.0)), (61, (0.22, -0.02, 0.0)), (62, (0.22, -0.25, 0.0)), (63, (-0.22, -0.25, 0.0))]
    markers = tuple(Fiducial(id=i, position=p, size=0.05, yaw_deg=10.0 * (i - 60)) for i, p in places)
    scene = cell.scene.model_copy(update={"fiducials": markers})
    bench = CalibrationBench(replace(cell, scene=scene), BUMPED, seed=5, board=False)
    wizard = CameraWizard(scene, bench)
    run(wizard, bench)
    assert wizard.calibration().method == "markers"
    assert len(wizard.solution.names) == 16
    assert off(wizard.solution.pose, bench.true_pose) < 3.0


def test_without_a_board_it_says_what_to_do(cell):
    bench = CalibrationBench(cell, board=False)
    wizard = CameraWizard(cell.scene, bench)
    run(wizard, bench, 3)
    assert wizard.progress.step == "look"
    assert "lay the board flat" in wizard.progress.said
    dark = wizard.see(Frame(9, 9, bench.poll(9).depth, np.zeros((720, 1280, 3), np.uint8)))
    assert "switch on a light" in dark.said


def test_a_camera_that_moves_while_frames_are_gathered_starts_again(cell, bumped, still):
    moved = bumped[0]
    wizard = CameraWizard(cell.scene, still)
    run(wizard, still, 4)
    assert wizard.progress.step == "hold"
    wizard.see(moved.poll(100))
    assert wizard.progress.step == "look"
    run(wizard, moved, FRAMES)
    assert off(wizard.solution.pose, moved.true_pose) < 2.0


def test_a_board_of_another_size_than_the_scene_says_is_doubted(cell, still):
    wrong = cell.scene.model_copy(update={"board": Board(square=0.042)})
    wizard = CameraWizard(wrong, still)
    run(wizard, still, FRAMES + 1)
    assert wizard.progress.said.startswith("Better try again")
    assert "measure a square" in wizard.progress.said


def test_no_depth_on_the_board_is_told(cell, still):
    bench = still
    frame = bench.poll(0)
    marks = Targets(cell.scene).find(frame.color)
    nothing = np.zeros(frame.depth.shape, np.float32)
    with pytest.raises(CalibrationError, match="no depth of the table"):
        solve(marks, nothing, bench.depth_optics, bench.color_optics, bench.color_from_depth)


def test_the_file_comes_back_as_it_was_and_keeps_the_one_before(bumped, tmp_path):
    _, wizard = bumped
    path = beside(tmp_path / "bench.yaml")
    assert load_calibration(path) is None
    first = wizard.calibration()
    save_calibration(first, path)
    again = load_calibration(path)
    assert again == first
    assert off(again.pose, wizard.solution.pose) < 0.01
    assert again.made.tzinfo is not None
    save_calibration(first.model_copy(update={"rms_mm": 9.0}), path)
    assert load_calibration(path).rms_mm == 9.0
    assert load_calibration(path.with_suffix(".before.yaml")) == first


def test_a_spoilt_file_is_told_with_its_line(bumped, tmp_path):
    path = tmp_path / "kept.yaml"
    save_calibration(bumped[1].calibration(), path)
    path.write_text(path.read_text().replace("rms_mm: 0", "rms_mm: -1"))
    with pytest.raises(DocumentError, match=r"kept.yaml:\d+: rms_mm: found -1"):
        load_calibration(path)


def test_the_calibration_of_another_camera_is_refused(bumped):
    bench, wizard = bumped
    known = wizard.calibration()
    k = bench.depth_optics
    assert known.misfit(k, "simulated") == ""
    assert known.misfit(k, "") == "", "a recording may not tell"
    assert "camera 0815: run 'opstap calibrate camera'" in known.misfit(k, "0815")
    assert "640x480" in known.misfit(Pinhole(640, 480, k.fx, k.fy, k.cx, k.cy), "")
    assert "other intrinsics" in known.misfit(Pinhole(k.width, k.height, k.fx + 2, k.fy, k.cx, k.cy), "")


def test_a_printed_board_has_its_true_size(tmp_path):
    board = Board(squares=(8, 5), square=0.03)
    said = print_board(board, tmp_path / "board.png")
    assert "240 x 150 mm on A4" in said
    page = cv2.imread(str(tmp_path / "board.png"), cv2.IMREAD_GRAYSCALE)
    dark = np.argwhere(page < 128)
    per_metre = page.shape[1] / 0.297
    assert (np.ptp(dark, axis=0) + 1) / per_metre == pytest.approx((0.150, 0.240), abs=0.001)
    print_board(board, tmp_path / "board.pdf")
    assert (tmp_path / "board.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("tilt", [0, 30, 60])
def test_a_plane_is_fitted_through_noise_and_clutter(tilt):
    rng = np.random.default_rng(tilt)
    angle = np.radians(tilt)
    normal = np.array([0.0, -np.sin(angle), -np.cos(angle)])
    spread = rng.uniform(-0.4, 0.4, (4000, 2))
    along = np.cross(normal, [1.0, 0, 0])
    points = -1.2 * normal + spread[:, :1] * [1.0, 0, 0] + spread[:, 1:] * along
    points += rng.normal(0, 0.003, (4000, 1)) * normal
    points[:1200] += rng.uniform(0.01, 0.2, (1200, 1)) * normal
    plane = fit_plane(points)
    assert np.degrees(np.arccos(plane.normal @ normal)) < 0.3
    assert plane.distance == pytest.approx(1.2, abs=0.002)


def test_nothing_flat_gives_no_table():
    rng = np.random.default_rng(0)
    points = rng.uniform(0.5, 1.5, (60, 80, 3))
    assert find_table(points, np.full((60, 80), 0.003)) is None
    assert find_table(np.full((60, 80, 3), np.nan), np.full((60, 80), 0.003)) is None


def test_a_camera_is_known_by_what_it_reports():
    known = CameraKnown.of(Pinhole(848, 480, 425.00004, 425.0, 423.5, 239.5), "1")
    assert known.pinhole == Pinhole(848, 480, 425.0, 425.0, 423.5, 239.5)


def test_the_median_of_frames_knows_what_was_seen_less_than_half_of_the_time():
    frames = np.array([[[1000, 0, 0]], [[1002, 900, 0]], [[1004, 0, 900]], [[1006, 902, 0]], [[1008, 904, 0]]])
    assert np.allclose(median_depth(frames.astype(np.uint16), 0.001), [[1.004, 0.902, 0.0]], atol=1e-6)
