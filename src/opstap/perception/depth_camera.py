"""The depth camera, live, recorded or simulated, behind one Protocol on the RealSense SDK.

- Live: `rs.pipeline` on the device with a serial number (or the first one). Unplugged or absent, it says so and is
  looked for again every `RETRY` seconds. No camera was at hand when this was written: the live path was run up to the
  SDK's "no device", the rest of it is the recorded one's.
- Recorded: the same pipeline on a `.db3` file (an old `.bag` is converted first).
- Simulated: the SDK's software device, fed with `push`; its frames come back through the SDK's queue.

A stamp is the frame's capture time in ns of the cell's clock. Live cameras report it in the computer's clock (global
time); a recording keeps the distances between its frames, and its first frame is now; a simulated frame has the stamp
that was pushed. Depth is not aligned to colour unless asked for: that costs about 10 ms a frame, and perception works
on depth with depth's own intrinsics.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from opstap.geometry import Pinhole
from opstap.native import preload_libusb
from opstap.scene import Camera

preload_libusb()
import pyrealsense2 as rs  # noqa: E402 - needs libusb, which preload_libusb provides

RETRY = 2_000_000_000
"""Between two looks for a camera that is not there, ns."""
NO_CAMERA = "no RealSense camera found{which}: plug it into a USB 3 port and check the cable; trying again every 2 s"


class RecordingError(Exception):
    """A recording cannot be played; the message says why."""


@dataclass(frozen=True)
class Frame:
    """One capture."""

    stamp: int
    number: int
    depth: NDArray[np.uint16]
    """(h, w) in units of `depth_unit`, 0 = no return."""
    color: NDArray[np.uint8] | None
    """(h, w, 3) RGB, where the frame came with one."""
    source: Any = None
    """The SDK's frameset, for `aligned`."""


class DepthCamera(Protocol):
    """What perception needs of a camera."""

    fault: str
    """What is wrong, in plain words; empty while frames come."""
    depth_optics: Pinhole
    color_optics: Pinhole
    depth_unit: float
    """Metres."""

    def poll(self, now: int) -> Frame | None:
        """The next frame if one is there; `now` is the cell's time, ns. Never waits."""

    def close(self) -> None: ...


def _pinhole(profile: Any) -> Pinhole:
    k = profile.as_video_stream_profile().get_intrinsics()
    return Pinhole(k.width, k.height, k.fx, k.fy, k.ppx, k.ppy)


def _array(frame: Any) -> NDArray[Any]:
    """A copy: the SDK takes its buffer back."""
    return np.array(np.asanyarray(frame.get_data()))


class SoftwareCamera:
    """The SDK's software device, fed with pictures of a simulator."""

    def __init__(self, camera: Camera) -> None:
        self.fault = ""
        self.depth_optics, self.color_optics = camera.depth.pinhole, camera.color.pinhole
        self.depth_unit = 0.001
        self._device = rs.software_device()
        self._device.register_info(rs.camera_info.name, "Simulated depth camera")
        self._device.register_info(rs.camera_info.serial_number, camera.serial or "simulated")
        self._depth, self._depth_profile = self._sensor("Stereo Module", rs.stream.depth, rs.format.z16, 2, camera.fps)
        self._color, self._color_profile = self._sensor("RGB Camera", rs.stream.color, rs.format.rgb8, 3, camera.fps)
        self._depth.add_read_only_option(rs.option.depth_units, self.depth_unit)
        self._depth.add_read_only_option(rs.option.stereo_baseline, 50.0)
        same_place = rs.extrinsics()
        same_place.rotation, same_place.translation = list(np.eye(3).ravel()), [0.0, 0.0, 0.0]
        self._depth_profile.register_extrinsics_to(self._color_profile, same_place)
        # A queue each: a depth frame is handed on at once, with or without colour.
        self._queues = {}
        for sensor, profile in ((self._depth, self._depth_profile), (self._color, self._color_profile)):
            queue = rs.frame_queue(4)
            sensor.open(profile)
            sensor.start(queue)
            self._queues[profile.stream_type()] = queue
        self._stamps: dict[int, int] = {}
        self._number = 0

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
        # The SDK keeps milliseconds as a float; ours are exact.
        self._stamps = {self._number: stamp}
        if color is not None:
            self._send(self._color, self._color_profile, color, 3, stamp)
        self._send(self._depth, self._depth_profile, depth, 2, stamp)

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
        color = self._queues[rs.stream.color].poll_for_frame()
        paired = bool(color) and color.get_frame_number() == number
        return Frame(self._stamps[number], number, _array(depth), _array(color) if paired else None)

    def close(self) -> None:
        for sensor in (self._depth, self._color):
            sensor.stop()
            sensor.close()


