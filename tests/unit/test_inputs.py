"""Keys and pedals, and the labelled case that "you are wrong" leaves."""

import json
import os
from pathlib import Path

import pytest

from opstap.documents import DocumentError
from opstap.guidance.keys import BOUNCE, Pedal, load_device, load_keys
from opstap.guidance.pedal import HidPedal, NoPedal, sdl_name
from opstap.guidance.window import KEYS as WINDOW_KEYS
from opstap.instructions import load_cell
from opstap.workflow.cases import case, keep
from opstap.workflow.model import (
    Asked,
    Happened,
    OperatorInput,
    Phase,
    Problem,
    State,
    Trouble,
    WorkspaceEvent,
)

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
KEYS = load_keys(CONFIG / "inputs/keys.yaml")


def test_every_wish_of_a_worker_has_a_key():
    assert {Asked.NEXT, Asked.BACK, Asked.PAUSE, Asked.HELP, Asked.REPEAT, Asked.YOU_ARE_WRONG} <= set(KEYS.values())


def test_a_press_asks_once_and_a_bounce_nothing():
    pedal = Pedal(KEYS)
    presses = [("pagedown", 0.0), ("pagedown", 0.1), ("pagedown", 0.1 + BOUNCE), ("f1", 0.15), ("q", 0.2)]
    assert [pedal.press(WINDOW_KEYS[name], now) for name, now in presses] == [
        Asked.NEXT,
        None,
        Asked.NEXT,
        Asked.HELP,
        None,
    ]


def test_a_pedals_keys_have_the_names_of_keys_yaml():
    names = {"pagedown": "KEY_PAGEDOWN", "return": "KEY_ENTER", "pause": "KEY_PAUSE", "f1": "KEY_F1", "r": "KEY_R"}
    for sdl, evdev in names.items():
        assert sdl_name(evdev) == sdl in WINDOW_KEYS
    assert sdl_name(("KEY_F9", "KEY_X")) == "f9"
    assert sdl_name("") == ""


def test_a_pedal_that_is_not_there_is_told():
    pytest.importorskip("evdev", reason="evdev is not installed (pip install 'opstap[pedal]')")
    with pytest.raises(NoPedal, match="found no 'nobody makes this', allowed: "):
        HidPedal("nobody makes this")
    with pytest.raises(NoPedal, match="'/dev/input/by-id/none', which cannot be read: No such file or directory"):
        HidPedal("/dev/input/by-id/none")


def test_a_real_pedal_is_read_once_a_press_and_kept_from_others():
    """A virtual one, made through /dev/uinput, which is a device as any other to all who read it."""
    evdev = pytest.importorskip("evdev", reason="evdev is not installed (pip install 'opstap[pedal]')")
    if not os.access("/dev/uinput", os.W_OK):
        pytest.skip("no /dev/uinput that may be written: a virtual pedal cannot be made")
    codes = evdev.ecodes
    keys = [codes.KEY_PAGEDOWN, codes.KEY_F9, codes.KEY_ENTER]
    with evdev.UInput({codes.EV_KEY: keys}, name="Opstap test pedal") as made:
        pedal = HidPedal("Opstap test pedal")
        with pytest.raises(NoPedal, match="belongs to another program"):
            HidPedal("Opstap test pedal")
        for key in keys:
            for value in (1, 2, 2, 0):  # down, held, up
                made.write(codes.EV_KEY, key, value)
                made.syn()
        assert pedal.pressed() == ["pagedown", "f9", "return"]
        assert pedal.pressed() == []
    with pytest.raises(NoPedal, match="'Opstap test pedal' was unplugged"):
        pedal.pressed()
    pedal.close()


def test_the_pedals_device_is_named_beside_its_keys(tmp_path):
    assert load_device(CONFIG / "inputs/keys.yaml") == "", "none unless somebody has one"
    path = tmp_path / "keys.yaml"
    path.write_text("device: Foot switch\nkeys: {f1: help}\n")
    assert load_device(path) == "Foot switch"
    path.write_text("device: [1]\nkeys: {f1: help}\n")
    with pytest.raises(DocumentError, match=":1: device: "):
        load_device(path)


def test_wrong_keys_are_told_with_their_lines(tmp_path):
    path = tmp_path / "keys.yaml"
    path.write_text("keys:\n  pagedwn: next\n  f1: hlep\n  f2: set\n")
    with pytest.raises(DocumentError) as error:
        load_keys(path)
    first, second, third = error.value.lines
    assert ":2: keys.pagedwn: found unknown key 'pagedwn'" in first
    assert ":3: keys.f1: found 'hlep'" in second
    assert "did you mean 'help'" in second
    assert ":4: keys.f2: found 'set'" in third, "settings have values, which a key has not"


def test_a_case_holds_what_was_seen_where_it_matters_and_nothing_of_the_person(tmp_path):
    problem = Problem(Trouble.WRONG_PICK, "bin_06", 1, 5, "saliva_ejector")
    state = State(task="oral_care_case", job=1, phase=Phase.TAKE, step=8, problems=(problem,), person="secret")
    events = [
        WorkspaceEvent(1, 4, Happened.TAKEN, "bin_06", 1, 0.7, {"volume_cm3": -4.1}),
        WorkspaceEvent(2, 5, Happened.TAKEN, "bin_20", 1, 0.9, {"volume_cm3": -9.9}),
    ]
    places = {p: {"content": "filled", "fill": 0.5, "reason": ""} for p in ("bin_06", "bin_20")}
    made = case(CELL, state, OperatorInput(9, Asked.YOU_ARE_WRONG, "projected button"), events, places)
    path = keep(tmp_path / "cases", made)
    read = json.loads(path.read_text(encoding="utf-8"))
    assert (read["asked"], read["part"], read["stamp"]) == ("wrong_pick", "saliva_ejector", 9)
    assert read["problem"]["place"] == "bin_06"
    assert list(read["places"]) == ["bin_06"]
    assert [e["evidence"] for e in read["events"]] == [{"volume_cm3": -4.1}]
    assert "secret" not in path.read_text(encoding="utf-8")
    assert list((tmp_path / "cases").iterdir()) == [path]
