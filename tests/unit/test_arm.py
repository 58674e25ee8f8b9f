"""Arms move as arms do, and get where the work is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opstap.simulation.arm import (
    CLOSED,
    FINGERS,
    FOREARM,
    PALM,
    TORSO,
    UPPER_ARM,
    Arm,
    Build,
    OutOfReachError,
    Path,
    Tremor,
    minimum_jerk,
    standing_at,
)

OPERATOR = standing_at(0.0, -0.46, 0.0)
times = st.floats(0, 1)
sides = st.sampled_from([1, -1])


@given(times)
def test_minimum_jerk_is_symmetric(t):
    assert minimum_jerk(t) + minimum_jerk(1 - t) == pytest.approx(1)


def test_minimum_jerk_starts_and_ends_at_rest_and_is_fastest_in_the_middle():
    t = np.linspace(0, 1, 10001)
    x = np.array([minimum_jerk(s) for s in t])
    speed = np.gradient(x, t)
    acceleration = np.gradient(speed, t)
    assert x[0] == 0
    assert x[-1] == 1
    assert (np.diff(x) >= 0).all()
    assert np.abs(speed[[0, -1]]).max() < 1e-3
    assert np.abs(acceleration[[0, -1]]).max() < 0.05
    assert speed.max() == pytest.approx(1.875, abs=1e-4)  # Flash & Hogan 1985
    assert t[speed.argmax()] == pytest.approx(0.5, abs=1e-3)


def test_minimum_jerk_has_less_jerk_than_a_neighbour():
    t = np.linspace(0, 1, 2001)
    x = np.array([minimum_jerk(s) for s in t])

    def jerk(path):
        return (np.diff(path, 3) ** 2).sum()

    assert jerk(x) < jerk(x + 0.01 * (t * (1 - t)) ** 4)
    assert jerk(x) < jerk(x - 0.01 * (t * (1 - t)) ** 4)


@settings(max_examples=200)
@given(sides, st.floats(-0.40, 0.40), st.floats(-0.44, 0.32), st.floats(0.0, 0.22), st.sampled_from([0.0, np.pi]))
def test_an_arm_keeps_its_lengths_wherever_it_reaches(side, x, y, z, facing):
    body = standing_at(0.0, -0.46 if facing == 0 else 0.46, facing)
    grip = body.apply(np.array([x, y + 0.46, z]))
    joints = Arm(side, body).reach(grip)
    assert np.linalg.norm(joints.elbow - joints.shoulder) == pytest.approx(UPPER_ARM)
    assert np.linalg.norm(joints.wrist - joints.elbow) == pytest.approx(FOREARM)
    assert np.linalg.norm(joints.knuckles - joints.wrist) == pytest.approx(PALM)
    assert np.linalg.norm(grip - joints.knuckles) == pytest.approx(FINGERS)
    hip = body.apply(np.array([0, 0, 0.45 - TORSO]))[2]
    assert hip < joints.shoulder[2] <= 0.45 + 1e-9


@settings(max_examples=200)
@given(sides, st.floats(-0.40, 0.40), st.floats(-0.40, 0.32), st.floats(0.01, 0.22))
def test_the_elbow_hangs_below_the_arm_but_not_through_the_table(side, x, y, z):
    joints = Arm(side, OPERATOR).reach(np.array([x, y, z]))
    middle = (joints.shoulder + joints.wrist) / 2
    assert joints.elbow[2] < middle[2] + 0.01
    if joints.elbow[1] > -0.46:
        assert joints.elbow[2] > 0.04


def test_a_hand_moves_smoothly_when_the_person_begins_to_lean():
    arm = Arm(1, OPERATOR)
    elbows = np.array([arm.reach(np.array([0.3, y, 0.1])).elbow for y in np.arange(-0.4, 0.32, 0.001)])
    assert np.linalg.norm(np.diff(elbows, axis=0), axis=1).max() < 0.01


@pytest.mark.parametrize("side", [1, -1])
def test_each_hand_gets_into_every_bin_and_slot(cell, side):
    arm = Arm(side, OPERATOR)
    scene = cell.scene
    rooms = [b.inside for b in scene.bins] + [scene.case.slot_box(s) for s in scene.case.slots]
    for room in rooms:
        for height in (0.01, room.size[2] + 0.06):
            joints = arm.reach(room.pose.translation + (0.0, 0.0, height - room.size[2] / 2))
            assert np.linalg.norm(joints.wrist - joints.shoulder) < UPPER_ARM + FOREARM


def test_what_is_too_far_is_told_with_how_far():
    with pytest.raises(OutOfReachError, match=r"0\.\d\d m too far"):
        Arm(1, OPERATOR).reach(np.array([0.0, 1.0, 0.1]))


def test_left_and_right_are_mirror_images():
    right = Arm(1, OPERATOR).reach(np.array([0.2, -0.1, 0.1]))
    left = Arm(-1, OPERATOR).reach(np.array([-0.2, -0.1, 0.1]))
    for joint in ("shoulder", "elbow", "wrist", "knuckles", "across"):
        assert getattr(left, joint) == pytest.approx(getattr(right, joint) * (-1, 1, 1)), joint


def test_a_glove_thickens_the_hand_and_a_sleeve_the_arm():
    def radii(build):
        arm = Arm(1, OPERATOR, build)
        return [c.radius for c in arm.capsules(arm.reach(np.array([0.2, -0.1, 0.1])), CLOSED)]

    bare, gloved, sleeved = radii(Build()), radii(Build(hand=1.15)), radii(Build(sleeve=True))
    assert gloved[:2] == bare[:2]
    assert all(g > b for g, b in zip(gloved[2:], bare[2:], strict=True))
    assert sleeved[2:7] == bare[2:7]
    assert len(sleeved) == len(bare) + 1
    assert max(sleeved) > max(bare)


points = st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.3), st.floats(0.0, 0.15)).map(np.array)


@given(points, points, st.floats(0.0, 0.1), st.floats(0.3, 3.0))
def test_a_path_starts_and_ends_at_rest_and_keeps_below_its_top(start, goal, extra, duration):
    top = max(start[2], goal[2]) + extra
    path = Path(start, goal, top, duration)
    way = np.array([path.at(t) for t in np.linspace(0, duration, 300)])
    assert way[0] == pytest.approx(start)
    assert way[-1] == pytest.approx(goal)
    assert way[:, 2].max() <= top + 1e-9
    assert way[150, 2] == pytest.approx(top)
    speed = np.linalg.norm(np.diff(way, axis=0), axis=1)
    assert speed[[0, -1]].max() <= 0.02 * speed.max() + 1e-12


def test_a_hand_leaves_a_bin_before_it_goes_sideways_and_enters_from_above():
    start, goal = np.array([0.0, 0.0, 0.01]), np.array([0.6, 0.0, 0.01])
    path = Path(start, goal, 0.12, 1.0)
    way = np.array([path.at(t) for t in np.linspace(0, 1, 1000)])
    below_rim = way[:, 2] < 0.06
    assert np.minimum(way[:, 0], 0.6 - way[:, 0])[below_rim].max() < 0.015


def test_tremor_shakes_at_8_to_12_hz_with_its_amplitude():
    tremor = Tremor(0.003, np.random.default_rng(1))
    t = np.arange(0, 20, 1 / 100)
    shake = np.array([tremor.at(s) for s in t])
    power = np.abs(np.fft.rfft(shake, axis=0)) ** 2
    band = np.fft.rfftfreq(len(t), 1 / 100)
    assert power[(band > 7.8) & (band < 12.2)].sum() > 0.98 * power.sum()
    rms = np.sqrt((shake**2).mean(axis=0))
    assert rms == pytest.approx([0.003 / np.sqrt(3)] * 3, rel=0.35)
