# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside Knot's other modules, in both orders: each does its work on dynamic names too.

test_onlinesign.py is about mod-onlinesign alone.
"""
import re

import ask
import dns.edns
import dns.message
import dns.query
import pytest
import states
from ask import TCP, UDP, Way
from knotd import Knotd, series
from master import status
from ports import free_port
from waiting import wait_for

OURS = "mod-mesos/cluster"
WEB = ["10.1.0.1", "10.1.0.2"]
FRIEND, STRANGER = "127.0.0.2", "127.0.0.3"
BADCOOKIE = 23  # RFC 7873, section 8

# A dynamic name, one of the zone file, SRV, and what does not exist.
QUESTIONS = {"web.marathon.mesos.": "A", "static.mesos.": "A", "_web._tcp.marathon.mesos.": "SRV",
             "_tcp.marathon.mesos.": "A", "nobody.marathon.mesos.": "A"}


@pytest.fixture(params=["before", "after"])
def beside(request, server, master):
    """Starts knotd with other modules before ours, or after it, in the zone."""
    def start(*others, zone="static A 192.0.2.1\n", state=None):
        master.serve(state or states.state(master, states.framework(
            "marathon", *(states.task("web", f"web.{i}", ports="[31000-31000]",
                                      addresses=[address]) for i, address in enumerate(WEB)))))
        server.module("cluster", master=master.address)
        before = request.param == "before"
        server.zone("mesos.", zone, [*others, OURS] if before else [OURS, *others])
        server.start()
        if not state:
            wait_for(lambda: ask_from(server, FRIEND, "leader.mesos.", "A", tcp=True).answer, 10,
                     "the first poll")
        return server
    return start


def ask_from(server, source, name, kind, tcp=False):
    query = dns.message.make_query(name, kind)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, server.address, port=server.port, timeout=server.ask.timeout, source=source,
                one_rr_per_rrset=True)


def assert_all_answered(server, way=UDP):
    for name, expected in (("web.marathon.mesos.", WEB), ("static.mesos.", ["192.0.2.1"])):
        assert sorted(ask.data(server.ask(name, "A", way), "A")) == expected
    assert len(ask.data(server.ask("_web._tcp.marathon.mesos.", "SRV", way), "SRV")) == 2
    assert ask.outcome(server.ask("_tcp.marathon.mesos.", "A", way)) == "NODATA"
    assert ask.outcome(server.ask("nobody.marathon.mesos.", "A", way)) == "NXDOMAIN"


# mod-dnsproxy

@pytest.fixture
def resolver():
    """Another server, which knows names inside our zone and outside of it."""
    with Knotd() as other:
        other.zone("mesos.", "web.marathon A 192.0.2.66\nstatic A 192.0.2.66\n"
                             "_tcp.marathon A 192.0.2.66\nelsewhere A 192.0.2.80\n")
        other.zone("example.", "www A 192.0.2.81\n")
        other.start()
        yield other


def forward_to(server, resolver, **options):
    server.section("remote", "resolver", address=f"{resolver.address}@{resolver.port}")
    # Its half a second is not much on a busy machine.
    server.section("mod-dnsproxy", "forward", remote="resolver", timeout=10000, **options)


def test_dnsproxy_of_a_zone(beside, server, resolver):
    """What we do not have is forwarded; what we have, and what only has names below it, is not."""
    forward_to(server, resolver, catch_nxdomain="on")
    beside("mod-dnsproxy/forward")
    for way in (UDP, TCP):
        assert sorted(ask.data(server.ask("web.marathon.mesos.", "A", way), "A")) == WEB
        assert ask.data(server.ask("static.mesos.", "A", way), "A") == ["192.0.2.1"]
        assert ask.outcome(server.ask("_tcp.marathon.mesos.", "A", way)) == "NODATA"
        assert ask.outcome(server.ask("web.marathon.mesos.", "MX", way)) == "NODATA"
        assert ask.data(server.ask("elsewhere.mesos.", "A", way), "A") == ["192.0.2.80"]
        assert ask.outcome(server.ask("nobody.mesos.", "A", way)) == "NXDOMAIN"
        assert ask.outcome(server.ask("www.example.", "A", way)) == "REFUSED"


def test_dnsproxy_before_the_first_poll(beside, server, master, resolver):
    """Who does not know yet whether it has a name asks nobody else for it."""
    forward_to(server, resolver, catch_nxdomain="on")
    beside("mod-dnsproxy/forward", state=status(503, b"No leader elected"))
    server.wait_polls(master, 1)
    for name in ("web.marathon.mesos.", "elsewhere.mesos."):
        assert ask.outcome(server.ask(name)) == "SERVFAIL"


def test_dnsproxy_that_forwards_first(beside, server, resolver):
    """With `fallback: off` nothing is ours any more, in either order."""
    forward_to(server, resolver, fallback="off")
    server.module("cluster", master="127.0.0.1:9")
    beside("mod-dnsproxy/forward", state=status(503, b"No leader elected"))
    assert ask.data(server.ask("web.marathon.mesos."), "A") == ["192.0.2.66"]


def test_dnsproxy_for_all(beside, server, resolver):
    """As a global module: what is in no zone of ours."""
    forward_to(server, resolver)
    server.section("template", "default", global_module="mod-dnsproxy/forward")
    beside()
    assert_all_answered(server)
    assert ask.data(server.ask("www.example.", "A"), "A") == ["192.0.2.81"]
    assert ask.outcome(server.ask("elsewhere.mesos.", "A")) == "NXDOMAIN"


def test_dnsproxy_whose_resolver_is_away(beside, server):
    """From Knot 3.4 on it answers as if it were not there; what we have does not depend on it."""
    server.section("remote", "resolver", address=f"127.0.0.1@{free_port()}")
    server.section("mod-dnsproxy", "forward", remote="resolver", catch_nxdomain="on")
    server.section("template", "default", global_module="mod-dnsproxy/forward")
    beside("mod-dnsproxy/forward")
    alone = series() >= (3, 4)
    for way in (UDP, TCP):
        assert ask.outcome(server.ask("www.example.", "A", way)) == (
            "REFUSED" if alone else "SERVFAIL")
        assert ask.outcome(server.ask("nobody.mesos.", "A", way)) == (
            "NXDOMAIN" if alone else "SERVFAIL")
        assert sorted(ask.data(server.ask("web.marathon.mesos.", "A", way), "A")) == WEB
        assert ask.data(server.ask("static.mesos.", "A", way), "A") == ["192.0.2.1"]


# mod-rrl

def limit_rate(server, rate, **options):
    """Sets the section `limit`; from Knot 3.4 on what may come at once has a limit of its own."""
    if series() >= (3, 4):
        options["instant_limit"] = rate
    server.section("mod-rrl", "limit", rate_limit=rate, **options)


@pytest.mark.parametrize("name, kind", QUESTIONS.items())
def test_rrl_slips(beside, server, name, kind):
    """Beyond the rate, an answer is truncated and empty, whoever made it; TCP is never limited."""
    limit_rate(server, 1, slip=1, whitelist=FRIEND)
    beside("mod-rrl/limit")
    whole = ask.outcome(server.ask(name, kind, TCP))
    replies = [ask_from(server, STRANGER, name, kind) for _ in range(60)]
    assert ask.outcome(replies[0]) == whole
    slipped = [reply for reply in replies if ask.is_truncated(reply)]
    assert slipped
    assert not any(reply.answer or reply.authority or reply.additional for reply in slipped)
    assert ask.outcome(ask_from(server, STRANGER, name, kind, tcp=True)) == whole
    assert ask.outcome(ask_from(server, FRIEND, name, kind)) == whole


def test_rrl_counts_missing_names_together(beside, server):
    """Names that are made up do not get around it: they count for the zone."""
    limit_rate(server, 1, slip=1, whitelist=FRIEND)
    beside("mod-rrl/limit")
    replies = [ask_from(server, STRANGER, f"n{i}.marathon.mesos.", "A") for i in range(60)]
    assert [reply for reply in replies if ask.is_truncated(reply)]


# mod-queryacl

def test_queryacl(beside, server):
    """Who may not ask gets nothing of ours, and who may gets all."""
    server.section("mod-queryacl", "friends", address=[FRIEND, "127.0.0.1"])
    beside("mod-queryacl/friends")
    assert_all_answered(server)
    for name, kind in QUESTIONS.items():
        for tcp in (False, True):
            reply = ask_from(server, STRANGER, name, kind, tcp)
            assert ask.outcome(reply) == "NOTAUTH"
            assert not reply.answer and not reply.authority and not reply.additional
            assert ask.outcome(ask_from(server, FRIEND, name, kind, tcp)) == (
                ask.outcome(server.ask(name, kind)))


# mod-cookies

def ask_with_cookie(server, name, kind, cookie):
    query = dns.message.make_query(name, kind, use_edns=0, payload=1232, options=[
        dns.edns.GenericOption(dns.edns.COOKIE, cookie)])
    return server.ask.send(query)


def cookie_of(reply):
    return next(option.to_wire() for option in reply.options if option.otype == dns.edns.COOKIE)


@pytest.mark.parametrize("name, kind", QUESTIONS.items())
def test_cookies(beside, server, name, kind):
    """Nothing of ours over UDP for a cookie that is not the server's; all of it for one that is."""
    server.section("mod-cookies", "cookies", badcookie_slip=1)
    beside("mod-cookies/cookies")
    whole = ask.outcome(server.ask(name, kind, TCP))
    client = b"12345678"
    for wrong in (client, client + bytes(16)):
        reply = ask_with_cookie(server, name, kind, wrong)
        assert reply.rcode() == BADCOOKIE
        assert not reply.answer and not reply.authority and not reply.additional
    cookie = cookie_of(reply)
    assert cookie.startswith(client) and len(cookie) > len(client)
    reply = ask_with_cookie(server, name, kind, cookie)
    assert ask.outcome(reply) == whole
    assert cookie_of(reply).startswith(client)
    assert ask.outcome(server.ask(name, kind)) == whole


