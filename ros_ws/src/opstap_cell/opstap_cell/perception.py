"""Tells from depth what happened at which place, which hands are over the table, and whether the camera was moved.

Subscribes: camera/depth/image_rect_raw, camera/depth/camera_info, camera/serial. Publishes: workspace_state,
workspace_events, hands, people, keep_clear, operator_input (of projected buttons). Services: check_camera finds the
camera's pose anew, load_calibration reads its file again.
Also subscribes robot_body: the robot's own capsules, so that it is not taken for somebody or for a hand; without them
it is; and projector/<id>/drift, to tell it in workspace_state.
"""

from __future__ import annotations

import math
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String
from std_srvs.srv import Trigger

from opstap.geometry import Pinhole
from opstap.perception.camera_watch import CHECKING
from opstap.perception.clearance import Clearance
from opstap.perception.guard import Guard
from opstap.perception.intake import Intake
from opstap.perception.own import Mask, Own, without
from opstap.perception.people import People
from opstap.perception.watch import PlaceSeen, Seen
from opstap.zones import Clear, for_person
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, run
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import (
    BodyArray,
    HandArray,
    KeepClear,
    OperatorInput,
    PlaceState,
    ProjectorDrift,
    WorkspaceEvent,
    WorkspaceState,
)

RECENT_EVENTS, RECENT = 16, 10_000_000_000
"""Events that workspace_state repeats: at most so many, of the last so many ns."""


@dataclass(frozen=True)
class Config:
    kept: str = parameter(
        "folder that keeps settled heights and the camera's reference over a restart; empty: none", ""
    )
    person: str = parameter("profile id of the scene's people: says where the buttons are", "default")
    calibration: str = parameter("the camera's calibration file; empty, or no such file: the scene's pose is used", "")


