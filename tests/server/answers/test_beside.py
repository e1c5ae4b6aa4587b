# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that both the zone file and the cluster have: directly below the zone, deeper, reverse."""
import ask
import dns.rcode
import pytest
import states
from ask import ALL_WAYS, Way
from knotd import Knotd
from master import Master

WAYS = [*ALL_WAYS, Way(edns=True, dnssec=True)]

ZONE = """\
ns A 127.0.0.53
text TXT beside
six AAAA 2001:db8::6
alias CNAME static
static A 192.0.2.1
cut NS ns.cut
ns.cut A 192.0.2.3
below.empty A 192.0.2.4
named DNAME static
to-ns CNAME ns
to-text CNAME text
to-plain CNAME plain
to-alias CNAME alias
to-cut CNAME cut
_srv._tcp SRV 0 0 53 ns
web.text A 192.0.2.9
"""

WILD = """\
* A 192.0.2.99
* TXT wild
* MX 10 ns
"""

ALIAS = "* CNAME other.invalid.\n"

REVERSE = """\
1.1.0 PTR static.mesos.
2.1.0 TXT beside
3.1.0 NS ns.mesos.
*.1.0 PTR wild.mesos.
"""

NAMES = ("ns", "text", "six", "alias", "cut", "empty", "named", "plain", "wildly")


def scheduler(number, name):
    """A framework whose scheduler has an address, and a task below its name."""
    return states.framework(name, states.task("web", addresses=[f"10.0.1.{number}"]),
                            pid=f"scheduler@10.9.0.{number}:4000", hostname="x.invalid")


@pytest.fixture(scope="module")
def server():
    with Master() as master, Knotd() as knotd:
        master.serve(states.state(
            master, *(scheduler(number, name) for number, name in enumerate(NAMES, 1))))
        knotd.module("cluster", master=master.address)
        knotd.section("mod-onlinesign", "sign", nsec_bitmap=["A", "AAAA", "SRV", "PTR"])
        for zone, text in (("mesos.", ZONE), ("wild.", ZONE + WILD), ("astray.", ZONE + ALIAS)):
            knotd.zone(zone, text, ["mod-mesos/cluster"])
        knotd.zone("first.", ZONE, ["mod-mesos/cluster", "mod-onlinesign/sign"])
        knotd.zone("last.", ZONE, ["mod-onlinesign/sign", "mod-mesos/cluster"])
        knotd.zone("10.in-addr.arpa.", REVERSE, ["mod-mesos/cluster"])
        knotd.start()
        for zone in ("mesos.", "wild.", "astray.", "first.", "last."):
            knotd.wait_ready(f"plain.{zone}")
            knotd.wait_ready(f"web.plain.{zone}")
        knotd.wait_ready("2.1.0.10.in-addr.arpa.", "PTR")
        yield knotd


@pytest.fixture(params=WAYS, ids=str)
def way(request):
    return request.param


def data(reply, kind):
    assert ask.outcome(reply) == "ANSWER" and ask.is_authoritative(reply)
    return ask.data(reply, kind)


@pytest.mark.parametrize("zone", ["mesos.", "wild.", "astray.", "first."])
@pytest.mark.parametrize("name, kind, expected", [
    # What the zone file has.
    ("ns", "A", ["127.0.0.53"]), ("text", "TXT", ['"beside"']), ("six", "AAAA", ["2001:db8::6"]),
    ("alias", "A", ["192.0.2.1"]), ("alias", "CNAME", ["static.{}"]), ("named", "DNAME", [
        "static.{}"]),
    # What it has not, at names that it has, and at others.
    ("text", "A", ["10.9.0.2"]), ("six", "A", ["10.9.0.3"]), ("empty", "A", ["10.9.0.6"]),
    ("plain", "A", ["10.9.0.8"]), ("leader", "A", ["127.0.0.1"]),
    # The cluster's deeper names come first.
    ("web.text", "A", ["10.0.1.2"]), ("web.cut", "A", ["10.0.1.5"]),
    ("web.alias", "A", ["10.0.1.4"]), ("web.named", "A", ["10.0.1.7"]),
    # Aliases.
    ("to-ns", "A", ["127.0.0.53"]), ("to-text", "A", ["10.9.0.2"]),
    ("to-text", "TXT", ['"beside"']), ("to-plain", "A", ["10.9.0.8"]),
    ("to-alias", "A", ["192.0.2.1"]),
])
def test_forward(server, way, zone, name, kind, expected):
    if zone == "first." and way.dnssec and name == "named":
        pytest.skip("onlinesign has more to say there")
    reply = server.ask(f"{name}.{zone}", kind, way)
    assert data(reply, kind) == [one.format(zone) for one in expected]
    owners = {record.owner for record in ask.records(reply.answer) if record.kind == kind}
    assert len(owners) == 1