# mod-stats

def counters(server):
    """mod-stats' counters of the zone, as knotc shows them."""
    text = server.knotc("-f", "zone-stats", "mesos.", "mod-stats")
    return {name: int(value)
            for name, value in re.findall(r"mod-stats(?:/\S+?)?\.(\S+) = (\d+)", text)}


def test_stats(beside, server):
    """Our answers are counted as what they are."""
    server.section("mod-stats", "count", request_protocol="on", response_code="on",
                   reply_nodata="on", query_type="on", request_bytes="off", response_bytes="off",
                   server_operation="off")
    beside("mod-stats/count")
    # For each question, what counts up by one.
    expected = {
        ("web.marathon.mesos.", "A"): {"response-code[NOERROR]", "query-type[A]"},
        ("_web._tcp.marathon.mesos.", "SRV"): {"response-code[NOERROR]", "query-type[SRV]"},
        ("nobody.marathon.mesos.", "A"): {"response-code[NXDOMAIN]", "query-type[A]"},
        ("web.marathon.mesos.", "AAAA"): {"response-code[NOERROR]", "reply-nodata[AAAA]",
                                          "query-type[AAAA]"},
        ("_tcp.marathon.mesos.", "A"): {"response-code[NOERROR]", "reply-nodata[A]",
                                        "query-type[A]"},
        ("static.mesos.", "A"): {"response-code[NOERROR]", "query-type[A]"},
    }
    for question, names in expected.items():
        for way, protocol in ((UDP, "request-protocol[udp4]"), (TCP, "request-protocol[tcp4]")):
            before = counters(server)
            server.ask(*question, way)
            after = counters(server)
            grown = {name: value - before.get(name, 0) for name, value in after.items()
                     if value != before.get(name, 0)}
            assert grown == dict.fromkeys(names | {protocol}, 1), question


