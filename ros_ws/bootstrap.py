#!/usr/bin/env python3
"""Make this machine able to build and run the cell: a virtual environment, ROS 2 Jazzy, the built workspace.

Run by `make setup`, with any Python 3.10-3.13 and nothing but the standard library. Running it again is cheap:
each step leaves a stamp of what it was made from and is skipped while that is unchanged.

Where a real ROS 2 Jazzy is sourced it is used, and neither the ROS wheels nor the parts of the underlay that it has
are installed. Everywhere else ROS 2 comes from the pinned wheels; their CMake files name the build machine's Python,
so those paths are rewritten to this one's. docs/setup.md tells people about all of it.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WORKSPACE = ROOT / "ros_ws"
SUPPORTED = ((3, 10), (3, 13))
# Shared libraries that the wheels expect of any desktop, and the Debian package of each.
SYSTEM_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libX11.so.6": "libx11-6",
    "libgomp.so.1": "libgomp1",
}
# What the checks use beyond Python. A check whose program is missing is counted as "could not run".
CHECK_PACKAGES = {
    "chromium": "chromium",
    "Xvfb": "xvfb",
    "pg_ctlcluster": "postgresql",
    "espeak-ng": "espeak-ng",
    "mosquitto": "mosquitto",
}


class SetupError(Exception):
    """Something this machine lacks; the message says what to do."""


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def run(*command: str | Path, **options: object) -> None:
    """Run a command; on failure show its last lines, because a log nobody sees helps nobody."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    result = subprocess.run([str(c) for c in command], **pipes, **options)  # type: ignore[call-overload]
    if result.returncode:
        tail = "\n".join(result.stdout.splitlines()[-30:])
        raise SetupError(f"{Path(str(command[0])).name} failed ({result.returncode}):\n{tail}")


def holds_ros(prefix: Path) -> bool:
    """Whether ROS 2 is installed below this prefix."""
    return (prefix / "share/ament_index/resource_index/packages/rclpy").exists()


def real_ros() -> bool:
    """Whether a real ROS 2 Jazzy is sourced in this shell: one that is not this project's own environment."""
    other = os.environ.get("OPSTAP_ROOT", "")
    if other and Path(other).resolve() != ROOT:
        raise SetupError(f"the environment of another checkout is sourced here ({other}). Open a new shell.")
    prefixes = [Path(p) for p in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p]
    if not any(holds_ros(p) for p in prefixes if ROOT not in p.parents):
        return False
    if (distro := os.environ.get("ROS_DISTRO", "nothing")) != "jazzy":
        raise SetupError(
            f"ROS 2 '{distro}' is sourced; this project is for Jazzy. Open a shell without it, or source jazzy."
        )
    return True


def check_machine() -> None:
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        found = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(f"Python 3.10 to 3.13 is needed, found {found}. Install one and run: make PYTHON=python3.12")
    if not any(shutil.which(c) for c in ("c++", "g++", "clang++")):
        raise SetupError("no C++ compiler found (c++, g++, clang++). On Debian, Ubuntu: sudo apt-get install g++ make")
    if not shutil.which("make"):
        raise SetupError("'make' was not found. On Debian and Ubuntu: sudo apt-get install make")
    if shutil.disk_usage(ROOT).free < 4e9 and not VENV.exists():
        raise SetupError("less than 4 GB is free on this disk; the environment needs about 2.5 GB.")


def have_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def install_system(wanted: list[str], why: str, needed: bool) -> None:
    """Install Debian packages where we may (root or password-less sudo), else say the one command."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", *wanted]
    advice = f"sudo apt-get install {' '.join(wanted)}"
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    root = not prefix or (
        shutil.which("sudo") and not subprocess.run([*prefix, "true"], capture_output=True).returncode
    )
    if root and shutil.which("apt-get"):
        say(f"installing {', '.join(wanted)} ({why})")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        try:
            run(*prefix, "apt-get", "update", env=environment)
            run(*prefix, *command, env=environment)
            return
        except SetupError as error:
            if needed:
                raise
            say(str(error))
    if needed:
        raise SetupError(f"missing {', '.join(wanted)} ({why}). Run: {advice}")
    say(f"not installed: {', '.join(wanted)} ({why}); those checks will be counted as skipped. To add: {advice}")


def stamp_of(*paths: Path) -> str:
    digest = hashlib.sha256(f"{sys.version}{ROOT}{real_ros()}".encode())
    found = (p for base in paths for p in ([base] if base.is_file() else base.rglob("*")))
    for path in sorted(p for p in found if p.is_file() and "__pycache__" not in p.parts):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def done(step: str, stamp: str) -> bool:
    file = VENV / f".{step}.stamp"
    return file.exists() and file.read_text() == stamp


def mark(step: str, stamp: str) -> None:
    (VENV / f".{step}.stamp").write_text(stamp)


def without_ros(lock: str) -> str:
    """The lock file's text without the ROS wheels: what is installed beside a real ROS 2."""
    entries = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    return "".join(e for e in entries if not e.startswith("ros-"))


