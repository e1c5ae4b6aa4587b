# SPDX-License-Identifier: GPL-3.0-or-later
"""Names over HTTP: for each the same as a DNS query says, in a stable order, with an index that means
the same at every replica; and what is asked in odd ways."""
import ask
import model
import pytest
import states
from as_dns import assert_same, dns_data
from expected import serving
from knotd import Knotd
from mixer import Mixer
from ports import free_port
from web import Web


@pytest.fixture
def web():
    return Web("127.0.0.1", free_port())


def at(web):
    return {"http": f"{web.address}@{web.port}"}


@pytest.mark.parametrize("options", [{}, {"label_rules": "rfc952", "ip_source": ["auto"]}],
                         ids=range(2))
def test_random_states(master, web, request, options):
    """Every name that there is, those above them, and some that could be."""
    content = Mixer(request.node.name).state(master)
    master.serve(content)
    made = model.Model(content, [(master.host, master.port)],
                       rules=options.get("label_rules", "rfc1123"),
                       sources=options.get("ip_source", model.DEFAULT_SOURCES))
    owners = {owner for owner, kind, _ in made.records if kind != "PTR"}
    above = {owner.split(".", 1)[1] for owner in owners}
    tempting = [name for name in model.tempting_owners(content)
                if all(32 < ord(letter) < 127 and letter not in '%/?#\\*' for letter in name)]
    with serving(master, **options, **at(web)) as server:
        assert assert_same(server, web, sorted(owners)) > 300
        for name in sorted((above | set(tempting)) - owners):
            if name.endswith(".mesos."):
                assert web.hosts(name) == web.services(name) == set(), name


def web_state(master, *addresses, port="31000"):
    return states.state(master, states.framework("marathon", *(
        states.task("web", f"web.{number}", ports=f"[{port}-{port}]", addresses=[address])
        for number, address in enumerate(addresses)), states.task("other", addresses=["10.9.9.9"])))


def test_all_addresses_of_a_target(master, web):
    """Not one at random; those of a host in one order each time, and A before AAAA."""
    addresses = ["fd00::2", "10.1.0.3", "10.1.0.1", "fd00::1", "10.1.0.2"]
    master.serve(states.state(master, states.framework("marathon", states.task(
        "app", addresses=addresses, discovery=states.discovery("app", (80, "http", "tcp"))))))
    with serving(master, **at(web)):
        found = {(web.get("/v1/services/_http._app._tcp.marathon.mesos").body,
                  web.get("/v1/hosts/app.marathon.mesos").body) for _ in range(20)}
        assert len(found) == 1
        services = web.get("/v1/services/_app._tcp.marathon.mesos").json()
        in_order = ["10.1.0.1", "10.1.0.2", "10.1.0.3", "fd00::1", "fd00::2"]
        assert [item["ip"] for item in services] == in_order
        assert [item["ip"] for item in web.get("/v1/hosts/app.marathon.mesos").json()] == in_order


def test_a_name_of_many_addresses(master, web):
    """More than DNS could carry."""
    addresses = [f"10.{a}.{b}.1" for a in range(20) for b in range(250)]
    master.serve(web_state(master, *addresses))
    with serving(master, **at(web)):
        assert web.hosts("web.marathon.mesos") == set(addresses)


def test_names_as_they_are_asked(master, web):
    """Case, dots, `.*`, escapes and a slash at the end; what no name of DNS is, is missing."""
    master.serve(web_state(master, "10.1.0.1"))
    with serving(master, **at(web)):
        for name in ("web.marathon.mesos", "web.marathon.mesos.", "WEB.Marathon.mesos",
                     "web%2Emarathon.mesos", "web.*.marathon.mesos", ".*web.marathon.mesos",
                     "web.marathon.mesos/", "web.marathon.mesos?x=1&zone=elsewhere"):
            reply = web.get(f"/v1/hosts/{name}")
            assert reply.json() == [{"host": "web.marathon.mesos.", "ip": "10.1.0.1"}], name
        for name in ("web.marathon.mesos..", "web..marathon.mesos", ".web.marathon.mesos", ".*", "*",
                     "web.marathon", "%00", "web.marathon.mesos%00", "%ff%fe", "a" * 64 + ".mesos",
                     ".".join(["a" * 60] * 5) + ".mesos", "web.marathon.mesos%0d%0aX:%20y",
                     "web.marathon.mesos%5c", "%22", "_web._tcp.marathon.mesos", "mesos", "com"):
            reply = web.get(f"/v1/hosts/{name}")
            assert (reply.status, reply.json()) == (200, [{"host": "", "ip": ""}]), name
            reply = web.get(f"/v1/services/{name}")
            if name[0] != "_":
                assert reply.json() == [{"service": "", "host": "", "ip": "", "port": ""}], name


def test_a_service_is_called_as_it_was_asked(master, web):
    master.serve(web_state(master, "10.1.0.1"))
    with serving(master, **at(web)):
        for name in ("_web._tcp.marathon.mesos", "_WEB._tcp.marathon.mesos.",
                     "_web._tcp.*.marathon.mesos"):
            items = web.get(f"/v1/services/{name}").json()
            assert [item["service"] for item in items] == [name]
            assert items[0]["port"] == "31000"


