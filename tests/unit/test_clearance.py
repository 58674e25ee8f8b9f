"""No light on arms, words in free room, buttons pressed by a hand that rests: by the simulated camera and projector."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from opstap.geometry import Capsule
from opstap.guidance.cues import Cue, Sign, cues, robot_cue
from opstap.guidance.drawing import Painter
from opstap.guidance.screen import COMES, Screen
from opstap.instructions import Cell, load_cell
from opstap.perception.clearance import DWELL, EVERY, Clearance
from opstap.perception.hands import HandFinder
from opstap.scene import Profile
from opstap.scene_file import load_scene
from opstap.simulation.bench import Bench
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.noise import ARM
from opstap.simulation.world import WorldState
from opstap.workflow.asking import Meaning
from opstap.workflow.model import Phase, State
from opstap.zones import CELL as SIDE
from opstap.zones import Clear, cells, centres, for_person, nearest_room, taken

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
PERSON = CELL.scene.profile["default"]
FRAME = 33_333_333
TAKING = State(task="x", job=1, phase=Phase.TAKE, step=8)
"""cup: bin_11"""
SKIN = (205, 160, 130)


@cache
def camera() -> SimulatedCamera:
    return SimulatedCamera(CELL, 1)


@cache
def bench() -> Bench:
    return Bench(CELL, 1, [])


def world(tick: int, *arms: Capsule) -> WorldState:
    return WorldState(tick, 1 + tick * FRAME, bench().bins, bench().slots, (), arms, skin=SKIN)


def reaching(
    x: float, y: float, z: float, back: tuple[float, float, float] = (0.25, -0.60, 0.28)
) -> tuple[Capsule, ...]:
    """A forearm from the operator's side and a flat hand with its tip at (x, y), its middle at height z."""
    way = np.array([x, y, z]) - back
    way[2] = 0.0
    wrist = np.array([x, y, z]) - 0.16 * way / np.linalg.norm(way)
    hand = Capsule(tuple(wrist.tolist()), (x, y, z), 0.022)  # type: ignore[arg-type]
    return Capsule(back, hand.start, 0.04), hand


class Watching:
    """Camera, hands and clearance, frame after frame."""

    def __init__(self, scene=CELL.scene):
        self.finder = HandFinder(scene, scene.camera.view)
        self.clearance = Clearance(scene, scene.camera.view)
        self.tick = 0
        for _ in range(8):
            self.frame()

    def frame(self, *arms: Capsule, change=None) -> Clear:
        seen = world(self.tick, *arms)
        depth = camera().depth(seen)
        if change is not None:
            depth = change(depth)
        blobs = self.finder.see(depth, seen.stamp)
        self.tick += 1
        return self.clearance.see(depth, blobs.arms, blobs.near_arm, seen.stamp)


def test_no_cue_pixel_on_a_hand():
    """A hand over the lit bin, another over a button and one over the words: what lights up is not skin."""
    for arms in (reaching(0.055, 0.11, 0.09), reaching(0.57, -0.10, 0.06), reaching(0.0, -0.33, 0.05)):
        watching = Watching()
        screen = Screen(CELL, CELL.scene.projectors[0], PERSON)
        for _ in range(12):
            clear = watching.frame(*arms)
            picture = screen.show(cues(TAKING, CELL, PERSON, clear.stamp), "none", clear.stamp, clear)
            thrown = thrown if picture is None else picture  # type: ignore[used-before-def] # noqa: F821
        seen = world(watching.tick, *arms)
        dark = {"main": np.zeros_like(thrown)}
        _, kind = SimulatedCamera(colour_as_depth(), 1).true_depth(seen)
        lit = camera().color(seen, {"main": thrown}).astype(int) - camera().color(seen, dark).astype(int)
        person = kind == ARM
        assert person.sum() > 3000
        assert (lit.max(axis=-1)[person] > 12).sum() == 0
        assert (lit.max(axis=-1) > 40).sum() > 1000, "the rest is lit"


@cache
def colour_as_depth() -> Cell:
    """The cell with a depth camera that is its colour camera: tells what each colour pixel shows."""
    optics = CELL.scene.camera.model_copy(update={"depth": CELL.scene.camera.color})
    return Cell(CELL.scene.model_copy(update={"camera": optics}), CELL.task)


