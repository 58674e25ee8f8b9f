"""Tells from depth what happened at which place, and which hands are over the table.

Subscribes: camera/depth/image_rect_raw, camera/depth/camera_info. Publishes: workspace_state, workspace_events, hands.
"""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import cv2
from sensor_msgs.msg import CameraInfo, Image

from opstap.geometry import Pinhole, View
from opstap.perception.watch import PlaceSeen, Watcher
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, run
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import HandArray, PlaceState, WorkspaceEvent, WorkspaceState

RECENT_EVENTS, RECENT = 16, 10_000_000_000
"""Events that workspace_state repeats: at most so many, of the last so many ns."""


@dataclass(frozen=True)
class Config:
    checkpoint: str = parameter("file that keeps the settled heights over a restart; empty: none", "")


class Perception(CellNode):
    def __init__(self) -> None:
        super().__init__("perception")
        cv2.setNumThreads(1)  # two cores are shared by the whole cell
        self.config = declare(self, Config)
        self.watcher: Watcher | None = None
        self.recent: deque[WorkspaceEvent] = deque(maxlen=RECENT_EVENTS)
        self.told: dict[str, tuple[PlaceSeen, PlaceState]] = {}
        self.state_out = self.create_publisher(WorkspaceState, "workspace_state", STATE)
        self.events_out = self.create_publisher(WorkspaceEvent, "workspace_events", EVENT)
        self.hands_out = self.create_publisher(HandArray, "hands", SENSOR)
        self.create_subscription(CameraInfo, "camera/depth/camera_info", self.on_camera_info, STATE)
        self.create_subscription(Image, "camera/depth/image_rect_raw", self.on_depth, SENSOR)

    def on_camera_info(self, info: CameraInfo) -> None:
        if self.watcher is None:
            k = Pinhole(info.width, info.height, info.k[0], info.k[4], info.k[2], info.k[5])
            checkpoint = Path(self.config.checkpoint) if self.config.checkpoint else None
            self.watcher = Watcher(self.cell, View(k, self.cell.scene.camera.pose), checkpoint)

    def on_depth(self, image: Image) -> None:
        if self.watcher is None:
            return
        self.got_input()
        stamp = convert.time_from_ros(image.header.stamp)
        seen = self.watcher.see(convert.image_from_ros(image), stamp)
        if seen.stamp == stamp:
            for event in seen.events:
                message = convert.event_to_ros(event, self.table_frame)
                if not self.recent or event.sequence > self.recent[-1].sequence:
                    self.recent.append(message)
                    self.events_out.publish(message)
        state = WorkspaceState(
            events=[e for e in self.recent if convert.time_from_ros(e.header.stamp) > stamp - RECENT]
        )
        state.header.stamp, state.header.frame_id = convert.time_to_ros(seen.stamp), self.table_frame
        state.places = [self.place_message(k, p) for k, p in seen.places.items()]
        state.camera_drift_mm = state.projector_drift_mm = float("nan")
        self.state_out.publish(state)
        hands = HandArray(header=state.header, present=bool(seen.present))
        hands.hands = [convert.hand_to_ros(h) for h in seen.hands]
        self.hands_out.publish(hands)

    def place_message(self, place: str, seen: PlaceSeen) -> PlaceState:
        """The message of a place, the same one as long as what is seen stays the same."""
        told = self.told.get(place)
        if told is None or told[0] != seen:
            told = self.told[place] = (seen, convert.place_to_ros(place, seen))
        return told[1]


def main() -> int:
    return run(Perception)


if __name__ == "__main__":
    sys.exit(main())
