# SPDX-License-Identifier: GPL-3.0-or-later
"""mod-onlinesign beside mod-mesos, in both orders: knotd lives, and what it says validates."""
import ask
import dns.dnssec
import dns.name
import dns.rdatatype
import pytest
import states
from ask import TCP, UDP
from knotd import Knotd
from master import Master, status
from signatures import TCP_DO, UDP_DO, assert_signed, by_set, zone_keys

ORDERS = {"mesos-first": ["mod-mesos/cluster", "mod-onlinesign/sign"],
          "sign-first": ["mod-onlinesign/sign", "mod-mesos/cluster"]}

ZONE = """\
ns A 127.0.0.53
static A 192.0.2.1
alias CNAME web.marathon
again CNAME alias
dangling CNAME nobody.marathon
*.apps CNAME web.marathon
large CNAME huge.marathon
*.wild A 192.0.2.2
sub NS ns.example.
web.marathon TXT beside
"""

HUGE = 5000  # Fills a message alone.
BROAD = 2000  # Does not, but would be too large for a signature with its owners written out.

WEB = ["10.1.0.1", "10.1.0.2"]


@pytest.fixture(scope="module", params=ORDERS.values(), ids=ORDERS)
def server(request):
    with Master() as master, Knotd() as knotd:
        master.serve(states.state(master, states.framework(
            "marathon",
            states.task("web", "web.1", ports="[31000-31001]", addresses=[WEB[0], "fd00::1"]),
            states.task("web", "web.2", ports="[31000-31001]", addresses=[WEB[1]]),
            *(states.task("many", f"many.{i}", ports=f"[{20000 + i}-{20000 + i}]",
                          addresses=[f"10.2.{i}.1"]) for i in range(200)),
            *(states.task("huge", f"huge.{i}", addresses=[f"10.{10 + i // 250}.{i % 250}.1"])
              for i in range(HUGE)),
            *(states.task("broad", f"broad.{i}", ports=f"[{20000 + i}-{20000 + i}]",
                          addresses=[f"10.{40 + i // 250}.{i % 250}.1"])
              for i in range(BROAD)))))
        knotd.module("cluster", master=master.address)
        knotd.section("mod-onlinesign", "sign", nsec_bitmap=["A", "AAAA", "SRV"])
        knotd.zone("mesos.", ZONE, request.param)
        knotd.start()
        knotd.wait_loaded()
        yield knotd


@pytest.fixture(scope="module")
def keys(server):
    return zone_keys(server)


@pytest.fixture(params=[UDP_DO, TCP_DO], ids=str)
def way(request):
    return request.param


def assert_proven(reply, keys, name, kind):
    """There is a signed NSEC of that name which does not list the type."""
    assert not ask.data(reply, kind)
    assert_signed(reply, keys)
    proofs = [rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.NSEC
              and rrset.name == dns.name.from_text(name)]
    assert len(proofs) == 1, reply
    types = proofs[0][0].to_text().split()[1:]
    assert kind not in types and "CNAME" not in types, proofs[0]


@pytest.mark.parametrize("name, kind, data", [
    ("web.marathon.mesos.", "A", WEB),
    ("web.marathon.mesos.", "AAAA", ["fd00::1"]),
    ("web.marathon.mesos.", "TXT", ['"beside"']),
    ("leader.mesos.", "A", ["127.0.0.1"]),
    ("_leader._tcp.mesos.", "SRV", None),
    ("_web._tcp.marathon.mesos.", "SRV", None),
    ("static.mesos.", "A", ["192.0.2.1"]),
    ("x.wild.mesos.", "A", ["192.0.2.2"]),
    ("mesos.", "SOA", None),
    ("mesos.", "NS", None),
    ("WEB.Marathon.mesos.", "A", WEB),
])
def test_signed_records(server, keys, way, name, kind, data):
    for _ in range(3):
        reply = server.ask(name, kind, way)
        assert ask.outcome(reply) == "ANSWER"
        assert_signed(reply, keys)
        listed = ask.data(reply, kind)
        assert listed and (data is None or sorted(listed) == sorted(data))


def test_services(server, keys, way):
    """All of them; nothing that is not signed may stand beside them."""
    reply = server.ask("_web._tcp.marathon.mesos.", "SRV", way)
    assert len(ask.data(reply, "SRV")) == 4
    sets, signatures = by_set(reply.additional)
    for place, rrset in sets.items():
        dns.dnssec.validate(rrset, signatures[place], keys)


@pytest.mark.parametrize("name, kind", [
    ("leader.mesos.", "AAAA"), ("web.marathon.mesos.", "MX"), ("web.marathon.mesos.", "SRV"),
    ("_web._tcp.marathon.mesos.", "A"), ("marathon.mesos.", "A"), ("_tcp.marathon.mesos.", "SRV"),
    ("static.mesos.", "AAAA")])
def test_no_data_is_proven(server, keys, way, name, kind):
    reply = server.ask(name, kind, way)
    assert ask.outcome(reply) == "NODATA"
    assert_proven(reply, keys, name, kind)


@pytest.mark.parametrize("kind", ["A", "SRV", "TXT"])
@pytest.mark.parametrize("name", ["nobody.mesos.", "nobody.marathon.mesos.",
                                  "x.web.marathon.mesos.", "x.static.mesos."])
