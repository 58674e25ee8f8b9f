"""The orientation's node: serves its pages, and says why it cannot."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from opstap.preflight import listening_fails
from opstap_cell.cell_node import StartError
from opstap_cell.vr_orientation import VrOrientation

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
