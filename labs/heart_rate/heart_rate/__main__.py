"""`python -m heart_rate scan | record ADDRESS FILE --mine | variability FILE`"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Coroutine
from pathlib import Path

from heart_rate.measurement import UUID, MeasurementError, parse
from heart_rate.recording import Recorder, RecordingError, read
from heart_rate.variability import LEAST, NotFitError, variability


class RadioError(Exception):
    """Bluetooth is not there, or lost the strap."""


SERVICE = "0000180d-0000-1000-8000-00805f9b34fb"


def over_bluetooth(what: Coroutine[None, None, None]) -> None:
    """Run `what`; what Bluetooth refuses is told.

    Raises:
        RadioError: with what to do.
    """
    from bleak.exc import BleakError

    try:
        asyncio.run(what)
    except FileExistsError:
        raise
    except (BleakError, OSError) as error:
        raise RadioError(
            f"Bluetooth: found {error}, allowed: an adapter, and BlueZ running (bluetoothctl list)"
        ) from error


async def scan() -> None:
    from bleak import BleakScanner

    found = await BleakScanner.discover(timeout=8.0, service_uuids=[SERVICE])
    for device in found:
        print(f"{device.address}  {device.name or 'without a name'}")
    if not found:
        print("no strap is heard: is it worn, wet and not connected to a phone?")


async def record(address: str, path: Path, seconds: float) -> None:
    from bleak import BleakClient

    recorder, began = Recorder(path), time.monotonic()

    def heard(_: object, data: bytearray) -> None:
        try:
            measured = parse(bytes(data))
        except MeasurementError as error:
            print(f"passed over: {error}", file=sys.stderr)
            return
        recorder.add(time.monotonic() - began, measured)
        print(f"\r{time.monotonic() - began:4.0f} s  {measured.bpm} beats a minute ", end="", flush=True)

    try:
        async with BleakClient(address) as strap:
            await strap.start_notify(UUID, heard)
            while strap.is_connected and time.monotonic() - began < seconds:
                await asyncio.sleep(0.5)
            if time.monotonic() - began < seconds:
                print("\nthe strap is gone: what came is kept", file=sys.stderr)
    finally:
        recorder.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="heart_rate", description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("scan")
    recorded = what.add_parser("record")
    recorded.add_argument("address")
    recorded.add_argument("file", type=Path)
    recorded.add_argument("--seconds", type=float, default=LEAST + 10)
    recorded.add_argument("--mine", action="store_true", required=True, help="it is my own heart")
    told = what.add_parser("variability")
    told.add_argument("file", type=Path)
    options = parser.parse_args()
    try:
        if options.what == "scan":
            over_bluetooth(scan())
        elif options.what == "record":
            over_bluetooth(record(options.address, options.file, options.seconds))
        else:
            lines = list(read(options.file))
            ticks = [tick for _, measured in lines for tick in measured.rr]
            found = variability(ticks, lines[-1][0] - lines[0][0] if lines else 0.0)
            print(
                f"RMSSD {found.rmssd_ms:.0f} ms over {found.seconds:.0f} s; "
                f"{found.artefacts:.1%} of {found.beats} beats corrected"
            )
    except (NotFitError, RadioError, RecordingError, OSError, ImportError) as error:
        print(f"heart_rate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