def test_the_zone_file_is_left_to_dns(master, web):
    master.serve(web_state(master, "10.1.0.1"))
    with serving(master, **at(web)) as server:
        assert dns_data(server, "ns.mesos.", "A") == {"127.0.0.53"}
        assert web.hosts("ns.mesos.") == set()


def indices(web):
    return {path: web.get(path).index for path in (
        "/v1/hosts/web.marathon.mesos", "/v1/services/_web._tcp.marathon.mesos",
        "/v1/hosts/missing.mesos", "/v1/services/missing.mesos", "/v1/hosts/slave.mesos")}


def test_an_index_means_the_same_everywhere(master, web):
    """At a replica and after a restart; whatever the order in which the state came."""
    addresses = ["10.1.0.1", "10.1.0.2", "fd00::1"]
    master.serve(web_state(master, *addresses))
    with serving(master, **at(web)):
        first = indices(web)
    content = web_state(master, *addresses)
    content["frameworks"][0]["tasks"].reverse()
    master.serve(content)
    other = Web("127.0.0.1", free_port())
    with serving(master, **at(web)), serving(master, **at(other)):
        assert indices(web) == indices(other) == first
    assert all(first.values())


def test_an_index_is_of_what_the_answer_says(master, web):
    """Addresses, ports, targets and the addresses of targets; and nothing else."""
    path = "/v1/services/_web._tcp.marathon.mesos"
    master.serve(web_state(master, "10.1.0.1"))
    with serving(master, poll_interval=1, events="off", **at(web)) as server:
        before = indices(web)
        master.serve(web_state(master, "10.1.0.2"))
        server.wait_until("web.marathon.mesos.", "A",
                          lambda reply: ask.data(reply, "A") == ["10.1.0.2"])
        after = indices(web)
        assert {path for path in before if before[path] != after[path]} == {
            "/v1/hosts/web.marathon.mesos"}
        content = web_state(master, "10.1.0.2")
        content["slaves"] = [states.agent(host="10.0.0.11")]
        master.serve(content)
        server.wait_until("slave.mesos.", "A",
                          lambda reply: ask.data(reply, "A") == ["10.0.0.11"])
        # The service's target is the same, and its address another.
        assert web.get(path).index != after[path]
        master.serve(web_state(master, "10.1.0.2", port="31001"))
        web.wait_for(path, lambda reply: reply.json()[0]["port"] == "31001")
        assert web.get(path).index not in (before[path], after[path])


def test_several_zones_at_one_address(master, web):
    """A name is looked up in the zone that it lies in, the longest one."""
    master.serve(web_state(master, "10.1.0.1"))
    with Knotd() as server:
        server.module("cluster", master=master.address, **at(web))
        for zone in ("mesos.", "sub.mesos.", "other.example."):
            server.zone(zone, modules=["mod-mesos/cluster"])
        server.start()
        for zone in ("mesos.", "sub.mesos.", "other.example."):
            server.wait_ready(f"leader.{zone}")
            name = f"web.marathon.{zone}"
            assert web.get(f"/v1/hosts/{name}").json() == [{"host": name, "ip": "10.1.0.1"}]
        assert web.hosts("web.marathon.example.") == set()


def test_before_the_first_state(master, web):
    """503, and why; the server runs, and documents that need no state are there."""
    with Knotd() as server:
        server.module("cluster", master=master.address, **at(web))
        server.zone("mesos.", modules=["mod-mesos/cluster"])
        server.start()
        web.wait_listening()
        for path in ("/v1/hosts/web.marathon.mesos", "/v1/services/_web._tcp.marathon.mesos",
                     "/v1/hosts/web.marathon.mesos?index=5&wait=5m", "/v1/axfr", "/ready"):
            reply = web.get(path)
            assert reply.status == 503 and reply.body, path
        assert web.get("/ready").text == "mesos.: no records\n"
        assert web.get("/health").status == web.get("/v1/version").status == 200
        # What lies in no zone of ours never will be there.
        assert web.hosts("example.com") == set()
        master.serve(web_state(master, "10.1.0.1"))
        server.zone_reload()
        server.wait_loaded()
        assert web.get("/ready").status == 200
        assert web.hosts("web.marathon.mesos") == {"10.1.0.1"}


def test_stale_and_too_old(master, web):
    """What is stale is served, and not ready; what is too old is as if it were not there."""
    master.serve(web_state(master, "10.1.0.1"))
    with serving(master, poll_interval=1, max_age=6, events="off", **at(web)) as server:
        assert web.get("/ready").status == 200
        master.stop()
        reply = web.wait_for("/ready", lambda reply: reply.status == 503)
        assert "stale" in reply.text
        assert web.hosts("web.marathon.mesos") == {"10.1.0.1"}
        web.wait_for("/v1/hosts/web.marathon.mesos", lambda reply: reply.status == 503)
        assert "no records" in web.get("/ready").text
        assert ask.outcome(server.ask("web.marathon.mesos.")) == "SERVFAIL"


def test_ipv6(master):
    web = Web("::1", free_port("::1"))
    master.serve(web_state(master, "10.1.0.1"))
    with serving(master, http=f"::1@{web.port}"):
        assert web.hosts("web.marathon.mesos") == {"10.1.0.1"}
