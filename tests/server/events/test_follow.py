# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes come by events; a whole state is read when there is more to know, and at no other time."""
import time

import ask
import events
import states
from ask import EDE_STALE_ANSWER, UDP_EDNS
from counters import difference, group, stats, wait_stat
from expected import ZONES
from following import (FOLLOWING, Leader, follow, following_all, start, unasked, wait_app,
                       wait_followed, wait_reason)
from master import hang, status
from waiting import PATIENCE, wait_for

# Far more often than a test takes, if it were for that.
OFTEN = {"poll_interval": 1}


def test_change_without_a_poll(server, leader):
    """Tasks start, move, change and end; agents come and go."""
    follow(server, leader, zones=ZONES, **OFTEN)
    with unasked(leader, seconds=2.5):
        leader.run(states.task("api", ports="[31000-31001]", addresses=["10.1.0.5", "fd00::5"]))
        wait_app(server, "api")
        assert ask.data(server.ask("api.marathon.mesos.", "AAAA"), "AAAA") == ["fd00::5"]
        assert len(server.ask("_api._tcp.marathon.mesos.", "SRV").answer) == 2
        assert ask.data(server.ask("5.0.1.10.in-addr.arpa.", "PTR"), "PTR") == [
            "api.marathon.mesos."]

        with leader.changing() as state:
            state["slaves"].append(states.agent(1, "10.0.0.11"))
        leader.run(states.task("far", agent=1))
        wait_app(server, "far")
        assert set(ask.data(server.ask("slave.mesos."), "A")) == {"10.0.0.10", "10.0.0.11"}

        with leader.changing() as state:
            state["frameworks"][0]["tasks"][1]["statuses"] = [
                {"state": "TASK_RUNNING", "timestamp": 2.0, "container_status": {"network_infos": [
                    {"ip_addresses": [{"ip_address": "10.1.0.6"}]}]}}]
        server.wait_until("api.marathon.mesos.", "A",
                          lambda reply: ask.data(reply, "A") == ["10.1.0.6"])
        assert not server.ask("api.marathon.mesos.", "AAAA").answer

        leader.end("api")
        wait_app(server, "api", gone=True)
        assert ask.outcome(server.ask("_api._tcp.marathon.mesos.", "SRV")) == "NXDOMAIN"
        with leader.changing() as state:
            del state["slaves"][1]
            del state["frameworks"][0]["tasks"][1]
        wait_app(server, "far", gone=True)
        assert ask.data(server.ask("slave.mesos."), "A") == ["10.0.0.10"]
    assert server.ask("web.marathon.mesos.").answer
    assert len(server.module_lines(FOLLOWING)) == 1
    assert len(leader.subscriptions()) == 1


def test_state_after_subscribing(server, leader):
    """What the stream did not tell in between is known all the same; nothing is asked after."""
    begun = []

    def subscribed(handler):
        if not begun:
            begun.append(time.monotonic())
            leader.run("between", told=False)
        leader.streams(handler)

    leader.serve_events(subscribed)
    follow(server, leader)
    wait_app(server, "between")
    assert len([when for when in leader.times() if when > begun[0]]) == 1
    assert leader.count() <= 2


def test_first_event_is_passed_over(server, leader):
    """The state that it brings lacks what a whole state has."""
    lie = states.state(leader, states.framework("marathon", states.task("lie")))
    leader.streams.state = lambda: lie
    stream = follow(server, leader)
    leader.run("true")
    wait_app(server, "true")
    stream.send(events.subscribed(lie))  # and once more, in the middle
    leader.run("more")
    wait_app(server, "more")
    assert ask.outcome(server.ask("lie.marathon.mesos.")) == "NXDOMAIN"
    assert server.ask("web.marathon.mesos.").answer


def test_resync(server, leader):
    """What is never told is known after `resync-interval`."""
    follow(server, leader, resync_interval=10)
    before, count = leader.times()[-1], leader.count()
    leader.run("silent", told=False)
    wait_app(server, "silent", seconds=30)
    assert leader.times()[count] - before > 8
    assert leader.count() == count + 1


