# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that choose names, while events come: what they need is told by events as by states."""
import ask
import events
import model
import states
from counters import stats, wait_stat
from expected import Expected
from following import Held, Leader, follow, unasked, wait_app
from streams import chunks
from waiting import wait_for

FORMATS = ["{label:dns-name}", "{task}.{environment}", "{attribute:rack}.{role}.{agent-host}"]


def labelled(name, value, **items):
    task = states.task(name, addresses=["10.1.0.5"], labels=[{"key": "dns-name", "value": value}],
                       role="front", **items)
    task["statuses"][0]["container_status"]["network_infos"][0]["name"] = "overlay"
    task["discovery"] = dict(states.discovery(name, (80, "http", "tcp")), environment="prod")
    return task


def wait_records(server, leader, options):
    """Waits until a server has what the model says of the leader's state."""
    records = model.made_with(options, leader.state)
    wait_for(lambda: not Expected(records).differences(server, ()), 20, "the records of the state")


def add_static(server):
    server.zone("mesos.", "ns A 127.0.0.53\nstatic.zone TXT static\n", ["mod-mesos/cluster"])


def test_labels(server, leader):
    """A label of a task that is new, or is told again, makes names at once."""
    follow(server, leader, name_format=FORMATS)
    with unasked(leader, seconds=1.5):
        leader.run(labelled("shop", "front.shop"))
        server.wait_ready("front.shop.mesos.")
        assert ask.data(server.ask("_http._tcp.shop.prod.mesos.", "SRV"), "SRV") == [
            f"0 1 80 shop-{model.task_hash('shop.1')}-s0.marathon.mesos."]
        with leader.changing(told=False) as state:
            state["frameworks"][0]["tasks"][1] = labelled("shop", "back.shop")
        framework = leader.state["frameworks"][0]
        leader.streams.send(events.task_added(framework, framework["tasks"][1]))
        server.wait_ready("back.shop.mesos.")
        assert ask.outcome(server.ask("front.shop.mesos.")) == "NXDOMAIN"
        assert ask.data(server.ask("shop.prod.mesos."), "A") == ["10.1.0.5"]
        leader.end("shop")
        wait_app(server, "shop", gone=True)
        assert ask.outcome(server.ask("back.shop.mesos.")) == "NXDOMAIN"


def test_agents(server, leader):
    """What an agent says comes with its event."""
    follow(server, leader, name_format=FORMATS, agent_names="on")
    with unasked(leader, seconds=1):
        with leader.changing() as state:
            state["slaves"].append(dict(states.agent(1, "10.0.0.11"), hostname="far.example",
                                        attributes={"rack": "r7", "level": 3.0}))
        leader.run(labelled("web", "x", agent=1, id="far"))
        server.wait_ready("r7.front.far-example.mesos.")
        for name in ("s1", "far"):
            assert ask.data(server.ask(f"{name}.slave.mesos."), "A") == ["10.0.0.11"]


def test_networks(server, leader):
    """Addresses of another network come with an update of a task."""
    follow(server, leader, network=["overlay"])
    with leader.changing() as state:
        state["frameworks"][0]["tasks"][0]["statuses"] = [
            {"state": "TASK_RUNNING", "timestamp": 2.0, "container_status": {"network_infos": [
                {"name": "bridge", "ip_addresses": [{"ip_address": "172.17.0.2"}]},
                {"name": "overlay", "ip_addresses": [{"ip_address": "10.9.0.1"}]}]}}]
    server.wait_until("web.marathon.mesos.", "A",
                      lambda reply: ask.data(reply, "A") == ["10.9.0.1"])


def test_framework_takes_its_name(server, leader):
    """A task has chosen it before; when the framework goes it has it again."""
    follow(server, leader, name_format=["{label:dns-name}"])
    leader.run(labelled("shop", "spark"), labelled("other", "spark"))
    server.wait_ready("spark.mesos.")
    with leader.changing() as state:
        state["frameworks"].append(states.framework("spark", hostname="10.3.0.1"))
    server.wait_until("spark.mesos.", "A", lambda reply: ask.data(reply, "A") == ["10.3.0.1"])
    server.wait_until("_http._tcp.spark.mesos.", "SRV", lambda reply: not reply.answer)
    with leader.changing() as state:
        del state["frameworks"][1]
    server.wait_until("spark.mesos.", "A", lambda reply: ask.data(reply, "A") == ["10.1.0.5"])
    assert len(server.ask("_http._tcp.spark.mesos.", "SRV").answer) == 2


def test_more_is_wanted(server, leader):
    """New options have a state read at once; until it is there the zone is as it was."""
    leader.run(labelled("shop", "front.shop"))
    follow(server, leader)
    held = Held(leader)
    leader.serve(held)
    server.module("cluster", master=leader.address, name_format=FORMATS, visibility="external",
                  network="overlay", poll_interval="1d", resync_interval="1d")
    server.reload()
    held.wait()
    for _ in range(20):
        assert ask.data(server.ask("shop.marathon.mesos."), "A") == ["10.1.0.5"]
        assert ask.outcome(server.ask("front.shop.mesos.")) == "NXDOMAIN"
    held.let_go()
    # Its visibility is another.
    wait_app(server, "shop", gone=True)
    leader.serve(leader.serve_state)
    server.module("cluster", master=leader.address, name_format=FORMATS, poll_interval="1d",
                  resync_interval="1d")
    server.reload()
    server.wait_ready("front.shop.mesos.")
    assert len(leader.subscriptions()) == 1


