"""The arm of the virtual bench: the planner, the presenter and the manners of the real one, with nobody near.

It has a time of its own that goes on only while the session does: a pause stands the arm where it is.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from opstap.geometry import Pose
from opstap.guidance.cues import Cue, robot_cue
from opstap.instructions import Cell
from opstap.presenting.backend import NS
from opstap.presenting.presenter import Intent, Presenter, Result, Senses
from opstap.presenting.robot import Robot
from opstap.presenting.route import Route, Router
from opstap.presenting.separation import People, Separation, SeparationLimits
from opstap.scene import Profile
from opstap.simulation.cobot import LATE, SimulatedCobot
from opstap.workflow.model import State, TrayChanged
from opstap.workflow.trays import Errand, Trays

MOST = 8
"""Camera frames that are caught up with at once; what is more is dropped, and the arm is later."""


class Bringing:
    """The arm, its trays and its errands.

    Raises:
        RobotError: the arm cannot be built.
    """

    def __init__(self, cell: Cell, limits: SeparationLimits) -> None:
        scene = cell.scene
        assert scene.cobot
        self._cell, self._arm, self._frame = cell, SimulatedCobot(scene), round(NS / scene.camera.fps)
        robot = self._arm.model
        self._presenter = Presenter(
            Robot(scene.cobot), Separation(limits, robot.moving_mass, scene.cobot.tray.mass), first_time=False
        )
        self._router = Router(scene, Robot(scene.cobot))
        self._planner = ThreadPoolExecutor(1, thread_name_prefix="planner")
        self._planned: Future[Route | None] | None = None
        self._trays = Trays(cell)
        self._errand: Errand | None = None
        self._route: Route | None = None
        self._intent: Intent | None = None
        self._now = self._owed = 0
        self._ahead = False
        self._arm.tick(0)

    @property
    def busy(self) -> bool:
        """Whether it is on an errand."""
        return self._errand is not None

    @property
    def joints(self) -> tuple[float, ...]:
        """rad, in the order of the arm's joints."""
        return tuple(round(float(q), 4) for q in self._arm.joints.positions)

    @property
    def names(self) -> tuple[str, ...]:
        return self._arm.names

    @property
    def trays(self) -> dict[str, Pose]:
        """Store slot -> T_table_tray of its tray, wherever it is."""
        return {t.slot: t.pose for t in self._arm.trays}

    @property
    def standing(self) -> dict[str, tuple[str, Pose]]:
        """Zone -> store slot and pose of the tray that stands there and is not asked back."""
        if self._errand is not None:
            return {}
        return {zone: (t.slot, t.pose) for zone, t in self._arm.standing().items()}

    @property
    def lit(self) -> tuple[Cue, ...]:
        """Where the arm passes or is about to, as the projector shows it."""
        if self._intent is None:
            return ()
        outline = tuple((round(float(x), 3), round(float(y), 3)) for x, y in self._intent.outline)
        return robot_cue(outline, moving=self._now >= self._intent.start)

    def move(self, passed: int, state: State, person: Profile, now: int) -> tuple[TrayChanged, ...]:
        """Go on for `passed` ns; what became of trays, stamped `now`."""
        if not self._ahead:  # a plan takes seconds: better now than when the tray is asked for
            self._ahead = True
            for step in self._cell.task.steps:
                if step.present:
                    self._plan(step.part, person)
        self._owed = min(self._owed + passed, MOST * self._frame)
        changes: list[TrayChanged] = []
        while self._owed >= self._frame:
            self._owed -= self._frame
            self._now += self._frame
            change = self._step(state, person, now)
            changes += [change] if change else []
        return tuple(changes)

    def _step(self, state: State, person: Profile, now: int) -> TrayChanged | None:
        self._arm.tick(self._now)
        if self._errand is None:
            self._begin(state, person)
        if self._planned and self._planned.done():
            self._route, self._planned = self._planned.result(), None
            if self._route is None:
                return self._end(False, state, now)
            self._presenter.present(self._route, "brings a tray")
        if not self._presenter.busy:
            return None
        motion = self._presenter.tick(Senses(self._now, self._arm.joints, People(self._now)))
        if motion.horizon:
            self._arm.tell(motion.horizon, self._now - LATE * self._frame)
        self._intent = None if motion.phase == "idle" else motion.intent or self._intent
        return self._end(True, state, now) if motion.result is Result.OK else None

    def _begin(self, state: State, person: Profile) -> None:
        errand = self._errand = self._trays.next(state)
        if errand is None:
            return
        if errand.back:
            assert self._route
            self._presenter.collect(self._route, "takes a tray back")
            return
        self._planned = self._plan(errand.part, person)

    def _plan(self, part: str, person: Profile) -> Future[Route | None]:
        """The way of a tray; the router keeps it."""
        assert self._cell.scene.cobot
        slot = next(s for s in self._cell.scene.cobot.store if s.part == part)
        # Held out, a tray would wait for a hand that a browser does not have.
        on_table = person.model_copy(update={"presented": "table"})
        return self._planner.submit(self._router.route, slot, on_table)

    def _end(self, done: bool, state: State, now: int) -> TrayChanged | None:
        errand, self._errand = self._errand, None
        assert errand
        zone = self._route.handover.place if self._route else ""
        return self._trays.ended(errand, state, done, errand.back != done, zone, now)
