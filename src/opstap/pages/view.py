"""What the page /view/ shows an integrator in three dimensions: frames, camera cloud, robot, people, cues, zones.

Depth shows people. So it goes to this machine and to who has the integrator's PIN, is asked for and sent only while
somebody looks, is told on the bench's own page meanwhile, and is kept nowhere.

`python -m opstap.pages.view` prints the TypeScript of these types; `web/view/messages.d.ts` is that text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
from aiohttp import web
from numpy.typing import NDArray
from pydantic import Field

from opstap.geometry import Capsule, Floats, Pinhole, Pose, Surface
from opstap.instructions import Cell
from opstap.messages import Message, declarations
from opstap.pages.protocol import Refused, Welcome
from opstap.workflow.asking import Meaning, ask
from opstap.workflow.model import State

MOST_POINTS = 12_000
"""Points of a cloud that is sent."""
FARTHEST = 3.0
"""What is farther from the camera is left out, metres."""
Point = tuple[float, float, float]


class Frame(Message):
    """A frame of reference in the table frame."""

    name: str
    at: Point
    """Its origin, metres."""
    axes: tuple[Point, Point, Point]
    """Rows of the rotation matrix: table from frame."""


class Outline(Message):
    """A rectangle or another outline, metres in the table frame."""

    name: str
    kind: Literal["text", "button", "handover", "keep_out", "cue", "intent"]
    corners: tuple[Point, ...]
    meaning: Meaning | Literal["none"] = "none"
    """Of a cue."""


class Solid(Message):
    """A capsule: of a link of the robot, or of somebody."""

    name: str
    start: Point
    end: Point
    radius: Annotated[float, Field(gt=0)]


class ViewScene(Message):
    """What stands still: GET /view/scene. The shapes themselves are in /view/cell.glb."""

    cell: str
    table: tuple[float, float, float]
    """Width, depth and height, metres."""
    frames: tuple[Frame, ...]
    zones: tuple[Outline, ...]


class ViewSnapshot(Message):
    """What moves."""

    clock: float
    """Cell time, s."""
    camera: Frame
    robot: tuple[Solid, ...] = ()
    people: tuple[Solid, ...] = ()
    hands: tuple[Solid, ...] = ()
    cues: tuple[Outline, ...] = ()
    intent: Outline | None = None
    """Over what the robot is about to move."""


class ViewUpdate(Message):
    """A snapshot, and how old it was when it was sent."""

    type: Literal["view"] = "view"
    age: float
    snapshot: ViewSnapshot


def read_nothing(text: str | bytes) -> Refused:
    """This page only looks."""
    return Refused(field="message", found="something", allowed="nothing: this page only looks")


def frame(name: str, pose: Pose) -> Frame:
    """`pose`: table from frame."""
    rows = [_point(row) for row in pose.rotation]
    return Frame(name=name, at=_point(pose.translation), axes=(rows[0], rows[1], rows[2]))


def solid(name: str, capsule: Capsule) -> Solid:
    return Solid(name=name, start=_point(np.array(capsule.start)), end=_point(np.array(capsule.end)),
                 radius=max(0.001, round(capsule.radius, 4)))  # fmt: skip


def still(cell: Cell) -> ViewScene:
    """What stands still in `cell`; frames are named as on the topics."""
    scene = cell.scene
    frames = [frame(f"{scene.cell}/table", Pose.of())]
    frames += [frame(f"{scene.cell}/projector_{p.id}", p.view.pose) for p in scene.projectors]
    if scene.cobot:
        frames.append(frame(f"{scene.cell}/robot_base", scene.cobot.pose))
    zones = tuple(Outline(name=z.id, kind=z.kind, corners=_corners(z.surface)) for z in scene.zones)
    return ViewScene(cell=scene.cell, table=(*scene.table.size, scene.table.height), frames=tuple(frames), zones=zones)


def lit(cell: Cell, state: State) -> tuple[Outline, ...]:
    """The places that the light marks now."""
    surfaces, found = cell.scene.surfaces, []
    for mark in ask(cell, state).marks:
        for name in (f"bin/{mark.place}/opening", f"slot/{mark.place}", f"tray/{mark.place}"):
            if name in surfaces:
                corners = _corners(surfaces[name])
                found.append(Outline(name=mark.place, kind="cue", corners=corners, meaning=mark.meaning))
                break
    return tuple(found)


def cloud(depth: NDArray[np.uint16], optics: Pinhole, table_from_camera: Pose) -> bytes:
    """Points of a depth picture (mm), thinned out evenly: x, y, z as little-endian int16, mm in the table frame."""
    step = max(1, int(np.ceil(np.sqrt(depth.size / MOST_POINTS))))
    thin = depth[::step, ::step].astype(np.float64) / 1000
    v, u = np.mgrid[0 : depth.shape[0] : step, 0 : depth.shape[1] : step]
    seen = (thin > 0) & (thin < FARTHEST)
    z = thin[seen]
    points = np.column_stack([(u[seen] - optics.cx) / optics.fx * z, (v[seen] - optics.cy) / optics.fy * z, z])
    return np.round(table_from_camera.apply(points) * 1000).clip(-32768, 32767).astype("<i2").tobytes()


def view_routes(cell: Cell, glb: Callable[[], bytes]) -> list[web.RouteDef]:
    """What stands still, for the page: `glb` makes it, as `orientation.scenery` does."""
    scene = still(cell).model_dump_json()

    async def told(request: web.Request) -> web.Response:
        return web.Response(text=scene, content_type="application/json")

    async def shapes(request: web.Request) -> web.Response:
        return web.Response(body=await asyncio.to_thread(glb), content_type="model/gltf-binary")

    return [web.get("/view/scene", told), web.get("/view/cell.glb", shapes)]


def _corners(surface: Surface) -> tuple[Point, ...]:
    return tuple(_point(c) for c in surface.corners())


def _point(v: Floats) -> Point:
    return round(float(v[0]), 4), round(float(v[1]), 4), round(float(v[2]), 4)


def typescript() -> str:
    """The types of this page as a TypeScript declaration file."""
    return declarations(
        "python -m opstap.pages.view > web/view/messages.d.ts", (Welcome, ViewScene, ViewUpdate, Refused),
        "/** Everything the server sends as text; binary is a cloud: x, y, z as little-endian int16, mm. */",
        "export type ViewDown = Welcome | ViewUpdate | Refused;",
    )  # fmt: skip


if __name__ == "__main__":
    print(typescript(), end="")