def kafka(**items):
    return states.framework("kafka", states.task("broker"), **items)


def test_new_framework(server, leader):
    """Its tasks have their names at once, it has its own after a state, for which none waits."""
    follow(server, leader)
    with leader.changing(told=False) as state:
        state["frameworks"].append(kafka(pid="scheduler@10.9.0.1:9001", hostname="10.9.0.9"))
    framework = leader.state["frameworks"][1]
    task = framework["tasks"][0]
    hidden = kafka(hostname="10.9.0.9")  # as the stream has it

    def without_pid(handler):
        # Nobody may take a framework without a `pid` for one that has none.
        time.sleep(0.3)
        seen.append(bool(server.ask("kafka.mesos.").answer))
        leader.serve_state(handler)

    seen = []
    leader.serve(without_pid)
    leader.streams.send(events.framework_added(hidden),
                        events.task_added(framework, task, statuses=False),
                        events.task_updated(framework, task))
    wait_app(server, "broker", framework="kafka")
    server.wait_until("kafka.mesos.", "A", lambda reply: ask.data(reply, "A") == ["10.9.0.1"])
    assert ask.data(server.ask("_framework._tcp.kafka.mesos.", "SRV"), "SRV") == [
        "0 1 9001 kafka.mesos."]
    assert seen == [False]


def test_pid_survives_events(server, leader):
    """A framework that is told of again keeps what only a state has said of it."""
    with leader.changing() as state:
        state["frameworks"].append(kafka(pid="scheduler@10.9.0.1:9001", hostname="10.9.0.9"))
    follow(server, leader)
    leader.serve(hang)  # no state helps
    for hostname in ("10.9.0.8", "", "nobody.invalid"):
        leader.streams.send(events.framework_updated(kafka(hostname=hostname)))
        leader.run(f"after{len(hostname)}")
        wait_app(server, f"after{len(hostname)}")
        assert ask.data(server.ask("kafka.mesos."), "A") == ["10.9.0.1"], hostname
        assert server.ask("_framework._tcp.kafka.mesos.", "SRV").answer, hostname


def test_flapping_framework():
    """It does not make the master write its state each second, nor more seldom than it may."""
    leaders = {"day.": Leader(states.task("web")), "two.": Leader(states.task("web"))}
    counts = {}
    with following_all(leaders, {"two.": {"poll_interval": 2}}, poll_interval="1d") as server:
        for zone, leader in leaders.items():
            leader.state["frameworks"].append(kafka())
            wait_followed(server, leader)
            counts[zone] = leader.count()

        def enough():
            for leader in leaders.values():
                leader.streams.send(events.framework_updated(kafka()))
            return all(leader.count() >= counts[zone] + 3 for zone, leader in leaders.items())
        wait_for(enough, 60, "states")
    for zone, leader in leaders.items():
        first, second, third = leader.times()[counts[zone]:][:3]
        assert second - first > 1.5, zone
        assert third - second > (1.5 if zone == "two." else 3.2), zone


def test_events_off(server, leader):
    """Nobody subscribes, and polls come as they always did."""
    start(server, leader, events="off", **OFTEN)
    server.wait_polls(leader, 4)
    leader.run("polled", told=False)
    wait_app(server, "polled")
    assert not leader.subscriptions()
    assert not server.module_lines("events")


def is_stale(server):
    return EDE_STALE_ANSWER in ask.extended_errors(
        server.ask("web.marathon.mesos.", "A", UDP_EDNS))


