"""The cobot's model, where it can reach, its ways and their timing."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from opstap.documents import DocumentError
from opstap.geometry import Pose
from opstap.presenting.handover import handovers
from opstap.presenting.planning import Load, Planner
from opstap.presenting.reaching import reach, reach_free, straight
from opstap.presenting.robot import UR5E, Robot, RobotError
from opstap.presenting.route import Router
from opstap.presenting.surroundings import STEP, Surroundings
from opstap.presenting.timing import TICK, Trajectory, timed
from opstap.scene import Profile
from opstap.scene_file import load_scene

PEOPLE = [
    Profile(id=f"p{i}", hand=hand, seat=seat, presented=presented, reach=reach)
    for i, (hand, seat, presented, reach) in enumerate([
        ("right", "seated", "table", 0.38), ("left", "seated", "table", 0.38), ("right", "wheelchair", "table", 0.30),
        ("right", "standing", "hand", 0.38), ("left", "standing", "hand", 0.40), ("right", "seated", "hand", 0.38),
        ("left", "wheelchair", "hand", 0.35), ("right", "wheelchair", "hand", 0.30), ("left", "seated", "hand", 0.25),
        ("right", "standing", "hand", 0.50),
    ])
]  # fmt: skip


@pytest.fixture(scope="module")
def robot(cell):
    return Robot(cell.scene.cobot)


@pytest.fixture(scope="module")
def around(cell, robot):
    return Surroundings(robot, cell.scene)


@pytest.fixture(scope="module")
def router(cell):
    return Router(cell.scene, Robot(cell.scene.cobot))


def test_the_ur5e_is_as_long_as_its_maker_says(robot):
    # Stretched out sideways, 0.817 m of arm lie between shoulder and wrist; home looks away from nobody's face.
    tool = robot.tool(np.zeros(6))
    base = robot.cobot.pose.translation
    assert tool.translation[1] - base[1] == pytest.approx(-0.425 - 0.3922, abs=0.25)
    assert robot.moving_mass == pytest.approx(17.7, abs=0.01)


def test_capsule_ends_move_as_the_numbers_say(robot):
    q, v, dt = robot.home, np.array([0.3, -0.2, 0.5, 0.1, -0.4, 0.6]), 1e-6
    now, then = robot.capsules(q, v, True), robot.capsules(q + dt * v, v, True)
    assert (then.end - now.end) / dt == pytest.approx(now.end_velocity, abs=1e-4)
    assert (then.start - now.start) / dt == pytest.approx(now.start_velocity, abs=1e-4)


def test_capsules_hold_the_tray(robot, cell):
    capsules = robot.capsules(robot.home, np.zeros(6), True)
    tray = [i for i, link in enumerate(capsules.links) if link == "tray"]
    corners = cell.scene.cobot.tray_box(robot.tool(robot.home)).corners()
    for corner in corners:
        gaps = []
        for i in tray:
            axis = capsules.end[i] - capsules.start[i]
            share = np.clip((corner - capsules.start[i]) @ axis / (axis @ axis), 0, 1)
            gaps.append(np.linalg.norm(corner - capsules.start[i] - share * axis) - capsules.radius[i])
        assert min(gaps) < 0.001
    assert "tray" not in robot.capsules(robot.home, np.zeros(6), False).links


def test_every_branch_gets_there(robot):
    rng = np.random.default_rng(1)
    for q in rng.uniform(-np.pi, np.pi, (50, 6)):
        tool = robot.tool(q)
        branches = reach(robot, tool, q)
        assert np.abs(branches[0] - q).max() < 1e-6
        for branch in branches:
            assert robot.tool(branch).translation == pytest.approx(tool.translation, abs=1e-8)
            assert robot.tool(branch).rotation == pytest.approx(tool.rotation, abs=1e-8)


def test_out_of_reach_is_no_solution(robot):
    assert reach(robot, Pose.of((2.0, 0.0, 0.3)), robot.home) == []


URDF = """<robot name="arm"><link name="world"/>{links}{joints}</robot>"""
INERTIA = '<inertial><mass value="1"/><inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial>'
LINK = (
    '<link name="l{i}">'
    + INERTIA
    + """<collision><origin xyz="{middle}"/><geometry><box size="{size}"/></geometry>
