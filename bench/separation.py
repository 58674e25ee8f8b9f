"""Time of one separation cycle with 5 bodies and 20,000 points.

python bench/separation.py

Compared with the same rule by brute force (every link, every point, every moment, in plain numpy), and, in the same
intrusions, with MoveIt Servo's rule (distance alone, ten times a second).
"""

from __future__ import annotations

from pathlib import Path
from time import thread_time

import numpy as np

from opstap.geometry import Capsule, Floats
from opstap.presenting.pacing import Pacer
from opstap.presenting.robot import Capsules, Robot
from opstap.presenting.separation import Body, People, Separation, load_limits, with_bodies
from opstap.presenting.timing import TICK, Trajectory
from opstap.scene_file import load_scene
from opstap.simulation.arm import minimum_jerk

CONFIG = Path(__file__).parents[1] / "config"
CYCLES = 300
AGE = 2 / 30
INTRUSIONS = 30


def people(rng: np.random.Generator, near: float) -> People:
    """Five bodies of five capsules around the table, and 20,000 points on the nearest three, `near` m away."""
    bodies = []
    for i in range(5):
        x, y = rng.uniform(-0.9, 0.9), -0.5 - near - 0.4 * i
        capsules = [Capsule((x, y, -0.4), (x, y, 0.5), 0.18), Capsule((x, y, 0.6), (x, y, 0.7), 0.11)]
        for side in (-1, 1):
            elbow = (x + side * 0.25, y + 0.15, 0.15)
            capsules.append(Capsule((x + side * 0.2, y, 0.45), elbow, 0.05))
            capsules.append(Capsule(elbow, (x + side * 0.15, y + 0.45, 0.10), 0.045))
        bodies.append(Body(f"person {i}", tuple(capsules)))
    return People(0, tuple(bodies), surface(rng, [c for b in bodies[:3] for c in b.capsules], 20_000), 0.02)


def surface(rng: np.random.Generator, capsules: list[Capsule], count: int) -> Floats:
    """Points (count, 3) on the capsules, as a depth camera sees surfaces and no insides."""
    which = rng.integers(len(capsules), size=count)
    start, end = (np.array([getattr(c, k) for c in capsules])[which] for k in ("start", "end"))
    out = rng.normal(size=(count, 3))
    out *= np.array([c.radius for c in capsules])[which, None] / np.linalg.norm(out, axis=1)[:, None]
    return np.asarray(start + rng.uniform(size=(count, 1)) * (end - start) + out)


def brute(ahead: list[Capsules], seen: People, separation: Separation) -> float:
    """The same limit, every link with every point and capsule end sampled 20 times: no products, no culling."""
    limits, sampled, radii = separation.limits, [seen.voxels], [np.full(len(seen.voxels), seen.voxel_size * 0.866)]
    for body in seen.bodies:
        for c in body.capsules:
            t = np.linspace(0, 1, 20)[:, None]
            sampled.append((1 - t) * np.array(c.start) + t * np.array(c.end))
            radii.append(np.full(20, c.radius))
    points, radius = np.concatenate(sampled), np.concatenate(radii)
    distances: list[Floats] = []
    approaches: list[Floats] = []
    for i in range(len(ahead[0].links)):
        worst = np.full(len(points), -np.inf)
        turn = np.zeros(len(points))
        for k, c in enumerate(ahead):
            way, velocity = between(c, i, points)
            d, speed = np.linalg.norm(way, axis=1), np.linalg.norm(velocity, axis=1)
            if k == 0:
                distances.append(d - c.radius[i] - radius)
                gone = limits.person_speed(distances[-1]) * limits.turning(AGE)
                turn = np.arcsin(np.clip(gone / np.maximum(distances[-1], 1e-3), 0, 1))
            angle = np.arccos(np.clip(np.einsum("ij,ij->i", velocity, way) / np.maximum(d * speed, 1e-12), -1, 1))
            worst = np.maximum(worst, speed * np.cos(np.maximum(angle - turn, 0)))
        approaches.append(worst)
    d, v = np.concatenate(distances), np.concatenate(approaches)
    d, v = d[v > limits.standstill], v[v > limits.standstill]
    low, high = 0.0, 1.0
    for _ in range(10):
        middle = (low + high) / 2
        ok = bool((limits.protective(middle, v, d, AGE) <= d).all())
        low, high = (middle, high) if ok else (low, middle)
    return high if high == 1.0 else low


