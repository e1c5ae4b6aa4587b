# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and addresses of made-up states: special cases of section 3, and random mixtures."""
import ask
import model
import pytest
import states
from expected import Expected, serving
from mixer import Mixer


def assert_served(master, content, **options):
    """Serves a state, and holds all answers against the model's records."""
    master.serve(content)
    rules = options.get("label_rules", "rfc1123")
    sources = options.get("ip_source", model.DEFAULT_SOURCES)
    masters = [(master.host, master.port)]
    records = model.Model(content, masters, rules=rules, sources=sources).records
    with serving(master, **options) as server:
        assert not Expected(records).differences(server, model.tempting_owners(content))
    return records


def one_framework(master, *tasks, agents=None):
    return states.state(master, states.framework("marathon", *tasks), agents=agents)


def owners_of(records, *addresses):
    """The names that have one of some addresses."""
    return {owner for owner, _, data in records if data in addresses}


def test_long_names(master):
    """Each is carried as far as DNS can, and none spoils another's records."""
    records = assert_served(master, one_framework(
        master,
        states.task("a" * 63, "1", ports="[1-1]", addresses=["10.1.0.1"]),
        states.task("b" * 62 + "-" * 9 + "c", "2", addresses=["10.1.0.2"]),
        states.task("c" * 300, "3", addresses=["10.1.0.3"]),
        states.task("x", "4", addresses=["10.1.0.4"],
                    discovery=states.discovery("d" * 64 + ".app", (1, "http", "tcp"))),
        states.task("x", "5", addresses=["10.1.0.5"],
                    discovery=states.discovery("app." + "e" * 60, (1, "http", "tcp"))),
        states.task("x", "6", addresses=["10.1.0.6"],
                    discovery=states.discovery(".".join(["f" * 50] * 5), (1, "h" * 62, "tcp"))),
        states.task("x", "7", addresses=["10.1.0.7"],
                    discovery=states.discovery("g" * 61, (1, "h" * 63, "p" * 70))),
        states.task("good", "8", addresses=["10.1.0.8"])))
    for number in range(1, 9):
        assert len(owners_of(records, f"10.1.0.{number}")) >= 2


def test_dotted_discovery_names(master):
    """With bytes that a dotted name may have, and with others."""
    names = [".", "a..b", ".a", "a.", "a b", "a\\.b", "ü.b", "a\0b", "*", "@", "a/b", "___", "-",
             "-.-", "1.2.3.4", "A.B", "_x._y", "a.b-c.d", "same", "Same", "same."]
    assert_served(master, one_framework(
        master,
        *(states.task("other", str(number), ports="[2-2]", addresses=[f"10.1.0.{number}"],
                      discovery=states.discovery(name, (number, "http", "tcp")))
          for number, name in enumerate(names, 1)),
        states.task("good", ports="[2-2]", addresses=["10.1.1.1"])))


def test_tasks_without_records(master):
    """Not running, no longer running, or on an agent that the state does not list."""
    def app(name, **items):
        return states.task(name, ports="[1-1]", addresses=["10.1.0.1"], **items)
    content = one_framework(
        master, app("good"), app("nowhere", agent=7), app("recovering", agent=8),
        app("unassigned", slave_id=""),
        *(app(f"is-{state.lower()}", state=f"TASK_{state}") for state in (
            "STAGING", "STARTING", "KILLING", "FINISHED", "FAILED", "KILLED", "ERROR", "LOST",
            "DROPPED", "UNREACHABLE", "GONE", "UNKNOWN")))
    content["recovered_slaves"] = [states.agent(8)]
    content["frameworks"][0].update(completed_tasks=[app("over")], unreachable_tasks=[app("lost")])
    content["completed_frameworks"] = [states.framework("ended", app("ghost"))]
    records = assert_served(master, content)
    assert {owner.split(".")[0] for owner in owners_of(records, "10.1.0.1")} <= {
        "good", "good-" + model.task_hash("good.1") + "-s0", "1"}


def test_frameworks(master):
    """Dotted, repeated, empty and nameless ones; schedulers with and without a port."""
    def app(name):
        return states.task("app", name)
    assert_served(master, states.state(
        master,
        states.framework("prod.eu", app("1"), pid="scheduler@10.5.0.1:1001"),
        states.framework("eu", app("2"), hostname="10.5.0.2"),
        states.framework("eu", app("3"), id="another-eu", pid="scheduler@[2001:db8::5]:1003"),
        states.framework("..", app("4"), pid="scheduler@10.5.0.4:1004"),
        states.framework("", app("5"), pid="scheduler@10.5.0.5:1005"),
        states.framework("slave", app("6"), pid="scheduler@10.5.0.6:1006"),
        states.framework("nohost.example", app("7"), hostname="nobody.invalid"),
        states.framework("here", app("8"), pid="scheduler@localhost:1008"),
        states.framework("a" * 70 + ".b", app("9"), pid="scheduler@10.5.0.9:1009")))


