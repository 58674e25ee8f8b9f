"""The cell as one file describes it: table, bins, case and slots, camera, projectors, zones, people.

`scene_file.load_scene` reads `config/cells/*.yaml` and checks all of it before anything moves. Bench, simulator and VR
use the same object, so what one shows the others show. Fields are explained in docs/scene-and-task.md.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PlainSerializer

from opstap.documents import Model
from opstap.geometry import Box, Pinhole, Pose, Surface, View

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Length = Annotated[float, Field(gt=0, le=5)]
Coordinate = Annotated[float, Field(ge=-5, le=5)]
Position = tuple[Coordinate, Coordinate, Coordinate]
Degrees = Annotated[float, Field(ge=-360, le=360)]
Bend = Annotated[float, Field(ge=-0.5, le=0.5)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$"), PlainSerializer(str)]
Level = Literal["full", "short", "lights", "off"]
Modality = Literal["both", "words", "picture"]
Seat = Literal["seated", "standing", "wheelchair"]
Confirm = Literal["depth", "visit", "button"]
"""What counts as done at a bin or slot: what depth measures there; that a hand was in it; what the worker says."""

WALL = 0.003
"""Wall thickness of bins and case, metres."""
BUTTON = 0.05
"""Smallest side of a projected button, metres: a hand's fingers rest on it and not beside it."""
FEET = 0.006
"""Height of a standing tray's floor over what it stands on, metres."""
LABEL_HEIGHT = 0.024
"""Height of the sloped label strip at a bin's front, metres; it leans back 45 degrees."""


class Mounting(Model):
    """Where a device hangs: position of its optical centre and direction of its optical frame in the table frame."""

    position: Position
    rpy_deg: tuple[Degrees, Degrees, Degrees] = (180.0, 0.0, 0.0)
    """180, 0, 0 looks straight down with the image's top away from the operator."""

    @property
    def pose(self) -> Pose:
        roll, pitch, yaw = np.radians(self.rpy_deg)
        return Pose.of(self.position, (roll, pitch, yaw))


class Optics(Model):
    """Pinhole intrinsics in pixels; the principal point is the image centre unless given."""

    width: Annotated[int, Field(ge=160, le=4096)]
    height: Annotated[int, Field(ge=120, le=4096)]
    focal: Annotated[float, Field(gt=50, le=10000)]
    centre: tuple[float, float] | None = None

    @property
    def pinhole(self) -> Pinhole:
        cx, cy = self.centre or ((self.width - 1) / 2, (self.height - 1) / 2)
        return Pinhole(self.width, self.height, self.focal, self.focal, cx, cy)


class Lens(Optics):
    """Intrinsics of a projector, whose lens may distort: `distortion` is k1, k2, p1, p2 as OpenCV counts them."""

    distortion: tuple[Bend, Bend, Bend, Bend] = (0.0, 0.0, 0.0, 0.0)

    @property
    def pinhole(self) -> Pinhole:
        ideal = super().pinhole
        return replace(ideal, distortion=self.distortion) if any(self.distortion) else ideal


class Camera(Mounting):
    """The depth camera. A real device reports its own intrinsics; these are what the scene is checked against and
    what the simulator renders."""

    serial: str = ""
    fps: Annotated[int, Field(ge=5, le=90)] = 30
    depth: Optics
    color: Optics

    @property
    def view(self) -> View:
        return View(self.depth.pinhole, self.pose)

    @property
    def color_view(self) -> View:
        return View(self.color.pinhole, self.pose)


class Board(Model):
    """The printed ChArUco board by which the camera is calibrated, and where it is laid for that.

    `position` is its centre on the table; unless given, it lies where the case stands (which is taken away).
    A marker is 3/4 of a square, so a module of the pattern is 1/8 of it.
    """

    position: tuple[Coordinate, Coordinate] | None = None
    yaw_deg: Degrees = 0.0
    squares: tuple[Annotated[int, Field(ge=3, le=15)], Annotated[int, Field(ge=3, le=11)]] = (10, 7)
    square: Annotated[float, Field(ge=0.015, le=0.1)] = 0.040
    """Side of a square, metres, as measured on the print."""

    @property
    def size(self) -> tuple[float, float]:
        return self.squares[0] * self.square, self.squares[1] * self.square


