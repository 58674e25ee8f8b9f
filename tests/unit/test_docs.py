"""What the docs say of the code is what the code says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from opstap.workflow.asking import Meaning

DOCS = Path(__file__).parents[2] / "docs"
spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


def test_interfaces_are_fresh():
    fresh = generate.interfaces()
    assert (DOCS / "interfaces.md").read_text(encoding="utf-8") == fresh, "run: python docs/generate.py"


def test_every_number_says_its_unit_or_range():
    silent = []
    for path in [*generate.INTERFACES.glob("*/*.msg"), *generate.INTERFACES.glob("*/*.action")]:
        for kind, name, meaning in generate.rows(path.read_text(encoding="utf-8").replace("\n---\n", "\n")):
            constant = "=" in name
            if not constant and not meaning and re.match(r"u?int|float|string|geometry_msgs", kind):
                silent.append(f"{path.stem}.{name}")
    assert silent == []


def test_every_meaning_is_explained_with_a_picture():
    text = (DOCS / "light.md").read_text(encoding="utf-8")
    for meaning in Meaning:
        assert f"pictures/light_{meaning.value}.jpg" in text
    for name in re.findall(r"pictures/(\w+\.jpg)", text + (DOCS.parent / "README.md").read_text(encoding="utf-8")):
        assert (DOCS / "pictures" / name).stat().st_size < 200_000, name
