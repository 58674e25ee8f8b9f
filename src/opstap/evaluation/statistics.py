"""Statistics for a few people measured more than once: how big a change is, and how sure we can be.

Studies at a bench have five to thirty people. So the tests are exact or permutation tests, which need no shape of
distribution, and the intervals are studentised bootstrap intervals (Efron & Tibshirani 1993, ch. 12.5): of t,
percentile, BCa and studentised intervals only the last kept 93 to 97 % coverage at n = 14 for all outcomes of a bench,
skewed and coarse ones too (bench/intervals.py, docs/evaluation.md). Nothing here says that something is proved: an
estimate, an interval and how odd the data would be if nothing had changed is all there is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]
Scale = Literal["difference", "ratio"]

LEVEL = 0.95
"""Of every interval."""
RESAMPLES = 9_999
"""Of every bootstrap and of permutation tests with more arrangements than this times two."""
EXACT_UP_TO = 2**14
"""Arrangements that are all tried: a paired test of 14 people is exact."""
FEW = 20
"""Below this number of people a result is told with a warning."""
SEED = 20_240
"""Of resampling, so that the same data gives the same report."""


@dataclass(frozen=True)
class Interval:
    """`low` to `high`: the values that the data does not speak against, at `LEVEL`."""

    low: float
    high: float
    method: str

    def map(self, function: Callable[[float], float]) -> Interval:
        """The interval on another, rising scale."""
        return Interval(function(self.low), function(self.high), self.method)


@dataclass(frozen=True)
class Change:
    """What changed from a first to a second condition, of people measured in both.

    With `scale` "ratio", `change` and its interval are second / first (geometric mean over people), else the
    difference second - first.
    """

    n: int
    first: float
    second: float
    """Means over people."""
    scale: Scale
    change: float
    interval: Interval | None
    p: float | None
    """How often chance alone (labels swapped within people) gives a change at least this big; None: cannot be told."""
    exact: bool
    """Whether all arrangements were tried for `p`."""
    standardised: float | None
    """Hedges' g_av: difference over the average standard deviation of both conditions."""
    standardised_interval: Interval | None
    more: int
    same: int
    less: int
    """People whose second value is higher, equal, lower."""


@dataclass(frozen=True)
class Crossover:
    """A change from a two-period crossover, freed of what time alone did; see `crossover`."""

    change: Change
    period: float
    """Second period minus first, whatever the condition: learning, season."""
    carry_over_p: float | None
    """Permutation p of unequal totals per order. A weak test: only ever a warning, never a choice of analysis."""


@dataclass(frozen=True)
class Term:
    """One fixed effect of a mixed model."""

    name: str
    estimate: float
    interval: Interval
    p: float


@dataclass(frozen=True)
class Mixed:
    """A linear mixed model with people as random effect."""

    terms: tuple[Term, ...]
    random: str
    """Random effects: "intercept", or "intercept and slope"."""
    sd_person: float
    sd_residual: float
    people: int
    observations: int

    def term(self, name: str) -> Term:
        return next(t for t in self.terms if t.name == name)


def paired(first: npt.ArrayLike, second: npt.ArrayLike, scale: Scale = "difference", seed: int = SEED) -> Change:
    """The change from `first` to `second` (n,), one pair a person.

    The test flips signs of people's differences (Fisher 1935, ch. 21).

    Raises:
        ValueError: the lengths differ, something is not a number, or `scale` is "ratio" and a value is not above 0.
    """
    a, b = _pairs(first, second)
    difference = _on_scale(b, scale) - _on_scale(a, scale)
    p, exact = sign_flip(difference, seed)
    return _change(a, b, difference, scale, mean_interval(difference, seed), p, exact, seed)


