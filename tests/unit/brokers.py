"""A real broker, mosquitto, over TLS and with a password, for the tests."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from opstap.certificates import make

USER, PASSWORD = "cell_1", "not-a-secret-of-anybody"
PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """mosquitto in `folder`; it can be stopped, and started again with what it kept."""

    def __init__(self, folder: Path) -> None:
        if PROGRAM is None:
            pytest.skip("no MQTT broker: install mosquitto (Debian, Ubuntu: apt-get install mosquitto)")
        folder.mkdir()
        self.folder = folder
        self.authority = make(folder, "broker", ["localhost"])
        (folder / "passwords").write_text(f"{USER}:{PASSWORD}\n")
        subprocess.run(["mosquitto_passwd", "-U", folder / "passwords"], check=True, capture_output=True)
        self._process: subprocess.Popen[str] | None = None
        for _ in range(5):  # between looking for a free port and listening another program can take it
            self._settle(free_port())
            try:
                self.start()
            except AssertionError as error:
                said = str(error)
            else:
                return
        raise AssertionError(said)

    def _settle(self, port: int) -> None:
        self.port, folder = port, self.folder
        (folder / "mosquitto.conf").write_text(
            f"user root\nlistener {self.port} 127.0.0.1\ncafile {self.authority}\ncertfile {folder}/broker.pem\n"
            f"keyfile {folder}/broker.key\nallow_anonymous false\npassword_file {folder}/passwords\n"
            f"persistence true\npersistence_location {folder}/\nlog_dest stderr\n"
        )

    def start(self) -> None:
        command = [str(PROGRAM), "-c", str(self.folder / "mosquitto.conf")]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr
        said = []
        for line in self._process.stderr:
            said.append(line)
            if " running" in line:
                return
        raise AssertionError("".join(said))

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.communicate()
            self._process = None
