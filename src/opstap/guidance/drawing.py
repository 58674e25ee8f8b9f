"""Cues to light: the image a projector throws.

Everything is drawn as vectors in millimetres on its own surface and goes straight through the homography from that
surface to the projector's pixels, so it is sharp and right at the surface's own height. No image is warped, not even
for a lens that distorts: over one surface the nearest homography is right to a fraction of a millimetre, and costs
nothing in a frame. A pixel that belongs to no cue is black: a projector adds light, black adds none.

Every meaning has a shape of its own besides its colour:

| meaning           | on          | shape                                            | colour    |
|-------------------|-------------|--------------------------------------------------|-----------|
| TAKE              | bin opening | filled rounded rectangle                         | sky blue  |
| OPEN              | bin opening | thin outline, dark middle                        | sky blue  |
| PUT_BACK          | bin opening | diagonal stripes, half lit                       | amber     |
| REFILL            | bin opening | dashed outline, dark middle                      | violet    |
| TAKE, PUT_BACK    | bin label   | number in white; one to six round pips in colour | as above  |
| PLACE             | slot        | thick ring, dark middle                          | sky blue  |
| TAKE_OUT          | slot        | thick ring with a cross                          | amber     |
| CASE              | slot        | thin outline                                     | dim white |
| LOOK              | slot        | thick ring of dashes                             | sky blue  |
| PAUSED, DONE      | zone        | two bars; a check mark; words                    | white     |
| BUTTON            | zone        | thin outline with a word; fills while pressed    | white     |
| WILL_MOVE         | table       | dashed outline of where the cobot will pass      | white     |
| MOVES             | table       | the same outline, unbroken                       | white     |
| DOTS              | table       | small discs, for a moment between two cases      | faint     |

Where a movement goes from one lit place to another, the first has a white arrow head at its edge, pointing there.

A place that the camera cannot see bears a white question mark on a dark disc: the worker says when it is done.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from opstap.calibration.drift import RADIUS
from opstap.geometry import Floats, Pose, Surface
from opstap.guidance.cues import TABLE, Cue, Sign
from opstap.guidance.lettering import CAPITAL, fitted, paragraph_of, write
from opstap.instructions import LARGEST_PICTURE, Cell
from opstap.scene import Projector
from opstap.workflow.asking import Meaning

log = logging.getLogger(__name__)

Color = tuple[int, int, int]

SKY_BLUE: Color = (0, 200, 255)
AMBER: Color = (255, 170, 0)
VIOLET: Color = (200, 120, 255)
WHITE: Color = (255, 255, 255)
BLACK: Color = (0, 0, 0)
GREY: Color = (150, 150, 150)
DIM: Color = (90, 90, 90)
FAINT: Color = (60, 60, 60)
"""Through a projector's gamma of 2.2 4 % of its light, which is what the simulated camera needs (12 of 255, linear)."""

COLORS: dict[Meaning | Sign, Color] = {
    Meaning.TAKE: SKY_BLUE,
    Meaning.OPEN: SKY_BLUE,
    Meaning.PLACE: SKY_BLUE,
    Meaning.PUT_BACK: AMBER,
    Meaning.TAKE_OUT: AMBER,
    Meaning.REFILL: VIOLET,
    Meaning.CASE: DIM,
    Meaning.LOOK: SKY_BLUE,
    Sign.NONE: WHITE,
    Sign.PAUSED: WHITE,
    Sign.DONE: WHITE,
    Sign.BUTTON: WHITE,
    Sign.WILL_MOVE: WHITE,
    Sign.MOVES: WHITE,
    Sign.DOTS: FAINT,
}

