"""control_msgs and tf2_msgs: the same type hashes as the real packages, so that both ends of a topic understand."""

import json
from pathlib import Path

import pytest
from ament_index_python.packages import get_package_share_directory

# Of control_msgs 5.8.0 and tf2_msgs 0.36 as released for Jazzy, by rosidl's own type description generator (REP 2011).
HASHES = {
    "control_msgs/action/FollowJointTrajectory": "738ebcb7a2d7cfa42f9f1001cc99ce3a4383d1cfe508015d9be8485e4b1c66f6",
    "control_msgs/action/GripperCommand": "e17c0e644eccf14bea84a0a93e0977182872c2eb7873ca6694900059b46dbc84",
    "control_msgs/msg/GripperCommand": "57eb8f326c9889ca8bb34ead82cc94cc09bf6bc5c3b6c09546dca3a00b589890",
    "control_msgs/msg/JointComponentTolerance": "739ea7566931944d33830fa10f1bf5e7a7fbdc3172bce7a7eaac642bd6e3ffa4",
    "control_msgs/msg/JointTolerance": "c254f9cece0f3b733017b6990fd46d1326e25242d6b8844398c97d9a88e7d648",
    "control_msgs/msg/SpeedScalingFactor": "0c240f349f2b74e33e8741f83e0f196ddeb6585923663876ed3c1f51f0566037",
    "tf2_msgs/msg/TFMessage": "e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087",
}


@pytest.mark.parametrize("name", HASHES)
def test_the_type_hash_is_that_of_the_real_package(name):
    package, folder, interface = name.split("/")
    described = json.loads((Path(get_package_share_directory(package)) / folder / f"{interface}.json").read_text())
    hashes = {entry["type_name"]: entry["hash_string"] for entry in described["type_hashes"]}
    assert hashes[name] == f"RIHS01_{HASHES[name]}"
