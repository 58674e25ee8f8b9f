"""What looking at a depth frame costs: 848x480, 12 bins, 24 slots, hands at work; against plainer and heavier ways.

python -m bench.perception.speed [--frames 300] [--mediapipe PYTHON] [--write]

All in one run, on one core, in CPU time: what else the machine does hardly counts. `--mediapipe` names the Python of an
environment of its own that has mediapipe 0.10.21 (its NumPy is another than ours); without it that row is left out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from time import process_time

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import cv2  # noqa: E402 - after the number of threads
import numpy as np  # noqa: E402
import open3d as o3d  # noqa: E402

from bench.perception.session import cell_of, draw, scripts  # noqa: E402
from bench.perception.work import Manner, Worker  # noqa: E402
from bench.report import Row, machine, put_into, table  # noqa: E402
from opstap.instructions import Cell  # noqa: E402
from opstap.perception.guard import Guard  # noqa: E402
from opstap.perception.watch import Watcher  # noqa: E402
from opstap.scene import Scene  # noqa: E402
from opstap.simulation.bench import Bench  # noqa: E402
from opstap.simulation.camera import SimulatedCamera  # noqa: E402
from opstap.simulation.noise import FITTED  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs/performance.md"
SCENE = "assembly, large bins"
STILL = 60
"""Frames without hands at the start: places are settled, the camera's reference is made."""
Frames = list[tuple[np.ndarray, int]]


def frames_of(cell: Cell, count: int, seed: int = 5) -> Frames:
    """Depth frames (480, 848) uint16 mm and their stamps: two hands at work at once after a while of stillness."""
    rng = np.random.default_rng(seed)
    factors = draw("tuning", seed, {"scene": SCENE, "hands": "both at once"})
    script = scripts(cell, factors, rng)
    worker = Worker(Bench(cell, seed), {side: [] for side in script}, Manner(speed=1.6), seed)
    camera = SimulatedCamera(cell, seed, FITTED)
    frames: Frames = []
    while len(frames) < STILL + count:
        if len(frames) == STILL:
            worker.begin(script)
        world = worker.tick()
        frames.append((camera.depth(world), world.stamp))
    return frames


