"""The Heart Rate Measurement characteristic (0x2A37) of the Bluetooth Heart Rate Service, byte by byte."""

from __future__ import annotations

import struct
from dataclasses import dataclass

UUID = "00002a37-0000-1000-8000-00805f9b34fb"
TICK = 1 / 1024
"""Unit of an RR interval, s."""
WIDE, CONTACT, CONTACT_KNOWN, ENERGY, RR = (1 << bit for bit in range(5))
"""Flags in the first byte; bits 5 to 7 are reserved and passed over."""


class MeasurementError(ValueError):
    """The bytes are no heart rate measurement; the message says why."""


@dataclass(frozen=True)
class Measurement:
    """One notification."""

    bpm: int
    """Beats per minute, as the device worked it out."""
    contact: bool | None
    """Whether it touches skin; None: this device cannot tell."""
    energy: int | None
    """kJ since the device was reset; None: not in this notification."""
    rr: tuple[int, ...]
    """Intervals between beats in `TICK`, oldest first. None, one or several in one notification."""


def parse(data: bytes) -> Measurement:
    """One notification.

    Raises:
        MeasurementError: it is shorter than its own flags say, or an interval is cut in half.
    """
    if not data:
        raise MeasurementError("found nothing, allowed: a byte of flags and what they announce")
    flags, at = data[0], 1
    needed = at + (2 if flags & WIDE else 1) + (2 if flags & ENERGY else 0)
    if len(data) < needed:
        raise MeasurementError(f"found {len(data)} bytes, allowed: {needed} or more, by the flags 0x{flags:02x}")
    bpm = struct.unpack_from("<H" if flags & WIDE else "<B", data, at)[0]
    at += 2 if flags & WIDE else 1
    energy = None
    if flags & ENERGY:
        energy = struct.unpack_from("<H", data, at)[0]
        at += 2
    rest = data[at:]
    if not flags & RR:
        rest = b""
    if len(rest) % 2:
        raise MeasurementError(f"found {len(rest)} bytes of intervals, allowed: two for each")
    contact = bool(flags & CONTACT) if flags & CONTACT_KNOWN else None
    return Measurement(bpm, contact, energy, struct.unpack(f"<{len(rest) // 2}H", rest))
