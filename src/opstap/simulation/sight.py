"""What the simulated people see: light on bins, labels and slots, and nothing else.

Points of the true surfaces are looked up in the images as thrown, through the true poses of the projectors. Light that
was drawn for another calibration falls beside its surface here as it does on a real bench, and is not understood.
A person remembers a light that an arm just covered, or that was left dark where an arm is: see `remembered`.

A meaning is a colour and a shape together (`guidance` draws them):
bin openings: filled sky blue = take, thin sky-blue outline = take if your hand is empty, amber stripes = put back,
dashed violet outline = needs filling;
slots: sky-blue ring = place, amber ring with a cross = take out, dashed sky-blue ring = look or do something there.
The pips on a bin's label say how many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Capsule, Surface
from opstap.scene import Scene

Images = Mapping[str, NDArray[np.uint8]]
"""Projector id -> image as thrown, (height, width, 3) RGB."""

SPACING, LABEL_SPACING = 0.002, 0.0005
"""Between the points at which a surface is looked at, metres."""
DARK = 70
"""Brightness (0 to 255) below which a point is not lit."""
PALE = 76
"""Saturation (0 to 255) below which light has no colour: words, numbers, outlines in white."""
SKY_BLUE, AMBER, VIOLET = 97, 20, 138
"""Hues as OpenCV counts them, degrees / 2."""
HUE_TOLERANCE = 12

SMALLEST_PIP = 10
"""Points on a label that a pip covers at least: 2.5 mm2."""

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Seen:
    """The lights that are understood: bin id -> how many (1 where no pips can be read), and bare bin and slot ids."""

    take: Counts = field(default_factory=dict)
    open: tuple[str, ...] = ()
    put_back: Counts = field(default_factory=dict)
    refill: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    take_out: tuple[str, ...] = ()
    look: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        return self == Seen()


COVERED = 0.06
"""m beside an arm within which its shadow falls and light is left dark."""


def remembered(before: Seen, now: Seen, arms: Sequence[Capsule], centres: Mapping[str, NDArray[np.float64]]) -> Seen:
    """`now`, with what was lit `before` and is dark where an arm covers it.

    Args:
        centres: of every bin and slot, (3,), table frame.
    """
    if not arms or before == now:
        return now
    lit = {*now.take, *now.open, *now.put_back, *now.refill, *now.place, *now.take_out, *now.look}

    def hidden(place: str) -> bool:
        at = centres[place][:2]
        return place not in lit and any(_beside(arm, at) < arm.radius + COVERED for arm in arms)

    def counts(old: Counts, new: Counts) -> Counts:
        return {**new, **{place: n for place, n in old.items() if hidden(place)}}

    def names(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
        return (*new, *(place for place in old if hidden(place)))

    return Seen(
        counts(before.take, now.take), names(before.open, now.open), counts(before.put_back, now.put_back),
        names(before.refill, now.refill), names(before.place, now.place), names(before.take_out, now.take_out),
        names(before.look, now.look),
    )  # fmt: skip


def _beside(arm: Capsule, at: NDArray[np.float64]) -> float:
    """Distance from `at` (2,) to the arm's middle line, seen from above, m."""
    a, b = np.asarray(arm.start)[:2], np.asarray(arm.end)[:2]
    along = np.clip(np.dot(at - a, b - a) / max(float(np.dot(b - a, b - a)), 1e-12), 0.0, 1.0)
    return float(np.linalg.norm(at - a - along * (b - a)))


class _Look:
    """One surface as a grid of points, and where these are in a projector's image."""

    def __init__(self, scene: Scene, surface: Surface, spacing: float) -> None:
        (w, h), step = surface.size, spacing
        x = np.linspace(-w / 2, w / 2, max(2, round(w / step)))
        y = np.linspace(h / 2, -h / 2, max(2, round(h / step)))
        self.shape = (len(y), len(x))
        xx, yy = np.meshgrid(x, y)
        points = surface.points(np.stack([xx, yy], axis=-1))
        self.pixels: dict[str, NDArray[np.int64]] = {}
        self.inside: dict[str, NDArray[np.bool_]] = {}
        for projector in scene.projectors:
            k = projector.optics
            uv = np.nan_to_num(projector.view.project(points), nan=-1.0).round().astype(np.int64)
            inside = (uv >= 0).all(axis=-1) & (uv[..., 0] < k.width) & (uv[..., 1] < k.height)
            self.pixels[projector.id] = np.where(inside, uv[..., 1] * k.width + uv[..., 0], 0)
            self.inside[projector.id] = inside
        edge = np.minimum(w / 2 - np.abs(xx), h / 2 - np.abs(yy))
        self.border = max(1, round(0.4 * min(self.shape) / 2))
        """How many points wide the border is."""
        self.middle = edge > 0.6 * min(w, h) / 2

    def light(self, images: Images) -> NDArray[np.uint8]:
        """Light (rows, columns, 3) on the surface: that of all projectors together."""
        total = np.zeros((*self.shape, 3), np.uint8)
        for name, image in images.items():
            shone = image.reshape(-1, 3)[self.pixels[name]] * self.inside[name][..., None]
            total = np.asarray(cv2.add(total, shone.astype(np.uint8)))
        return total


