"""`opstap new-cell`: asks a few questions, writes scene, work instructions, launch arguments and a plan.

What it writes is a beginning: people measure their own table and edit the files. It is checked as every launch checks
it, so what was written can be launched.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal

import cv2
from pydantic import Field, ValidationError
from ruamel.yaml import YAML

from opstap.documents import Document, DocumentError, Model
from opstap.instructions import Cell, load_cell
from opstap.integration.checking import as_text, described
from opstap.integration.floor_plan import draw
from opstap.scene import WALL, Id

Metres = Annotated[float, Field(gt=0.02, le=4)]
EDGE, GAP, TEXT = 0.02, 0.014, 0.10
"""Free along the table's edge, between bins, and depth of the place for words; metres."""
SLOT_WALL = 0.006
ROOM = 1.06
"""How much more than the bins and the case the camera is to see."""
LOWEST = 0.9
"""Metres the camera hangs above the table at least: heads and arms stay out of its way."""
DEPTH, COLOR = (848, 480, 425), (1280, 720, 810)
"""Width, height and focal length in pixels of a D435's pictures; a real camera reports its own."""
PHRASES = Path("tasks") / "oral_care_case.yaml"
"""Where the words for what happens at every step are taken from."""


class LayoutError(Exception):
    """The answers do not fit on the table; the message says which and what would."""


class Answers(Model):
    """What is asked, in this order; lengths in metres."""

    name: Id = "my_cell"
    table_width: Metres = 1.4
    table_depth: Metres = 0.8
    table_height: Annotated[float, Field(ge=0.4, le=1.4)] = 0.75
    rows: Annotated[int, Field(ge=1, le=6)] = 2
    columns: Annotated[int, Field(ge=1, le=12)] = 6
    bin_width: Metres = 0.12
    bin_depth: Metres = 0.10
    bin_height: Metres = 0.05
    places: Annotated[int, Field(ge=1, le=60)] = 12
    case_width: Metres = 0.40
    case_depth: Metres = 0.26
    projector_height: Metres = 1.3
    projector_width: Annotated[int, Field(ge=640, le=4096)] = 1280
    projector_pixels_high: Annotated[int, Field(ge=480, le=4096)] = 800
    throw_ratio: Annotated[float, Field(ge=0.2, le=3)] = 0.9
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "nl"
    camera_serial: Annotated[str, Field(pattern="^[0-9A-Za-z]{0,32}$")] = ""
    window: Literal["yes", "no"] = "yes"
    speech: Literal["yes", "no"] = "no"


QUESTIONS = {
    "name": "Name of the cell (small letters, digits, _)",
    "table_width": "Table: width (m)",
    "table_depth": "Table: depth (m)",
    "table_height": "Table: height above the floor (m)",
    "rows": "Bins: rows behind the case",
    "columns": "Bins: in a row",
    "bin_width": "Bins: inside width (m)",
    "bin_depth": "Bins: inside depth (m)",
    "bin_height": "Bins: inside height (m)",
    "places": "Case or tray: places to fill",
    "case_width": "Case or tray: inside width (m)",
    "case_depth": "Case or tray: inside depth (m)",
    "projector_height": "Projector: height above the table (m)",
    "projector_width": "Projector: pixels across",
    "projector_pixels_high": "Projector: pixels down",
    "throw_ratio": "Projector: throw ratio (distance / picture width)",
    "language": "Language of the words",
    "camera_serial": "Camera: serial number (empty: any)",
    "window": "Projector: is it a screen of this computer (yes, no)",
    "speech": "Words aloud too (yes, no)",
}


def checked(name: str, text: str) -> Any:
    """The answer that `text` is.

    Raises:
        ValueError: it is none; the message says what was found and what is allowed.
    """
    try:
        return getattr(Answers.model_validate({name: text}), name)
    except ValidationError as error:
        raise ValueError(
            f"found '{text}', allowed: {error.errors()[0]['msg'].removeprefix('Input should be ')}"
        ) from error


def interview(ask: Callable[[str], str], say: Callable[[str], None]) -> Answers:
    """Ask everything; an empty answer takes the default, a wrong one is asked again."""
    given: dict[str, Any] = {}
    for name, question in QUESTIONS.items():
        default = getattr(Answers(), name)
        while name not in given:
            answer = ask(f"{question} [{default}]: ").strip()
            try:
                given[name] = checked(name, answer) if answer else default
            except ValueError as error:
                say(f"  {error}")
    return Answers(**given)


