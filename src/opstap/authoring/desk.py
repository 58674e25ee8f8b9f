"""What the page for authoring shows and asks: one recording, then one draft, until it is saved or let go.

`python -m opstap.authoring.desk` prints the TypeScript of the messages; `web/coach/author-messages.d.ts` is that text.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Literal

import numpy as np
from aiohttp import web
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from opstap.authoring.draft import Draft, DraftStep, EditError, Phrase, drafted, picture_of, tasked, whole
from opstap.authoring.folding import Doubt, Note, Remark, Seen, fold
from opstap.authoring.photos import Photographer
from opstap.authoring.writing import SaveError, TakenError, check_name, save, written
from opstap.documents import Document, Location
from opstap.geometry import Floats, View
from opstap.instructions import Cell, scene_faults, task_faults
from opstap.integration.linting import lint_task
from opstap.messages import Message, declarations
from opstap.pages.coaching import Words
from opstap.pages.preview import PHASES, Preview
from opstap.workflow.model import WorkspaceEvent

UNDO = 50
"""Changes that can be taken back."""
MOST_SEEN = 20_000
"""Events of one recording: an hour of hands that do nothing else."""
DRAFT = "draft"
"""Name of the task until it is saved."""


class AuthorNote(Message):
    """Something that a person has to answer, or should know."""

    kind: Doubt | Remark
    place: str
    part: tuple[Words, ...]
    """What the part is called; empty where it is about none."""
    count: int
    other: int


class AuthorFinding(Message):
    """What the linter says, in English."""

    message: str
    error: bool


class AuthorStep(Message):
    """One step of the draft."""

    key: int
    part: str
    slot: str
    count: int
    take: tuple[Words, ...]
    """As it will be said, in every language of the task."""
    place: tuple[Words, ...]
    free: bool
    """In any order with the step before it."""
    can_free: bool
    optional: bool
    check: bool
    """A check: `take` is what it says; it has no part."""
    own: tuple[str, ...]
    """Languages and phrases with words of the step's own, such as "nl take"."""
    photo: bool
    """Whether the part's photo is kept with the task."""
    can_photo: bool
    """Whether there is one."""
    doubts: tuple[AuthorNote, ...]
    findings: tuple[AuthorFinding, ...]
    drawn: int
    """Number of its preview, from 1; 0: it cannot be drawn before part and slot are known."""


class PartName(Message):
    """A part that lies in a bin."""

    part: str
    name: tuple[Words, ...]


class AuthorState(Message):
    """All that the page shows."""

    cell: str
    simulated: bool
    doing: Literal["nothing", "record", "draft"]
    version: int
    """Another one at every change."""
    seen: Annotated[int, Field(ge=0)]
    """Parts in slots, by the recording so far."""
    last: AuthorNote | None
    """The last placing: part, slot, count."""
    languages: tuple[str, ...]
    title: tuple[Words, ...]
    steps: tuple[AuthorStep, ...]
    remarks: tuple[AuthorNote, ...]
    findings: tuple[AuthorFinding, ...]
    """Of the task as a whole."""
    parts: tuple[PartName, ...]
    slots: tuple[str, ...]
    can_undo: bool
    saved: str
    """Name of the task as it was saved last; empty: it was not, or was changed since."""
    folder: str
    """Name of the folder in which tasks are saved."""


Asked = Literal["record", "stop", "let_go", "save", "undo", "move", "delete", "count", "part", "slot", "right", "split",
                "merge", "words", "title", "photo", "free", "optional", "check"]  # fmt: skip


class AuthorWish(Message):
    """What the coach asks."""

    asked: Asked
    step: int = 0
    """Key of the step."""
    to: int = 0
    """With move, from 0; with count; with photo, free and optional 1 for yes, 0 for no."""
    name: Annotated[str, Field(max_length=60)] = ""
    """With part, slot and save."""
    language: Annotated[str, Field(max_length=8)] = ""
    phrase: Phrase = "take"
    text: Annotated[str, Field(max_length=400)] = ""
    replace: bool = False
    """With save: in the place of the task of that name."""
    pause: bool = False
    """With record: pause the work, so that its light asks for nothing."""


