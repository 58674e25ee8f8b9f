"""The courier between work guide and cobot: nobody waits for ever, and what comes late is put away."""

import pytest
from rclpy.action import ActionServer
from rclpy.node import Node
from rclpy.task import Future

from opstap.workflow.model import Phase, State, Tray, TrayChanged
from opstap.workflow.order import current_step
from opstap_cell.courier import GONE_AFTER, PATIENCE, Courier
from opstap_interfaces.action import PresentPart

SECOND = 1_000_000_000
ZONE = "present_right"


class Cobot:
    """Accepts every errand, and ends the newest one when it is told to."""

    def __init__(self, node):
        self.errands, self.ends = [], []
        self.server = ActionServer(node, PresentPart, "present_part", self.execute)

    async def execute(self, goal):
        self.errands.append((goal.request.part, goal.request.place))
        self.ends.append(Future())
        code = await self.ends[-1]
        goal.succeed()
        return PresentPart.Result(code=code, place=ZONE)


class Work:
    """At a step whose part is presented; what the courier decides is what happens."""

    def __init__(self, graph, cell):
        step = next(i for i, s in enumerate(cell.task.steps) if s.present)
        self.cell, self.state = cell, State(phase=Phase.TAKE, step=step, tray=Tray.COMING)
        self.part = cell.task.steps[step].part
        self.decided, self.graph, self.now = [], graph, SECOND
        node = graph.start(lambda: Node("guide"))
        self.cobot = Cobot(graph.other)
        self.courier = Courier(node, cell, "default", lambda: self.state, self.decide)
        graph.until(self.courier._client.server_is_ready)

    def decide(self, event):
        self.decided.append(event)
        self.state = self.state.__class__(**{**vars(self.state), "tray": event.tray, "tray_zone": event.zone})

    def serve(self, after=SECOND):
        self.now += after
        self.courier.serve(self.now)

    def errand(self):
        """The next one that the cobot is asked for."""
        count = len(self.cobot.errands)
        self.serve()
        self.graph.until(lambda: len(self.cobot.errands) > count)
        return self.cobot.errands[-1]

    def ends(self, code=PresentPart.Result.OK):
        self.cobot.ends[-1].set_result(code)
        self.graph.until(lambda: self.courier._errand is None)


@pytest.fixture
def work(graph, cell):
    return Work(graph, cell)


def test_a_tray_is_asked_for_once_and_told_when_it_is_there(work):
    assert work.errand() == (work.part, "")
    for _ in range(3):
        work.serve()
    work.ends()
    assert [(e.tray, e.zone) for e in work.decided] == [(Tray.THERE, ZONE)]
    assert len(work.cobot.errands) == 1


def test_nobody_waits_for_ever_and_a_tray_that_comes_too_late_goes_back(work):
    work.errand()
    work.serve(PATIENCE - SECOND)
    assert work.decided == []
    work.serve(2 * SECOND)
    work.serve()
    assert work.decided == [TrayChanged(work.now - SECOND, Tray.NONE)], "told once"
    work.ends()
    assert len(work.decided) == 1, "the work has gone on"
    assert work.errand() == (work.part, "store")


def test_a_cobot_that_is_gone_leaves_the_bin_and_a_late_result_is_known(work):
    work.errand()
    work.courier._client.server_is_ready = lambda: False
    work.serve(GONE_AFTER + SECOND)
    assert work.decided == [TrayChanged(work.now, Tray.NONE)]
    assert not work.courier._trays.out
    del work.courier._client.server_is_ready
    work.cobot.ends[-1].set_result(PresentPart.Result.OK)
    work.graph.until(lambda: work.courier._trays.out == work.part)
    assert work.errand() == (work.part, "store")


def test_what_nobody_took_is_taken_back_and_the_bin_is_lit(work):
    work.errand()
    work.ends(PresentPart.Result.NOT_TAKEN)
    assert [e.tray for e in work.decided] == [Tray.NONE]
    assert work.errand() == (work.part, "store")
    assert current_step(work.cell, work.state).part == work.part
