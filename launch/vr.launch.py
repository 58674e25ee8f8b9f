"""The orientation: somebody meets the job before day one, in a browser or a headset. No cell needs to run."""

import os
from datetime import date
from pathlib import Path

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node

from launch import LaunchDescription
from opstap.instructions import load_cell
from opstap.orientation.job import load_job
from opstap.preflight import PreflightError, check_free, check_network, named
from opstap.recording.consent import check_open
from opstap.workflow.levels import load_rules

ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = {
    "cell": ("oral_care", "scene: a name in config/cells, or a path"),
    "task": ("oral_care_case", "work instructions: a name in config/tasks, or a path"),
    "job": ("oral_care_packer", "what is told of the job: a name in config/jobs, or a path"),
    "person": ("participant", "pseudonym of the first participant"),
    "language": ("nl", "language to begin with"),
    "cobot": ("false", "true: the scene's arm stands there, and brings trays"),
    "source": ("simulated", "what can be looked at: simulated, live (a running cell) or replayed (a recording)"),
    "mirrored": ("cell_1", "namespace of the running cell, with source:=live"),
    "recording": ("", "folder that record.launch.py made, with source:=replayed"),
    "carried": ("carried", "folder in which a level of help waits for the bench, if the participant wants that"),
    "responsible": ("", "name of who is there for the participant; empty: the coach writes it on the page"),
    "study": ("", "study whose questions are asked before and after: a name in config/studies, or a path; empty: none"),
    "store": ("out/store.db", "where the answers are kept: an SQLite file or PostgreSQL URL"),
    "port": ("8082", "port of the pages on this machine"),
    "network": ("", "address on which headsets reach the pages, such as 0.0.0.0; empty: none"),
    "network_port": ("8445", "port of the pages there"),
    "access": ("access", "folder with certificate and PINs for the network, made by opstap access prepare"),
    "namespace": ("orientation", "ROS namespace"),
}


def port(name, text):
    """A TCP port, from its text."""
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise PreflightError(f"{name}: found '{text}', allowed: a whole number from 1 to 65535")
    return int(text)


def orientation(context):
    """The node, after everything that can be wrong beforehand was checked."""
    value = context.launch_configurations
    if value["cobot"] not in ("true", "false"):
        raise PreflightError(f"cobot: found '{value['cobot']}', allowed: true, false")
    cobot = value["cobot"] == "true"
    if value["source"] not in ("simulated", "live", "replayed"):
        raise PreflightError(f"source: found '{value['source']}', allowed: simulated, live, replayed")
    if (value["source"] == "replayed") != bool(value["recording"]):
        found = f"source:={value['source']} and recording:='{value['recording']}'"
        raise PreflightError(f"recording: found {found}, allowed: a folder, with source:=replayed only")
    if value["recording"]:
        check_open(Path(value["recording"]), date.today())
    scene, task = named(ROOT / "config" / "cells", value["cell"]), named(ROOT / "config" / "tasks", value["task"])
    cell, job = load_cell(scene, task), named(ROOT / "config" / "jobs", value["job"])
    if cobot and cell.scene.cobot is None:
        raise PreflightError(f"cobot: found 'true', but {scene} has no cobot; allowed: false")
    languages = load_job(job, cell, cobot).languages
    if value["language"] not in languages:
        raise PreflightError(f"language: found '{value['language']}', allowed by {job}: {', '.join(languages)}")
    rules = ROOT / "config" / "rules" / "guidance.yaml"
    load_rules(rules, cell, scene)
    if not (ROOT / "web/node_modules/three/build/three.module.js").is_file():
        raise PreflightError("three.js is not there, which draws the room. Run: make setup-vr")
    here, there = port("port", value["port"]), port("network_port", value["network_port"])
    access = Path(value["access"])
    check_free("port", "127.0.0.1", here)
    check_network(value["network"], there, access)
    parameters = {
        "scene": str(scene), "task": str(task), "job": str(job), "rules": str(rules), "person": value["person"],
        "language": value["language"], "cobot": cobot, "cache": str(ROOT / "out" / "scenes"), "port": here,
        "network": value["network"], "network_port": there, "access": str(access.absolute()),
        "study": str(named(ROOT / "config" / "studies", value["study"])) if value["study"] else "",
        "store": value["store"], "source": value["source"], "mirrored": value["mirrored"],
        "recording": str(Path(value["recording"]).absolute()) if value["recording"] else "",
        "carried": str(Path(value["carried"]).absolute()), "responsible": value["responsible"],
        "separation": str(ROOT / "config" / "separation.yaml"),
    }  # fmt: skip
    return [Node(package="opstap_cell", executable="vr_orientation", name="vr_orientation", output="screen",
                 namespace=value["namespace"], parameters=[parameters], respawn=True, respawn_delay=0.5)]  # fmt: skip


def generate_launch_description():
    declared = [DeclareLaunchArgument(n, default_value=d, description=t) for n, (d, t) in ARGUMENTS.items()]
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    return LaunchDescription([*declared, OpaqueFunction(function=orientation)])
