"""Keeps a film of the bench and a picture of every finished step. Starts only where filming was consented to.

Subscribes: camera/color/image_raw/compressed, work_state.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from sensor_msgs.msg import CompressedImage

from opstap.evaluation.film import Film
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, run
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import SENSOR, STATE
from opstap_interfaces.msg import WorkState


@dataclass(frozen=True)
class Config:
    out: str = parameter("folder for bench.mp4 and steps/*.jpg")


class FilmNode(CellNode):
    def __init__(self) -> None:
        super().__init__("film")
        self.out = Path(declare(self, Config).out)
        (self.out / "steps").mkdir(parents=True, exist_ok=True)
        # A film that was begun before a restart is left as it is.
        number = len(list(self.out.glob("bench*.mp4")))
        self.film = Film(self.out / (f"bench_{number + 1}.mp4" if number else "bench.mp4"))
        self.picture: bytes | None = None
        self.step = ""
        self.index = 0
        self.create_subscription(CompressedImage, "camera/color/image_raw/compressed", self.on_picture, SENSOR)
        self.create_subscription(WorkState, "work_state", self.on_work_state, STATE)

    def on_picture(self, message: CompressedImage) -> None:
        self.got_input()
        self.picture = bytes(message.data)
        self.film.add(self.picture, convert.time_from_ros(message.header.stamp))

    def on_work_state(self, message: WorkState) -> None:
        if message.step > self.index and self.step and self.picture:
            (self.out / "steps" / f"{self.index + 1:02d}_{self.step}.jpg").write_bytes(self.picture)
        self.step, self.index = message.step_id, message.step

    def destroy_node(self) -> None:
        self.film.close()
        super().destroy_node()


def main() -> int:
    return run(FilmNode)


if __name__ == "__main__":
    sys.exit(main())
