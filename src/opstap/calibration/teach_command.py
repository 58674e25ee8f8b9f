"""`opstap calibrate bins`: where the bins stand, measured and written into the scene file."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

import cv2

from opstap.calibration.record import load_calibration
from opstap.calibration.scene_file import with_bins
from opstap.calibration.teaching import BinWizard, bin_overlay, bin_report
from opstap.documents import nearest
from opstap.geometry import View

if TYPE_CHECKING:
    from opstap.calibration.command import Chosen

PATIENCE = 60.0
"""Seconds without progress after which it gives up."""


def teach(chosen: Chosen, options: argparse.Namespace) -> int:
    """Measure the bins; the exit code."""
    from opstap.calibration.command import accepted, source_of

    for name in options.bins:
        if name not in chosen.scene.bin:
            print(f"opstap: bins: found '{name}', allowed: {nearest(name, list(chosen.scene.bin))}", file=sys.stderr)
            return 1
    source = _simulated(chosen, options) if options.source == "sim" else source_of(chosen, options)
    if isinstance(source, str):
        print(f"opstap: {source}", file=sys.stderr)
        return 1
    known = load_calibration(chosen.file) if options.source != "sim" else None
    wizard: BinWizard | None = None
    print(
        f"camera's pose: {'as calibrated on ' + format(known.made, '%Y-%m-%d') if known else 'that of the scene file'}"
    )
    told, since = "", time.monotonic()
    try:
        while wizard is None or not wizard.done:
            frame = source.poll(time.time_ns())
            if frame is None:
                time.sleep(0.005)
                said = source.fault
            else:
                if wizard is None:
                    misfit = known.misfit(source.depth_optics, source.serial) if known else ""
                    if misfit:
                        print(f"opstap: {misfit}", file=sys.stderr)
                        return 1
                    pose = known.pose if known else chosen.scene.camera.pose
                    wizard = BinWizard(chosen.scene, View(source.depth_optics, pose), source, options.by, options.bins)
                said = wizard.see(frame).said
            if said and said != told:
                print(said, flush=True)
                told, since = said, time.monotonic()
            if time.monotonic() - since > PATIENCE or "ended" in source.fault:
                print(f"opstap: bins not measured: {told}", file=sys.stderr)
                return 1
    except KeyboardInterrupt:
        print("\nstopped; nothing was changed")
        return 130
    finally:
        source.close()
    print("\n".join(f"  {line}" for line in bin_report(wizard)))
    picture = bin_overlay(wizard, View(source.color_optics, wizard.view.pose @ source.color_from_depth.inverse()))
    if options.picture and picture is not None:
        options.picture.write_bytes(cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes())
        print(f"  picture: {options.picture}")
    if not wizard.found:
        return 1
    change = with_bins(chosen.path, [f.bin for f in wizard.found])
    if not change.diff:
        print("every bin stands where the scene file has it")
        return 0
    print(change.diff, end="")
    good = not wizard.failed
    if (options.yes and not good) or (not options.yes and not accepted(good, f"Write this into {chosen.path}?")):
        print("the scene file stays as it was")
        return 1
    change.write()
    print(f"written into {chosen.path}; the old file is {change.kept}")
    return 0


def _simulated(chosen: Chosen, options: argparse.Namespace) -> Any:
    """A simulated bench whose bins stand a few millimetres off."""
    import numpy as np

    from opstap.geometry import Pose
    from opstap.simulation.calibrating import TeachingBench

    rng = np.random.default_rng(1)
    names = options.bins or list(chosen.scene.bin)
    by = {n: Pose.of((*rng.uniform(-0.004, 0.004, 2), 0.0), (0.0, 0.0, rng.uniform(-0.03, 0.03))) for n in names}
    order = () if options.by == "near" else [b.id for b in chosen.scene.bins if b.id in names]
    return TeachingBench(chosen.scene, by, order, fills=options.by == "filling")
