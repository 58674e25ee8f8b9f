"""A thousand simulated handovers in which people reach in and walk by: how near, how fast, how long.

python bench/handovers.py COUNT FILE [folder for the pictures]

Results are added to FILE, a line for each seed: started again, it goes on where it was; what is there already is only
counted. Everything here is simulated: the robot follows with a delay; people are capsules that move with a minimum of
jerk, up to 2.0 m/s with a hand and 1.6 m/s walking; what the cell knows of them is two frames old and 1 cm wrong. Four
rules meet the same people: this cell's separation, a fixed zone (anybody over the table stops the robot), the distance
alone as MoveIt Servo takes it, and none; the last three in the first forty handovers only.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from separation import SERVO_EVERY, servo

from opstap.geometry import Box, Capsule
from opstap.presenting.backend import NS, SimulatedRobot
from opstap.presenting.presenter import Presenter, Result, Senses
from opstap.presenting.robot import Capsules, Robot
from opstap.presenting.route import Route, Router
from opstap.presenting.separation import Body, Limit, People, Separation, load_limits, with_bodies
from opstap.scene import Profile, Scene
from opstap.scene_file import load_scene
from opstap.simulation.arm import minimum_jerk

ROOT = Path(__file__).parents[1]
FRAME = NS // 30
LATE = 2
"""What is known of people is so many frames old."""
PEERS = 40
"""Seeds below this are run with every rule."""
LONGEST = 120
"""Seconds after which a handover is given up."""
PEOPLE = (Profile(id="right"), Profile(id="left", hand="left"), Profile(id="held", presented="hand"))


class FixedZone(Separation):
    """Stops when anybody is over the table or nearer than 0.85 m to the robot's base: a light curtain's rule."""

    def limit(self, ahead, people, age, zone: Box | None = None) -> Limit:  # type: ignore[no-untyped-def]
        for body in people.bodies:
            for c in body.capsules:
                if max(c.start[1], c.end[1]) > -0.40 and min(abs(c.start[0]), abs(c.end[0])) < 0.85:
                    return Limit(0.0, "somebody is in the zone")
        return Limit(1.0)


class NoRule(Separation):
    """Never slower: what it would be like without."""

    def limit(self, ahead, people, age, zone: Box | None = None) -> Limit:  # type: ignore[no-untyped-def]
        return Limit(1.0)


class DistanceAlone(Separation):
    """MoveIt Servo's collision check, see `separation.servo`."""

    def __init__(self, *given) -> None:  # type: ignore[no-untyped-def]
        super().__init__(*given)
        self._calls, self._last = 0, Limit(1.0)

    def limit(self, ahead, people, age, zone: Box | None = None) -> Limit:  # type: ignore[no-untyped-def]
        if self._calls % SERVO_EVERY == 0:
            distance = with_bodies(ahead[:1], [c for b in people.bodies for c in b.capsules]).distance
            self._last = Limit(servo(float(distance.min())), "distance")
        self._calls += 1
        return self._last


RULES = {"separation": Separation, "fixed zone": FixedZone, "distance alone": DistanceAlone, "none": NoRule}


