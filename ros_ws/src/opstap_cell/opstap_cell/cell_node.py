"""What every node of the cell has: scene and task, diagnostics at 1 Hz, a clean end."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from opstap.documents import DocumentError, nearest
from opstap.instructions import Cell, load_cell, product_of
from opstap.scene import Profile
from opstap_cell.parameters import ParameterError, declare, parameter

LATE_AFTER = 2.0
"""Seconds without input after which a node reports itself as late."""


class StartError(Exception):
    """The node cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class CellFiles:
    """The two files that describe a cell."""

    scene: str = parameter("path of the scene file, config/cells/*.yaml")
    task: str = parameter("path of the task file, config/tasks/*.yaml")


class CellNode(Node):
    """A node with the cell's scene and task, that tells how it is on /diagnostics every second."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        files = declare(self, CellFiles)
        self.scene_path = Path(files.scene)
        self.cell: Cell = load_cell(self.scene_path, Path(files.task))
        self.task_path, _ = product_of(Path(files.task))
        self.table_frame = f"{self.cell.scene.cell}/table"
        self.fault = ""
        """What is wrong now, in plain words; empty when nothing is."""
        self.warning = ""
        """What somebody should see to, though the node does its work."""
        self._inputs = 0
        self._last_input = time.monotonic()
        self._reported = time.monotonic()
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # Wall time, also in simulation: a stopped clock is something to report.
        self.create_timer(1.0, self._report, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def person_profile(self, person: str) -> Profile:
        """The profile of `person`.

        Raises:
            StartError: the scene knows nobody of that name.
        """
        profiles = self.cell.scene.profile
        if person not in profiles:
            raise StartError(f"person: found '{person}', allowed: {nearest(person, list(profiles))}")
        return profiles[person]

    def create_publisher(self, *args: Any, **kwargs: Any) -> Any:
        # Events of both ends cost the executor a tenth of a millisecond a message; the other end tells of a QoS that
        # does not match.
        return super().create_publisher(*args, event_callbacks=PublisherEventCallbacks(use_default_callbacks=False),
                                        **kwargs)  # fmt: skip

    def create_subscription(self, *args: Any, **kwargs: Any) -> Any:
        quiet = SubscriptionEventCallbacks(use_default_callbacks=False)
        return super().create_subscription(*args, event_callbacks=quiet, **kwargs)

    def got_input(self) -> None:
        """Count an input; called at the start of the node's main callback."""
        self._inputs += 1
        self._last_input = time.monotonic()

    def values(self) -> dict[str, str]:
        """Further figures for the diagnostics."""
        return {}

    def _report(self) -> None:
        now = time.monotonic()
        age, rate = now - self._last_input, self._inputs / (now - self._reported)
        self._inputs, self._reported = 0, now
        status = DiagnosticStatus(name=self.get_fully_qualified_name(), hardware_id=self.cell.scene.cell)
        status.level, status.message = DiagnosticStatus.OK, "running"
        if self.fault:
            status.level, status.message = DiagnosticStatus.ERROR, self.fault
        elif self.warning:
            status.level, status.message = DiagnosticStatus.WARN, self.warning
        elif age > LATE_AFTER:
            status.level, status.message = DiagnosticStatus.WARN, f"no input for {age:.0f} s"
        figures = {"rate_hz": f"{rate:.1f}", "input_age_s": f"{age:.2f}", **self.values()}
        status.values = [KeyValue(key=k, value=v) for k, v in figures.items()]
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)


def run(make: Callable[[], Node]) -> int:
    """Run a node until it is told to stop.

    Returns 0 after SIGINT or SIGTERM, 2 with one clear message when it could not start. A bug is a traceback and
    exit code 1, after which launch starts the node again.
    """
    told = False

    def stop(*_: object) -> None:
        nonlocal told
        told = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)  # rclpy calls it after its own
    rclpy.init(signal_handler_options=SignalHandlerOptions.ALL)
    node: Node | None = None
    try:
        node = make()
        rclpy.spin(node)
    except (DocumentError, ParameterError, StartError) as error:
        print(f"{Path(sys.argv[0]).name}: cannot start\n{error}", file=sys.stderr, flush=True)
        return 2
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    except Exception:
        # Told to stop, what it needs to start is gone; in the midst of a message rclpy makes another error of that.
        if rclpy.ok() and not told:
            raise
        return 0
    finally:
        # The launch may ask again, and harder, while the node is being taken down; once is enough.
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, signal.SIG_IGN)
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0
