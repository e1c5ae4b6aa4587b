# SPDX-License-Identifier: GPL-3.0-or-later
"""Free ports on loopback addresses, never the same for two processes that run tests."""
import random
import socket

# Below the ports that the system gives to outgoing connections, so that a stub master that
# stops can come back on its port.
FIRST, LAST, BLOCK = 10000, 32000, 500


def _is_free(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(family, kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


class _Ports:
    """A block of ports that is this process's as long as it lives.

    A port that is free now may be somebody's before a server is there to bind it, so test
    processes side by side keep out of each other's blocks: who has bound the abstract Unix
    socket of that name has the block.
    """

    def __init__(self):
        blocks = list(range(FIRST, LAST - BLOCK + 1, BLOCK))
        random.shuffle(blocks)
        for first in blocks:
            self._lock = socket.socket(socket.AF_UNIX)
            try:
                self._lock.bind(f"\0mod-mesos-test-ports-{first}")
            except OSError:
                self._lock.close()
            else:
                self._first, self._next = first, 0
                return
        raise RuntimeError("other tests have all the ports")

    def take(self, host):
        """The free port that was taken the longest time ago."""
        for _ in range(BLOCK):
            port = self._first + self._next
            self._next = (self._next + 1) % BLOCK
            if _is_free(host, port):
                return port
        raise RuntimeError(f"no free port on {host}")


_ports = None


def free_port(host="127.0.0.1"):
    """A port that is free for TCP and UDP."""
    global _ports
    if not _ports:
        _ports = _Ports()
    return _ports.take(host)
