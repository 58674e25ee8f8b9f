"""What a launch file may rely on. The same holds for our subset and for the real `launch`: run by whichever is there.

Written by running each of these files under both (launch 3.4.3, launch_ros 0.26.6) and looking at what they did.
"""

import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

HEAD = """
import sys
from launch import LaunchDescription
from launch.actions import *
from launch.conditions import IfCondition, UnlessCondition
from launch.event_handlers import OnProcessExit, OnProcessIO, OnProcessStart, OnShutdown
from launch.events import Shutdown as ShutdownEvent
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import *
from launch_ros.actions import Node, PushRosNamespace, SetParameter

def process(code, **options):
    return ExecuteProcess(cmd=[sys.executable, "-u", "-c", code], name="it", output="screen", **options)

def say(*text, **options):
    return LogInfo(msg=["said: ", *text], **options)

"""


def start(folder: Path, body: str, *arguments: str) -> "subprocess.Popen[str]":
    file = folder / "probe.launch.py"
    file.write_text(HEAD + textwrap.dedent(body))
    command = [sys.executable, "-m", "opstap_cell.launching", str(file), *arguments]
    # No terminal: both then pass a SIGINT on to their processes.
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, text=True, env=os.environ | {"ROS_LOG_DIR": str(folder)}, **pipes)


def run(folder: Path, entities: str, *arguments: str, before: str = "") -> tuple[int, str]:
    """Exit code and output of a launch of these entities."""
    body = (
        f"{textwrap.dedent(before)}\ndef generate_launch_description():\n    return LaunchDescription([{entities}])\n"
    )
    with start(folder, body, *arguments) as probe:
        output = probe.communicate(timeout=60)[0]
    return probe.returncode, output


def said(output: str) -> list[str]:
    return re.findall(r"said: (.*)", output)


def test_arguments_defaults_conditions_and_scopes(tmp_path):
    (tmp_path / "inner.launch.py").write_text(
        HEAD
        + textwrap.dedent("""
        def generate_launch_description():
            return LaunchDescription([
                DeclareLaunchArgument("who", default_value="nobody"),
                say("in ", LaunchConfiguration("who"), " of ", ThisLaunchFileDir()),
            ])
        """)
    )
    code, output = run(
        tmp_path,
        """
        DeclareLaunchArgument("given", default_value="default"),
        DeclareLaunchArgument("left", default_value=["de", "fault"]),
        say(LaunchConfiguration("given"), " ", LaunchConfiguration("left"), " ",
            LaunchConfiguration("none", default=3)),
        SetLaunchConfiguration("flag", "False"),
        say("if", condition=IfCondition(LaunchConfiguration("flag"))),
        say("unless", condition=UnlessCondition(LaunchConfiguration("flag"))),
        GroupAction([SetLaunchConfiguration("flag", "1"), SetEnvironmentVariable("PROBE", "inside"),
                     say("if in the group", condition=IfCondition(LaunchConfiguration("flag"))),
                     say(EnvironmentVariable("PROBE"))]),
        say("if after the group", condition=IfCondition(LaunchConfiguration("flag"))),
        say(EnvironmentVariable("PROBE", default_value="outside")),
        GroupAction([SetLaunchConfiguration("flag", "1")], scoped=False),
        say("if after an open group", condition=IfCondition(LaunchConfiguration("flag"))),
        IncludeLaunchDescription(PythonLaunchDescriptionSource([ThisLaunchFileDir(), "/inner.launch.py"]),
                                 launch_arguments=[("who", LaunchConfiguration("given"))]),
        say("left set: ", LaunchConfiguration("who")),
        say(PythonExpression(["2 * ", "21"]), " ", PathJoinSubstitution(["a", "b"]), " ",
            EqualsSubstitution(LaunchConfiguration("given"), "x")),
        """,
        "given:=x",
    )
    assert code == 0
    assert said(output) == [
        "x default 3",
        "unless",
        "if in the group",
        "inside",
        "outside",
        "if after an open group",
        f"in x of {tmp_path}",
        "left set: x",
        "42 a/b true",
    ]


