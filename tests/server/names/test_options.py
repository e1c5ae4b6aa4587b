# SPDX-License-Identifier: GPL-3.0-or-later
"""What each option changes in the records of one state, as said by hand."""
import model
import pytest
import states
from expected import Expected, serving

DB = model.task_hash("db.1")
WEB = "web-iffe9-s0.marathon"


def network(name, *addresses):
    return {"name": name, "ip_addresses": [{"ip_address": one} for one in addresses]}


def state(leader):
    """`web` says all that a task can say, `db` hardly anything."""
    web = states.task("web.1", id="test", role="front", labels=[
        {"key": "dns-name", "value": "Shop.front_end"}, {"key": "mesos-dns.weight", "value": "7"},
        {"key": "mesos-dns.priority", "value": "high"}, {"key": "empty", "value": ""}])
    web["discovery"] = dict(
        states.discovery("web", (8080, "http", "tcp"), (9090, "", "udp")),
        visibility="EXTERNAL", environment="prod", location="DC 1", version="1.2",
        labels={"labels": [{"key": "mesos-dns.priority", "value": "3"},
                           {"key": "dns-name", "value": "unused"}, {"key": "empty", "value": "x"}]})
    web["statuses"][0]["container_status"] = {"network_infos": [
        network("overlay", "10.9.0.1", "fd09::1/64"), network("bridge", "172.17.0.2")]}
    db = states.task("db", id="db.1", agent=1, ports="[31000-31001]",
                     labels=[{"key": "mesos-dns.hide", "value": "true"}])
    db["statuses"][0]["container_status"] = {"network_infos": [network("overlay", "10.9.0.2")]}
    agents = [dict(states.agent(0, "10.0.0.10"), hostname="Node-1.example.com",
                   attributes={"rack": "R 1", "level": 5.0, "pr": "[1-5]"}),
              dict(states.agent(1, "10.0.0.11"), hostname="10.0.0.11")]
    return states.state(leader, states.framework("marathon", web, db), agents=agents)


def web_at(*names):
    """The addresses of `web`, at names, and its port `http` below them."""
    return [line for name in names for line in (
        f"{name} A 10.9.0.1", f"{name} A 172.17.0.2", f"{name} AAAA fd09::1",
        f"_http._tcp.{name} SRV 0 1 8080 {WEB}.mesos.")]


# Options; what comes; what goes: words that a record has in its owner or data.
CASES = {
    "format-environment": ({"name_format": ["{task}.{environment}"]}, web_at("web.prod"), []),
    "format-label": ({"name_format": ["{label:dns-name}"]}, web_at("shop.front-end"), []),
    "format-empty-label": ({"name_format": ["{label:empty}.{task}"]}, web_at("x.web"), []),
    "format-version": ({"name_format": ["{version}.{task}.{framework}"]},
                       web_at("1-2.web.marathon"), []),
    "format-text": ({"name_format": ["V-{version}-{agent-host}.Names"]},
                    web_at("v-1-2-node-1-example-com.names"), []),
    "format-rest": ({"name_format": ["{role}.{attribute:rack}.{hash}.{agent}.{location}"]},
                    web_at("front.r1.iffe9.s0.dc1"), []),
    "format-no-text-attribute": ({"name_format": ["{task}.{attribute:level}",
                                                  "{task}.{attribute:pr}"]}, [], []),
    "format-everybody": (
        {"name_format": ["all.{framework}"]},
        web_at("all.marathon") + ["all.marathon A 10.9.0.2"], []),
    "formats": ({"name_format": ["{task}.{environment}", "{environment}"]},
                web_at("web.prod", "prod"), []),
    # A name of the cluster's, a framework's own, names below `slave`.
    "format-reserved": ({"name_format": ["{framework}", "{label:none}",
                                         "{environment}.{framework}.x"]},
                        web_at("prod.marathon.x"), []),
    "network": ({"network": ["none", "bridge", "overlay"]}, ["db.marathon A 10.9.0.2"], [
        ("10.9.0.1",), ("fd09::1",), ("1.0.9.10.in-addr.arpa.",), (".9.0.d.f.ip6.arpa.",)]),
    "network-of-one": ({"network": ["bridge"]}, [
        "db.marathon A 10.0.0.11", f"db-{DB}-s1.marathon A 10.0.0.11",
        "11.0.0.10.in-addr.arpa. PTR db.marathon.mesos."], [
            ("10.9.0.",), ("fd09::1",), (".0.9.10.in-addr.arpa.",), (".9.0.d.f.ip6.arpa.",)]),
    "visibility": ({"visibility": ["framework", "cluster"]}, [], [("web",)]),
    "visibility-external": ({"visibility": ["external"]}, [], []),
    "visibility-all": ({"visibility": ["cluster", "framework", "external"]}, [], []),
    "agent-names": ({"agent_names": "on"}, [
        "s0.slave A 10.0.0.10", "node-1.slave A 10.0.0.10", "s1.slave A 10.0.0.11"], []),
    "port-index": ({"port_index": "on"}, [
        f"_port0._web._tcp.marathon SRV 0 1 8080 {WEB}.mesos.",
        f"_port0._web._tcp.marathon.slave SRV 0 1 8080 {WEB}.slave.mesos.",
        f"_port1._web._udp.marathon SRV 0 1 9090 {WEB}.mesos.",
        f"_port1._web._udp.marathon.slave SRV 0 1 9090 {WEB}.slave.mesos."] + [
            f"_port{index}._db._{protocol}.{place} SRV 0 1 3100{index} "
            f"db-{DB}-s1.marathon.slave.mesos."
            for index in (0, 1) for protocol in ("tcp", "udp")
            for place in ("marathon", "marathon.slave")], []),
    "label-prefix": ({"label_prefix": "mesos-dns."}, [
        f"_{name}web._{protocol}.marathon{slave} SRV 3 7 {port} {WEB}{slave}.mesos."
        for name, protocol, port in (("", "tcp", 8080), ("http._", "tcp", 8080), ("", "udp", 9090))
        for slave in ("", ".slave")], [("db",), ("web", "SRV 0 1")]),
    "other-prefix": ({"label_prefix": "mesos-dns"}, [], []),
}


