"""The scene for browsers passes Khronos' own validator."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from fake_cell import WEB, npm

from opstap.instructions import Cell
from opstap.orientation.glb import glb
from opstap.orientation.scenery import scenery

CHECK = """
import validator from "gltf-validator";
import { readFileSync } from "node:fs";
const told = await validator.validateBytes(new Uint8Array(readFileSync(0)));
console.log(JSON.stringify(told));
"""


def test_the_scene_is_valid_gltf(cell: Cell, node_modules: Path) -> None:
    assert npm()  # puts node where it is found
    command = ["node", "--input-type=module", "-e", CHECK]
    done = subprocess.run(command, cwd=WEB, input=glb(scenery(cell, cobot=True)), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert told["issues"]["messages"] == []
    assert told["info"]["hasDefaultScene"]
    assert told["info"]["drawCallCount"] <= 150
    assert told["info"]["totalTriangleCount"] <= 200_000
