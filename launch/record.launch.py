"""Records a running cell: start it before the cell, so that nothing is missed. Depth only with consent and expiry."""

from datetime import date
from pathlib import Path

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node

from launch import LaunchDescription
from opstap.preflight import named
from opstap.recording.consent import terms

ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = {
    "cell": ("oral_care", "scene: a name in config/cells, or a path"),
    "task": ("oral_care_case", "work instructions: a name in config/tasks, or a path"),
    "folder": ("out/recordings/cell", "new folder for the recording"),
    "depth": ("false", "record the depth pictures too, which show people"),
    "consent": ("false", "true when everybody in the pictures agreed"),
    "expires": ("", "day until which it may be kept, such as 2027-01-31"),
    "namespace": ("cell_1", "ROS namespace of the cell"),
    "sim": ("true", "the cell is simulated: its clock is used"),
}


def recorder(context):
    """The recorder, unless depth is asked for without consent."""
    value = context.launch_configurations
    if value["depth"] == "true":
        terms(value["consent"], value["expires"], date.today())
    parameters = {
        "scene": str(named(ROOT / "config" / "cells", value["cell"])),
        "task": str(named(ROOT / "config" / "tasks", value["task"])),
        "folder": str(Path(value["folder"]).absolute()), "depth": value["depth"] == "true",
        "consent": value["consent"], "expires": value["expires"], "use_sim_time": value["sim"] == "true",
    }  # fmt: skip
    return [Node(package="opstap_cell", executable="recorder", name="recorder", namespace=value["namespace"],
                 output="screen", parameters=[parameters], remappings=[("/clock", "clock")])]  # fmt: skip


def generate_launch_description():
    declared = [DeclareLaunchArgument(n, default_value=d, description=t) for n, (d, t) in ARGUMENTS.items()]
    return LaunchDescription([*declared, OpaqueFunction(function=recorder)])