# All lengths below are millimetres on the surface.
MARGIN = 3.0
"""Between a bin's opening and its light: no light on the rim."""
CORNER = 6.0
STRIPE = 8.0
"""Width of a stripe, and of the dark between two."""
LINE = 6.0
THIN_LINE = 2.0
DASH = 14.0
DOT = RADIUS * 1000
ARROW = 12.0
"""Length of an arrow head."""
MAX_PIPS = 6
"""More are not seen at a glance."""
NUMBER = 0.65
"""Height of a label's number, as part of the label's height."""
DISC = 0.18
"""Radius of the dark disc that bears a question mark, as part of the surface's shorter side."""
AROUND = 0.012
"""Metres beyond its surface or outline to which a cue reaches at most: strokes, and where a bent lens is a bit off."""
PIECES = 16
"""Into which each side of a line on the table is cut where the lens bends it."""
WIDEST_PICTURE = 0.4
"""A picture's room beside words, as part of the zone's width."""
PICTURE_GAP = 0.1
"""Between a picture and the words, as part of the zone's height."""


class Painter:
    """Draws what one projector throws.

    Where the light of several projectors overlaps, a surface belongs to one of them, `Scene.projector_for`, and what
    runs across the table is divided: the later ones of the scene leave out what an earlier one lights. So nothing is
    twice as bright, and no edge is blurred by a second projector.

    Args:
        pictures: files of parts' pictures that are not in the task's folder yet, by their path from there.
    """

    def __init__(self, cell: Cell, projector: Projector, pictures: Mapping[str, bytes] | None = None) -> None:
        self._unsaved = pictures or {}
        self._scene, self._projector, self._folder = cell.scene, projector, cell.folder
        self._pictures: dict[str, Any] = {}
        self._matrices: dict[str, Any] = {}
        self._surfaces: dict[str, Surface] = {}
        self._all = cell.scene.surfaces
        for name, surface in self._all.items():
            if self._lights(surface):
                self._matrices[name] = _matrix(surface, projector)
                self._surfaces[name] = surface
        self._surfaces[TABLE] = Surface(Pose.of(), cell.scene.table.size)
        self._matrices[TABLE] = _matrix(self._surfaces[TABLE], projector.undistorted)
        earlier = [p.id for p in cell.scene.projectors].index(projector.id)
        self._others = [_path(self._line(p.view.on_table()) * 1000) for p in cell.scene.projectors[:earlier]]
        """What earlier projectors light of the table."""
        self._boxes = {name: self._box(surface.corners()) for name, surface in self._surfaces.items()}
        self._rgba = np.zeros((projector.optics.height, projector.optics.width, 4), np.uint8)
        self._canvas_on = skia.Surface(self._rgba, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)

    def draw(self, cues: Sequence[Cue]) -> NDArray[np.uint8]:
        """Image (height, width, 3) RGB of `cues`; a new array each time. The same cues give the same bytes."""
        canvas = self._canvas_on.getCanvas()
        canvas.clear(skia.ColorBLACK)
        for cue in cues:
            if cue.at:
                surface = Surface(Pose.of((*cue.at[:2], 0.0)), cue.at[2:])
                if not self._lights(surface):
                    continue
                matrix = _matrix(surface, self._projector)
            elif cue.surface in self._matrices:
                surface, matrix = self._surfaces[cue.surface], self._matrices[cue.surface]
            else:
                continue
            canvas.save()
            canvas.setMatrix(matrix)
            for others in self._others if cue.surface == TABLE else ():
                canvas.clipPath(others, skia.ClipOp.kDifference, doAntiAlias=True)
            size = (surface.size[0] * 1000, surface.size[1] * 1000)
            picture = self._picture(cue.picture) if cue.picture else None
            if cue.kind is Sign.DOTS:
                for x, y in self._bent(np.asarray(cue.outline)) * 1000:
                    canvas.drawCircle(float(x), float(y), DOT, _paint(COLORS[cue.kind]))
            elif cue.outline:
                _outline(canvas, cue, self._line(np.asarray(cue.outline)))
            elif picture is not None:
                _draw_pictured(canvas, cue, *size, picture)
            else:
                _draw(canvas, cue, *size, self._heading(cue, surface))
            canvas.restore()
        self._canvas_on.flushAndSubmit()
        return np.asarray(cv2.cvtColor(self._rgba, cv2.COLOR_RGBA2RGB), dtype=np.uint8)

    def _line(self, corners: Floats) -> Floats:
        """A closed line on the table (n, 2), metres, as it is to be drawn: cut into pieces where the lens bends it."""
        if not self._projector.view.pinhole.distortion:
            return corners
        after, steps = np.roll(corners, -1, axis=0), np.linspace(0, 1, PIECES, endpoint=False)[:, None]
        return self._bent(np.concatenate([a + (b - a) * steps for a, b in zip(corners, after, strict=True)]))

    def _bent(self, points: Floats) -> Floats:
        """Points on the table (n, 2), metres, as they must be drawn with a lens that does not distort so that they are
        right with this one: the table is too large for one homography."""
        view = self._projector.view
        if not view.pinhole.distortion:
            return points
        pixels = view.project(np.column_stack([points, np.zeros(len(points))]))
        ideal = self._surfaces[TABLE].homography(self._projector.undistorted.view)
        drawn = np.column_stack([pixels, np.ones(len(pixels))]) @ np.linalg.inv(ideal).T
        return np.asarray(drawn[:, :2] / drawn[:, 2:])

    def _lights(self, surface: Surface) -> bool:
        owner = self._scene.projector_for(surface)
        return owner is not None and owner.id == self._projector.id

    def box(self, cue: Cue) -> tuple[slice, slice]:
        """Rows and columns beyond which `cue` changes nothing in this projector's picture; empty: it is not in it."""
        if cue.at:
            return self._box(Surface(Pose.of((*cue.at[:2], 0.0)), cue.at[2:]).corners())
        if cue.outline:
            return self._box(np.array([(*p, 0.0) for p in cue.outline]))
        return self._boxes.get(cue.surface, (slice(0, 0), slice(0, 0)))

    def _box(self, points: Floats) -> tuple[slice, slice]:
        around = np.array([(x, y, 0.0) for x in (-AROUND, AROUND) for y in (-AROUND, AROUND)])
        pixels = self._projector.view.project((points[:, None, :] + around).reshape(-1, 3))
        size = (self._projector.optics.width, self._projector.optics.height)
        if not np.isfinite(pixels).all():
            return slice(0, size[1]), slice(0, size[0])
        low = np.clip(np.floor(pixels.min(axis=0)).astype(int), 0, size)
        high = np.clip(np.ceil(pixels.max(axis=0)).astype(int) + 1, 0, size)
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))

    def _picture(self, name: str) -> Any:
        """A part's picture, loaded once; None where it cannot be shown: the words are enough."""
        if name not in self._pictures:
            path = self._folder / name
            try:
                file = self._unsaved.get(name) or (path.read_bytes() if path.stat().st_size <= LARGEST_PICTURE else b"")
                data = skia.Data.MakeWithCopy(file) if file else None
                self._pictures[name] = skia.Image.MakeFromEncoded(data) if data else None
            except OSError:
                self._pictures[name] = None
            if self._pictures[name] is None:
                log.warning("%s cannot be shown; the work goes on without it. opstap lint says why", path)
        return self._pictures[name]

    def _heading(self, cue: Cue, surface: Surface) -> float | None:
        """Direction in which `cue` points on its surface, rad from its x axis; None where it points nowhere."""
        if not cue.toward:
            return None
        goal = surface.pose.inverse().apply(self._all[cue.toward].pose.translation)
        return float(np.arctan2(goal[1], goal[0]))