# All of them.

@pytest.mark.parametrize("sign_first", [True, False], ids=["sign-first", "sign-last"])
def test_all_together(beside, server, resolver, sign_first):
    """Each still does its work, and the answers are signed."""
    forward_to(server, resolver)
    server.section("template", "default", global_module="mod-dnsproxy/forward")
    server.section("mod-queryacl", "friends", address=[FRIEND, "127.0.0.1"])
    limit_rate(server, 1000000)
    server.section("mod-cookies", "cookies", badcookie_slip=1)
    server.section("mod-stats", "count", response_code="on")
    server.section("mod-onlinesign", "sign", nsec_bitmap=["A", "AAAA", "SRV"])
    others = ["mod-queryacl/friends", "mod-cookies/cookies", "mod-rrl/limit", "mod-stats/count"]
    beside(*(["mod-onlinesign/sign", *others] if sign_first else [*others, "mod-onlinesign/sign"]))
    for way in (UDP, TCP, Way(edns=True, dnssec=True), Way(tcp=True, edns=True, dnssec=True)):
        for name, expected in (("web.marathon.mesos.", WEB), ("static.mesos.", ["192.0.2.1"])):
            reply = server.ask(name, "A", way)
            assert sorted(ask.data(reply, "A")) == expected
            assert len(ask.data(reply, "RRSIG")) == way.dnssec
        reply = server.ask("_web._tcp.marathon.mesos.", "SRV", way)
        assert len(ask.data(reply, "SRV")) == 2
        assert len(ask.data(reply, "RRSIG")) == way.dnssec
        # Who asks for no signatures gets NXDOMAIN; a signed denial is NODATA (RFC 9824).
        reply = server.ask("nobody.marathon.mesos.", "A", way)
        assert ask.outcome(reply) == ("NODATA" if way.dnssec else "NXDOMAIN")
    assert ask.data(server.ask("www.example.", "A"), "A") == ["192.0.2.81"]
    assert ask_with_cookie(server, "web.marathon.mesos.", "A", b"12345678").rcode() == BADCOOKIE
    assert ask.outcome(ask_from(server, STRANGER, "web.marathon.mesos.", "A")) == "NOTAUTH"
    assert counters(server)["response-code[NOERROR]"] > 0
