"""Takes what the work guide's journal says over into the store, and tells the hub where there is one.

The journal is on the disk before anybody sees its effect, so nothing is missed without a topic. Subscribes:
monitor_input, to erase who asks for it. What people allowed until a day is removed on that day.
Whose work it is was written down by the launch; without that person's yes only the day's tally is kept.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rclpy.clock import Clock, ClockType

from opstap.evaluation.hub.client import UplinkError, hub_address
from opstap.evaluation.hub.reporter import Reporter
from opstap.evaluation.store import Consents, Store, StoreError
from opstap.evaluation.store.clock import ClockWatch
from opstap.evaluation.store.ingest import Ingest, Workplace
from opstap.workflow.journal import Journal, JournalError
from opstap_cell.cell_node import CellNode, StartError, run
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT
from opstap_interfaces.msg import MonitorInput

PURGES = 3600.0
"""Seconds between two looks for what may not be kept any longer."""


@dataclass(frozen=True)
class Config:
    journal: str = parameter("path of the work guide's journal")
    store: str = parameter("path of the store, an SQLite file, or a PostgreSQL URL")
    simulated: bool = parameter("whether the devices are simulated", False)
    hub: str = parameter("address of the hub, https://name:port; empty: none", "")
    hub_authority: str = parameter("the hub's certificate file, hub-ca.pem", "")
    hub_token: str = parameter("file with this cell's token", "")
    period: float = parameter("seconds between two looks at the journal", 1.0, 0.1, 60.0)


class Evaluation(CellNode):
    def __init__(self) -> None:
        super().__init__("evaluation")
        config = declare(self, Config)
        place = Workplace(self.cell.scene.cell, self.cell.task.task, config.simulated)
        try:
            self.store = Store(config.store)
            self.ingest = Ingest(self.store, Journal(Path(config.journal)), place)
            self.consents, self.purged = Consents(self.store), time.monotonic()
            self.consents.purge(time.time_ns())
            address = hub_address(config.hub, config.hub_authority, config.hub_token) if config.hub else None
            self.reporter = Reporter(self.store, address) if address else None
        except (StoreError, JournalError, UplinkError) as error:
            raise StartError(str(error)) from error
        if self.reporter:
            self.reporter.start()
        self.watch = None if config.simulated else ClockWatch()
        self.jobs = 0
        self.create_subscription(MonitorInput, "monitor_input", self.on_input, EVENT)
        # Wall time, also in simulation: the end of a simulated cell stops its clock.
        self.create_timer(config.period, self.read, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def read(self) -> None:
        self.got_input()
        try:
            self.jobs += self.ingest.read(time.time_ns(), clock_was_set=bool(self.watch and self.watch.was_set()))
            if time.monotonic() - self.purged > PURGES:
                self.consents.purge(time.time_ns())
                self.purged = time.monotonic()
            self.fault = self.reporter.fault if self.reporter else ""
        except (StoreError, JournalError) as error:
            self.fault = str(error)  # the journal keeps it until the store can be written again

    def on_input(self, message: MonitorInput) -> None:
        """Erase who asks for it, here and at the hub."""
        if message.asked != MonitorInput.ERASE or not message.person:
            return
        try:
            self.consents.erase(message.person)
            self.get_logger().info("somebody was erased from the store, as they asked")
        except StoreError as error:
            self.fault = str(error)
            self.get_logger().error(self.fault)

    def values(self) -> dict[str, str]:
        waiting = {"hub_waiting": str(self.reporter.waiting)} if self.reporter else {}
        return {"jobs": str(self.jobs), **waiting}

    def destroy_node(self) -> None:
        self.read()
        if self.reporter:
            self.reporter.close()
        self.store.close()
        super().destroy_node()


def main() -> int:
    return run(Evaluation)


if __name__ == "__main__":
    sys.exit(main())