class Crowd:
    """A worker at the table who reaches in now and then, and somebody who walks by; the same for every rule."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._reaches = []
        t = rng.uniform(1, 6)
        while t < LONGEST:
            target = rng.uniform([-0.55, -0.40, 0.03], [0.55, 0.20, 0.45])
            peak, hold = rng.uniform(0.5, 2.0), rng.uniform(0.1, 2.0)
            side = 1 if target[0] > 0 else -1
            rest = np.array([side * 0.25, -0.44, 0.05])
            # A minimum-jerk movement is 1.875 times as fast in the middle as on average.
            seconds = 1.875 * float(np.linalg.norm(target - rest)) / peak
            self._reaches.append((t, seconds, hold, side, rest, target))
            t += 2 * seconds + hold + rng.exponential(5.0)
        self._walk = (rng.uniform(2, 20), rng.choice([-1, 1]), rng.uniform(0.5, 1.6), rng.uniform(-1.1, -0.75))
        self._sway = rng.uniform(0, 2 * np.pi, 2)

    def at(self, t: float) -> tuple[Body, ...]:
        lean = 0.03 * np.sin(0.7 * t + self._sway[0])
        bodies = [Body("trunk", (Capsule((lean, -0.62, -0.3), (lean, -0.60, 0.42), 0.15),)),
                  Body("head", (Capsule((lean, -0.58, 0.62), (lean, -0.58, 0.70), 0.11),))]  # fmt: skip
        hands = {side: np.array([side * 0.25, -0.44, 0.05]) for side in (-1, 1)}
        for begin, seconds, hold, side, rest, target in self._reaches:
            there, back = minimum_jerk((t - begin) / seconds), minimum_jerk((t - begin - seconds - hold) / seconds)
            if t > begin:
                hands[side] = rest + (there - back) * (target - rest)
        for side, hand in hands.items():
            shoulder = np.array([lean + side * 0.2, -0.56, 0.40])
            bodies.append(Body("arm", (Capsule(tuple(shoulder), tuple(hand), 0.05),)))
        begin, way, speed, y = self._walk
        x = way * (-3.0 + speed * (t - begin))
        bodies.append(Body("passer-by", (Capsule((x, y, -0.7), (x, y, 0.8), 0.22),)))
        return tuple(bodies)


def seen(bodies: tuple[Body, ...], rng: np.random.Generator) -> tuple[Body, ...]:
    """As perception tells them: 1 cm off."""

    def about(point: tuple[float, float, float]) -> tuple[float, ...]:
        return tuple(point + rng.normal(0, 0.01, 3))

    return tuple(Body(b.id, tuple(Capsule(about(c.start), about(c.end), c.radius) for c in b.capsules)) for b in bodies)


@dataclass
class Run:
    """What was measured in one handover."""

    seconds: float = 0.0
    finished: bool = False
    contacts: int = 0
    """Touches while the robot's link came nearer faster than is allowed there."""
    nearest: float = np.inf
    """Least distance to a link that came nearer faster than standstill, metres."""
    margin: float = np.inf
    """Least of: distance, less what person and robot still cover until the robot stands, metres."""
    nearer: float = 0.0
    """How fast the link of that least margin came nearer then, m/s."""
    leaving: int = 0
    """Instants at which a link came gently nearer to somebody who had just left the zone of contact."""
    samples: list[tuple[float, float]] = field(default_factory=list)
    """Approach speed m/s and distance m of the pair with the least margin, twice a second."""


class Meter:
    """Measures the truth of every instant: true people, true joints, true speeds.

    Whoever leaves the zone of contact, or is left in it, may be met gently until the robot can stand: those instants
    are counted, as `leaving`.
    """

    def __init__(self, separation: Separation, zone: Box) -> None:
        self.run, self._separation, self._zone = Run(), separation, zone
        self._lately: np.ndarray = np.empty(0)
        """Tick at which each pair could last touch in the zone."""

    def measure(self, links: Capsules, bodies: tuple[Body, ...], rate: float, tick: int) -> None:
        run, separation, limits = self.run, self._separation, self._separation.limits
        pairs = with_bodies([links], [c for b in bodies for c in b.capsules])
        distance, nearer, count = pairs.distance, pairs.approach, len(pairs.link)
        within = separation.touchable(pairs, links.links, self._zone)
        # A tray comes last of the links, and goes first.
        lately = np.concatenate([self._lately[:count], np.full(max(0, count - len(self._lately)), -LONGEST * 30)])
        self._lately = np.where(within, tick, lately)
        stopping = limits.stop_time(rate)
        until = LATE + (limits.reaction + stopping) * 30
        margin = distance - limits.person_speed(distance) * stopping - nearer * stopping / 2
        moving = nearer > limits.standstill
        gentle = (nearer <= separation.contact_speed + 0.01) & (tick - self._lately <= until)
        run.leaving += int((moving & gentle & ~within & (margin < 0)).any())
        moving &= ~gentle
        run.contacts += int((moving & (distance <= 0)).any())
        if not moving.any():
            return
        run.nearest = min(run.nearest, float(distance[moving].min()))
        margin = np.where(moving, margin, np.inf)
        worst = int(margin.argmin())
        if margin[worst] < run.margin:
            run.margin, run.nearer = float(margin[worst]), float(nearer[worst])
        if tick % 15 == 0:
            run.samples.append((round(float(nearer[worst]), 3), round(float(distance[worst]), 3)))


