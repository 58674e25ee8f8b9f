"""The bench page's snapshot, from the work state and what the nodes tell."""

from __future__ import annotations

from collections import deque

from opstap.guidance.cues import cues
from opstap.instructions import Cell
from opstap.pages.protocol import Happening, NodeStatus, Place, Problem, Snapshot, Step, Summary
from opstap.scene import Profile
from opstap.workflow.model import Content, Phase, State, Trouble

EVENTS = 40
WORDS = {
    "en": {"step": "Done: {part}.", "solved": "Put right.", "began": "A new case.", "done": "The case is full."},
    "nl": {
        "step": "Klaar: {part}.",
        "solved": "Weer goed.",
        "began": "Een nieuwe koffer.",
        "done": "De koffer is vol.",
    },
}


class Bench:
    """Follows the work state and keeps what a page shows of it. All stamps in ns of the cell's clock."""

    def __init__(self, cell: Cell, *, simulated: bool) -> None:
        self.cell, self.simulated = cell, simulated
        self._state = State()
        self._events: deque[Happening] = deque(maxlen=EVENTS)
        self._began: int | None = None
        self._corrections = self._help_calls = 0
        self._summary: Summary | None = None

    def update(self, state: State, profile: Profile, stamp: int, contents: dict[str, Content],
               nodes: tuple[NodeStatus, ...], speed: float) -> Snapshot:  # fmt: skip
        """The snapshot of `state` at `stamp`; `contents` is what perception sees of every place."""
        self._follow(state, profile.language, stamp)
        step = self.cell.task.steps[state.step] if state.step < len(self.cell.task.steps) else None
        working = state.phase in (Phase.TAKE, Phase.PLACE)
        language = profile.language
        return Snapshot(
            cell=self.cell.scene.cell, simulated=self.simulated, clock=stamp / 1e9, speed=speed,
            task=self.cell.task.title[language], job=state.job,
            job_started=None if self._began is None else self._began / 1e9,
            phase=state.phase, words=self._words(state, language),
            step=Step(
                number=state.step + 1, of=len(self.cell.task.steps), count=step.count, taken=state.taken,
                take=self.cell.text("take", language, step, step.part, step.count),
                place=self.cell.text("place", language, step, step.part), placed=state.placed,
            ) if step and working else None,
            problems=tuple(
                Problem(trouble=p.trouble, place=p.place, words=self._problem(p.trouble, p.place, p.count, language))
                for p in state.problems
            ),
            paused=state.paused, help_since=None if state.help_since is None else state.help_since / 1e9,
            level=profile.level, language=language, table=self.cell.scene.table.size,
            places=self._places(state, profile, contents), events=tuple(self._events), nodes=nodes,
            summary=self._summary,
        )  # fmt: skip

    def _words(self, state: State, language: str) -> str:
        if state.paused:
            return self.cell.text("paused", language)
        if state.problems:
            p = state.problems[0]
            return self._problem(p.trouble, p.place, p.count, language)
        if state.phase is Phase.READY:
            return self.cell.text("ready", language)
        if state.phase is Phase.DONE:
            return self.cell.text("done", language)
        step = self.cell.task.steps[state.step]
        phrase = "take" if state.phase is Phase.TAKE else "place"
        return self.cell.text(phrase, language, step, step.part, step.count)

    def _problem(self, trouble: Trouble, place: str, count: int, language: str) -> str:
        in_bin = place in self.cell.scene.bin
        part = self.cell.scene.bin[place].part if in_bin else self.cell.task.slot_part.get(place, "")
        if trouble is Trouble.WRONG_SLOT and self._state.step < len(self.cell.task.steps):
            part = self.cell.task.steps[self._state.step].part
        return self.cell.text(trouble.value, language, part=part, count=count)

    def _follow(self, state: State, language: str, stamp: int) -> None:
        """Turn the difference to the last state into happenings."""
        before, self._state = self._state, state
        words = WORDS.get(language, WORDS["en"])
        at = stamp / 1e9
        if state.job != before.job:
            self._events.clear()
            self._began, self._summary = state.step_since, None
            self._corrections = self._help_calls = 0
            self._events.append(Happening(at=at, words=words["began"]))
            return
        for i in range(before.step, state.step):
            name = self.cell.task.parts[self.cell.task.steps[i].part].name
            part = name.get(language, next(iter(name.values())))
            self._events.append(Happening(at=at, words=words["step"].format(part=part), tone="good"))
        known = {(p.trouble, p.place) for p in before.problems}
        now = {(p.trouble, p.place) for p in state.problems}
        for p in state.problems:
            if (p.trouble, p.place) not in known:
                said = self._problem(p.trouble, p.place, p.count, language)
                self._events.append(Happening(at=at, words=said, tone="problem"))
        for _ in known - now:
            self._corrections += 1
            self._events.append(Happening(at=at, words=words["solved"], tone="good"))
        self._help_calls += state.help_since is not None and before.help_since is None
        if state.phase is Phase.DONE and before.phase is not Phase.DONE:
            self._events.append(Happening(at=at, words=words["done"], tone="good"))
            self._summary = Summary(
                steps=len(self.cell.task.steps), seconds=at - (self._began or 0) / 1e9,
                corrections=self._corrections, help_calls=self._help_calls,
            )  # fmt: skip

    def _places(self, state: State, profile: Profile, contents: dict[str, Content]) -> tuple[Place, ...]:
        signs = {c.surface.split("/")[1]: c.kind.value for c in cues(state, self.cell, profile)
                 if c.surface.startswith(("bin/", "slot/"))}  # fmt: skip
        language, scene, parts = profile.language, self.cell.scene, self.cell.task.parts
        places = []
        for b in scene.bins:
            places.append(
                Place(
                    id=b.id, kind="bin", name=parts[b.part].name[language], x=b.position[0], y=b.position[1],
                    width=b.size[0], depth=b.size[1], yaw=b.yaw_deg / 57.29577951308232,
                    content=contents.get(b.id, Content.CANNOT_SEE), cue=signs.get(b.id, "none"),  # type: ignore[arg-type]
                )
            )  # fmt: skip
        for s in scene.case.slots:
            x, y, _ = (float(v) for v in scene.case.slot_floor(s).pose.translation)
            part = self.cell.task.slot_part.get(s.id, "")
            places.append(
                Place(
                    id=s.id, kind="slot", name=parts[part].name[language] if part else "", x=x, y=y,
                    width=s.size[0], depth=s.size[1], yaw=scene.case.yaw_deg / 57.29577951308232,
                    content=contents.get(s.id, Content.CANNOT_SEE), cue=signs.get(s.id, "none"),  # type: ignore[arg-type]
                )
            )  # fmt: skip
        return tuple(places)