def test_more_is_wanted_in_the_middle_of_an_event(server, leader):
    """It is read without what is new, and so a state is read once more."""
    stream = follow(server, leader)
    leader.run(labelled("shop", "front.shop"), told=False)
    framework = leader.state["frameworks"][0]
    told = events.record(events.task_added(framework, framework["tasks"][1]))
    stream.send_bytes(chunks(told[:100]))
    added = stats(server).get("events[task-added]", 0)
    server.module("cluster", master=leader.address, name_format=FORMATS, poll_interval="1d",
                  resync_interval="1d")
    server.reload()
    server.wait_ready("front.shop.mesos.")
    stream.send_bytes(chunks(told[100:]))
    wait_stat(server, "events[task-added]", lambda count: count == added + 1)
    server.wait_ready("front.shop.mesos.")
    assert len(leader.subscriptions()) == 1


def test_no_more_is_wanted(server, leader):
    """Options that need nothing that was not read are served from what there is."""
    leader.run(states.task("ports", ports="[31000-31001]"))
    follow(server, leader, label_prefix="mesos-dns.")
    with unasked(leader, seconds=1):
        server.module("cluster", master=leader.address, srv_weight=9, port_index="on",
                      poll_interval="1d", resync_interval="1d")
        server.reload()
        server.wait_until("_port1._ports._tcp.marathon.mesos.", "SRV", lambda reply: [
            data.split()[:3] for data in ask.data(reply, "SRV")] == [["0", "9", "31001"]])


def test_other_wants_while_a_state_comes(server, leader):
    """A reload in the middle of a state, with wants that its parser does not know of."""
    leader.run(labelled("shop", "front.shop"))
    held = Held(leader)
    leader.serve(held)
    server.module("cluster", master=leader.address, poll_interval="1d", resync_interval="1d")
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()
    held.wait()
    server.module("cluster", master=leader.address, name_format=FORMATS, poll_interval="1d",
                  resync_interval="1d")
    server.reload()
    leader.serve(leader.serve_state)
    held.let_go()
    server.wait_ready("front.shop.mesos.")


def test_two_views_share(server, leader):
    """Two zones with other formats, one cluster: one stream, one poll for both."""
    leader.run(labelled("shop", "front.shop"))
    common = {"master": leader.address, "poll_interval": "1d", "resync_interval": "1d"}
    server.module("one", name_format=["{label:dns-name}"], **common)
    server.module("two", name_format=["{task}.{environment}"], visibility="cluster", **common)
    server.module("three", label_prefix="mesos-dns.", **common)
    for id in ("one", "two", "three"):
        server.zone(f"{id}.", "", [f"mod-mesos/{id}"])
    server.start()
    server.wait_ready("front.shop.one.")
    server.wait_ready("shop.prod.two.")
    server.wait_ready("shop.marathon.three.")
    assert ask.outcome(server.ask("shop.prod.one.")) == "NXDOMAIN"
    assert ask.outcome(server.ask("front.shop.two.")) == "NXDOMAIN"
    assert ask.outcome(server.ask("shop.prod.three.")) == "NXDOMAIN"
    leader.streams.wait()
    assert len(leader.subscriptions()) == 1
    leader.run(labelled("cart", "cart", id="cart.2"))
    server.wait_ready("cart.one.")
    server.wait_ready("cart.prod.two.")
    hidden = labelled("hidden", "hidden")
    hidden["labels"].append({"key": "mesos-dns.hide", "value": "true"})
    leader.run(hidden)
    server.wait_ready("hidden.one.")
    server.wait_ready("hidden.prod.two.")
    wait_app(server, "cart", zone="three.")
    assert ask.outcome(server.ask("hidden.marathon.three.")) == "NXDOMAIN"


def test_all_options(server):
    """Everything that happens to labelled tasks adds up to what the model says."""
    options = {"name_format": FORMATS, "network": ["overlay"], "visibility": ["cluster"],
               "agent_names": "on", "port_index": "on", "label_prefix": "dns-", "srv_weight": 4,
               "health": "require"}
    with Leader(states.task("web")) as leader:
        add_static(server)
        server.zone("in-addr.arpa.", "", ["mod-mesos/cluster"])
        server.zone("ip6.arpa.", "", ["mod-mesos/cluster"])
        server.module("cluster", master=leader.address, poll_interval="1d", resync_interval="1d",
                      **options)
        server.start()
        leader.streams.wait()
        wait_records(server, leader, options)
        for number in range(6):
            task = labelled(f"t{number % 3}", f"n{number % 2}.x", id=f"id-{number}")
            task["labels"].append({"key": "dns-priority", "value": str(number)})
            task["discovery"]["visibility"] = "EXTERNAL" if number == 4 else "CLUSTER"
            task["statuses"][0]["healthy"] = number != 0
            leader.run(task)
            wait_records(server, leader, options)
        leader.end("t1")
        wait_records(server, leader, options)
        with leader.changing() as state:
            state["frameworks"] = state["frameworks"][:1]
            state["frameworks"][0]["tasks"] = []
        wait_records(server, leader, options)
