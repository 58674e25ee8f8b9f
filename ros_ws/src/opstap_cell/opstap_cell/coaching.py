"""The coach's page in the running cell: finds every cell that tells what a coach may see, and asks them back.

Cells are found by ROS discovery, so by default those of this machine; listened to while a coach's page is open only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import isnan

from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from opstap.monitoring.facts import FactName
from opstap.pages.coaching import Cells, CellView, CoachInput, CoachSnapshot, SharedFact, Words
from opstap.pages.protocol import Refused
from opstap_cell.cell_node import CellNode
from opstap_cell.qos import EVENT
from opstap_interfaces.msg import CoachView, OperatorInput

TOPIC, KIND = "/coach_view", "opstap_interfaces/msg/CoachView"
SOURCE = "page (coach)"


class Coaching:
    """`tend` is called by the node, ten times a second; `publish` shows all cells."""

    def __init__(self, node: CellNode, publish: Callable[[CoachSnapshot], None]) -> None:
        self._node, self._publish = node, publish
        self.cells = Cells(node.get_namespace())
        self._listening: dict[str, Subscription] = {}
        self._out: dict[str, Publisher] = {}
        self._asked: list[CoachInput] = []
        self._changed, self._looked, self._shown = False, 0.0, 0.0

    def ask(self, said: CoachInput) -> Refused | None:
        """From the page server's thread; what is asked of ROS is asked by `tend`."""
        refused = self.cells.refused(said, time.monotonic())
        if refused is None:
            self._asked.append(said)
        return refused

    def tend(self, watched: bool) -> None:
        now = time.monotonic()
        if now - self._looked > 1.0:
            self._looked = now
            self._look(watched)
        while self._asked:
            self._tell(self._asked.pop(0))
        if watched and (self._changed or now - self._shown > 1.0):
            self._changed, self._shown = False, now
            self._publish(self.cells.snapshot(now))

    def _look(self, watched: bool) -> None:
        there = self._node.get_topic_names_and_types() if watched else []
        found = {name[: -len(TOPIC)] for name, kinds in there if name.endswith(TOPIC) and KIND in kinds}
        for id in found - set(self._listening):
            self._listening[id] = self._node.create_subscription(CoachView, id + TOPIC, self._hear(id), EVENT)
            if id not in self._out:  # made beforehand: what is asked at once would find nobody who hears it
                self._out[id] = self._node.create_publisher(OperatorInput, f"{id}/operator_input", EVENT)
        if not watched:
            for subscription in self._listening.values():
                self._node.destroy_subscription(subscription)
            self._listening = {}

    def _hear(self, id: str) -> Callable[[CoachView], None]:
        def hear(message: CoachView) -> None:
            self.cells.hear(view_from_ros(id, message), time.monotonic())
            self._changed = True

        return hear

    def _tell(self, said: CoachInput) -> None:
        wish = OperatorInput(asked=said.asked, source=SOURCE)
        wish.header.stamp = self._node.get_clock().now().to_msg()
        self._out[said.cell].publish(wish)


def view_from_ros(id: str, message: CoachView) -> CellView:
    """One cell as the page shows it. A fact of a name that is not on the closed list is not shown."""
    names = {n.value: n for n in FactName}
    return CellView(
        id=id, name=message.cell, simulated=message.simulated,
        title=tuple(
            Words(language=la, text=t) for la, t in zip(message.languages, message.titles, strict=True)
        ),
        job=message.job, phase=message.phase, step=message.step, steps=message.steps, problems=message.problems,
        paused=message.paused, cobot=message.cobot, light=message.light or None,  # type: ignore[arg-type]
        light_off_mm=None if isnan(message.light_off_mm) else message.light_off_mm,
        help_seconds=message.help_seconds if message.help_asked else None, coached_seconds=message.coached_seconds,
        person=message.person,
        facts=tuple(
            SharedFact(name=names[f.name], value=f.value if f.known else None, unit=f.unit,
                       usual=None if isnan(f.baseline) else f.baseline)
            for f in message.facts if f.shared and f.name in names
        ),
    )  # fmt: skip
