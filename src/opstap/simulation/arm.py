"""Arms of the simulated people: proportions, inverse kinematics, paths of the hand, tremor.

A person is described in the body frame: origin on the table's edge at the height of its top, x to the person's right,
y over the table, z up. `standing_at` places that frame in the table frame.

Segment lengths and the height and width of the shoulders are shares of the stature (R. Drillis, R. Contini, "Body
segment parameters", 1966, as in D. Winter, "Biomechanics and Motor Control of Human Movement", 2009, fig. 4.1), for a
stature of 1.72 m.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opstap.geometry import Capsule, Floats, Pose

STATURE = 1.72
UPPER_ARM = 0.186 * STATURE
FOREARM = 0.146 * STATURE
TORSO = 0.288 * STATURE
"""Hip to shoulder."""
SHOULDER = np.array([0.129 * STATURE, -0.06, 0.45])
"""Right shoulder, body frame: the chest is at the table's edge, the seat that of a sit-stand stool."""
HIP_HEIGHT = float(SHOULDER[2]) - TORSO
STRETCH = 0.97
"""Longest distance of wrist and shoulder as a share of the arm: an elbow is not locked, the trunk leans instead."""
LEAN = 0.95 * TORSO
"""Farthest that leaning and turning bring a shoulder forward, horizontally."""

PALM, FINGERS = 0.09, 0.08
PALM_PITCH, FINGER_PITCH = np.radians(30.0), np.radians(55.0)
"""Angles below the horizontal: fingers reach down over a rim while palm and wrist stay above it."""
OPEN, CLOSED = 0.013, 0.008
"""Distance of fingertips and of the thumb's tip from the grip point, metres: fingers beyond a part, thumb before it."""

ELBOW = (0.6, -0.2, -1.0)
"""Where a right elbow hangs, body frame: down and outward, a bit back."""


class OutOfReachError(Exception):
    """A hand cannot get to a point, however far the person leans."""


@dataclass(frozen=True)
class Build:
    """How thick arms and hands are: `hand` scales the hand (a glove: 1.15), a `sleeve` widens all but the hand."""

    hand: float = 1.0
    sleeve: bool = False


@dataclass(frozen=True, eq=False)
class Joints:
    """Joint positions (3,), table frame. `grip` is the point between the fingertips."""

    shoulder: Floats
    elbow: Floats
    wrist: Floats
    knuckles: Floats
    grip: Floats
    across: Floats
    """Unit vector from the thumb to the fingers."""
    ahead: Floats
    """Unit horizontal vector along the hand."""


def standing_at(x: float, y: float, facing: float) -> Pose:
    """T_table_body of a person at (x, y) on the table's edge who faces `facing` rad from the operator's direction."""
    return Pose.of((x, y, 0.0), (0.0, 0.0, facing))


@dataclass(frozen=True, eq=False)
class Arm:
    """A right (`side` 1) or left (-1) arm of somebody at `body` (T_table_body)."""

    side: int
    body: Pose
    build: Build = Build()

    def reach(self, grip: Floats) -> Joints:
        """Joints that bring the grip point to `grip` (3,), table frame: two-link inverse kinematics.

        The trunk leans and turns just as far as the wrist asks; the elbow hangs down and outward.

        Raises:
            OutOfReachError: the trunk would have to lean farther than it can.
        """
        local = self.body.rotation.T @ (grip - self.body.translation)
        upright = SHOULDER * (self.side, 1.0, 1.0)
        ahead = _unit(np.array([local[0] - upright[0], max(local[1] - upright[1], 0.05), 0.0]))
        knuckles = local + FINGERS * (np.sin(FINGER_PITCH) * _UP - np.cos(FINGER_PITCH) * ahead)
        wrist = knuckles + PALM * (np.sin(PALM_PITCH) * _UP - np.cos(PALM_PITCH) * ahead)
        shoulder = _lean(upright, wrist)
        elbow = _elbow(shoulder, wrist, self.side)
        across = self.side * np.array([ahead[1], -ahead[0], 0.0])
        shoulder, elbow, wrist, knuckles = self.body.apply(np.stack([shoulder, elbow, wrist, knuckles]))
        rotation = self.body.rotation
        return Joints(shoulder, elbow, wrist, knuckles, grip, rotation @ across, rotation @ ahead)

    def capsules(self, joints: Joints, opening: float) -> tuple[Capsule, ...]:
        """Upper arm, forearm, palm, three fingers, thumb, sleeve; `opening` metres from grip point to fingertips."""
        j, k = joints, self.build.hand
        heel, tip = j.wrist + 0.02 * j.ahead, j.grip + opening * j.ahead
        limbs = [
            (j.shoulder, j.elbow, 0.052 if self.build.sleeve else 0.045),
            (j.elbow, j.wrist, 0.032),
        ]
        limbs += [(heel + s * j.across, j.knuckles + s * j.across, 0.021 * k) for s in (0.018 * k, -0.018 * k)]
        limbs += [(j.knuckles + 1.4 * s * j.across, tip + s * j.across, 0.008 * k) for s in (0.014, 0.0, -0.014)]
        root = j.knuckles + 0.010 * j.ahead - 0.014 * k * j.across
        limbs.append((root, j.grip - opening * j.ahead, 0.008 * k))
        if self.build.sleeve:
            limbs.append((j.elbow, j.elbow + 0.75 * (j.wrist - j.elbow), 0.045))
        return tuple(Capsule(_triple(a), _triple(b), r) for a, b, r in limbs)


