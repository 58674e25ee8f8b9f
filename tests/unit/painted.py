"""Light painted by the tests alone: ideal shapes on surfaces, and a guide that knows the truth."""

from collections.abc import Mapping

import cv2
import numpy as np

from opstap.geometry import Surface, View
from opstap.instructions import Cell
from opstap.scene import Scene
from opstap.simulation.world import WorldState

SKY_BLUE, AMBER, VIOLET, WHITE = (0, 200, 255), (255, 170, 0), (200, 120, 255), (255, 255, 255)
SHAPES = {
    "take": SKY_BLUE,
    "place": SKY_BLUE,
    "put_back": AMBER,
    "take_out": AMBER,
    "refill": VIOLET,
    "pips": SKY_BLUE,
    "words": WHITE,
}
Lights = Mapping[str, tuple[str, int]]
"""Surface name -> (shape, count)."""


def _polygons(shape: str, w: float, h: float, count: int) -> list[np.ndarray]:
    """Polygons (n, 2) in metres on a surface of that size."""

    def box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])

    line, x, y = 0.006, w / 2, h / 2
    ring = [box(-x, -y, x, -y + line), box(-x, y - line, x, y), box(-x, -y, -x + line, y), box(x - line, -y, x, y)]
    if shape in ("take", "words"):
        return [box(-x + 0.002, -y + 0.002, x - 0.002, y - 0.002)]
    if shape == "put_back":
        slants = [
            np.array([(s, -y), (s + 0.011, -y), (s + 0.011 + h, y), (s + h, y)]) for s in np.arange(-x - h, x, 0.022)
        ]
        inside = [cv2.intersectConvexConvex(np.float32(s), np.float32(box(-x, -y, x, y)))[1] for s in slants]
        return [polygon.reshape(-1, 2) for polygon in inside if polygon is not None]
    if shape == "refill":
        along = [
            box(s, -y + k, s + 0.014, -y + line + k) for s in np.arange(-x, x - 0.014, 0.028) for k in (0, h - line)
        ]
        up = [box(-x + k, s, -x + line + k, s + 0.014) for s in np.arange(-y, y - 0.014, 0.028) for k in (0, w - line)]
        return along + up
    if shape == "place":
        return ring
    if shape == "take_out":
        aside = line / 2 / np.hypot(w, h) * np.array([h, w])
        ends = np.array([(-x, -y), (x, y)])
        stroke = np.array(
            [ends[0] + aside * (1, -1), ends[1] + aside * (1, -1), ends[1] - aside * (1, -1), ends[0] - aside * (1, -1)]
        )
        return [*ring, stroke, stroke * (1, -1)]
    angle = np.linspace(0, 2 * np.pi, 24)
    disc = 0.3 * min(h, w / (count + 1)) * np.column_stack([np.cos(angle), np.sin(angle)])
    return [disc + ((i + 0.5) * w / count - x, 0.0) for i in range(count)]


def paint(scene: Scene, lights: Lights, view: View | None = None) -> dict[str, np.ndarray]:
    """The image of the scene's only projector; `view` is what it was calibrated to be, if not what it is."""
    (projector,) = scene.projectors
    image = np.zeros((projector.optics.height, projector.optics.width, 3), np.uint8)
    for name, (shape, count) in lights.items():
        surface: Surface = scene.surfaces[name]
        for polygon in _polygons(shape, *surface.size, count):
            pixels = (view or projector.view).project(surface.points(polygon))
            cv2.fillPoly(image, [np.round(pixels * 16).astype(np.int32)], SHAPES[shape], cv2.LINE_AA, shift=4)
    return {projector.id: image}


def asked(cell: Cell, world: WorldState) -> Lights:
    """What to show a person in this world, by somebody who sees all of it. No memory: only what is wrong or next."""
    on_bin = {b.part: f"bin/{b.id}" for b in cell.scene.bins}
    current = next((s for s in cell.task.steps if not world.slots[s.slot]), None)
    home = {s.part: s.slot for s in cell.task.steps}
    for slot, parts in world.slots.items():
        if parts and parts[-1] != cell.task.slot_part[slot]:
            return {f"slot/{slot}": ("take_out", 1), f"slot/{home[parts[-1]]}": ("place", 1)}
    in_hand = [h.part for h in world.held]
    extra = len(in_hand) - (1 if current and current.part in in_hand else 0)
    if extra > 0:
        wrong = next((p for p in in_hand if current is None or p != current.part), in_hand[0])
        return {f"{on_bin[wrong]}/opening": ("put_back", 1), f"{on_bin[wrong]}/label": ("pips", extra)}
    if current is None:
        return {}
    if in_hand:
        return {f"slot/{current.slot}": ("place", 1)}
    if not world.bins[on_bin[current.part].removeprefix("bin/")]:
        return {f"{on_bin[current.part]}/opening": ("refill", 1)}
    return {f"{on_bin[current.part]}/opening": ("take", 1), f"{on_bin[current.part]}/label": ("pips", 1)}
