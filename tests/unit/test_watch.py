"""From depth frames to events: hands posed in a simulated bench, with the camera's noise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from posed import FRAME, Stage, arm, changes, inside, visits, with_confirm

from opstap.geometry import Capsule
from opstap.instructions import load_cell
from opstap.perception.contents import FRAMES
from opstap.perception.watch import FIRST, Watcher
from opstap.simulation.camera import SimulatedCamera
from opstap.workflow.model import Content

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def camera(cell):
    return SimulatedCamera(cell, 5)


@pytest.fixture
def stage(cell, camera):
    made = Stage(cell, camera)
    made.show(14)
    return made


def test_what_stands_still_is_known_and_nothing_happens(cell, stage):
    assert stage.show(3) == []
    places = stage.seen.places
    assert set(places) == {b.id for b in cell.scene.bins} | {s.id for s in cell.scene.case.slots}
    assert {places[b.id].content for b in cell.scene.bins} == {Content.FILLED}
    assert {places[s.id].content for s in cell.scene.case.slots} == {Content.EMPTY}
    assert not stage.seen.hands
    assert not stage.seen.present


@pytest.mark.parametrize("place", ["bin_02", "bin_11", "bin_18", "bin_29"])
def test_a_part_taken_is_told_with_place_count_hand_and_evidence(stage, place):
    events = stage.reach(place, stage.take(place))
    assert visits(events) == [("hand_entered", place), ("hand_left", place)]
    assert changes(events) == [("taken", place, 1)]
    (taken,) = (e for e in events if e.happened.value == "taken")
    assert taken.evidence["visited"] == 1
    assert taken.evidence["right"] == 1
    assert taken.evidence["volume_cm3"] == pytest.approx(-taken.evidence["expected_cm3"], rel=0.4)
    assert 0.5 < taken.confidence <= 1


def test_it_is_told_in_the_third_frame_in_which_the_bin_is_free(cell, stage):
    at = arm(cell, inside(cell, "bin_11"))
    stage.show(6, at)
    stage.bench.take("bin_11")
    assert changes(stage.show(2, at)) == []
    assert changes(stage.show(FIRST - 1)) == []
    assert changes(stage.show(1)) == [("taken", "bin_11", 1)]


def test_two_at_once_are_two(stage):
    assert changes(stage.reach("bin_15", stage.take("bin_15", 2))) == [("taken", "bin_15", 2)]


def test_what_is_put_back_is_told(stage):
    stage.reach("bin_12", stage.take("bin_12"))
    assert changes(stage.reach("bin_12", stage.put("bin_12"))) == [("put_back", "bin_12", 1)]


def test_placed_in_a_slot_and_removed_again(cell, stage):
    slot = cell.task.steps[8].slot
    assert changes(stage.reach(slot, stage.put(slot))) == [("placed", slot, 1)]
    assert stage.seen.places[slot].content is Content.FILLED
    assert changes(stage.reach(slot, lambda: stage.bench.take(slot))) == [("removed", slot, 1)]
    assert stage.seen.places[slot].content is Content.EMPTY


def test_a_part_in_the_wrong_slot_is_told_at_that_slot(stage):
    assert changes(stage.reach("slot_20", stage.put("slot_20", "gloves_m"))) == [("placed", "slot_20", 1)]


def test_a_hand_that_takes_nothing_is_a_visit_and_no_pick(stage):
    events = stage.reach("bin_16")
    assert visits(events) == [("hand_entered", "bin_16"), ("hand_left", "bin_16")]
    assert changes(events) == []


def test_a_bin_that_was_emptied_is_empty(stage):
    stage.bench._bins = {**stage.bench.bins, "bin_13": stage.bench.bins["bin_13"][:1]}
    stage.show(80)
    assert changes(stage.reach("bin_13", stage.take("bin_13"))) == [("taken", "bin_13", 1)]
    assert stage.seen.places["bin_13"].content is Content.EMPTY


def test_a_change_that_no_hand_was_seen_at_is_found_and_trusted_less(stage):
    stage.bench.take("bin_11")
    events = stage.show(80)
    assert changes(events) == [("taken", "bin_11", 1)]
    assert events[0].evidence["visited"] == 0
    assert events[0].confidence < 0.7


def test_the_forearm_behind_the_hand_visits_nothing(cell, stage):
    """A hand in the back tier; its forearm is over the bins in front."""
    events = stage.reach("bin_26", stage.take("bin_26"))
    assert {place for _, place in visits(events)} == {"bin_26"}
    assert changes(events) == [("taken", "bin_26", 1)]


def test_reaching_across_above_the_bins_visits_nothing(cell, stage):
    events = []
    for x in np.linspace(-0.35, 0.35, 8):
        events += stage.show(1, arm(cell, (x, 0.10, 0.15)))
    assert events + stage.show(8) == []


def test_sleeve_glove_and_tool_make_no_difference(cell, camera):
    stage = Stage(cell, camera)
    stage.show(14)
    assert changes(stage.reach("bin_18", stage.take("bin_18"), sleeve=True, hand=1.2)) == [("taken", "bin_18", 1)]


@pytest.mark.parametrize("build", [{"sleeve": True}, {"hand": 1.2}, {}])
def test_a_screwdriver_in_the_hand_changes_nothing(cell, camera, build):
    """Across the palm, sticking out 8 cm beside the thumb, over the neighbouring bin."""
    stage = Stage(cell, camera)
    stage.show(14)
    at = arm(cell, inside(cell, "bin_18"), **build)
    palm = np.asarray(at[2].end)
    tool = Capsule(tuple(palm + (-0.08, 0.03, 0.02)), tuple(palm + (0.04, -0.015, -0.01)), 0.011)
    events = stage.show(6, (*at, tool))
    stage.bench.take("bin_18")
    events += stage.show(1, (*at, tool)) + stage.show(12)
    assert changes(events) == [("taken", "bin_18", 1)]
    assert ("hand_entered", "bin_18") in visits(events)


def test_a_part_in_the_hand_over_a_bin_is_not_in_it(cell, stage):
    """Held 15 cm above, in fingers that are not larger than an arm must be: no content, and what is below is not judged
    until it is gone."""
    at = inside(cell, "bin_11", 0.15)
    held = (Capsule(tuple(at + (-0.02, 0, 0)), tuple(at + (0.02, 0, 0)), 0.018),)
    assert changes(stage.show(12, held) + stage.show(12)) == []


def test_a_left_hand_that_reaches_across_is_the_left_one(cell, stage):
    events = stage.reach("bin_13", stage.take("bin_13"), side=-1)
    assert changes(events) == [("taken", "bin_13", 1)]
    assert {place for _, place in visits(events)} == {"bin_13"}
    assert {e.evidence.get("right", -1) for e in events} == {-1}


def test_one_hand_stays_in_its_bin_while_the_other_picks(cell, stage):
    resting = arm(cell, inside(cell, "bin_09"), -1)
    at = arm(cell, inside(cell, "bin_13"))
    events = stage.show(6, resting, at)
    stage.bench.take("bin_13")
    events += stage.show(1, resting, at) + stage.show(8, resting)
    assert changes(events) == [("taken", "bin_13", 1)]
    assert stage.seen.places["bin_09"].occupied
    assert changes(stage.show(12)) == []


def test_a_place_whose_noise_has_grown_over_the_part_says_so(cell, stage):
    place = [p.id for p in stage.watcher._places].index("bin_02")
    stage.watcher.measures[place].noise *= 4
    stage.reach("bin_02", stage.take("bin_02"))
    assert "too noisy" in stage.seen.places["bin_02"].reason


def test_less_than_a_part_is_told_as_not_to_be_seen(cell, camera):
    """What came is a fifth of the part that the slot is watched for: neither nothing nor a part."""
    parts = cell.task.parts
    small = parts["cup"].model_copy(update={"size": (0.024, 0.022, 0.022)})
    other = replace(cell, task=cell.task.model_copy(update={"parts": parts | {"brush_cap": small}}))
    stage = Stage(other, SimulatedCamera(other, 5))
    stage.show(14)
    slot = next(s.slot for s in cell.task.steps if s.part == "cup")
    assert changes(stage.reach(slot, stage.put(slot, "brush_cap"))) == []
    assert "less than a part" in stage.seen.places[slot].reason


def test_two_hands_at_once_in_neighbouring_bins(cell, stage):
    left, right = arm(cell, inside(cell, "bin_10"), -1), arm(cell, inside(cell, "bin_11"), 1)
    events = stage.show(6, left, right)
    stage.bench.take("bin_10"), stage.bench.take("bin_11")
    events += stage.show(1, left, right) + stage.show(14)
    assert sorted(visits(events)) == sorted((h, p) for p in ("bin_10", "bin_11") for h in ("hand_entered", "hand_left"))
    assert sorted(changes(events)) == [("taken", "bin_10", 1), ("taken", "bin_11", 1)]
    by = {e.place: e.evidence["right"] for e in events if e.happened.value == "taken"}
    assert by == {"bin_10": -1, "bin_11": 1}


def test_a_tool_that_sticks_out_into_the_next_bin_is_no_visit_there(camera):
    """Wide bins, and the next one is set up for visits: a hand is in one place, the one that it is in most."""
    cell = load_cell(ROOT / "config/cells/gearbox.yaml", ROOT / "config/tasks/gearbox_kit.yaml")
    stage = Stage(cell, SimulatedCamera(cell, 5))
    stage.show(14)
    at = arm(cell, inside(cell, "bin_11") + (0.045, -0.03, -0.012), -1)
    palm = np.asarray(at[2].end)
    tool = Capsule(tuple(palm + (0.08, 0.03, 0.02)), tuple(palm - (0.04, 0.015, 0.01)), 0.011)
    events = stage.show(10, (*at, tool)) + stage.show(12)
    assert visits(events) == [("hand_entered", "bin_11"), ("hand_left", "bin_11")]
    assert changes(events) == [("visited", "bin_11", 1)]


@pytest.mark.parametrize("wide", [8, 14])
def test_fingers_that_holes_cut_off_from_their_hand_are_no_content(cell, stage, wide):
    """Along a bin's wall depth has holes: fingers behind it hang together with nothing."""
    p = [x.id for x in stage.watcher._places].index("bin_11")
    rows, columns = np.divmod(stage.watcher.pixels.index[stage.watcher.pixels.of(p)], 848)
    front = slice(rows.max() - 3, rows.max() - 3 + wide), slice(columns.min() - 60, columns.max() + 60)

    def cut(depth):
        depth = depth.copy()
        depth[front] = 0
        return depth

    stage.show(20, change=cut)
    at = arm(cell, inside(cell, "bin_11"))
    assert changes(stage.show(20, at, change=cut)) == []
    assert stage.seen.places["bin_11"].content is Content.CANNOT_SEE


