"""The calibration page: what it shows, and what a coach can ask of it. Frames come in, a picture and words go out.

`python -m opstap.calibration.desk` prints the TypeScript of its messages; `web/calibrate/messages.d.ts` is that text.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from aiohttp import web
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from opstap.calibration.record import load_calibration, save_calibration
from opstap.calibration.scene_file import Change, with_bins
from opstap.calibration.teaching import BinWizard, By, bin_overlay, bin_report
from opstap.calibration.wizard import CameraWizard, Captured, Source, overlay, report
from opstap.documents import DocumentError
from opstap.geometry import View
from opstap.messages import Message, declarations
from opstap.scene import Scene

WIDTH = 960
"""Of the picture that is sent, pixels."""
Doing = Literal["nothing", "camera", "bins", "check"]


class Kept(Message):
    """The calibration that is in use."""

    made: str
    """Day and time, UTC."""
    method: Literal["board", "markers", "structure"]
    rms_mm: float
    worst_mm: float


class BinName(Message):
    """A bin to choose."""

    id: str
    part: str


class CalibrationState(Message):
    """All that the page shows, but for the picture."""

    cell: str
    doing: Doing
    judged: bool
    """It has come to a result."""
    good: bool
    """The result is recommended."""
    said: str
    """What to do, or what came out."""
    share: float
    """Of this step that is done, 0 to 1."""
    report: tuple[str, ...]
    diff: str
    """What would change in the scene file."""
    kept: Kept | None
    picture: int
    """Number of the newest picture; 0: there is none."""
    bins: tuple[BinName, ...]
    can_check: bool
    """There is a running cell that can look for its camera's new pose."""


class CalibrationWish(Message):
    """What the coach asks. `keep` writes the result down, `stop` lets it go."""

    asked: Literal["camera", "bins", "check", "keep", "stop"]
    by: By = "near"
    bins: tuple[str, ...] = Field(default=(), max_length=200)


@dataclass(frozen=True)
class Files:
    """Where things are kept."""

    scene: Path
    calibration: Path


