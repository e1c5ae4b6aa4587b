# SPDX-License-Identifier: GPL-3.0-or-later
"""What Mesos-DNS says over HTTP, both forks, request by request; ours is the same but for what its
page says is different."""
import json

import golden
import model
import pytest
from expected import Expected, serving
from ports import free_port
from web import Web, recorded

RECORDINGS = golden.DATA / "http"
STATES = ("small", "quirks", "real-rich")
FORKS = ("orig", "fork")

# What Mesos-DNS answers for itself, in the zone file here; and what it stores under a name with
# capital letters, which it never finds, or under one that DNS cannot carry.
OTHERWISE = {
    "/v1/hosts/ns1.mesos",
    "/v1/hosts/Shop.API.marathon.mesos",
    "/v1/hosts/My_App.Sub.marathon.mesos",
    "/v1/hosts/.marathon.mesos",
    "/v1/services/_Shop.API._tcp.marathon.mesos.",
    "/v1/services/_shop.api._tcp.marathon.mesos.",
}


@pytest.fixture(scope="module", params=STATES)
def served(request):
    """A state, served, and the recordings of it."""
    from master import Master
    folder = RECORDINGS / request.param
    with Master() as master:
        state = json.loads((folder / "state.json").read_text())
        _, port = model.pid_parts(state["leader"])
        master.serve(golden.move_state(state, master.port))
        web = Web("127.0.0.1", free_port())
        with serving(master, ip_source=["netinfo", "mesos", "host"],
                     http=f"{web.address}@{web.port}") as server:
            web.folder, web.master_port, web.recorded_port = folder, master.port, port
            web.server = server
            yield web


def exchanges(web, *names):
    for name in names:
        path = web.folder / f"{name}.http"
        for fork in FORKS if path.exists() else ():
            yield from recorded(path, fork)


def test_the_recordings_are_read(served):
    found = list(exchanges(served, "hosts", "services", "hosts-ports"))
    assert len(found) > 70
    assert all(entry.reply or ".*" in entry.line for entry in found)


def same_list(ours, theirs):
    return sorted(map(sorted, (entry.items() for entry in ours))) == sorted(
        map(sorted, (entry.items() for entry in theirs)))


def successes(web, name):
    return [entry for entry in exchanges(web, name)
            if entry.reply and entry.reply.status == 200 and entry.line.startswith("GET")
            and entry.line.split()[1] not in OTHERWISE]


def test_hosts(served):
    """Members, types and values; the order is random there."""
    compared = successes(served, "hosts")
    assert len(compared) > 20
    for entry in compared:
        reply = served.raw(entry.request)
        assert reply.status == 200, entry.line
        assert same_list(reply.json(), entry.reply.json()), entry.line
        kinds = [":" in item["ip"] for item in reply.json()]
        assert kinds == sorted(kinds), "an IPv6 address before an IPv4 one"


def moved_port(web, item):
    """An object with the master's port as it is here."""
    return dict(item, port=str(web.master_port)) if (
        item["port"] == str(web.recorded_port)) else item


def test_services(served):
    """The same, but that all addresses of a target are given and not one of each family; so what
    they give is part of what we give, and has each service and family in it."""
    compared = successes(served, "services")
    assert len(compared) > 20
    for entry in compared:
        ours = served.raw(entry.request).json()
        theirs = [moved_port(served, item) for item in entry.reply.json()]
        asked = entry.line.split()[1].lower()
        if "_master._" in asked:
            assert theirs == [{"service": "", "host": "", "ip": "", "port": ""}]
            assert [item["host"] for item in ours] == ["master0.mesos."]
            continue
        assert all(item in ours for item in theirs), entry.line

        def services(items):
            # A port of the protocols `udp,tcp` has neither there.
            return {(item["service"], item["host"], item["port"], ":" in item["ip"])
                    for item in items if item["port"] != "101"}
        assert services(ours) == services(theirs), entry.line


def test_what_is_found_here_alone(served):
    """Dotted discovery names in whatever case."""
    if served.folder.name != "small":
        pytest.skip("has no such name")
    for name in ("Shop.API", "shop.api"):
        assert served.hosts(f"{name}.marathon.mesos") == {"10.1.0.3"}
        assert served.services(f"_{name}._tcp.marathon.mesos") == {
            ("shop.api-793n9-s0.marathon.mesos.", port, "10.1.0.3") for port in ("8080", "8081")}
    assert served.hosts(".marathon.mesos") == served.hosts("ns1.mesos") == set()


def allowed_difference(entry):
    """What is different here, and the status that we give; None: it has to be the same."""
    method, path, *_ = entry.line.split() + [""]
    if method == "HEAD":
        return 200
    if method == "CONNECT":
        return 404
    if ".*" in path and path.split("/")[-1].startswith(".*"):
        return 200
    return {"/v1/hosts/%2F": 404, "/metrics": 200, "/v1/records": 200,
            "/v1/hosts/web.marathon.mesos%0A": 200}.get(path)


def test_errors(served):
    """Statuses of what is not found or not allowed, where redirects lead, and the texts."""
    count = 0
    for entry in exchanges(served, "hosts", "services", "hosts-ports", "version", "other"):
        method, path, *_ = entry.line.split() + [""]
        status = allowed_difference(entry)
        if not path.startswith("/") or (not entry.reply and not status):
            continue
        if b" bytes]" in entry.request:
            continue  # A megabyte of header, not written out.
        if "Content-Type: text/plain" in entry.request.decode() and entry.reply.status == 406:
            status = 200  # One fork takes a request's Content-Type for what is to be sent.
        reply = served.raw(entry.request, head_only=method == "HEAD")
        assert reply.status == (status or entry.reply.status), (entry.line, reply)
        count += 1
        if reply.status == 301:
            assert reply.headers["location"] == entry.reply.headers["location"]
        elif reply.status in (404, 405, 501) and not status:
            assert reply.body == entry.reply.body, entry.line
            assert reply.headers["content-type"] == "text/plain; charset=utf-8"
        elif reply.status == 406:
            # One of them goes on with what could be sent.
            assert entry.reply.text.startswith(reply.text)
    assert count > 100
