"""A simulated person does what the light says, as a person would, and knows nothing else."""

import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from painted import paint

from opstap.documents import DocumentError
from opstap.simulation.person import PATIENCE, Mistake, Traits, load_traits
from opstap.simulation.simulator import Simulator
from opstap.simulation.world import lying_in_slot

PEOPLE = Path(__file__).parents[2] / "config/people"
FPS = 30


def simulator(cell, **traits):
    return Simulator(cell, Traits(person="somebody", **traits), seed=1)


def go_on(sim, cell, lights, seconds):
    """The world after `seconds` of this light."""
    light = paint(cell.scene, lights)
    for _ in range(round(seconds * FPS)):
        world = sim.tick(light)
    return world


def deeds(sim):
    return [(t.deed, t.place) for t in sim.truth]


def take(b, pips=1):
    return {f"bin/{b}/opening": ("take", 1), f"bin/{b}/label": ("pips", pips)}


def put_back(b, pips=1):
    return {f"bin/{b}/opening": ("put_back", 1), f"bin/{b}/label": ("pips", pips)}


def place(*slots):
    return {f"slot/{s}": ("place", 1) for s in slots}


def take_out(s):
    return {f"slot/{s}": ("take_out", 1)}


def test_in_the_dark_and_in_white_light_the_hands_rest(cell):
    sim = simulator(cell)
    first = sim.tick({})
    world = go_on(sim, cell, {"zone/instruction": ("words", 1)}, 5)
    assert not sim.truth
    for then, now in zip(first.arms, world.arms, strict=True):
        assert then.end == pytest.approx(now.end, abs=0.002)


def test_takes_from_a_lit_bin_and_waits_with_the_part(cell):
    sim = simulator(cell)
    world = go_on(sim, cell, take("bin_07"), 5)
    assert deeds(sim) == [("taken", "bin_07")]
    assert [h.part for h in world.held] == ["gloves_s"]
    assert len(world.bins["bin_07"]) == 5
    # Away from bins and case, so that the camera sees them.
    assert world.held[0].pose.translation[1] < -0.40


def test_a_reach_takes_about_a_second_after_a_human_reaction(cell):
    sim = simulator(cell)
    go_on(sim, cell, take("bin_12"), 4)
    (taken,) = sim.truth
    assert 0.4 * 0.6 + 0.7 + 0.4 < taken.tick / FPS < 0.4 * 1.5 + 1.3 + 0.4 + 0.1


@pytest.mark.parametrize("count", [2, 3, 6])
def test_takes_as_many_as_the_pips_say_and_puts_them_all_in_the_slot(cell, count):
    sim = simulator(cell)
    world = go_on(sim, cell, take("bin_20", count), 3 + 1.5 * count)
    assert [h.part for h in world.held] == ["fluoride_gel"] * count
    world = go_on(sim, cell, place("slot_10"), 3 + 1.5 * count)
    assert world.slots["slot_10"] == ("fluoride_gel",) * count
    assert not world.held


def test_a_held_part_neither_jumps_nor_flies(cell):
    sim = simulator(cell)
    where = []
    for lights, seconds in ((take("bin_01"), 5), (place("slot_01"), 4)):
        light = paint(cell.scene, lights)
        for _ in range(seconds * FPS):
            where += [(h.pose.translation, h.pose.rotation) for h in sim.tick(light).held]
    steps = np.linalg.norm(np.diff([p for p, _ in where], axis=0), axis=1)
    assert steps.max() * FPS < 2.0
    turns = [np.arccos(np.clip((np.trace(a.T @ b) - 1) / 2, -1, 1)) for (_, a), (_, b) in pairwise(where)]
    assert max(turns) * FPS < np.radians(400)
    assert sum(turns) == pytest.approx(np.pi / 2, abs=0.2)  # it lay along the bin and lies along the slot


