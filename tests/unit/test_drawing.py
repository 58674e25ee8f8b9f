"""The light falls where it should, has the shape it should, and words can be read."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
import skia
from hypothesis import given, settings
from hypothesis import strategies as st

from opstap.geometry import Pose, Surface, View
from opstap.guidance import drawing, lettering
from opstap.guidance.cues import TABLE, Cue, Sign, cues
from opstap.guidance.drawing import Painter
from opstap.guidance.lettering import fitted
from opstap.instructions import Cell, load_cell
from opstap.scene import Lens, Level, Projector
from opstap.workflow.asking import Meaning
from opstap.workflow.model import Content, Phase, Problem, State, Trouble

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
SURFACES = CELL.scene.surfaces
ABOVE = CELL.scene.projectors[0]
ASIDE = Projector(
    id="aside",
    position=(0.10, 0.35, 1.35),
    rpy_deg=(165, 4, 3),
    optics=Lens(width=1920, height=1080, focal=1250, centre=(960, 540)),
)
"""Hangs aslant, as a projector on a shelf does."""
BENT = ABOVE.model_copy(
    update={"id": "bent", "optics": ABOVE.optics.model_copy(update={"distortion": (-0.12, 0.03, 0.002, -0.003)})}
)
"""Its lens draws the corners of the picture in by 30 pixels."""
ALL = pytest.mark.parametrize("projector", [ABOVE, ASIDE, BENT], ids=lambda p: p.id)
ZONE = "zone/instruction"


def with_projectors(*projectors: Projector) -> Cell:
    return Cell(CELL.scene.model_copy(update={"projectors": projectors}), CELL.task)


@cache
def painter(projector_id: str) -> Painter:
    projector = {"main": ABOVE, "aside": ASIDE, "bent": BENT}[projector_id]
    return Painter(with_projectors(projector), projector)


def draw(*shown: Cue, projector: Projector = ABOVE) -> np.ndarray:
    return painter(projector.id).draw(shown)


def landing(view: View, pixels: np.ndarray, surface: Surface) -> np.ndarray:
    """Where the light of pixels (n, 2) meets the plane of `surface`, in its own coordinates (n, 2), metres.

    By intersecting rays with the plane, not by the homography that the painter uses.
    """
    rays = view.pinhole.directions(pixels) @ view.pose.rotation.T
    normal = surface.pose.rotation[:, 2]
    reach = ((surface.pose.translation - view.pose.translation) @ normal) / (rays @ normal)
    return surface.pose.inverse().apply(view.pose.translation + rays * reach[:, None])[:, :2]


def lit(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (n, 2) that are lit, x first, and their brightness (n,)."""
    bright = np.maximum.reduce(cv2.split(image))
    v, u = np.nonzero(bright)
    return np.column_stack([u, v]).astype(float), bright[v, u].astype(float)


def seen(image: np.ndarray, name: str, projector: Projector = ABOVE, step: float = 0.0005) -> np.ndarray:
    """The light on a surface, sampled every `step` metres: (rows, columns, 3), top row first."""
    w, h = SURFACES[name].size
    x, y = np.meshgrid(np.arange(-w / 2, w / 2, step), np.arange(h / 2, -h / 2, -step))
    uv = projector.view.project(SURFACES[name].points(np.stack([x, y], axis=-1))).astype(np.float32)
    return cv2.remap(image, uv[..., 0], uv[..., 1], cv2.INTER_LINEAR)


def share(light: np.ndarray, color: tuple[int, int, int]) -> float:
    """Share of the samples that have about this colour."""
    return float((np.abs(light.astype(int) - color).max(axis=-1) < 60).mean())


