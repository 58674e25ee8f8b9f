"""Puts a study's report together: one page for an employer, then the details for a researcher."""

from __future__ import annotations

from collections.abc import Iterable

from opstap.evaluation.analysis import MIN_GROUP, Analysis, Result
from opstap.evaluation.report import plots
from opstap.evaluation.report.content import (
    Block,
    Bullets,
    Card,
    Cards,
    Content,
    Figure,
    Gallery,
    Heading,
    NewPage,
    Note,
    Table,
    Text,
)
from opstap.evaluation.report.words import WORDS, Say
from opstap.evaluation.statistics import FEW, share

ASKED = (
    "case_seconds",
    "errors_per_100",
    "coach_minutes_per_hour",
    "grade.grade",
    "work_confidence.confidence",
    "oss_sf.self_efficacy",
)
"""What the employer's page answers, in the terms of the pilot: speed, quality, coaching time, grade, self-efficacy."""
BELIEF = ("work_confidence.confidence", "oss_sf.self_efficacy")


def compose(analysis: Analysis, language: str) -> Content:
    """The report in `language`, one of the study's languages that the reports speak."""
    say = Say(language)
    study = analysis.study
    first, second = (c.name[language] for c in study.conditions)
    design = say(study.design, first=first, second=second)
    hours = say.number(analysis.hours)
    blocks: list[Block] = []
    if language in study.about:
        blocks.append(Text(study.about[language], "lead"))
    if not analysis.enough:
        subtitle = design
        blocks.append(Note(say("not_enough", n=analysis.people, min=MIN_GROUP)))
    else:
        subtitle = (
            say("subtitle", n=analysis.people, cases=say.number(analysis.cases), hours=hours, design=design)
            if analysis.sessions
            else say("subtitle_forms", n=analysis.people, first=first, second=second)
        )
        blocks += _for_the_employer(analysis, say, first, second)
        blocks.append(NewPage())
        blocks += _for_the_researcher(analysis, say, first, second)
    return Content(
        language=language,
        title=study.title[language],
        subtitle=subtitle,
        band=say("simulated") if analysis.simulated else "",
        footer=say("footer"),
        blocks=tuple(blocks),
    )


def languages(analysis: Analysis) -> list[str]:
    """The study's languages that the reports speak."""
    return [language for language in analysis.study.languages if language in WORDS]


def _on_the_first_page(analysis: Analysis) -> list[Result]:
    """What the pilot asked; of a study that asks none of it, the outcomes it lists first."""
    told = [r for r in analysis.results if r.change or r.single]
    asked = [r for m in ASKED for r in told if r.id == m]
    return asked or told[: len(ASKED) - 1]


def _for_the_employer(analysis: Analysis, say: Say, first: str, second: str) -> Iterable[Block]:
    results = _on_the_first_page(analysis)
    bullets = [say("careful_range"), say("careful_lines")]
    if analysis.people < FEW:
        bullets.append(say("careful_few", n=analysis.people))
    if analysis.study.design == "before_after":
        bullets.append(say("careful_learning"))
    cards = tuple(_card(r, say, first, second) for r in results)
    yield Cards(cards, say("careful"), (*bullets, say("careful_one")))


def _card(result: Result, say: Say, first: str, second: str) -> Card:
    subtitle = result.name[say.language]
    title = say(result.id) if result.id in ASKED else subtitle
    subtitle = "" if subtitle == title else subtitle
    if result.single:
        mean, text = say.number(result.single.mean, result.decimals), _single(result, say)
        picture = Figure(_name(result), plots.single(result, say), f"{result.name[say.language]}: {text}")
        return Card(title, subtitle, say("mean"), "plain", mean, text, picture)
    change = result.change
    assert change is not None
    sentences = [_from_to(result, say)]
    sentences.append(say.between(result, change.interval) if change.interval else say("no_range"))
    if result.id in BELIEF:
        sentences.append(say("people_up", n=change.n, more=change.more, same=change.same, less=change.less))
    if result.worthwhile is not None and change.interval:
        sentences.append(_worthwhile(result, say))
    picture = Figure(_name(result), plots.slope(result, say, first, second), _slope_alt(result, say, first, second))
    tone = {"better": "good", "worse": "bad"}.get(result.verdict, "plain")
    big = say.change(result, change.change)
    return Card(title, subtitle, say(result.verdict), tone, big, " ".join(sentences), picture)  # type: ignore[arg-type]


