"""Free ports on loopback addresses."""
import random
import socket

# Below the ports that the system gives to outgoing connections, so that a stub master that
# stops can come back on its port.
FIRST, LAST = 10000, 32000


def _is_free(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(family, kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def free_port(host="127.0.0.1"):
    """A port that is free for TCP and UDP."""
    for _ in range(1000):
        port = random.randint(FIRST, LAST)
        if _is_free(host, port):
            return port
    raise RuntimeError(f"no free port on {host}")
