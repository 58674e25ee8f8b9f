"""Decides what comes next and keeps the journal.

Subscribes: workspace_state, operator_input, monitor_input; with a cobot hands, and asks it by the action present_part.
Publishes: work_state. Keeps a labelled case beside the journal when a worker says that the system is wrong. Journal and
cases are kept for four weeks, and no longer than until the worker asks to be forgotten; films and recordings of that
person in the same folder go then too.
The events are read from workspace_state, which repeats the newest ones: a guide that was away catches up, and all
that one camera frame caused is decided before the work_state that answers it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from opstap.evaluation.summary import describe
from opstap.recording.whose import erase
from opstap.workflow.carried import CarriedError, waiting, withdraw
from opstap.workflow.cases import case, forget, keep
from opstap.workflow.changes import Changes, Look
from opstap.workflow.forgotten import Forgotten
from opstap.workflow.journal import KEPT, Journal, JournalError, Recorder
from opstap.workflow.levels import as_chosen, due, load_rules, refused, settings
from opstap.workflow.model import Asked, Event, Started
from opstap.workflow.model import OperatorInput as Wish
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, StartError, run
from opstap_cell.courier import Courier
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, STATE
from opstap_interfaces.msg import MonitorInput, OperatorInput, WorkspaceState, WorkState

EXPIRES = 3_600_000_000_000
"""ns between two looks for what is older than may be kept."""


@dataclass(frozen=True)
class Config:
    rules: str = parameter("path of the rules by which guidance fades, config/rules/guidance.yaml")
    journal: str = parameter("path of the journal, an SQLite file")
    person: str = parameter("profile id of the scene's people", "default")
    carried: str = parameter("folder in which a level of help from the orientation waits; empty: none", "")
    cobot: bool = parameter("whether a cobot brings the trays of steps that are presented", False)


class WorkGuide(CellNode):
    def __init__(self) -> None:
        super().__init__("work_guide")
        config = declare(self, Config)
        self.profile = self.person_profile(config.person)
        self.forgotten = Forgotten(Path(config.journal).parent)
        self.named = "" if self.forgotten.has(self.profile.id) else self.profile.id
        """Whose work the journal says it is; empty since that person asked to be forgotten, until they take it back."""
        self.forgetting = False
        self.looked: int | None = None
        self.carried: Path | None = Path(config.carried) if config.carried else None
        self.rules = load_rules(Path(config.rules), self.cell, self.scene_path)
        self.settings = settings(self.cell, self.rules)
        try:
            self.recorder = Recorder(self.cell, Journal(Path(config.journal)))
        except JournalError as error:
            raise StartError(str(error)) from error
        self.cobot = config.cobot
        self.courier: Courier | None = None
        if config.cobot:
            self.courier = Courier(self, self.cell, self.profile.id, lambda: self.recorder.state, self.decide)
        self.changes = Changes()
        self.cases = Path(config.journal).parent / "cases"
        self.seen: WorkspaceState | None = None
        self.stamp = 0
        self.state_out = self.create_publisher(WorkState, "work_state", STATE)
        self.create_subscription(OperatorInput, "operator_input", self.on_input, EVENT)
        self.create_subscription(MonitorInput, "monitor_input", self.on_monitor_input, EVENT)
        self.create_subscription(WorkspaceState, "workspace_state", self.on_workspace, STATE)

    def on_workspace(self, message: WorkspaceState) -> None:
        self.got_input()
        self.seen = message
        self.stamp = convert.time_from_ros(message.header.stamp)
        try:
            self.expire()
            if self.forgetting:
                self.forget()
            self.decide_on(message)
            self.fault = ""
        except JournalError as error:
            # What cannot be kept is not decided on. The next message repeats it.
            self.fault = str(error)
            self.get_logger().error(self.fault, throttle_duration_sec=5.0)
        self.publish()

    def decide_on(self, message: WorkspaceState) -> None:
        self.decide(Started(self.stamp, self.cell.task.task, self.named, self.cobot))
        if self.carried:
            self.begin_as_chosen(self.carried)
            self.carried = None
        for event in message.events:
            if event.sequence > self.recorder.state.sequence:
                self.decide(convert.event_from_ros(event))
        looks = [Look(p.place, convert.CONTENTS[p.content], p.occupied) for p in message.places]
        for change in self.changes.find(self.recorder.state.contents, looks, self.stamp):
            self.decide(change)
        if self.courier:
            self.courier.serve(self.stamp)

    def begin_as_chosen(self, folder: Path) -> None:
        """Take the level of help that this person chose in the orientation, once, as their own choice here."""
        try:
            level = waiting(folder, self.profile.id)
            if level:
                self.decide(Wish(self.stamp, Asked.SET, "orientation", "level", level))
                withdraw(folder, self.profile.id)
                self.get_logger().info(f"begins with the help that was chosen in the orientation: {level}")
        except CarriedError as error:
            self.get_logger().warning(str(error))

    def on_input(self, message: OperatorInput) -> None:
        try:
            wish = convert.input_from_ros(message)
            refusal = refused(wish, self.settings) if wish.asked is Asked.SET else ""
            if refusal:
                raise ValueError(refusal)
            if wish.asked is Asked.YOU_ARE_WRONG:
                self.keep_case(wish)
            self.decide(wish)
        except (ValueError, JournalError) as error:
            self.get_logger().warning(str(error))
            return
        self.publish()

    def on_monitor_input(self, message: MonitorInput) -> None:
        """Forget who asks for it; the work goes on where it is, as nobody's. Or write it down again, as theirs."""
        if message.person not in ("", self.profile.id):
            return
        try:
            if message.asked == MonitorInput.ERASE:
                self.forgetting = True
                self.forget()
            elif message.asked == MonitorInput.REMEMBER and not self.forgetting:
                self.forgotten.remove(self.profile.id)
                self.named = self.profile.id
        except (JournalError, OSError) as error:
            self.fault = str(error)  # forgetting is tried again with every frame, until it is done
            self.get_logger().error(self.fault)

    def forget(self) -> None:
        try:
            self.forgotten.add(self.profile.id)  # first: a guide that is started again writes nothing of them
            self.recorder.forget(self.profile.id, self.stamp)
            forget(self.cases)
            erase(self.cases.parent, self.profile.id)
        except OSError as error:
            raise JournalError(f"{error.filename}: cannot be removed ({error.strerror})") from error
        self.named, self.forgetting = "", False
        self.get_logger().info("what was written of who works here is removed, as asked")

    def expire(self) -> None:
        """Remove what is older than may be kept; looked for once an hour."""
        if self.looked is not None and 0 <= self.stamp - self.looked < EXPIRES:
            return
        self.looked = self.stamp
        self.recorder.expire(self.stamp - KEPT)
        try:
            forget(self.cases, (self.stamp - KEPT) / 1e9)
        except OSError as error:
            self.get_logger().warning(f"{self.cases}: an old case cannot be removed ({error.strerror})")

    def keep_case(self, wish: Wish) -> None:
        """Keep what was seen; where that fails it is told, and the worker's word counts all the same."""
        if self.seen is None:
            return
        places = {
            p.place: {"content": convert.CONTENTS[p.content].value, "fill": round(p.fill, 3), "reason": p.reason}
            for p in self.seen.places
        }
        events = [convert.event_from_ros(e) for e in self.seen.events]
        try:
            keep(self.cases, case(self.cell, self.recorder.state, wish, events, places))
        except OSError as error:
            self.get_logger().warning(f"{self.cases}: the case cannot be kept ({error.strerror})")

    def decide(self, event: Event) -> None:
        """Decide, and tell the terminal how the work goes."""
        for note in self.recorder.handle(event):
            line = describe(note, self.recorder.state, len(self.cell.task.steps))
            if line:
                self.get_logger().info(line)
        change = due(self.recorder.state, self.profile, self.rules, event.stamp)
        if change:
            self.decide(change)

    def publish(self) -> None:
        state = self.recorder.state
        worker = as_chosen(self.profile, state, self.cell)
        self.state_out.publish(convert.state_to_ros(state, self.cell, worker, self.stamp, self.table_frame))


def main() -> int:
    return run(WorkGuide)


if __name__ == "__main__":
    sys.exit(main())
