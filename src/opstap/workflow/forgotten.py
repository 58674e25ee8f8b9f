"""Who asked to be forgotten, and did not take that back: their work is nobody's, also after the cell is started again.

The file holds no name: of each such person a hash with a salt of its own, by which a person who comes can be told from
others and nobody can be listed. Whoever knows a cell's profiles can try them; they are few, and pseudonyms.
"""

from __future__ import annotations

import json
import secrets
from hashlib import blake2b
from pathlib import Path

FILE = "forgotten.json"


class Forgotten:
    """The list in `folder`, which need not be there yet."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def has(self, person: str) -> bool:
        return any(_hash(person, salt) == kept for salt, kept in self._read().items())

    def add(self, person: str) -> None:
        """Raises OSError where it cannot be written."""
        if not self.has(person):
            salt = secrets.token_hex(16)
            self._write(self._read() | {salt: _hash(person, salt)})

    def remove(self, person: str) -> None:
        """The person wants their work to be written down again. Raises OSError where it cannot be written."""
        self._write({salt: kept for salt, kept in self._read().items() if _hash(person, salt) != kept})

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write(self, kept: dict[str, str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self._path)


def _hash(person: str, salt: str) -> str:
    return blake2b(person.encode(), key=salt.encode()).hexdigest()
