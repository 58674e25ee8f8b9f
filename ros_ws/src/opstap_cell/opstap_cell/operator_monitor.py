"""Tells the worker facts about the work, and offers advice by rules that people can read. In memory only.

Subscribes: work_state, hands, monitor_input. Publishes: operator_state, and, when the worker says yes to an advice,
operator_input. Service: ~/export, all that is known of the person who works, as JSON.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from math import hypot, nan
from pathlib import Path

from builtin_interfaces.msg import Duration
from rclpy.clock import Clock, ClockType
from std_srvs.srv import Trigger

from opstap.monitoring.advising import Answer, words
from opstap.monitoring.facts import AdviceKind, Face, FactName
from opstap.monitoring.monitor import Monitor
from opstap.monitoring.rules import load_rules
from opstap.workflow.levels import LEVELS
from opstap.workflow.model import Asked
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, run
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import Fact, HandArray, MonitorInput, OperatorInput, OperatorState, WorkState

MOVES = 0.05
"""A hand slower than this rests, m/s."""
MAX_AGE = 3
"""For so long a message may be acted on, s."""


EVERY = 0.2
"""Seconds of the cell's time after which a work state is looked at in which nothing of this changed:"""
TELLING = ("person", "job", "phase", "step", "taken", "placed", "problems", "paused", "help_asked", "level", "sequence")


@dataclass(frozen=True)
class Config:
    rules: str = parameter("path of the rules, config/rules/monitor.yaml")


class OperatorMonitor(CellNode):
    def __init__(self) -> None:
        super().__init__("operator_monitor")
        self.rules = load_rules(Path(declare(self, Config).rules))
        self.monitors: dict[str, Monitor] = {}
        self.work: WorkState | None = None
        self.now = self.worked = 0.0
        self.hands_before = 0
        self.out = self.create_publisher(OperatorState, "operator_state", EVENT)
        self.input_out = self.create_publisher(OperatorInput, "operator_input", EVENT)
        self.create_subscription(WorkState, "work_state", self.on_work, STATE)
        self.create_subscription(HandArray, "hands", self.on_hands, SENSOR)
        self.create_subscription(MonitorInput, "monitor_input", self.on_input, EVENT)
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
        if self.monitor:
            self.monitor.work(self.now, convert.state_from_ros(message), message.step_id)

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
        else:
            raise ValueError(f"asked: found '{message.asked}', allowed: say, answer, switch, share, rule, erase")

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
        message = OperatorState(person=self.work.person, language=self.work.language, max_age=Duration(sec=MAX_AGE))
        message.header.stamp = convert.time_to_ros(round(self.now * 1e9))
        fired = {f.name for f in advice.facts} if advice else set()
        message.facts = [
            Fact(
                name=f.name.value, value=nan if f.value is None else float(f.value), unit=f.unit,
                baseline=nan if f.baseline is None else float(f.baseline), confidence=float(f.confidence),
                known=f.value is not None, rule=advice.rule if advice and f.name in fired else "",
            )
            for f in facts.values()
        ]  # fmt: skip
        if advice:
            message.advice, message.rule = advice.kind.value, advice.rule
            message.words = words(self.rules, advice, self.work.language)
        self.out.publish(message)

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