def test_does_not_act_twice_on_a_light_that_stays_a_moment(cell):
    sim = simulator(cell)
    go_on(sim, cell, take("bin_07"), 4)
    go_on(sim, cell, place("slot_08"), 8)
    assert deeds(sim) == [("taken", "bin_07"), ("placed", "slot_08")]


def test_puts_the_part_back_and_tries_again_when_the_bin_stays_lit(cell):
    sim = simulator(cell)
    go_on(sim, cell, take("bin_07"), 4 + PATIENCE + 8)
    assert deeds(sim)[:3] == [("taken", "bin_07"), ("put_back", "bin_07"), ("taken", "bin_07")]


def test_takes_the_part_out_and_places_it_again_when_the_slot_stays_lit(cell):
    sim = simulator(cell)
    go_on(sim, cell, take("bin_07"), 4)
    go_on(sim, cell, place("slot_08"), 4 + PATIENCE + 8)
    assert deeds(sim)[:4] == [("taken", "bin_07"), ("placed", "slot_08"), ("removed", "slot_08"), ("placed", "slot_08")]


def test_puts_back_where_amber_is_lit(cell):
    sim = simulator(cell)
    go_on(sim, cell, take("bin_07"), 4)
    world = go_on(sim, cell, put_back("bin_08"), 4)
    assert deeds(sim) == [("taken", "bin_07"), ("put_back", "bin_08")]
    assert world.bins["bin_08"][-1] == "gloves_s"


def test_puts_back_only_as_many_as_the_pips_say(cell):
    sim = simulator(cell)
    go_on(sim, cell, take("bin_07", 3), 7)
    world = go_on(sim, cell, put_back("bin_07", 1), PATIENCE)
    assert deeds(sim) == [("taken", "bin_07")] * 3 + [("put_back", "bin_07")]
    assert len(world.held) == 2


def test_takes_out_of_a_crossed_slot_and_moves_to_the_ring(cell):
    sim = simulator(cell)
    go_on(sim, cell, take("bin_07"), 4)
    go_on(sim, cell, place("slot_08"), 4)
    world = go_on(sim, cell, take_out("slot_08") | place("slot_09"), 7)
    assert deeds(sim)[2:] == [("removed", "slot_08"), ("placed", "slot_09")]
    assert world.slots["slot_09"] == ("gloves_s",)


def test_fetches_the_part_just_placed_when_its_bin_asks_for_it(cell):
    sim = simulator(cell)
    go_on(sim, cell, take("bin_07"), 4)
    go_on(sim, cell, place("slot_08"), 4)
    go_on(sim, cell, put_back("bin_07"), 8)
    assert deeds(sim)[2:] == [("removed", "slot_08"), ("put_back", "bin_07")]


def test_a_crossed_slot_that_is_empty_asks_nothing(cell):
    sim = simulator(cell)
    go_on(sim, cell, take_out("slot_08"), 4)
    assert not sim.truth


def test_amber_goes_before_blue(cell):
    sim = simulator(cell)
    go_on(sim, cell, take("bin_07"), 4)
    go_on(sim, cell, put_back("bin_07") | place("slot_01"), 3)
    assert deeds(sim)[-1] == ("put_back", "bin_07")


def test_blue_waits_while_amber_is_lit(cell):
    sim = simulator(cell)
    go_on(sim, cell, take("bin_07"), 4)
    go_on(sim, cell, put_back("bin_07") | take("bin_10"), 5)
    assert deeds(sim) == [("taken", "bin_07"), ("put_back", "bin_07")]
    go_on(sim, cell, take("bin_10"), 4)
    assert deeds(sim)[2:] == [("taken", "bin_10")]


def test_what_was_put_in_last_is_taken_first(cell):
    sim = simulator(cell)
    go_on(sim, cell, take("bin_07"), 4)
    go_on(sim, cell, put_back("bin_08"), 4)
    world = go_on(sim, cell, take("bin_08"), 4)
    assert [h.part for h in world.held] == ["gloves_s"]


