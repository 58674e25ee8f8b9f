"""Rays and capsules: against spheres and cylinders that can be worked out by hand."""

import numpy as np
import pytest

from opstap.geometry import Capsule, Pinhole, Pose, View
from opstap.simulation.capsules import CapsuleCaster

DOWN = Pose(np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 1.0]))
"""A camera 1 m above the origin that looks straight down, image x along table x."""
VIEW = View(Pinhole(200, 160, 300.0, 300.0, 100.0, 80.0), DOWN)


def depth_image(*capsules):
    caster = CapsuleCaster(VIEW)
    hits = caster.cast(capsules, caster.regions(capsules))
    image = np.full(VIEW.pinhole.width * VIEW.pinhole.height, np.inf)
    image[hits.index] = hits.depth
    return image.reshape(VIEW.pinhole.height, VIEW.pinhole.width)


def test_a_sphere_is_hit_at_its_top_and_as_wide_as_its_silhouette():
    image = depth_image(Capsule((0, 0, 0.5), (0, 0, 0.5), 0.1))
    assert image[80, 100] == pytest.approx(0.4)
    # The silhouette of a sphere: tan(asin(r / distance)).
    expected = 2 * 300 * np.tan(np.arcsin(0.1 / 0.5))
    assert np.isfinite(image[80]).sum() == pytest.approx(expected, abs=2)
    assert np.isfinite(image[:, 100]).sum() == pytest.approx(expected, abs=2)


def test_a_lying_cylinder_is_a_ridge_of_one_height_with_round_ends():
    image = depth_image(Capsule((-0.1, 0, 0.2), (0.1, 0, 0.2), 0.03))
    ridge = image[80]
    along = (np.arange(200) - 100) / 300 * 0.77
    assert np.allclose(ridge[np.abs(along) < 0.095], 0.77, atol=1e-9)
    assert np.isinf(ridge[np.abs(along) > 0.14]).all()
    for end in (-0.115, 0.115):  # they are round
        assert 0.771 < ridge[np.argmin(np.abs(along - end))] < 0.8
    # Across: a circle of 3 cm.
    v = 88
    y = (v - 80) / 300
    t = image[v, 100]
    assert np.hypot(y * t, t - 0.8) == pytest.approx(0.03, abs=1e-6)


def test_a_slanting_capsule_is_the_same_from_its_outline_and_from_its_box(monkeypatch):
    slanting = Capsule((-0.15, -0.1, 0.1), (0.2, 0.15, 0.4), 0.02)
    outlined = depth_image(slanting)
    monkeypatch.setattr("opstap.simulation.capsules.WORTH_OUTLINE", 10**9)
    assert np.array_equal(outlined, depth_image(slanting))
    assert np.isfinite(outlined).sum() > 500


def test_the_nearer_of_two_hides_the_other():
    low, high = Capsule((-0.1, 0, 0.1), (0.1, 0, 0.1), 0.02), Capsule((0, -0.1, 0.5), (0, 0.1, 0.5), 0.02)
    both = depth_image(low, high)
    assert both[80, 100] == pytest.approx(0.48)
    assert np.array_equal(both, np.minimum(depth_image(low), depth_image(high)))


def test_no_capsules_are_no_hits():
    assert np.isinf(depth_image()).all()


def test_out_of_sight_and_behind_the_camera_meet_nothing():
    assert np.isinf(depth_image(Capsule((5, 0, 0), (5, 1, 0), 0.1))).all()
    assert np.isinf(depth_image(Capsule((0, 0, 1.5), (0, 0.1, 1.5), 0.1))).all()


def test_one_that_reaches_past_the_camera_is_still_seen():
    image = depth_image(Capsule((0.3, 0, 0.2), (0.3, 0, 1.4), 0.05))
    assert np.isfinite(image).any()
    assert image[np.isfinite(image)].min() > 0


def test_normals_point_away_from_the_axis():
    capsules = (Capsule((0, 0, 0.5), (0, 0, 0.5), 0.1),)
    caster = CapsuleCaster(VIEW)
    hits = caster.cast(capsules, caster.regions(capsules))
    normals = caster.normals(capsules, hits)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)
    top = np.argmin(hits.depth)
    assert np.allclose(normals[top], (0, 0, 1), atol=0.02)
