"""What the sessions say, as tables with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy.stats import beta

from bench.perception.session import FACTORS

Row = dict[str, Any]


def interval(hits: int, of: int) -> tuple[float, float]:
    """Clopper-Pearson 95 % interval of a share."""
    low = float(beta.ppf(0.025, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, of - hits)) if hits < of else 1.0
    return low, high


def summary(outcomes: Iterable[Row]) -> dict[str, float]:
    """The figures of one group of sessions; shares from 0 to 1, NaN where there is nothing to count."""
    outcomes = list(outcomes)
    changes = [c for o in outcomes for c in o["changes"]]
    told = [c for c in changes if c["told"]]
    seeable = [c for c in changes if c["told"] or not c["unseen"]]
    false = [f for o in outcomes for f in o["false"]]
    counted = [c for c in told if c["right_part"]]
    sided = [c for c in told if c["side_right"] is not None]
    latency = [c["latency"] for c in told]
    n = len(changes)
    return {
        "sessions": len(outcomes),
        "changes": n,
        "told": len(told),
        "recall": len(told) / n if n else float("nan"),
        "cannot_see": sum(c["unseen"] and not c["told"] for c in changes) / n if n else float("nan"),
        "silent": (len(seeable) - len(told)) / n if n else float("nan"),
        "false": len(false),
        "false_per_1000": 1000 * len(false) / n if n else float("nan"),
        "wrong_place": sum(f["kind"] == "wrong place" for f in false),
        "count_right": float(np.mean([c["count"] == c["counted"] for c in counted])) if counted else float("nan"),
        "side_right": float(np.mean([c["side_right"] for c in sided])) if sided else float("nan"),
        "latency_median": float(np.median(latency)) if latency else float("nan"),
        "latency_p95": float(np.percentile(latency, 95)) if latency else float("nan"),
        "within_3": float(np.mean([x <= 3 for x in latency])) if latency else float("nan"),
        "visits": sum(o["visits"] for o in outcomes),
        "late": sum(o["late"] for o in outcomes),
        "visits_seen": sum(o["visits_seen"] for o in outcomes),
        "visits_false": sum(o["visits_false"] for o in outcomes),
    }


HEAD = (
    '| | changes | recall % (95 %) | told "cannot see" % | missed in silence % | false per 1,000 (95 %) | wrong place '
    "| count right % | frames, median / p95 | within 3 % |\n|---|---|---|---|---|---|---|---|---|---|"
)


def row(name: str, s: dict[str, float]) -> str:
    n = int(s["changes"])
    if not n:
        return f"| {name} | 0 | | | | | | | | |"
    low, high = interval(int(s["told"]), n)
    f_low, f_high = interval(min(int(s["false"]), n), n)
    return (
        f"| {name} | {n} | {100 * s['recall']:.1f} ({100 * low:.1f}-{100 * high:.1f}) | {100 * s['cannot_see']:.1f} "
        f"| {100 * s['silent']:.1f} | {s['false_per_1000']:.1f} ({1000 * f_low:.1f}-{1000 * f_high:.1f}) "
        f"| {s['wrong_place']:.0f} | {100 * s['count_right']:.1f} | {s['latency_median']:.0f} / {s['latency_p95']:.0f} "
        f"| {100 * s['within_3']:.0f} |"
    )


def tables(outcomes: list[Row]) -> str:
    """The whole result as Markdown."""

    def those(test: Callable[[Row], bool]) -> dict[str, float]:
        return summary(o for o in outcomes if test(o))

    fitted = [o for o in outcomes if o["factors"]["noise"] == "fitted"]
    whole = summary(fitted)
    text = ["## All of it, with the fitted noise", HEAD, row("all", whole), ""]
    named = sum(c["side_right"] is not None for o in fitted for c in o["changes"] if c["told"])
    seen = 100 * whole["visits_seen"] / max(whole["visits"], 1)
    text += [
        f"The hand was named in {named} of {whole['told']:.0f} told changes, rightly in "
        f"{100 * whole['side_right']:.1f} %. Of {whole['visits']:.0f} visits {seen:.1f} % were seen; "
        f"{whole['visits_false']:.0f} were told at places where no hand was. {whole['late']:.0f} events told late what "
        "visits had come to: an arm was in front until the hand came again.",
        "",
        "## By noise, all other factors mixed",
        HEAD,
        *(row(level, those(lambda o, n=level: o["factors"]["noise"] == n)) for level in FACTORS["noise"]),
    ]
    for factor, levels in FACTORS.items():
        if factor == "noise":
            continue
        text += ["", f"## By {factor}, fitted noise", HEAD]
        text += [row(level, summary(o for o in fitted if o["factors"][factor] == level)) for level in levels]
    text += [
        "",
        "## By part, fitted noise: those that were missed or told late",
        HEAD.replace("false per 1,000 (95 %)", "-"),
    ]
    for part in sorted({c["part"] for o in fitted for c in o["changes"]}):
        mine = summary(o | {"changes": [c for c in o["changes"] if c["part"] == part], "false": []} for o in fitted)
        if mine["told"] < mine["changes"] or mine["within_3"] < 1:
            text.append(row(part, mine))
    kinds = ("taken", "put_back", "placed", "removed")
    text += ["", "## By what happened, fitted noise", HEAD.replace("false per 1,000 (95 %)", "-")]
    for kind in kinds:
        only = [
            o | {"changes": [c for c in o["changes"] if c["happened"] == kind],
                 "false": [f for f in o["false"] if f["happened"] == kind]}
            for o in fitted
        ]  # fmt: skip
        text.append(row(kind, summary(only)))
    return "\n".join(text) + "\n"
