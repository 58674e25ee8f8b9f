"""`opstap calibrate`: print the board, calibrate the camera, look at what is kept."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from opstap.calibration.record import beside, load_calibration, save_calibration
from opstap.calibration.targets import TargetError, print_board
from opstap.calibration.wizard import CameraWizard, overlay, report
from opstap.documents import DocumentError
from opstap.preflight import named
from opstap.scene import Scene
from opstap.scene_file import load_scene

PATIENCE = 60.0
"""Seconds without progress after which a calibration in a terminal gives up."""


def add(commands: Any) -> None:
    """Add `calibrate` to the command's parser."""
    parser = commands.add_parser("calibrate", help="find out where camera, bins and projectors are")
    what = parser.add_subparsers(dest="what", required=True)
    board = what.add_parser("board", help="draw the calibration board, ready to print")
    board.add_argument("file", type=Path, nargs="?", default=Path("board.pdf"), help="a .pdf or .png file")
    camera = what.add_parser("camera", help="calibrate the camera with the board or markers on the table")
    camera.add_argument(
        "--source",
        default="live",
        help="live, sim (a simulated bench with the board on it), or a recorded .db3 or .bag",
    )
    camera.add_argument("--yes", action="store_true", help="accept a good result without asking")
    camera.add_argument("--picture", type=Path, help="a .png file for the picture with points and residuals")
    camera.add_argument("--file", type=Path, help="where to keep the calibration; default: beside the scene")
    bins = what.add_parser("bins", help="measure where the bins stand, and write it into the scene file")
    bins.add_argument("bins", nargs="*", help="ids of the bins; default: all")
    bins.add_argument(
        "--by",
        choices=("near", "pointing", "filling"),
        default="near",
        help="near: look near where the scene has them; pointing: you hold a hand in each; filling: you fill each",
    )
    bins.add_argument("--source", default="live", help="live, sim (bins a few mm off), or a recorded .db3 or .bag")
    bins.add_argument("--yes", action="store_true", help="write without asking, if every bin was found")
    bins.add_argument("--picture", type=Path, help="a .png file for the picture with the rims")
    bins.add_argument("--file", type=Path, help="the camera's calibration file; default: beside the scene")
    page = what.add_parser("page", help="the same in a browser on this machine, beside a cell that does not run")
    page.add_argument("--source", default="live", help="live, sim (a bench with the board on it), or a .db3 or .bag")
    page.add_argument("--port", type=int, default=8090, help="TCP port (default: 8090)")
    page.add_argument("--file", type=Path, help="the camera's calibration file; default: beside the scene")
    thrown = what.add_parser("projector", help="calibrate a projector with patterns of light that the camera sees")
    thrown.add_argument("projector", nargs="?", help="its id; default: the scene's first")
    thrown.add_argument("--source", default="live", choices=("live", "sim"), help="sim: a projector some cm off")
    thrown.add_argument("--check", action="store_true", help="only tell by how much its light falls off now")
    thrown.add_argument("--yes", action="store_true", help="accept a good result without asking")
    thrown.add_argument("--file", type=Path, help="the camera's calibration file; default: beside the scene")
    show = what.add_parser("show", help="tell what calibration is kept")
    show.add_argument("--file", type=Path, help="the calibration file; default: beside the scene")
    check = what.add_parser("check", help="let the running cell find its camera's pose anew, after a bump")
    check.add_argument("--namespace", default="cell_1", help="ROS namespace of the cell")
    for each in (board, camera, bins, page, thrown, show):
        each.add_argument("--cell", default="oral_care", help="a scene: a name in config/cells, or a path")


@dataclass(frozen=True)
class Chosen:
    """Scene and calibration file that the options name."""

    path: Path
    scene: Scene
    file: Path


