# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances that are not well, by the option `health`: what they share and what stays theirs."""
import random
import threading

import ask
import events
import model
import pytest
import states
from ask import TCP, UDP
from expected import Expected, serving
from knotd import Knotd
from streams import Streams
from waiting import wait_for

RULES = ("ignore", "avoid", "require")


def instance(name, number, healthy=None, check=False, address=None, **items):
    """An instance with an address of its own, 10.1.0.NUMBER unless said."""
    made = states.task(name, f"{name}.{number}", ports=f"[{31000 + number}-{31000 + number}]",
                       addresses=[address or f"10.1.0.{number}"], **items)
    if healthy is not None:
        made["statuses"][-1]["healthy"] = healthy
    if check:
        made["health_check"] = {"type": "COMMAND", "command": {"value": "true"}}
    return made


def canonical(name, number):
    return f"{name}-{model.task_hash(f'{name}.{number}')}-s0.marathon.mesos."


# What each name has, worked out by hand for each rule: the numbers of its instances.
BY_HAND = {
    "some": {"ignore": {1, 2, 3}, "avoid": {1, 3}, "require": {1, 3}},
    "none": {"ignore": {4, 5}, "avoid": {4, 5}, "require": {4, 5}},
    "unsaid": {"ignore": {6, 7}, "avoid": {6, 7}, "require": {7}},
    "latest": {"ignore": {8, 9}, "avoid": {9}, "require": {9}},
    "alone": {"ignore": {10}, "avoid": {10}, "require": {10}},
}


def by_hand(master):
    latest = instance("latest", 8)
    latest["statuses"] = [
        {"state": "TASK_RUNNING", "timestamp": 3.0, "healthy": False},
        {"state": "TASK_KILLING", "timestamp": 2.0, "healthy": True},
        {**latest["statuses"][0], "timestamp": 4.0}]
    return states.state(master, states.framework(
        "marathon",
        instance("some", 1, True), instance("some", 2, False), instance("some", 3),
        instance("none", 4, False), instance("none", 5, False, True),
        instance("unsaid", 6, None, True), instance("unsaid", 7, True, True),
        latest, instance("latest", 9, True),
        instance("alone", 10, None, True)))


@pytest.mark.parametrize("rule", RULES)
def test_by_hand(rule, master):
    content = by_hand(master)
    master.serve(content)
    with serving(master, health=rule) as server:
        for name, numbers in BY_HAND.items():
            wanted = numbers[rule]
            reply = server.ask(f"{name}.marathon.mesos.", "A")
            assert set(ask.data(reply, "A")) == {f"10.1.0.{number}" for number in wanted}
            reply = server.ask(f"_{name}._tcp.marathon.mesos.", "SRV")
            assert {int(data.split()[2]) - 31000 for data in ask.data(reply, "SRV")} == wanted
            for number in numbers["ignore"]:
                reply = server.ask(canonical(name, number), "A")
                assert ask.data(reply, "A") == [f"10.1.0.{number}"]
                reply = server.ask(f"{number}.0.1.10.in-addr.arpa.", "PTR")
                assert ask.data(reply, "PTR") == [f"{name}.marathon.mesos."]
        records = model.Model(content, [(master.host, master.port)],
                              options={"health": rule}).records
        assert not Expected(records).differences(server, model.tempting_owners(content))


def test_families_are_decided_together(master):
    """A well instance with one family takes the name from an unwell one of the other."""
    master.serve(states.state(master, states.framework(
        "marathon",
        instance("web", 1, True), instance("web", 2, False, address="fd00::2"),
        instance("six", 3, False), instance("six", 4, False, address="fd00::4"))))
    with serving(master, health="avoid") as server:
        assert ask.data(server.ask("web.marathon.mesos.", "A"), "A") == ["10.1.0.1"]
        assert ask.outcome(server.ask("web.marathon.mesos.", "AAAA")) == "NODATA"
        assert ask.data(server.ask(canonical("web", 2), "AAAA"), "AAAA") == ["fd00::2"]
        assert ask.data(server.ask("six.marathon.mesos.", "A"), "A") == ["10.1.0.3"]
        assert ask.data(server.ask("six.marathon.mesos.", "AAAA"), "AAAA") == ["fd00::4"]


def random_status(draw):
    status = {"state": draw.choice(["TASK_RUNNING"] * 4 + ["TASK_STARTING", "TASK_KILLING"]),
              "timestamp": draw.randrange(4)}
    healthy = draw.choice([None, True, False, False, "false", 0])
    if healthy is not None:
        status["healthy"] = healthy
    status["container_status"] = {"network_infos": [{"ip_addresses": [
        {"ip_address": draw.choice(["10.2.0.%d", "fd00::%d"]) % draw.randrange(1, 12)}
        for _ in range(draw.randrange(3))]}]}
    return status


