"""Work instructions as files: parts, steps, words.

A task (`config/tasks/*.yaml`) says what is taken, where it is put and how that is told. `load_cell` reads a scene and a
task and checks that they fit each other. Fields are explained in docs/scene-and-task.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import Field

from opstap.detectability import too_weak
from opstap.documents import Document, DocumentError, Fault, Location, Model, nearest
from opstap.geometry import Floats
from opstap.scene import Bin, Id, Language, Length, Scene, Slot
from opstap.scene_file import load_scene

Words = dict[Language, Annotated[str, Field(min_length=1, max_length=120)]]
"""One text in several languages."""


PRODUCT = "#"
"""Between a task and one of its products, in a path and in an id."""
LARGEST_SIDE = 6000
"""Pixels: a small file may hold a huge picture."""
LARGEST_PICTURE = 4_000_000
"""Bytes of a part's picture that are loaded at most: a projector shows it a few hundred pixels wide."""
FLATTEST = 0.006
"""Metres; a part that lies lower is within the noise of a depth camera at a bench's distance."""


def picture_fault(folder: Path, picture: str) -> str:
    """Why `picture`, a path from `folder`, cannot be shown; "" where it can, and where there is none."""
    path = folder / picture
    if not picture:
        return ""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(LARGEST_PICTURE)
    except OSError as error:
        return f"the picture {path} cannot be read: {error.strerror}"
    if size > LARGEST_PICTURE:
        return f"the picture {path} has {size / 1e6:.1f} MB, at most {LARGEST_PICTURE / 1e6:.0f} are loaded"
    if not head.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        return f"the picture {path} is neither PNG nor JPEG"
    sides = _sides(head)
    if max(sides) > LARGEST_SIDE:
        return f"the picture {path} has {sides[0]} x {sides[1]} pixels, at most {LARGEST_SIDE} a side are loaded"
    return ""


