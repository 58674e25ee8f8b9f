"""What a participant is told of the job, as a file: `config/jobs/*.yaml`, one for each job that can be met beforehand.

The job is told honestly: a file without its not-nice parts, or without hours, safety, team, training or the work
itself, is refused. Words are A2, as those of work instructions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import Field

from opstap.documents import Document, Fault, Location, Model, nearest
from opstap.instructions import Cell
from opstap.scene import Coordinate, Degrees, Id, Language, Position

Text = dict[Language, Annotated[str, Field(min_length=1, max_length=160)]]
"""One sentence or two, in several languages."""
Kind = Literal["work", "safety", "hours", "team", "training", "not_nice"]
"""What a hot spot tells of. All of them must be told."""
Trouble = Literal["shortage", "visitor", "noise"]
"""Shortage: the bin that is asked for is empty. Visitor: somebody stands at the table. Noise: a machine runs."""
PICTURES, VIDEOS, SOUNDS, CAPTIONS = (".jpg", ".jpeg", ".png"), (".mp4", ".webm"), (".mp3", ".ogg", ".wav"), (".vtt",)
ABOVE = 0.10
"""How far above a named place its hot spot floats, metres."""


class Answer(Model):
    text: Text
    right: bool = False
    reply: Text
    """What is said to who chooses it; never a reproach."""


class Quiz(Model):
    """One question about what was just told."""

    question: Text
    answers: Annotated[tuple[Answer, ...], Field(min_length=2, max_length=4)]


class Video(Model):
    """A video of the own place, and its captions: a file for each language."""

    file: str
    """MP4 or WebM, as a path from the job file's folder. Where it is not there, the page says so."""
    captions: dict[Language, str]
    """WebVTT files."""
    around: bool = False
    """Whether it is one all around (equirectangular)."""


class HotSpot(Model):
    """Something to open in the scene."""

    id: Id
    kind: Kind
    at: Id | Position
    """A bin, a slot, a zone, `case` or `cobot`, or a position in the table frame, metres."""
    title: Text
    speaker: Text = Field(default_factory=dict)
    """Who says it, such as a colleague; empty: nobody."""
    text: Annotated[tuple[Text, ...], Field(min_length=1, max_length=6)]
    picture: str = ""
    """A PNG or JPEG, as a path from this file's folder; empty: none."""
    panorama: str = ""
    """A picture all around (equirectangular PNG or JPEG, twice as wide as high), as `picture`."""
    alt: Text = Field(default_factory=dict)
    """What the picture, panorama or video shows, for who cannot see it; needed with one of them."""
    video: Video | None = None
    audio: dict[Language, str] = Field(default_factory=dict)
    """Files in which somebody says the text; where there is none the browser's voice does, where it has one."""
    quiz: Quiz | None = None


class Viewpoint(Model):
    """Where one can stand and look from; one moves between them at once, never smoothly."""

    id: Id
    name: Text
    position: tuple[Coordinate, Coordinate]
    """On the floor, metres in the table frame."""
    facing_deg: Degrees = 90.0
    """Direction of view seen from above, from the table's x axis; 90 looks away from the operator's side."""


class Disturbance(Model):
    """Something that happens at work too. It comes only when participant or coach asks for it."""

    kind: Trouble
    title: Text
    text: Text


class Job(Model):
    job: Id
    title: Text
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    minutes: Annotated[float, Field(ge=2, le=12)] = 6.0
    """How long a session is meant to last."""
    preview: Annotated[tuple[Text, ...], Field(min_length=1, max_length=8)]
    """What will happen, told before it does."""
    viewpoints: Annotated[tuple[Viewpoint, ...], Field(min_length=1, max_length=8)]
    """The first is where one comes in."""
    hot_spots: Annotated[tuple[HotSpot, ...], Field(min_length=1, max_length=20)]
    disturbances: tuple[Disturbance, ...] = ()

    @cached_property
    def spot(self) -> dict[str, HotSpot]:
        return {s.id: s for s in self.hot_spots}


def load_job(path: Path, cell: Cell, cobot: bool = False) -> Job:
    """The job in `path`, checked, also against the cell in which it is shown.

    Args:
        cobot: whether the cell's arm is shown.

    Raises:
        DocumentError: telling every fault with line and field.
    """
    document = Document.read(path)
    job = document.parse(Job)
    faults = [*_silent(job), *_untold(job), *_repeated(job), *_nowhere(job, cell, cobot), *_quizzes(job)]
    faults += _files(job, path.parent)
    if faults:
        raise document.error(faults)
    return job


def where(spot: HotSpot, cell: Cell) -> tuple[float, float, float]:
    """Where a hot spot floats, metres in the table frame."""
    if not isinstance(spot.at, str):
        return spot.at
    x, y, z = _places(cell, True)[spot.at]
    return x, y, z + ABOVE


def all_texts(job: Job) -> Iterator[tuple[Location, Text]]:
    """Every text of the job, and where it stands."""
    yield ("title",), job.title
    yield from ((("preview", i), t) for i, t in enumerate(job.preview))
    yield from ((("viewpoints", i, "name"), v.name) for i, v in enumerate(job.viewpoints))
    for i, spot in enumerate(job.hot_spots):
        at: Location = ("hot_spots", i)
        yield (*at, "title"), spot.title
        yield from (((*at, name), t) for name, t in (("speaker", spot.speaker), ("alt", spot.alt)) if t)
        yield from (((*at, "text", k), t) for k, t in enumerate(spot.text))
        if spot.quiz:
            yield (*at, "quiz", "question"), spot.quiz.question
            for k, answer in enumerate(spot.quiz.answers):
                yield (*at, "quiz", "answers", k, "text"), answer.text
                yield (*at, "quiz", "answers", k, "reply"), answer.reply
    for i, each in enumerate(job.disturbances):
        yield ("disturbances", i, "title"), each.title
        yield ("disturbances", i, "text"), each.text


