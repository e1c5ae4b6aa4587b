# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of records that not even TCP can carry."""
import threading

import ask
import pytest
import states
from ask import TCP, UDP
from knotd import Knotd
from master import Master
from waiting import wait_for

COUNT = 5000


def huge(master, network=10):
    """So many tasks of one name, all in one network."""
    tasks = [states.task("huge", f"huge.{i}", ports=f"[{10000 + i}-{10000 + i}]",
                         addresses=[f"{network}.{i // 250}.{i % 250}.1", f"fd00::{i + 1:x}"])
             for i in range(COUNT)]
    return states.state(master, states.framework("marathon", *tasks))


@pytest.fixture(scope="module")
def server():
    with Master() as master, Knotd() as knotd:
        master.serve(huge(master))
        knotd.module("cluster", master=master.address)
        knotd.zone("mesos.", "alias CNAME huge.marathon\n", ["mod-mesos/cluster"])
        knotd.start()
        knotd.wait_loaded()
        yield knotd


@pytest.mark.parametrize("name, kind, least, queries", [
    ("huge.marathon.mesos.", "A", 4000, 8),
    ("huge.marathon.mesos.", "AAAA", 2300, 15),
    ("_huge._tcp.marathon.mesos.", "SRV", 1000, 25),
    ("alias.mesos.", "A", 4000, 8),
])
def test_huge_set_is_cut(server, name, kind, least, queries):
    """What fits comes, always another part, and in time all of it."""
    parts, seen = set(), set()
    for _ in range(queries):
        reply = server.ask(name, kind, TCP)
        assert reply.rcode() == 0 and not ask.is_truncated(reply)
        listed = ask.data(reply, kind)
        assert least <= len(listed) == len(set(listed)) < COUNT
        parts.add(frozenset(listed))
        seen.update(listed)
    assert len(parts) > queries / 2
    assert len(seen) > 0.9 * COUNT


def test_huge_set_is_truncated_over_udp(server):
    assert ask.is_truncated(server.ask("huge.marathon.mesos.", "A", UDP))
    assert ask.is_truncated(server.ask("_huge._tcp.marathon.mesos.", "SRV", UDP))
    assert ask.is_truncated(server.ask("alias.mesos.", "A", UDP))


def test_no_answer_is_mixed(server, master):
    """While snapshots change under the queries, each answer is made of one of them."""
    server.module("changing", master=master.address)
    server.zone("changing.example.", "", ["mod-mesos/changing"])
    master.serve(huge(master, 11))
    server.reload()
    name = "huge.marathon.changing.example."
    server.wait_ready("leader.changing.example.")
    ending, replies = threading.Event(), []

    def networks():
        return [{data.partition(".")[0] for data in ask.data(reply, "A")} for reply in replies]

    def run():
        while not ending.is_set():
            replies.append(server.ask(name, "A", TCP))

    askers = [threading.Thread(target=run) for _ in range(2)]
    for asker in askers:
        asker.start()
    try:
        for turn in range(12):
            network = 11 + turn % 2
            replies.clear()
            master.serve(huge(master, network))
            server.poll(master, "changing.example.")
            wait_for(lambda: {str(network)} in networks(), 10, f"an answer of network {network}")
            assert {len(network) for network in networks()} == {1}
    finally:
        ending.set()
        for asker in askers:
            asker.join()
