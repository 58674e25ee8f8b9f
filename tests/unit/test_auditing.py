"""Known faults of pinned packages, from advisories in the OSV form; keys only where the middleware can use them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from packaging.version import Version

from opstap.integration.auditing import AuditError, audit, is_in, locked, run
from opstap.integration.enclaves import commands_for, probe

LOCK = """\
--index-url https://example.org/simple
aio-thing==1.4.0 \\
    --hash=sha256:00
numpy==2.2.6 ; python_full_version < '3.11' \\
    --hash=sha256:00
numpy==2.4.1 ; python_full_version >= '3.11' \\
    --hash=sha256:00
"""
ADVISORY = """\
id: PYSEC-2026-1
details: A made-up fault.
affected:
- package: {name: Aio.Thing, ecosystem: PyPI}
  ranges:
  - type: GIT
    events: [{introduced: "0"}]
  - type: ECOSYSTEM
    events: [{introduced: "1.0"}, {fixed: 1.4.1}]
aliases: [CVE-2026-1]
modified: "2026-05-01T00:00:00Z"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "requirements.lock").write_text(LOCK)
    (tmp_path / "vulns/aio-thing").mkdir(parents=True)
    (tmp_path / "vulns/aio-thing/PYSEC-2026-1.yaml").write_text(ADVISORY)
    (tmp_path / "vulns/other").mkdir()
    (tmp_path / "vulns/other/broken.yaml").write_text("{")  # about no package of ours: not read
    return tmp_path


def test_a_fault_of_a_pinned_version_is_told_with_what_mends_it(folder: Path, capsys: pytest.CaptureFixture) -> None:
    report = audit(folder / "requirements.lock", folder / "vulns")
    assert [(f.package, f.version, f.id, f.aliases, f.fixed) for f in report.faults] == [
        ("aio-thing", "1.4.0", "PYSEC-2026-1", ("CVE-2026-1",), ("1.4.1",))
    ]
    assert (report.packages, report.advisories, report.newest) == (3, 1, "2026-05-01")
    options = argparse.Namespace(advisories=folder / "vulns", lock=folder / "requirements.lock", json=False)
    assert run(options) == 1
    assert "aio-thing 1.4.0: PYSEC-2026-1 (CVE-2026-1), fixed in 1.4.1" in capsys.readouterr().out


def test_json_files_are_read_and_withdrawn_advisories_are_not(folder: Path) -> None:
    told = {"id": "GHSA-1", "summary": "x", "modified": "2026-06-02T00:00:00Z",
            "affected": [{"package": {"name": "numpy", "ecosystem": "PyPI"}, "versions": ["2.4.1"]}]}  # fmt: skip
    (folder / "vulns/GHSA-1.json").write_text(json.dumps(told))
    (folder / "vulns/GHSA-2.json").write_text(json.dumps(told | {"id": "GHSA-2", "withdrawn": "2026-06-03T00:00:00Z"}))
    faults = audit(folder / "requirements.lock", folder / "vulns").faults
    assert [(f.package, f.version, f.id) for f in faults if f.package == "numpy"] == [("numpy", "2.4.1", "GHSA-1")]


@pytest.mark.parametrize(
    ("version", "inside"),
    [("0.9", False), ("1.0", True), ("1.9.9", True), ("2.0", False), ("2.5", False), ("3.0rc1", False), ("3.0", True),
     ("3.1", True), ("3.1.post1", False)],
)  # fmt: skip
def test_a_range_of_versions(version: str, inside: bool) -> None:
    events = [{"introduced": "1.0"}, {"fixed": "2.0"}, {"introduced": "3.0"}, {"last_affected": "3.1"}]
    assert is_in(Version(version), {"ranges": [{"type": "ECOSYSTEM", "events": events}]}) is inside


def test_what_cannot_be_looked_at_is_no_clean_report(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AuditError, match="found no advisory"):
        audit(folder / "requirements.lock", tmp_path / "empty")
    with pytest.raises(AuditError, match="found no 'package==version'"):
        locked(folder / "vulns/aio-thing/PYSEC-2026-1.yaml")
    (folder / "vulns/aio-thing/broken.yaml").write_text("{")
    with pytest.raises(AuditError, match=r"broken\.yaml: cannot be read"):
        audit(folder / "requirements.lock", folder / "vulns")


def test_the_shipped_lock_pins_what_is_said_to_be_used() -> None:
    names = {name for name, _ in locked(Path(__file__).parents[2] / "requirements.lock")}
    assert {"aiohttp", "pydantic", "aiomqtt", "asyncua", "ros-jazzy-rclpy"} <= names


def test_no_key_is_made_where_the_middleware_has_no_use_for_it() -> None:
    reason = probe()
    assert reason == "" or "built without DDS security" in reason


def test_every_node_has_an_enclave_of_its_own(tmp_path: Path) -> None:
    made = commands_for("ros2", tmp_path, "/hall/cell_2", ["work_guide", "perception"])
    assert made == [
        ["ros2", "security", "create_keystore", str(tmp_path)],
        ["ros2", "security", "create_enclave", str(tmp_path), "/hall/cell_2/work_guide"],
        ["ros2", "security", "create_enclave", str(tmp_path), "/hall/cell_2/perception"],
    ]
    (tmp_path / "enclaves").mkdir()
    assert commands_for("ros2", tmp_path, "cell_1", ["speech"])[0][2] == "create_enclave"
