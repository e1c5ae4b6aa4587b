# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of answer from a loaded snapshot beside a zone file: section 4's table, row by row."""
import ask
import dns.flags
import dns.message
import dns.rcode
import pytest
import states
from ask import ALL_WAYS, TCP, UDP, UDP_EDNS, Way
from knotd import Knotd
from master import Master

TTL = 77

ZONE = """\
ns A 127.0.0.53
static A 192.0.2.1
static TXT static
*.wild A 192.0.2.2
*.wild TXT wildcard
sub NS ns.sub
ns.sub A 192.0.2.3

; Beside dynamic names.
web.marathon A 192.0.2.99
web.marathon TXT beside
*.fenced TXT fence
_tcp.marathon TXT between

; To dynamic names.
alias CNAME web.marathon
again CNAME alias
*.apps CNAME web.marathon
toports CNAME _ports._tcp.marathon
dangling CNAME nobody.marathon
tonodata CNAME v6.marathon
toempty CNAME _udp.marathon
tosub CNAME host.sub
tomany CNAME many.marathon
"""

AGENTS = [states.agent(0, "10.0.0.10"), states.agent(1, "[2001:db8::12]"),
          states.agent(2, "10.0.0.12", port=5052)]

STATE = (
    states.framework(
        "marathon",
        states.task("web", "web.1", addresses=["10.1.0.1", "fd00::1"]),
        states.task("web", "web.2", addresses=["10.1.0.2"]),
        states.task("web", "web.3", addresses=["10.1.0.3"]),
        states.task("ports", ports="[31000-31002]"),
        states.task("v6", addresses=["fd00::6"]),
        *(states.task("many", f"many.{i}", addresses=[f"10.2.{i}.1"]) for i in range(200)),
        *(states.task("wide", f"wide.{i}", ports=f"[{30000 + i}-{30000 + i}]")
          for i in range(12)),
    ),
    states.framework("fenced", states.task("in", addresses=["10.1.0.9"])),
    states.framework("prod.marathon", states.task("deep", addresses=["10.1.0.8"])),
)

WEB = {"10.1.0.1", "10.1.0.2", "10.1.0.3"}


@pytest.fixture(scope="module")
def server():
    with Master() as master, Knotd() as knotd:
        master.serve(states.state(master, *STATE, agents=AGENTS))
        knotd.module("cluster", master=master.address, ttl=TTL)
        knotd.section("acl", "anyone", address="127.0.0.1", action="transfer")
        knotd.zone("mesos.", ZONE, ["mod-mesos/cluster"], acl="anyone")
        knotd.zone("10.in-addr.arpa.", "9.9.9 PTR static.mesos.\n", ["mod-mesos/cluster"])
        knotd.zone("ip6.arpa.", "", ["mod-mesos/cluster"])
        knotd.start()
        knotd.wait_loaded()
        yield knotd


@pytest.fixture(params=ALL_WAYS, ids=str)
def way(request):
    return request.param


@pytest.mark.parametrize("name, kind, data", [
    ("web.marathon.mesos.", "A", WEB),
    ("web.marathon.mesos.", "AAAA", {"fd00::1"}),
    ("web.marathon.slave.mesos.", "A", {"10.0.0.10"}),
    ("_ports._tcp.marathon.mesos.", "SRV",
     {f"0 1 {port} ports-5zbso-s0.marathon.slave.mesos." for port in (31000, 31001, 31002)}),
    ("deep.prod.marathon.mesos.", "A", {"10.1.0.8"}),
    ("1.0.1.10.in-addr.arpa.", "PTR", {"web.marathon.mesos."}),
    ("6" + 29 * ".0" + ".d.f.ip6.arpa.", "PTR", {"v6.marathon.mesos."}),
])
def test_records(server, way, name, kind, data):
    reply = server.ask(name, kind, way)
    assert ask.outcome(reply) == "ANSWER" and ask.is_authoritative(reply)
    listed = ask.records(reply.answer)
    assert {record[:2] for record in listed} == {(name, kind)}
    assert sorted(record.data for record in listed) == sorted(data)
    assert {record.ttl for record in listed} == {TTL}
    assert not ask.extended_errors(reply)
    assert not reply.authority


