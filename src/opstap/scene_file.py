"""Reads a cell's file and checks all that can be wrong with it: what is in what, out of sight, or out of the light."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from opstap.documents import Document, Fault, Location
from opstap.geometry import Box, Pose
from opstap.scene import BUTTON, Bin, Board, Profile, Projector, Scene, Slot, StoreSlot, Zone


def load_scene(path: Path) -> Scene:
    """The scene in `path`, checked.

    Raises:
        DocumentError: telling every fault with line and field.
    """
    document = Document.read(path)
    scene = document.parse(Scene)
    faults = [*_repeated(scene), *_too_large(scene.board), *_overlapping(scene)]
    faults += [*_outside_case(scene), *_outside_table(scene), *_unseen(scene)]
    faults += _misplaced_trays(scene) + _unclear_buttons(scene)
    if faults:
        raise document.error(faults)
    return scene


def _repeated(scene: Scene) -> list[Fault]:
    faults = []
    ids: set[str] = set()
    groups: tuple[tuple[Location, Sequence[Bin | Slot | Zone | Projector | Profile | StoreSlot]], ...] = (
        (("bins",), scene.bins),
        (("case", "slots"), scene.case.slots),
        (("zones",), scene.zones),
        (("projectors",), scene.projectors),
        (("people",), scene.people),
        (("cobot", "store"), scene.cobot.store if scene.cobot else ()),
    )
    for location, items in groups:
        for i, item in enumerate(items):
            if item.id in ids:
                faults.append(Fault((*location, i, "id"), f"'{item.id}' a second time", "an id of its own"))
            ids.add(item.id)
    displays = [p.display for p in scene.projectors]
    for i, display in enumerate(displays):
        if display in displays[:i]:
            faults.append(Fault(("projectors", i, "display"), f"{display} a second time", "a display of its own"))
    return faults


def _overlap(a: Box, b: Box) -> bool:
    """Whether two upright boxes share volume: separating axes in the plan, intervals in height."""
    za, zb = a.corners()[:, 2], b.corners()[:, 2]
    if za.min() >= zb.max() - 1e-6 or zb.min() >= za.max() - 1e-6:
        return False
    pa, pb = a.corners()[:, :2], b.corners()[:, :2]
    for box in (a, b):
        for axis in (box.pose.rotation[:2, 0], box.pose.rotation[:2, 1]):
            da, db = pa @ axis, pb @ axis
            if da.min() >= db.max() - 1e-6 or db.min() >= da.max() - 1e-6:
                return False
    return True


def _too_large(board: Board) -> list[Fault]:
    markers = board.squares[0] * board.squares[1] // 2
    if markers <= 60:
        return []
    return [Fault(("board", "squares"), f"{board.squares}: {markers} markers", "at most 60 markers: 15 by 8 squares")]


def _overlapping(scene: Scene) -> list[Fault]:
    faults = []
    for (_, a), (j, b) in combinations(enumerate(scene.bins), 2):
        if _overlap(a.outside, b.outside):
            faults.append(
                Fault(
                    ("bins", j, "position"),
                    f"bin '{b.id}' overlaps bin '{a.id}'",
                    "bins that stand clear of each other",
                )
            )
    for i, b in enumerate(scene.bins):
        if _overlap(b.outside, scene.case.outside):
            faults.append(Fault(("bins", i, "position"), f"bin '{b.id}' overlaps the case", "bins clear of the case"))
    for (_, s), (j, t) in combinations(enumerate(scene.case.slots), 2):
        if _overlap(scene.case.slot_box(s), scene.case.slot_box(t)):
            faults.append(
                Fault(("case", "slots", j, "position"), f"slot '{t.id}' overlaps slot '{s.id}'", "slots side by side")
            )
    return faults


def _outside_case(scene: Scene) -> list[Fault]:
    faults = []
    half = np.asarray(scene.case.size[:2]) / 2
    for i, slot in enumerate(scene.case.slots):
        if np.any(np.abs(slot.position) + np.asarray(slot.size) / 2 > half + 1e-6):
            faults.append(
                Fault(
                    ("case", "slots", i, "position"),
                    f"slot '{slot.id}' at {slot.position} with size {slot.size} sticks out of the case",
                    f"inside +-{half[0]:.3f}, +-{half[1]:.3f} m",
                )
            )
    return faults


def _outside_table(scene: Scene) -> list[Fault]:
    half = np.asarray(scene.table.size) / 2
    boxes = [(("bins", i, "position"), f"bin '{b.id}'", b.outside.corners()) for i, b in enumerate(scene.bins)]
    boxes.append((("case", "position"), "the case", scene.case.outside.corners()))  # type: ignore[arg-type]
    boxes += [(("zones", i, "position"), f"zone '{z.id}'", z.surface.corners()) for i, z in enumerate(scene.zones)]
    for i, zone in enumerate(scene.zones):
        for seat, position in zone.at.items():
            there = zone.model_copy(update={"position": position}).surface.corners()
            boxes.append((("zones", i, "at", seat), f"zone '{zone.id}'", there))  # type: ignore[arg-type]
    return [
        Fault(location, f"{name} reaches over the table's edge", f"inside +-{half[0]:.3f}, +-{half[1]:.3f} m")
        for location, name, corners in boxes
        if np.any(np.abs(corners[:, :2]) > half + 1e-6)
    ]


def _misplaced_trays(scene: Scene) -> list[Fault]:
    """Store slots that are in something's way, and a cobot with nowhere to put a tray down."""
    cobot = scene.cobot
    if cobot is None:
        return []
    faults = []
    trays = [cobot.tray_box(s.pose) for s in cobot.store]
    fixed = [(f"bin '{b.id}'", b.outside) for b in scene.bins] + [("the case", scene.case.outside)]
    for i, (slot, tray) in enumerate(zip(cobot.store, trays, strict=True)):
        others = [(f"the tray in '{s.id}'", t) for s, t in zip(cobot.store[:i], trays, strict=False)]
        faults += [
            Fault(("cobot", "store", i, "position"), f"the tray in '{slot.id}' overlaps {name}", "trays clear of it")
            for name, box in [*fixed, *others]
            if _overlap(tray, box)
        ]
    places = [(i, z) for i, z in enumerate(scene.zones) if z.kind == "handover"]
    if not places:
        faults.append(Fault(("zones",), "no zone of kind 'handover'", "at least one, where the cobot puts a tray down"))
    along, across = cobot.tray.size[:2]
    for i, zone in places:
        box = Box(Pose.of((*zone.position, cobot.tray.size[2] / 2)), (*zone.size, cobot.tray.size[2]))
        if zone.size[0] < across or zone.size[1] < along:
            allowed = f"{across} m or more wide, {along} m or more deep, as the tray is"
            faults.append(Fault(("zones", i, "size"), f"{zone.size}, smaller than the tray", allowed))
        faults += [
            Fault(("zones", i, "position"), f"zone '{zone.id}' overlaps {name}", "a handover zone that is free")
            for name, other in fixed
            if _overlap(box, other)
        ]
    return faults


