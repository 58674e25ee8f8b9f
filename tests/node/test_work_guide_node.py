"""The work guide's node: what a worker sets is in the next work state, what cannot be set is told; cases are kept."""

import json
from pathlib import Path

import pytest

from opstap.workflow.carried import offer, waiting
from opstap.workflow.journal import Journal
from opstap.workflow.model import Condensed
from opstap.workflow.model import OperatorInput as Wish
from opstap_cell.qos import EVENT, STATE
from opstap_cell.work_guide import WorkGuide
from opstap_interfaces.msg import MonitorInput, OperatorInput, PlaceState, WorkspaceState, WorkState

RULES = Path(__file__).parents[2] / "config/rules/guidance.yaml"


@pytest.fixture
def guide(graph, cell, tmp_path):
    node = graph.start(WorkGuide, journal=tmp_path / "journal.db", rules=RULES)
    return Guide(graph, cell, node)


class Guide:
    """Tells the guide of an empty case and asks of it."""

    def __init__(self, graph, cell, node):
        self.graph, self.cell, self.node, self.second = graph, cell, node, 1
        self.states = graph.hear(WorkState, "work_state", STATE)
        self.seen = graph.talk(WorkspaceState, "workspace_state", STATE)
        self.input = graph.talk(OperatorInput, "operator_input", EVENT)

    def look(self):
        self.second += 1
        places = [PlaceState(place=b, content=PlaceState.FILLED, fill=0.5) for b in self.cell.scene.bin]
        places += [PlaceState(place=s, content=PlaceState.EMPTY, fill=0.0) for s in self.cell.scene.slot]
        message = WorkspaceState(places=places)
        message.header.stamp.sec = self.second
        self.seen.publish(message)
        self.graph.until(lambda: self.states and self.states[-1].header.stamp.sec == self.second)
        return self.states[-1]

    def ask(self, until, **wish):
        message = OperatorInput(source="test", **wish)
        message.header.stamp.sec = self.second
        self.input.publish(message)
        self.graph.until(lambda: self.states and until(self.states[-1]))


def test_a_setting_is_in_the_next_state_and_a_wrong_one_changes_nothing(guide):
    assert (guide.look().level, guide.states[-1].rule, guide.states[-1].volume) == ("full", "by_hand", 60)
    guide.input.publish(OperatorInput(asked="set", source="test", setting="level", value="loud"))
    guide.input.publish(OperatorInput(asked="set", source="test", setting="mood", value="good"))
    guide.ask(lambda s: s.level == "lights", asked="set", setting="level", value="lights")
    guide.ask(lambda s: s.alone and s.level == "off", asked="set", setting="alone", value="yes")
    guide.ask(lambda s: not s.alone and s.level == "lights", asked="set", setting="alone", value="no")
    guide.ask(lambda s: s.language == "ar", asked="set", setting="language", value="ar")
    assert guide.look().level == "lights"


def test_you_are_wrong_keeps_a_case_and_the_work_goes_on(guide, tmp_path):
    assert guide.look().phase == "take"
    guide.ask(lambda s: s.phase == "place" and s.corrected.sec == guide.second, asked="you_are_wrong")
    (path,) = (tmp_path / "cases").iterdir()
    case = json.loads(path.read_text(encoding="utf-8"))
    assert (case["asked"], case["source"], list(case["places"])) == ("take", "test", ["bin_01"])
    assert case["places"]["bin_01"]["content"] == "filled"


def test_what_is_older_than_four_weeks_goes_while_the_cell_runs(guide, tmp_path):
    guide.look()
    guide.ask(lambda s: s.level == "short", asked="set", setting="level", value="short")
    with Journal(tmp_path / "journal.db", reading=True) as journal:
        before = list(journal.entries())
    guide.second = 29 * 86_400
    guide.ask(lambda s: s.paused, asked="pause")
    state = guide.look()
    assert (state.level, state.phase, state.paused) == ("short", "take", True)  # the state stays
    with Journal(tmp_path / "journal.db", reading=True) as journal:
        first, *rest = journal.entries()
    assert isinstance(first.event, Condensed)
    assert first.number == before[-1].number
    assert [e.event.asked.value for e in rest if isinstance(e.event, Wish)] == ["pause"]


def test_erasing_is_tried_again_while_somebody_holds_the_journal(guide, graph, tmp_path):
    guide.look()
    guide.node.recorder.journal._db.execute("PRAGMA busy_timeout = 50")
    about = graph.talk(MonitorInput, "monitor_input", EVENT)
    with Journal(tmp_path / "journal.db", reading=True) as reader:
        lines = reader.entries()
        next(lines)
        about.publish(MonitorInput(asked="erase", person="default"))
        graph.until(lambda: "reads them still" in guide.node.fault)
        assert guide.node.named == "default"
        lines.close()
    guide.look()
    assert (guide.node.named, guide.node.forgetting, guide.node.fault) == ("", False, "")
    with Journal(tmp_path / "journal.db", reading=True) as journal:
        assert journal.lines_of("default") == []
    assert guide.look().person == "default"  # the light is still this person's: nothing of that is on the disk


def test_help_that_was_chosen_in_the_orientation_is_begun_with_once(graph, cell, tmp_path):
    offer(tmp_path / "carried", "default", "short")
    node = graph.start(WorkGuide, journal=tmp_path / "journal.db", rules=RULES, carried=tmp_path / "carried")
    guide = Guide(graph, cell, node)
    assert guide.look().level == "short"
    assert waiting(tmp_path / "carried", "default") is None
    guide.ask(lambda s: s.level == "full", asked="set", setting="level", value="full")  # the worker decides here
    (told,) = [e.event for e in Journal(tmp_path / "journal.db", reading=True).entries()
               if isinstance(e.event, Wish) and e.event.source == "orientation"]  # fmt: skip
    assert (told.setting, told.value) == ("level", "short")