def test_what_cannot_be_seen_does_not_keep_the_rest_from_its_turn(cell, stage):
    """Two visited bins without depth are compared again and again, in turns that leave no frame between them."""
    at = np.concatenate([stage.watcher.pixels.index[stage.watcher.pixels.of(p)] for p, place in
                         enumerate(stage.watcher._places) if place.id in ("bin_11", "bin_14")])  # fmt: skip

    def holed(depth):
        depth = depth.copy()
        depth.reshape(-1)[at] = 0
        return depth

    stage.show(30)
    left, right = arm(cell, inside(cell, "bin_11"), -1), arm(cell, inside(cell, "bin_14"))
    stage.show(6, left, right, change=holed)
    stage.show(2, right, change=holed)
    stage.show(10, change=holed)
    stage.bench.take("bin_29")
    assert changes(stage.show(150, change=holed)) == [("taken", "bin_29", 1)]


def part_of_a_part_less(stage, place, area):
    """Depth as if four tenths of the volume of a part had gone from the middle of a place, from so much of its area."""
    watcher = stage.watcher
    p = [x.id for x in watcher._places].index(place)
    measure, at = watcher.measures[p], watcher.pixels.index[watcher.pixels.of(p)]
    v, u = np.divmod(at, 848)
    nearest = np.argsort(np.hypot(v - v.mean(), u - u.mean()))[: int(area * measure._footprint / measure.pixel_mm2)]
    deeper = round(0.4 * measure._single * 1e9 / float(measure._area[nearest].sum()))

    def change(depth):
        depth = depth.copy()
        depth.reshape(-1)[at[nearest]] += np.uint16(deeper)
        return depth

    return change