def make_environment(tests: bool) -> None:
    lock, project = ROOT / ("requirements-test.lock" if tests else "requirements.lock"), ROOT / "pyproject.toml"
    stamp, python = stamp_of(lock, project), VENV / "bin" / "python"
    # Wheels and a real ROS 2 must not meet in one environment: it is made anew when the one takes the other's place.
    fitting = python.exists() and holds_ros(VENV) is not real_ros()
    # The test lock holds everything of the other one, so an environment made for the tests serves both.
    if fitting and done("packages-test", stamp_of(ROOT / "requirements-test.lock", project)):
        return
    if fitting and not tests and done("packages", stamp):
        return
    if not fitting or subprocess.run([python, "-c", ""]).returncode:
        say("creating the virtual environment .venv")
        try:
            venv.create(VENV, with_pip=True, clear=VENV.exists())
        except subprocess.CalledProcessError as error:
            package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
            advice = f"On Debian and Ubuntu: sudo apt-get install {package}"
            raise SetupError(f"Python cannot make a virtual environment. {advice}") from error
    if real_ros():
        text, lock = without_ros(lock.read_text()), VENV / f"{lock.stem}-without-ros.lock"
        lock.write_text(text)
    say(f"installing the packages of {lock.name} (one to three minutes, once)")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    # The lock is complete; looking at what packages ask for would find versions that are not in it.
    run(*pip, "--no-deps", "--require-hashes", "-r", lock)
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    mark("packages-test" if tests else "packages", stamp)


def check_ros() -> None:
    """Whether this Python can use the ROS 2 that is sourced; it is built for one version of Python."""
    result = subprocess.run([VENV / "bin" / "python", "-c", "import rclpy"], capture_output=True, text=True)
    if result.returncode:
        found = ".".join(map(str, sys.version_info[:2]))
        why = result.stderr.strip().splitlines()[-1]
        raise SetupError(
            f"the sourced ROS 2 cannot be used by Python {found} ({why}). Use the Python it was built for: "
            "rm -r .venv, then make PYTHON=/usr/bin/python3"
        )


def venv_path(name: str) -> Path:
    code = {
        "include": "import sysconfig; print(sysconfig.get_path('include'))",
        "numpy": "import numpy; print(numpy.get_include())",
        "site": "import sysconfig; print(sysconfig.get_path('purelib'))",
    }[name]
    answer = subprocess.run([VENV / "bin" / "python", "-c", code], capture_output=True, text=True, check=True)
    return Path(answer.stdout.strip())


def python_headers() -> Path:
    """The folder of Python.h, which the interfaces are compiled with."""
    include = venv_path("include")
    if not (include / "Python.h").exists():
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-dev"
        advice = f"On Debian and Ubuntu: sudo apt-get install {package}"
        raise SetupError(f"Python's headers are missing ({include}). {advice}")
    return include


def complete_wheels(prefix: Path, include: Path, numpy_include: Path) -> None:
    """Rewrite the build machine's paths in the wheels' CMake files; harmless when done already."""
    numpy_pattern = re.compile(r"/opt/python/cp\d+-cp\d+/lib/python[\d.]+/site-packages/numpy/_core/include")
    python_pattern = re.compile(r"/opt/python/cp\d+-cp\d+/include/python[\d.]+")
    for file in (prefix / "share").rglob("*.cmake"):
        text = file.read_text()
        # CMake splits an unquoted path at spaces; inside the wheels' files every one of them stands in quotes.
        patched = python_pattern.sub(str(include), numpy_pattern.sub(str(numpy_include), text))
        if patched != text:
            file.write_text(patched)


def link_libusb() -> None:
    """The camera's SDK wants libusb-1.0; where the system has none, the package's is put where it is found."""
    if not have_library("libusb-1.0.so.0"):
        link = VENV / "lib" / "libusb-1.0.so.0"
        link.unlink(missing_ok=True)
        link.symlink_to(venv_path("site") / "libusb_package" / "libusb-1.0.so")


