"""A whole job in the simulated world, guided by light that the tests paint."""

from collections import Counter, deque
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from painted import asked, paint

from opstap.geometry import Box, Pose, View
from opstap.instructions import load_cell
from opstap.scene import WALL
from opstap.simulation.arm import OutOfReachError
from opstap.simulation.person import Traits, load_traits
from opstap.simulation.simulator import START, Simulator

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
PEOPLE = sorted(p.stem for p in (CONFIG / "people").glob("*.yaml"))
DELAY = 15
"""Ticks until a guide shows what it saw."""
LONGEST = 300 * 30


def work(person, view=None, ticks=LONGEST):
    """A job until it is over: the simulator, and the world at every tick."""
    sim = Simulator(CELL, person, seed=1)
    pictures = {}
    answers = deque([{}] * DELAY)
    worlds = []
    while not sim.finished and sim.ticks < ticks:
        worlds.append(sim.tick(answers.popleft()))
        lights = asked(CELL, worlds[-1])
        key = tuple(lights.items())
        if key not in pictures:
            pictures[key] = paint(CELL.scene, lights, view)
        answers.append(pictures[key])
    return sim, worlds


@cache
def job(person):
    return work(load_traits(CONFIG / f"people/{person}.yaml", CELL))


@pytest.mark.parametrize("person", PEOPLE)
def test_every_shipped_person_packs_the_case(person):
    sim, worlds = job(person)
    assert sim.finished
    assert sim.packed
    assert {s: parts for s, parts in worlds[-1].slots.items() if parts} == {s.slot: (s.part,) for s in CELL.task.steps}
    assert not worlds[-1].held


@pytest.mark.parametrize("person", PEOPLE)
def test_no_part_is_lost_or_made(person):
    sim, worlds = job(person)
    refilled = Counter(t.part for t in sim.truth if t.deed == "refilled")

    def parts(world):
        places = [*world.bins.values(), *world.slots.values()]
        return Counter(p for place in places for p in place)

    assert parts(worlds[-1]) == parts(worlds[0]) + refilled
    for world in worlds[::50]:
        at_hand = Counter(h.part for h in world.held)
        assert sum((parts(world) + at_hand - parts(worlds[0]) - refilled).values()) <= 1, "a colleague's part"


def test_a_careful_person_does_nothing_but_take_and_place():
    sim, _ = job("careful")
    assert Counter(t.deed for t in sim.truth) == {"taken": 26, "placed": 26}


def test_mistakes_of_the_demo_happen_and_are_put_right():
    sim, _ = job("demo")
    count = Counter(t.deed for t in sim.truth)
    assert count == {"taken": 27, "put_back": 1, "placed": 27, "removed": 1, "refilled": 6}
    (back,) = (t for t in sim.truth if t.deed == "put_back")
    assert CELL.scene.bin[back.place].part == back.part
    (out,) = (t for t in sim.truth if t.deed == "removed")
    assert CELL.task.slot_part[out.place] != out.part


def test_one_too_many_is_put_back():
    sim, _ = job("two_hands")
    assert Counter(t.deed for t in sim.truth) == {"taken": 27, "put_back": 1, "placed": 26}


def test_a_calm_cycle():
    sim, _ = job("careful")
    placed = [t.tick / 30 for t in sim.truth if t.deed == "placed"]
    cycles = np.diff(placed)
    assert 4.5 < np.median(cycles) < 7
    assert cycles.max() < 9


def test_hands_are_not_hasty():
    _, worlds = job("careful")
    hands = np.array([w.arms[6].end for w in worlds])
    speed = np.linalg.norm(np.diff(hands, axis=0), axis=1) * 30
    assert 0.9 < speed.max() < 2.2


def test_stamps_follow_from_ticks():
    _, worlds = job("careful")
    assert [w.tick for w in worlds] == list(range(len(worlds)))
    assert [w.stamp for w in worlds[:4]] == [START, START + 33333333, START + 66666666, START + 100000000]


