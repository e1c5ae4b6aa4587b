# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of one's own, with nothing but loopback, and files of /etc of one's own.

    with own_network("10.0.0.53"):
        subprocess.run([*MOUNT, f"{path}=/etc/resolv.conf", "--", "getent", "ahosts", "web.mesos"])

In such a network port 53 is free. Needs what `unshare` needs: is_permitted() says if it is there.
"""
import contextlib
import ctypes
import os
import subprocess

from ports import free_port

CLONE_NEWNET = 0x40000000

# Runs a command with files in place of others, for itself alone: MOUNT FILE=PLACE ... -- COMMAND.
MOUNT = ["unshare", "-m", "sh", "-c", """\
set -e
until [ "$1" = -- ]; do mount --bind "${1%%=*}" "${1#*=}"; shift; done
shift
exec "$@"
""", "mount"]


def is_permitted():
    return subprocess.run(["unshare", "-mn", "true"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


@contextlib.contextmanager
def own_network(*addresses):
    """This thread, and what it starts, in a network with 127.0.0.1 and these addresses."""
    free_port()  # The ports of this process are kept from others' in the network that all share.
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        assert libc.unshare(CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            for address in addresses:
                subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)
            yield
        finally:
            assert libc.setns(before, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    finally:
        os.close(before)
