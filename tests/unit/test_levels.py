"""How much guidance: what the worker sets, what a rule changes, and that the journal tells which."""

from pathlib import Path

import pytest

from opstap.documents import DocumentError
from opstap.guidance.cues import Sign, cues
from opstap.instructions import Cell, load_cell
from opstap.scene import Profile
from opstap.workflow.asking import ask
from opstap.workflow.journal import Journal, Recorder
from opstap.workflow.levels import as_chosen, due, load_rules, refused, settings
from opstap.workflow.model import Asked, Content, Happened, OperatorInput, Outcome, Phase, PlaceChanged, Started, State
from tests.unit.packing import Packing

CONFIG = Path(__file__).parents[2] / "config"
CELL = load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")
RULES = load_rules(CONFIG / "rules/guidance.yaml", CELL)
SETTINGS = settings(CELL, RULES)


def someone(**choices: object) -> Profile:
    return CELL.scene.profile["default"].model_copy(update=choices)


def at(phase: Phase, **counts: int) -> State:
    return State(task=CELL.task.task, person="default", phase=phase, **counts)


@pytest.mark.parametrize(
    ("rule", "level", "state", "to"),
    [
        ("calm", "full", at(Phase.DONE, good_jobs=4), None),
        ("calm", "full", at(Phase.DONE, good_jobs=5), "short"),
        ("calm", "full", at(Phase.TAKE, good_jobs=5), None),  # never in the middle of a case
        ("calm", "lights", at(Phase.DONE, good_jobs=9), None),  # the least of this rule
        ("calm", "off", at(Phase.DONE, good_jobs=9), None),  # the worker went lower: not pushed up for working well
        ("quick", "lights", at(Phase.READY, good_jobs=2), "off"),
        ("calm", "lights", at(Phase.TAKE, mixups=1), None),
        ("calm", "lights", at(Phase.TAKE, mixups=2), "short"),
        ("calm", "full", at(Phase.TAKE, mixups=9), None),
        ("by_hand", "lights", at(Phase.TAKE, mixups=9, good_jobs=9), None),
    ],
)
def test_when_a_rule_changes_the_level(rule, level, state, to):
    change = due(state, someone(rule=rule, level=level), RULES, 7)
    assert change == (OperatorInput(7, Asked.SET, f"rule {rule}", "level", to) if to else None)


def test_left_alone_no_rule_fires_and_the_light_is_off_until_it_is_taken_back():
    state = at(Phase.TAKE, mixups=9)
    profile = someone(rule="calm", level="short")
    left = State(**{**vars(state), "settings": {"default": {"alone": "yes"}}})
    assert due(state, profile, RULES, 1)
    assert due(left, profile, RULES, 1) is None
    assert as_chosen(profile, left, CELL).level == "off"
    back = State(**{**vars(state), "settings": {"default": {"alone": "no"}}})
    assert as_chosen(profile, back, CELL).level == "short"


@pytest.fixture
def packing(tmp_path: Path) -> Packing:
    return Packing(CELL, tmp_path / "journal.db")


def choose(recorder: Recorder, setting: str, value: str, stamp: int = 5) -> list[Outcome]:
    return [n.outcome for n in recorder.handle(OperatorInput(stamp, Asked.SET, "page", setting, value))]


def test_a_choice_is_in_the_journal_and_outlives_a_restart_and_another_person(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        recorder = Recorder(CELL, journal)
        recorder.handle(Started(1, CELL.task.task, "default"))
        assert choose(recorder, "level", "lights") == [Outcome.SETTING_CHANGED]
        assert choose(recorder, "level", "lights") == [], "nothing changed"
        choose(recorder, "language", "nl")
        recorder.handle(Started(9, CELL.task.task, "left_handed"))
        assert as_chosen(someone(), recorder.state, CELL).level == "full", "that was another person's"
    with Journal(path) as journal:
        recorder = Recorder(CELL, journal)
        recorder.handle(Started(10, CELL.task.task, "default"))
        worker = as_chosen(someone(), recorder.state, CELL)
        assert (worker.level, worker.language) == ("lights", "nl")
        events = [e.event for e in journal.entries() if isinstance(e.event, OperatorInput)]
        assert (events[0].setting, events[0].value, events[0].source) == ("level", "lights", "page")


def test_a_language_that_the_task_lost_is_passed_over():
    state = State(person="default", settings={"default": {"language": "fi", "level": "short"}})
    assert as_chosen(someone(), state, CELL).language == "en"
    assert as_chosen(someone(), state, CELL).level == "short"


def test_good_cases_and_mixups_are_counted(packing: Packing) -> None:
    guide = packing.guide
    packing.job()
    assert (guide.state.good_jobs, guide.state.mixups) == (1, 0)
    packing.empty_case()
    packing.wrong_pick()
    assert guide.state.mixups == 1
    packing.steps(len(CELL.task.steps))
    assert (guide.state.phase, guide.state.good_jobs) == (Phase.DONE, 0)


def test_what_was_put_right_and_calls_for_help_are_counted_for_each_job(packing: Packing) -> None:
    packing.empty_case()
    since = packing.now
    packing.wrong_pick()
    packing.asks(Asked.HELP)
    packing.asks(Asked.HELP_DONE)
    packing.steps(len(CELL.task.steps))
    state = packing.guide.state
    assert (state.job_since, state.put_right, state.helped) == (since, 1, 1)
    packing.wait(60)
    packing.empty_case()
    state = packing.guide.state
    assert (state.job, state.job_since, state.put_right, state.helped) == (2, packing.now, 0, 0)


def test_what_was_disputed_does_not_count(packing: Packing) -> None:
    packing.empty_case()
    packing.sees(Happened.TAKEN, "bin_07")
    assert packing.guide.state.mixups == 1
    packing.asks(Asked.YOU_ARE_WRONG)
    assert packing.guide.state.mixups == 0


def test_a_case_in_which_the_level_changed_does_not_count_as_good(packing: Packing) -> None:
    packing.empty_case()
    choose(packing.guide, "level", "short", packing.now)
    packing.steps(len(CELL.task.steps))
    assert (packing.guide.state.phase, packing.guide.state.good_jobs) == (Phase.DONE, 0)


def test_from_full_to_lights_by_the_calm_rule_and_a_level_back(packing: Packing) -> None:
    """Ten good cases, then two mix-ups in one: through the real engine and journal."""
    guide, profile = packing.guide, someone(rule="calm")
    levels = []

    def follow() -> None:
        change = due(guide.state, profile, RULES, packing.now)
        if change:
            guide.handle(change)
            levels.append(change.value)

    for _ in range(10):
        packing.job()
        follow()
    assert levels == ["short", "lights"]
    packing.empty_case()
    for _ in range(2):
        packing.wrong_pick()
        follow()
    assert levels == ["short", "lights", "short"]


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("level", "short", ""),
        ("level", "loud", "value: found 'loud', allowed: full, short, lights, off"),
        ("mood", "good", "setting: found 'mood', allowed: level, rule, alone, language, modality, volume, motion"),
        ("language", "fi", "value: found 'fi', allowed: en, nl, de, uk, ar"),
    ],
)
def test_what_may_be_set(setting, value, told):
    found = refused(OperatorInput(1, Asked.SET, "page", setting, value), SETTINGS)
    assert found == (f"operator_input: {told}" if told else "")


