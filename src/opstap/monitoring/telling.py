"""What is known of a person, in a few short lines for the table; only when that person asks for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from opstap.monitoring.facts import Fact, FactName

SHOWN = 10.0
"""So long it is shown, s: people beside the bench can read along."""

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "pace": "Your last steps: {value} times your own usual time.",
        "error_streak": "Mix-ups in ten steps: {value}.",
        "since_break": "Your last break: {value} minutes ago.",
        "nothing": "Nothing is known of you yet.",
        "alone": "Your coach does not see this.",
        "coach": "Your coach sees what you chose.",
    },
    "nl": {
        "pace": "Je laatste stappen: {value} keer je eigen tijd.",
        "error_streak": "Vergissingen in tien stappen: {value}.",
        "since_break": "Je laatste pauze: {value} minuten geleden.",
        "nothing": "Er is nog niets van je bekend.",
        "alone": "Je begeleider ziet dit niet.",
        "coach": "Je begeleider ziet wat jij koos.",
    },
    "de": {
        "pace": "Deine letzten Schritte: {value} mal deine eigene Zeit.",
        "error_streak": "Verwechslungen in zehn Schritten: {value}.",
        "since_break": "Deine letzte Pause: vor {value} Minuten.",
        "nothing": "Über dich ist noch nichts bekannt.",
        "alone": "Dein Betreuer sieht das nicht.",
        "coach": "Dein Betreuer sieht, was du gewählt hast.",
    },
    "uk": {
        "pace": "Твої останні кроки: {value} від твого звичного часу.",
        "error_streak": "Помилок за десять кроків: {value}.",
        "since_break": "Остання перерва: {value} хвилин тому.",
        "nothing": "Про тебе ще нічого не відомо.",
        "alone": "Наставник цього не бачить.",
        "coach": "Наставник бачить те, що ти вибрав.",
    },
    "ar": {
        "pace": "خطواتك الأخيرة: {value} من وقتك المعتاد.",
        "error_streak": "أخطاء في عشر خطوات: {value}.",
        "since_break": "آخر استراحة: قبل {value} دقيقة.",
        "nothing": "لا شيء معروف عنك بعد.",
        "alone": "المدرب لا يرى هذا.",
        "coach": "يرى المدرب ما اخترته أنت.",
    },
}


def lines(facts: Mapping[FactName, Fact], shared: Collection[FactName], language: str) -> str:
    """A line each; the last says who else sees some of it. In English where `language` is not spoken."""
    words = WORDS.get(language, WORDS["en"])
    comma = "," if language in ("nl", "de", "uk") else "."
    told = [
        words[name.value].format(value=_figure(name, facts[name].value).replace(".", comma))
        for name in (FactName.PACE, FactName.ERROR_STREAK, FactName.SINCE_BREAK)
        if facts[name].value is not None
    ]
    return "\n".join([*(told or [words["nothing"]]), words["coach" if shared else "alone"]])


def _figure(name: FactName, value: float | None) -> str:
    assert value is not None
    if name is FactName.SINCE_BREAK:
        return f"{value / 60:.0f}"
    return f"{value:.1f}" if name is FactName.PACE else f"{value:.0f}"