class PipelineCamera:
    """A live device or a recording, through `rs.pipeline`.

    Args:
        camera: the scene's camera: serial, resolutions, rate; a live device reports its own intrinsics.
        recording: a `.db3` or `.bag` file; none for the live device.

    Raises:
        RecordingError: there is no such recording, or the SDK cannot play it.
    """

    def __init__(self, camera: Camera, recording: Path | None = None) -> None:
        self.camera, self.recording = camera, recording
        self.depth_optics, self.color_optics = camera.depth.pinhole, camera.color.pinhole
        self.depth_unit = 0.001
        self.fault = "starting"
        self._pipeline: Any = None
        self._tried = -RETRY
        self._first: tuple[float, int] | None = None
        if recording is not None:
            self._play(recording)

    def _play(self, recording: Path) -> None:
        if not recording.exists():
            raise RecordingError(f"{recording}: no such recording, allowed: a .db3 file of the SDK, or an old .bag")
        try:
            if recording.suffix == ".bag":
                converted = recording.with_suffix(".db3")
                rs.context().convert_bag_to_db3(str(recording), str(converted))
                recording = converted
            config = rs.config()
            config.enable_device_from_file(str(recording), repeat_playback=False)
            self._start(config)
        except RuntimeError as error:
            raise RecordingError(f"{recording}: cannot be played ({error}), allowed: a .db3 file of the SDK") from error

    def _start(self, config: Any) -> None:
        pipeline = rs.pipeline()
        profile = pipeline.start(config)
        device = profile.get_device()
        if self.recording is not None:
            device.as_playback().set_real_time(False)
        for sensor in device.query_sensors():
            if sensor.supports(rs.option.global_time_enabled) and self.recording is None:
                sensor.set_option(rs.option.global_time_enabled, 1.0)
            if sensor.is_depth_sensor():
                self.depth_unit = sensor.as_depth_sensor().get_depth_scale()
        for stream in profile.get_streams():
            if stream.stream_type() == rs.stream.depth:
                self.depth_optics = _pinhole(stream)
            elif stream.stream_type() == rs.stream.color:
                self.color_optics = _pinhole(stream)
        self._pipeline, self.fault = pipeline, ""

    def _look_for_device(self, now: int) -> None:
        if now - self._tried < RETRY:
            return
        self._tried = now
        config = rs.config()
        c = self.camera
        if c.serial:
            config.enable_device(c.serial)
        config.enable_stream(rs.stream.depth, c.depth.width, c.depth.height, rs.format.z16, c.fps)
        config.enable_stream(rs.stream.color, c.color.width, c.color.height, rs.format.rgb8, c.fps)
        try:
            self._start(config)
        except RuntimeError:
            self.fault = NO_CAMERA.format(which=f" with serial {c.serial}" if c.serial else "")

    def poll(self, now: int) -> Frame | None:
        if self._pipeline is None:
            if self.recording is None:
                self._look_for_device(now)
            return None
        try:
            # Played as fast as it is read, a recording is read to its end; a live device is only asked.
            ok, frames = self._pipeline.try_wait_for_frames(1000 if self.recording else 1)
        except RuntimeError as error:
            self._pipeline, self.fault = None, f"the camera stopped ({error}); looking for it again"
            return None
        depth = frames.get_depth_frame() if ok else None
        if not depth:
            if self.recording is not None and not ok:
                self.fault = "the recording has ended"
            return None
        color = frames.get_color_frame()
        stamp = self._stamp(depth.get_timestamp(), now)
        return Frame(stamp, depth.get_frame_number(), _array(depth), _array(color) if color else None, frames)

    def _stamp(self, milliseconds: float, now: int) -> int:
        if self.recording is None:
            return round(milliseconds * 1e6)
        self._first = self._first or (milliseconds, now)
        return self._first[1] + round((milliseconds - self._first[0]) * 1e6)

    def close(self) -> None:
        if self._pipeline is not None:
            self._pipeline.stop()
            self._pipeline = None


def aligned(frame: Frame) -> NDArray[np.uint16] | None:
    """Depth (h, w) as seen from the colour camera; None where the frame holds no pair from the SDK."""
    if frame.source is None:
        return None
    return _array(rs.align(rs.stream.color).process(frame.source).get_depth_frame())


__all__ = ["DepthCamera", "Frame", "PipelineCamera", "RecordingError", "SoftwareCamera", "aligned"]