_UP = np.array([0.0, 0.0, 1.0])


def _unit(v: Floats) -> Floats:
    return v / np.sqrt(v @ v)


def _triple(v: Floats) -> tuple[float, float, float]:
    return float(v[0]), float(v[1]), float(v[2])


def _lean(upright: Floats, wrist: Floats) -> Floats:
    """The shoulder, carried forward on a circle around the hip until the arm reaches the wrist."""
    reach = STRETCH * (UPPER_ARM + FOREARM)
    dx, dy, wz = (float(c) for c in (wrist[0] - upright[0], wrist[1] - upright[1], wrist[2]))
    level = float(np.hypot(dx, dy))

    def short(lean: float) -> float:
        drop = wz - HIP_HEIGHT - (TORSO * TORSO - lean * lean) ** 0.5
        return float((level - lean) ** 2 + drop * drop - reach * reach)

    if short(0.0) <= 0:
        return upright
    if short(LEAN) > 0:
        raise OutOfReachError(f"{(short(LEAN) + reach * reach) ** 0.5 - reach:.2f} m too far")
    near, far = 0.0, LEAN
    for _ in range(24):
        middle = (near + far) / 2
        near, far = (middle, far) if short(middle) > 0 else (near, middle)
    height = HIP_HEIGHT + (TORSO * TORSO - far * far) ** 0.5
    return np.array([upright[0] + dx / level * far, upright[1] + dy / level * far, height])


def _elbow(shoulder: Floats, wrist: Floats, side: int) -> Floats:
    """The elbow of a two-link arm: on the circle that both lengths allow, where it hangs down and outward."""
    line = wrist - shoulder
    distance = float(np.sqrt(line @ line))
    axis = line / distance
    along = (UPPER_ARM**2 - FOREARM**2 + distance**2) / (2 * distance)
    aside = max(0.0, UPPER_ARM**2 - along**2) ** 0.5
    hang = np.array(ELBOW) * (side, 1.0, 1.0)
    return np.asarray(shoulder + along * axis + aside * _unit(hang - (hang @ axis) * axis))


def minimum_jerk(share: float) -> float:
    """Share of the way gone at `share` of the time, 0 to 1: the straight movement of least jerk.

    T. Flash, N. Hogan, "The coordination of arm movements", J. Neuroscience 5(7), 1985, eq. 2.
    """
    t = min(1.0, max(0.0, share))
    return t * t * t * (10.0 - 15.0 * t + 6.0 * t * t)


@dataclass(frozen=True, eq=False)
class Path:
    """A hand's way from `start` to `goal` (3,) over the height `top`, in `duration` seconds.

    Three minimum-jerk strokes that overlap, up, across and down, add up to one movement (T. Flash, E. Henis, "Arm
    trajectory modifications during reaching towards visual targets", J. Cognitive Neuroscience 3(3), 1991). Fingers
    are out of a bin before they go sideways, and over the next before they go down.
    """

    start: Floats
    goal: Floats
    top: float
    duration: float

    def across(self, seconds: float) -> float:
        """Share of the sideways way gone, 0 to 1."""
        return minimum_jerk((seconds / self.duration - 0.12) / 0.76)

    def at(self, seconds: float) -> Floats:
        """The hand's position (3,) `seconds` after the start."""
        share = seconds / self.duration
        point = self.start + self.across(seconds) * (self.goal - self.start)
        rise = (self.top - self.start[2]) * minimum_jerk(share / 0.4)
        point[2] = self.start[2] + rise + (self.goal[2] - self.top) * minimum_jerk((share - 0.6) / 0.4)
        return point


class Tremor:
    """Physiological tremor: a few sines between 8 and 12 Hz with random phases; `amplitude` (m) is their RMS sum.

    The band is that of postural hand tremor (R. Elble, W. Koller, "Tremor", 1990).
    """

    def __init__(self, amplitude: float, rng: np.random.Generator) -> None:
        self._amplitude = amplitude
        self._speed = 2 * np.pi * rng.uniform(8.0, 12.0, (3, 3))
        self._phase = rng.uniform(0, 2 * np.pi, (3, 3))

    def at(self, seconds: float) -> Floats:
        """Offset (3,) in metres."""
        waves = np.sin(self._speed * seconds + self._phase).sum(axis=1)
        return np.asarray(self._amplitude * np.sqrt(2.0) / 3.0 * waves)
