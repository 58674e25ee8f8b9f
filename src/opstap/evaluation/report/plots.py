"""Pictures of a study. Text becomes outlines, so they look the same in every browser and PDF.

Colours are those of Okabe & Ito (2008), told apart by people with any colour vision, and never alone: position, dash
or a word says the same.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure as Canvas

from opstap.evaluation.analysis import Point, Result
from opstap.evaluation.report.words import Say

FONTS = Path(__file__).parents[2] / "guidance" / "fonts"
INK, GREY, LINE, FAINT = "#1c2733", "#5a6673", "#0072b2", "#d5dbe1"
SECOND = "#d55e00"
LEVELS = {"full": "#003a5c", "short": "#2f7fb5", "lights": "#8fbfe0", "off": "#e3eef6"}

for _font in FONTS.glob("*.ttf"):
    font_manager.fontManager.addfont(_font)

STYLE: Any = {  # matplotlib types its keys one by one
    "font.family": "Noto Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": GREY,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "svg.fonttype": "path",
    "svg.hashsalt": "opstap",
}


def slope(result: Result, say: Say, first: str, second: str, width: float = 3.3, height: float = 1.55) -> bytes:
    """Each person a line from the first condition to the second; the mean in bold with its numbers. Size in inches."""
    assert result.change is not None
    with mpl.rc_context(STYLE):
        canvas, axes = canvas_of(width, height)
        for a, b in result.pairs:
            axes.plot([0, 1], [a, b], color=LINE, alpha=0.45, linewidth=1, marker="o", markersize=2.6, zorder=2)
        a, b = result.change.first, result.change.second
        axes.plot([0, 1], [a, b], color=INK, linewidth=2.8, marker="o", markersize=6.5, zorder=3)
        for x, value, side in ((0, a, "right"), (1, b, "left")):
            axes.annotate(
                say.number(value, result.decimals), (x, value), xytext=(-9 if side == "right" else 9, 0),
                textcoords="offset points", ha=side, va="center", fontweight="bold", fontsize=11,
            )  # fmt: skip
        top = max(max(pair) for pair in result.pairs)
        low, high = result.bounds or (0.0, top * 1.08 or 1.0)
        axes.set_ylim(low - 0.02 * (high - low), high)
        axes.set_xlim(-0.42, 1.42)
        axes.set_xticks([0, 1], [_wrap(first), _wrap(second)])
        _few_ticks(axes, say)
        axes.yaxis.set_major_locator(
            mpl.ticker.MaxNLocator(4, integer=result.decimals == 0 or result.bounds is not None)
        )
        return svg_of(canvas)


def single(result: Result, say: Say, width: float = 3.3, height: float = 1.55) -> bytes:
    """A mean with its range on the whole scale."""
    assert result.single is not None
    low, high = result.bounds or (0.0, result.single.mean * 2)
    with mpl.rc_context({**STYLE, "axes.grid.axis": "x"}):
        canvas, axes = canvas_of(width, height)
        if result.single.interval:
            axes.plot(
                [max(low, result.single.interval.low), min(high, result.single.interval.high)], [0, 0], color=LINE,
                linewidth=12, alpha=0.35, solid_capstyle="butt",
            )  # fmt: skip
        axes.plot([result.single.mean], [0], "o", color=INK, markersize=10)
        axes.annotate(
            say.number(result.single.mean, result.decimals), (result.single.mean, 0), xytext=(0, 14),
            textcoords="offset points", ha="center", fontweight="bold", fontsize=16,
        )  # fmt: skip
        axes.set_xlim(low - 0.03 * (high - low), high + 0.03 * (high - low))
        axes.set_ylim(-1, 1.3)
        axes.set_yticks([])
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(10, integer=True))
        return svg_of(canvas)


def effects(results: Sequence[Result], say: Say) -> bytes:
    """Standardised changes with their intervals, turned so that right is better."""
    with mpl.rc_context({**STYLE, "axes.grid.axis": "x"}):
        canvas, axes = canvas_of(7.0, 0.5 + 0.36 * len(results))
        for y, result in enumerate(reversed(results)):
            assert result.change is not None
            assert result.change.standardised is not None
            turn = 1 if result.better == "higher" else -1
            g = turn * result.change.standardised
            interval = result.change.standardised_interval
            if interval:
                axes.plot([turn * interval.low, turn * interval.high], [y, y], color=LINE, linewidth=2.5)
            axes.plot([g], [y], "s" if result.primary else "o", color=INK, markersize=7)
        axes.axvline(0, color=INK, linewidth=1)
        axes.set_yticks(
            range(len(results)), [f"{r.name[say.language]}{' *' if r.primary else ''}" for r in reversed(results)]
        )
        axes.tick_params(axis="y", colors=INK)
        axes.xaxis.set_major_formatter(lambda v, _: say.number(v, 1))
        axes.set_ylim(-0.6, len(results) - 0.4)
        return svg_of(canvas)


def curve(points: Sequence[Point], names: Mapping[str, str], target: float | None, say: Say) -> bytes:
    """Mean time per case by session, one line a condition."""
    with mpl.rc_context(STYLE):
        canvas, axes = canvas_of(7.0, 2.4)
        for (condition, name), colour, mark in zip(names.items(), (SECOND, LINE), ("s", "o"), strict=True):
            mine = [p for p in points if p.condition == condition]
            if mine:
                axes.plot([p.session for p in mine], [p.mean for p in mine], color=colour, marker=mark, linewidth=2)
                axes.annotate(
                    name, (mine[-1].session, mine[-1].mean), xytext=(8, 0), textcoords="offset points", va="center",
                    color=colour, fontweight="bold",
                )  # fmt: skip
        if target:
            axes.axhline(target, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
        axes.set_ylim(0, max(p.mean for p in points) * 1.12)
        last = max(p.session for p in points)
        axes.set_xlim(0.6, last + max(1.5, 0.22 * last))
        axes.set_xlabel(say("sessions_axis"))
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(12, integer=True))
        _few_ticks(axes, say)
        return svg_of(canvas)


def levels(shares: Mapping[int, Mapping[str, int]], say: Say) -> bytes:
    """Cases begun at each level of guidance, as shares of each session."""
    with mpl.rc_context(STYLE):
        canvas, axes = canvas_of(7.0, 2.3)
        for session, counts in shares.items():
            bottom = 0.0
            for level, colour in LEVELS.items():
                share = 100 * counts.get(level, 0) / sum(counts.values())
                axes.bar(session, share, bottom=bottom, color=colour, edgecolor="white", width=0.85)
                bottom += share
        last = max(shares)
        handles = [mpl.patches.Patch(facecolor=c, edgecolor=GREY, linewidth=0.5) for c in LEVELS.values()]
        axes.legend(
            handles, [say(level) for level in LEVELS], loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False
        )
        axes.set_xlim(0.4, last + 0.6)
        axes.set_ylim(0, 100)
        axes.set_xlabel(say("sessions_axis"))
        axes.set_ylabel("%")
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(12, integer=True))
        return svg_of(canvas)


def canvas_of(width: float, height: float) -> tuple[Canvas, Any]:
    """An empty picture and its axes; size in inches."""
    canvas = Canvas(figsize=(width, height), layout="constrained")
    return canvas, canvas.subplots()


def _wrap(text: str) -> str:
    """In two lines of words about as long."""
    words = text.split()
    best = min(range(1, len(words) + 1), key=lambda k: max(len(" ".join(words[:k])), len(" ".join(words[k:]))))
    return " ".join(words[:best]) + ("\n" + " ".join(words[best:]) if best < len(words) else "")


def _few_ticks(axes: Any, say: Say) -> None:
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda v, _: say.number(v, 0 if float(v).is_integer() else 1))


def svg_of(canvas: Canvas) -> bytes:
    """The picture as SVG, the same bytes for the same picture."""
    out = io.BytesIO()
    canvas.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    return out.getvalue()