def _silent(job: Job) -> Iterator[Fault]:
    wanted = ", ".join(job.languages)
    for at, text in all_texts(job):
        for language in job.languages:
            if language not in text:
                yield Fault((*at, language), "no words", f"words in every one of: {wanted}")


def _untold(job: Job) -> Iterator[Fault]:
    told = {s.kind for s in job.hot_spots}
    for kind in get_args(Kind):
        if kind not in told:
            yield Fault(("hot_spots",), f"none of kind '{kind}'", f"at least one of each: {', '.join(get_args(Kind))}")


def _repeated(job: Job) -> Iterator[Fault]:
    lists: Sequence[tuple[str, list[str]]] = (
        ("hot_spots", [s.id for s in job.hot_spots]),
        ("viewpoints", [v.id for v in job.viewpoints]),
    )
    for name, ids in lists:
        for i, each in enumerate(ids):
            if each in ids[:i]:
                yield Fault((name, i, "id"), f"'{each}' a second time", "an id of its own")
    kinds = [d.kind for d in job.disturbances]
    for i, kind in enumerate(kinds):
        if kind in kinds[:i]:
            yield Fault(("disturbances", i, "kind"), f"'{kind}' a second time", "each once")


def _places(cell: Cell, cobot: bool) -> dict[str, tuple[float, float, float]]:
    """What a hot spot can float above: the middle of its upper side."""
    scene = cell.scene
    case = scene.case.outside.corners()
    tops = {b.id: b.outside.corners() for b in scene.bins}
    tops |= {s.id: scene.case.slot_box(s).corners() for s in scene.case.slots}
    tops |= {z.id: z.surface.corners() for z in scene.zones} | {"case": case}
    found = {n: (*np.mean(c, axis=0)[:2].tolist(), float(c[:, 2].max())) for n, c in tops.items()}
    if cobot and scene.cobot:
        found["cobot"] = scene.cobot.position
    return found


def _nowhere(job: Job, cell: Cell, cobot: bool) -> Iterator[Fault]:
    places = _places(cell, cobot)
    for i, spot in enumerate(job.hot_spots):
        if isinstance(spot.at, str) and spot.at not in places:
            allowed = f"a position such as [0.5, 0.2, 0.3], or one of: {nearest(spot.at, list(places))}"
            yield Fault(("hot_spots", i, "at"), f"'{spot.at}'", allowed)


def _quizzes(job: Job) -> Iterator[Fault]:
    for i, spot in enumerate(job.hot_spots):
        right = sum(a.right for a in spot.quiz.answers) if spot.quiz else 1
        if right != 1:
            yield Fault(("hot_spots", i, "quiz", "answers"), f"{right} right answers", "one answer with right: true")


def files(spot: HotSpot) -> dict[str, tuple[Location, str]]:
    """Every file of a hot spot: what it is for, with its language where it has one, where it is named, and its path."""
    found: dict[str, tuple[Location, str]] = {"picture": (("picture",), spot.picture)}
    found["panorama"] = (("panorama",), spot.panorama)
    if spot.video:
        found["video"] = (("video", "file"), spot.video.file)
        found |= {f"captions_{x}": (("video", "captions", x), c) for x, c in spot.video.captions.items()}
    found |= {f"audio_{x}": (("audio", x), file) for x, file in spot.audio.items()}
    return {what: (at, file) for what, (at, file) in found.items() if file}


def missing(job: Job, folder: Path) -> list[str]:
    """Videos and sounds that are named and not there, in words: a place's own, which may come later."""
    return [
        f"hot spot '{spot.id}': {what}: found no file '{file}' in {folder}; the page says so"
        for spot in job.hot_spots
        for what, (_, file) in files(spot).items()
        if not (folder / file).is_file()
    ]


_KINDS = {
    "picture": (PICTURES, "a PNG or JPEG file"), "panorama": (PICTURES, "a PNG or JPEG file"),
    "video": (VIDEOS, "an MP4 or WebM file"), "captions": (CAPTIONS, "a WebVTT file"),
    "audio": (SOUNDS, "an MP3, Ogg or WAV file"),
}  # fmt: skip


def _files(job: Job, folder: Path) -> Iterator[Fault]:
    for i, spot in enumerate(job.hot_spots):
        for what, (at, file) in files(spot).items():
            (suffixes, allowed), path = _KINDS[what.partition("_")[0]], folder / file
            here: Location = ("hot_spots", i, *at)
            if path.suffix.lower() not in suffixes:
                yield Fault(here, f"'{file}'", allowed)
            elif not path.resolve().is_relative_to(folder.resolve()):
                yield Fault(here, f"'{file}'", "a file in this file's folder")
            elif at[0] in ("picture", "panorama") and not path.is_file():
                yield Fault(here, f"'{file}', and there is no such file", "a file that is there")
        if (spot.picture or spot.panorama or spot.video) and not spot.alt:
            yield Fault(("hot_spots", i, "alt"), "no words", "what the picture shows, for who cannot see it")
        for language in job.languages:
            if spot.video and language not in spot.video.captions:
                at_captions: Location = ("hot_spots", i, "video", "captions", language)
                yield Fault(at_captions, "no captions", "a WebVTT file for every language of the job")
