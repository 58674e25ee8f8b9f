"""How a node ends: told to stop it is no fault, whenever that comes; a bug is one."""

import signal
from contextlib import suppress

import pytest
import rclpy
from rclpy.node import Node

from opstap_cell.cell_node import StartError, run


@pytest.fixture(autouse=True)
def _signals(monkeypatch):
    """A node that ends leaves signals ignored; the test's process goes on with its own."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "99")
    before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_told_to_stop_while_starting_is_no_fault():
    def make():
        rclpy.shutdown()  # what rclpy does on SIGINT
        return Node("late")

    assert run(make) == 0


def test_told_to_stop_in_the_midst_of_a_message_is_no_fault(monkeypatch):
    """What pybind makes of a KeyboardInterrupt there, before rclpy's own thread has shut down."""

    def make():
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise RuntimeError("Unable to convert call argument '0' to Python object")

    monkeypatch.setattr(rclpy, "ok", lambda: True)
    assert run(make) == 0


def test_a_bug_while_starting_is_a_fault():
    def make():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(make)


def test_a_reason_not_to_start_is_told(capsys):
    def make():
        raise StartError("port: 8080 is in use")

    assert run(make) == 2
    assert "port: 8080 is in use" in capsys.readouterr().err
