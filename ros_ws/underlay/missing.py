"""Prints the underlay's packages that this machine lacks; only those are built, so that nothing real is shadowed."""

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Python puts a script's own folder first, where every package of the underlay would be "found".
sys.path = [p for p in sys.path if Path(p or ".").resolve() != HERE]


def missing() -> list[str]:
    """Names of the folders beside this file whose Python package is found nowhere."""
    folders = sorted(p.parent.name for p in HERE.glob("*/package.xml"))
    return [name for name in folders if importlib.util.find_spec(name) is None]


if __name__ == "__main__":
    print(" ".join(missing()))
