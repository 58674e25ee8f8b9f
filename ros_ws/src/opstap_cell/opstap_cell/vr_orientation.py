"""Serves the orientation: somebody meets the job before day one, on a page or in a headset, and a coach looks on.

Subscribes and publishes nothing: the work is tried at a virtual bench, and no page of it can reach a cell or a robot.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rclpy.clock import Clock, ClockType

from opstap.evaluation.questions.sitting import AnswerError
from opstap.evaluation.store import Store, StoreError
from opstap.orientation.job import load_job
from opstap.orientation.questions import questionnaires
from opstap.orientation.scenery import Cache
from opstap.orientation.session import WishError
from opstap.orientation.talk import Orientation
from opstap.pages.access import Access, AccessError
from opstap.pages.server import Network, PageServer, PageServerError
from opstap.presenting.robot import RobotError
from opstap.workflow.levels import load_rules
from opstap_cell.cell_node import CellNode, StartError, run
from opstap_cell.parameters import declare, parameter


@dataclass(frozen=True)
class Config:
    job: str = parameter("path of the job's file, config/jobs/*.yaml")
    rules: str = parameter("path of the rules by which guidance fades, config/rules/guidance.yaml")
    person: str = parameter("pseudonym of the first participant", "participant")
    language: str = parameter("language to begin with", "nl")
    cobot: bool = parameter("whether the scene's arm stands there; it does not move", False)
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
            self.orientation = Orientation(
                self.cell, job, rules, scene, job_path.parent, config.person, config.language, bool(config.study)
            )
            routes = self.orientation.routes()
            if config.study:
                self.store = Store(config.store)
                routes += questionnaires(
                    root / "config", Path(config.study), self.store, lambda: self.orientation.session
                ).routes()
            network = None
            if config.network:
                network = Network(config.network, config.network_port, Access(Path(config.access), time.monotonic))
            self.pages = PageServer(
                config.host, config.port, root / "web", lambda *_: None, routes, "/orientation/", network
            )
            self.pages.start()
        except (PageServerError, AccessError, StoreError, AnswerError, RobotError, WishError) as error:
            raise StartError(str(error)) from error
        # Wall time: nothing comes in by topics.
        self.create_timer(1.0, self.got_input, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(f"the job in the browser: {self.pages.url}orientation/, for the coach: "
                               f"{self.pages.url}orientation/coach.html")  # fmt: skip
        if network:
            self.get_logger().info(f"for headsets, with a PIN: https://<this machine>:{self.pages.network_port}/")

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
