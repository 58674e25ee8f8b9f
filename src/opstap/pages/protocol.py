"""What browser pages and the cell say to each other over one WebSocket.

Down, as JSON text: `Welcome` once, then `Update` with the whole `Snapshot` at every change, `AboutUpdate` to the
worker's own pages, and `Refused` for a message that cannot be used. Down, as binary: pictures, see `picture`. Up, as
JSON text: `OperatorInput` for the work guide, `AboutInput` for the monitor.
A snapshot is a state, not a difference: a page that connects late, or misses some, shows the right thing.
Times are in seconds, lengths in metres, angles in radians.

`python -m opstap.pages.protocol` prints the TypeScript of these types; `web/core/protocol.d.ts` is that text.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationError

from opstap.messages import Message, declarations
from opstap.pages.about import About, AboutInput, AboutUpdate
from opstap.scene import Language, Level
from opstap.workflow.asking import Meaning
from opstap.workflow.model import Asked, Content, Phase, Trouble

MAX_INPUT = 4096
"""Longest message a page may send, bytes."""

Role = Literal["operator", "coach", "integrator"]
"""Who is at a page. On the bench's own machine it is the operator; from the network the PIN says who: `access`."""
Seconds = float
Metres = float


class Step(Message):
    """The step of the task that the work is at."""

    number: Annotated[int, Field(ge=1)]
    """From 1."""
    of: Annotated[int, Field(ge=1)]
    """Number of steps of the task."""
    take: str
    """Words of the phase "take", in the snapshot's language."""
    place: str
    """Words of the phase "place"."""
    count: Annotated[int, Field(ge=1)] = 1
    """Parts this step asks for."""
    taken: Annotated[int, Field(ge=0)] = 0
    placed: Annotated[int, Field(ge=0)] = 0
    check: bool = False
    """Something is to be looked at or done; `take` and `place` both say what. "next" says that it is right, "back" that
    it is not."""
    optional: bool = False
    """It may be left out: while nothing of it is taken, "next" does that."""


class Picture(Message):
    """A drawing or photo of what is asked."""

    file: str
    """Its address, from the page's."""
    alt: str
    """What it shows, in the snapshot's language."""
    alone: bool = False
    """The worker wants pictures instead of words."""


class Problem(Message):
    """An open trouble: a fact about a place, in words that say what to do."""

    trouble: Trouble
    place: str
    """Bin or slot id."""
    words: str
    """In the snapshot's language."""


class Place(Message):
    """A bin or a slot on the map, seen from above. Rectangle in the table frame: x right, y away from the operator."""

    id: str
    kind: Literal["bin", "slot"]
    name: str = ""
    """The part that belongs here, in the snapshot's language."""
    x: Metres
    """Of its centre."""
    y: Metres
    width: Metres
    depth: Metres
    yaw: float = 0.0
    """rad, counter-clockwise seen from above."""
    content: Content
    mark: Meaning | Literal["none"] = "none"
    """What is asked there now."""


class Happening(Message):
    """Something that happened in this job, in plain words."""

    at: Seconds
    """Cell time."""
    words: str
    tone: Literal["plain", "good", "problem"] = "plain"


class NodeStatus(Message):
    """Health of one node. Levels are those of diagnostic_msgs/DiagnosticStatus."""

    name: str
    level: Literal["ok", "warn", "error", "stale"]
    message: str = ""


class Latency(Message):
    """Time from a camera picture's capture to something that followed from it."""

    what: Literal["light"]
    p50: Seconds
    p95: Seconds


class Robot(Message):
    """The cobot that brings trays."""

    phase: Literal["idle", "fetch", "carry", "present", "hold", "retreat"]
    stopped: bool = False
    """It stands until somebody asks "resume_robot"."""
    not_taken: bool = False
    """It holds a tray out that nobody took in time."""


class Summary(Message):
    """Facts about the finished job. Nothing here judges a person."""

    steps: Annotated[int, Field(ge=0)]
    seconds: Seconds
    """From the first step shown to the last part placed, cell time."""
    corrections: Annotated[int, Field(ge=0)]
    """Problems that were seen and put right."""
    help_calls: Annotated[int, Field(ge=0)]


class Choice(Message):
    """Something the worker may set, and what it is set to."""

    setting: str
    value: str
    values: tuple[str, ...]
    """What it may be."""
    words: tuple[str, ...] = ()
    """Each value in the snapshot's language, where the page has no words of its own for it."""


