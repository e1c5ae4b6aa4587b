# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers before the first poll, while polls fail, and when a snapshot is too old."""
import ask
import pytest
import states
from ask import ALL_WAYS, EDE_NOT_READY, EDE_STALE_ANSWER, UDP, UDP_EDNS
from waiting import wait_for

ZONE = """\
ns A 127.0.0.53
static A 192.0.2.1
alias CNAME web.marathon
*.wild TXT wildcard
*.wild A 192.0.2.99
*.astray CNAME static
to-wild CNAME x.wild
named DNAME static
x.static A 192.0.2.2
sub NS ns.example.
"""


def prepare(server, master, **options):
    """One poll a second of a master that may not answer yet."""
    server.module("cluster", master=master.address, poll_interval=1, **options)
    server.zone("mesos.", ZONE, ["mod-mesos/cluster"])
    server.zone("10.in-addr.arpa.", "", ["mod-mesos/cluster"])
    server.start()


def web(master):
    return states.state(master, states.framework("marathon", states.task(
        "web", ports="[31000-31000]", addresses=["10.1.0.1"])))


def assert_not_ready(server, way):
    for name, kind in (("web.marathon.mesos.", "A"), ("leader.mesos.", "A"),
                       ("_tcp.marathon.mesos.", "SRV"), ("nobody.mesos.", "A"),
                       ("1.0.1.10.in-addr.arpa.", "PTR"),
                       # The cluster's names come before wildcards.
                       ("x.wild.mesos.", "A"), ("x.astray.mesos.", "A"), ("to-wild.mesos.", "A")):
        reply = server.ask(name, kind, way)
        assert ask.outcome(reply) == "SERVFAIL", name
        assert ask.extended_errors(reply) == ({EDE_NOT_READY} if way.edns else set())
        assert not reply.answer


def assert_zone_file_is_served(server, way):
    for name, kind in (("mesos.", "SOA"), ("mesos.", "NS"), ("static.mesos.", "A"),
                       ("x.wild.mesos.", "TXT"), ("*.wild.mesos.", "A"), ("to-wild.mesos.", "TXT"),
                       ("x.named.mesos.", "A"), ("10.in-addr.arpa.", "SOA")):
        reply = server.ask(name, kind, way)
        assert ask.outcome(reply) == "ANSWER" and ask.data(reply, kind), name
    assert ask.outcome(server.ask("x.sub.mesos.", "A", way)) == "REFERRAL"


@pytest.mark.parametrize("way", ALL_WAYS, ids=str)
def test_before_first_poll(server, master, way):
    master.stop()
    prepare(server, master)
    assert_not_ready(server, way)
    assert_zone_file_is_served(server, way)


def test_alias_before_first_poll(server, master):
    """Nobody may take from it that the alias's target has nothing."""
    master.stop()
    prepare(server, master)
    reply = server.ask("alias.mesos.", "A", UDP_EDNS)
    assert ask.outcome(reply) in ("SERVFAIL", "ANSWER")
    assert not reply.authority


def test_first_poll_later(server, master):
    """The master comes up after knotd: no reload is needed."""
    master.stop()
    prepare(server, master)
    assert_not_ready(server, UDP)
    master.serve(web(master))
    master.start()
    server.wait_loaded()
    assert ask.data(server.ask("web.marathon.mesos."), "A") == ["10.1.0.1"]
    assert ask.outcome(server.ask("nobody.mesos.")) == "NXDOMAIN"
    for name in ("x.wild.mesos.", "to-wild.mesos."):
        assert ask.data(server.ask(name), "A") == ["192.0.2.99"]
    assert ask.data(server.ask("x.astray.mesos."), "A") == ["192.0.2.1"]


def stale(server, name="web.marathon.mesos.", kind="A"):
    return EDE_STALE_ANSWER in ask.extended_errors(server.ask(name, kind, UDP_EDNS))


def test_stale_answers(server, master):
    master.serve(web(master))
    prepare(server, master)
    server.wait_loaded()
    assert not stale(server)
    master.stop()
    wait_for(lambda: stale(server), what="stale answers")
    for name, kind, data in (("web.marathon.mesos.", "A", "10.1.0.1"),
                             ("leader.mesos.", "A", "127.0.0.1"),
                             ("1.0.1.10.in-addr.arpa.", "PTR", "web.marathon.mesos.")):
        reply = server.ask(name, kind, UDP_EDNS)
        assert ask.data(reply, kind) == [data]
        assert ask.extended_errors(reply) == {EDE_STALE_ANSWER}
    assert not ask.extended_errors(server.ask("web.marathon.mesos.", "A", UDP))
    assert not ask.extended_errors(server.ask("static.mesos.", "A", UDP_EDNS))
    assert stale(server, "x.wild.mesos.") and not stale(server, "x.wild.mesos.", "TXT")
    master.start()
    wait_for(lambda: not stale(server), what="fresh answers")
    assert ask.data(server.ask("web.marathon.mesos."), "A") == ["10.1.0.1"]


def test_not_stale_while_polls_succeed(server, master):
    """Older than three intervals is only what no poll has confirmed since."""
    master.serve(web(master))
    prepare(server, master)
    server.wait_loaded()
    count = master.count()
    while master.count() < count + 5:
        assert not stale(server)


def test_max_age(server, master):
    master.serve(web(master))
    prepare(server, master, max_age=2)
    server.wait_loaded()
    master.stop()
    server.wait_until("web.marathon.mesos.", "A", lambda reply: ask.outcome(reply) == "SERVFAIL")
    for way in (UDP, UDP_EDNS):
        assert_not_ready(server, way)
        assert_zone_file_is_served(server, way)
    master.start()
    server.wait_loaded()
    assert not ask.extended_errors(server.ask("web.marathon.mesos.", "A", UDP_EDNS))


def test_no_max_age(server, master):
    """Without the option, the last snapshot is served for as long as knotd lives."""
    master.serve(web(master))
    prepare(server, master)
    server.wait_loaded()
    master.stop()
    wait_for(lambda: stale(server), what="stale answers")
    assert ask.data(server.ask("web.marathon.mesos."), "A") == ["10.1.0.1"]
    assert ask.outcome(server.ask("nobody.mesos.")) == "NXDOMAIN"
