"""`opstap doctor`: looks at the machine and says what to do. It changes nothing.

Every check is a function from what was found to a `Finding`, and a probe that finds it; so each judgement is tested
without the machine that would need it.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from opstap.documents import DocumentError
from opstap.instructions import load_cell
from opstap.preflight import listening_fails, named
from opstap.scene import Scene

PAGES = 8080
"""Port of the pages unless a launch says otherwise."""
SHARED_MEMORY = 256 << 20
"""Bytes that a cell's pictures need in /dev/shm: config/fastdds.xml, for every node that publishes pictures."""
MEMORY, DISK = 4e9, 1e9
"""Bytes that a cell with its pages takes, and that a day's journals and films may."""
INTEL = "8086"
"""USB vendor of RealSense cameras."""


@dataclass(frozen=True)
class Finding:
    """What was found of one thing. `advice` says what to do; empty where nothing is to be done."""

    about: str
    level: Literal["good", "note", "fault"]
    """A note is worth knowing; with a fault a cell cannot work, or not well."""
    found: str
    advice: str = ""


@dataclass(frozen=True)
class AttachedCamera:
    """A depth camera as its SDK describes it."""

    name: str
    serial: str
    usb: str
    """USB version of the link, such as 3.2; empty where it does not tell."""


def python(version: tuple[int, ...]) -> Finding:
    found = ".".join(map(str, version[:3]))
    if (3, 10) <= version[:2] <= (3, 13):
        return Finding("Python", "good", found)
    return Finding("Python", "fault", found, "Install Python 3.10 to 3.13 and run: make setup PYTHON=python3.12")


def ros(environment: Mapping[str, str], missing: Sequence[str]) -> Finding:
    """Whether nodes can run here; `missing` are the packages that cannot be imported."""
    if missing:
        advice = "Run: make setup, then: source ros_ws/environment.sh"
        return Finding("ROS 2", "fault", f"cannot import {', '.join(missing)}", advice)
    root = environment.get("OPSTAP_ROOT", "")
    own = f"{root}/.venv" in environment.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    kind = "from the pinned wheels" if own else "as it is installed here"
    return Finding("ROS 2", "good", f"{environment.get('ROS_DISTRO', 'unknown')}, {kind}")


def discovery(environment: Mapping[str, str]) -> Finding:
    """Who else hears the cell."""
    reach = environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    domain = environment.get("ROS_DOMAIN_ID", "0")
    found = f"range {reach}, domain {domain}"
    if reach in ("LOCALHOST", "OFF"):
        return Finding("discovery", "good", found)
    advice = "All of this network can read and command the cell. Unless that is meant: source ros_ws/environment.sh"
    return Finding("discovery", "note", found, advice)


def shared_memory(free: int, leftovers: int, running: bool) -> Finding:
    """`free` bytes in /dev/shm, `leftovers` files of the middleware there, whether a cell may still use them."""
    found = f"{free / 2**20:.0f} MB free in /dev/shm, {leftovers} files of the middleware"
    clean = "rm -f /dev/shm/fastrtps_* /dev/shm/sem.fastrtps_*"
    if free < SHARED_MEMORY:
        return Finding("shared memory", "fault", found, f"Pictures would be lost. With no cell running: {clean}")
    if leftovers and not running:
        return Finding(
            "shared memory", "note", found, f"Some are left by nodes that were killed. With no cell running: {clean}"
        )
    return Finding("shared memory", "good", found)