@pytest.mark.parametrize("name, kind", [
    ("web.marathon.mesos.", "A"), ("_ports._tcp.marathon.mesos.", "SRV")])
def test_order_turns(server, way, name, kind):
    replies = [ask.data(server.ask(name, kind, way), kind) for _ in range(30)]
    assert {reply[0] for reply in replies} == set(replies[0])
    assert {frozenset(reply) for reply in replies} == {frozenset(replies[0])}


@pytest.mark.parametrize("name, kind", [
    ("web.marathon.mesos.", "A"), ("_ports._tcp.marathon.mesos.", "SRV")])
def test_order_turns_without_ids(server, way, name, kind):
    """As queries are that have come over QUIC (RFC 9250, section 4.2.1)."""
    query = dns.message.make_query(name, kind, use_edns=0 if way.edns else False)
    query.id = 0
    replies = [ask.data(server.ask.send(query, way), kind) for _ in range(60)]
    assert {reply[0] for reply in replies} == set(replies[0])


def test_srv_additional(server, way):
    reply = server.ask("_ports._tcp.marathon.mesos.", "SRV", way)
    assert ask.records(reply.additional) == [
        ("ports-5zbso-s0.marathon.slave.mesos.", "A", "10.0.0.10", TTL)]


def test_srv_additional_has_each_address_once(server, way):
    """Two records name one target, which has addresses of both families."""
    reply = server.ask("_slave._tcp.mesos.", "SRV", way)
    assert sorted(ask.data(reply, "SRV")) == ["0 1 5051 slave.mesos.", "0 1 5052 slave.mesos."]
    assert sorted(ask.records(reply.additional)) == [
        ("slave.mesos.", "A", "10.0.0.10", TTL), ("slave.mesos.", "A", "10.0.0.12", TTL),
        ("slave.mesos.", "AAAA", "2001:db8::12", TTL)]


def test_srv_additional_as_far_as_it_fits(server):
    """In sizes that grow by half an address: first none fits, in the end all do."""
    replies = [server.ask("_wide._tcp.marathon.mesos.", "SRV", Way(edns=True, payload=size))
               for size in range(512, 1232, 8)]
    whole = [reply for reply in replies if not ask.is_truncated(reply)]
    assert 0 < len(whole) < len(replies)
    assert whole == replies[-len(whole):]
    assert {len(reply.answer) for reply in whole} == {12}
    counts = [len(set(ask.records(reply.additional))) for reply in whole]
    assert counts == [len(reply.additional) for reply in whole] == sorted(counts)
    assert counts[0] == 0 and counts[-1] == 12
    assert set(counts) == set(range(13))


@pytest.mark.parametrize("name, kind", [
    ("web.marathon.mesos.", "SRV"),
    ("web.marathon.mesos.", "MX"),
    ("v6.marathon.mesos.", "A"),
    ("leader.mesos.", "AAAA"),
    ("_ports._tcp.marathon.mesos.", "A"),
    ("1.0.1.10.in-addr.arpa.", "A"),
    # Names without records, above others that have some.
    ("marathon.mesos.", "A"),
    ("_tcp.marathon.mesos.", "SRV"),
    ("_udp.marathon.mesos.", "A"),
    ("prod.marathon.mesos.", "A"),
    ("marathon.slave.mesos.", "AAAA"),
    ("1.10.in-addr.arpa.", "PTR"),
    ("d.f.ip6.arpa.", "PTR"),
])
def test_no_data(server, way, name, kind):
    reply = server.ask(name, kind, way)
    assert ask.outcome(reply) == "NODATA" and ask.is_authoritative(reply)
    assert [record.kind for record in ask.records(reply.authority)] == ["SOA"]


@pytest.mark.parametrize("name", [
    "nobody.mesos.", "nobody.marathon.mesos.", "x.web.marathon.mesos.", "mesos.mesos.",
    "_x._tcp.marathon.mesos.", "77.0.1.10.in-addr.arpa.", "e.f.ip6.arpa.", "x.static.mesos."])
def test_name_error(server, way, name):
    reply = server.ask(name, "A", way)
    assert ask.outcome(reply) == "NXDOMAIN" and ask.is_authoritative(reply)
    assert not reply.answer


