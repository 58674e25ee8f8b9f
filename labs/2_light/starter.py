"""Lab 2: a light that says what comes next."""

from pathlib import Path

import cv2

from opstap.guidance.cues import Cue, cues
from opstap.guidance.drawing import Painter
from opstap.instructions import Cell, load_cell
from opstap.scene import Profile
from opstap.workflow.model import Phase, State


def with_next(state: State, cell: Cell, profile: Profile) -> tuple[Cue, ...]:
    """What is shown anyway, and the label of the bin of the next step, with its count.

    Nothing more is shown while something is to be put right, at the last step, at the levels "lights" and "off", and
    where the next step takes from the same bin.
    """
    return cues(state, cell, profile)


def main() -> None:
    cell = load_cell(Path("config/cells/oral_care.yaml"), Path("config/tasks/oral_care_case.yaml"))
    state = State(job=1, phase=Phase.TAKE, step=0)
    picture = Painter(cell, cell.scene.projectors[0]).draw(with_next(state, cell, cell.scene.profile["default"]))
    cv2.imwrite("next.png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
