"""A coach's time at one cell, kept without anybody writing it down: from each call to "help was here"."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class CoachingTime:
    """Times in s of the cell's clock. The lasting record is the journal's (`evaluation.store`)."""

    past: float = 0.0
    """Of the calls that ended."""
    since: float | None = None
    """When the open call began."""
    now: float = 0.0

    def update(self, now: float, since: float | None) -> None:
        """The work's state at `now`; `since`: when the open call began, None without one."""
        if self.since is not None and since != self.since:
            self.past += max(0.0, self.now - self.since if now < self.now else now - self.since)
        self.now, self.since = now, since

    @property
    def open(self) -> float:
        """Of the open call, 0 without one."""
        return max(0.0, self.now - self.since) if self.since is not None else 0.0

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.past + self.open
