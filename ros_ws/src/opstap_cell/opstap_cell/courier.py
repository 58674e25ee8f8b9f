"""Asks the cobot for trays, on behalf of the work guide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.action import ActionClient
from rclpy.node import Node

from opstap.instructions import Cell
from opstap.scene import Zone
from opstap.workflow.model import Event, State, Tray, TrayChanged, TrayVisited
from opstap.workflow.trays import Errand, Reach, Trays
from opstap_cell.convert import time_from_ros
from opstap_cell.qos import SENSOR
from opstap_interfaces.action import PresentPart
from opstap_interfaces.msg import Hand, HandArray

GONE_AFTER = 5_000_000_000
"""A cobot that was not heard of for so long brings nothing any more, ns."""
PATIENCE = 120_000_000_000
"""A tray that was asked for so long ago is not waited for any more, ns: the bin is lit. It usually takes 40 to 70 s."""
IN_TRAY, BESIDE = 0.20, 0.03
"""A hand whose middle is lower than this over the table, and so near to the tray's zone, has its fingers in it, m."""


class Courier:
    """`decide` takes what happened with a tray; `state` gives the state of the work."""

    def __init__(self, node: Node, cell: Cell, person: str, state: Callable[[], State], decide: Callable[[Event], None]
                 ) -> None:  # fmt: skip
        self._node, self._person, self._state, self._decide = node, person, state, decide
        self._trays, self._reach = Trays(cell), Reach()
        self._zones = {z.id: z for z in cell.scene.zones}
        self._errand: Errand | None = None
        self._since = 0
        """When the errand was asked for, ns."""
        self._heard = 0
        """When the cobot's node was last there, ns."""
        self._client = ActionClient(node, PresentPart, "present_part")
        node.create_subscription(HandArray, "hands", self._on_hands, SENSOR)

    def serve(self, stamp: int) -> None:
        """Ask for what is due, `stamp` ns."""
        if self._client.server_is_ready():
            self._heard = stamp
        if self._errand is not None:
            if stamp - self._heard > GONE_AFTER:
                self._end(self._errand, None, stamp)
            elif stamp - self._since > PATIENCE:
                self._wait_no_more(self._errand, stamp)
            return
        errand = self._trays.next(self._state())
        if errand is None:
            return
        if not self._client.server_is_ready():
            if not errand.back:  # nobody brings it: it is in its bin too
                self._decide(TrayChanged(stamp, Tray.NONE))
            return
        self._errand, self._since = errand, stamp
        goal = PresentPart.Goal(part=errand.part, place="store" if errand.back else "", person=self._person)
        self._client.send_goal_async(goal).add_done_callback(lambda sent: self._accepted(errand, sent.result()))

    def _accepted(self, errand: Errand, handle: Any) -> None:
        if not handle.accepted:
            self._end(errand, None, 0)
            return
        handle.get_result_async().add_done_callback(lambda ended: self._end(errand, ended.result().result, 0))

    def _wait_no_more(self, errand: Errand, stamp: int) -> None:
        """The cobot goes on trying, but the worker does not wait for it: what comes late is taken back."""
        if not errand.back and self._state().tray is Tray.COMING:
            self._node.get_logger().info(f"tray of {errand.part}: takes too long, it is taken from the bin")
            self._decide(TrayChanged(stamp, Tray.NONE))

    def _end(self, errand: Errand, result: PresentPart.Result | None, stamp: int) -> None:
        """What became of it; no result: nobody does it (any more)."""
        if errand is not self._errand:
            if result is not None and result.code == PresentPart.Result.OK:
                self._trays.out = "" if errand.back else errand.part  # it came after all
            return
        self._errand = None
        stamp = stamp or self._node.get_clock().now().nanoseconds
        done = result is not None and result.code == PresentPart.Result.OK
        how = ("taken back" if errand.back else "brought") if done else result.message if result else "nobody brings it"
        self._node.get_logger().info(f"tray of {errand.part}: {how}")
        # Where it is not known, it is taken to be where it was.
        held = result is not None and result.code == PresentPart.Result.NOT_TAKEN
        left_out = errand.back != done or held
        change = self._trays.ended(errand, self._state(), done, left_out, result.place if result else "", stamp)
        if change:
            self._decide(change)

    def _on_hands(self, message: HandArray) -> None:
        state = self._state()
        if state.tray is not Tray.THERE:
            return
        stamp = time_from_ros(message.header.stamp)
        inside = any(self._in_tray(h, self._zones[state.tray_zone]) for h in message.hands)
        if self._reach.see(inside, stamp):
            self._decide(TrayVisited(stamp, state.tray_zone))

    @staticmethod
    def _in_tray(hand: Hand, zone: Zone) -> bool:
        away = [
            abs(p - z) - s / 2
            for p, z, s in zip((hand.position.x, hand.position.y), zone.position, zone.size, strict=True)
        ]
        return hand.position.z < IN_TRAY and max(away) < BESIDE
