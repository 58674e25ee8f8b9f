"""Runs a launch file with whatever `launch` is installed: `python -m opstap_cell.launching FILE [a:=b ...]`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import (
    PythonLaunchDescriptionSource,
    get_launch_description_from_python_launch_file,
)

from launch import LaunchDescription, LaunchService
from opstap.documents import nearest


def find(name: str) -> Path:
    """The launch file that `name` means: a path, or a name in the project's launch folder."""
    folder = Path(os.environ.get("OPSTAP_ROOT", ".")) / "launch"
    for path in (Path(name), folder / name, folder / f"{name}.launch.py"):
        if path.is_file():
            return path.resolve()
    there = [p.name for p in folder.glob("*.launch.py")]
    raise SystemExit(f"launch: found no file '{name}', allowed: a path, or one of: {nearest(name, there)}")


def _default(value: Any) -> str:
    """The default in words; the real `launch` keeps a list of substitutions, our subset what was given."""
    if value is None:
        return "must be given"
    parts = [value] if isinstance(value, str) else value if isinstance(value, list) else [value]
    texts = [p if isinstance(p, str) else getattr(p, "text", None) for p in parts]
    return "default: worked out" if None in texts else f"default: {''.join(texts)!r}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="opstap launch", description="Run a launch file.")
    parser.add_argument("file", help="a path, or a name in the launch folder")
    parser.add_argument("arguments", nargs="*", metavar="name:=value")
    parser.add_argument("-s", "--show-args", action="store_true", help="list the file's arguments and end")
    options = parser.parse_args(argv)
    path = find(options.file)
    declared = {a.name: a for a in get_launch_description_from_python_launch_file(str(path)).get_launch_arguments()}
    if options.show_args:
        for name, argument in declared.items():
            print(f"{name:<12} {argument.description} ({_default(argument.default_value)})")
        return 0
    given = []
    for text in options.arguments:
        name, separator, value = text.partition(":=")
        if not separator or not name:
            print(f"launch: found '{text}', allowed: name:=value", file=sys.stderr)
            return 2
        if name not in declared:
            print(f"launch: unknown argument '{name}', allowed: {nearest(name, list(declared))}", file=sys.stderr)
            return 2
        given.append((name, value))
    # At a terminal a Ctrl-C reaches every process by itself; where there is none, the launch passes it on.
    service = LaunchService(noninteractive=not sys.stdin.isatty())
    source = PythonLaunchDescriptionSource(str(path))
    service.include_launch_description(LaunchDescription([IncludeLaunchDescription(source, launch_arguments=given)]))
    return int(service.run())


if __name__ == "__main__":
    sys.exit(main())
