"""Sets of records that not even TCP can carry."""
import ask
import pytest
import states
from ask import TCP, UDP
from knotd import Knotd
from master import Master

COUNT = 5000


@pytest.fixture(scope="module")
def server():
    tasks = [states.task("huge", f"huge.{i}", ports=f"[{10000 + i}-{10000 + i}]",
                         addresses=[f"10.{1 + i // 250}.{i % 250}.1", f"fd00::{i + 1:x}"])
             for i in range(COUNT)]
    with Master() as master, Knotd() as knotd:
        master.serve(states.state(master, states.framework("marathon", *tasks)))
        knotd.module("cluster", master=master.address)
        knotd.zone("mesos.", "alias CNAME huge.marathon\n", ["mod-mesos/cluster"])
        knotd.start()
        knotd.wait_ready()
        yield knotd


@pytest.mark.parametrize("name, kind, least", [
    ("huge.marathon.mesos.", "A", 4000),
    ("huge.marathon.mesos.", "AAAA", 2300),
    ("_huge._tcp.marathon.mesos.", "SRV", 1000),
    ("alias.mesos.", "A", 4000),
])
def test_huge_set_is_cut(server, name, kind, least):
    """What fits comes, always another part, and in time all of it."""
    parts, seen = set(), set()
    for _ in range(20):
        reply = server.ask(name, kind, TCP)
        assert reply.rcode() == 0 and not ask.is_truncated(reply)
        listed = ask.data(reply, kind)
        assert least <= len(listed) == len(set(listed)) < COUNT
        parts.add(frozenset(listed))
        seen.update(listed)
    assert len(parts) >= 10
    assert len(seen) > 0.9 * COUNT


def test_huge_set_is_truncated_over_udp(server):
    assert ask.is_truncated(server.ask("huge.marathon.mesos.", "A", UDP))
    assert ask.is_truncated(server.ask("_huge._tcp.marathon.mesos.", "SRV", UDP))
    assert ask.is_truncated(server.ask("alias.mesos.", "A", UDP))