def handover(scene: Scene, route: Route, rule: str, seed: int, separation: Separation) -> Run:
    """One tray, brought while people do what `seed` says."""
    robot = Robot(scene.cobot)
    presenter, arm, crowd = Presenter(robot, separation), SimulatedRobot(robot.home), Crowd(seed)
    noise, now = np.random.default_rng([seed, 1]), NS
    presenter.present(route, "part")
    meter = Meter(separation, presenter._zone(route.handover.pose))
    run, held = meter.run, 0
    before = deque([crowd.at(-i / 30) for i in (2, 1)], maxlen=LATE + 1)
    for tick in range(LONGEST * 30):
        now += FRAME
        t = (now - NS) / NS
        bodies = crowd.at(t)
        before.append(bodies)
        joints = arm.state(now)
        people = People(now - LATE * FRAME, seen(before[0], noise))
        taken = held > 30
        motion = presenter.tick(Senses(now, joints, people, load=not taken, hand_at_tray=taken))
        held += motion.phase == "hold"
        if motion.horizon:
            arm.send(motion.horizon, now)
        carrying = motion.phase in ("carry", "present")
        pacer = presenter._job.pacer if presenter._job else None
        links = robot.capsules(joints.positions, joints.velocities, carrying)
        meter.measure(links, bodies, pacer.rate if pacer else 0.0, tick)
        if motion.result is Result.OK:
            run.seconds, run.finished = t, True
            return run
    run.seconds = float(LONGEST)
    return run


