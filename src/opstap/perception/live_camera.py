"""A RealSense camera that is plugged in.

No camera was at hand when this was written: it was run up to the SDK's "no device". What it shares with a recording,
the SDK's frames and profiles, is run by the recorded camera's tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opstap.geometry import Pose
from opstap.perception.depth_camera import MILLIMETRE, Frame, array_of, extrinsics_of, pinhole_of, rs, unit_of
from opstap.scene import Camera

RETRY = 2_000_000_000
"""Between two looks for a camera that is not there, ns; and silence after which one is taken for gone."""
NO_CAMERA = "no RealSense camera found{which}: plug it into a USB 3 port and check the cable; trying again every 2 s"
SILENT = "the camera sends nothing: check its cable; trying again every 2 s"
STOPPED = "the camera stopped ({error}): check its cable; trying again every 2 s"
CANNOT_GIVE = (
    "the camera cannot give depth {d.width}x{d.height} and colour {c.width}x{c.height} at {fps} fps ({error}): "
    "use a USB 3 port and cable, or change camera.depth, camera.color or camera.fps in the scene file"
)
IN_USE = "the camera is used by another program ({error}): close that program; trying again every 2 s"


class LiveCamera:
    """The device with the scene's serial number, or the first one found. Absent or unplugged, it is looked for again.

    Args:
        camera: the scene's camera: serial, resolutions, rate. The device reports its own intrinsics.
        record: a `.db3` file to record into.
    """

    def __init__(self, camera: Camera, record: Path | None = None) -> None:
        self.camera, self._record = camera, record
        self.depth_optics, self.color_optics = camera.depth.pinhole, camera.color.pinhole
        self.color_from_depth = Pose.of((0, 0, 0))
        self.depth_unit = MILLIMETRE
        self.fault = "starting"
        self.serial = camera.serial
        self._pipeline: Any = None
        self._tried: int | None = None
        self._heard: int | None = None
        self._color_number = -1

    def _look_for_device(self, now: int) -> None:
        if self._tried is not None and 0 <= now - self._tried < RETRY:
            return
        self._tried = now
        config, c = rs.config(), self.camera
        serials = [device.get_info(rs.camera_info.serial_number) for device in rs.context().query_devices()]
        if not serials or (c.serial and c.serial not in serials):
            found = f" (found: {', '.join(serials)})" if serials else ""
            self.fault = NO_CAMERA.format(which=f" with serial {c.serial}{found}" if c.serial else "")
            return
        if c.serial:
            config.enable_device(c.serial)
        config.enable_stream(rs.stream.depth, c.depth.width, c.depth.height, rs.format.z16, c.fps)
        config.enable_stream(rs.stream.color, c.color.width, c.color.height, rs.format.rgb8, c.fps)
        if self._record:
            config.enable_record_to_file(str(self._record))
        try:
            self._start(config)
        except RuntimeError as error:
            busy = "busy" in str(error).lower() or "power state" in str(error).lower()
            self.fault = (IN_USE if busy else CANNOT_GIVE).format(d=c.depth, c=c.color, fps=c.fps, error=error)

    def _start(self, config: Any) -> None:
        pipeline = rs.pipeline()
        device = config.resolve(rs.pipeline_wrapper(pipeline)).get_device()
        self.serial = device.get_info(rs.camera_info.serial_number)
        for sensor in device.query_sensors():
            # Before the start: the first frames have the computer's time too.
            if sensor.supports(rs.option.global_time_enabled):
                sensor.set_option(rs.option.global_time_enabled, 1.0)
        profile = pipeline.start(config)
        depth, color = profile.get_stream(rs.stream.depth), profile.get_stream(rs.stream.color)
        self.depth_optics, self.color_optics = pinhole_of(depth), pinhole_of(color)
        self.color_from_depth = extrinsics_of(depth, color)
        self.depth_unit = unit_of(device.first_depth_sensor())
        self._pipeline, self._heard, self.fault = pipeline, None, ""

    def poll(self, now: int) -> Frame | None:
        if self._pipeline is None:
            self._look_for_device(now)
            return None
        try:
            frames = self._pipeline.poll_for_frames()
        except RuntimeError as error:
            self._stop(STOPPED.format(error=error), now)
            return None
        depth = frames.get_depth_frame() if frames else None
        if not depth:
            self._heard = now if self._heard is None or now < self._heard else self._heard
            if now - self._heard > RETRY:
                self._stop(SILENT, now)
            return None
        self._heard = now
        color = frames.get_color_frame()
        # A frame without colour of its own comes with the last one again.
        fresh = bool(color) and color.get_frame_number() != self._color_number
        self._color_number = color.get_frame_number() if color else -1
        known = depth.get_frame_timestamp_domain() == rs.timestamp_domain.global_time
        stamp = round(depth.get_timestamp() * 1e6) if known else now
        return Frame(stamp, depth.get_frame_number(), array_of(depth), array_of(color) if fresh else None)

    def _stop(self, fault: str, now: int) -> None:
        pipeline, self._pipeline = self._pipeline, None
        self.fault, self._tried = fault, now
        try:
            pipeline.stop()
        except RuntimeError as error:
            # What stopped it may have taken the device away.
            self.fault = f"{fault} ({error})"

    def close(self) -> None:
        if self._pipeline is not None:
            self._stop("closed", 0)