class Fiducial(Model):
    """An ArUco marker (4x4, 100) that stays stuck in the cell. `position` is its centre; it lies flat."""

    id: Annotated[int, Field(ge=60, le=99)]
    """0 to 59 are the board's."""
    position: Position
    yaw_deg: Degrees = 0.0
    size: Annotated[float, Field(ge=0.015, le=0.2)] = 0.040

    @property
    def surface(self) -> Surface:
        return Surface(Pose.of(self.position, (0.0, 0.0, np.radians(self.yaw_deg))), (self.size, self.size))


class Projector(Mounting):
    """A projector, calibrated as an inverse camera. `display` is the screen's number as the desktop counts them."""

    id: Id
    optics: Lens
    display: Annotated[int, Field(ge=0, le=8)] = 0

    @property
    def view(self) -> View:
        return View(self.optics.pinhole, self.pose)

    @property
    def undistorted(self) -> Projector:
        """The same with a lens that does not distort."""
        return self.model_copy(update={"optics": self.optics.model_copy(update={"distortion": (0.0, 0.0, 0.0, 0.0)})})

    def pixels_on(self, surface: Surface) -> float:
        """How many of its pixels fall on `surface`; 0 unless the whole of its front lies in the picture."""
        corners = surface.corners()
        if not self.view.sees(corners).all():
            return 0.0
        x, y = self.view.project(corners).T
        # Shoelace formula, twice the area: positive for a front, whose corners run clockwise, as y runs down a picture.
        return max(0.0, float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


class Bin(Model):
    """An open box with one kind of part. `position` is the centre of the inside floor, `size` the inside."""

    id: Id
    part: Id
    position: Position
    size: tuple[Length, Length, Length]
    yaw_deg: Degrees = 0.0
    count: Annotated[int, Field(ge=0, le=1000)] = 6
    """How many parts are in it at the start of a simulated job."""
    confirm: Confirm = "depth"
    """For parts that depth cannot see (flat, transparent): `visit` or `button`."""

    @property
    def pose(self) -> Pose:
        """T_table_bin: origin at the centre of the inside floor."""
        return Pose.of(self.position, (0.0, 0.0, np.radians(self.yaw_deg)))

    @property
    def inside(self) -> Box:
        return Box(self.pose @ Pose.of((0.0, 0.0, self.size[2] / 2)), self.size)

    @property
    def outside(self) -> Box:
        w, d, h = self.size
        size = (w + 2 * WALL, d + 2 * WALL, h + WALL)
        return Box(self.pose @ Pose.of((0.0, 0.0, (h - WALL) / 2)), size)

    @property
    def opening(self) -> Surface:
        """Where light falls on the parts: halfway up the inside, a plane that suits full and nearly empty bins."""
        return Surface(self.pose @ Pose.of((0.0, 0.0, self.size[2] / 2)), self.size[:2])

    @property
    def label(self) -> Surface:
        """The strip along the front rim, leaning back 45 degrees towards the operator."""
        w, d, h = self.size
        drop = LABEL_HEIGHT / 2 / np.sqrt(2)
        local = Pose.of((0.0, -d / 2 - WALL - drop, h - drop), (np.pi / 4, 0.0, 0.0))
        return Surface(self.pose @ local, (w, LABEL_HEIGHT))


class Slot(Model):
    """A place in the case for one part. `position` is its centre seen from the case's centre, `size` the inside."""

    id: Id
    position: tuple[Coordinate, Coordinate]
    size: tuple[Length, Length]
    confirm: Confirm = "depth"
    """As a bin's."""


class Case(Model):
    """The case that is packed. `position` is the centre of its inside floor, `size` the inside."""

    position: Position
    size: tuple[Length, Length, Length]
    yaw_deg: Degrees = 0.0
    slots: Annotated[tuple[Slot, ...], Field(min_length=1)]

    @property
    def pose(self) -> Pose:
        """T_table_case: origin at the centre of the inside floor."""
        return Pose.of(self.position, (0.0, 0.0, np.radians(self.yaw_deg)))

    @property
    def inside(self) -> Box:
        return Box(self.pose @ Pose.of((0.0, 0.0, self.size[2] / 2)), self.size)

    @property
    def outside(self) -> Box:
        w, d, h = self.size
        size = (w + 2 * WALL, d + 2 * WALL, h + WALL)
        return Box(self.pose @ Pose.of((0.0, 0.0, (h - WALL) / 2)), size)

    def slot_box(self, slot: Slot) -> Box:
        h = self.size[2]
        return Box(self.pose @ Pose.of((*slot.position, h / 2)), (*slot.size, h))

    def slot_floor(self, slot: Slot) -> Surface:
        return Surface(self.pose @ Pose.of((*slot.position, 0.0)), slot.size)


class Zone(Model):
    """A named rectangle on the table: where text is shown, where things are handed over, where nobody should be."""

    id: Id
    kind: Literal["text", "button", "handover", "keep_out"]
    position: tuple[Coordinate, Coordinate]
    size: tuple[Length, Length]
    asked: Literal["", "next", "back", "pause", "help", "repeat", "you_are_wrong"] = ""
    """Of a button: what it asks of the guide when a hand rests on it."""
    at: dict[Seat, tuple[Coordinate, Coordinate]] = Field(default_factory=dict)
    """Of words and buttons: where they are instead for who sits, stands or works from a wheelchair."""

    @property
    def surface(self) -> Surface:
        return Surface(Pose.of((*self.position, 0.0)), self.size)


class Profile(Model):
    """What the cell knows of a person, by the person's choice. No name, no diagnosis."""

    id: Id
    language: Language = "nl"
    level: Level = "full"
    hand: Literal["right", "left"] = "right"
    seat: Seat = "seated"
    """Seated: on a sit-stand stool."""
    reach: Annotated[float, Field(ge=0.20, le=0.50)] = 0.38
    """How far from the body something is handed over, metres; 38 cm is a normal reach, 50 cm the most that is asked."""
    elbow_height: Annotated[float, Field(ge=0.5, le=1.4)] | None = None
    """Above the floor, metres; not given: that of a person of medium height who sits or stands so."""
    one_handed: bool = False
    """Works with one hand, the one named by `hand`."""
    rule: Id = "by_hand"
    """By which rule of config/rules/guidance.yaml the level fades and comes back."""
    volume: Annotated[int, Field(ge=0, le=100)] = 60
    """Of speech, per cent; 0: no speech."""
    modality: Modality = "both"
    """Whether ordinary work is told in words, by pictures where there are some, or both. Speech: see `volume`."""
    motion: Literal["gentle", "none"] = "gentle"
    """Whether light comes and goes gently, or at once."""
    presented: Literal["table", "hand"] = "table"
    """Whether the cobot puts the tray down, which most people prefer, or holds it out."""

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways of working for which a step may have words of its own, the most telling first."""
        return (*(("one_handed",) if self.one_handed else ()), self.hand, self.seat)


class Tray(Model):
    """The trays that the cobot carries, all alike. `size` is along the fork, across it, and height."""

    size: tuple[Length, Length, Length]
    mass: Annotated[float, Field(gt=0, le=10)]
    """With what is in it, kg."""


class StoreSlot(Model):
    """Where a tray stands. `position` is the middle of its floor; the fork goes in along `yaw_deg`."""

    id: Id
    part: Id
    position: Position
    yaw_deg: Degrees

    @property
    def pose(self) -> Pose:
        """T_table_tray: the middle of the tray's floor, x the way the fork goes in."""
        return Pose.of(self.position, (0.0, 0.0, np.radians(self.yaw_deg)))


class Area(Model):
    """A rectangle seen from above, at any height: `position` is its middle."""

    position: tuple[Coordinate, Coordinate]
    size: tuple[Length, Length]


class MotionLimits(Model):
    """What a planned motion keeps to, for every joint."""

    velocity: Annotated[float, Field(gt=0, le=3.2)] = 1.6
    """rad/s"""
    acceleration: Annotated[float, Field(gt=0, le=20)] = 2.5
    """rad/s2"""
    jerk: Annotated[float, Field(gt=0, le=200)] = 12.0
    """rad/s3"""


class Cobot(Mounting):
    """The arm that presents trays. `position` and `rpy_deg` are those of its base in the table frame."""

    model: str = "ur5e"
    """`ur5e`, or the path of a URDF from the scene file's folder."""
    rpy_deg: tuple[Degrees, Degrees, Degrees] = (0.0, 0.0, 0.0)
    home_deg: Annotated[tuple[Degrees, ...], Field(min_length=1)]
    """Where it waits: an angle for every joint."""
    limits: MotionLimits = MotionLimits()
    tray: Tray
    store: Annotated[tuple[StoreSlot, ...], Field(min_length=1)]
    closed: tuple[Area, ...] = ()
    """Where nobody can get without being seen, because it is walled off: what the camera cannot see there is not
    counted. The integrator's word."""

    @cached_property
    def slot(self) -> dict[str, StoreSlot]:
        return {s.id: s for s in self.store}

    def standing(self, zone: Zone) -> Pose:
        """T_table_tray in a handover zone: the middle of the floor, x from the robot to the person."""
        return Pose.of((*zone.position, FEET), (0.0, 0.0, -np.pi / 2))

    def tray_box(self, tool: Pose) -> Box:
        """The tray whose floor's middle is at `tool`."""
        return Box(tool @ Pose.of((0.0, 0.0, self.tray.size[2] / 2)), self.tray.size)


class Table(Model):
    """The table top. Its centre is the origin of the table frame; `height` is above the floor."""

    size: tuple[Length, Length]
    height: Annotated[float, Field(ge=0.4, le=1.4)]


class Scene(Model):
    """A whole cell. See the module's text; all poses are in the table frame, metres."""

    cell: Id
    table: Table
    camera: Camera
    board: Board = Board()
    fiducials: tuple[Fiducial, ...] = ()
    projectors: Annotated[tuple[Projector, ...], Field(min_length=1)]
    bins: Annotated[tuple[Bin, ...], Field(min_length=1)]
    case: Case
    zones: tuple[Zone, ...]
    people: Annotated[tuple[Profile, ...], Field(min_length=1)]
    cobot: Cobot | None = None

    @cached_property
    def bin(self) -> dict[str, Bin]:
        return {b.id: b for b in self.bins}

    @cached_property
    def slot(self) -> dict[str, Slot]:
        return {s.id: s for s in self.case.slots}

    @cached_property
    def profile(self) -> dict[str, Profile]:
        return {p.id: p for p in self.people}

    @property
    def projector_nodes(self) -> dict[str, str]:
        """Name of the node that draws for each projector: an only one's is plain, of several each has its id in it."""
        if len(self.projectors) == 1:
            return {self.projectors[0].id: "projector_guidance"}
        return {p.id: f"projector_guidance_{p.id}" for p in self.projectors}

    @cached_property
    def board_surface(self) -> Surface:
        """Where the calibration board lies."""
        x, y = self.board.position or self.case.position[:2]
        return Surface(Pose.of((x, y, 0.0), (0.0, 0.0, np.radians(self.board.yaw_deg))), self.board.size)

    @cached_property
    def surfaces(self) -> dict[str, Surface]:
        """Every surface that takes light: `bin/<id>/opening`, `bin/<id>/label`, `slot/<id>`, `tray/<zone id>` and
        `zone/<id>`."""
        named = {f"bin/{b.id}/opening": b.opening for b in self.bins}
        named |= {f"bin/{b.id}/label": b.label for b in self.bins}
        named |= {f"slot/{s.id}": self.case.slot_floor(s) for s in self.case.slots}
        named |= {f"tray/{z.id}": self.tray_opening(z) for z in self.zones if self.cobot and z.kind == "handover"}
        return named | {f"zone/{z.id}": z.surface for z in self.zones}

    def projector_for(self, surface: Surface) -> Projector | None:
        """The projector that lights `surface`: of those that reach all of it the one with the most pixels on it, which
        is the nearest and the straightest; the first of equals. None: out of the light of each."""
        best = max(self.projectors, key=lambda p: p.pixels_on(surface))
        return best if best.pixels_on(surface) > 0 else None

    def tray_opening(self, zone: Zone) -> Surface:
        """Where light falls on what lies in a tray that stands in `zone`: halfway up, as in a bin."""
        assert self.cobot
        along, across, height = self.cobot.tray.size
        return Surface(Pose.of((*zone.position, FEET + height / 2)), (across, along))
