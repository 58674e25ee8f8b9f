"""The node for RViz and Foxglove: frames at once, markers and cloud while somebody listens; the shipped configs fit."""

import json
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker, MarkerArray

from opstap_cell import convert
from opstap_cell.qos import EVENT, SENSOR, STATE
from opstap_cell.scene_markers import SceneMarkers
from opstap_interfaces.msg import Body, BodyArray, Capsule, WorkState

CONFIG = Path(__file__).parents[2] / "config"


def test_it_tells_frames_solids_cues_and_points_and_only_to_who_listens(graph, cell):
    node = graph.start(SceneMarkers)
    frames = graph.hear(TFMessage, "/tf_static", STATE)
    graph.until(lambda: frames)
    names = {t.child_frame_id for t in frames[0].transforms}
    assert names == {"oral_care/projector_main", "oral_care/robot_base"}
    assert not node.viewing.watched, "depth is asked for, and nobody looks"
    markers, clouds = graph.hear(MarkerArray, "markers", EVENT), graph.hear(PointCloud2, "cloud", SENSOR)
    graph.until(lambda: node.viewing.watched)
    graph.talk(WorkState, "work_state", STATE).publish(
        WorkState(phase="take", step=13, steps=26, job=1, person="default", language="en", level="full", volume=0,
                  motion="none", tray="none")
    )  # fmt: skip
    capsule = Capsule(radius=0.05)
    capsule.start.x, capsule.end.x = 0.1, 0.3
    body = graph.talk(BodyArray, "robot_body", SENSOR)

    def seen(space):
        return [m for message in markers for m in message.markers if m.ns == space]

    def shown():
        body.publish(BodyArray(bodies=[Body(id="forearm", capsules=[capsule])]))
        return seen("robot")

    graph.until(shown)
    assert [p.x for p in seen("robot")[0].points] == [0.1, 0.3]
    graph.until(lambda: any(round(m.color.r, 2) == 0.12 for m in seen("outlines")))  # what is lit
    pinhole = cell.scene.camera.view.pinhole
    info = CameraInfo(width=pinhole.width, height=pinhole.height)
    info.k = [pinhole.fx, 0.0, pinhole.cx, 0.0, pinhole.fy, pinhole.cy, 0.0, 0.0, 1.0]
    graph.talk(CameraInfo, "camera/depth/camera_info", STATE).publish(info)
    graph.until(lambda: node.viewing._optics is not None)
    graph.until(lambda: node.cloud_out.get_subscription_count() > 0)
    depth = np.full((pinhole.height, pinhole.width), 900, np.uint16)
    graph.talk(Image, "camera/depth/image_rect_raw", SENSOR).publish(convert.image_to_ros(depth, "16UC1", "x", 0))
    graph.until(lambda: clouds)
    points = np.frombuffer(bytes(clouds[0].data), "<f4").reshape(-1, 3)
    assert 5000 < clouds[0].width == len(points) <= 12_000
    assert np.allclose(points[:, 2], 0.1, atol=0.02), "0.9 m below a camera that hangs 1 m over the table"
    assert clouds[0].header.frame_id == seen("robot")[0].header.frame_id == "oral_care/table"
    assert frames[-1].transforms[-1].child_frame_id == "oral_care/camera_depth_optical_frame"
    assert markers[0].markers[0].action == Marker.DELETEALL


def test_the_shipped_configs_name_topics_that_there_are():
    kinds = {"markers": "MarkerArray", "cloud": "PointCloud2", "camera/color/image_raw": "Image"}
    rviz = YAML(typ="safe").load(CONFIG / "rviz/cell.rviz")["Visualization Manager"]
    for display in rviz["Displays"]:
        if "Topic" in display:
            kind = kinds[display["Topic"]["Value"].removeprefix("/cell_1/")]
            assert display["Class"] == f"rviz_default_plugins/{kind}"
    assert rviz["Global Options"]["Fixed Frame"] == "oral_care/table"
    layout = json.loads((CONFIG / "foxglove/cell.json").read_text())
    panels, ahead = set(), [layout["layout"]]
    while ahead:
        each = ahead.pop()
        if isinstance(each, str):
            panels.add(each)
        else:
            ahead += [each["first"], each["second"]]
    assert panels == layout["configById"].keys()
    assert set(layout["configById"]["3D!cell"]["topics"]) == {"/cell_1/markers", "/cell_1/cloud"}
