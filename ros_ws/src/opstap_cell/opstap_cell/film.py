"""Keeps a film of the bench and a picture of every finished step. Starts only where filming was consented to.

Subscribes: camera/color/image_raw/compressed, work_state, monitor_input: who asks to be forgotten is not filmed any
more, and the films of that person are deleted.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from sensor_msgs.msg import CompressedImage

from opstap.evaluation.film import Film
from opstap.recording.whose import erase, note
from opstap.workflow.forgotten import Forgotten
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, run
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import MonitorInput, WorkState


@dataclass(frozen=True)
class Config:
    out: str = parameter("folder for bench.mp4 and steps/*.jpg")
    person: str = parameter("profile id of who works, and is filmed", "default")


class FilmNode(CellNode):
    def __init__(self) -> None:
        super().__init__("film")
        config = declare(self, Config)
        self.out, self.person = Path(config.out), config.person
        (self.out / "steps").mkdir(parents=True, exist_ok=True)
        # A film that was begun before a restart is left as it is.
        number = len(list(self.out.glob("bench*.mp4")))
        self.path = self.out / (f"bench_{number + 1}.mp4" if number else "bench.mp4")
        self.film: Film | None = None
        if Forgotten(self.out).has(self.person):
            self.warning = "who works here asked to be forgotten: nothing is filmed until they take that back"
        else:
            note(self.out, self.path, self.person)
            self.film = Film(self.path)
        self.picture: bytes | None = None
        self.step = ""
        self.index = 0
        self.create_subscription(CompressedImage, "camera/color/image_raw/compressed", self.on_picture, SENSOR)
        self.create_subscription(WorkState, "work_state", self.on_work_state, STATE)
        self.create_subscription(MonitorInput, "monitor_input", self.on_monitor_input, EVENT)

    def on_picture(self, message: CompressedImage) -> None:
        self.got_input()
        if self.film:
            self.picture = bytes(message.data)
            self.film.add(self.picture, convert.time_from_ros(message.header.stamp))

    def on_work_state(self, message: WorkState) -> None:
        if message.step > self.index and self.step and self.picture:
            path = self.out / "steps" / f"{self.index + 1:02d}_{self.step}.jpg"
            note(self.out, path, self.person)
            path.write_bytes(self.picture)
        self.step, self.index = message.step_id, message.step

    def on_monitor_input(self, message: MonitorInput) -> None:
        if message.asked != MonitorInput.ERASE or message.person not in ("", self.person):
            return
        self.close()
        self.picture = None
        self.path.unlink(
            missing_ok=True
        )  # its last pictures came with its end, and the guide may have been here before
        erase(self.out, self.person)
        self.warning = "the films were deleted, as who is in them asked; it films again only when it is started again"
        self.get_logger().info(self.warning)

    def close(self) -> None:
        if self.film:
            self.film.close()
        self.film = None

    def destroy_node(self) -> None:
        self.close()
        super().destroy_node()


def main() -> int:
    return run(FilmNode)


if __name__ == "__main__":
    sys.exit(main())
