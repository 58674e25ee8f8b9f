"""The whole cell, real or simulated. `opstap launch cell.launch.py --show-args`, or `ros2 launch` under real ROS."""

import os
from pathlib import Path

from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction, RegisterEventHandler, TimerAction
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch_ros.actions import Node

from launch import LaunchDescription
from opstap.calibration.record import beside
from opstap.evaluation.questions.sitting import check_study
from opstap.evaluation.store.ingest import sit_down
from opstap.factory.settings import load_settings
from opstap.monitoring.rules import load_rules as load_monitor_rules
from opstap.preflight import PreflightError, begin_anew, check, check_network, named, read_arguments, write_down
from opstap.simulation.faults import read_fault
from opstap.simulation.person import load_traits
from opstap.workflow.levels import load_rules

ROOT = Path(__file__).resolve().parent.parent
LATER = 5.5
"""Seconds after which starts what the first instruction does not need: on two cores each node holds up the others."""
ARGUMENTS = {
    "cell": ("oral_care", "scene: a name in config/cells, or a path"),
    "task": ("oral_care_case", "work instructions: a name in config/tasks, or a path"),
    "sim": ("true", "true: simulated camera and person; false: the real devices"),
    "recording": ("", "a .db3, a .bag or a recorded session's folder to play instead of a live camera"),
    "person": ("demo", "simulated person: a name in config/people, or a path"),
    "profile": ("default", "whose language and level: a profile id of the scene"),
    "fault": ("", "what befalls the simulated camera, such as bump@20, cover@20-25, sun@30, dust@30 (seconds)"),
    "seed": ("1", "seed of the simulation"),
    "speed": ("1", "simulated seconds in a second, or max"),
    "out": ("out", "folder for the journal, the film and the step pictures"),
    "store": (
        "",
        "where work is kept of people who allow it: an SQLite file or PostgreSQL URL; empty: store.db in out",
    ),
    "condition": ("", "condition of a study, such as with or without; empty: ordinary work"),
    "study": ("", "study whose questionnaires the pages ask: a name in config/studies, or a path; empty: none"),
    "hub": ("", "address of the hub that counts cases of many cells, https://name:port; empty: none"),
    "hub_authority": ("hub-ca.pem", "the hub's certificate file"),
    "hub_token": ("hub-token", "file with this cell's token"),
    "factory": ("", "folder made by opstap factory prepare, to tell a factory of finished cases; empty: none"),
    "cobot": ("none", "what brings trays: none, simulated (with sim:=true), or ros2_control (with sim:=false)"),
    "markers": ("false", "tell RViz and Foxglove of frames, robot, people, light, and a thinned-out camera cloud"),
    "speech": ("false", "speak the words with espeak-ng, at each worker's volume"),
    "film": ("false", "keep a film and a picture of every step; only with consent of the people in it"),
    "window": ("false", "show the projection full-screen on the projector's display"),
    "port": ("8080", "port of the pages on this machine; 0: no pages"),
    "network": ("", "address on which other machines reach the pages, such as 0.0.0.0; empty: none"),
    "network_port": ("8443", "port of the pages there"),
    "access": ("access", "folder with certificate and PINs for the network, made by opstap access prepare"),
    "namespace": ("cell_1", "ROS namespace of this cell"),
    "carried": ("carried", "folder in which a level of help waits that somebody chose in the orientation"),
    "linger": ("3", "seconds the pages stay after the simulated case is packed"),
}


