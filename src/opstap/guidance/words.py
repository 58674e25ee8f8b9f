"""The guide's own words, those that no task has: on buttons, and in answer to the worker. A2, as the task's are."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "next": "Next", "back": "Back", "pause": "Pause", "help": "Help", "repeat": "Say again",
        "you_are_wrong": "Not right", "corrected": "All right. You decide.",
        "right": "Yes, right", "again": "Do it again",
    },
    "nl": {
        "next": "Verder", "back": "Terug", "pause": "Pauze", "help": "Hulp", "repeat": "Nog een keer",
        "you_are_wrong": "Klopt niet", "corrected": "Goed. Jij beslist.",
        "right": "Ja, goed", "again": "Nog eens doen",
    },
    "de": {
        "next": "Weiter", "back": "Zurück", "pause": "Pause", "help": "Hilfe", "repeat": "Noch einmal",
        "you_are_wrong": "Stimmt nicht", "corrected": "Gut. Du entscheidest.",
        "right": "Ja, gut", "again": "Noch mal machen",
    },
    "uk": {
        "next": "Далі", "back": "Назад", "pause": "Пауза", "help": "Допомога", "repeat": "Ще раз",
        "you_are_wrong": "Не так", "corrected": "Добре. Ти вирішуєш.",
        "right": "Так, добре", "again": "Зробити ще раз",
    },
    "ar": {
        "next": "التالي", "back": "رجوع", "pause": "توقف", "help": "مساعدة", "repeat": "مرة أخرى",
        "you_are_wrong": "غير صحيح", "corrected": "حسنًا. أنت تقرر.",
        "right": "نعم، صحيح", "again": "أعد العمل",
    },
}  # fmt: skip


def say(word: str, language: str) -> str:
    """`word` in `language`; in English where the guide does not speak it."""
    return WORDS.get(language, WORDS["en"])[word]
