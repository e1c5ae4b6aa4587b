# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers over AF_XDP, between two network namespaces that a pair of veth devices joins."""
import pytest

import spaces
import states
from ask import data
from master import Master


class Xdp(spaces.Linked):
    xdp = True


@pytest.fixture
def link():
    try:
        with spaces.linked() as (link,):
            yield link
    except spaces.Refused as refused:
        pytest.skip(f"NO ANSWER OVER AF_XDP IS TESTED: {refused}")


def start(server):
    try:
        server.start()
    except AssertionError:
        if server.refusal:
            if server.process.poll() is not None:
                server.process = None
            pytest.skip(f"NO ANSWER OVER AF_XDP IS TESTED: {server.refusal}")
        raise


def udp_packets(link):
    """How many packets UDP's sockets of the server's namespace have been handed."""
    with spaces.inside(link.server), open("/proc/thread-self/net/snmp", encoding="ascii") as file:
        return int([line.split() for line in file if line.startswith("Udp:")][1][1])


def test_answers_over_xdp(link):
    with spaces.inside(link.server):
        master = Master()
    with master, Xdp(link) as server:
        master.serve(states.state(master, states.framework("marathon", states.task(
            "web", ports="[31000-31000]", addresses=["10.1.2.3", "10.1.2.4"]))))
        server.module("cluster", master=master.address)
        server.zone("mesos.", "www A 192.0.2.1\n", ["mod-mesos/cluster"])
        start(server)
        server.wait_loaded()
        before = udp_packets(link)
        assert data(server.ask("www.mesos."), "A") == ["192.0.2.1"]
        assert sorted(data(server.ask("web.marathon.mesos."), "A")) == ["10.1.2.3", "10.1.2.4"]
        assert data(server.ask("_web._tcp.marathon.mesos.", "SRV"), "SRV")
        # They did not come by any socket.
        assert udp_packets(link) == before
