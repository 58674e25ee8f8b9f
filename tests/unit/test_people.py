"""People for the robot: enclosed by capsules, told as unseen where hidden, never mixed up with furniture or robot."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from painted import asked, paint

from opstap.geometry import Capsule
from opstap.perception.bodies import VOXEL
from opstap.perception.own import Own, without
from opstap.perception.people import People, _distance
from opstap.presenting.robot import Robot
from opstap.simulation.bench import Bench
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.person import load_traits
from opstap.simulation.simulator import Simulator
from opstap.simulation.world import WorldState

FRAME = 33_333_333
ARM = (
    Capsule((0.15, -0.40, 0.15), (0.12, -0.10, 0.20), 0.045),
    Capsule((0.12, -0.10, 0.20), (0.10, 0.05, 0.16), 0.035),
)
LINK = (Capsule((-0.3, 0.25, 0.30), (-0.2, -0.05, 0.25), 0.05),)


@pytest.fixture(scope="module")
def camera(cell):
    return SimulatedCamera(cell, 1)


@pytest.fixture(scope="module")
def world(cell):
    bench = Bench(cell, 1)
    return WorldState(0, 0, bench.bins, bench.slots)


@pytest.fixture
def people(cell):
    return People(cell.scene, cell.scene.camera.view)


def surface(capsule, count, rng):
    """Points all around a capsule."""
    a, b = np.array(capsule.start), np.array(capsule.end)
    length = np.linalg.norm(b - a)
    axis = (b - a) / max(length, 1e-9)
    out = rng.normal(size=(count, 3))
    out /= np.linalg.norm(out, axis=1)[:, None]
    side = out - (out @ axis)[:, None] * axis
    side /= np.linalg.norm(side, axis=1)[:, None]
    round_end = np.where((out @ axis)[:, None] > 0, b, a) + out * capsule.radius
    along = a + rng.uniform(size=(count, 1)) * (b - a) + side * capsule.radius
    return np.where(rng.uniform(size=(count, 1)) < length / (length + 2 * capsule.radius), along, round_end)


def inside(points, capsules):
    return np.any([_distance(points, c) <= c.radius for c in capsules], axis=0)


def voxel(people, point):
    return tuple(((np.asarray(point) - people.grid.origin) / VOXEL).astype(int))


def test_an_empty_bench_has_nobody(camera, world, people):
    for tick in range(12):
        told = people.see(camera.depth(replace(world, tick=tick)), tick * FRAME)
        assert told.bodies == ()
        assert not told.occupied.any()
    assert not told.unseen[voxel(people, (0.0, 0.0, 0.3))]
    assert told.out_of_view[voxel(people, (-0.78, -0.58, 0.69))], "outside the view"
    assert not told.out_of_view[voxel(people, (0.0, 0.58, 0.3))], "walled off"
    assert not told.unseen.any()


@pytest.mark.parametrize("person", ["demo", "two_hands"])
def test_capsules_enclose_the_true_arms_to_99_percent(cell, camera, people, person):
    rng = np.random.default_rng(0)
    traits = load_traits(Path(__file__).parents[2] / f"config/people/{person}.yaml", cell)
    simulator, lights, light = Simulator(cell, traits, 1), None, {}
    view, enclosed, total = cell.scene.camera.view, 0, 0
    for tick in range(60 * 30):
        state = simulator.tick(light)
        wanted = asked(cell, state)
        if wanted != lights:
            lights, light = wanted, paint(cell.scene, wanted)
        if tick % 15:
            continue
        told = people.see(camera.depth(state), state.stamp)
        points = np.vstack([surface(c, 20, rng) for c in state.arms])
        points = points[view.sees(points) & (points[:, 2] > 0)]
        total += len(points)
        if told.bodies:
            enclosed += inside(points, [c for b in told.bodies for c in b.capsules]).sum()
    assert total > 10_000
    assert enclosed / total >= 0.99


def test_what_is_behind_an_arm_is_unseen_and_the_arm_is_occupied(camera, world, people):
    told = people.see(camera.depth(replace(world, arms=ARM)), 0)
    top = (0.12, -0.10, 0.24)
    assert told.occupied[voxel(people, top)]
    assert told.unseen[voxel(people, (0.12, -0.10, 0.10))]
    assert not told.unseen[voxel(people, (0.12, -0.10, 0.35))], "above the arm it is free"
    assert not (told.occupied & told.unseen).any()


def test_somebody_keeps_a_number_and_has_a_velocity(camera, world, people):
    numbers = []
    for tick in range(6):
        moved = tuple(
            Capsule(
                (c.start[0], c.start[1] + 0.02 * tick, c.start[2]),
                (c.end[0], c.end[1] + 0.02 * tick, c.end[2]),
                c.radius,
            )
            for c in ARM
        )
        told = people.see(camera.depth(replace(world, arms=moved, tick=tick)), tick * FRAME)
        numbers.append(told.bodies[0].number)
    assert set(numbers) == {numbers[0]}
    assert told.bodies[0].velocity[1] == pytest.approx(0.6, abs=0.2)


def test_a_hand_that_rests_for_minutes_is_still_somebody(camera, world, people):
    depth = camera.depth(replace(world, arms=ARM))
    for second in range(300):
        told = people.see(depth, second * 1_000_000_000)
    assert told.bodies
    assert told.occupied[voxel(people, (0.12, -0.10, 0.24))]


def test_the_robot_is_not_somebody_and_its_shadow_is_told_apart(camera, world, people):
    depth = camera.depth(replace(world, arms=LINK))
    assert people.see(depth, 0).bodies, "without its capsules it is somebody"
    own = Own(people.view)
    own.tell(FRAME, LINK)
    told = people.see(depth, FRAME, own.find(depth, FRAME))
    assert told.bodies == ()
    assert told.robot_shadow[voxel(people, (-0.25, 0.1, 0.12))]
    depth = camera.depth(replace(world, arms=LINK + ARM))
    both = people.see(depth, 2 * FRAME, own.find(depth, 2 * FRAME))
    assert len(both.bodies) == 1
    assert own.find(depth, 9 * FRAME) is None, "capsules of another moment"


def test_somebody_can_get_into_the_robots_shadow(camera, world, people):
    """From beside it, at a hand's speed; it is free again once it was seen."""
    own, spot = Own(people.view), voxel(people, (-0.25, 0.1, 0.12))
    depth = camera.depth(replace(world, arms=LINK))
    for tick in range(30):
        own.tell(tick * FRAME, LINK)
        told = people.see(depth, tick * FRAME, own.find(depth, tick * FRAME))
    assert told.robot_shadow[spot]
    near = (Capsule((-0.5, -0.40, 0.15), (-0.32, 0.02, 0.15), 0.04),)
    beside = camera.depth(replace(world, arms=LINK + near))
    seen = []
    for tick in range(30, 36):
        own.tell(tick * FRAME, LINK)
        seen.append(bool(people.see(beside, tick * FRAME, own.find(beside, tick * FRAME)).out_of_view[spot]))
    assert seen[-1]
    own.tell(36 * FRAME, LINK)
    left = people.see(depth, 36 * FRAME, own.find(depth, 36 * FRAME))
    assert left.robot_shadow[spot], "nobody leaves a hand behind"
    assert not people.see(camera.depth(world), 37 * FRAME).unseen[spot]


