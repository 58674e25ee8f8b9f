"""What depth can show of a part: height against noise, by distance, width and slant."""

import numpy as np
import pytest

from opstap.detectability import NEEDED, averaged, noise_of_change, too_weak, window
from opstap.geometry import Pinhole, Pose, View

PINHOLE = Pinhole(848, 480, 425, 425, 424, 240)


def above(height):
    return View(PINHOLE, Pose.of((0, 0, height), (np.pi, 0, 0)))


def test_an_average_over_a_window_is_as_noisy_as_drawn_noise_is():
    from opstap.simulation.noise import StereoNoise

    field = StereoNoise._field(np.random.default_rng(1), (400, 400), 1.6)
    for side in (3, 5, 7):
        kernel = np.ones(side) / side
        rows = np.apply_along_axis(np.convolve, 1, field, kernel, "valid")
        both = np.apply_along_axis(np.convolve, 0, rows, kernel, "valid")
        assert averaged(side) == pytest.approx(both.std(), rel=0.05)


def test_a_lower_part_needs_a_nearer_camera():
    plate = (0.05, 0.05, 0.008)
    assert too_weak(plate, (0, 0, 0), above(1.0)) == ""
    said = too_weak(plate, (0, 0, 0), above(1.3))
    assert "too flat: 8 mm" in said
    assert "1.30 m away" in said


def test_the_limit_is_where_it_is_said_to_be():
    least = NEEDED * noise_of_change(1.0, window(0.05, 1 / 425))
    assert too_weak((0.05, 0.05, 1.01 * least), (0, 0, 0), above(1.0)) == ""
    assert too_weak((0.05, 0.05, 0.99 * least), (0, 0, 0), above(1.0)) != ""


def test_a_narrow_part_stands_out_of_less_averaging_and_at_last_of_none():
    assert window(0.05, 0.0024) > window(0.012, 0.0024)
    assert "too flat" in too_weak((0.10, 0.010, 0.010), (0, 0, 0), above(1.0))
    assert too_weak((0.10, 0.030, 0.010), (0, 0, 0), above(1.0)) == ""
    assert "5 mm narrow" in too_weak((0.10, 0.005, 0.030), (0, 0, 0), above(1.0))


def test_at_a_slant_a_part_changes_depth_by_more():
    slanting = View(PINHOLE, Pose.of((0, -0.8, 0.8), (np.pi + np.pi / 4, 0, 0)))
    at = float(np.hypot(0.8, 0.8))
    plate = (0.05, 0.05, 0.008)
    assert too_weak(plate, (0, 0, 0), above(at)) != ""
    assert too_weak(plate, (0, 0, 0), slanting) == ""


def test_behind_the_camera_is_said():
    assert too_weak((0.05, 0.05, 0.05), (0, 0, 2.0), above(1.0)) == "it is behind the camera"
