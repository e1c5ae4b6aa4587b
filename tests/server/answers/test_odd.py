# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd queries: transfers, malformed messages, strange EDNS. knotd lives, and answers as ever."""
import random
import socket
import struct

import ask
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.zone
import pytest
import states
from ask import TCP, UDP
from knotd import Knotd
from master import Master

NAME = "web.marathon.mesos."
ROOT_OPT = b"\0\0\x29"
BURST = 50  # Packets at once: fewer than a socket's buffer holds, or the kernel drops them.


@pytest.fixture(scope="module")
def server():
    with Master() as master, Knotd() as knotd:
        master.serve(states.state(master, states.framework("marathon", states.task(
            "web", ports="[31000-31000]", addresses=["10.1.0.1"]))))
        knotd.module("cluster", master=master.address)
        knotd.section("acl", "anyone", address="127.0.0.1", action="transfer")
        knotd.zone("mesos.", "ns A 127.0.0.53\n", ["mod-mesos/cluster"], acl="anyone")
        knotd.start()
        knotd.wait_loaded()
        yield knotd


@pytest.fixture(autouse=True)
def lives(server):
    yield
    assert ask.data(server.ask(NAME), "A") == ["10.1.0.1"]


def header(additional=0, flags=0):
    return struct.pack("!6H", 1234, flags, 1, 0, 0, additional)


def question(name=NAME, kind=1):
    return dns.name.from_text(name).to_wire() + struct.pack("!2H", kind, 1)


def opt(data=b"", payload=1232, version=0):
    return ROOT_OPT + struct.pack("!HBBHH", payload, 0, version, 0, len(data)) + data


def exchange(server, packet, seconds=1):
    """What comes back for raw bytes over UDP, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        client.sendto(packet, (server.address, server.port))
        try:
            return client.recv(65535)
        except TimeoutError:
            return None


def rcode(packet):
    """The reply's code, its extended bits included."""
    return dns.rcode.to_text(dns.message.from_wire(packet).rcode())


def test_transfer_gives_zone_file_only(server):
    zone = dns.zone.from_xfr(dns.query.xfr(server.address, "mesos.", port=server.port,
                                           relativize=False), relativize=False)
    assert {name.to_text() for name in zone.nodes} == {"mesos.", "ns.mesos."}


def test_transfer_of_dynamic_name_is_refused(server):
    query = dns.message.make_query(NAME, "AXFR")
    assert ask.outcome(server.ask.send(query, TCP)) in ("NOTAUTH", "REFUSED")


@pytest.mark.parametrize("packet, code", [
    (header(1) + question() + opt(version=1), "BADVERS"),
    (header(2) + question() + opt() + opt(), "FORMERR"),
    (header(1) + question() + opt(b"\0\x0f\0\x7f"), "FORMERR"),
    (header(1) + question() + opt()[:-1], "FORMERR"),
], ids=["version", "twice", "option-cut", "opt-cut"])
def test_malformed(server, packet, code):
    assert rcode(exchange(server, packet)) == code


@pytest.mark.parametrize("packet", [
    header(1) + question() + opt(b"\xff\xfe\0\3abc"),
    header(1) + question() + opt(payload=0),
    header(1) + question() + opt(payload=65535),
    header(1) + question() + opt(b"\0\3\0\0"),
    header(1) + question() + opt(b"\0\x0c\0\x80" + bytes(128)),
    header(1) + question() + opt(b"\0\x0f\0\2\0\3"),
    header(1) + question() + opt(b"\0\x08\0\x08\0\1\x20\0\x0a\1\0\1"),
], ids=["unknown", "payload-0", "payload-65535", "nsid", "padding", "ede", "subnet"])
def test_strange_edns_is_answered(server, packet):
    reply = dns.message.from_wire(exchange(server, packet), one_rr_per_rrset=True)
    assert ask.data(reply, "A") == ["10.1.0.1"]
    assert reply.edns == 0


def test_other_class(server):
    query = dns.message.make_query(NAME, "A", rdclass=dns.rdataclass.CH)
    assert server.ask.send(query).rcode() != dns.rcode.NOERROR


@pytest.mark.parametrize("opcode", [dns.opcode.NOTIFY, dns.opcode.UPDATE, dns.opcode.STATUS])
def test_other_opcode(server, opcode):
    query = dns.message.make_query("mesos.", "SOA")
    query.set_opcode(opcode)
    reply = exchange(server, query.to_wire())
    assert reply is None or dns.message.from_wire(reply).rcode() != dns.rcode.NOERROR


@pytest.mark.parametrize("kind", ["OPT", "TSIG", "IXFR", "MAILB", "TYPE0", "TYPE65280", "RRSIG"])
@pytest.mark.parametrize("way", [UDP, TCP], ids=str)
def test_odd_types(server, way, kind):
    """Never data, whatever the code."""
    for name in (NAME, "marathon.mesos.", "_web._tcp.marathon.mesos."):
        assert not server.ask.send(dns.message.make_query(name, kind), way).answer


def test_odd_names(server):
    """Bytes of any value, the longest labels and names: no such name."""
    letters = ["a" * 63] * 3
    for name in (".".join(letters + ["a" * 55]) + ".mesos.", "\\000.mesos.", "\\255\\.web.mesos.",
                 "web\\.marathon.mesos.", ".".join("a" * 120) + ".mesos.",
                 "\\000" * 63 + ".marathon.mesos.", "*.marathon.mesos.", "*.mesos."):
        for kind in ("A", "SRV", "ANY"):
            assert ask.outcome(server.ask(name, kind)) == "NXDOMAIN", name


def test_noise(server):
    """Queries with random bytes changed, and bytes that are all random."""
    generator = random.Random(2)
    whole = header(1) + question() + opt(b"\0\x0a\0\x08abcdefgh")
    last = dns.message.make_query(NAME, "A", use_edns=False, id=4321)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((server.address, server.port))
        client.settimeout(server.ask.timeout)
        for _ in range(3000 // BURST):
            for _ in range(BURST):
                packet = bytearray(whole if generator.random() < 0.8 else generator.randbytes(60))
                for _ in range(generator.randrange(1, 5)):
                    packet[generator.randrange(len(packet))] = generator.randrange(256)
                client.send(packet[:generator.randrange(1, len(packet) + 1)])
            client.send(last.to_wire())
            replies = (client.recv(65535) for _ in range(BURST + 1))
            reply = next(reply for reply in replies if reply.startswith(struct.pack("!H", last.id)))
            assert ask.data(dns.message.from_wire(reply, one_rr_per_rrset=True), "A") == ["10.1.0.1"]