def cameras(attached: Sequence[AttachedCamera], on_bus: int, scene: Scene | None) -> list[Finding]:
    """`on_bus`: how many Intel cameras the kernel sees, with or without the right to use them."""
    if not attached and on_bus:
        advice = "This user may not use it. Install Intel's udev rules for RealSense and plug it in again"
        return [Finding("camera", "fault", "a camera on USB, but not for this user", advice)]
    if not attached:
        return [Finding("camera", "note", "none attached", "The simulated cell needs none. Else plug it in")]
    findings = []
    wanted = scene.camera.serial if scene else ""
    for camera in attached:
        found = f"{camera.name}, serial {camera.serial}, USB {camera.usb or 'unknown'}"
        if camera.usb.startswith(("1", "2")):
            advice = "Too slow for depth and colour at 30 frames a second. Use a USB 3 port and a short USB 3 cable"
            findings.append(Finding("camera", "fault", found, advice))
        else:
            findings.append(Finding("camera", "good", found))
    if wanted and wanted not in [c.serial for c in attached]:
        advice = f"The scene asks for serial {wanted}. Attach that one, or change camera.serial in the scene"
        findings.append(Finding("camera", "fault", "not the scene's camera", advice))
    return findings


def displays(sizes: Sequence[tuple[int, int]], scene: Scene | None) -> list[Finding]:
    """`sizes`: pixels of the desktop's displays, in its order."""
    listed = ", ".join(f"{i}: {w}x{h}" for i, (w, h) in enumerate(sizes))
    if not sizes:
        advice = "Without window:=true a cell needs none. Else start it from the desktop session (is DISPLAY set?)"
        return [Finding("displays", "note", "no desktop", advice)]
    findings = [Finding("displays", "good", listed)]
    for projector in scene.projectors if scene else ():
        wanted = (projector.optics.width, projector.optics.height)
        if projector.display >= len(sizes):
            advice = "Connect the projector, or set its display number in the scene"
            findings.append(Finding(f"projector {projector.id}", "fault", f"no display {projector.display}", advice))
        elif sizes[projector.display] != wanted:
            found = "display {}: {}x{}".format(projector.display, *sizes[projector.display])
            advice = f"Set it to {wanted[0]}x{wanted[1]}, as the scene says, without scaling"
            findings.append(Finding(f"projector {projector.id}", "fault", found, advice))
        else:
            findings.append(Finding(f"projector {projector.id}", "good", f"display {projector.display}"))
    return findings


def port(number: int, free: bool) -> Finding:
    if free:
        return Finding("pages", "good", f"port {number} is free")
    advice = f"A cell may be running. Else stop the other program, or launch with port:={number + 1}"
    return Finding("pages", "note", f"port {number} is in use", advice)


def clock(synchronised: bool | None) -> Finding:
    """None: the kernel does not tell."""
    if synchronised:
        return Finding("clock", "good", "kept right by the network")
    advice = "Start chrony or systemd-timesyncd, so that journals of several cells can be compared"
    return Finding("clock", "note", "not kept right" if synchronised is False else "unknown", advice)


def strength(cores: int, memory: int, load: float) -> Finding:
    """`memory`: bytes that are available; `load`: processes that want to run, averaged over a minute."""
    found = f"{cores} cores, {memory / 1e9:.0f} GB of memory available, load {load:.1f}"
    if cores < 2 or memory < MEMORY:
        return Finding("computer", "fault", found, "A cell with its pages wants 2 cores and 4 GB")
    if load > cores:
        return Finding("computer", "note", found, "Something else keeps it busy: frames may be late")
    return Finding("computer", "good", found)


def disk(folder: Path, writable: bool, free: int) -> Finding:
    found = f"{free / 1e9:.0f} GB free for {folder}"
    if not writable:
        advice = "Give a folder that you may write in: out:=/path/to/folder"
        return Finding("results", "fault", f"{folder} cannot be written", advice)
    if free < DISK:
        return Finding("results", "fault", found, "Free some space, or give another folder: out:=/path/to/folder")
    return Finding("results", "good", found)


