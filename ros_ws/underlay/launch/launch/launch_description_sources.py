"""Where launch descriptions come from."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from launch.core import LaunchContext, LaunchDescription, Listed, SomeText, text_of, unlisted


class InvalidPythonLaunchFileError(Exception):
    """The file has no generate_launch_description."""


def get_launch_description_from_python_launch_file(path: str) -> LaunchDescription:
    """Run the file's generate_launch_description.

    Raises:
        InvalidPythonLaunchFileError: it has none.
    """
    spec = importlib.util.spec_from_file_location("python_launch_file", path)
    if spec is None or spec.loader is None or not Path(path).exists():
        raise FileNotFoundError(f"launch file '{path}' does not exist")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "generate_launch_description"):
        raise InvalidPythonLaunchFileError(f"launch file '{path}' has no function generate_launch_description")
    return module.generate_launch_description()  # type: ignore[no-any-return]


class PythonLaunchDescriptionSource(metaclass=Listed):
    def __init__(self, launch_file_path: SomeText) -> None:
        self.path = launch_file_path
        self.location = ""

    def get_launch_description(self, context: LaunchContext) -> LaunchDescription:
        self.location = text_of(context, self.path)
        return get_launch_description_from_python_launch_file(self.location)


AnyLaunchDescriptionSource = PythonLaunchDescriptionSource

__all__ = [
    "AnyLaunchDescriptionSource", "PythonLaunchDescriptionSource", "get_launch_description_from_python_launch_file",
]  # fmt: skip
__getattr__ = unlisted(__name__)
