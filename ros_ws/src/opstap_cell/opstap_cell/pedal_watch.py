"""A pedal that is read by itself: what is pressed becomes a wish, and what is the matter with it is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rclpy.clock import Clock, ClockType

from opstap.guidance.keys import Pedal, load_device, load_keys
from opstap.guidance.pedal import HidPedal, NoPedal
from opstap.guidance.window import KEYS
from opstap.workflow.model import Asked
from opstap_cell.cell_node import CellNode

AGAIN = 1.0
"""Seconds after which a device that is not there is looked for again."""


class PedalWatch:
    """Asks `ask` for every press; `fault` says in plain words why there are none. Without a device nothing is read.

    Args:
        keys: config/inputs/keys.yaml, which names the device.
    """

    def __init__(self, node: CellNode, keys: Path, ask: Callable[[Asked], None]) -> None:
        self._device, self._ask = load_device(keys), ask
        self._hid: HidPedal | None = None
        self._tried = -AGAIN
        self.fault = ""
        if self._device:
            self._pedal = Pedal(load_keys(keys))
            node.create_timer(0.05, self._read, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _read(self) -> None:
        now = time.monotonic()
        try:
            if self._hid is None:
                if now - self._tried < AGAIN:
                    return
                self._tried = now
                self._hid, self.fault = HidPedal(self._device), ""
            for name in self._hid.pressed():
                asked = self._pedal.press(KEYS.get(name, 0), now)
                if asked:
                    self._ask(asked)
        except NoPedal as error:
            self.close()
            self.fault = f"pedal: {error}"

    def close(self) -> None:
        """Give the device back."""
        if self._hid is not None:
            self._hid.close()
        self._hid = None
