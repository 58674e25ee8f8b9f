"""Time of one separation cycle with 5 bodies and 20,000 points.

python bench/separation.py

Compared with the same rule by brute force: every link, every point, every moment, in plain numpy.
"""

from __future__ import annotations

from pathlib import Path
from time import thread_time

import numpy as np

from opstap.geometry import Capsule, Floats
from opstap.presenting.robot import Capsules, Robot
from opstap.presenting.separation import Body, People, Separation, load_limits
from opstap.scene import load_scene

CONFIG = Path(__file__).parents[1] / "config"
CYCLES = 300
AGE = 0.06


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
    sampled = [seen.voxels]
    radii = [np.full(len(seen.voxels), seen.voxel_size * 0.866)]
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
        for k, c in enumerate(ahead):
            axis = c.end[i] - c.start[i]
            t = np.clip((points - c.start[i]) @ axis / max(axis @ axis, 1e-12), 0, 1)[:, None]
            way = points - (c.start[i] + t * axis)
            d = np.linalg.norm(way, axis=1)
            velocity = c.start_velocity[i] + t * (c.end_velocity[i] - c.start_velocity[i])
            worst = np.maximum(worst, np.einsum("ij,ij->i", velocity, way) / np.maximum(d, 1e-9))
            if k == 0:
                distances.append(d - c.radius[i] - radius)
        approaches.append(worst)
    d, v = np.concatenate(distances), np.concatenate(approaches)
    d, v = d[v > separation.limits.standstill], v[v > separation.limits.standstill]
    low, high = 0.0, 1.0
    for _ in range(10):
        middle = (low + high) / 2
        ok = bool((separation.limits.protective(middle, v, d, AGE) <= d).all())
        low, high = (middle, high) if ok else (low, middle)
    return low if low > 0 else 0.0


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
        ahead = [robot.capsules(q + dt * v, v, True) for dt in (0.0, 0.12, 0.25)]
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


if __name__ == "__main__":
    main()