# Each with what the rules make of it, whether it has its scheduler's records, and its tasks'.
CLUSTERS_NAMES = [
    ("leader", "leader", False, True), ("LEADER.", "leader", False, True),
    ("--Leader", "leader", False, True), ("master", "master", False, True),
    ("master0", "master0", False, True), ("Master 17", "master17", False, True),
    ("slave", "slave", False, False), ("x.slave", "x.slave", False, False),
    ("X._Slave.", "x.slave", False, False), ("leader.slave", "leader.slave", False, False),
    ("master_0", "master-0", True, True), ("x.leader", "x.leader", True, True),
    ("slave.x", "slave.x", True, True), ("slave0", "slave0", True, True),
    ("_leader._tcp", "leader.tcp", True, True), ("tcp", "tcp", True, True)]


def test_names_of_the_cluster_are_its_own(master):
    """What tenants can say is tried in all places; the cluster's names stay as they are."""
    names = ["leader", "master0", "slave", "_leader._tcp", "_tcp", "_slave._tcp", "a.slave"]
    frameworks = [
        states.framework(name, *(states.task(
            task, f"{task}.{number}", addresses=[f"10.7.{number}.{other}"], ports="[7-7]",
            discovery=states.discovery(task, (7, task, task), (8, "x", "tcp")))
            for other, task in enumerate(["web", *names])), pid=f"s@10.6.0.{number}:9")
        for number, (name, *_) in enumerate(CLUSTERS_NAMES)]
    records = assert_served(master, states.state(master, *frameworks))
    for number, (_, label, scheduler, tasks) in enumerate(CLUSTERS_NAMES):
        owners = owners_of(records, f"10.6.0.{number}")
        assert owners == ({f"{label}.mesos."} if scheduler else set())
        assert (f"web.{label}.mesos." in owners_of(records, f"10.7.{number}.0")) == tasks
        assert ((f"0.{number}.7.10.in-addr.arpa.", "PTR", f"web.{label}.mesos.") in records) == (
            tasks)
    assert owners_of(records, "127.0.0.1") == {f"{name}.mesos." for name in (
        "leader", "master", "master0")}
    assert owners_of(records, f"0 1 {master.port} leader.mesos.") == {
        "_leader._tcp.mesos.", "_leader._udp.mesos."}
    assert {data for owner, _, data in records if owner == "slave.mesos."} == {"10.0.0.10"}


def test_ports_of_odd_protocols(master):
    """A protocol that is left out, or of which the rules leave nothing, means both."""
    protocols = ["-", ",", " , ", "", "__", "名", "-,-", "udp", "-,udp", "tcp, SCTP"]
    records = assert_served(master, one_framework(master, *(
        states.task("x", str(number), discovery=states.discovery(
            f"p{number}", (number, "n", protocol))) for number, protocol in enumerate(protocols))))
    for number in range(7):
        assert f"_n._p{number}._tcp.marathon.mesos." in {owner for owner, _, _ in records}
        assert f"_p{number}._udp.marathon.slave.mesos." in {owner for owner, _, _ in records}


def test_blanks_around_pids(master):
    content = dict(states.state(
        master, states.framework("blank", states.task("web", ports="[1-1]"),
                                 pid="\t scheduler@10.5.0.1:1001\r\n"),
        agents=[dict(states.agent(0), pid="  slave(1)@10.0.0.10:5051 ")]),
        leader=f" {master.pid}\n")
    records = assert_served(master, content)
    assert owners_of(records, "10.5.0.1") == {"blank.mesos."}
    assert "web.blank.mesos." in owners_of(records, "10.0.0.10")


def test_agents_with_host_names(master):
    """What resolves has records, what does not makes none and spoils nothing."""
    agents = [states.agent(0, "localhost"), states.agent(1, "nobody.invalid", 5052),
              states.agent(2, "10.0.0.2"), states.agent(3, "[2001:db8::3]")]
    records = assert_served(master, one_framework(
        master,
        *(states.task(f"on{i}", agent=i, ports="[31000-31000]") for i in range(4)),
        states.task("own", agent=1, addresses=["10.1.0.1"]), agents=agents))
    assert {"on0.marathon.mesos.", "slave.mesos."} <= owners_of(records, "127.0.0.1", "::1")
    assert "own.marathon.mesos." in owners_of(records, "10.1.0.1")


