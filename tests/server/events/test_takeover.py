# SPDX-License-Identifier: GPL-3.0-or-later
"""Failovers while events are followed: no name is lost, and no poll is needed."""
import threading
import time

import ask
import events
import model
import pytest
import states
from counters import wait_stat
from expected import ZONES, serving
from following import (FOLLOWING, Held, Leader, follow, unasked, wait_app, wait_followed,
                       wait_reason)
from master import MASTER_API, hang, raw, redirect, status
from waiting import wait_for
from watching import watch

AGENTS = [states.agent(number, f"10.0.0.{number + 10}") for number in range(3)]


def tasks():
    """Three on each agent, and one name that all agents have."""
    return [states.task(f"app{agent}-{number}", agent=agent, ports="[31000-31001]",
                        addresses=[f"10.1.{agent}.{number}"])
            for agent in range(len(AGENTS)) for number in range(1, 4)] + [
        states.task("spread", f"spread.{agent}", agent=agent) for agent in range(len(AGENTS))]


def another(name, agent=0):
    """A task that shares no address with others, so that those keep their PTR."""
    return states.task(name, agent=agent, addresses=[f"10.7.{sum(name.encode()) % 250}.1"])


@pytest.fixture
def old():
    with Leader(*tasks(), agents=AGENTS) as stub:
        stub.state["frameworks"][0]["pid"] = "scheduler@10.9.0.1:9001"
        stub.state["id"] = "old"
        yield stub


@pytest.fixture
def heir(old):
    """The next leader; until it leads it names the old one."""
    with Leader(agents=AGENTS) as stub:
        stub.serve(redirect(f"//{old.address}/master/state"))
        stub.serve_events(redirect(f"//{old.address}{MASTER_API}"))
        yield stub


def own_records(leader):
    """All records of its state but those of masters."""
    return {record for record in model.Model(leader.state).records
            if record[0].split(".")[0].lstrip("_") not in ("leader", "master", "master0")}


def elect(heir, old, recovered=AGENTS):
    """It leads now, has read its registry, and has not heard of any agent yet."""
    framework = {**old.state["frameworks"][0], "tasks": [], "active": False, "recovered": True}
    del framework["pid"]
    heir.state = {**heir.state, "id": "heir", "slaves": [], "recovered_slaves": list(recovered),
                  "frameworks": [framework], "elected_time": time.time(),
                  "flags": {"registry_fetch_timeout": "1mins"}}
    heir.serve(heir.serve_state)
    heir.serve_events(heir.streams)


def come_back(heir, old, agent, order="agent-first", gone=()):
    """An agent registers with its tasks, but for those that have ended meanwhile."""
    framework = old.state["frameworks"][0]
    own = [task for task in framework["tasks"]
           if task["slave_id"] == agent["id"] and task["name"] not in gone]
    with heir.changing(told=False) as state:
        state["recovered_slaves"] = [one for one in state["recovered_slaves"]
                                     if one["id"] != agent["id"]]
        state["slaves"].append(agent)
        state["frameworks"][0]["tasks"] += own
    told = [events.task_added(framework, task) for task in own]
    added = events.agent_added(agent)
    for event in [added, *told] if order == "agent-first" else [*told, added]:
        heir.streams.send(event)
        time.sleep(0.05)


def test_agents_come_back_by_events(server, old, heir):
    """One by one, their tasks after them or before them; no poll is in between."""
    with (serving(old, heir, poll_interval=1, resync_interval="1d") as server,
          watch(server, own_records(old), "failover by events") as queries):
        wait_followed(server, old)
        elect(heir, old)
        old.stop()
        wait_followed(server, heir)
        with unasked(heir, seconds=3):  # There are recovered agents, and the stream lives.
            queries.wait_rounds()
        count = heir.count()
        for agent, order in zip(AGENTS, ("agent-first", "tasks-first", "agent-first")):
            come_back(heir, old, agent, order)
            queries.wait_rounds(1)
        with heir.changing() as state:
            state["frameworks"][0].update(active=True, recovered=False,
                                          pid="scheduler@10.9.0.1:9001")
        heir.run(another("after"))
        wait_app(server, "after")
        # Each event that says that there is more: an agent that is back, a framework.
        assert heir.count() <= count + 4


def test_agent_without_its_tasks(server, old, heir):
    """What has ended meanwhile goes once a state that was asked for after that lacks it."""
    follow(server, old, heir, poll_interval=1, resync_interval="1d")
    elect(heir, old)
    old.stop()
    wait_followed(server, heir)
    early = Held(heir)
    heir.serve(early)  # It has the agent as recovered.
    server.zone_reload()
    early.wait()
    late = Held(heir)
    heir.serve(late)
    come_back(heir, old, AGENTS[0], gone=["app0-2"])
    early.let_go()
    late.wait()
    heir.run(states.task("new", agent=0))
    wait_app(server, "new")
    for name in ("app0-1", "app0-2", "app0-3", "app1-1", "spread"):
        assert server.ask(f"{name}.marathon.mesos.").answer, name
    late.let_go()
    wait_app(server, "app0-2", gone=True)
    for name in ("app0-1", "app0-3", "app1-1", "spread", "new"):
        assert server.ask(f"{name}.marathon.mesos.").answer, name


