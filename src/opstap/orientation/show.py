"""What the pages are sent of a session: its state as messages, in the participant's language."""

from __future__ import annotations

from math import radians

import numpy as np

from opstap.geometry import Box
from opstap.guidance.cues import spoken
from opstap.orientation import messages as m
from opstap.orientation.job import Text, where
from opstap.orientation.session import SECOND, Phase, Session
from opstap.workflow.asking import current_step
from opstap.workflow.levels import LEVELS
from opstap.workflow.model import Phase as Work

FILE = "/orientation/cell.glb"


def scenery(session: Session, questions: bool = False) -> m.Scenery:
    """What stays as it is while a session lasts.

    Args:
        questions: whether there are questions before and after.
    """
    cell, job, language = session.cell, session.job, session.language
    scene = cell.scene
    places = [_place(b.id, "bin", cell.part_in(b.id).name, language, b.inside, b.yaw_deg) for b in scene.bins]
    for slot in scene.case.slots:
        part = cell.task.slot_part.get(slot.id)
        name = cell.task.parts[part].name if part else {}
        places.append(_place(slot.id, "slot", name, language, scene.case.slot_box(slot), scene.case.yaw_deg))
    return m.Scenery(
        file=FILE, language=language, languages=job.languages, title=job.title[language],
        preview=_texts(job.preview, language), minutes=job.minutes, table=(*scene.table.size, scene.table.height),
        projectors=tuple(
            m.Projector(
                matrix=tuple((p.view.pinhole.matrix @ p.view.T_optical_table.matrix[:3]).ravel().tolist()),
                width=p.optics.width, height=p.optics.height,
            ) for p in scene.projectors
        ),
        places=tuple(places),
        spots=tuple(m.Spot(id=s.id, kind=s.kind, title=s.title[language], at=where(s, cell)) for s in job.hot_spots),
        viewpoints=tuple(
            m.Viewpoint(id=v.id, name=v.name[language], at=v.position, facing=radians(v.facing_deg))
            for v in job.viewpoints
        ),
        happenings=tuple(
            m.Happening(kind=d.kind, title=d.title[language], text=d.text[language]) for d in job.disturbances
        ),
        levels=LEVELS, questions=questions,
    )  # fmt: skip


def world(session: Session) -> m.World:
    """Where the parts lie."""
    piles = (m.Pile(part=part, lying=tuple(lying)) for part, lying in session.tryout.lying().items())
    return m.World(piles=tuple(piles), held=session.tryout.held or "")


def snapshot(session: Session, watched: bool, now: int) -> m.Snapshot:
    """The session now."""
    job, language, tryout = session.job, session.language, session.tryout
    state, inside = tryout.state, session.phase is Phase.INSIDE
    names = session.cell.task.parts
    disturbing = next((d for d in job.disturbances if d.kind == session.disturbance), None)
    return m.Snapshot(
        phase=session.phase.value, ended=session.ended, paused=tuple(sorted(session.paused)),
        question=session.question, first_score=not session.memory.scores, language=language,
        left=float(session.left // SECOND), nearly_over=session.nearly_over, watched=watched,
        words=spoken(state, session.cell, tryout.profile, now) if inside else "",
        step=state.step + 1 if current_step(session.cell, state) else 0, steps=len(session.cell.task.steps),
        done=state.phase is Work.DONE,
        marks=tuple(m.Mark(place=k.place, meaning=k.meaning) for k in tryout.asked.marks)
        if inside and tryout.profile.level != "off" else (),
        level=tryout.profile.level, held=names[tryout.held].name[language] if tryout.held else "",
        packed=tryout.packed, viewpoint=session.viewpoint, seen=tuple(session.memory.seen),
        open=_open(session) if session.open else None, disturbance=session.disturbance,
        disturbance_words=disturbing.text[language] if disturbing else "", comfort=session.comfort,
        card=_card(session) if session.phase is Phase.AFTER else None,
    )  # fmt: skip


def watch(session: Session, inside: bool) -> m.Watch:
    """What only the coach sees.

    Args:
        inside: whether a participant's page is connected.
    """
    return m.Watch(
        person=session.person,
        inside=inside,
        scores=tuple(m.Score(at=at // SECOND, value=value) for at, value in session.memory.scores),
        notes=tuple(m.Note(at=at // SECOND, words=words) for at, words in session.memory.notes),
    )


def _place(name: str, kind: str, part: Text, language: str, box: Box, yaw_deg: float) -> m.Place:
    middle = tuple(np.round(box.pose.translation, 4).tolist())
    return m.Place(id=name, kind=kind, name=part.get(language, ""), middle=middle, size=box.size,  # type: ignore[arg-type]
                   yaw=radians(yaw_deg))  # fmt: skip


def _texts(texts: tuple[Text, ...], language: str) -> tuple[str, ...]:
    return tuple(t[language] for t in texts)


def _open(session: Session) -> m.OpenSpot:
    spot, language, memory = session.job.spot[session.open], session.language, session.memory
    quiz = None
    if spot.quiz:
        chosen = memory.answers.get(spot.id)
        answer = spot.quiz.answers[chosen] if chosen is not None else None
        quiz = m.Quiz(
            question=spot.quiz.question[language], answers=tuple(a.text[language] for a in spot.quiz.answers),
            chosen=chosen, reply=answer.reply[language] if answer else "", right=bool(answer and answer.right),
        )  # fmt: skip
    return m.OpenSpot(
        id=spot.id, title=spot.title[language], speaker=spot.speaker.get(language, ""),
        lines=_texts(spot.text, language), picture=f"/orientation/pictures/{spot.id}" if spot.picture else "",
        alt=spot.alt.get(language, ""), liked=spot.id in memory.liked, to_ask=spot.id in memory.asked, quiz=quiz,
    )  # fmt: skip


def _card(session: Session) -> m.Card:
    memory, language = session.memory, session.language
    seen, liked, asked = (
        tuple(session.job.spot[s].title[language] for s in ids) for ids in (memory.seen, memory.liked, memory.asked)
    )
    minutes = round(session.active / (60 * SECOND), 1)
    return m.Card(seen=seen, liked=liked, asked=asked, packed=memory.packed, minutes=minutes)
