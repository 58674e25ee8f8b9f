"""The simulated camera: what is rendered is what lies there, and light falls where it is thrown."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from opstap.geometry import Capsule
from opstap.simulation.bench import Bench
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.noise import ARM
from opstap.simulation.world import Held, WorldState, lying_in_bin

ARMS = (Capsule((0.1, -0.3, 0.15), (0.1, 0.05, 0.12), 0.04),)


@pytest.fixture(scope="module")
def camera(cell):
    return SimulatedCamera(cell, 1)


@pytest.fixture
def world(cell):
    bench = Bench(cell, 1, ())
    return WorldState(0, 1_000_000_000, bench.bins, bench.slots)


def without_top(world, bin_id):
    return dataclasses.replace(world, bins={**world.bins, bin_id: world.bins[bin_id][:-1]})


def test_the_table_is_where_the_scene_puts_it(cell, camera, world):
    depth, _ = camera.true_depth(world)
    view = cell.scene.camera.view
    corner = (0.02 - cell.scene.table.size[0] / 2, 0.02 - cell.scene.table.size[1] / 2, 0.0)
    u, v = np.round(view.project(corner)).astype(int)
    assert depth[v, u] == pytest.approx(view.T_optical_table.apply(corner)[2], abs=0.002)


def test_a_part_taken_changes_its_bin_alone_and_makes_it_deeper(cell, camera, world):
    bin_id = cell.scene.bins[3].id
    before, _ = camera.true_depth(world)
    after, _ = camera.true_depth(without_top(world, bin_id))
    again, _ = camera.true_depth(world)
    changed = np.argwhere(before != after)
    assert len(changed) > 20
    assert (after[before != after] >= before[before != after] - 1e-6).all()
    corners = cell.scene.camera.view.project(cell.scene.bin[bin_id].inside.corners())
    assert (changed[:, ::-1] >= corners.min(axis=0) - 12).all()
    assert (changed[:, ::-1] <= corners.max(axis=0) + 12).all()
    assert np.array_equal(before, again)


def test_arms_hide_what_is_below_them(camera, world):
    bare, _ = camera.true_depth(world)
    depth, kind = camera.true_depth(dataclasses.replace(world, arms=ARMS))
    assert (kind == ARM).sum() > 1000
    assert (depth[kind == ARM] < bare[kind == ARM]).all()
    assert np.array_equal(depth[kind != ARM], bare[kind != ARM])


def test_a_part_in_a_hand_is_seen_where_it_is_held(cell, camera, world):
    bin_id = cell.scene.bins[3].id
    part = world.bins[bin_id][-1]
    pose = lying_in_bin(cell, bin_id, world.bins[bin_id], 1)[-1]
    lifted = type(pose)(pose.rotation, pose.translation + (0.0, 0.0, 0.2))
    depth, _ = camera.true_depth(dataclasses.replace(without_top(world, bin_id), held=(Held(part, lifted),)))
    view = cell.scene.camera.view
    u, v = np.round(view.project(lifted.translation)).astype(int)
    half = max(cell.task.parts[part].size) / 2
    assert view.T_optical_table.apply(lifted.translation)[2] - depth[v, u] == pytest.approx(0, abs=half)


def test_the_same_tick_gives_the_same_frame_in_another_process(cell, camera, world):
    moved = dataclasses.replace(world, arms=ARMS, tick=7)
    camera.depth(dataclasses.replace(without_top(world, cell.scene.bins[0].id), tick=3))
    assert np.array_equal(camera.depth(moved), SimulatedCamera(cell, 1).depth(moved))


def test_light_falls_on_the_surface_it_is_thrown_at(cell, camera, world):
    projector = cell.scene.projectors[0]
    surface = cell.scene.surfaces[f"slot/{cell.scene.case.slots[5].id}"]
    dark = np.zeros((projector.optics.height, projector.optics.width, 3), np.uint8)
    thrown = dark.copy()
    u, v = np.round(projector.view.project(surface.pose.translation)).astype(int)
    thrown[v - 6 : v + 7, u - 6 : u + 7] = (0, 200, 255)
    lit = camera.color(world, {projector.id: thrown}).astype(int)
    unlit = camera.color(world, {projector.id: dark}).astype(int)
    spot = np.argwhere((lit - unlit).sum(axis=2) > 20)
    assert len(spot) > 10
    expected = cell.scene.camera.color_view.project(surface.pose.translation)
    assert np.hypot(*(spot.mean(axis=0)[::-1] - expected)) < 2
    assert (lit - unlit)[..., 0].max() <= 1  # no red was thrown


def test_an_arm_takes_the_light_from_what_is_below_it(cell, camera, world):
    projector = cell.scene.projectors[0]
    white = np.full((projector.optics.height, projector.optics.width, 3), 255, np.uint8)
    with_arm = dataclasses.replace(world, arms=ARMS, skin=(120, 80, 60))
    fresh = SimulatedCamera(cell, 1).color(with_arm, {projector.id: white})
    camera.color(world, {projector.id: white})
    kept = camera.color(with_arm, {projector.id: white})
    assert np.array_equal(fresh, kept)
    view = cell.scene.camera.color_view
    u, v = np.round(view.project((0.1, -0.1, 0.17))).astype(int)
    r, g, b = kept[v, u].astype(int)
    assert r > g > b, "skin"


def test_the_camera_brings_no_web_server():
    """Open3D's plots would, at every start."""
    code = "import sys, opstap.simulation.camera; print([m for m in ('dash', 'plotly') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
