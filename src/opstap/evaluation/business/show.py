"""A business case as a page on which every assumption can be changed; the server works it out, without any script."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from textwrap import fill

import matplotlib as mpl
from aiohttp import web

from opstap.evaluation.business.model import Assumptions, Business, Outcome, Range, work_out
from opstap.evaluation.report.content import Block, Bullets, Content, Figure, Heading, Table, Text
from opstap.evaluation.report.page import page
from opstap.evaluation.report.plots import FAINT, GREY, INK, LINE, SECOND, STYLE, canvas_of, svg_of
from opstap.evaluation.report.words import Say

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "paid": "After {y} years the chance that the bench has paid for itself is {p} %, if the ranges below are "
        "right.",
        "worth": "After {y} years the balance lies between {low} and {high} euro (nine times out of ten); {mid} in "
        "the middle.",
        "chance": "Chance that it has paid for itself",
        "balance": "Balance since the start, in thousands of euro",
        "balance_note": "Dark: half of all outcomes. Light: nine out of ten. Line: the middle.",
        "swing": "What matters most: balance after {y} years when one assumption goes from low to high",
        "swing_note": "Circle: the assumption at its low end, in thousands of euro. Diamond: at its high end.",
        "assumptions": "The assumptions",
        "likely": "likely",
        "years": "years",
        "sums": "What it adds up to, in euro",
        "kind": "part",
        "low": "low (5 %)",
        "mid": "middle",
        "high": "high (95 %)",
        "start": "cost at the start",
        "running": "running cost in a year",
        "coach": "coach time, gain in a year",
        "quality": "quality, gain in a year",
        "pace": "pace, gain in a year",
        "absence": "absence, gain in a year",
        "change": "Change the assumptions",
        "go": "Work it out",
        "wrong": "low <= likely <= high is needed for: {names}",
        "limits": "What this leaves out",
        "l1": "What work gives a person: pride, skill, company. It has no price here, and needs none to count.",
        "l2": "Subsidies, taxes, interest, and value left in the hardware.",
        "l3": "Assumptions that hang together: they are drawn one by one.",
        "footer": "Every number is an assumption. It is no promise and no offer.",
    },
    "nl": {
        "paid": "Na {y} jaar is de kans dat de werkbank zichzelf heeft terugverdiend {p} %, als de marges hieronder "
        "kloppen.",
        "worth": "Na {y} jaar ligt het saldo tussen {low} en {high} euro (negen van de tien keer); {mid} in het "
        "midden.",
        "chance": "Kans dat het is terugverdiend",
        "balance": "Saldo sinds het begin, in duizenden euro",
        "balance_note": "Donker: de helft van alle uitkomsten. Licht: negen van de tien. Lijn: het midden.",
        "swing": "Wat het meest uitmaakt: saldo na {y} jaar als één aanname van laag naar hoog gaat",
        "swing_note": "Rondje: de aanname aan haar lage kant, in duizenden euro. Ruit: aan haar hoge kant.",
        "assumptions": "De aannames",
        "likely": "waarschijnlijk",
        "years": "jaar",
        "sums": "Waar het op uitkomt, in euro",
        "kind": "onderdeel",
        "low": "laag (5 %)",
        "mid": "midden",
        "high": "hoog (95 %)",
        "start": "kosten bij het begin",
        "running": "kosten per jaar",
        "coach": "begeleiding, winst per jaar",
        "quality": "kwaliteit, winst per jaar",
        "pace": "tempo, winst per jaar",
        "absence": "verzuim, winst per jaar",
        "change": "Verander de aannames",
        "go": "Reken uit",
        "wrong": "laag <= waarschijnlijk <= hoog is nodig bij: {names}",
        "limits": "Wat hier niet in zit",
        "l1": "Wat werk een mens geeft: trots, kunnen, gezelschap. Dat heeft hier geen prijs, en telt ook zonder.",
        "l2": "Subsidies, belasting, rente en restwaarde.",
        "l3": "Aannames die samenhangen: ze worden los van elkaar getrokken.",
        "footer": "Elk getal is een aanname. Het is geen belofte en geen aanbod.",
    },
}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'self'"
FIELDS = ("low", "likely", "high")


def content(business: Business, outcome: Outcome, language: str, *, listed: bool = True) -> Content:
    """The outcome in words and pictures, and with `listed` the assumptions as a table."""
    words, say = WORDS[language], Say(language)
    years = say.number(business.months / 12, 0 if business.months % 12 == 0 else 1)
    low, mid, high = (say.number(float(outcome.quantiles[i, -1])) for i in (0, 2, 4))
    paid = words["paid"].format(y=years, p=say.number(100 * float(outcome.paid_back[-1])))
    rows = [("start", outcome.cost), ("running", outcome.running), *outcome.gains.items()]
    chance = "; ".join(f"{m // 12:.0f}: {outcome.paid_back[int(m)]:.0%}" for m in outcome.months if m % 12 == 0)
    swings = "; ".join(f"{_name(s.name)} {s.at_low:.0f} … {s.at_high:.0f}" for s in outcome.swings[:8])
    blocks: tuple[Block, ...] = (
        Text(paid, "lead"),
        Text(words["worth"].format(y=years, low=low, high=high, mid=mid)),
        Heading(words["chance"]),
        Figure("chance", _chance(outcome, words, say), f"{words['chance']}, {words['years']}: {chance}."),
        Heading(words["balance"]),
        Figure("balance", _balance(outcome, words, say), f"{paid} {low} … {mid} … {high}.", words["balance_note"]),
        Heading(words["swing"].format(y=years)),
        Figure("swings", _swings(business, outcome, language, say), swings, words["swing_note"]),
        Table(
            words["sums"], (words["kind"], words["low"], words["mid"], words["high"]),
            tuple((words[kind], *(say.number(v) for v in three)) for kind, three in rows),
        ),
        *([_assumptions(business, language, say)] if listed else []),
        Heading(words["limits"]),
        Bullets((words["l1"], words["l2"], words["l3"])),
    )  # fmt: skip
    return Content(language, business.title[language], "", "", words["footer"], blocks)


def _assumptions(business: Business, language: str, say: Say) -> Table:
    words = WORDS[language]
    rows = []
    for name in Assumptions.model_fields:
        assumed: Range = getattr(business.assumptions, name)
        values = (getattr(assumed, f) for f in FIELDS)
        numbers = (say.number(v, 0 if v.is_integer() else 1) for v in values)
        rows.append((assumed.why.get(language, _name(name)), *numbers))
    head = (words["kind"], words["low"].partition(" (")[0], words["likely"], words["high"].partition(" (")[0])
    return Table(words["assumptions"], head, tuple(rows))


def changed(business: Business, query: Mapping[str, str]) -> tuple[Business, list[str]]:
    """`business` with the assumptions of a form, and the names of those that cannot be used."""
    assumptions, wrong = {}, []
    for name in Assumptions.model_fields:
        now = getattr(business.assumptions, name)
        try:
            low, likely, high = (float(query.get(f"{name}.{f}", getattr(now, f))) for f in FIELDS)
            if not (low <= likely <= high and max(abs(low), abs(high)) < 1e9):
                raise ValueError
            assumptions[name] = now.model_copy(update={"low": low, "likely": likely, "high": high})
        except ValueError:
            wrong.append(name)
            assumptions[name] = now
    return business.model_copy(update={"assumptions": Assumptions(**assumptions)}), wrong


def html(business: Business, query: Mapping[str, str], language: str) -> str:
    """The whole page: outcome, and a form with every assumption."""
    business, wrong = changed(business, query)
    words = WORDS[language]
    told = ""
    if wrong:
        told = f'<p class="note" role="alert">{escape(words["wrong"].format(names=", ".join(map(_name, wrong))))}</p>'
    rows = ""
    for name in Assumptions.model_fields:
        assumed = getattr(business.assumptions, name)
        why = assumed.why.get(language, "")
        cells = "".join(
            f'<td><input type="number" step="any" name="{name}.{f}" value="{getattr(assumed, f):g}" '
            f'aria-label="{escape(why or _name(name))} {f}" required></td>'
            for f in FIELDS
        )
        rows += f'<tr><th scope="row">{escape(why or _name(name))}</th>{cells}</tr>'
    titles = (words["low"].partition(" (")[0], words["likely"], words["high"].partition(" (")[0])
    ends = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    form = (
        f'<h2>{words["change"]}</h2>{told}<form method="get"><input type="hidden" name="language" value="{language}">'
        f'<div class="wide"><table><thead><tr><td></td>{ends}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div><button>{words['go']}</button></form>"
    )
    made = page(content(business, work_out(business), language, listed=False), POLICY)
    return made.replace("</main>", f"{form}</main>")


def application(business: Business) -> web.Application:
    """The page as a server for this machine; it keeps nothing."""

    async def show(request: web.Request) -> web.Response:
        if request.host.rpartition(":")[0] not in ("localhost", "127.0.0.1"):  # no site may point its own name here
            raise web.HTTPMisdirectedRequest
        asked = request.query.get("language", "")
        language = asked if asked in WORDS and asked in business.title else next(iter(business.title))
        made = html(business, dict(request.query), language)
        return web.Response(text=made, content_type="text/html", headers={"Referrer-Policy": "no-referrer"})

    app = web.Application()
    app.router.add_get("/", show)
    return app


def _name(name: str) -> str:
    return name.replace("_", " ")


def _chance(outcome: Outcome, words: Mapping[str, str], say: Say) -> bytes:
    with mpl.rc_context(STYLE):
        canvas, axes = canvas_of(7.0, 2.2)
        axes.plot(outcome.months / 12, 100 * outcome.paid_back, color=LINE, linewidth=2.5)
        axes.set(ylim=(0, 100), xlim=(0, outcome.months[-1] / 12), xlabel=words["years"], ylabel="%")
        return svg_of(canvas)


def _balance(outcome: Outcome, words: Mapping[str, str], say: Say) -> bytes:
    with mpl.rc_context(STYLE):
        canvas, axes = canvas_of(7.0, 2.6)
        years, q = outcome.months / 12, outcome.quantiles / 1000
        axes.fill_between(years, q[0], q[4], color=LINE, alpha=0.18, linewidth=0)
        axes.fill_between(years, q[1], q[3], color=LINE, alpha=0.35, linewidth=0)
        axes.plot(years, q[2], color=INK, linewidth=2)
        axes.axhline(0, color=GREY, linewidth=1)
        axes.set(xlim=(0, years[-1]), xlabel=words["years"])
        axes.yaxis.set_major_formatter(lambda v, _: say.number(v))
        return svg_of(canvas)


def _swings(business: Business, outcome: Outcome, language: str, say: Say) -> bytes:
    shown = outcome.swings[:8][::-1]
    with mpl.rc_context({**STYLE, "axes.grid.axis": "x"}):
        canvas, axes = canvas_of(7.0, 3.2)
        for y, s in enumerate(shown):
            axes.barh(y, (s.at_high - s.at_low) / 1000, left=s.at_low / 1000, color=LINE, alpha=0.55, height=0.6)
            axes.plot(s.at_low / 1000, y, marker="o", color=SECOND, markersize=6)
            axes.plot(s.at_high / 1000, y, marker="D", color=INK, markersize=6)
        names = [getattr(business.assumptions, s.name).why.get(language, _name(s.name)) for s in shown]
        axes.set_yticks(range(len(shown)), [fill(name, 44) for name in names])
        axes.axvline(0, color=FAINT, linewidth=1.5)
        axes.xaxis.set_major_formatter(lambda v, _: say.number(v))
        return svg_of(canvas)
