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

from opstap.calibration.dutch import in_dutch
from opstap.calibration.projector import P95, ProjectorSolution
from opstap.calibration.projector_record import calibration_of, load_projector, projector_file, save_projector
from opstap.calibration.projector_wizard import MOVED, ProjectorWizard, projector_report
from opstap.calibration.record import load_calibration, save_calibration
from opstap.calibration.scene_file import Change, with_bins
from opstap.calibration.solve import CalibrationError
from opstap.calibration.teaching import BinWizard, By, bin_overlay, bin_report
from opstap.calibration.wizard import CameraWizard, Captured, Source, fixed, overlay, report
from opstap.documents import DocumentError
from opstap.geometry import Pose, View
from opstap.messages import Message, declarations
from opstap.scene import Scene

WIDTH = 960
"""Of the picture that is sent, pixels."""
Doing = Literal["nothing", "camera", "bins", "check", "projector", "projector_check"]
Throw = Callable[[str, "NDArray[np.uint8] | None"], str]
"""Throws an image (h, w) with the projector of an id, None: its own pictures again; says why it cannot, "": it can."""
BLUE, AMBER = (90, 200, 255), (255, 170, 0)


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


class ProjectorKept(Message):
    """A projector, and its calibration that is in use."""

    id: str
    made: str
    """Day and time, UTC; empty: not calibrated."""
    table_mm: float
    """95 of 100 places on the table are lit so exactly."""


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
    projectors: tuple[ProjectorKept, ...]
    can_check: bool
    """There is a running cell that can look for its camera's new pose."""
    can_throw: bool
    """There is something that makes the projectors throw patterns."""
    can_keep: bool
    """There is a result that can be kept."""


