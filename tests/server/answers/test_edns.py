# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything odd about EDNS that a client may send (RFC 6891), with each kind of our answers."""
import socket
import struct

import ask
import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
import states
from ask import TCP, UDP
from knotd import Knotd
from master import Master

WEB = ["10.1.0.1", "10.1.0.2"]
MANY = sorted(f"10.2.{i}.1" for i in range(60))
PORTS = sorted(f"0 1 {31000 + i} web-" for i in range(2))

# What is asked, and what comes of it: the records' beginnings, or the kind of negative answer.
QUESTIONS = {
    "a": ("web.marathon.mesos.", "A", WEB),
    "srv": ("_web._tcp.marathon.mesos.", "SRV", PORTS),
    "nodata": ("web.marathon.mesos.", "MX", "NODATA"),
    "empty": ("_tcp.marathon.mesos.", "A", "NODATA"),
    "nxdomain": ("nobody.marathon.mesos.", "A", "NXDOMAIN"),
    "static": ("static.mesos.", "A", ["192.0.2.1"]),
    "alias": ("alias.mesos.", "A", WEB),
}

every_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
every_way = pytest.mark.parametrize("way", [UDP, TCP], ids=str)


@pytest.fixture(scope="module")
def server():
    with Master() as master, Knotd() as knotd:
        master.serve(states.state(master, states.framework(
            "marathon",
            *(states.task("web", f"web.{i}", addresses=[address],
                          discovery=states.discovery("web", (31000 + i, "http", "tcp")))
              for i, address in enumerate(WEB)),
            *(states.task("many", f"many.{i}", addresses=[address])
              for i, address in enumerate(MANY)))))
        knotd.module("cluster", master=master.address)
        knotd.zone("mesos.", "ns A 127.0.0.53\nstatic A 192.0.2.1\nalias CNAME web.marathon\n",
                   ["mod-mesos/cluster"])
        knotd.start()
        knotd.wait_loaded()
        yield knotd


def query(question, **edns):
    return dns.message.make_query(*question[:2], **{"use_edns": 0, "payload": 1232, **edns})


def assert_answered(reply, question):
    """The answer that a plain question gets, with the additional records of SRV."""
    _, kind, expected = question
    if isinstance(expected, str):
        assert ask.outcome(reply) == expected
        assert not reply.answer
        return
    assert ask.outcome(reply) == "ANSWER"
    found = sorted(ask.data(reply, kind))
    assert len(found) == len(expected)
    assert all(data.startswith(start) for data, start in zip(found, expected)), found
    if kind == "SRV":
        additional = [record.data for record in ask.records(reply.additional)]
        assert sorted(additional) == WEB


def assert_edns(reply):
    """One OPT of version 0, with nothing that we do not know."""
    assert reply.edns == 0
    assert not [option for option in reply.options if option.otype not in (dns.edns.EDE,)]


@every_way
@every_question
def test_unknown_version(server, question, way):
    """BADVERS, our version, and nothing of an answer (RFC 6891, section 6.1.3)."""
    for version in (1, 2, 100, 255):
        message = query(question)
        message.opt.ttl = version << 16
        reply = server.ask.send(message, way)
        assert reply.rcode() == dns.rcode.BADVERS
        assert reply.edns == 0
        assert not reply.answer and not reply.authority and not reply.additional


@every_way
@every_question
def test_unknown_options(server, question, way):
    """Passed over, and not sent back (RFC 6891, section 6.1.2)."""
    for code, content in ((65001, b""), (65001, b"mesos"), (100, bytes(200)), (65535, b"\xff")):
        option = dns.edns.GenericOption(code, content)
        reply = server.ask.send(query(question, options=[option]), way)
        assert_answered(reply, question)
        assert_edns(reply)


@every_way
@every_question
def test_known_options_that_are_not_ours(server, question, way):
    """Client subnet (RFC 7871), which Knot leaves out unless it is told, and padding (RFC 7830)."""
    for option in (dns.edns.ECSOption("192.0.2.0", 24), dns.edns.GenericOption(12, bytes(100))):
        reply = server.ask.send(query(question, options=[option]), way)
        assert_answered(reply, question)
        assert reply.edns == 0
        assert not [one for one in reply.options if one.otype == dns.edns.ECS]