def _sides(file: bytes) -> tuple[int, int]:
    """Width and height of a PNG (its header chunk) or JPEG (its frame header, ITU-T T.81 B.2.2); 0, 0: not found."""
    if file.startswith(b"\x89PNG"):
        return int.from_bytes(file[16:20], "big"), int.from_bytes(file[20:24], "big")
    at = 2
    while at + 9 < len(file) and file[at] == 0xFF:
        marker, length = file[at + 1], int.from_bytes(file[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(file[at + 7 : at + 9], "big"), int.from_bytes(file[at + 5 : at + 7], "big")
        at += 2 + length
    return 0, 0


class Part(Model):
    """A kind of part. `size` is that of the box around it, lying as it lies in bin and slot."""

    name: Words
    shape: Literal["box", "cylinder"] = "box"
    """A cylinder lies along its first (longest) dimension."""
    size: tuple[Length, Length, Length]
    surface: Literal["matte", "glossy", "dark", "transparent"] = "matte"
    """How it reflects the camera's light; glossy, dark and transparent parts leave holes in depth."""
    color: tuple[int, int, int] = (200, 200, 200)
    picture: str = ""
    """A photo or drawing, PNG or JPEG, as a path from the task file's folder; empty: none."""

    @property
    def volume(self) -> float:
        """Volume a depth camera sees of one part lying there, m3."""
        x, y, z = self.size
        # Seen from above, a lying cylinder hides the air under its sides: a half round on a straight lower half.
        return x * y * z * (0.5 + 3.14159 / 8 if self.shape == "cylinder" else 1.0)

    @property
    def unseen(self) -> str:
        """Why a depth camera cannot see it come and go, in plain words; "" when it can."""
        if self.surface == "transparent":
            return "the part is transparent"
        return "the part is too flat" if self.size[2] < FLATTEST else ""


Texts = dict[Literal["take", "place", "check"], Words]
Way = Literal["one_handed", "left", "right", "seated", "standing", "wheelchair"]


class Step(Model):
    """Take `count` of `part` and put it in `slot`; or, with `check`, look at something or do something."""

    id: Id
    part: Id = ""
    """Empty of a check."""
    slot: Id = ""
    """Of a check: where to look or to do it; may be empty."""
    count: Annotated[int, Field(ge=1, le=20)] = 1
    present: bool = False
    """Where there is a cobot, it brings a tray with the part; elsewhere the part is taken from its bin."""
    group: Id = ""
    """Steps in a row with the same group are done in any order."""
    optional: bool = False
    """May be left out."""
    only: tuple[Id, ...] = ()
    """Products of the task that this step is for; none: all."""
    check: Words = Field(default_factory=dict)
    """What to look at or to do, in words; nothing is taken."""
    confirm: Literal["button", "visit"] = "button"
    """What counts as done at a check: that the worker says so, or that a hand was at its slot."""
    picture: str = ""
    """Of a check: a drawing or photo, as a part's."""
    rework: tuple[Id, ...] = ()
    """Of a check: steps before it that are done again when something is not right."""
    texts: Texts = Field(default_factory=dict)
    """Words of this step's own, instead of the task's phrases."""
    variants: dict[Way, Texts] = Field(default_factory=dict)
    """Words for who works this way, instead of those: what a left hand, one hand or a seat makes different."""

    def says(self, field: str) -> bool:
        """Whether `field` is something else than when it is left out."""
        return bool(getattr(self, field) != type(self).model_fields[field].get_default(call_default_factory=True))

    def words(self, phrase: str, ways: Sequence[str] = ()) -> Words | None:
        """This step's own words for `phrase` to who works by `ways` (`Profile.ways`); None where it has none."""
        own: list[Mapping[Any, Words]] = [self.variants[w] for w in ways if w in self.variants]
        said: Mapping[Any, Words] = {"check": self.check} if self.check else self.texts
        return next((texts[phrase] for texts in (*own, said) if phrase in texts), None)


class Phrases(Model):
    """The task's words for what happens at every step; `{part}` and `{count}` are filled in."""

    ready: Words
    take: Words
    place: Words
    wrong_pick: Words
    too_many: Words
    wrong_slot: Words
    take_out: Words
    """Something lies in a wrong slot, and nobody can tell where it belongs."""
    missing: Words
    empty_bin: Words
    cannot_see: Words
    """Said besides what is asked, where the camera cannot see whether it was done."""
    paused: Words
    help: Words
    done: Words
    bring: Words = Field(default_factory=dict)
    """The cobot brings the part; needed with steps that are presented."""


class Task(Model):
    """A job: its parts, its steps in order, and its words."""

    task: Id
    title: Words
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    phrases: Phrases
    parts: Annotated[dict[Id, Part], Field(min_length=1)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    products: dict[Id, Words] = Field(default_factory=dict)
    """What is made by nearly the same steps: names by id. Which one is chosen at the start."""

    def of(self, product: str) -> Task:
        """The task of one of its products: the steps for it, and an id and a title of its own."""
        names = self.products[product]
        title = {la: f"{text}: {names[la]}" for la, text in self.title.items() if la in names}
        steps = tuple(s for s in self.steps if not s.only or product in s.only)
        return self.model_copy(update={"task": f"{self.task}{PRODUCT}{product}", "title": title, "steps": steps})

    @cached_property
    def slot_part(self) -> dict[str, str]:
        """The part that belongs in each slot of the task."""
        return {s.slot: s.part for s in self.steps if s.part}


@dataclass(frozen=True)
class Cell:
    """A scene and a task that fit each other: all that a cell needs to know of its work."""

    scene: Scene
    task: Task
    folder: Path = Path()
    """From which the parts' pictures are named."""

    @cached_property
    def pictures(self) -> dict[str, str]:
        """Every picture there is, a path from `folder`, by the id of its part or check."""
        shown = {name: part.picture for name, part in self.task.parts.items()}
        shown |= {s.id: s.picture for s in self.task.steps if s.check}
        return {name: picture for name, picture in shown.items() if picture}

    def picture_faults(self) -> list[tuple[str, str]]:
        """Pictures that cannot be shown: the id of the part or check, and why. The work goes on without them."""
        told = ((name, picture_fault(self.folder, picture)) for name, picture in self.pictures.items())
        return [(name, fault) for name, fault in told if fault]

    def bins_with(self, part: str) -> tuple[str, ...]:
        """Ids of the bins that hold `part`, in the scene's order; never empty for a part of a step."""
        return tuple(b.id for b in self.scene.bins if b.part == part)

    def part_in(self, bin_id: str) -> Part:
        return self.task.parts[self.scene.bin[bin_id].part]

    def text(self, phrase: str, language: str, step: Step | None = None, part: str = "", count: int = 1,
             ways: Sequence[str] = ()) -> str:  # fmt: skip
        """The words of `phrase` in `language` (the task's first language where it is not spoken), for who works by
        `ways` (`Profile.ways`)."""
        words: Words = (step.words(phrase, ways) if step else None) or getattr(self.task.phrases, phrase)
        spoken = language if language in words else self.task.languages[0]
        name = self.task.parts[part].name[spoken] if part else ""
        return words[spoken].format(part=name, count=count)


def load_cell(scene_path: Path, task_path: Path) -> Cell:
    """Scene and task, each checked, and checked against each other.

    Args:
        task_path: a task that has products is told which: `kit.yaml#small`.

    Raises:
        DocumentError: telling the faults of the first file that has any.
    """
    scene = load_scene(scene_path)
    path, product = product_of(task_path)
    document = Document.read(path)
    task = document.parse(Task)
    faults = task_faults(task, scene)
    if product not in (task.products or ("",)):
        given = f"the product '{product}'" if product else "no product"
        allowed = ", ".join(f"{path.stem}{PRODUCT}{name}" for name in task.products) or f"{path.stem}, which has none"
        faults.append(Fault(("products",) if task.products else (), given, allowed))
    if faults:
        raise document.error(faults)
    task = task.of(product) if product else task
    faults = scene_faults(task, scene)
    if faults:
        raise Document.read(scene_path).error(faults)
    return Cell(scene, task, task_path.parent)


def product_of(task_path: Path) -> tuple[Path, str]:
    """The task's file and the product that `task_path` names, "" where it names none."""
    name, _, product = task_path.name.partition(PRODUCT)
    return task_path.with_name(name), product


def task_faults(task: Task, scene: Scene | None = None) -> list[Fault]:
    """What makes `task` unusable, in any cell or in that of `scene`."""
    faults = [*_unspoken(task), *_unfit(task)]
    return faults + ([*_unknown(task, scene), *_unbrought(task, scene)] if scene else [])


def scene_faults(task: Task, scene: Scene) -> list[Fault]:
    """What keeps `scene` from being the cell of a task that is right itself; locations are the scene file's."""
    return _unknown_in_scene(task, scene) or _invisible(task, scene)


def all_words(task: Task) -> list[tuple[tuple[str | int, ...], Words, set[str]]]:
    """Every text of the task: where it stands, the words, and the fields it may have filled in."""
    texts: list[tuple[tuple[str | int, ...], Words, set[str]]] = [(("title",), task.title, set())]
    brought = any(s.present for s in task.steps)
    texts += [
        (("phrases", n), getattr(task.phrases, n), {"part", "count"})
        for n in Phrases.model_fields
        if n != "bring" or brought
    ]
    texts += [(("parts", n, "name"), p.name, set()) for n, p in task.parts.items()]
    texts += [(("products", n), name, set()) for n, name in task.products.items()]
    for i, step in enumerate(task.steps):
        if step.check:
            texts.append((("steps", i, "check"), step.check, set()))
        texts += [(("steps", i, "texts", k), w, {"part", "count"}) for k, w in step.texts.items()]
        for way, own in step.variants.items():
            fields = set() if step.check else {"part", "count"}
            texts += [(("steps", i, "variants", way, k), w, fields) for k, w in own.items()]
    return texts


def _unspoken(task: Task) -> list[Fault]:
    faults = []
    for location, words, fields in all_words(task):
        faults += [
            Fault((*location, lang), "no words", f"words in every one of: {', '.join(task.languages)}")
            for lang in task.languages
            if lang not in words
        ]
        for lang, text in words.items():
            try:
                used = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
            except ValueError as error:
                faults.append(Fault((*location, lang), f"'{text}' ({error})", "text with {part} and {count} in it"))
                continue
            if used - fields:
                allowed = " and ".join(f"{{{f}}}" for f in sorted(fields)) or "plain text here"
                faults.append(Fault((*location, lang), f"'{text}'", allowed))
    return faults


def _unfit(task: Task) -> list[Fault]:
    """Steps that say too little, too much, or name other steps wrongly."""
    faults = []
    groups = [s.group for s in task.steps]
    for i, step in enumerate(task.steps):
        faults += _unfit_check(task, i) if step.check else _unfit_step(step, i)
        if step.id in [s.id for s in task.steps[:i]]:
            faults.append(Fault(("steps", i, "id"), f"'{step.id}' a second time", "an id of its own"))
        faults += [
            Fault(("steps", i, "only", n), f"unknown product '{name}'", nearest(name, list(task.products)) or "none")
            for n, name in enumerate(step.only)
            if name not in task.products
        ]
        if not step.group:
            continue
        if groups.count(step.group) == 1:
            faults.append(Fault(("steps", i, "group"), f"'{step.group}' of one step", "two steps or more in a group"))
        elif step.group in groups[:i] and groups[i - 1] != step.group:
            found = f"'{step.group}' again after another step"
            faults.append(Fault(("steps", i, "group"), found, "steps of a group one after the other"))
    return faults


def _unfit_step(step: Step, i: int) -> list[Fault]:
    """A step that takes a part and puts it down."""
    faults = [
        Fault(("steps", i, name), f"no {name}", f"a {name}, or words to 'check'")
        for name in ("part", "slot")
        if not getattr(step, name)
    ]
    faults += [
        Fault(("steps", i, name), f"'{name}' of a step without 'check'", "it is for checks")
        for name in ("confirm", "picture", "rework")
        if step.says(name)
    ]
    texts = [(("texts",), step.texts), *((("variants", way), own) for way, own in step.variants.items())]
    return faults + [
        Fault(("steps", i, *at, "check"), "'check' of a step without 'check'", "take, place")
        for at, own in texts
        if "check" in own
    ]


def _unfit_check(task: Task, i: int) -> list[Fault]:
    step = task.steps[i]
    faults = [
        Fault(("steps", i, name), f"'{name}' of a check", "it is for steps that take a part")
        for name in ("part", "count", "present", "texts", "group", "optional")
        if step.says(name)
    ]
    faults += [
        Fault(("steps", i, "variants", way, phrase), f"'{phrase}' of a check", "check")
        for way, own in step.variants.items()
        for phrase in own
        if phrase != "check"
    ]
    if step.confirm == "visit" and not step.slot:
        faults.append(Fault(("steps", i, "confirm"), "'visit' of a check without a slot", "button, or name a slot"))
    before = {s.id: s for s in task.steps[:i] if not s.check}
    for n, name in enumerate(step.rework):
        if name not in before:
            allowed = nearest(name, list(before)) if before else "a step before it"
            known = any(s.id == name for s in task.steps)
            found = f"'{name}', which is no step before it that takes a part" if known else f"unknown step '{name}'"
            faults.append(Fault(("steps", i, "rework", n), found, allowed))
        elif before[name].optional:
            found = f"'{name}', which may have been left out"
            faults.append(Fault(("steps", i, "rework", n), found, "steps that are not optional"))
        elif before[name].only and not set(step.only or task.products) <= set(before[name].only):
            found = f"'{name}', which is not in every product of the check"
            faults.append(Fault(("steps", i, "rework", n), found, "steps that are"))
    return faults


def _unknown(task: Task, scene: Scene) -> list[Fault]:
    faults = []
    in_bins = sorted({b.part for b in scene.bins})
    slots: dict[tuple[str, str], str] = {}
    for i, step in enumerate(task.steps):
        if not step.part:
            pass  # a check takes none
        elif step.part not in task.parts:
            faults.append(
                Fault(("steps", i, "part"), f"unknown part '{step.part}'", nearest(step.part, list(task.parts)))
            )
        elif step.part not in in_bins:
            faults.append(
                Fault(("steps", i, "part"), f"'{step.part}', which no bin of the scene holds", ", ".join(in_bins))
            )
        if not step.slot:
            pass
        elif step.slot not in scene.slot:
            faults.append(
                Fault(("steps", i, "slot"), f"unknown slot '{step.slot}'", nearest(step.slot, list(scene.slot)))
            )
        elif step.part:
            own = step.only or tuple(task.products) or ("",)
            other = next((o for p in own if (o := slots.setdefault((step.slot, p), step.id)) != step.id), None)
            if other:
                found = f"slot '{step.slot}' of step '{other}' a second time"
                faults.append(Fault(("steps", i, "slot"), found, "one step a slot"))
    return faults


def _unbrought(task: Task, scene: Scene) -> list[Fault]:
    """Steps that are presented, and no tray holds their part."""
    if scene.cobot is None:
        return []
    stored = sorted({s.part for s in scene.cobot.store})
    return [
        Fault(("steps", i, "present"), f"true for '{step.part}', which no tray holds", f"a part of {', '.join(stored)}")
        for i, step in enumerate(task.steps)
        if step.present and step.part not in stored
    ]


def _unknown_in_scene(task: Task, scene: Scene) -> list[Fault]:
    faults = []
    for i, b in enumerate(scene.bins):
        if b.part not in task.parts:
            found = f"unknown part '{b.part}' in bin '{b.id}'"
            faults.append(Fault(("bins", i, "part"), found, nearest(b.part, list(task.parts))))
    for i, person in enumerate(scene.people):
        if person.language not in task.languages:
            faults.append(Fault(("people", i, "language"), f"'{person.language}'", ", ".join(task.languages)))
    return faults


def _invisible(task: Task, scene: Scene) -> list[Fault]:
    """Places where depth is asked for parts that it cannot see."""
    slots = [(i, s) for i, s in enumerate(scene.case.slots) if s.id in task.slot_part]
    places: list[tuple[Location, Bin | Slot, str, Floats]] = [
        *((("bins", i), b, b.part, b.pose.translation) for i, b in enumerate(scene.bins)),
        *((("case", "slots", i), s, task.slot_part[s.id], scene.case.slot_box(s).pose.translation) for i, s in slots),
    ]
    faults = []
    for location, place, part, at in places:
        kind = task.parts[part]
        why = kind.unseen or too_weak(kind.size, (float(at[0]), float(at[1]), float(at[2])), scene.camera.view)
        if place.confirm == "depth" and why:
            faults.append(
                Fault(
                    (*location, "confirm"),
                    f"'depth' at '{place.id}' for '{part}', which depth cannot see: {why}",
                    "'visit' (a hand that was in it counts) or 'button' (the worker says it is done)",
                )
            )
    return faults


__all__ = ["Cell", "DocumentError", "Part", "Step", "Task", "load_cell"]
