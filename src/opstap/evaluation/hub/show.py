"""The groups of hubs, as lines for a terminal and as a page. Hubs are never added up: a person may be at two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opstap.evaluation.hub.protocol import FEWEST, Group
from opstap.evaluation.report.content import Block, Bullets, Content, Note, Table, Text
from opstap.evaluation.report.words import WORDS as REPORT_WORDS
from opstap.evaluation.report.words import Say

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "What hubs share",
        "lead": "Groups of {n} people and more. Each figure is a mean over people; nobody can be found in it.",
        "none": "No group of {n} people yet.",
        "head": "region|task|condition|quarter|people|cases|seconds a case|errors per 100 picks|coach minutes an hour",
        "mixed": "Rows marked with ° are SIMULATED: virtual workers, not people.",
        "careful": "Groups differ in more than the bench: other people, other cases. Comparing two rows is no test.",
        "apart": "Hubs are shown side by side and not added up, since a person may have worked at two of them.",
        "unknown": "unknown",
        "footer": "Made by opstap hub page.",
    },
    "nl": {
        "title": "Wat hubs delen",
        "lead": "Groepen van {n} mensen en meer. Elk getal is een gemiddelde over mensen; niemand is erin te vinden.",
        "none": "Nog geen groep van {n} mensen.",
        "head": "regio|taak|conditie|kwartaal|mensen|koffers|seconden per koffer|fouten per 100 keer pakken|"
        "minuten begeleiding per uur",
        "mixed": "Rijen met ° zijn GESIMULEERD: virtuele werkers, geen mensen.",
        "careful": "Groepen verschillen in meer dan de werkbank: andere mensen, andere koffers. Twee rijen vergelijken "
        "is geen toets.",
        "apart": "Hubs staan naast elkaar en zijn niet opgeteld, want iemand kan bij twee hubs hebben gewerkt.",
        "unknown": "onbekend",
        "footer": "Gemaakt door opstap hub page.",
    },
}


def row(group: Group, language: str) -> tuple[str, ...]:
    """One group in words."""
    say, words = Say(language), WORDS[language]
    figures = (group.seconds, group.errors_per_100, group.coach_minutes_per_hour)
    told = tuple(words["unknown"] if f is None else say.number(f, 1) for f in figures)
    region = f"{group.region or '–'}{' °' if group.simulated else ''}"
    counts = (say.number(group.people), say.number(group.cycles))
    return (region, group.task, group.condition or "–", group.quarter, *counts, *told)


def lines(hubs: Mapping[str, Sequence[Group]]) -> list[str]:
    """The groups of each hub, by its name, for a terminal."""
    words = WORDS["en"]
    head = tuple(words["head"].split("|"))
    out: list[str] = []
    for name, groups in hubs.items():
        rows = [head, *(row(g, "en") for g in groups)]
        widths = [max(len(r[i]) for r in rows) for i in range(len(head))]
        out.append(f"{name}:")
        if groups:
            for r in rows:
                out.append("  ".join(c.ljust(w) if i < 4 else c.rjust(w) for i, (c, w) in enumerate(zip(r, widths))))  # noqa: B905
        else:
            out.append(words["none"].format(n=FEWEST))
    if any(g.simulated for groups in hubs.values() for g in groups):
        out.append(words["mixed"])
    return out


def content(hubs: Mapping[str, Sequence[Group]], language: str) -> Content:
    """The groups of each hub, by its name, as a page."""
    words = WORDS[language]
    everything = [g for groups in hubs.values() for g in groups]
    blocks: list[Block] = [Text(words["lead"].format(n=FEWEST), "lead")]
    for name, groups in hubs.items():
        if groups:
            blocks.append(
                Table(name, tuple(words["head"].split("|")), tuple(row(g, language) for g in groups), numbers_from=4)
            )
        else:
            blocks.append(Note(f"{name}: {words['none'].format(n=FEWEST)}"))
    if any(g.simulated for g in everything):
        blocks.append(Text(words["mixed"]))
    blocks.append(Bullets((words["careful"], words["apart"]) if len(hubs) > 1 else (words["careful"],)))
    band = REPORT_WORDS[language]["simulated"] if everything and all(g.simulated for g in everything) else ""
    return Content(language, words["title"], "", band, words["footer"], tuple(blocks))