class Sight:
    """Eyes that know where bins and slots are."""

    def __init__(self, scene: Scene) -> None:
        surfaces = scene.surfaces
        self._bins = {b.id: _Look(scene, surfaces[f"bin/{b.id}/opening"], SPACING) for b in scene.bins}
        self._labels = {b.id: _Look(scene, surfaces[f"bin/{b.id}/label"], LABEL_SPACING) for b in scene.bins}
        self._slots = {s.id: _Look(scene, surfaces[f"slot/{s.id}"], SPACING) for s in scene.case.slots}
        trays = {name[5:]: surface for name, surface in surfaces.items() if name.startswith("tray/")}
        self._trays = {zone: _Look(scene, surface, SPACING) for zone, surface in trays.items()}
        self._shapes = {p.id: (p.optics.height, p.optics.width, 3) for p in scene.projectors}
        self._last: dict[str, NDArray[np.uint8]] = {}
        self._seen = Seen()

    def look(self, light: Images) -> Seen:
        """What the light says. The same image objects as the last time are not looked at again.

        Raises:
            ValueError: an image of an unknown projector, or not of its projector's shape.
        """
        if len(light) == len(self._last) and all(self._last.get(name) is image for name, image in light.items()):
            return self._seen
        for name, image in light.items():
            if image.shape != self._shapes.get(name):
                raise ValueError(f"image {image.shape} of projector '{name}', allowed: {self._shapes}")
        self._last = dict(light)
        self._seen = self._understand({n: np.ascontiguousarray(i) for n, i in light.items() if i.any()})
        return self._seen

    def _understand(self, images: Images) -> Seen:
        if not images:
            return Seen()
        take, put_back, refill, may_take = {}, {}, [], []
        for name, look in self._bins.items():
            colors = _colors(look.light(images))
            if _filled(colors == SKY_BLUE):
                take[name] = _pips(self._labels[name].light(images))
            elif _ring(colors == SKY_BLUE, look):
                may_take.append(name)
            elif _striped(colors == AMBER):
                put_back[name] = _pips(self._labels[name].light(images))
            elif _dashed(colors == VIOLET, look):
                refill.append(name)
        for name, look in self._trays.items():
            if _filled(_colors(look.light(images)) == SKY_BLUE):
                take[name] = 1  # no label, no pips: it is told one at a time
        place, take_out, look_at = [], [], []
        for name, look in self._slots.items():
            colors = _colors(look.light(images))
            if _ring(colors == SKY_BLUE, look):
                place.append(name)
            elif _crossed(colors == AMBER, look):
                take_out.append(name)
            elif _dashed(colors == SKY_BLUE, look):
                look_at.append(name)
        return Seen(
            take, tuple(may_take), put_back, tuple(refill), tuple(place), tuple(take_out), tuple(look_at)
        )  # fmt: skip


def _colors(light: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The meaning's hue at each point, 0 where it is dark, pale or another colour."""
    if light.max() < DARK:
        return np.zeros(light.shape[:2], np.uint8)
    hue, saturation, value = (np.asarray(c) for c in cv2.split(cv2.cvtColor(light, cv2.COLOR_RGB2HSV)))
    lit = (value >= DARK) & (saturation >= PALE)
    colors = np.zeros(hue.shape, np.uint8)
    for color in (SKY_BLUE, AMBER, VIOLET):
        colors[lit & (np.abs(hue.astype(np.int16) - color) <= HUE_TOLERANCE)] = color
    return colors


def _quarters(lit: NDArray[np.bool_]) -> list[float]:
    """The lit share of each quarter: light that spilled over from a neighbour fills at most two."""
    rows, columns = lit.shape[0] // 2, lit.shape[1] // 2
    return [float(q.mean()) for half in (lit[:rows], lit[rows:]) for q in (half[:, :columns], half[:, columns:])]


def _filled(lit: NDArray[np.bool_]) -> bool:
    return bool(lit.any()) and min(_quarters(lit)) > 0.6


def _striped(lit: NDArray[np.bool_]) -> bool:
    if not lit.any():
        return False
    quarters = _quarters(lit)
    return min(quarters) > 0.3 and max(quarters) < 0.65


def _sides(lit: NDArray[np.bool_], look: _Look) -> list[float]:
    """The share of each side (top, bottom, left, right) along which there is light near it."""
    n = look.border
    sides = ((lit[:n], 0), (lit[-n:], 0), (lit[:, :n], 1), (lit[:, -n:], 1))
    return [float(strip.any(axis=axis).mean()) for strip, axis in sides]


def _dashed(lit: NDArray[np.bool_], look: _Look) -> bool:
    if not lit.any() or lit[look.middle].mean() > 0.15:
        return False
    sides = _sides(lit, look)
    return min(sides) > 0.25 and float(np.mean(sides)) < 0.8


def _ring(lit: NDArray[np.bool_], look: _Look) -> bool:
    return bool(lit.any()) and min(_sides(lit, look)) > 0.8 and float(lit[look.middle].mean()) < 0.15


def _crossed(lit: NDArray[np.bool_], look: _Look) -> bool:
    return bool(lit.any()) and min(_sides(lit, look)) > 0.8 and 0.15 <= float(lit[look.middle].mean()) < 0.85


def _pips(light: NDArray[np.uint8]) -> int:
    """How many pips a label shows: coloured spots about as wide as high; 1 where there are none.

    The number beside them is white, and light that spills over from the bin touches the label's edge.
    """
    _, _, spots, _ = cv2.connectedComponentsWithStats((_colors(light) > 0).astype(np.uint8), connectivity=4)
    x, y, width, height, area = spots[1:].T
    whole = (x > 0) & (y > 0) & (x + width < light.shape[1]) & (y + height < light.shape[0])
    compact = (width < 2 * height) & (height < 2 * width)
    return max(1, int((whole & compact & (area >= SMALLEST_PIP)).sum()))