@pytest.mark.parametrize(
    ("entities", "words"),
    [
        ('DeclareLaunchArgument("needed")', "needed"),
        ('SetLaunchConfiguration("a", "3"), say("x", condition=IfCondition(LaunchConfiguration("a")))', "3"),
        ('DeclareLaunchArgument("a", default_value="x", choices=["x"]), SetLaunchConfiguration("a", "y"), '
         'DeclareLaunchArgument("a", choices=["x"])', "y"),
        ('say(LaunchConfiguration("unset"))', "unset"),
        ('OpaqueFunction(function=lambda context: 1 / 0)', "division by zero"),
        ('Node(package="no_such_package", executable="x")', "no_such_package"),
        ('Node(package="opstap_cell", executable="no_such_node")', "no_such_node"),
    ],
)  # fmt: skip
def test_an_error_ends_the_launch_with_one_and_its_words(tmp_path, entities, words):
    code, output = run(tmp_path, f"{entities}, process('print(1)')")
    assert code == 1
    assert words in output
    assert "process started" not in output


def test_events_order_respawn_and_exit_codes(tmp_path):
    before = """
    starts = []
    def started(event, context):
        starts.append(event.pid)
        return [say("start ", str(len(starts)))]
    def ended(event, context):
        again = [EmitEvent(event=ShutdownEvent(reason="enough"))] if len(starts) == 3 else []
        return [say("end ", str(event.returncode)), *again]
    it = process("import sys; print('out'); sys.exit(7)", respawn=True, respawn_delay=0.1)
    """
    code, output = run(
        tmp_path,
        """
        RegisterEventHandler(OnProcessStart(target_action=it, on_start=started)),
        RegisterEventHandler(OnProcessExit(target_action=it, on_exit=ended)),
        RegisterEventHandler(OnShutdown(on_shutdown=lambda event, context: [say("shutdown: ", event.reason)])),
        TimerAction(period=300.0, actions=[say("never")]),
        it
        """,
        before=before,
    )
    # A process that failed is no failure of the launch.
    assert code == 0
    assert said(output) == ["start 1", "end 7", "start 2", "end 7", "start 3", "end 7", "shutdown: enough"]
    assert re.search(r"\[it-1\]: process has died \[pid \d+, exit code 7, cmd '.*'\]\.", output)


def test_lines_are_whole_and_named(tmp_path):
    code, output = run(
        tmp_path,
        """
        process("import sys, time; w = sys.stdout.write; w('one '); time.sleep(0.3); w('line\\\\nrest'); sys.exit(0)"),
        ExecuteProcess(cmd=["sh", "-c", "echo not shown; echo shown >&2"], name="quiet"),
        """,
    )
    assert code == 0
    assert re.search(r"^\[it-\d\] one line$", output, re.M)
    assert re.search(r"^\[it-\d\] rest$", output, re.M)
    assert re.search(r"^\[quiet-\d\] shown$", output, re.M)
    assert "not shown" not in output.replace("echo not shown", "")
    assert re.search(r"\[it-\d\]: process has finished cleanly \[pid \d+\]", output)


