"""A session: tried at the virtual bench, told honestly, as long as is good, and stopped by whoever wants."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opstap.documents import DocumentError
from opstap.instructions import Cell, load_cell
from opstap.integration.linting import LONGEST
from opstap.orientation import show
from opstap.orientation.job import Job, all_texts, load_job, missing, where
from opstap.orientation.media import Media
from opstap.orientation.messages import typescript
from opstap.orientation.session import HARD_STOP, MINUTE, SECOND, Phase, Session, WishError
from opstap.orientation.tryout import Tryout, TryoutError
from opstap.workflow.levels import load_rules
from opstap.workflow.model import Asked, Trouble
from opstap.workflow.model import Phase as Work

ROOT = Path(__file__).parents[2]
JOB = ROOT / "config/jobs/oral_care_packer.yaml"


HOURS_VIDEO = (
    "    kind: hours\n    alt: {en: a street, nl: een straat}\n"
    "    video: {file: v.mp4, captions: {en: a.vtt, nl: b.vtt}}\n"
)


@pytest.fixture(scope="module")
def job(cell: Cell) -> Job:
    return load_job(JOB, cell)


@pytest.fixture
def session(cell: Cell, job: Job) -> Session:
    return Session(cell, job, load_rules(ROOT / "config/rules/guidance.yaml", cell), "p01", "nl", 0)


@pytest.fixture
def inside(session: Session) -> Session:
    session.enter(0)
    session.score(1, 0)
    return session


def lit(session: Session) -> str:
    """The place that the guide lights now."""
    return session.tryout.asked.marks[0].place


def pass_time(session: Session, start: int, seconds: int) -> int:
    """Tick for so long, answering how it goes whenever that is asked; the time then."""
    for now in range(start, start + seconds * SECOND + 1, SECOND // 4):
        session.tick(now)
        if session.question == "score":
            session.score(1, now)
    return start + seconds * SECOND


# The work.


def test_the_guide_judges_what_the_participant_does(inside: Session, cell: Cell) -> None:
    for number in range(3):
        assert inside.tryout.state.step == number
        for asked in (Work.TAKE, Work.PLACE):
            assert inside.tryout.state.phase is asked
            inside.act(lit(inside), SECOND)
    assert (inside.tryout.packed, inside.memory.packed, inside.tryout.held) == (3, 3, None)
    shown = show.snapshot(inside, False, SECOND)
    assert (shown.step, shown.packed, shown.words) == (4, 3, "Pak 1: tandenborstel.")


def test_the_guide_follows_the_hand_and_a_touch_answers_a_check() -> None:
    config = ROOT / "config"
    cell = load_cell(config / "cells/gearbox.yaml", config / "tasks/gearbox_kit.yaml")
    tryout = Tryout(cell, load_rules(config / "rules/guidance.yaml", cell), cell.scene.profile["default"], SECOND)
    with pytest.raises(TryoutError):
        tryout.take("slot_11", SECOND)
    deeds = ["bin_01", "slot_01", "bin_02", "slot_02", "bin_04", "slot_04", "bin_03", "slot_03"]  # the small gear first
    for i, place in enumerate(deeds):
        (tryout.put if i % 2 else tryout.take)(place, SECOND)
    assert (tryout.state.step, tryout.state.problems) == (4, ())
    for number in range(5, 13):
        tryout.take(f"bin_{number:02}", SECOND)
        tryout.put(f"slot_{number:02}", SECOND)
    assert tryout.state.phase is Work.CHECK
    tryout.take("slot_11", SECOND)
    assert (tryout.held, tryout.state.step, tryout.state.phase) == (None, 13, Work.TAKE)


def test_a_wrong_part_is_put_right_as_at_the_bench(inside: Session) -> None:
    inside.act("bin_11", SECOND)
    (problem,) = inside.tryout.state.problems
    assert (problem.trouble, problem.place) == (Trouble.WRONG_PICK, "bin_11")
    assert show.snapshot(inside, False, SECOND).words == "Leg terug: beker."
    inside.act("bin_11", 2 * SECOND)
    assert inside.tryout.state.problems == ()


def test_a_whole_case_is_packed_and_another_begun(inside: Session, cell: Cell) -> None:
    for _ in range(2 * sum(s.count for s in cell.task.steps)):
        inside.act(lit(inside), SECOND)
    assert show.snapshot(inside, False, SECOND).done
    inside.new_case(2 * SECOND)
    assert (inside.tryout.packed, inside.tryout.state.job, inside.tryout.state.phase) == (0, 2, Work.TAKE)
    assert inside.memory.packed == sum(s.count for s in cell.task.steps)


@pytest.mark.parametrize(
    ("acts", "told"),
    [(["nowhere"], "found 'nowhere', allowed: a bin or a slot"), (["slot_01"], "found 'slot_01' empty")],
)
def test_what_cannot_be_done_is_told(inside: Session, acts: list[str], told: str) -> None:
    for act in acts:
        with pytest.raises(WishError, match=told):
            inside.act(act, SECOND)


def test_parts_lie_where_the_simulator_lays_them(inside: Session, cell: Cell) -> None:
    lying = inside.tryout.lying()
    assert sum(len(each) for each in lying.values()) == sum(b.count for b in cell.scene.bins)
    x, y, z, _ = lying["mouth_mirror"][0]
    assert cell.scene.bin["bin_01"].inside.contains((x, y, z))
    before = list(lying["mouth_mirror"])
    inside.act("bin_01", SECOND)
    assert inside.tryout.lying()["mouth_mirror"] == before[:-1]


def test_guidance_is_the_participants_choice(inside: Session) -> None:
    inside.guide(Asked.SET, SECOND, "level", "off")
    shown = show.snapshot(inside, False, SECOND)
    assert (shown.level, shown.words, shown.marks) == ("off", "", ())
    with pytest.raises(WishError, match="full, short, lights, off"):
        inside.guide(Asked.SET, SECOND, "level", "none")


# Time and comfort.


def test_how_it_goes_is_asked_at_the_start_and_every_minute(session: Session) -> None:
    session.enter(0)
    assert show.snapshot(session, False, 0).question == "score"
    assert show.snapshot(session, False, 0).first_score
    session.score(2, SECOND)
    session.tick(59 * SECOND)
    assert session.question == ""
    session.tick(62 * SECOND)
    assert session.question == "score"
    session.score(4, 62 * SECOND)
    assert session.question == ""  # two steps more than at the start
    assert session.memory.scores == [(SECOND, 2), (62 * SECOND, 4)]


def test_three_steps_worse_offers_to_stop(session: Session) -> None:
    session.enter(0)
    session.score(2, 0)
    session.tick(MINUTE)
    session.score(5, MINUTE)
    assert session.question == "worse"
    session.stay(MINUTE)
    assert session.question == ""
    session.tick(2 * MINUTE + SECOND)
    session.score(5, 2 * MINUTE + SECOND)
    assert session.question == "worse"
    session.stop("participant")
    assert (session.phase, session.ended) == (Phase.AFTER, "participant")


def test_the_end_is_told_a_minute_before_and_is_a_choice(inside: Session) -> None:
    now = pass_time(inside, 0, 5 * 60 - 1)
    assert not inside.nearly_over
    now = pass_time(inside, now, 2)
    assert inside.nearly_over
    now = pass_time(inside, now, 60)
    assert inside.question == "time"
    inside.stay(now)
    assert inside.left == 2 * MINUTE
    pass_time(inside, now, 119)
    assert inside.phase is Phase.INSIDE


def test_no_answer_at_the_end_is_a_stop(inside: Session) -> None:
    now = pass_time(inside, 0, 6 * 60 + 1)
    assert inside.question == "time"
    pass_time(inside, now, 58)
    assert inside.phase is Phase.INSIDE
    pass_time(inside, now + 58 * SECOND, 3)
    assert (inside.phase, inside.ended) == (Phase.AFTER, "time")


def test_twelve_minutes_in_the_headset_are_the_end_whatever_was_chosen(inside: Session) -> None:
    inside.pause("participant", 0)
    inside.tick(HARD_STOP - SECOND)
    assert inside.phase is Phase.INSIDE
    assert inside.active == 0
    inside.tick(HARD_STOP)
    assert (inside.phase, inside.ended) == (Phase.AFTER, "time")


def test_time_away_is_not_counted_and_nothing_is_lost(inside: Session) -> None:
    inside.look("hours")
    inside.pause("away", 10 * SECOND)
    inside.tick(40 * MINUTE)
    assert (inside.phase, inside.active, inside.worn) == (Phase.INSIDE, 10 * SECOND, 10 * SECOND)
    inside.resume("participant", 40 * MINUTE)
    assert (inside.paused, inside.open) == (set(), "hours")


def test_only_the_coach_ends_the_coachs_pause_and_stop_always_works(inside: Session) -> None:
    inside.pause("coach", SECOND)
    with pytest.raises(WishError, match="a pause of the coach"):
        inside.resume("participant", SECOND)
    with pytest.raises(WishError, match="paused"):
        inside.act("bin_01", SECOND)
    inside.resume("coach", SECOND)
    inside.act("bin_01", SECOND)
    inside.pause("coach", SECOND)
    inside.stop("participant")
    assert inside.ended == "participant"


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("turn", "30", "did you mean 'turn_deg'"),
        ("turn_deg", "10", "allowed: Input should be '30', '45' or '90'"),
        ("lift_cm", "200", "less than or equal to 60"),
        ("sound", "loud", "found 'loud'"),
        ("language", "de", "allowed: nl, en"),
    ],
)
def test_a_setting_that_there_is_not_is_told(inside: Session, setting: str, value: str, told: str) -> None:
    before = inside.comfort
    with pytest.raises(WishError, match=told):
        inside.set(setting, value, 0)
    assert inside.comfort is before


def test_settings_and_language(inside: Session) -> None:
    inside.set("fade", "false", 0)
    inside.set("lift_cm", "-10", 0)
    inside.set("language", "en", 0)
    shown = show.snapshot(inside, False, 0)
    assert (shown.comfort.fade, shown.comfort.lift_cm, shown.language) == (False, -10, "en")
    assert shown.words == "Take 1: mouth mirror."
    assert show.scenery(inside).title == "Packing oral-care cases"


# What is told, and what happens.


def test_topics_are_remembered_for_the_card(inside: Session) -> None:
    inside.look("work")
    inside.answer(1)
    quiz = show.snapshot(inside, False, 0).open.quiz
    assert (quiz.chosen, quiz.right, quiz.reply) == (1, False, "Er is geen lijst. Het licht laat het zien.")
    inside.answer(0)
    assert show.snapshot(inside, False, 0).open.quiz.right
    inside.mark("like")
    inside.look("hours")
    inside.mark("ask")
    inside.mark("like")
    inside.mark("like")  # taken back
    inside.look("")
    pass_time(inside, 0, 30)
    inside.stop("participant")
    card = show.snapshot(inside, False, 0).card
    assert (card.seen, card.liked, card.asked) == (("Het werk", "Werktijden"), ("Het werk",), ("Werktijden",))
    assert (card.packed, card.minutes) == (0, 0.5)


def test_a_shortage_is_seen_by_the_guide_and_ends(inside: Session, cell: Cell) -> None:
    inside.disturb("shortage", 0)
    assert show.snapshot(inside, False, 0).words == "Deze bak is leeg: mondspiegel. Een collega vult hem."
    with pytest.raises(WishError, match="disturb"):
        inside.disturb("noise", 0)
    pass_time(inside, 0, 14)
    assert inside.disturbance == "shortage"
    pass_time(inside, 14 * SECOND, 2)
    assert (inside.disturbance, inside.tryout.state.problems) == ("", ())
    assert inside.tryout.count("bin_01") == cell.scene.bin["bin_01"].count


def test_a_disturbance_can_be_ended_and_must_be_one_of_the_job(inside: Session) -> None:
    inside.disturb("noise", 0)
    inside.calm(SECOND)
    assert inside.disturbance == ""
    with pytest.raises(WishError, match="allowed: shortage, visitor, noise"):
        inside.disturb("fire", 0)
    inside.act(lit(inside), 0)
    with pytest.raises(WishError, match="nothing that could run out"):
        inside.disturb("shortage", 0)


def test_notes_are_kept_with_their_time(inside: Session) -> None:
    pass_time(inside, 0, 10)
    inside.note("  looks at \n the bins ")
    told = show.watch(inside, True)
    assert [(n.at, n.words) for n in told.notes] == [(10, "looks at the bins")]
    assert [(s.at, s.value) for s in told.scores] == [(0, 1)]
    for words in ("", "x" * 501):
        with pytest.raises(WishError, match="note"):
            inside.note(words)


def test_before_and_after_nothing_can_be_done(session: Session) -> None:
    for act in (lambda: session.look("hours"), lambda: session.score(1, 0), lambda: session.stop("participant")):
        with pytest.raises(WishError, match="a session that is before"):
            act()
    session.enter(0)
    session.stop("coach")
    with pytest.raises(WishError, match="a session that is after"):
        session.enter(0)
    assert show.snapshot(session, False, 0).ended == "coach"


# The job's file.


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = JOB.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "job.yaml"
    shutil.copytree(JOB.parent / "panoramas", tmp_path / "panoramas")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("kind: not_nice", "kind: work", r"hot_spots: found none of kind 'not_nice', allowed: at least one of each"),
        ("at: [-0.48, 0.50, 0.50]", "at: cse", r"hot_spots\[0\].at: found 'cse', allowed: .*did you mean 'case'"),
        ("nl: Werktijden", "de: Arbeitszeit", r"hot_spots\[2\].title.nl: found no words"),
        ("right: true, reply", "reply", r"quiz.answers: found 0 right answers, allowed: one answer"),
        ("minutes: 6", "minutes: 20", r"minutes: found 20, allowed: less than or equal to 12"),
        ("id: beside", "id: seat", r"viewpoints\[1\].id: found 'seat' a second time"),
        ("    kind: hours\n", "    kind: hours\n    picture: gone.jpg\n", r"found 'gone.jpg', and there is no such"),
        ("    kind: hours\n", "    kind: hours\n    picture: ../a.gif\n", r"found '../a.gif', allowed: a PNG or JPEG"),
        ("    kind: hours\n", "    kind: hours\n    movie: a.mp4\n", r"found unknown field 'movie'"),
        (
            "    kind: hours\n",
            "    kind: hours\n    audio: {nl: a.exe}\n",
            r"audio.nl: found 'a.exe', allowed: an MP3, Ogg",
        ),
        ("    kind: hours\n", HOURS_VIDEO.replace("en: a.vtt, ", ""), r"video.captions.en: found no captions, allowed"),
        (
            "    kind: hours\n",
            HOURS_VIDEO.replace("v.mp4", "../v.mp4"),
            r"video.file: found '../v.mp4', allowed: a file",
        ),
        ("- kind: visitor", "- kind: noise", r"disturbances\[2\].kind: found 'noise' a second time"),
        ("at: [-0.48, 0.50, 0.50]", "at: cobot", r"found 'cobot'"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_its_line(tmp_path: Path, cell: Cell, old: str, new: str, told: str) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(DocumentError, match=told) as caught:
        load_job(path, cell)
    assert str(caught.value).startswith(f"{path}:")


def test_a_video_that_is_not_there_is_told_and_the_words_stay(tmp_path: Path, cell: Cell) -> None:
    path = changed(tmp_path, "    kind: hours\n", HOURS_VIDEO)
    job, media = load_job(path, cell), Media(load_job(path, cell), tmp_path)
    assert (
        missing(job, tmp_path)[0] == f"hot spot 'hours': video: found no file 'v.mp4' in {tmp_path}; the page says so"
    )
    session = Session(cell, job, load_rules(ROOT / "config/rules/guidance.yaml", cell), "p01", "nl", 0)
    session.enter(0)
    session.look("hours")
    told = show.snapshot(session, False, 0, media=media).open
    assert (told.missing, told.video, told.lines[0]) == (True, "", "Het werk begint om half negen.")
    for name in ("v.mp4", "a.vtt", "b.vtt"):
        (tmp_path / name).write_bytes(b"here now")
    told = show.snapshot(session, False, 0, media=media).open
    assert (told.missing, told.video, told.captions) == (
        False, "/orientation/media/hours/video", "/orientation/media/hours/captions_nl",
    )  # fmt: skip
    session.show("video")
    assert show.snapshot(session, False, 0, media=media).open.showing == "video"
    with pytest.raises(WishError, match="found 'panorama', allowed: video"):
        session.show("panorama")
    session.look("work")
    assert session.showing == ""


def test_hot_spots_float_above_what_they_are_about(cell: Cell, job: Job) -> None:
    x, y, z = where(job.spot["work"].model_copy(update={"at": "case"}), cell)
    assert (x, y) == pytest.approx(cell.scene.case.position[:2])
    assert z > cell.scene.case.size[2]
    assert where(job.spot["hours"], cell) == (0.48, 0.50, 0.50)


def test_the_shipped_words_are_easy(job: Job) -> None:
    for at, text in all_texts(job):
        for language, words in text.items():
            for sentence in words.replace("!", ".").replace("?", ".").split("."):
                assert len(sentence.split()) <= LONGEST, (at, language, sentence)


def test_the_pages_types_are_fresh() -> None:
    kept = (ROOT / "web/orientation/messages.d.ts").read_text(encoding="utf-8")
    assert kept == typescript(), "run: python -m opstap.orientation.messages > web/orientation/messages.d.ts"