@pytest.mark.parametrize("name, kind, data", [
    ("static.mesos.", "A", ["192.0.2.1"]),
    ("static.mesos.", "TXT", ['"static"']),
    ("x.wild.mesos.", "A", ["192.0.2.2"]),
    ("a.b.wild.mesos.", "TXT", ['"wildcard"']),
    ("9.9.9.10.in-addr.arpa.", "PTR", ["static.mesos."]),
    # Beside dynamic records of other types, and where no dynamic record is.
    ("web.marathon.mesos.", "TXT", ['"beside"']),
    ("in.fenced.mesos.", "TXT", ['"fence"']),
    ("nobody.fenced.mesos.", "TXT", ['"fence"']),
    ("_tcp.marathon.mesos.", "TXT", ['"between"']),
    ("in.fenced.mesos.", "A", ["10.1.0.9"]),
])
def test_zone_file_beside(server, way, name, kind, data):
    reply = server.ask(name, kind, way)
    assert ask.outcome(reply) == "ANSWER" and ask.is_authoritative(reply)
    assert [record[:3] for record in ask.records(reply.answer)] == [(name, kind, data[0])]


def test_zone_file_no_data(server, way):
    assert ask.outcome(server.ask("static.mesos.", "AAAA", way)) == "NODATA"
    assert ask.outcome(server.ask("x.wild.mesos.", "AAAA", way)) == "NODATA"


@pytest.mark.parametrize("name", ["host.sub.mesos.", "sub.mesos."])
def test_delegation(server, way, name):
    reply = server.ask(name, "A", way)
    assert ask.outcome(reply) == "REFERRAL" and not ask.is_authoritative(reply)
    assert ask.records(reply.authority) == [("sub.mesos.", "NS", "ns.sub.mesos.", 300)]
    assert ("ns.sub.mesos.", "A", "192.0.2.3", 300) in ask.records(reply.additional)


@pytest.mark.parametrize("name, chain", [
    ("alias.mesos.", []),
    ("again.mesos.", ["alias.mesos."]),
    ("x.apps.mesos.", []),
])
def test_alias_of_dynamic_name(server, way, name, chain):
    reply = server.ask(name, "A", way)
    assert ask.outcome(reply) == "ANSWER" and ask.is_authoritative(reply)
    names = [name, *chain, "web.marathon.mesos."]
    listed = [record[:3] for record in ask.records(reply.answer)]
    assert listed[:len(chain) + 1] == [
        (owner, "CNAME", target) for owner, target in zip(names, names[1:])]
    assert sorted(listed[len(chain) + 1:]) == [
        ("web.marathon.mesos.", "A", data) for data in sorted(WEB)]


def test_alias_of_services(server, way):
    reply = server.ask("toports.mesos.", "SRV", way)
    assert ask.data(reply, "CNAME") == ["_ports._tcp.marathon.mesos."]
    assert len(ask.data(reply, "SRV")) == 3


def test_alias_itself(server, way):
    reply = server.ask("alias.mesos.", "CNAME", way)
    assert [record[:3] for record in ask.records(reply.answer)] == [
        ("alias.mesos.", "CNAME", "web.marathon.mesos.")]


@pytest.mark.parametrize("name, kind, rcode", [
    ("dangling.mesos.", "A", "NXDOMAIN"),
    ("tonodata.mesos.", "A", "NOERROR"),
    ("toempty.mesos.", "A", "NOERROR"),
    ("alias.mesos.", "SRV", "NOERROR"),
])
def test_alias_without_an_end(server, way, name, kind, rcode):
    """RFC 2308, section 2: the SOA says that the last target has nothing."""
    reply = server.ask(name, kind, way)
    assert dns.rcode.to_text(reply.rcode()) == rcode
    assert [record.kind for record in ask.records(reply.answer)] == ["CNAME"]
    assert [record.kind for record in ask.records(reply.authority)] == ["SOA"]


def test_alias_into_delegation(server, way):
    reply = server.ask("tosub.mesos.", "A", way)
    assert [record.kind for record in ask.records(reply.answer)] == ["CNAME"]
    assert [record.kind for record in ask.records(reply.authority)] == ["NS"]


