"""What `pip install .` gives, and that every part says the same version."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_every_part_has_the_same_version():
    found = {"pyproject.toml": re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]}
    for file in (ROOT / "ros_ws/src").glob("*/package.xml"):
        found[str(file.relative_to(ROOT))] = re.search(r"<version>(.*)</version>", file.read_text())[1]
    for file in (ROOT / "ros_ws/src").glob("*/setup.py"):
        found[str(file.relative_to(ROOT))] = re.search(r'version="(.*)"', file.read_text())[1]
    assert len(set(found.values())) == 1, found
    assert f"## {found['pyproject.toml']}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy: setuptools leaves things behind."""
    folder = tmp_path_factory.mktemp("wheel")
    files = subprocess.run(
        ["git", "ls-files", "src", "pyproject.toml", "README.md", "LICENSE"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in files:
        to = folder / "source" / name
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "-w", str(folder), str(folder / "source")], check=True, capture_output=True)
    return next(folder.glob("opstap-*.whl")), files


def test_the_wheel_holds_all_of_the_library_and_the_licence(wheel):
    path, files = wheel
    names = zipfile.ZipFile(path).namelist()
    assert sorted(n for n in names if n.startswith("opstap/")) == sorted(
        f.removeprefix("src/") for f in files if f.startswith("src/opstap/")
    )
    assert any(n.endswith("LICENSE") for n in names)


def test_what_is_installed_from_the_wheel_works_without_the_project(wheel, tmp_path):
    with zipfile.ZipFile(wheel[0]) as archive:
        archive.extractall(tmp_path / "site")
    code = "import opstap, sys; print(opstap.__file__); sys.argv = ['opstap', '--help']; from opstap import commands"
    code += "; commands.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) in done.stdout
    assert "new-cell" in done.stdout


def test_the_service_starts_the_cell_with_arguments_that_it_has():
    unit = (ROOT / "config/systemd/opstap-cell@.service").read_text()
    launch = (ROOT / "launch/cell.launch.py").read_text()
    given = re.findall(r"(\w+):=", unit)
    assert given
    assert [name for name in given if f'"{name}": (' not in launch] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_the_service_is_a_unit_that_may_do_little(tmp_path):
    unit = tmp_path / "opstap-cell@.service"
    unit.write_text((ROOT / "config/systemd/opstap-cell@.service").read_text())
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=25", str(unit)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