def _matrix(surface: Surface, projector: Projector) -> Any:
    """From millimetres on `surface` (y upwards) to skia's pixels, whose corners, not centres, are at integers."""
    to_pixels = surface.homography(projector.view) @ np.diag([1e-3, 1e-3, 1.0])
    m = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]]) @ to_pixels
    return skia.Matrix.MakeAll(*(m / m[2, 2]).ravel().tolist())


def _draw_pictured(canvas: Any, cue: Cue, width: float, height: float, picture: Any) -> None:
    """A picture at the left, as high as the room, and the words beside it."""
    across = min(height * picture.width() / picture.height(), width * WIDEST_PICTURE)
    down = across * picture.height() / picture.width()
    left = -width / 2
    canvas.save()
    canvas.scale(1, -1)
    room = skia.Rect.MakeXYWH(left, -down / 2, across, down)
    canvas.drawImageRect(picture, room, skia.SamplingOptions(skia.FilterMode.kLinear))
    canvas.restore()
    canvas.save()
    canvas.translate((across + height * PICTURE_GAP) / 2, 0.0)
    _words(canvas, cue, width - across - height * PICTURE_GAP, height, _paint(WHITE))
    canvas.restore()


def _draw(canvas: Any, cue: Cue, width: float, height: float, heading: float | None) -> None:
    paint = _paint(COLORS[cue.kind])
    if cue.kind is Sign.BUTTON:
        _button(canvas, cue, width, height)
    elif cue.surface.endswith("/label"):
        _label(canvas, cue, width, height, paint)
    elif cue.kind is Meaning.TAKE:
        canvas.drawRRect(_rounded(width, height, MARGIN), paint)
    elif cue.kind is Meaning.PUT_BACK:
        canvas.clipRRect(_rounded(width, height, MARGIN), doAntiAlias=True)
        canvas.drawPath(_stripes(width, height), paint)
    elif cue.kind is Meaning.OPEN:
        _line(paint, THIN_LINE)
        canvas.drawRRect(_rounded(width, height, MARGIN + THIN_LINE / 2), paint)
    elif cue.kind in (Meaning.REFILL, Meaning.LOOK):
        _line(paint, LINE)
        outline = _rounded(width, height, MARGIN + LINE / 2)
        # A whole number of dashes along the outline, each as long as the gap that follows it.
        length = 2 * (width + height - 4 * MARGIN - 2 * LINE) - (8 - 2 * np.pi) * CORNER
        dash = length / (2 * round(length / (2 * DASH)))
        paint.setPathEffect(skia.DashPathEffect.Make([dash, dash], 0.0))
        canvas.drawRRect(outline, paint)
    elif cue.kind in (Meaning.PLACE, Meaning.TAKE_OUT):
        _line(paint, LINE)
        ring = _rounded(width, height, LINE / 2)
        canvas.drawRRect(ring, paint)
        if cue.kind is Meaning.TAKE_OUT:
            x, y = width / 2 - LINE, height / 2 - LINE
            canvas.drawLine(-x, -y, x, y, paint)
            canvas.drawLine(-x, y, x, -y, paint)
        if heading is not None:
            _arrow_head(canvas, heading, width, height)
    elif cue.kind is Meaning.CASE:
        _line(paint, THIN_LINE)
        canvas.drawRRect(_rounded(width, height, THIN_LINE / 2), paint)
    else:
        _words(canvas, cue, width, height, paint)
    if cue.unseen:
        radius = min(width, height) * DISC
        canvas.drawCircle(0.0, 0.0, radius, _paint(BLACK))
        mark = paragraph_of("?", 1.2 * radius / CAPITAL, bold=True)
        mark.layout(width)
        write(canvas, mark, -mark.LongestLine / 2, mark.Height / 2)


