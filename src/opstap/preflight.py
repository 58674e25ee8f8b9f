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


def begin_anew(out: Path) -> Path:
    """Set an earlier simulated run aside: its journal gets a number, what nodes kept over restarts is removed.

    Returns the folder in which the nodes keep what they need after a restart.
    """
    journal = out / "journal.db"
    if journal.exists():
        number = 1 + len(list(out.glob("journal_*.db")))
        for end in ("", "-wal", "-shm"):
            part = out / f"journal.db{end}"
            if part.exists():
                part.rename(out / f"journal_{number}.db{end}")
    kept = out / "kept"
    kept.mkdir(exist_ok=True)
    for stale in kept.iterdir():
        stale.unlink()
    return kept