def test_less_than_half_a_part_is_told_only_when_it_is_found_twice(cell, stage):
    less = part_of_a_part_less(stage, "bin_18", 0.4)
    stage.show(6, arm(cell, inside(cell, "bin_18")))
    assert changes(stage.show(5, change=less) + stage.show(20)) == [], "for a moment: an arm that draws back"
    stage.show(6, arm(cell, inside(cell, "bin_18")))
    assert changes(stage.show(6, change=less)) == []
    assert changes(stage.show(5, change=less)) == [("taken", "bin_18", 1)], "it stays"


def test_a_change_that_is_nowhere_as_high_as_a_part_is_none(cell, stage):
    """Noise is wide and flat: of its volume alone it would be a part."""
    flat = part_of_a_part_less(stage, "bin_18", 1.0)
    stage.show(30)
    stage.show(6, arm(cell, inside(cell, "bin_18")))
    assert changes(stage.show(30, change=flat)) == []
    place = stage.seen.places["bin_18"]
    assert place.content is Content.CANNOT_SEE
    assert "less than a part" in place.reason


def test_what_was_told_from_three_frames_is_soon_known_as_well_as_the_rest(cell, stage):
    """The noise of three frames would be taken for a change by the next visit."""
    p = [x.id for x in stage.watcher._places].index("bin_18")
    own, at = stage.watcher.pixels.of(p), arm(cell, inside(cell, "bin_18"))
    stage.show(6, at)
    stage.bench.take("bin_18")
    assert changes(stage.show(FIRST)) == [("taken", "bin_18", 1)]
    true = stage.camera.true_depth(stage.world())[0].reshape(-1)[stage.watcher.pixels.index[own]] * 1000

    def off():
        return float(np.std(stage.watcher._memory.reference[own] - true))

    first = off()
    stage.show(2 * FRAMES)
    assert off() < 0.85 * first


