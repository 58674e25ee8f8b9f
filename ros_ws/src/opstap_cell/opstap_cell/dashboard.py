"""Serves the pages: the bench with the worker's own view, the coach's with authoring, calibration, questionnaires, the
3D view.

Subscribes: work_state, workspace_state, cobot_state, projector/<id>/image, projector/<id>/state, operator_state,
/diagnostics, and while a page is connected camera/color/image_raw/compressed; while a coach's is, coach_view of every
cell; while a coach records new work workspace_events, keep_clear and the colour camera; while the 3D view is open,
camera/depth/image_rect_raw, robot_body, people, hands, cobot_intent. Publishes: operator_input (of every cell, for the
coach), monitor_input, and while a projector is calibrated projector/<id>/pattern.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from aiohttp.web import RouteDef
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from opstap.calibration.desk import Files
from opstap.calibration.projector_wizard import SETTLE
from opstap.evaluation.questions.routes import questions
from opstap.evaluation.questions.sitting import AnswerError
from opstap.evaluation.store import Store, StoreError
from opstap.monitoring.rules import load_rules as load_monitor_rules
from opstap.pages import protocol
from opstap.pages.access import AccessError
from opstap.pages.bench import Bench
from opstap.pages.pictures import picture_routes
from opstap.pages.preview import preview_routes, side_by_side
from opstap.pages.server import PageServer, PageServerError, network_of
from opstap.pages.view import view_routes
from opstap.workflow.levels import load_rules
from opstap.workflow.model import Asked, Content
from opstap_cell import convert
from opstap_cell.about_me import WorkersView
from opstap_cell.authoring import Authoring
from opstap_cell.calibrating import CellDesk
from opstap_cell.cell_node import CellNode, StartError, run
from opstap_cell.coaching import Coaching
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_cell.viewing import Viewing
from opstap_interfaces.msg import CobotState, OperatorInput, ProjectionState, WorkspaceState, WorkState

GONE_AFTER = 3.0
"""Seconds without diagnostics after which a node is shown as gone."""
SILENT_AFTER = 2.0
"""Seconds without a work state after which the pages say that the cell is silent."""
LATENCIES, LATENCY_UP_TO = 300, 5.0
"""Answers of the projector over which latency is told, and seconds above which it is none: a picture sent again."""
SETTLE_SIMULATED = 2
"""Colour pictures, ten a second, that pass after a projector's pattern; the real camera's `SETTLE` come at its rate."""
LEVELS = {b"\x00": "ok", b"\x01": "warn", b"\x02": "error", b"\x03": "stale"}


@dataclass(frozen=True)
class Config:
    rules: str = parameter("path of the rules by which guidance fades, config/rules/guidance.yaml")
    monitor_rules: str = parameter("path of the monitor's rules, config/rules/monitor.yaml")
    journal: str = parameter("path of the work guide's journal, to give workers what is theirs", "out/journal.db")
    host: str = parameter("address to listen on; only this machine's own", "127.0.0.1")
    port: int = parameter("TCP port of the pages", 8080, 1, 65535)
    network: str = parameter("address on which other machines reach them, over TLS and with a PIN; empty: none", "")
    network_port: int = parameter("TCP port there", 8443, 1, 65535)
    access: str = parameter("folder that `opstap access prepare` made", "")
    simulated: bool = parameter("the cell is simulated, and the page says so", False)
    study: str = parameter("path of the study whose questionnaires are asked at /questions/; empty: none", "")
    condition: str = parameter("condition of that study", "")
    calibration: str = parameter("the camera's calibration file, for the page /calibrate/; empty: no such page", "")
    store: str = parameter("where the answers are kept: path of an SQLite file, or a PostgreSQL URL", "out/store.db")


class Dashboard(CellNode):
    def __init__(self) -> None:
        super().__init__("dashboard")
        config = declare(self, Config)
        rules = load_rules(Path(config.rules), self.cell)
        self.bench = Bench(self.cell, simulated=config.simulated, rules=rules)
        self.work: WorkState | None = None
        self.heard = 0.0
        self.thrown: dict[str, Image] = {}
        self.thrown_anew = False
        self.latencies: deque[float] = deque(maxlen=LATENCIES)
        self.contents: dict[str, Content] = {}
        self.nodes: dict[str, tuple[float, protocol.NodeStatus]] = {}
        self.clock_was: tuple[float, int] | None = None
        self.speed = 1.0
        self.input_out = self.create_publisher(OperatorInput, "operator_input", EVENT)
        self.create_subscription(WorkState, "work_state", self.on_work_state, STATE)
        self.create_subscription(WorkspaceState, "workspace_state", self.on_workspace, STATE)
        self.robot: protocol.Robot | None = None
        self.create_subscription(CobotState, "cobot_state", self.on_robot, STATE)
        self.camera: Subscription | None = None
        for p in self.cell.scene.projectors:
            self.create_subscription(Image, f"projector/{p.id}/image", partial(self.on_projection, p.id), STATE)
            if not config.simulated:  # the simulated clock goes in steps of whole frames and tells no latency
                self.create_subscription(ProjectionState, f"projector/{p.id}/state", self.on_light, EVENT)
        self.create_subscription(DiagnosticArray, "/diagnostics", self.on_diagnostics, 10)
        monitor_rules = load_monitor_rules(Path(config.monitor_rules))
        self.view = WorkersView(self, monitor_rules, config.store, Path(config.journal),
                                lambda about: self.pages.publish_about(about))  # fmt: skip
        self.coaching = Coaching(self, lambda cells: self.pages.publish_coach(cells))
        self.viewing = Viewing(self, config.calibration, lambda shown: self.pages.publish_view(shown),
                               lambda cloud: self.pages.publish_cloud(cloud))  # fmt: skip
        self.tended = 0.0
        self.create_timer(0.1, self.show, clock=Clock(clock_type=ClockType.STEADY_TIME))
        root = Path(os.environ.get("OPSTAP_ROOT", "."))
        self.store: Store | None = None
        try:
            routes = self.questions(root / "config", config) if config.study else []
            self.authoring = Authoring(self, config.calibration, config.simulated, self.pause)
            for _, fault in self.cell.picture_faults():
                self.get_logger().warning(f"{fault}; the work goes on without it")
            routes += [*picture_routes(self.cell), *self.view.routes(), *preview_routes(self.cell)]
            routes += self.authoring.desk.routes()
            routes += view_routes(self.cell, self.viewing.shapes(Path(config.journal).parent / "scenes"))
            if config.calibration:
                files = Files(Path(self.get_parameter("scene").value), Path(config.calibration))
                self.calibrating = CellDesk(self, files, SETTLE_SIMULATED if config.simulated else SETTLE)
                routes += self.calibrating.desk.routes()
            network = network_of(config.network, config.network_port, Path(config.access))
            self.pages = PageServer(config.host, config.port, root / "web", self.on_page_input, routes,
                                    network=network, on_about=self.view.ask, on_coach=self.coaching.ask,
                                    try_out=config.simulated, view=True)  # fmt: skip
            self.pages.start()
        except (PageServerError, AccessError, StoreError, AnswerError) as error:
            raise StartError(str(error)) from error
        self.get_logger().info(f"the cell in the browser: {self.pages.url}")
        if network:
            port = self.pages.network_port
            self.get_logger().info(f"from other machines, with a PIN: https://<this machine>:{port}/")

    def questions(self, folder: Path, config: Config) -> list[RouteDef]:
        self.store = Store(config.store)
        return questions(
            folder, Path(config.study), config.condition, self.store, self.person, config.simulated
        ).routes()

    def person(self) -> tuple[str, str]:
        """Who sits here, and the language of that person."""
        if self.work is None:
            raise AnswerError("nobody is known to sit at this cell yet: the work guide has not been heard")
        return self.work.person, self.work.language

    def on_work_state(self, message: WorkState) -> None:
        self.got_input()
        self.work, self.heard = message, time.monotonic()

    def on_workspace(self, message: WorkspaceState) -> None:
        self.contents = {p.place: convert.CONTENTS[p.content] for p in message.places}

    def on_robot(self, message: CobotState) -> None:
        self.robot = protocol.Robot(
            phase=message.phase,
            stopped=message.needs_consent,
            not_taken=message.not_taken,  # type: ignore[arg-type]
        )

    def on_camera(self, message: CompressedImage) -> None:
        stamp = convert.time_from_ros(message.header.stamp)
        self.pages.publish_image(protocol.PictureKind.CAMERA, stamp, bytes(message.data))

    def on_projection(self, projector: str, message: Image) -> None:
        self.thrown[projector], self.thrown_anew = message, True

    def on_light(self, message: ProjectionState) -> None:
        seconds = (convert.time_from_ros(message.header.stamp) - convert.time_from_ros(message.source_stamp)) / 1e9
        if 0 <= seconds < LATENCY_UP_TO:
            self.latencies.append(seconds)

    def on_diagnostics(self, message: DiagnosticArray) -> None:
        own = f"{self.get_namespace().rstrip('/')}/"
        for status in message.status:
            if not status.name.startswith(own):
                continue  # another cell's: all of them tell on one topic
            name = status.name.rsplit("/", 1)[-1]
            shown = protocol.NodeStatus(name=name, level=LEVELS.get(status.level, "error"), message=status.message)
            self.nodes[name] = (time.monotonic(), shown)

    def show(self) -> None:
        """Put the newest state on the pages, ten times a second."""
        self.show_pictures()
        self.coaching.tend(self.pages.coaches > 0)
        if time.monotonic() - self.tended > 1.0:
            self.tended = time.monotonic()
            self.view.tend()
        self.viewing.tend(self.pages.viewers, self.work)
        if self.work is None:
            return
        now, stamp = time.monotonic(), convert.time_from_ros(self.work.header.stamp)
        if self.clock_was is None or now - self.clock_was[0] > 1.0:
            if self.clock_was:
                self.speed = max(0.0, round((stamp - self.clock_was[1]) / 1e9 / (now - self.clock_was[0]), 1))
            self.clock_was = (now, stamp)
        nodes = tuple(
            s if now - at < GONE_AFTER else s.model_copy(update={"level": "stale", "message": "not heard of"})
            for at, s in self.nodes.values()
        )
        profile = convert.profile_from_ros(self.work, self.cell)
        state, silent = convert.state_from_ros(self.work), now - self.heard > SILENT_AFTER
        shown = self.bench.update(
            state,
            profile,
            stamp,
            self.contents,
            nodes,
            self.speed,
            self.latency(),
            silent,
            self.robot,
            self.viewing.watched,
        )
        self.pages.publish(shown.model_copy(update={"authoring": self.authoring.desk.recording}))

    def show_pictures(self) -> None:
        """Ask the camera for pictures, and encode those of the projector, only while somebody looks."""
        if self.pages.connected and self.camera is None:
            topic = "camera/color/image_raw/compressed"
            self.camera = self.create_subscription(CompressedImage, topic, self.on_camera, SENSOR)
        elif not self.pages.connected and self.camera is not None:
            self.destroy_subscription(self.camera)
            self.camera = None
        if self.pages.connected and self.thrown_anew:
            # In the scene's order, side by side.
            thrown = [self.thrown[p.id] for p in self.cell.scene.projectors if p.id in self.thrown]
            image = cv2.cvtColor(side_by_side([convert.image_from_ros(t) for t in thrown]), cv2.COLOR_RGB2BGR)
            encoded = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
            stamp = max(convert.time_from_ros(t.header.stamp) for t in thrown)
            self.pages.publish_image(protocol.PictureKind.PROJECTOR, stamp, encoded)
            self.thrown_anew = False

    def latency(self) -> tuple[protocol.Latency, ...]:
        if not self.latencies:
            return ()
        p50, p95 = np.percentile(self.latencies, (50, 95))
        return (protocol.Latency(what="light", p50=float(p50), p95=float(p95)),)

    def on_page_input(self, message: protocol.OperatorInput, role: protocol.Role) -> None:
        out = OperatorInput(
            asked=message.asked.value, source=f"page ({role})", setting=message.setting, value=message.value
        )
        out.header.stamp = self.get_clock().now().to_msg()
        self.input_out.publish(out)

    def pause(self) -> None:
        """The coach pauses the work to record; from the page server's thread."""
        self.on_page_input(protocol.OperatorInput(asked=Asked.PAUSE), "coach")

    def destroy_node(self) -> None:
        self.pages.close()
        if self.store:
            self.store.close()
        super().destroy_node()


def main() -> int:
    return run(Dashboard)


if __name__ == "__main__":
    sys.exit(main())
