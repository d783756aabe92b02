"""What the window needs of the system before Qt starts. Qt itself would end the program with a message for developers."""

import ctypes
import os
import re
import sys

from slm_studio.core.errors import StudioError

# What PySide6's xcb plugin links to (ldd libqxcb.so), and the Debian package that holds it.
_SCREEN = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
_PACKAGES = _SCREEN | {
    "libdbus-1.so.3": "libdbus-1-3",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libOpenGL.so.0": "libopengl0",
    "libGLX.so.0": "libglx0",
}
_LIBRARY = re.compile(r"\b(lib[\w.+-]+\.so(?:\.\d+)*)")


def missing_for_screen() -> StudioError | None:
    """Return what a window on this screen would lack, or None. Asks Linux only."""
    wished = os.environ.get("QT_QPA_PLATFORM", "xcb").partition(":")[0]
    if not sys.platform.startswith("linux") or wished != "xcb" or "WAYLAND_DISPLAY" in os.environ:
        return None
    if not os.environ.get("DISPLAY"):
        return StudioError(
            "no-screen",
            "There is no screen here to open a window on.",
            "On a server, use the command line: slm-studio --help",
        )
    missing = [name for name in _SCREEN if not _loads(name)]
    if missing:
        return _lacking(missing)
    if not _answers():
        return StudioError(
            "no-screen",
            "The screen “{display}” does not let a window open.",
            "Check DISPLAY and that you may use that screen, or use the command line: slm-studio --help",
            display=os.environ["DISPLAY"],
        )
    return None


def missing_library(error: ImportError) -> StudioError | None:
    """Return the sentence for an import that failed because a library of the system is missing, or None."""
    found = _LIBRARY.search(str(error))
    return _lacking([found[1]]) if found else None


def _lacking(names: list[str]) -> StudioError:
    packages = sorted({_PACKAGES[name] for name in names if name in _PACKAGES})
    if not packages:
        return StudioError(
            "library-missing", "The window needs {libraries}, which this system lacks.",
            "Install the package that holds it.", libraries=", ".join(names),
        )  # fmt: skip
    return StudioError(
        "library-missing",
        "The window needs {libraries}, which this system lacks.",
        "Install it with: sudo apt install {packages}",
        libraries=", ".join(names),
        packages=" ".join(packages),
    )


def _answers() -> bool:
    """Say whether the X server of DISPLAY takes a connection, as Qt will ask for one."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)  # never NULL; a failed one must be closed, too
    failed: int = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not failed


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
