"""What perception says of people reaches the presenter: as points, each kind for itself."""

import numpy as np

from opstap.geometry import Capsule
from opstap.perception.bodies import VOXEL, Bodies, Body, Grid
from opstap_cell.cobot_messages import people_from_ros
from opstap_cell.convert import bodies_to_ros
from opstap_interfaces.msg import BodyArray

GRID = Grid((-0.5, -0.3, 0.0), (3, 5, 4))


def one(*index):
    voxels = np.zeros(GRID.cells, bool)
    voxels[index] = True
    return voxels


def test_each_set_of_voxels_comes_over_as_its_middles():
    arm = Capsule(np.array([0.0, 0.1, 0.2]), np.array([0.3, 0.1, 0.2]), 0.05)
    body = Body(7, (arm,), (0.0, 0.0, 0.0), 1.0)
    told = Bodies(1_500_000_000, (body,), one(1, 4, 2), one(0, 0, 0), one(1, 1, 1), one(2, 3, 1))
    people = people_from_ros(bodies_to_ros(told, GRID, "table"))
    assert people.stamp == told.stamp
    assert people.voxel_size == np.float32(VOXEL)
    centres = GRID.centres()
    np.testing.assert_allclose(people.voxels, [centres[1, 4, 2]], atol=1e-6)
    np.testing.assert_allclose(people.unseen, [centres[0, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(people.out_of_view, [centres[1, 1, 1]], atol=1e-6)
    assert [b.id for b in people.bodies] == ["7"]
    np.testing.assert_allclose(people.bodies[0].capsules[0].end, arm.end, atol=1e-6)


def test_a_message_without_a_grid_has_no_points():
    people = people_from_ros(BodyArray(voxel_size=0.03))
    assert people.voxels.shape == people.unseen.shape == (0, 3)