@pytest.mark.parametrize("name, kind, expected", [
    ("plain.wild.", "A", ["10.9.0.8"]), ("plain.wild.", "TXT", ['"wild"']),
    ("to-plain.wild.", "A", ["10.9.0.8"]), ("to-plain.wild.", "TXT", ['"wild"']),
    ("leader.wild.", "TXT", ['"wild"']), ("leader.wild.", "A", ["127.0.0.1"]),
    ("nobody.wild.", "A", ["192.0.2.99"]),
    ("plain.astray.", "A", ["10.9.0.8"]), ("to-plain.astray.", "A", ["10.9.0.8"]),
])
def test_wildcard(server, way, name, kind, expected):
    """It serves the types that the cluster has not, and its records are not left in the answer."""
    reply = server.ask(name, kind, way)
    assert data(reply, kind) == expected
    kinds = [record.kind for record in ask.records(reply.answer)]
    assert kinds == (["CNAME"] if name.startswith("to-") else []) + [kind]
    assert {record.owner for record in ask.records(reply.answer)} <= {name, name[3:]}


def test_wildcard_alias(server, way):
    assert data(server.ask("plain.astray.", "TXT", way), "CNAME") == ["other.invalid."]


@pytest.mark.parametrize("zone", ["mesos.", "wild.", "astray."])
@pytest.mark.parametrize("name", ["cut", "to-cut", "x.cut"])
def test_delegation(server, way, zone, name):
    reply = server.ask(f"{name}.{zone}", "A", way)
    assert not ask.data(reply, "A") and reply.rcode() == 0
    assert [record.kind for record in ask.records(reply.authority)] == ["NS"]


def test_no_data(server, way):
    """The alias's target is the zone file's, and has nothing; others have nothing anywhere."""
    for name, kind in (("ns.mesos.", "AAAA"), ("text.mesos.", "AAAA"), ("text.mesos.", "MX"),
                       ("plain.mesos.", "TXT"), ("to-plain.mesos.", "AAAA")):
        reply = server.ask(name, kind, way)
        assert dns.rcode.to_text(reply.rcode()) == "NOERROR" and not ask.data(reply, kind)
        assert [record.kind for record in ask.records(reply.authority)] == ["SOA"]


@pytest.mark.parametrize("name, kinds", [
    ("ns.mesos.", {"A"}), ("text.mesos.", {"TXT"}), ("alias.mesos.", {"CNAME"}),
    ("empty.mesos.", {"A"}), ("plain.wild.", {"A"})])
def test_any(server, way, name, kinds):
    reply = server.ask(name, "ANY", way)
    assert {record.kind for record in ask.records(reply.answer)} == kinds
    if name == "plain.wild.":
        assert ask.data(reply, "A") == ["10.9.0.8"]


def test_name_server_keeps_its_address(server, way):
    """Also where it is only an additional record."""
    for name, kind in (("mesos.", "NS"), ("_srv._tcp.mesos.", "SRV")):
        reply = server.ask(name, kind, way)
        assert [record.data for record in ask.records(reply.additional)
                if record.owner == "ns.mesos."] == ["127.0.0.53"]


@pytest.mark.parametrize("name, kind, expected", [
    ("1.1.0.10.in-addr.arpa.", "PTR", "static.mesos."),
    ("2.1.0.10.in-addr.arpa.", "PTR", "web.text.mesos."),
    ("2.1.0.10.in-addr.arpa.", "TXT", '"beside"'),
    ("4.1.0.10.in-addr.arpa.", "PTR", "web.alias.mesos."),
    ("99.1.0.10.in-addr.arpa.", "PTR", "wild.mesos."),
])
def test_reverse(server, way, name, kind, expected):
    assert data(server.ask(name, kind, way), kind) == [expected]


def test_reverse_delegation(server, way):
    reply = server.ask("3.1.0.10.in-addr.arpa.", "PTR", way)
    assert ask.outcome(reply) == "REFERRAL"


def test_signer_first(server, way):
    """Then it cannot be, and the log says so."""
    assert data(server.ask("ns.last.", "A", way), "A") == ["10.9.0.1"]
    lines = server.module_lines("onlinesign comes before")
    assert len(lines) == 1 and "[last.]" in lines[0]
