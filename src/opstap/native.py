"""Native libraries that wheels expect of the system."""

from __future__ import annotations

import ctypes
import sys
from types import ModuleType


def preload_libusb() -> None:
    """Make `libusb-1.0.so.0` known to this process, for pyrealsense2 and open3d, where the system has none.

    The loader knows a library by its soname, so one that is already loaded from the libusb_package wheel serves.
    """
    try:
        ctypes.CDLL("libusb-1.0.so.0", mode=ctypes.RTLD_GLOBAL)
    except OSError:
        import libusb_package

        ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)


def leave_out_plots() -> None:
    """Import Open3D without its plots in notebooks: they bring a web server (dash), a quarter second of every start."""
    plots = ModuleType("open3d.visualization.draw_plotly")
    for name in ("get_plotly_fig", "draw_plotly", "draw_plotly_server"):
        setattr(plots, name, None)
    sys.modules.setdefault(plots.__name__, plots)
