"""What is looked at before a cell starts."""

import pytest

from opstap.preflight import PreflightError, begin_anew, read_arguments

GIVEN = {"sim": "true", "film": "false", "markers": "false", "window": "False", "speech": "false", "cobot": "none",
         "seed": "1", "port": "8080", "network_port": "8443", "linger": "3", "speed": "max",
         "namespace": "cell_1", "recording": ""}  # fmt: skip


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


def test_arguments_become_what_they_mean():
    read = read_arguments(GIVEN)
    assert (read.sim, read.film, read.window) == (True, False, False)
    assert (read.seed, read.port, read.linger, read.speed) == (1, 8080, 3.0, 0.0)
    assert read_arguments(GIVEN | {"speed": "2.5"}).speed == 2.5


@pytest.mark.parametrize(
    ("name", "found", "allowed"),
    [
        ("sim", "maybe", "true, false"),
        ("cobot", "dancing", "none, simulated, ros2_control"),
        ("speed", "fast", "a number from 0.1 to 100, or max"),
        ("speed", "nan", "a number from 0.1 to 100, or max"),
        ("speed", "0", "a number from 0.1 to 100, or max"),
        ("port", "99999", "a whole number from 0 to 65535"),
        ("port", "max", "a whole number from 0 to 65535"),
        ("seed", "1.5", "a whole number from 0 to 2147483647"),
        ("linger", "-1", "a number from 0 to 3600"),
        ("namespace", "1 cell", "letters, digits and _, such as cell_1"),
    ],
)
def test_a_wrong_argument_is_told_with_what_is_allowed(name, found, allowed):
    with pytest.raises(PreflightError) as error:
        read_arguments(GIVEN | {name: found})
    assert str(error.value) == f"{name}: found '{found}', allowed: {allowed}"


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(PreflightError) as error:
        read_arguments(GIVEN | {"sim": "maybe", "speed": "fast", "port": "-1"})
    assert [line.partition(":")[0] for line in str(error.value).splitlines()] == ["sim", "port", "speed"]


def test_a_recording_must_be_there_and_meant(tmp_path):
    with pytest.raises(PreflightError, match=r"absent\.db3: no such file"):
        read_arguments(GIVEN | {"sim": "false", "recording": str(tmp_path / "absent.db3")})
    with pytest.raises(PreflightError, match="with sim:=false"):
        read_arguments(GIVEN | {"recording": str(tmp_path / "absent.db3")})
