"""Publishes depth and colour of a live, recorded or simulated camera, named as realsense-ros names them.

Simulated, it renders every world of the simulator (simulation/world) in the projectors' light and sends it through the
SDK's software device. Colour, its JPEG and aligned depth are made only while somebody subscribes: each costs
milliseconds.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import String

from opstap.geometry import Pinhole
from opstap.perception.depth_camera import MILLIMETRE, DepthCamera, Frame, RecordingError, aligned
from opstap.perception.live_camera import LiveCamera
from opstap.perception.recorded_camera import RecordedCamera
from opstap.perception.software_camera import SoftwareCamera
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, StartError, run
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import SimulatedWorld

COLOR_PERIOD = 100_000_000
"""Between two simulated colour pictures, ns."""


@dataclass(frozen=True)
class Config:
    source: str = parameter("where frames come from", "live", choices=("live", "recording", "simulated"))
    recording: str = parameter("a .db3 or .bag file, or a recorded session's folder, for source recording", "")
    seed: int = parameter("seed of the simulated noise", 1, 0, 2**31 - 1)
    noise: str = parameter("of a simulated camera", "kind", choices=("kind", "fitted", "harsh"))
    fault: str = parameter("what befalls a simulated camera, such as bump@20 (seconds); empty: nothing", "")


class DepthCameraNode(CellNode):
    def __init__(self) -> None:
        super().__init__("depth_camera")
        self.serial = ""
        cv2.setNumThreads(1)  # two cores are shared by the whole cell
        config = declare(self, Config)
        self.depth_frame = f"{self.cell.scene.cell}/camera_depth_optical_frame"
        self.color_frame = f"{self.cell.scene.cell}/camera_color_optical_frame"
        self.depth_info = self.create_publisher(CameraInfo, "camera/depth/camera_info", STATE)
        self.depth_out = self.create_publisher(Image, "camera/depth/image_rect_raw", SENSOR)
        self.color_info = self.create_publisher(CameraInfo, "camera/color/camera_info", STATE)
        self.color_out = self.create_publisher(Image, "camera/color/image_raw", SENSOR)
        self.jpeg_out = self.create_publisher(CompressedImage, "camera/color/image_raw/compressed", SENSOR)
        self.aligned_info = self.create_publisher(CameraInfo, "camera/aligned_depth_to_color/camera_info", STATE)
        self.aligned_out = self.create_publisher(Image, "camera/aligned_depth_to_color/image_raw", SENSOR)
        scene = self.cell.scene
        if config.source == "simulated":
            # The renderer is needed only here, and is not installed beside a real camera.
            from opstap.simulation.faults import read_fault
            from opstap.simulation.faulty_camera import FaultyCamera
            from opstap.simulation.noise import LEVELS
            from opstap.simulation.simulator import START

            self.software = SoftwareCamera(scene.camera)
            self.camera: DepthCamera = self.software
            try:
                self.rendered = FaultyCamera(
                    self.cell, config.seed, read_fault(config.fault), START, LEVELS[config.noise]
                )
            except ValueError as error:
                raise StartError(f"fault: {error}") from error
            self.light: dict[str, np.ndarray[Any, Any]] = {}
            self.colored = -COLOR_PERIOD
            self.create_subscription(SimulatedWorld, "simulation/world", self.on_world, EVENT)
            for p in scene.projectors:
                self.create_subscription(Image, f"projector/{p.id}/image", partial(self.on_light, p.id), STATE)
        else:
            try:
                recorded = config.source == "recording"
                self.camera = self.played(Path(config.recording)) if recorded else LiveCamera(scene.camera)
            except RecordingError as error:
                raise StartError(f"recording: {error}") from error
            self.create_timer(0.5 / scene.camera.fps, self.publish_next)
        self.extrinsics_out = self.create_publisher(PoseStamped, "camera/color_from_depth", STATE)
        self.serial_out = self.create_publisher(String, "camera/serial", STATE)
        self.tell_serial()
        if config.source != "live":
            # Known before the first frame; whoever waits for them need not wait for that.
            self.depth_info.publish(self.info(self.camera.depth_optics, self.depth_frame, 0))
            self.color_info.publish(self.info(self.camera.color_optics, self.color_frame, 0))

    def played(self, recording: Path) -> DepthCamera:
        """The camera of a recording."""
        if recording.is_dir():
            # Reading a session needs a library that a cell without recordings need not have.
            from opstap.recording.camera import BagCamera

            return BagCamera(self.cell.scene.camera, recording)
        return RecordedCamera(self.cell.scene.camera, recording)

    def on_light(self, projector: str, message: Image) -> None:
        self.light[projector] = convert.image_from_ros(message)

    def on_world(self, message: SimulatedWorld) -> None:
        world = convert.world_from_ros(message)
        self.software.push(self.rendered.depth(world), None, world.stamp)
        frame = self.publish_next()
        # Colour takes several times as long, and the light follows depth alone: it comes after.
        # A stamp that goes back is that of a new run, the same stamp a world that was lost on its way.
        shown = frame is not None and frame.stamp == world.stamp
        if frame and shown and self.wants_color() and not 0 < world.stamp - self.colored < COLOR_PERIOD:
            self.colored = world.stamp
            color = self.software.push_color(self.rendered.color(world, self.light))
            if color is not None:
                self.publish_color(frame, color)

    def wants_color(self) -> bool:
        outs = (self.color_out, self.jpeg_out, self.aligned_out)
        return any(out.get_subscription_count() for out in outs)

    def publish_next(self) -> Frame | None:
        """Publish the next frame if one is there, and return it."""
        frame = self.camera.poll(self.get_clock().now().nanoseconds)
        self.fault = self.camera.fault
        if frame is None:
            return None
        self.got_input()
        self.tell_serial()
        self.depth_info.publish(self.info(self.camera.depth_optics, self.depth_frame, frame.stamp))
        depth = frame.depth if self.camera.depth_unit == MILLIMETRE else self.millimetres(frame.depth)
        self.depth_out.publish(convert.image_to_ros(depth, "16UC1", self.depth_frame, frame.stamp))
        if frame.color is not None and self.wants_color():
            self.publish_color(frame, frame.color)
        return frame

    def tell_serial(self) -> None:
        if self.camera.serial not in ("", self.serial):
            self.serial = self.camera.serial
            self.serial_out.publish(String(data=self.serial))
            # The camera is open now: where its two eyes are is known too.
            told = PoseStamped(pose=convert.pose_to_ros(self.camera.color_from_depth))
            told.header.frame_id = self.color_frame
            self.extrinsics_out.publish(told)

    def publish_color(self, frame: Frame, color: np.ndarray[Any, Any]) -> None:
        info = self.info(self.camera.color_optics, self.color_frame, frame.stamp)
        self.color_info.publish(info)
        if self.color_out.get_subscription_count():
            self.color_out.publish(convert.image_to_ros(color, "rgb8", self.color_frame, frame.stamp))
        if self.jpeg_out.get_subscription_count():
            encoded = cv2.imencode(".jpg", cv2.cvtColor(color, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
            jpeg = CompressedImage(format="rgb8; jpeg compressed bgr8", data=encoded.tobytes())
            jpeg.header.stamp, jpeg.header.frame_id = convert.time_to_ros(frame.stamp), self.color_frame
            self.jpeg_out.publish(jpeg)
        if self.aligned_out.get_subscription_count():
            depth = aligned(frame.depth, self.camera)
            if self.camera.depth_unit != MILLIMETRE:
                depth = self.millimetres(depth)
            self.aligned_info.publish(info)
            self.aligned_out.publish(convert.image_to_ros(depth, "16UC1", self.color_frame, frame.stamp))

    def millimetres(self, depth: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.round(depth * (self.camera.depth_unit * 1000)).astype(np.uint16)

    def destroy_node(self) -> None:
        self.camera.close()  # a recording is complete only then
        super().destroy_node()

    @staticmethod
    def info(k: Pinhole, frame: str, stamp: int) -> CameraInfo:
        info = CameraInfo(width=int(k.width), height=int(k.height), distortion_model="plumb_bob", d=[0.0] * 5)
        info.header.stamp, info.header.frame_id = convert.time_to_ros(stamp), frame
        info.k = [float(v) for v in k.matrix.ravel()]
        info.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        info.p = [float(v) for row in k.matrix for v in (*row, 0.0)]
        return info


def main() -> int:
    return run(DepthCameraNode)


if __name__ == "__main__":
    sys.exit(main())