def test_the_same_seed_gives_the_same_world_and_another_does_not():
    person = load_traits(CONFIG / "people/demo.yaml", CELL)
    first, other = work(person, ticks=900)[1], work(person, ticks=900)[1]
    assert [w.arms for w in first] == [w.arms for w in other]
    assert [(w.bins, w.slots) for w in first] == [(w.bins, w.slots) for w in other]
    changed = work(person.model_copy(update={"seed": 8}), ticks=900)[1]
    assert [w.arms for w in first] != [w.arms for w in changed]


@pytest.mark.parametrize(("x", "y"), [(0.05, 0.0), (0.0, 0.05)])
def test_with_a_projector_that_was_moved_5_cm_the_job_does_not_end(x, y):
    view = CELL.scene.projectors[0].view
    wrong = View(view.pinhole, Pose(view.pose.rotation, view.pose.translation + (x, y, 0.0)))
    sim, _ = work(Traits(person="somebody"), wrong, ticks=60 * 30)
    assert not sim.finished
    assert not sim.packed


def test_a_job_that_stops_half_way_is_over_when_nothing_was_asked_for_long():
    sim, worlds = work(Traits(person="somebody"), ticks=12 * 30)
    assert any(worlds[-1].slots.values())
    for _ in range(20 * 30):
        sim.tick({})
    assert not sim.finished
    for _ in range(20 * 30):
        sim.tick({})
    assert sim.finished
    assert not sim.packed


def test_nothing_done_is_never_finished():
    sim = Simulator(CELL, Traits(person="somebody"), seed=1)
    for _ in range(40 * 30):
        sim.tick({})
    assert not sim.finished


def test_a_bin_out_of_reach_is_told_before_anything_moves():
    bins = list(CELL.scene.bins)
    bins[-1] = bins[-1].model_copy(update={"position": (1.2, 1.2, 0.1)})
    far = type(CELL)(CELL.scene.model_copy(update={"bins": tuple(bins)}), CELL.task)
    with pytest.raises(OutOfReachError, match=r"'bin_30' is out of reach of the left hand: \d\.\d\d m too far"):
        Simulator(far, Traits(person="somebody", hand="left"), seed=1)


def _solids():
    """Walls and floors of bins and case, stands and the table top."""
    solids = [Box(Pose.of((0, 0, -0.01)), (*CELL.scene.table.size, 0.02))]
    for thing in [*CELL.scene.bins, CELL.scene.case]:
        w, d, h = thing.size
        walls = [((0, 0, -WALL / 2), (w, d, WALL))]
        walls += [((s * (w + WALL) / 2, 0, h / 2), (WALL, d + 2 * WALL, h)) for s in (-1, 1)]
        walls += [((0, s * (d + WALL) / 2, h / 2), (w + 2 * WALL, WALL, h)) for s in (-1, 1)]
        solids += [Box(thing.pose @ Pose.of(centre), size) for centre, size in walls]
        stand = thing.position[2] - WALL
        if stand > 0.005:
            solids.append(Box(thing.pose @ Pose.of((0, 0, -WALL - stand / 2)), (w, d, stand)))
    return solids


@pytest.mark.parametrize("person", ["careful", "left_handed", "two_hands"])
def test_arms_do_not_go_through_walls(person):
    sim, worlds = job(person)
    solids = _solids()
    rotation = np.stack([s.pose.rotation for s in solids])
    centre = np.stack([s.pose.translation for s in solids])
    half = np.array([s.size for s in solids]) / 2
    near = {t.tick + k for t in sim.truth for k in (-14, -9, -4, 0, 4, 8, 12)} | set(range(0, len(worlds), 25))
    deepest = 0.0
    for tick in near & set(range(len(worlds))):
        arms = worlds[tick].arms
        ends = np.array([(c.start, c.end) for c in arms])
        points = ends[:, :1] + np.linspace(0, 1, 24)[None, :, None] * (ends[:, 1:] - ends[:, :1])
        local = np.einsum("sji,sapj->sapi", rotation, points[None] - centre[:, None, None])
        distance = np.linalg.norm(np.maximum(np.abs(local) - half[:, None, None], 0), axis=-1).min(axis=(0, 2))
        deepest = max(deepest, float((np.array([c.radius for c in arms]) - distance).max()))
    assert deepest < 0.005  # a fingertip is 16 mm thick and gives way
