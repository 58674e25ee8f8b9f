"""Simulates the person and the parts, in step with the cell; ends when the case is packed.

Subscribes: projector/<id>/image, projector/<id>/state; with a cobot joint_trajectory_controller/joint_trajectory.
Publishes: simulation/world, /clock, which the launch remaps into the namespace of the cell; with a cobot joint_states,
force_torque_sensor_broadcaster/wrench.
The simulated person knows only the light; the projectors' states are used for their stamps alone.
"""

from __future__ import annotations

import math
import pickle
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import rclpy
from geometry_msgs.msg import WrenchStamped
from rclpy.clock import Clock, ClockType
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import Image, JointState
from trajectory_msgs.msg import JointTrajectory

from opstap.simulation.lockstep import Lockstep
from opstap.simulation.person import load_traits
from opstap.simulation.simulator import START, Simulator
from opstap_cell import convert
from opstap_cell.cell_node import CellNode, run
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_interfaces.msg import ProjectionState, SimulatedWorld

if TYPE_CHECKING:
    from opstap.simulation.cobot import SimulatedCobot

CLOCK_EVERY = 3
"""Ticks between two /clock messages: every node is woken by each, and what must be exact goes by stamps."""
KEEP_EVERY = 30
"""Ticks between two savings of the world, so that a killed simulator goes on."""


@dataclass(frozen=True)
class Config:
    person: str = parameter("path of the simulated person's file, config/people/*.yaml")
    seed: int = parameter("seed of the person and the parts", 1, 0, 2**31 - 1)
    speed: float = parameter("simulated seconds in a second; 0: as fast as the machine can", 1.0, 0.0, 100.0)
    linger: float = parameter("seconds to go on after the case is packed", 0.0, 0.0, 3600.0)
    cobot: bool = parameter("whether there is a cobot, driven as a joint trajectory controller drives one", False)
    saved: str = parameter("file in which the world is kept over a restart; empty: none", "")


class CellSimulator(CellNode):
    def __init__(self) -> None:
        super().__init__("cell_simulator")
        config = declare(self, Config)
        self.saved = Path(config.saved) if config.saved else None
        self.linger, self.packed_at = config.linger, math.inf
        self.simulator = Simulator(
            self.cell, load_traits(Path(config.person), self.cell), config.seed, cobot=config.cobot
        )
        if self.saved and self.saved.exists():
            self.simulator = pickle.loads(self.saved.read_bytes())  # written by this node in the run's own folder
        projectors = [p.id for p in self.cell.scene.projectors]
        self.lockstep = Lockstep(self.simulator, START, projectors, config.speed or math.inf,
                                 ("cobot",) if config.cobot else ())  # fmt: skip
        self.world_out = self.create_publisher(SimulatedWorld, "simulation/world", EVENT)
        self.clock_out = self.create_publisher(ClockMessage, "/clock", EVENT)
        for p in projectors:
            self.create_subscription(Image, f"projector/{p}/image", partial(self.on_picture, p), STATE)
            self.create_subscription(ProjectionState, f"projector/{p}/state", partial(self.on_answer, p), EVENT)
        if config.cobot:
            # Loaded only where there is one: these bring the robot libraries.
            from opstap_cell.cobot_messages import joints_to_ros
            from opstap_cell.simulated_robot import horizon_from_ros

            self.joints_to_ros, self.horizon_from_ros = joints_to_ros, horizon_from_ros
            self.joints_out = self.create_publisher(JointState, "joint_states", SENSOR)
            self.force_out = self.create_publisher(WrenchStamped, "force_torque_sensor_broadcaster/wrench", SENSOR)
            self.create_subscription(
                JointTrajectory, "joint_trajectory_controller/joint_trajectory", self.on_told, EVENT
            )
        # Answers drive the ticks; the timer keeps the pace in real time, and asks again where no answer came.
        period = 0.25 / (self.simulator.fps * config.speed) if config.speed else 0.1
        self.create_timer(period, self.advance, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def on_picture(self, projector: str, message: Image) -> None:
        image = convert.image_from_ros(message)
        self.lockstep.on_picture(projector, convert.time_from_ros(message.header.stamp), image)

    def on_answer(self, projector: str, message: ProjectionState) -> None:
        self.got_input()
        source, picture = convert.time_from_ros(message.source_stamp), convert.time_from_ros(message.image_stamp)
        self.lockstep.on_answer(projector, source, picture)
        self.advance()

    def on_told(self, message: JointTrajectory) -> None:
        assert self.simulator.cobot
        source = convert.time_from_ros(message.header.stamp)
        if message.points:
            self.simulator.cobot.tell(self.horizon_from_ros(message), source)
        self.lockstep.on_answer("cobot", source, source)
        self.advance()

    def publish_cobot(self, cobot: SimulatedCobot) -> None:
        self.joints_out.publish(self.joints_to_ros(cobot.joints, cobot.names))
        force = WrenchStamped()
        force.header.stamp, force.header.frame_id = convert.time_to_ros(cobot.joints.stamp), "tool0"
        force.wrench.force = convert.vector_to_ros(cobot.force)
        self.force_out.publish(force)

    def advance(self) -> None:
        world = self.lockstep.due(time.monotonic())
        if self.lockstep.stuck:
            # The launch starts it again, from the world as it was last kept and with the light that is on then.
            self.get_logger().error(self.lockstep.stuck)
            sys.exit(1)
        if world is None:
            return
        if world.tick % CLOCK_EVERY == 0:
            self.clock_out.publish(ClockMessage(clock=convert.time_to_ros(world.stamp)))
        if self.simulator.cobot:
            self.publish_cobot(self.simulator.cobot)
        self.world_out.publish(convert.world_to_ros(world, self.table_frame))
        if self.saved and world.tick % KEEP_EVERY == 0:
            fresh = self.saved.with_suffix(".new")
            fresh.write_bytes(pickle.dumps(self.simulator))
            fresh.replace(self.saved)
        if self.simulator.finished and self.packed_at == math.inf:
            self.packed_at = time.monotonic()
            how = "the case is packed" if self.simulator.packed else "nobody goes on, and the case is not packed,"
            self.get_logger().info(f"{how} after {self.simulator.ticks / self.simulator.fps:.1f} s")
        if time.monotonic() - self.packed_at >= self.linger:
            if self.saved:
                self.saved.unlink(missing_ok=True)
            rclpy.shutdown()

    def values(self) -> dict[str, str]:
        return {"tick": str(self.simulator.ticks), "resent": str(self.lockstep.resent)}


def main() -> int:
    return run(CellSimulator)


if __name__ == "__main__":
    sys.exit(main())
