"""Draws what one projector shows, in a full-screen window on its display and as an image topic.

Subscribes: work_state, keep_clear, cobot_intent, operator_state (for what a worker wants to see of themselves),
projector/<id>/pattern, which is thrown instead while somebody calibrates.
Publishes: projector/<id>/image, projector/<id>/state, and operator_input from keys and pedals while its window has the
keyboard. Between two cases it throws some faint dots, looks at them with the colour camera, and publishes
projector/<id>/drift (`light_watch`).
"""

from __future__ import annotations

import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import Image

from opstap.calibration.projector_record import as_calibrated
from opstap.documents import nearest
from opstap.guidance.cues import Cue, cues, robot_cue, with_words
from opstap.guidance.keys import Pedal, load_keys
from opstap.guidance.lettering import missing_fonts
from opstap.guidance.screen import Screen
from opstap.guidance.window import NoDisplay, ProjectorWindow
from opstap.workflow.model import Asked
from opstap.zones import Clear
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, StartError, run
from opstap_cell.light_watch import LightWatch
from opstap_cell.parameters import declare, parameter
from opstap_cell.pedal_watch import PedalWatch
from opstap_cell.qos import EVENT, STATE
from opstap_interfaces.msg import CobotIntent, KeepClear, OperatorInput, OperatorState, ProjectionState, WorkState

PATTERN = 10.0
"""Seconds of real time after the last pattern for calibrating, after which what guides is shown again."""
PATIENCE = 1.0
"""Seconds of real time for which a work state waits for what is to be kept clear in its frame."""


@dataclass(frozen=True)
class Config:
    projector: str = parameter("id of the scene's projector", "main")
    calibration: str = parameter("the camera's calibration file, beside which are the projectors'; empty: none", "")
    window: bool = parameter("show it full-screen on the projector's display", False)
    keys: str = parameter("what keys and pedals ask, config/inputs/keys.yaml; empty: nothing", "")


