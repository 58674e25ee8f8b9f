"""Whether the light still falls right: faint dots, thrown and pictured by simulation with noise, between two cases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from opstap.calibration.drift import (
    MOST,
    PATIENCE,
    PICTURES,
    REST,
    SETTLE,
    LightCheck,
    dot_places,
    measure,
)
from opstap.guidance.cues import dots_cue
from opstap.guidance.drawing import Painter
from opstap.instructions import load_cell
from opstap.simulation.projecting import ProjectionBench
from opstap.zones import Clear, cells, centres

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
SCENE = CELL.scene
MAIN = SCENE.projectors[0]
COLOR = SCENE.camera.color_view
BARE = np.zeros(cells(SCENE)[::-1], bool)
HAND = np.array([(x, y, 0.1) for x, y in ((-0.50, -0.46), (-0.40, -0.46), (-0.40, -0.30), (-0.50, -0.30))])
FRAME = 33_333_333


class Bench:
    """The simulated bench under a projector that truly hangs `aside` of where it was, or is turned."""

    def __init__(self, aside=(0.0, 0.0, 0.0), turned=(0.0, 0.0, 0.0)):
        position = tuple(float(v) for v in np.add(MAIN.position, aside))
        rpy = tuple(float(v) for v in np.add(MAIN.rpy_deg, turned))
        self.light = ProjectionBench(SCENE, [MAIN.model_copy(update={"position": position, "rpy_deg": rpy})])
        self.painter = Painter(CELL, MAIN)

    def picture(self, dots):
        self.light.show("main", self.painter.draw(dots_cue(tuple(map(tuple, np.asarray(dots).tolist())))))
        return self.light.poll(0).color


def checked(bench: Bench):
    places = dot_places(SCENE, MAIN, COLOR, Clear(0, clutter=BARE))
    dark, lit = ([bench.picture(dots) for _ in range(PICTURES)] for dots in ([], places))
    return measure(dark, lit, places, COLOR)


@pytest.mark.parametrize(
    ("aside", "turned", "expected"),
    [((0, 0, 0), (0, 0, 0), 0.0), ((0.003, -0.004, 0), (0, 0, 0), 5.0), ((0, 0, 0), (0.25, 0, 0), 5.6)],
    ids=["as it was", "5 mm aside", "a quarter of a degree"],
)
def test_a_bump_of_the_projector_is_measured_through_the_noise(aside, turned, expected):
    drift = checked(Bench(aside, turned))
    assert drift.mm == pytest.approx(expected, abs=0.5)
    assert drift.seen == drift.thrown >= 5
    assert drift.result == ("moved" if expected else "good")
    assert ("opstap calibrate projector --check" in drift.said) == (expected > 0)


def test_a_projector_that_is_off_is_not_taken_for_one_that_is_right():
    places = dot_places(SCENE, MAIN, COLOR, Clear(0, clutter=BARE))
    bench = Bench()
    dark = [bench.picture([]) for _ in range(2 * PICTURES)]
    drift = measure(dark[:PICTURES], dark[PICTURES:], places, COLOR)
    assert drift.result == "unseen"
    assert np.isnan(drift.mm)
    assert f"0 of {len(places)} faint dots" in drift.said


def test_dots_are_on_bare_table_far_from_hands_and_clutter():
    clutter = BARE.copy()
    xs, ys = centres(SCENE)
    clutter[np.ix_(np.abs(ys - 0.2) < 0.1, xs < -0.45)] = True
    bare = dot_places(SCENE, MAIN, COLOR, Clear(0, clutter=BARE))
    places = dot_places(SCENE, MAIN, COLOR, Clear(0, (HAND,), ((0.0, 0.0, 0.0),), clutter))
    assert 4 <= len(places) < len(bare) <= MOST
    gaps = [np.linalg.norm(p - places[:i], axis=1).min() for i, p in enumerate(places) if i]
    assert min(gaps) > 0.13
    for x, y in places:
        assert not clutter[np.argmin(np.abs(ys - y)), np.argmin(np.abs(xs - x))]
        assert np.hypot(max(-0.5 - x, 0, x + 0.4), max(y + 0.30, 0)) > 0.25
        for box in (*(b.outside for b in SCENE.bins), SCENE.case.outside):
            assert (np.abs(box.pose.inverse().apply([x, y, 0])[:2]) > np.array(box.size[:2]) / 2).any()
    assert len(dot_places(SCENE, MAIN, COLOR, Clear(0))) == 0, "nothing is known of the table"


class Running:
    """A check, frame after frame, with a camera that sees every third."""

    def __init__(self, bench: Bench | None = None):
        self.check, self.stamp, self.bench = LightCheck(SCENE, MAIN), 1, bench
        self.thrown: list[int] = []

    def go(self, seconds: float, between=True, clear: Clear | None = None) -> bool:
        """Whether a check ended."""
        ended = False
        for i in range(round(seconds * 30)):
            self.stamp += FRAME
            ended |= self.check.tend(between, clear or Clear(self.stamp, clutter=BARE), self.stamp)
            self.thrown.append(len(self.check.dots))
            if self.bench and self.check.wants_pictures and i % 3 == 0:
                self.check.see(self.bench.picture(self.check.dots), COLOR, self.stamp)
        return ended


def test_a_check_runs_once_between_two_cases():
    running = Running(Bench((0.005, 0.0, 0.0)))
    assert not running.go(2, between=False)
    assert running.go(4)
    assert running.check.drift is not None
    assert running.check.drift.mm == pytest.approx(5.0, abs=0.5)
    lit = np.flatnonzero(running.thrown)
    assert (lit[0] - 60) * FRAME > REST, "nothing before all was at rest for a while"
    assert SETTLE < (lit[-1] - lit[0] + 1) * FRAME < 2_000_000_000, "for a moment"
    assert not running.go(4), "once is enough"
    assert not any(running.thrown[lit[-1] + 1 :])
    running.go(1, between=False)
    assert running.go(4), "and again after the next case"


def test_dots_go_out_at_once_when_a_hand_moves_or_comes_near():
    for arm in (
        Clear(0, (HAND - [0, 2.0, 0],), ((0.3, 0.0, 0.0),), BARE),
        Clear(0, (HAND + [1.0, 0.5, 0],), ((0.0, 0.0, 0.0),), BARE),
        Clear(0),
    ):
        running = Running(Bench())
        while not running.check.dots.size:
            running.go(1 / 30)
        assert not running.go(1 / 30, clear=arm)
        assert running.thrown[-1] == 0
        assert not running.check.wants_pictures


def test_without_a_colour_camera_it_says_that_it_cannot_be_checked():
    running = Running()
    assert running.go(PATIENCE / 1e9 + 3)
    assert running.check.drift is not None
    assert running.check.drift.result == "no_pictures"
    assert "cannot be checked without colour pictures" in running.check.drift.said
    assert not any(running.thrown), "light that nobody looks at is not thrown"
    assert replace(running.check.drift, pictures=True, seen=7, mm=0.4).said == ""
