"""The nodes of the assistance cell: thin carriers of the opstap library."""

# The one list of nodes: setup.py, the launch file and docs/nodes.md follow it.
NODES = {
    "depth_camera": "publishes depth and colour of a live, recorded or simulated camera",
    "perception": "tells from depth what happened at which place",
    "work_guide": "decides what comes next and keeps the journal",
    "projector_guidance": "draws what the projector shows",
    "speech": "speaks the words, where the launch says speech:=true",
    "part_presenter": "brings trays with the cobot, and keeps it away from people",
    "cell_simulator": "simulates the person and the parts",
    "operator_monitor": "tells the worker facts about the work, and offers advice by readable rules",
    "evaluation": "keeps the work in the store, as far as people allow, and tells the hub",
    "factory": "tells a factory's systems of finished cases, and takes their orders, where the launch says factory:=",
    "dashboard": "serves the pages: bench, the worker's own view, coach",
    "vr_orientation": "serves the page on which somebody meets the job beforehand, also in a headset",
    "scene_markers": "shows the cell in RViz and Foxglove, where the launch says markers:=true",
    "recorder": "records topics; depth only with consent and an expiry",
    "film": "keeps a film of the bench and a picture of every step",
}
