"""The SDK's own recordings give perception the same pictures, and so the same states and events, as live."""

import numpy as np

from opstap.perception.guard import Guard
from opstap.perception.recorded_camera import RecordedCamera
from opstap.perception.software_camera import SoftwareCamera
from opstap.simulation.bench import Bench
from opstap.simulation.camera import SimulatedCamera
from opstap.simulation.world import WorldState

FRAMES, PERIOD, START = 90, 33_333_333, 1_000_000_000


def told(seen):
    """What is told of a frame, but for its time."""
    places = {place: (p.content, p.occupied) for place, p in seen.places.items()}
    return places, [(e.sequence, e.happened, e.place, e.count) for e in seen.events]


def frames(camera):
    """All frames of a camera until it ends, as time goes on."""
    now = START
    while not camera.fault:
        frame = camera.poll(now)
        if frame is not None:
            yield frame
        now += PERIOD // 10


def test_a_recording_is_seen_as_it_was_seen_live_frame_by_frame(cell, tmp_path):
    path = tmp_path / "session.db3"
    camera, bench = SimulatedCamera(cell, 1), Bench(cell, 1)
    device = SoftwareCamera(cell.scene.camera, record=path)
    guard = Guard(cell, device.depth_optics)
    live, stamps = [], []
    for tick in range(FRAMES):
        if tick == 25:
            bench.take("bin_11")
        stamp = START + tick * PERIOD
        device.push(camera.depth(WorldState(tick, stamp, bench.bins, bench.slots)), None, stamp)
        frame = next(f for f in iter(lambda: device.poll(0), 0) if f is not None)
        live.append((frame.depth.copy(), told(guard.see(frame.depth, frame.stamp))))
        stamps.append(frame.stamp)
    device.close()
    again = RecordedCamera(cell.scene.camera, path)
    guard = Guard(cell, again.depth_optics)
    first, played = None, 0
    try:
        for frame in frames(again):
            first = first if first is not None else frame.stamp
            depth, wanted = live[played]
            assert np.array_equal(frame.depth, depth)
            assert abs((frame.stamp - first) - (stamps[played] - stamps[0])) < 1000, "ns; the SDK counts milliseconds"
            assert told(guard.see(frame.depth, frame.stamp)) == wanted
            played += 1
    finally:
        again.close()
    assert played == FRAMES
    assert sum(len(events) for _, (_, events) in live) == 1
