"""Questionnaires: scores against published examples, half-filled forms, files that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from opstap.documents import DocumentError
from opstap.evaluation.instruments import Instrument, Scored, load_instrument, load_instruments, score

FOLDER = Path(__file__).parents[2] / "config" / "instruments"
INSTRUMENTS = load_instruments(FOLDER)


def scored(instrument: str, values: list[float | None], which: int = 0) -> Scored:
    found = INSTRUMENTS[instrument]
    items = [i.id for i in found.items if not i.words]
    return score(found, found.scores[which], dict(zip(items, values, strict=True)))


def test_brookes_own_example_of_sus() -> None:
    # Brooke (1996), as Tullis & Albert print it filled in: contributions 4 1 1 4 1 2 1 1 4 3, "22 * 2.5 = 55".
    assert scored("sus_simplified", [5, 4, 2, 1, 2, 3, 2, 4, 5, 2]).value == pytest.approx(55)


def test_ends_and_middle_of_sus() -> None:
    assert scored("sus_simplified", [5, 1] * 5).value == 100
    assert scored("sus_simplified", [1, 5] * 5).value == 0
    assert scored("sus_simplified", [3] * 10).value == 50


def test_a_skipped_sus_item_counts_as_the_middle_and_three_are_too_many() -> None:
    # Brooke (1996): whoever cannot answer an item marks the centre.
    assert scored("sus_simplified", [None, 4, 2, 1, 2, 3, 2, 4, 5, None]) == Scored(
        scored("sus_simplified", [3, 4, 2, 1, 2, 3, 2, 4, 5, 3]).value, 8, 10
    )
    assert scored("sus_simplified", [None, None, None, 1, 2, 3, 2, 4, 5, 2]) == Scored(None, 7, 10)


def test_raw_tlx_is_the_mean_of_six_ratings_with_performance_turned_around() -> None:
    # Hart (2006): raw TLX averages the ratings; 1..5 stand for 0, 25, 50, 75, 100.
    assert scored("tlx_simplified", [5, 1, 3, 5, 4, 2]).value == pytest.approx((100 + 0 + 50 + 0 + 75 + 25) / 6)
    assert scored("tlx_simplified", [1, 1, 1, 5, 1, 1]).value == 0
    assert scored("tlx_simplified", [5, 5, 5, 1, 5, 5]).value == 100


def test_oss_sf_is_a_mean_from_1_to_6() -> None:
    # Rigotti, Schyns & Mohr (2008): six answers from 1 to 6; as a sum 6 to 36.
    answers: list[float | None] = [4, 5, 3, 6, 4, 5]
    assert scored("oss_sf", answers).value == pytest.approx(27 / 6)
    assert (scored("oss_sf", [1] * 6).value, scored("oss_sf", [6] * 6).value) == (1, 6)
    assert scored("oss_sf", [4, 5, None, 6, 4, 5]).value == pytest.approx(24 / 5)
    assert scored("oss_sf", [4, None, None, 6, 4, 5]).value is None


def test_csq_vr_sums_pairs_and_all() -> None:
    # Kourtesis et al. (2023): a sub-score is the sum of its two answers (2 to 14), the total of all six (6 to 42).
    answers: list[float | None] = [1, 2, 3, 4, 5, 7]
    assert [scored("csq_vr", answers, which).value for which in range(4)] == pytest.approx([22, 3, 7, 12])
    assert scored("csq_vr", [1] * 6).value == 6
    assert scored("csq_vr", [7] * 6).value == 42
    assert scored("csq_vr", [None, 2, 3, 4, 5, 7], 1).value is None  # half a sub-score is none


def test_the_grade_is_the_grade() -> None:
    assert scored("grade", [8]).value == 8
    assert scored("grade", [None]).value is None


def test_an_answer_outside_its_range_is_told() -> None:
    with pytest.raises(ValueError, match=r"grade\.grade: found 11, allowed: 1 to 10"):
        scored("grade", [11])


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda i: i.instrument)
def test_every_instrument_runs_from_end_to_end_of_each_score(instrument: Instrument) -> None:
    assert (FOLDER / f"{instrument.instrument}.yaml").exists()
    for s in instrument.scores:
        best, worst = {}, {}
        for item in instrument.scored(s):
            scale = instrument.answers_of(item)
            high, low = (scale.low, scale.high) if item.reverse else (scale.high, scale.low)
            best[item.id], worst[item.id] = high, low
        assert score(instrument, s, worst).value == pytest.approx(s.range[0])
        assert score(instrument, s, best).value == pytest.approx(s.range[1])


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda i: i.instrument)
def test_questions_are_short_and_answers_have_words_at_both_ends(instrument: Instrument) -> None:
    for scale in instrument.answers.values():
        for language in instrument.languages:
            assert {scale.low, scale.high} <= set(scale.labels[language])
    for item in instrument.items:
        for text in (item.text or {}).values():
            assert all(len(sentence.split()) <= 14 for sentence in text.split(". "))


def test_only_words_that_may_be_shipped_are_here() -> None:
    assert [i for i, found in INSTRUMENTS.items() if not found.can_be_asked] == ["oss_sf"]


def test_a_wrong_file_is_told_with_line_and_field(tmp_path: Path) -> None:
    text = (FOLDER / "grade.yaml").read_text()
    wrong = tmp_path / "grade.yaml"
    wrong.write_text(text.replace("items: [grade]", "items: [grad]").replace("range: [1, 10]", "range: [10, 1]"))
    with pytest.raises(DocumentError) as told:
        load_instrument(wrong)
    message = str(told.value)
    assert "unknown item 'grad', allowed: grade, why (did you mean 'grade'?)" in message
    assert "range: found [10.0, 1.0]" in message
    wrong.write_text(text.replace(", nl: Waarom dit cijfer? Je mag dit open laten.", ""))
    with pytest.raises(DocumentError, match=r"grade\.yaml:23: items\[1\]\.text\.nl: found no words"):
        load_instrument(wrong)
