"""What the pages are sent of a session: its state as messages, in the participant's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import radians
from typing import Literal

import numpy as np

from opstap.geometry import Box
from opstap.guidance.cues import spoken
from opstap.orientation import messages as m
from opstap.orientation.job import Text, where
from opstap.orientation.media import Media
from opstap.orientation.mirror import Mirror
from opstap.orientation.session import SECOND, Phase, Session
from opstap.orientation.tryout import Lying, lying_of
from opstap.workflow.asking import ask
from opstap.workflow.levels import LEVELS
from opstap.workflow.model import Phase as Work
from opstap.workflow.model import State
from opstap.workflow.order import current_step

FILE = "/orientation/cell.glb"


def scenery(session: Session, questions: bool = False, responsible: str = "") -> m.Scenery:
    """What stays as it is while a session lasts.

    Args:
        questions: whether there are questions before and after.
        responsible: name of who is there for the participant.
    """
    arm = session.tryout.arm
    cell, job, language = session.cell, session.job, session.language
    scene = cell.scene
    places = [_place(b.id, "bin", cell.part_in(b.id).name, language, b.inside, b.yaw_deg) for b in scene.bins]
    for slot in scene.case.slots:
        part = cell.task.slot_part.get(slot.id)
        name = cell.task.parts[part].name if part else {}
        places.append(_place(slot.id, "slot", name, language, scene.case.slot_box(slot), scene.case.yaw_deg))
    if arm and scene.cobot:
        trays = {z.id: scene.cobot.tray_box(scene.cobot.standing(z)) for z in scene.zones if z.kind == "handover"}
        places += [_place(zone, "tray", {}, language, box, -90.0) for zone, box in trays.items()]
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
        levels=LEVELS, joints=arm.names if arm else (),
        tray=scene.cobot.tray.size if arm and scene.cobot else (0.0, 0.0, 0.0), responsible=responsible,
        questions=questions,
    )  # fmt: skip


def world(session: Session, mirror: Mirror | None = None) -> m.World:
    """Where the parts lie: at the own bench, or in the cell that is looked at."""
    tryout = session.tryout
    if mirror and session.view == "cell":
        # What lies in a tray is not seen by the cell either.
        trays = tuple(m.Tray(part=part, lying=()) for part, _ in tryout.in_trays().values())
        return m.World(piles=_piles(mirror.lying()), trays=trays, standing=(), held="")
    trays = tuple(m.Tray(part=part, lying=tuple(lying)) for part, lying in tryout.in_trays().values())
    return m.World(piles=_piles(tryout.lying()), trays=trays, standing=tryout.standing, held=tryout.held or "")


def moving(session: Session, mirror: Mirror | None = None) -> m.Moving:
    """What moves now."""
    arm = session.tryout.arm
    joints, trays = (arm.joints, arm.trays) if arm else ((), {})
    if mirror is None or session.view == "own":
        return m.Moving(joints=joints, trays=tuple(map(lying_of, trays.values())), hands=())
    if arm and session.cell.scene.cobot:
        joints = tuple(round(mirror.joints.get(n, q), 4) for n, q in zip(arm.names, joints, strict=True))
        store = session.cell.scene.cobot.store
        trays = {s.id: s.pose for s in store}
        step = current_step(session.cell, mirror.state) if mirror.state else None
        if mirror.tray:  # the one that is asked for, as far as that can be known
            trays[next((s.id for s in store if step and s.part == step.part), store[0].id)] = mirror.tray
    hands = tuple((*_rounded(h.position), *_rounded(h.extent)) for h in mirror.hands)
    return m.Moving(joints=joints, trays=tuple(map(lying_of, trays.values())), hands=hands)


def snapshot(
    session: Session, watched: bool, now: int, mirror: Mirror | None = None, media: Media | None = None,
    carry: bool = False,
) -> m.Snapshot:  # fmt: skip
    """The session now.

    Args:
        watched: whether a coach looks on.
        carry: whether the level of help can be taken to the bench.
    """
    job, language, tryout = session.job, session.language, session.tryout
    cell, inside = session.cell, session.phase is Phase.INSIDE
    state, profile = tryout.state, tryout.profile
    if mirror and session.view == "cell":
        # What is said to who works there, in the participant's own language.
        state, profile = mirror.state or State(), mirror.profile.model_copy(update={"language": language})
        now = mirror.stamp
    names = cell.task.parts
    disturbing = next((d for d in job.disturbances if d.kind == session.disturbance), None)
    lit = ask(cell, state).marks if inside and profile.level != "off" else ()
    own = state is tryout.state
    return m.Snapshot(
        phase=session.phase.value, ended=session.ended, paused=tuple(sorted(session.paused)),
        question=session.question, first_score=not session.memory.scores, language=language,
        left=float(session.left // SECOND), nearly_over=session.nearly_over, watched=watched,
        view=session.view, cell=mirror.standing if mirror else "", carry=_carry(session, carry),
        unreal=own or mirror is None or mirror.simulated,
        words=spoken(state, cell, profile, now) if inside else "",
        step=state.step + 1 if current_step(cell, state) else 0, steps=len(cell.task.steps),
        done=own and state.phase is Work.DONE,
        marks=tuple(m.Mark(place=k.place, meaning=k.meaning) for k in lit),
        level=tryout.profile.level, held=names[tryout.held].name[language] if own and tryout.held else "",
        packed=tryout.packed if own or mirror is None else mirror.packed,
        viewpoint=session.viewpoint, seen=tuple(session.memory.seen),
        open=_open(session, media) if session.open else None, disturbance=session.disturbance,
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


def _piles(lying: Mapping[str, Sequence[Lying]]) -> tuple[m.Pile, ...]:
    return tuple(m.Pile(part=part, lying=tuple(each)) for part, each in lying.items())


def _rounded(v: tuple[float, float, float]) -> tuple[float, float, float]:
    return round(v[0], 3), round(v[1], 3), round(v[2], 3)


def _carry(session: Session, can: bool) -> Literal["", "asked", "yes"]:
    if not can or session.phase is not Phase.AFTER:
        return ""
    return "yes" if session.carried else "asked"


def _open(session: Session, media: Media | None) -> m.OpenSpot:
    spot, language, memory = session.job.spot[session.open], session.language, session.memory
    quiz = None
    if spot.quiz:
        chosen = memory.answers.get(spot.id)
        answer = spot.quiz.answers[chosen] if chosen is not None else None
        quiz = m.Quiz(
            question=spot.quiz.question[language], answers=tuple(a.text[language] for a in spot.quiz.answers),
            chosen=chosen, reply=answer.reply[language] if answer else "", right=bool(answer and answer.right),
        )  # fmt: skip

    def path(what: str) -> str:
        return media.path(spot, what) if media else ""

    return m.OpenSpot(
        id=spot.id, title=spot.title[language], speaker=spot.speaker.get(language, ""),
        lines=_texts(spot.text, language), picture=path("picture"), panorama=path("panorama"),
        alt=spot.alt.get(language, ""), video=path("video"), around=bool(spot.video and spot.video.around),
        captions=path(f"captions_{language}"), audio=path(f"audio_{language}"),
        showing=session.showing, missing=bool(media and media.incomplete(spot)), liked=spot.id in memory.liked,
        to_ask=spot.id in memory.asked,
        quiz=quiz,
    )  # fmt: skip


def _card(session: Session) -> m.Card:
    memory, language = session.memory, session.language
    seen, liked, asked = (
        tuple(session.job.spot[s].title[language] for s in ids) for ids in (memory.seen, memory.liked, memory.asked)
    )
    minutes = round(session.active / (60 * SECOND), 1)
    return m.Card(seen=seen, liked=liked, asked=asked, packed=memory.packed, minutes=minutes)