def test_a_part_is_let_go_where_it_then_lies(cell):
    sim = simulator(cell, tremor=0.0)
    go_on(sim, cell, take("bin_01"), 5)
    light, world = paint(cell.scene, place("slot_01")), None
    while not deeds(sim)[1:]:
        before, world = world, sim.tick(light)
    (lies,) = lying_in_slot(cell, "slot_01", world.slots["slot_01"], 1)
    assert before.held[0].pose.translation == pytest.approx(lies.translation, abs=1e-6)
    assert before.held[0].pose.rotation == pytest.approx(lies.rotation, abs=1e-6)


def test_reaches_into_an_empty_bin_in_vain_and_waits(cell):
    sim = simulator(cell, empty_bins=("bin_07",))
    light = paint(cell.scene, take("bin_07"))
    lowest = 1.0
    for _ in range(4 * FPS):
        fingers = [c.end for c in sim.tick(light).arms if c.end[1] > 0.06]
        lowest = min([lowest, *(z for _, _, z in fingers)])
    assert lowest < 0.03
    assert not sim.truth


def test_waits_for_the_colleague_who_fills_the_bin(cell):
    sim = simulator(cell, empty_bins=("bin_14",))
    world = go_on(sim, cell, {"bin/bin_14/opening": ("refill", 1)}, 14)
    assert deeds(sim) == [("refilled", "bin_14")] * 6
    assert world.bins["bin_14"] == ("gauze",) * 6
    arms = len(world.arms)
    assert arms == len(simulator(cell).tick({}).arms), "the colleague has left"


@pytest.mark.parametrize(
    ("b", "side"),
    [("bin_14", (0.5, None)), ("bin_07", (-0.5, None)), ("bin_26", (None, 0.4)), ("bin_01", (-0.5, None))],
)
def test_the_colleague_comes_from_the_nearest_side(cell, b, side):
    sim = simulator(cell, empty_bins=(b,))
    light = paint(cell.scene, {f"bin/{b}/opening": ("refill", 1)})
    own = len(sim.tick(light).arms)
    shoulders = [w.arms[own].start for w in (sim.tick(light) for _ in range(10 * FPS)) if len(w.arms) > own]
    assert shoulders
    for x, y, _ in shoulders:
        if side[0] is not None:
            assert x * np.sign(side[0]) > abs(side[0])
        else:
            assert y > side[1]


def test_a_wrong_bin_is_a_neighbour(cell):
    sim = simulator(cell, mistakes=(Mistake(kind="wrong_bin", at_pick=2),))
    go_on(sim, cell, take("bin_10"), 4)
    go_on(sim, cell, place("slot_08"), 4)
    go_on(sim, cell, take("bin_10"), 4)
    right, wrong = (p for d, p in deeds(sim) if d == "taken")
    assert right == "bin_10"
    assert wrong in ("bin_09", "bin_11")


def test_a_wrong_slot_is_an_empty_neighbour(cell):
    sim = simulator(cell, mistakes=(Mistake(kind="wrong_slot", at_place=2),))
    go_on(sim, cell, take("bin_10"), 4)
    go_on(sim, cell, place("slot_08"), 4)
    go_on(sim, cell, take("bin_10"), 4)
    go_on(sim, cell, place("slot_09"), 4)
    right, wrong = (p for d, p in deeds(sim) if d == "placed")
    assert right == "slot_08"
    assert wrong in ("slot_10", "slot_13")


@pytest.mark.parametrize(
    ("hand", "b", "moving"),
    [("right", "bin_01", 1), ("left", "bin_06", -1), ("both", "bin_01", -1), ("both", "bin_06", 1)],
)
def test_the_hand_that_is_used(cell, hand, b, moving):
    sim = simulator(cell, hand=hand)
    world = go_on(sim, cell, take(b), 4)
    assert np.sign(world.held[0].pose.translation[0]) == moving


