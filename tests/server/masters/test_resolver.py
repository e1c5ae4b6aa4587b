# SPDX-License-Identifier: GPL-3.0-or-later
"""Host names: through the system's resolver, never held up by it, not even by ourselves.

Each test has a network of its own (a namespace with nothing but loopback), in which 127.0.0.1 is the
system's name server. Skipped where that is not permitted.
"""
import contextlib
import socket
import threading
import time

import ask
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import knotd
import pytest
import states
from ensemble import Ensemble
from following import Leader, follow, unasked
from master import Master, redirect
from network import MOUNT, is_permitted, own_network
from waiting import PATIENCE, wait_for

NAME_SERVER = "127.0.0.1"

# A poll may wait a second for names. Look-ups here last far longer than this bound, which leaves
# room for a slow machine.
SOON = 10 * PATIENCE


pytestmark = pytest.mark.skipif(not is_permitted(), reason="unshare is not permitted")


@pytest.fixture(autouse=True)
def network(monkeypatch, tmp_path):
    """Such a network, in which knotd has a resolv.conf of its own; returns that file.

    knotd looks its host's name up as it starts, which not every /etc/hosts has.
    """
    configuration = tmp_path / "resolv.conf"
    configuration.write_text(f"nameserver {NAME_SERVER}\noptions timeout:1 attempts:1\n")
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {socket.gethostname()}\n")
    monkeypatch.setattr(knotd.Knotd, "wrapper",
                        [*MOUNT, f"{configuration}=/etc/resolv.conf", f"{hosts}=/etc/hosts", "--",
                         *knotd.WRAPPER])
    with own_network():
        yield configuration


@pytest.fixture
def patient(network):
    """A resolver that tries again and again for many seconds."""
    network.write_text(f"nameserver {NAME_SERVER}\noptions timeout:5 attempts:5\n")


@pytest.fixture
def server(network):
    with knotd.Knotd() as one:
        yield one


@pytest.fixture
def master(network):
    with Master() as one:
        yield one


@contextlib.contextmanager
def name_server(addresses, delay=0.0):
    """Knows the A records of a dictionary, and what does not exist; silent without one.

    An address of None is one that never comes. Gives the list of the names that were asked for.
    """
    asked, ending = [], threading.Event()
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((NAME_SERVER, 53))
    server.settimeout(0.1)

    def answer(query, client):
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        question = query.question[0]
        address = addresses.get(question.name.to_text().lower(), "")
        if address is None:
            return
        if not address:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == 1:
            reply.answer.append(dns.rrset.from_text(question.name, 0, "IN", "A", address))
        if not ending.wait(delay):
            server.sendto(reply.to_wire(), client)

    def run():
        while not ending.is_set():
            try:
                packet, client = server.recvfrom(4096)
            except TimeoutError:
                continue
            query = dns.message.from_wire(packet)
            asked.append(query.question[0].name.to_text().lower())
            if addresses is not None:
                threading.Thread(target=answer, args=(query, client)).start()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield asked
    finally:
        ending.set()
        thread.join()
        server.close()


def start(server, *masters, poll_interval=1, zone="", **options):
    server.module("cluster", master=list(masters), poll_interval=poll_interval, **options)
    server.zone("mesos.", zone, ["mod-mesos/cluster"])
    server.start()


def named_agents(count, *more):
    """Agents whose PIDs have host names."""
    return [*more, *(states.agent(number, f"agent{number}.example.test")
                     for number in range(10, 10 + count))]


def state(master, count=3):
    """A task on an agent with an address, and many agents and a framework with names."""
    return states.state(
        master, states.framework("marathon", states.task("web", ports="[31000-31000]")),
        states.framework("named", states.task("far", agent=10), pid="s@scheduler.example.test:9"),
        agents=named_agents(count, states.agent()))


ADDRESSES = {"agent10.example.test.": "10.5.0.10", "agent11.example.test.": "10.5.0.11",
             "scheduler.example.test.": "10.5.0.99"}


