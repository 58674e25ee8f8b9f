"""Keeps the simulated world and the cell in step, at any speed.

A tick goes out when the projectors have answered all but the last `IN_FLIGHT` ones. The light a person acts on at
tick k is what was thrown in answer to tick k - `REACTION`, a tenth of a second within which nobody reacts anyway. So
the run depends on the seed alone, not on the speed of the machine, and camera, perception and projector still work at
the same time. A tick that is not answered is sent again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from opstap.simulation.world import WorldState

Image = NDArray[np.uint8]
REACTION = 3
IN_FLIGHT = 3
"""Ticks on their way from camera to projector; at most `REACTION`."""
RESEND = 1.0
"""Seconds of real time without an answer after which the newest tick is sent again."""
FIRST_RESEND = 0.25
"""The same of the first tick: the nodes start at their own pace, and the work begins when the last one is there."""
PATIENCE = 30.0
"""Seconds of real time after which what was not answered will not be: a picture of it was lost, or the cell is."""


class World(Protocol):
    """What is kept in step."""

    fps: int
    ticks: int

    def tick(self, light: Mapping[str, Image]) -> WorldState: ...


class Lockstep:
    """See the module's text. All `now` are real time in seconds, all stamps simulated time in ns."""

    def __init__(
        self, world: World, start: int, projectors: list[str], speed: float, others: tuple[str, ...] = ()
    ) -> None:
        """`others` are waited for as projectors are, and throw no light."""
        self.world, self.start, self.speed = world, start, speed
        self._pictures: dict[str, dict[int, Image]] = {p: {} for p in projectors}
        self._answers: dict[str, list[tuple[int, int]]] = {p: [] for p in (*projectors, *others)}
        self._resumed = world.ticks > 0
        self._begun_at: tuple[float, int] | None = None
        self._progress_at = self._sent_at = 0.0
        self.newest: WorldState | None = None
        self.resent = 0
        self._unanswered = 0

    def _stamp_of(self, tick: int) -> int:
        return self.start + tick * 1_000_000_000 // self.world.fps

    def on_picture(self, projector: str, stamp: int, image: Image) -> None:
        """The projector's picture that answers `stamp`."""
        pictures = self._pictures[projector]
        pictures[stamp] = image
        while len(pictures) > 16:
            del pictures[min(pictures)]

    def on_answer(self, projector: str, stamp: int, picture_stamp: int) -> None:
        """The projector shows the picture of `picture_stamp` in answer to the frame of `stamp`."""
        answers = self._answers[projector]
        if not answers or stamp > answers[-1][0]:
            answers.append((stamp, picture_stamp))
            del answers[:-64]

    def _free(self, tick: int) -> bool:
        """Whether few enough ticks are on their way for `tick` to follow.

        The first one is alone: before the cell has answered once, some of it may not be there to hear the second.
        """
        return all(
            answers[-1][0] >= self._stamp_of(tick - IN_FLIGHT) if answers else tick == 0 or self._resumed
            for answers in self._answers.values()
        )

    def _light(self, tick: int) -> dict[str, Image] | None:
        """The light that is acted on at `tick`; None while it is not known yet."""
        due = self._stamp_of(tick - REACTION)
        light: dict[str, Image] = {}
        for projector in self._pictures:
            answers = self._answers[projector]
            if tick < REACTION:
                continue
            if not answers and self._resumed and self._pictures[projector]:
                # Answers come to what is sent, and nothing was sent since the restart: begin with the light that is on.
                light[projector] = self._pictures[projector][max(self._pictures[projector])]
                continue
            if not answers or answers[-1][0] < due:
                return None
            # A world that was resumed is behind the answers: the oldest known is the nearest.
            at = max(0, bisect_right([a[0] for a in answers], due) - 1)
            picture = self._pictures[projector].get(answers[at][1])
            if picture is None:
                return None
            light[projector] = picture
        return light

    def due(self, now: float) -> WorldState | None:
        """The next world to send, if it is time for one: a new one, or the newest again."""
        tick = self.world.ticks
        if self._begun_at is None or self._pace(now) > tick + self.world.fps / 2:
            # At the start, and after more than half a second lost, time is counted anew instead of caught up with.
            self._begun_at = (now, tick)
        if tick > self._pace(now):
            return None
        if self._free(tick):
            light = self._light(tick)
            if light is not None:
                self._progress_at = self._sent_at = now
                self._unanswered = 0
                self.newest = self.world.tick(light)
                return self.newest
        starting = not self._resumed and not all(self._answers.values())
        if now - self._sent_at > (FIRST_RESEND if starting else RESEND) and self.newest is not None:
            self._sent_at = now
            self.resent += 1
            self._unanswered += 1
            return self.newest
        return None

    @property
    def stuck(self) -> str:
        """What is waited for in vain, in plain words; empty while there is hope."""
        if not self._unanswered or self._sent_at - self._progress_at < PATIENCE or self.newest is None:
            return ""
        silent = [p for p, answers in self._answers.items() if not answers or answers[-1][0] < self.newest.stamp]
        what = f"no answer from projector {', '.join(silent)}" if silent else "a projector's picture was lost"
        return f"{what}: tick {self.newest.tick} was sent {self._unanswered + 1} times"

    def _pace(self, now: float) -> float:
        """The tick that real time allows."""
        assert self._begun_at is not None
        began, tick = self._begun_at
        return tick + (now - began) * self.world.fps * self.speed if self.speed < np.inf else np.inf
