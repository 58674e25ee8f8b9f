"""The dossier's drafts say what the cell's settings are, in both languages, as Markdown and PDF."""

from __future__ import annotations

import argparse
import json
import re
import runpy
from pathlib import Path

import pytest

from opstap.integration.dossier.command import run
from opstap.integration.dossier.compose import FACTS, LANGUAGES, Draft
from opstap.integration.dossier.inventory import NODES
from opstap.integration.dossier.setup import ALWAYS, SHIPPED, load_setup
from opstap.monitoring.facts import FactName
from opstap.preflight import LAUNCHED, write_down
from opstap_cell import NODES as REAL

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"


def write(out: Path, language: str = "en", **given: str) -> dict[str, str]:
    """The three drafts of a launch that was told `given`, by name."""
    out.mkdir(exist_ok=True)
    if given:
        write_down(out, SHIPPED | given)
    assert run(argparse.Namespace(out=out, language=[language])) == 0
    return {p.name.split(".")[0]: p.read_text(encoding="utf-8") for p in (out / "dossier").glob(f"*.{language}.md")}


def test_nothing_is_forgotten_of_nodes_facts_and_arguments() -> None:
    assert set(REAL) <= set(NODES)
    assert set(FACTS) == set(FactName)
    shipped = {
        name: default for name, (default, _) in runpy.run_path(str(ROOT / "launch/cell.launch.py"))["ARGUMENTS"].items()
    }
    assert {name: shipped[name] for name in SHIPPED} == SHIPPED
    assert set(ALWAYS) <= set(REAL)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_cell_in_both_languages(tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSTAP_ROOT", str(ROOT))
    drafts = write(tmp_path / "out", language)
    assert set(drafts) == {"dpia", "works_council", "ai"}
    for name, text in drafts.items():
        assert ("CONCEPT" if language == "nl" else "DRAFT") in text, name
        assert "oral_care" in text
        assert (tmp_path / f"out/dossier/{name}.{language}.pdf").read_bytes().startswith(b"%PDF")
    assert all(name.value in drafts["dpia"] for name in FactName)
    assert "28" in drafts["dpia"]
    assert "27" in drafts["works_council"]
    state = "draait" if language == "nl" else "runs"
    assert f"part_presenter: {state}" not in drafts["ai"].replace(f"{state} niet", "")


def test_it_follows_what_the_last_launch_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSTAP_ROOT", str(ROOT))
    shipped = write(tmp_path / "a")
    launched = write(
        tmp_path / "b", film="true", cobot="simulated", network="0.0.0.0", cell="gearbox", task="gearbox_kit"
    )
    assert "From the shipped settings" in shipped["dpia"]
    assert "From the last launch" in launched["dpia"]
    assert "Cell gearbox" in launched["ai"]
    for words in ("film and step pictures", "yes (0.0.0.0)"):
        assert words in launched["dpia"]
        assert words not in shipped["dpia"]
    assert "part_presenter: does not run" in shipped["ai"]
    assert "part_presenter: runs" in launched["ai"]


def test_no_pseudonym_stands_in_it() -> None:
    setup = load_setup(Path("/nowhere"), CONFIG)
    people = {p for p in setup.cell.scene.profile if p != "default"} - set(LANGUAGES)
    assert people
    for language in LANGUAGES:
        draft = Draft(setup, language, "2026-11-25")
        text = repr((draft.dpia(), draft.letter(), draft.inventory()))
        assert [p for p in people if re.search(rf"\b{p}\b", text)] == []


@pytest.mark.parametrize("text", ["no json", "[]", json.dumps({"cell": "oral_care"})])
def test_a_damaged_launch_file_is_told(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / LAUNCHED).write_text(text)
    assert run(argparse.Namespace(out=tmp_path, language=["en"])) == 1
    assert str(tmp_path / LAUNCHED) in (said := capsys.readouterr().err)
    assert "allowed: what a launch wrote there" in said
