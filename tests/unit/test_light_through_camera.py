"""What the simulated camera sees of the light: the middle of each cue on its surface, and words in every room."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from opstap.geometry import Surface
from opstap.guidance.cues import Cue, Sign
from opstap.guidance.drawing import Painter
from opstap.guidance.lettering import SMALLEST_CAPITAL, fitted
from opstap.guidance.screen import SHAPES
from opstap.guidance.words import WORDS
from opstap.instructions import load_cell
from opstap.integration.linting import lint
from opstap.scene_file import load_scene
from opstap.simulation.bench import Bench
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.world import WorldState
from opstap.workflow.asking import Meaning

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
SCENE = CELL.scene
PAINTER = Painter(CELL, SCENE.projectors[0])


@cache
def camera() -> SimulatedCamera:
    return SimulatedCamera(CELL, 1)


@cache
def world() -> WorldState:
    bench = Bench(CELL, 1, [])
    return WorldState(0, 1, bench.bins, bench.slots, skin=(205, 160, 130))


def seen(cue: Cue) -> np.ndarray:
    """How much brighter every pixel (h, w) of the colour camera is with the cue than without."""
    thrown = PAINTER.draw([cue])
    lit, dark = (camera().color(world(), {"main": p}).astype(int) for p in (thrown, np.zeros_like(thrown)))
    return (lit - dark).max(axis=-1)


def middle_on(surface: Surface, brighter: np.ndarray, *, extent: bool = False) -> np.ndarray:
    """Where on the surface's plane the middle of the light is, metres (2,): of its area, or of its `extent`."""
    v, u = np.nonzero(brighter > 0.3 * brighter.max())
    x, y = ((u.min() + u.max()) / 2, (v.min() + v.max()) / 2) if extent else (u.mean(), v.mean())
    k, pose = SCENE.camera.color_view.pinhole, SCENE.camera.color_view.pose
    ray = pose.rotation @ ((x - k.cx) / k.fx, (y - k.cy) / k.fy, 1.0)
    normal, way = surface.pose.rotation[:, 2], surface.pose.translation - pose.translation
    hit = pose.translation + ray * float(normal @ way) / float(normal @ ray)
    return surface.pose.inverse().apply(hit)[:2]


CORNERS = ["bin_01", "bin_06", "bin_07", "bin_14", "bin_18", "bin_23", "bin_30"]
"""The outermost bins, where light and sight are most aslant, and one in the middle."""


@pytest.mark.parametrize("bin_id", CORNERS)
def test_a_bins_light_is_in_the_middle_of_its_opening_whatever_lies_in_it(bin_id):
    off = middle_on(SCENE.surfaces[f"bin/{bin_id}/opening"], seen(Cue(Meaning.TAKE, f"bin/{bin_id}/opening")))
    assert np.abs(off).max() < 0.002


@pytest.mark.parametrize("bin_id", CORNERS)
def test_number_and_pips_are_in_the_middle_of_the_label(bin_id):
    name = f"bin/{bin_id}/label"
    off = middle_on(SCENE.surfaces[name], seen(Cue(Meaning.TAKE, name, 4)), extent=True)
    assert np.abs(off).max() < 0.002


@pytest.mark.parametrize("slot", ["slot_01", "slot_06", "slot_07", "slot_10", "slot_26"])
def test_a_slots_ring_is_in_the_middle_of_its_slot(slot):
    off = middle_on(SCENE.surfaces[f"slot/{slot}"], seen(Cue(Meaning.PLACE, f"slot/{slot}")))
    assert np.abs(off).max() < 0.002


@pytest.mark.parametrize("zone", [z.id for z in SCENE.zones if z.kind == "button"])
def test_a_button_is_in_the_middle_of_its_zone(zone):
    off = middle_on(SCENE.surfaces[f"zone/{zone}"], seen(Cue(Sign.BUTTON, f"zone/{zone}", count=5, text="")))
    assert np.abs(off).max() < 0.002


@pytest.mark.parametrize("zone", [(0.0, -0.345), (-0.2, -0.345), (0.57, 0.30)])
def test_words_that_moved_are_where_they_were_put(zone):
    cue = Cue(Sign.PAUSED, "zone/instruction", at=(*zone, 0.12, 0.10))
    moved = Surface(SCENE.surfaces["zone/instruction"].pose.__class__.of((*zone, 0.0)), (0.12, 0.10))
    assert np.abs(middle_on(moved, seen(cue))).max() < 0.002 + 0.12 * 0.3 * 0.075, "two bars, whose gap is not centred"


def test_white_light_stands_out_from_the_table():
    """A projector only adds to the room's light, here as simulated. Large letters need 3 to 1 (WCAG 1.4.3)."""
    thrown = PAINTER.draw([Cue(Sign.BUTTON, "zone/button_next", count=5, text="")])
    brighter = seen(Cue(Sign.BUTTON, "zone/button_next", count=5, text=""))
    lit = camera().color(world(), {"main": thrown})[brighter > 0.9 * brighter.max()].astype(float).mean() / 255
    dark = camera().color(world(), {"main": np.zeros_like(thrown)})[brighter > 0.9 * brighter.max()].mean() / 255
    assert (lit**2.2 + 0.05) / (dark**2.2 + 0.05) > 4.0


@pytest.mark.parametrize("language", CELL.task.languages)
def test_words_fit_in_every_room_they_may_go_to(language):
    zone = next(z for z in SCENE.zones if z.kind == "text")
    texts = [
        CELL.text(phrase, language, None, part, 20)
        for phrase in type(CELL.task.phrases).model_fields
        for part in (max(CELL.task.parts, key=lambda p: len(CELL.task.parts[p].name[language])),)
    ]
    texts += [f"{WORDS[language]['corrected']}\n{text}" for text in texts]
    for wide, high in SHAPES:
        for text in texts:
            words = fitted(text, zone.size[0] * wide * 1000, zone.size[1] * high * 1000)
            assert words.capital >= SMALLEST_CAPITAL * (1.0 if wide > 0.4 else 0.8), (text, wide)


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_buttons_word_is_large_enough(language):
    for zone in SCENE.zones:
        if zone.kind == "button":
            inside = (zone.size[0] * 1000 - 14, zone.size[1] * 1000 - 8)
            assert fitted(WORDS[language][zone.asked], *inside).capital >= SMALLEST_CAPITAL, zone.asked


@pytest.mark.parametrize("scene", ["oral_care", "gearbox"])
def test_no_zones_clash_in_the_shipped_scenes(scene):
    task = {"oral_care": "oral_care_case", "gearbox": "gearbox_kit"}[scene]
    found = lint(CONFIG / f"tasks/{task}.yaml", load_scene(CONFIG / f"cells/{scene}.yaml"))
    assert not [f for f in found if "in the scene" in f.message]
