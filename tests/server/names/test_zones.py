# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones of other names, reverse zones and their origin, several clusters, several zones."""
import ask
import states
from master import Master


def web(master, address="10.1.0.1", *more):
    return states.state(master, states.framework("marathon", states.task(
        "web", ports="[31000-31000]", addresses=[address, *more])))


def test_other_forward_zone(server, master):
    """Names lie under the zone's own name, and so do SRV targets."""
    master.serve(web(master))
    server.module("cluster", master=master.address)
    server.zone("cluster.example.", "", ["mod-mesos/cluster"])
    server.start()
    server.wait_ready("leader.cluster.example.")
    assert ask.data(server.ask("web.marathon.cluster.example."), "A") == ["10.1.0.1"]
    reply = server.ask("_web._tcp.marathon.cluster.example.", "SRV")
    target = reply.answer[0][0].target.to_text()
    assert target.endswith("-s0.marathon.slave.cluster.example.")
    assert ask.records(reply.additional)[0].owner == target


def test_zone_at_the_root_of_nothing(server, master):
    """A zone of one short label, and one of many: same cluster, same data."""
    master.serve(web(master))
    server.module("cluster", master=master.address)
    zones = ("m.", "a.b.c.d.e.f.g.example.")
    for zone in zones:
        server.zone(zone, "", ["mod-mesos/cluster"])
    server.start()
    for zone in zones:
        server.wait_ready(f"leader.{zone}")
        assert ask.data(server.ask(f"web.marathon.{zone}"), "A") == ["10.1.0.1"]


def test_origin(server, master):
    master.serve(web(master, "10.1.0.1", "fd00::1"))
    server.module("cluster", master=master.address, origin="cluster.example.")
    for zone in ("cluster.example.", "1.10.in-addr.arpa.", "d.f.ip6.arpa."):
        server.zone(zone, "", ["mod-mesos/cluster"])
    server.start()
    server.wait_ready("leader.cluster.example.")
    for name in ("1.0.1.10.in-addr.arpa.", "1" + ".0" * 29 + ".d.f.ip6.arpa."):
        assert ask.data(server.ask(name, "PTR"), "PTR") == ["web.marathon.cluster.example."]


def test_reverse_zone_alone(server, master):
    """PTR targets lie in `mesos.` if nothing else is said; only what is in the zone is there."""
    master.serve(web(master, "10.1.0.1", "192.0.2.1"))
    server.module("cluster", master=master.address)
    server.zone("0.1.10.in-addr.arpa.", "", ["mod-mesos/cluster"])
    server.start()
    server.wait_ready("1.0.1.10.in-addr.arpa.", "PTR")
    assert ask.data(server.ask("1.0.1.10.in-addr.arpa.", "PTR"), "PTR") == ["web.marathon.mesos."]
    assert ask.outcome(server.ask("1.2.0.192.in-addr.arpa.", "PTR")) == "REFUSED"


def test_zones_share_a_poller(server, master):
    """Forward and reverse: the master sees one client."""
    master.serve(web(master, "10.1.0.1", "fd00::1"))
    server.module("cluster", master=master.address, poll_interval=2)
    zones = ("mesos.", "other.example.", "10.in-addr.arpa.", "ip6.arpa.")
    for zone in zones:
        server.zone(zone, "", ["mod-mesos/cluster"])
    server.start()
    for zone in ("mesos.", "other.example."):
        server.wait_ready(f"leader.{zone}")
    server.wait_ready("1.0.1.10.in-addr.arpa.", "PTR")
    server.wait_polls(master, 4)
    times = master.times()
    # A zone that was loaded late may have wanted a poll of its own after the first.
    gaps = [later - earlier for earlier, later in zip(times[1:], times[2:])]
    assert min(gaps) > 1, f"more than one poll in an interval: {gaps}"
    assert server.threads("mesos") == 1


def test_two_clusters(server, master):
    with Master() as other:
        master.serve(web(master, "10.1.0.1"))
        other.serve(web(other, "10.1.0.2"))
        for id, stub, zone in (("one", master, "mesos."), ("two", other, "second.example.")):
            server.module(id, master=stub.address, ttl=5 if id == "two" else 9)
            server.zone(zone, "", [f"mod-mesos/{id}"])
        server.start()
        for zone, address, ttl in (("mesos.", "10.1.0.1", 9), ("second.example.", "10.1.0.2", 5)):
            server.wait_ready(f"leader.{zone}")
            reply = server.ask(f"web.marathon.{zone}")
            assert ask.records(reply.answer) == [(f"web.marathon.{zone}", "A", address, ttl)]


def test_one_cluster_with_two_settings(server, master):
    """Two ids with the same master, but other TTLs and labels, each serve their own."""
    master.serve(states.state(master, states.framework("marathon", states.task("9web"))))
    server.module("one", master=master.address, ttl=5)
    server.module("two", master=master.address, ttl=9, label_rules="rfc952")
    server.zone("mesos.", "", ["mod-mesos/one"])
    server.zone("second.example.", "", ["mod-mesos/two"])
    server.start()
    server.wait_loaded()
    server.wait_ready("leader.second.example.")
    assert [record.ttl for record in ask.records(server.ask("9web.marathon.mesos.").answer)] == [5]
    reply = server.ask("web.marathon.second.example.")
    assert [record.ttl for record in ask.records(reply.answer)] == [9]
    assert ask.outcome(server.ask("9web.marathon.second.example.")) == "NXDOMAIN"
