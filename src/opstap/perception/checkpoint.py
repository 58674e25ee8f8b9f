"""What perception remembers over a restart: settled depths of the places, the event sequence, the last events.

Written whole and renamed into place before events leave, with the last events in it. After a kill at any instant an
event is either in the file and comes again with the number it had, or it was never decided: then the settled depths in
the file are still those of before, and comparison finds it again.
"""

from __future__ import annotations

import json
import logging
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opstap.workflow.model import Happened, WorkspaceEvent

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Memory:
    """See the module's text. N pixels, P places, as in `places.Pixels`."""

    key: str
    """Fingerprint of the places and their pixels."""
    sequence: int
    """Of the last event; 0 = none yet."""
    reference: NDArray[np.float32]
    """(N,) settled depth, mm; 0 = never seen."""
    settled: NDArray[np.bool_]
    """(P,) whether the place has a reference."""
    occupied: NDArray[np.bool_]
    """(P,) a hand entered and has not left."""
    visited: NDArray[np.bool_]
    """(P,) a hand was in it since it was last compared."""
    recent: tuple[WorkspaceEvent, ...] = ()
    """The last events, oldest first."""

    @staticmethod
    def fresh(key: str, pixels: int, places: int, sequence: int = 0) -> Memory:
        none = np.zeros(places, bool)
        return Memory(key, sequence, np.zeros(pixels, np.float32), none, none.copy(), none.copy())

    @staticmethod
    def load(path: Path, key: str, pixels: int, places: int) -> Memory:
        """What `path` holds. Of other places (or another camera pose) only the sequence is taken over."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                sequence = int(kept["sequence"])
                if str(kept["key"]) != key:
                    log.warning("%s is of another scene or camera view: places are settled anew", path)
                    return Memory.fresh(key, pixels, places, sequence)
                recent = tuple(_event(e) for e in json.loads(str(kept["recent"])))
                arrays = (kept["reference"], kept["settled"], kept["occupied"], kept["visited"])
                return Memory(key, sequence, *arrays, recent)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            log.warning("%s cannot be used, starting anew: %s", path, error)
        return Memory.fresh(key, pixels, places)

    def save(self, path: Path) -> None:
        """Replace `path` at once.

        Raises:
            OSError: it cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + ".new")
        with draft.open("wb") as file:
            np.savez(
                file,
                key=self.key,
                sequence=self.sequence,
                reference=self.reference,
                settled=self.settled,
                occupied=self.occupied,
                visited=self.visited,
                recent=json.dumps([asdict(e) for e in self.recent]),
            )
        draft.replace(path)


def fingerprint(ids: Sequence[str], *arrays: NDArray[Any]) -> str:
    """Key of places and their pixels."""
    digest = sha256(" ".join(ids).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _event(fields: dict[str, Any]) -> WorkspaceEvent:
    return WorkspaceEvent(**{**fields, "happened": Happened(fields["happened"])})
