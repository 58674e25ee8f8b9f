"""Where a tray is handed to a person: always the same place for the same person.

Following the hand makes a handover no shorter and lowers trust (n = 40: "Human-robot handovers", Frontiers in Robotics
and AI 10:1155143, 2023), and most people would rather have a thing put down than held out (n = 25: Sensors 25(7):2140,
2025). So the place is fixed, follows from what the person chose, and is on the table unless the person wants it held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from opstap.geometry import Pose
from opstap.scene import Profile, Scene

ASIDE = np.radians(15.0)
"""A tray is held so far to the side of the hand that takes it; the shoulder stays within 20 degrees (NUREG-0700)."""
ELBOW = {"seated": 0.87, "standing": 1.08, "wheelchair": 0.76}
"""Height of a hanging elbow above the floor, metres, for a stature of 1.72 m (Drillis and Contini's shares): on a
sit-stand stool, standing, in a wheelchair with a seat of half a metre."""
SHOULDER = 0.22
"""From the middle of the body to a shoulder, metres, for the same stature."""
HELD_CLEAR = 0.20
"""A held tray's floor is at least this high over the table, metres: above the rack and the hands that work there."""
RAISE = 0.025
"""Where a pose cannot be had, the next one tried is this much higher, metres."""
TRIES = 8


@dataclass(frozen=True, eq=False)
class Handover:
    """Where and how: `pose` is T_table_tray, the middle of the tray's floor, x from the robot to the person."""

    how: str
    """`table` or `hand`."""
    place: str
    """Zone id; `hand` for a tray that is held."""
    pose: Pose


def handovers(scene: Scene, person: Profile) -> Iterator[Handover]:
    """Poses for this person, the best first; the first that the robot can have is the one that is used, always."""
    if person.presented == "table":
        yield from _on_table(scene, person)
    else:
        yield from _held(scene, person)


def _on_table(scene: Scene, person: Profile) -> Iterator[Handover]:
    """The handover zones, nearest to the hand that takes it first; the long side faces the person."""
    x, y = (SHOULDER if person.hand == "right" else -SHOULDER), -scene.table.size[1] / 2
    zones = [z for z in scene.zones if z.kind == "handover"]
    for zone in sorted(zones, key=lambda z: float(np.hypot(z.position[0] - x, z.position[1] - y))):
        assert scene.cobot
        yield Handover("table", zone.id, scene.cobot.standing(zone))


def _held(scene: Scene, person: Profile) -> Iterator[Handover]:
    """At elbow height and the person's own reach, a bit to the side of the hand."""
    side = 1 if person.hand == "right" else -1
    x, y = side * person.reach * np.sin(ASIDE), person.reach * np.cos(ASIDE) - scene.table.size[1] / 2
    elbow = person.elbow_height or ELBOW[person.seat]
    height = max(elbow - scene.table.height, HELD_CLEAR)
    for i in range(TRIES):
        yield Handover("hand", "hand", Pose.of((x, y, height + i * RAISE), (0.0, 0.0, -np.pi / 2)))