class Desk:
    """One calibration at a time. `see` may come from another thread than the page's wishes.

    Args:
        scene: the cell.
        files: its scene file, and where the camera's calibration is kept.
        on_kept: called when a new calibration of the camera was written.
        check: asks the running cell to find its camera's pose anew; None where there is no such cell.
    """

    def __init__(
        self,
        scene: Scene,
        files: Files,
        on_kept: Callable[[], None] = lambda: None,
        check: Callable[[], None] | None = None,
    ) -> None:
        self.scene, self.files, self._on_kept, self._check = scene, files, on_kept, check
        self._lock = threading.RLock()
        self._wish: CalibrationWish | None = None
        self._camera: CameraWizard | None = None
        self._bins: BinWizard | None = None
        self._change: Change | None = None
        self._said = ""
        self._doing: Doing = "nothing"
        self._picture: NDArray[np.uint8] | None = None
        self._number = 0
        self._encoded = (0, b"")

    @property
    def busy(self) -> bool:
        """Whether it wants frames."""
        return self._doing in ("camera", "bins")

    def see(self, frame: Captured, source: Source) -> None:
        """Look at a frame of the camera."""
        with self._lock:
            if not self.busy or self._wish is None:
                return
            if self._camera is None and self._bins is None:
                self._begin(self._wish, source)
            if self._camera is not None:
                done = self._camera.solution is not None
                self._camera.see(frame)
                picture = overlay(self._camera) if frame.color is not None and not done else None
            elif self._bins is not None:
                done = self._bins.done
                self._bins.see(frame)
                color_pose = self._bins.view.pose @ source.color_from_depth.inverse()
                shown = frame.color is not None or (self._bins.done and not done)
                picture = bin_overlay(self._bins, View(source.color_optics, color_pose)) if shown else None
                if self._bins.done and not done:
                    self._change = with_bins(self.files.scene, [f.bin for f in self._bins.found])
            else:
                picture = None
            if picture is not None:
                self._picture, self._number = picture, self._number + 1

    def _begin(self, wish: CalibrationWish, source: Source) -> None:
        if wish.asked == "camera":
            self._camera = CameraWizard(self.scene, source)
            return
        known = load_calibration(self.files.calibration)
        misfit = known.misfit(source.depth_optics, source.serial) if known else ""
        if misfit:
            self._doing, self._said = "nothing", misfit
            return
        pose = known.pose if known else self.scene.camera.pose
        self._bins = BinWizard(self.scene, View(source.depth_optics, pose), source, wish.by, wish.bins)

    def tell(self, said: str, done: bool) -> None:
        """What a check of the running cell came to."""
        with self._lock:
            if self._doing == "check":
                self._said, self._doing = said, "nothing" if done else "check"

    def ask(self, wish: CalibrationWish) -> None:
        """Do what the coach asks.

        Raises:
            DocumentError: the scene would not be right with these bins.
            OSError: a file cannot be written.
        """
        with self._lock:
            if wish.asked == "keep":
                self._keep()
                return
            self._wish, self._camera, self._bins, self._change = wish, None, None, None
            self._said, self._doing = "", "nothing" if wish.asked == "stop" else wish.asked
            self._number += self._picture is not None
            self._picture = None
            if wish.asked == "check" and self._check is not None:
                self._said = "Looking for the camera's new place. Hands off the table for two seconds."
                self._check()

    def _keep(self) -> None:
        if self._camera is not None and self._camera.solution is not None:
            save_calibration(self._camera.calibration(), self.files.calibration)
            self._said = "Kept. The cell uses it from now on."
            self._on_kept()
        elif self._change is not None and self._change.diff:
            self._change.write()
            self._said = f"Written into {self._change.path.name}. Start the cell again to use it."
        else:
            return
        self._doing, self._camera, self._bins, self._change = "nothing", None, None, None

    def state(self) -> CalibrationState:
        """What the page shows."""
        with self._lock:
            try:
                known = load_calibration(self.files.calibration)
            except DocumentError:
                known = None
            said, share, judged, good = self._said, 0.0, False, False
            lines: tuple[str, ...] = ()
            if self._camera is not None:
                progress = self._camera.progress
                said, share, judged = progress.said, progress.share, progress.step == "judge"
                if judged and self._camera.solution is not None:
                    lines, good = tuple(report(self._camera)), not self._camera.solution.doubts()
            elif self._bins is not None:
                taught = self._bins.progress
                said, share, judged = taught.said, taught.share, self._bins.done
                if judged:
                    lines, good = tuple(bin_report(self._bins)), bool(self._bins.found) and not self._bins.failed
            elif self.busy:
                said = "Waiting for pictures of the camera."
            diff = self._change.diff if self._change else ""
            kept = None
            if known is not None:
                made = f"{known.made:%Y-%m-%d %H:%M}"
                kept = Kept(made=made, method=known.method, rms_mm=known.rms_mm, worst_mm=known.worst_mm)
            return CalibrationState(
                cell=self.scene.cell, doing=self._doing, judged=judged, good=good, said=said, share=share,
                report=lines, diff=diff, picture=self._number if self._picture is not None else 0,
                kept=kept,
                bins=tuple(BinName(id=b.id, part=b.part.replace("_", " ")) for b in self.scene.bins),
                can_check=self._check is not None,
            )  # fmt: skip

    def jpeg(self) -> bytes:
        """The newest picture; empty where there is none."""
        with self._lock:
            number, picture = self._number, self._picture
        if picture is None:
            return b""
        if self._encoded[0] != number:
            scale = min(1.0, WIDTH / picture.shape[1])
            small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            coded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
            self._encoded = (number, coded.tobytes())
        return self._encoded[1]

    def routes(self) -> list[web.RouteDef]:
        """What the page asks of its server."""

        async def state(request: web.Request) -> web.Response:
            told = await asyncio.to_thread(self.state)
            return web.Response(text=told.model_dump_json(), content_type="application/json")

        async def picture(request: web.Request) -> web.Response:
            coded = await asyncio.to_thread(self.jpeg)
            if not coded:
                raise web.HTTPNotFound
            return web.Response(body=coded, content_type="image/jpeg")

        async def ask(request: web.Request) -> web.Response:
            try:
                wish = CalibrationWish.model_validate_json(await request.read())
                unknown = [b for b in wish.bins if b not in self.scene.bin]
                if unknown:
                    raise web.HTTPBadRequest(text=f"bins: found '{unknown[0]}', allowed: those of the scene\n")
                await asyncio.to_thread(self.ask, wish)
            except ValidationError as error:
                first = error.errors()[0]
                raise web.HTTPBadRequest(text=f"{'.'.join(map(str, first['loc']))}: {first['msg']}\n") from error
            except (DocumentError, OSError) as error:
                raise web.HTTPConflict(text=f"{error}\n") from error
            return await state(request)

        return [
            web.get("/calibrate/state", state), web.get("/calibrate/picture", picture), web.post("/calibrate/ask", ask),
        ]  # fmt: skip


def typescript() -> str:
    """The messages' types as a TypeScript declaration file."""
    return declarations(
        "python -m opstap.calibration.desk > web/calibrate/messages.d.ts", (CalibrationState, CalibrationWish)
    )


if __name__ == "__main__":
    print(typescript(), end="")
