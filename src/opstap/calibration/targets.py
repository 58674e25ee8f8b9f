"""What the camera is calibrated by: a printed ChArUco board, or ArUco markers that stay stuck in the cell.

Both give points that are known in the table frame and found in the colour picture. They can be seen together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from opstap.geometry import Floats
from opstap.scene import Board, Scene

MODULES = 8
"""Modules of the pattern along a square."""
PAPER = {"A4": (0.297, 0.210), "A3": (0.420, 0.297), "A2": (0.594, 0.420), "A1": (0.841, 0.594)}
"""Sheets lying on their long side, metres (ISO 216)."""
EDGE = 0.004
"""What printers leave white around a sheet, metres."""
FONT = Path(__file__).parents[1] / "guidance" / "fonts" / "NotoSans-Regular.ttf"
POINT = 0.0254 / 72
"""Metres of a typographic point, the unit of PDF."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Points found in one picture."""

    names: tuple[str, ...]
    pixels: Floats
    """(n, 2) in the colour picture."""
    points: Floats
    """(n, 3) where they are in the table frame, metres."""
    owner: NDArray[np.intp]
    """(n,) which board or marker each belongs to; those of one lie at one height."""

    def __len__(self) -> int:
        return len(self.names)


class TargetError(Exception):
    """A board cannot be printed like this; the message says what to change."""


class Targets:
    """Finds the scene's board and fiducials in colour pictures."""

    def __init__(self, scene: Scene) -> None:
        dictionary = _dictionary()
        self.board = scene.board
        self._surface = scene.board_surface
        self._charuco = cv2.aruco.CharucoDetector(_charuco(scene.board))
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        self._markers = cv2.aruco.ArucoDetector(dictionary, parameters)
        self._fiducials = {f.id: f.surface for f in scene.fiducials}

    @cached_property
    def most(self) -> int:
        """Points of a board that is seen whole."""
        across, up = self.board.squares
        return (across - 1) * (up - 1)

    def find(self, color: NDArray[np.uint8]) -> Marks:
        """Points of board and fiducials in a colour picture (h, w, 3) RGB."""
        grey = cv2.cvtColor(color, cv2.COLOR_RGB2GRAY)
        names: list[str] = []
        pixels: list[Any] = []
        points: list[Any] = []
        owner: list[int] = []
        corners, ids, _, _ = self._charuco.detectBoard(grey)
        if ids is not None and len(ids) >= 4:
            across = self.board.squares[0] - 1
            for corner, number in zip(corners.reshape(-1, 2), ids.ravel(), strict=True):
                row, column = divmod(int(number), across)
                names.append(f"board {column + 1}/{row + 1}")
                pixels.append(corner)
                points.append(self._on_board(column + 1, row + 1))
            owner += [0] * len(names)
        if self._fiducials:
            found, numbers, _ = self._markers.detectMarkers(grey)
            for quad, number in zip(found, () if numbers is None else numbers.ravel(), strict=True):
                surface = self._fiducials.get(int(number))
                if surface is not None:
                    names += [f"marker {int(number)} corner {i + 1}" for i in range(4)]
                    pixels += list(quad.reshape(4, 2))
                    points += list(surface.corners())
                    owner += [int(number)] * 4
        return Marks(
            tuple(names), np.reshape(pixels, (-1, 2)), np.reshape(points, (-1, 3)), np.array(owner, dtype=np.intp)
        )

    def _on_board(self, column: int, row: int) -> Floats:
        """Table-frame point of a corner, counted in squares from the board's top left."""
        w, h = self.board.size
        side = self.board.square
        return self._surface.points((column * side - w / 2, h / 2 - row * side))


def board_picture(board: Board, pixels_per_module: int = 10) -> NDArray[np.uint8]:
    """The board (h, w) uint8 without margin."""
    size = tuple(n * MODULES * pixels_per_module for n in board.squares)
    return np.asarray(_charuco(board).generateImage(size))


def marker_picture(number: int, pixels_per_module: int = 10) -> NDArray[np.uint8]:
    """An ArUco marker (h, w) uint8 without margin."""
    return np.asarray(cv2.aruco.generateImageMarker(_dictionary(), number, 6 * pixels_per_module))


def print_board(board: Board, path: Path) -> str:
    """Draw the board in its true size, ready to print; `path` ends in .pdf or .png. Returns what to do with it.

    Raises:
        TargetError: it fits no sheet, or the file cannot be written.
    """
    w, h = board.size
    fitting = [n for n, (x, y) in PAPER.items() if w <= x - 2 * EDGE and h <= y - 2 * EDGE]
    if not fitting:
        raise TargetError(f"board.squares, board.square: found {w:.3f} by {h:.3f} m, allowed: what fits on A1")
    sheet = fitting[0]
    try:
        if path.suffix == ".png":
            density = round(MODULES * 10 / board.square)  # pixels a metre: ten to a module
            page = np.full(tuple(round(s * density) for s in PAPER[sheet][::-1]), 255, np.uint8)
            image = board_picture(board)
            y, x = ((p - i) // 2 for p, i in zip(page.shape, image.shape, strict=True))
            page[y : y + image.shape[0], x : x + image.shape[1]] = image
            path.write_bytes(cv2.imencode(".png", page)[1].tobytes())
        elif path.suffix == ".pdf":
            path.write_bytes(_pdf(board, PAPER[sheet], sheet))
        else:
            raise TargetError(f"file: found '{path.name}', allowed: a name that ends in .pdf or .png")
    except OSError as error:
        raise TargetError(f"{path}: cannot be written ({error.strerror})") from error
    return (
        f"{path}: {w * 1000:.0f} x {h * 1000:.0f} mm on {sheet}. Print it at 100 % ('actual size'), glue it on "
        f"something stiff and flat, measure a square and put what you measured into the scene file as board.square "
        f"(now {board.square * 1000:g} mm)."
    )


def _pdf(board: Board, sheet: tuple[float, float], name: str) -> bytes:
    """One page of vectors: no printer's scaling of pixels can blur it."""
    stream = skia.DynamicMemoryWStream()
    document = skia.PDF.MakeDocument(stream)
    canvas = document.beginPage(sheet[0] / POINT, sheet[1] / POINT)
    canvas.scale(1 / POINT, 1 / POINT)  # metres from here on
    w, h = board.size
    left, top, module = (sheet[0] - w) / 2, (sheet[1] - h) / 2, board.square / MODULES
    ink = skia.Paint(Color=skia.ColorBLACK, AntiAlias=False)
    for row, line in enumerate(board_picture(board, 1)):
        dark = np.flatnonzero(np.diff(np.concatenate([[0], (line < 128).astype(np.int8), [0]])))
        for start, end in dark.reshape(-1, 2):
            canvas.drawRect(
                skia.Rect.MakeXYWH(left + start * module, top + row * module, (end - start) * module, module), ink
            )
    canvas.scale(POINT, POINT)
    font = skia.Font(skia.FontMgr.New_Custom_Empty().makeFromFile(str(FONT)), 8)
    words = f"Opstap calibration board, {name}, squares of {board.square * 1000:g} mm: print at 100 %, then measure one"
    canvas.drawString(words, left / POINT, (top + h + 0.006) / POINT, font, skia.Paint(Color=skia.ColorBLACK))
    document.endPage()
    document.close()
    return bytes(stream.detachAsData())


def _dictionary() -> Any:
    return cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_100)


def _charuco(board: Board) -> Any:
    return cv2.aruco.CharucoBoard(board.squares, board.square, board.square * 0.75, _dictionary())
