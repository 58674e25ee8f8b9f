"""The business case: sums by hand, ranges in and out, and the page whose numbers are the server's."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp.test_utils import TestClient, TestServer

from opstap.documents import DocumentError
from opstap.evaluation.business.model import Assumptions, Business, Range, load_business, work_out, yearly
from opstap.evaluation.business.show import WORDS, application, changed, html

FILE = Path(__file__).parents[2] / "config" / "business" / "packing_bench.yaml"
SHIPPED = load_business(FILE)

BY_HAND = {
    "hardware": 6000, "setup_hours": 40, "setup_rate": 50, "upkeep_year": 600, "new_work_hours": 8, "hours_week": 20,
    "weeks_year": 50, "coach_rate": 36, "coach_minutes_saved": 5, "cases_hour": 10, "bad_cases_less": 1,
    "bad_case_cost": 20, "faster": 10, "case_margin": 0.5, "absence_days_less": 2, "absence_day_cost": 100,
}  # fmt: skip


def certain(**other: float) -> Business:
    """A business case without any doubt."""
    values = BY_HAND | other
    ranges = {k: Range(low=v, likely=v, high=v) for k, v in values.items()}
    return Business(business="certain", title={"en": "x"}, months=24, assumptions=Assumptions(**ranges))


def test_a_sum_by_hand() -> None:
    start, running, gains = yearly({k: np.array([float(v)]) for k, v in BY_HAND.items()})
    assert start == 6000 + 40 * 50 == 8000
    assert running == 600 + 8 * 50 == 1000
    assert {k: float(g[0]) for k, g in gains.items()} == pytest.approx(
        {"coach": 1000 / 12 * 36, "quality": 10_000 * 0.01 * 20, "pace": 10_000 * 0.1 * 0.5, "absence": 200}
    )


def test_without_doubt_it_is_paid_back_in_the_month_the_sum_says() -> None:
    outcome = work_out(certain(), draws=10)
    net = 3000 + 2000 + 500 + 200 - 1000
    month = int(np.argmax(outcome.paid_back == 1))
    assert month == int(np.ceil(8000 / net * 12))
    assert outcome.paid_back[month - 1] == 0
    assert outcome.quantiles[:, -1] == pytest.approx([-8000 + 2 * net] * 5)


def test_a_bench_that_brings_nothing_never_pays() -> None:
    nothing = certain(coach_minutes_saved=0, bad_cases_less=0, faster=0, absence_days_less=0)
    assert work_out(nothing, draws=10).paid_back.max() == 0


def test_pert_has_the_published_mean_and_spread() -> None:
    # Malcolm, Roseboom, Clark & Fazar (1959): mean (low + 4 likely + high) / 6.
    drawn = Range(low=2, likely=3, high=10).draw(np.random.default_rng(1), 200_000)
    assert drawn.mean() == pytest.approx((2 + 4 * 3 + 10) / 6, abs=0.01)
    assert drawn.min() >= 2
    assert drawn.max() <= 10


def test_there_is_no_single_number() -> None:
    outcome = work_out(SHIPPED)
    assert (np.diff(outcome.quantiles[:, -1]) > 0).all()
    assert 0 < outcome.paid_back[-1] < 1
    assert (np.diff(outcome.paid_back) >= -1e-12).all()
    assert all(low < mid < high for low, mid, high in outcome.gains.values())


def test_the_largest_swing_comes_first_and_is_one_assumption_alone() -> None:
    outcome = work_out(SHIPPED)
    spans = [abs(s.at_high - s.at_low) for s in outcome.swings]
    assert spans == sorted(spans, reverse=True)
    hardware = next(s for s in outcome.swings if s.name == "hardware")
    assert hardware.at_low - hardware.at_high == pytest.approx(12_000 - 4_000)


def test_the_same_assumptions_give_the_same_answer() -> None:
    assert (work_out(SHIPPED).quantiles == work_out(SHIPPED).quantiles).all()


def test_a_range_out_of_order_is_told_with_its_line(tmp_path: Path) -> None:
    wrong = tmp_path / "b.yaml"
    wrong.write_text(FILE.read_text().replace("low: 4000, likely: 7000", "low: 9000, likely: 7000"))
    with pytest.raises(DocumentError, match=r"b\.yaml:7: assumptions\.hardware: .*allowed: low <= likely <= high"):
        load_business(wrong)


def test_every_assumption_can_be_seen_and_changed_on_the_page() -> None:
    made = html(SHIPPED, {}, "nl")
    for name in Assumptions.model_fields:
        for end in ("low", "likely", "high"):
            value = getattr(getattr(SHIPPED.assumptions, name), end)
            assert f'name="{name}.{end}" value="{value:g}"' in made
    assert "<script" not in made


def test_a_change_on_the_page_is_worked_out_by_the_same_sum() -> None:
    query = {"hardware.low": "30000", "hardware.likely": "40000", "hardware.high": "50000", "language": "en"}
    dear, wrong = changed(SHIPPED, query)
    assert wrong == []
    chance = work_out(dear).paid_back[-1]
    assert chance < work_out(SHIPPED).paid_back[-1]
    assert f"has paid for itself is {100 * chance:.0f} %" in html(SHIPPED, query, "en")


@pytest.mark.parametrize("value", ["", "x", "nan", "inf", "1e99", "-9999"])
def test_what_is_no_range_is_told_and_the_old_one_stays(value: str) -> None:
    business, wrong = changed(SHIPPED, {"hardware.high": value})
    assert wrong == ["hardware"]
    assert business.assumptions.hardware == SHIPPED.assumptions.hardware
    assert 'role="alert"' in html(SHIPPED, {"hardware.high": value}, "en")


def test_the_server_answers_to_this_machine_only_and_escapes() -> None:
    async def ask() -> tuple[Any, ...]:
        async with TestClient(TestServer(application(SHIPPED), host="127.0.0.1")) as client:
            own = await client.get("/", params={"language": "en", "hardware.low": '"><script>'})
            other = await client.get("/", headers={"Host": "evil.example:80"})
            return own.status, await own.text(), other.status

    status, text, refused = asyncio.run(ask())
    assert (status, refused) == (200, 421)
    assert "<script" not in text


def test_both_languages_have_the_same_words() -> None:
    for key, english in WORDS["en"].items():
        assert sorted(re.findall(r"{(\w+)}", english)) == sorted(re.findall(r"{(\w+)}", WORDS["nl"][key]))
