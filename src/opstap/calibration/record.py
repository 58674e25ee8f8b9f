"""A calibration as it is kept: pose, date, camera, its intrinsics, residuals.

`<scene's folder>/calibration/<scene>.yaml` beside the scene file, out of version control: it belongs to one camera on
one bench.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field
from ruamel.yaml import YAML

from opstap.documents import Document, Model
from opstap.geometry import Pinhole, Pose, rpy_from_rotation
from opstap.scene import Degrees, Position

if TYPE_CHECKING:  # it takes OpenCV and Skia, which whoever only reads a calibration can do without
    from opstap.calibration.solve import Solution

OPTICS_TOLERANCE = 0.5
"""Pixels by which the intrinsics of the same camera may differ."""


class CameraKnown(Model):
    """Which camera it was. Intrinsics of the depth picture in pixels, as the camera reported them."""

    serial: str = ""
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    @property
    def pinhole(self) -> Pinhole:
        return Pinhole(self.width, self.height, self.fx, self.fy, self.cx, self.cy)

    @staticmethod
    def of(optics: Pinhole, serial: str) -> CameraKnown:
        k = optics
        return CameraKnown(
            serial=serial, width=k.width, height=k.height, fx=round(float(k.fx), 4), fy=round(float(k.fy), 4),
            cx=round(float(k.cx), 4), cy=round(float(k.cy), 4),
        )  # fmt: skip


class PointError(Model):
    """How far beside a point it was measured, mm."""

    name: str
    at: Position
    error_mm: tuple[float, float]


class Calibration(Model):
    """Where the depth camera hangs: position (m) and direction (degrees) of its optical frame in the table frame."""

    cell: str
    made: datetime
    method: Literal["board", "markers", "structure"]
    camera: CameraKnown
    position: Position
    rpy_deg: tuple[Degrees, Degrees, Degrees]
    rms_mm: Annotated[float, Field(ge=0)]
    worst_mm: Annotated[float, Field(ge=0)]
    plane_rms_mm: Annotated[float, Field(ge=0)] = 0.0
    scale: float = 1.0
    points: tuple[PointError, ...] = ()

    @property
    def pose(self) -> Pose:
        """T_table_depth."""
        roll, pitch, yaw = np.radians(self.rpy_deg)
        return Pose.of(self.position, (roll, pitch, yaw))

    def misfit(self, optics: Pinhole, serial: str) -> str:
        """Why this is not the calibration of the camera with that serial number and those intrinsics; "" if it is.

        A camera that does not tell its serial number (an old recording) is told by its intrinsics alone.
        """
        known = self.camera
        again = "run 'opstap calibrate camera', or remove the file"
        if known.serial and serial and known.serial != serial:
            return f"the calibration is that of camera {known.serial}, and this is camera {serial}: {again}"
        if (known.width, known.height) != (optics.width, optics.height):
            return (
                f"the calibration is for depth of {known.width}x{known.height}, and this camera sends "
                f"{optics.width}x{optics.height}: set camera.depth in the scene file, or {again}"
            )
        off = max(
            abs(known.fx - optics.fx), abs(known.fy - optics.fy), abs(known.cx - optics.cx), abs(known.cy - optics.cy)
        )
        if off > OPTICS_TOLERANCE:
            return (
                f"the calibration is that of a camera with other intrinsics (focal length {known.fx:.1f} px, this one "
                f"has {optics.fx:.1f} px; up to {off:.1f} px apart): {again}"
            )
        return ""


def calibration_of(
    cell: str, method: Literal["board", "markers", "structure"], solution: Solution, optics: Pinhole, serial: str
) -> Calibration:
    """What is kept of a solution, with the date of now."""
    points = tuple(
        PointError(name=n, at=_rounded(p, 4), error_mm=(round(float(e[0]), 2), round(float(e[1]), 2)))
        for n, p, e in zip(solution.names, solution.points, solution.errors, strict=True)
    )
    return Calibration(
        cell=cell, made=datetime.now(timezone.utc).replace(microsecond=0), method=method,
        camera=CameraKnown.of(optics, serial), position=_rounded(solution.pose.translation, 5),
        rpy_deg=degrees_of(solution.pose), rms_mm=round(solution.rms, 3), worst_mm=round(solution.worst, 3),
        plane_rms_mm=round(solution.plane_rms, 3), scale=round(solution.scale, 5), points=points,
    )  # fmt: skip


def degrees_of(pose: Pose) -> tuple[float, float, float]:
    """Roll, pitch, yaw in degrees."""
    return _rounded(np.degrees(rpy_from_rotation(pose.rotation)), 4)


def beside(scene: Path) -> Path:
    """Where the calibration of the scene in file `scene` is kept, unless told otherwise."""
    return scene.parent / "calibration" / f"{scene.stem}.yaml"


def load_calibration(path: Path) -> Calibration | None:
    """The calibration in `path`; None where there is no such file.

    Raises:
        DocumentError: it cannot be used, told with line and field.
    """
    if not path.exists():
        return None
    return Document.read(path).parse(Calibration)


def save_calibration(calibration: Calibration, path: Path) -> None:
    """Write `path`, whole or not at all; what was there before is kept beside it as `.before`.

    Raises:
        OSError: it cannot be written.
    """
    write_kept(
        calibration,
        path,
        "Where the camera hangs, as 'opstap calibrate camera' measured it. It overrides the scene's pose.",
    )


def write_kept(model: Model, path: Path, title: str) -> None:
    """Write `model` into `path`, as `save_calibration` does, below a comment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 120
    with draft.open("w", encoding="utf-8") as file:
        file.write(f"# {title}\n")
        yaml.dump(model.model_dump(mode="json"), file)
    if path.exists():
        path.replace(path.with_suffix(".before.yaml"))
    draft.replace(path)


def _rounded(values: object, digits: int) -> tuple[float, float, float]:
    a, b, c = np.asarray(values, dtype=float)
    return (round(float(a), digits), round(float(b), digits), round(float(c), digits))
