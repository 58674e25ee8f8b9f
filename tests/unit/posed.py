"""Hands posed at a bench frame by frame, seen by the simulated camera: for tests of perception."""

from dataclasses import replace

import numpy as np

from opstap.geometry import Capsule
from opstap.instructions import Cell
from opstap.perception.watch import Watcher
from opstap.simulation.arm import OPEN, Arm, Build, standing_at
from opstap.simulation.bench import Bench
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.world import WorldState

FRAME = 33_333_333


def arm(cell, grip, side=1, **build):
    """Capsules of an arm with the point between its fingertips at `grip`."""
    body = standing_at(0.0, -cell.scene.table.size[1] / 2, 0.0)
    limb = Arm(side, body, Build(**build))
    return limb.capsules(limb.reach(np.asarray(grip, dtype=float)), OPEN)


def inside(cell, place, up=0.0):
    """A point `up` m above the middle of a bin's or slot's inside."""
    scene = cell.scene
    room = scene.bin[place].inside if place in scene.bin else scene.case.slot_box(scene.slot[place])
    return room.pose.translation + (0.0, 0.0, up)


class Stage:
    """A bench with a camera and a watcher; every call of `show` is a number of frames that look alike."""

    def __init__(self, cell: Cell, camera: SimulatedCamera, checkpoint=None, tick=0) -> None:
        self.cell, self.camera = cell, camera
        self.bench = Bench(cell, camera.seed)
        self.checkpoint = checkpoint
        self.watcher = Watcher(cell, cell.scene.camera.view, checkpoint)
        self.tick = tick
        self.seen = None

    def world(self, *arms: tuple[Capsule, ...]) -> WorldState:
        stamp = 1_000_000_000 + self.tick * FRAME
        flat = tuple(c for a in arms for c in a)
        return WorldState(self.tick, stamp, self.bench.bins, self.bench.slots, arms=flat)

    def show(self, frames, *arms, change=lambda depth: depth):
        """The events of so many frames; `change` alters what the camera saw."""
        events = []
        for _ in range(frames):
            self.tick += 1
            world = self.world(*arms)
            self.seen = self.watcher.see(change(self.camera.depth(world)), world.stamp)
            events += self.seen.events
        return events

    def hold(self, frames, *arms):
        """The same picture for so many frames; the last of what was seen."""
        depth = self.camera.depth(self.world(*arms))
        for _ in range(frames):
            self.tick += 1
            self.seen = self.watcher.see(depth, self.world().stamp)
        return self.seen

    def reach(self, place, deed=lambda: None, side=1, frames=5, **build):
        """A hand comes to a place, `deed` is done there, the hand goes; the events, until all is decided."""
        at, over = (arm(self.cell, inside(self.cell, place, up), side, **build) for up in (0.0, 0.12))
        events = self.show(2, over) + self.show(frames, at)
        deed()
        return events + self.show(1, at) + self.show(1, over) + self.show(9)

    def take(self, place, count=1):
        return lambda: [self.bench.take(place) for _ in range(count)]

    def put(self, place, part=None):
        kind = part or (self.cell.scene.bin[place].part if place in self.cell.scene.bin else None)
        return lambda: self.bench.put(place, kind or self.cell.task.slot_part[place])


def changes(events):
    """(happened, place, count) of events that are not about hands alone."""
    told = [e for e in events if not e.happened.value.startswith("hand")]
    return [(e.happened.value, e.place, e.count) for e in told]


def visits(events):
    """(happened, place) of events that are about hands alone."""
    return [(e.happened.value, e.place) for e in events if e.happened.value.startswith("hand")]


def with_confirm(cell: Cell, place: str, confirm: str) -> Cell:
    """The cell with another `confirm` at a bin or slot."""
    scene = cell.scene
    if place in scene.bin:
        bins = tuple(b.model_copy(update={"confirm": confirm}) if b.id == place else b for b in scene.bins)
        return replace(cell, scene=scene.model_copy(update={"bins": bins}))
    slots = tuple(s.model_copy(update={"confirm": confirm}) if s.id == place else s for s in scene.case.slots)
    case = scene.case.model_copy(update={"slots": slots})
    return replace(cell, scene=scene.model_copy(update={"case": case}))
