"""What came or went in a place, from two depth pictures of it."""

from dataclasses import replace

import numpy as np
import pytest

from opstap.instructions import DocumentError, load_cell
from opstap.perception.contents import BESIDE, FRAMES, NOISIEST, STANDS_OUT, Measure, median_of_valid, rougher
from opstap.perception.places import pixels_of, places_of
from opstap.workflow.model import Content
from tests.conftest import SCENE, TASK

CELLS = [
    (SCENE.with_name(f"{name}.yaml"), TASK.with_name(f"{task}.yaml"))
    for name, task in (("oral_care", "oral_care_case"), ("gearbox", "gearbox_kit"), ("tilted", "tilted_kit"))
]


@pytest.fixture(scope="module")
def places(cell):
    return places_of(cell)


@pytest.fixture(scope="module")
def pixels(cell, places):
    scene = cell.scene
    return pixels_of(places, [*(b.outside for b in scene.bins), scene.case.outside], scene.camera.view)


@pytest.fixture(scope="module")
def measure(cell, places, pixels):
    return lambda name: next(
        (Measure(place, pixels, p, cell.scene.camera.view), pixels.bare[pixels.of(p)], pixels.on_floor[pixels.of(p)])
        for p, place in enumerate(places)
        if place.id == name
    )


def test_pixels_of_a_place_look_into_it(cell, places, pixels):
    view = cell.scene.camera.view
    rays = (view.pinhole.rays() @ view.pose.rotation.T).reshape(-1, 3)
    for p, place in enumerate(places):
        own = pixels.of(p)
        points = view.pose.translation + rays[pixels.index[own]] * pixels.bare[own, None] / 1000
        inside = place.pose.inverse().apply(points)
        assert np.all(np.abs(inside[:, :2]) <= np.asarray(place.size[:2]) / 2 + 1e-4)
        assert np.all((inside[:, 2] > -1e-4) & (inside[:, 2] < place.size[2] + 1e-4))
        assert np.allclose(inside[pixels.on_floor[own], 2], 0, atol=1e-4)


def test_median_takes_what_is_valid_and_nothing_when_most_is_not():
    frames = np.array([[900, 0, 0, 905], [910, 0, 0, 0], [905, 700, 0, 0], [0, 0, 0, 0], [902, 710, 705, 1]], np.uint16)
    assert median_of_valid(frames).tolist() == [903.5, 0, 0, 0], "of four the middle two"
    assert median_of_valid(frames[:3]).tolist() == [905, 0, 0, 0]


def test_volume_is_exact_for_a_block_on_the_floor(measure):
    gauge, bare, floor = measure("bin_11")
    height, count = 20.0, 400
    block = bare.copy()
    block[np.flatnonzero(floor)[:count]] -= height
    change = gauge.compare(bare, block)
    at = (bare[floor][0] - height / 2) / 1000
    assert change.volume == pytest.approx(count * height * 1e-3 * at * at / 425**2, rel=0.02)
    assert gauge.compare(block, bare).volume == pytest.approx(-change.volume)
    assert (change.unseen, change.hidden, change.judged) == (0, 0, True)