def _single(result: Result, say: Say) -> str:
    """A mean known under one condition only, and its range."""
    assert result.single is not None
    mean, interval = say.number(result.single.mean, result.decimals), result.single.interval
    if not interval:
        return say("single_no_range", mean=mean, n=result.single.n)
    low, high = (say.number(v, result.decimals) for v in (interval.low, interval.high))
    return say("single", mean=mean, n=result.single.n, low=low, high=high)


def _from_to(result: Result, say: Say) -> str:
    assert result.change is not None
    a, b = (say.number(v, result.decimals) for v in (result.change.first, result.change.second))
    return say("from_to", a=a, b=b, unit=result.unit[say.language])


def _slope_alt(result: Result, say: Say, first: str, second: str) -> str:
    change = result.change
    assert change is not None
    a, b = (say.number(v, result.decimals) for v in (change.first, change.second))
    return say(
        "slope_alt", name=result.name[say.language], n=change.n, first=first, second=second, a=a, b=b,
        unit=result.unit[say.language], more=change.more, same=change.same, less=change.less,
    )  # fmt: skip


def _worthwhile(result: Result, say: Say) -> str:
    """Whether the range lies beyond the change that was called worthwhile."""
    assert result.change is not None
    assert result.change.interval is not None
    assert result.worthwhile is not None
    sign = 1 if result.better == "higher" else -1
    ends = [
        sign * ((v - 1) * 100 if result.scale == "ratio" else v)
        for v in (result.change.interval.low, result.change.interval.high)
    ]
    key = "whole" if min(ends) >= result.worthwhile else "part" if max(ends) >= result.worthwhile else "nothing"
    decimals = 0 if float(result.worthwhile).is_integer() else 1
    x = say.number(result.worthwhile, decimals) + (" %" if result.scale == "ratio" else "")
    return say(key, x=x)


def _for_the_researcher(analysis: Analysis, say: Say, first: str, second: str) -> Iterable[Block]:
    compared = [r for r in analysis.results if r.change]
    yield Heading(say("details"))
    primary = analysis.result(analysis.study.primary)
    if primary:
        yield Text(say("main", name=primary.name[say.language]))
    yield from _outcomes(analysis, compared, say, first, second)
    shown = [r for r in compared if r.better != "neither" and r.change and r.change.standardised is not None]
    if shown:
        alt = "; ".join(
            f"{r.name[say.language]} {say.number(r.change.standardised or 0, 2)}" for r in shown if r.change
        )
        yield Heading(say("effect"), 3)
        yield Figure("effects", plots.effects(shown, say), f"{say('effect')}: {alt}.", say("effect_caption"))
    yield from _over_time(analysis, say)
    first_page = [r.id for r in _on_the_first_page(analysis)]
    others = [r for r in compared if r.id not in first_page]
    if others:
        yield Heading(say("other_plots"), 3)
        yield Gallery(
            tuple(
                Figure(
                    _name(r), plots.slope(r, say, first, second), _slope_alt(r, say, first, second),
                    f"{r.name[say.language]} ({r.unit[say.language]})",
                )
                for r in others
            )
        )  # fmt: skip
    if analysis.steps:
        rows = tuple(
            (s.step.replace("_", " "), str(s.n), say.number(s.first, 1), say.number(s.second, 1))
            for s in analysis.steps
        )
        yield Heading(say("steps"), 3)
        yield Table("", (say("step"), say("n"), first, second), rows)
        yield Text(say("steps_note"), "small")
    yield from _models(analysis, compared, say)
    yield from _method(analysis, compared, say)


def _outcomes(analysis: Analysis, compared: list[Result], say: Say, first: str, second: str) -> Iterable[Block]:
    rows = []
    for r in compared:
        change = r.change
        assert change is not None
        low, high = ("–", "–")
        if change.interval:
            low, high = (say.signed(r, v) for v in (change.interval.low, change.interval.high))
        rows.append(
            (
                f"{r.name[say.language]}{' *' if r.primary else ''} ({r.unit[say.language]})",
                str(change.n),
                say.number(change.first, r.decimals),
                say.number(change.second, r.decimals),
                say.signed(r, change.change),
                f"{low} … {high}" if change.interval else "–",
                say.p(change.p),
                say.p(r.adjusted_p) if not r.primary else "*",
            )
        )
    head = (
        say("outcome"), say("n"), first, second, say("change"), say("range"), say("p"), say("p_adjusted"),
    )  # fmt: skip
    if rows:
        yield Table(say("outcomes"), head, tuple(rows))
    for r in analysis.results:
        if r.single:
            yield Text(f"{r.name[say.language]} ({r.unit[say.language]}): {_single(r, say)}")
    registered = say("registered", where=analysis.study.registered) if analysis.study.registered else ""
    how = say("how_crossover" if analysis.study.design == "crossover" else "how_paired")
    adjusted = sum(r.adjusted_p is not None for r in compared)
    yield Text(say("p_note", how=how, registered=registered, k=adjusted), "small")


