# SPDX-License-Identifier: GPL-3.0-or-later
"""A zone that Knot signs by itself (dnssec-signing): who sets DO gets what others get.

The module's records are in none of its proofs, so they are unsigned; but nothing may fail.
"""
import ask
import pytest
import states
from ask import TCP, UDP, UDP_EDNS, Way
from knotd import Knotd
from master import Master
from waiting import wait_for

UDP_DO, TCP_DO = Way(edns=True, dnssec=True), Way(tcp=True, edns=True, dnssec=True)

ZONE = """\
ns A 127.0.0.53
static A 192.0.2.1
web.marathon TXT beside
*.wild A 192.0.2.2
*.fenced TXT fence
alias CNAME web.marathon
tonodata CNAME v6.marathon
toempty CNAME _tcp.marathon
dangling CNAME nobody.marathon
*.apps CNAME web.marathon
"""


@pytest.fixture(scope="module", params=["off", "on"], ids=["nsec", "nsec3"])
def server(request):
    with Master() as master, Knotd() as knotd:
        master.serve(states.state(
            master,
            states.framework("marathon",
                             states.task("web", ports="[31000-31000]", addresses=["10.1.0.1"]),
                             states.task("v6", addresses=["fd00::6"])),
            states.framework("fenced", states.task("in", addresses=["10.1.0.9"]))))
        knotd.module("cluster", master=master.address)
        knotd.section("policy", "one", single_type_signing="on", nsec3=request.param)
        for zone in ("mesos.", "10.in-addr.arpa."):
            knotd.zone(zone, ZONE if zone == "mesos." else "", ["mod-mesos/cluster"],
                       dnssec_signing="on", dnssec_policy="one", zonefile_load="difference",
                       zonefile_sync="-1", journal_content="all")
        knotd.start()
        knotd.wait_loaded()
        wait_for(lambda: any(record.kind == "RRSIG" for record in ask.records(
            knotd.ask("mesos.", "SOA", UDP_DO).answer)), 20, "a signed zone")
        yield knotd


@pytest.fixture(params=[UDP, UDP_EDNS, UDP_DO, TCP, TCP_DO], ids=str)
def way(request):
    return request.param


@pytest.mark.parametrize("name, kind", [
    ("web.marathon.mesos.", "AAAA"), ("v6.marathon.mesos.", "TXT"), ("v6.marathon.mesos.", "A"),
    ("leader.mesos.", "AAAA"), ("leader.mesos.", "TXT"), ("v6.marathon.mesos.", "DS"),
    ("_web._tcp.marathon.mesos.", "A"), ("in.fenced.mesos.", "AAAA"),
    # Empty non-terminals, of the snapshot alone and of both.
    ("_tcp.marathon.mesos.", "A"), ("slave.mesos.", "TXT"), ("marathon.mesos.", "A"),
    # The zone file has the name, with another type.
    ("web.marathon.mesos.", "MX"), ("static.mesos.", "AAAA"),
    ("1.0.1.10.in-addr.arpa.", "TXT"), ("0.1.10.in-addr.arpa.", "PTR"),
])
def test_no_data(server, way, name, kind):
    reply = server.ask(name, kind, way)
    assert ask.outcome(reply) == "NODATA" and ask.is_authoritative(reply)
    soas = [record for record in ask.records(reply.authority) if record.kind == "SOA"]
    assert len(soas) == 1
    # RFC 2308, section 3: the TTL of the denial.
    assert soas[0].ttl == 60


@pytest.mark.parametrize("name, kind, data", [
    ("web.marathon.mesos.", "A", ["10.1.0.1"]), ("web.marathon.mesos.", "TXT", ['"beside"']),
    ("static.mesos.", "A", ["192.0.2.1"]), ("x.wild.mesos.", "A", ["192.0.2.2"]),
    ("in.fenced.mesos.", "TXT", ['"fence"']), ("in.fenced.mesos.", "A", ["10.1.0.9"]),
    ("alias.mesos.", "A", ["10.1.0.1"]), ("x.apps.mesos.", "A", ["10.1.0.1"]),
    ("tonodata.mesos.", "AAAA", ["fd00::6"]), ("1.0.1.10.in-addr.arpa.", "PTR", [
        "web.marathon.mesos."]),
])
def test_records(server, way, name, kind, data):
    reply = server.ask(name, kind, way)
    assert ask.outcome(reply) == "ANSWER"
    assert ask.data(reply, kind) == data


def test_services(server, way):
    reply = server.ask("_web._tcp.marathon.mesos.", "SRV", way)
    assert len(ask.data(reply, "SRV")) == 1
    assert [record.data for record in ask.records(reply.additional)
            if record.kind == "A"] == ["10.0.0.10"]


@pytest.mark.parametrize("name, kind", [
    ("tonodata.mesos.", "A"), ("toempty.mesos.", "A"), ("alias.mesos.", "AAAA"),
    ("x.apps.mesos.", "SRV")])
def test_alias_of_nothing(server, way, name, kind):
    reply = server.ask(name, kind, way)
    assert reply.rcode() == 0 and not ask.data(reply, kind)
    assert len(ask.data(reply, "CNAME")) == 1
    assert "SOA" in [record.kind for record in ask.records(reply.authority)]


@pytest.mark.parametrize("name", ["nobody.mesos.", "nobody.marathon.mesos.", "dangling.mesos.",
                                  "9.9.9.10.in-addr.arpa."])
def test_name_error(server, way, name):
    assert ask.outcome(server.ask(name, "A", way)) == "NXDOMAIN"
