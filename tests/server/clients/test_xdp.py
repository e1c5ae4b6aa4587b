# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers over AF_XDP, between two network namespaces that a pair of veth devices joins."""
import contextlib
import os
import subprocess

import pytest

import states
from knotd import Knotd
from waiting import PATIENCE, wait_for

HERE, THERE = "198.51.100.1", "198.51.100.2"


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, timeout=60 * PATIENCE)
    if done.returncode:
        pytest.skip(f"no two network namespaces can be made here: ip {arguments}: {done.stdout}")


@pytest.fixture
def spaces():
    """The names of two network namespaces: the server's, and that of who asks."""
    names = [f"mod-mesos-{os.getpid()}-{side}" for side in ("server", "client")]
    with contextlib.ExitStack() as stack:
        for name in names:
            ip("netns", "add", name)
            stack.callback(subprocess.run, ["ip", "netns", "delete", name], check=True)
        ip("-n", names[0], "link", "add", "xdp0", "type", "veth", "peer", "name", "xdp1", "netns",
           names[1])
        for name, device, address in zip(names, ("xdp0", "xdp1"), (HERE, THERE)):
            ip("-n", name, "address", "add", f"{address}/24", "dev", device)
            ip("-n", name, "link", "set", device, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield names


class Xdp(Knotd):
    """In a network namespace of its own, where it listens on the device alone for UDP."""

    def __init__(self, space):
        super().__init__()
        self.wrapper = ["ip", "netns", "exec", space]

    def _configuration(self):
        return super()._configuration() + "xdp:\n    listen: xdp0@53\n"

    def _answers(self):
        assert self.process.poll() is None, f"knotd ended at its start:\n{self.log}"
        return (self.directory / "knot.sock").exists()


def kdig(space, *question):
    done = subprocess.run(["ip", "netns", "exec", space, "kdig", f"@{HERE}", "+noall", "+answer",
                           "+time=1", "+retry=0", *question], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=60 * PATIENCE)
    return sorted(line.split()[-1] for line in done.stdout.splitlines()
                  if line and not line.startswith(";"))


def test_answers_over_xdp(spaces):
    server_space, client_space = spaces
    with Xdp(server_space) as server:
        stub = subprocess.Popen(["ip", "netns", "exec", server_space, "/usr/bin/python3", "-c", STUB,
                                 os.path.dirname(os.path.dirname(os.path.abspath(__file__)))],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            server.module("cluster", master=stub.stdout.readline().strip())
            server.zone("mesos.", "www A 192.0.2.1\n", ["mod-mesos/cluster"])
            try:
                server.start()
            except AssertionError:
                if "XDP" in server.log:
                    server.process = None
                    pytest.skip(f"no AF_XDP here: {server.log_lines('XDP')[0]}")
                raise
            if refused := server.log_lines("XDP", "error"):
                pytest.skip(f"no AF_XDP here: {refused[0]}")
            server.wait_log("loaded the state")
            wait_for(lambda: kdig(client_space, "www.mesos.", "A") == ["192.0.2.1"], 20, "an answer")
            assert kdig(client_space, "web.marathon.mesos.", "A") == ["10.1.2.3", "10.1.2.4"]
            assert kdig(client_space, "_web._tcp.marathon.mesos.", "SRV")
        finally:
            stub.communicate(timeout=20 * PATIENCE)


# The stub of a master, in the server's namespace, until its standard input ends.
STUB = """
import sys
sys.path.insert(0, sys.argv[1])
import states
from master import Master
with Master() as master:
    master.serve(states.state(master, states.framework("marathon", states.task(
        "web", ports="[31000-31000]", addresses=["10.1.2.3", "10.1.2.4"]))))
    print(master.address, flush=True)
    sys.stdin.read()
"""
