"""The window, on a real X server without a screen."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="the projector's window needs pygame-ce: pip install 'opstap[display]'")

from opstap.calibration.projector_command import Windows  # noqa: E402
from opstap.guidance.window import NoDisplay, ProjectorWindow  # noqa: E402 - needs pygame
from opstap.scene import Lens, Projector  # noqa: E402

SIZE = (640, 400)
needs_xvfb = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed (apt-get install xvfb)")


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An X server with one screen of SIZE; the file that holds its pixels."""
    ready, write = os.pipe()
    # -noreset: without it Xvfb starts anew when its last client leaves, and refuses one that comes meanwhile.
    arguments = ["Xvfb", "-noreset", "-displayfd", str(write), "-fbdir", str(tmp_path)]
    arguments += ["-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24"]
    server = subprocess.Popen(arguments, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(ready) as pipe:
        number = pipe.readline().strip()
    monkeypatch.setenv("DISPLAY", f":{number}")
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    yield tmp_path / "Xvfb_screen0"
    pygame.display.quit()  # before its server goes: an X program ends with its server
    server.terminate()
    server.wait()


def pixels(screen: Path) -> np.ndarray:
    """The screen (h, w, 3) RGB, from the X server's XWD file: a header of big-endian words, then colours, then BGRX."""
    data = screen.read_bytes()
    header = np.frombuffer(data, ">u4", count=25)
    width, height, line, colors = int(header[4]), int(header[5]), int(header[12]), int(header[19])
    start = int(header[0]) + 12 * colors
    rows = np.frombuffer(data, np.uint8, count=line * height, offset=start).reshape(height, line)
    return rows[:, : 4 * width].reshape(height, width, 4)[..., 2::-1]


def served() -> None:
    """Wait until the X server has drawn all it was asked: it answers a new client after the old requests."""
    subprocess.run([sys.executable, "-c", X_CLIENT], check=True, capture_output=True)


X_CLIENT = """
import ctypes
x = ctypes.CDLL("libX11.so.6")
x.XOpenDisplay.restype = ctypes.c_void_p
display = ctypes.c_void_p(x.XOpenDisplay(None))
x.XDefaultRootWindow.restype = ctypes.c_ulong
root = ctypes.c_ulong(x.XDefaultRootWindow(display))
print(x.XGrabKeyboard(display, root, 0, 1, 1, ctypes.c_ulong(0)))
x.XSync(display, 0)
"""


def picture() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)


@needs_xvfb
def test_shows_every_pixel_as_it_is(screen):
    window = ProjectorWindow(0, SIZE)
    assert not pixels(screen).any(), "black until the first image"
    image = picture()
    assert window.show(image)
    assert window.poll()
    served()
    assert np.array_equal(pixels(screen), image)
    assert not pygame.mouse.get_visible()
    assert window.show(image[:, ::-1]), "an image that is not contiguous"
    served()
    assert np.array_equal(pixels(screen), image[:, ::-1])
    window.close()
    assert not window.is_open


@needs_xvfb
def test_leaves_the_keyboard_to_others(screen):
    ProjectorWindow(0, SIZE).show(picture())
    other = subprocess.run([sys.executable, "-c", X_CLIENT], check=True, capture_output=True, text=True)
    assert other.stdout.strip() == "0", "GrabSuccess: nobody else holds it"


@needs_xvfb
def test_keys_that_are_pressed_are_told_once(screen):
    window = ProjectorWindow(0, SIZE)
    assert window.pressed() == []
    for key in (pygame.K_PAGEDOWN, pygame.K_F1):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))
        pygame.event.post(pygame.event.Event(pygame.KEYUP, key=key))
    assert window.poll()
    assert window.pressed() == [pygame.K_PAGEDOWN, pygame.K_F1]
    assert window.pressed() == []


@needs_xvfb
def test_closed_by_the_desktop_and_opened_again(screen):
    window = ProjectorWindow(0, SIZE)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert not window.poll()
    assert not window.is_open
    assert not window.show(picture())
    assert not window.poll()
    window.open()
    assert window.show(picture())


@needs_xvfb
def test_another_mode_closes_the_window_says_which_is_needed_and_the_right_one_opens_it(screen, monkeypatch):
    """As when the projector was unplugged, came back in another mode, and was set right."""
    window = ProjectorWindow(0, SIZE)
    with monkeypatch.context() as changed:
        for sizes, told in (([], "found displays , allowed"), ([(1024, 768)], r"found displays 0 \(1024x768\)")):
            changed.setattr(pygame.display, "get_desktop_sizes", lambda sizes=sizes: sizes)
            assert not window.poll()
            with pytest.raises(NoDisplay, match=told):
                window.open()
            assert not window.show(picture()), "no light, and no error"
    window.open()
    assert window.poll()
    assert window.show(picture())


@needs_xvfb
@pytest.mark.parametrize("call", [lambda w: w.show(picture()), lambda w: w.poll()], ids=["show", "poll"])
def test_an_error_of_sdl_closes_the_window(screen, call):
    window = ProjectorWindow(0, SIZE)
    pygame.display.quit()  # SDL has lost its display
    assert not call(window)
    assert not window.is_open
    window.open()
    assert window.show(picture())


@needs_xvfb
def test_the_calibration_page_throws_on_the_right_display_and_says_where_it_cannot(screen):
    fits = Projector(id="fits", position=(0, 0, 1), optics=Lens(width=SIZE[0], height=SIZE[1], focal=500))
    other = fits.model_copy(update={"id": "other", "display": 1})
    windows = Windows([fits, other])
    grey = np.full((SIZE[1], SIZE[0]), 90, np.uint8)
    assert windows.throw("fits", grey) == ""
    assert pygame.display.get_surface().get_at((5, 5))[:3] == (90, 90, 90)
    assert windows.throw("fits", None) == ""
    assert pygame.display.get_surface() is not None, "it is closed by the thread that opened it"
    windows.tend()
    assert not pygame.display.get_init()
    assert "display 1: found displays 0 (640x400)" in windows.throw("other", grey)
    windows.close()


@needs_xvfb
def test_wrong_display_is_told(screen):
    with pytest.raises(NoDisplay, match=r"display 1: found displays 0 \(640x400\), allowed: one of these numbers"):
        ProjectorWindow(1, SIZE)
    with pytest.raises(NoDisplay, match=r"display 0: found displays 0 \(640x400\), allowed: 1280x800"):
        ProjectorWindow(0, (1280, 800))
    assert not pygame.display.get_init(), "nothing is left open"


def test_no_desktop_is_told(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NoDisplay, match="display 0: found no desktop"):
        ProjectorWindow(0, SIZE)


@needs_xvfb
def test_image_of_another_size_is_a_mistake(screen):
    window = ProjectorWindow(0, SIZE)
    with pytest.raises(ValueError, match="640x400"):
        window.show(np.zeros((SIZE[0], SIZE[1], 3), np.uint8))


@needs_xvfb
def test_process_with_a_window_ends_when_told(screen):
    code = (
        "import time\nfrom opstap.guidance.window import ProjectorWindow\n"
        f"w = ProjectorWindow(0, {SIZE})\nprint('open', flush=True)\nwhile True: w.poll(); time.sleep(0.01)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == -signal.SIGTERM
