# SPDX-License-Identifier: GPL-3.0-or-later
"""A network namespace that knotd serves in, and one that asks it, joined by pairs of veth devices.

    with spaces.linked() as (link,):
        with spaces.inside(link.server):  # sockets made here are that namespace's
            ...

Takes root; Refused tells why there are none.
"""
import collections
import contextlib
import ctypes
import os
import subprocess

from ask import UDP, Ask
from knotd import Knotd
from waiting import PATIENCE

PORT = 53


class Refused(Exception):
    """This kernel, or whoever calls, may have no such namespaces."""


# A pair: names of the two namespaces, of the device in the server's, and that device's address.
Link = collections.namedtuple("Link", "server client device address")


def ip(*arguments):
    try:
        done = subprocess.run(["ip", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False, timeout=60 * PATIENCE)
    except FileNotFoundError:
        raise Refused("no ip here (iproute2)") from None
    if done.returncode:
        raise Refused(f"ip {' '.join(arguments)}: {done.stdout.strip()}")


def _joined(server, client, number):
    """One more pair, with networks of their own (RFC 5737) and one queue, so one worker each."""
    queues = ["numrxqueues", "1", "numtxqueues", "1"]
    link = Link(server, client, f"xdp{number}", f"198.51.100.{4 * number + 1}")
    peer = f"peer{number}"
    ip("-n", server, "link", "add", link.device, *queues, "type", "veth",
       "peer", "name", peer, *queues, "netns", client)
    for space, device, address in ((server, link.device, link.address),
                                   (client, peer, f"198.51.100.{4 * number + 2}")):
        ip("-n", space, "address", "add", f"{address}/30", "dev", device)
        ip("-n", space, "link", "set", device, "up")
    return link


@contextlib.contextmanager
def linked(count=1):
    """So many pairs between the same two namespaces, which go with them at the end."""
    names = [f"mod-mesos-{os.getpid()}-{side}" for side in ("server", "client")]
    with contextlib.ExitStack() as stack:
        for name in names:
            ip("netns", "add", name)
            stack.callback(subprocess.run, ["ip", "netns", "delete", name], check=True)
            ip("-n", name, "link", "set", "lo", "up")
        yield [_joined(*names, number) for number in range(count)]


def _enter(descriptor):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, 0) != 0:
        raise Refused(f"setns: {os.strerror(ctypes.get_errno())}")


@contextlib.contextmanager
def inside(name):
    """This thread is in a namespace by that name meanwhile; other threads are not."""
    with contextlib.ExitStack() as stack:
        here, there = (os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                       for path in ("/proc/thread-self/ns/net", f"/run/netns/{name}"))
        for descriptor in (here, there):
            stack.callback(os.close, descriptor)
        _enter(there)
        stack.callback(_enter, here)
        yield


class Linked(Knotd):
    """A knotd at one end of a link, over AF_XDP if said; asked from the other end, over UDP."""
    xdp = False

    def __init__(self, link, *args):
        super().__init__(*args)
        self.link, self.address, self.port = link, link.address, PORT
        self.wrapper = ["ip", "netns", "exec", link.server, *(self.wrapper or ())]
        self.ask = self._ask

    def _ask(self, name, kind="A", way=UDP):
        with inside(self.link.client):
            return Ask(self.address, self.port)(name, kind, way)

    def _configuration(self):
        more = f"xdp:\n    listen: {self.link.device}@{PORT}\n" if self.xdp else ""
        return super()._configuration() + more

    def _answers(self):
        with inside(self.link.client):
            return super()._answers()

    @property
    def refusal(self):
        """Why it does not listen over AF_XDP, in Knot's words, if it does not."""
        lines = self.log_lines("XDP", "error") or self.log_lines("XDP", "failed")
        return lines[0] if lines else None