class Perception(CellNode):
    def __init__(self) -> None:
        super().__init__("perception")
        cv2.setNumThreads(1)  # two cores are shared by the whole cell
        self.config = declare(self, Config)
        self.intake = Intake(self.cell.scene.camera.view.pinhole)
        self.optics: Pinhole | None = None
        self.serial = ""
        self.guard: Guard | None = None
        self.people: People | None = None
        self.scene = for_person(self.cell.scene, self.person_profile(self.config.person))
        self.clearance: Clearance | None = None
        self.cleared = -1
        self.own: Own | None = None
        self.recent: deque[WorkspaceEvent] = deque(maxlen=RECENT_EVENTS)
        self.told: dict[str, tuple[PlaceSeen, PlaceState]] = {}
        self.state_out = self.create_publisher(WorkspaceState, "workspace_state", STATE)
        self.events_out = self.create_publisher(WorkspaceEvent, "workspace_events", EVENT)
        self.hands_out = self.create_publisher(HandArray, "hands", SENSOR)
        self.create_subscription(CameraInfo, "camera/depth/camera_info", self.on_camera_info, STATE)
        self.create_subscription(String, "camera/serial", self.on_serial, STATE)
        self.create_subscription(Image, "camera/depth/image_rect_raw", self.on_depth, SENSOR)
        self.people_out = self.create_publisher(BodyArray, "people", SENSOR)
        self.create_subscription(BodyArray, "robot_body", self.on_robot, SENSOR)
        self.clear_out = self.create_publisher(KeepClear, "keep_clear", EVENT)
        self.input_out = self.create_publisher(OperatorInput, "operator_input", EVENT)
        self.projector_drift: dict[str, float] = {}
        for p in self.cell.scene.projectors:
            self.create_subscription(ProjectorDrift, f"projector/{p.id}/drift", self.on_projector_drift, STATE)
        self.create_service(Trigger, "check_camera", self.on_check)
        self.create_service(Trigger, "load_calibration", self.on_load)

    def on_camera_info(self, info: CameraInfo) -> None:
        optics = Pinhole(info.width, info.height, info.k[0], info.k[4], info.k[2], info.k[5])
        self.fault = self.intake.camera(optics)
        if not self.fault and optics != self.optics:
            self.optics, self.guard = optics, None  # another camera: everything is settled anew

    def on_serial(self, message: String) -> None:
        if message.data != self.serial:
            self.serial = message.data
            self.guard = self.guard.of_camera(self.serial) if self.guard else None

    def look(self, depth: NDArray[Any], stamp: int) -> Seen:
        """Look at a frame with the camera that is known by now."""
        if self.guard is None:
            kept = Path(self.config.kept) if self.config.kept else None
            file = Path(self.config.calibration) if self.config.calibration else None
            assert self.optics is not None
            self.guard = Guard(self.cell, self.optics, self.serial, kept, file)
        seen = self.guard.see(depth, stamp)
        condition = self.guard.condition
        self.fault, self.warning = condition.paused, condition.warning
        return seen

    def on_depth(self, image: Image) -> None:
        self.got_input()
        stamp = convert.time_from_ros(image.header.stamp)
        fault = self.intake.frame(image.width, image.height, image.encoding, len(image.data), stamp)
        if fault:
            self.fault = fault
            return
        depth = convert.image_from_ros(image)
        own = self.own.find(depth, stamp) if self.own else None
        others = without(depth, own)
        seen = self.look(others, stamp)
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
        state.camera_drift_mm = float(self.guard.condition.drift_mm) if self.guard else float("nan")
        state.projector_drift_mm = max(self.projector_drift.values(), default=float("nan"))
        self.tell_clear(others, seen)
        self.state_out.publish(state)
        hands = HandArray(header=state.header, present=bool(seen.present))
        hands.hands = [convert.hand_to_ros(h) for h in seen.hands]
        self.hands_out.publish(hands)

        if self.people_out.get_subscription_count():
            self.publish_people(depth, stamp, own)

    def tell_clear(self, depth: NDArray[Any], seen: Seen) -> None:
        """Tell what is to be left dark and free, before the state of the same frame; and what a button asks."""
        view = self.guard.view if self.guard else None
        if view is not None and (self.clearance is None or self.clearance.view is not view):
            self.clearance = Clearance(self.scene, view)
        blind = self.guard is None or bool(self.guard.condition.paused)
        clear = Clear(seen.stamp)
        if self.clearance and not blind and seen.stamp > self.cleared:
            clear = self.clearance.see(depth, seen.blobs.arms, seen.blobs.near_arm, seen.stamp)
            self.cleared = seen.stamp
        self.clear_out.publish(convert.clear_to_ros(clear, self.table_frame))
        if clear.asked:
            asked = OperatorInput(asked=clear.asked, source="projected button")
            asked.header.stamp, asked.header.frame_id = convert.time_to_ros(seen.stamp), self.table_frame
            self.input_out.publish(asked)

    def publish_people(self, depth: NDArray[Any], stamp: int, own: Mask | None) -> None:
        """Tell who is there, while somebody wants to know; nothing is known through a camera that moved."""
        if self.guard is None:
            return
        if self.people is None or self.people.view is not self.guard.view:
            self.people = People(self.cell.scene, self.guard.view)
        blind = self.guard.condition.paused or self.guard.condition.suspect
        told = self.people.nothing_known(stamp) if blind else self.people.see(depth, stamp, own)
        self.people_out.publish(convert.bodies_to_ros(told, self.people.grid, self.table_frame))

    def on_robot(self, message: BodyArray) -> None:
        if self.guard is None:
            return
        if self.own is None or self.own.view is not self.guard.view:
            self.own = Own(self.guard.view)
        bodies = {b.id: [convert.capsule_from_ros(c) for c in b.capsules] for b in message.bodies}
        self.own.tell(convert.time_from_ros(message.header.stamp), bodies.get("robot", []), bodies.get("tray", []))

    def on_projector_drift(self, message: ProjectorDrift) -> None:
        self.projector_drift.pop(message.projector, None)
        if not math.isnan(message.drift_mm):
            self.projector_drift[message.projector] = float(message.drift_mm)

    def on_check(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self.guard is not None
        if self.guard is not None:
            self.guard.check()
        response.message = CHECKING if self.guard else "no picture of the camera yet"
        return response

    def on_load(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """The camera was calibrated: what was kept of its old place is of no use."""
        for name in ("camera.npz", "perception.npz") if self.config.kept else ():
            (Path(self.config.kept) / name).unlink(missing_ok=True)
        self.guard = None
        response.success, response.message = True, "the new calibration is used from the next picture on"
        return response

    def values(self) -> dict[str, str]:
        if self.guard is None:
            return {}
        pose = "calibrated" if self.guard.calibrated else "from the scene file: not calibrated"
        return {"camera_pose": pose, "camera_drift_mm": f"{self.guard.condition.drift_mm:.1f}", "seen": self.warning}

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