def test_with_two_hands_the_other_gets_ready_meanwhile(cell):
    for hand, moves in (("both", True), ("right", False)):
        sim = simulator(cell, hand=hand)
        before = go_on(sim, cell, take("bin_06"), 4)
        after = go_on(sim, cell, place("slot_26"), 2.0)
        left = slice(len(before.arms) // 2, None)
        shift = [np.subtract(a.end, b.end) for a, b in zip(after.arms[left], before.arms[left], strict=True)]
        assert (np.abs(shift).max() > 0.05) == moves


def test_traits_change_how_the_work_is_done(cell):
    def first_taken(**traits):
        sim = simulator(cell, **traits)
        go_on(sim, cell, take("bin_12"), 10)
        return sim.truth[0].tick

    usual = first_taken()
    assert first_taken(speed=0.5) > usual + 20
    assert first_taken(reaction=2.0) > usual + 20
    assert first_taken(hesitation=1.0) > usual + 14
    assert simulator(cell, glove=(1, 2, 3)).tick({}).skin == (1, 2, 3)


@pytest.mark.parametrize("path", sorted(PEOPLE.glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_people_are_right(cell, path):
    assert load_traits(path, cell).person == path.stem


def test_every_way_of_taking_a_tray_is_shipped(cell):
    shipped = {m.kind for path in PEOPLE.glob("*.yaml") for m in load_traits(path, cell).trays}
    assert shipped == {"intrudes", "withdraws", "late", "early", "ignores"}


def test_the_person_of_the_demo_makes_one_of_each(cell):
    demo = load_traits(PEOPLE / "demo.yaml", cell)
    assert sorted(m.kind for m in demo.mistakes) == ["wrong_bin", "wrong_slot"]
    assert len(demo.empty_bins) == 1
    asked = {s.part for s in cell.task.steps}
    assert cell.scene.bin[demo.empty_bins[0]].part in asked


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("hand: middle", "x.yaml:2: hand: found 'middle', allowed: 'right', 'left' or 'both'"),
        ("speed: 9", "x.yaml:2: speed: found 9, allowed: less than or equal to 3"),
        (
            "mistakes: [{kind: wrong_slot, at_pick: 3}]",
            r"x.yaml:2: mistakes\[0\]: .*allowed: 'at_place' and no 'at_pick'",
        ),
        ("mistakes: [{kind: too_many}]", r"x.yaml:2: mistakes\[0\]: .*allowed: 'at_pick' and no 'at_place'"),
        ("empty_bins: [bin_99]", r"x.yaml:2: empty_bins\[0\]: found unknown bin 'bin_99', allowed: bin_01"),
        ("trays: [{at_tray: 1, kind: grabs}]", r"x.yaml:2: trays\[0\].kind: found 'grabs', allowed: 'intrudes', 'with"),
        ("trays: [{at_tray: 0, kind: late}]", r"x.yaml:2: trays\[0\].at_tray: found 0, allowed: greater than or equal"),
        (
            "trays: [{at_tray: 2, kind: late}, {at_tray: 2, kind: early}]",
            r"x.yaml:2: trays\[1\].at_tray: found 2 a second time, allowed: one way of taking a tray",
        ),
        ("mood: good", "x.yaml:2: mood: found unknown field 'mood'"),
    ],
)
def test_what_is_wrong_in_a_persons_file_is_told_with_its_line(cell, tmp_path, line, told):
    path = tmp_path / "x.yaml"
    path.write_text(f"person: x\n{line}\n")
    with pytest.raises(DocumentError, match=told):
        load_traits(path, cell)


def test_a_pickled_person_goes_on_as_if_nothing_had_happened(cell):
    sim = simulator(cell, tremor=0.002, hesitation=0.5)
    light = paint(cell.scene, take("bin_07"))
    for _ in range(45):
        sim.tick(light)
    saved = pickle.dumps(sim)
    assert len(saved) < 200_000, "it is saved every second"
    other = pickle.loads(saved)
    for _ in range(90):
        a, b = sim.tick(light), other.tick(light)
        assert a.arms == b.arms
        assert (a.tick, a.bins, a.slots) == (b.tick, b.bins, b.slots)
    assert sim.truth == other.truth
