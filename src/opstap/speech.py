"""Reads a text aloud with espeak-ng, where the machine has it: for pages in browsers without a voice of their own.

The bench itself speaks by `guidance.speech`, with the same voices and at the same pace.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache

VOICES = {"nl": "nl", "en": "en-gb", "de": "de", "uk": "uk", "ar": "ar"}
"""espeak-ng's voice of each language, ISO 639-1."""
LONGEST = 600
"""Characters of a text."""
PATIENCE = 10.0
"""How long the program may take, s."""
WORDS_A_MINUTE = 130
"""Slower than the program's own 175: easy to follow."""


class SpeechError(Exception):
    """A text cannot be read aloud; the message says why."""


def can_speak() -> bool:
    """Whether this machine can."""
    return shutil.which("espeak-ng") is not None


@lru_cache(maxsize=64)
def speak(text: str, language: str) -> bytes:
    """`text` as a WAV file.

    Raises:
        SpeechError: no espeak-ng here, no voice for the language, or nothing or too much to read.
    """
    if not can_speak():
        raise SpeechError("there is no espeak-ng on this machine (Debian, Ubuntu: apt-get install espeak-ng)")
    if language not in VOICES:
        raise SpeechError(f"language: found '{language}', allowed: {', '.join(VOICES)}")
    if not 0 < len(text) <= LONGEST:
        raise SpeechError(f"text: found {len(text)} characters, allowed: 1 to {LONGEST}")
    command = ["espeak-ng", "-v", VOICES[language], "-s", str(WORDS_A_MINUTE), "--stdin", "--stdout"]
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise SpeechError(f"espeak-ng could not read this aloud: {error}") from error
    return done.stdout
