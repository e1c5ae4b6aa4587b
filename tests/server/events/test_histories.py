# SPDX-License-Identifier: GPL-3.0-or-later
"""Random histories: what thousands of events lead to is what the last state says.

TEST_SEED repeats a run; each prints its own.
"""
import os
import random

import events
import model
import pytest
import states
from counters import stats
from expected import Expected, serving
from following import SOON, own_of_frameworks, unasked, wait_app, wait_followed, wait_reason
from waiting import wait_for

AGENTS, FRAMEWORKS, NAMES, LIVE = 12, 4, 40, 70

# What tasks have beside a name: some have ports, some a discovery, some addresses of their own.
SHAPES = [
    lambda rng: {},
    lambda rng: {"ports": f"[{rng.randrange(31000, 31005)}-31006]"},
    lambda rng: {"addresses": [f"10.1.{rng.randrange(4)}.{rng.randrange(1, 250)}"]},
    lambda rng: {"addresses": [f"fd00::{rng.randrange(1, 250):x}", f"10.2.0.{rng.randrange(9)}"],
                 "ports": "[31000-31001]"},
    lambda rng: {"discovery": states.discovery(f"disc.{rng.randrange(9)}", (8080, "http", "tcp"),
                                               (53, "", ""))},
]

COUNTED = ("tasks", "agents", "frameworks", "names", "records")


class History:
    """A leader's state that changes at random, and the events that tell of it."""

    def __init__(self, leader, seed, frameworks):
        self.leader, self.rng = leader, random.Random(seed)
        self.sending = random.Random(seed)  # How often it is used hangs on who listens.
        self.number, self.marks = 0, 0
        leader.state = states.state(
            leader, states.framework("marathon"), *(
                states.framework(f"fw{number}", pid=f"scheduler@10.9.0.{number}:9001")
                for number in range(1, FRAMEWORKS)),
            agents=[states.agent(number, f"10.0.0.{number + 10}") for number in range(AGENTS)])
        self.steps = [self.start] * 20 + [self.end] * 8 + [self.change] * 12 + [
            self.pause, self.pause, self.add_agent, self.remove_agent, self.noise, self.noise]
        if frameworks:
            self.steps += [self.add_framework, self.update_framework, self.remove_framework]

    @property
    def state(self):
        return self.leader.state

    def all_tasks(self):
        return [(framework, task) for framework in self.state["frameworks"]
                for task in framework["tasks"]]

    def go(self, count):
        """So many steps; their events, which are at least as many."""
        told = []
        with self.leader.changing_lock:
            for _ in range(count):
                told += self.rng.choice(self.steps)()
            self.send(told)
        return len(told)

    def send(self, told):
        """Together or one by one, by chunks that are records or are not."""
        for stream in self.leader.streams.open():
            if self.sending.random() < 0.3:
                stream.send_chunked(*told, size=self.sending.choice([1000, 4096, 100000]))
            else:
                stream.send(*told)

    # What can happen. Each gives the events that tell of it; the state has it then.

    def task_of(self, framework):
        self.number += 1
        agent = self.rng.choice(self.state["slaves"])
        task = states.task(f"app{self.rng.randrange(NAMES)}", f"task.{self.number}",
                           agent=int(agent["id"].rpartition("-S")[2]),
                           **self.rng.choice(SHAPES)(self.rng))
        framework["tasks"].append(task)
        return task

    def start(self):
        if len(self.all_tasks()) >= LIVE:
            return self.end()
        framework = self.rng.choice(self.state["frameworks"])
        task = self.task_of(framework)
        starting = {"state": "TASK_STARTING", "timestamp": 0.5}
        task["statuses"].insert(0, starting)
        told = [events.task_added(framework, task, statuses=False)]
        return told + [events.task_updated(framework, task, number, status["state"])
                       for number, status in enumerate(task["statuses"])]

    def end(self):
        if not self.all_tasks():
            return []
        framework, task = self.rng.choice(self.all_tasks())
        framework["tasks"].remove(task)
        gone = events.task_gone(framework, task, self.rng.choice(sorted(events.ENDED)))
        return [gone] * self.rng.choice([1, 1, 2])

    def update(self, framework, task, status):
        """A status by the master's own rule."""
        if task["statuses"][-1]["state"] == status["state"]:
            task["statuses"].pop()
        task["statuses"].append(status)
        task["state"] = status["state"]
        return [events.task_updated(framework, task)] * self.rng.choice([1, 1, 2])

    def change(self):
        """A task runs, perhaps again, perhaps elsewhere."""
        if not self.all_tasks():
            return []
        framework, task = self.rng.choice(self.all_tasks())
        self.number += 1
        addresses = [{"ip_address": f"10.3.0.{self.rng.randrange(250)}"}
                     for _ in range(self.rng.randrange(3))]
        return self.update(framework, task, {
            "state": "TASK_RUNNING", "timestamp": float(self.number),
            "reason": "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED",
            "container_status": {"network_infos": [{"ip_addresses": addresses}]}})

    def pause(self):
        """A task does not run now."""
        if not self.all_tasks():
            return []
        self.number += 1
        return self.update(*self.rng.choice(self.all_tasks()), {
            "state": self.rng.choice(["TASK_STARTING", "TASK_KILLING"]),
            "timestamp": float(self.number)})

    def add_agent(self):
        if len(self.state["slaves"]) > AGENTS:
            return []
        self.number += 1
        agent = states.agent(100 + self.number, f"10.0.{1 + self.number // 250}.{self.number % 250}")
        self.state["slaves"].append(agent)
        return [events.agent_added(agent)]

    def remove_agent(self):
        if len(self.state["slaves"]) < 3:
            return []
        agent = self.rng.choice(self.state["slaves"])
        told = []
        for framework, task in self.all_tasks():
            if task["slave_id"] == agent["id"]:
                framework["tasks"].remove(task)
                told.append(events.task_gone(framework, task, "TASK_LOST"))
        self.state["slaves"].remove(agent)
        return told + [events.agent_removed(agent)]

    def noise(self):
        """What says nothing of names, or of what nobody knows."""
        framework = self.rng.choice(self.state["frameworks"])
        unknown = states.task("unknown", "never-there")
        return [self.rng.choice([
            events.HEARTBEAT, {"type": "SOMETHING_NEW", "something_new": {}},
            events.task_updated(framework, unknown), events.task_gone(framework, unknown),
            events.agent_removed(states.agent(77777))])]

    def add_framework(self):
        if len(self.state["frameworks"]) > FRAMEWORKS + 2:
            return []
        self.number += 1
        framework = states.framework(f"new{self.number}", hostname=f"10.8.0.{self.number % 250}",
                                     pid=self.rng.choice(["", "scheduler@10.9.1.1:9002"]))
        self.state["frameworks"].append(framework)
        self.task_of(framework)
        return [events.framework_added(framework),
                events.task_added(framework, framework["tasks"][0], statuses=False),
                events.task_updated(framework, framework["tasks"][0])]

    def update_framework(self):
        framework = self.rng.choice(self.state["frameworks"][1:])
        framework["hostname"] = f"10.8.1.{self.rng.randrange(250)}"
        return [events.framework_updated(framework)]

    def remove_framework(self):
        if len(self.state["frameworks"]) < 3:
            return []
        framework = self.rng.choice(self.state["frameworks"][1:])
        self.state["frameworks"].remove(framework)
        return [events.task_gone(framework, task, "TASK_KILLED") for task in framework["tasks"]] + [
            events.framework_removed(framework)]

    def mark(self, server):
        """Waits until all that was told is applied."""
        self.marks += 1
        with self.leader.changing_lock:
            framework = self.state["frameworks"][0]
            agent = int(self.state["slaves"][0]["id"].rpartition("-S")[2])
            task = states.task(f"mark{self.marks}", agent=agent)
            framework["tasks"].append(task)
            self.send([events.task_added(framework, task, statuses=False),
                       events.task_updated(framework, task)])
        wait_app(server, task["name"])
        with self.leader.changing_lock:
            framework["tasks"].remove(task)
            self.send([events.task_gone(framework, task)])
        wait_app(server, task["name"], gone=True)

    def expected(self):
        return Expected(model.Model(self.state).records)