def rules_with(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = (CONFIG / "rules/guidance.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "guidance.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        (("less_after: 5", "less_after: 0"), 20, "rules[1].less_after: found 0, allowed: greater than or equal to 1"),
        (("least: lights", "least: dark"), 22, "rules[1].least: found 'dark'"),
        (("id: calm", "id: by_hand"), 19, "'by_hand' a second time"),
        (("id: by_hand", "id: mine"), 11, "no rule 'by_hand'"),
        (("cases. More help", "{cases. More help"), 24, "words with {less_after} and {more_after} in them"),
        (("Only I change", "After {less_after}: I change"), 14, "words with no number in them"),
        (('      nl: "Alleen', '      fr: "Alleen'), 13, "words in every one of: en, nl"),
    ],
)
def test_a_wrong_rule_is_told_with_its_line(tmp_path, change, line, told):
    path = rules_with(tmp_path, change)
    with pytest.raises(DocumentError) as error:
        load_rules(path, CELL)
    assert any(f":{line}: " in text and told in text for text in error.value.lines), error.value.lines


def test_a_person_with_an_unknown_rule_is_told_with_the_scenes_line(tmp_path):
    scene = CONFIG / "cells/oral_care.yaml"
    people = tuple(p.model_copy(update={"rule": "calmer"}) for p in CELL.scene.people)
    cell = Cell(CELL.scene.model_copy(update={"people": people}), CELL.task)
    with pytest.raises(
        DocumentError, match=r"oral_care.yaml:\d+: people\[0\].*'calmer', allowed: .*did you mean 'calm'"
    ):
        load_rules(CONFIG / "rules/guidance.yaml", cell, scene)


@pytest.mark.parametrize("language", CELL.task.languages)
def test_every_rule_is_told_in_words_with_its_numbers(language):
    for rule in RULES.rules:
        assert "{" not in rule.words(language)
        assert str(rule.less_after or "") in rule.words(language)


def test_say_again_shows_the_words_for_a_while_at_every_level():
    state = State(task="x", job=1, phase=Phase.TAKE, step=3, repeated=10**9)
    texts = {
        now: [c.text for c in cues(state, CELL, someone(level="lights"), now) if c.kind is Sign.NONE]
        for now in (10**9, 8 * 10**9, 9 * 10**9)
    }
    assert texts == {10**9: ["Take 1: toothbrush."], 8 * 10**9: ["Take 1: toothbrush."], 9 * 10**9: []}


def test_you_are_wrong_is_answered():
    state = State(task="x", job=1, phase=Phase.TAKE, step=3, corrected=10**9)
    words = {c.text for c in cues(state, CELL, someone(), 2 * 10**9) if c.kind is Sign.NONE}
    assert words == {"All right. You decide.\nTake 1: toothbrush."}
    assert {c.text for c in cues(state, CELL, someone(), 5 * 10**9) if c.kind is Sign.NONE} == {"Take 1: toothbrush."}


def test_one_handed_people_get_their_own_words():
    steps = list(CELL.task.steps)
    own = {"take": dict.fromkeys(CELL.task.languages, "With one hand: {part}.")}
    steps[0] = steps[0].model_copy(update={"variants": {"one_handed": own, "left": {"take": {"en": "Left: {part}."}}}})
    cell = Cell(CELL.scene, CELL.task.model_copy(update={"steps": tuple(steps)}))
    state = State(task="x", job=1, phase=Phase.TAKE)
    said = {
        name: ask(cell, state).words(cell, "en", someone(**choices).ways)
        for name, choices in {
            "usual": {},
            "left": {"hand": "left"},
            "one": {"one_handed": True, "hand": "left"},
        }.items()
    }
    assert said == {
        "usual": "Take 1: mouth mirror.",
        "left": "Left: mouth mirror.",
        "one": "With one hand: mouth mirror.",
    }


def test_content_is_not_forgotten_by_a_choice(packing: Packing) -> None:
    packing.guide.handle(PlaceChanged(packing.now, "bin_01", Content.FILLED))
    choose(packing.guide, "motion", "none", packing.now)
    assert packing.guide.state.contents["bin_01"] is Content.FILLED
