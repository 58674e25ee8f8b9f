"""Tells a factory's systems of finished cases and missing material, and takes their orders: MQTT, REST, OPC UA.

Subscribes: work_state, workspace_state, of which only what the closed list in docs/factory.md names goes on. Finished
cases come from the work guide's journal. Orders are counted, and shown to nobody but who asks: they change nothing in
the work, and nothing here publishes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from opstap.factory.bridge import Bridge, Work
from opstap.factory.parts import FactoryError
from opstap.factory.settings import load_settings
from opstap_cell.cell_node import CellNode, StartError, run
from opstap_cell.parameters import declare, parameter
from opstap_cell.qos import STATE
from opstap_interfaces.msg import PlaceState, Problem, WorkspaceState, WorkState


@dataclass(frozen=True)
class Config:
    folder: str = parameter("folder that `opstap factory prepare` made")
    journal: str = parameter("path of the work guide's journal")
    ledger: str = parameter("path of the bridge's own file, an SQLite file")
    simulated: bool = parameter("the cell is simulated, and every state says so", False)


class Factory(CellNode):
    def __init__(self) -> None:
        super().__init__("factory")
        config = declare(self, Config)
        scene, folder = self.cell.scene, Path(config.folder)
        self.parts = {b.id: b.part for b in scene.bins}
        self.empty: tuple[str, ...] = ()
        try:
            self.bridge = Bridge(
                folder, load_settings(folder), Path(config.ledger), Path(config.journal), scene.cell,
                self.cell.task.task, simulated=config.simulated,
            )  # fmt: skip
            self.bridge.start()
        except FactoryError as error:
            raise StartError(str(error)) from error
        self.create_subscription(WorkState, "work_state", self.on_work_state, STATE)
        self.create_subscription(WorkspaceState, "workspace_state", self.on_workspace, STATE)
        self.get_logger().info(f"the factory is told by: {', '.join(self.bridge.parts) or 'nothing, all is off'}")

    def on_work_state(self, message: WorkState) -> None:
        self.got_input()
        begun = message.phase not in (WorkState.READY, WorkState.DONE)
        wanting = any(p.trouble == Problem.EMPTY_BIN for p in message.problems)
        self.bridge.tell(Work(begun, wanting, self.empty))
        self.warning = self.bridge.fault

    def on_workspace(self, message: WorkspaceState) -> None:
        empty = {self.parts[p.place] for p in message.places if p.place in self.parts and p.content == PlaceState.EMPTY}
        self.empty = tuple(sorted(empty))

    def destroy_node(self) -> None:
        self.bridge.close()
        super().destroy_node()


def main() -> int:
    return run(Factory)


if __name__ == "__main__":
    sys.exit(main())