class AuthorDesk:
    """One recording and one draft at a time. All calls may come from any thread.

    Args:
        cell: where it is recorded; its task gives phrases, parts and languages, not steps.
        like: the file of that task; drafts are saved in its folder.
        on_pause: pauses the work.
    """

    def __init__(self, cell: Cell, like: Document, on_pause: Callable[[], None] = lambda: None, *,
                 simulated: bool = False, today: Callable[[], date] = date.today) -> None:  # fmt: skip
        self.cell, self._like, self._on_pause = cell, like, on_pause
        self._simulated, self._today = simulated, today
        self._folder = like.path.absolute().parent
        self._lock = threading.RLock()
        self._version = 0
        self._let_go()

    def _let_go(self) -> None:
        self._seen: list[Seen] = []
        self._recording = False
        self._draft: Draft | None = None
        self._before: list[Draft] = []
        self._photographer: Photographer | None = None
        self._saved = ""
        self._told: tuple[int, AuthorState] | None = None
        self._preview: tuple[int, Preview] | None = None

    @property
    def recording(self) -> bool:
        """Whether it wants to hear what is seen."""
        return self._recording

    def hear(self, seen: Seen) -> None:
        """Something was seen at a place."""
        with self._lock:
            if self._recording and len(self._seen) < MOST_SEEN:
                self._seen.append(seen)
                self._version += 1
                if self._photographer and isinstance(seen, WorkspaceEvent):
                    self._photographer.happened(seen)

    def look(self, image: NDArray[np.uint8], stamp: int, view: View) -> None:
        """A colour image (height, width, 3) RGB of the camera `view`, stamp in ns."""
        with self._lock:
            if self._recording:
                self._photographer = self._photographer or Photographer(self.cell.scene, view)
                self._photographer.see(image, stamp)

    def arms(self, stamp: int, outlines: tuple[Floats, ...]) -> None:
        """Where arms are: corners (n, 3) of each, table frame."""
        with self._lock:
            if self._recording and self._photographer:
                self._photographer.arms(stamp, outlines)

    def ask(self, wish: AuthorWish) -> None:
        """Do what the coach asks.

        Raises:
            EditError: it cannot be done now, or not so.
            SaveError: the draft cannot be saved.
        """
        with self._lock:
            if wish.asked == "record":
                self._begin(wish.pause)
            elif wish.asked == "stop" and self._recording:
                self._recording, self._draft = False, drafted(fold(self.cell, self._seen), self.cell.task)
                self._seen = []
                if self._photographer:
                    self._draft = self._with_photos(self._draft)
            elif wish.asked == "let_go":
                self._let_go()
            elif self._draft is None:
                raise EditError(f"asked: found {wish.asked}, while there is no draft, allowed: record")
            elif wish.asked == "save":
                self._save(self._draft, wish)
            elif wish.asked == "undo":
                self._draft = self._before.pop() if self._before else self._draft
                self._saved = ""
            elif wish.asked != "stop":
                changed = self._changed(self._draft, wish)
                if changed != self._draft:
                    self._before = [*self._before[-UNDO + 1 :], self._draft]
                    self._draft, self._saved = changed, ""
            self._version += 1

    def _begin(self, pause: bool) -> None:
        if self._draft is not None or self._recording:
            raise EditError("asked: found record, allowed: save this draft or let it go first")
        self._recording = True
        # The linter loads its lists of words meanwhile.
        threading.Thread(target=lint_task, args=(self.cell.task, self._folder, self.cell.scene), daemon=True).start()
        if pause:
            self._on_pause()

    def _with_photos(self, draft: Draft) -> Draft:
        """`draft` with a photo of every part that there is one of, and no picture yet."""
        for part in sorted({s.part for s in draft.steps if s.part}):
            if self._place_with_photo(part) and not self.cell.task.parts[part].picture:
                draft = draft.pictured(part, True)
        return draft

    def _changed(self, draft: Draft, wish: AuthorWish) -> Draft:
        key, task = wish.step, self.cell.task
        if wish.asked == "photo":
            part = draft.steps[draft.at(key)].pictured
            if wish.to and not self._place_with_photo(part):
                raise EditError(
                    f"photo: found none of '{part}', allowed: parts and slots that were seen without a hand near them"
                )
            return draft.pictured(part, bool(wish.to))
        changes: dict[str, Callable[[], Draft]] = {
            "move": lambda: draft.moved(key, wish.to),
            "delete": lambda: draft.without(key),
            "count": lambda: draft.counted(key, wish.to),
            "part": lambda: draft.with_part(key, wish.name, self.cell),
            "slot": lambda: draft.with_slot(key, wish.name, self.cell),
            "right": lambda: draft.answered(key),
            "split": lambda: draft.split(key),
            "merge": lambda: draft.merged(key),
            "words": lambda: draft.worded(key, wish.phrase, wish.language, wish.text, task),
            "free": lambda: draft.freed(key, bool(wish.to)),
            "optional": lambda: draft.left_out(key, bool(wish.to)),
            "check": lambda: draft.checked(key),
            "title": lambda: draft.titled(wish.language, wish.text, task),
        }
        return changes[wish.asked]()

    def _save(self, draft: Draft, wish: AuthorWish) -> None:
        check_name(wish.name, self.cell.task.task)
        if draft.open:
            raise SaveError("draft: found steps that are not answered yet, allowed: answer every question first")
        task = tasked(draft, wish.name, self.cell.task)
        faults = task_faults(task, self.cell.scene) or scene_faults(task, self.cell.scene)
        if faults:
            raise SaveError("\n".join(f"found {f.found}, allowed: {f.allowed}" for f in faults))
        photos = {part: self._photo(part) for part in draft.photos}
        text = written(draft, wish.name, self._like, self._today())
        save(self._folder, wish.name, text, photos, replace=wish.replace)
        self._saved = wish.name

    def _place_with_photo(self, name: str) -> str:
        """The bin with the part `name`, or the slot of that id, where there is a photo of it."""
        there = self._photographer.places if self._photographer else ()
        return next((p for p in (*self.cell.bins_with(name), name) if p in there), "")

    def _photo(self, part: str) -> bytes:
        return self._photographer.jpeg(self._place_with_photo(part)) if self._photographer else b""

    def state(self) -> AuthorState:
        """What the page shows."""
        with self._lock:
            if self._told is None or self._told[0] != self._version:
                self._told = (self._version, self._state())
            return self._told[1]

    def _state(self) -> AuthorState:
        done = fold(self.cell, self._seen) if self._recording else None
        newest = max(done.placings, key=lambda p: p.placed_at, default=None) if done else None
        draft, task = self._draft, self.cell.task
        findings = self._findings(draft) if draft else []
        drawn = {s.key: i + 1 for i, s in enumerate(whole(draft))} if draft else {}
        steps = [self._step(s, drawn.get(s.key, 0), draft, findings) for s in draft.steps] if draft else []
        parts = dict.fromkeys(b.part for b in self.cell.scene.bins)
        return AuthorState(
            cell=self.cell.scene.cell, simulated=self._simulated, version=self._version,
            doing="record" if self._recording else "draft" if draft else "nothing",
            seen=len(done.placings) if done else 0,
            last=self._note(Note(Doubt.UNSURE, newest.slot, newest.part, newest.count)) if newest else None,
            languages=task.languages, title=_words(draft.title) if draft else (), steps=tuple(steps),
            remarks=tuple(self._note(n) for n in draft.remarks) if draft else (),
            # Not those at steps, nor at parts that no step may have.
            findings=tuple(f for at, f in findings if at[:1] not in (("steps",), ("parts",))),
            parts=tuple(PartName(part=p, name=_words(task.parts[p].name)) for p in parts),
            slots=tuple(self.cell.scene.slot), can_undo=bool(self._before), saved=self._saved,
            folder=self._folder.name,
        )  # fmt: skip

    def _step(self, step: DraftStep, drawn: int, draft: Draft,
              findings: list[tuple[Location, AuthorFinding]]) -> AuthorStep:  # fmt: skip
        here: list[Location] = [("steps", drawn - 1), ("parts", step.part)]
        index = draft.at(step.key)
        return AuthorStep(
            key=step.key, part=step.part, slot=step.slot, count=step.count,
            take=self._said(step, "take"), place=self._said(step, "place"),
            free=step.free, can_free=not step.check and index > 0 and not draft.steps[index - 1].check,
            optional=step.optional, check=step.check,
            own=tuple(f"{la} {phrase}" for phrase, words in step.texts.items() for la in words),
            photo=step.pictured in draft.photos, can_photo=bool(self._place_with_photo(step.pictured)),
            doubts=tuple(self._note(n) for n in step.doubts),
            findings=tuple(f for at, f in findings if at[:2] in here), drawn=drawn,
        )  # fmt: skip

    def _said(self, step: DraftStep, phrase: Phrase) -> tuple[Words, ...]:
        """The words of `phrase` as the step says them."""
        if step.check:
            own = step.texts.get("check", {})
            return tuple(Words(language=la, text=own[la]) for la in self.cell.task.languages if la in own)
        if not step.part:
            return ()
        ordinary = getattr(self.cell.task.phrases, phrase)
        own = step.texts.get(phrase, {})
        name = self.cell.task.parts[step.part].name
        said = []
        for la in self.cell.task.languages:
            text = own.get(la, ordinary[la])
            for field, value in (("{part}", name[la]), ("{count}", str(step.count))):
                text = text.replace(field, value)
            said.append(Words(language=la, text=text))
        return tuple(said)

    def _note(self, note: Note) -> AuthorNote:
        name = _words(self.cell.task.parts[note.part].name) if note.part else ()
        return AuthorNote(kind=note.kind, place=note.place, part=name, count=note.count, other=note.other)

    def _findings(self, draft: Draft) -> list[tuple[Location, AuthorFinding]]:
        """What the linter says of the whole steps, and where."""
        if not whole(draft):
            return []
        task = tasked(draft, DRAFT, self.cell.task)
        found = lint_task(task, self._folder, self.cell.scene)
        if not any(error for _, _, error in found):
            found += [((), f"in the scene: found {f.found}, allowed: {f.allowed}", True)
                      for f in scene_faults(task, self.cell.scene)]  # fmt: skip
        unsaved: set[Location] = {("parts", part, "picture") for part in draft.photos}
        unsaved |= {("steps", i, "picture") for i, s in enumerate(task.steps) if s.check and s.slot in draft.photos}
        return [(at, AuthorFinding(message=m, error=error)) for at, m, error in found if at not in unsaved]

    def picture(self, number: int, phase: str, language: str) -> bytes:
        """PNG of the preview `number` (from 1); empty: there is none."""
        with self._lock:
            draft, version = self._draft, self._version
            if draft is None or not 1 <= number <= len(whole(draft)):
                return b""
            if self._preview is None or self._preview[0] != version:
                task = tasked(draft, DRAFT, self.cell.task)
                unsaved = {picture_of(DRAFT, part): self._photo(part) for part in draft.photos}
                self._preview = (version, Preview(Cell(self.cell.scene, task, self._folder), unsaved))
            preview = self._preview[1]
        return preview.picture(number - 1, phase, language)

    def photo(self, part: str) -> bytes:
        """JPEG of a part; empty: there is none."""
        with self._lock:
            known = part in self.cell.task.parts or part in self.cell.scene.slot
            return self._photo(part) if known else b""

    def routes(self) -> list[web.RouteDef]:
        """What the page asks of its server; below /coach/, so of the coach alone."""

        async def state(request: web.Request) -> web.Response:
            told = await asyncio.to_thread(self.state)
            return web.Response(text=told.model_dump_json(), content_type="application/json")

        async def ask(request: web.Request) -> web.Response:
            try:
                wish = AuthorWish.model_validate_json(await request.read())
                await asyncio.to_thread(self.ask, wish)
            except ValidationError as error:
                first = error.errors()[0]
                raise web.HTTPBadRequest(text=f"{'.'.join(map(str, first['loc']))}: {first['msg']}\n") from error
            except TakenError as error:
                raise web.HTTPPreconditionFailed(text=f"{error}\n") from error
            except (EditError, SaveError) as error:
                raise web.HTTPConflict(text=f"{error}\n") from error
            return await state(request)

        async def picture(request: web.Request) -> web.Response:
            number, phase, language = (request.match_info[name] for name in ("number", "phase", "language"))
            if not (number.isdecimal() and phase in PHASES and language in self.cell.task.languages):
                raise web.HTTPNotFound
            png = await asyncio.to_thread(self.picture, int(number), phase, language)
            if not png:
                raise web.HTTPNotFound
            return web.Response(body=png, content_type="image/png")

        async def photo(request: web.Request) -> web.Response:
            jpeg = await asyncio.to_thread(self.photo, request.match_info["part"])
            if not jpeg:
                raise web.HTTPNotFound
            return web.Response(body=jpeg, content_type="image/jpeg")

        return [
            web.get("/coach/author/state", state), web.post("/coach/author/ask", ask),
            web.get("/coach/author/steps/{language}/{number}/{phase}.png", picture),
            web.get("/coach/author/photos/{part}.jpg", photo),
        ]  # fmt: skip


def _words(by_language: Mapping[str, str]) -> tuple[Words, ...]:
    return tuple(Words(language=la, text=text) for la, text in by_language.items())


def typescript() -> str:
    """The messages' types as a TypeScript declaration file."""
    return declarations("python -m opstap.authoring.desk > web/coach/author-messages.d.ts", (AuthorState, AuthorWish))


if __name__ == "__main__":
    print(typescript(), end="")
