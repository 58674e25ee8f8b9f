"""What is wrong with a launch is told in a few words before anything moves; the exit code says so too."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

# What is given, and what the message says. `FILE` is a file in the way, `PORT` a port in use, `NEW` a new folder.
CASES = {
    "unknown argument": (["perosn:=careful"], "unknown argument 'perosn', allowed: ", "did you mean 'person'?"),
    "no argument at all": (["careful"], "found 'careful', allowed: name:=value"),
    "words and numbers": (["speed:=fast", "port:=99999", "sim:=maybe"], "speed: found 'fast'", "port: found '99999'",
                          "sim: found 'maybe', allowed: true, false"),
    "port in use": (["port:=PORT"], "port: PORT is in use; stop the other program, or give another one: port:="),
    "no place for results": (["out:=FILE/out"], "out: 'FILE/out' cannot be written", "out:=/path/to/folder"),
    "unknown cell": (["cell:=oral_car"], "oral_car.yaml: no such file", "did you mean 'oral_care'?"),
    "unknown task": (["task:=sandwich"], "sandwich.yaml: no such file", "oral_care_case"),
    "unknown person": (["person:=carefull"], "carefull.yaml: no such file", "did you mean 'careful'?"),
    "unknown profile": (["profile:=nobody"], "profile: found 'nobody', allowed by ", "default"),
    "unknown fault": (["fault:=rain@3"], "fault: found 'rain@3', allowed: "),
    "missing recording": (["sim:=false", "recording:=FILE.db3"], "recording: FILE.db3: no such file"),
}  # fmt: skip


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """Exit code and output of each case, all launched at once; and what is in the folder of results afterwards."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "file").write_text("in the way")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        real = {"FILE": str(folder / "file"), "PORT": str(taken.getsockname()[1])}

        def put(text: str) -> str:
            for word, meaning in real.items():
                text = text.replace(word, meaning)
            return text

        started = {}
        for i, (name, (given, *_)) in enumerate(CASES.items()):
            arguments = [f"out:={folder / str(i)}", *map(put, given)]
            pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
            command = ["opstap", "launch", "cell.launch.py", *arguments]
            environment = os.environ | {"ROS_LOG_DIR": str(folder / "log")}
            started[name] = subprocess.Popen(command, text=True, env=environment, **pipes)
        ended = {}
        for name, process in started.items():
            output = process.communicate(timeout=120)[0]
            ended[name] = (process.returncode, output, [put(words) for words in CASES[name][1:]])
    return ended, folder


@pytest.mark.parametrize("case", CASES)
def test_it_is_told_and_nothing_moves(launched, case):
    ended, folder = launched
    code, output, words = ended[case]
    assert code in (1, 2), output
    for said in words:
        assert said in output
    assert "Traceback" not in output
    assert "process started" not in output
    assert not list(Path(folder).glob("*/journal.db"))
