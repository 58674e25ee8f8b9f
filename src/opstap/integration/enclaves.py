"""`opstap enclaves`: keys for the cell's nodes (SROS2), where the middleware can use them; elsewhere it says that not.

DDS security has to be compiled into Fast DDS. That of the PyPI wheels is not; that of a ROS 2 from apt is. Which one
is here is asked of the middleware itself: a node that must be secure is made without keys, and what it says tells.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MISSING = "doesn't have the security libraries"
"""What a Fast DDS without security says, asked for a secure node."""
PROBE = "import rclpy; from rclpy.node import Node; rclpy.init(args=['--ros-args', '-e', '/probe']); Node('probe')"


def probe() -> str:
    """Why keys would be of no use here; "" where the middleware can use them."""
    with tempfile.TemporaryDirectory() as keystore:
        Path(keystore, "enclaves", "probe").mkdir(parents=True)
        wanted = {"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Enforce", "ROS_SECURITY_KEYSTORE": keystore}
        done = subprocess.run([sys.executable, "-c", PROBE], env=os.environ | wanted, capture_output=True, text=True)
    if "No module named 'rclpy'" in done.stderr:
        return "the ROS environment is not sourced. Run: source ros_ws/environment.sh"
    if MISSING in done.stderr:
        return (
            "the Fast DDS that is installed here was built without DDS security, as that of the PyPI wheels is: no key "
            "would be used. A ROS 2 from apt has it (docs/security.md)"
        )
    return ""


def commands_for(ros2: str, folder: Path, namespace: str, nodes: Sequence[str]) -> list[list[str]]:
    """What makes keystore and enclaves: one for each node, `/<namespace>/<node>`."""
    space = f"/{namespace.strip('/')}"
    made = [[ros2, "security", "create_keystore", str(folder)]] if not (folder / "enclaves").exists() else []
    return made + [[ros2, "security", "create_enclave", str(folder), f"{space}/{node}"] for node in nodes]


def add(commands: Any) -> None:
    """The command's arguments."""
    own = commands.add_parser("enclaves", help="keys for the cell's nodes (SROS2), where the middleware can use them")
    own.add_argument("folder", type=Path, help="the keystore; only its owner may read it")
    own.add_argument("--namespace", default="cell_1", help="of the cell")


def run(options: argparse.Namespace) -> int:
    """Exit code 0: made; 1: keys are of no use here, and why; 2: they cannot be made."""
    reason = probe()
    if reason:
        print(f"opstap: {reason}", file=sys.stderr)
        return 1
    ros2 = shutil.which("ros2")
    if ros2 is None:
        print("opstap: no command 'ros2'. On Ubuntu: sudo apt-get install ros-jazzy-ros2cli ros-jazzy-sros2",
              file=sys.stderr)  # fmt: skip
        return 2
    os.umask(0o077)
    for command in commands_for(
        ros2, options.folder, options.namespace, list(importlib.import_module("opstap_cell").NODES)
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"opstap: {' '.join(command)}: {done.stderr.strip()[-300:]}", file=sys.stderr)
            return 2
    print(f"export ROS_SECURITY_KEYSTORE={options.folder.absolute()} ROS_SECURITY_ENABLE=true "
          "ROS_SECURITY_STRATEGY=Enforce\nThen launch: every node takes the enclave of its name.")  # fmt: skip
    return 0