def examine(scene: Scene | None, out: Path) -> list[Finding]:
    """All findings of this machine."""
    missing = [n for n in ("rclpy", "opstap_cell", "opstap_interfaces") if importlib.util.find_spec(n) is None]
    shared = Path("/dev/shm")
    leftovers = len(list(shared.glob("*fastrtps_*")))
    load, memory = os.getloadavg()[0], os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    parent = next(p for p in (out.absolute(), *out.absolute().parents) if p.exists())
    free = listening_fails("127.0.0.1", PAGES) is None
    return [
        python(sys.version_info[:3]),
        ros(os.environ, missing),
        discovery(os.environ),
        shared_memory(shutil.disk_usage(shared).free if shared.exists() else 0, leftovers, not free),
        *cameras(_quietly(_attached, []), _on_bus(Path("/sys/bus/usb/devices")), scene),
        *displays(_quietly(_displays, []), scene),
        port(PAGES, free),
        clock(_synchronised()),
        strength(len(os.sched_getaffinity(0)), _available() or memory, load),
        disk(out, _writable(parent), shutil.disk_usage(parent).free),
    ]


def as_text(findings: Sequence[Finding]) -> str:
    """For people: a line each, and what to do."""
    signs = {"good": "ok   ", "note": "note ", "fault": "FAULT"}
    lines = []
    for f in findings:
        lines.append(f"{signs[f.level]}  {f.about:<14} {f.found}")
        if f.advice:
            lines.append(f"{'':<22}-> {f.advice}")
    faults = sum(f.level == "fault" for f in findings)
    lines += ["", f"{faults} to put right." if faults else "A cell can run here."]
    return "\n".join(lines)


def _quietly(probe: Callable[[], list[Any]], otherwise: list[Any]) -> list[Any]:
    """What a device library finds; nothing where it is not installed or cannot even look."""
    try:
        return probe()
    except (ImportError, OSError, RuntimeError):
        return otherwise


def _attached() -> list[AttachedCamera]:
    from opstap.native import preload_libusb

    preload_libusb()
    import pyrealsense2 as rs

    def told(device: Any, what: Any) -> str:
        return str(device.get_info(what)) if device.supports(what) else ""

    wanted = (rs.camera_info.name, rs.camera_info.serial_number, rs.camera_info.usb_type_descriptor)
    return [AttachedCamera(*(told(d, w) for w in wanted)) for d in rs.context().query_devices()]


def _on_bus(devices: Path) -> int:
    """Cameras of the vendor that the kernel lists, by their names."""
    products = (d / "product" for d in devices.glob("*") if _text(d / "idVendor") == INTEL)
    return sum("realsense" in _text(p).lower() for p in products)


def _text(file: Path) -> str:
    return file.read_text(errors="replace").strip() if file.is_file() else ""


def _displays() -> list[tuple[int, int]]:
    from opstap.guidance.window import desktop_sizes

    return desktop_sizes()


def _synchronised() -> bool | None:
    """What adjtimex(2) says of the kernel's clock: TIME_ERROR (5) while nothing keeps it."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (AttributeError, OSError):
        return None
    return None if state < 0 else state != 5


def _available() -> int:
    lines = _text(Path("/proc/meminfo")).splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), 0)


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def add(commands: Any) -> None:
    """The command's arguments."""
    doctor = commands.add_parser("doctor", help="is this machine fit for a cell? says what to do")
    doctor.add_argument("--cell", default="", help="a scene too, by name or path: its camera and projectors")
    doctor.add_argument("--task", default="oral_care_case", help="work instructions that go with the scene")
    doctor.add_argument("--out", type=Path, default=Path("out"), help="folder for the results")
    doctor.add_argument("--json", action="store_true", help="for scripts")


def run(options: argparse.Namespace) -> int:
    """Exit code 0: fit; 1: something is to be put right; 2: the scene cannot be read."""
    scene = None
    if options.cell:
        config = Path(os.environ.get("OPSTAP_ROOT", ".")) / "config"
        try:
            scene = load_cell(named(config / "cells", options.cell), named(config / "tasks", options.task)).scene
        except DocumentError as error:
            print(f"opstap: {error}", file=sys.stderr)
            return 2
    findings = examine(scene, options.out)
    print(json.dumps([asdict(f) for f in findings], indent=2) if options.json else as_text(findings))
    return int(any(f.level == "fault" for f in findings))