class CalibrationWish(Message):
    """What the coach asks. `keep` writes the result down, `stop` lets it go."""

    asked: Literal["camera", "bins", "check", "projector", "projector_check", "keep", "stop"]
    by: By = "near"
    projector: str = Field(default="", max_length=40)
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
        throw: makes a projector throw a pattern; None where nothing can.
        settle: the camera's pictures that pass before one shows the pattern that was asked for.
    """

    def __init__(
        self,
        scene: Scene,
        files: Files,
        on_kept: Callable[[], None] = lambda: None,
        check: Callable[[], None] | None = None,
        throw: Throw | None = None,
        settle: int = 6,
    ) -> None:
        self.scene, self.files, self._on_kept, self._check = scene, files, on_kept, check
        self._lock = threading.RLock()
        self._wish: CalibrationWish | None = None
        self._camera: CameraWizard | None = None
        self._bins: BinWizard | None = None
        self._throw, self._settle = throw, settle
        self._projector: ProjectorWizard | None = None
        self._lit: ProjectorSolution | None = None
        """What came out of calibrating a projector."""
        self._change: Change | None = None
        self._said = ""
        self._doing: Doing = "nothing"
        self._picture: NDArray[np.uint8] | None = None
        self._number = 0
        self._encoded = (0, b"")

    @property
    def busy(self) -> bool:
        """Whether it wants frames."""
        return self._doing not in ("nothing", "check")

    def see(self, frame: Captured, source: Source) -> None:
        """Look at a frame of the camera."""
        with self._lock:
            if not self.busy or self._wish is None:
                return
            if self._camera is None and self._bins is None and self._projector is None:
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
            elif self._projector is not None:
                picture = self._see_light(self._projector, frame, source)
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
        if wish.asked != "bins":
            self._begin_projector(wish, pose, source)
            return
        self._bins = BinWizard(self.scene, View(source.depth_optics, pose), source, wish.by, wish.bins)

    def _begin_projector(self, wish: CalibrationWish, pose: Pose, source: Source) -> None:
        projector = next(p for p in self.scene.projectors if p.id == wish.projector)
        throw, faults = self._throw, []

        def show(image: NDArray[np.uint8]) -> None:
            faults.append(
                throw(projector.id, image) if throw else "Nothing here can make the projector throw patterns."
            )

        wizard = ProjectorWizard(projector, pose, source, show, self._settle)
        if faults[0]:
            self._doing, self._said = "nothing", faults[0]
            return
        self._projector, self._said = (
            wizard,
            "Empty the bins and take your hands off the table. The light shows stripes.",
        )

    def _see_light(self, wizard: ProjectorWizard, frame: Captured, source: Source) -> NDArray[np.uint8] | None:
        """The next of the patterns, and after the last what they tell."""
        if wizard.lit is not None or wizard.fault:
            return None
        done = wizard.see(frame)
        if not done:
            return frame.color
        self._dark()
        if wizard.lit is None:
            self._said = wizard.fault
            return frame.color
        if self._doing == "projector_check":
            known = load_projector(projector_file(self.files.calibration, wizard.projector.id))
            assert known is not None
            off = wizard.check(known.projector)
            self._said = f"Its light falls {off:.1f} mm off (95 of 100 places below that)."
            self._said += " The projector was moved: calibrate it anew." if off > MOVED else " It was not moved."
            return frame.color
        try:
            self._lit = wizard.solve()
        except CalibrationError as error:
            self._said = _sentence(str(error))
            return frame.color
        doubts = self._lit.doubts()
        self._said = "Better try again. " + " ".join(map(_sentence, doubts)) if doubts else "Good: keep it."
        color_pose = wizard.camera @ source.color_from_depth.inverse()
        return _lit_overlay(frame.color, self._lit, View(source.color_optics, color_pose))

    def _dark(self) -> None:
        """The projector's own pictures again."""
        if self._projector is not None and self._throw is not None:
            self._throw(self._projector.projector.id, None)

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
            self._dark()
            self._projector, self._lit = None, None
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
        elif self._lit is not None:
            kept = calibration_of(self.scene.cell, self._lit)
            save_projector(kept, projector_file(self.files.calibration, self._lit.projector.id))
            self._said = "Kept. Start the cell again to use it."
        elif self._change is not None and self._change.diff:
            self._change.write()
            self._said = f"Written into {self._change.path.name}. Start the cell again to use it."
        else:
            return
        self._doing, self._camera, self._bins, self._change = "nothing", None, None, None
        self._projector, self._lit = None, None

    def state(self, language: str = "en") -> CalibrationState:
        """What the page shows; words of the wizards in Dutch where `language` is "nl"."""
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
            elif self._projector is not None:
                share, judged = self._projector.share, self._projector.lit is not None or bool(self._projector.fault)
                if self._lit is not None:
                    lines, good = tuple(projector_report(self._lit, self._projector.projector)), not self._lit.doubts()
                elif judged:
                    good = self._doing == "projector_check" and said.endswith("not moved.")
            elif self.busy:
                said = "Waiting for pictures of the camera."
            diff = self._change.diff if self._change else ""
            kept = None
            if known is not None:
                made = f"{known.made:%Y-%m-%d %H:%M}"
                kept = Kept(made=made, method=known.method, rms_mm=known.rms_mm, worst_mm=known.worst_mm)
            if language == "nl":
                said, lines = in_dutch(said), tuple(in_dutch(line) for line in lines)
            can_keep = bool(diff) or self._lit is not None or (self._camera is not None and judged)
            return CalibrationState(
                cell=self.scene.cell, doing=self._doing, judged=judged, good=good, said=said, share=share,
                report=lines, diff=diff, picture=self._number if self._picture is not None else 0,
                kept=kept,
                bins=tuple(BinName(id=b.id, part=b.part.replace("_", " ")) for b in self.scene.bins),
                projectors=tuple(self._known_projector(p.id) for p in self.scene.projectors),
                can_check=self._check is not None, can_throw=self._throw is not None, can_keep=can_keep,
            )  # fmt: skip

    def _known_projector(self, projector: str) -> ProjectorKept:
        try:
            known = load_projector(projector_file(self.files.calibration, projector))
        except DocumentError:
            known = None
        if known is None:
            return ProjectorKept(id=projector, made="", table_mm=0.0)
        return ProjectorKept(id=projector, made=f"{known.made:%Y-%m-%d %H:%M}", table_mm=known.table_p95_mm)

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
            told = await asyncio.to_thread(self.state, request.query.get("language", "en"))
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
                projectors = {p.id: p for p in self.state().projectors}
                if wish.asked.startswith("projector") and wish.projector not in projectors:
                    allowed = ", ".join(projectors)
                    raise web.HTTPBadRequest(text=f"projector: found '{wish.projector}', allowed: {allowed}\n")
                if wish.asked == "projector_check" and not projectors[wish.projector].made:
                    raise web.HTTPConflict(text=f"projector {wish.projector}: not calibrated yet: calibrate it first\n")
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


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _lit_overlay(
    picture: NDArray[np.uint8] | None, solution: ProjectorSolution, view: View
) -> NDArray[np.uint8] | None:
    """The colour picture (h, w, 3) RGB with the patches that were lit; amber: light falls over 1.5 mm off there."""
    if picture is None:
        return None
    drawn: NDArray[np.uint8] = picture.copy()
    for pixel, error in zip(view.project(solution.lit.points), solution.errors, strict=True):
        cv2.circle(drawn, fixed(pixel), 4 * 16, AMBER if error > P95 else BLUE, 2, cv2.LINE_AA, 4)
    return drawn


def typescript() -> str:
    """The messages' types as a TypeScript declaration file."""
    return declarations(
        "python -m opstap.calibration.desk > web/calibrate/messages.d.ts", (CalibrationState, CalibrationWish)
    )


if __name__ == "__main__":
    print(typescript(), end="")
