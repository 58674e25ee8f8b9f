"""A recording of the RealSense SDK, played at the pace at which it was made.

The sensors are read directly: the SDK's pipeline leaves out frames for which no colour comes.
"""

from __future__ import annotations

import tempfile
import threading
from collections import deque
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from opstap.geometry import Pose
from opstap.perception.depth_camera import (
    MILLIMETRE,
    Frame,
    RecordingError,
    array_of,
    extrinsics_of,
    pinhole_of,
    rs,
    unit_of,
)
from opstap.scene import Camera

AHEAD = 8
"""Frames of each stream that are read ahead."""
PATIENCE = 1_000_000_000
"""ns for which a due frame waits for the next colour; where colour is sparser than `AHEAD`, none may come."""


class _Stream:
    """Frames of one sensor, read ahead; the SDK's thread waits while there are enough."""

    def __init__(self) -> None:
        self.frames: deque[tuple[float, int, NDArray[Any]]] = deque()
        """Time in ms, number, picture; oldest first."""
        self._room = threading.Condition()
        self._closed = False

    def __call__(self, frame: Any) -> None:
        picture = frame.get_timestamp(), frame.get_frame_number(), array_of(frame)
        with self._room:
            self._room.wait_for(lambda: self._closed or len(self.frames) < AHEAD)
            self.frames.append(picture)

    def take(self) -> tuple[float, int, NDArray[Any]]:
        with self._room:
            taken = self.frames.popleft()
            self._room.notify()
        return taken

    def close(self) -> None:
        with self._room:
            self._closed = True
            self._room.notify()


class RecordedCamera:
    """Plays a recording once.

    Args:
        camera: the scene's camera, for what the recording does not hold.
        recording: a `.db3` file, or a `.bag` file, which is converted into a temporary one.

    Raises:
        RecordingError: there is no such recording, or the SDK cannot play it.
    """

    def __init__(self, camera: Camera, recording: Path) -> None:
        self.depth_optics, self.color_optics = camera.depth.pinhole, camera.color.pinhole
        self.color_from_depth = Pose.of((0, 0, 0))
        self.depth_unit = MILLIMETRE
        self.fault = ""
        self.serial = ""
        self._half_period = 500 / camera.fps
        self._converted: tempfile.TemporaryDirectory[str] | None = None
        self._first: tuple[float, int] | None = None
        self._streams: dict[Any, _Stream] = {}
        self._sensors: list[Any] = []
        if not recording.exists():
            raise RecordingError(f"{recording}: no such recording, allowed: a .db3 file of the SDK, or an old .bag")
        try:
            self._open(recording)
        except RuntimeError as error:
            self.close()
            raise RecordingError(f"{recording}: cannot be played ({error}), allowed: a .db3 file of the SDK") from error

    def _open(self, recording: Path) -> None:
        if recording.suffix == ".bag":
            self._converted = tempfile.TemporaryDirectory(prefix="opstap-")
            converted = Path(self._converted.name) / "converted.db3"
            rs.context().convert_bag_to_db3(str(recording), str(converted))
            recording = converted
        self._playback = rs.context().load_device(str(recording))
        self._playback.set_real_time(False)
        if self._playback.supports(rs.camera_info.serial_number):
            self.serial = self._playback.get_info(rs.camera_info.serial_number)
        profiles = {}
        for sensor in self._playback.query_sensors():
            for profile in sensor.get_stream_profiles():
                kind = profile.stream_type()
                if kind in (rs.stream.depth, rs.stream.color) and kind not in profiles:
                    profiles[kind] = profile
                    self._sensors.append((sensor, profile))
                    if kind == rs.stream.depth:
                        self.depth_unit = unit_of(sensor)
        if rs.stream.depth not in profiles:
            raise RuntimeError("it holds no depth")
        depth, color = profiles[rs.stream.depth], profiles.get(rs.stream.color)
        self.depth_optics = pinhole_of(depth)
        if color is not None:
            self.color_optics, self.color_from_depth = pinhole_of(color), extrinsics_of(depth, color)
        for kind in profiles:
            self._streams[kind] = _Stream()
        for sensor, profile in self._sensors:
            sensor.open(profile)
        # All start before any plays, or the first frames of the last one are lost.
        self._playback.pause()
        for sensor, profile in self._sensors:
            sensor.start(self._streams[profile.stream_type()])
        self._playback.resume()

    def poll(self, now: int) -> Frame | None:
        if self.fault:
            return None
        depths, colors = self._streams[rs.stream.depth], self._streams.get(rs.stream.color)
        ended = self._playback.current_status() == rs.playback_status.stopped
        if not depths.frames:
            if ended:
                self.fault = "the recording has ended"
            return None
        milliseconds = depths.frames[0][0]
        self._first = self._first or (milliseconds, now)
        stamp = self._first[1] + round((milliseconds - self._first[0]) * 1e6)
        if stamp > now:
            return None
        color = None
        if colors is not None:
            while colors.frames and colors.frames[0][0] < milliseconds - self._half_period:
                colors.take()
            if not colors.frames and not ended and now - stamp < PATIENCE:
                return None  # its colour may still come
            if colors.frames and colors.frames[0][0] < milliseconds + self._half_period:
                color = colors.take()[2]
        _, number, depth = depths.take()
        return Frame(stamp, number, depth, color)

    def close(self) -> None:
        for stream in self._streams.values():
            stream.close()
        for sensor, _ in self._sensors:
            for end in (sensor.stop, sensor.close):
                try:
                    end()
                except RuntimeError as error:  # it had not got so far
                    self.fault = str(error)
        self._sensors, self._playback = [], None
        if self._converted is not None:
            self._converted.cleanup()
