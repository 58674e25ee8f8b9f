"""CPU time to plan the way of a tray from every store slot to ten kinds of people, and to use a kept way again.

python bench/planning.py
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from time import thread_time

import numpy as np

from opstap.presenting.planning import Planner
from opstap.presenting.robot import Robot
from opstap.presenting.route import Router
from opstap.scene import Profile
from opstap.scene_file import load_scene

CONFIG = Path(__file__).parents[1] / "config"


def main() -> None:
    scene = load_scene(CONFIG / "cells/oral_care.yaml")
    assert scene.cobot
    people = [Profile(id=f"{h}_{s}", hand=h, seat=s, presented=p)
              for (h, s), p in zip(product(("right", "left"), ("seated", "standing", "wheelchair")), ["table", "hand", "hand", "table", "hand", "hand"], strict=True)]  # fmt: skip  # noqa: E501
    people += [Profile(id=f"reach_{int(r * 100)}", presented="hand", reach=r) for r in (0.25, 0.30, 0.45, 0.50)]
    router = Router(scene, Robot(scene.cobot))
    times: dict[str, list[float]] = {"one way, new": [], "one way, kept": [], "whole route, new": []}
    solved = 0
    for person, slot in product(people, scene.cobot.store):
        start = thread_time()
        route = router.route(slot, person)
        times["whole route, new"].append(thread_time() - start)
        if route is None:
            continue
        solved += 1
        leg = next(x for x in route.present if x.phase == "carry")
        ends = leg.trajectory.positions[0], leg.trajectory.positions[-1]
        planner = Planner(router.around)
        for name in ("one way, new", "one way, kept"):
            start = thread_time()
            planner.plan(ends[0], [ends[1]], leg.load)
            times[name].append(thread_time() - start)
    print(f"{solved} of {len(people) * len(scene.cobot.store)} pairs of slot and person solved")
    for name, measured in times.items():
        median, p90, most = (1e3 * f for f in (np.median(measured), np.percentile(measured, 90), max(measured)))
        print(f"  {name:18} median {median:6.1f} ms, p90 {p90:6.1f} ms, most {most:6.1f} ms")


if __name__ == "__main__":
    main()
