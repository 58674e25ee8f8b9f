"""Every lab's checks fail on what a student begins with, and pass on the solution."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from opstap.integration.labs import check, labs, run

ROOT = Path(__file__).parents[2]
LABS = labs(ROOT / "labs")


def missing(number: int, work: Path) -> dict[str, str]:
    return {c.says: c.missing for c in check(LABS[number], work) if c.missing}


@pytest.mark.parametrize("number", LABS)
def test_a_lab_is_not_done_before_and_done_after(number: int) -> None:
    assert missing(number, LABS[number].folder / "starter.py")
    assert missing(number, LABS[number].folder / "solution.py") == {}


@pytest.mark.parametrize("number", LABS)
def test_a_lab_has_a_goal_and_leads_to_its_own_commands(number: int) -> None:
    text = (LABS[number].folder / "README.md").read_text(encoding="utf-8")
    assert "**Goal.**" in text
    assert f"opstap lab start {number}" in text
    assert f"opstap lab check {number}" in text
    assert LABS[number].own(Path("lab_work")).as_posix() in text


def asked(tmp_path: Path, do: str, number: int | None = None, file: Path | None = None) -> int:
    return run(argparse.Namespace(do=do, number=number, file=file, into=tmp_path / "own"))


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSTAP_ROOT", str(ROOT))


@pytest.mark.usefixtures("_here")
def test_what_a_student_began_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(tmp_path, "start", 3) == 0
    own = LABS[3].own(tmp_path / "own")
    own.write_text("mine = 1\n")
    assert asked(tmp_path, "start", 3) == 1
    assert own.read_text() == "mine = 1\n"
    assert "left as it is" in capsys.readouterr().err


@pytest.mark.usefixtures("_here")
def test_errors_of_a_student_are_told_with_their_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(tmp_path, "check", 3) == 1
    assert "opstap lab start 3 makes it" in capsys.readouterr().err
    work = tmp_path / "mine.py"
    work.write_text("def put_backs(events, now):\n    return events.sum()\nRULES = ''\n")
    assert asked(tmp_path, "check", 3, work) == 1
    assert "line 2: AttributeError: 'list' object has no attribute 'sum'" in capsys.readouterr().out
    work.write_text("def put_backs(:\n")
    assert asked(tmp_path, "check", 3, work) == 1
    assert "line 1: invalid syntax" in capsys.readouterr().out


@pytest.mark.usefixtures("_here")
def test_a_lab_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(tmp_path, "start", 99) == 2
    assert capsys.readouterr().err == f"opstap: found lab 99, allowed: {', '.join(map(str, LABS))}\n"