def nodes(context):
    """The nodes, after everything that can be wrong beforehand was checked."""
    value = context.launch_configurations
    given = read_arguments(value)
    out = Path(value["out"]).absolute()
    cell, files = check(ROOT / "config", value["cell"], value["task"], value["profile"], out, given.port, given.cobot)
    person = named(ROOT / "config" / "people", value["person"])
    sim = given.sim
    if sim:
        load_traits(person, cell)
    try:
        read_fault(value["fault"])
    except ValueError as error:
        raise PreflightError(f"fault: {error}") from error
    access = Path(value["access"]).absolute()
    check_network(value["network"], given.network_port, access)
    if value["factory"]:
        load_settings(Path(value["factory"]))
    source = "simulated" if sim else "recording" if value["recording"] else "live"
    study = check_study(ROOT / "config", value["study"], value["condition"])
    kept = begin_anew(out) if sim else out / "kept"
    kept.mkdir(exist_ok=True)
    write_down(out, {name: value[name] for name in ARGUMENTS})
    store = value["store"] or str(out / "store.db")
    sit_down(store, out / "journal.db", cell, value["profile"], value["condition"], sim)
    calibration = str(kept / "calibration.yaml" if sim else beside(files.scene))
    secured = os.environ.get("ROS_SECURITY_ENABLE", "").lower() == "true"  # keys made by opstap enclaves
    common = {"scene": str(files.scene), "task": str(files.task), "use_sim_time": sim}

    # Every simulated cell has a clock of its own: several on one network must not share theirs. A journal that is
    # closed waits for the disk, which can take longer than the five seconds after which a process is ended harder.
    def node(executable, name="", **parameters):
        return Node(
            package="opstap_cell", executable=executable, name=name or executable, namespace=value["namespace"],
            output="screen",
            ros_arguments=["--enclave", f"/{value['namespace'].strip('/')}/{executable}"] if secured else [],
            parameters=[common | parameters], remappings=[("/clock", "clock")], respawn=True, respawn_delay=0.5,
            sigterm_timeout="20",
        )  # fmt: skip

    rules = ROOT / "config" / "rules" / "guidance.yaml"
    load_rules(rules, cell, files.scene)
    monitor_rules = str(ROOT / "config" / "rules" / "monitor.yaml")
    load_monitor_rules(Path(monitor_rules))
    actions = [
        node("work_guide", journal=str(out / "journal.db"), person=value["profile"], rules=str(rules),
             carried=str(Path(value["carried"]).absolute()), cobot=given.cobot != "none"),
        *(
            node(
                "projector_guidance",
                name=name,
                projector=projector,
                window=given.window,
                calibration=calibration,
                keys=str(ROOT / "config" / "inputs" / "keys.yaml"),
            )
            for projector, name in cell.scene.projector_nodes.items()
        ),
        node(
            "depth_camera",
            source=source,
            recording=value["recording"],
            seed=given.seed,
            fault=value["fault"],
        ),
        node("perception", person=value["profile"], kept=str(kept), calibration=calibration),
    ]
    # The first instruction comes before what is not needed for it: these, and the pages, start a little later.
    later = [
        node("operator_monitor", rules=monitor_rules, simulated=sim),
        node("evaluation", journal=str(out / "journal.db"), store=store, simulated=sim, hub=value["hub"],
             hub_authority=value["hub_authority"], hub_token=value["hub_token"]),
    ]  # fmt: skip
    if value["factory"]:
        later.append(node("factory", folder=str(Path(value["factory"]).absolute()), simulated=sim,
                          journal=str(out / "journal.db"), ledger=str(out / "factory.db")))  # fmt: skip
    actions.append(TimerAction(period=LATER, actions=later))
    if sim:
        # The simulator makes the clock and does not follow it.
        simulator = node("cell_simulator", person=str(person), seed=given.seed, speed=given.speed,
                         linger=given.linger, cobot=given.cobot != "none", saved=str(kept / "world.pickle"),
                         use_sim_time=False)  # fmt: skip
        actions += [simulator, RegisterEventHandler(OnProcessExit(target_action=simulator, on_exit=_end))]
    if given.cobot != "none":
        numbers = str(ROOT / "config" / "separation.yaml")
        actions.append(node("part_presenter", separation=numbers, robot=given.cobot))
    if given.markers:
        actions.append(node("scene_markers", calibration=calibration))
    if given.speech:
        actions.append(node("speech"))
    if given.film:
        actions.append(node("film", out=str(out), person=value["profile"]))
    if given.port:
        actions.append(
            TimerAction(
                period=4.0,
                actions=[
                    node(
                        "dashboard",
                        port=given.port,
                        network=value["network"],
                        network_port=given.network_port,
                        access=str(access),
                        simulated=sim,
                        calibration=calibration,
                        study=study,
                        condition=value["condition"],
                        store=store,
                        rules=str(rules),
                        monitor_rules=monitor_rules,
                        journal=str(out / "journal.db"),
                    )
                ],
            )
        )
    return actions


def _end(event, context):
    """The simulated case is packed: end the cell."""
    return [EmitEvent(event=Shutdown(reason="the case is packed"))] if event.returncode == 0 else []


def generate_launch_description():
    declared = [DeclareLaunchArgument(n, default_value=d, description=t) for n, (d, t) in ARGUMENTS.items()]
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    return LaunchDescription([*declared, OpaqueFunction(function=nodes)])
