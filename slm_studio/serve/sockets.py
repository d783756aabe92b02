"""Sockets: both loopback addresses at one port, or a sentence why not."""

import errno
import socket
import sys
from contextlib import ExitStack

from slm_studio.core.errors import StudioError
from slm_studio.serve.port_file import standing_at

TRIES = 20  # free ports of 127.0.0.1 that are tried until ::1 has the same one free
BACKLOG = 256
HIGHEST = 65535
_NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)


def bind(port: int) -> list[socket.socket]:
    """Listen at a port of this computer; 0 picks a free one. Raises StudioError."""
    if not 0 <= port <= HIGHEST:
        raise StudioError(
            "no-port", "{port} is no port.", "Choose one from 0 to 65535; 0 picks a free one.", port=str(port)
        )
    for left in reversed(range(TRIES if port == 0 else 1)):
        try:
            return _bind_both(port)
        except OSError as error:
            if port == 0 and left:
                continue
            raise _refused(port, error) from error
    raise AssertionError("the last try returns or raises")


def _bind_both(port: int) -> list[socket.socket]:
    with ExitStack() as undo:
        first = undo.enter_context(_bind(socket.AF_INET, "127.0.0.1", port))
        found = [first]
        try:
            found.append(undo.enter_context(_bind(socket.AF_INET6, "::1", first.getsockname()[1])))
        except OSError as error:
            if error.errno not in _NO_IPV6:
                raise  # somebody else answers there: half of the programs would ask him
        undo.pop_all()
        return found


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            found.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # else anybody may listen there too
        else:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was left a moment ago
        if family == socket.AF_INET6:
            found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        found.bind((host, port))
        found.listen(BACKLOG)  # now, so that whoever comes second hears of it
    except OSError:
        found.close()
        raise
    return found


def _refused(port: int, error: OSError) -> StudioError:
    if error.errno == errno.EADDRINUSE or getattr(error, "winerror", 0) in (10013, 10048):
        other = standing_at(port)
        return StudioError(
            "port-taken",
            "Port {port} is taken: SLM Studio serves there already (process {pid})."
            if other
            else "Port {port} is taken by another program.",
            "Choose another with --port; 0 picks a free one.",
            port=str(port),
            pid=str(other),
        )
    return StudioError(
        "port-refused",
        "The system does not let anybody listen at port {port}: {reason}.",
        "Choose another with --port; 0 picks a free one.",
        port=str(port),
        reason=error.strerror or str(error),
    )
