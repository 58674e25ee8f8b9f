"""Ways to bring a depth picture from one node to another, in one run: 848x480, 16 bits, 30 a second.

python -m bench.transport [--write]

Each way runs with a sender and a receiver of its own. Told are how many of the pictures came, how old they were when
the receiver had them as an array, and the CPU of both. The last row is the limit: copying one picture, once.
"""

from __future__ import annotations

import argparse
import array
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.pipeline import memory_copy_ms
from bench.report import machine, put_into

PAGE = Path(__file__).parents[1] / "docs/performance.md"
HEIGHT, WIDTH, FPS, PICTURES, FIRST = 480, 848, 30, 150, 15
"""`FIRST` pictures are not counted: the two have just met."""


@dataclass(frozen=True)
class Way:
    """How it is brought."""

    name: str
    profile: bool = True
    """With the cell's Fast DDS profile: shared memory that is large enough."""
    reliable: bool = False
    typed: bool = True
    """The message is given an array.array; else bytes, which it checks one by one. A NumPy array it refuses."""
    raw: bool = False
    """The receiver takes the serialized message and looks for the picture in it."""


WAYS = (
    Way("array.array, best effort, the cell's profile (as the cell does)"),
    Way("the same, reliable", reliable=True),
    Way("the same, received without decoding", raw=True),
    Way("bytes instead of array.array", typed=False),
    Way("Fast DDS as it comes, best effort", profile=False),
    Way("Fast DDS as it comes, reliable", profile=False, reliable=True),
)


def quality(way: Way):  # type: ignore[no-untyped-def]
    from rclpy.qos import QoSProfile, ReliabilityPolicy

    kind = ReliabilityPolicy.RELIABLE if way.reliable else ReliabilityPolicy.BEST_EFFORT
    return QoSProfile(depth=5, reliability=kind)


def receive(way: Way) -> None:
    """Print a line of JSON: ages in ms, CPU in ms a picture."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from sensor_msgs.msg import Image

    rclpy.init()
    node = rclpy.create_node("receiver")
    ages: list[float] = []
    used: list[float] = []

    def on_picture(message) -> None:  # type: ignore[no-untyped-def]
        if way.raw:
            picture = np.frombuffer(message, np.uint16, offset=len(message) - 2 * HEIGHT * WIDTH)
        else:
            picture = np.frombuffer(message.data, np.uint16)
        number, sent = int(picture[0]), int(picture[4:8].view(np.int64)[0])
        if number >= FIRST:
            ages.append((time.monotonic_ns() - sent) / 1e6)
        used.append(time.process_time())

    node.create_subscription(Image, "picture", on_picture, quality(way), raw=way.raw)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    print("ready", flush=True)
    last = time.monotonic()
    while time.monotonic() - last < 2.0 or not used:
        before = len(used)
        executor.spin_once(timeout_sec=0.2)
        last = time.monotonic() if len(used) > before else last
        if not used and time.monotonic() - last > 20:
            break
    cpu = (used[-1] - used[0]) / max(1, len(used) - 1) * 1e3 if used else 0.0
    print(json.dumps({"ages": ages, "cpu": cpu}), flush=True)
    node.destroy_node()
    rclpy.shutdown()


def send(way: Way) -> float:
    """Send all pictures; ms of CPU each."""
    import rclpy
    from sensor_msgs.msg import Image

    node = rclpy.create_node("sender")
    publisher = node.create_publisher(Image, "picture", quality(way))
    while not publisher.get_subscription_count():
        time.sleep(0.05)
    picture = np.random.default_rng(1).integers(300, 1500, HEIGHT * WIDTH, dtype=np.uint16)
    begin, due = time.process_time(), time.monotonic()
    for number in range(FIRST + PICTURES):
        picture[0] = number
        picture[4:8] = np.array([time.monotonic_ns()], np.int64).view(np.uint16)
        message = Image(height=HEIGHT, width=WIDTH, encoding="16UC1", step=2 * WIDTH)
        message.data = array.array("B", picture.tobytes()) if way.typed else picture.tobytes()
        publisher.publish(message)
        due += 1 / FPS
        time.sleep(max(0.0, due - time.monotonic()))
    used = (time.process_time() - begin) / (FIRST + PICTURES) * 1e3
    node.destroy_node()
    return used


def measure(way: Way, number: int) -> str:
    """A row of the table."""
    environment = os.environ | {"ROS_DOMAIN_ID": str(60 + number)}
    if not way.profile:
        environment.pop("FASTRTPS_DEFAULT_PROFILES_FILE", None)
    here = [sys.executable, "-m", "bench.transport"]
    with subprocess.Popen(
        [*here, "--receive", str(number)], env=environment, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        other.stdout.readline()
        sender = subprocess.run(
            [*here, "--send", str(number)], env=environment, capture_output=True, text=True, check=True
        )
        told = json.loads(other.stdout.readline())
    ages = np.array(told["ages"] or [np.nan])
    return (
        f"| {way.name} | {len(told['ages'])} of {PICTURES} | {np.median(ages):.1f} / {np.percentile(ages, 95):.1f} "
        f"| {float(sender.stdout):.2f} | {told['cpu']:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--receive", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--send", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.receive is not None:
        receive(WAYS[given.receive])
        return
    if given.send is not None:
        import rclpy

        rclpy.init()
        print(send(WAYS[given.send]))
        rclpy.shutdown()
        return
    lines = ["| way | came | age when it is an array, ms, median / p95 | sender, ms of CPU | receiver, ms of CPU |",
             "|---|---|---|---|---|"]  # fmt: skip
    for number, way in enumerate(WAYS):
        lines.append(measure(way, number))
        print(lines[-1], flush=True)
    lines.append(f"| copying a picture once | | {memory_copy_ms():.3f} | | |")
    print(lines[-1])
    if given.write:
        put_into(PAGE, f"{machine()}\n\n" + "\n".join(lines), "transport")


if __name__ == "__main__":
    main()
