"""Set-up: what it patches, what it skips, and what it says when something is missing."""

import importlib.util
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "ros_ws/bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    """The module, with a project of its own in a folder with a space in its name."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    root = tmp_path / "a b"
    (root / ".venv").mkdir(parents=True)
    for name, value in {"ROOT": root, "VENV": root / ".venv", "WORKSPACE": root / "ros_ws"}.items():
        monkeypatch.setattr(module, name, value)
    for name in ("AMENT_PREFIX_PATH", "ROS_DISTRO", "OPSTAP_ROOT"):
        monkeypatch.delenv(name, raising=False)
    return module


def ros_below(prefix: Path) -> Path:
    marker = prefix / "share/ament_index/resource_index/packages/rclpy"
    marker.parent.mkdir(parents=True)
    marker.touch()
    return prefix


def test_cmake_files_are_patched_once_and_for_all(bootstrap, tmp_path):
    prefix = tmp_path / "a b" / "prefix"
    file = prefix / "share/x/cmake/x.cmake"
    file.parent.mkdir(parents=True)
    file.write_text(
        'set(a "/opt/python/cp311-cp311/include/python3.11;${b}")\n'
        'set(n "/opt/python/cp311-cp311/lib/python3.11/site-packages/numpy/_core/include")\n'
    )
    untouched = prefix / "share/y.cmake"
    untouched.write_text('set(x "/opt/other")\n')
    include, numpy_include = Path("/my py/include"), Path("/my py/numpy")
    bootstrap.complete_wheels(prefix, include, numpy_include)
    patched = file.read_text()
    assert patched == 'set(a "/my py/include;${b}")\nset(n "/my py/numpy")\n'
    before = {f: f.stat().st_mtime_ns for f in (file, untouched)}
    bootstrap.complete_wheels(prefix, include, numpy_include)
    assert {f: f.stat().st_mtime_ns for f in (file, untouched)} == before


def test_every_build_path_in_the_installed_wheels_is_patched():
    prefix = Path(sys.prefix)
    if not (prefix / "share/ament_index/resource_index/packages/rclpy").exists():
        pytest.skip("ROS 2 is not from the wheels here")
    assert [str(f) for f in (prefix / "share").rglob("*.cmake") if "/opt/python" in f.read_text()] == []


@pytest.mark.parametrize("version", [(3, 9), (3, 14)])
def test_another_python_is_refused_with_what_to_do(bootstrap, monkeypatch, version):
    monkeypatch.setattr(bootstrap.sys, "version_info", version)
    with pytest.raises(bootstrap.SetupError, match=r"3\.10 to 3\.13 is needed, found 3\.\d+\. .*PYTHON=python3"):
        bootstrap.check_machine()