def assert_resolved(server):
    """Agents 10 and 11 and the scheduler have addresses, agent 12 has none."""
    server.wait_ready("far.named.mesos.")
    assert ask.data(server.ask("far.named.mesos."), "A") == ["10.5.0.10"]
    assert sorted(ask.data(server.ask("slave.mesos."), "A")) == [
        "10.0.0.10", "10.5.0.10", "10.5.0.11"]
    assert ask.data(server.ask("named.mesos."), "A") == ["10.5.0.99"]


def test_names_resolve(server, master):
    """What does not resolve makes no records, and is tried again at the next poll."""
    addresses = dict(ADDRESSES)
    with name_server(addresses) as asked:
        master.serve(state(master))
        start(server, master.address)
        assert_resolved(server)
        addresses["agent12.example.test."] = "10.5.0.12"
        server.wait_until("slave.mesos.", "A", lambda reply: len(reply.answer) == 4)
        del addresses["agent10.example.test."]
        server.wait_until("far.named.mesos.", "A", lambda reply: not reply.answer)
        assert asked.count("agent10.example.test.") > 2
        assert not any("mesos" in name for name in asked)


def test_names_while_events_come(server):
    """They are looked up each poll-interval, though there are no polls."""
    addresses = dict(ADDRESSES)
    with name_server(addresses), Leader() as leader:
        leader.state = state(leader)
        follow(server, leader, poll_interval=1, events="on")
        assert_resolved(server)
        with unasked(leader):
            addresses.update({"agent10.example.test.": "10.5.0.110",
                              "agent12.example.test.": "10.5.0.12"})
            server.wait_until("far.named.mesos.", "A",
                              lambda reply: ask.data(reply, "A") == ["10.5.0.110"])
            server.wait_until("slave.mesos.", "A", lambda reply: len(reply.answer) == 4)
            del addresses["scheduler.example.test."]
            server.wait_until("named.mesos.", "A", lambda reply: not reply.answer)


def test_no_name_server(server, master):
    """Nobody listens there."""
    master.serve(state(master, 50))
    start(server, master.address)
    server.wait_ready("web.marathon.mesos.")
    assert ask.data(server.ask("slave.mesos."), "A") == ["10.0.0.10"]


@pytest.mark.parametrize("count", [1, 300, 10000])
def test_silent_name_server(server, master, patient, count):
    """It holds up a poll for a second, however many names there are."""
    with name_server(None) as asked:
        master.serve(state(master, count))
        start(server, master.address)
        server.wait_polls(master, 1)
        began = time.monotonic()
        server.wait_ready("web.marathon.mesos.")
        assert time.monotonic() - began < SOON
        assert asked
        assert ask.data(server.ask("slave.mesos."), "A") == ["10.0.0.10"]
        assert ask.outcome(server.ask("far.named.mesos.")) in ("NXDOMAIN", "NODATA")
        server.wait_polls(master, 4, 20)
        times = master.times()
        assert times[3] - times[0] < 3 * (1.1 + SOON)


def test_slow_name_server(server, master, patient):
    """What comes too late for one poll is there for a later one, and stays."""
    with name_server(ADDRESSES, 2.5):
        master.serve(state(master))
        start(server, master.address)
        server.wait_ready("web.marathon.mesos.")
        assert ask.data(server.ask("slave.mesos."), "A") == ["10.0.0.10"]
        server.wait_until("slave.mesos.", "A", lambda reply: len(reply.answer) >= 2, 20)


def test_master_with_silent_name_server(server, master, patient):
    """A master whose name nobody knows; the second has an address."""
    with name_server(None):
        master.serve(state(master, 0))
        start(server, f"master.example.test:{master.port}", master.address)
        began = time.monotonic()
        server.wait_ready("web.marathon.mesos.")
        assert time.monotonic() - began < SOON
        assert "does not resolve" in server.wait_log("some masters failed")[0]