class Snapshot(Message):
    """All that a page shows, but for the pictures."""

    cell: str
    simulated: bool
    silent: bool = False
    """Nothing was heard from the cell since `clock`."""
    clock: Seconds
    """Cell time: since 1970-01-01 UTC on a real cell, since the start of the simulation on a simulated one."""
    speed: Annotated[float, Field(ge=0)] = 1.0
    """Cell seconds in a real second, as measured."""
    task: str
    """Title of the task, in the language below."""
    job: Annotated[int, Field(ge=0)] = 0
    """Number of the job, 1 for the first case, 0 before it."""
    job_started: Seconds | None = None
    """Cell time; none before the first job."""
    phase: Phase
    words: str
    """What is asked now, a sentence a line, at every level of guidance."""
    picture: Picture | None = None
    """Beside the words; none where there is none, and where the worker wants words alone."""
    solving: Trouble | None = None
    """The trouble that this puts right; none in ordinary work."""
    confirm: bool = False
    """The camera cannot see whether it is done: the person says so by "next"."""
    step: Step | None = None
    """None while the work waits for a case, and when it is done."""
    problems: tuple[Problem, ...] = ()
    """Those that wait while something else is asked, oldest first."""
    paused: bool = False
    help_since: Seconds | None = None
    """Cell time of the open call for help."""
    level: Level
    """How much guidance the worker chose."""
    language: Language
    choices: tuple[Choice, ...] = ()
    """The worker's settings."""
    table: tuple[Metres, Metres]
    """Width and depth."""
    places: tuple[Place, ...] = ()
    events: tuple[Happening, ...] = ()
    """The last ones of this job, oldest first."""
    nodes: tuple[NodeStatus, ...] = ()
    latencies: tuple[Latency, ...] = ()
    looked_at: bool = False
    """Somebody looks at the bench in three dimensions, and so at who works: it is told to who works."""
    robot: Robot | None = None
    """None where there is none, or nothing was heard of it."""
    authoring: bool = False
    """A coach records what is done here, to make work instructions of it."""
    summary: Summary | None = None
    """Of the job that was just finished, until the next one starts."""


class Welcome(Message):
    """The first message on a connection."""

    type: Literal["welcome"] = "welcome"
    role: Role


class Update(Message):
    """A snapshot, and how old it was when it was sent: a page that connects to a silent cell can tell."""

    type: Literal["update"] = "update"
    age: Seconds
    """Real time since it was published."""
    snapshot: Snapshot


class Refused(Message):
    """The page's message was not used, and why."""

    type: Literal["refused"] = "refused"
    field: str
    found: str
    allowed: str


class OperatorInput(Message):
    """What the person at the page asks of the work guide."""

    type: Literal["operator_input"] = "operator_input"
    asked: Asked
    setting: Annotated[str, Field(max_length=40)] = ""
    """With "set": level, rule, alone, language, modality, volume or motion."""
    value: Annotated[str, Field(max_length=40)] = ""
    """With "set": to what."""


class PictureKind(IntEnum):
    """What a picture shows."""

    CAMERA = 1
    """The cell from above, as the colour camera sees it."""
    PROJECTOR = 2
    """What the projector throws; black is no light."""


_PICTURE_HEAD = struct.Struct(">Bq")


def picture(kind: PictureKind, stamp: int, encoded: bytes) -> bytes:
    """A binary message: 1 byte kind, 8 bytes stamp (signed, big-endian, ns of cell time), then a JPEG or PNG file."""
    return _PICTURE_HEAD.pack(kind, stamp) + encoded


_ASKED = {OperatorInput: tuple(a.value for a in Asked), AboutInput: get_args(About)}


def read_input(text: str | bytes) -> OperatorInput | AboutInput | Refused:
    """The message a page sent, or what is wrong with it. Never raises, whatever the text."""
    about = b'"about_input"' in (text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
    kind = AboutInput if about else OperatorInput
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        return refusal(error, text, kind, {"asked": _ASKED[kind]})


def refusal(error: ValidationError, text: str | bytes, kind: type[Message],
            allowed: dict[str, tuple[str, ...]]) -> Refused:  # fmt: skip
    """What is wrong with a message of `kind`; `allowed` lists what fields may hold."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(key) for key in first["loc"])
    if not field:
        return Refused(field="message", found=_short(text), allowed='JSON such as {"asked": "next"}')
    if first["type"] == "extra_forbidden":
        return Refused(field=field, found="an unknown field", allowed=", ".join(kind.model_fields))
    found = "nothing" if first["type"] == "missing" else _short(first["input"])
    fits = ", ".join(allowed[field]) if field in allowed else kind.model_fields["type"].default
    return Refused(field=field, found=found, allowed=fits)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


_MESSAGES: tuple[type[Message], ...] = (Welcome, Update, AboutUpdate, Refused, OperatorInput, AboutInput)


def typescript() -> str:
    """The protocol's types as a TypeScript declaration file."""
    kinds = " | ".join(f"{kind.value} /* {kind.name.lower()} */" for kind in PictureKind)
    down = " | ".join(m.__name__ for m in _MESSAGES if m not in (OperatorInput, AboutInput))
    return declarations(
        "python -m opstap.pages.protocol > web/core/protocol.d.ts",
        _MESSAGES,
        "/** First byte of a picture. */",
        f"export type PictureKind = {kinds};",
        "",
        "/** Everything the server sends as text. */",
        f"export type Down = {down};",
    )


if __name__ == "__main__":
    print(typescript(), end="")
