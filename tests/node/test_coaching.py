"""The coach's page among cells: found by discovery, listened to while somebody looks, asked in their own namespace."""

from opstap.pages.coaching import CoachInput, CoachSnapshot
from opstap_cell.cell_node import CellNode
from opstap_cell.coaching import Coaching
from opstap_cell.qos import EVENT
from opstap_interfaces.msg import CoachView, Fact, OperatorInput


def view(**changes):
    return CoachView(cell="oral_care", languages=["en", "nl"], titles=["Pack", "Pak in"], job=1, phase="take", step=3,
                     steps=26, **changes)  # fmt: skip


def test_cells_are_found_shown_and_asked(graph):
    shown: list[CoachSnapshot] = []
    node = graph.start(lambda: CellNode("desk"))
    coaching = Coaching(node, shown.append)
    out = {n: graph.other.create_publisher(CoachView, f"/cell_{n}/coach_view", EVENT) for n in (2, 1)}
    wishes = {n: graph.hear(OperatorInput, f"/cell_{n}/operator_input", EVENT) for n in (1, 2)}
    graph.other.create_publisher(OperatorInput, "/robot_9/coach_view", EVENT)  # another type: no cell

    def looked(watched=True):
        coaching.tend(watched)
        return all(p.get_subscription_count() == watched for p in out.values())

    looked(False)
    assert not shown  # nobody looks: nobody is listened to
    graph.until(looked)
    shared = Fact(name="pace", value=1.25, unit="1", baseline=1.0, known=True, on=True, shared=True)
    secret = Fact(name="reach", value=0.5, unit="1", baseline=float("nan"), known=True, on=True, shared=False)
    odd = Fact(name="mood", value=1.0, unit="1", baseline=1.0, known=True, on=True, shared=True)
    out[1].publish(view(person="p07", facts=[shared, secret, odd]))
    out[2].publish(view(help_asked=True, help_seconds=12.0, person="p08"))
    graph.until(lambda: coaching.tend(True) or (shown and len(shown[-1].cells) == 2))
    one, two = shown[-1].cells
    assert (one.id, two.id) == ("/cell_1", "/cell_2")
    assert [(f.name.value, f.value) for f in one.facts] == [("pace", 1.25)]  # what is not shared never gets here
    assert (one.help_seconds, two.help_seconds, two.person) == (None, 12.0, "p08")

    assert coaching.ask(CoachInput(cell="/robot_9", asked="pause")) is not None
    assert coaching.ask(CoachInput(cell="/cell_2", asked="next")) is not None  # in the middle of a case
    assert coaching.ask(CoachInput(cell="/cell_2", asked="help_done")) is None
    graph.until(lambda: coaching.tend(True) or wishes[2])
    assert (wishes[2][0].asked, wishes[2][0].source) == ("help_done", "page (coach)")
    assert wishes[1] == []
    graph.until(lambda: looked(False))  # and not any more when nobody looks
