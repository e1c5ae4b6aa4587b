# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads: knotd's workers answer without a pause while everything that they look at is replaced.

Meant for sanitizers as much as for itself. Every state that a master serves has a number of its
own, which all addresses and ports made of it tell: an answer with two numbers is of two snapshots.
"""
import contextlib
import itertools
import socket
import threading

import ask
import dns.message
import dns.rcode
import pytest
import states
from following import Leader, follow
from master import Master, document
from ports import free_port
from waiting import PATIENCE, wait_for
from watching import watch
from web import Web, constant_requests, watching

ASKERS = 2
SOCKETS = 8  # of each asker, so that each of knotd's workers gets some of the queries
IDS = range(1, 1 << 16, 9973)  # they turn the order of records
TURNS = 12

QUESTIONS = [("web.marathon.mesos.", "A"), ("_web._tcp.marathon.mesos.", "SRV"),
             ("nobody.mesos.", "A"), ("web.marathon.mesos.", "AAAA"), ("slave.mesos.", "A")]
OUTCOMES = {"nobody.mesos. A": "NXDOMAIN", "web.marathon.mesos. AAAA": "NODATA"}

ADDRESSES, PORTS = 40, 5
FIRST_PORT = 10000

# Its answer is so large that a worker is at it for long, and looks at the snapshot meanwhile.
HUGE, HUGE_COUNT = ("huge.marathon.mesos.", "A"), 3000


class Numbers:
    """States for any number of masters; each poll gets another."""

    def __init__(self):
        self.last = 0
        self.lock = threading.Lock()

    def serve(self, *masters):
        for master in masters:
            master.serve(lambda handler, master=master: self._reply(master)(handler))

    def _reply(self, master):
        with self.lock:
            self.last += 1
            number = self.last
        network = f"10.{number >> 8}.{number & 255}"
        port = FIRST_PORT + PORTS * number
        return document(states.state(
            master, states.framework("marathon", states.task(
                "web", ports=f"[{port}-{port + PORTS - 1}]",
                addresses=[f"{network}.{i}" for i in range(ADDRESSES)]), states.task(
                "huge", addresses=[f"{10 + (i >> 8)}.{number >> 8}.{number & 255}.{i & 255}"
                                   for i in range(HUGE_COUNT)])),
            agents=[states.agent(host=f"{network}.{ADDRESSES}")]))


def read_number(question, wire):
    """The number of the state that an answer is made of; 0 of one without records."""
    reply = dns.message.from_wire(wire, one_rr_per_rrset=True)
    assert f"{reply.question[0].name} {question[1]}" == " ".join(question)
    assert ask.outcome(reply) == OUTCOMES.get(" ".join(question), "ANSWER"), reply
    assert ask.is_authoritative(reply)
    answer, additional = ask.records(reply.answer), ask.records(reply.additional)
    ports = [int(record.data.split()[2]) for record in answer if record.kind == "SRV"]
    addresses = [record.data.split(".") for record in answer + additional if record.kind == "A"]
    numbers = {256 * int(high) + int(low) for _, high, low, _ in addresses}
    numbers |= {(port - FIRST_PORT) // PORTS for port in ports}
    counts = {"web.marathon.mesos. A": (ADDRESSES, 0), "slave.mesos. A": (1, 0),
              "_web._tcp.marathon.mesos. SRV": (PORTS, 1)}
    found = len(set(answer)), len(set(additional))
    assert found == counts.get(" ".join(question), (0, 0)), reply
    assert len(numbers) <= 1, f"of several snapshots: {reply}"
    return max(numbers, default=0)


def read_huge_number(wire):
    """The same of an answer to the huge question, which has no time for dnspython."""
    start = len(dns.message.make_query(*HUGE).to_wire())
    assert wire[2:4] == b"\x84\x00" and wire[6:8] == HUGE_COUNT.to_bytes(2, "big")
    assert len(wire) == start + 16 * HUGE_COUNT
    numbers = [set(wire[start + place::16]) for place in (13, 14)]  # of a record's 16 octets
    assert list(map(len, numbers)) == [1, 1], f"of several snapshots: {numbers}"
    return 256 * numbers[0].pop() + numbers[1].pop()


def receive(stream, length):
    """Exactly so many octets."""
    data = b""
    while len(data) < length:
        more = stream.recv(length - len(data))
        assert more, "connection closed"
        data += more
    return data


class Load:
    """Asks for as long as the `with` lasts; fails if an answer is missing or not as it should be.

    With `ordered`, no asker may meet a state that is older than one it has met before.
    """

    def __init__(self, server, ordered):
        self.address, self.ordered = (server.address, server.port), ordered
        self.ending = threading.Event()
        self.failures = []
        self.seen = [0] * (ASKERS + 1)
        self.threads = [threading.Thread(target=self._run, args=(self._ask_huge, ASKERS))]
        self.threads += [threading.Thread(target=self._run, args=(self._ask, i))
                         for i in range(ASKERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures[:3]

    def _run(self, ask, asker):
        try:
            with contextlib.ExitStack() as stack:
                ask(asker, stack)
        except Exception as error:  # whatever it is, it is said where the test ends
            self.failures.append(repr(error))

    def _take(self, asker, number):
        assert not self.ordered or number >= self.seen[asker]
        self.seen[asker] = number

    def _ask_huge(self, asker, stack):
        query = dns.message.make_query(*HUGE, id=1, flags=0).to_wire()
        stream = stack.enter_context(socket.create_connection(self.address, 5 * PATIENCE))
        while not self.ending.is_set():
            stream.sendall(len(query).to_bytes(2, "big") + query)
            length = int.from_bytes(receive(stream, 2), "big")
            self._take(asker, read_huge_number(receive(stream, length)))

    def _ask(self, asker, stack):
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                   for _ in range(SOCKETS)]
        for one in sockets:
            one.settimeout(5 * PATIENCE)
            one.connect(self.address)
        queries = []
        for (name, kind), number in itertools.product(QUESTIONS, IDS):
            query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
            query.id = number
            queries.append(((name, kind), query.to_wire()))
        known = {}  # numbers of the answers that have been read; most come often
        for (question, query), one in zip(itertools.cycle(queries), itertools.cycle(sockets)):
            if self.ending.is_set():
                break
            one.send(query)
            wire = one.recv(4096)
            number = known.get(wire)
            if number is None:
                assert wire[:2] == query[:2]
                number = known[wire] = read_number(question, wire)
            if number:
                self._take(asker, number)

    def wait_news(self, last):
        """Waits until all askers have met a state after the one of a number."""
        wait_for(lambda: self.failures or min(self.seen) > last, 10, f"a state after {last}")


@pytest.fixture
def numbers():
    return Numbers()


def start(server, *addresses, **options):
    server.udp_workers = 4
    server.module("cluster", master=list(addresses), poll_interval=1, **options)
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.zone("10.in-addr.arpa.", "", ["mod-mesos/cluster"])
    server.start()
    server.wait_ready("slave.mesos.")


def test_polls(server, master, numbers):
    """Snapshots are replaced, by polls of their own accord and by those that reloads ask for."""
    numbers.serve(master)
    start(server, master.address)
    with Load(server, ordered=True) as load:
        for turn in range(TURNS):
            last = numbers.last
            if turn % 4:
                server.zone_reload()
            load.wait_news(last)


def test_reloads(server, master, numbers):
    """Instances, views and pollers are replaced: other settings mean other ones."""
    numbers.serve(master)
    start(server, master.address)
    with Load(server, ordered=False) as load:
        for turn in range(TURNS):
            last = numbers.last
            server.module("cluster", master=master.address, poll_interval=1 + turn // 2 % 2,
                          ttl=turn // 3 + 1)
            server.reload()
            if turn % 2:
                server.zone_reload()
            load.wait_news(last)


def test_http(server, master, numbers):
    """Watchers, scrapes and lists go on beside queries, through reloads; an address comes and goes.

    A list that is written from a zone that goes is written anew; that there is nothing to write it
    from for a moment is no fault.
    """
    web, other = (Web("127.0.0.1", free_port()) for _ in range(2))
    numbers.serve(master)
    start(server, master.address, http=f"{web.address}@{web.port}")
    with contextlib.ExitStack() as stack:
        load = stack.enter_context(Load(server, ordered=False))
        for path, least in ((watching("/v1/hosts/web.marathon.mesos"), 4),
                            (watching("/v1/services/_web._tcp.marathon.mesos"), 4),
                            ("/metrics", 20), ("/v1/axfr", 4), ("/v1/enumerate", 4),
                            ("/ready", 20)):
            stack.enter_context(constant_requests(web, path, keep=callable(path),
                                                  statuses=(200, 503), least=least))
        for turn in range(TURNS):
            last = numbers.last
            addresses = [web, other][:1 + turn % 2]
            server.module("cluster", master=master.address, ttl=turn // 3 + 1,
                          poll_interval=1 + turn // 2 % 2,
                          http=[f"{one.address}@{one.port}" for one in addresses])
            server.reload()
            other.wait_listening(turn % 2 == 1)
            load.wait_news(last)


def test_failures(server, master, numbers):
    """The poller speaks through instances, and knotd's log, that are replaced at the same time."""
    numbers.serve(master)
    start(server, master.address)
    with Load(server, ordered=False) as load:
        for turn in range(TURNS // 3):
            last = numbers.last
            master.stop()
            for _ in range(3):
                server.module("cluster", master=master.address, poll_interval=1, ttl=turn + 1)
                server.reload()
            master.start()
            load.wait_news(last)


def test_zookeeper(server, master, numbers):
    """Leaders come and go: ZooKeeper's threads wake the poller, and end with it."""
    ensemble = pytest.importorskip("ensemble")
    with ensemble.Ensemble() as zookeeper, Master() as other:
        numbers.serve(master, other)
        masters = itertools.cycle((master, other))
        zookeeper.announce(next(masters), 0)
        start(server, zookeeper.url)
        with Load(server, ordered=False) as load:
            for turn in range(TURNS):
                last = numbers.last
                leader = next(masters)
                count = leader.count()
                zookeeper.announce(leader, turn + 1)
                zookeeper.resign(turn)
                server.wait_polls(leader, count + 1)
                if turn % 4 == 3:
                    server.module("cluster", master=zookeeper.url, poll_interval=1 + turn // 4 % 2)
                    server.reload()
                load.wait_news(last)


def test_events(server):
    """Events come all the time, while instances, views and threads are replaced, and streams end."""
    ending = threading.Event()

    def churn(leader):
        for number in itertools.count():
            if ending.is_set():
                break
            leader.run(f"t{number}")
            leader.end(f"t{number}", told=number % 50)
            if number % 200 == 199:
                for stream in leader.streams.open():
                    stream.cut()

    with Leader(states.task("web", addresses=["10.1.0.1"])) as leader:
        follow(server, leader, zones=("mesos.", "10.in-addr.arpa."), poll_interval=1)
        churning = threading.Thread(target=churn, args=(leader,))
        with watch(server, [("web.marathon.mesos.", "A", "10.1.0.1")], "threads") as found:
            churning.start()
            try:
                for turn in range(TURNS):
                    server.module("cluster", master=leader.address, ttl=turn // 2 + 1,
                                  poll_interval=1 + turn // 4 % 2, resync_interval=10)
                    server.reload()
                    found.wait_rounds(50)
            finally:
                ending.set()
                churning.join()
        leader.run("last")
        server.wait_ready("last.marathon.mesos.")