def build_environment() -> dict[str, str]:
    """The environment in which colcon runs."""
    environment = dict(os.environ)
    if not real_ros():
        foreign = ("AMENT_", "COLCON_", "CMAKE_PREFIX", "PYTHONPATH")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        environment |= {"AMENT_PREFIX_PATH": str(VENV), "CMAKE_PREFIX_PATH": str(VENV), "VIRTUAL_ENV": str(VENV)}
        environment |= {"LD_LIBRARY_PATH": str(VENV / "lib"), "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1"}
    environment["PATH"] = f"{VENV / 'bin'}:{os.environ.get('PATH', '')}"
    return environment


def build_workspace() -> None:
    """Build the packages that changed, and remove those that are no longer wanted."""
    environment, python = build_environment(), VENV / "bin" / "python"
    ask = [python, WORKSPACE / "underlay" / "missing.py"]
    # Not with what was built before: it would be found, and left out.
    bare = {k: v for k, v in environment.items() if k != "PYTHONPATH"}
    if real_ros():
        ours = str(WORKSPACE)
        kept = [p for p in environment.get("PYTHONPATH", "").split(os.pathsep) if not p.startswith(ours)]
        bare["PYTHONPATH"] = os.pathsep.join(kept)
    underlay = subprocess.run(ask, env=bare, capture_output=True, text=True, check=True).stdout.split()
    packages = {p.parent.name: p.parent for p in (WORKSPACE / "src").glob("*/package.xml")}
    packages |= {name: WORKSPACE / "underlay" / name for name in underlay}
    build, install = WORKSPACE / "build", WORKSPACE / "install"
    stamps = {name: stamp_of(path, WORKSPACE / "bootstrap.py") for name, path in packages.items()}
    changed = [n for n, stamp in stamps.items() if not (done(f"built-{n}", stamp) and (install / n).exists())]
    there = {p.name for p in install.glob("*") if p.is_dir()}
    for name in (there - packages.keys()) | set(changed):
        shutil.rmtree(build / name, ignore_errors=True)
        shutil.rmtree(install / name, ignore_errors=True)
    if not changed:
        return
    say(f"building {', '.join(sorted(changed))} with colcon (about half a minute)")
    run(
        python, "-m", "colcon", "--log-base", WORKSPACE / "log", "build", "--base-paths", *packages.values(),
        "--packages-select", *changed, "--build-base", build, "--install-base", install,
        "--cmake-args", "-DCMAKE_BUILD_TYPE=Release", f"-DPython3_EXECUTABLE={python}", "-DBUILD_TESTING=OFF",
        "--no-warn-unused-cli",
        cwd=WORKSPACE, env=environment,
    )  # fmt: skip
    mend_spaces(install)
    for name in changed:
        mark(f"built-{name}", stamps[name])


def mend_spaces(install: Path) -> None:
    """Make what colcon installed work in a path with a space; harmless anywhere else, and when done already.

    Its set-up scripts call Python without quotes, and the kernel takes no quotes in a script's first line; so that
    line is made one of the shell's, as pip does it.
    """
    for script in install.glob("local_setup.*sh"):
        text = script.read_text()
        script.write_text(text.replace("$($_colcon_python_executable ", '$("$_colcon_python_executable" '))
    for script in install.glob("*/lib/*/*"):
        first, _, rest = script.read_text().partition("\n") if script.is_file() else ("", "", "")
        if first.startswith('#!"'):
            script.write_text(f"#!/bin/sh\n'''exec' {first[2:]} \"$0\" \"$@\"\n' '''\n{rest}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--tests", action="store_true", help="also what the checks need (browser, type checker, ...)")
    parser.add_argument("--packages", action="store_true", help="the environment only: the workspace comes later")
    options = parser.parse_args()
    try:
        check_machine()
        libraries = [package for name, package in SYSTEM_LIBRARIES.items() if not have_library(name)]
        if libraries:
            install_system(libraries, "graphics libraries the wheels use", needed=True)
        if options.tests:
            # Servers are in folders that only root's shell looks in.
            path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
            programs = [package for name, package in CHECK_PACKAGES.items() if not shutil.which(name, path=path)]
            if programs:
                install_system(programs, "used by the checks", needed=False)
        make_environment(options.tests)
        include = python_headers()
        if real_ros():
            check_ros()
        else:
            complete_wheels(VENV, include, venv_path("numpy"))
        link_libusb()
        if not options.packages:
            build_workspace()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    say("ready")
    return 0


if __name__ == "__main__":
    sys.exit(main())