def full(line):
    owner, kind, data = line.split(" ", 2)
    return owner if owner.endswith(".") else f"{owner}.mesos.", kind, data


def expected(name, base):
    _, more, less = CASES[name]
    return {record for record in base
            if not any(all(word in " ".join(record) for word in words) for words in less)} | {
                full(line) for line in more}


def base_of(content):
    return model.made_with({}, content)


@pytest.mark.parametrize("name", CASES)
def test_model(name):
    """The model has the same rules as whoever wrote the cases."""
    content = state("127.0.0.1:5050")
    assert model.made_with(CASES[name][0], content) == expected(name, base_of(content))


def test_cases_change_something():
    base = base_of(state("127.0.0.1:5050"))
    same = {"format-no-text-attribute", "visibility-external", "visibility-all", "other-prefix"}
    assert {name for name in CASES if expected(name, base) == base} == same


@pytest.mark.parametrize("name", CASES)
def test_server(name, master):
    content = state(master)
    master.serve(content)
    base = base_of(content)
    with serving(master, **CASES[name][0]) as server:
        owners = {owner for other in CASES for owner, _, _ in expected(other, base)}
        assert not Expected(expected(name, base)).differences(server, owners)


def test_weight_of_all(master):
    """Also of the masters' SRV records, the agents' and the schedulers'."""
    content = state(master)
    content["frameworks"][0]["pid"] = "scheduler@10.0.0.99:9000"
    master.serve(content)
    records = {(owner, kind, data.replace("0 1 ", "0 65535 ", 1) if kind == "SRV" else data)
               for owner, kind, data in base_of(content)}
    for owner in ("_leader._tcp", "_master._udp", "_slave._tcp", "_framework._tcp.marathon"):
        assert any(record[0] == f"{owner}.mesos." for record in records)
    assert records == model.made_with({"srv_weight": 65535}, content)
    with serving(master, srv_weight=65535) as server:
        assert not Expected(records).differences(server, ())


def test_formats_in_frameworks_that_no_name_carries(master):
    """What an operator calls a task hangs on its framework's name only where that is part of it."""
    frameworks = [["f" * 62] * 4, ["g" * 60] * 5, ["h" * 60] * 5 + ["slave"]]
    content = states.state(master, *(
        states.framework(".".join(labels), states.task(
            "web", id=f"web.{number}", addresses=[f"10.1.0.{number}"], ports="[1-9]",
            discovery=dict(states.discovery("web", (8080, "http", "tcp")),
                           environment=f"e{number}")))
        for number, labels in enumerate(frameworks)))
    master.serve(content)
    options = {"name_format": ["{task}.{environment}", "{environment}.{framework}"],
               "port_index": "on"}
    records = model.made_with(options, content)
    chosen = {record for record in records if record[2].startswith("10.1.0.")}
    assert chosen == {(f"web.e{number}.mesos.", "A", f"10.1.0.{number}") for number in (0, 1)}
    with serving(master, **options) as server:
        assert not Expected(records).differences(server, {"web.e2.mesos."})
