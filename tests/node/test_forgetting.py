"""A worker takes away all that is known, and has it erased: afterwards disk and database are read, and hold nothing."""

import time
from datetime import date
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage

from opstap.evaluation.store import Consents, Purpose, Store
from opstap.evaluation.store.ingest import sit_down
from opstap.evaluation.store.own import kept_of
from opstap.evaluation.store.tables import Answer, Form
from opstap.instructions import load_cell
from opstap.recording.bag import Bag, typestore
from opstap.recording.consent import Terms
from opstap.recording.whose import FILMS, note
from opstap.workflow.journal import Journal
from opstap_cell.evaluation import Evaluation
from opstap_cell.film import FilmNode
from opstap_cell.operator_monitor import OperatorMonitor
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_cell.recorder import Recorder
from opstap_cell.work_guide import WorkGuide
from opstap_interfaces.msg import MonitorInput, OperatorInput, OperatorState, PlaceState, WorkspaceState, WorkState

ROOT = Path(__file__).parents[2]
WHO, OTHER = "p07_who_asks", "p08_who_stays"
SAID = "words that only this person wrote"


@pytest.fixture
def scene(tmp_path):
    """The shipped cell with one more person; it lies outside the folder that is read."""
    text = (ROOT / "config/cells/oral_care.yaml").read_text(encoding="utf-8")
    path = tmp_path / "cell.yaml"
    first = "  - {id: default,"
    path.write_text(text.replace(first, f"  - {{id: {WHO}, language: nl, level: full, hand: right}}\n{first}", 1))
    return path


def recorded(folder, who):
    """A recording, with pictures and consent, of who worked then."""
    bag = Bag(folder, typestore(ROOT / "ros_ws/src/opstap_interfaces"), Terms(True, date.today()))
    bag.people([who])
    bag.close()
    return folder


