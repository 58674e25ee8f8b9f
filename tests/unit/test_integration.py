"""What an integrator is told of machine and files before anything is launched."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from opstap.commands import GROUPS, main, parser
from opstap.instructions import load_cell
from opstap.integration import doctor, new_cell
from opstap.integration.checking import described
from opstap.integration.doctor import AttachedCamera
from opstap.integration.floor_plan import PROJECTOR, draw

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def opstap(monkeypatch, capsys):
    """Run the command; its exit code, output and errors."""
    monkeypatch.setenv("OPSTAP_ROOT", str(CONFIG.parent))

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["opstap", *map(str, arguments)])
        code = main()
        return code, *capsys.readouterr()

    return call


@pytest.mark.parametrize("cell", [p.stem for p in (CONFIG / "cells").glob("*.yaml")])
def test_every_scene_that_ships_fits_its_task(cell, opstap):
    task = "oral_care_case" if cell == "oral_care" else f"{cell}_kit"
    code, out, err = opstap("check", cell, task)
    assert (code, err) == (0, "")
    assert "fit each other" in out


def test_check_says_what_is_wrong_and_where(opstap, tmp_path):
    scene = tmp_path / "scene.yaml"
    scene.write_text((CONFIG / "cells/oral_care.yaml").read_text().replace("part: cup", "part: cupp"))
    code, out, err = opstap("check", scene)
    assert (code, out) == (2, "")
    assert "steps[8].part: found 'cup'" in err
    code, out, err = opstap("check", "oral_car")
    assert (code, out) == (2, "")
    assert "oral_care" in err, "the nearest name"


def test_check_tells_bins_that_no_step_uses(cell):
    told = described(cell)
    assert told["bins"] == len(cell.scene.bins)
    used = {b for s in cell.task.steps for b in cell.bins_with(s.part)}
    assert [n for n in told["notes"] if n.startswith("bin")] == [
        f"bin '{b.id}' ({b.part}) is used by no step" for b in cell.scene.bins if b.id not in used
    ]


def test_the_plan_is_to_scale_with_every_bin_and_the_light(cell):
    plan = draw(cell)
    table = cell.scene.table.size
    top = np.abs(plan.astype(int) - (240, 241, 243)).max(axis=2) < 3
    columns, rows = (np.flatnonzero(top.sum(axis=i) > 200) for i in (0, 1))  # more than specks in letters
    assert columns[-1] - columns[0] == pytest.approx(table[0] * 1000, abs=4)
    left, bottom = columns[0], rows[-1]
    for b in cell.scene.bins:
        x = left + (b.position[0] - b.size[0] * 0.45 + table[0] / 2) * 1000
        y = bottom - (b.position[1] + table[1] / 2) * 1000
        assert np.abs(plan[round(y), round(x)].astype(int) - (214, 226, 240)).max() < 3, b.id
    assert (np.abs(plan.astype(int) - PROJECTOR).max(axis=2) < 3).sum() > 500


def test_a_plan_is_written_as_png_and_nothing_else(opstap, tmp_path):
    assert opstap("check", "--plan", tmp_path / "plan.png")[0] == 0
    assert cv2.imread(str(tmp_path / "plan.png")).shape[2] == 3
    code, _, err = opstap("check", "--plan", tmp_path / "plan.txt")
    assert code == 2
    assert "allowed: a name that ends in .png" in err
    code, _, err = opstap("check", "--plan", tmp_path / "nowhere" / "plan.png")
    assert code == 2
    assert "nowhere" in err


D435 = AttachedCamera("Intel RealSense D435", "923322071234", "3.2")


@pytest.mark.parametrize(
    ("finding", "level", "said"),
    [
        (doctor.python((3, 9, 2)), "fault", "3.10 to 3.13"),
        (doctor.python((3, 12, 1)), "good", ""),
        (doctor.ros({}, ["opstap_interfaces"]), "fault", "make setup"),
        (doctor.ros({"ROS_DISTRO": "jazzy", "OPSTAP_ROOT": "/o", "AMENT_PREFIX_PATH": "/o/.venv"}, []), "good", ""),
        (doctor.discovery({}), "note", "All of this network"),
        (doctor.discovery({"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}), "good", ""),
        (doctor.shared_memory(1 << 20, 40, False), "fault", "would be lost"),
        (doctor.shared_memory(1 << 30, 40, False), "note", "killed"),
        (doctor.shared_memory(1 << 30, 40, True), "good", ""),
        (doctor.port(8080, False), "note", "port:=8081"),
        (doctor.clock(False), "note", "chrony"),
        (doctor.clock(None), "note", "chrony"),
        (doctor.clock(True), "good", ""),
        (doctor.strength(1, 8 * 10**9, 0.1), "fault", "2 cores"),
        (doctor.strength(4, 10**9, 0.1), "fault", "4 GB"),
        (doctor.strength(4, 8 * 10**9, 5.0), "note", "late"),
        (doctor.disk(Path("out"), False, 10**12), "fault", "out:="),
        (doctor.disk(Path("out"), True, 10**8), "fault", "space"),
        (doctor.cameras([], 0, None)[0], "note", "simulated"),
        (doctor.cameras([], 1, None)[0], "fault", "udev"),
        (doctor.cameras([AttachedCamera("D435", "1", "2.1")], 1, None)[0], "fault", "USB 3"),
        (doctor.cameras([D435], 1, None)[0], "good", ""),
        (doctor.displays([], None)[0], "note", "DISPLAY"),
    ],
)
def test_the_doctor_judges(finding, level, said):
    assert finding.level == level
    assert said in finding.advice
    assert bool(finding.advice) == (level != "good")


def test_the_doctor_compares_with_the_scene(cell):
    scene = cell.scene
    other = scene.model_copy(update={"camera": scene.camera.model_copy(update={"serial": "1"})})
    assert "serial 1" in doctor.cameras([D435], 1, other)[-1].advice
    own = scene.model_copy(update={"camera": scene.camera.model_copy(update={"serial": D435.serial})})
    assert [f.level for f in doctor.cameras([D435], 1, own)] == ["good"]
    projector = scene.projectors[0]
    size = (projector.optics.width, projector.optics.height)
    assert doctor.displays([size] * (projector.display + 1), scene)[-1].level == "good"
    assert "Set it to" in doctor.displays([(800, 600)] * (projector.display + 1), scene)[-1].advice
    assert projector.display == 0 or doctor.displays([size], scene)[-1].level == "fault"


def test_cameras_on_the_bus_are_found_by_vendor_and_name(tmp_path):
    for name, vendor, product in (("1-1", "8086", "Intel(R) RealSense(TM) Depth Camera 435"), ("1-2", "8086", "Hub")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "idVendor").write_text(vendor + "\n")
        (tmp_path / name / "product").write_text(product + "\n")
    (tmp_path / "usb1").mkdir()
    assert doctor._on_bus(tmp_path) == 1


def test_the_doctor_looks_at_this_machine_and_speaks_json(opstap, tmp_path):
    code, out, err = opstap("doctor", "--json", "--cell", "oral_care", "--out", tmp_path / "new" / "out")
    findings = json.loads(out)
    assert err == ""
    assert {f["about"] for f in findings} >= {
        "Python",
        "ROS 2",
        "discovery",
        "camera",
        "displays",
        "computer",
        "results",
    }
    assert code == int(any(f["level"] == "fault" for f in findings))
    assert not (tmp_path / "new").exists(), "it changes nothing"
    code, out, err = opstap("doctor", "--cell", "nowhere")
    assert (code, out) == (2, "")
    assert "no such file" in err


def test_the_shipped_gearbox_is_a_cell_of_its_own():
    assert load_cell(CONFIG / "cells/gearbox.yaml", CONFIG / "tasks/gearbox_kit.yaml").scene.cell == "gearbox"


@pytest.fixture
def config(tmp_path):
    """A config folder with the shipped words and nothing else."""
    for name in ("cells", "tasks"):
        (tmp_path / name).mkdir()
    (tmp_path / new_cell.PHRASES).write_text((CONFIG / new_cell.PHRASES).read_text())
    return tmp_path


def files_in(config):
    return sorted(str(p.relative_to(config)) for p in config.rglob("*.*"))


def test_a_new_cell_is_one_that_can_be_launched(opstap, config):
    code, out, err = opstap("new-cell", "--yes", "--into", config, "rows=3", "places=10", "language=ar",
                            "camera_serial=938422071234")  # fmt: skip
    assert (code, err) == (0, "")
    assert files_in(config) == [
        "cells/my_cell.env",
        "cells/my_cell.png",
        "cells/my_cell.yaml",
        "tasks/my_cell.yaml",
        "tasks/oral_care_case.yaml",
    ]
    cell = load_cell(config / "cells/my_cell.yaml", config / "tasks/my_cell.yaml")
    assert cell.scene.camera.serial == "938422071234"
    assert (len(cell.scene.bins), len(cell.scene.slot), cell.task.languages) == (18, 10, ("ar",))
    assert opstap("check", config / "cells/my_cell.yaml", config / "tasks/my_cell.yaml")[0] == 0
    assert "cell:=" in out
    shell = f'source {config}/cells/my_cell.env; echo "$OPSTAP_ARGUMENTS"'
    given = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True).stdout.split()
    assert given == ["cell:=my_cell", "task:=my_cell", "window:=true", "speech:=false"]
    assert {g.partition(":=")[0] for g in given} <= runpy.run_path(str(CONFIG.parent / "launch/cell.launch.py"))[
        "ARGUMENTS"].keys()  # fmt: skip


def test_answers_are_asked_one_by_one_and_a_wrong_one_again(config, monkeypatch, opstap):
    answers = iter(["My Cell", "bench_2", "", "", "0.1", "0.8"])
    asked = []

    def answer(question):
        asked.append(question)
        return next(answers, "")

    monkeypatch.setattr("builtins.input", answer)
    code, out, _ = opstap("new-cell", "--into", config, "rows=1")
    assert code == 0
    assert "found 'My Cell', allowed: " in out
    assert "found '0.1', allowed: greater than or equal to 0.4" in out
    assert not any("rows" in q for q in asked), "it was given beforehand"
    assert load_cell(config / "cells/bench_2.yaml", config / "tasks/bench_2.yaml").scene.table.height == 0.8


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("rows=6", "rows: 6 rows of bins reach 0.32 m too far back; 3 fit"),
        ("columns=12", "columns: 1.61 m wide in all, allowed: 1.36 m"),
        ("throw_ratio=2", "allowed: at most 1."),
        ("language=fr", "language: found 'fr', allowed: en, nl"),
        ("row=3", "found 'row=3', allowed: one of name, table_width"),
        ("places=0", "places: found '0', allowed: greater than or equal to 1"),
        ("name=oral_care_case", "oral_care_case.yaml is there already"),
    ],
)
def test_what_does_not_fit_is_told_and_leaves_nothing(answer, said, opstap, config):
    before = files_in(config)
    code, out, err = opstap("new-cell", "--yes", "--into", config, answer)
    assert (code, out) == (2, "")
    assert said in err
    assert files_in(config) == before


def test_whoever_stops_answering_gets_nothing(config, monkeypatch, opstap):
    monkeypatch.setattr("builtins.input", lambda question: (_ for _ in ()).throw(EOFError))
    assert opstap("new-cell", "--into", config) == (2, "", "\nopstap: nothing was written\n")
    assert files_in(config) == ["tasks/oral_care_case.yaml"]


@pytest.mark.parametrize(
    ("words", "expected"), [(["fac"], "factory"), (["factory", "cl"], "client"), (["launch", "cell"], "cell.launch.py")]
)
def test_bash_completes_commands_and_launch_files(words, expected, opstap):
    code, script, _ = opstap("completion", "bash")
    assert code == 0
    script += (
        f'\nCOMP_WORDS=(opstap {" ".join(words)}); COMP_CWORD={len(words)}; _shtab_opstap; echo "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [expected]


def test_every_command_can_be_asked_alone():
    for name in GROUPS:
        with pytest.raises(SystemExit) as ended:
            parser([name]).parse_args([name, "--help"])
        assert ended.value.code == 0