def hanging(count):
    """Names of frameworks' hosts that nobody ever answers for, as addresses of name_server()."""
    return {f"scheduler{number}.hangs.test.": None for number in range(count)}


def hanging_state(master, count):
    return states.state(
        master, states.framework("marathon", states.task("web")),
        *(states.framework(f"fw{number}", hostname=f"scheduler{number}.hangs.test")
          for number in range(count)))


def test_strangers_names_hang(server, master, patient):
    """Forty frameworks' host names take for ever: the master's own is found all the same."""
    addresses = {"master.example.test.": "127.0.0.1", **hanging(40)}
    with name_server(addresses) as asked:
        master.serve(hanging_state(master, 40))
        start(server, f"master.example.test:{master.port}")
        server.wait_ready("web.marathon.mesos.")
        wait_for(lambda: sum("hangs" in name for name in asked) >= 6, 20, "their look-ups")
        began, count = time.monotonic(), master.count()
        server.wait_polls(master, count + 8, 40)
        assert time.monotonic() - began < 8 * (1.1 + SOON)
        assert len(server.module_lines()) == 1, server.module_lines()
        # Who comes later is found beside those that hang.
        addresses["late.example.test."] = "10.5.0.77"
        content = hanging_state(master, 40)
        content["frameworks"].append(states.framework("late", hostname="late.example.test"))
        master.serve(content)
        server.wait_until("late.mesos.", "A", lambda reply: reply.answer, 60)
        # Another cluster, and the leader that a redirect names: in the same process.
        with Master() as standby:
            standby.serve(redirect(f"//leader.example.test:{master.port}/master/state"))
            addresses["leader.example.test."] = "127.0.0.1"
            addresses["standby.example.test."] = "127.0.0.1"
            server.module("other", master=f"standby.example.test:{standby.port}", poll_interval=1)
            server.zone("other.", "", ["mod-mesos/other"])
            server.reload()
            server.wait_ready("web.marathon.other.")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < SOON


def test_name_server_that_goes_silent(server, master, patient):
    """A name keeps its addresses while it is looked up again."""
    addresses = {**ADDRESSES, "master.example.test.": "127.0.0.1"}
    with name_server(addresses) as asked:
        master.serve(state(master))
        start(server, f"master.example.test:{master.port}")
        assert_resolved(server)
        addresses.update(dict.fromkeys(addresses))
        count = len(asked)
        server.wait_polls(master, master.count() + 4, 40)
        assert len(asked) > count
        assert_resolved(server)
        assert not server.module_lines("fail")


def test_redirect_with_silent_name_server(server, master, patient):
    """The leader's host name takes for ever; it is found among the other masters."""
    with name_server(None), Master() as leader:
        master.serve(redirect(f"//leader.example.test:{leader.port}/master/state"))
        leader.serve(state(leader, 20))
        start(server, master.address, leader.address)
        began = time.monotonic()
        server.wait_ready("web.marathon.mesos.")
        assert time.monotonic() - began < SOON


@pytest.mark.parametrize("count", [1, 300])
def test_stop_and_reload_while_resolving(server, master, patient, count):
    """glibc cannot cancel what it has begun; nobody waits for it."""
    with name_server(None) as asked:
        master.serve(state(master, count))
        start(server, master.address)
        for ttl in (1, 2):
            before = len(asked)
            server.wait_polls(master, master.count() + 1)
            wait_for(lambda before=before: len(asked) > before, 20, "a question")
            began = time.monotonic()
            server.module("cluster", master=master.address, poll_interval=1, poll_timeout=50 + ttl)
            server.reload()
            assert time.monotonic() - began < SOON
            server.wait_ready("web.marathon.mesos.")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < SOON


# The system's name server is this very knotd.

def own_name_server(server):
    """Lets a knotd be the system's name server; with one thread for each kind of query."""
    server.port = 53
    server.ask = ask.Ask(NAME_SERVER, 53)


