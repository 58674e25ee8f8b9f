"""The pages' JavaScript and the protocol's types fit each other."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from fake_cell import WEB, npm


def test_type_check(node_modules: Path) -> None:
    command = npm()
    assert command is not None
    done = subprocess.run([command, "run", "--silent", "check"], cwd=WEB, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_lock_file_names_no_registry() -> None:
    text = (WEB / "package-lock.json").read_text()
    assert not re.search(r'"resolved"|https?://(?!opencollective\.com|github\.com)', text)
