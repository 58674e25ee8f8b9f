"""Heart-rate variability of one recording, or why nothing can be told. Limits first, NeuroKit2 after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from heart_rate.measurement import TICK

LEAST = 300.0
"""Seconds of a recording: five minutes are the norm; shorter ones were seldom checked with rigour."""
LOST = 0.05
"""Share of the time by which intervals may fail to add up to the time that passed."""
REPEATED = 0.2
"""Share of intervals that may equal the one before to the tick. A heart's are hardly ever equal; filled-in ones are."""
ARTEFACTS = 0.05
"""Share of beats with an artefact from which on nothing is told."""


@dataclass(frozen=True)
class Variability:
    """What can be told."""

    rmssd_ms: float
    """Root mean square of successive differences of the corrected beats, ms."""
    beats: int
    seconds: float
    artefacts: float
    """Share of beats that NeuroKit2 corrected, 0 to `ARTEFACTS`."""


class NotFitError(ValueError):
    """Nothing can be told from this recording; the message says why."""


def check(ticks: Sequence[int], elapsed: float) -> None:
    """Whether a recording of raw RR `ticks` (1/1024 s) over `elapsed` s is fit at all.

    Raises:
        NotFitError: it is too short, beats are missing, or values were filled in.
    """
    seconds = sum(ticks) * TICK
    if elapsed < LEAST:
        raise NotFitError(f"found {elapsed:.0f} s, allowed: {LEAST:.0f} s or more, seated and still")
    if abs(seconds - elapsed) > LOST * elapsed:
        raise NotFitError(
            f"found intervals of {seconds:.0f} s in {elapsed:.0f} s, allowed: {LOST:.0%} apart: beats are missing or "
            f"doubled"
        )
    same = sum(a == b for a, b in pairwise(ticks)) / max(1, len(ticks) - 1)
    if same > REPEATED:
        raise NotFitError(
            f"found {same:.0%} of the intervals equal to the one before, allowed: {REPEATED:.0%}: filled in, not "
            f"measured"
        )


def variability(ticks: Sequence[int], elapsed: float) -> Variability:
    """RMSSD of a recording. `ticks` are not changed: corrected beats are made beside them.

    Raises:
        NotFitError: nothing can be told.
        ImportError: NeuroKit2 is not installed: requirements.txt.
    """
    check(ticks, elapsed)
    import neurokit2 as nk
    import numpy as np

    rate = 1024
    peaks = np.concatenate(([0], np.cumsum(np.asarray(ticks, dtype=int))))
    # One pass: what later passes of it correct is not in what it tells.
    info, corrected = nk.signal_fixpeaks(peaks, sampling_rate=rate, iterative=False, method="Kubios")
    marked = {int(i) for kind in ("ectopic", "missed", "extra", "longshort") for i in info[kind]}
    share = len(marked) / len(peaks)
    if share >= ARTEFACTS:
        raise NotFitError(f"found artefacts in {share:.0%} of the beats, allowed: less than {ARTEFACTS:.0%}")
    rmssd = float(nk.hrv_time(corrected, sampling_rate=rate)["HRV_RMSSD"].iloc[0])
    return Variability(rmssd, len(peaks), float(sum(ticks) * TICK), share)