def test_age(server):
    """It counts from the last sign of life: heartbeats are one, and polls that fail are none."""
    with Leader(states.task("web"), streams={"heartbeat": 1.0}) as leader:
        stream = follow(server, leader, poll_interval=1, max_age=4)
        leader.serve(status(500))
        server.zone_reload()
        server.wait_log("polls fail")
        end = time.monotonic() + 5
        while time.monotonic() < end:
            assert server.ask("web.marathon.mesos.").answer and not is_stale(server)
        leader.serve_events(None)
        silent = time.monotonic()
        stream.stall()
        wait_reason(server, leader)
        wait_for(lambda: is_stale(server), what="stale answers")
        assert time.monotonic() - silent > 2.5
        server.wait_until("web.marathon.mesos.", "A",
                          lambda reply: ask.outcome(reply) == "SERVFAIL")
        assert time.monotonic() - silent > 3.5


def test_age_of_an_ended_stream(server):
    """It counts from what came last, not from when the next heartbeat would have been due."""
    with Leader(states.task("web"), streams={"heartbeat": 1000}) as leader:
        stream = follow(server, leader, poll_interval=1, max_age=2)
        leader.run("told")
        wait_app(server, "told")
        leader.serve_events(None)
        leader.serve(status(500))
        stream.cut()
        server.wait_until("told.marathon.mesos.", "A",
                          lambda reply: ask.outcome(reply) == "SERVFAIL")


def test_counters(server, leader):
    """What is counted of events, and of what there is by them."""
    stream = follow(server, leader)
    shown = wait_stat(server, "following")
    assert (shown["following"], shown["subscriptions"]) == (1, 1)
    assert group(shown, "events") == {"subscribed": 1, "heartbeat": 1}
    with leader.changing() as state:
        state["slaves"].append(states.agent(1, "10.0.0.11"))
        state["frameworks"].append(kafka())
    leader.run("api", states.task("far", agent=1))
    stream.send({}, {"type": "AGENT_REMOVED"}, events.HEARTBEAT)
    wait_app(server, "far")
    after = wait_stat(server, "events[heartbeat]", lambda count: count == 2)
    assert difference(group(shown, "events"), group(after, "events")) == {
        "agent-added": 1, "framework-added": 1, "task-added": 3, "task-updated": 3, "other": 1,
        "odd": 1, "heartbeat": 1}
    assert [after[name] for name in ("tasks", "agents", "frameworks")] == [4, 2, 2]
    assert after["publications"] > shown["publications"]
    assert 0 < after["event-lag"] < 10_000_000 * PATIENCE  # microseconds
    with leader.changing() as state:
        del state["slaves"][1], state["frameworks"][1], state["frameworks"][0]["tasks"][1:]
    wait_app(server, "far", gone=True)
    ended = wait_stat(server, "events[agent-removed]")
    assert [ended[name] for name in ("tasks", "agents", "frameworks")] == [1, 1, 1]
    assert ended["events[framework-removed]"] == 1
    leader.serve_events(None)
    stream.cut()
    assert wait_stat(server, "following", lambda count: count == 0)["subscriptions"] == 1
    leader.serve_events(leader.streams)
    assert wait_stat(server, "following")["subscriptions"] == 2


def test_events_that_come_together(server, leader):
    """They are published together, and not one by one."""
    follow(server, leader)
    before = stats(server)["publications"]
    with leader.changing() as state:
        state["frameworks"][0]["tasks"] += [states.task(f"task{n}") for n in range(300)]
    wait_app(server, "task299")
    assert stats(server)["tasks"] == 301
    assert stats(server)["publications"] - before < 100


