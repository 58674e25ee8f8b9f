"""A projector that hangs elsewhere is found by its patterns: thrown, pictured, decoded, solved, all of it simulated."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from opstap.calibration.patterns import GrayCode
from opstap.calibration.projector import Lit, fall_off, lit_patches, solve_projector
from opstap.calibration.projector_record import (
    as_calibrated,
    calibration_of,
    load_projector,
    projector_file,
    save_projector,
)
from opstap.calibration.projector_wizard import ProjectorWizard, projector_report
from opstap.calibration.solve import CalibrationError
from opstap.commands import main
from opstap.simulation.noise import LEVELS
from opstap.simulation.projecting import ProjectionBench

CORNER = np.array([(x, y, 0.0) for x in (-0.5, 0.5) for y in (-0.3, 0.3)])
"""Of a picture on the table, from below the projector."""


def hung(projector, shift=(0.06, 0.03, 0.03), turn=(1.5, -1.2, 2.0), focal=1105.0, centre=(652.0, 430.0)):
    """The projector truly elsewhere, with other intrinsics than the scene's."""
    position = tuple(float(a + b) for a, b in zip(projector.position, shift, strict=True))
    rpy = tuple(float(a + b) for a, b in zip(projector.rpy_deg, turn, strict=True))
    optics = projector.optics.model_copy(update={"focal": focal, "centre": centre})
    return projector.model_copy(update={"position": position, "rpy_deg": rpy, "optics": optics})


def patterns_seen(cell, projector, bench, camera=None):
    wizard = ProjectorWizard(
        projector, camera or cell.scene.camera.pose, bench, lambda image: bench.show(projector.id, image), 0
    )
    while not wizard.see(bench.poll(0)):
        pass
    return wizard


def off(found, true, points):
    """mm by which light that is meant for `points` falls beside them."""
    return fall_off(true.view, Lit(points, found.view.project(points)))


@pytest.fixture(scope="module")
def seen(cell):
    """A whole loop with the harshest noise of depth: the true projector, the wizard, and the scene's projector."""
    guess = cell.scene.projectors[0]
    true = hung(guess)
    bench = ProjectionBench(cell.scene, [true], noise=LEVELS["harsh"])
    return true, patterns_seen(cell, guess, bench), guess


def test_the_projector_is_found_within_1_5_mm_on_the_table_and_on_raised_surfaces(cell, seen):
    true, wizard, guess = seen
    solution = wizard.solve()
    flat = np.array([(x, y, 0.0) for x in np.linspace(-0.5, 0.5, 11) for y in np.linspace(-0.36, 0.36, 9)])
    openings = np.vstack([b.opening.corners() for b in cell.scene.bins])
    floors = np.vstack([cell.scene.case.slot_floor(s).corners() for s in cell.scene.case.slots])
    labels = np.vstack([b.label.corners() for b in cell.scene.bins])
    errors = {n: np.quantile(off(solution.projector, true, p), 0.95)
              for n, p in {"table": flat, "openings": openings, "case": floors, "labels": labels}.items()}  # fmt: skip
    assert max(errors.values()) < 1.5, errors
    assert np.quantile(off(guess, true, flat), 0.95) > 20, "it truly hung elsewhere"
    assert solution.doubts() == []
    assert solution.projector.position == pytest.approx(true.position, abs=0.01)
    assert solution.projector.optics.focal == pytest.approx(true.optics.focal, rel=0.01)
    assert solution.projector.optics.distortion == (0, 0, 0, 0), "no lens is found bent by noise"
    report = "\n".join(projector_report(solution, guess))
    assert "table" in report
    assert "raised surfaces" in report


def test_a_check_tells_whether_the_projector_was_moved(seen):
    true, wizard, guess = seen
    assert wizard.check(wizard.solve().projector) < 1.5
    assert wizard.check(hung(true, (0.003, 0.0, 0.0), (0.0, 0.0, 0.0))) > 2.0
    assert wizard.check(guess) > 20