</collision></link>"""
)
JOINT = """<joint name="j{i}" type="revolute"><parent link="{parent}"/><child link="l{i}"/><origin xyz="{at}"/>
<axis xyz="{axis}"/><limit lower="-3" upper="3" effort="50" velocity="3"/></joint>"""


def urdf_arm(tmp_path):
    """A six-axis arm of boxes that is no Universal Robots."""
    chain = [("0 0 0.1", "0 0 1"), ("0 0 0.1", "0 1 0"), ("0.4 0 0", "0 1 0"), ("0.35 0 0", "1 0 0"),
             ("0.05 0 0", "0 1 0"), ("0.08 0 0", "1 0 0")]  # fmt: skip
    lengths = [0.1, 0.4, 0.35, 0.05, 0.08, 0.03]
    links = "".join(LINK.format(i=i, middle=f"{n / 2} 0 0", size=f"{n} 0.06 0.05") for i, n in enumerate(lengths))
    joints = "".join(
        JOINT.format(i=i, parent=f"l{i - 1}" if i else "world", at=at, axis=axis) for i, (at, axis) in enumerate(chain)
    )
    path = tmp_path / "arm.urdf"
    path.write_text(URDF.format(links=links, joints=joints))
    return path


def test_any_urdf_serves(tmp_path, cell):
    path = urdf_arm(tmp_path)
    arm = Robot(cell.scene.cobot.model_copy(update={"model": path.name, "home_deg": (0, -60, 90, 0, 20, 0)}), tmp_path)
    assert arm.joints == tuple(f"j{i}" for i in range(6))
    q = np.array([0.3, -0.8, 1.1, 0.4, 0.7, -0.2])
    branches = reach(arm, arm.tool(q), arm.home)
    assert len(branches) >= 2
    for branch in branches:
        assert arm.tool(branch).translation == pytest.approx(arm.tool(q).translation, abs=1e-4)
    capsules = arm.capsules(np.zeros(6), np.zeros(6), False)
    upper = capsules.links.index("l1_0")
    # Around a box of 0.4 x 0.06 x 0.05 m: as long as it, and as wide as its corners.
    assert capsules.radius[upper] == pytest.approx(np.hypot(0.03, 0.025), rel=0.2)


@pytest.mark.parametrize(
    ("change", "found"),
    [({"model": "nowhere.urdf"}, "nowhere.urdf"), ({"home_deg": (0, 0)}, "found 2 angles, allowed: 6")],
)
def test_a_robot_that_cannot_be_is_told(cell, tmp_path, change, found):
    with pytest.raises(RobotError, match=found):
        Robot(cell.scene.cobot.model_copy(update=change), tmp_path)


TETRAHEDRON = "solid t\n" + "".join(
    "facet normal 0 0 0\nouter loop\n" + "".join(f"vertex {x} {y} {z}\n" for x, y, z in face) + "endloop\nendfacet\n"
    for face in combinations([(0, 0, 0), (0.3, 0, 0), (0, 0.04, 0), (0, 0, 0.04)], 3)
) + "endsolid t\n"  # fmt: skip


@pytest.mark.parametrize("where", ["beside", "installed"])
def test_meshes_of_a_package_are_found_and_a_missing_one_is_told(cell, tmp_path, monkeypatch, where):
    described, package = (
        tmp_path / "cell/arms/urdf",
        tmp_path / ("cell/arms" if where == "beside" else "ros/share/arms"),
    )
    for folder in (described, package / "meshes"):
        folder.mkdir(parents=True)
    path = urdf_arm(described)
    mesh = '<mesh filename="package://arms/meshes/upper.stl"/>'
    path.write_text(path.read_text().replace('<box size="0.4 0.06 0.05"/>', mesh))
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "ros"))
    scene = cell.scene.cobot.model_copy(update={"model": path.name})
    with pytest.raises(RobotError, match=r"arm\.urdf: cannot be read as a robot: (.|\n)*upper\.stl"):
        Robot(scene, described)
    (package / "meshes/upper.stl").write_text(TETRAHEDRON)
    arm = Robot(scene, described)
    capsules = arm.capsules(np.zeros(6), np.zeros(6), False)
    upper = capsules.links.index("l1_0")
    assert np.linalg.norm(capsules.end - capsules.start, axis=1)[upper] + 2 * capsules.radius[upper] >= 0.3


def test_a_broken_urdf_is_told(cell, tmp_path):
    (tmp_path / "arm.urdf").write_text("<robot name='x'>")
    with pytest.raises(RobotError, match=r"arm\.urdf: cannot be read as a robot"):
        Robot(cell.scene.cobot.model_copy(update={"model": "arm.urdf"}), tmp_path)


def test_what_is_touched_is_named(around, robot, cell):
    inside = Pose.of(cell.scene.bin["bin_11"].position, (0.0, 0.0, -np.pi / 2))
    q = reach(robot, inside, robot.home)[0]
    assert not around.free(q, False)
    assert "bin/bin_18" in around.blocked_by(q, False)
    assert around.free(robot.home, True)
    assert around.blocked_by(robot.home, True) == ""


def test_a_stored_tray_is_in_the_way_unless_it_is_being_taken(around, robot, cell):
    slot = cell.scene.cobot.store[1]
    q = reach_free(around, slot.pose, robot.home, False, slot.id)[0]
    assert not around.free(q, False)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda p: p.id)
def test_every_tray_gets_to_every_person(router, cell, person):
    for slot in cell.scene.cobot.store:
        route = router.route(slot, person)
        assert route, slot.id
        assert route.handover.how == person.presented
        legs = [*route.present, *route.clear]
        for before, after in pairwise(legs):
            assert after.trajectory.positions[0] == pytest.approx(before.trajectory.positions[-1], abs=1e-9)
        assert legs[-1].trajectory.positions[-1] == pytest.approx(router.around.robot.home, abs=1e-9)
        brought = router.around.robot.tool(route.present[-1].trajectory.positions[-1])
        assert brought.translation == pytest.approx(route.handover.pose.translation, abs=1e-6)
        for leg in legs:
            steps = np.abs(np.diff(leg.trajectory.positions, axis=0)).max(axis=1)
            assert steps.max() < STEP
            assert all(router.around.free(q, leg.load.carrying, leg.load.lifted) for q in leg.trajectory.positions[::5])


def test_a_route_is_kept_only_while_it_is_free(cell):
    router = Router(cell.scene, Robot(cell.scene.cobot))
    slot, person = cell.scene.cobot.store[0], PEOPLE[0]
    first = router.route(slot, person)
    assert router.route(slot, person) is first
    # Something stands where the way was: a tray that is put in the middle of it.
    q = first.present[4].trajectory.positions[len(first.present[4].trajectory.positions) // 2]
    there = router.around.robot.tool(q).translation
    blocked = cell.scene.bins[0].model_copy(update={"position": tuple(there), "size": (0.05, 0.05, 0.05)})
    router.around = Surroundings(router.around.robot, cell.scene.model_copy(update={"bins": (blocked,)}))
    router.planner.around = router.around
    assert router.route(slot, person) is not first


def test_limits_are_kept(around, robot, cell):
    limits = cell.scene.cobot.limits
    planner = Planner(around)
    slot = cell.scene.cobot.store[0]
    start = reach_free(around, slot.pose @ Pose.of((-0.17, 0.0, 0.05)), robot.home, True, slot.id)[0]
    goal = next(handovers(cell.scene, PEOPLE[0])).pose @ Pose.of((0.0, 0.0, 0.05))
    load = Load(True, slot.id)
    way = planner.plan(start, reach_free(around, goal, start, True, slot.id), load)
    trajectory = timed(way, limits, lambda q: around.free(q, True, slot.id), True)
    for order, limit in ((1, limits.velocity), (2, limits.acceleration), (3, limits.jerk)):
        assert np.abs(np.diff(trajectory.positions, order, axis=0)).max() / TICK**order <= 1.02 * limit
    assert trajectory.positions[0] == pytest.approx(start)
    assert np.abs(trajectory.velocities[[0, -1]]).max() == 0


def test_a_trajectory_that_would_cut_a_corner_stops_there_instead(cell):
    way = [np.zeros(6), np.array([1.0, 0, 0, 0, 0, 0]), np.array([1.0, 1.0, 0, 0, 0, 0])]

    def on_the_way(q):
        return min(abs(q[1]), abs(q[0] - 1)) < 1e-6

    stopping = timed(way, cell.scene.cobot.limits, on_the_way)
    flowing = timed(way, cell.scene.cobot.limits, lambda q: True)
    assert all(on_the_way(q) for q in stopping.positions)
    assert flowing.duration < stopping.duration
    assert timed(way, cell.scene.cobot.limits, lambda q: False) is None


def test_between_samples_position_and_velocity_agree():
    t = np.arange(0, 1, TICK)
    trajectory = Trajectory(np.column_stack([t**2 * (3 - 2 * t), 0.1 * t]))
    q, v = trajectory.at(0.4567)
    assert q[0] == pytest.approx(0.4567**2 * (3 - 2 * 0.4567), abs=1e-5)
    assert v[0] == pytest.approx(6 * 0.4567 * (1 - 0.4567), abs=1e-2)


def test_a_straight_line_is_straight(around, robot, cell):
    slot = cell.scene.cobot.store[2]
    start = reach_free(around, slot.pose @ Pose.of((-0.17, 0, 0)), robot.home, False, slot.id)[0]
    line = straight(around, start, slot.pose, False, slot.id)
    tips = np.array([robot.tool(q).translation for q in line])
    way = tips[-1] - tips[0]
    aside = np.cross(tips - tips[0], way / np.linalg.norm(way))
    assert np.abs(aside).max() < 1e-6
    assert straight(around, start, slot.pose, False) is None, "the tray itself is in the way unless it is taken"


def test_the_place_is_the_persons_own(cell):
    scene = cell.scene
    for person, side in ((PEOPLE[0], 1), (PEOPLE[1], -1)):
        first = next(handovers(scene, person))
        assert first.how == "table"
        assert np.sign(first.pose.translation[0]) == side
    held = next(handovers(scene, PEOPLE[3]))
    body = np.array([0.0, -scene.table.size[1] / 2])
    assert np.linalg.norm(held.pose.translation[:2] - body) == pytest.approx(PEOPLE[3].reach)
    assert held.pose.translation[2] == pytest.approx(1.08 - scene.table.height)
    tall = next(handovers(scene, PEOPLE[3].model_copy(update={"elbow_height": 1.2})))
    assert tall.pose.translation[2] == pytest.approx(1.2 - scene.table.height)


SCENE_FAULTS = [
    ("id: present_right, kind: handover", "id: present_right, kind: text", None),
    ("position: [0.455, -0.355], size: [0.26, 0.17]", "position: [0.455, -0.300], size: [0.26, 0.17]", "overlaps bin"),
    ("position: [0.455, -0.355], size: [0.26, 0.17]", "position: [0.455, -0.355], size: [0.20, 0.17]",
     "smaller than the tray"),
    ("position: [0.46, 1.06, 0.10]", "position: [0.69, 0.70, 0.10]", "overlaps the tray in 'store_1'"),
    ("id: store_2,", "id: store_1,", "'store_1' a second time"),
    ("limits: {velocity: 1.6,", "limits: {velocity: 9.9,", "cobot.limits.velocity: found 9.9"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "found"), SCENE_FAULTS)
def test_a_wrong_cobot_is_told(tmp_path, old, new, found):
    from test_scene import SCENE, changed

    path, line = changed(tmp_path, SCENE, (old, new))
    if found is None:
        load_scene(path)
        return
    with pytest.raises(DocumentError, match=found) as error:
        load_scene(path)
    assert str(error.value).startswith(f"{path}:{line}:")


def test_the_shipped_robot_is_the_default():
    assert UR5E == "ur5e"
