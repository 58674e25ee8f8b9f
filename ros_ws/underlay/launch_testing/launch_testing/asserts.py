"""Assertions on what processes did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

EXIT_OK = 0


def assertExitCodes(proc_info: Any, allowable_exit_codes: Iterable[int] = (EXIT_OK,), process: Any = None) -> None:  # noqa: N802
    """Every process (or one) ended with one of the codes; a signal that ended it is negative."""
    allowed = list(allowable_exit_codes)
    for info in [proc_info[process]] if process is not None else list(proc_info):
        assert info.returncode in allowed, f"Proc {info.process_name} exited with code {info.returncode}"


def assertInStdout(proc_output: Any, expected_output: str, process: Any = None) -> None:  # noqa: N802
    """The text was written."""
    assert proc_output.wrote(expected_output, process), f"'{expected_output}' was not written"
