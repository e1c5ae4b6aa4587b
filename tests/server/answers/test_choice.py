# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a set an answer has, and in which order: `answer-limit` and `subnet-first`."""
import collections
import ipaddress
import itertools

import ask
import dns.edns
import dns.message
import dns.rcode
import pytest
import states
from ask import TCP, UDP, Way
from knotd import Knotd
from master import Master
from signatures import TCP_DO, UDP_DO, assert_signed, zone_keys

# knotd sees queries come from 127.0.0.1, so that one of the subnets is 127.0.0.0/24.
NEAR = [f"127.0.0.{i}" for i in range(11, 16)]
CLIENTS = [f"10.5.7.{i}" for i in range(1, 9)]
FAR = [f"10.{i}.0.1" for i in range(20, 50)]
NEAR6 = [f"fd00:0:0:5::{i:x}" for i in range(1, 5)]
FAR6 = [f"fd00:0:0:{i:x}::1" for i in range(6, 30)]
HUGE = 3000


def text(addresses):
    """As DNS's text form has them."""
    return {str(ipaddress.ip_address(one)) for one in addresses}


def content(master):
    """`mixed` has addresses of all sorts; `huge` very many of some subnets; `one` of one alone."""
    def instances(name, addresses):
        return [states.task(name, f"{name}.{i}", ports=f"[{1000 + i}-{1000 + i}]",
                            addresses=[one]) for i, one in enumerate(addresses)]
    return states.state(
        master, states.framework(
            "marathon", *instances("mixed", NEAR + CLIENTS + FAR + NEAR6 + FAR6),
            *instances("huge", [f"10.{i // 2000}.{i // 200 % 10}.{i % 200}" for i in range(HUGE)]),
            *instances("one", CLIENTS),
            *(states.task("svc", f"svc.{i}", addresses=[one],
                          discovery=states.discovery("svc", (80, "http", "tcp")))
              for i, one in enumerate(FAR))))


def start(knotd, master, modules=("mod-mesos/cluster",), ecs="on", **options):
    knotd.section("mod-onlinesign", "sign", nsec_bitmap=["A", "AAAA", "SRV"])
    knotd.module("cluster", master=master.address, **options)
    knotd.zone("mesos.", "alias CNAME mixed.marathon\n", list(modules))
    knotd.ecs = ecs
    knotd.start()
    knotd.wait_ready("mixed.marathon.mesos.")


class EcsKnotd(Knotd):
    """A knotd that takes clients' subnets."""
    ecs = "on"

    def _configuration(self):
        return super()._configuration().replace(
            "server:\n", f"server:\n    edns-client-subnet: {self.ecs}\n", 1)


@pytest.fixture(scope="module", name="served")
def _served():
    with Master() as master:
        master.serve(content(master))
        yield master


@pytest.fixture(scope="module")
def near(served):
    with EcsKnotd() as knotd:
        start(knotd, served, subnet_first="on")
        yield knotd


@pytest.fixture(scope="module")
def few(served):
    with EcsKnotd() as knotd:
        start(knotd, served, answer_limit=4)
        yield knotd


@pytest.fixture(scope="module")
def both(served):
    with EcsKnotd() as knotd:
        start(knotd, served, answer_limit=7, subnet_first="on")
        yield knotd


def client_query(name, kind, subnet, **items):
    address, _, bits = subnet.partition("/")
    option = dns.edns.ECSOption(address, int(bits))
    return dns.message.make_query(name, kind, use_edns=0, options=[option], payload=4096, **items)


def scope(reply):
    """What the reply's option says; None without one."""
    found = [one for one in reply.options if one.otype == dns.edns.ECS]
    assert len(found) < 2
    return found[0].scopelen if found else None


@pytest.mark.parametrize("way", [UDP, TCP, Way(edns=True, payload=4096)], ids=str)
def test_own_subnet_comes_first(near, way):
    for name in ("mixed.marathon.mesos.", "alias.mesos."):
        reply = near.ask(name, "A", way)
        listed = ask.data(reply, "A")
        assert set(listed[:len(NEAR)]) == set(NEAR)
        if not ask.is_truncated(reply):
            assert len(listed) == len(set(listed)) and set(listed) == set(NEAR + CLIENTS + FAR)
        assert scope(reply) is None


def test_truncated_answer_begins_with_the_own_subnet(near):
    reply = near.ask("mixed.marathon.mesos.", "A", UDP)
    assert ask.is_truncated(reply)
    assert set(ask.data(reply, "A")[:len(NEAR)]) == set(NEAR)


