"""Words aloud: once, again on request, at the worker's volume, and by the real engine where there is one."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opstap.guidance.cues import spoken
from opstap.guidance.speech import Speaker
from opstap.instructions import load_cell
from opstap.speech import VOICES
from opstap.workflow.model import Phase, State

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


class Played:
    """Stands in for a running engine, so that a test is silent; the command line is the real one."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.ended = 0

    def __call__(self, command: list[str], **_: Any) -> Any:
        self.commands.append(command)
        return self

    def poll(self) -> None:
        return None

    def terminate(self) -> None:
        self.ended += 1

    def wait(self) -> int:
        return 0

    @property
    def words(self) -> list[str]:
        return [command[-1] for command in self.commands]


def speaker(played: Played, voices: frozenset[str] = frozenset(VOICES.values())) -> Speaker:
    made = Speaker(start=played)
    made.__dict__["voices"] = voices
    return made


def test_words_are_spoken_once_and_again_when_asked():
    played = Played()
    mine = speaker(played)
    assert [mine.tell("Pak 1: beker.", "nl", 60) for _ in range(30)] == [True] + [False] * 29
    assert mine.tell("Pak 1: beker.", "nl", 60, repeated=5)
    assert not mine.tell("Pak 1: beker.", "nl", 60, repeated=5)
    assert mine.tell("Pak 1: beker.", "nl", 60, repeated=9)
    assert played.words == ["Pak 1: beker."] * 3


def test_new_words_end_the_old_ones_and_silence_too():
    played = Played()
    mine = speaker(played)
    mine.tell("Take 1: cup.", "en", 60)
    mine.tell("Put it here: cup.", "en", 60)
    assert played.ended == 1
    assert not mine.tell("", "en", 60)
    assert played.ended == 2


def test_volume_and_voice_are_the_workers_and_nothing_is_taken_for_an_option():
    played = Played()
    mine = speaker(played)
    mine.tell("--stdout", "uk", 40)
    assert played.commands == [["espeak-ng", "-v", "uk", "-a", "80", "-s", "130", "--", "--stdout"]]
    assert not mine.tell("Other words.", "uk", 0)


@pytest.mark.parametrize(
    ("voices", "language", "told"),
    [
        (frozenset(), "nl", "espeak-ng is not installed"),
        (frozenset({"nl"}), "fi", "has no voice 'fi'; words in 'fi' are shown only"),
    ],
)
def test_what_cannot_be_spoken_is_told_and_the_work_goes_on(voices, language, told):
    played = Played()
    mine = speaker(played, voices)
    assert not mine.tell("Ota yksi.", language, 60)
    assert told in mine.fault
    assert played.commands == []
    if voices:
        assert mine.tell("Pak 1.", "nl", 60)
        assert mine.fault == ""


@pytest.mark.parametrize(("level", "said"), [("full", "Take 1: cup."), ("short", ""), ("lights", ""), ("off", "")])
def test_what_is_spoken_is_what_is_shown(level, said):
    person = CELL.scene.profile["default"].model_copy(update={"level": level})
    assert spoken(State(phase=Phase.TAKE, step=8, job=1), CELL, person) == said


@needs_espeak
@pytest.mark.parametrize("language", CELL.task.languages)
def test_the_engine_speaks_every_language_of_the_task(language, tmp_path):
    assert VOICES[language] in Speaker().voices
    out = tmp_path / "words.wav"
    words = CELL.text("take", language, CELL.task.steps[8], "cup", 1)
    subprocess.run(["espeak-ng", "-v", VOICES[language], "-w", out, "--", words], check=True)
    with wave.open(str(out)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
        assert 0.6 < sound.getnframes() / sound.getframerate() < 8
        assert np.abs(samples.astype(int)).max() > 2000


@needs_espeak
def test_a_real_engine_is_started_and_stopped():
    mine = Speaker(start=lambda command, **kept: subprocess.Popen([command[0], "-q", *command[1:]], **kept))
    assert mine.tell("Take 1: cup.", "en", 60)
    mine.stop()
    assert mine.fault == ""
