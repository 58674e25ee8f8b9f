"""Tells the worker facts about the work, and offers advice by rules that people can read. In memory only.

Subscribes: work_state, hands, monitor_input, projector/<id>/drift. Publishes: operator_state for the worker;
coach_view, with what the worker shares and no more, and whether the light falls right; and operator_input, when the
worker says yes to an advice. Service: ~/export, all that is known of the person who works, as JSON.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from math import hypot
from pathlib import Path

from rclpy.clock import Clock, ClockType
from std_srvs.srv import Trigger

from opstap.monitoring.advising import Answer
from opstap.monitoring.coaching import CoachingTime
from opstap.monitoring.facts import AdviceKind, Face, FactName
from opstap.monitoring.monitor import Monitor
from opstap.monitoring.quality import TARGET, quality
from opstap.monitoring.rules import load_rules
from opstap.workflow.levels import LEVELS
from opstap.workflow.model import Asked
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, run
from opstap_cell.monitor_messages import coach_view, operator_state
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import (
    CoachView,
    HandArray,
    MonitorInput,
    OperatorInput,
    OperatorState,
    ProjectorDrift,
    WorkState,
)

MOVES = 0.05
"""A hand slower than this rests, m/s."""
EVERY = 0.2
"""Seconds of the cell's time after which a work state is looked at in which nothing of this changed:"""
TELLING = ("person", "job", "phase", "step", "taken", "placed", "problems", "paused", "help_asked", "level", "sequence")


@dataclass(frozen=True)
class Config:
    rules: str = parameter("path of the rules, config/rules/monitor.yaml")
    simulated: bool = parameter("the cell is simulated, and the coach's page says so", False)


