"""Checks of lab 6: the topic by the job's own reader, the surprise in a session with a clock of its own."""

from __future__ import annotations

import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

from opstap.documents import DocumentError
from opstap.instructions import load_cell
from opstap.integration.linting import LONGEST
from opstap.orientation.job import HotSpot, load_job
from opstap.orientation.session import SECOND, WishError
from opstap.workflow.levels import load_rules

CONFIG = Path(__file__).parents[2] / "config"
JOB = CONFIG / "jobs/oral_care_packer.yaml"
JUDGING = re.compile(r"\b(wrong|bad|stupid|must|never|fout|slecht|dom|moet|nooit)\b", re.IGNORECASE)


@cache
def cell():
    return load_cell(CONFIG / "cells/oral_care.yaml", CONFIG / "tasks/oral_care_case.yaml")


def topic(work) -> HotSpot:
    """The student's hot spot, as the reader of jobs takes it in the shipped job."""
    before, after = JOB.read_text(encoding="utf-8").split("disturbances:", 1)
    spot = "  - " + work.HOT_SPOT.strip().replace("\n", "\n    ")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "my_job.yaml")
        shutil.copytree(JOB.parent / "panoramas", Path(folder, "panoramas"))  # looked for beside the job's file
        path.write_text(f"{before.rstrip()}\n{spot}\n\ndisturbances:{after}", encoding="utf-8")
        try:
            return load_job(path, cell()).hot_spots[-1]
        except DocumentError as error:
            raise AssertionError(str(error).replace(f"{folder}/", "")) from error


def the_topic_is_accepted(work):
    """the orientation's reader accepts HOT_SPOT"""
    assert topic(work).id == "gloves", f"its id is '{topic(work).id}'; expected gloves"


def it_is_where_it_belongs(work):
    """it tells of safety, over a bin of gloves"""
    spot = topic(work)
    assert spot.kind == "safety", f"its kind is {spot.kind}"
    bins = [b.id for b in cell().scene.bins if b.part.startswith("gloves")]
    assert spot.at in bins, f"it floats over '{spot.at}'; the gloves are in {', '.join(bins)}"


def texts(work):
    spot = topic(work)
    assert spot.quiz, "there is no quiz"
    yield from (spot.title, *spot.text, spot.quiz.question)
    yield from (text for a in spot.quiz.answers for text in (a.text, a.reply))
    yield from (work.DISTURBANCE["title"], work.DISTURBANCE["text"])


def plain_words(work):
    """short sentences in English and Dutch, also of the surprise"""
    for text in texts(work):
        for language in ("en", "nl"):
            words = text.get(language, "")
            assert words, f"no words in '{language}': {text}"
            for sentence in re.split(r"[.?!]", words):
                assert len(sentence.split()) <= LONGEST, f"more than {LONGEST} words: '{sentence.strip()}'"


def no_reproach(work):
    """who answers wrongly is helped"""
    quiz = topic(work).quiz
    assert quiz, "there is no quiz"
    for answer in quiz.answers:
        for words in answer.reply.values():
            judged = JUDGING.search(words)
            assert not judged, f"'{judged[0] if judged else ''}' in: {words}"


def inside(work, packed: int):
    """A session of somebody who has packed so many parts; and the time then."""
    rules = load_rules(CONFIG / "rules/guidance.yaml", cell())
    session = work.Borrowing(cell(), load_job(JOB, cell()), rules, "p01", "en", 0)
    session.enter(0)
    session.score(1, 0)
    now = 0
    for _ in range(packed):
        for _ in range(2):
            now += SECOND
            session.tick(now)
            session.act(session.tryout.asked.marks[0].place, now)
    return session, now


def refused(session, now: int) -> bool:
    try:
        session.borrow(now)
    except WishError:
        return True
    return False


def the_part_is_gone(work):
    """the part that was placed last is gone, and nobody holds it"""
    session, now = inside(work, 2)
    slot = cell().task.steps[1].slot
    session.borrow(now)
    assert session.tryout.count(slot) == 0, f"there is still something in {slot}"
    assert session.tryout.held is None, "the participant holds it; a colleague took it"
    asked = [p.place for p in session.tryout.state.problems]
    assert slot in asked, f"the guide says nothing of {slot}: it sees {asked or 'no problem'}"


def it_comes_back(work):
    """ended by the participant it is back, and the work goes on where it was"""
    session, now = inside(work, 2)
    slot = cell().task.steps[1].slot
    session.borrow(now)
    assert session.tryout.count(slot) == 0, f"it never was away: there is something in {slot}"
    session.calm(now + SECOND)
    assert session.tryout.count(slot) == 1, f"{slot} is empty"
    assert session.tryout.state.problems == (), "the guide still wants something put right"
    assert session.tryout.state.step == 2, f"the guide is at step {session.tryout.state.step}; expected 2"


def it_ends_by_itself(work):
    """nobody ends it: it ends after LASTS, and a pause does not count"""
    session, now = inside(work, 1)
    session.borrow(now)
    slot = cell().task.steps[0].slot
    session.pause("participant", now)
    session.tick(now + 60 * SECOND)
    assert session.tryout.count(slot) == 0, "it came back during a pause"
    session.resume("participant", now + 60 * SECOND)
    for second in range(61, 61 + work.LASTS // SECOND + 1):
        session.tick(now + second * SECOND)
    assert session.tryout.count(slot) == 1, f"after {work.LASTS // SECOND} s it is still away"


def only_when_it_can(work):
    """not before the session, in a pause, beside another disturbance, or twice; not where nothing is packed"""
    session, now = inside(work, 0)
    assert refused(session, now), "there is nothing in the case, and it was borrowed"
    session, now = inside(work, 1)
    session.disturb("noise", now)
    assert refused(session, now), "borrowed while a machine is loud"
    session.calm(now)
    session.pause("coach", now)
    assert refused(session, now), "borrowed in a pause"
    session.resume("coach", now)
    session.borrow(now)
    assert refused(session, now), "borrowed twice"
    session.stop("participant")
    assert session.ended == "participant", "the participant cannot stop"


CHECKS = [the_topic_is_accepted, it_is_where_it_belongs, plain_words, no_reproach, the_part_is_gone, it_comes_back,
          it_ends_by_itself, only_when_it_can]  # fmt: skip
