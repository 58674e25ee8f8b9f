"""The weight on the fork: learned bare, told loaded, unknown when nothing is felt."""

import numpy as np
import pytest

from opstap.geometry import rotation_from_rpy
from opstap.presenting.backend import NS
from opstap.presenting.load import GRAVITY, LoadSense

FORK = 5.0
"""Weight of the fork itself, N."""


@pytest.fixture
def sense():
    felt = LoadSense(0.8)
    feel(felt, 0.0, 0, bare=True)
    return felt


def feel(sense, mass, stamp, bare=False, rpy=(0.0, 0.0, 0.0)):
    flange = rotation_from_rpy(*rpy)
    sense.feel(flange.T @ [0.0, 0.0, -FORK - mass * GRAVITY], flange, stamp, bare)
    return sense.load(stamp)


def test_a_tray_is_felt_however_the_flange_is_turned(sense):
    for rpy in ((0.0, 0.0, 0.0), (np.pi / 2, 0.0, 1.0), (0.3, -1.2, 2.0)):
        assert feel(sense, 0.8, NS, rpy=rpy) is True
        assert feel(sense, 0.0, NS, rpy=rpy) is False


def test_a_part_that_is_lifted_or_a_resting_hand_changes_nothing(sense):
    assert feel(sense, 0.8, NS) is True
    assert feel(sense, 0.5, NS) is True
    assert feel(sense, 2.0, NS) is True
    assert feel(sense, 0.1, NS) is False
    assert feel(sense, 0.4, NS) is False


def test_nothing_is_known_before_the_bare_fork_was_felt_and_when_it_is_old():
    sense = LoadSense(0.8)
    assert feel(sense, 0.8, NS) is None
    assert feel(sense, 0.0, NS, bare=True) is False
    assert sense.load(NS + NS // 5) is None
    assert sense.load(NS - 1) is None, "from the future"


def test_the_sensors_drift_is_followed_and_nonsense_is_left_out(sense):
    for i in range(200):
        feel(sense, 0.001 * i, i, bare=True)
    assert feel(sense, 0.2, NS) is False
    sense.feel(np.array([np.nan, 0, 0]), np.eye(3), 3 * NS, True)
    assert sense.load(3 * NS) is None
