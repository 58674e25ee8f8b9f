"""A simulated person understands the lights, and only when they fall where they belong."""

import numpy as np
import pytest
from painted import paint

from opstap.geometry import Pose, View
from opstap.guidance.cues import Cue, Sign
from opstap.guidance.drawing import Painter
from opstap.simulation.sight import Seen, Sight
from opstap.workflow.asking import Meaning

BINS = ["bin_01", "bin_06", "bin_07", "bin_11", "bin_23", "bin_30"]
SLOTS = ["slot_01", "slot_06", "slot_07", "slot_26"]


@pytest.fixture(scope="module")
def sight(cell):
    return Sight(cell.scene)


@pytest.fixture(scope="module")
def painter(cell):
    return Painter(cell, cell.scene.projectors[0])


def black(cell):
    optics = cell.scene.projectors[0].optics
    return np.zeros((optics.height, optics.width, 3), np.uint8)


def moved(view: View, x: float, y: float) -> View:
    """A calibration that is wrong by so many metres along the table."""
    return View(view.pinhole, Pose(view.pose.rotation, view.pose.translation + (x, y, 0.0)))


def test_darkness_says_nothing(cell, sight):
    assert sight.look({}).nothing
    assert sight.look({"main": black(cell)}).nothing


@pytest.mark.parametrize("b", BINS)
@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        ("take", lambda b: Seen(take={b: 1})),
        ("put_back", lambda b: Seen(put_back={b: 1})),
        ("refill", lambda b: Seen(refill=(b,))),
        ("words", lambda b: Seen()),
    ],
)
def test_ideal_light_on_a_bin(cell, sight, b, shape, seen):
    assert sight.look(paint(cell.scene, {f"bin/{b}/opening": (shape, 1)})) == seen(b)


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        ("place", lambda s: Seen(place=(s,))),
        ("take_out", lambda s: Seen(take_out=(s,))),
        ("take", lambda s: Seen()),
        ("words", lambda s: Seen()),
    ],
)
def test_ideal_light_on_a_slot(cell, sight, slot, shape, seen):
    assert sight.look(paint(cell.scene, {f"slot/{slot}": (shape, 1)})) == seen(slot)


def test_the_painters_light_on_every_bin(cell, sight, painter):
    for b in cell.scene.bin:
        for kind, seen in (
            (Meaning.TAKE, Seen(take={b: 2})),
            (Meaning.PUT_BACK, Seen(put_back={b: 2})),
            (Meaning.REFILL, Seen(refill=(b,))),
            (Meaning.OPEN, Seen(open=(b,))),
        ):
            label = [Cue(kind, f"bin/{b}/label", 2)] if kind in (Meaning.TAKE, Meaning.PUT_BACK) else []
            for unseen in (False, True):  # a question mark does not hide what is asked
                cues = [Cue(kind, f"bin/{b}/opening", 2, unseen=unseen), *label]
                assert sight.look({"main": painter.draw(cues)}) == seen, (b, kind, unseen)


def test_the_painters_light_on_every_slot(cell, sight, painter):
    for s in cell.scene.slot:
        for kind, seen in (
            (Meaning.PLACE, Seen(place=(s,))),
            (Meaning.TAKE_OUT, Seen(take_out=(s,))),
            (Meaning.LOOK, Seen(look=(s,))),
            (Meaning.CASE, Seen()),
        ):
            assert sight.look({"main": painter.draw([Cue(kind, f"slot/{s}")])}) == seen, (s, kind)
            if kind is not Meaning.TAKE_OUT:
                assert sight.look({"main": painter.draw([Cue(kind, f"slot/{s}", unseen=True)])}) == seen, (s, kind)


@pytest.mark.parametrize("b", ["bin_01", "bin_07", "bin_30"])
@pytest.mark.parametrize("kind", [Meaning.TAKE, Meaning.PUT_BACK])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_pips_of_the_painter_are_counted(sight, painter, b, kind, count):
    image = painter.draw([Cue(kind, f"bin/{b}/opening", count), Cue(kind, f"bin/{b}/label", count)])
    seen = sight.look({"main": image})
    assert (seen.take if kind is Meaning.TAKE else seen.put_back) == {b: count}


def test_a_number_without_pips_is_not_read(sight, painter):
    image = painter.draw([Cue(Meaning.TAKE, f"bin/bin_07/{part}", 18) for part in ("opening", "label")])
    assert sight.look({"main": image}).take == {"bin_07": 1}