def between(c: Capsules, i: int, points: Floats) -> tuple[Floats, Floats]:
    """From the axis of link `i` to every point, and how the axis moves there, (n, 3) each."""
    axis = c.end[i] - c.start[i]
    t = np.clip((points - c.start[i]) @ axis / max(axis @ axis, 1e-12), 0, 1)[:, None]
    return points - (c.start[i] + t * axis), c.start_velocity[i] + t * (c.end_velocity[i] - c.start_velocity[i])


SERVO_NEAR, SERVO_EVERY = 0.02, 3
"""MoveIt Servo's threshold for collisions with the scene, metres; it looks every third frame, ten times a second."""


def servo(distance: float) -> float:
    """MoveIt Servo's rate: slower below 2 cm by exp(k (d - 2 cm)), 0.1 % at a touch; no speeds, no directions.

    https://github.com/moveit/moveit2/blob/main/moveit_ros/moveit_servo/src/collision_monitor.cpp
    """
    slower = float(np.exp(min(0.0, np.log(1000) / SERVO_NEAR * (distance - SERVO_NEAR))))
    return max(slower, 0.001)


def nearest_point(c: Capsules, seen: People) -> float:
    """Least distance of any link to any point, which is all that Servo's rule asks for; by brute force as well."""
    return (
        min(
            float(np.linalg.norm(between(c, i, seen.voxels)[0], axis=1).min() - c.radius[i])
            for i in range(len(c.links))
        )
        - seen.voxel_size * 0.866
    )


