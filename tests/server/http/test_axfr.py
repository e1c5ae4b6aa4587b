# SPDX-License-Identifier: GPL-3.0-or-later
"""/v1/axfr: what Mesos-DNS lists, and what DNS answers."""
import random
import time

import lists
import model
import pytest
import states
from ask import TCP
from expected import serving
from knotd import Knotd
from ports import free_port
from waiting import wait_for
from web import Web

MEMBERS = ["TTL", "Serial", "RefreshSeconds", "Mname", "Rname", "Domain", "Records"]


def shape(value):
    """A JSON value's types, to any depth but in Records."""
    return {key: type(one) for key, one in value.items()}


@pytest.mark.parametrize("state", lists.STATES)
def test_as_recorded(master, state):
    content, port = lists.state(state, master.port), free_port()
    master.serve(content)
    with serving(master, http=f"127.0.0.1@{port}", ttl=60, poll_interval=60,
                 ip_source=list(model.MESOS_DNS_SOURCES)):
        ours = Web("127.0.0.1", port).get("/v1/axfr").json()
    theirs = lists.recorded(state, "axfr")
    old = model.pid_parts(lists.state_of(state)["leader"])[1]
    for fork, document in theirs.items():
        assert list(ours) == list(document) == MEMBERS
        assert shape(ours) == shape(document)
        for member in ("TTL", "RefreshSeconds", "Mname", "Rname", "Domain"):
            assert ours[member] == document[member]
        assert list(ours["Records"]) == list(document["Records"])
        wanted = lists.masters_of(lists.moved(lists.translated(lists.axfr_records(document)), old,
                                          master.port), master.port)
        found = lists.axfr_records(ours)
        if fork == "orig":
            assert not wanted - found
            assert all(map(lists.is_discovery_on_agents, found - wanted))
        else:
            assert found == wanted
    assert abs(ours["Serial"] - time.time()) < 300


@pytest.mark.parametrize("seed", range(4))
def test_as_dns(master, seed):
    """Each record once, as a model of the rules has them and as DNS answers; in a stable order."""
    content, port = lists.random_state(random.Random(seed), master), free_port()
    master.serve(content)
    records = model.Model(content, [model.pid_parts(master.pid)]).records
    with serving(master, http=f"127.0.0.1@{port}") as server:
        ours = Web("127.0.0.1", port).get("/v1/axfr").json()
        assert lists.axfr_records(ours) == lists.as_listed(records)
        assert Web("127.0.0.1", port).get("/v1/axfr").json()["Records"] == ours["Records"]
        for kind, owners in ours["Records"].items():
            assert list(owners) == sorted(owners, key=lambda name: name.split(".")[::-1])
            for owner in random.Random(seed).sample(list(owners), min(20, len(owners))):
                reply = server.ask(owner, kind[:-1], TCP)
                assert len(reply.answer) == len(owners[owner])




def test_zones(master):
    """Of several zones at an address the one that is asked for, else the first forward one."""
    port = free_port()
    master.serve(states.state(master, states.framework("f", states.task("web"))))
    with Knotd() as server:
        server.module("cluster", master=master.address, http=f"127.0.0.1@{port}")
        for zone in ("other.", "mesos.", "10.in-addr.arpa."):
            server.zone(zone, modules=["mod-mesos/cluster"])
        server.start()
        server.wait_ready("web.f.mesos.")
        wait_for(lambda: Web("127.0.0.1", port).get("/v1/axfr?zone=other").status == 200, what="other.")
        assert Web("127.0.0.1", port).get("/v1/axfr").json()["Domain"] == "mesos"
        for zone in ("other", "other.", "OTHER"):
            document = Web("127.0.0.1", port).get(f"/v1/axfr?zone={zone}").json()
            assert document["Domain"] == "other"
            assert "web.f.other." in document["Records"]["As"]
        reverse = Web("127.0.0.1", port).get("/v1/axfr?zone=10.in-addr.arpa").json()
        assert reverse["Records"] == {"As": {}, "AAAAs": {}, "SRVs": {}}
        assert Web("127.0.0.1", port).get("/v1/axfr?zone=nobody").status == 404


def test_nothing_yet(master):
    """503 until the first state has come."""
    port = free_port()
    master.stop()
    with Knotd() as server:
        server.module("cluster", master=master.address, http=f"127.0.0.1@{port}", poll_interval=1)
        server.zone("mesos.", modules=["mod-mesos/cluster"])
        server.start()
        for path in ("/v1/axfr", "/v1/enumerate", "/v1/records"):
            wait_for(lambda: connects(port), what="somebody to listen")
            assert Web("127.0.0.1", port).get(path).status == 503
        master.serve(states.state(master))
        master.start()
        server.wait_loaded()
        for path in ("/v1/axfr", "/v1/enumerate", "/v1/records"):
            assert Web("127.0.0.1", port).get(path).status == 200


def connects(port):
    try:
        return Web("127.0.0.1", port).get("/health").status == 200
    except OSError:
        return False
