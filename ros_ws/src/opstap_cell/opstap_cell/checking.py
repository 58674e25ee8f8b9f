"""`opstap calibrate check`: asks the running cell to find its camera's pose anew, and waits for the answer."""

from __future__ import annotations

import sys
import time

import rclpy
from rclpy.node import Node
from std_srvs.srv import Trigger

from opstap.perception.camera_watch import CHECKING
from opstap_cell.qos import STATE
from opstap_interfaces.msg import WorkspaceState

PATIENCE = 30.0
"""Seconds for the whole check."""


def check(namespace: str) -> str:
    """What is wrong after the check; "" when the camera's pose is known again."""
    node = Node("check_camera", namespace=namespace)
    states: list[WorkspaceState] = []
    node.create_subscription(WorkspaceState, "workspace_state", states.append, STATE)
    client = node.create_client(Trigger, "check_camera")
    end = time.monotonic() + PATIENCE
    try:
        if not client.wait_for_service(timeout_sec=5.0):
            return (
                f"no perception node in namespace '{namespace}': is the cell running? (--namespace names another one)"
            )
        answer = client.call_async(Trigger.Request())
        rclpy.spin_until_future_complete(node, answer, timeout_sec=5.0)
        if not answer.done() or not answer.result().success:
            return "perception has no picture of the camera yet"
        print(answer.result().message, flush=True)
        begun = False
        while time.monotonic() < end:
            rclpy.spin_once(node, timeout_sec=0.1)
            reasons = [p.reason for p in states[-1].places] if states else []
            begun = begun or CHECKING in reasons
            if begun and CHECKING not in reasons:
                return next((r for r in reasons if "camera" in r.lower()), "")
        return "no answer within 30 s: does the camera send pictures?"
    finally:
        node.destroy_node()


def main() -> int:
    rclpy.init()
    wrong = check(sys.argv[1] if len(sys.argv) > 1 else "cell_1")
    rclpy.try_shutdown()
    print(wrong or "The camera's pose is known again. Places are looked at anew.", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