def test_master_in_own_zone(server, master):
    """Its address is in the zone file, which is served before the first poll."""
    own_name_server(server)
    master.serve(state(master, 0))
    start(server, f"m1.mesos:{master.port}", zone="m1 A 127.0.0.1\n")
    server.wait_ready("web.marathon.mesos.")
    assert ask.data(server.ask("master0.mesos."), "A") == ["127.0.0.1"]
    server.wait_polls(master, 4)
    began = time.monotonic()
    for _ in range(3):
        server.reload()
        server.zone_reload()
    assert time.monotonic() - began < 3 * SOON
    server.wait_polls(master, master.count() + 2)


def test_master_whom_only_we_know(server, master):
    """`leader.mesos.` is there when a poll has succeeded, which it has not: no way in alone.

    With another master it comes up, and can be found through itself then.
    """
    own_name_server(server)
    leader = f"leader.mesos:{master.port}"
    master.serve(state(master, 0))
    start(server, leader)
    server.wait_log("polls fail, no state yet", "does not resolve")
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "SERVFAIL"
    began = time.monotonic()
    server.module("cluster", master=[leader, master.address], poll_interval=1)
    server.reload()
    server.wait_ready("web.marathon.mesos.")
    assert time.monotonic() - began < 2 * SOON
    server.module("cluster", master=leader, poll_interval=1)
    server.reload()
    server.wait_polls(master, master.count() + 3)
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"


def test_agents_in_own_zone(server, master):
    """Hundreds of names that lead back to this server, under queries and reloads."""
    own_name_server(server)
    content = state(master, 0)
    content["slaves"] += [states.agent(number, f"agent{number}.mesos")
                          for number in range(10, 400)]
    master.serve(content)
    start(server, master.address,
          zone="".join(f"agent{number} A 10.6.0.{number}\n" for number in range(10, 100)))
    server.wait_ready("web.marathon.mesos.")
    for _ in range(5):
        server.reload()
        server.zone_reload()
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"
    server.wait_until("far.named.mesos.", "A", lambda reply: reply.answer, 20)
    assert ask.data(server.ask("far.named.mesos."), "A") == ["10.6.0.10"]
    server.wait_until("slave.mesos.", "A", lambda reply: ask.is_truncated(reply) or len(
        reply.answer) > 20, 20)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < SOON


def test_zookeeper_moves(server, master):
    """Its servers are found again behind the same host name, without a reload."""
    addresses = {"zk.example.test.": "127.0.0.1"}
    with name_server(addresses), Ensemble() as zookeeper, Master() as other:
        master.serve(state(master, 0))
        other.serve(state(other, 0))
        zookeeper.announce(master, 1)
        start(server, f"zk://zk.example.test:{zookeeper.port}/mesos")
        server.wait_ready("web.marathon.mesos.")
        for number, host in enumerate(("127.0.0.2", "127.0.0.3")):
            lines = len(server.module_lines("no connection"))
            zookeeper.stop()
            wait_for(lambda lines=lines: len(server.module_lines("no connection")) > lines,
                     20, "an outage in the log")
            zookeeper.move(host)
            addresses["zk.example.test."] = host
            zookeeper.start()
            zookeeper.announce(master if number else other, 0)
            server.wait_until("_leader._tcp.mesos.", "SRV", lambda reply, number=number: any(
                record.port == (master if number else other).port
                for rrset in reply.answer for record in rrset), 40)
            wait_for(lambda: "answers again" in server.module_lines("ZooKeeper")[-1], 20,
                     "the end of it in the log")


def test_zookeeper_in_own_zone(server, master):
    own_name_server(server)
    with Ensemble() as zookeeper:
        master.serve(state(master, 0))
        zookeeper.announce(master, 1)
        start(server, f"zk://zk.mesos:{zookeeper.port}/mesos", zone="zk A 127.0.0.1\n")
        server.wait_ready("web.marathon.mesos.")
        server.reload()
        server.zone_reload()
        server.wait_polls(master, master.count() + 2)
