"""A film of the bench and a picture of every finished step, from the colour camera's JPEG pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import cv2
import numpy as np
from av.video.stream import VideoStream


class Film:
    """An MP4 (H.264) in which a picture is shown at the time of its stamp.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(str(path), "w")
        self._stream: VideoStream | None = None
        self._first = 0
        self._last = -1

    def __enter__(self) -> Film:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, jpeg: bytes, stamp: int) -> None:
        """Add a picture of time `stamp` (ns); one that is not newer than the last is left out."""
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            return
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=10, options={"preset": "veryfast", "crf": "26"})
            self._stream.height, self._stream.width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
            self._stream.pix_fmt = "yuv420p"
            self._stream.time_base = Fraction(1, 1000)
            self._first = stamp
        moment = (stamp - self._first) // 1_000_000
        if moment <= self._last:
            return
        self._last = moment
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts, frame.time_base = moment, Fraction(1, 1000)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
            self._stream = None
        self._container.close()