def no_return(stage, place, share=1.0):
    """Depth without a return at so much of a place: a thing that reflects nothing, or all."""
    watcher = stage.watcher
    p = [x.id for x in watcher._places].index(place)
    at = watcher.pixels.index[watcher.pixels.of(p)]
    at = at[: int(share * len(at))]

    def change(depth):
        depth = depth.copy()
        depth.reshape(-1)[at] = 0
        return depth

    return change


def test_where_depth_has_holes_it_says_so_and_tells_no_change(cell, stage):
    hole = no_return(stage, "bin_17")
    at = arm(cell, inside(cell, "bin_17"))
    events = stage.show(6, at)
    stage.bench.take("bin_17")
    events += stage.show(30, change=hole)
    assert changes(events) == []
    seen = stage.seen.places["bin_17"]
    assert (seen.content, seen.reason) == (Content.CANNOT_SEE, "depth has holes there")
    assert changes(stage.show(12)) == [("taken", "bin_17", 1)], "once it is seen again"
    assert stage.seen.places["bin_17"].content is Content.FILLED


def test_a_hole_as_large_as_a_part_is_not_taken_for_an_empty_slot(stage):
    """A black part in a slot gives no depth; the floor around it does."""
    stage.show(30, change=no_return(stage, "slot_09", 0.6))
    assert stage.seen.places["slot_09"].content is Content.CANNOT_SEE


def test_a_place_set_up_for_visits_tells_the_visit_and_no_more(cell, camera):
    stage = Stage(with_confirm(cell, "bin_11", "visit"), camera)
    stage.show(14)
    assert stage.seen.places["bin_11"].content is Content.CANNOT_SEE
    assert stage.seen.places["bin_11"].reason == "depth is not asked here: a hand that was in it counts"
    events = stage.reach("bin_11", stage.take("bin_11"), frames=8)
    assert changes(events) == [("visited", "bin_11", 1)]
    (visited,) = (e for e in events if e.happened.value == "visited")
    assert visited.evidence["seconds"] == pytest.approx(9 / 30, abs=0.1)
    assert "volume_cm3" not in visited.evidence
    assert visited.confidence < 0.7
    assert changes(stage.reach("bin_11", frames=1)) == [], "a brush with the hand is no visit"