def test_several_lights_at_once(cell, sight, painter):
    cues = [
        Cue(Meaning.PUT_BACK, "bin/bin_10/opening", 3),
        Cue(Meaning.PUT_BACK, "bin/bin_10/label", 3),
        Cue(Meaning.TAKE_OUT, "slot/slot_08"),
        Cue(Meaning.PLACE, "slot/slot_12"),
        Cue(Sign.NONE, "zone/instruction", text="Please put it back."),
    ]
    seen = sight.look({"main": painter.draw(cues)})
    assert seen == Seen(put_back={"bin_10": 3}, place=("slot_12",), take_out=("slot_08",))


def test_dim_light_is_still_seen_but_a_glow_is_not(cell, sight):
    image = paint(cell.scene, {"bin/bin_07/opening": ("take", 1)})["main"]
    assert sight.look({"main": (image * 0.5).astype(np.uint8)}).take
    assert sight.look({"main": (image * 0.2).astype(np.uint8)}).nothing


@pytest.mark.parametrize("shape", ["take", "put_back", "refill"])
@pytest.mark.parametrize(("x", "y"), [(0.05, 0.0), (-0.05, 0.0), (0.0, 0.05), (0.0, -0.05)])
def test_light_that_falls_5_cm_beside_a_bin_is_not_understood_there(cell, sight, shape, x, y):
    wrong = moved(cell.scene.projectors[0].view, x, y)
    for b in BINS:
        seen = sight.look(paint(cell.scene, {f"bin/{b}/opening": (shape, 1)}, wrong))
        assert b not in {*seen.take, *seen.put_back, *seen.refill}


@pytest.mark.parametrize("shape", ["place", "take_out"])
@pytest.mark.parametrize(("x", "y"), [(0.05, 0.0), (-0.05, 0.0), (0.0, 0.05), (0.0, -0.05), (0.012, 0.012)])
def test_light_that_falls_beside_a_slot_is_not_understood_there(cell, sight, shape, x, y):
    wrong = moved(cell.scene.projectors[0].view, x, y)
    for slot in SLOTS:
        seen = sight.look(paint(cell.scene, {f"slot/{slot}": (shape, 1)}, wrong))
        assert slot not in {*seen.place, *seen.take_out}


@pytest.mark.parametrize("color", [(0, 255, 80), (255, 40, 0), (255, 255, 255), (190, 240, 255), (40, 80, 255)])
def test_light_of_another_colour_is_not_understood(cell, sight, color):
    image = paint(cell.scene, {"bin/bin_07/opening": ("take", 1), "slot/slot_10": ("place", 1)})["main"]
    image[image.any(axis=-1)] = color
    assert sight.look({"main": image}).nothing


@pytest.mark.parametrize("tint", [(20, -15, -15), (0, 15, -25)])
def test_a_projector_whose_colours_are_a_bit_off_is_understood(cell, sight, tint):
    image = paint(cell.scene, {"bin/bin_07/opening": ("take", 1), "slot/slot_10": ("take_out", 1)})["main"].astype(int)
    image = np.where(image.any(axis=-1, keepdims=True), np.clip(image + tint, 0, 255), 0).astype(np.uint8)
    seen = sight.look({"main": image})
    assert seen == Seen(take={"bin_07": 1}, take_out=("slot_10",))


def test_white_marks_on_a_label_are_no_pips(cell, sight):
    image = paint(cell.scene, {"bin/bin_07/opening": ("take", 1)})["main"]
    pips = paint(cell.scene, {"bin/bin_07/label": ("pips", 4)})["main"]
    assert sight.look({"main": image | pips}).take == {"bin_07": 4}
    image[pips.any(axis=-1)] = 255
    assert sight.look({"main": image}).take == {"bin_07": 1}


@pytest.mark.parametrize(("x", "y"), [(0.003, 0.0), (0.0, -0.003), (-0.002, 0.002)])
def test_an_error_of_a_few_millimetres_does_not_matter(cell, sight, x, y):
    wrong = moved(cell.scene.projectors[0].view, x, y)
    lights = {"bin/bin_07/opening": ("take", 1), "bin/bin_20/opening": ("put_back", 1), "slot/slot_10": ("place", 1)}
    seen = sight.look(paint(cell.scene, lights, wrong))
    assert seen == Seen(take={"bin_07": 1}, put_back={"bin_20": 1}, place=("slot_10",))


def test_the_same_picture_is_looked_at_once(cell, sight):
    light = paint(cell.scene, {"bin/bin_07/opening": ("take", 1)})
    assert sight.look(light) is sight.look(dict(light))
    assert sight.look({"main": black(cell)}).nothing


def test_an_image_of_another_size_is_refused(sight):
    with pytest.raises(ValueError, match=r"\(10, 10, 3\).*'main'"):
        sight.look({"main": np.zeros((10, 10, 3), np.uint8)})
