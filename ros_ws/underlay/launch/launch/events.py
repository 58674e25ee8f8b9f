"""What happens."""

from __future__ import annotations

from typing import Any

from launch.core import unsupported


class Shutdown:
    """Everything is to end."""

    def __init__(self, *, reason: str = "reason not given", due_to_sigint: bool = False) -> None:
        self.reason, self.due_to_sigint = reason, due_to_sigint


class ProcessEvent:
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


def __getattr__(name: str) -> object:
    raise unsupported(f"launch.events.{name}")
