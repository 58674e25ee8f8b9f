"""A recorded session (a rosbag2 folder with depth pictures) as a camera: the cell sees it again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from rosbags.typesys import Stores, get_typestore

from opstap.geometry import Pose
from opstap.perception.depth_camera import MILLIMETRE, Frame, RecordingError
from opstap.recording.bag import Message, depth_of, messages, pinhole_of, time_of
from opstap.recording.consent import ConsentError, check_open
from opstap.recording.replay import DEPTH, INFO, SERIAL
from opstap.scene import Camera


class BagCamera:
    """Plays the depth pictures of a recording of the cell's topics once, every one, at the pace they were taken at.

    Args:
        camera: the scene's camera, for what the recording does not hold: it has no colour.
        folder: made by record.launch.py with depth:=true.

    Raises:
        RecordingError: it has expired, cannot be read, or holds no depth pictures.
    """

    def __init__(self, camera: Camera, folder: Path) -> None:
        self.color_optics = camera.color.pinhole
        self.color_from_depth, self.depth_unit = Pose.of(), MILLIMETRE
        self.fault, self.serial = "", ""
        self._folder, self._store = folder, get_typestore(Stores.ROS2_JAZZY)
        self._first: tuple[int, int] | None = None
        self._number = 0
        optics = None
        try:
            check_open(folder, date.today())
            for told in messages(folder, self._store, (INFO, SERIAL)):
                if told.topic == SERIAL:
                    self.serial = self.serial or str(told.message.data)
                else:
                    optics = optics or pinhole_of(told.message)
            self._frames: Iterator[Message] = messages(folder, self._store, (DEPTH,))
            self._next = next(self._frames, None)
        except ConsentError as error:
            raise RecordingError(str(error)) from error
        if optics is None or self._next is None:
            raise RecordingError(
                f"{folder}: found no depth pictures, allowed: a recording made with depth:=true and consent:=true"
            )
        self.depth_optics = optics

    def poll(self, now: int) -> Frame | None:
        if self._next is None:
            self.fault = "the recording has ended"
            return None
        captured = time_of(self._next.message.header)
        self._first = self._first or (captured, now)
        stamp = self._first[1] + captured - self._first[0]
        if stamp > now:
            return None
        self._number += 1
        frame = Frame(stamp, self._number, depth_of(self._next.message), None)
        try:
            self._next = next(self._frames, None)
        except ConsentError as error:  # a disk may fail half way
            self._next, self.fault = None, str(error)
        return frame

    def close(self) -> None:
        """The file is closed with the frames."""
        self._next, self._frames = None, iter(())