def test_agent_that_never_comes_back(server, old, heir):
    """Its records go when the leader gives up on it, of which no event tells."""
    follow(server, old, heir, poll_interval=1)
    elect(heir, old)
    old.stop()
    wait_followed(server, heir)
    for agent in AGENTS[1:]:
        come_back(heir, old, agent)
    with heir.changing(told=False) as state:
        state["recovered_slaves"] = []
    heir.run(another("told", 1))
    wait_app(server, "told")
    assert server.ask("app0-1.marathon.mesos.").answer
    server.zone_reload()
    wait_app(server, "app0-1", gone=True)
    assert len(server.ask("spread.marathon.mesos.").answer) == 2
    assert server.ask("app1-1.marathon.mesos.").answer


def steps_down(old, heir):
    old.serve(redirect(f"//{heir.address}/master/state"))
    old.serve_events(redirect(f"//{heir.address}{MASTER_API}"))
    for stream in old.streams.open():
        stream.cut()


def hangs(old, _):
    old.serve(hang)
    old.serve_events(hang)
    for stream in old.streams.open():
        stream.stall()


ENDS = {"steps-down": steps_down, "dies": lambda old, _: old.stop(), "hangs": hangs}


@pytest.mark.parametrize("end", ENDS)
def test_failover_in_a_burst(old, heir, end):
    """Hundreds of events before and after; whoever was there all the time is never lost."""
    old.streams.heartbeat = heir.streams.heartbeat = 1.0
    ending = threading.Event()

    def burst():
        number = 0
        while not ending.is_set():
            leader = heir if elected.is_set() else old
            agents = len(leader.state["slaves"])
            leader.run(*(another(f"burst{number}-{one}", one % agents)
                         for one in range(10) if agents))
            leader.end(*(f"burst{number - 3}-{one}" for one in range(10)))
            number += 1
            time.sleep(0.02)

    elected = threading.Event()
    with serving(old, heir, poll_interval=2, resync_interval="1d") as server:
        wait_followed(server, old)
        records = own_records(old)
        thread = threading.Thread(target=burst)
        thread.start()
        try:
            with watch(server, records, f"failover in a burst, {end}") as queries:
                wait_stat(server, "events[task-updated]", lambda count: count > 100)
                elect(heir, old)
                elected.set()
                ENDS[end](old, heir)
                wait_followed(server, heir)
                for agent in AGENTS:
                    come_back(heir, old, agent)
                    queries.wait_rounds(1)
        finally:
            ending.set()
            thread.join()
        heir.run("last")
        wait_app(server, "last")
        assert len(server.module_lines("leader changed")) == 1


def test_new_leader_that_has_not_recovered(server, old, heir):
    """Its state is empty, its stream refused, for a while."""
    follow(server, old, heir, poll_interval=1, resync_interval="1d")
    with serving(old, heir, poll_interval=1) as other, watch(other, own_records(old), "unread"):
        heir.serve_events(status(503, b"Master has not finished recovery"))
        heir.state = {**heir.state, "id": "heir", "slaves": [], "recovered_slaves": [],
                      "frameworks": [], "elected_time": time.time()}
        heir.serve(heir.serve_state)
        old.stop()
        server.wait_log("registry")
        wait_reason(server, old)
        elect(heir, old)
        for one in (server, other):
            wait_followed(one, heir)
        for agent in AGENTS:
            come_back(heir, old, agent)
    assert ask.data(server.ask("marathon.mesos."), "A") == ["10.9.0.1"]


def test_zookeeper_names_another(server, old, heir):
    """The old leader streams on as if nothing had happened; ZooKeeper knows better."""
    ensemble = pytest.importorskip("ensemble")
    with ensemble.Ensemble() as zookeeper:
        zookeeper.announce(old, 1)
        follow_zookeeper(server, zookeeper, old)
        elect(heir, old)
        zookeeper.announce(heir, 0)
        wait_followed(server, heir)
        for agent in AGENTS:
            come_back(heir, old, agent)
        heir.run("after")
        wait_app(server, "after")
        old.run("ghost")
        heir.run("later")
        wait_app(server, "later")
        assert ask.outcome(server.ask("ghost.marathon.mesos.")) == "NXDOMAIN"
        wait_for(lambda: not old.streams.open(), what="the end of the old stream")


def follow_zookeeper(server, zookeeper, leader):
    server.module("cluster", master=zookeeper.url, poll_interval="1d", resync_interval="1d")
    server.zone("mesos.", "", ["mod-mesos/cluster"])
    server.start()
    wait_followed(server, leader)
    server.wait_loaded()


def test_dead_leader_is_said_once(server, old, heir):
    """The stream's end, then the leader's; a line each, and not again at each try."""
    follow(server, old, heir, poll_interval=1)
    heir.serve(status(503))
    heir.serve_events(raw(b"", close=True))
    old.stop()
    wait_reason(server, old)
    server.wait_log("polls fail")
    time.sleep(3)
    assert len(server.module_lines("no events from")) == 1
    assert len(server.module_lines("polls fail")) == 1
    elect(heir, old)
    wait_followed(server, heir)
    assert len(server.module_lines(FOLLOWING)) == 2


def test_all_masters_are_back(server, old):
    """The same leader after a restart: another `id`, its agents come back to it."""
    follow(server, old, zones=ZONES, poll_interval=1)
    before = own_records(old)
    with watch(server, before, "restart"):
        old.stop()
        wait_reason(server, old)
        framework = old.state["frameworks"][0]
        elect(old, old)
        old.start()
        wait_followed(server, old, times=2)
        for agent in AGENTS:
            with old.changing(told=False) as state:
                state["recovered_slaves"] = state["recovered_slaves"][1:]
                state["slaves"].append(agent)
                own = [one for one in framework["tasks"] if one["slave_id"] == agent["id"]]
                state["frameworks"][0]["tasks"] += own
            old.streams.send(events.agent_added(agent),
                             *(events.task_added(framework, one) for one in own))
