"""The bench page's snapshot, from the work state and what the nodes tell."""

from __future__ import annotations

from collections import deque
from math import radians

from opstap.instructions import Cell
from opstap.instructions import Step as Task
from opstap.pages.protocol import (
    Choice,
    Happening,
    Latency,
    NodeStatus,
    Picture,
    Place,
    Problem,
    Robot,
    Snapshot,
    Step,
    Summary,
)
from opstap.scene import Profile
from opstap.workflow.asking import Ask, ask, putting_right
from opstap.workflow.levels import Rules, alone, settings
from opstap.workflow.model import Content, Phase, State
from opstap.workflow.model import Problem as Trouble
from opstap.workflow.order import current_step, done, order

EVENTS = 40
WORDS = {
    "en": {
        "step": "Done: {part}.",
        "skipped": "Left out: {part}.",
        "solved": "Put right.",
        "began": "A new case.",
        "done": "The case is full.",
    },
    "nl": {
        "step": "Klaar: {part}.",
        "skipped": "Overgeslagen: {part}.",
        "solved": "Weer goed.",
        "began": "Een nieuwe koffer.",
        "done": "De koffer is vol.",
    },
    "de": {
        "step": "Fertig: {part}.",
        "skipped": "Ausgelassen: {part}.",
        "solved": "Wieder gut.",
        "began": "Ein neuer Koffer.",
        "done": "Der Koffer ist voll.",
    },
    "uk": {
        "step": "Готово: {part}.",
        "skipped": "Пропущено: {part}.",
        "solved": "Виправлено.",
        "began": "Новий кейс.",
        "done": "Кейс повний.",
    },
    "ar": {
        "step": "تم: {part}.",
        "skipped": "تُرك: {part}.",
        "solved": "تم تصحيحه.",
        "began": "حقيبة جديدة.",
        "done": "الحقيبة ممتلئة.",
    },
}


