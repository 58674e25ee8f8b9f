"""Native libraries that wheels expect of the system."""

from __future__ import annotations

import ctypes


def preload_libusb() -> None:
    """Make `libusb-1.0.so.0` known to this process, for pyrealsense2 and open3d, where the system has none.

    The loader knows a library by its soname, so one that is already loaded from the libusb_package wheel serves.
    """
    try:
        ctypes.CDLL("libusb-1.0.so.0", mode=ctypes.RTLD_GLOBAL)
    except OSError:
        import libusb_package

        ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
