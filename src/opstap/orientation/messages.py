"""What the orientation's pages and their server say to each other, over one WebSocket for each page.

Down, as JSON: `Scenery` once and whenever the language changes, `World` when a part moved, `Moving` while something
moves, `Snapshot` at every change and every two seconds, `Pose` to who looks on, `Refused`. Down, as binary: 1 byte, the
projector's number in `Scenery`, then a PNG of what it throws. Up, as JSON: `Wish`, and `Pose` from the participant.
A snapshot is a state, not a difference. Metres in the table frame, seconds, radians unless a name says otherwise.

`python -m opstap.orientation.messages` prints the TypeScript of these types; `web/orientation/messages.d.ts` is that.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opstap.messages import Message, declarations
from opstap.scene import Language
from opstap.workflow.asking import Meaning

Vector = tuple[float, float, float]


class Comfort(Message):
    """What a participant sets for the own comfort. Nobody else changes it."""

    posture: Literal["seated", "standing"] = "seated"
    lift_cm: Annotated[int, Field(ge=-30, le=60)] = 0
    """How much higher than usual the eyes are."""
    hand: Literal["right", "left"] = "right"
    turn_deg: Literal["30", "45", "90"] = "30"
    """Of one turn; turning is never smooth."""
    vignette_deg: Annotated[int, Field(ge=40, le=110)] = 90
    """How wide the view stays while something about it changes; 110: no vignette."""
    fade: bool = True
    """Whether going elsewhere fades out and in."""
    sound: Annotated[int, Field(ge=0, le=100)] = 40
    """Of the room, per cent."""
    light: Annotated[int, Field(ge=40, le=100)] = 100
    """Of the room, per cent."""
    crowd: Annotated[int, Field(ge=0, le=6)] = 0
    """People who are in the room too, at a distance."""
    dwell: bool = False
    """Whether looking at something for a while chooses it."""
    aloud: bool = False
    """Whether texts are read aloud."""


class Projector(Message):
    """A projector, as a matrix (3, 4) in rows: table frame to homogeneous pixels."""

    matrix: tuple[float, ...]
    width: int
    height: int


class Place(Message):
    """A bin, a slot, or where a tray is put down: an upright box in the table frame."""

    id: str
    kind: Literal["bin", "slot", "tray"]
    name: str
    """The part that belongs there, in the language of the scenery."""
    middle: Vector
    size: Vector
    yaw: float


class Spot(Message):
    """A hot spot."""

    id: str
    kind: Literal["work", "safety", "hours", "team", "training", "not_nice"]
    title: str
    at: Vector


class Viewpoint(Message):
    id: str
    name: str
    at: tuple[float, float]
    facing: float
    """Direction of view, rad from the table's x axis."""


class Happening(Message):
    """A disturbance that can be asked for."""

    kind: Literal["shortage", "visitor", "noise"]
    title: str
    text: str


class Scenery(Message):
    """What does not change while a session lasts, but for its language."""

    type: Literal["scenery"] = "scenery"
    file: str
    """Path of the GLB on this server."""
    language: Language
    languages: tuple[Language, ...]
    title: str
    preview: tuple[str, ...]
    minutes: float
    table: Vector
    """Width, depth, and height above the floor."""
    projectors: tuple[Projector, ...]
    places: tuple[Place, ...]
    spots: tuple[Spot, ...]
    viewpoints: tuple[Viewpoint, ...]
    happenings: tuple[Happening, ...]
    levels: tuple[str, ...]
    joints: tuple[str, ...]
    """Of the arm, in the order in which `Moving` tells them; empty: no arm is shown."""
    tray: Vector
    """Size of a tray, along the fork, across it, and height; zeros: there are none."""
    responsible: str
    """Who is there for the participant; empty: nobody was named."""
    questions: bool
    """Whether there are questions before and after."""


class Pile(Message):
    """Where all parts of a kind lie: x, y, z of each one's middle and its turn about z."""

    part: str
    lying: tuple[tuple[float, float, float, float], ...]


class Tray(Message):
    """A tray of the arm's store, and what lies in it, as `Pile` but in the tray's frame: the middle of its floor."""

    part: str
    lying: tuple[tuple[float, float, float, float], ...]


class World(Message):
    type: Literal["world"] = "world"
    piles: tuple[Pile, ...]
    trays: tuple[Tray, ...]
    standing: tuple[str, ...]
    """Places of kind "tray" where one stands now."""
    held: str
    """The part in the hand; empty: none."""


class Moving(Message):
    """What moves, as often as it does, sixty times a second at most."""

    type: Literal["moving"] = "moving"
    joints: tuple[float, ...]
    """rad, in the order of `Scenery.joints`."""
    trays: tuple[tuple[float, float, float, float], ...]
    """Of `World.trays`: x, y, z of the floor's middle, and its turn about z."""
    hands: tuple[tuple[float, float, float, float, float, float], ...]
    """Of a cell that is mirrored: middle and extent of what the camera makes out of each hand."""


class Mark(Message):
    place: str
    meaning: Meaning


class Quiz(Message):
    question: str
    answers: tuple[str, ...]
    chosen: int | None
    reply: str
    """What is said to the answer that was chosen; empty: none was."""
    right: bool