def random_state(draw, master):
    tasks = []
    for number in range(60):
        name = draw.choice(["a", "b", "c", "d.e", "f"])
        made = states.task(name, f"t{number}", agent=draw.randrange(2),
                           ports=draw.choice([None, "[1-1]", "[2-3]"]))
        made["statuses"] = [random_status(draw) for _ in range(draw.randrange(4))]
        if draw.random() < 0.4:
            made["health_check"] = draw.choice([{}, {"type": "TCP"}])
        if draw.random() < 0.4:
            made["discovery"] = states.discovery(name, (80, draw.choice(["http", ""]), "tcp"))
        tasks.append(made)
    agents = [states.agent(), states.agent(1, "fd00::a1")]
    return states.state(master, states.framework("marathon", *tasks[:30]),
                        states.framework("chronos", *tasks[30:]), agents=agents)


@pytest.mark.parametrize("rule", RULES)
def test_random_states(rule, master):
    draw = random.Random(rule)
    for _ in range(3):
        content = random_state(draw, master)
        master.serve(content)
        records = model.Model(content, [(master.host, master.port)],
                              options={"health": rule}).records
        with serving(master, health=rule) as server:
            assert not Expected(records).differences(server, model.tempting_owners(content))


class Asker(threading.Thread):
    """Asks for a name without a pause, and keeps every different answer."""

    def __init__(self, server, name, kind):
        super().__init__()
        self.server, self.name_asked, self.kind = server, name, kind
        self.ending, self.outcomes, self.sets = threading.Event(), set(), set()

    def run(self):
        while not self.ending.is_set():
            reply = self.server.ask(self.name_asked, self.kind, UDP)
            self.outcomes.add(ask.outcome(reply))
            self.sets.add(frozenset(ask.data(reply, self.kind)))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join()


HEALTH_REASON = "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED"


class Cluster:
    """Instances whose health events tell, and what a server has to give of them."""

    def __init__(self, master, count):
        self.tasks = [instance("web", number, True) for number in range(1, count + 1)]
        self.framework = states.framework("marathon", *self.tasks)
        self.content = states.state(master, self.framework)
        self.time = 1.0

    def say(self, stream, number, healthy):
        self.time += 1
        status = {**self.tasks[number]["statuses"][-1], "timestamp": self.time,
                  "healthy": healthy, "reason": HEALTH_REASON}
        self.tasks[number]["statuses"] = [status]
        stream.send(events.task_updated(self.framework, self.tasks[number]))

    def addresses(self):
        well = {number for number, task in enumerate(self.tasks, 1)
                if task["statuses"][-1]["healthy"]}
        return {f"10.1.0.{number}" for number in well or range(1, len(self.tasks) + 1)}


@pytest.mark.parametrize("rule", ["avoid", "require"])
def test_events(rule, master):
    """Instances fall ill and recover by events, and no query goes without an answer."""
    cluster = Cluster(master, 6)
    streams = Streams(lambda: cluster.content)
    master.serve(cluster.content)
    master.serve_events(streams)
    with Knotd() as server:
        server.module("cluster", master=master.address, health=rule, poll_interval=3600)
        server.zone("mesos.", "", ["mod-mesos/cluster"])
        server.start()
        server.wait_ready("web.marathon.mesos.")
        stream = streams.wait()
        # The state that is read because of the subscription has come.
        wait_for(lambda: master.count() >= 2, 10, "the state after subscribing")
        with Asker(server, "web.marathon.mesos.", "A") as asker, \
                Asker(server, "_web._tcp.marathon.mesos.", "SRV") as services:
            given = [frozenset(cluster.addresses())]
            for number, healthy in [(0, False), (0, True), *((i, False) for i in range(6)),
                                    *((i, True) for i in (3, 4, 2)), (3, False), (3, True)]:
                cluster.say(stream, number, healthy)
                given.append(frozenset(cluster.addresses()))
                server.wait_until("web.marathon.mesos.", "A",
                                  lambda reply: set(ask.data(reply, "A")) == given[-1])
        assert asker.outcomes == services.outcomes == {"ANSWER"}
        assert asker.sets <= set(given)
        assert {len(found) for found in services.sets} <= {len(found) for found in given}
        for number in range(1, 7):
            assert ask.data(server.ask(canonical("web", number), "A", TCP), "A") == [
                f"10.1.0.{number}"]


def test_reload_with_another_rule(server_rules, master):
    """The rule can change without a moment in which there is no answer."""
    server, content = server_rules
    with Asker(server, "some.marathon.mesos.", "A") as asker:
        for rule in ("avoid", "ignore", "require", "avoid"):
            server.module("cluster", master=master.address, health=rule)
            server.reload()
            wanted = {f"10.1.0.{number}" for number in BY_HAND["some"][rule]}
            server.wait_until("some.marathon.mesos.", "A",
                              lambda reply: set(ask.data(reply, "A")) == wanted)
    assert asker.outcomes == {"ANSWER"}
    assert {len(found) for found in asker.sets} == {2, 3}


@pytest.fixture(name="server_rules")
def _server_rules(master):
    content = by_hand(master)
    master.serve(content)
    with serving(master) as server:
        yield server, content
