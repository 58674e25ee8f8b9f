"""Bins that stand elsewhere are measured, shown by pointing or filling, and written into the scene file."""

import shutil

import numpy as np
import pytest

from opstap.calibration.bins import BinError, find_bin
from opstap.calibration.scene_file import with_bins
from opstap.calibration.teaching import BinWizard, bin_overlay, bin_report
from opstap.calibration.wizard import FRAMES, median_depth
from opstap.commands import main
from opstap.documents import DocumentError
from opstap.geometry import Pose
from opstap.scene_file import load_scene
from opstap.simulation.calibrating import TeachingBench

SHOVED = {
    "bin_02": Pose.of((0.004, -0.024, 0.006), (0.0, 0.0, np.radians(3))),
    "bin_11": Pose.of((0.002, 0.003, 0.0), (0.0, 0.0, np.radians(-1))),
    "bin_30": Pose.of((0.021, 0.012, 0.0), (0.0, 0.0, np.radians(-6))),
}


def off(found, true):
    """mm by which a corner of the bin's floor is off, at most."""
    w, d, _ = true.size
    corners = [(x * w / 2, y * d / 2, 0.0) for x in (-1, 1) for y in (-1, 1)]
    return np.linalg.norm(found.pose.apply(corners) - true.pose.apply(corners), axis=1).max() * 1000


def run(wizard, bench, frames):
    for now in range(frames):
        wizard.see(bench.poll(now))
        if wizard.done:
            return
    raise AssertionError(f"not done after {frames} frames: {wizard.progress.said}")


@pytest.fixture(scope="module")
def shoved(cell):
    bench = TeachingBench(cell.scene, SHOVED)
    wizard = BinWizard(cell.scene, cell.scene.camera.view, bench, bins=(*SHOVED, "bin_05", "bin_23"))
    run(wizard, bench, FRAMES)
    return bench, wizard


def test_displaced_bins_are_found_within_3_mm(shoved):
    bench, wizard = shoved
    assert wizard.failed == []
    errors = {f.bin.id: off(f.bin, bench.true.bin[f.bin.id]) for f in wizard.found}
    assert set(errors) == {*SHOVED, "bin_05", "bin_23"}
    assert max(errors.values()) < 3.0, errors
    assert "The farthest stood 3" in wizard.progress.said
    assert any(line.startswith("bin_30") and "turned" in line for line in bin_report(wizard))
    assert (bin_overlay(wizard, bench.true.camera.color_view) != wizard.picture).any()


@pytest.mark.parametrize("by", ["pointing", "filling"])
def test_a_bin_that_stands_elsewhere_is_shown(cell, by):
    """Half a pitch away, where looking near its old place would find its neighbour or nothing."""
    moved = {"bin_10": Pose.of((0.0, -0.200, 0.0))}
    case = cell.scene.case.model_copy(update={"position": (0.0, 4.0, -0.5)})
    scene = cell.scene.model_copy(update={"case": case})
    bench = TeachingBench(scene, moved, ["bin_10", "bin_14"], fills=by == "filling")
    wizard = BinWizard(scene, scene.camera.view, bench, by, ["bin_10", "bin_14"])
    run(wizard, bench, FRAMES + 100)
    assert wizard.failed == []
    assert [off(f.bin, bench.true.bin[f.bin.id]) < 5.0 for f in wizard.found] == [True, True]


def test_what_is_no_empty_bin_is_told(cell):
    moved = {"bin_11": Pose.of((0.0, -3.0, 0.0))}
    bench = TeachingBench(cell.scene, moved, ["bin_19"], fills=True)
    for tick in range(bench.BEFORE + bench.HELD):
        bench.poll(tick)
    depth = median_depth(np.stack([bench.poll(t).depth for t in range(9)]), 0.001)
    view = cell.scene.camera.view
    with pytest.raises(BinError, match="bin_11: no box of 100 x 85 x 45 mm"):
        find_bin(cell.scene.bin["bin_11"], depth, view)
    with pytest.raises(BinError, match="pixels with depth"):
        find_bin(cell.scene.bin["bin_11"], np.zeros_like(depth), view)


def test_only_the_measured_bins_change_in_the_file_and_the_old_one_is_kept(cell, shoved, tmp_path):
    from tests.conftest import SCENE

    path = tmp_path / "bench.yaml"
    shutil.copy(SCENE, path)
    measured = [f.bin for f in shoved[1].found if f.bin.id in SHOVED]
    change = with_bins(path, measured)
    changed = [line for line in change.diff.splitlines() if line[0] in "+-" and line[:3] not in ("---", "+++")]
    assert len(changed) == 6, change.diff
    change.write()
    again = load_scene(path)
    for b in measured:
        assert again.bin[b.id].position == pytest.approx(b.position)
        assert again.bin[b.id].yaw_deg == pytest.approx(b.yaw_deg)
    assert change.kept.read_text() == SCENE.read_text()
    assert again.bin["bin_07"] == cell.scene.bin["bin_07"]


def test_bins_that_would_overlap_are_not_written(cell, tmp_path):
    from tests.conftest import SCENE

    path = tmp_path / "bench.yaml"
    shutil.copy(SCENE, path)
    onto = cell.scene.bin["bin_08"].model_copy(update={"position": cell.scene.bin["bin_09"].position})
    with pytest.raises(DocumentError, match="overlaps"):
        with_bins(path, [onto]).write()
    assert path.read_text() == SCENE.read_text()


def test_the_command_measures_shows_the_difference_and_writes(tmp_path, monkeypatch, capsys):
    from tests.conftest import SCENE

    path = tmp_path / "bench.yaml"
    shutil.copy(SCENE, path)
    given = ["opstap", "calibrate", "bins", "bin_03", "--source", "sim", "--yes", "--cell", str(path)]
    monkeypatch.setattr("sys.argv", given)
    assert main() == 0
    said = capsys.readouterr().out
    assert "1 of 1 bins measured" in said
    assert "+  - {id: bin_03" in said
    assert "the old file is" in said
    monkeypatch.setattr("sys.argv", [*given[:3], "bin_33", *given[4:]])
    assert main() == 1
    assert "found 'bin_33', allowed: bin_01" in capsys.readouterr().err
