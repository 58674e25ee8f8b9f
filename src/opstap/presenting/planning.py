"""Ways through joint space that touch nothing: RRT-Connect with several goals, shortened, and kept for the next time.

Planning takes a tenth of a second as a rule and a second at worst, so it never runs where the robot is controlled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from opstap.geometry import Floats
from opstap.presenting.surroundings import Surroundings

EXTEND = 0.6
"""How far a tree grows at once, rad (largest joint)."""
NODES = 4000
"""Of both trees together, after which a plan is given up."""
SHORTCUTS = 60
NEAR = 0.02
"""Joint positions this near to each other start or end the same kept way, rad."""

Way = list[Floats]
"""Joint positions (dof,), the first where the way starts."""


@dataclass(frozen=True)
class Load:
    """What the fork carries: whether there is a tray on it, and from which slot it was (or is being) taken."""

    carrying: bool
    lifted: str = ""


class Planner:
    """Finds and keeps ways. Not thread-safe: it belongs to the thread that plans."""

    def __init__(self, around: Surroundings, seed: int = 0) -> None:
        self.around = around
        self._seed = seed
        self._kept: list[tuple[Load, Way]] = []

    def plan(self, start: Floats, goals: Sequence[Floats], load: Load) -> Way | None:
        """A free way from `start` to one of `goals`, the nearest first; None when none was found.

        A kept way is used again after every step of it was checked anew.
        """
        for kept_load, path in self._kept:
            if kept_load == load and _near(path[0], start) and any(_near(path[-1], g) for g in goals):
                way = [start, *path[1:]]
                if self.free(way, load):
                    return way
        found = self._direct(start, goals, load) or self._connect(start, goals, load)
        if found is None:
            return None
        path = self._shortened(found, load)
        self._kept.append((load, path))
        self._kept.append((load, path[::-1]))
        return path

    def free(self, path: Way, load: Load) -> bool:
        """Whether every step of `path` is clear."""
        return self.around.free(path[0], load.carrying, load.lifted) and all(
            self.around.free_between(a, b, load.carrying, load.lifted) for a, b in pairwise(path)
        )

    def _direct(self, start: Floats, goals: Sequence[Floats], load: Load) -> Way | None:
        for goal in goals:
            if self.around.free_between(start, goal, load.carrying, load.lifted):
                return [start, goal]
        return None

    def _connect(self, start: Floats, goals: Sequence[Floats], load: Load) -> Way | None:
        """J. Kuffner, S. LaValle, "RRT-Connect: an efficient approach to single-query path planning", ICRA 2000."""
        rng = np.random.default_rng(self._seed)
        robot = self.around.robot
        # Samples around the way there: whole turns of a joint are not worth looking for.
        ends = np.array([start, *goals])
        low = np.maximum(robot.lower, ends.min(axis=0) - 1.2)
        high = np.minimum(robot.upper, ends.max(axis=0) + 1.2)
        a, b = _Tree([start]), _Tree(list(goals))
        forward = True
        while a.count + b.count < NODES:
            reached = self._extend(a, rng.uniform(low, high), load)
            if reached is not None:
                target = a.nodes[reached]
                met = self._grow(b, target, load)
                if met is not None:
                    first, second = (a.way(reached), b.way(met)) if forward else (b.way(met), a.way(reached))
                    return [*first, *second[::-1][1:]]
            a, b, forward = b, a, not forward
        return None

    def _extend(self, tree: _Tree, target: Floats, load: Load) -> int | None:
        """One step from the nearest node towards `target`; the new node, None where something is in the way."""
        nearest = tree.nearest(target)
        way = target - tree.nodes[nearest]
        length = float(np.abs(way).max())
        node = tree.nodes[nearest] + way * min(1.0, EXTEND / max(length, 1e-9))
        if not self.around.free_between(tree.nodes[nearest], node, load.carrying, load.lifted):
            return None
        return tree.add(node, nearest)

    def _grow(self, tree: _Tree, target: Floats, load: Load) -> int | None:
        """Step after step to `target`; its node when it was reached."""
        while True:
            node = self._extend(tree, target, load)
            if node is None:
                return None
            if np.abs(tree.nodes[node] - target).max() < 1e-9:
                return node

    def _shortened(self, path: Way, load: Load) -> Way:
        """Corners cut wherever the straight way between two points is free (R. Geraerts, M. Overmars, 2007)."""
        rng = np.random.default_rng(self._seed)
        for _ in range(SHORTCUTS if len(path) > 2 else 0):
            lengths = np.array([np.abs(b - a).max() for a, b in pairwise(path)])
            total = np.concatenate([[0.0], lengths.cumsum()])
            s, t = np.sort(rng.uniform(0.0, total[-1], 2))
            i, j = (int(np.searchsorted(total, x, side="right")) - 1 for x in (s, t))
            i, j = min(i, len(path) - 2), min(j, len(path) - 2)
            if i == j:
                continue
            p = path[i] + (s - total[i]) / max(lengths[i], 1e-9) * (path[i + 1] - path[i])
            q = path[j] + (t - total[j]) / max(lengths[j], 1e-9) * (path[j + 1] - path[j])
            cut = [*path[: i + 1], p, q, *path[j + 1 :]]
            if np.abs(q - p).max() < t - s - 1e-6 and self.around.free_between(p, q, load.carrying, load.lifted):
                path = [cut[0], *(b for a, b in pairwise(cut) if np.abs(b - a).max() > 1e-6)]
                # What was cut off lay on straight pieces: only the new piece is unchecked, and it was checked.
                if len(path) == 2:
                    break
        return path


def _near(a: Floats, b: Floats) -> bool:
    return bool(np.abs(a - b).max() < NEAR)


class _Tree:
    """Nodes with their parents; the first ones are roots."""

    def __init__(self, roots: Way) -> None:
        self.count = len(roots)
        self.nodes = np.empty((NODES + len(roots) + 64, len(roots[0])))
        self.nodes[: self.count] = roots
        self._parents = [-1] * self.count

    def nearest(self, q: Floats) -> int:
        return int(np.abs(self.nodes[: self.count] - q).max(axis=1).argmin())

    def add(self, q: Floats, parent: int) -> int:
        if self.count == len(self.nodes):
            self.nodes = np.concatenate([self.nodes, np.empty_like(self.nodes)])
        self.nodes[self.count] = q
        self._parents.append(parent)
        self.count += 1
        return self.count - 1

    def way(self, node: int) -> Way:
        """From the root to `node`."""
        path = []
        while node >= 0:
            path.append(self.nodes[node].copy())
            node = self._parents[node]
        return path[::-1]
