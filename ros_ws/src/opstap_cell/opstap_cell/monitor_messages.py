"""The operator monitor's values as messages: all of it for the worker, what the worker shares for the coach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan, nan
from typing import get_args

from builtin_interfaces.msg import Duration

from opstap.calibration.drift import LightResult
from opstap.instructions import Cell
from opstap.monitoring.advising import Advice, words
from opstap.monitoring.coaching import CoachingTime
from opstap.monitoring.facts import Fact, FactName
from opstap.monitoring.monitor import Monitor
from opstap_cell import convert
from opstap_interfaces import msg as m

MAX_AGE = 3
"""For so long a message may be acted on, s."""


def fact_to_ros(fact: Fact, monitor: Monitor, rule: str = "") -> m.Fact:
    """`rule` is the one that fired on it."""
    return m.Fact(
        name=fact.name.value, value=nan if fact.value is None else float(fact.value), unit=fact.unit,
        baseline=nan if fact.baseline is None else float(fact.baseline), confidence=float(fact.confidence),
        known=fact.value is not None, rule=rule, on=fact.name not in monitor.off, shared=fact.name in monitor.shared,
    )  # fmt: skip


def operator_state(monitor: Monitor, facts: Mapping[FactName, Fact], advice: Advice | None, now: float,
                   language: str) -> m.OperatorState:  # fmt: skip
    """All that is known of the person at `now`, s, and the advice that stands."""
    message = m.OperatorState(
        person=monitor.person, language=language, max_age=Duration(sec=MAX_AGE),
        rules_off=sorted(monitor.advisor.off), advised=int(monitor.advisor.given),
        refused=int(monitor.advisor.refused), on_the_table=monitor.on_the_table(now, language),
    )  # fmt: skip
    message.header.stamp = convert.time_to_ros(round(now * 1e9))
    fired = {f.name for f in advice.facts} if advice else set()
    message.facts = [fact_to_ros(f, monitor, advice.rule if advice and f.name in fired else "") for f in facts.values()]
    if advice:
        message.advice, message.rule = advice.kind.value, advice.rule
        message.words = words(monitor.rules, advice, language)
    return message


def coach_view(work: m.WorkState, cell: Cell, simulated: bool, coaching: CoachingTime, monitor: Monitor,
               now: float, light: Sequence[m.ProjectorDrift] = ()) -> m.CoachView:  # fmt: skip
    """What the coach may see at `now`: who it is only while that person calls, or shares something.

    `light`: the newest check of each projector.
    """
    shared = [fact_to_ros(f, monitor) for f in monitor.for_the_coach(now).values()]
    named = work.help_asked or bool(shared)
    message = m.CoachView(
        cell=cell.scene.cell, simulated=simulated, languages=list(cell.task.title),
        titles=list(cell.task.title.values()), job=work.job, phase=work.phase, step=work.step, steps=work.steps,
        problems=len(work.problems), paused=work.paused, cobot=work.cobot, help_asked=work.help_asked,
        help_seconds=float(coaching.open), coached_seconds=float(coaching.seconds),
        person=work.person if named else "", language=work.language if named else "", facts=shared,
    )  # fmt: skip
    message.header.stamp = convert.time_to_ros(round(now * 1e9))
    message.light = max((d.result for d in light), key=get_args(LightResult).index, default="")
    message.light_off_mm = max((d.drift_mm for d in light if not isnan(d.drift_mm)), default=float("nan"))
    return message
