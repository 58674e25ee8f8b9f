"""The RealSense SDK's software device: a simulator's pictures take the way a camera's take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Pose
from opstap.perception.depth_camera import MILLIMETRE, Frame, array_of, rs
from opstap.scene import Camera

QUEUED = 4
"""Frames that wait to be polled; older ones are dropped."""


class SoftwareCamera:
    """The SDK's software device, fed with pictures of a simulator.

    Args:
        camera: the scene's camera.
        record: a `.db3` file to record into, readable as a recording.
    """

    def __init__(self, camera: Camera, record: Path | None = None) -> None:
        self.fault = ""
        self.serial = camera.serial or "simulated"
        self.depth_optics, self.color_optics = camera.depth.pinhole, camera.color.pinhole
        self.color_from_depth = Pose.of((0, 0, 0))
        self.depth_unit = MILLIMETRE
        self._device = rs.software_device()
        self._device.register_info(rs.camera_info.name, "Simulated depth camera")
        self._device.register_info(rs.camera_info.serial_number, self.serial)
        self._depth, self._depth_profile = self._sensor("Stereo Module", rs.stream.depth, rs.format.z16, 2, camera.fps)
        self._color, self._color_profile = self._sensor("RGB Camera", rs.stream.color, rs.format.rgb8, 3, camera.fps)
        self._depth.add_read_only_option(rs.option.depth_units, self.depth_unit)
        self._depth.add_read_only_option(rs.option.stereo_baseline, 50.0)
        same_place = rs.extrinsics()
        same_place.rotation, same_place.translation = list(np.eye(3).ravel()), [0.0, 0.0, 0.0]
        self._depth_profile.register_extrinsics_to(self._color_profile, same_place)
        # A queue each: a depth frame is handed on at once, with or without colour.
        self._queues = {}
        self._recorder = rs.recorder(str(record), self._device, False) if record else None
        self._sensors = (self._recorder or self._device).query_sensors()
        for sensor in self._sensors:
            profile = sensor.get_stream_profiles()[0]
            queue = rs.frame_queue(QUEUED)
            sensor.open(profile)
            sensor.start(queue)
            self._queues[profile.stream_type()] = queue
        self._stamps: dict[int, int] = {}
        self._number = self._stamp = 0
        self._waiting: Any = None

    def _sensor(self, name: str, stream: Any, form: Any, bytes_per_pixel: int, fps: int) -> tuple[Any, Any]:
        sensor = self._device.add_sensor(name)
        optics = self.depth_optics if stream == rs.stream.depth else self.color_optics
        k = rs.intrinsics()
        k.width, k.height, k.fx, k.fy, k.ppx, k.ppy = (
            optics.width, optics.height, optics.fx, optics.fy, optics.cx, optics.cy,
        )  # fmt: skip
        k.model, k.coeffs = rs.distortion.none, [0.0] * 5
        v = rs.video_stream()
        v.type, v.index, v.uid, v.width, v.height = stream, 0, bytes_per_pixel, optics.width, optics.height
        v.fps, v.bpp, v.fmt, v.intrinsics = fps, bytes_per_pixel, form, k
        return sensor, sensor.add_video_stream(v).as_video_stream_profile()

    def push(self, depth: NDArray[np.uint16], color: NDArray[np.uint8] | None, stamp: int) -> None:
        """A capture of the simulator: depth (h, w) in mm, colour (h, w, 3) RGB or none, stamp in ns."""
        self._number += 1
        self._stamp = stamp
        # The SDK keeps milliseconds as a float; ours are exact.
        self._stamps[self._number] = stamp
        self._stamps.pop(self._number - QUEUED - 1, None)
        if color is not None:
            self._send(self._color, self._color_profile, color, 3, stamp)
        self._send(self._depth, self._depth_profile, depth, 2, stamp)

    def push_color(self, color: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """Colour (h, w, 3) RGB of the last capture, whose depth was handed on already; what the SDK hands on of it."""
        self._send(self._color, self._color_profile, color, 3, self._stamp)
        return self._color_of(self._number)

    def _send(self, sensor: Any, profile: Any, image: NDArray[Any], bytes_per_pixel: int, stamp: int) -> None:
        frame = rs.software_video_frame()
        frame.pixels = np.ascontiguousarray(image).reshape(image.shape[0], -1)
        frame.stride, frame.bpp = image.shape[1] * bytes_per_pixel, bytes_per_pixel
        frame.timestamp, frame.frame_number = stamp / 1e6, self._number
        frame.domain, frame.profile = rs.timestamp_domain.hardware_clock, profile
        if bytes_per_pixel == 2:
            frame.depth_units = self.depth_unit
        sensor.on_video_frame(frame)

    def poll(self, now: int) -> Frame | None:
        depth = self._queues[rs.stream.depth].poll_for_frame()
        if not depth:
            return None
        number = depth.get_frame_number()
        return Frame(self._stamps.pop(number), number, array_of(depth), self._color_of(number))

    def _color_of(self, number: int) -> NDArray[np.uint8] | None:
        """The colour that was pushed with depth frame `number`; a newer one waits for its own depth."""
        while self._waiting is None or self._waiting.get_frame_number() < number:
            self._waiting = self._queues[rs.stream.color].poll_for_frame() or None
            if self._waiting is None:
                return None
        return array_of(self._waiting) if self._waiting.get_frame_number() == number else None

    def close(self) -> None:
        for sensor in self._sensors:
            sensor.stop()
            sensor.close()
        # A recording is complete when the recorder is gone.
        self._sensors, self._recorder, self._waiting = [], None, None
