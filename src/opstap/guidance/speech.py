"""The words aloud, by espeak-ng, offline: once when they change, again on request, at the worker's volume.

The engine is a program that set-up installs from the system's packages where it may. Where it is missing, or does not
speak a language, that is told and the work goes on in silence.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import cached_property

from opstap.speech import VOICES, WORDS_A_MINUTE

LOUDEST = 200
"""espeak-ng's amplitude at our 100 per cent: its own most."""


class Speaker:
    """Speaks one thing at a time: new words end the old ones.

    Args:
        program: the engine's command.
        start: starts a command, for tests; by default a process of this machine.
    """

    def __init__(self, program: str = "espeak-ng", start: Callable[..., subprocess.Popen[bytes]] | None = None) -> None:
        self.program = program
        self._start = start or subprocess.Popen
        self._speaking: subprocess.Popen[bytes] | None = None
        self._said: tuple[str, str] = ("", "")
        self._repeated: int | None = None
        self.fault = ""
        """Why nothing is spoken, in plain words; empty when all is well."""

    @cached_property
    def voices(self) -> frozenset[str]:
        """Languages that the engine speaks; empty where there is no engine."""
        if shutil.which(self.program) is None:
            return frozenset()
        listed = subprocess.run([self.program, "--voices"], capture_output=True, text=True, check=False).stdout
        return frozenset(line.split()[1] for line in listed.splitlines()[1:] if len(line.split()) > 1)

    def tell(self, words: str, language: str, volume: int, repeated: int | None = None) -> bool:
        """Speak `words`, unless they were spoken last and nobody asked for them again; whether it does.

        Args:
            words: what is asked now; empty: nothing.
            language: ISO 639-1.
            volume: 0 (none) to 100.
            repeated: stamp of the newest wish to hear it again.
        """
        again = repeated is not None and repeated != self._repeated
        if (words, language) == self._said and not again:
            return False
        self._said, self._repeated = (words, language), repeated
        self.stop()
        if not words or volume == 0:
            return False
        voice = VOICES.get(language, language)  # another language is tried under its own name
        if not self.voices:
            self.fault = f"speech: {self.program} is not installed; words are shown only"
        elif voice not in self.voices:
            self.fault = f"speech: {self.program} has no voice '{voice}'; words in '{language}' are shown only"
        else:
            self.fault = ""
            loud = str(round(volume / 100 * LOUDEST))
            # The words come after "--": a text that begins with a dash is no option.
            command = [self.program, "-v", voice, "-a", loud, "-s", str(WORDS_A_MINUTE), "--", words]
            self._speaking = self._start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return not self.fault

    def stop(self) -> None:
        """Be silent."""
        if self._speaking is not None:
            if self._speaking.poll() is None:
                self._speaking.terminate()
            self._speaking.wait()
            self._speaking = None
