"""The operator monitor: facts that can be seen, rules with long pauses between, the person's last word."""

from __future__ import annotations

import gc
import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opstap.documents import DocumentError
from opstap.instructions import Cell, load_cell
from opstap.monitoring.advising import STANDS, Advisor, Answer, words
from opstap.monitoring.baseline import Baseline
from opstap.monitoring.coaching import CoachingTime
from opstap.monitoring.facts import SIGNALS, UNITS, AdviceKind, Face, Fact, FactName
from opstap.monitoring.monitor import Monitor
from opstap.monitoring.observing import BREAK, HANDS_MISSING, Observer
from opstap.monitoring.quality import quality
from opstap.monitoring.rules import load_rules
from opstap.monitoring.telling import SHOWN, WORDS
from opstap.workflow.model import Phase, Problem, State, Trouble

CONFIG = Path(__file__).parents[2] / "config"
RULES_FILE = CONFIG / "rules" / "monitor.yaml"
RULES = load_rules(RULES_FILE)
MINUTE = 60.0
NEVER = set(
    """
    emotion mood stress stressed engaged engagement motivation motivated happy sad angry anger fear anxious anxiety
    tired fatigue lazy bored attention focus valence arousal sentiment frustrated nervous blij boos moe bang lui
    """.split()  # noqa: SIM905
)


@pytest.fixture(scope="module")
def cell() -> Cell:
    return load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")


