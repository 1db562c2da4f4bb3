"""Ports for servers that a test starts a moment later.

The system's own choice of a free port may be given to any connection in that moment. These are
below the ports that systems choose from, each is handed out once, and no two workers of xdist look
at the same.
"""

from __future__ import annotations

import itertools
import os
import socket

_LOWEST, _EACH = 20_000, 1_000
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 12
_offsets = itertools.count(os.getpid() * 7)  # two runs on one machine begin at different ones


def unused_port(*, neighbours: int = 0) -> int:
    """A port on which nothing listens, nor on the `neighbours` above it."""
    for offset in itertools.islice(_offsets, 0, _EACH):
        port = _LOWEST + _EACH * _worker + offset % (_EACH - neighbours)
        if all(_is_free(port + above) for above in range(neighbours + 1)):
            for _ in range(neighbours):
                next(_offsets)
            return port
    raise RuntimeError("every port is in use")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