def scene_of(a: Answers) -> dict[str, Any]:
    """The scene: words in front, then the case, then the bins in rows; camera and projector straight above.

    Raises:
        LayoutError: it does not fit on the table.
    """
    front = -a.table_depth / 2 + EDGE
    case_y = front + TEXT + EDGE + WALL + a.case_depth / 2
    first = case_y + a.case_depth / 2 + WALL + EDGE + a.bin_depth / 2 + WALL
    pitch_y, pitch_x = a.bin_depth + GAP, a.bin_width + GAP
    back = first + (a.rows - 1) * pitch_y + a.bin_depth / 2 + WALL
    if back > a.table_depth / 2 - EDGE:
        fits = int((a.table_depth / 2 - EDGE - (first - a.bin_depth / 2)) / pitch_y)
        raise LayoutError(
            f"rows: {a.rows} rows of bins reach {back - a.table_depth / 2 + EDGE:.2f} m too far back; "
            f"{f'{fits} fit' if fits > 0 else 'none fits'} on a table {a.table_depth} m deep behind this case"
        )
    across = a.columns * pitch_x
    for what, width in (("columns", across), ("case_width", a.case_width + 2 * WALL)):
        if width > a.table_width - 2 * EDGE:
            raise LayoutError(f"{what}: {width:.2f} m wide in all, allowed: {a.table_width - 2 * EDGE:.2f} m")
    bins = [
        {
            "id": f"bin_{r * a.columns + c + 1:02d}", "part": f"part_{r * a.columns + c + 1:02d}",
            "position": _rounded((c - (a.columns - 1) / 2) * pitch_x, first + r * pitch_y, WALL),
            "size": [a.bin_width, a.bin_depth, a.bin_height], "count": 6,
        }
        for r in range(a.rows) for c in range(a.columns)
    ]  # fmt: skip
    middle, seen_width, seen_depth = (front + back) / 2, max(across, a.case_width), back - front
    height = max(seen_width * DEPTH[2] / DEPTH[0], seen_depth * DEPTH[2] / DEPTH[1]) * ROOM + a.bin_height
    height = max(height, LOWEST)
    focal = round(a.throw_ratio * a.projector_width)
    lit = (a.projector_height - a.bin_height) / a.throw_ratio
    needed = max(seen_width, seen_depth * a.projector_width / a.projector_pixels_high)
    if lit < needed:
        raise LayoutError(
            f"throw_ratio: at {a.projector_height} m the picture is {lit:.2f} m wide, and {needed:.2f} m are needed; "
            f"allowed: at most {(a.projector_height - a.bin_height) / needed:.2f}, or hang the projector "
            f"{needed * a.throw_ratio + a.bin_height:.2f} m high"
        )
    return {
        "cell": a.name,
        "table": {"size": [a.table_width, a.table_depth], "height": a.table_height},
        "camera": {
            "serial": a.camera_serial, "position": _rounded(0.0, middle, height), "rpy_deg": [180, 0, 0], "fps": 30,
            "depth": dict(zip(("width", "height", "focal"), DEPTH, strict=True)),
            "color": dict(zip(("width", "height", "focal"), COLOR, strict=True)),
        },
        "projectors": [{
            "id": "main", "position": _rounded(0.0, middle, a.projector_height), "rpy_deg": [180, 0, 0],
            "optics": {"width": a.projector_width, "height": a.projector_pixels_high, "focal": focal},
        }],
        "bins": bins,
        "case": {"position": _rounded(0.0, case_y, WALL), "size": [a.case_width, a.case_depth, 0.03],
                 "slots": list(_slots(a))},
        "zones": [{"id": "instruction", "kind": "text", "position": _rounded(0.0, front + TEXT / 2),
                   "size": [min(0.62, a.table_width - 2 * EDGE), TEXT]}],
        "people": [{"id": "default", "language": a.language}, {"id": "left_handed", "language": a.language,
                                                              "hand": "left"}],
    }  # fmt: skip


def _rounded(*metres: float) -> list[float]:
    return [round(m, 4) for m in metres]


def _slots(a: Answers) -> Iterator[dict[str, Any]]:
    """As square as goes, row by row from the far left."""
    columns = max(1, min(a.places, round(math.sqrt(a.places * a.case_width / a.case_depth))))
    rows = math.ceil(a.places / columns)
    w, d = a.case_width / columns, a.case_depth / rows
    for i in range(a.places):
        r, c = divmod(i, columns)
        yield {
            "id": f"slot_{i + 1:02d}",
            "position": _rounded((c + 0.5) * w - a.case_width / 2, a.case_depth / 2 - (r + 0.5) * d),
            "size": _rounded(w - SLOT_WALL, d - SLOT_WALL),
        }


def task_of(a: Answers, phrases: dict[str, Any], scene: dict[str, Any]) -> dict[str, Any]:
    """Every bin's part in turn into the places; parts are blocks that fit both, to be replaced by the real ones."""
    slot = scene["case"]["slots"][0]["size"]
    side = round(min(a.bin_width / 2.5, a.bin_depth / 2.5, slot[0] * 0.8, slot[1] * 0.8), 3)
    size = [side, side, round(max(0.012, min(0.03, a.bin_height / 2)), 3)]
    count = len(scene["bins"])
    words = {"en": "part {}", "nl": "onderdeel {}", "de": "Teil {}", "uk": "деталь {}", "ar": "قطعة {}"}
    name = words.get(a.language, words["en"])
    parts = {
        f"part_{i + 1:02d}": {
            "name": {a.language: name.format(i + 1)},
            "shape": "box",
            "size": size,
            "surface": "matte",
        }
        for i in range(count)
    }
    steps = [
        {"id": f"step_{i + 1:02d}", "part": f"part_{i % count + 1:02d}", "slot": f"slot_{i + 1:02d}"}
        for i in range(a.places)
    ]
    return {
        "task": a.name,
        "title": {a.language: a.name.replace("_", " ")},
        "languages": [a.language],
        "phrases": {key: {a.language: spoken[a.language]} for key, spoken in phrases.items()},
        "parts": parts,
        "steps": steps,
    }