def test_one_of_two_projectors_is_found_with_its_lens_that_distorts(cell):
    first = cell.scene.projectors[0]
    second = hung(first, (-0.35, 0.0, 0.0), (0.0, -8.0, 0.0), 1130.0, (639.5, 399.5)).model_copy(update={"id": "left"})
    scene = cell.scene.model_copy(update={"projectors": (first, second)})
    true = hung(second, (0.02, -0.01, 0.01), (0.5, 0.5, -1.0), 1120.0, (639.5, 399.5))
    bent = (-0.12, 0.03, 0.002, -0.003)
    true = true.model_copy(update={"optics": true.optics.model_copy(update={"distortion": bent})})
    bench = ProjectionBench(scene, [first, true], noise=LEVELS["harsh"])
    wizard = patterns_seen(replace(cell, scene=scene), second, bench)
    found = wizard.solve().projector
    assert found.id == "left"
    assert found.optics.distortion == pytest.approx(bent, abs=0.01)
    assert np.quantile(off(found.undistorted, true, found.view.pose.translation * [1, 1, 0] + CORNER), 0.95) > 10
    middle = np.array([(x, y, 0.0) for x in np.linspace(-0.4, 0.2, 7) for y in np.linspace(-0.3, 0.3, 7)])
    assert np.quantile(off(found, true, middle), 0.95) < 1.5


def test_a_projector_that_is_off_is_told(cell):
    guess = cell.scene.projectors[0]
    bench = ProjectionBench(cell.scene, [guess])
    wizard = ProjectorWizard(guess, cell.scene.camera.pose, bench, lambda image: None, 0)
    while not wizard.see(bench.poll(0)):
        pass
    assert "is it on" in wizard.fault
    with pytest.raises(CalibrationError, match="patches are lit and seen"):
        solve_projector(guess, Lit(np.empty((0, 3)), np.empty((0, 2))))


def test_gray_code_is_decoded_and_what_is_unclear_is_not():
    code = GrayCode(100, 50)
    seen = [image.astype(float) * 0.5 + 40 for image in code.images]
    decoded = code.decode(seen)
    u, v = np.meshgrid(np.arange(100), np.arange(50))
    assert np.array_equal(decoded, np.stack([u, v], axis=-1))
    dark = code.decode([image * 0.02 for image in code.images])
    assert np.isnan(dark).all()
    blurred = [np.full_like(s, 100) if i in (14, 15) else s for i, s in enumerate(seen)]  # the finest columns are lost
    assert np.nanmax(np.abs(code.decode(blurred)[..., 0] - u)) == 0.5


def test_nothing_is_lit_where_nothing_is_decoded(cell):
    view = cell.scene.camera.view
    nothing = np.full((720, 1280, 2), np.nan)
    lit = lit_patches(nothing, np.full((480, 848), 1.0, np.float32), view, cell.scene.camera.color_view)
    assert len(lit.points) == 0


def test_what_was_found_is_kept_and_used(cell, seen, tmp_path):
    _, wizard, guess = seen
    camera = tmp_path / "bench.yaml"
    assert as_calibrated(cell, camera).scene.projectors == cell.scene.projectors
    kept = calibration_of(cell.scene.cell, wizard.solve())
    save_projector(kept, projector_file(camera, guess.id))
    assert load_projector(tmp_path / "bench.main.yaml") == kept
    used = as_calibrated(cell, camera).scene.projectors[0]
    assert used.position == kept.projector.position
    assert used.display == guess.display
    save_projector(
        kept.model_copy(update={"projector": kept.projector.model_copy(update={"optics": cell.scene.camera.color})}),
        projector_file(camera, guess.id),
    )
    assert as_calibrated(cell, camera).scene.projectors == cell.scene.projectors, "that is another projector's"


def test_the_command_calibrates_and_checks(tmp_path, monkeypatch, capsys):
    from tests.conftest import SCENE

    path = tmp_path / "bench.yaml"
    shutil.copy(SCENE, path)
    given = ["opstap", "calibrate", "projector", "--source", "sim", "--cell", str(path)]
    monkeypatch.setattr("sys.argv", [*given, "--check"])
    assert main() == 1
    assert "not calibrated yet" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", [*given, "--yes"])
    assert main() == 0
    said = capsys.readouterr().out
    assert "raised surfaces" in said
    assert "kept in" in said
    monkeypatch.setattr("sys.argv", [*given, "--check"])
    assert main() == 0
    monkeypatch.setattr("sys.argv", [*given, "--check", "other"])
    assert main() == 1
