"""Checks of lab 3: the fact on made-up events, the rule by the monitor's own reader and advisor."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from opstap.documents import DocumentError
from opstap.monitoring.advising import Advisor
from opstap.monitoring.facts import Face, Fact, FactName
from opstap.monitoring.rules import Rules, load_rules
from opstap.workflow.model import Happened, WorkspaceEvent

SECOND = 1_000_000_000
NOW = 10_000 * SECOND
JUDGING = re.compile(r"\b(slow|lazy|tired|wrong|bad|must|traag|lui|moe|fout|slecht|moet)\b", re.IGNORECASE)


def seen(*happened: tuple[float, Happened, int, float]) -> list[WorkspaceEvent]:
    """Events: seconds before now, what, count, confidence."""
    return [
        WorkspaceEvent(i + 1, NOW - round(ago * SECOND), what, "bin_01", count, sure)
        for i, (ago, what, count, sure) in enumerate(happened)
    ]


TAKEN = [(s, Happened.TAKEN, 1, 1.0) for s in (400, 300, 200, 100, 50)]


def counts_parts(work):
    """put_backs() counts the parts, not the events"""
    events = seen(*TAKEN, (30, Happened.PUT_BACK, 2, 0.9), (20, Happened.PUT_BACK, 1, 0.9))
    found = work.put_backs(events, NOW)
    assert found == 3, f"two parts and one part were put back: {found}"


def of_ten_minutes(work):
    """it looks back ten minutes, and leaves out what is not sure"""
    events = seen(
        (700, Happened.PUT_BACK, 1, 1.0), *TAKEN, (30, Happened.PUT_BACK, 1, 0.4), (9, Happened.PUT_BACK, 1, 0.5)
    )
    found = work.put_backs(events, NOW)
    assert found == 1, f"one was 700 s ago, one has confidence 0.4, one counts: {found}"


def unknown_is_not_zero(work):
    """where too little was seen it says None"""
    found = work.put_backs(seen(*TAKEN[:4]), NOW)
    assert found is None, f"of four events: {found}; expected None, which is not the same as 0"
    found = work.put_backs(seen(*TAKEN), NOW)
    assert found == 0, f"of five takings: {found}; expected 0"


def rules(work) -> Rules:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "RULES")
        path.write_text(work.RULES, encoding="utf-8")
        try:
            return load_rules(path)
        except DocumentError as error:
            raise AssertionError(str(error).replace(f"{folder}/", "")) from error


def the_file_is_accepted(work):
    """the monitor's reader accepts RULES"""
    assert [r.id for r in rules(work).rules] == ["long_and_slow"], "one rule is expected, with the id long_and_slow"


def facts(pace: float | None, since_break: float) -> dict[FactName, Fact]:
    told = {n: Fact(n, None, why="not seen") for n in FactName}
    told[FactName.PACE] = Fact(FactName.PACE, pace, 1.0, 0.9 if pace is not None else 0.0)
    told[FactName.SINCE_BREAK] = Fact(FactName.SINCE_BREAK, since_break, None, 0.9)
    return told


def first_advice(
    work, pace: float | None, since_break: float, minutes: int = 60, face: Face | None = None
) -> float | None:
    """Minutes after which a break is first advised."""
    advisor = Advisor(rules(work))
    if face:
        advisor.say(face)
    for second in range(0, minutes * 60, 10):
        if advisor.update(facts(pace, since_break + second), float(second)):
            return second / 60
    return None


def not_on_one_signal(work):
    """neither slow work alone nor a long time alone is enough"""
    assert first_advice(work, 2.0, 0.0, 60) is None, "advised within an hour after a break, for being slow"
    assert first_advice(work, 1.0, 7200.0) is None, "advised at the usual pace"
    assert first_advice(work, None, 7200.0) is None, "advised where the pace is not known"


def when_both_last(work):
    """both together, for five minutes, are"""
    found = first_advice(work, 1.5, 5500.0)
    assert found is not None, "never advised at 1.5 times the usual pace, 92 minutes after the last break"
    assert 4.5 <= found <= 6, f"advised after {found:.1f} minutes; expected about five"
    assert first_advice(work, 1.35, 5500.0) is None, "advised at 1.35 times; expected above 1.4"


def when_the_worker_says_so(work):
    """the worker's own word is enough"""
    assert first_advice(work, 1.0, 60.0, 1, Face.NOT_GOOD) == 0.0, "not advised when the worker says 'not good'"


def kind_words(work):
    """its words tell facts and ask; they do not judge"""
    for language, text in rules(work).rules[0].says.items():
        judged = JUDGING.search(text)
        assert not judged, f"{language}: '{judged[0] if judged else ''}' is a judgement; tell the number instead"
        assert text.rstrip().endswith("?"), f"{language}: it does not ask; the worker decides"


CHECKS = [counts_parts, of_ten_minutes, unknown_is_not_zero, the_file_is_accepted, not_on_one_signal, when_both_last,
          when_the_worker_says_so, kind_words]  # fmt: skip
