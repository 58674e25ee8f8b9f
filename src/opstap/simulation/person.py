"""A simulated person at the bench, who does what the light says.

The person sees the light (`sight`) and the parts that lie there, feels what is in the hand, and remembers the last
thing done. The task, the work guide's state and what belongs where are unknown to the person: when the light is wrong
or falls beside its place, the work goes wrong or stops, as it would on a real bench.

    hand empty    sky-blue bin       take as many as the pips say
                  outlined bin       after a while: take one there
                  crossed slot       take out what lies there
                  dashed slot        touch what lies there: it is looked at, or pressed on
                  amber bin          the part just put down was wrong: take it out again
    part in hand  amber bin          put back there as many as the pips say
                  sky-blue slot      put it there
    otherwise     violet bin, white light, darkness: wait with the hands at rest

Where a cobot brings trays, the person sees it come, and does with some of them what people do (`Manner`).

A light that was acted on is left alone until it goes out: the cell takes a moment to see what was done. When it stays,
the person does what people do: puts the part back, or takes it out, and tries again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from opstap.documents import Document, Fault, Model, nearest
from opstap.geometry import Capsule, Floats
from opstap.instructions import Cell
from opstap.scene import Id
from opstap.simulation.arm import Arm, Build, OutOfReachError, Tremor, standing_at
from opstap.simulation.bench import Bench
from opstap.simulation.hand import CLEARANCE, Hand, Terrain, grip_point
from opstap.simulation.plan import Plan, Step
from opstap.simulation.sight import Seen
from opstap.simulation.world import Held

REST = np.array([0.25, 0.02, 0.015])
"""Where a right hand rests, body frame: on the table's edge, beside the words."""
HOLD = np.array([0.29, 0.04, 0.11])
"""Where it waits with a part: near the body, clear of bins and case."""
READY = np.array([0.31, 0.10, 0.09])
"""Where it waits while the other hand works."""
FEEL_HEIGHT = 0.015
"""How high above the floor of an empty bin the fingers feel for a part, metres."""
GRASP_SECONDS, RELEASE_SECONDS = 0.4, 0.3
LOOK_SECONDS = 1.0
"""How long a hand is at what it looks at or presses on."""
PATIENCE = 8.0
"""Seconds until a person tries again what the light still asks for."""
OVER_TRAY = 0.16
"""How high a hand is that reaches to where a tray comes, metres."""
STAYS, DRAWS_BACK, LATER = 2.5, 0.1, 6.0
"""Seconds that it stays there, with and without drawing back, and by which a tray is taken later."""
GLOVE = 1.15
"""How much thicker a gloved hand is."""


Nth = Annotated[int, Field(ge=1, le=10000)]
Channel = Annotated[int, Field(ge=0, le=255)]
Color = tuple[Channel, Channel, Channel]


class Mistake(Model):
    """Something that goes wrong once: at the n-th reach for a lit bin, or at the n-th placing in a lit slot."""

    kind: Literal["wrong_bin", "too_many", "wrong_slot"]
    at_pick: Nth | None = None
    at_place: Nth | None = None

    @model_validator(mode="after")
    def _one_moment(self) -> Mistake:
        moment, other = ("at_place", "at_pick") if self.kind == "wrong_slot" else ("at_pick", "at_place")
        if getattr(self, moment) is None or getattr(self, other) is not None:
            raise ValueError(f"'{moment}' and no '{other}' with the kind '{self.kind}'")
        return self


class Manner(Model):
    """What is done about the n-th tray that the cobot brings, instead of waiting for its light and taking a part."""

    kind: Literal["intrudes", "withdraws", "late", "early", "ignores"]
    """Reaches to where it comes and stays there a while; draws back at once; takes late; takes before the light; takes
    from the bin."""
    at_tray: Nth


class Traits(Model):
    """How a person is and works, as `config/people/*.yaml` describes it. Durations are those of a person at ease."""

    person: Id
    seed: Annotated[int, Field(ge=0)] = 1
    """Other seeds: other reaction times and hesitations."""
    hand: Literal["right", "left", "both"] = "right"
    """The only hand that is used; or `both`: the nearer one, while the other gets ready."""
    speed: Annotated[float, Field(ge=0.2, le=3.0)] = 1.0
    """Of movements; 1 is a calm reach of about 0.8 s."""
    reaction: Annotated[float, Field(ge=0.1, le=5.0)] = 0.4
    """Seconds from a light to the movement; varies from 0.6 to 1.5 times this."""
    hesitation: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    """Probability of waiting 0.5 to 2 s before a reach."""
    tremor: Annotated[float, Field(ge=0.0, le=0.02)] = 0.0003
    """Amplitude of the hands' tremor, metres."""
    skin: Color = (205, 160, 130)
    glove: Color | None = None
    """Colour of gloves; hands are thicker with them."""
    sleeve: bool = False
    """Loose sleeves: thicker arms."""
    mistakes: tuple[Mistake, ...] = ()
    trays: tuple[Manner, ...] = ()
    empty_bins: tuple[Id, ...] = ()
    """Bins that are empty when the job starts."""


