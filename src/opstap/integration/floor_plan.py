"""The cell from above, to scale, with names: what an integrator compares with the real table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import skia
from numpy.typing import NDArray

from opstap.geometry import Floats, View
from opstap.guidance.lettering import fitted
from opstap.instructions import Cell
from opstap.scene import Camera, Projector

SCALE = 1000.0
"""Pixels in a metre."""
MARGIN = 0.16
"""Metres around it all; the person's side has the rulers."""
BASE = 0.075
"""Radius of a cobot's base as it is drawn, metres."""
WHITE, INK, GREY, PALE = (255, 255, 255), (30, 34, 40), (130, 136, 144), (240, 241, 243)
BIN, CASE, SLOT = (214, 226, 240), (226, 226, 218), (246, 246, 240)
CAMERA, PROJECTOR = (0, 90, 156), (176, 74, 0)
CAMERA_DASH, PROJECTOR_DASH = [0.02, 0.012], [0.004, 0.010]
ZONES = {"button": WHITE, "text": (222, 238, 226), "handover": (252, 232, 204), "keep_out": (244, 214, 214)}


def draw(cell: Cell) -> NDArray[np.uint8]:
    """The plan (h, w, 3) RGB, a millimetre a pixel, the operator's side below.

    A dashed line is the edge of what the camera sees of the table top, a dotted one that of each projector's light;
    crosses are where they hang.
    """
    scene = cell.scene
    w, d = scene.table.size
    corners = [np.array([(-w, -d), (w, d)]) / 2]
    if scene.cobot:
        corners += [scene.cobot.tray_box(s.pose).corners()[:, :2] for s in scene.cobot.store]
        corners.append(np.array([scene.cobot.position[:2]]) + np.array([[-BASE], [BASE]]))
    all_of_it = np.concatenate(corners)
    low, high = all_of_it.min(axis=0) - MARGIN, all_of_it.max(axis=0) + MARGIN
    canvas_on = skia.Surface(*(round(float(n)) for n in (high - low) * SCALE))
    canvas = canvas_on.getCanvas()
    canvas.clear(skia.Color(*WHITE))
    canvas.translate(-low[0] * SCALE, high[1] * SCALE)
    canvas.scale(SCALE, -SCALE)  # from here on metres of the table frame

    _area(canvas, np.array([(-w, -d), (w, -d), (w, d), (-w, d)]) / 2, PALE, INK)
    for zone in scene.zones:
        _area(canvas, zone.surface.corners(), ZONES[zone.kind])
        _name(canvas, zone.position, zone.size, zone.id)
    for b in scene.bins:
        _area(canvas, _outline(b.outside.corners()), BIN, INK)
        _name(canvas, b.position[:2], b.size[:2], f"{b.id}\n{b.part}")
    _area(canvas, _outline(scene.case.outside.corners()), CASE, INK)
    for slot in scene.case.slots:
        surface = scene.case.slot_floor(slot)
        _area(canvas, surface.corners(), SLOT, GREY)
        part = cell.task.slot_part.get(slot.id, "")
        _name(canvas, surface.pose.translation[:2].tolist(), slot.size, f"{slot.id}\n{part}")
    if scene.cobot:
        x, y, _ = scene.cobot.position
        canvas.drawCircle(x, y, BASE, _stroke(INK, 0.003))
        _name(canvas, (x, y), (0.14, 0.14), "cobot")
        for store in scene.cobot.store:
            _area(canvas, _outline(scene.cobot.tray_box(store.pose).corners()), WHITE, INK)
            _name(canvas, store.position[:2], scene.cobot.tray.size[:2], f"{store.id}\n{store.part}")
    lines: list[tuple[tuple[int, int, int], list[float], str, Camera | Projector]]
    lines = [(CAMERA, CAMERA_DASH, "the camera sees", scene.camera)]
    lines += [(PROJECTOR, PROJECTOR_DASH, f"projector {p.id} lights", p) for p in scene.projectors]
    for i, (color, dash, what, device) in enumerate(lines):
        _edge(canvas, device.view, color, dash)
        x, y = device.position[:2]
        canvas.drawLine(x - 0.012, y, x + 0.012, y, _stroke(color, 0.003))
        canvas.drawLine(x, y - 0.012, x, y + 0.012, _stroke(color, 0.003))
        x, y = -w / 2 + 0.03, -d / 2 - 0.06 - 0.03 * i
        canvas.drawLine(x, y, x + 0.08, y, _dashed(color, dash))
        _name(canvas, (x + 0.19, y), (0.18, 0.022), what)
    _rulers(canvas, w, d)
    canvas_on.flushAndSubmit()
    return np.ascontiguousarray(canvas_on.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3])