def written(a: Answers, config: Path) -> tuple[Cell, list[Path]]:
    """Write scene, task, launch arguments and plan below `config` and check them as a launch does; nothing is left
    when they do not fit.

    Raises:
        LayoutError: the answers do not fit together, or a file is there already.
        DocumentError: what was written is no cell; nothing is left of it.
        OSError: a file cannot be written.
    """
    shipped = Document.read(config / PHRASES).data["phrases"]
    if a.language not in next(iter(shipped.values())):
        raise LayoutError(f"language: found '{a.language}', allowed: {', '.join(next(iter(shipped.values())))}")
    scene = scene_of(a)
    scene_file, task_file = config / "cells" / f"{a.name}.yaml", config / "tasks" / f"{a.name}.yaml"
    plan_file, launch_file = scene_file.with_suffix(".png"), scene_file.with_suffix(".env")
    made: list[Path] = []
    try:
        for file, data in ((scene_file, scene), (task_file, task_of(a, shipped, scene))):
            if file.exists():
                raise LayoutError(f"name: {file} is there already, allowed: another name")
            with file.open("x", encoding="utf-8") as out:
                made.append(file)
                out.write("# Made by `opstap new-cell`; every field is explained in docs/scene-and-task.md.\n")
                out.write(_yaml(data))
        cell = load_cell(scene_file, task_file)
        with launch_file.open("x", encoding="utf-8") as out:
            made.append(launch_file)
            out.write(launch_of(a))
        plan_file.write_bytes(cv2.imencode(".png", cv2.cvtColor(draw(cell), cv2.COLOR_RGB2BGR))[1].tobytes())
    except Exception:
        for file in made:
            file.unlink()
        raise
    return cell, [scene_file, task_file, launch_file, plan_file]


def launch_of(a: Answers) -> str:
    """The launch arguments of the real cell, as the service unit and shells read them."""
    given = {"cell": a.name, "task": a.name, "window": a.window == "yes", "speech": a.speech == "yes"}
    arguments = " ".join(f"{n}:={str(v).lower() if isinstance(v, bool) else v}" for n, v in given.items())
    return (
        "# Launch arguments of this cell with its real devices: docs/service.md. In a shell: source this file, then\n"
        f"# opstap launch cell.launch.py sim:=false $OPSTAP_ARGUMENTS\nOPSTAP_ARGUMENTS='{arguments}'\n"
    )


def _yaml(data: dict[str, Any]) -> str:
    """A line for each item of a list, as the shipped files have it."""
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 4096
    out = StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def add(commands: Any) -> None:
    """The command's arguments."""
    new = commands.add_parser("new-cell", help="ask a few questions, write scene, work instructions and a plan")
    new.add_argument("answers", nargs="*", metavar="name=value", help="answers beforehand, such as rows=3")
    new.add_argument("--yes", action="store_true", help="do not ask: defaults for all that is not given")
    new.add_argument("--into", type=Path, help="config folder to write into (default: the project's)")


def run(options: argparse.Namespace) -> int:
    """Exit code 0: written; 2: not, and why."""
    config = options.into or Path(os.environ.get("OPSTAP_ROOT", ".")) / "config"
    given: dict[str, Any] = {}
    try:
        for text in options.answers:
            name, _, value = text.partition("=")
            if name not in QUESTIONS:
                raise LayoutError(f"found '{text}', allowed: one of {', '.join(QUESTIONS)}, with =value")
            try:
                given[name] = checked(name, value)
            except ValueError as error:
                raise LayoutError(f"{name}: {error}") from error
        asked = Answers() if options.yes else _rest(given)
        answers = asked.model_copy(update=given)
        cell, files = written(answers, config)
    except (LayoutError, DocumentError, OSError) as error:
        print(f"opstap: {error}", file=sys.stderr)
        return 2
    except (EOFError, KeyboardInterrupt):
        print("\nopstap: nothing was written", file=sys.stderr)
        return 2
    print(as_text(described(cell)))
    print("written:", *files, sep="\n  ")
    names = (answers.name, answers.name) if not options.into else (files[0], files[1])
    print(f"try it:  opstap launch cell.launch.py cell:={names[0]} task:={names[1]} person:=careful")
    return 0


def _rest(given: dict[str, Any]) -> Answers:
    """Ask what was not given beforehand."""

    def ask(question: str) -> str:
        name = next(n for n, q in QUESTIONS.items() if question.startswith(q))
        return str(given[name]) if name in given else input(question)

    return interview(ask, print)