def _unclear_buttons(scene: Scene) -> list[Fault]:
    """Buttons that ask nothing, other zones that do, and buttons that are too small for a hand."""
    faults = []
    for i, zone in enumerate(scene.zones):
        if (zone.kind == "button") != bool(zone.asked):
            allowed = "what the button asks: next, back, ..." if zone.kind == "button" else "'asked' in a button only"
            faults.append(Fault(("zones", i, "asked"), f"'{zone.asked}' in a zone of kind '{zone.kind}'", allowed))
        elif zone.kind == "button" and min(zone.size) < BUTTON:
            faults.append(Fault(("zones", i, "size"), f"{zone.size}", f"{BUTTON} m or more each way, for a hand"))
        if zone.at and zone.kind not in ("text", "button"):
            faults.append(
                Fault(("zones", i, "at"), f"'at' of a zone of kind '{zone.kind}'", "of words and buttons only")
            )
    return faults


def _unseen(scene: Scene) -> list[Fault]:
    """Places the camera cannot see, or no projector can light."""
    faults = []
    camera = scene.camera.view
    for i, b in enumerate(scene.bins):
        rim = b.opening.corners() + [0.0, 0.0, b.size[2] / 2]
        if not camera.sees(rim).all():
            faults.append(
                Fault(("bins", i, "position"), f"bin '{b.id}' is outside the camera's view", _view_text(scene))
            )
    if not camera.sees(scene.case.inside.corners()).all():
        faults.append(Fault(("case", "position"), "the case is outside the camera's view", _view_text(scene)))
    for name, surface in scene.surfaces.items():
        if scene.projector_for(surface) is None:
            kind, item = name.split("/")[:2]
            location = _location_of(scene, kind, item)
            faults.append(
                Fault(location, f"'{name}' is outside the light of every projector", "a place that one lights")
            )
    return faults


def _location_of(scene: Scene, kind: str, item: str) -> tuple[str | int, ...]:
    if kind == "slot":
        return ("case", "slots", [s.id for s in scene.case.slots].index(item))
    if kind == "bin":
        return ("bins", [b.id for b in scene.bins].index(item))
    return ("zones", [z.id for z in scene.zones].index(item))


def _view_text(scene: Scene) -> str:
    """What the camera sees of the table top, in words: the middle of each image edge, cast on the table."""
    k = scene.camera.view.pinhole
    edges = np.array([[0, k.cy], [k.width - 1, k.cy], [k.cx, 0], [k.cx, k.height - 1]])
    rays = np.column_stack([(edges[:, 0] - k.cx) / k.fx, (edges[:, 1] - k.cy) / k.fy, np.ones(4)])
    pose = scene.camera.pose
    directions = rays @ pose.rotation.T
    down = np.where(directions[:, 2] < -1e-6, -pose.translation[2] / directions[:, 2], np.nan)
    hits = pose.translation + directions * down[:, None]
    if np.isnan(hits).any():
        return "what the camera sees; it does not look down on the table (rpy_deg 180, 0, 0 looks straight down)"
    x, y = hits[:2, 0], hits[2:, 1]
    return f"on the table x {min(x):.2f} to {max(x):.2f}, y {min(y):.2f} to {max(y):.2f} m, less above it"