def test_name_error_is_proven(server, keys, way, name, kind):
    """onlinesign makes NODATA of it (as RFC 9824 later had it)."""
    reply = server.ask(name, kind, way)
    assert ask.outcome(reply) in ("NODATA", "NXDOMAIN")
    assert_proven(reply, keys, name, kind)


@pytest.mark.parametrize("name, aliases", [
    ("alias.mesos.", 1), ("again.mesos.", 2), ("x.apps.mesos.", 1)])
def test_alias(server, keys, way, name, aliases):
    """A reply may end before the dynamic name, so that a resolver asks on; all is signed."""
    reply = server.ask(name, "A", way)
    assert reply.rcode() == 0
    assert len(ask.data(reply, "CNAME")) == aliases
    assert sorted(ask.data(reply, "A")) in ([], WEB)
    assert_signed(reply, keys)
    if not ask.data(reply, "A"):
        assert not any(rrset.rdtype == dns.rdatatype.SOA for rrset in reply.authority)


def test_dangling_alias(server, keys, way):
    reply = server.ask("dangling.mesos.", "A", way)
    assert ask.data(reply, "CNAME") == ["nobody.marathon.mesos."]
    assert_signed(reply, keys)


def test_delegation(server, way):
    reply = server.ask("x.sub.mesos.", "A", way)
    assert reply.rcode() == 0 and not reply.answer


def test_large_sets(server, keys):
    for name, kind in (("many.marathon.mesos.", "A"), ("_many._tcp.marathon.mesos.", "SRV"),
                       ("many.marathon.slave.mesos.", "A")):
        reply = server.ask(name, kind, UDP_DO)
        if not ask.is_truncated(reply):
            assert_signed(reply, keys)
        reply = server.ask(name, kind, TCP_DO)
        assert not ask.is_truncated(reply)
        assert len(ask.data(reply, kind)) == (1 if "slave" in name else 200)
        assert_signed(reply, keys)


def fitting(name, octets):
    """Records with so much data that can be signed: with their owner, type, class, TTL, length."""
    return 65535 // (len(name) + 1 + 10 + octets)


@pytest.mark.parametrize("name, kind, whole", [
    ("huge.marathon.mesos.", "A", HUGE), ("broad.marathon.mesos.", "A", BROAD),
    ("_broad._tcp.marathon.mesos.", "SRV", BROAD)])
def test_cut_sets(server, keys, name, kind, whole):
    """What cannot be signed as a whole is cut, and what is put has a signature that validates."""
    assert ask.is_truncated(server.ask(name, kind, UDP_DO))
    parts = set()
    for _ in range(8):
        reply = server.ask(name, kind, TCP_DO)
        assert ask.outcome(reply) == "ANSWER" and not ask.is_truncated(reply)
        assert_signed(reply, keys)
        listed = ask.data(reply, kind)
        octets = 4 if kind == "A" else 6 + len(listed[0].split()[3]) + 1
        assert len(set(listed)) == len(listed) == fitting(name, octets) < whole
        parts.add(frozenset(listed))
    assert len(parts) > 4


def test_alias_of_a_cut_set(server, keys):
    reply = server.ask("large.mesos.", "A", TCP_DO)
    assert ask.data(reply, "CNAME") == ["huge.marathon.mesos."]
    assert_signed(reply, keys)
    assert len(ask.data(reply, "A")) in (0, fitting("huge.marathon.mesos.", 4))


@pytest.mark.parametrize("plain", [UDP, TCP], ids=str)
def test_without_signatures(server, plain):
    """Who does not ask for signatures gets the answers of an unsigned zone."""
    assert sorted(ask.data(server.ask("web.marathon.mesos.", "A", plain), "A")) == WEB
    assert len(ask.data(server.ask("_web._tcp.marathon.mesos.", "SRV", plain), "SRV")) == 4
    assert ask.outcome(server.ask("marathon.mesos.", "A", plain)) == "NODATA"
    assert ask.outcome(server.ask("nobody.mesos.", "A", plain)) == "NXDOMAIN"
    reply = server.ask("alias.mesos.", "A", plain)
    assert ask.data(reply, "CNAME") == ["web.marathon.mesos."]


@pytest.mark.parametrize("kind", ["ANY", "RRSIG", "NSEC", "DNSKEY", "DS", "CDS", "OPT"])
def test_odd_types(server, way, kind):
    for name in ("web.marathon.mesos.", "_web._tcp.marathon.mesos.", "marathon.mesos.",
                 "nobody.mesos.", "alias.mesos.", "static.mesos.", "mesos."):
        if kind != "OPT":
            server.ask(name, kind, way)
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "ANSWER"


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_before_first_poll(master, order):
    """Nobody may be told, and least of all with a signature, that a name has nothing."""
    master.serve(status(503, b"No leader elected"))
    with Knotd() as early:
        early.module("cluster", master=master.address)
        early.section("mod-onlinesign", "sign", nsec_bitmap=["A", "AAAA", "SRV"])
        early.zone("mesos.", ZONE, order)
        early.start()
        for way in (UDP, TCP, UDP_DO, TCP_DO):
            for name, kind in (("web.marathon.mesos.", "A"), ("_web._tcp.marathon.mesos.", "SRV"),
                               ("nobody.mesos.", "A")):
                assert ask.outcome(early.ask(name, kind, way)) == "SERVFAIL"
            assert ask.outcome(early.ask("static.mesos.", "A", way)) == "ANSWER"