def bytes_of(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_nothing_is_left_of_who_asks_and_the_work_goes_on(graph, scene, tmp_path):
    out = tmp_path / "out"
    store, journal = out / "store.db", out / "journal.db"
    cell = load_cell(scene, ROOT / "config/tasks/oral_care_case.yaml")
    out.mkdir()
    with Store(store) as opened:
        consents = Consents(opened)
        for purpose in (Purpose.RECORDS, Purpose.ANSWERS):
            consents.decide(WHO, purpose, True, time.time_ns())
        with consents.writing_for(WHO, Purpose.ANSWERS, time.time_ns()) as writer:
            form = {"id": uuid4(), "person": WHO, "instrument": "grade", "version": "1", "phase": "pre"}
            form |= {"condition": "", "language": "nl", "simulated": False, "opened_at": 1, "finished_at": 2}
            writer.put(Form, [form])
            writer.put(Answer, [{"form": form["id"], "item": "why", "value": None, "text": SAID, "answered_at": 2}])
    earlier = {who: recorded(out / "recordings" / who, who) for who in (WHO, OTHER)}
    for file, who in (("bench.mp4", OTHER), ("bench_2.mp4", WHO)):
        note(out, out / file, who)
        (out / file).write_bytes(b"film")
    sit_down(str(store), journal, cell, WHO, "", False)
    now = out / "recordings" / "now"
    guide = graph.start(
        WorkGuide, scene=scene, person=WHO, store=store, journal=journal, period=0.1, out=out, folder=now,
        **{"work_guide:rules": ROOT / "config/rules/guidance.yaml",
           "operator_monitor:rules": ROOT / "config/rules/monitor.yaml"},
    )  # fmt: skip
    others = [Evaluation(), OperatorMonitor(), FilmNode(), Recorder()]
    film, recorder = others[2:]
    for each in others:
        graph.executor.add_node(each)
    states = graph.hear(WorkState, "work_state", STATE)
    told = graph.hear(OperatorState, "operator_state", EVENT)
    seen = graph.talk(WorkspaceState, "workspace_state", STATE)
    picture = graph.talk(CompressedImage, "camera/color/image_raw/compressed", SENSOR)
    ask = graph.talk(OperatorInput, "operator_input", EVENT)
    about = graph.talk(MonitorInput, "monitor_input", EVENT)

    def look(second):
        places = [PlaceState(place=b, content=PlaceState.FILLED) for b in cell.scene.bin]
        places += [PlaceState(place=s, content=PlaceState.EMPTY) for s in cell.scene.slot]
        message = WorkspaceState(places=places)
        message.header.stamp.sec = second
        seen.publish(message)
        graph.until(lambda: states and states[-1].header.stamp.sec == second)

    look(2)
    jpeg = CompressedImage(format="jpeg", data=cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1].tobytes())
    graph.until(lambda: picture.publish(jpeg) or film.picture)
    graph.until(lambda: WHO in recorder.people and recorder.messages["/workspace_state"])
    for asked, setting, value in (
        ("set", "level", "short"),
        ("you_are_wrong", "", ""),
        ("next", "", ""),
        ("help", "", ""),
    ):
        ask.publish(OperatorInput(asked=asked, setting=setting, value=value, source="page (operator)"))
    graph.until(lambda: states[-1].help_asked and told and told[-1].person == WHO)
    about.publish(MonitorInput(asked="say", value="not_good"))
    graph.until(lambda: others[1].monitors[WHO].faces)

    with Store(store) as opened:
        graph.until(lambda: "coaching" in kept_of(opened, WHO))
        kept = kept_of(opened, WHO)
        assert {"people", "consents", "sessions", "runs", "steps", "coaching", "forms", "answers"} <= set(kept)
    with Journal(journal, reading=True) as opened:
        lines = opened.lines_of(WHO)
        assert [e["event"]["asked"] for e in lines if e["kind"] == "operator_input"][-1] == "help"
    before = bytes_of(out)
    assert WHO.encode() in before
    assert SAID.encode() in before
    assert list((out / "cases").iterdir())
    graph.until(lambda: list((out / "steps").iterdir()))
    assert now.is_dir()
    assert "bench_3.mp4" in (out / FILMS).read_text()

    about.publish(MonitorInput(asked="erase", person=WHO))
    graph.until(lambda: guide.named == "" and not others[1].monitors[WHO].faces)
    graph.until(lambda: film.film is None and recorder.bag is None)
    with Store(store) as opened:
        graph.until(lambda: kept_of(opened, WHO) == {})
    step = states[-1].step
    graph.until(lambda: picture.publish(jpeg) or film._inputs > 3)  # more pictures come, and are not kept
    look(3)
    assert (states[-1].step, states[-1].help_asked) == (step, True)  # the work is where it was
    ask.publish(OperatorInput(asked="next", source="page (operator)"))
    graph.until(lambda: states[-1].step == step + 1)
    for each in others:
        each.destroy_node()
    graph.stop()
    with Journal(journal, reading=True) as opened:
        assert opened.lines_of(WHO) == []
        assert len(list(opened.entries())) >= 2  # what came since is written as nobody's
    after = bytes_of(out)
    assert WHO.encode() not in after
    assert SAID.encode() not in after
    assert list((out / "cases").iterdir()) == []
    # Of films and recordings the other person's are left, and nothing that shows this one.
    assert sorted(p.name for p in out.glob("bench*.mp4")) == ["bench.mp4"]
    assert list((out / "steps").iterdir()) == []
    assert list((out / "recordings").iterdir()) == [earlier[OTHER]]

    # Started again for the same person, as a launch does, it is still nobody's work, until that person says otherwise.
    sit_down(str(store), journal, cell, WHO, "", False)
    guide = graph.start(WorkGuide, scene=scene, person=WHO, journal=journal, out=out,
                        **{"work_guide:rules": ROOT / "config/rules/guidance.yaml"})  # fmt: skip
    film = FilmNode()
    graph.executor.add_node(film)
    graph._nodes.append(film)
    states = graph.hear(WorkState, "work_state", STATE)
    seen = graph.talk(WorkspaceState, "workspace_state", STATE)
    about = graph.talk(MonitorInput, "monitor_input", EVENT)
    look(4)
    assert film.film is None
    assert WHO.encode() not in bytes_of(out)
    about.publish(MonitorInput(asked="remember", person="somebody_else"))
    about.publish(MonitorInput(asked="remember", person=WHO))
    graph.until(lambda: guide.named == WHO)
    look(5)
    graph.stop()
    with Journal(journal, reading=True) as opened:
        assert opened.lines_of(WHO) != []
