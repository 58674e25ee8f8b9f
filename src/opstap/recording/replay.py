"""Plays the depth of a recording to perception and compares what it tells, frame by frame, with what was told live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opstap.instructions import Cell
from opstap.perception.guard import Guard
from opstap.recording.bag import depth_of, messages, pinhole_of, time_of
from opstap.workflow.model import Content

DEPTH, INFO, SERIAL = "camera/depth/image_rect_raw", "camera/depth/camera_info", "camera/serial"
STATE, EVENTS = "workspace_state", "workspace_events"
CONTENTS = (Content.FILLED, Content.EMPTY, Content.CANNOT_SEE)


@dataclass
class Comparison:
    """What a replay gave. Frames are told by their stamps, ns."""

    frames: int = 0
    """Frames that both perceptions saw."""
    missing: int = 0
    """Frames that the live perception saw and the recorder did not get."""
    events: int = 0
    """Events of the live perception."""
    differing: list[str] = field(default_factory=list)
    """In words, first ones first."""

    @property
    def equal(self) -> bool:
        return self.frames > 0 and not self.missing and not self.differing


def replay(
    folder: Path,
    cell: Cell,
    store: Any,
    calibration: Path | None = None,
    progress: Callable[[int], None] = lambda frames: None,
) -> Comparison:
    """Compare. The recording must have begun before the cell's perception saw its first frame.

    Raises:
        ConsentError: the recording cannot be read.
    """
    pictures: dict[int, Any] = {}
    states: dict[int, Any] = {}
    live: list[tuple[Any, ...]] = []
    optics, serial = None, ""
    for m in messages(folder, store, (INFO, SERIAL, DEPTH, STATE, EVENTS)):
        if m.topic == INFO and optics is None:
            optics = pinhole_of(m.message)
        elif m.topic == SERIAL:
            serial = str(m.message.data)
        elif m.topic == DEPTH:
            pictures[time_of(m.message.header)] = m.message
        elif m.topic == STATE:
            states[time_of(m.message.header)] = m.message
        elif m.topic == EVENTS:
            e = m.message
            live.append((int(e.sequence), time_of(e.header), str(e.happened), str(e.place), int(e.count)))
    result = Comparison(events=len(live))
    if optics is None or not states:
        result.differing.append("the recording holds no camera_info, or no workspace_state")
        return result
    guard = Guard(cell, optics, serial, None, calibration)
    again: list[tuple[Any, ...]] = []
    for stamp in sorted(states):
        if stamp not in pictures:
            result.missing += 1
            continue
        seen = guard.see(depth_of(pictures[stamp]), stamp)
        again += [(e.sequence, e.stamp, e.happened.value, e.place, e.count) for e in seen.events]
        result.frames += 1
        progress(result.frames)
        for told in states[stamp].places:
            now = seen.places[told.place]
            if now.content is not CONTENTS[told.content] or bool(now.occupied) != bool(told.occupied):
                was = CONTENTS[told.content].value
                result.differing.append(f"{stamp / 1e9:.3f} s: {told.place} was {was}, is {now.content.value}")
    result.differing += [f"event told live only: {e}" for e in live if e not in again]
    result.differing += [f"event told in replay only: {e}" for e in again if e not in live]
    return result
