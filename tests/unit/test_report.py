"""Reports: what they say, in which words, and that they say it on a page and on paper."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rows import study

from opstap.evaluation.analysis import Analysis, analyse
from opstap.evaluation.instruments import load_instruments
from opstap.evaluation.report.compose import compose
from opstap.evaluation.report.content import Cards, Content, NewPage, Note, Table
from opstap.evaluation.report.page import page
from opstap.evaluation.report.pdf import pdf
from opstap.evaluation.report.words import WORDS, Say
from opstap.evaluation.study import load_study

CONFIG = Path(__file__).parents[2] / "config"
INSTRUMENTS = load_instruments(CONFIG / "instruments")
PILOT = load_study(CONFIG / "studies" / "pilot.yaml", INSTRUMENTS)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(PILOT, study(simulated=True), INSTRUMENTS)


@pytest.fixture(scope="module")
def english(analysis: Analysis) -> Content:
    return compose(analysis, "en")


def pages(made: bytes) -> int:
    """Number of pages of a PDF."""
    return max(int(n) for n in re.findall(rb"/Count (\d+)", made))


def test_the_first_page_answers_the_pilots_questions(english: Content) -> None:
    (cards,) = [b for b in english.blocks if isinstance(b, Cards)]
    titles = [c.title for c in cards.cards]
    assert titles == ["Speed", "Quality", "Coaching time", "Grade", "Belief in own ability"]
    speed = cards.cards[0]
    assert (speed.verdict, speed.tone) == ("Better", "good")
    assert re.fullmatch(r"\d+ % less", speed.big)
    assert re.search(r"The true change may lie between \d+ % and \d+ % less\.", speed.text)
    assert "7 of 14 people scored higher, 7 the same, 0 lower." in cards.cards[4].text


def test_simulated_data_is_marked_and_a_real_one_is_not(analysis: Analysis, english: Content) -> None:
    assert "SIMULATED" in english.band
    assert 'class="band"' in page(english)
    assert "SIMULATED" not in page(compose(replace(analysis, simulated=False), "en"))


def test_nothing_is_called_proved_and_nobody_is_named(analysis: Analysis) -> None:
    for language in ("en", "nl"):
        text = page(compose(analysis, language))
        text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
        assert not re.search(r"\bproved\b|\bproven\b|significan|\bbewezen\b", text)
        assert not re.search(r"\bp\d\d\b", text)


def test_dutch_numbers_are_dutch(analysis: Analysis) -> None:
    table = next(b for b in compose(analysis, "nl").blocks if isinstance(b, Table))
    assert table.head[0] == "Uitkomst"
    assert re.fullmatch(r"\d+,\d", table.rows[0][2])
    say = Say("nl")
    assert (say.number(2641), say.number(-0.001, 1), say.p(0.0004)) == ("2.641", "0,0", "< 0,001")


def test_both_languages_have_the_same_words() -> None:
    assert set(WORDS["en"]) == set(WORDS["nl"])
    for key, english in WORDS["en"].items():
        fields = [sorted(re.findall(r"{(\w+)}", w)) for w in (english, WORDS["nl"][key])]
        assert fields[0] == fields[1], key


def test_an_unclear_result_is_told_as_two_ways(analysis: Analysis) -> None:
    nothing = analyse(PILOT, study(faster=0.98), INSTRUMENTS)
    result = nothing.result("case_seconds")
    assert result is not None
    assert result.change is not None
    assert result.change.interval is not None
    wide = replace(result.change, interval=replace(result.change.interval, low=0.9, high=1.05))
    text = Say("en").between(result, wide.interval)  # type: ignore[arg-type]
    assert text == "The true change may lie between 10 % less and 5 % more. This study cannot tell which."


def test_a_group_of_four_gets_a_note_and_no_figure() -> None:
    content = compose(analyse(PILOT, study(4), INSTRUMENTS), "en")
    assert [type(b) for b in content.blocks[1:]] == [Note]
    assert content.figures() == []
    assert pdf(content).startswith(b"%PDF")


def test_the_page_stands_alone_and_its_pictures_have_words(english: Content) -> None:
    html = page(english)
    assert not re.search(r'(src|href)="https?:', html)
    alts = re.findall(r'<img [^>]*alt="([^"]*)"', html)
    assert len(alts) == len(english.figures())
    assert all(len(alt) > 30 for alt in alts)
    assert html.count("<h1>") == 1


def test_text_from_files_cannot_become_markup(analysis: Analysis) -> None:
    evil = PILOT.model_copy(update={"title": {"en": "<script>alert(1)</script>", "nl": "x"}})
    content = compose(replace(analysis, study=evil), "en")
    assert "<script" not in page(content)
    assert pdf(content).startswith(b"%PDF")


def test_the_employers_part_is_one_page_of_the_pdf(analysis: Analysis, english: Content) -> None:
    for content in (english, compose(analysis, "nl")):
        until = next(i for i, b in enumerate(content.blocks) if isinstance(b, NewPage))
        assert pages(pdf(replace(content, blocks=content.blocks[:until]))) == 1
    assert pages(pdf(english)) > 2


def test_the_same_data_gives_the_same_page(analysis: Analysis, english: Content) -> None:
    assert page(compose(analysis, "en")) == page(english)