def load_traits(path: Path, cell: Cell) -> Traits:
    """The person in `path`, checked against the cell where the person is to work.

    Raises:
        DocumentError: telling every fault with line and field.
    """
    document = Document.read(path)
    traits = document.parse(Traits)
    faults = [
        Fault(("empty_bins", i), f"unknown bin '{b}'", nearest(b, list(cell.scene.bin)))
        for i, b in enumerate(traits.empty_bins)
        if b not in cell.scene.bin
    ]
    trays = [m.at_tray for m in traits.trays]
    faults += [
        Fault(("trays", i, "at_tray"), f"{n} a second time", "one way of taking a tray")
        for i, n in enumerate(trays)
        if n in trays[:i]
    ]
    if faults:
        raise document.error(faults)
    return traits


class Act(str, Enum):
    TAKE = "take"
    PLACE = "place"
    PUT_BACK = "put_back"
    TAKE_OUT = "take_out"
    LOOK = "look"


@dataclass(frozen=True)
class Wish:
    """What the person is about to do, at a bin or slot, with that many parts."""

    act: Act
    place: str
    count: int = 1


class Person:
    """Acts on light: `act` once a tick of `dt` seconds. Deterministic for the same traits, `rng` state and light.

    Raises:
        OutOfReachError: a bin or slot is too far for a hand that has to get there.
    """

    def __init__(self, traits: Traits, bench: Bench, terrain: Terrain, dt: float, rng: np.random.Generator) -> None:
        self.traits = traits
        self._bench = bench
        self._dt = dt
        self._rng = rng
        scene = bench.cell.scene
        body = standing_at(0.0, -scene.table.size[1] / 2, 0.0)
        build = Build(hand=GLOVE if traits.glove else 1.0, sleeve=traits.sleeve)
        self._hands = {}
        for side in (1, -1):
            arm = Arm(side, body, build)
            grip = body.apply(REST * (side, 1, 1))
            self._hands[side] = Hand(arm, grip, terrain, traits.speed, Tremor(traits.tremor, rng))
        self._at_pick = {m.at_pick: m.kind for m in traits.mistakes}
        self._at_place = {m.at_place: m.kind for m in traits.mistakes}
        self._at_tray = {m.at_tray: m.kind for m in traits.trays}
        self._trays = 0
        self._coming = ""
        """Zone to which the cobot brings a tray now."""
        self._manner = ""
        """What is done about the last tray that came."""
        self._rooms = {b.id: b.inside for b in scene.bins} | {s.id: scene.case.slot_box(s) for s in scene.case.slots}
        if scene.cobot:
            trays = {z.id: scene.cobot.standing(z) for z in scene.zones if z.kind == "handover"}
            self._rooms |= {zone: scene.cobot.tray_box(pose) for zone, pose in trays.items()}
        self._centres = {place: room.pose.translation for place, room in self._rooms.items()}
        self._check_reach()
        self._picks = self._places = 0
        self._now = 0.0
        self._seen = Seen()
        self._wish: Wish | None = None
        self._wished_at = self._acted_at = 0.0
        self._reaction = 0.0
        self._done: set[tuple[Act, str]] = set()
        """Lights that were acted on and are still there."""
        self._origin = ""
        """Where the part in the hand comes from."""
        self._just_placed = ""
        """The slot that got a part, as long as that was the last thing done."""
        self._plan = Plan()

    @property
    def idle(self) -> bool:
        """Whether the hands rest and no light asks for anything."""
        return self._seen.nothing and not any(h.busy for h in self._hands.values())

    def act(self, seen: Seen, coming: str = "") -> None:
        """Live on for one tick, with what is `seen`; `coming` is the zone to which the cobot brings a tray."""
        self._now += self._dt
        self._seen = seen
        self._watch(coming)
        lights = {Act.TAKE: seen.take, Act.PUT_BACK: seen.put_back, Act.PLACE: seen.place, Act.TAKE_OUT: seen.take_out,
                  Act.LOOK: seen.look}  # fmt: skip
        self._done = {(act, place) for act, place in self._done if place in lights[act]}
        wish = self._wanted()
        if wish != self._wish:
            self._wish, self._wished_at = wish, self._now
            self._reaction = self.traits.reaction * self._rng.uniform(0.6, 1.5)
            if wish and wish.place in self._bench.standing and self._manner == "late":
                self._reaction += LATER
        if not self._plan.go_on(self._now) and wish and self._now - self._wished_at >= self._reaction:
            hand = self._hand_for(wish.place)
            if not hand.busy:
                self._begin(hand, wish)
        for hand in self._hands.values():
            hand.tick(self._dt)

    def _watch(self, coming: str) -> None:
        """See a tray come, and do about it what this person does."""
        if coming and not self._coming:
            self._trays += 1
            self._manner = self._at_tray.get(self._trays, "")
            hand = self._hands[self._side(coming)]
            if self._manner in ("intrudes", "withdraws") and not hand.busy and not hand.grasped:
                over = self._centres[coming] * (1, 1, 0) + (0.0, 0.0, OVER_TRAY)
                pause = STAYS if self._manner == "intrudes" else DRAWS_BACK
                self._plan.begin(
                    hand, partial(self._go, hand, over), partial(float, pause), partial(self._draw_back, hand)
                )
        self._coming = coming

    def _go(self, hand: Hand, goal: Floats) -> float:
        hand.go(goal)
        return 0.0

    def capsules(self) -> tuple[Capsule, ...]:
        """Both arms, table frame."""
        return tuple(c for hand in self._hands.values() for c in hand.capsules())

    def held(self) -> tuple[Held, ...]:
        """Parts in both hands."""
        return tuple(h for hand in self._hands.values() for h in hand.held())

    def _wanted(self) -> Wish | None:
        """What the light asks of this person now; None: wait."""
        seen, tired = self._seen, self._now - self._acted_at > PATIENCE

        def fresh(act: Act, place: str) -> bool:
            return tired or (act, place) not in self._done

        holding = next((h for h in self._hands.values() if h.grasped), None)
        wishes: list[Wish] = []
        if holding:
            wishes += [Wish(Act.PUT_BACK, b, n) for b, n in seen.put_back.items() if fresh(Act.PUT_BACK, b)]
            wishes += [Wish(Act.PLACE, s) for s in seen.place if fresh(Act.PLACE, s)]
            if seen.take and tired:
                wishes.append(Wish(Act.PUT_BACK, self._origin, len(holding.grasped)))
            return wishes[0] if wishes else None
        wishes += [Wish(Act.TAKE_OUT, s) for s in seen.take_out if fresh(Act.TAKE_OUT, s)]
        wishes += [Wish(Act.LOOK, s) for s in seen.look if fresh(Act.LOOK, s)]
        if seen.put_back and self._just_placed:
            wishes.append(Wish(Act.TAKE_OUT, self._just_placed))
        standing = self._bench.standing
        if tired or not (seen.put_back or seen.take_out):
            left = standing if self._manner == "ignores" else ()
            wishes += [Wish(Act.TAKE, b, n) for b, n in seen.take.items() if fresh(Act.TAKE, b) and b not in left]
        if self._manner == "early":
            wishes += [Wish(Act.TAKE, zone) for zone in standing if fresh(Act.TAKE, zone)]
        if tired:
            wishes += [Wish(Act.TAKE_OUT, s) for s in seen.place if (Act.PLACE, s) in self._done]
            wishes += [Wish(Act.TAKE, b) for b in seen.open]
        return next((w for w in wishes if w.act in (Act.TAKE, Act.LOOK) or self._bench.inside(w.place)), None)

    def _begin(self, hand: Hand, wish: Wish) -> None:
        """Plan what `wish` takes."""
        deeds = {
            Act.TAKE: self._take,
            Act.PLACE: self._place,
            Act.PUT_BACK: self._put_back,
            Act.TAKE_OUT: self._take_out,
            Act.LOOK: self._look,
        }
        self._plan.begin(hand, *deeds[wish.act](hand, wish))

    def _take(self, hand: Hand, wish: Wish) -> list[Step]:
        self._picks += 1
        mistake = self._at_pick.get(self._picks)
        bin_id = self._neighbour(wish.place, filled=True) if mistake == "wrong_bin" else wish.place
        count = wish.count + (mistake == "too_many")
        hesitates = self._rng.random() < self.traits.hesitation
        pause = self._rng.uniform(0.5, 2.0) if hesitates else 0.0
        grasps = [step for _ in range(count) for step in self._grasp(hand, bin_id)]
        return [partial(float, pause), *grasps, *self._end(hand, wish)]

    def _place(self, hand: Hand, wish: Wish) -> list[Step]:
        self._places += 1
        wrong = self._at_place.get(self._places) == "wrong_slot"
        slot = self._neighbour(wish.place, filled=False) if wrong else wish.place
        other = self._hands[-hand.arm.side]
        if self.traits.hand == "both" and not other.busy:
            other.go(other.arm.body.apply(READY * (other.arm.side, 1, 1)))
        # The next light may come, and the other hand set off, while this one is still on its way back.
        back, finish = self._end(hand, wish)
        return [*self._release(hand, slot, len(hand.grasped)), finish, back]

    def _put_back(self, hand: Hand, wish: Wish) -> list[Step]:
        count = min(wish.count, len(hand.grasped))
        return [*self._release(hand, wish.place, count), *self._end(hand, wish)]

    def _take_out(self, hand: Hand, wish: Wish) -> list[Step]:
        return [*self._grasp(hand, wish.place), *self._end(hand, wish)]

    def _look(self, hand: Hand, wish: Wish) -> list[Step]:
        return [partial(self._approach, hand, wish.place), partial(float, LOOK_SECONDS), *self._end(hand, wish)]

    def _grasp(self, hand: Hand, place: str) -> list[Step]:
        """Go to the part on top, take hold of it."""
        return [
            partial(self._approach, hand, place),
            partial(self._squeeze, hand),
            partial(self._pick_up, hand, place),
        ]

    def _release(self, hand: Hand, place: str, count: int) -> list[Step]:
        """Put down parts in `place`, one by one."""
        once: list[Step] = [
            partial(self._carry, hand, place),
            partial(self._let_go, hand),
            partial(self._put_down, hand, place),
        ]
        return once * count

    def _end(self, hand: Hand, wish: Wish) -> list[Step]:
        """Draw the hand back, and remember what was done."""
        return [partial(self._draw_back, hand), partial(self._finish, wish)]

    def _approach(self, hand: Hand, place: str) -> float:
        hand.open()
        parts = self._bench.inside(place)
        if parts:
            hand.go(grip_point(self._rooms[place], self._bench.top(place), self._height(parts[-1])))
        elif not hand.grasped:
            room = self._rooms[place]
            hand.go(room.pose.apply((0.0, 0.0, FEEL_HEIGHT - room.size[2] / 2)))
        return 0.0

    def _squeeze(self, hand: Hand) -> float:
        hand.close()
        return GRASP_SECONDS / self.traits.speed

    def _pick_up(self, hand: Hand, place: str) -> float:
        if self._bench.inside(place):
            pose, part = self._bench.top(place), self._bench.take(place)
            hand.hold(part, pose, self._height(part))
            self._origin, self._just_placed = place, ""
        return 0.0

    def _carry(self, hand: Hand, place: str) -> float:
        part = hand.grasped[-1].part
        landing = self._bench.next(place, part)
        hand.go(grip_point(self._rooms[place], landing, self._height(part)), landing)
        return 0.0

    def _let_go(self, hand: Hand) -> float:
        hand.open()
        return RELEASE_SECONDS / self.traits.speed

    def _put_down(self, hand: Hand, place: str) -> float:
        self._bench.put(place, hand.drop())
        self._just_placed = place if place in self._bench.slots else ""
        return 0.0

    def _draw_back(self, hand: Hand) -> float:
        """To where the hand waits: with a part in front of the body, empty at rest."""
        hand.go(hand.arm.body.apply((HOLD if hand.grasped else REST) * (hand.arm.side, 1, 1)))
        return 0.0

    def _finish(self, wish: Wish) -> float:
        self._acted_at = self._now
        if wish.act in (Act.PUT_BACK, Act.TAKE_OUT):
            self._done.clear()  # a correction: what is still lit is asked anew
        self._done.add((wish.act, wish.place))
        return 0.0

    def _hand_for(self, place: str) -> Hand:
        """The hand that holds something, or the one that is used on that side."""
        holding = next((h for h in self._hands.values() if h.grasped), None)
        return holding or self._hands[self._side(place)]

    def _side(self, place: str) -> int:
        if self.traits.hand == "both":
            return 1 if self._centres[place][0] >= 0 else -1
        return 1 if self.traits.hand == "right" else -1

    def _neighbour(self, place: str, filled: bool) -> str:
        """The nearest other bin or slot that is (not) filled; `place` itself where there is none."""
        places = self._bench.bins if place in self._bench.bins else self._bench.slots
        others = [p for p, parts in places.items() if p != place and bool(parts) == filled]
        centre = self._centres[place]
        return min(others, key=lambda p: float(np.linalg.norm(self._centres[p] - centre)), default=place)

    def _height(self, part: str) -> float:
        return self._bench.cell.task.parts[part].size[2]

    def _check_reach(self) -> None:
        for place, room in self._rooms.items():
            hand = self._hands[self._side(place)]
            above = room.size[2] / 2 + CLEARANCE + 2 * self.traits.tremor
            try:
                hand.arm.reach(room.pose.apply((0.0, 0.0, -room.size[2] / 2)))
                hand.arm.reach(room.pose.apply((0.0, 0.0, above)))
            except OutOfReachError as error:
                name = "right" if hand.arm.side > 0 else "left"
                raise OutOfReachError(f"'{place}' is out of reach of the {name} hand: {error}") from error
