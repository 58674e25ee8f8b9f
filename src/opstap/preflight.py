"""Everything that can be wrong before a cell starts, told before anything moves."""

from __future__ import annotations

import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from opstap.instructions import Cell, load_cell


class PreflightError(Exception):
    """The cell cannot start like this; the message says what to do."""


@dataclass(frozen=True)
class Files:
    """The files a launch names."""

    scene: Path
    task: Path


def named(folder: Path, name: str) -> Path:
    """The YAML file that `name` means: a path, or a name in `folder`."""
    return Path(name) if name.endswith((".yaml", ".yml")) else folder / f"{name}.yaml"


def check(config: Path, cell: str, task: str, out: Path, port: int) -> tuple[Cell, Files]:
    """The cell and its files.

    Raises:
        DocumentError: scene or task is wrong.
        PreflightError: `out` cannot be written, or the page's port is taken.
    """
    files = Files(named(config / "cells", cell), named(config / "tasks", task))
    loaded = load_cell(files.scene, files.task)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise PreflightError(
            f"out: '{out}' cannot be written ({error.strerror}); give a folder you may write in: out:=/path/to/folder"
        ) from error
    if port:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise PreflightError(
                    f"port: {port} is in use; stop the other program, or give another one: port:={port + 1}"
                ) from error
    return loaded, files


RESULTS = ("journal.db", "journal.db-wal", "journal.db-shm", "bench*.mp4", "steps")


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
