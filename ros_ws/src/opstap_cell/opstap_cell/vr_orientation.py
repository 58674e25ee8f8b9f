"""Serves the orientation: somebody meets the job before day one, on a page or in a headset, and a coach looks on.

Publishes nothing: the work is tried at a virtual bench, and no page of it can reach a cell or a robot. Subscribes, with
source:=live, in the namespace of the cell that is mirrored: work_state, workspace_state, hands, joint_states,
cobot_intent, robot_body; with source:=replayed it reads the same from a recording.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rclpy.clock import Clock, ClockType

from opstap.evaluation.questions.sitting import AnswerError
from opstap.evaluation.store import Store, StoreError
from opstap.orientation.job import load_job, missing
from opstap.orientation.mirror import Mirror
from opstap.orientation.questions import questionnaires
from opstap.orientation.scenery import Cache
from opstap.orientation.session import WishError
from opstap.orientation.talk import Orientation
from opstap.pages.access import AccessError
from opstap.pages.server import PageServer, PageServerError, network_of
from opstap.presenting.robot import RobotError
from opstap.presenting.separation import load_limits
from opstap.recording.consent import ConsentError
from opstap.workflow.levels import load_rules
from opstap_cell.cell_node import CellNode, StartError, run
from opstap_cell.mirroring import Mirroring
from opstap_cell.parameters import declare, parameter

if TYPE_CHECKING:
    from opstap.orientation.bringing import Bringing


@dataclass(frozen=True)
class Config:
    job: str = parameter("path of the job's file, config/jobs/*.yaml")
    rules: str = parameter("path of the rules by which guidance fades, config/rules/guidance.yaml")
    person: str = parameter("pseudonym of the first participant", "participant")
    language: str = parameter("language to begin with", "nl")
    cobot: bool = parameter("whether the scene's arm stands there, and brings trays", False)
    separation: str = parameter("path of the separation's numbers, config/separation.yaml; for the arm", "")
    source: str = parameter("what can be looked at: the own try-out, a cell, or a recording", "simulated",
                            choices=("simulated", "live", "replayed"))  # fmt: skip
    mirrored: str = parameter("namespace of the cell that is looked at, with source:=live", "cell_1")
    recording: str = parameter("folder of the recording, with source:=replayed", "")
    carried: str = parameter("folder in which a level of help waits for the bench; empty: it cannot be taken there", "")
    responsible: str = parameter("name of who is there for the participant; empty: the coach tells", "")
    cache: str = parameter("folder in which the scene for browsers is kept", "out/scenes")
    host: str = parameter("address to listen on; only this machine's own", "127.0.0.1")
    port: int = parameter("TCP port of the pages", 8082, 1, 65535)
    network: str = parameter("address on which headsets reach them, over TLS and with a PIN; empty: none", "")
    network_port: int = parameter("TCP port there", 8445, 1, 65535)
    access: str = parameter("folder that `opstap access prepare` made", "")
    study: str = parameter("path of the study whose questions are asked before and after; empty: none", "")
    store: str = parameter("where the answers are kept: path of an SQLite file, or a PostgreSQL URL", "out/store.db")


class VrOrientation(CellNode):
    def __init__(self) -> None:
        super().__init__("vr_orientation")
        config = declare(self, Config)
        root = Path(os.environ.get("OPSTAP_ROOT", "."))
        job_path = Path(config.job)
        cobot = config.cobot and self.cell.scene.cobot is not None
        job = load_job(job_path, self.cell, cobot)
        rules = load_rules(Path(config.rules), self.cell)
        self.store: Store | None = None
        try:
            scene = Cache(Path(config.cache)).file(self.cell, cobot, self.scene_path.parent)
            mirror = None
            if config.source != "simulated":
                mirror = Mirror(self.cell, config.source, time.monotonic_ns)  # type: ignore[arg-type]
            self.orientation = Orientation(
                self.cell, job, rules, scene, job_path.parent, config.person, config.language, bool(config.study),
                arm=self.arm(Path(config.separation)) if cobot else None, mirror=mirror,
                carried=Path(config.carried) if config.carried else None, responsible=config.responsible,
            )  # fmt: skip
            if mirror:
                self.mirroring = Mirroring(self.cell, mirror, self.got_input)
                if config.source == "live":
                    self.mirroring.listen(self, config.mirrored)
                else:
                    self.mirroring.play(self, Path(config.recording), root / "ros_ws/src/opstap_interfaces")
            routes = self.orientation.routes()
            if config.study:
                self.store = Store(config.store)
                routes += questionnaires(
                    root / "config", Path(config.study), self.store, lambda: self.orientation.session
                ).routes()
            network = network_of(config.network, config.network_port, Path(config.access))
            self.pages = PageServer(
                config.host, config.port, root / "web", lambda *_: None, routes, "/orientation/", network
            )
            self.pages.start()
        except (PageServerError, AccessError, StoreError, AnswerError, RobotError, WishError, ConsentError) as error:
            raise StartError(str(error)) from error
        for told in missing(job, job_path.parent):
            self.get_logger().warning(told)
        if mirror is None:  # wall time: nothing comes in by topics
            self.create_timer(1.0, self.got_input, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(f"the job in the browser: {self.pages.url}orientation/, for the coach: "
                               f"{self.pages.url}orientation/coach.html")  # fmt: skip
        if network:
            self.get_logger().info(f"for headsets, with a PIN: https://<this machine>:{self.pages.network_port}/")

    def arm(self, separation: Path) -> Callable[[], Bringing]:
        """What makes the arm of each try-out."""
        from opstap.orientation.bringing import Bringing  # only with an arm: its libraries take a second

        limits = load_limits(separation)
        return lambda: Bringing(self.cell, limits)

    def values(self) -> dict[str, str]:
        return {"pages": str(self.orientation.pages)}

    def destroy_node(self) -> None:
        self.pages.close()
        if self.store:
            self.store.close()
        super().destroy_node()


def main() -> int:
    return run(VrOrientation)


if __name__ == "__main__":
    sys.exit(main())