class Intrusion:
    """A robot on its way, and an arm that reaches for where it will be and goes back; the same for every rule."""

    def __init__(self, robot: Robot, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        start, change = robot.home + self.rng.normal(0, 0.4, 6), self.rng.normal(0, 0.8, 6)
        share = np.array([[minimum_jerk(t)] for t in np.linspace(0, 1, int(3 / TICK))])
        self.trajectory = Trajectory(start + share * change)
        when = self.rng.uniform(0.8, 2.2)
        there = robot.capsules(*self.trajectory.at(when), True)
        self.target = there.start[self.rng.integers(3, len(there.links))]
        way = self.rng.normal(size=3)
        self.rest = self.target + 1.2 * way / np.linalg.norm(way)
        # A minimum-jerk movement is 1.875 times as fast in the middle as on average.
        self.seconds = 1.875 * 1.2 / self.rng.uniform(0.5, 2.0)
        self.begin = when - self.seconds
        self.shape = surface(self.rng, [Capsule((0.0, 0.0, 0.0), tuple((self.rest - self.target) / 2), 0.05)], POINTS)

    def hand(self, t: float) -> Floats:
        gone = t - self.begin
        share = minimum_jerk(gone / self.seconds) - minimum_jerk((gone - 0.5) / self.seconds - 1)
        return np.asarray(self.rest + share * (self.target - self.rest))

    def arm(self, t: float) -> Capsule:
        hand = self.hand(t)
        return Capsule(tuple(hand), tuple(hand + (self.rest - self.target) / 2), 0.05)

    def seen(self, t: float) -> People:
        return People(0, voxels=self.shape + self.hand(t), voxel_size=0.02)


def met(
    intrusion: Intrusion, robot: Robot, separation: Separation, rule: str, times: list[float]
) -> tuple[float, float]:
    """The fastest (m/s) that a link came nearer at while it touched, and the share of its way that the robot got."""
    pacer, fastest, rate = Pacer(intrusion.trajectory, separation.limits), 0.0, 1.0
    for frame in range(FRAMES):
        t = frame / 30
        q, v = pacer.trajectory.at(pacer.along)
        pairs = with_bodies([robot.capsules(q, pacer.rate * v, True)], [intrusion.arm(t)])
        fastest = max(fastest, float(pairs.approach[pairs.distance <= 0].max(initial=0.0)))
        seen = intrusion.seen(t - AGE)
        start = thread_time()
        moments = [pacer.trajectory.at(pacer.along + dt) for dt in AHEAD]
        ahead = [robot.capsules(*m, True) for m in (moments[:1] if rule == SERVO else moments)]
        if rule == OURS:
            rate = separation.limit(ahead, seen, AGE).rate
        elif rule == BRUTE:
            rate = brute(ahead, seen, separation)
        elif frame % SERVO_EVERY == 0:
            rate = servo(nearest_point(ahead[0], seen))
        times.append(thread_time() - start)
        pacer.step(rate, 1 / 30)
    return fastest, pacer.along / pacer.trajectory.duration


OURS, BRUTE, SERVO = "separation", "the same by brute force", "MoveIt Servo's rule"
AHEAD = (0.0, 0.12, 0.25)
FRAMES, POINTS = 180, 1000


def intrusions(robot: Robot, separation: Separation, count: int) -> None:
    """What every rule lets happen in the same intrusions, and what it costs."""
    print(f"{count} intrusions at 0.5 to 2 m/s, {POINTS} points two frames old, no place where contact may be")
    for rule in (OURS, BRUTE, SERVO):
        times: list[float] = []
        speeds, ways = np.array([met(Intrusion(robot, s), robot, separation, rule, times) for s in range(count)]).T
        touched = speeds > separation.limits.standstill
        print(f"  {rule:24} touched while coming nearer: {touched.sum():3} (fastest {speeds.max():.2f} m/s), "
              f"way done in 6 s: {ways.mean():4.0%}, cycle {np.median(times) * 1e3:5.2f} ms")  # fmt: skip


def main() -> None:
    scene = load_scene(CONFIG / "cells/oral_care.yaml")
    assert scene.cobot
    robot = Robot(scene.cobot)
    separation = Separation(load_limits(CONFIG / "separation.yaml"), robot.moving_mass, scene.cobot.tray.mass)
    rng = np.random.default_rng(0)
    times: dict[str, list[float]] = {"whole cycle, with kinematics": [], "limit alone": [], "brute force": []}
    differences = []
    for cycle in range(CYCLES):
        seen = people(rng, rng.uniform(0.0, 0.8))
        q, v = robot.home + rng.normal(0, 0.4, 6), rng.normal(0, 0.6, 6)
        start = thread_time()
        ahead = [robot.capsules(q + dt * v, v, True) for dt in AHEAD]
        middle = thread_time()
        limit = separation.limit(ahead, seen, AGE)
        end = thread_time()
        times["whole cycle, with kinematics"].append(end - start)
        times["limit alone"].append(end - middle)
        if cycle % 10 == 0:
            start = thread_time()
            slow = brute(ahead, seen, separation)
            times["brute force"].append(thread_time() - start)
            differences.append(limit.rate - slow)
    print(f"one cycle: {len(ahead[0].links)} links, 5 bodies of 6 capsules, 20,000 points")
    base = float(np.median(times["whole cycle, with kinematics"]))
    for name, measured in times.items():
        median, p99 = np.median(measured) * 1e3, np.percentile(measured, 99) * 1e3
        print(f"  {name:30} median {median:7.2f} ms, p99 {p99:7.2f} ms, {median / base / 1e3:6.1f} x the whole cycle")
    print(f"  rate against brute force: {min(differences):+.3f} to {max(differences):+.3f} (1 is full speed)")
    intrusions(robot, separation, INTRUSIONS)


if __name__ == "__main__":
    main()
