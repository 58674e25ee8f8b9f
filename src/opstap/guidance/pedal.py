"""A foot pedal or a big button by itself, whatever window has the keyboard: read through evdev, and kept from others.

To Linux such a device is a keyboard (HID). It is grabbed: what is pressed on it goes to the cell and nowhere else.
Reading /dev/input needs the group "input", or a udev rule.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

NAMES = {"enter": "return", "esc": "escape", "kpenter": "kp_enter"}
"""evdev's names of keys that SDL, whose names keys.yaml has, calls otherwise."""


class NoPedal(Exception):  # noqa: N818 - it says what is the matter
    """The device cannot be read. The message says which, what was found and what is needed."""


class HidPedal:
    """One device.

    Args:
        device: its name as the system tells it, or a path such as /dev/input/by-id/usb-...-event-kbd.

    Raises:
        NoPedal: there is no such device, it cannot be read, or another program has it.
    """

    def __init__(self, device: str) -> None:
        try:
            import evdev
        except ImportError as error:
            raise NoPedal(f"device: found '{device}', but evdev is missing: pip install 'opstap[pedal]'") from error
        self._codes: Any = evdev.ecodes
        self._device: Any = None
        found = []
        # What may not be read is not listed; a path is opened all the same, to say so.
        for path in [device] if device.startswith("/") else evdev.list_devices():
            try:
                opened = evdev.InputDevice(path)
            except OSError as error:
                raise NoPedal(f"device: found '{device}', which cannot be read: {error.strerror}") from error
            found.append(opened.name)
            if device in (path, opened.name):
                self._device = opened
                break
            opened.close()
        if self._device is None:
            listed = ", ".join(found) or "none that may be read (is the user in the group input?)"
            raise NoPedal(f"device: found no '{device}', allowed: {listed}")
        try:
            self._device.grab()
        except OSError as error:
            self._device.close()
            raise NoPedal(f"device: '{device}' belongs to another program") from error

    def pressed(self) -> list[str]:
        """SDL's names of the keys that were pressed since the last call; a held key is one press.

        Raises:
            NoPedal: it was unplugged.
        """
        names = []
        try:
            while (event := self._device.read_one()) is not None:
                if event.type == self._codes.EV_KEY and event.value == 1:  # 0 is up, 2 is held
                    names.append(sdl_name(self._codes.KEY.get(event.code, "")))
        except OSError as error:
            raise NoPedal(f"device: '{self._device.name}' was unplugged") from error
        return names

    def close(self) -> None:
        """Give it back."""
        with suppress(OSError):  # unplugged
            self._device.ungrab()
        self._device.close()


def sdl_name(key: str | tuple[str, ...] | list[str]) -> str:
    """SDL's name of evdev's `key`, such as pagedown of KEY_PAGEDOWN; of several names of one key the first."""
    name = (key if isinstance(key, str) else key[0]).removeprefix("KEY_").lower()
    return NAMES.get(name, name)