@pytest.mark.parametrize(
    ("there", "words"), [((), "no C++ compiler found"), (("g++",), "'make' was not found"), (("g++", "make"), "")]
)
def test_a_missing_tool_is_named_before_anything_is_made(tmp_path, there, words):
    for name in there:
        (tmp_path / name).symlink_to("/bin/true")
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path), "OPSTAP_ROOT": "/elsewhere"}
    ended = subprocess.run([sys.executable, SCRIPT], env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    # With both tools it goes on, and stops at this test's OPSTAP_ROOT.
    assert (words or "the environment of another checkout is sourced here (/elsewhere)") in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_python_too_old_to_read_set_up_is_told_by_make(tmp_path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for python in (old, "/no/such/python"):
        command = ["make", "--no-print-directory", "python", f"PYTHON={python}"]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ended.returncode
        assert f"'{python}' is missing or too old" in ended.stderr


def test_missing_headers_and_venv_module_name_their_package(bootstrap, monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "venv_path", lambda name: tmp_path)
    with pytest.raises(bootstrap.SetupError, match=r"headers are missing .*apt-get install python3\.\d+-dev"):
        bootstrap.python_headers()

    def cannot(*args: object, **options: object) -> None:
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(venv, "create", cannot)
    for name in ("requirements.lock", "requirements-test.lock", "pyproject.toml"):
        (bootstrap.ROOT / name).touch()
    with pytest.raises(bootstrap.SetupError, match=r"virtual environment.*apt-get install python3\.\d+-venv"):
        bootstrap.make_environment(tests=False)


def test_without_the_right_to_install_the_command_is_told(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(bootstrap.SetupError, match=r"missing libgl1 .* Run: sudo apt-get install libgl1"):
        bootstrap.install_system(["libgl1"], "why", needed=True)
    bootstrap.install_system(["chromium"], "used by the checks", needed=False)
    assert "those checks will be counted as skipped" in capsys.readouterr().out


def test_a_sourced_jazzy_is_used_and_our_own_environment_is_not_taken_for_one(bootstrap, monkeypatch, tmp_path):
    assert bootstrap.real_ros() is False
    ros_below(bootstrap.VENV)
    ours = f"{bootstrap.WORKSPACE}/install/x:{bootstrap.VENV}"
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    monkeypatch.setenv("AMENT_PREFIX_PATH", ours)
    assert bootstrap.real_ros() is False
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{ours}:{ros_below(tmp_path / 'opt')}")
    assert bootstrap.real_ros() is True
    monkeypatch.setenv("ROS_DISTRO", "humble")
    with pytest.raises(bootstrap.SetupError, match="'humble' is sourced; this project is for Jazzy"):
        bootstrap.real_ros()
    monkeypatch.setenv("OPSTAP_ROOT", str(tmp_path))
    with pytest.raises(bootstrap.SetupError, match="environment of another checkout"):
        bootstrap.real_ros()


def test_beside_a_real_ros_everything_but_its_wheels_is_installed(bootstrap):
    whole = (ROOT / "requirements-test.lock").read_text()
    kept = bootstrap.without_ros(whole)
    names = [line.split("==")[0] for line in kept.splitlines() if line[:1].isalpha()]
    assert "numpy" in names
    assert "colcon-core" in names
    assert not [n for n in names if n.startswith("ros-")]
    everything = [line.split("==")[0] for line in whole.splitlines() if line[:1].isalpha()]
    assert [n for n in everything if not n.startswith("ros-")] == names
    assert kept.count("--hash") < whole.count("--hash")


def test_a_stamp_follows_the_files_and_not_what_python_leaves(bootstrap):
    folder = bootstrap.ROOT / "package"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "a.py").write_text("1")
    first = bootstrap.stamp_of(folder)
    (folder / "__pycache__" / "a.pyc").write_text("x")
    assert bootstrap.stamp_of(folder) == first
    bootstrap.mark("step", first)
    assert bootstrap.done("step", first)
    (folder / "a.py").write_text("2")
    assert not bootstrap.done("step", bootstrap.stamp_of(folder))


def source(*lines: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    script = "; ".join(lines)
    clean = {"PATH": os.environ["PATH"], "HOME": "/nowhere"} | environment
    return subprocess.run(["bash", "-c", script], env=clean, capture_output=True, text=True)


def test_the_environment_says_when_it_does_not_fit(bootstrap, tmp_path):
    (bootstrap.WORKSPACE).mkdir()
    file = bootstrap.WORKSPACE / "environment.sh"
    file.write_text((ROOT / "ros_ws/environment.sh").read_text())
    other = str(ros_below(tmp_path / "opt"))
    unsourced = source(f"source '{file}'")
    assert unsourced.returncode
    assert "source /opt/ros/jazzy/setup.bash" in unsourced.stderr
    sourced = source(f"source '{file}' && echo $OPSTAP_ROOT", AMENT_PREFIX_PATH=other)
    assert sourced.stdout.strip() == str(bootstrap.ROOT)
    ros_below(bootstrap.VENV)
    both = source(f"source '{file}'", AMENT_PREFIX_PATH=other)
    assert both.returncode
    assert "another ROS 2 is sourced" in both.stderr
    twice = source(f"source '{file}' && source '{file}' && echo $AMENT_PREFIX_PATH")
    assert twice.stdout.strip() == str(bootstrap.VENV)


def test_what_is_installed_works_in_a_path_with_a_space(bootstrap, tmp_path):
    folder = tmp_path / "in between"
    python = folder / "python"
    folder.mkdir()
    python.symlink_to(sys.executable)
    node = folder / "install/opstap_cell/lib/opstap_cell/node"
    node.parent.mkdir(parents=True)
    node.write_text(f'#!"{python}"\nimport sys\nprint("started with", *sys.argv[1:])\n')
    node.chmod(0o755)
    plain = node.with_name("plain")
    plain.write_text("#!/usr/bin/env python3\n")
    set_up = folder / "install/local_setup.bash"
    set_up.write_text(f'_colcon_python_executable="{python}"\nfound="$($_colcon_python_executable -c "print(7)")"\n')
    for _ in range(2):
        bootstrap.mend_spaces(folder / "install")
        answer = subprocess.run([node, "--ros-args", "a b"], capture_output=True, text=True, check=True)
        assert answer.stdout == "started with --ros-args a b\n"
        shown = subprocess.run(["bash", "-c", f'. "{set_up}"; echo $found'], capture_output=True, text=True, check=True)
        assert (shown.stdout, shown.stderr) == ("7\n", "")
    assert plain.read_text() == "#!/usr/bin/env python3\n"