def test_an_arm_that_moves_is_left_dark_where_it_will_be():
    outline = np.array([(-0.05, 0.05, 0.05), (0.05, 0.05, 0.05), (0.05, 0.15, 0.05), (-0.05, 0.15, 0.05)])
    pictures = []
    for velocity in ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)):
        screen = Screen(CELL, CELL.scene.projectors[0], PERSON)
        shown = [Cue(Meaning.TAKE, f"bin/{b}/opening") for b in ("bin_10", "bin_11", "bin_12")]
        pictures.append(screen.show(shown, "none", 1, Clear(1, (outline,), (velocity,))))
    still, moving = (p.any(axis=-1).sum() for p in pictures)
    assert moving < 0.8 * still


def test_a_resting_hand_makes_no_new_picture_every_frame():
    watching, screen = Watching(), Screen(CELL, CELL.scene.projectors[0], PERSON)
    made = 0
    for i in range(40):
        clear = watching.frame(*reaching(0.055, 0.11, 0.09))
        picture = screen.show(cues(TAKING, CELL, PERSON), "none", clear.stamp, clear)
        made += i >= 10 and picture is not None
    assert made < 8


ZONE = next(z for z in CELL.scene.zones if z.kind == "text")


def boxed(x: float, y: float, w: float, d: float, height: float):
    """Depth with a box of `height` standing at (x, y) on the table, as the camera straight above sees it."""
    view = CELL.scene.camera.view
    corners = [(x + i * w / 2, y + j * d / 2, height) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    outline = np.round(view.project(corners)).astype(np.int32)

    def change(depth):
        mask = np.zeros(depth.shape, np.uint8)
        cv2.fillConvexPoly(mask, outline, 1)
        return np.where(mask == 1, np.uint16((view.pose.translation[2] - height) * 1000), depth)

    return change


def places(clears: list[Clear], screen: Screen) -> list[tuple[float, ...] | None]:
    found = []
    for clear in clears:
        screen.show(cues(TAKING, CELL, PERSON), "none", clear.stamp, clear)
        assert screen._cues
        found.append(next(c.at for c in screen._cues if c.kind is Sign.NONE))
    return found


def test_words_go_from_clutter_to_free_room_and_stay():
    screen, watching = Screen(CELL, CELL.scene.projectors[0], PERSON), Watching()
    assert places([watching.frame() for _ in range(3 * EVERY)], screen)[-1] is None, "in their zone"
    cup = boxed(0.1, -0.34, 0.08, 0.08, 0.09)
    at = places([watching.frame(change=cup) for _ in range(9 * EVERY)], screen)
    assert at[0] is None, "half a second of doubt first"
    x, y, w, h = at[-1]  # type: ignore[misc]
    assert x + w / 2 < 0.06 or x - w / 2 > 0.14 or y + h / 2 < -0.38 or y - h / 2 > -0.30, "beside the cup"
    full = taken(CELL.scene, tuple(z for z in CELL.scene.zones if z.id != ZONE.id))
    xs, ys = centres(CELL.scene)
    under = np.ix_(np.abs(ys - y) < h / 2 - SIDE / 2, np.abs(xs - x) < w / 2 - SIDE / 2)
    assert not full[under].any(), "not on bins, case, buttons or where trays come"
    later = places([watching.frame() for _ in range(6 * EVERY)], screen)
    assert set(later) == {at[-1]}, "they stay where they are free"


def test_a_passing_hand_moves_no_words_and_a_resting_one_does():
    screen, watching = Screen(CELL, CELL.scene.projectors[0], PERSON), Watching()
    hand = reaching(0.05, -0.33, 0.05)
    assert places([watching.frame(*hand) for _ in range(3 * EVERY)], screen)[-1] is None
    assert places([watching.frame(*hand) for _ in range(8 * EVERY)], screen)[-1] is not None


def test_nothing_known_leaves_the_words_in_their_zone():
    screen = Screen(CELL, CELL.scene.projectors[0], PERSON)
    assert places([Clear(1)], screen) == [None]
    assert screen.show(cues(TAKING, CELL, PERSON), "none", 2, None) is None


def test_words_stay_where_the_whole_table_is_full():
    nx, ny = cells(CELL.scene)
    screen = Screen(CELL, CELL.scene.projectors[0], PERSON)
    assert places([Clear(1, clutter=np.ones((ny, nx), bool))], screen) == [None]


def test_light_comes_gently_and_goes_at_once():
    screen = Screen(CELL, CELL.scene.projectors[0], PERSON)
    first = [Cue(Meaning.TAKE, "bin/bin_11/opening"), Cue(Meaning.CASE, "slot/slot_01")]
    second = [Cue(Meaning.PLACE, "slot/slot_09"), Cue(Meaning.CASE, "slot/slot_01")]
    start = screen.show(first, "gentle", 0, None)
    assert start is not None
    assert start.max() == 255, "the first picture is there at once"
    at_once = Screen(CELL, CELL.scene.projectors[0], PERSON).show(second, "none", 0, None)
    brightness = []
    for stamp in range(10**9, 10**9 + 2 * COMES, FRAME):
        picture = screen.show(second, "gentle", stamp, None)
        if picture is not None:
            gone = (start.any(axis=-1)) & ~(at_once.any(axis=-1))
            assert not picture[gone].any(), "no light of before"
            brightness.append(int(picture.max()))
            last = picture
    assert 110 < brightness[0] < 200
    assert brightness == sorted(brightness)
    assert np.array_equal(last, at_once)
    assert len(brightness) <= 8
    still = Screen(CELL, CELL.scene.projectors[0], PERSON)
    still.show(first, "none", 0, None)
    assert np.array_equal(still.show(second, "none", 10**9, None), at_once), "with reduced motion at once"


NEXT = next(z for z in CELL.scene.zones if z.asked == "next")
FRAMES_TO_PRESS = DWELL // FRAME + 2


def asked(watching: Watching, frames: int, *arms: Capsule) -> list[str]:
    return [c.asked for c in (watching.frame(*arms) for _ in range(frames)) if c.asked]


def test_a_hand_that_rests_on_a_button_presses_it_once():
    watching = Watching()
    hand = reaching(*NEXT.position, 0.026)
    assert asked(watching, 12, *hand) == []
    assert asked(watching, 90, *hand) == ["next"], "once, however long it stays"
    assert asked(watching, 10) == []
    assert asked(watching, FRAMES_TO_PRESS + 6, *hand) == ["next"], "again after it was away"


def test_a_button_fills_while_it_is_pressed():
    watching, screen = Watching(), Screen(CELL, CELL.scene.projectors[0], PERSON)
    shares = set()
    for _ in range(FRAMES_TO_PRESS + 8):
        clear = watching.frame(*reaching(*NEXT.position, 0.026))
        screen.show(cues(TAKING, CELL, PERSON), "gentle", clear.stamp, clear)
        shares.add(next(c.count for c in screen._cues or () if c.surface == f"zone/{NEXT.id}"))
    assert shares == {1, 2, 3, 4, 5}


def test_a_hand_above_a_button_presses_nothing():
    assert asked(Watching(), 60, *reaching(*NEXT.position, 0.15)) == []


def test_an_arm_that_lies_over_a_button_presses_nothing():
    """The tip is beyond it."""
    x, y = next(z.position for z in CELL.scene.zones if z.asked == "you_are_wrong")
    assert asked(Watching(), 60, *reaching(x, y + 0.17, 0.035, back=(x, -0.60, 0.05))) == []


def test_a_hand_that_passes_over_a_button_presses_nothing():
    watching, (x, y) = Watching(), NEXT.position
    found = []
    for i in range(60):
        found += asked(watching, 1, *reaching(x + 0.05 * np.sin(i / 2), y, 0.03))
    assert found == []


# -------------------------------------------------------------------------------------------- who works how


def test_a_left_handed_persons_buttons_are_at_the_left():
    scene = for_person(CELL.scene, PERSON.model_copy(update={"hand": "left"}))
    for mine, usual in zip(scene.zones, CELL.scene.zones, strict=True):
        moved = usual.kind in ("text", "button")
        assert mine.position == ((-usual.position[0] if moved else usual.position[0]), usual.position[1])


@pytest.mark.parametrize(
    "choices", [{"one_handed": True}, {"seat": "wheelchair"}, {"one_handed": True, "hand": "left"}]
)
def test_buttons_come_nearer_to_who_should_not_lean(choices):
    person = PERSON.model_copy(update=choices)
    scene = for_person(CELL.scene, person)
    body = (0.0, -CELL.scene.table.size[1] / 2)
    mine, usual = ([z for z in s.zones if z.kind == "button"] for s in (scene, CELL.scene))
    far = [max(np.hypot(*np.subtract(z.position, body)) for z in zones) for zones in (mine, usual)]
    assert far[0] < far[1]
    side = -1 if person.hand == "left" else 1
    assert all(z.position[0] * side > 0 for z in mine)
    boxes = [np.array([*np.subtract(z.position, np.divide(z.size, 2)), *np.add(z.position, np.divide(z.size, 2))])
             for z in scene.zones]  # fmt: skip
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert not ((a[:2] < b[2:] - 1e-6) & (b[:2] < a[2:] - 1e-6)).all(), "no two zones on one another"


@pytest.mark.parametrize("scene", sorted((CONFIG / "cells").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_persons_zones_are_free_and_lit_in_every_shipped_scene(scene):
    loaded = load_scene(scene)
    for person in (*loaded.people, Profile(id="x", hand="left", one_handed=True, seat="wheelchair")):
        mine = for_person(loaded, person)
        full, (xs, ys) = taken(mine, ()), centres(mine)
        for zone in mine.zones:
            if zone.kind in ("text", "button"):
                (x, y), (w, h) = zone.position, zone.size
                under = np.ix_(np.abs(ys - y) < h / 2 - SIDE, np.abs(xs - x) < w / 2 - SIDE)
                assert not full[under].any(), (person.id, zone.id)


def test_words_and_buttons_have_places_of_their_own_for_a_seat():
    at = {"standing": (0.10, -0.30), "wheelchair": (0.05, -0.32)}
    zones = tuple(
        z.model_copy(update={"at": at}) if z.id in ("instruction", "button_help") else z for z in CELL.scene.zones
    )
    scene = CELL.scene.model_copy(update={"zones": zones})
    for seat, hand, expected in (
        ("standing", "right", (0.10, -0.30)), ("wheelchair", "left", (-0.05, -0.32)), ("seated", "right", None),
    ):  # fmt: skip
        mine = for_person(scene, PERSON.model_copy(update={"seat": seat, "hand": hand}))
        found = {z.id: z.position for z in mine.zones}
        usual = {z.id: z.position for z in scene.zones}
        for name in ("instruction", "button_help"):
            assert found[name] == (expected or usual[name]), (seat, name)


def test_nearest_room_is_the_nearest():
    full = np.zeros((46, 65), bool)
    assert nearest_room(CELL.scene, full, (0.2, 0.1), (0.0, 0.0)) == pytest.approx((0.0, 0.0), abs=SIDE)
    full[:, 20:] = True
    x, y = nearest_room(CELL.scene, full, (0.2, 0.1), (0.0, 0.0))
    assert (x, y) == pytest.approx((-0.65 + 0.4 - 0.1, 0.0), abs=SIDE)
    assert nearest_room(CELL.scene, np.ones_like(full), (0.2, 0.1), (0.0, 0.0)) is None
    assert nearest_room(CELL.scene, full, (2.0, 0.1), (0.0, 0.0)) is None


def test_light_that_comes_is_the_same_as_if_all_of_the_picture_were_mixed():
    """Only what changes is mixed; while it comes, other things change too."""
    screen = Screen(CELL, CELL.scene.projectors[0], PERSON)
    painter = Painter(CELL, CELL.scene.projectors[0])
    words = Cue(Sign.DONE, "zone/instruction", text="A.", at=(0.1, -0.34, 0.4, 0.1))
    robot = robot_cue(((-0.3, -0.2), (0.3, -0.2), (0.2, 0.3)), True)
    taking, placing = (cues(replace(TAKING, phase=phase), CELL, PERSON) for phase in (Phase.TAKE, Phase.PLACE))
    shown = [taking, placing, (*robot, *placing), (*robot, *placing, words), (words,), taking, (), taking]
    stamp, light = 0, None
    for i, what in enumerate(shown):
        goal, before = painter.draw(what), light
        for _ in range(9 if i % 3 == 0 else 2):  # some are cut short by the next
            picture = screen.show(what, "gentle", stamp, None)
            if picture is not None:
                light = picture
            stamp += FRAME
            share = 1.0 if before is None else min(1.0, 0.5 + 0.5 * screen._step / 3)
            expected = (
                goal if before is None else cv2.max(cv2.convertScaleAbs(goal, alpha=share), cv2.min(goal, before))
            )
            assert np.array_equal(light, expected), (i, screen._step)
            blocks = light.reshape(200, 4, 320, 4, 3).max(axis=(1, 3, 4)) > 0
            assert np.array_equal(screen._lit > 0, blocks)
