"""Studies worked out from rows of the store, and what may not be shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rows import form, study

from opstap.documents import DocumentError
from opstap.evaluation.analysis import Analysis, analyse
from opstap.evaluation.instruments import load_instruments
from opstap.evaluation.measures import Data
from opstap.evaluation.report.compose import compose
from opstap.evaluation.report.page import page
from opstap.evaluation.study import Study, load_study

CONFIG = Path(__file__).parents[2] / "config"
INSTRUMENTS = load_instruments(CONFIG / "instruments")
PILOT = load_study(CONFIG / "studies" / "pilot.yaml", INSTRUMENTS)


def worked_out(data: Data, study: Study = PILOT) -> Analysis:
    return analyse(study, data, INSTRUMENTS)


def test_a_study_of_questionnaires_alone_is_reported() -> None:
    """Expectations before and after the headset; the packing pilot in the same store is another matter."""
    vr = load_study(CONFIG / "studies" / "vr_orientation.yaml", INSTRUMENTS)
    forms = []
    for i in range(12):
        for phase, gain in (("pre", 0), ("post", 1 + i % 2)):
            answers: dict[str, float | None] = dict.fromkeys(("picture", "not_nice", "fits_me"), 2 + i % 2 + gain)
            forms.append(form(f"v{i}", "vr_expectations", phase, answers | {"would_go": 3}))
            sick: dict[str, float | None] = dict.fromkeys(("nausea", "dizziness"), 1 + gain % 2)
            forms.append(form(f"v{i}", "csq_vr", phase, sick))
    packing = study()
    analysis = worked_out(replace(packing, forms=[*packing.forms, *forms], sessions=[]), vr)
    assert (analysis.people, analysis.sessions) == (12, 0)
    picture = analysis.result("vr_expectations.picture")
    assert picture is not None
    assert picture.change is not None
    assert (picture.change.n, picture.change.change, picture.verdict) == (12, pytest.approx(1.5), "better")
    content = compose(analysis, "nl")
    assert content.subtitle == "12 mensen, gevraagd voor de bril en na de bril."
    text = page(content)
    assert "Beeld van de baan" in text
    assert "sessies" not in text


@pytest.fixture(scope="module")
def pilot() -> Analysis:
    return worked_out(study())


def test_the_primary_outcome_of_fourteen_people(pilot: Analysis) -> None:
    result = pilot.result("case_seconds")
    assert result is not None
    assert result.primary
    assert result.change is not None
    assert result.change.n == 14
    assert result.change.scale == "ratio"
    assert result.change.change == pytest.approx(0.80, abs=0.03)
    assert result.change.exact
    assert result.verdict == "better"
    assert {w for w, _ in result.warnings} == {"few", "learning"}
    assert result.adjusted_p is None  # it was named beforehand


def test_only_the_outcomes_that_were_not_named_are_adjusted(pilot: Analysis) -> None:
    others = [r for r in pilot.results if not r.primary and r.change and r.change.p is not None]
    assert others
    assert all(r.adjusted_p is not None and r.change is not None and r.adjusted_p >= r.change.p for r in others)


def test_the_first_session_of_each_condition_is_for_getting_used_to(pilot: Analysis) -> None:
    assert pilot.sessions == 28
    assert pilot.cases == 84


def test_a_grade_given_once_is_a_mean_with_an_interval(pilot: Analysis) -> None:
    grade = pilot.result("grade.grade")
    assert grade is not None
    assert grade.change is None
    assert grade.single is not None
    assert grade.single.mean == pytest.approx(sum(7 + i % 3 for i in range(14)) / 14)
    assert grade.single.interval is not None


def test_who_gained_belief_is_counted_not_averaged_away(pilot: Analysis) -> None:
    belief = pilot.result("work_confidence.confidence")
    assert belief is not None
    assert belief.change is not None
    assert (belief.change.more, belief.change.same, belief.change.less) == (7, 7, 0)


def test_nothing_of_four_people_is_shown() -> None:
    few = worked_out(study(4))
    assert not few.enough
    assert few.results == few.curve == ()
    assert few.pace is None


def test_an_outcome_that_only_four_people_have_is_not_shown() -> None:
    data = study()
    data = replace(data, forms=[f for f in data.forms if f.person in ("p00", "p01", "p02", "p03")])
    belief = worked_out(data).result("work_confidence.confidence")
    assert belief is not None
    assert belief.change is None
    assert belief.single is None
    assert belief.pairs == ()


def test_lines_of_people_are_in_no_order() -> None:
    analysis = worked_out(study())
    result = analysis.result("case_seconds")
    assert result is not None
    firsts = [a for a, _ in result.pairs]
    assert firsts != sorted(firsts)
    assert not any("p0" in str(value) for value in vars(analysis).values() if value is not analysis.study)


def test_people_with_one_half_only_are_left_out_and_told() -> None:
    data = study()
    gone = ("p03", "p04")
    data = replace(data, sessions=[s for s in data.sessions if s.person not in gone or s.condition == "without"])
    result = worked_out(data).result("case_seconds")
    assert result is not None
    assert result.change is not None
    assert result.change.n == 12
    assert ("left_out", 2) in result.warnings


def test_a_form_too_empty_to_score_is_left_out_and_told() -> None:
    data = study()
    empty = form("p05", "work_confidence", "post", {"calm": 3, "ready": None}, opened_at=9, finished=False)
    kept = [f for f in data.forms if (f.person, f.phase, f.instrument) != ("p05", "post", "work_confidence")]
    belief = worked_out(replace(data, forms=[*kept, empty])).result("work_confidence.confidence")
    assert belief is not None
    assert belief.change is not None
    assert belief.change.n == 13
    assert {("unscored", 1), ("left_out", 1)} <= set(belief.warnings)


def test_a_crossover_takes_out_what_time_did() -> None:
    crossed = PILOT.model_copy(update={"design": "crossover", "skip_first": 0})
    result = worked_out(study(order="crossover"), crossed).result("case_seconds")
    assert result is not None
    assert result.change is not None
    assert result.change.change == pytest.approx(0.82, abs=0.02)
    assert result.period is not None
    assert result.period < 0  # everybody gets a little faster
    assert "learning" not in {w for w, _ in result.warnings}


def test_a_crossover_in_one_order_only_is_told() -> None:
    crossed = PILOT.model_copy(update={"design": "crossover"})
    result = worked_out(study(), crossed).result("case_seconds")
    assert result is not None
    assert ("uneven_orders", 0) in result.warnings


def test_the_mixed_model_parts_bench_from_learning() -> None:
    taken_turns = PILOT.model_copy(update={"design": "with_without", "skip_first": 0})
    result = worked_out(study(order="crossover"), taken_turns).result("case_seconds")
    assert result is not None
    assert result.mixed is not None
    assert result.mixed.term("condition").estimate == pytest.approx(-0.2, abs=0.03)
    assert result.mixed.term("session").estimate < 0


def test_five_people_cannot_give_a_rare_result() -> None:
    result = worked_out(study(5)).result("case_seconds")
    assert result is not None
    assert {"cannot_be_rare", "few"} <= {w for w, _ in result.warnings}
    assert result.change is not None
    assert result.change.p == 2 / 2**5


def test_target_pace_counts_people_by_session() -> None:
    paced = PILOT.model_copy(update={"target_seconds": 200.0})
    pace = worked_out(study(), paced).pace
    assert pace is not None
    assert pace.n == 14
    assert 0 < pace.reached[0] <= pace.reached[1] < 14


def test_simulated_rows_make_a_simulated_study(pilot: Analysis) -> None:
    assert not pilot.simulated
    assert worked_out(study(simulated=True)).simulated


def test_every_shipped_study_loads() -> None:
    for path in (CONFIG / "studies").glob("*.yaml"):
        assert load_study(path, INSTRUMENTS).study == path.stem


def test_a_wrong_study_is_told_with_all_faults(tmp_path: Path) -> None:
    wrong = tmp_path / "pilot.yaml"
    text = (CONFIG / "studies" / "pilot.yaml").read_text()
    text = text.replace("measure: case_seconds, scale", "measure: case_secnds, scale")
    text = text.replace("{measure: grade.grade}", "{measure: grade.grade, scale: ratio}")
    wrong.write_text(text.replace("id: with\n", "id: without\n"))
    with pytest.raises(DocumentError) as told:
        load_study(wrong, INSTRUMENTS)
    message = str(told.value)
    assert "did you mean 'case_seconds'?" in message
    assert "a score has no zero to divide by" in message
    assert "primary: found 'case_seconds', allowed: one of the outcomes" in message
    assert "'without' a second time" in message
