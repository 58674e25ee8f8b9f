"""Prints the underlay's packages that this machine lacks; only those are built, so that nothing real is shadowed."""

import importlib.util
from pathlib import Path

HERE = Path(__file__).resolve().parent


def missing() -> list[str]:
    """Names of the folders beside this file whose Python package is found nowhere."""
    folders = sorted(p.parent.name for p in HERE.glob("*/package.xml"))
    return [name for name in folders if importlib.util.find_spec(name) is None]


if __name__ == "__main__":
    print(" ".join(missing()))
