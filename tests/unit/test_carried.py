"""The level of help found in the orientation goes to the bench by choice only, once, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from opstap.workflow.carried import CarriedError, offer, waiting, withdraw


def test_it_waits_for_that_person_until_it_is_taken_back(tmp_path: Path) -> None:
    folder = tmp_path / "carried"
    assert waiting(folder, "p01") is None
    offer(folder, "p01", "short")
    offer(folder, "p01", "lights")
    assert (waiting(folder, "p01"), waiting(folder, "p02")) == ("lights", None)
    withdraw(folder, "p01")
    withdraw(folder, "p01")
    assert waiting(folder, "p01") is None
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{}", '{"level": "much"}', '{"level": "short", "more": 1}', "\xff"])
def test_a_file_that_is_wrong_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "p01.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(CarriedError, match=r"p01.json: found .*, allowed: .*level"):
        waiting(tmp_path, "p01")


def test_a_name_is_no_path_and_a_folder_must_be_writable(tmp_path: Path) -> None:
    with pytest.raises(CarriedError, match="a pseudonym"):
        offer(tmp_path, "../p01", "short")
    (tmp_path / "file").write_text("")
    with pytest.raises(CarriedError, match="cannot be written"):
        offer(tmp_path / "file", "p01", "short")