def run(options: argparse.Namespace) -> int:
    """Do what the options say; the exit code."""
    if options.what == "check":
        if importlib.util.find_spec("opstap_cell") is None:
            print("opstap: the ROS environment is not sourced. Run: source ros_ws/environment.sh", file=sys.stderr)
            return 1
        return subprocess.run([sys.executable, "-m", "opstap_cell.checking", options.namespace], check=False).returncode
    try:
        path = named(Path(os.environ.get("OPSTAP_ROOT", ".")) / "config" / "cells", options.cell)
        scene = load_scene(path)
        chosen = Chosen(path, scene, getattr(options, "file", None) or beside(path))
        if options.what == "board":
            print(print_board(scene.board, options.file))
            return 0
        if options.what == "projector":
            from opstap.calibration.projector_command import calibrate_projector

            return calibrate_projector(chosen, options)
        if options.what == "page":
            return page(chosen, options)
        if options.what == "bins":
            from opstap.calibration.teach_command import teach

            return teach(chosen, options)
        return show(chosen) if options.what == "show" else camera(chosen, options)
    except (DocumentError, TargetError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1


def show(chosen: Chosen) -> int:
    """Tell what is kept."""
    kept = load_calibration(chosen.file)
    if kept is None:
        print(f"{chosen.file}: not calibrated yet; the scene file's pose is used. Run: opstap calibrate camera")
        return 1
    x, y, z = kept.position
    print(
        f"{chosen.file}: made {kept.made:%Y-%m-%d %H:%M} UTC by {kept.method}, camera {kept.camera.serial or 'unknown'}"
    )
    print(
        f"camera at x {x:.4f}  y {y:.4f}  z {z:.4f} m; {kept.rms_mm:.2f} mm on average, {kept.worst_mm:.2f} mm at worst"
    )
    return 0


def camera(chosen: Chosen, options: argparse.Namespace) -> int:
    """Calibrate."""
    source = source_of(chosen, options)
    if isinstance(source, str):
        print(f"opstap: {source}", file=sys.stderr)
        return 1
    wizard = CameraWizard(chosen.scene, source)
    try:
        if not _gathered(wizard, source):
            return 1
    except KeyboardInterrupt:
        print("\nstopped; nothing was kept")
        return 130
    finally:
        source.close()
    assert wizard.solution is not None
    print("3 of 3  " + wizard.progress.said)
    for line in report(wizard):
        print(f"        {line}")
    picture = overlay(wizard)
    if options.picture and picture is not None:
        options.picture.write_bytes(cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes())
        print(f"        picture: {options.picture}")
    good = not wizard.solution.doubts()
    if options.yes and not good:
        print("not kept: the result is not good enough to be accepted unseen")
        return 1
    if not options.yes and not accepted(good):
        print("nothing was kept")
        return 1
    save_calibration(wizard.calibration(), chosen.file)
    print(f"kept in {chosen.file}")
    return 0


def page(chosen: Chosen, options: argparse.Namespace) -> int:
    """Serve the calibration page until Ctrl-C."""
    from opstap.calibration.desk import Desk, Files
    from opstap.calibration.projector_command import Windows
    from opstap.calibration.projector_wizard import SETTLE
    from opstap.pages.server import PageServer, PageServerError

    source = source_of(chosen, options)
    if isinstance(source, str):
        print(f"opstap: {source}", file=sys.stderr)
        return 1
    windows = Windows(chosen.scene.projectors)
    throw = windows.throw if options.source == "live" else None  # patterns are of use to a camera that sees them
    desk = Desk(chosen.scene, Files(chosen.path, chosen.file), throw=throw, settle=SETTLE)
    root = Path(os.environ.get("OPSTAP_ROOT", ".")) / "web"
    try:
        server = PageServer("127.0.0.1", options.port, root, lambda *_: None, desk.routes(), "/calibrate/")
        server.start()
    except PageServerError as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 1
    print(f"the calibration page: {server.url}   (Ctrl-C ends it)", flush=True)
    try:
        while True:
            windows.tend()
            frame = source.poll(time.time_ns()) if desk.busy else None
            if frame is None:
                time.sleep(0.02)
            else:
                desk.see(frame, source)
    except KeyboardInterrupt:
        return 0
    finally:
        windows.close()
        server.close()
        source.close()


def source_of(chosen: Chosen, options: argparse.Namespace) -> Any:
    """The camera that the options name, or what is wrong."""
    from opstap.perception.depth_camera import RecordingError

    if options.source == "live":
        from opstap.perception.live_camera import LiveCamera

        return LiveCamera(chosen.scene.camera)
    if options.source == "sim":
        from opstap.simulation.calibrating import bare_bench

        return bare_bench(chosen.scene)
    from opstap.perception.recorded_camera import RecordedCamera

    try:
        return RecordedCamera(chosen.scene.camera, Path(options.source))
    except RecordingError as error:
        return str(error)


def _gathered(wizard: CameraWizard, source: Any) -> bool:
    """Run the wizard in the terminal until it has a solution."""
    print(f"1 of 3  {wizard.progress.said}")
    told, since = "", time.monotonic()
    while wizard.solution is None:
        frame = source.poll(time.time_ns())
        if frame is None:
            time.sleep(0.005)
            said = source.fault
        else:
            progress = wizard.see(frame)
            number = 1 if progress.step == "look" else 2
            whole = progress.share == 1 or sys.stdout.isatty()
            bar = f" [{'#' * round(20 * progress.share):20}]" if progress.step == "hold" and whole else ""
            said = f"{number} of 3  {progress.said}{bar}"
            if progress.step == "hold":
                since = time.monotonic()
        if said and said != told:
            same_line = told.startswith("2") and said.startswith("2") and sys.stdout.isatty()
            print(
                ("\r" if same_line else "") + said, end="" if sys.stdout.isatty() and "[" in said else "\n", flush=True
            )
            told = said
        if time.monotonic() - since > PATIENCE or "ended" in source.fault:
            print(f"\nopstap: no calibration: {told}", file=sys.stderr)
            return False
    if sys.stdout.isatty():
        print()
    return True


def accepted(good: bool, question: str = "Keep this calibration?") -> bool:
    """The person's answer; where nobody can be asked, whether it is good."""
    if not sys.stdin.isatty():
        return good
    return input(f"{question} [y/n] ").strip().lower() in ("y", "yes", "j", "ja")