class OperatorMonitor(CellNode):
    def __init__(self) -> None:
        super().__init__("operator_monitor")
        self.config = declare(self, Config)
        self.rules = load_rules(Path(self.config.rules))
        self.coaching = CoachingTime()
        self.monitors: dict[str, Monitor] = {}
        self.work: WorkState | None = None
        self.now = self.worked = 0.0
        self.hands_before = 0
        self.out = self.create_publisher(OperatorState, "operator_state", EVENT)
        self.coach_out = self.create_publisher(CoachView, "coach_view", EVENT)
        self.input_out = self.create_publisher(OperatorInput, "operator_input", EVENT)
        self.create_subscription(WorkState, "work_state", self.on_work, STATE)
        self.create_subscription(HandArray, "hands", self.on_hands, SENSOR)
        self.create_subscription(MonitorInput, "monitor_input", self.on_input, EVENT)
        self.light: dict[str, ProjectorDrift] = {}
        for p in self.cell.scene.projectors:
            self.create_subscription(ProjectorDrift, f"projector/{p.id}/drift", self.on_light, STATE)
        self.create_service(Trigger, "~/export", self.on_export)
        self.create_timer(1.0, self.tell, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def monitor(self) -> Monitor | None:
        """That of the person who works."""
        if self.work is None:
            return None
        person = self.work.person
        if person not in self.monitors:
            profile = self.cell.scene.profile.get(person)
            self.monitors[person] = Monitor(person, self.rules, profile.reach if profile else 0.38)
        return self.monitors[person]

    def on_work(self, message: WorkState) -> None:
        self.got_input()
        now, before = convert.time_from_ros(message.header.stamp) / 1e9, self.work
        told = before is not None and all(getattr(before, f) == getattr(message, f) for f in TELLING)
        if told and 0 <= now - self.worked < EVERY:
            return
        self.work, self.now, self.worked = message, now, now
        since = convert.time_from_ros(message.help_since) / 1e9 if message.help_asked else None
        self.coaching.update(now, since)
        if self.monitor:
            self.monitor.work(self.now, convert.state_from_ros(message), message.step_id)
        if not told:
            self.tell_coach()

    def on_light(self, message: ProjectorDrift) -> None:
        self.light[message.projector] = message
        self.tell_coach()

    def on_hands(self, message: HandArray) -> None:
        if self.monitor is None:
            return
        self.now = convert.time_from_ros(message.header.stamp) / 1e9
        edge = self.cell.scene.table.size[1] / 2
        moved = len(message.hands) != self.hands_before
        moved |= any(hypot(h.velocity.x, h.velocity.y, h.velocity.z) > MOVES for h in message.hands)
        self.hands_before = len(message.hands)
        self.monitor.hands(self.now, [h.position.y + edge for h in message.hands], moved)

    def on_input(self, message: MonitorInput) -> None:
        try:
            self.follow(message)
        except ValueError as error:
            self.get_logger().warning(f"monitor_input: {error}")
        self.tell()

    def follow(self, message: MonitorInput) -> None:
        """Do what the person asks. Raises ValueError, with what is allowed, where that is nothing known."""
        monitor, on = self.monitor, message.value == "on"
        if monitor is None:
            raise ValueError("nobody is known to work here yet")
        if message.asked == MonitorInput.SAY:
            monitor.say(Face(message.value), self.now)
        elif message.asked == MonitorInput.ANSWER:
            advice = monitor.answer(Answer(message.value), self.now)
            if advice and message.value == Answer.YES.value:
                self.carry_out(advice.kind)
        elif message.asked == MonitorInput.SWITCH:
            monitor.switch(FactName(message.about), on)
        elif message.asked == MonitorInput.SHARE:
            monitor.share(FactName(message.about), on)
        elif message.asked == MonitorInput.RULE:
            monitor.advisor.off.discard(message.about)
        elif message.asked == MonitorInput.ERASE:
            monitor.erase()
        elif message.asked == MonitorInput.SHOW:
            monitor.show(self.now)
        elif message.asked != MonitorInput.REMEMBER:  # the monitor keeps nothing on the disk: it is the guide's to do
            allowed = "say, answer, switch, share, rule, erase, remember, show"
            raise ValueError(f"asked: found '{message.asked}', allowed: {allowed}")

    def carry_out(self, kind: AdviceKind) -> None:
        """The worker said yes: ask the work guide what the worker could ask with a button."""
        assert self.work is not None
        wish = OperatorInput(source="advice accepted")
        wish.header.stamp = convert.time_to_ros(round(self.now * 1e9))
        wish.asked = {AdviceKind.HELP: Asked.HELP, AdviceKind.BREAK: Asked.PAUSE, AdviceKind.LEVEL: Asked.SET}[
            kind
        ].value
        if kind is AdviceKind.LEVEL:
            richer = max(0, LEVELS.index(self.work.level) - 1)  # type: ignore[arg-type]
            wish.setting, wish.value = "level", LEVELS[richer]
        self.input_out.publish(wish)

    def tell(self) -> None:
        """Once a second, and after every input."""
        if self.monitor is None or self.work is None:
            return
        facts, advice = self.monitor.update(self.now)
        self.out.publish(operator_state(self.monitor, facts, advice, self.now, self.work.language))
        self.tell_coach()

    def tell_coach(self) -> None:
        """Once a second, and when the work goes on: who calls for help is seen at once."""
        if self.monitor and self.work:
            simulated = self.config.simulated
            view = coach_view(self.work, self.cell, simulated, self.coaching, self.monitor, self.now,
                              list(self.light.values()))  # fmt: skip
            self.coach_out.publish(view)

    def values(self) -> dict[str, str]:
        """The share of refused advices says how good the rules are."""
        found = quality(self.monitors.values())
        if found is None:
            return {"advices_refused": "not told of fewer than five people"}
        return {"advices_refused": f"{found.refused} of {found.given}, aim: below {TARGET:.0%}"}

    def on_export(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self.monitor is None:
            response.message = "nobody is known to work here yet"
            return response
        response.success, response.message = True, json.dumps(self.monitor.export(self.now))
        return response


def main() -> int:
    return run(OperatorMonitor)


if __name__ == "__main__":
    sys.exit(main())