def test_shutdown_goes_from_sigint_to_sigterm_to_sigkill(tmp_path):
    """One process ends at SIGINT, one at SIGTERM, one only by SIGKILL; none is started again."""
    deaf = "import signal, time; {}; print('ready'); time.sleep(300)"
    ignore = "signal.signal(signal.SIG{}, signal.SIG_IGN)"
    body = f"""
    def told(event, context):
        return [say("end ", event.process_name.split("-")[0], " ", str(event.returncode))]

    def generate_launch_description():
        def one(name, code):
            return ExecuteProcess(cmd=[sys.executable, "-u", "-c", code], name=name, output="screen", respawn=True,
                                  sigterm_timeout="1", sigkill_timeout="1")
        return LaunchDescription([
            RegisterEventHandler(OnProcessExit(on_exit=told)),
            one("int", {deaf.format("signal.signal(signal.SIGINT, signal.SIG_DFL)")!r}),
            one("term", {deaf.format(ignore.format("INT"))!r}),
            one("kill", {deaf.format(ignore.format("INT") + "; " + ignore.format("TERM"))!r}),
        ])
    """
    with start(tmp_path, body) as probe:
        lines = []
        while sum("] ready" in line for line in lines) < 3:
            lines.append(probe.stdout.readline())
            assert lines[-1], "".join(lines)
        probe.send_signal(signal.SIGINT)
        output = probe.communicate(timeout=60)[0]
    assert probe.returncode == 0
    assert said(output) == ["end int -2", "end term -15", "end kill -9"]


NODE = """
import json, sys
found = {a: open(a).read() for a in sys.argv if a.startswith("/tmp/launch_params_")}
print("argv: " + json.dumps([sys.argv[1:], found]))
"""


def test_the_command_line_of_a_node(tmp_path):
    program = tmp_path / "program"
    program.write_text(f"#!{sys.executable}\n{NODE}")
    program.chmod(0o755)
    node = f"executable={str(program)!r}, output='screen'"
    code, output = run(
        tmp_path,
        f"""
        GroupAction([
            PushRosNamespace("outer"), PushRosNamespace("inner"), SetParameter("everywhere", 5),
            Node({node}, name="first", namespace="own", arguments=["--own", "x"], ros_arguments=["--log-level", "warn"],
                 parameters=[{{"a": 1, "text": "2", "list": [1, 2.5],
                             "nested": {{"b": True}}, "sub": TextSubstitution(text="3.5")}}],
                 remappings=[("from", "to"), ("/x", LaunchConfiguration("nowhere", default="y"))]),
        ]),
        Node({node}, name="second", namespace="/absolute"),
        Node({node}, name="third", parameters=[{{"a": 1}}]),
        Node({node}, parameters=[{{"a": 1}}], namespace="lone"),
        """,
    )
    assert code == 0, output
    shown = {m[1]: yaml.safe_load(m[2]) for m in re.finditer(r"\[program-(\d)\] argv: (.*)", output)}
    (first, files), (second, _), (third, third_file), (fourth, fourth_file) = (shown[i] for i in "1234")
    assert [a if a not in files else "FILE" for a in first] == [
        "--own", "x", "--ros-args", "--log-level", "warn", "--ros-args", "-r", "__node:=first",
        "-r", "__ns:=/outer/inner/own", "-p", "everywhere:=5", "--params-file", "FILE",
        "-r", "from:=to", "-r", "/x:=y",
    ]  # fmt: skip
    written = "".join(files.values()).replace("!!python/tuple", "")
    parameters = yaml.safe_load(written)["/outer/inner/own/first"]["ros__parameters"]
    nested = parameters.pop("nested", None) or {"b": parameters.pop("nested.b")}  # the same to a node
    assert nested == {"b": True}
    assert list(parameters.pop("list")) == [1.0, 2.5]
    assert parameters == {"a": 1, "text": "2", "sub": 3.5}
    assert second == ["--ros-args", "-r", "__node:=second", "-r", "__ns:=/absolute"]
    assert third[:3] == ["--ros-args", "-r", "__node:=third"]
    assert list(yaml.safe_load(*third_file.values())) == ["/**"]
    assert fourth[:3] == ["--ros-args", "-r", "__ns:=/lone"]
    assert list(yaml.safe_load(*fourth_file.values())) == ["/**"]


def test_an_action_runs_once_and_a_timer_wants_a_float(tmp_path):
    code, output = run(tmp_path, "it, it", before="it = process('import time; time.sleep(60)')")
    assert code == 1
    assert "executed more than once" in output
    code, output = run(tmp_path, "TimerAction(period=1, actions=[])")
    assert code == 1
    assert "period" in output
