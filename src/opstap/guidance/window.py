"""The full-screen window on the projector's display, by SDL 2.

The image goes to the screen pixel by pixel: a projector is calibrated in its own pixels, so nothing scales. SDL draws
by the CPU, which never waits for the display's refresh. A screen that is unplugged closes the window; `open` may be
called again when it could be back. Where the X server itself ends, Xlib ends the process: whoever started it starts it
again. SDL shows one such window in a process.
"""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

# SDL reads these when it starts.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS", "0")  # a click on another screen must not put out the light
os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")  # through the GPU a frame may wait for the refresh
os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")  # a node ends by SIGTERM, which SDL would swallow
os.environ.setdefault("SDL_VIDEO_ALLOW_SCREENSAVER", "0")

import pygame

KEYS: dict[str, int] = {name[2:].lower(): code for name, code in vars(pygame).items() if name.startswith("K_")}
"""SDL's code of every key by its name in small letters: K_PAGEDOWN is "pagedown". Some keys have two names."""


class NoDisplay(Exception):  # noqa: N818 - it says what is the matter
    """The projector's display cannot be used. The message says which, what was found and what is needed."""


class ProjectorWindow:
    """Borderless, on top of all of display number `display`, black until the first image.

    Args:
        display: the screen's number as the desktop counts them, from 0.
        size: (width, height) in pixels of the projector's images; the display must have exactly these.

    Raises:
        NoDisplay: no desktop, no such display, or one of another size.
    """

    def __init__(self, display: int, size: tuple[int, int]) -> None:
        self.display = display
        self.size = size
        self._screen: pygame.Surface | None = None
        self._pressed: list[int] = []
        self.open()

    @property
    def is_open(self) -> bool:
        return self._screen is not None

    def open(self) -> None:
        """Open the window, or open it again.

        Raises:
            NoDisplay: as the constructor.
        """
        self.close()
        try:
            pygame.display.init()
            self._check(pygame.display.get_driver(), pygame.display.get_desktop_sizes())
            screen = pygame.display.set_mode(self.size, pygame.FULLSCREEN | pygame.NOFRAME, display=self.display)
            pygame.mouse.set_visible(False)
            screen.fill((0, 0, 0))
            pygame.display.flip()
        except pygame.error as error:
            self.close()
            raise NoDisplay(f"display {self.display}: {error}") from error
        except NoDisplay:
            self.close()
            raise
        self._screen = screen

    def _check(self, driver: str, found: list[tuple[int, int]]) -> None:
        listed = ", ".join(f"{i} ({w}x{h})" for i, (w, h) in enumerate(found))
        if driver in ("dummy", "offscreen"):  # what SDL falls back to
            fault = "found no desktop, allowed: an X11 or Wayland session (is DISPLAY set?)"
        elif self.display >= len(found):
            fault = f"found displays {listed}, allowed: one of these numbers"
        elif found[self.display] != self.size:
            fault = f"found displays {listed}, allowed: {self.size[0]}x{self.size[1]} as the projector's optics say"
        else:
            return
        raise NoDisplay(f"display {self.display}: {fault}")

    def show(self, image: NDArray[np.uint8]) -> bool:
        """Show `image` (height, width, 3) RGB of the window's size; False when the window is closed."""
        if image.shape != (self.size[1], self.size[0], 3):
            raise ValueError(f"image of shape {image.shape} for a window of {self.size[0]}x{self.size[1]} pixels")
        if self._screen is None:
            return False
        try:
            frame = pygame.image.frombuffer(np.ascontiguousarray(image).data, self.size, "RGB")
            self._screen.blit(frame, (0, 0))
            pygame.display.flip()
        except pygame.error:
            self.close()
        return self.is_open

    def poll(self) -> bool:
        """Answer the desktop, which takes a silent window for hung; False when the window is closed.

        To be called some times a second, from the thread that opened the window.
        """
        if self._screen is None:
            return False
        try:
            events = pygame.event.get()
            self._pressed += [event.key for event in events if event.type == pygame.KEYDOWN]
            closed = any(event.type == pygame.QUIT for event in events)
            sizes = pygame.display.get_desktop_sizes()
            if closed or self.display >= len(sizes) or sizes[self.display] != self.size:
                self.close()
        except pygame.error:
            self.close()
        return self.is_open

    def pressed(self) -> list[int]:
        """SDL's codes of the keys that were pressed up to the last `poll`, each once; a held key is one press."""
        keys, self._pressed = self._pressed, []
        return keys

    def close(self) -> None:
        """Close the window; nothing happens where it is closed."""
        self._screen = None
        pygame.display.quit()


def desktop_sizes() -> list[tuple[int, int]]:
    """Width and height in pixels of the desktop's displays, in its order; empty where there is no desktop."""
    try:
        pygame.display.init()
        desktop = pygame.display.get_driver() not in ("dummy", "offscreen")
        return list(pygame.display.get_desktop_sizes()) if desktop else []
    except pygame.error:
        return []
    finally:
        pygame.display.quit()