@every_way
@every_question
def test_nsid(server, question, way):
    """The one option that is answered: who we are (RFC 5001)."""
    option = dns.edns.GenericOption(dns.edns.NSID, b"")
    reply = server.ask.send(query(question, options=[option]), way)
    assert_answered(reply, question)
    assert [one.otype for one in reply.options] == [dns.edns.NSID]


@every_way
@every_question
def test_unknown_flags(server, question, way):
    """Cleared in the reply (RFC 6891, section 6.1.4)."""
    for flags in (0x0001, 0x4000, 0x7FFF):
        reply = server.ask.send(query(question, ednsflags=flags), way)
        assert_answered(reply, question)
        assert reply.edns == 0
        assert reply.ednsflags & 0xFFFF == 0


@every_way
@every_question
def test_do_without_signatures(server, question, way):
    """DO comes back, and the answer is the unsigned zone's (RFC 3225, section 3)."""
    reply = server.ask.send(query(question, want_dnssec=True), way)
    assert_answered(reply, question)
    assert reply.ednsflags & 0xFFFF == dns.flags.DO


@every_question
@pytest.mark.parametrize("payload", [0, 2, 511, 512])
def test_tiny_buffer(server, question, payload):
    """Less than 512 counts as 512 (RFC 6891, section 6.2.3).

    Not with 1, which is class IN: Knot says FORMERR then, of any zone.
    """
    reply = server.ask.send(query(question, payload=payload))
    assert_answered(reply, question)
    assert len(reply.to_wire()) <= 512


@pytest.mark.parametrize("payload", [0, 2, 512, 600, 1232, 4096, 65535])
def test_large_set(server, payload):
    """As much as the buffer has room for and TC, or all of it; over TCP the buffer is none."""
    message = query(("many.marathon.mesos.", "A"), payload=payload)
    wire = udp(server, message.to_wire())
    assert len(wire) <= min(max(512, payload), 1232)
    reply = dns.message.from_wire(wire)
    assert reply.edns == 0
    found = sorted(record.data for record in ask.records(reply.answer))
    if ask.is_truncated(reply):
        assert set(found) < set(MANY)
    else:
        assert found == MANY
    assert ask.is_truncated(reply) == (payload < 1232)
    assert sorted(ask.data(server.ask.send(message, TCP), "A")) == MANY


def udp(server, wire):
    """Sends these bytes and returns those that come back."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(server.ask.timeout)
        client.connect((server.address, server.port))
        client.send(wire)
        return client.recv(65535)


def opt(rdata=b"", length=None):
    """An OPT record, as odd as wanted."""
    return struct.pack("!BHHIH", 0, dns.rdatatype.OPT, 1232, 0,
                       len(rdata) if length is None else length) + rdata


MALFORMED = {
    "two-opts": [opt(), opt()],
    "short-option": [opt(b"\xfd\xe9\0")],
    "option-beyond-opt": [opt(b"\xfd\xe9\0\x10abc")],
    "opt-beyond-message": [opt(length=10)],
}


@every_question
@pytest.mark.parametrize("opts", MALFORMED.values(), ids=MALFORMED)
def test_malformed(server, question, opts):
    """FORMERR, never an answer, and knotd goes on."""
    wire = bytearray(dns.message.make_query(*question[:2], use_edns=False).to_wire())
    wire[10:12] = struct.pack("!H", len(opts))
    reply = udp(server, bytes(wire) + b"".join(opts))
    assert reply[:2] == wire[:2]
    assert reply[3] & 15 == dns.rcode.FORMERR
    assert reply[6:8] == b"\0\0"
    assert_answered(server.ask.send(query(question)), question)


@every_question
def test_without_edns(server, question):
    """Who sends no OPT gets none (RFC 6891, section 7)."""
    reply = server.ask.send(dns.message.make_query(*question[:2], use_edns=False))
    assert_answered(reply, question)
    assert reply.edns == -1
