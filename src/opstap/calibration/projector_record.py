"""A projector's calibration as it is kept: `<scene's folder>/calibration/<scene>.<projector>.yaml`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

from pydantic import Field

from opstap.calibration.projector import ProjectorSolution
from opstap.calibration.record import write_kept
from opstap.documents import Document, Model
from opstap.instructions import Cell
from opstap.scene import Projector

Millimetres = Annotated[float, Field(ge=0)]


class ProjectorCalibration(Model):
    """What was measured; it overrides the scene's projector of that id."""

    cell: str
    made: datetime
    projector: Projector
    table_p95_mm: Millimetres
    raised_p95_mm: Millimetres | None
    """None: nothing raised was seen."""
    patches: int


def calibration_of(cell: str, solution: ProjectorSolution) -> ProjectorCalibration:
    """What is kept of a solution, with the date of now."""
    table, raised = solution.p95(~solution.raised), solution.p95(solution.raised)
    return ProjectorCalibration(
        cell=cell, made=datetime.now(timezone.utc).replace(microsecond=0), projector=solution.projector,
        table_p95_mm=round(table, 2) if table == table else 0.0,
        raised_p95_mm=round(raised, 2) if raised == raised else None, patches=len(solution.lit.points),
    )  # fmt: skip


def projector_file(camera: Path, projector: str) -> Path:
    """Where a projector's calibration is kept, beside that of the camera."""
    return camera.with_name(f"{camera.stem}.{projector}.yaml")


def load_projector(path: Path) -> ProjectorCalibration | None:
    """The calibration in `path`; None where there is no such file.

    Raises:
        DocumentError: it cannot be used, told with line and field.
    """
    return Document.read(path).parse(ProjectorCalibration) if path.exists() else None


def save_projector(calibration: ProjectorCalibration, path: Path) -> None:
    """Write `path`, whole or not at all; what was there before is kept beside it as `.before`.

    Raises:
        OSError: it cannot be written.
    """
    write_kept(calibration, path, "A projector as 'opstap calibrate projector' measured it. It overrides the scene's.")


def as_calibrated(cell: Cell, camera: Path) -> Cell:
    """The cell with its projectors as they were calibrated, where they were; `camera` is the camera's file.

    A calibration for another resolution is another projector's, and is not used.

    Raises:
        DocumentError: a file cannot be used.
    """
    projectors = []
    for p in cell.scene.projectors:
        known = load_projector(projector_file(camera, p.id))
        same = known and (known.projector.optics.width, known.projector.optics.height) == (
            p.optics.width,
            p.optics.height,
        )
        if known and same:
            measured = {"position": known.projector.position, "rpy_deg": known.projector.rpy_deg}
            p = p.model_copy(update=measured | {"optics": known.projector.optics})
        projectors.append(p)
    return replace(cell, scene=cell.scene.model_copy(update={"projectors": tuple(projectors)}))
