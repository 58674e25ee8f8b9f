"""The operator monitor in its node: facts of who works, advice, the worker's yes carried out, and all of it erased."""

import json
from math import isnan
from pathlib import Path

import pytest
from builtin_interfaces.msg import Time
from std_srvs.srv import Trigger

from opstap_cell.operator_monitor import OperatorMonitor
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import (
    CoachView,
    HandArray,
    MonitorInput,
    OperatorInput,
    OperatorState,
    Problem,
    ProjectorDrift,
    WorkState,
)

RULES = Path(__file__).parents[2] / "config/rules/monitor.yaml"


@pytest.fixture
def desk(graph):
    return Desk(graph)


class Desk:
    """The node with a work guide, hands and a page around it."""

    def __init__(self, graph):
        self.graph = graph
        self.node = graph.start(OperatorMonitor, rules=RULES)
        self.work_out = graph.talk(WorkState, "work_state", STATE)
        self.hands_out = graph.talk(HandArray, "hands", SENSOR)
        self.input_out = graph.talk(MonitorInput, "monitor_input", EVENT)
        self.told = graph.hear(OperatorState, "operator_state", EVENT)
        self.wishes = graph.hear(OperatorInput, "operator_input", EVENT)
        self.now, self.step, self.job = 100, 0, 1

    def work(self, *problems, person="default", level="lights", help_since=None):
        self.now += 1
        message = WorkState(person=person, language="nl", level=level, phase="take", job=self.job, step=self.step,
                            tray="none", steps=26, step_id=f"s{self.step}", problems=list(problems))  # fmt: skip
        message.help_asked, message.help_since = help_since is not None, Time(sec=help_since or 0)
        message.header.stamp = Time(sec=self.now)
        self.work_out.publish(message)
        self.graph.until(lambda: self.node.now == self.now)

    def ask(self, asked, value="", about=""):
        heard = len(self.told)
        self.input_out.publish(MonitorInput(asked=asked, about=about, value=value))
        self.graph.until(lambda: len(self.told) > heard)
        return self.told[-1]

    def mixups(self, count):
        for _ in range(count):
            self.work(Problem(trouble="wrong_pick", place="bin_01", count=1))
            self.step += 1
            self.work()


def test_facts_are_told_and_a_yes_is_carried_out(desk):
    desk.work()
    desk.mixups(6)
    desk.graph.until(lambda: desk.told and desk.told[-1].advice == "level")
    told = desk.told[-1]
    assert (told.person, told.rule) == ("default", "mixups_more_guidance")
    assert told.words.startswith("Er waren ")
    facts = {f.name: f for f in told.facts}
    assert (facts["error_streak"].value, facts["error_streak"].rule) == (6, "mixups_more_guidance")
    assert not facts["hesitation"].known  # no hands were seen
    assert desk.wishes == []  # nothing happens by itself
    assert desk.ask("answer", "yes").advice == ""
    desk.graph.until(lambda: desk.wishes)
    wish = desk.wishes[0]
    assert (wish.asked, wish.setting, wish.value, wish.source) == ("set", "level", "short", "advice accepted")


def test_everybody_has_their_own(desk):
    desk.work()
    desk.mixups(6)
    desk.work(person="nl")
    desk.graph.until(lambda: desk.told and desk.told[-1].person == "nl")
    assert not next(f for f in desk.told[-1].facts if f.name == "error_streak").known
    assert desk.told[-1].advice == ""


def test_a_worker_of_whom_nothing_is_known_is_nobody_special(desk):
    desk.work(person="a_stranger")
    desk.graph.until(lambda: desk.told)
    assert desk.told[-1].person == "a_stranger"
    assert not any(f.known for f in desk.told[-1].facts if f.name in ("pace", "error_streak", "hesitation"))


def test_erased_on_request_and_exported_before(desk):
    desk.work()
    desk.mixups(6)
    assert desk.ask("say", "so_so").person == "default"
    client = desk.graph.other.create_client(Trigger, "operator_monitor/export")

    def export():
        desk.graph.until(client.service_is_ready)
        answer = client.call_async(Trigger.Request())
        desk.graph.until(answer.done)
        return json.loads(answer.result().message)

    known = export()
    assert [s["face"] for s in known["said"]] == ["so_so"]
    assert known["facts"]["error_streak"]["value"] == 6
    desk.ask("erase")
    left = export()
    assert (left["said"], left["facts"]["error_streak"]["value"]) == ([], None)


def test_off_is_off_and_nonsense_is_passed_over(desk):
    desk.work()
    desk.mixups(6)
    told = desk.ask("switch", "off", "error_streak")
    assert not next(f for f in told.facts if f.name == "error_streak").known
    for asked, value, about in (
        ("say", "angry", ""),
        ("switch", "off", "mood"),
        ("rank", "", ""),
        ("answer", "no", ""),
    ):
        desk.ask(asked, value, about)  # a warning, and the node goes on


def test_the_coach_sees_what_is_shared_and_who_calls_and_nothing_else(desk):
    views = desk.graph.hear(CoachView, "coach_view", EVENT)
    desk.work()
    desk.mixups(6)
    desk.graph.until(lambda: views and views[-1].step == 6)
    view = views[-1]
    assert (view.cell, view.job, view.steps, view.person, view.facts) == ("oral_care", 1, 26, "", [])
    desk.ask("share", "on", "error_streak")
    desk.graph.until(lambda: views[-1].facts)
    assert [(f.name, f.value, f.shared) for f in views[-1].facts] == [("error_streak", 6, True)]
    assert views[-1].person == "default"
    desk.ask("switch", "off", "error_streak")  # what is off is not shared any more
    desk.graph.until(lambda: not views[-1].facts)
    assert views[-1].person == ""
    since = desk.now + 1
    desk.work(help_since=since)
    desk.now += 29
    desk.work(help_since=since)
    desk.graph.until(lambda: views[-1].help_seconds == 30)
    assert (views[-1].person, views[-1].coached_seconds) == ("default", 30)
    desk.work()
    desk.graph.until(lambda: not views[-1].help_asked)
    assert (views[-1].person, views[-1].coached_seconds) == ("", 31)


def test_the_coach_sees_the_worst_of_what_the_projectors_found(desk):
    views, drift = (
        desk.graph.hear(CoachView, "coach_view", EVENT),
        desk.graph.talk(ProjectorDrift, "projector/main/drift", STATE),
    )
    desk.work()
    desk.graph.until(lambda: views)
    assert (views[-1].light, isnan(views[-1].light_off_mm)) == ("", True)
    drift.publish(ProjectorDrift(projector="main", result="moved", drift_mm=5.0, seen=7, thrown=7))
    desk.graph.until(lambda: views[-1].light == "moved")
    assert views[-1].light_off_mm == 5.0
    drift.publish(ProjectorDrift(projector="side", result="no_pictures", drift_mm=float("nan"), seen=0, thrown=7))
    drift.publish(ProjectorDrift(projector="main", result="good", drift_mm=0.25, seen=7, thrown=7))
    desk.graph.until(lambda: views[-1].light == "no_pictures")
    assert views[-1].light_off_mm == 0.25


def test_the_worker_sees_it_on_the_table_when_they_ask(desk):
    desk.work()
    desk.mixups(6)
    assert desk.ask("say", "good").on_the_table == ""
    lines = desk.ask("show").on_the_table.split("\n")
    assert lines[0] == "Vergissingen in tien stappen: 6."
    assert lines[-1] == "Je begeleider ziet dit niet."
    desk.now += 10
    desk.work()
    desk.graph.until(lambda: desk.told[-1].on_the_table == "")
