"""docs/underlay.md lists exactly what our launch subset has; anything else is refused with the page's name."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import launch

ROOT = Path(__file__).parents[2]
MODULES = [
    "launch", "launch.actions", "launch.conditions", "launch.substitutions", "launch.event_handlers", "launch.events",
    "launch.events.process", "launch.launch_description_sources", "launch_ros.actions", "launch_testing",
    "launch_testing.actions", "launch_testing.asserts",
]  # fmt: skip
Listed = importlib.import_module("launch.core").Listed if hasattr(launch, "_Rest") else None
pytestmark = pytest.mark.skipif(Listed is None, reason="the real launch is installed: our subset is not in use")


def calls(module: str) -> list[str]:
    """Every call of a module of the subset, as `Name(argument, ...)`."""
    found = []
    for name in sorted(importlib.import_module(module).__all__):
        thing = getattr(importlib.import_module(module), name)
        if isinstance(thing, Listed):
            found.append(f"{name}({', '.join(Listed.signature(thing).parameters)})")
        elif callable(thing):
            found.append(f"{name}({', '.join(inspect.signature(thing).parameters)})")
    return found


def test_the_page_lists_exactly_what_there_is():
    page = (ROOT / "docs/underlay.md").read_text()
    listed = re.findall(r"^\| `([\w.]+)` \| `([^`]+)` \|", page, re.M)
    assert listed == [(module, call) for module in MODULES for call in calls(module)]


@pytest.mark.parametrize(
    "code",
    [
        "from launch.actions import PushLaunchConfigurations",
        "import launch.actions; launch.actions.OpaqueCoroutine",
        "import launch.frontend",
        "import launch_ros.descriptions",
        "from launch_ros.actions import LifecycleNode",
        "from launch_testing import parametrize",
        "from launch.substitutions import Command",
        "from launch_ros.actions import Node; Node(executable='x', exec_name='y')",
        "from launch.actions import ExecuteProcess; ExecuteProcess(cmd=['x'], respawn_max_retries=3)",
        "from launch.actions import GroupAction; GroupAction([], forwarding=False)",
        "from launch.actions import LogInfo; LogInfo()",
        "from launch import LaunchContext; LaunchContext().asyncio_loop",
    ],
)
def test_an_unsupported_call_names_itself_and_the_page(code):
    with pytest.raises(ImportError) as error:
        exec(code, {})
    name = re.findall(r"\w+", code)[-1] if "(" not in code else re.findall(r"(\w+)\(", code)[0]
    assert name in str(error.value)
    assert "docs/underlay.md" in str(error.value)


def test_python_itself_may_ask_for_what_is_not_there():
    assert not hasattr(launch.actions, "__wrapped__")
    assert not hasattr(launch.LaunchContext(), "_private")