# A client's subnet; the addresses that come first, and the scope that is told (RFC 7871,
# section 7.2.1): as many bits as tell answers apart, 0 where all clients get the same.
CASES = [
    ("A", "10.5.7.0/24", CLIENTS, 24),
    ("A", "10.5.7.99/32", CLIENTS, 24),
    ("A", "10.5.0.0/16", CLIENTS, 24),
    ("A", "10.5.4.0/22", CLIENTS, 24),
    ("A", "10.0.0.0/8", CLIENTS + FAR, 24),
    ("A", "192.0.2.0/24", [], 24),
    ("A", "0.0.0.0/0", NEAR, 0),
    ("A", "::ffff:10.5.7.0/120", CLIENTS, 120),
    ("A", "fd00:0:0:5::/64", [], 0),
    ("AAAA", "fd00:0:0:5::/64", NEAR6, 64),
    ("AAAA", "fd00:0:0:5::1/128", NEAR6, 64),
    ("AAAA", "fd00::/48", NEAR6 + FAR6, 64),
    ("AAAA", "2001:db8::/56", [], 64),
    ("AAAA", "10.5.7.0/24", [], 0),
    ("AAAA", "::/0", [], 0),
]


@pytest.mark.parametrize("kind, subnet, first, told", CASES)
@pytest.mark.parametrize("way", [UDP, TCP], ids=str)
def test_clients_subnet(near, kind, subnet, first, told, way):
    whole = text(NEAR + CLIENTS + FAR if kind == "A" else NEAR6 + FAR6)
    for _ in range(3):
        reply = near.ask.send(client_query("mixed.marathon.mesos.", kind, subnet), way)
        listed = ask.data(reply, kind)
        assert text(listed[:len(first)]) == text(first)
        assert set(listed) <= whole
        if not ask.is_truncated(reply):
            assert set(listed) == whole
        assert scope(reply) == told


def test_scope_of_what_is_the_same_for_all(near):
    """Of a set of one subnet, a denial, services: the answer is for everybody."""
    for name, kind in (("one.marathon.mesos.", "A"), ("leader.mesos.", "A"),
                       ("nobody.mesos.", "A"), ("mixed.marathon.mesos.", "TXT"),
                       ("_svc._tcp.marathon.mesos.", "SRV"), ("mesos.", "SOA")):
        reply = near.ask.send(client_query(name, kind, "10.5.7.0/24"), TCP)
        assert scope(reply) == 0
        assert reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)


def test_huge_set(near):
    """Lies in many pieces, and is cut over TCP only if it has to be."""
    for subnet, count in (("10.0.3.0/24", 200), ("10.1.4.1/32", 200), ("10.1.5.0/24", 0)):
        reply = near.ask.send(client_query("huge.marathon.mesos.", "A", subnet), TCP)
        listed = ask.data(reply, "A")
        assert len(set(listed)) == len(listed) == HUGE
        prefix = subnet.rpartition(".")[0] + "."
        places = [place for place, one in enumerate(listed) if one.startswith(prefix)]
        assert places == list(range(count))


