"""What perception needs of a depth camera, and what its three kinds share. All go through the RealSense SDK.

- `LiveCamera` (live_camera.py): the device with a serial number, or the first one.
- `RecordedCamera` (recorded_camera.py): a `.db3` file of the SDK, or an old `.bag`.
- `SoftwareCamera` (software_camera.py): the SDK's software device, fed by the simulator.

A stamp is the frame's capture time in ns of the cell's clock. Live cameras report it in the computer's clock (global
time); a recording keeps the distances between its frames, and its first frame is now; a simulated frame has the stamp
that was pushed. Depth is aligned to colour on demand only (`aligned`, about 25 ms): perception works on depth with
depth's own intrinsics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Pinhole, Pose
from opstap.native import preload_libusb

preload_libusb()
import pyrealsense2 as rs  # noqa: E402 - needs libusb, which preload_libusb provides

__all__ = [
    "MILLIMETRE",
    "DepthCamera",
    "Frame",
    "RecordingError",
    "aligned",
    "array_of",
    "extrinsics_of",
    "pinhole_of",
    "rs",
    "unit_of",
]

MILLIMETRE = 0.001


class RecordingError(Exception):
    """A recording cannot be played or made; the message says why."""


@dataclass(frozen=True)
class Frame:
    """One capture."""

    stamp: int
    number: int
    depth: NDArray[np.uint16]
    """(h, w) in units of `depth_unit`, 0 = no return."""
    color: NDArray[np.uint8] | None
    """(h, w, 3) RGB, where one was captured with the depth."""


class DepthCamera(Protocol):
    """What perception needs of a camera."""

    fault: str
    """What is wrong, in plain words; empty while frames come."""
    serial: str
    """The device's serial number; empty where it is not known."""
    depth_optics: Pinhole
    color_optics: Pinhole
    color_from_depth: Pose
    """T_color_depth: depth's optical frame in that of colour."""
    depth_unit: float
    """Metres; exactly `MILLIMETRE` where that is what is meant."""

    def poll(self, now: int) -> Frame | None:
        """The next frame if one is there; `now` is the cell's time, ns. Never waits."""

    def close(self) -> None: ...


def aligned(depth: NDArray[np.uint16], camera: DepthCamera) -> NDArray[np.uint16]:
    """Depth (h, w) as seen from the colour camera, in its size, unit as given, 0 = unknown."""
    size = (int(camera.color_optics.width), int(camera.color_optics.height))
    metres = depth.astype(np.float32) * np.float32(camera.depth_unit)
    seen: NDArray[np.float32] = cv2.registerDepth(
        camera.depth_optics.matrix,
        camera.color_optics.matrix,
        np.zeros(5),
        camera.color_from_depth.matrix,
        metres,
        size,
    )
    # Colour has more pixels than depth: those between are given the nearest surface beside them.
    unknown = ~(seen > 0)
    seen[unknown] = np.float32(np.inf)
    beside = cv2.erode(seen, np.ones((3, 3), np.uint8))
    seen[unknown] = beside[unknown]
    seen[~(seen < 65535 * camera.depth_unit)] = 0
    return np.asarray(np.round(seen / np.float32(camera.depth_unit)), dtype=np.uint16)


def pinhole_of(profile: Any) -> Pinhole:
    """Intrinsics of a video stream."""
    k = profile.as_video_stream_profile().get_intrinsics()
    return Pinhole(k.width, k.height, k.fx, k.fy, k.ppx, k.ppy)


def array_of(frame: Any) -> NDArray[Any]:
    """A copy: the SDK takes its buffer back."""
    return np.array(np.asanyarray(frame.get_data()))


def extrinsics_of(depth: Any, color: Any) -> Pose:
    """T_color_depth between two streams; the same place where a recording does not hold it."""
    try:
        e = depth.get_extrinsics_to(color)
    except RuntimeError:
        return Pose.of((0, 0, 0))
    # The SDK gives rotations column by column.
    return Pose(np.reshape(e.rotation, (3, 3)).T, np.array(e.translation))


def unit_of(sensor: Any) -> float:
    """Metres of a depth sensor's unit. The SDK has it in single precision."""
    scale = float(sensor.as_depth_sensor().get_depth_scale())
    return MILLIMETRE if math.isclose(scale, MILLIMETRE, rel_tol=1e-5) else scale
