"""Assertions on what processes did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from launch.core import unlisted

EXIT_OK = 0


def wrote(proc_output: Any, text: str, process: Any, stream: str) -> bool:
    """Whether a process (None: any) wrote `text` on stdout or stderr."""
    written: dict[Any, str] = {}
    for event in proc_output:
        named = isinstance(process, str) and process in event.process_name
        if (process is None or event.action is process or named) and event.from_stdout is (stream == "stdout"):
            written[event.action] = written.get(event.action, "") + event.text.decode(errors="replace")
    return any(text in whole for whole in written.values())


def assertExitCodes(proc_info: Any, allowable_exit_codes: Iterable[int] = (EXIT_OK,), process: Any = None) -> None:  # noqa: N802
    """Every process (or one) ended with one of the codes; a signal that ended it is negative."""
    allowed = list(allowable_exit_codes)
    for info in [proc_info[process]] if process is not None else list(proc_info):
        assert info.returncode in allowed, f"Proc {info.process_name} exited with code {info.returncode}"


def assertInStdout(proc_output: Any, expected_output: str, process: Any) -> None:  # noqa: N802
    """The text was written on stdout by a process (None: any)."""
    assert wrote(proc_output, expected_output, process, "stdout"), f"Did not find '{expected_output}' in output"


def assertInStderr(proc_output: Any, expected_output: str, process: Any) -> None:  # noqa: N802
    """The text was written on stderr by a process (None: any)."""
    assert wrote(proc_output, expected_output, process, "stderr"), f"Did not find '{expected_output}' in output"


__all__ = ["EXIT_OK", "assertExitCodes", "assertInStderr", "assertInStdout"]
__getattr__ = unlisted(__name__)