def sign_flip(difference: npt.ArrayLike, seed: int = SEED) -> tuple[float | None, bool]:
    """Two-sided p of the mean of `difference` (n,) under flipped signs, and whether it is exact; None where n < 2."""
    d = np.asarray(difference, float)
    if len(d) < 2:
        return None, False
    exact = 2 ** len(d) <= EXACT_UP_TO
    result = stats.permutation_test(
        (d,),
        lambda x, axis: np.mean(x, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf if exact else RESAMPLES,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue), exact


def mean_interval(values: npt.ArrayLike, seed: int = SEED) -> Interval | None:
    """Studentised bootstrap interval of the mean of `values` (n,); None with fewer than 3 or all equal.

    Where answers are so coarse that resamples often have no spread at all, Student's t interval is given, and said.
    """
    x = np.asarray(values, float)
    if len(x) < 3 or np.ptp(x) == 0:
        return None
    index = np.random.default_rng(seed).integers(0, len(x), (RESAMPLES, len(x)))
    means, ses = _mean_and_se(x[index])
    mean, se = _mean_and_se(x)
    return _studentised(float(mean), float(se), means, ses, len(x) - 1)


def standardised(first: npt.ArrayLike, second: npt.ArrayLike, seed: int = SEED) -> tuple[float, Interval] | None:
    """Hedges' g_av (Lakens 2013, eq. 10 with Hedges' correction) and its interval; None without spread.

    The interval is studentised with a jackknife standard error, on a third of the resamples.
    """
    a, b = _pairs(first, second)
    if len(a) < 3 or np.std(a) + np.std(b) == 0:
        return None
    g = float(_g_av(a, b))
    index = np.random.default_rng(seed).integers(0, len(a), (RESAMPLES // 3, len(a)))
    se = float(_jackknife_se(a, b))
    if se == 0:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        values, ses = _g_av(a[index], b[index]), _jackknife_se(a[index], b[index])
    return g, _studentised(g, se, values, np.nan_to_num(ses), len(a) - 1)


def crossover(
    first: npt.ArrayLike, second: npt.ArrayLike, second_came_last: npt.ArrayLike, scale: Scale = "difference",
    seed: int = SEED,
) -> Crossover:  # fmt: skip
    """The change from condition `first` to `second` (n,); people with `second_came_last` had them in that order.

    The mean over both orders of the mean difference per order: what time alone did cancels out (Hills & Armitage 1979;
    Senn 2002, ch. 3). The test swaps orders between people. What one condition leaves behind in the next does not
    cancel; a test for it is weak and must not choose the analysis (Freeman 1989), so it is only told.

    Raises:
        ValueError: as `paired`, or fewer than two people had one of the orders.
    """
    a, b = _pairs(first, second)
    last = np.asarray(second_came_last, bool)
    if min(last.sum(), (~last).sum()) < 2:
        raise ValueError("a crossover needs two or more people in each order")
    difference = _on_scale(b, scale) - _on_scale(a, scale)
    up, down = difference[last], difference[~last]
    p, exact = _between(up, -down, seed)
    total = _on_scale(b, scale) + _on_scale(a, scale)
    rng = np.random.default_rng(seed)
    estimate, se = _two_orders(up, down)
    values, ses = _two_orders(
        up[rng.integers(0, len(up), (RESAMPLES, len(up)))], down[rng.integers(0, len(down), (RESAMPLES, len(down)))]
    )
    spread = np.ptp(up) + np.ptp(down) > 0
    interval = _studentised(float(estimate), float(se), values, ses, len(a) - 2) if spread else None
    change = _change(a, b, difference, scale, interval, p, exact, seed, float(estimate))
    carry, _ = _between(total[last], total[~last], seed)
    return Crossover(change, float((up.mean() - down.mean()) / 2), carry)


def share(count: int, n: int) -> Interval:
    """Exact (Clopper & Pearson 1934) interval of a share of people, 0 to 1."""
    found = stats.binomtest(count, n).proportion_ci(LEVEL, method="exact")
    return Interval(float(found.low), float(found.high), "Clopper-Pearson")


def holm(p: Sequence[float]) -> list[float]:
    """p values adjusted for being several (Holm 1979)."""
    from statsmodels.stats.multitest import multipletests  # statsmodels takes a second to import

    return [float(x) for x in multipletests(p, method="holm")[1]] if p else []


def mixed(values: npt.ArrayLike, people: Sequence[str], effects: Mapping[str, npt.ArrayLike], slope: str = "") -> Mixed:
    """A linear mixed model (REML) of `values` (m,) with fixed `effects` by name (m,) and people as random effect.

    People also get their own slope of effect `slope`, where the data can tell that; otherwise their own level only.
    Intervals use t with one degree of freedom less than there are people, since the normal ones are too narrow for few
    people; they are still approximate.

    Raises:
        ValueError: the model cannot be fitted; the message says why.
    """
    from statsmodels.regression.mixed_linear_model import MixedLM

    y = np.asarray(values, float)
    names = ["intercept", *effects]
    design = np.column_stack([np.ones(len(y)), *(np.asarray(e, float) for e in effects.values())])
    if np.linalg.matrix_rank(design) < len(names):
        raise ValueError(f"the effects {', '.join(effects)} cannot be told apart in this data")
    if np.ptp(y) == 0:
        raise ValueError("all observations are the same")
    n = len(set(people))
    if n < 3 or len(y) < n + len(names) + 1:
        raise ValueError(f"{len(y)} observations of {n} people are too few for {len(names)} effects")
    groups = np.asarray(people)
    trials: list[tuple[str, Array]] = [("intercept", design[:, :1])]
    if slope:
        trials.insert(0, ("intercept and slope", design[:, [0, names.index(slope)]]))
    for random, exog_re in trials:
        fit = _fit(MixedLM(y, design, groups=groups, exog_re=exog_re))
        if fit is None:
            continue
        quantile = float(stats.t.ppf((1 + LEVEL) / 2, n - 1))
        terms = []
        for i, name in enumerate(names):
            estimate, se = float(fit.fe_params[i]), float(fit.bse_fe[i])
            interval = Interval(estimate - quantile * se, estimate + quantile * se, f"Wald, t with {n - 1} df")
            terms.append(Term(name, estimate, interval, float(2 * stats.t.sf(abs(estimate / se), n - 1))))
        sd_person = float(np.sqrt(np.asarray(fit.cov_re)[0, 0]))
        return Mixed(tuple(terms), random, sd_person, float(np.sqrt(fit.scale)), n, len(y))
    raise ValueError("the mixed model did not converge: people differ too little from each other for this model")


def _fit(model: Any) -> Any:
    """The fitted model, or None where it did not converge or a random effect came out as none."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what they say is checked below
        try:
            fit = model.fit(reml=True, method="lbfgs")
        except (np.linalg.LinAlgError, ValueError):
            return None
        se = np.asarray(fit.bse_fe)
    covariance = np.asarray(fit.cov_re)
    good = fit.converged and np.isfinite(se).all() and fit.scale > 0
    return fit if good and np.linalg.eigvalsh(covariance)[0] > 1e-6 * fit.scale else None


def _pairs(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Array, Array]:
    a, b = np.asarray(first, float), np.asarray(second, float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"pairs need two lists of one length, found {a.shape} and {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("pairs with something missing must be left out beforehand, and counted")
    return a, b


def _on_scale(values: Array, scale: Scale) -> Array:
    if scale == "difference":
        return values
    if (values <= 0).any():
        raise ValueError("a ratio needs values above 0")
    return np.log(values)


def _change(
    a: Array, b: Array, difference: Array, scale: Scale, interval: Interval | None, p: float | None, exact: bool,
    seed: int, estimate: float | None = None,
) -> Change:  # fmt: skip
    back: Callable[[float], float] = (lambda x: float(np.exp(x))) if scale == "ratio" else float
    g = standardised(a, b, seed)
    return Change(
        n=len(a),
        first=float(a.mean()),
        second=float(b.mean()),
        scale=scale,
        change=back(float(difference.mean()) if estimate is None else estimate),
        interval=interval.map(back) if interval else None,
        p=p,
        exact=exact,
        standardised=g[0] if g else None,
        standardised_interval=g[1] if g else None,
        more=int((b > a).sum()),
        same=int((b == a).sum()),
        less=int((b < a).sum()),
    )


def _mean_and_se(x: Array) -> tuple[Array, Array]:
    """Mean and standard error over the last axis."""
    return x.mean(-1), x.std(-1, ddof=1) / np.sqrt(x.shape[-1])


def _two_orders(up: Array, down: Array) -> tuple[Array, Array]:
    """Mean of both orders' means, and its standard error with one variance for both, over the last axis."""
    n, m = up.shape[-1], down.shape[-1]
    pooled = ((n - 1) * up.var(-1, ddof=1) + (m - 1) * down.var(-1, ddof=1)) / (n + m - 2)
    return (up.mean(-1) + down.mean(-1)) / 2, np.sqrt(pooled * (1 / n + 1 / m)) / 2


def _studentised(value: float, se: float, values: Array, ses: Array, df: int) -> Interval:
    flat = ~(ses > 1e-9 * se)
    tail = (1 - LEVEL) / 2
    if flat.mean() > tail / 2:  # the quantiles below would hang on resamples that have no t
        q = float(stats.t.ppf(1 - tail, df))
        return Interval(value - q * se, value + q * se, "Student's t (answers too coarse to resample)")
    t = (values[~flat] - value) / ses[~flat]
    low, high = np.quantile(t, [tail, 1 - tail])
    return Interval(float(value - high * se), float(value - low * se), "studentised bootstrap")


def _hedges(df: int) -> float:
    """Hedges' correction for few people, as Lakens (2013) uses it for pairs."""
    return 1 - 3 / (4 * df - 1)


def _g_av(a: Array, b: Array) -> Array:
    sd: Array = (a.std(-1, ddof=1) + b.std(-1, ddof=1)) / 2
    result: Array = _hedges(2 * a.shape[-1] - 2) * (b.mean(-1) - a.mean(-1)) / sd
    return result


def _jackknife_se(a: Array, b: Array) -> Array:
    n = a.shape[-1]
    left = np.stack([_g_av(np.delete(a, i, -1), np.delete(b, i, -1)) for i in range(n)], -1)
    result: Array = np.sqrt((n - 1) / n * ((left - left.mean(-1, keepdims=True)) ** 2).sum(-1))
    return result


def _between(x: Array, y: Array, seed: int) -> tuple[float, bool]:
    """Two-sided permutation p of a difference in means between two groups, and whether it is exact."""
    exact = comb(len(x) + len(y), len(x)) <= EXACT_UP_TO
    result = stats.permutation_test(
        (x, y),
        lambda u, v, axis: np.mean(u, axis=axis) - np.mean(v, axis=axis),
        permutation_type="independent",
        vectorized=True,
        n_resamples=np.inf if exact else RESAMPLES,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue), exact
