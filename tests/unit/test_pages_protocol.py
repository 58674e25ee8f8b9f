"""What pages and cell say to each other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from opstap.pages.protocol import (
    Happening,
    OperatorInput,
    PictureKind,
    Refused,
    picture,
    read_input,
    typescript,
)
from opstap.workflow.model import Asked

WEB = Path(__file__).parents[2] / "web"


def test_generated_types_are_fresh() -> None:
    told = "python -m opstap.pages.protocol > web/core/protocol.d.ts"
    assert (WEB / "core/protocol.d.ts").read_text() == typescript(), f"stale; run: {told}"
    printed = subprocess.run(
        [sys.executable, "-m", "opstap.pages.protocol"], capture_output=True, text=True, check=True
    )
    assert printed.stdout == typescript()


def test_picture_is_kind_stamp_and_file() -> None:
    assert picture(PictureKind.PROJECTOR, 0x0102030405060708, b"JPEG") == bytes([2, 1, 2, 3, 4, 5, 6, 7, 8]) + b"JPEG"


def test_number_that_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Happening(at=float("nan"), words="")


@pytest.mark.parametrize("asked", list(Asked))
def test_every_wish_can_be_said(asked: Asked) -> None:
    assert read_input(json.dumps({"type": "operator_input", "asked": asked.value})) == OperatorInput(asked=asked)


@pytest.mark.parametrize(
    ("text", "field", "found", "allowed"),
    [
        ('{"asked": "jump"}', "asked", "'jump'", "next, back, pause, resume, help, help_done, repeat, you_are_wrong"),
        ('{"asked": 3}', "asked", "3", "next, back"),
        ("{}", "asked", "nothing", "next, back"),
        ('{"asked": "next", "speed": 9}', "speed", "an unknown field", "type, asked"),
        ('{"type": "shutdown", "asked": "next"}', "type", "'shutdown'", "operator_input"),
        ("[]", "message", "'[]'", '{"asked": "next"}'),
        ("no JSON", "message", "'no JSON'", '{"asked": "next"}'),
        (b"\xff\xfe", "message", "\\xff", '{"asked": "next"}'),
        ("[" * 4000, "message", "'[[", '{"asked": "next"}'),
    ],
)
def test_bad_message_is_refused_by_field(text: str | bytes, field: str, found: str, allowed: str) -> None:
    refused = read_input(text)
    assert isinstance(refused, Refused)
    assert refused.field == field
    assert found in refused.found
    assert len(refused.found) <= 80
    assert allowed in refused.allowed


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_message_raises(text: str | bytes) -> None:
    assert isinstance(read_input(text), Refused)
