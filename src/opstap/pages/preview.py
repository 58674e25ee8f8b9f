"""The steps of the work as the light will show them, for a coach to look at beforehand: real cues, really drawn.

The projectors' pictures side by side, with the outlines of bins and slots in grey, which nobody projects.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from opstap.guidance.cues import cues
from opstap.guidance.drawing import Painter
from opstap.instructions import Cell
from opstap.pages.coaching import steps
from opstap.scene import Projector
from opstap.workflow.model import Phase, State

GREY = (110, 110, 110)
SCALE = 0.6
"""Of the picture that is sent, as part of the projector's."""
PHASES = {"take": Phase.TAKE, "place": Phase.PLACE}


class Preview:
    """Draws the steps of `cell` for its first person, at the level "full". From any thread.

    `pictures` is what a `Painter` is given.
    """

    def __init__(self, cell: Cell, pictures: Mapping[str, bytes] | None = None) -> None:
        self.cell, self._pictures = cell, pictures
        self._painters: list[Painter] = []
        self._lock = threading.Lock()
        self._drawn: dict[tuple[int, str, str], bytes] = {}

    def picture(self, index: int, phase: str, language: str) -> bytes:
        """PNG of step `index` (from 0) while it is taken or placed (`phase`, of `PHASES`), words in `language`."""
        key = (index, phase, language)
        with self._lock:
            if key not in self._drawn:
                self._drawn[key] = self._encoded(*key)
            return self._drawn[key]

    def _encoded(self, index: int, phase: str, language: str) -> bytes:
        projectors = self.cell.scene.projectors
        if not self._painters:  # fonts and pictures are loaded when somebody looks
            self._painters = [Painter(self.cell, p, self._pictures) for p in projectors]
        step = self.cell.task.steps[index]
        now = Phase.CHECK if step.check else PHASES[phase]
        state = State(task=self.cell.task.task, job=1, phase=now, step=index)
        if state.phase is Phase.PLACE:
            state = replace(state, taken=step.count)
        person = next(iter(self.cell.scene.profile.values()))
        person = person.model_copy(update={"language": language, "level": "full"})
        shown = cues(state, self.cell, person)
        drawn = zip(self._painters, projectors, strict=True)
        image = side_by_side([np.maximum(painter.draw(shown), self._outlines(p)) for painter, p in drawn])
        small = cv2.resize(image, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_AREA)
        return cv2.imencode(".png", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))[1].tobytes()

    def _outlines(self, projector: Projector) -> NDArray[np.uint8]:
        scene, optics = self.cell.scene, projector.optics
        image = np.zeros((optics.height, optics.width, 3), np.uint8)
        places = [b.opening for b in scene.bins] + [scene.case.slot_floor(s) for s in scene.case.slots]
        for place in places:
            pixels = projector.view.project(place.corners())
            if np.isfinite(pixels).all():
                cv2.polylines(image, [np.round(pixels).astype(np.int32)], True, GREY, 2, cv2.LINE_AA)
        return image


def side_by_side(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Images (h, w, 3) beside each other, with black below those that are lower."""
    highest = max(i.shape[0] for i in images)
    return np.hstack([np.pad(i, ((0, highest - i.shape[0]), (0, 0), (0, 0))) for i in images])


def preview_routes(cell: Cell) -> list[web.RouteDef]:
    """The list of steps and their pictures, below /coach/."""
    preview = Preview(cell)
    listed = "[" + ",".join(step.model_dump_json() for step in steps(cell)) + "]"

    async def the_list(request: web.Request) -> web.Response:
        return web.Response(text=listed, content_type="application/json")

    async def picture(request: web.Request) -> web.Response:
        number, phase, language = (request.match_info[name] for name in ("number", "phase", "language"))
        known = number.isdecimal() and 1 <= int(number) <= len(cell.task.steps)
        if not (known and phase in PHASES and language in cell.task.languages):
            raise web.HTTPNotFound(text=f"No such step. There are 1 to {len(cell.task.steps)}, take and place.\n")
        png = await asyncio.to_thread(preview.picture, int(number) - 1, phase, language)
        return web.Response(body=png, content_type="image/png")

    return [web.get("/coach/steps", the_list), web.get("/coach/steps/{language}/{number}/{phase}.png", picture)]
