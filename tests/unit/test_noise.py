"""The noise model: what it promises, on flat walls, steps and holes."""

import cv2
import numpy as np
import pytest

from opstap.simulation.noise import ARM, DARK, FITTED, FLAT, GLOSSY, HARSH, KIND, TRANSPARENT, Noise, StereoNoise

SHAPE = (240, 320)


@pytest.fixture(scope="module")
def noise():
    return StereoNoise(SHAPE, 3, KIND)


def wall(metres):
    return np.full(SHAPE, metres, np.float32)


def kinds(kind=FLAT):
    return np.full(SHAPE, kind, np.uint8)


def frame(noise, depth, kind, tick=0):
    return noise.frame(noise.prepare(depth, kind), tick)


def test_noise_grows_with_the_square_of_range(noise):
    def sigma(metres):
        seen = frame(noise, wall(metres), kinds()).astype(float)
        return seen[seen > 0].std()

    near, far = sigma(0.6), sigma(1.2)
    assert far / near == pytest.approx(4, rel=0.25)
    n = Noise()
    assert far == pytest.approx(1200 * 1.2 / n.focal_baseline * np.hypot(n.subpixel, n.fixed), rel=0.3)


def test_a_wall_is_where_it_is(noise):
    seen = frame(noise, wall(0.9), kinds())
    assert np.median(seen[seen > 0]) == pytest.approx(900, abs=2)


@pytest.mark.parametrize("kind", [FLAT, GLOSSY, DARK, TRANSPARENT, ARM])
def test_every_surface_has_its_share_of_holes(noise, kind):
    share = np.mean([np.mean(frame(noise, wall(0.9), kinds(kind), tick) == 0) for tick in range(5)])
    assert share == pytest.approx(Noise().holes[kind], rel=0.15, abs=0.001)


def test_left_of_a_near_edge_lies_a_shadow_as_wide_as_the_step_in_disparity(noise):
    depth = wall(1.0)
    depth[:, 160:] = 0.5
    seen = frame(noise, depth, kinds())
    step = Noise().focal_baseline * (1 / 0.5 - 1 / 1.0)
    lost = (seen[100] == 0)[160 - int(step) - 5 : 160]
    assert lost.sum() == pytest.approx(step, abs=3)
    assert (seen[:, 170:] == 0).mean() < 0.05
    assert (seen[:, : 160 - int(step) - 5] == 0).mean() < 0.05


def test_at_edges_depth_is_lost_or_flies_between_the_surfaces(noise):
    depth = wall(1.0)
    depth[100:] = 0.6
    edge = np.stack([frame(noise, depth, kinds(), tick)[99:101] for tick in range(5)])
    assert (edge == 0).mean() == pytest.approx(Noise().lost, abs=0.05)
    between = (edge > 630) & (edge < 960)
    assert between.mean() == pytest.approx(Noise().flying * 0.85, abs=0.06)


def test_nothing_is_seen_of_nothing_and_of_what_is_too_near(noise):
    depth = wall(0.9)
    depth[:50], depth[50:100] = 0.0, 0.1
    assert not frame(noise, depth, kinds())[:100, :250].any()


def test_the_same_seed_and_tick_give_the_same_frame_whatever_came_before():
    a, b = StereoNoise(SHAPE, 5), StereoNoise(SHAPE, 5)
    frame(a, wall(0.7), kinds(), 1)
    assert np.array_equal(frame(a, wall(0.9), kinds(), 8), frame(b, wall(0.9), kinds(), 8))
    assert not np.array_equal(frame(a, wall(0.9), kinds(), 8), frame(a, wall(0.9), kinds(), 9))
    assert not np.array_equal(frame(a, wall(0.9), kinds(), 8), frame(StereoNoise(SHAPE, 6), wall(0.9), kinds(), 8))


@pytest.mark.parametrize("x", [0, 3, 60, 150, 280])
def test_a_patched_picture_is_the_prepared_one(noise, x):
    still = wall(0.95)
    still[60:180, 200:290] = 0.8
    now, kind = still.copy(), kinds()
    now[100:160, x : x + 40], kind[100:160, x : x + 40] = 0.6, ARM
    region = (slice(100, 160), slice(x, x + 40))
    patched = noise.patch(noise.prepare(still, kinds()), now, kind, [region])
    whole = noise.prepare(now, kind)
    assert np.array_equal(patched.disparity, whole.disparity)
    assert np.array_equal(patched.limit, whole.limit)
    assert set(patched.edge) == set(whole.edge)
    assert np.array_equal(noise.frame(patched, 4), noise.frame(whole, 4))


def holes_for_good(noise, kind, metres=0.9):
    """Pixels without depth in all of eight frames."""
    return np.all([frame(noise, wall(metres), kinds(kind), tick) == 0 for tick in range(8)], axis=0)


@pytest.mark.parametrize("level", [FITTED, HARSH])
@pytest.mark.parametrize("kind", [FLAT, GLOSSY, DARK, ARM])
def test_patches_stay_as_long_as_the_surface_stays(level, kind):
    share = np.mean([holes_for_good(StereoNoise(SHAPE, seed, level), kind).mean() for seed in range(4)])
    assert share == pytest.approx(level.patches[kind], rel=0.3, abs=0.003)


def test_patches_are_patches_and_those_below_a_part_are_others():
    noise = StereoNoise(SHAPE, 3, FITTED)
    holes = holes_for_good(noise, DARK)
    _, _, stats, _ = cv2.connectedComponentsWithStats(holes.astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    assert areas[areas >= 20].sum() > 0.8 * areas.sum()
    below = holes_for_good(noise, DARK, 0.95)
    assert np.mean(below[holes]) < 2 * FITTED.patches[DARK], "no more than chance"
    assert np.array_equal(holes_for_good(noise, ARM), holes_for_good(noise, ARM, 0.95))


def test_errors_of_neighbours_hang_together_as_in_captures():
    seen = frame(StereoNoise(SHAPE, 3, FITTED), wall(1.5), kinds()).astype(float)
    error = np.where(seen > 0, seen - np.median(seen[seen > 0]), 0)

    def correlation(pixels):
        return np.corrcoef(error[:, :-pixels].ravel(), error[:, pixels:].ravel())[0, 1]

    assert 0.6 < correlation(1) < 0.95
    assert 0.3 < correlation(3) < 0.65
