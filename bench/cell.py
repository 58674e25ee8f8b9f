"""Runs the simulated cell and measures it from outside: listens to its topics, and reads its processes' CPU time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import rclpy
from rclpy.node import Node

from opstap_cell.qos import EVENT
from opstap_interfaces.msg import ProjectionState, SimulatedWorld

DOMAIN = 88
FPS = 30


@dataclass
class Run:
    """What one run of the cell gave; times in seconds."""

    first_picture: float = float("nan")
    """From launch to the first picture with something on it."""
    sent: dict[int, float] = field(default_factory=dict)
    """Stamp of a captured frame, ns -> when it was captured."""
    answered: dict[int, float] = field(default_factory=dict)
    """The same -> when the projector had the picture that answers it."""
    cpu: dict[str, float] = field(default_factory=dict)
    """Process -> CPU seconds while the frames were counted."""
    packed_after: float = float("nan")
    """Simulated seconds until the case was packed; NaN: the run was ended before."""
    packed_in: float = float("nan")
    """The same in real seconds."""

    def latencies(self) -> list[float]:
        """Seconds from capture to picture, of every answered frame."""
        return [self.answered[s] - self.sent[s] for s in sorted(self.sent) if s in self.answered]

    def dropped(self) -> int:
        """Frames that no picture answered, but for the last few, which were on their way."""
        counted = sorted(self.sent)[:-5]
        return sum(stamp not in self.answered for stamp in counted)

    @property
    def simulated(self) -> float:
        """Seconds of simulated time that were counted."""
        return len(self.sent) / FPS

    @property
    def lasted(self) -> float:
        return max(self.sent.values()) - min(self.sent.values())


class Listener(Node):
    """Notes when frames leave the simulator and when the projector has answered them.

    Both ends are taken when they arrive here, so that the way of the notes themselves falls out.
    """

    def __init__(self, run: Run, began: float, warm_up: float) -> None:
        super().__init__("bench")
        self.run, self.began, self.warm_up = run, began, warm_up
        self.create_subscription(SimulatedWorld, "/cell_1/simulation/world", self.on_world, EVENT)
        self.create_subscription(ProjectionState, "/cell_1/projector/main/state", self.on_answer, EVENT)

    def on_world(self, message: SimulatedWorld) -> None:
        now = time.monotonic()
        stamp = message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
        if now - self.began > self.warm_up and stamp not in self.run.sent:
            self.run.sent[stamp] = now

    def on_answer(self, message: ProjectionState) -> None:
        now = time.monotonic()
        if message.surfaces and not self.run.first_picture > 0:
            self.run.first_picture = now - self.began
        stamp = message.source_stamp.sec * 1_000_000_000 + message.source_stamp.nanosec
        if stamp in self.run.sent:
            self.run.answered.setdefault(stamp, now)


def cpu_times(launch: int) -> dict[str, float]:
    """CPU seconds of every node and of the launch so far."""
    times: dict[str, float] = {}
    parent = psutil.Process(launch)
    for process in (parent, *parent.children(recursive=True)):
        try:
            words = [
                Path(w).name
                for w in process.cmdline()
                if "/opstap_cell/lib/opstap_cell/" in w or "lib/opstap_cell/" in w
            ]
            used = process.cpu_times()
        except psutil.Error:
            continue
        name = words[0] if words else "launch"
        times[name] = times.get(name, 0.0) + used.user + used.system
    return times


def run_cell(seconds: float, *arguments: str, warm_up: float = 13.0) -> Run:
    """Launch the cell, count `seconds` after `warm_up`, when every node is up (or until the case is packed); end it."""
    run = Run()
    with tempfile.TemporaryDirectory(prefix="opstap-bench-") as out, Path(out, "log").open("w+") as log:
        began = time.monotonic()
        command = ["opstap", "launch", "cell.launch.py", f"out:={out}", "linger:=0", *arguments]
        cell = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"ROS_DOMAIN_ID": str(DOMAIN)})
        rclpy.init(domain_id=DOMAIN)
        listener = Listener(run, began, warm_up)
        before: dict[str, float] = {}
        after: dict[str, float] = {}
        read = 0.0
        try:
            while cell.poll() is None and time.monotonic() - began < warm_up + seconds:
                rclpy.spin_once(listener, timeout_sec=0.05)
                if run.sent and time.monotonic() - read > 0.5:
                    read = time.monotonic()
                    after |= cpu_times(cell.pid)  # a node that has ended keeps its last figure
                    before = before or dict(after)
        finally:
            if cell.poll() is None:
                cell.send_signal(signal.SIGINT)
            cell.wait()
            listener.destroy_node()
            rclpy.shutdown()
        log.seek(0)
        packed = re.search(r"the case is packed after ([\d.]+) s", log.read())
        if packed:
            run.packed_after, run.packed_in = float(packed[1]), max(run.sent.values()) - began - run.first_picture
        run.cpu = {name: after[name] - before.get(name, 0.0) for name in after}
    return run
