"""A small part of the perception benchmark against bench/perception/limits.yaml."""

from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from bench.perception import power
from bench.perception.report import summary
from bench.perception.session import SCENES, run

LIMITS = YAML(typ="safe").load(Path(power.__file__).with_name("limits.yaml"))


def test_every_part_is_told_or_said_not_to_be_seen():
    limit = LIMITS["parts"]
    found = [
        s
        for scene, task in SCENES.values()
        for s in power.samples(scene, task, limit["noise"], limit["seed"], limit["rounds"])
    ]
    real = [s for s in found if s.change]
    told = [s for s in real if s.right]
    assert len(real) > 100
    assert len(told) >= limit["told"] * len(real), [s for s in real if not s.right]
    silent, untrue = [s for s in real if s.silent], [s for s in found if not s.change and s.told]
    assert len(silent) <= limit["silent"] * len(real), silent
    assert len(untrue) <= limit["untrue"], untrue
    assert np.mean([s.count == abs(s.change) for s in told]) >= limit["count"]


@pytest.mark.parametrize("number", LIMITS["hands"]["sessions"])
def test_hands_at_work_are_told_in_time(number):
    limit = LIMITS["hands"]
    outcome = run("regression", number, limit["fixed"], limit["rounds"])
    figures = summary([vars(outcome)])
    assert figures["changes"] >= 4
    assert figures["recall"] >= limit["told"], outcome.changes
    assert figures["silent"] <= limit["silent"], outcome.changes
    assert figures["false"] <= limit["untrue"], outcome.false
    assert figures["wrong_place"] <= limit["wrong_place"]
    late = [c for c in outcome.changes if c["told"] and c["latency"] > limit["frames"]]
    assert len(late) <= (1 - limit["in_time"]) * figures["changes"], late
