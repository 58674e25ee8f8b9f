"""The heart-rate lab: bytes as the specification lays them out, limits, and that the cell knows nothing of it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "labs/heart_rate"))

from heart_rate.measurement import Measurement, MeasurementError, parse  # noqa: E402
from heart_rate.recording import Recorder, RecordingError, read  # noqa: E402
from heart_rate.variability import NotFitError, check, variability  # noqa: E402


@pytest.mark.parametrize(
    ("data", "meant"),
    [
        ("00 48", Measurement(72, None, None, ())),  # uint8, contact not supported
        ("01 2c 01", Measurement(300, None, None, ())),  # uint16, little-endian
        ("06 48", Measurement(72, True, None, ())),  # contact supported and there
        ("04 48", Measurement(72, False, None, ())),  # supported and not there
        ("02 48", Measurement(72, None, None, ())),  # the bit means nothing without support
        ("08 48 10 27", Measurement(72, None, 10000, ())),  # energy expended, kJ
        ("10 3c 00 04 56 03", Measurement(60, None, None, (1024, 854))),  # two intervals in one notification
        ("1f 3d 00 01 00 00 04 ff 03 e8 03", Measurement(61, True, 1, (1024, 1023, 1000))),  # all of it
        ("f0 3c 00 04", Measurement(60, None, None, (1024,))),  # reserved bits are passed over
        ("00 48 ff", Measurement(72, None, None, ())),  # what no flag announces is no interval
    ],
)
def test_a_notification_is_read_as_the_specification_lays_it_out(data: str, meant: Measurement) -> None:
    assert parse(bytes.fromhex(data)) == meant


@pytest.mark.parametrize("data", ["", "00", "01 48", "08 48 10", "10 3c 00", "18 3c 00 00 00 04 01"])
def test_a_cut_notification_is_refused(data: str) -> None:
    with pytest.raises(MeasurementError, match="allowed"):
        parse(bytes.fromhex(data))


def test_raw_intervals_are_kept_as_they_came_and_never_written_over(tmp_path: Path) -> None:
    path, sent = tmp_path / "me.csv", [parse(bytes.fromhex(d)) for d in ("10 3c 00 04 56 03", "06 48")]
    recorder = Recorder(path)
    for i, measured in enumerate(sent):
        recorder.add(float(i), measured)
    recorder.close()
    assert list(read(path)) == [(0.0, sent[0]), (1.0, sent[1])]
    with pytest.raises(FileExistsError):
        Recorder(path)
    path.write_text(path.read_text().replace("854", "8x4"))
    with pytest.raises(RecordingError, match=r"me\.csv:2: found"):
        list(read(path))


def beats(seconds: float = 320.0, seed: int = 1) -> list[int]:
    """Intervals of a resting heart in ticks: about 0.85 s, with breathing and noise."""
    random, ticks, t = np.random.default_rng(seed), [], 0.0
    while t < seconds:
        rr = 0.85 + 0.03 * np.sin(2 * np.pi * 0.25 * t) + 0.015 * random.standard_normal()
        ticks.append(round(rr * 1024))
        t += rr
    return ticks


def elapsed(ticks: list[int]) -> float:
    return sum(ticks) / 1024


def test_nothing_is_told_of_what_is_short_or_lost_or_filled_in() -> None:
    good = beats()
    check(good, elapsed(good))
    with pytest.raises(NotFitError, match="300 s or more"):
        check(good[:100], elapsed(good[:100]))
    with pytest.raises(NotFitError, match="beats are missing"):
        check(good[:150] + good[180:], elapsed(good))
    filled = [good[i - i % 3] for i in range(len(good))]  # each value held for three beats: a smooth-looking fake
    with pytest.raises(NotFitError, match="filled in, not measured"):
        check(filled, elapsed(filled))


def test_variability_and_its_limit_of_artefacts() -> None:
    pytest.importorskip("neurokit2", reason="the lab's own requirements are not installed: labs/heart_rate/README.md")
    good = beats()
    before = list(good)
    found = variability(good, elapsed(good))
    plain = float(np.sqrt(np.mean(np.diff(np.array(good) / 1.024) ** 2)))
    assert found.rmssd_ms == pytest.approx(plain, rel=0.05)  # hardly anything to correct: near the plain formula
    assert found.artefacts < 0.02
    assert good == before  # raw intervals stay raw
    wild = list(good)
    for i in range(5, len(wild) - 1, 12):  # a beat seen early, and the next one late
        wild[i], wild[i + 1] = wild[i] - 300, wild[i + 1] + 300
    with pytest.raises(NotFitError, match="artefacts"):
        variability(wild, elapsed(wild))


def test_the_cell_knows_nothing_of_it() -> None:
    words = re.compile(r"heart_rate|heart rate|bleak|neurokit|hrv|0x2a37", re.IGNORECASE)
    allowed = {"src/opstap/integration/dossier/compose.py"}  # says that the cell has none
    found = []
    for folder in ("launch", "ros_ws/src", "src", "config", "web"):
        for path in (ROOT / folder).rglob("*"):
            inside = path.is_file() and "node_modules" not in path.parts
            if inside and path.suffix in (".py", ".yaml", ".xml", ".js", ".html", ".msg", ".action", ".cfg"):
                name = str(path.relative_to(ROOT))
                if name not in allowed and words.search(path.read_text(encoding="utf-8")):
                    found.append(name)
    for name in ("pyproject.toml", "requirements.lock", "requirements-test.lock"):
        if words.search((ROOT / name).read_text(encoding="utf-8")):
            found.append(name)
    assert found == []
