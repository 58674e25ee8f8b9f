"""What happens."""

from __future__ import annotations

from launch.core import Listed, unlisted


class Shutdown(metaclass=Listed):
    """Everything is to end."""

    def __init__(self, *, reason: str = "reason not given", due_to_sigint: bool = False) -> None:
        self.reason, self.due_to_sigint = reason, due_to_sigint


__all__ = ["Shutdown"]
__getattr__ = unlisted(__name__)