def test_a_picture_without_the_robot_has_a_hole_there_and_keeps_the_hand(camera, world, people):
    depth = camera.depth(replace(world, arms=LINK + ARM))
    own = Own(people.view)
    own.tell(0, LINK)
    left = without(depth, own.find(depth, 0))
    u, v = people.view.project(np.array([-0.25, 0.1, 0.3])).round().astype(int)
    assert left[v, u] == 0
    u, v = people.view.project(np.array([0.12, -0.10, 0.2])).round().astype(int)
    assert left[v, u] == depth[v, u] > 0


def test_a_hand_in_a_tray_that_stands_is_somebody_and_what_lies_in_it_is_not(cell, camera, world, people):
    robot, zone = Robot(cell.scene.cobot), next(z for z in cell.scene.zones if z.kind == "handover")
    place = cell.scene.cobot.standing(zone)
    own, filled = Own(people.view), replace(world, trays=(place,))
    x, y, _ = place.translation
    hand = (Capsule((x, y - 0.25, 0.16), (x, y, 0.06), 0.03),)

    def seen(arms, tick):
        depth = camera.depth(replace(filled, arms=arms, tick=tick))
        own.tell(tick * FRAME, (), robot.tray_at(place))
        return people.see(depth, tick * FRAME, own.find(depth, tick * FRAME)).occupied

    fingers = voxel(people, (x, y, 0.07))
    assert not any(seen((), tick).any() for tick in range(20))
    assert seen(hand, 20)[fingers]
    assert not any(seen((), tick).any() for tick in range(21, 30))


def test_a_hole_that_stays_is_unseen_up_to_the_top_and_a_flicker_is_not(camera, world, people):
    people.see(camera.depth(world), -FRAME)
    depth = camera.depth(world).copy()
    depth[200:260, 400:460] = 0
    column = voxel(people, (0.01, 0.02, 0.3))
    assert not people.see(depth, 0).unseen[column]
    people.see(depth, FRAME)
    assert people.see(depth, 2 * FRAME).unseen[column]


def test_a_corner_without_depth_stays_one_when_something_has_passed_over_it(camera, world, people):
    view = people.view
    u, v = view.project(np.array([-0.25, 0.1, 0.0])).round().astype(int)
    told = []
    for tick in range(8):
        passing = 1 <= tick <= 3
        depth = camera.depth(replace(world, arms=LINK if passing else (), tick=tick)).copy()
        corner = depth[v - 20 : v + 20, u - 20 : u + 20]
        corner[corner > 850] = 0
        told.append(people.see(depth, tick * FRAME))
    assert not told[-1].unseen.any()
    assert (told[-1].out_of_view == told[0].out_of_view).all()


def test_what_one_of_two_eyes_misses_beside_something_hides_only_what_is_behind_that(camera, world, people):
    high = (Capsule((0.3, 0.5, 0.44), (0.55, 0.0, 0.30), 0.06),)
    own = Own(people.view)
    people.see(camera.depth(world), -FRAME)
    for tick in range(8):
        depth = camera.depth(replace(world, arms=high + ARM, tick=tick))
        own.tell(tick * FRAME, high)
        told = people.see(depth, tick * FRAME, own.find(depth, tick * FRAME))
    assert told.unseen.any()
    heights = people.grid.centres()[told.unseen][:, 2]
    assert heights.max() < 0.30, "nothing of the robot's wide shadow, and nothing over the arm"


def test_nothing_is_known_without_a_camera_to_believe(people):
    told = people.nothing_known(5)
    assert told.unseen.all()
    assert told.bodies == ()


def test_a_picture_of_another_size_is_refused(people):
    with pytest.raises(ValueError, match="as the camera's view"):
        people.see(np.zeros((4, 4), np.uint16), 0)