class Bench:
    """What every seed of one process needs; routes are planned once."""

    def __init__(self) -> None:
        self.scene = load_scene(ROOT / "config/cells/oral_care.yaml")
        assert self.scene.cobot
        self.limits = load_limits(ROOT / "config/separation.yaml")
        self.robot = Robot(self.scene.cobot)
        self.router = Router(self.scene, self.robot)
        self.routes: dict[tuple[str, str], Route] = {}

    def runs(self, seed: int) -> dict[str, Run]:
        slots = self.scene.cobot.store  # type: ignore[union-attr]
        slot, person = slots[seed % len(slots)], PEOPLE[seed // 4 % len(PEOPLE)]
        if (slot.id, person.id) not in self.routes:
            self.routes[slot.id, person.id] = self.router.route(slot, person)  # type: ignore[assignment]
        route, mass = self.routes[slot.id, person.id], self.scene.cobot.tray.mass  # type: ignore[union-attr]
        return {
            rule: handover(self.scene, route, rule, seed, kind(self.limits, self.robot.moving_mass, mass))
            for rule, kind in RULES.items()
            if seed < PEERS or rule == "separation"
        }


@cache
def bench() -> Bench:
    return Bench()


def one(seed: int) -> str:
    """A line of the file."""
    return json.dumps({"seed": seed, "runs": {rule: asdict(run) for rule, run in bench().runs(seed).items()}})


def draw(runs: dict[str, list[Run]], folder: Path) -> None:
    """Two pictures: speed against distance, and time per handover."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    limits = load_limits(ROOT / "config/separation.yaml")
    colours = {"separation": "#0072B2", "distance alone": "#E69F00"}
    plt.rcParams.update({"font.size": 13})
    figure, axes = plt.subplots(1, 2, figsize=(12, 5), sharey=True, layout="constrained")
    for axis, rule in zip(axes, ("separation", "distance alone"), strict=True):
        points = np.array([s for r in runs[rule] for s in r.samples])
        points = points[:: max(1, len(points) // 20_000)]
        axis.scatter(points[:, 1], points[:, 0], s=4, alpha=0.25, color=colours[rule], rasterized=True)
        d = np.linspace(0, 1.6, 200)
        axis.plot(
            d, [fastest(limits, x) for x in d], color="black", lw=2, label="protective distance, way planned at 1 m/s"
        )
        axis.axhline(limits.contact_speed, color="black", ls=":", label="contact speed, where contact may be")
        axis.axvline(0, color="#D55E00", lw=2, ls="--", label="touch")
        axis.set(xlim=(-0.15, 1.6), ylim=(0, 1.6), xlabel="distance (m)", title=f"rule: {rule}")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("speed of coming nearer (m/s)")
    axes[0].legend(loc="upper left", fontsize=11)
    figure.suptitle("Simulated handovers: how fast a link comes nearer, at which distance")
    figure.savefig(folder / "cobot_separation.png", dpi=110)
    figure, axis = plt.subplots(figsize=(9, 3.6), layout="constrained")
    kinds = list(RULES)[::-1]
    seconds = [[r.seconds for r in runs[k]] for k in kinds]
    axis.boxplot(seconds, orientation="horizontal", tick_labels=kinds, whis=(5, 95), showfliers=False,
                 medianprops={"color": "black", "lw": 2})  # fmt: skip
    axis.set(xlabel="seconds per handover (box: half of them, whiskers: 5 to 95 %)", title="Simulated handovers")
    axis.grid(axis="x", alpha=0.3)
    figure.savefig(folder / "cobot_time.png", dpi=110)


def fastest(limits, distance: float) -> float:  # type: ignore[no-untyped-def]
    """The greatest approach (m/s) for a trajectory that goes at 1 m/s, at `distance`, with a frame of 67 ms."""
    rates = np.linspace(0, 1.6, 161)
    ok = [
        r
        for r in rates
        if limits.protective(min(r, 1.0), np.array([max(r, 1.0)]), np.array([distance]), 0.067) <= distance
    ]
    return max(ok, default=0.0)


def kept(file: Path) -> dict[int, dict[str, Run]]:
    """What is in the file, by seed; a line that was cut off by an end is left out."""
    found = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        with suppress(json.JSONDecodeError):
            entry = json.loads(line)
            found[entry["seed"]] = {rule: Run(**run) for rule, run in entry["runs"].items()}
    return found


def main() -> None:
    count, file = int(sys.argv[1]), Path(sys.argv[2])
    missing = sorted(set(range(count)) - set(kept(file)))
    with ProcessPoolExecutor(2) as pool, file.open("a") as out:
        for i, line in enumerate(pool.map(one, missing)):
            out.write(line + "\n")
            out.flush()
            print(f"\r{i + 1} of {len(missing)} handovers", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    found = kept(file)
    columns = ("runs", "finished", "contacts", "short", "leaving", "least margin", "its speed", "median s", "p95 s")
    print(f"{'rule':15}" + "".join(f"{c:>13}" for c in columns))
    by_rule = {rule: [r[rule] for r in found.values() if rule in r] for rule in RULES}
    first = [r["separation"] for seed, r in found.items() if seed < PEERS]
    for rule, runs in {"separation": by_rule["separation"], "- the first": first, **by_rule}.items():
        worst, seconds = min(runs, key=lambda r: r.margin), [r.seconds for r in runs]
        figures = (len(runs), sum(r.finished for r in runs), sum(r.contacts > 0 for r in runs),
                   sum(r.margin < 0 for r in runs), sum(r.leaving > 0 for r in runs),
                   f"{worst.margin:.2f} m", f"{worst.nearer:.2f} m/s",
                   f"{np.median(seconds):.1f}", f"{np.percentile(seconds, 95):.1f}")  # fmt: skip
        print(f"{rule:15}" + "".join(f"{f:>13}" for f in figures))
    if len(sys.argv) > 3:
        draw(by_rule, Path(sys.argv[3]))


if __name__ == "__main__":
    main()