class OpenSpot(Message):
    """What the hot spot tells that is open."""

    id: str
    title: str
    speaker: str
    lines: tuple[str, ...]
    picture: str
    """Path on this server; empty: none."""
    panorama: str
    """Of a picture all around (equirectangular), as `picture`."""
    alt: str
    video: str
    """As `picture`."""
    around: bool
    """Whether the video is one all around."""
    captions: str
    """Of the video, as `picture`."""
    audio: str
    """The lines as somebody says them, as `picture`."""
    showing: Literal["", "panorama", "video"]
    """What of it is shown now besides the text."""
    missing: bool
    """Whether a file of it is not there."""
    liked: bool
    to_ask: bool
    quiz: Quiz | None


class Card(Message):
    """What the participant may take home. Facts, and the own words; nothing is judged."""

    seen: tuple[str, ...]
    liked: tuple[str, ...]
    asked: tuple[str, ...]
    packed: int
    minutes: float


class Snapshot(Message):
    """The session, as both pages show it."""

    type: Literal["session"] = "session"
    phase: Literal["before", "inside", "after"]
    ended: Literal["", "participant", "coach", "time"]
    paused: tuple[Literal["participant", "coach", "away"], ...]
    question: Literal["", "score", "worse", "time"]
    first_score: bool
    """With the question "score": whether it is the one at the start."""
    language: Language
    left: float
    """Seconds until the end, as things are now."""
    nearly_over: bool
    watched: bool
    """Whether a coach looks on."""
    view: Literal["own", "cell"]
    """What is looked at: the own try-out, or a cell that is mirrored."""
    cell: Literal["", "live", "replayed", "lost", "other"]
    """How it is with the cell that is mirrored; empty: there is none. Other: it works at another task."""
    unreal: bool
    """Whether what is shown is simulated: the own try-out, or a simulated cell."""
    carry: Literal["", "asked", "yes"]
    """Whether the level of help goes to the bench; empty: that cannot be chosen now."""
    words: str
    """What the guide asks now, a sentence a line; empty where the level has no words."""
    step: int
    """From 1; 0: no step."""
    steps: int
    done: bool
    """The case is full."""
    marks: tuple[Mark, ...]
    """What is lit, for pages that are not seen."""
    level: str
    held: str
    """Name of the part in the hand; empty: none."""
    packed: int
    viewpoint: str
    seen: tuple[str, ...]
    """Hot spots that were opened."""
    open: OpenSpot | None
    disturbance: Literal["", "shortage", "visitor", "noise"]
    disturbance_words: str
    comfort: Comfort
    card: Card | None
    """After the session."""


class Status(Message):
    """What the checklist before a day of sessions asks the server."""

    language: Language
    responsible: str
    cell: Literal["", "live", "replayed", "lost", "other"]
    questions: bool
    missing: tuple[str, ...]
    """Files of hot spots that are not there, in words."""


class Note(Message):
    at: float
    """Seconds inside."""
    words: str


class Score(Message):
    at: float
    value: int


class Watch(Message):
    """What only the coach sees."""

    type: Literal["watch"] = "watch"
    person: str
    inside: bool
    """Whether a participant's page is connected."""
    scores: tuple[Score, ...]
    notes: tuple[Note, ...]


class Pose(Message):
    """Where the participant's eyes and hands are: position and quaternion x, y, z, w, in the room's frame (y up, origin
    on the floor under the table's middle). Passed on to who looks on, never kept."""

    type: Literal["pose"] = "pose"
    head: Annotated[tuple[float, ...], Field(min_length=7, max_length=7)]
    hands: Annotated[tuple[tuple[float, ...], ...], Field(max_length=2)] = ()
    aim: str = ""
    """What is pointed at: a place's or hot spot's id."""


class Refused(Message):
    """The page's message was not used, and why."""

    type: Literal["refused"] = "refused"
    why: str


class Taken(Message):
    """Somebody else is inside: the page may look on, or try again."""

    type: Literal["taken"] = "taken"


class Wish(Message):
    """What a page asks. From the participant all but the last three; from the coach pause, resume, stop, disturb, calm
    and those. "respond" names who is responsible."""

    type: Literal["wish"] = "wish"
    asked: Literal[
        "enter", "stop", "pause", "resume", "away", "score", "stay", "go", "open", "answer", "like", "ask",
        "act", "new_case", "level", "set", "see", "carry", "show", "disturb", "calm", "note", "prepare", "respond",
    ]  # fmt: skip
    setting: Annotated[str, Field(max_length=40)] = ""
    value: Annotated[str, Field(max_length=500)] = ""


DOWN: tuple[type[Message], ...] = (Scenery, World, Moving, Snapshot, Watch, Pose, Refused, Taken)


def typescript() -> str:
    """The types as a TypeScript declaration file."""
    return declarations(
        "python -m opstap.orientation.messages > web/orientation/messages.d.ts",
        (*DOWN, Wish, Status),
        "/** Everything the server sends as text. */",
        f"export type Down = {' | '.join(m.__name__ for m in DOWN)};",
    )


if __name__ == "__main__":
    print(typescript(), end="")