def with_bins(cell: Cell, count: int) -> Cell:
    """The cell with so many bins of 70 x 60 mm instead of its own, in rows behind the case; no slots less or more."""
    bins = [
        {"id": f"bin_{i + 1:02}", "part": cell.scene.bins[0].part, "size": (0.070, 0.060, 0.030), "count": 2,
         "position": (-0.6 + 0.08 * (i % 16), 0.11 + 0.07 * (i // 16), 0.003)}
        for i in range(count)
    ]  # fmt: skip
    return replace(cell, scene=Scene.model_validate(cell.scene.model_dump() | {"bins": bins}))


def spent(look: Callable[[np.ndarray, int], object], frames: Iterable[tuple[np.ndarray, int]]) -> np.ndarray:
    """CPU milliseconds of each frame after the first STILL."""
    times = []
    for depth, stamp in frames:
        began = process_time()
        look(depth, stamp)
        times.append((process_time() - began) * 1e3)
    return np.array(times[STILL:])


def plain_numpy(cell: Cell) -> Callable[[np.ndarray, int], object]:
    """All pixels to points on the table, then for each bin and slot how many lie in it and how high."""
    view = cell.scene.camera.view
    k = view.pinhole
    u, v = np.meshgrid(np.arange(k.width), np.arange(k.height))
    insides = [b.inside for b in cell.scene.bins] + [cell.scene.case.slot_box(s) for s in cell.scene.case.slots]
    boxes = [(box.pose.inverse(), np.array(box.size) / 2) for box in insides]

    def look(depth: np.ndarray, _: int) -> object:
        z = depth / 1000.0
        points = np.stack([(u - k.cx) / k.fx * z, (v - k.cy) / k.fy * z, z], axis=-1).reshape(-1, 3)[z.ravel() > 0]
        points = view.pose.apply(points)
        found = []
        for to_box, half in boxes:
            local = to_box.apply(points)
            inside = local[np.all(np.abs(local) <= half, axis=1)]
            found.append((len(inside), inside[:, 2].mean() if len(inside) else 0.0))
        return found

    return look


def open3d_crops(cell: Cell) -> Callable[[np.ndarray, int], object]:
    """The same by Open3D: a point cloud of the frame, cropped by the box of each place."""
    view = cell.scene.camera.view
    k = view.pinhole
    optics = o3d.camera.PinholeCameraIntrinsic(k.width, k.height, k.fx, k.fy, k.cx, k.cy)
    extrinsic = view.pose.inverse().matrix
    insides = [b.inside for b in cell.scene.bins] + [cell.scene.case.slot_box(s) for s in cell.scene.case.slots]
    boxes = [o3d.geometry.OrientedBoundingBox(b.pose.translation, b.pose.rotation, np.array(b.size)) for b in insides]

    def look(depth: np.ndarray, _: int) -> object:
        cloud = o3d.geometry.PointCloud.create_from_depth_image(o3d.geometry.Image(depth), optics, extrinsic, 1000.0)
        return [len(cloud.crop(box).points) for box in boxes]

    return look


MEDIAPIPE = """
import sys, time, numpy as np, mediapipe as mp
frames = np.load(sys.argv[1])
hands = mp.solutions.hands.Hands(static_image_mode=False, max_num_hands=2, model_complexity=0)
times, found = [], 0
for f in frames:
    began = time.process_time()
    r = hands.process(f)
    times.append((time.process_time() - began) * 1e3)
    found += bool(r.multi_hand_landmarks)
print(np.median(times), np.percentile(times, 99), found, len(frames))
"""


def mediapipe(python: str, frames: Frames) -> tuple[float, float, int, int]:
    """Median and p99 CPU ms of MediaPipe hands (lite) on the frames as grey pictures; with hands found, of how many."""
    grey = np.array([np.clip((1300 - d[:, :, None].astype(float)) / 6, 0, 255).repeat(3, 2) for d, _ in frames[::4]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frames.npy"
        np.save(path, grey.astype(np.uint8))
        ran = subprocess.run([python, "-c", MEDIAPIPE, str(path)], capture_output=True, text=True, check=True)
    median, p99, found, of = ran.stdout.split()
    return float(median), float(p99), int(found), int(of)


def floor(frames: Frames) -> tuple[float, float]:
    """ms to copy a frame, and to read it once."""
    depth = frames[0][0]

    def each(work: Callable[[], object]) -> float:
        began = process_time()
        for _ in range(500):
            work()
        return (process_time() - began) * 2

    return each(depth.copy), each(depth.max)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--mediapipe", metavar="PYTHON")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    about = machine()
    cell = cell_of(SCENE)
    frames = frames_of(cell, given.frames)
    copy, read = floor(frames)
    watcher, guard = Watcher(cell, cell.scene.camera.view), Guard(cell, cell.scene.camera.view.pinhole)
    watched, guarded = spent(watcher.see, frames), spent(guard.see, frames)
    few, many = (
        spent(Watcher(c, c.scene.camera.view).see, frames_of(c, given.frames // 2))
        for c in (with_bins(cell, 8), with_bins(cell, 64))
    )
    numpy_, open3d_ = (spent(way(cell), frames[: STILL + 25]) for way in (plain_numpy, open3d_crops))
    median = float(np.median(guarded))
    rows = [
        Row("perception of a frame, median", median, "ms", 3, note=f"{median / copy:.0f} x copying the frame"),
        Row("perception of a frame, p99", float(np.percentile(guarded, 99)), "ms", 6),
        Row("of it without the watch over the camera, median", float(np.median(watched)), "ms"),
        Row("of it without the watch over the camera, p99", float(np.percentile(watched, 99)), "ms"),
        Row("64 bins against 8, mean", float(many.mean() / few.mean()), "x", 1.5,
            note=f"{few.mean():.2f} to {many.mean():.2f} ms"),
        Row("whole frame to points, boxes asked by NumPy", float(np.median(numpy_)), "ms",
            note=f"{np.median(numpy_) / median:.0f} x perception"),
        Row("the same by Open3D", float(np.median(open3d_)), "ms",
            note=f"{np.median(open3d_) / median:.0f} x perception"),
        Row("floor: copying the frame", copy, "ms"),
        Row("floor: reading the frame once", read, "ms"),
    ]  # fmt: skip
    if given.mediapipe:
        ms, p99, found, of = mediapipe(given.mediapipe, frames[STILL:])
        note = f"{ms / median:.0f} x perception; a hand in {found} of {of} frames; p99 {p99:.0f} ms"
        rows.append(Row("MediaPipe hands (lite) on the depth as a grey picture", ms, "ms", note=note))
    text = table(rows)
    print(text)
    if given.write:
        put_into(PAGE, f"{about}\n\n{text}", "perception")


if __name__ == "__main__":
    main()
