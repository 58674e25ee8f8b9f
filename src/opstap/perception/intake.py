"""Whether depth images are what the scene says they are: what is wrong, in plain words, before they are looked at.

A frame that fails here is not looked at: no events come of it, and the reason goes into the diagnostics.
"""

from __future__ import annotations

from opstap.geometry import Pinhole

ENCODING = "16UC1"
FOCAL_TOLERANCE = 0.1
"""Share by which the focal length may differ from the scene's: cameras of one kind differ by 1 or 2 %."""
CENTRE_TOLERANCE = 0.08
"""Share of the width by which the principal point may be off the scene's."""


class Intake:
    """Checks camera info and frames against `expected`, the scene's depth optics. Each check returns "" or a fault."""

    def __init__(self, expected: Pinhole) -> None:
        self.expected = expected
        self.known: Pinhole | None = None
        """Of the camera that sends; None unless what was told last fits."""
        self._stamp: int | None = None

    def camera(self, k: Pinhole) -> str:
        """A camera info arrived."""
        e = self.expected
        self.known = None
        if (k.width, k.height) != (e.width, e.height):
            return f"camera_info: found {k.width}x{k.height}, allowed: {e.width}x{e.height} as the scene's camera"
        off = max(abs(k.fx / e.fx - 1), abs(k.fy / e.fy - 1))
        aside = max(abs(k.cx - e.cx), abs(k.cy - e.cy)) / e.width
        if not (off <= FOCAL_TOLERANCE and aside <= CENTRE_TOLERANCE):
            return (
                f"camera_info: found {_text(k)}, allowed: about {_text(e)} as the scene's camera; "
                "it is that of another camera, or not calibrated"
            )
        self.known = k
        return ""

    def frame(self, width: int, height: int, encoding: str, size: int, stamp: int) -> str:
        """A frame of `size` bytes arrived, captured at `stamp` ns."""
        if self.known is None:
            return "no camera_info that fits the scene's camera: depth images cannot be placed on the table"
        if encoding != ENCODING:
            return f"depth image: found encoding '{encoding}', allowed: {ENCODING} (millimetres)"
        k = self.known
        if (width, height) != (k.width, k.height) or size != 2 * width * height:
            return (
                f"depth image: found {width}x{height} in {size} bytes, allowed: {k.width}x{k.height}, 2 bytes a pixel"
            )
        last, self._stamp = self._stamp, max(stamp, self._stamp or stamp)
        if last is not None and stamp < last:
            back = (last - stamp) * 1e-9
            return f"time ran back by {back:.2f} s: these frames are not looked at; restart perception after a replay"
        return ""


def _text(k: Pinhole) -> str:
    return f"{k.width}x{k.height}, focal {k.fx:.0f}, {k.fy:.0f}, centre {k.cx:.0f}, {k.cy:.0f} px"
