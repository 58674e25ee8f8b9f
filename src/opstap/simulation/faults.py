"""What can befall camera or projector, for seeing how the cell takes it: `bump@20` moves the camera 20 s into the run.

| fault | what |
|---|---|
| bump | the camera is pushed 6 mm aside |
| turn | it is turned by 0.7 degrees |
| cover | something is hung over the lens |
| sun | the sun washes out the infrared pattern on most of the table |
| dust | spots on the lens without depth |
| nudge | the first projector is pushed so that its light falls 5 mm aside; only the colour camera sees it |

`@20-35` ends it at 35 s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

KINDS = ("bump", "turn", "cover", "sun", "dust", "nudge")
ALLOWED = f"nothing, or one of {', '.join(KINDS)} with its time in seconds, such as bump@20 or cover@20-25"


@dataclass(frozen=True)
class Fault:
    """A kind and the ticks' times, ns from the simulation's start, from which and until which it lasts."""

    kind: str
    start: int
    end: int


def read_fault(text: str) -> Fault | None:
    """The fault that `text` describes, None for "".

    Raises:
        ValueError: it describes none; the message says what is allowed.
    """
    if not text:
        return None
    kind, _, when = text.partition("@")
    first, _, last = when.partition("-")
    try:
        start, end = float(first or 0), float(last or math.inf)
    except ValueError:
        kind = ""
        start = end = 0.0
    if kind not in KINDS or not 0 <= start < end:
        raise ValueError(f"found '{text}', allowed: {ALLOWED}")
    return Fault(kind, round(start * 1e9), round(min(end, 1e9) * 1e9))
