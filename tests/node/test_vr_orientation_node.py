"""The orientation's node: serves its pages, and says why it cannot."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest
from geometry_msgs.msg import Point, Vector3
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState

from opstap.instructions import Cell
from opstap.preflight import listening_fails
from opstap.recording.bag import Bag, typestore
from opstap_cell.cell_node import StartError
from opstap_cell.qos import SENSOR, STATE
from opstap_cell.vr_orientation import VrOrientation
from opstap_interfaces.msg import Hand, HandArray, PlaceState, WorkspaceState, WorkState

ROOT = Path(__file__).parents[2]


@pytest.fixture
def parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    monkeypatch.setenv("OPSTAP_ROOT", str(ROOT))
    port = next(p for p in range(20_082, 21_000) if listening_fails("127.0.0.1", p) is None)
    return {
        "job": ROOT / "config/jobs/oral_care_packer.yaml", "rules": ROOT / "config/rules/guidance.yaml",
        "cache": tmp_path / "scenes", "port": port, "store": tmp_path / "store.db",
    }  # fmt: skip


def got(url: str) -> tuple[int, str, bytes]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status, answer.headers["Content-Type"], answer.read()


def test_it_serves_the_pages_the_scene_and_the_questions(graph, parameters) -> None:
    node = graph.start(VrOrientation, **parameters, study=ROOT / "config/studies/vr_orientation.yaml")
    url = node.pages.url
    assert got(url)[:2] == (200, "text/html; charset=utf-8")  # "/" leads to the orientation
    assert got(f"{url}orientation/coach.html")[0] == 200
    status, kind, scene = got(f"{url}orientation/cell.glb")
    assert (status, kind, scene[:4]) == (200, "model/gltf-binary", b"glTF")
    assert len(list(parameters["cache"].iterdir())) == 1
    assert b'"headset_expected"' in got(f"{url}questions/sheet")[2]  # asked before the session
    node.orientation.session.enter(0)
    node.orientation.session.stop("participant")
    assert b'"surprised"' in got(f"{url}questions/sheet")[2]  # and these after it
    assert node.values() == {"pages": "0"}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("language", "de", "language: found 'de', allowed: nl, en"),
        ("study", ROOT / "config/studies/pilot_crossover.yaml", "allowed: one with forms pre"),
        ("host", "0.0.0.0", "without TLS"),
    ],
)
def test_it_says_why_it_cannot_start(graph, parameters, name: str, value: object, told: str) -> None:
    with pytest.raises(StartError, match=told):
        graph.start(VrOrientation, **parameters | {name: value})


def working(cell: Cell) -> WorkState:
    """A cell at its first step, with hands and arm where `tell` puts them."""
    return WorkState(task=cell.task.task, job=1, phase="take", steps=26, person="default", language="en", level="full",
                     rule="by_hand", volume=0, motion="none", tray="none")  # fmt: skip


def test_it_mirrors_a_cell_that_runs_and_one_that_was_recorded(graph, cell, parameters, tmp_path: Path) -> None:
    """What is recorded of the cell is told to the mirror as it was live."""
    node = graph.start(VrOrientation, **parameters, source="live", mirrored="cell_7")
    mirror = node.orientation._mirror
    assert mirror.standing == "lost"
    folder, store = tmp_path / "recorded", typestore(ROOT / "ros_ws/src/opstap_interfaces")
    bag = Bag(folder, store, None)
    hand = Hand(position=Point(x=0.1, y=-0.2, z=0.1), extent=Vector3(x=0.1, y=0.2, z=0.1), side=2)
    told = {
        "work_state": (working(cell), STATE), "hands": (HandArray(hands=[hand]), SENSOR),
        "workspace_state": (WorkspaceState(places=[PlaceState(place="bin_01", content=0, fill=1.0)]), STATE),
        "joint_states": (JointState(name=["elbow"], position=[1.5]), SENSOR),
    }  # fmt: skip
    for number, (topic, (message, qos)) in enumerate(told.items()):
        graph.talk(type(message), f"/cell_7/{topic}", qos).publish(message)
        package = type(message).__module__.split(".")[0]
        name = f"{package}/msg/{type(message).__name__}"
        bag.write(f"/cell_7/{topic}", name, 1_000_000 * (number + 1), serialize_message(message))
    bag.close()

    def seen() -> bool:
        return bool(mirror.hands and mirror.joints and mirror.lying() and mirror.state)

    graph.until(seen)
    assert mirror.standing == "live"
    live = (mirror.state, mirror.hands, mirror.joints, mirror.lying())

    node = graph.start(VrOrientation, **parameters, source="replayed", recording=folder)
    mirror = node.orientation._mirror
    graph.until(seen)
    assert mirror.standing == "replayed"
    assert (mirror.state, mirror.hands, mirror.joints, mirror.lying()) == live


def test_a_recording_that_is_none_is_told(graph, parameters, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="no recording"):
        graph.start(VrOrientation, **parameters, source="replayed", recording=tmp_path)