def status(timestamp, state="TASK_RUNNING", *addresses, **labels):
    return {"state": state, "timestamp": timestamp, "container_status": {"network_infos": [
        {"ip_addresses": [{"ip_address": one} for one in addresses]}]},
        "labels": [{"key": key, "value": value} for key, value in labels.items()]}


def labelled(**addresses):
    keys = {"mesos": "MesosContainerizer.NetworkSettings.IPAddress",
            "docker": "Docker.NetworkSettings.IPAddress"}
    return {"state": "TASK_RUNNING", "timestamp": 1, "labels": [
        {"key": keys[source], "value": value} for source, value in addresses.items()]}


MAPPED = {"type": "DOCKER", "docker": {"image": "x", "port_mappings": [
    {"host_port": 31000, "container_port": 80, "protocol": "tcp"}]}}
MAPPED_0 = {"type": "DOCKER", "docker": {"image": "x", "port_mappings": [
    {"host_port": 0, "container_port": 80}, {"container_port": 81}]}}
UNMAPPED = {"type": "DOCKER", "docker": {"image": "x", "port_mappings": []}}

ADDRESS_TASKS = [
    states.task("prefix", addresses=["fd00:46::59/64", "10.1.1.1/24"]),
    states.task("mapped6", addresses=["::ffff:192.0.2.1"]),
    states.task("same", addresses=["10.1.1.2", "10.1.1.2", "::ffff:10.1.1.2"]),
    states.task("bad", addresses=["hello", "", "10.1.1.256", "1.2.3", "10.1.1.3", "fe80::1%eth0"]),
    states.task("allbad", addresses=["hello"]),
    states.task("many", addresses=[f"10.1.2.{i}" for i in range(20)]),
    states.task("latest", statuses=[status(3, "TASK_RUNNING", "10.1.3.3"),
                                    status(5, "TASK_RUNNING", "10.1.3.5"),
                                    status(4, "TASK_RUNNING", "10.1.3.4"),
                                    status(9, "TASK_KILLING", "10.1.3.9")]),
    states.task("noaddress", statuses=[status(3, "TASK_RUNNING", "10.1.4.3"),
                                       status(5, "TASK_RUNNING")]),
    states.task("starting", statuses=[status(5, "TASK_STARTING", "10.1.5.5")]),
    states.task("nostatus", statuses=[]),
    states.task("label1", statuses=[labelled(mesos="10.1.6.1")]),
    states.task("label2", statuses=[labelled(docker="10.1.6.2")]),
    states.task("label3", statuses=[labelled(docker="10.1.6.3", mesos="10.1.6.4")]),
    states.task("label4", statuses=[labelled(docker="nothing", mesos="fd00::64/64")]),
    states.task("ports1", container=MAPPED, addresses=["10.1.7.1"]),
    states.task("ports2", container=UNMAPPED, addresses=["10.1.7.2"]),
    states.task("ports3", container=MAPPED),
    states.task("ports4", container=MAPPED_0, addresses=["10.1.7.4"]),
    states.task("ports5", statuses=[dict(status(1, "TASK_RUNNING", "10.1.7.5"), container_status={
        "network_infos": [{"ip_addresses": [{"ip_address": "10.1.7.5"}],
                           "port_mappings": [{"host_port": 0, "container_port": 80}]}]})]),
    states.task("shared1", addresses=["10.1.8.1", "10.1.8.2"]),
    states.task("shared2", addresses=["10.1.8.2", "10.1.8.3"]),
    states.task("twice", "twice.1", addresses=["10.1.8.4"]),
    states.task("twice", "twice.2", addresses=["10.1.8.4"]),
]


@pytest.mark.parametrize("sources", [
    ["netinfo"], ["mesos"], ["docker"], ["host"], ["auto"], ["docker", "mesos"],
    ["mesos", "docker", "netinfo", "host"], ["netinfo", "auto"]], ids="-".join)
def test_address_sources(master, sources):
    assert_served(master, one_framework(master, *ADDRESS_TASKS), ip_source=sources)


def test_shared_address_has_no_pointer(master):
    master.serve(one_framework(master, *ADDRESS_TASKS))
    with serving(master) as server:
        for address, outcome in ((1, "ANSWER"), (2, "NXDOMAIN"), (3, "ANSWER"), (4, "ANSWER")):
            reply = server.ask(f"{address}.8.1.10.in-addr.arpa.", "PTR")
            assert ask.outcome(reply) == outcome


@pytest.mark.parametrize("options", [
    {}, {}, {"label_rules": "rfc952"}, {"ip_source": ["host"]},
    {"ip_source": ["auto"], "label_rules": "rfc952"}], ids=range(5))
def test_random_states(master, request, options):
    assert len(assert_served(master, Mixer(request.node.name).state(master), **options)) > 200
