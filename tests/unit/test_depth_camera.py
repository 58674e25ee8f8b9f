"""The depth camera on the vendor's SDK: software device, recordings made with it, and no device at all."""

import numpy as np
import pytest

from opstap.perception.depth_camera import MILLIMETRE, RecordingError, aligned, rs
from opstap.perception.live_camera import RETRY, LiveCamera
from opstap.perception.recorded_camera import RecordedCamera
from opstap.perception.software_camera import SoftwareCamera

BASE = 1_764_000_000_123_456_789
PERIOD = 33_333_333


@pytest.fixture(scope="module")
def optics(cell):
    return cell.scene.camera


def picture(optics, number, *, color=True):
    rng = np.random.default_rng(number)
    depth = rng.integers(0, 3000, (optics.depth.height, optics.depth.width)).astype(np.uint16)
    shape = (optics.color.height, optics.color.width, 3)
    return depth, rng.integers(0, 255, shape, dtype=np.uint8) if color else None


@pytest.fixture
def software(optics):
    camera = SoftwareCamera(optics)
    yield camera
    camera.close()


def poll(camera, now, tries=2000):
    """The next frame; the SDK hands frames over in threads of its own."""
    for _ in range(tries):
        frame = camera.poll(now)
        if frame is not None or camera.fault:
            return frame
    return None


def test_what_is_pushed_comes_back_bit_by_bit(optics, software):
    for number in range(1, 6):
        depth, color = picture(optics, number, color=number % 2 == 1)
        software.push(depth, color, BASE + number)
        frame = poll(software, 0)
        assert (frame.number, frame.stamp) == (number, BASE + number)
        assert np.array_equal(frame.depth, depth)
        if color is None:
            assert frame.color is None
        else:
            assert np.array_equal(frame.color, color)
    assert software.poll(0) is None


def test_frames_wait_until_they_are_polled_and_the_oldest_are_dropped(optics, software):
    for number in range(1, 8):
        software.push(*picture(optics, number, color=number == 7), BASE + number)
    stamps, colors = [], []
    while (frame := poll(software, 0, 50)) is not None:
        stamps.append(frame.stamp - BASE)
        colors.append(frame.color is not None)
    assert stamps == sorted(stamps)
    assert stamps[-1] == 7
    assert colors == [s == 7 for s in stamps]


def test_colour_may_come_after_its_depth(optics, software):
    depth, color = picture(optics, 3, color=True)
    software.push(depth, None, BASE + 3)
    assert poll(software, 0).color is None
    assert np.array_equal(software.push_color(color), color)
    software.push(depth, None, BASE + 4)
    assert poll(software, 0).color is None, "that of another frame"


def test_stamps_may_go_back(optics, software):
    for stamp in (BASE + 10, BASE + 5):
        software.push(*picture(optics, 1), stamp)
        assert poll(software, 0).stamp == stamp


@pytest.fixture(scope="module")
def recording(optics, tmp_path_factory):
    """Twelve frames, every third with colour, made with the SDK's recorder."""
    path = tmp_path_factory.mktemp("recording") / "made.db3"
    camera = SoftwareCamera(optics, record=path)
    for number in range(1, 13):
        camera.push(*picture(optics, number, color=number % 3 == 1), BASE + number * PERIOD)
        assert poll(camera, 0) is not None
    camera.close()
    return path


def played(camera, start=7_000_000_000):
    """Everything of a recording, polled often on the cell's clock."""
    frames, now = [], start
    for _ in range(5_000_000):
        if camera.fault:
            break
        frame = camera.poll(now)
        if frame is None:
            now += 2_000  # slower than the machine: the SDK reads in threads of its own
        else:
            frames.append((now, frame))
    return frames


def test_a_recording_is_played_bit_by_bit_with_its_distances_in_time(optics, recording):
    camera = RecordedCamera(optics, recording)
    frames = played(camera)
    assert camera.fault == "the recording has ended"
    assert camera.poll(0) is None
    camera.close()
    assert [frame.number for _, frame in frames] == list(range(1, 13))
    first = frames[0][1]
    for _, frame in frames:
        depth, color = picture(optics, frame.number, color=frame.number % 3 == 1)
        assert np.array_equal(frame.depth, depth)
        assert frame.stamp - first.stamp == pytest.approx((frame.number - first.number) * PERIOD, abs=1000)
        assert (frame.color is None) == (color is None), f"frame {frame.number}"
        assert color is None or np.array_equal(frame.color, color)
    assert all(now >= frame.stamp for now, frame in frames), "none is shown before it is due"


def test_a_recording_brings_its_own_optics(optics, recording):
    camera = RecordedCamera(optics, recording)
    assert camera.depth_optics == optics.depth.pinhole
    assert camera.depth_unit == MILLIMETRE
    camera.close()


@pytest.mark.parametrize("name", ["absent.db3", "text.db3", "text.bag"])
def test_a_recording_that_cannot_be_played_is_told(optics, tmp_path, name):
    path = tmp_path / name
    if "text" in name:
        path.write_text("not a recording")
    with pytest.raises(RecordingError, match=rf"{name}: .*allowed: a \.db3"):
        RecordedCamera(optics, path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ([name] if "text" in name else []), "nothing is left beside it"


def test_without_a_device_it_says_what_to_do_and_looks_again(optics, monkeypatch):
    looks = []
    context = rs.context
    monkeypatch.setattr(rs, "context", lambda: looks.append(1) or context())
    if context().query_devices().size():
        pytest.skip("device: a RealSense camera is attached")
    camera = LiveCamera(optics)
    assert camera.poll(0) is None
    assert "plug it into a USB 3 port" in camera.fault
    assert camera.poll(RETRY - 1) is None
    assert len(looks) == 1
    camera.poll(RETRY)
    assert len(looks) == 2
    camera.poll(0)  # the clock was set back: look at once rather than never
    assert len(looks) == 3
    camera.close()


def test_a_camera_with_another_serial_is_not_taken(optics):
    camera = LiveCamera(optics.model_copy(update={"serial": "123"}))
    camera.poll(0)
    assert "with serial 123" in camera.fault


def test_aligned_depth_lies_where_colour_sees_it(optics, software):
    depth = np.full((optics.depth.height, optics.depth.width), 1000, np.uint16)
    depth[200:280, 400:480] = 600
    seen = aligned(depth, software)
    assert seen.shape == (optics.color.height, optics.color.width)
    k, c = software.depth_optics, software.color_optics
    for v, u, expected in ((240, 440, 600), (240, 300, 1000), (100, 440, 1000)):
        x, y = (u - k.cx) / k.fx, (v - k.cy) / k.fy
        assert seen[round(y * c.fy + c.cy), round(x * c.fx + c.cx)] == expected
    assert (seen[100:-100, 200:-200] > 0).mean() > 0.99