def _outline(corners: Floats) -> Floats:
    """The plan of an upright box."""
    xy = corners[:, :2]
    middle = xy.mean(axis=0)
    unique = np.unique(np.round(xy, 6), axis=0)
    return np.asarray(unique[np.argsort(np.arctan2(*(unique - middle).T))])


def _stroke(color: tuple[int, int, int], width: float) -> Any:
    return skia.Paint(AntiAlias=True, Color=skia.Color(*color), Style=skia.Paint.kStroke_Style, StrokeWidth=width)


def _dashed(color: tuple[int, int, int], dashes: list[float]) -> Any:
    line = _stroke(color, 0.003)
    line.setPathEffect(skia.DashPathEffect.Make(dashes, 0.0))
    return line


def _area(canvas: Any, corners: Floats, fill: tuple[int, int, int], line: tuple[int, int, int] | None = None) -> None:
    path = skia.Path()
    path.addPoly([(float(x), float(y)) for x, y in np.asarray(corners)[:, :2]], True)
    canvas.drawPath(path, skia.Paint(AntiAlias=True, Color=skia.Color(*fill)))
    if line:
        canvas.drawPath(path, _stroke(line, 0.0015))


def _name(canvas: Any, middle: Sequence[float], size: Sequence[float], text: str) -> None:
    """Names as large as fit, the letters in `fitted` being millimetres; white there, ink here."""
    room_w, room_h = size[0] * 1000 * 0.92, size[1] * 1000 * 0.9
    words = fitted(text, room_w, min(room_h, 26.0))
    canvas.saveLayer(paint=skia.Paint(ColorFilter=skia.ColorFilters.Blend(skia.Color(*INK), skia.BlendMode.kSrcIn)))
    canvas.translate(float(middle[0]), float(middle[1]))
    canvas.scale(1e-3, -1e-3)
    words.paragraph.paint(canvas, -words.room / 2, -words.height / 2)
    canvas.restore()


def _edge(canvas: Any, view: View, color: tuple[int, int, int], dashes: list[float]) -> None:
    """The border of what `view` takes in of the table top, as far as it looks down on it."""
    k = view.pinhole
    t = np.linspace(0, 1, 12, endpoint=False)
    w, h = k.width - 1, k.height - 1
    border = np.concatenate(
        [np.column_stack(c) for c in ((t * w, 0 * t), (0 * t + w, t * h), (w - t * w, 0 * t + h), (0 * t, h - t * h))]
    )
    directions = k.directions(border) @ view.pose.rotation.T
    down = directions[:, 2] < -0.05
    at = view.pose.translation + directions[down] * (-view.pose.translation[2] / directions[down, 2])[:, None]
    if len(at) < 3:
        return
    path = skia.Path()
    path.addPoly([(float(x), float(y)) for x, y in at[:, :2]], bool(down.all()))
    canvas.drawPath(path, _dashed(color, dashes))


def _rulers(canvas: Any, w: float, d: float) -> None:
    """Lengths along two edges of the table, every decimetre; and where the person is."""
    ink = _stroke(INK, 0.0015)
    for x in np.arange(np.ceil(-w / 2 * 10), w / 2 * 10 + 1e-6) / 10:
        canvas.drawLine(x, -d / 2, x, -d / 2 - 0.012, ink)
        _name(canvas, (x, -d / 2 - 0.028), (0.09, 0.024), f"{x:.1f}".replace("-0.0", "0.0"))
    for y in np.arange(np.ceil(-d / 2 * 10), d / 2 * 10 + 1e-6) / 10:
        canvas.drawLine(-w / 2, y, -w / 2 - 0.012, y, ink)
        _name(canvas, (-w / 2 - 0.045, y), (0.06, 0.024), f"{y:.1f}".replace("-0.0", "0.0"))
    _name(canvas, (0.0, -d / 2 - 0.075), (0.5, 0.03), "the person is here; x to the right, y away, metres")
