"""What happens to processes."""

from __future__ import annotations

from typing import Any

from launch.core import Listed, unlisted


class ProcessEvent(metaclass=Listed):
    def __init__(self, *, action: Any, name: str, pid: int, cmd: list[str]) -> None:
        self.action, self.process_name, self.pid, self.cmd = action, name, pid, cmd


class ProcessStarted(ProcessEvent):
    """A process runs."""


class ProcessExited(ProcessEvent):
    """A process ended; `returncode` is negative after a signal."""

    def __init__(self, *, returncode: int, **event: Any) -> None:
        super().__init__(**event)
        self.returncode = returncode


class ProcessIO(ProcessEvent):
    """A process wrote `text` (bytes); `from_stdout` tells where."""

    def __init__(self, *, text: bytes, from_stdout: bool, **event: Any) -> None:
        super().__init__(**event)
        self.text, self.from_stdout, self.from_stderr = text, from_stdout, not from_stdout


__all__ = ["ProcessExited", "ProcessIO", "ProcessStarted"]
__getattr__ = unlisted(__name__)