def test_turns_within_the_subnet(near):
    """Each address of the subnet has its turn at the first place, and so the rest behind it."""
    firsts, nexts = collections.Counter(), collections.Counter()
    for id in range(0, 65536, 65536 // 400):
        query = client_query("mixed.marathon.mesos.", "A", "10.5.7.0/24")
        query.id = id
        listed = ask.data(near.ask.send(query, UDP), "A")
        firsts[listed[0]] += 1
        nexts[listed[len(CLIENTS)]] += 1
    assert set(firsts) == set(CLIENTS) and min(firsts.values()) > 400 / len(CLIENTS) / 2
    assert set(nexts) == set(NEAR + FAR)


@pytest.mark.parametrize("option", [
    b"", b"\0", b"\0\1\x18", b"\0\1\x18\0\x0a\5", b"\0\1\x21\0\x0a\5\7\0\0", b"\0\3\x18\0\x0a\5\7",
    b"\0\2\xff\0" + bytes(16), b"\0\2\x80\0" + bytes(15)])
def test_malformed_option(near, option):
    """Refused by Knot, or taken; knotd goes on."""
    query = dns.message.make_query("mixed.marathon.mesos.", "A", use_edns=0, payload=4096,
                                   options=[dns.edns.GenericOption(dns.edns.ECS, option)])
    reply = near.ask.send(query, UDP)
    assert reply.rcode() in (dns.rcode.FORMERR, dns.rcode.NOERROR)
    assert ask.outcome(near.ask("leader.mesos.")) == "ANSWER"


def test_option_without_knots_leave(served):
    """With `edns-client-subnet: off` the asker's own address counts, and there is no option."""
    with EcsKnotd() as knotd:
        start(knotd, served, ecs="off", subnet_first="on")
        reply = knotd.ask.send(client_query("mixed.marathon.mesos.", "A", "10.5.7.0/24"), TCP)
        assert set(ask.data(reply, "A")[:len(NEAR)]) == set(NEAR)
        assert scope(reply) is None


def test_off_by_default(served):
    with EcsKnotd() as knotd:
        start(knotd, served)
        starts = set()
        for _ in range(40):
            reply = knotd.ask.send(client_query("mixed.marathon.mesos.", "A", "10.5.7.0/24"), TCP)
            listed = ask.data(reply, "A")
            assert len(listed) == len(NEAR + CLIENTS + FAR)
            assert scope(reply) == 0
            starts.add(listed[0])
        assert starts - set(CLIENTS)


@pytest.mark.parametrize("way", [UDP, TCP, Way(edns=True)], ids=str)
def test_limit(few, way):
    """As many as allowed, other ones each time, in time all of them, and no TC bit for it."""
    for name, kind, most in (("mixed.marathon.mesos.", "A", 43), ("huge.marathon.mesos.", "A", HUGE),
                             ("mixed.marathon.mesos.", "AAAA", 28), ("leader.mesos.", "A", 1),
                             ("alias.mesos.", "A", 43), ("_mixed._tcp.marathon.mesos.", "SRV", 71),
                             ("_huge._tcp.marathon.mesos.", "SRV", HUGE)):
        seen = set()
        for id in range(7, 65536, 65536 // 150):
            query = dns.message.make_query(name, kind, use_edns=0 if way.edns else False)
            query.id = id
            reply = few.ask.send(query, way)
            listed = ask.data(reply, kind)
            assert not ask.is_truncated(reply)
            assert len(set(listed)) == len(listed) == min(4, most)
            seen.update(listed)
        assert len(seen) > min(most - 1, 500)


def test_limit_without_ids(few):
    """Queries that all have the same ID, 0, are given other records each time too."""
    query = dns.message.make_query("mixed.marathon.mesos.", "A")
    query.id = 0
    seen = {one for _ in range(300) for one in ask.data(few.ask.send(query, TCP), "A")}
    assert len(seen) > 35


def test_limit_of_services_and_their_addresses(few):
    """The additional section has the addresses of the targets that are given, and no others."""
    for name in ("_svc._tcp.marathon.mesos.", "_http._svc._tcp.marathon.mesos."):
        for _ in range(10):
            reply = few.ask(name, "SRV", TCP)
            targets = {data.split()[3] for data in ask.data(reply, "SRV")}
            added = [record for record in ask.records(reply.additional) if record.kind == "A"]
            assert len(targets) == len(added) == 4
            assert {record.owner for record in added} == targets


def test_limit_and_subnet(both):
    """The subnet's own come first; what room they leave is the others'."""
    for subnet, count in (("10.5.7.0/24", 7), ("127.0.0.0/24", 5), ("192.0.2.0/24", 0)):
        prefix, seen = subnet.rpartition(".")[0] + ".", set()
        for _ in range(60):
            reply = both.ask.send(client_query("mixed.marathon.mesos.", "A", subnet), UDP)
            listed = ask.data(reply, "A")
            assert len(set(listed)) == len(listed) == 7
            assert [one.startswith(prefix) for one in listed] == [i < count for i in range(7)]
            assert scope(reply) == 24
            seen.update(one for one in listed if one.startswith(prefix))
        assert len(seen) == sum(one.startswith(prefix) for one in NEAR + CLIENTS + FAR)


ORDERS = {"mesos-first": ["mod-mesos/cluster", "mod-onlinesign/sign"],
          "sign-first": ["mod-onlinesign/sign", "mod-mesos/cluster"]}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_signed(served, order):
    """What is chosen is signed, and the signature is of what is given; the order stays."""
    with EcsKnotd() as knotd:
        start(knotd, served, order, answer_limit=10, subnet_first="on")
        keys = zone_keys(knotd)
        for name, way, subnet in itertools.product(
                ("mixed.marathon.mesos.", "huge.marathon.mesos."), (UDP_DO, TCP_DO),
                ("10.5.7.0/24", "10.0.2.0/24", "192.0.2.0/24")):
            query = client_query(name, "A", subnet, want_dnssec=True)
            reply = knotd.ask.send(query, way)
            listed = ask.data(reply, "A")
            assert len(set(listed)) == len(listed) == 10
            prefix = subnet.rpartition(".")[0] + "."
            near = [one.startswith(prefix) for one in listed]
            assert near == sorted(near, reverse=True)
            assert any(near) == (subnet in {"mixed.marathon.mesos.": ("10.5.7.0/24",),
                                            "huge.marathon.mesos.": ("10.0.2.0/24",)}[name])
            assert_signed(reply, keys)
        for way in (UDP_DO, TCP_DO):
            reply = knotd.ask("_huge._tcp.marathon.mesos.", "SRV", way)
            if not ask.is_truncated(reply):
                assert len(ask.data(reply, "SRV")) == 10
                assert_signed(reply, keys)
