"""Lab 7: a lamp over the bench.

Subscribes: work_state. Publishes: lamp.
"""

import sys

from std_msgs.msg import String

from opstap_cell.cell_node import CellNode, run
from opstap_cell.qos import STATE


class Lamp(CellNode):
    """Shows "white" while somebody works, "blue" when help was asked for, "off" otherwise.

    An open call for help comes first. Mix-ups are nobody else's business: they change nothing. A lamp that hears
    nothing new says nothing new: it publishes only when the colour changes, and the first time.
    """

    def __init__(self) -> None:
        super().__init__("lamp")
        self.out = self.create_publisher(String, "lamp", STATE)


def main() -> int:
    return run(Lamp)


if __name__ == "__main__":
    sys.exit(main())