@pytest.fixture
def history(request, leader):
    seed = os.environ.get("TEST_SEED") or str(random.randrange(1 << 32))
    print(f"TEST_SEED={seed}")
    return History(leader, seed, getattr(request, "param", False))


def run(server, history, steps, cut=False):
    """So many steps, now and then held against the state; gives the number of events."""
    told, seen = 0, set()
    for number in range(steps // 20):
        told += history.go(20)
        if cut and number % 12 == 6:
            ended = history.leader.streams.open()
            for stream in ended:
                stream.cut()
        if number % 12 == 11:
            if cut:
                wait_for(history.leader.streams.open, SOON, "a subscriber")
            history.mark(server)
            compare(server, history, seen, cut)
    return told


def compare(server, history, seen, late=False):
    """Holds a server against the state, but for what events leave out, if they do."""
    expected = history.expected()
    seen |= expected.owners
    own = own_of_frameworks(history.state)

    def wrong():
        return [line for line in expected.differences(server, seen) if line.split()[0] not in own]
    if late:
        wait_for(lambda: not wrong(), SOON, "the state's records")
    else:
        assert not wrong()


def assert_as_fresh(server, history):
    """The same records and numbers as of a server that knows the last state alone."""
    expected = history.expected()
    wait_for(lambda: not expected.differences(server, expected.owners), SOON, "the last state")
    with serving(history.leader, events="off", poll_interval="1d") as fresh:
        assert not expected.differences(fresh, expected.owners)
        numbers = [{name: stats(one).get(name) for name in COUNTED} for one in (server, fresh)]
        assert numbers[0] == numbers[1]


def test_tasks_and_agents(history, leader):
    """All of it is told: not one state is read."""
    with serving(leader, poll_interval=1, resync_interval="1d") as server:
        wait_followed(server, leader)
        with unasked(leader):
            assert run(server, history, 1200) > 2000
        assert_as_fresh(server, history)


@pytest.mark.parametrize("history", [True], indirect=True)
def test_frameworks(history, leader):
    """States are read again and again, while events come."""
    with serving(leader, poll_interval=1, resync_interval="1d") as server:
        wait_followed(server, leader)
        assert run(server, history, 1200) > 2000
        assert_as_fresh(server, history)


@pytest.mark.parametrize("history", [True], indirect=True)
def test_streams_that_break(history, leader):
    """What is not told while nobody listens is known soon after."""
    with serving(leader, poll_interval=1, resync_interval="1d") as server:
        wait_followed(server, leader)
        run(server, history, 960, cut=True)
        assert wait_reason(server, leader, 4)
        assert_as_fresh(server, history)
