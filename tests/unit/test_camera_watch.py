"""A camera that is moved or covered is noticed, told and found again; undisturbed work is never disturbed."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from painted import asked, paint

from opstap.geometry import Pinhole, Pose
from opstap.perception.camera_watch import (
    CHECKING,
    COVERED,
    DUST,
    ELSEWHERE,
    MOVED_FAR,
    NOTHING,
    SUNLIGHT,
    CameraWatch,
)
from opstap.perception.guard import Guard
from opstap.simulation.bench import Bench
from opstap.simulation.calibrating import displaced
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.faults import read_fault
from opstap.simulation.faulty_camera import FaultyCamera
from opstap.simulation.person import load_traits
from opstap.simulation.simulator import Simulator
from opstap.simulation.world import WorldState
from opstap.workflow.model import Content

FRAME = 33_333_333
PLACES = np.array([(x, y, 0.0) for x in (-0.45, 0.45) for y in (-0.2, 0.3)])
DEGREE = float(np.radians(1))


@pytest.fixture(scope="module")
def pictures(cell):
    """Frames of the camera when it truly hangs displaced by so much; each displacement is rendered once."""
    bench = Bench(cell, 1)
    world = WorldState(0, 0, bench.bins, bench.slots)
    cameras = {}

    @lru_cache
    def frame(by, tick):
        if by not in cameras:
            cameras[by] = SimulatedCamera(displaced(cell, Pose.of(by[:3], by[3:])), 1)
        return cameras[by].depth(replace(world, tick=tick % 24))

    return frame


HERE = (0.0,) * 6


def at(watch, picture, first, count):
    """Conditions of so many frames."""
    return [watch.see(picture(tick), tick * FRAME) for tick in range(first, first + count)]


def hidden(conditions, paused="The camera was moved, by about"):
    return next(i for i, c in enumerate(conditions) if c.paused.startswith(paused))


@pytest.mark.parametrize(
    "by",
    [
        (0.005, 0, 0, 0, 0, 0),
        (0, 0.005, 0, 0, 0, 0),
        (0, 0, 0.005, 0, 0, 0),
        (0, 0, 0, DEGREE / 2, 0, 0),
        (0, 0, 0, 0, DEGREE / 2, 0),
        (0, 0, 0, 0, 0, DEGREE / 2),
    ],
    ids=["x", "y", "z", "roll", "pitch", "yaw"],
)
def test_5_mm_or_half_a_degree_is_told_within_2_s_and_found_by_a_check(cell, pictures, by):
    view = cell.scene.camera.view
    watch = CameraWatch(cell.scene, view)
    before = at(watch, lambda t: pictures(HERE, t), 0, 40)
    assert not any(c.paused or c.suspect for c in before)
    assert before[-1].drift_mm < 1.0
    after = at(watch, lambda t: pictures(by, t), 40, 60)
    assert hidden(after) < 45, "1.5 s"
    true = displaced(cell, Pose.of(by[:3], by[3:])).scene.camera.pose
    shift = np.linalg.norm((view.pose @ true.inverse()).apply(PLACES) - PLACES, axis=1).max() * 1000
    assert after[-1].drift_mm == pytest.approx(shift, abs=3.0)
    watch.check()
    during = at(watch, lambda t: pictures(by, t), 100, 31)
    assert during[0].paused == CHECKING
    check = watch.checked()
    assert check is not None
    wrong = np.linalg.norm((check.pose @ true.inverse()).apply(PLACES) - PLACES, axis=1).max() * 1000
    assert wrong < 2.5, "mm"


def test_a_camera_that_swings_back_is_believed_again_by_itself(cell, pictures):
    watch = CameraWatch(cell.scene, cell.scene.camera.view)
    at(watch, lambda t: pictures(HERE, t), 0, 30)
    assert at(watch, lambda t: pictures((0, 0, 0.005, 0, 0, 0), t), 30, 60)[-1].paused
    assert not at(watch, lambda t: pictures(HERE, t), 90, 120)[-1].paused


def test_a_large_move_asks_for_a_new_calibration(cell, pictures):
    watch = CameraWatch(cell.scene, cell.scene.camera.view)
    at(watch, lambda t: pictures(HERE, t), 0, 30)
    after = at(watch, lambda t: pictures((0.25, 0.2, 0, 0, 0, 30 * DEGREE), t), 30, 60)
    assert after[-1].paused == MOVED_FAR
    watch.check()
    at(watch, lambda t: pictures((0.25, 0.2, 0, 0, 0, 30 * DEGREE), t), 90, 31)
    assert watch.checked().pose is None


@pytest.mark.parametrize(("kind", "said"), [("cover", NOTHING), ("sun", SUNLIGHT), ("dust", DUST)])
def test_what_blinds_the_lens_is_told(cell, pictures, kind, said):
    bench = Bench(cell, 1)
    world = WorldState(0, 0, bench.bins, bench.slots)
    camera = FaultyCamera(cell, 1, read_fault(f"{kind}@3"), 0)
    watch = CameraWatch(cell.scene, cell.scene.camera.view)
    told = []
    for tick in range(0, 90):
        # Dust is a matter of a minute: after 3 s a frame stands for a second.
        stamp = tick * FRAME if tick < 30 or kind != "dust" else (tick - 27) * 1_000_000_000
        stamp += 2_000_000_000
        told.append(watch.see(camera.depth(replace(world, tick=tick % 24, stamp=stamp)), stamp))
    assert not any(c.paused or c.warning for c in told[:30])
    assert (told[-1].paused or told[-1].warning) == said


def test_something_before_the_lens_is_told(cell, pictures):
    watch = CameraWatch(cell.scene, cell.scene.camera.view)
    at(watch, lambda t: pictures(HERE, t), 0, 30)
    cloth = np.full((480, 848), 300, np.uint16)
    after = at(watch, lambda t: cloth, 30, 40)
    assert after[-1].paused == COVERED


def test_a_bump_while_the_cell_was_off_is_seen(cell, pictures, tmp_path):
    kept = tmp_path / "camera.npz"
    at(CameraWatch(cell.scene, cell.scene.camera.view, kept), lambda t: pictures(HERE, t), 0, 16)
    again = CameraWatch(cell.scene, cell.scene.camera.view, kept)
    assert at(again, lambda t: pictures((0, 0, 0.005, 0, 0, 0), t), 0, 40)[-1].paused
    kept.write_bytes(b"spoilt")
    anew = CameraWatch(cell.scene, cell.scene.camera.view, kept)
    assert not at(anew, lambda t: pictures((0, 0, 0.005, 0, 0, 0), t), 0, 40)[-1].paused


def test_work_at_the_bench_raises_no_alarm(cell):
    from pathlib import Path

    traits = load_traits(Path(__file__).parents[2] / "config/people/demo.yaml", cell)
    simulator, camera = Simulator(cell, traits, 1), SimulatedCamera(cell, 1)
    watch = CameraWatch(cell.scene, cell.scene.camera.view)
    lights, light, worst = None, {}, 0.0
    for tick in range(150 * 30):
        world = simulator.tick(light)
        wanted = asked(cell, world)
        if wanted != lights:
            lights, light = wanted, paint(cell.scene, wanted)
        if tick % 12:
            continue  # every twelfth frame is looked at: 150 s of work
        condition = watch.see(camera.depth(world), world.stamp)
        assert not condition.paused
        assert not condition.warning
        worst = np.nanmax([worst, condition.drift_mm])
    assert worst < 1.0


def test_a_bump_never_becomes_an_event_and_places_say_why_they_are_not_judged(cell, pictures, tmp_path):
    k = cell.scene.camera.depth.pinhole
    file = tmp_path / "calibration.yaml"
    guard = Guard(cell, k, "simulated", tmp_path, file)
    by = (0.005, -0.004, 0, 0, 0, DEGREE / 2)
    seen = [guard.see(pictures(HERE, t), t * FRAME) for t in range(60)]
    assert seen[-1].places["bin_03"].content is Content.FILLED
    seen += [guard.see(pictures(by, t), t * FRAME) for t in range(60, 150)]
    assert [e for s in seen for e in s.events] == []
    assert seen[-1].places["bin_03"].content is Content.CANNOT_SEE
    assert "opstap calibrate check" in seen[-1].places["bin_03"].reason
    guard.check()
    seen = [guard.see(pictures(by, t), t * FRAME) for t in range(150, 260)]
    assert [e for s in seen for e in s.events] == []
    assert seen[-1].places["bin_03"].content is Content.FILLED
    assert not guard.condition.paused
    again = Guard(cell, k, "simulated", None, file)
    assert again.calibrated
    assert np.allclose(again.view.pose.matrix, guard.view.pose.matrix, atol=1e-4)


def test_a_part_that_goes_unseen_is_told_once_the_camera_is_known_to_hang_still(cell):
    guard, camera, bench = Guard(cell, cell.scene.camera.depth.pinhole), SimulatedCamera(cell, 1), Bench(cell, 1)
    events = []
    for t in range(130):
        if t == 25:
            bench.take("bin_11")
        events += guard.see(camera.depth(WorldState(t, 0, bench.bins, bench.slots)), (t + 30) * FRAME).events
    assert [(e.happened.value, e.place) for e in events] == [("taken", "bin_11")]


def test_the_calibration_of_another_camera_judges_nothing(cell, pictures, tmp_path):
    k = cell.scene.camera.depth.pinhole
    file = tmp_path / "calibration.yaml"
    guard = Guard(cell, k, "0815", None, file)
    for t in range(20):
        guard.see(pictures(HERE, t), t * FRAME)
    guard.check()
    for t in range(20, 60):
        guard.see(pictures(HERE, t), t * FRAME)
    assert file.exists()
    other = Guard(cell, k, "4711", None, file)
    seen = other.see(pictures(HERE, 60), 60 * FRAME)
    assert all(p.content is Content.CANNOT_SEE for p in seen.places.values())
    assert "camera 0815, and this is camera 4711" in seen.places["bin_01"].reason


@pytest.mark.parametrize("frame", [np.zeros((480, 848), np.uint16), np.full((480, 848), 65535, np.uint16)])
def test_pictures_without_any_depth_give_no_event(cell, frame):
    guard = Guard(cell, cell.scene.camera.depth.pinhole)
    for t in range(60):
        assert guard.see(frame, t * FRAME).events == ()
    assert all(p.content is Content.CANNOT_SEE for p in guard.see(frame, 61 * FRAME).places.values())


def test_a_picture_of_another_size_or_kind_is_refused_in_words(cell):
    guard = Guard(cell, cell.scene.camera.depth.pinhole)
    with pytest.raises(ValueError, match=r"found uint16 \(10, 10\), allowed: uint16 \(480, 848\)"):
        guard.see(np.zeros((10, 10), np.uint16), 1)
    with pytest.raises(ValueError, match="found float32"):
        guard.see(np.zeros((480, 848), np.float32), 1)


def test_time_that_runs_back_is_not_looked_at(cell, pictures):
    guard = Guard(cell, cell.scene.camera.depth.pinhole)
    for t in range(30):
        guard.see(pictures(HERE, t), t * FRAME)
    back = guard.see(np.zeros((480, 848), np.uint16), 3 * FRAME)
    assert back.stamp == 29 * FRAME
    assert back.events == ()


def test_a_fault_that_does_not_exist_is_told():
    with pytest.raises(ValueError, match="found 'quake@3', allowed: nothing, or one of bump"):
        read_fault("quake@3")
    assert read_fault("") is None
    assert read_fault("cover@2-4.5").end == 4_500_000_000


def test_a_view_without_structure_says_so(cell):
    sky = Pinhole(848, 480, 425, 425, 423.5, 239.5)
    from opstap.geometry import View

    watch = CameraWatch(cell.scene, View(sky, Pose.of((0, 0, 1.0))))
    condition = [watch.see(np.full((480, 848), 3000, np.uint16), t * FRAME) for t in range(20)][-1]
    assert "Too little" in condition.warning


def test_a_bench_that_is_not_there_is_told(cell):
    watch = CameraWatch(cell.scene, cell.scene.camera.view)
    assert [watch.see(np.full((480, 848), 2500, np.uint16), t * FRAME) for t in range(20)][-1].paused == ELSEWHERE