def test_what_stands_out_of_the_noise_counts_with_what_it_is_connected_to(measure):
    gauge, bare, _ = measure("bin_11")

    def volume(times, rough=1.0):
        return gauge.compare(bare, bare - np.float32(times * gauge.noise), rough).volume

    assert volume(0.95 * STANDS_OUT) == 0
    step = np.where(np.arange(len(bare)) < len(bare) // 2, 1.3 * BESIDE, 1.5 * STANDS_OUT)
    assert volume(1.05 * STANDS_OUT) > 0
    assert volume(step) == pytest.approx(volume(1.5 * STANDS_OUT) / 2 * (1 + 1.3 * BESIDE / 1.5 / STANDS_OUT), rel=0.1)
    assert volume(1.05 * STANDS_OUT, rough=1.1) == 0


def test_few_frames_are_rougher_by_as_much_as_their_noise_averages():
    rng = np.random.default_rng(4)

    def spread(known, seen):
        return np.std(rng.normal(0, 1, (200_000, known)).mean(axis=1) - rng.normal(0, 1, (200_000, seen)).mean(axis=1))

    usual = np.std(rng.normal(0, 1, (200_000, FRAMES)).mean(axis=1))
    assert rougher(3, 3) == pytest.approx(spread(3, 3) / usual, rel=0.02)
    assert rougher(13, 5) == pytest.approx(spread(13, 5) / usual, rel=0.02)


def test_a_part_under_scattered_noise_is_as_large_as_without(measure):
    gauge, bare, floor = measure("bin_11")
    block = bare.copy()
    block[np.flatnonzero(floor)[:400]] -= 20
    noise = np.random.default_rng(3).normal(0, 2 * gauge.noise, len(bare)).astype(np.float32)
    assert gauge.compare(bare, bare + noise).volume == 0
    assert gauge.compare(bare, block + noise).volume == pytest.approx(gauge.compare(bare, block).volume, rel=0.2)


def test_holes_in_what_changed_are_filled_with_its_mean(measure):
    gauge, bare, floor = measure("bin_11")
    block = bare.copy()
    block[np.flatnonzero(floor)[:400]] -= 20
    holed = np.where(np.random.default_rng(2).random(len(bare)) < 0.3, 0, block)
    assert gauge.compare(bare, holed).volume == pytest.approx(gauge.compare(bare, block).volume, rel=0.1)


def test_a_noisy_place_raises_its_own_limit_and_at_last_says_so(measure):
    gauge, bare, _ = measure("bin_11")
    usual = gauge.noise
    rng = np.random.default_rng(4)
    for _ in range(60):
        gauge.quiet(gauge.compare(bare, bare + rng.normal(0, 60, len(bare)).astype(np.float32)))
    assert gauge.noise == NOISIEST * usual
    assert gauge.too_noisy == ""  # a cup is 34 mm high
    small, *_ = measure("bin_02")  # a probe of 10 mm
    small.noise = NOISIEST * small.noise
    assert "too noisy" in small.too_noisy


def test_a_part_hidden_behind_a_wall_makes_its_place_blind_and_says_so(cell):
    def blind(height):
        bins = tuple(
            b.model_copy(update={"size": (*b.size[:2], height)}) if b.id == "bin_02" else b for b in cell.scene.bins
        )
        scene = cell.scene.model_copy(update={"bins": bins})
        places = places_of(replace(cell, scene=scene))
        pixels = pixels_of(places, [*(b.outside for b in scene.bins), scene.case.outside], scene.camera.view)
        return Measure(places[1], pixels, 1, scene.camera.view).blind

    assert blind(0.015) == ""
    assert "hidden from the camera" in blind(0.050)


def test_every_place_of_the_shipped_cells_can_be_seen_or_has_another_way():
    for scene, task in CELLS:
        cell = load_cell(scene, task)
        places, view = places_of(cell), cell.scene.camera.view
        pixels = pixels_of(places, [*(b.outside for b in cell.scene.bins), cell.scene.case.outside], view)
        for p, place in enumerate(places):
            if place.confirm == "depth":
                assert Measure(place, pixels, p, view).blind == "", f"{scene.name} {place.id}"


def test_scattered_holes_hide_nothing_and_one_large_hole_does(measure):
    gauge, bare, _ = measure("bin_11")
    rng = np.random.default_rng(1)
    scattered = np.where(rng.random(len(bare)) < 0.15, 0, bare)
    assert gauge.compare(bare, scattered).judged
    large = bare.copy()
    large[: len(bare) * 6 // 10] = 0
    large[: len(bare) * 3 // 10] = bare[: len(bare) * 3 // 10]
    change = gauge.compare(bare, large)
    assert change.unseen < 0.4
    assert not change.judged


def test_depth_below_the_floor_is_a_reflection(measure):
    gauge, bare, _ = measure("bin_11")
    assert np.all(gauge.believable(bare + 200) == 0)
    assert np.array_equal(gauge.believable(bare + 3), bare + 3)


def test_content_is_filled_by_a_third_of_a_part(measure):
    gauge, bare, floor = measure("bin_11")
    assert gauge.content(bare) == (Content.EMPTY, 0)
    block = bare.copy()
    block[np.flatnonzero(floor)[: int(0.5 * 1600 / gauge.pixel_mm2)]] -= 25
    assert gauge.content(block)[0] is Content.FILLED


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("surface: transparent", "transparent"),
        ("size: [0.040, 0.040, 0.004]", "too flat"),
        ("size: [0.040, 0.040, 0.007]", "7 mm change depth by 4.. times its noise 1.00 m away, and 5 times"),
        ("size: [0.040, 0.006, 0.034]", "6 mm narrow"),
    ],
)
def test_parts_that_depth_cannot_see_need_another_way_to_confirm(tmp_path, change, why):
    field = change.split(":")[0]
    old = {"surface": "surface: matte", "size": "size: [0.040, 0.040, 0.034]"}[field]
    lines = TASK.read_text().splitlines()
    task = tmp_path / "task.yaml"
    task.write_text("\n".join(line.replace(old, change) if line.startswith("  cup:") else line for line in lines))
    with pytest.raises(DocumentError, match=f"'depth' at 'bin_11' for 'cup', which depth cannot see: .*{why}"):
        load_cell(SCENE, task)
    scene = tmp_path / "scene.yaml"
    text = SCENE.read_text().replace("part: cup,", "part: cup, confirm: visit,")
    scene.write_text(text.replace("{id: slot_09,", "{id: slot_09, confirm: button,"))
    assert load_cell(scene, task).scene.bin["bin_11"].confirm == "visit"