def _over_time(analysis: Analysis, say: Say) -> Iterable[Block]:
    names = {c.id: c.name[say.language] for c in analysis.study.conditions}
    if analysis.curve:
        points = "; ".join(f"{p.session} ({names[p.condition]}): {say.number(p.mean)} s" for p in analysis.curve)
        picture = plots.curve(analysis.curve, names, analysis.study.target_seconds, say)
        yield Heading(say("curve"), 3)
        yield Figure("curve", picture, say("curve_alt", points=points), say("curve_caption"))
    if analysis.pace:
        pace = analysis.pace
        told = []
        for k, m in enumerate(pace.reached, 1):
            if k in (1, len(pace.reached)) or m != pace.reached[k - 2]:
                low, high = (say.number(100 * v) for v in _ends(m, pace.n))
                told.append(say("pace_by", k=k, m=m, n=pace.n, low=low, high=high))
        yield Text(say("pace_text", target=say.number(pace.target), reached="; ".join(told)))
    if len(analysis.levels) > 1:
        parts = [
            f"{k}: " + ", ".join(f"{say(name)} {n}" for name, n in counts.items())
            for k, counts in analysis.levels.items()
        ]
        yield Heading(say("levels"), 3)
        yield Figure(
            "levels", plots.levels(analysis.levels, say), f"{say('levels')}: {'; '.join(parts)}.", say("levels_caption")
        )


def _ends(count: int, n: int) -> tuple[float, float]:
    interval = share(count, n)
    return interval.low, interval.high


def _models(analysis: Analysis, compared: list[Result], say: Say) -> Iterable[Block]:
    rows = []
    for r in compared:
        if r.mixed is None:
            continue
        decimals = 3 if r.scale == "ratio" else max(r.decimals, 1)
        cells = []
        for name in ("condition", "session"):
            term = r.mixed.term(name)
            low, high = (say.number(v, decimals) for v in (term.interval.low, term.interval.high))
            cells += [f"{say.number(term.estimate, decimals)} ({low} … {high})"]
        name = say("log", name=r.name[say.language]) if r.scale == "ratio" else r.name[say.language]
        name = name if r.scale != "ratio" else f"{name}, log"
        rows.append((name, *cells, say(r.mixed.random), str(r.mixed.observations)))
    if not rows:
        return
    head = (say("outcome"), say("model_head"), say("learning_head"), say("random"), say("observations"))
    yield Heading(say("models"), 3)
    yield Table("", head, tuple(rows))
    confounded = say("confounded") if analysis.study.design == "before_after" else ""
    yield Text(say("models_note", confounded=confounded), "small")


def _method(analysis: Analysis, compared: list[Result], say: Say) -> Iterable[Block]:
    yield Heading(say("method"), 3)
    skipped = analysis.study.skip_first
    sessions = say("sessions", n=analysis.sessions) if analysis.sessions else ""
    lines = [say("method_1", sessions=sessions, skip=say("skip", n=skipped) if skipped else "")]
    lines += [say("method_2"), say("method_3")]
    primary = analysis.result(analysis.study.primary)
    if primary and primary.period is not None:
        shown = (
            f"{say.number(100 * primary.period, 1)} % (log)"
            if primary.scale == "ratio"
            else say.number(primary.period, primary.decimals)
        )
        lines.append(f"{primary.name[say.language]}: {say('method_period', x=shown)}")
    yield Bullets(tuple(lines))
    warnings = dict.fromkeys(
        say(kind, n=n, name=r.name[say.language]) for r in (*compared, *analysis.results) for kind, n in r.warnings
    )
    if warnings:
        yield Heading(say("warnings"), 3)
        yield Bullets(tuple(warnings))
    yield Heading(say("definitions"), 3)
    rows = tuple(
        (f"{r.name[say.language]} ({r.unit[say.language]})", r.definition[say.language], r.source)
        for r in analysis.results
    )
    yield Table("", (say("measure"), say("definition"), say("source")), rows, numbers_from=99)


def _name(result: Result) -> str:
    return result.id.replace(".", "_")