def test_a_place_set_up_for_a_button_tells_nothing(cell, camera):
    stage = Stage(with_confirm(cell, "slot_09", "button"), camera)
    stage.show(14)
    assert changes(stage.reach("slot_09", stage.put("slot_09"))) == []
    assert stage.seen.places["slot_09"].reason == "depth is not asked here: the worker says it is done"


def test_a_frame_of_another_size_or_type_is_an_error(stage):
    with pytest.raises(ValueError, match=r"found uint16 \(10, 10\), allowed: uint16 \(480, 848\)"):
        stage.watcher.see(np.zeros((10, 10), np.uint16), 10**12)
    with pytest.raises(ValueError, match="found float32"):
        stage.watcher.see(np.zeros((480, 848), np.float32), 10**12)


def test_time_that_stands_or_runs_back_gives_no_events(cell, stage):
    at = arm(cell, inside(cell, "bin_11"))
    stage.show(6, at)
    stage.bench.take("bin_11")
    stage.show(1)
    depth, stamp = stage.camera.depth(stage.world()), stage.seen.stamp
    for back in (0, 1, FRAME, 10**9):
        assert stage.watcher.see(depth, stamp - back).events == ()
    assert changes(stage.show(9)) == [("taken", "bin_11", 1)]


@pytest.mark.parametrize("value", [0, 65535])
def test_frames_without_any_depth_give_no_events_and_are_told(stage, value):
    assert stage.show(12, change=lambda depth: np.full_like(depth, value)) == []
    assert changes(stage.show(30)) == []
    assert stage.seen.places["bin_11"].content is Content.FILLED


def test_all_zero_depth_cannot_be_seen(stage):
    stage.show(60, change=np.zeros_like)
    assert {p.content for p in stage.seen.places.values()} == {Content.CANNOT_SEE}


def test_a_blocked_view_at_the_start_settles_later(cell, camera):
    stage = Stage(cell, camera)
    stage.show(12, change=np.zeros_like)
    assert {p.content for p in stage.seen.places.values()} == {Content.CANNOT_SEE}
    assert changes(stage.show(80)) == []
    assert stage.seen.places["bin_11"].content is Content.FILLED


def test_after_a_gap_in_the_frames_nothing_of_before_counts(cell, stage):
    stage.show(6, arm(cell, inside(cell, "bin_11")))
    stage.bench.take("bin_11")
    stage.show(FIRST - 1)
    stage.tick += 30
    assert changes(stage.show(1)) == []
    assert changes(stage.show(FRAMES)) == [("taken", "bin_11", 1)]


def test_after_a_restart_events_come_again_and_what_was_missed_is_found(cell, camera, tmp_path):
    file = tmp_path / "settled.npz"
    first = Stage(cell, camera, file)
    first.show(14)
    before = first.reach("bin_12", first.take("bin_12"))
    second = Stage(cell, camera, file, tick=first.tick + 100)
    second.bench = first.bench
    second.bench.take("bin_11")
    again = second.show(80)
    assert again[: len(before)] == before
    assert changes(again[len(before) :]) == [("taken", "bin_11", 1)]
    assert [e.sequence for e in again] == list(range(again[0].sequence, again[0].sequence + len(again)))


def test_the_same_frames_give_the_same_events(cell, camera):
    def told():
        stage = Stage(cell, camera)
        stage.show(14)
        return stage.reach("bin_12", stage.take("bin_12"))

    assert told() == told()


def test_a_place_out_of_sight_is_told_as_such(cell):
    view = cell.scene.camera.view
    aside = replace(view, pose=replace(view.pose, translation=view.pose.translation + (0.7, 0.0, 0.0)))
    known = Watcher(cell, aside).see(np.zeros((480, 848), np.uint16), 1).places
    assert known["bin_01"].reason == "out of the camera's sight"
    assert known["bin_06"].reason == "not settled yet"