def test_statuses_of_other_clocks(server, leader):
    """An event's state counts, whatever its status says, or when; so does the newer status."""
    def told(state, timestamp, *addresses, given=None):
        status = {"state": given or state, "timestamp": timestamp, "container_status": {
            "network_infos": [{"ip_addresses": [{"ip_address": one} for one in addresses]}]}}
        leader.streams.send(events.task_updated(
            framework, {**web, "state": state, "statuses": [status]}))

    def wait_addresses(*addresses):
        server.wait_until("web.marathon.mesos.", "A",
                          lambda reply: ask.data(reply, "A") == list(addresses))

    follow(server, leader)
    framework, web = leader.state["frameworks"][0], leader.state["frameworks"][0]["tasks"][0]
    told("TASK_RUNNING", 100.0, "10.1.0.2")
    wait_addresses("10.1.0.2")
    told("TASK_RUNNING", 50.0, "10.1.0.3")  # It takes the last one's place.
    wait_addresses("10.1.0.3")
    told("TASK_KILLING", 7.0)
    wait_addresses()
    told("TASK_RUNNING", 6.0, "10.1.0.4", given="TASK_STARTING")  # ahead of its status
    wait_addresses("10.1.0.3")
    told("TASK_UNREACHABLE", 0.5)
    wait_addresses()
    leader.streams.send(events.task_added(framework, states.task("web", addresses=["10.1.0.5"])))
    wait_addresses("10.1.0.5")
    told("TASK_LOST", 0.1)
    wait_addresses()
    told("TASK_RUNNING", 300.0, "10.1.0.6")  # It has ended; that is no beginning.
    leader.run("after")
    wait_app(server, "after")
    wait_addresses()


def test_host_names(server, leader):
    """An agent whose address is a name: looked up beside the events, which do not wait for it."""
    follow(server, leader)
    with leader.changing() as state:
        state["slaves"] += [states.agent(1, "nobody.invalid"), states.agent(2, "localhost")]
    leader.run(states.task("there", agent=2), states.task("nowhere", agent=1), "after")
    wait_app(server, "after")
    wait_app(server, "there")
    assert ask.data(server.ask("there.marathon.mesos."), "A") == ["127.0.0.1"]
    assert not server.ask("nowhere.marathon.mesos.").answer
    assert set(ask.data(server.ask("slave.mesos."), "A")) == {"10.0.0.10", "127.0.0.1"}


def test_odd_heartbeats():
    """What a master says of its heartbeats is believed if it can be."""
    said = {"none.": None, "zero.": 0, "less.": -5, "text.": "often", "list.": [], "huge.": 1e308}
    leaders = {zone: Leader(states.task("web")) for zone in said}
    for zone, heartbeat in said.items():
        first = events.subscribed(leaders[zone].state)
        first["subscribed"]["heartbeat_interval_seconds"] = heartbeat
        leaders[zone].streams.other_first = first
    with following_all(leaders, poll_interval="1d") as server:
        for leader in leaders.values():
            wait_followed(server, leader)
        time.sleep(1)
        for zone, leader in leaders.items():
            leader.run("told")
            wait_app(server, "told", zone=zone)
            assert len(leader.subscriptions()) == 1


def test_zones_share_a_subscription(server, leader):
    """As they share a poller; also two sections that differ in names only."""
    server.module("cluster", master=leader.address)
    for zone in ZONES:
        server.zone(zone, "", ["mod-mesos/cluster"])
    server.module("other", master=leader.address, ttl=7)
    server.zone("other.", "", ["mod-mesos/other"])
    server.start()
    wait_followed(server, leader)
    leader.run("api")
    wait_app(server, "api")
    server.wait_until("api.marathon.other.", "A", lambda reply: reply.answer)
    assert len(leader.subscriptions()) == 1


def test_sections_with_other_settings(server, leader):
    """Each as its own say: one follows, one polls, one does neither for long."""
    for id, options in (("follows", {"poll_interval": "1d"}), ("polls", {"events": "off"}),
                        ("waits", {"events": "off", "poll_interval": "1d"})):
        server.module(id, master=leader.address, **{"poll_interval": 1, **options})
        server.zone(f"{id}.", "", [f"mod-mesos/{id}"])
    server.start()
    wait_followed(server, leader)
    server.wait_ready("web.marathon.waits.")
    leader.run("api")
    for id in ("follows", "polls"):
        server.wait_until(f"api.marathon.{id}.", "A", lambda reply: reply.answer)
    server.wait_polls(leader, leader.count() + 2)
    assert not server.ask("api.marathon.waits.").answer
    assert len(leader.subscriptions()) == 1