class ProjectorGuidance(CellNode):
    def __init__(self) -> None:
        super().__init__("projector_guidance")
        cv2.setNumThreads(1)  # two cores are shared by the whole cell
        config = declare(self, Config)
        if config.calibration:
            self.cell = as_calibrated(self.cell, Path(config.calibration))
        projectors = {p.id: p for p in self.cell.scene.projectors}
        if config.projector not in projectors:
            raise StartError(
                f"projector: found '{config.projector}', allowed: {nearest(config.projector, list(projectors))}"
            )
        self.projector = projectors[config.projector]
        self.optical_frame = f"{self.cell.scene.cell}/projector_{self.projector.id}_optical_frame"
        self.screen: Screen | None = None
        self.fonts, self.light_said = missing_fonts(), ""
        self.person = ""
        self.robot: tuple[Cue, ...] = ()
        self.about_me, self.about_until = "", 0
        self.waiting: deque[tuple[float, WorkState]] = deque()
        self.clears: deque[Clear] = deque(maxlen=16)
        self.image_stamp = 0
        self.draw_ms = 0.0
        self.window: ProjectorWindow | None = None
        self.pedal = Pedal(load_keys(Path(config.keys)) if config.keys and config.window else {})
        self.input_out = self.create_publisher(OperatorInput, "operator_input", EVENT)
        first = self.projector.id == self.cell.scene.projectors[0].id  # one pedal asks once
        self.pedal_watch = PedalWatch(self, Path(config.keys), self.ask) if config.keys and first else None
        if config.window:
            self.open_window()
            self.create_timer(0.1, self.keep_window)
        base = f"projector/{self.projector.id}"
        self.image_out = self.create_publisher(Image, f"{base}/image", STATE)
        self.state_out = self.create_publisher(ProjectionState, f"{base}/state", EVENT)
        self.light_watch = LightWatch(self, self.projector, config.calibration, self.warn)
        self.pattern: NDArray[np.uint8] | None = None
        self.pattern_until = 0.0
        self.create_subscription(Image, f"{base}/pattern", self.on_pattern, EVENT)
        self.create_subscription(KeepClear, "keep_clear", self.on_clear, EVENT)
        self.create_subscription(CobotIntent, "cobot_intent", self.on_intent, STATE)
        self.create_subscription(OperatorState, "operator_state", self.on_operator_state, EVENT)
        self.create_subscription(WorkState, "work_state", self.on_work_state, STATE)
        self.create_timer(PATIENCE / 4, self.answer, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def warn(self, said: str) -> None:
        """Tell what came out of the last look at the light, beside what else is to be seen to."""
        self.light_said = said
        pedal = self.pedal_watch.fault if self.pedal_watch else ""
        self.warning = "; ".join(w for w in (said, pedal, self.fonts) if w)

    def on_clear(self, message: KeepClear) -> None:
        self.clears.append(convert.clear_from_ros(message))
        self.answer()

    def on_pattern(self, message: Image) -> None:
        """A pattern of who calibrates, instead of what guides; one of another size, such as an empty one, ends that."""
        self.screen = None  # what guides is drawn anew afterwards
        optics = self.projector.optics
        fits = (message.width, message.height, message.encoding) == (optics.width, optics.height, "mono8")
        self.pattern_until = time.monotonic() + PATTERN if fits else 0.0
        self.pattern = np.repeat(convert.image_from_ros(message)[..., None], 3, axis=2) if fits else None

    def on_work_state(self, message: WorkState) -> None:
        self.got_input()
        self.waiting.append((time.monotonic(), message))
        self.answer()

    def answer(self) -> None:
        """Show the states whose frame is known in full: the same frames give the same light on every machine."""
        while self.waiting:
            since, message = self.waiting[0]
            stamp = convert.time_from_ros(message.header.stamp)
            behind = bool(self.clears) and self.clears[-1].stamp < stamp
            if behind and time.monotonic() - since < PATIENCE:
                return
            self.waiting.popleft()
            known = [c for c in self.clears if c.stamp <= stamp]
            self.show(message, stamp, known[-1] if known and not behind else None)

    def show(self, message: WorkState, stamp: int, clear: Clear | None) -> None:
        profile = convert.profile_from_ros(message, self.cell)
        began = time.perf_counter()
        shown: tuple[Cue, ...] = ()
        if time.monotonic() < self.pattern_until:
            image, self.pattern = self.pattern, None
        else:
            if self.screen is None or self.person != message.person:
                self.screen, self.person = Screen(self.cell, self.projector, profile), message.person
                began = time.perf_counter()
            # Where the robot passes is drawn first: what is asked of the person lies over it.
            work = convert.state_from_ros(message)
            shown = (*self.robot, *cues(work, self.cell, profile, stamp), *self.light_watch.tend(work, clear, stamp))
            if self.about_me and stamp < self.about_until:
                shown = with_words(shown, self.cell, self.about_me)
            image = self.screen.show(shown, profile.motion, stamp, clear)
        state = ProjectionState(projector=self.projector.id, surfaces=sorted({c.surface for c in shown}))
        if image is not None:
            self.image_stamp = stamp
            self.draw_ms = state.draw_ms = (time.perf_counter() - began) * 1e3
            if self.window:
                self.window.show(image)
            self.image_out.publish(convert.image_to_ros(image, "rgb8", self.optical_frame, stamp))
        state.header.frame_id, state.header.stamp = self.optical_frame, self.get_clock().now().to_msg()
        state.source_stamp, state.image_stamp = message.header.stamp, convert.time_to_ros(self.image_stamp)
        self.state_out.publish(state)

    def on_intent(self, message: CobotIntent) -> None:
        outline = tuple((round(p.x, 3), round(p.y, 3)) for p in message.swept)
        self.robot = robot_cue(outline, message.moving)

    def on_operator_state(self, message: OperatorState) -> None:
        """Words for the table, until they are older than they may be."""
        age = message.max_age.sec * 1_000_000_000
        self.about_me, self.about_until = message.on_the_table, convert.time_from_ros(message.header.stamp) + age

    def open_window(self) -> None:
        optics = self.projector.optics
        try:
            self.window = ProjectorWindow(self.projector.display, (optics.width, optics.height))
            self.fault, self.screen = "", None
        except NoDisplay as error:
            self.window, self.fault = None, str(error)

    def keep_window(self) -> None:
        """Answer the desktop; a lost display is told, and opened again when it comes back."""
        if self.window is None or not self.window.poll():
            self.open_window()
        for key in self.window.pressed() if self.window else []:
            asked = self.pedal.press(key, time.monotonic())
            if asked:
                self.ask(asked)

    def ask(self, asked: Asked) -> None:
        wish = OperatorInput(asked=asked.value, source="pedal or keyboard")
        wish.header.stamp = self.get_clock().now().to_msg()
        self.input_out.publish(wish)

    def destroy_node(self) -> None:
        if self.pedal_watch:
            self.pedal_watch.close()
        super().destroy_node()

    def values(self) -> dict[str, str]:
        self.warn(self.light_said)
        return {"last_draw_ms": f"{self.draw_ms:.1f}"}


def main() -> int:
    return run(ProjectorGuidance)


if __name__ == "__main__":
    sys.exit(main())
