"""Checks of lab 5: on the shipped cell's robot."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from opstap.instructions import load_cell
from opstap.presenting.robot import Robot
from opstap.presenting.surroundings import Surroundings
from opstap.presenting.timing import TICK
from opstap.scene import MotionLimits

CONFIG = Path(__file__).parents[2] / "config"
LIMITS = MotionLimits()
CLOSE = 0.03
"""rad within which the robot is where it should be."""


@cache
def robot():
    cell = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
    made = Robot(cell.scene.cobot)
    return made, Surroundings(made, cell.scene)


def waved(work, free=None):
    arm, around = robot()
    made = work.wave(arm.home.copy(), LIMITS, free or (lambda q: around.free(q, carrying=False)))
    assert made is not None, "there is no trajectory"
    return made


def begins_and_ends_at_home(work):
    """it begins and ends at home"""
    ways = waved(work).positions
    for name, q in (("begins", ways[0]), ("ends", ways[-1])):
        apart = float(np.abs(q - robot()[0].home).max())
        assert apart < 1e-3, f"it {name} {apart:.2f} rad from home"


def waves(work):
    """the last joint but one swings to and fro twice, 0.35 to 0.6 rad to either side"""
    swing = waved(work).positions[:, -2] - robot()[0].home[-2]
    beyond = np.sign(np.where(np.abs(swing) > 0.35 - CLOSE, swing, 0))
    turns = [s for i, s in enumerate(beyond) if s and (i == 0 or beyond[i - 1] != s)]
    assert len(turns) >= 4, f"it came {len(turns)} times as far as 0.35 rad to a side; expected 4: to, fro, to, fro"
    assert turns[:4] in ([1, -1, 1, -1], [-1, 1, -1, 1]), "twice to the same side"
    assert np.abs(swing).max() <= 0.6 + CLOSE, f"it swings by {np.abs(swing).max():.2f} rad"


def nothing_else_moves(work):
    """the other joints stay"""
    moved = np.abs(np.delete(waved(work).positions - robot()[0].home, -2, axis=1)).max()
    assert moved < CLOSE, f"another joint moves by {moved:.2f} rad"


def calm(work):
    """it keeps to a third of the allowed speed"""
    ways, third = waved(work).positions, LIMITS.velocity / 3
    assert len(ways) > 1, "it does not move"
    fastest = float(np.abs(np.diff(ways, axis=0)).max()) / TICK
    assert 0.05 < fastest <= third + 0.01, f"fastest: {fastest:.2f} rad/s; a third is {third:.2f}"


def not_through_things(work):
    """where the way is not free it does not go"""
    home = robot()[0].home
    made = work.wave(home.copy(), LIMITS, lambda q: bool(abs(q[-2] - home[-2]) < 0.2))
    assert made is None, "the way is closed 0.2 rad beside home, and it goes all the same"


CHECKS = [begins_and_ends_at_home, waves, nothing_else_moves, calm, not_through_things]