class Bench:
    """Follows the work state and keeps what a page shows of it. All stamps in ns of the cell's clock."""

    def __init__(self, cell: Cell, *, simulated: bool, rules: Rules | None = None) -> None:
        self.cell, self.simulated, self.rules = cell, simulated, rules
        self._unshown = {name for name, _ in cell.picture_faults()}
        self._state = State()
        self._events: deque[Happening] = deque(maxlen=EVENTS)
        self._summary: Summary | None = None

    def update(self, state: State, profile: Profile, stamp: int, contents: dict[str, Content],
               nodes: tuple[NodeStatus, ...], speed: float, latencies: tuple[Latency, ...] = (),
               silent: bool = False, robot: Robot | None = None, looked_at: bool = False) -> Snapshot:  # fmt: skip
        """The snapshot of `state` at `stamp`.

        `contents` is what perception sees of every place; `silent`: nothing was heard from the cell since `stamp`;
        `looked_at`: somebody looks at the page in three dimensions.
        """
        self._follow(state, profile.language, stamp)
        step, asked, language = current_step(self.cell, state), ask(self.cell, state), profile.language
        return Snapshot(
            cell=self.cell.scene.cell, simulated=self.simulated, clock=stamp / 1e9, speed=speed, silent=silent,
            looked_at=looked_at,
            task=self.cell.task.title[language], job=state.job,
            job_started=state.job_since / 1e9 if state.job else None,
            phase=state.phase, words=asked.words(self.cell, language, profile.ways),
            solving=asked.problem.trouble if asked.problem else None, confirm=asked.answered,
            step=self._step(step, state, profile) if step else None, picture=self._picture(asked, profile),
            problems=tuple(
                Problem(trouble=p.trouble, place=p.place, words=self._problem(p, language))
                for p in state.problems if p is not asked.problem
            ),
            paused=state.paused, help_since=None if state.help_since is None else state.help_since / 1e9,
            level=profile.level, language=language, choices=self._choices(state, profile),
            table=self.cell.scene.table.size, places=self._places(asked, language, contents),
            events=tuple(self._events), nodes=nodes, latencies=latencies, robot=robot,
            summary=self._summary,
        )  # fmt: skip

    def _picture(self, asked: Ask, profile: Profile) -> Picture | None:
        """Beside the words, where the worker wants it and it can be shown."""
        name = asked.pictured(self.cell)
        if profile.modality == "words" or not name or name in self._unshown:
            return None
        alt = asked.part and self.cell.task.parts[asked.part].name
        words = asked.words(self.cell, profile.language, profile.ways)
        alone = profile.modality == "picture" and not asked.unusual
        return Picture(file=f"pictures/{name}", alt=alt[profile.language] if alt else words, alone=alone)

    def _step(self, step: Task, state: State, profile: Profile) -> Step:
        def said(phrase: str) -> str:
            return self.cell.text(phrase, profile.language, step, step.part, step.count, profile.ways)

        return Step(
            number=state.step + 1, of=len(self.cell.task.steps), count=step.count, taken=state.taken,
            take=said("check" if step.check else "take"), place=said("check" if step.check else "place"),
            placed=state.placed, check=bool(step.check), optional=step.optional,
        )  # fmt: skip

    def _choices(self, state: State, profile: Profile) -> tuple[Choice, ...]:
        if self.rules is None:
            return ()
        now = {"level": profile.level, "rule": profile.rule, "alone": "yes" if alone(state) else "no"}
        now |= {
            "language": profile.language,
            "modality": profile.modality,
            "volume": str(profile.volume),
            "motion": profile.motion,
        }
        words = {"rule": tuple(rule.words(profile.language) for rule in self.rules.rules)}
        return tuple(
            Choice(setting=name, value=now[name], values=values, words=words.get(name, ()))
            for name, values in settings(self.cell, self.rules).items()
        )

    def _problem(self, problem: Trouble, language: str) -> str:
        return putting_right(self.cell, self._state, problem).words(self.cell, language)

    def _follow(self, state: State, language: str, stamp: int) -> None:
        """Turn the difference to the last state into happenings; of a job first heard of midway, what was done."""
        before, self._state = self._state, state
        words = WORDS.get(language, WORDS["en"])
        at = stamp / 1e9
        if state.job != before.job:
            before = State(job=state.job)
            self._events.clear()
            self._summary = None
            self._events.append(Happening(at=state.job_since / 1e9, words=words["began"]))
        for i in order(self.cell, state)[before.step : state.step]:
            step = self.cell.task.steps[i]
            what = step.check or self.cell.task.parts[step.part].name
            told = words["skipped" if i in state.skipped else "step"]
            part = what.get(language, next(iter(what.values())))
            self._events.append(Happening(at=at, words=told.format(part=part), tone="good"))
        known = {(p.trouble, p.place) for p in before.problems}
        now = {(p.trouble, p.place) for p in state.problems}
        for p in state.problems:
            if (p.trouble, p.place) not in known:
                self._events.append(Happening(at=at, words=self._problem(p, language), tone="problem"))
        for _ in known - now:
            self._events.append(Happening(at=at, words=words["solved"], tone="good"))
        if state.phase is Phase.DONE and before.phase is not Phase.DONE:
            self._events.append(Happening(at=at, words=words["done"], tone="good"))
            self._summary = Summary(
                steps=len(done(self.cell, state)), seconds=at - state.job_since / 1e9,
                corrections=state.put_right, help_calls=state.helped,
            )  # fmt: skip

    def _places(self, asked: Ask, language: str, contents: dict[str, Content]) -> tuple[Place, ...]:
        marks = {m.place: m.meaning for m in asked.marks}
        scene, parts = self.cell.scene, self.cell.task.parts
        places = []
        for b in scene.bins:
            places.append(
                Place(
                    id=b.id, kind="bin", name=parts[b.part].name[language], x=b.position[0], y=b.position[1],
                    width=b.size[0], depth=b.size[1], yaw=radians(b.yaw_deg),
                    content=contents.get(b.id, Content.CANNOT_SEE), mark=marks.get(b.id, "none"),
                )
            )  # fmt: skip
        for s in scene.case.slots:
            x, y, _ = (float(v) for v in scene.case.slot_floor(s).pose.translation)
            part = self.cell.task.slot_part.get(s.id, "")
            places.append(
                Place(
                    id=s.id, kind="slot", name=parts[part].name[language] if part else "", x=x, y=y,
                    width=s.size[0], depth=s.size[1], yaw=radians(scene.case.yaw_deg),
                    content=contents.get(s.id, Content.CANNOT_SEE), mark=marks.get(s.id, "none"),
                )
            )  # fmt: skip
        return tuple(places)
