"""Speaks what is asked, in the worker's language and at the worker's volume.

Subscribes: work_state.
"""

from __future__ import annotations

import sys

from opstap.guidance.cues import spoken
from opstap.guidance.speech import Speaker
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, run
from opstap_cell.qos import STATE
from opstap_interfaces.msg import WorkState


class Speech(CellNode):
    def __init__(self) -> None:
        super().__init__("speech")
        self.speaker = Speaker()
        self.create_subscription(WorkState, "work_state", self.on_work_state, STATE)

    def on_work_state(self, message: WorkState) -> None:
        self.got_input()
        state, profile = convert.state_from_ros(message), convert.profile_from_ros(message, self.cell)
        words = spoken(state, self.cell, profile, convert.time_from_ros(message.header.stamp))
        self.speaker.tell(words, profile.language, profile.volume, state.repeated)
        self.warning = self.speaker.fault

    def destroy_node(self) -> None:
        self.speaker.stop()
        super().destroy_node()


def main() -> int:
    return run(Speech)


if __name__ == "__main__":
    sys.exit(main())
