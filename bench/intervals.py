"""How often 95 % intervals hold the true change: 2,000 simulated studies of 14 people for each kind of outcome.

    python bench/intervals.py [studies]

An interval that says 95 % should hold the truth in 93 to 97 of 100 studies. Printed against it: Student's t, the
percentile and the BCa bootstrap of scipy, and the studentised bootstrap that the reports use; then the report's effect
size, crossover and mixed model. Chance alone moves a figure by +-1.0 point.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from scipy import stats

from opstap.evaluation import statistics
from opstap.evaluation.statistics import crossover, mean_interval, mixed, standardised

N = 14
Draw = Callable[[np.random.Generator], np.ndarray]


def questionnaire(rng: np.random.Generator) -> np.ndarray:
    """Change of a mean of six answers 1 to 6, each answer whole."""

    def asked(level: float) -> np.ndarray:
        return np.clip(np.rint(rng.normal(level, 1, (N, 1)) + rng.normal(0, 0.9, (N, 6))), 1, 6).mean(1)

    return asked(4.0) - asked(3.6)


def grade(rng: np.random.Generator) -> np.ndarray:
    """Change of a whole grade 1 to 10."""
    before = rng.normal(7.2, 0.9, N)
    after = before + 0.6 + rng.normal(0, 0.8, N)
    return np.clip(np.rint(after), 1, 10) - np.clip(np.rint(before), 1, 10)


def errors(rng: np.random.Generator) -> np.ndarray:
    """Change of errors per 100 picks, counted over 600 picks before and after, people differing widely."""
    rate = rng.gamma(3, 0.5, N)
    return (rng.poisson(rate * 3.6) - rng.poisson(rate * 6)) / 6


KINDS: dict[str, tuple[Draw, float | None]] = {
    "normal": (lambda rng: rng.normal(1, 1, N), 1.0),
    "exponential": (lambda rng: rng.exponential(1, N), 1.0),
    "lognormal": (lambda rng: rng.lognormal(0, 0.5, N), float(np.exp(0.125))),
    "heavy tails (t3)": (lambda rng: 1 + rng.standard_t(3, N), 1.0),
    "log of pace": (lambda rng: rng.normal(-0.2, 0.15, N) - 0.1 * rng.exponential(1, N), -0.3),
    "questionnaire": (questionnaire, None),
    "grade 1-10": (grade, None),
    "errors per 100": (errors, -0.6),
}


def holds(interval: tuple[float, float] | None, truth: float) -> bool:
    return interval is not None and interval[0] <= truth <= interval[1]


def compare(studies: int) -> None:
    print(f"{'mean change':<18}{'t':>8}{'percentile':>12}{'BCa':>8}{'studentised':>13}{'width / t':>11}")
    for name, (draw, known) in KINDS.items():
        rng = np.random.default_rng(1)
        truth = known if known is not None else float(np.mean([draw(rng).mean() for _ in range(40_000)]))
        hits, widths = np.zeros(4), np.zeros(2)
        for study in range(studies):
            d = draw(rng)
            t = stats.ttest_1samp(d, 0).confidence_interval()
            found = [(t.low, t.high)]
            for method in ("percentile", "BCa"):
                b = stats.bootstrap((d,), np.mean, n_resamples=1999, method=method, rng=rng).confidence_interval
                found.append((b.low, b.high))
            ours = mean_interval(d, seed=study)
            found.append((ours.low, ours.high) if ours else None)
            hits += [holds(f, truth) for f in found]
            widths += [t.high - t.low, ours.high - ours.low if ours else 0]
        h = hits / studies * 100
        print(f"{name:<18}{h[0]:>8.1f}{h[1]:>12.1f}{h[2]:>8.1f}{h[3]:>13.1f}{widths[1] / widths[0]:>11.2f}", flush=True)


def others(studies: int) -> None:
    rng = np.random.default_rng(2)
    hits = dict.fromkeys(("effect size g_av", "crossover", "crossover, skewed", "mixed model"), 0)
    for study in range(studies):
        person = rng.normal(0, 1, N)
        a, b = person + rng.normal(0, 0.7, N), 0.8 * np.sqrt(1.49) + person + rng.normal(0, 0.7, N)
        found = standardised(a, b, seed=study)
        hits["effect size g_av"] += found is not None and holds((found[1].low, found[1].high), 0.8)

        last = np.arange(N) % 2 == 0
        for name, noise in (
            ("crossover", rng.normal(0, 0.7, (2, N))),
            ("crossover, skewed", rng.exponential(1, (2, N))),
        ):
            x = person + np.where(last, 0, -1.5) + noise[0]
            y = person - 1 + np.where(last, -1.5, 0) + noise[1]
            change = crossover(x, y, last, seed=study).change.interval
            hits[name] += change is not None and holds((change.low, change.high), -1)

        sessions = 6
        with_it = np.tile(np.arange(sessions) >= 3, (N, 1)).astype(float)
        values = (
            rng.normal(60, 8, (N, 1)) + rng.normal(-6, 4, (N, 1)) * with_it
            - np.arange(sessions) * 0.5 + rng.normal(0, 3, (N, sessions))
        )  # fmt: skip
        model = mixed(
            values.ravel(), [f"p{i}" for i in range(N) for _ in range(sessions)],
            {"support": with_it.ravel(), "session": np.tile(np.arange(sessions), N)}, slope="support",
        )  # fmt: skip
        interval = model.term("support").interval
        hits["mixed model"] += holds((interval.low, interval.high), -6)
    print()
    for name, count in hits.items():
        print(f"{name:<18}{count / studies * 100:>8.1f}", flush=True)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    print(f"Intervals that hold the truth, % of {count} studies of n = {N} (asked: 93 to 97)\n")
    compare(count)
    statistics.RESAMPLES = 3_000  # of the slower ones
    others(count)