class Bench:
    """A person at work, step by step."""

    def __init__(self, cell: Cell, seen: Observer | Monitor) -> None:
        self.cell, self.seen = cell, seen
        self.now = 1000.0
        self.state = State(task=cell.task.task, job=1, phase=Phase.TAKE)
        self.tell()

    def tell(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]
        steps = self.cell.task.steps
        self.seen.work(self.now, self.state, steps[self.state.step].id if self.state.step < len(steps) else "")

    def wait(self, seconds: float, hands: bool = True) -> None:
        """Hands move all the while, unless there are none."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 1.0)
            if hands:
                self.seen.hands(self.now, [0.2], True)

    def step(self, seconds: float = 5.0, mixup: bool = False, empty: float = 0.0) -> None:
        if mixup:
            self.tell(problems=(Problem(Trouble.WRONG_PICK, "bin_01", 1, 0),))
            self.tell(problems=())
        if empty:
            self.tell(problems=(Problem(Trouble.EMPTY_BIN, "bin_01", 1, 0),))
            self.wait(empty)
            self.tell(problems=())
        self.wait(seconds)
        if self.state.step + 1 < len(self.cell.task.steps):
            self.tell(step=self.state.step + 1)
        else:
            self.tell(job=self.state.job + 1, step=0)

    def jobs(self, count: int, seconds: float = 5.0) -> None:
        for _ in range(count * len(self.cell.task.steps)):
            self.step(seconds)


def test_nothing_that_can_be_said_is_about_how_somebody_feels() -> None:
    """Everything the monitor can put into words: names, units, reasons, rules, and what a coach would read."""
    source = "\n".join(p.read_text() for p in (Path(__file__).parents[2] / "src/opstap/monitoring").glob("*.py"))
    quoted = re.findall(r"\"([^\"\n]*)\"", re.sub(r'"""[\s\S]*?"""', "", source))
    said = [f.value for f in FactName] + [k.value for k in AdviceKind] + list(UNITS.values()) + quoted
    said += [text for r in RULES.rules for text in (r.id, *r.says.values())]
    found = {w for text in said for w in re.findall(r"[a-z]+", text.lower())} & NEVER
    assert found == set()
    assert set(UNITS) == set(SIGNALS) == set(FactName)


def test_what_is_not_seen_is_unknown(cell: Cell) -> None:
    seen = Observer()
    assert all(f.value is None and f.why and f.confidence == 0 for f in seen.facts(0.0).values())
    bench = Bench(cell, seen)
    bench.step()
    facts = seen.facts(bench.now)
    assert facts[FactName.PACE].value is None
    assert facts[FactName.HESITATION].value is not None
    facts = seen.facts(bench.now + HANDS_MISSING + 1)
    for name in (FactName.HESITATION, FactName.REACH, FactName.ABSENT):
        assert (facts[name].value, facts[name].why) == (None, "hands cannot be seen")


def test_pace_is_against_the_persons_own_times(cell: Cell) -> None:
    for usual in (5.0, 15.0):  # a slow person is no slower than usual
        seen = Observer()
        bench = Bench(cell, seen)
        bench.jobs(8, usual)
        assert seen.facts(bench.now)[FactName.PACE].value == pytest.approx(1.0, abs=0.02)
        for _ in range(10):
            bench.step(1.6 * usual)
        assert seen.facts(bench.now)[FactName.PACE].value == pytest.approx(1.57, abs=0.06)


def test_pause_help_and_refill_are_nobodys_slowness(cell: Cell) -> None:
    seen = Observer()
    bench = Bench(cell, seen)
    bench.jobs(8)
    for _ in range(10):
        bench.step(empty=60.0)
        bench.tell(help_since=1)
        bench.wait(50)
        bench.tell(help_since=None)
        bench.step()
        bench.tell(paused=True)
        bench.wait(90)
        bench.tell(paused=False)
        bench.step()
    assert seen.facts(bench.now)[FactName.PACE].value == pytest.approx(1.0, abs=0.02)


def test_one_long_step_hardly_counts_and_a_learner_is_followed(cell: Cell) -> None:
    usual = Baseline(half_life=50, needs=5)
    for _ in range(40):
        usual.add(5.0)
    usual.add(500.0)
    assert usual.quantile(0.5) == pytest.approx(5.0)
    for _ in range(100):
        usual.add(3.0)
    assert usual.quantile(0.5) == pytest.approx(3.0)


@given(st.lists(st.floats(0, 1e6), min_size=8, max_size=500), st.floats(0, 1))
def test_a_quantile_lies_among_the_values(values: list[float], share: float) -> None:
    usual = Baseline()
    for value in values:
        usual.add(value)
    found = usual.quantile(share)
    assert found is not None
    assert min(values) <= found <= max(values)


def test_mixups_are_counted_and_disputed_ones_are_not(cell: Cell) -> None:
    seen = Observer()
    bench = Bench(cell, seen)
    bench.jobs(1)
    for _ in range(3):
        bench.step(mixup=True)
    assert seen.facts(bench.now)[FactName.ERROR_STREAK].value == 3
    seen.disputed()
    assert seen.facts(bench.now)[FactName.ERROR_STREAK].value == 2
    bench.step(empty=20.0)
    assert seen.facts(bench.now)[FactName.ERROR_STREAK].value == 2
    bench.jobs(1)
    assert seen.facts(bench.now)[FactName.ERROR_STREAK].value == 0


def test_a_break_is_a_pause_or_an_absence_of_five_minutes(cell: Cell) -> None:
    seen = Observer()
    bench = Bench(cell, seen)
    bench.wait(1000)

    def since() -> float | None:
        return seen.facts(bench.now)[FactName.SINCE_BREAK].value

    assert since() == pytest.approx(1000)
    bench.tell(paused=True)
    bench.wait(100)
    bench.tell(paused=False)
    assert since() == pytest.approx(1100)  # too short to be one
    bench.tell(paused=True)
    bench.wait(BREAK)
    assert since() == 0
    bench.tell(paused=False)
    bench.wait(60)
    assert since() == pytest.approx(60)
    for _ in range(int(BREAK) + 1):  # away, and seen to be
        bench.now += 1
        seen.hands(bench.now, [], False)
    assert seen.facts(bench.now)[FactName.ABSENT].value == pytest.approx(BREAK + 1)
    bench.wait(10)
    assert since() == pytest.approx(10, abs=1)


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
def test_a_clock_that_is_set_makes_nothing_up(cell: Cell, jump: float) -> None:
    seen = Observer()
    bench = Bench(cell, seen)
    bench.jobs(8)
    before = seen.usual()
    bench.now += jump
    bench.wait(1)
    facts = seen.facts(bench.now)
    assert facts[FactName.SINCE_BREAK].value == pytest.approx(1, abs=1)
    assert facts[FactName.HESITATION].value == pytest.approx(0, abs=1)
    bench.jobs(1)
    assert seen.usual() == pytest.approx(before, abs=0.5)
    assert seen.facts(bench.now)[FactName.PACE].value == pytest.approx(1.0, abs=0.3)


def some(**values: float) -> dict[FactName, Fact]:
    """Facts with these values, all sure, everything else unknown."""
    return {n: Fact(n, values.get(n.value), 5.0, 1.0 if n.value in values else 0.0) for n in FactName}


SLOW_AND_LONG = some(pace=1.5, since_break=6000.0)


def test_a_break_needs_two_signals_that_last() -> None:
    advisor = Advisor(RULES)
    assert advisor.update(some(pace=1.5, since_break=600.0), 0) is None
    for second in range(300):
        assert advisor.update(SLOW_AND_LONG, second) is None
    advice = advisor.update(SLOW_AND_LONG, 300)
    assert advice is not None
    assert (advice.kind, advice.rule) == (AdviceKind.BREAK, "slower_and_long_at_work")
    assert "1.5 keer zo lang" in words(RULES, advice, "nl")
    assert "1.5 times as long" in words(RULES, advice, "fr")  # English where a rule has no words


def test_what_is_not_sure_is_not_acted_on() -> None:
    unsure = {n: replace(f, confidence=0.4) for n, f in SLOW_AND_LONG.items()}
    advisor = Advisor(RULES)
    assert all(advisor.update(unsure, second) is None for second in range(400))


def test_thirty_minutes_between_advices_and_hysteresis() -> None:
    advisor = Advisor(RULES)
    mixed_up = some(error_streak=4.0)
    times = []
    for second in range(0, 3 * 3600, 5):
        if advisor.update(mixed_up, second):
            times.append(second)
            advisor.answer(Answer.YES, second)
    assert times == [0]  # it never was at rest again
    calm = some(error_streak=0.0)
    for second in range(3 * 3600, 6 * 3600, 5):
        facts = mixed_up if second % 60 < 30 else calm
        if advisor.update(facts, second):
            times.append(second)
            advisor.answer(Answer.YES, second)
    assert len(times) > 4
    assert min(b - a for a, b in pairwise(times)) >= 30 * MINUTE


def test_not_now_is_respected_and_never_is_for_good() -> None:
    advisor = Advisor(RULES)
    mixed_up, calm = some(error_streak=4.0), some(error_streak=0.0)

    def given(since: int, until: int) -> list[int]:
        return [s for s in range(since, until) if advisor.update(mixed_up if s % 10 < 5 else calm, float(s))]

    assert given(0, 1) == [0]
    advisor.answer(Answer.NOT_NOW, 0)
    assert given(1, 91 * 60) == [90 * 60]
    advisor.answer(Answer.NEVER, 90 * 60.0)
    assert given(91 * 60, 400 * 60) == []
    assert (advisor.given, advisor.refused) == (2, 2)


def test_an_advice_nobody_answers_goes_away_and_counts_as_refused() -> None:
    advisor = Advisor(RULES)
    assert advisor.update(some(error_streak=4.0), 0)
    advisor.update(some(error_streak=4.0), STANDS + 1)
    assert (advisor.standing, advisor.refused) == (None, 1)
    assert advisor.answer(Answer.YES, STANDS + 2) is None


def test_what_a_person_says_counts_at_once() -> None:
    advisor = Advisor(RULES)
    advisor.say(Face.GOOD)
    assert advisor.update(some(), 0) is None
    advisor.say(Face.NOT_GOOD)
    advice = advisor.update(some(), 1)
    assert advice is not None
    assert (advice.kind, advice.rule, advice.facts) == (AdviceKind.BREAK, "said_so", ())


def test_a_clock_set_back_gives_no_flood_of_advice() -> None:
    advisor = Advisor(RULES)
    mixed_up, calm = some(error_streak=4.0), some(error_streak=0.0)
    assert advisor.update(mixed_up, 10_000)
    for second in range(29 * 60):
        assert advisor.update(mixed_up if second % 10 < 5 else calm, second) is None


def test_off_is_off_and_only_what_is_shared_is_shared(cell: Cell) -> None:
    monitor = Monitor("p07", RULES, 0.38)
    bench = Bench(cell, monitor)
    bench.jobs(6)
    assert monitor.for_the_coach(bench.now) == {}
    monitor.share(FactName.ASKED_FOR_HELP, True)
    monitor.share(FactName.PACE, True)
    assert set(monitor.for_the_coach(bench.now)) == {FactName.ASKED_FOR_HELP, FactName.PACE}
    monitor.switch(FactName.PACE, False)
    assert set(monitor.for_the_coach(bench.now)) == {FactName.ASKED_FOR_HELP}
    monitor.share(FactName.PACE, True)  # what is off cannot be shared
    assert FactName.PACE not in monitor.shared
    for name in FactName:
        monitor.switch(name, False)
    assert all(f.value is None and f.why == "switched off" for f in monitor.update(bench.now)[0].values())
    for _ in range(12):
        bench.step(mixup=True)
        assert monitor.update(bench.now)[1] is None  # and nothing is advised


def test_erased_is_gone_and_off_stays_off(cell: Cell) -> None:
    monitor = Monitor("zebra_finch", RULES, 0.38)
    bench = Bench(cell, monitor)
    bench.jobs(6, 7.125)
    monitor.switch(FactName.REACH, False)
    monitor.say(Face.SO_SO, bench.now)
    told = json.dumps(monitor.export(bench.now))
    for part in ("zebra_finch", '"face": "so_so"', "mouth_mirror", '"off": ["reach"]'):
        assert part in told
    observer = monitor.observer
    assert observer.usual()
    monitor.erase()
    left = monitor.export(bench.now)
    assert (left["usual_seconds_of_steps"], left["said"], left["off"]) == ({}, [], ["reach"])
    assert all(f["value"] is None for f in left["facts"].values())
    assert all(o is not monitor.__dict__ for o in gc.get_referrers(observer))


FAULTS = {
    "spacing_minutes: 30": ("spacing_minutes: 5", r"spacing_minutes: found 5"),
    "{fact: since_break, above: 5400, until: 0}": ("{fact: hesitation, above: 60}", "two independent signals"),
    "{fact: error_streak, above: 3.5, until: 1}": ("{fact: error_streak, above: 3.5, until: 4}", "until: found 4"),
    "fact: waiting_for_parts, above: 180": ("fact: mood, above: 180", "fact: found 'mood', allowed: 'pace', "),
    "advice: help": ("advice: slow_down", "allowed: 'level', 'help' or 'break'"),
    "id: said_so": ("id: mixups_more_guidance", "a second time"),
    "said: [not_good]": ("when: []", "neither 'when' nor 'said'"),
    "{hesitation} seconds. Shall": ("{hesitate} seconds. Shall", r"allowed: \{hesitation\}"),
    '      nl: "Je zei dat het niet goed gaat. Wil je pauze?"\n': ("", r"says\.nl: found no words"),
}


@pytest.mark.parametrize("right", FAULTS)
def test_rules_that_cannot_be_are_told_with_their_line(tmp_path: Path, right: str) -> None:
    wrong, told = FAULTS[right]
    text = RULES_FILE.read_text()
    assert right in text
    path = tmp_path / "monitor.yaml"
    path.write_text(text.replace(right, wrong, 1))
    with pytest.raises(DocumentError, match=rf"monitor\.yaml:\d+: .*{told}"):
        load_rules(path)


# --- for the worker's table, the coach's time, and the figure of quality


def test_lines_for_the_table_are_short_and_say_who_else_sees_it(cell: Cell) -> None:
    monitor = Monitor("p", RULES, 0.38)
    bench = Bench(cell, monitor)
    assert monitor.on_the_table(bench.now, "nl") == ""  # never by itself
    monitor.show(bench.now)
    assert monitor.on_the_table(bench.now, "nl").endswith("Je begeleider ziet dit niet.")
    monitor.share(FactName.PACE, True)
    assert monitor.on_the_table(bench.now, "nl").endswith("Je begeleider ziet wat jij koos.")
    assert monitor.on_the_table(bench.now + SHOWN, "nl") == ""
    assert monitor.on_the_table(bench.now - 1, "nl") == ""  # the clock was set back
    assert set(WORDS) == {"en", "nl", "de", "uk", "ar"}
    for language, lines in WORDS.items():
        assert set(lines) == set(WORDS["en"]), language
        assert max(map(len, lines.values())) < 60, language
        found = {word.lower() for line in lines.values() for word in re.findall(r"\w+", line)}
        assert not found & NEVER, language


def test_a_coach_s_time_is_kept_from_call_to_end() -> None:
    kept = CoachingTime()
    for now, since in ((10, None), (20, 20), (50, 20)):
        kept.update(now, since)
    assert (kept.open, kept.seconds) == (30, 30)
    kept.update(60, None)
    assert (kept.open, kept.seconds) == (0, 40)
    kept.update(70, 65)
    kept.update(71, 70.5)  # the next call came between two looks
    assert kept.seconds == 40 + 6 + 0.5
    kept.update(5, None)  # the clock was set back: what was seen counts, no more
    assert kept.seconds == 40 + 6 + 0.5


def test_refusals_are_a_figure_about_rules_and_never_about_fewer_than_five(cell: Cell) -> None:
    monitors = [Monitor(f"p{i}", RULES, 0.38) for i in range(6)]
    for monitor in monitors[:4]:
        monitor.advisor.given, monitor.advisor.refused = 4, 1
    assert quality(monitors) is None
    monitors[4].advisor.given = 4
    found = quality(monitors)
    assert found is not None
    assert (found.people, found.given, found.refused, found.refused_share) == (5, 20, 4, 0.2)
