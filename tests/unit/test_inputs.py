"""Keys and pedals, and the labelled case that "you are wrong" leaves."""

import json
from pathlib import Path

import pytest

from opstap.documents import DocumentError
from opstap.guidance.keys import BOUNCE, Pedal, load_keys
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
