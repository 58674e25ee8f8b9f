"""What is looked at before a cell starts."""

from opstap.preflight import begin_anew


def test_an_earlier_run_is_set_aside_whole(tmp_path):
    for number in (1, 2):
        (tmp_path / "journal.db").write_text(f"journal {number}")
        (tmp_path / "bench.mp4").write_text(f"film {number}")
        (tmp_path / "steps").mkdir()
        (tmp_path / "steps" / "01_probe.jpg").write_text(f"step {number}")
        kept = begin_anew(tmp_path)
        (kept / "world.pickle").write_text("stale")
    assert not list(begin_anew(tmp_path).iterdir())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kept", "run_1", "run_2"]
    for number in (1, 2):
        run = tmp_path / f"run_{number}"
        assert (run / "bench.mp4").read_text() == f"film {number}"
        assert (run / "steps" / "01_probe.jpg").read_text() == f"step {number}"