def test_alias_of_other_type_beside(server, way):
    """The alias's target has a TXT record in the zone file, and dynamic A records."""
    reply = server.ask("alias.mesos.", "TXT", way)
    assert ask.data(reply, "TXT") == ['"beside"']


def test_apex(server, way):
    reply = server.ask("mesos.", "SOA", way)
    assert ask.data(reply, "SOA") == ["ns.mesos. admin.mesos. 1 3600 600 86400 60"]
    reply = server.ask("mesos.", "NS", way)
    assert ask.data(reply, "NS") == ["ns.mesos."]
    assert ask.outcome(server.ask("mesos.", "A", way)) == "NODATA"


def test_any(server, way):
    reply = server.ask("web.marathon.mesos.", "ANY", way)
    kinds = {record.kind for record in ask.records(reply.answer)}
    assert kinds == {"A"} or kinds == {"AAAA"}
    assert set(ask.data(reply, kinds.pop())) in (WEB, {"fd00::1"})
    reply = server.ask("_ports._tcp.marathon.mesos.", "ANY", way)
    assert len(ask.data(reply, "SRV")) == 3
    reply = server.ask("static.mesos.", "ANY", way)
    assert reply.answer


@pytest.mark.parametrize("name, kind", [
    ("WeB.mArAtHoN.MESOS.", "A"), ("_PORTS._tcp.Marathon.mesos.", "SRV"),
    ("NoBody.MARATHON.mesos.", "A"), ("MARATHON.mesos.", "A"), ("STATIC.mesos.", "A"),
    ("1.0.1.10.In-Addr.ARPA.", "PTR")])
def test_case(server, way, name, kind):
    """Found alike, and the question, like the answer's owner, comes back as it was asked."""
    reply = server.ask(name, kind, way)
    assert reply.question[0].name.to_text() == name
    lower = server.ask(name.lower(), kind, way)
    assert ask.outcome(reply) == ask.outcome(lower)
    assert sorted(ask.records(reply.answer)) == sorted(ask.records(lower.answer))


@pytest.mark.parametrize("payload", [None, 512, 1232])
def test_large_set_is_truncated(server, payload):
    way = Way(edns=True, payload=payload) if payload else UDP
    reply = server.ask("many.marathon.mesos.", "A", way)
    assert ask.is_truncated(reply)
    assert reply.rcode() == 0


@pytest.mark.parametrize("way", [TCP, Way(tcp=True, edns=True, payload=512)], ids=str)
def test_large_set_over_tcp(server, way):
    reply = server.ask("many.marathon.mesos.", "A", way)
    assert not ask.is_truncated(reply)
    assert sorted(ask.data(reply, "A")) == sorted(f"10.2.{i}.1" for i in range(200))


def test_large_set_behind_alias(server):
    assert ask.is_truncated(server.ask("tomany.mesos.", "A", UDP_EDNS))
    reply = server.ask("tomany.mesos.", "A", TCP)
    assert ask.data(reply, "CNAME") == ["many.marathon.mesos."]
    assert sorted(ask.data(reply, "A")) == sorted(f"10.2.{i}.1" for i in range(200))


@pytest.mark.parametrize("name", ["web.marathon.mesos.", "nobody.mesos.", "static.mesos."])
def test_no_recursion(server, way, name):
    query = dns.message.make_query(name, "A", use_edns=0 if way.edns else False)
    assert query.flags & dns.flags.RD
    reply = server.ask.send(query, way)
    assert not reply.flags & dns.flags.RA
    assert reply.flags & dns.flags.RD


@pytest.mark.parametrize("name", ["example.com.", "mesos.example.", ".", "mesosx.",
                                  "in-addr.arpa."])
def test_outside_is_refused(server, way, name):
    assert ask.outcome(server.ask(name, "A", way)) == "REFUSED"


def test_forward_and_reverse_do_not_mix(server):
    assert ask.outcome(server.ask("web.marathon.mesos.", "PTR")) == "NODATA"
    assert ask.outcome(server.ask("leader.10.in-addr.arpa.", "A")) == "NXDOMAIN"


def test_edns_is_answered_with_edns(server):
    assert server.ask("web.marathon.mesos.", "A", UDP_EDNS).edns == 0
    assert server.ask("web.marathon.mesos.", "A", UDP).edns == -1