def _arrow_head(canvas: Any, heading: float, width: float, height: float) -> None:
    """A solid arrow head inside the ring, at the edge: here begins a movement that way. The ring stays whole."""
    w, h = width / 2 - LINE, height / 2 - LINE
    reach = min(w / max(abs(np.cos(heading)), 1e-6), h / max(abs(np.sin(heading)), 1e-6))
    length = min(ARROW, 0.5 * min(w, h))
    canvas.save()
    canvas.rotate(float(np.degrees(heading)))
    path = skia.Path()
    path.addPoly([(reach - length, -length * 0.6), (reach, 0.0), (reach - length, length * 0.6)], True)
    canvas.drawPath(path, _paint(WHITE))
    canvas.restore()


def _button(canvas: Any, cue: Cue, width: float, height: float) -> None:
    """An outline with a word; while it is pressed it fills from the left, quarter by quarter."""
    outline = _rounded(width, height, THIN_LINE / 2)
    share = (cue.count - 1) / 4
    if share:
        canvas.save()
        canvas.clipRRect(outline, doAntiAlias=True)
        canvas.drawRect(skia.Rect.MakeXYWH(-width / 2, -height / 2, width * share, height), _paint(DIM))
        canvas.restore()
    edge = _paint(WHITE if share else GREY)
    _line(edge, THIN_LINE * (2 if share else 1))
    canvas.drawRRect(outline, edge)
    inside = (width - 4 * THIN_LINE - CORNER, height - 4 * THIN_LINE)
    words = fitted(cue.text, *inside)
    write(canvas, words.paragraph, -words.room / 2, words.height / 2)


