"""Hands in depth: where, how large, which side, how fast; and what is not taken for one."""

import numpy as np
import pytest
from posed import Stage, arm, inside

from opstap.geometry import Capsule
from opstap.perception.hands import PRESENCE
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.noise import FITTED


@pytest.fixture(scope="module")
def camera(cell):
    return SimulatedCamera(cell, 6)


@pytest.fixture
def stage(cell, camera):
    made = Stage(cell, camera)
    made.show(8)
    return made


@pytest.mark.parametrize(("side", "name"), [(1, "right"), (-1, "left")])
@pytest.mark.parametrize("x", [-0.25, 0.0, 0.25])
def test_a_hand_is_where_it_is_and_of_its_side(cell, stage, side, name, x):
    grip = np.array([x, 0.0, 0.10])
    stage.show(4, arm(cell, grip, side))
    (hand,) = stage.seen.hands
    assert np.linalg.norm(np.array(hand.position) - grip) < 0.14, "the middle of the hand is behind the fingertips"
    assert hand.side == name
    assert 0.05 < hand.extent[0] < 0.25
    assert 0.05 < hand.extent[1] < 0.25
    assert 0 <= hand.confidence <= 1
    assert stage.seen.present


@pytest.mark.parametrize(("x", "y", "z"), [(-0.05, -0.51, 0.03), (-0.41, -0.44, 0.1)])
def test_a_hand_over_the_table_s_edge_is_not_on_the_floor(cell, x, y, z):
    """Depth at its edge is mixed with the floor's."""
    stage = Stage(cell, SimulatedCamera(cell, 5, FITTED))
    stage.show(8)
    heights = []
    for i in range(20):
        stage.show(1, arm(cell, (x, y + 0.001 * i, z), 1 if x > 0 else -1))
        heights += [hand.position[2] for hand in stage.seen.hands]
    assert len(heights) == 20
    assert min(heights) > 0


def test_two_hands_are_left_and_right(cell, stage):
    stage.show(4, arm(cell, (-0.1, 0.0, 0.1), -1), arm(cell, (0.1, 0.0, 0.1), 1))
    hands = sorted(stage.seen.hands, key=lambda h: h.position[0])
    assert [h.side for h in hands] == ["left", "right"]


def test_velocity_is_in_metres_a_second(cell, stage):
    for i in range(8):
        stage.show(1, arm(cell, (-0.1 + 0.02 * i, 0.0, 0.10)))  # 2 cm a frame at 30 fps
    (hand,) = stage.seen.hands
    assert hand.velocity[0] == pytest.approx(0.5, abs=0.12), "the middle of the hand is slower than its tips"
    assert abs(hand.velocity[1]) < 0.15


def test_the_zone_of_a_hand_is_the_place_it_is_in(cell, stage):
    stage.show(5, arm(cell, inside(cell, "bin_11")))
    assert [h.zone for h in stage.seen.hands] == ["bin_11"]
    stage.show(5, arm(cell, (0.0, -0.345, 0.03)))
    assert [h.zone for h in stage.seen.hands] == ["instruction"]


def test_somebody_is_there_for_a_moment_after_the_hand_has_gone(cell, stage):
    stage.show(3, arm(cell, (0.0, 0.0, 0.1)))
    last = stage.seen.stamp
    stage.show(2)
    assert stage.seen.present
    while stage.seen.stamp <= last + PRESENCE:
        stage.tick += 4
        stage.show(1)
    assert not stage.seen.present


def test_a_resting_arm_stays_an_arm(cell, stage):
    """It rests on the table for 20 s; what learns the background must not swallow it."""
    rest = arm(cell, (0.1, -0.36, 0.02))
    before = stage.hold(3, rest).hands[0]
    after = stage.hold(600, rest).hands[0]
    assert after.extent == pytest.approx(before.extent, abs=0.01)
    assert stage.show(8) == []


def test_a_thing_put_on_the_table_is_background_after_a_while(cell, stage):
    lid = (Capsule((0.0, -0.33, -0.015), (0.0, -0.33, -0.014), 0.05),)
    assert len(stage.hold(4, lid).hands) == 1
    assert not stage.hold(450, lid).hands
    stage.show(2)
    assert not stage.seen.hands


def test_a_part_on_the_table_is_no_hand(stage):
    stage.show(4, (Capsule((0.0, -0.33, 0.01), (0.1, -0.33, 0.01), 0.012),))
    assert not stage.seen.hands
