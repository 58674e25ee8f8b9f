"""Shows the cell in RViz and Foxglove: frames, markers and a thinned-out camera cloud, while somebody listens.

Publishes: /tf_static; markers (capsules of robot, people and hands; what is lit; zones) and cloud, both only while
somebody subscribes to one of them. Subscribes: work_state; and then camera/depth/image_rect_raw, robot_body, people,
hands, cobot_intent. The cloud shows people and is kept nowhere; whoever reaches the graph sees it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from geometry_msgs.msg import Point, TransformStamped, Vector3
from rclpy.clock import Clock, ClockType
from rclpy.time import Time
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import ColorRGBA
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker, MarkerArray

from opstap.geometry import Pose
from opstap.pages.view import Frame, Outline, Solid, ViewSnapshot, still
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, run
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_cell.viewing import Viewing
from opstap_interfaces.msg import WorkState

COLORS = {
    "robot": (0.35, 0.5, 0.63, 0.8), "people": (0.66, 0.4, 0.1, 0.6), "hands": (0.82, 0.54, 0.18, 0.8),
    "cue": (0.12, 0.6, 1.0, 1.0), "intent": (0.76, 0.27, 0.23, 1.0), "zone": (0.48, 0.2, 0.72, 1.0),
}  # fmt: skip
LINE = 0.006
"""Width of an outline, metres."""


@dataclass(frozen=True)
class Config:
    calibration: str = parameter("the camera's calibration file; empty, or no such file: the scene's pose is used", "")


class SceneMarkers(CellNode):
    def __init__(self) -> None:
        super().__init__("scene_markers")
        config = declare(self, Config)
        self.still = still(self.cell)
        self.work: WorkState | None = None
        self.camera = ""
        self.frames_out = self.create_publisher(TFMessage, "/tf_static", STATE)
        self.markers_out = self.create_publisher(MarkerArray, "markers", EVENT)
        self.cloud_out = self.create_publisher(PointCloud2, "cloud", SENSOR)
        self.viewing = Viewing(self, config.calibration, self.show, self.show_cloud)
        self.create_subscription(WorkState, "work_state", self.on_work_state, STATE)
        self.tell_frames(())
        self.create_timer(0.1, self.tend, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def on_work_state(self, message: WorkState) -> None:
        self.got_input()
        self.work = message

    def tend(self) -> None:
        listeners = self.markers_out.get_subscription_count() + self.cloud_out.get_subscription_count()
        self.viewing.tend(listeners, self.work)

    def tell_frames(self, more: tuple[Frame, ...]) -> None:
        """Frames that stand still, and the camera's where it is known."""
        root, *others = self.still.frames
        transforms = []
        for frame in (*others, *more):
            pose = convert.pose_to_ros(Pose(np.array(frame.axes), np.array(frame.at)))
            found = TransformStamped(child_frame_id=frame.name)
            found.header.frame_id = root.name
            found.transform.translation = Vector3(x=pose.position.x, y=pose.position.y, z=pose.position.z)
            found.transform.rotation = pose.orientation
            transforms.append(found)
        self.frames_out.publish(TFMessage(transforms=transforms))

    def show(self, snapshot: ViewSnapshot) -> None:
        if snapshot.camera.model_dump_json() != self.camera:
            self.camera = snapshot.camera.model_dump_json()
            self.tell_frames((snapshot.camera,))
        found = [Marker(action=Marker.DELETEALL)]
        for kind, solids in (("robot", snapshot.robot), ("people", snapshot.people), ("hands", snapshot.hands)):
            found += [m for i, s in enumerate(solids) for m in self.capsule(kind, i, s)]
        lines = [*snapshot.cues, *((snapshot.intent,) if snapshot.intent else ()), *self.still.zones]
        found += [self.outline(i, o) for i, o in enumerate(lines)]
        self.markers_out.publish(MarkerArray(markers=found))

    def show_cloud(self, cloud: bytes) -> None:
        points = (np.frombuffer(cloud, "<i2").reshape(-1, 3) / 1000).astype("<f4")
        fields = [PointField(name=n, offset=4 * i, datatype=PointField.FLOAT32, count=1) for i, n in enumerate("xyz")]
        message = PointCloud2(height=1, width=len(points), fields=fields, point_step=12, row_step=12 * len(points),
                              data=points.tobytes(), is_dense=True)  # fmt: skip
        message.header.frame_id, message.header.stamp = self.table_frame, self.get_clock().now().to_msg()
        self.cloud_out.publish(message)

    def marker(self, space: str, number: int, kind: int, color: str) -> Marker:
        r, g, b, a = COLORS[color]
        made = Marker(ns=space, id=number, type=kind, action=Marker.ADD, color=ColorRGBA(r=r, g=g, b=b, a=a))
        made.header.frame_id, made.header.stamp = self.table_frame, Time().to_msg()  # as it is now, whatever the clock
        made.pose.orientation.w = 1.0
        return made

    def capsule(self, kind: str, number: int, solid: Solid) -> list[Marker]:
        """A ball at either end and a tube between them."""
        made = self.marker(kind, 2 * number, Marker.SPHERE_LIST, kind)
        made.scale = Vector3(x=2 * solid.radius, y=2 * solid.radius, z=2 * solid.radius)
        made.points = [_point(solid.start), _point(solid.end)]
        tube = self.marker(kind, 2 * number + 1, Marker.LINE_STRIP, kind)
        tube.scale.x, tube.points = 2 * solid.radius, list(made.points)
        return [made, tube]

    def outline(self, number: int, outline: Outline) -> Marker:
        color = outline.kind if outline.kind in COLORS else "zone"
        made = self.marker("outlines", number, Marker.LINE_STRIP, color)
        made.scale.x, made.points = LINE, [_point(c) for c in (*outline.corners, outline.corners[0])]
        return made


def _point(p: tuple[float, float, float]) -> Point:
    return Point(x=float(p[0]), y=float(p[1]), z=float(p[2]))


def main() -> int:
    return run(SceneMarkers)


if __name__ == "__main__":
    sys.exit(main())