@ALL
@pytest.mark.parametrize(("kind", "off"), [(Meaning.PLACE, 1e-3), (Meaning.TAKE_OUT, 1e-3), (Meaning.CASE, 1.5e-3)])
def test_contour_lies_in_its_slot_within_a_millimetre(projector, kind, off):
    """`off`: skia smooths edges in quarter pixels, which a line of two pixels feels more than one of six."""
    for slot in CELL.scene.case.slots:
        surface = SURFACES[f"slot/{slot.id}"]
        pixels, bright = lit(draw(Cue(kind, f"slot/{slot.id}"), projector=projector))
        on_floor = landing(projector.view, pixels, surface)
        assert np.abs(np.average(on_floor, axis=0, weights=bright)).max() < off
        assert np.all(np.abs(on_floor) < np.asarray(surface.size) / 2 + 1e-3)
        reach = np.abs(on_floor[bright > 0.5 * bright.max()]).max(axis=0)
        assert reach == pytest.approx(np.asarray(surface.size) / 2, abs=1.5e-3)


@ALL
def test_light_of_a_bin_never_falls_in_another_bin(projector):
    for own in CELL.scene.bins:
        pixels, _ = lit(draw(Cue(Meaning.TAKE, f"bin/{own.id}/opening"), projector=projector))
        inside = landing(projector.view, pixels, own.opening)
        assert np.all(np.abs(inside) < np.asarray(own.opening.size) / 2)
        for other in CELL.scene.bins:
            rim = other.position[2] + other.size[2]
            if other.id == own.id or rim < own.opening.pose.translation[2]:
                continue  # the light has landed before it comes down to that rim
            top = Surface(other.pose, other.size[:2])
            top.pose.translation[2] = rim
            through = np.abs(landing(projector.view, pixels, top)) < np.asarray(other.size[:2]) / 2
            assert not through.all(axis=-1).any(), (own.id, other.id)


