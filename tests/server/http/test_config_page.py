# SPDX-License-Identifier: GPL-3.0-or-later
"""/v1/config and /v1/version: Mesos-DNS's members, filled from the options, and no secret."""
import json
import time

import lists
import model
import pytest
import states
from expected import serving
from knotd import REPOSITORY, Knotd
from ports import free_port
from waiting import wait_for
from web import Web

# What is of this place, or has no counterpart: the zone file's, knotd's, or nothing at all.
OTHERWISE = {
    "Port": 0, "Timeout": 0, "ZkDetectionTimeout": 0, "SOARefresh": 0, "SOARetry": 0,
    "SOAExpire": 0, "SOAMinttl": 0, "Resolvers": None, "File": "", "Listener": "",
    "RecurseOn": False, "MesosCredentials": {"Principal": "", "Secret": ""},
}


def kind(value):
    """A type, as far as Go's JSON keeps it: a list that was not given is null."""
    return {key: kind(one) for key, one in value.items()} if isinstance(value, dict) else (
        list if value is None else type(value))


@pytest.mark.parametrize("state", lists.STATES)
def test_as_recorded(master, state):
    port = free_port()
    master.serve(lists.state(state, master.port))
    theirs = lists.recorded(state, "config")
    with serving(master, http=f"127.0.0.1@{port}", poll_interval=60, ttl=60,
                 poll_timeout=theirs["fork"]["StateTimeoutSeconds"],
                 ip_source=list(model.MESOS_DNS_SOURCES)):
        ours = Web("127.0.0.1", port).get("/v1/config").json()
    assert list(ours) == list(theirs["fork"])
    assert [key for key in ours if key in theirs["orig"]] == list(theirs["orig"])
    for document in theirs.values():
        for key, value in document.items():
            assert kind(ours[key]) == kind(value), key
            if key not in {"SOASerial", "HttpPort", "Masters", *OTHERWISE}:
                assert ours[key] == value, key
    for key, value in OTHERWISE.items():
        assert ours[key] == value, key
    assert ours["Masters"] == [master.address]
    assert ours["HttpPort"] == port
    assert abs(ours["SOASerial"] - time.time()) < 300


def test_no_secret(master, tmp_path):
    """Neither a password in zk:// nor what the credential's file says."""
    port, credential = free_port(), tmp_path / "credential"
    credential.write_text(json.dumps({"principal": "who-we-are", "secret": "SECRET-1"}))
    with Knotd() as server:
        server.module("cluster", master=["zk://user:SECRET-2@127.0.0.1:1/mesos", master.address],
                      credential_file=credential, http=f"127.0.0.1@{port}", poll_interval=1)
        server.zone("a.mesos.", modules=["mod-mesos/cluster"])
        server.start()
        web = Web("127.0.0.1", port)
        web.wait_listening()
        reply = web.get("/v1/config")
        page = reply.json()
    for secret in ("SECRET-1", "SECRET-2", "user", "who-we-are"):
        assert secret not in reply.text
    assert page["Zk"] == "zk://127.0.0.1:1/mesos"
    assert page["Masters"] == [master.address]
    assert page["MesosAuthentication"] == "basic"
    assert page["Domain"] == "a.mesos"
    assert page["ReverseDnsOn"] is False
    assert page["SOASerial"] == 0


def test_follows_reload(master):
    port = free_port()
    master.serve(states.state(master))
    with Knotd() as server:
        server.module("cluster", master=master.address, http=f"127.0.0.1@{port}", ttl=5)
        server.zone("mesos.", modules=["mod-mesos/cluster"])
        server.start()
        server.wait_loaded()
        web = Web("127.0.0.1", port)
        assert web.get("/v1/config").json()["TTL"] == 5
        server.module("cluster", master=master.address, http=f"127.0.0.1@{port}", ttl=6,
                      label_rules="rfc952")
        server.reload()
        page = wait_for(lambda: (page := web.get("/v1/config").json())["TTL"] == 6 and page,
                        what="the new options")
        assert page["EnforceRFC952"] is True


def test_version(master):
    """Who asks compares `Service`; who serves is in the version."""
    port = free_port()
    master.serve(states.state(master))
    version = next(line.split("'")[1] for line in (REPOSITORY / "meson.build").open()
                   if "version:" in line)
    with serving(master, http=f"127.0.0.1@{port}"):
        ours = Web("127.0.0.1", port).get("/v1/version").json()
    theirs = lists.recorded("small", "version")["orig"]
    assert list(ours) == list(theirs)
    assert ours == {**theirs, "Version": f"{version}-mod-mesos"}
