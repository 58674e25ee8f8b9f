"""The bench's report: figures against aims, and the page they are kept in. No figure is asserted."""

import pytest

from bench.cell import Run
from bench.report import Row, put_into, table

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def test_aims_are_met_or_missed():
    rows = [Row("fast", 4.2, "x", 4, at_least=True), Row("late", 71, "ms", 60), Row("told", 1.0, "ms")]
    fast, late, told = table(rows).splitlines()[2:]
    assert fast.endswith("at least 4 x: met |")
    assert late.endswith("at most 60 ms: **missed** |")
    assert told == "| told | 1 ms |  |"


def test_only_the_measured_part_of_the_page_changes(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    put_into(page, "new")
    assert page.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


def test_a_page_without_markers_is_told(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="found no markers"):
        put_into(page, "new")


def test_the_last_frames_of_a_run_are_on_their_way_and_not_dropped():
    run = Run(sent={i: float(i) for i in range(20)}, answered={i: i + 0.02 for i in range(16) if i != 7})
    assert run.dropped() == 1
    assert max(run.latencies()) == pytest.approx(0.02)