@ALL
@pytest.mark.parametrize("bin_id", ["bin_01", "bin_06", "bin_07", "bin_30"])
def test_shapes_on_a_bin(projector, bin_id):
    name = f"bin/{bin_id}/opening"
    filled = seen(draw(Cue(Meaning.TAKE, name), projector=projector), name, projector)
    striped = seen(draw(Cue(Meaning.PUT_BACK, name), projector=projector), name, projector)
    dashed = seen(draw(Cue(Meaning.REFILL, name), projector=projector), name, projector)
    h, w = filled.shape[:2]
    middle = np.s_[h // 4 : -h // 4, w // 4 : -w // 4]
    assert share(filled, drawing.SKY_BLUE) > 0.8
    assert share(filled[middle], drawing.SKY_BLUE) == 1.0
    assert 0.4 < (striped[middle].max(axis=-1) > 128).mean() < 0.6
    assert share(striped, drawing.AMBER) > 0.3
    assert not dashed[middle].any()
    assert 0.03 < share(dashed, drawing.VIOLET) < 0.2


@ALL
@pytest.mark.parametrize("slot_id", ["slot_01", "slot_17"])
def test_shapes_on_a_slot(projector, slot_id):
    name = f"slot/{slot_id}"
    ring = seen(draw(Cue(Meaning.PLACE, name), projector=projector), name, projector)
    crossed = seen(draw(Cue(Meaning.TAKE_OUT, name), projector=projector), name, projector)
    outline = seen(draw(Cue(Meaning.CASE, name), projector=projector), name, projector)
    h, w = ring.shape[:2]
    middle = np.s_[h // 4 : -h // 4, w // 4 : -w // 4]
    assert 0.25 < share(ring, drawing.SKY_BLUE) < 0.55
    assert not ring[middle].any()
    assert share(crossed[h // 2 - 2 : h // 2 + 3, w // 2 - 2 : w // 2 + 3], drawing.AMBER) == 1.0
    assert share(crossed[middle], drawing.AMBER) > 0.1
    assert outline.max() <= max(drawing.DIM)
    assert not outline[middle].any()


@pytest.mark.parametrize("bin_id", ["bin_06", "bin_30"])
@pytest.mark.parametrize(("kind", "color"), [(Meaning.TAKE, drawing.SKY_BLUE), (Meaning.PUT_BACK, drawing.AMBER)])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 12])
def test_label_shows_as_many_pips(bin_id, kind, color, count):
    name = f"bin/{bin_id}/label"
    image = draw(Cue(kind, name, count))
    label = seen(image, name)
    hue = (label.max(axis=-1).astype(int) - label.min(axis=-1)) > 100
    assert cv2.connectedComponents(hue.astype(np.uint8))[0] - 1 == (count if count <= 6 else 0)
    if hue.any():
        pips = label[hue].mean(axis=0)
        assert pips / pips.max() == pytest.approx(np.array(color) / 255, abs=0.1)
    assert (label.min(axis=-1) > 128).any(), "the number is white"
    at = landing(ABOVE.view, lit(image)[0], SURFACES[name])
    assert np.all(np.abs(at) < np.asarray(SURFACES[name].size) / 2)


def problem(trouble: Trouble, place: str) -> tuple[Problem, ...]:
    part = CELL.scene.bin[place].part if place in CELL.scene.bin else CELL.task.slot_part[place]
    return (Problem(trouble, place, 2, 0, part),)


def all_states() -> list[State]:
    states = [State(), State(phase=Phase.DONE, step=len(CELL.task.steps)), State(paused=True, help_since=0)]
    for i, step in enumerate(CELL.task.steps):
        bin_id = CELL.bins_with(step.part)[0]
        take, place = State(phase=Phase.TAKE, step=i), State(phase=Phase.PLACE, step=i, taken=1)
        states += [take, place, State(phase=Phase.TAKE, step=i, help_since=0)]
        states += [replace(place, contents={step.slot: Content.CANNOT_SEE}, help_since=0)]
        states += [State(phase=Phase.TAKE, step=i, problems=problem(t, bin_id)) for t in list(Trouble)[:2]]
        states += [State(phase=Phase.TAKE, step=i, problems=problem(Trouble.EMPTY_BIN, bin_id))]
        states += [State(phase=Phase.TAKE, step=i, problems=problem(Trouble.MISSING, step.slot))]
        other = "slot_26" if step.slot != "slot_26" else "slot_01"
        states += [State(phase=Phase.PLACE, step=i, taken=1, problems=problem(Trouble.WRONG_SLOT, other))]
    states += [State(problems=problem(Trouble.WRONG_PICK, b.id)) for b in CELL.scene.bins]
    return states


def spoken(language: str) -> list[Cue]:
    """Every cue with words that the shipped task can show, at every level of help and for every way of working."""
    default, now = CELL.scene.profile["default"], 5
    found = set()
    for level, way in product(
        get_args(Level), ({}, {"hand": "left", "seat": "wheelchair"}, {"one_handed": True, "seat": "standing"})
    ):
        person = default.model_copy(update={"language": language, "level": level, **way})
        asked = [replace(s, repeated=now) for s in all_states()] + [replace(s, corrected=now) for s in all_states()]
        for state in (*all_states(), *(asked if level == "off" else [])):
            found |= {cue for cue in cues(state, CELL, person, now) if cue.surface == ZONE}
    return sorted(found, key=lambda cue: cue.text)


@cache
def outside_zone() -> np.ndarray:
    """Mask (h, w) of the pixels whose light lands more than half a millimetre outside the zone."""
    v, u = np.indices((ABOVE.optics.height, ABOVE.optics.width))
    at = np.abs(landing(ABOVE.view, np.column_stack([u.ravel(), v.ravel()]), SURFACES[ZONE]))
    outside = np.any(at > np.asarray(SURFACES[ZONE].size) / 2 + 0.5e-3, axis=-1)
    return outside.reshape(u.shape).astype(np.uint8)


def assert_inside_zone(image: np.ndarray) -> None:
    assert image.any()
    assert not cv2.bitwise_and(image, image, mask=outside_zone()).any()


@pytest.mark.parametrize("language", CELL.task.languages)
def test_every_text_of_the_task_fits_its_zone_and_is_large(language):
    said = spoken(language)
    assert len(said) > 150
    w, h = (1000 * length for length in SURFACES[ZONE].size)
    for cue in said:
        room = w - (h * 0.9 if cue.kind is not Sign.NONE else 0)
        assert fitted(cue.text, room, h).capital >= lettering.SMALLEST_CAPITAL
        assert_inside_zone(draw(cue))


@pytest.mark.parametrize("language", CELL.task.languages)
@pytest.mark.parametrize("weight", ["Regular", "Bold"])
def test_the_fonts_have_every_letter_of_the_task(language, weight):
    letters = {c for cue in spoken(language) for c in cue.text if c != "\n"} | set("0123456789")
    maker = skia.FontMgr.New_Custom_Empty()
    for file in lettering.FONTS.glob(f"*-{weight}.ttf"):
        face = maker.makeFromFile(str(file))
        letters -= {c for c in letters if face.unicharToGlyph(ord(c))}
    assert not letters


def test_a_missing_font_is_told_and_the_light_goes_on(tmp_path, monkeypatch, caplog):
    assert lettering.missing_fonts() == ""
    (tmp_path / "NotoSans-Regular.ttf").write_bytes((lettering.FONTS / "NotoSans-Regular.ttf").read_bytes())
    (tmp_path / "NotoSans-Bold.ttf").write_text("not a font")
    monkeypatch.setattr(lettering, "FONTS", tmp_path)
    assert lettering.missing_fonts().startswith(
        "NotoSans-Bold.ttf, NotoSansArabic-Regular.ttf, NotoSansArabic-Bold.ttf"
    )
    lettering._fonts.cache_clear()
    try:
        image = Painter(CELL, ABOVE).draw([Cue(Sign.PAUSED, ZONE, text="Pause."), Cue(Meaning.PLACE, "slot/slot_01")])
        assert image.any()
        assert "Install Opstap again" in caplog.text
    finally:
        lettering._fonts.cache_clear()


def test_a_right_to_left_line_has_its_number_in_the_middle_and_its_stop_on_the_left():
    # take 8: cup. From the right: take, the number, a colon, cup, the stop.
    image = draw(Cue(Sign.NONE, ZONE, text="خذ 8: كوب."))
    lit = np.flatnonzero(image.any(axis=(0, 2)))
    gaps = np.flatnonzero(np.diff(lit) > 1)
    words = np.split(lit, gaps + 1)
    heights = [np.ptp(np.flatnonzero(image[:, word].any(axis=(1, 2)))) + 1 for word in words]
    assert heights[0] < max(heights) / 3, "the stop is the leftmost mark"
    eight = next(i for i, word in enumerate(words) if has_two_holes(image[:, word].any(axis=2)))
    assert 0 < eight < len(words) - 1


def has_two_holes(mark: np.ndarray) -> bool:
    """Whether a mark (h, w) is an 8: the dark around it and two dark islands."""
    return cv2.connectedComponents((~np.pad(mark, 1)).astype(np.uint8), connectivity=4)[0] - 1 == 3


LETTERS = st.characters(codec="latin-1", categories=["Lu", "Ll", "Nd", "Po"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(LETTERS, min_size=1, max_size=90), min_size=1, max_size=12).map(" ".join))
def test_any_text_fits_also_one_long_word(text):
    assert_inside_zone(draw(Cue(Sign.NONE, ZONE, text=text), Cue(Sign.NONE, ZONE, text=".")))


@settings(max_examples=40, deadline=None)
@given(st.text(LETTERS, min_size=1, max_size=200), st.floats(20, 900), st.floats(8, 300))
def test_words_fit_in_any_room(text, width, height):
    words = fitted(text, width, height)
    assert words.width <= width
    assert words.height <= height
    assert words.capital <= lettering.LARGEST_CAPITAL


def test_words_shrink_before_they_break_and_the_last_word_is_not_alone():
    words = fitted("handschoenen en mondkapjes", 250, 100)
    assert lettering.SMALLEST_CAPITAL <= words.capital < lettering.LARGEST_CAPITAL or words.height > 80
    assert words.paragraph.MinIntrinsicWidth <= words.room
    balanced = fitted("Move it to the lit place: interdental brushes.", 620, 100)
    assert balanced.room < 520


@pytest.mark.parametrize("kind", [Sign.PAUSED, Sign.DONE])
def test_a_sign_needs_no_words(kind):
    image = draw(Cue(kind, ZONE))
    assert_inside_zone(image)
    at = landing(ABOVE.view, lit(image)[0], SURFACES[ZONE])
    assert np.abs(at.min(axis=0) + at.max(axis=0)).max() < 8e-3, "in the middle"


def test_words_read_the_right_way_round():
    """An L has its foot at the lower right, as its reader sees it."""
    light = seen(draw(Cue(Sign.NONE, ZONE, text="L")), ZONE)[..., 0] > 128
    rows, columns = np.nonzero(light)
    foot = columns[rows >= rows.max() - 2]
    stem = columns[rows <= rows.min() + 2]
    assert foot.max() > stem.max() + 5
    assert foot.min() == pytest.approx(stem.min(), abs=2)


def surroundings(shown: Sequence[Cue], projector: Projector) -> np.ndarray:
    """Mask of all pixels more than one away from every surface that has a cue."""
    mask = np.ones((projector.optics.height, projector.optics.width), np.uint8)
    for cue in shown:
        corners = projector.view.project(SURFACES[cue.surface].corners())
        cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 0)
    return cv2.erode(mask, np.ones((3, 3), np.uint8)).astype(bool)


def test_black_everywhere_else():
    person = CELL.scene.profile["default"]
    for state in all_states()[::7]:
        shown = cues(state, CELL, person)
        assert not draw(*shown)[surroundings(shown, ABOVE)].any()
    assert not draw().any()


def test_same_cues_same_bytes():
    person = CELL.scene.profile["default"]
    first, second = (cues(s, CELL, person) for s in (State(), State(phase=Phase.TAKE, step=3)))
    fresh = Painter(CELL, ABOVE)
    one = fresh.draw(first)
    kept = one.copy()
    other = fresh.draw(second)
    assert np.array_equal(one, kept), "an image once drawn stays as it is"
    assert fresh.draw(first).tobytes() == one.tobytes() == Painter(CELL, ABOVE).draw(first).tobytes()
    assert other.tobytes() != one.tobytes()
    assert one.dtype == np.uint8
    assert one.shape == (800, 1280, 3)
    assert one.flags.c_contiguous


def test_each_surface_is_lit_by_the_projector_that_lights_it_best():
    """The second lights all; the first, low above the left bins, some, and these with more pixels."""
    near = ABOVE.model_copy(
        update={"id": "near", "position": (-0.385, -0.13, 1.0), "optics": Lens(width=640, height=400, focal=1130)}
    )
    for first, second in ((near, ASIDE), (ASIDE, near)):
        cell = with_projectors(first, second)
        painters = {p.id: Painter(cell, p) for p in cell.scene.projectors}
        by = {
            b.id: [i for i, p in painters.items() if p.draw([Cue(Meaning.TAKE, f"bin/{b.id}/opening")]).any()]
            for b in cell.scene.bins
        }
        assert all(len(ids) == 1 for ids in by.values())
        assert by["bin_02"] == ["near"]
        assert by["bin_06"] == ["aside"]


@ALL
def test_a_line_on_the_table_is_where_it_is_meant_whatever_the_lens(projector):
    """Within 2 mm at its middle, and 6 mm wide: a straight line through the bent lens's picture is 20 mm off."""
    outline = ((-0.5, -0.3), (0.5, -0.3), (0.5, 0.25), (-0.5, 0.25))
    cell = with_projectors(projector)
    pixels, bright = lit(Painter(cell, projector).draw([Cue(Sign.MOVES, TABLE, outline=outline)]))
    on_table = landing(projector.view, pixels[bright > 128], Surface(Pose.of(), (1, 1)))
    x, y = np.abs(on_table[:, 0]) - 0.5, np.abs(on_table[:, 1] + 0.025) - 0.275
    off = np.where(np.abs(x) < np.abs(y), x, y)
    assert np.abs(off).max() < 0.005
    assert abs(off.mean()) < 0.0005


def test_a_lens_that_distorts_goes_both_ways():
    view, k = BENT.view, BENT.view.pinhole
    points = np.array([(x, y, 0.02) for x in np.linspace(-0.6, 0.6, 9) for y in np.linspace(-0.4, 0.4, 7)])
    pixels = view.project(points)
    straight = ABOVE.view.project(points)
    assert np.linalg.norm(pixels - straight, axis=1).max() > 25
    rays = k.directions(pixels)
    ideal = np.column_stack([(straight - [k.cx, k.cy]) / [k.fx, k.fy], np.ones(len(points))])
    assert rays == pytest.approx(ideal, abs=1e-6)
    opencv = cv2.projectPoints(points, cv2.Rodrigues(view.T_optical_table.rotation)[0],
                               view.T_optical_table.translation, k.matrix, np.array(k.distortion))[0]  # fmt: skip
    assert pixels == pytest.approx(opencv[:, 0], abs=1e-6)
    assert not BENT.view.sees([(5.0, 0.0, 0.0), (0.0, 9.0, 0.0)]).any(), "far light is not bent back into the picture"


def test_a_projector_lights_no_back():
    label = SURFACES["bin/bin_10/label"]
    assert ABOVE.pixels_on(label) > 1000
    behind = ABOVE.model_copy(update={"position": (0.0, 1.9, 0.6), "rpy_deg": (110.0, 0.0, 0.0)})
    assert behind.view.sees(label.corners()).all()
    assert behind.pixels_on(label) == 0


def test_what_runs_across_two_pictures_and_moved_words_are_lit_once():
    cell = load_cell(CONFIG / "cells/tilted.yaml", CONFIG / "tasks/tilted_kit.yaml")
    x, y = np.meshgrid(np.linspace(-0.55, 0.55, 221), np.linspace(-0.395, 0.395, 159))
    points = np.stack([x, y, np.zeros_like(x)], axis=-1)
    outline = ((-0.5, -0.3), (0.5, -0.3), (0.5, 0.39), (-0.5, 0.39))
    words = (Cue(Sign.DONE, "zone/instruction", at=(side * 0.3, -0.32, 0.3, 0.09)) for side in (-1, 1))
    for cue in (Cue(Sign.MOVES, TABLE, outline=outline), *words):
        total = np.zeros(x.shape, int)
        by = []
        for projector in cell.scene.projectors:
            image = Painter(cell, projector).draw([cue])
            uv = np.nan_to_num(projector.view.project(points), nan=-1).astype(np.float32)
            here = cv2.remap(image[..., 0], uv[..., 0], uv[..., 1], cv2.INTER_LINEAR)
            total += here
            by.append(np.count_nonzero(here > 60))
        assert np.count_nonzero(total > 270) <= 8, "twice as bright at most at the seam"
        if cue.surface == TABLE:
            inside = (np.abs(np.abs(x) - 0.5) < 0.002) & (y > -0.3) & (y < 0.39)
            assert (total[inside] > 100).mean() > 0.97, "and nowhere dark, not even at the seam"
            assert min(by) > 10, by
        else:
            assert sorted(by)[0] == 0 < sorted(by)[1], by


# Machado, Oliveira, Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency",
# severity 1.0, for linear RGB.
SIGHT = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_differ_for_every_sight(sight):
    colors = np.array([drawing.SKY_BLUE, drawing.AMBER, drawing.VIOLET, drawing.WHITE]) / 255
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    as_seen = np.clip(linear @ np.asarray(SIGHT[sight]).T, 0, 1)
    luminance = as_seen @ [0.2126, 0.7152, 0.0722]
    contrast = (luminance + 0.05) / 0.05
    assert contrast.min() > 4.5, "WCAG 1.4.3 against the black around it"
    encoded = np.where(as_seen <= 0.0031308, as_seen * 12.92, 1.055 * as_seen ** (1 / 2.4) - 0.055)
    lab = cv2.cvtColor(encoded.astype(np.float32)[None], cv2.COLOR_RGB2LAB)[0]
    differences = {(i, j): float(np.linalg.norm(lab[i] - lab[j])) for i, j in combinations(range(4), 2)}
    print(sight, np.round(contrast, 1), {k: round(v) for k, v in differences.items()})
    assert min(differences.values()) > 10, differences
