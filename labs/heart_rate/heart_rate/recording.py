"""Raw recordings as CSV: what the strap sent, when it was received, and nothing worked out."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from heart_rate.measurement import Measurement

HEAD = ("received_s", "bpm", "contact", "rr_1024")
"""Columns: s since the recording began, beats per minute, 1, 0 or empty (not known), intervals in 1/1024 s."""


class RecordingError(ValueError):
    """The file cannot be read; the message names line and column."""


class Recorder:
    """Writes a new file; one that is there is never written over (FileExistsError)."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("x", newline="", encoding="utf-8")
        self._rows = csv.writer(self._file)
        self._rows.writerow(HEAD)

    def add(self, received: float, measured: Measurement) -> None:
        contact = "" if measured.contact is None else int(measured.contact)
        self._rows.writerow([f"{received:.3f}", measured.bpm, contact, " ".join(map(str, measured.rr))])
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[tuple[float, Measurement]]:
    """What was recorded, in order.

    Raises:
        RecordingError: a line is not one of a recording.
    """
    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.reader(file), 1):
            if number == 1:
                if tuple(row) != HEAD:
                    raise RecordingError(f"{path}:1: found {row}, allowed: {','.join(HEAD)}")
                continue
            try:
                received, bpm, contact, rr = row
                known = {"": None, "0": False, "1": True}[contact]
                measured = Measurement(int(bpm), known, None, tuple(int(r) for r in rr.split()))
                yield float(received), measured
            except (ValueError, KeyError) as error:
                raise RecordingError(f"{path}:{number}: found {row}, allowed: {','.join(HEAD)}") from error
