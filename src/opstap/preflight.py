"""Everything that can be wrong before a cell starts, told before anything moves."""

from __future__ import annotations

import errno
import json
import re
import socket
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opstap.documents import nearest
from opstap.instructions import PRODUCT, Cell, load_cell
from opstap.pages.access import Access, AccessError
from opstap.recording.whose import FILMS


class PreflightError(Exception):
    """The cell cannot start like this; the message says what to do."""


@dataclass(frozen=True)
class Files:
    """The files a launch names."""

    scene: Path
    task: Path


@dataclass(frozen=True)
class Arguments:
    """The launch arguments that are not text, as read by `read_arguments`."""

    sim: bool
    film: bool
    markers: bool
    speech: bool
    window: bool
    cobot: str
    seed: int
    port: int
    """0: no pages."""
    network_port: int
    linger: float
    """Seconds."""
    speed: float
    """Simulated seconds in a second; 0: as fast as it goes."""


CHOICES = {
    "sim": "true, false",
    "film": "true, false",
    "markers": "true, false",
    "speech": "true, false",
    "window": "true, false",
    "cobot": "none, simulated, ros2_control",
}
NUMBERS: dict[str, tuple[type[int] | type[float], float, float]] = {
    "seed": (int, 0, 2**31 - 1), "port": (int, 0, 65535), "network_port": (int, 1, 65535),
    "linger": (float, 0, 3600), "speed": (float, 0.1, 100),
}  # fmt: skip
NAMESPACE = re.compile(r"/?[A-Za-z]\w*(/[A-Za-z]\w*)*")


def read_arguments(given: Mapping[str, str]) -> Arguments:
    """The arguments of a launch of the cell.

    Raises:
        PreflightError: telling everything that is wrong with them, a line each.
    """
    wrong = []
    values: dict[str, int | float | str | bool] = {}
    for name, choices in CHOICES.items():
        values[name] = given[name].lower()
        if values[name] not in choices.split(", "):
            wrong.append(f"{name}: found '{given[name]}', allowed: {choices}")
    for name, (kind, low, high) in NUMBERS.items():
        try:
            values[name] = 0.0 if name == "speed" and given[name] == "max" else kind(given[name])
            # Not a number is in no range.
            fits = low <= float(values[name]) <= high or given[name] == "max"
        except ValueError:
            fits = False
        if not fits:
            words = "a whole number" if kind is int else "a number"
            end = ", or max" if name == "speed" else ""
            wrong.append(f"{name}: found '{given[name]}', allowed: {words} from {low:g} to {high:.10g}{end}")
    if not NAMESPACE.fullmatch(given["namespace"]):
        wrong.append(f"namespace: found '{given['namespace']}', allowed: letters, digits and _, such as cell_1")
    if given["recording"] and values["sim"] != "false":
        wrong.append(f"recording: found '{given['recording']}' in a simulated cell, allowed: with sim:=false")
    elif given["recording"] and not Path(given["recording"]).exists():
        wrong.append(
            f"recording: {given['recording']}: no such file, allowed: a .db3 file of the SDK, an old .bag, or the "
            "folder of a recorded session"
        )
    needed = {"simulated": "true", "ros2_control": "false"}.get(str(values["cobot"]))
    if needed and values["sim"] in ("true", "false") and values["sim"] != needed:
        # A simulated arm is nowhere near real people, and a real one must not move among simulated ones.
        wrong.append(f"cobot: found '{given['cobot']}' with sim:={values['sim']}, allowed: with sim:={needed}, or none")
    if wrong:
        raise PreflightError("\n".join(wrong))
    flags = {name: values.pop(name) == "true" for name in ("sim", "film", "markers", "speech", "window")}
    return Arguments(**flags, **values)  # type: ignore[arg-type]


def named(folder: Path, name: str) -> Path:
    """The YAML file that `name` means: a path, or a name in `folder`; with what is behind a `#`, a task's product."""
    file, mark, product = name.partition(PRODUCT)
    return Path(name) if file.endswith((".yaml", ".yml")) else folder / f"{file}.yaml{mark}{product}"


def check(
    config: Path, cell: str, task: str, profile: str, out: Path, port: int, cobot: str = "none"
) -> tuple[Cell, Files]:
    """The cell and its files.

    Raises:
        DocumentError: scene or task is wrong.
        PreflightError: nobody has this profile, `out` cannot be written, or the page's port is taken.
    """
    files = Files(named(config / "cells", cell), named(config / "tasks", task))
    loaded = load_cell(files.scene, files.task)
    if profile not in loaded.scene.profile:
        allowed = nearest(profile, list(loaded.scene.profile))
        raise PreflightError(f"profile: found '{profile}', allowed by {files.scene}: {allowed}")
    if cobot != "none" and loaded.scene.cobot is None:
        raise PreflightError(f"cobot: found '{cobot}', but {files.scene} has no cobot; allowed: none")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise PreflightError(
            f"out: '{out}' cannot be written ({error.strerror}); give a folder you may write in: out:=/path/to/folder"
        ) from error
    if port:
        check_free("port", "127.0.0.1", port)
    return loaded, files


def check_network(address: str, port: int, access: Path) -> None:
    """Whether the pages can be opened to the network; an empty `address` asks for nothing.

    Raises:
        PreflightError: there are no PINs and certificate, or nobody can listen there.
    """
    if not address:
        return
    try:
        Access(access, time.monotonic)
    except AccessError as error:
        raise PreflightError(f"access: {error}") from error
    check_free("network", address, port)


def listening_fails(address: str, port: int) -> OSError | None:
    """Why nobody can listen there now; None when one can."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error
    return None


def check_free(argument: str, address: str, port: int) -> None:
    """Whether somebody can listen there; `argument` is the launch's name for the port or address.

    Raises:
        PreflightError: nobody can.
    """
    error = listening_fails(address, port)
    if error is None:
        return
    if error.errno != errno.EADDRINUSE:
        allowed = "an address of this machine, such as 0.0.0.0 for all of them"
        raise PreflightError(f"{argument}: found '{address}' ({error.strerror}), allowed: {allowed}") from error
    name = "port" if argument == "port" else "network_port"
    raise PreflightError(
        f"{name}: {port} is in use; stop the other program, or give another one: {name}:={port % 65535 + 1}"
    ) from error


LAUNCHED = "launch.json"
"""In the folder of results: what the last launch was told."""


def write_down(out: Path, given: Mapping[str, str]) -> None:
    """Keep what a launch was told, for `opstap dossier`."""
    (out / LAUNCHED).write_text(json.dumps(dict(given), indent=1) + "\n", encoding="utf-8")


RESULTS = ("journal.db", "journal.db-wal", "journal.db-shm", "factory.db*", "bench*.mp4", "steps", FILMS)


def begin_anew(out: Path) -> Path:
    """Set the results of an earlier simulated run aside, in a folder `run_1`, `run_2`, ...; what nodes kept over
    restarts is removed.

    Returns the folder in which the nodes keep what they need after a restart.
    """
    earlier = [path for pattern in RESULTS for path in out.glob(pattern)]
    if earlier:
        number = 1 + max((int(p.name[4:]) for p in out.glob("run_*") if p.name[4:].isdigit()), default=0)
        aside = out / f"run_{number}"
        aside.mkdir()
        for path in earlier:
            path.rename(aside / path.name)
    kept = out / "kept"
    kept.mkdir(exist_ok=True)
    for stale in kept.iterdir():
        stale.unlink()
    return kept
