"""Simulator and cell in step: nothing is sent too early, nothing waits for ever."""

import math

import numpy as np

from opstap.simulation.lockstep import FIRST_RESEND, IN_FLIGHT, PATIENCE, REACTION, RESEND, Lockstep
from opstap.simulation.world import WorldState

START, FPS = 1_000_000_000, 30


class World:
    """Counts ticks and keeps the light it was given."""

    fps = FPS

    def __init__(self, ticks=0):
        self.ticks = ticks
        self.lights = []

    def tick(self, light):
        self.lights.append(dict(light))
        state = WorldState(self.ticks, stamp(self.ticks), {}, {})
        self.ticks += 1
        return state


def stamp(tick):
    return START + tick * 1_000_000_000 // FPS


def picture(value):
    return np.full((1, 1, 3), value, np.uint8)


def answer(step, tick, shown=None):
    step.on_answer("main", stamp(tick), stamp(tick if shown is None else shown))


def test_the_light_of_tick_k_answers_tick_k_minus_reaction():
    world = World()
    step = Lockstep(world, START, ["main"], math.inf)
    for tick in range(10):
        assert step.due(0.0).tick == tick
        step.on_picture("main", stamp(tick), picture(tick))
        answer(step, tick)
    shown = [light["main"][0, 0, 0] if light else None for light in world.lights]
    assert shown == [None] * REACTION + list(range(10 - REACTION))


def test_the_first_tick_is_alone_until_it_is_answered():
    step = Lockstep(World(), START, ["main"], math.inf)
    assert [s.tick for s in (step.due(0.0) for _ in range(5)) if s] == [0]


def test_no_more_than_three_ticks_are_on_their_way():
    step = Lockstep(World(), START, ["main"], math.inf)
    step.due(0.0)
    step.on_picture("main", stamp(0), picture(0))
    answer(step, 0)
    sent = [step.due(0.0) for _ in range(5)]
    assert [s.tick for s in sent if s] == list(range(1, 1 + IN_FLIGHT))


def test_real_time_is_kept():
    step = Lockstep(World(), START, [], 1.0)
    assert step.due(10.0) is not None
    assert step.due(10.01) is None
    assert step.due(10.0 + 1.01 / FPS) is not None


def test_what_is_not_answered_is_sent_again():
    step = Lockstep(World(), START, ["main"], math.inf)
    newest = step.due(5.0)
    assert step.due(5.0 + FIRST_RESEND / 2) is None
    assert step.due(5.1 + FIRST_RESEND) is newest
    assert step.resent == 1
    answer(step, 0)
    while (following := step.due(6.0)) is not None:
        newest = following
    assert step.due(6.1 + FIRST_RESEND) is None
    assert step.due(6.1 + RESEND) is newest


def test_a_resumed_world_begins_with_the_light_that_is_on():
    world = World(ticks=100)
    step = Lockstep(world, START, ["main"], math.inf)
    assert step.due(0.0) is None
    step.on_picture("main", stamp(90), picture(7))
    assert step.due(0.0).tick == 100
    assert world.lights[0]["main"][0, 0, 0] == 7


def test_what_is_waited_for_in_vain_is_told():
    step = Lockstep(World(), START, ["main", "side"], math.inf)
    step.due(0.0)
    answer(step, 0)
    for second in range(1, round(PATIENCE)):
        assert step.due(float(second)).tick == 0
        assert step.stuck == ""
    step.due(PATIENCE)
    assert step.stuck == "no answer from projector side: tick 0 was sent 31 times"


def test_a_lost_picture_is_told_and_an_answer_gives_new_hope():
    step = Lockstep(World(), START, ["main"], math.inf)
    for tick in range(REACTION):
        step.due(0.0)
        answer(step, tick)
    now = 0.0
    while now < PATIENCE:
        now += 1.2
        step.due(now)
    assert step.stuck == "a projector's picture was lost: tick 2 was sent 27 times"
    step.on_picture("main", stamp(0), picture(0))
    assert step.due(now).tick == REACTION
    assert step.stuck == ""