def _outline(canvas: Any, cue: Cue, corners: Floats) -> None:
    """A closed line on the table through corners (n, 2), metres; dashed as long as nothing moves there yet."""
    paint = _paint(COLORS[cue.kind])
    _line(paint, LINE)
    if cue.kind is Sign.WILL_MOVE:
        paint.setPathEffect(skia.DashPathEffect.Make([3 * DASH, 2 * DASH], 0.0))
    canvas.drawPath(_path(corners * 1000), paint)


def _path(corners: Floats) -> Any:
    """A closed line through `corners` (n, 2)."""
    path = skia.Path()
    path.addPoly([(float(x), float(y)) for x, y in corners], True)
    return path


def _paint(color: Color) -> Any:
    return skia.Paint(AntiAlias=True, Color=skia.Color(*color))


def _line(paint: Any, width: float) -> None:
    paint.setStyle(skia.Paint.kStroke_Style)
    paint.setStrokeWidth(width)


def _rounded(width: float, height: float, inset: float) -> Any:
    w, h = width - 2 * inset, height - 2 * inset
    return skia.RRect.MakeRectXY(skia.Rect.MakeXYWH(-w / 2, -h / 2, w, h), CORNER, CORNER)


def _stripes(width: float, height: float) -> Any:
    """Stripes at 45 degrees over all of a rectangle, half of it lit."""
    path = skia.Path()
    across = STRIPE * np.sqrt(2)
    half = height / 2
    x = -(width + height) / 2
    while x < (width + height) / 2:
        path.addPoly([(x - half, -half), (x + across - half, -half), (x + across + half, half), (x + half, half)], True)
        x += 2 * across
    return path


def _label(canvas: Any, cue: Cue, width: float, height: float, paint: Any) -> None:
    """The count as a number and beside it as pips; above six the number alone."""
    number = paragraph_of(str(cue.count), height * NUMBER / CAPITAL, bold=True)
    number.layout(width)
    gap, pips, pitch = height * 0.12, 0, 0.0
    if cue.count <= MAX_PIPS:
        pips = cue.count
        pitch = min((width - number.LongestLine - 3 * gap) / pips, height * 0.75)
    left = -(number.LongestLine + (gap + pips * pitch if pips else 0.0)) / 2
    write(canvas, number, left, number.Height / 2)
    for i in range(pips):
        canvas.drawCircle(left + number.LongestLine + gap + pitch * (i + 0.5), 0.0, pitch * 0.33, paint)


def _words(canvas: Any, cue: Cue, width: float, height: float, paint: Any) -> None:
    """A sign, and words as large as fit, centred in the zone."""
    sign = min(height * 0.6, width * 0.3) if cue.kind is not Sign.NONE else 0.0
    gap = sign / 2 if cue.text else 0.0
    words = fitted(cue.text, width - sign - gap, height)
    taken = sign + gap + words.width
    left = -taken / 2
    if cue.kind is Sign.PAUSED:
        for x in (left + sign * 0.15, left + sign * 0.6):
            canvas.drawRect(skia.Rect.MakeXYWH(x, -sign / 2, sign * 0.25, sign), paint)
    elif cue.kind is Sign.DONE:
        _line(paint, sign * 0.16)
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        paint.setStrokeJoin(skia.Paint.kRound_Join)
        path = skia.Path()
        path.addPoly([(left + sign * k, sign * j) for k, j in ((0.1, 0.0), (0.38, -0.3), (0.9, 0.32))], False)
        canvas.drawPath(path, paint)
    # The paragraph was laid out as wide as it could be, and centres its lines there.
    write(canvas, words.paragraph, left + sign + gap - (words.room - words.width) / 2, words.height / 2)
