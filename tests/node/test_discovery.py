"""A discovery server for each cell: its nodes hear each other, and none of another's on the same domain."""

import os
import shutil
import socket
import subprocess
import sys

import pytest

TALKER = """
import sys, threading
import rclpy
from rclpy.node import Node
from std_msgs.msg import String
name, told, asked = sys.argv[1], False, threading.Event()
rclpy.init()
node, heard = Node(name), set()
out = node.create_publisher(String, "who", 10)
node.create_subscription(String, "who", lambda m: heard.add(m.data), 10)
threading.Thread(target=lambda: (sys.stdin.readline(), asked.set()), daemon=True).start()
while not asked.is_set():
    out.publish(String(data=name))
    rclpy.spin_once(node, timeout_sec=0.01)
    if len(heard) > 1 and not told:
        told = True
        print("hears others", flush=True)
print(*sorted(heard), flush=True)
"""
"""A node in a process of its own: tells its name, says when it hears a second one, and when asked, all it has heard."""


@pytest.fixture
def server():
    program = shutil.which("fast-discovery-server")
    if program is None:
        pytest.skip("no discovery server: it comes with Fast DDS, of the wheels or of apt")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["stdbuf", "-oL", program, "-i", "0", "-l", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            if "Server Addresses" in line:
                break
        yield f"127.0.0.1:{port}"
        process.terminate()


def test_cells_with_and_without_a_server_do_not_hear_each_other(server):
    plain = os.environ | {"ROS_DOMAIN_ID": "221"}
    talkers = {}
    for name, environment in {
        "cell_1": plain | {"ROS_DISCOVERY_SERVER": server}, "pages_1": plain | {"ROS_DISCOVERY_SERVER": server},
        "cell_2": plain, "pages_2": plain,
    }.items():  # fmt: skip
        command = [sys.executable, "-c", TALKER, name]
        talkers[name] = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True)  # fmt: skip
    try:
        for talker in talkers.values():
            assert talker.stdout.readline() == "hears others\n"
        heard = {name: set(t.communicate("now\n", timeout=60)[0].split()) for name, t in talkers.items()}
    finally:
        for talker in talkers.values():
            talker.kill()
            talker.wait()
    first, second = {"cell_1", "pages_1"}, {"cell_2", "pages_2"}
    assert heard == {"cell_1": first, "pages_1": first, "cell_2": second, "pages_2": second}
