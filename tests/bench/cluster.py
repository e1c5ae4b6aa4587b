# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that never were, of any size, as a master tells of them.

A task has a container, a discovery with two ports, labels, a health check, and statuses with the
address of its container: about 1.8 KB. There are 20 tasks on an agent if not said otherwise, four
frameworks, apps of one to eight instances, and one completed task for every 12 that run, all in no
order, as a master has them. The same size gives the same bytes.
"""
import json
import random

import events

MASTER = "8d2f2f1c-9e3b-4f6a-b0a9-5b0d8a5f7c11"
FRAMEWORKS = ("marathon", "chronos", "kafka", "spark")
INSTANCES = (1, 2, 3, 4, 6, 8)  # of the apps, by turns
TASKS_ON_AN_AGENT = 20
RUNNING_FOR_A_COMPLETED = 12


def apps(tasks):
    """(framework, app's name, indexes of its tasks), as many apps as make that many tasks."""
    first, number = 0, 0
    while first < tasks:
        count = min(INSTANCES[number % len(INSTANCES)], tasks - first)
        yield FRAMEWORKS[number % len(FRAMEWORKS)], f"app-{number}", range(first, first + count)
        first, number = first + count, number + 1


def framework_id(name):
    return f"{MASTER}-{FRAMEWORKS.index(name):04}"


def _agent_id(index):
    return f"{MASTER}-S{index}"


def _agent(index):
    address = f"10.{index // 62500}.{index // 250 % 250}.{index % 250 + 1}"
    resources = {"cpus": 32.0, "disk": 409600.0, "gpus": 0.0, "mem": 131072.0,
                 "ports": "[31000-32000]"}
    return {
        "id": _agent_id(index), "hostname": f"agent-{index}.example.com", "port": 5051,
        "attributes": {"rack": f"r{index % 40}"}, "pid": f"slave(1)@{address}:5051",
        "registered_time": 1700000000.25 + index, "resources": resources,
        "used_resources": resources, "offered_resources": {}, "reserved_resources": {},
        "unreserved_resources": resources, "active": True, "deactivated": False,
        "version": "1.12.0", "capabilities": ["MULTI_ROLE", "HIERARCHICAL_ROLE"],
        "reserved_resources_full": {}, "unreserved_resources_full": [],
        "used_resources_full": [], "offered_resources_full": [],
    }


def _framework(name):
    return {"id": framework_id(name), "name": name, "hostname": f"{name}.example.com",
            "pid": f"scheduler-1@10.255.0.{FRAMEWORKS.index(name) + 1}:15000", "active": True,
            "connected": True, "recovered": False, "role": "*"}


def _status(state, index, address):
    return {
        "state": state, "timestamp": 1700000000.5 + index + (state == "TASK_RUNNING"),
        "container_status": {
            "container_id": {"value": f"{index:08x}-5c1d-4d0e-9f4e-6a1f6e0d2b7c"},
            "network_infos": [{"ip_addresses": [{"protocol": "IPv4", "ip_address": address}],
                               "name": "bridge", "labels": {"labels": []}}],
        },
        "healthy": True,
    }


def task(index, app, framework, agent, state="TASK_RUNNING"):
    """A task as a state lists it; its address and its ID are of its index."""
    address = f"172.{16 + index // 62500}.{index // 250 % 250}.{index % 250 + 1}"
    port = 31000 + index % 20 * 2
    return {
        "id": f"{app}.{index:08x}-7f1e-11ee-a1b2-0242ac110002", "name": app,
        "framework_id": framework_id(framework), "executor_id": "", "slave_id": _agent_id(agent),
        "state": state,
        "resources": {"cpus": 0.5, "disk": 0.0, "gpus": 0.0, "mem": 512.0,
                      "ports": f"[{port}-{port + 1}]"},
        "role": "*",
        "statuses": [_status("TASK_STARTING", index, "10.0.0.1"),
                     _status("TASK_RUNNING", index, address)],
        "labels": [{"key": "team", "value": "the-team-that-runs-this"},
                   {"key": "HAPROXY_GROUP", "value": "external"},
                   {"key": "HAPROXY_0_VHOST", "value": f"{app}.services.example.com"},
                   {"key": "traefik.enable", "value": "true"}],
        "discovery": {
            "visibility": "FRAMEWORK", "name": app,
            "ports": {"ports": [
                {"number": 8080, "name": "http", "protocol": "tcp",
                 "labels": {"labels": [{"key": "VIP_0", "value": f"/{app}:80"}]}},
                {"number": 9090, "name": "metrics", "protocol": "tcp"}]},
        },
        "health_check": {
            "type": "HTTP", "http": {"port": 8080, "path": "/health", "scheme": "http"},
            "delay_seconds": 15.0, "interval_seconds": 10.0, "timeout_seconds": 20.0,
            "consecutive_failures": 3, "grace_period_seconds": 300.0,
        },
        "container": {
            "type": "DOCKER",
            "docker": {
                "image": f"registry.example.com/team/{app}:1.4.{index % 90}",
                "network": "BRIDGE", "privileged": False, "force_pull_image": False,
                "port_mappings": [
                    {"host_port": port, "container_port": 8080, "protocol": "tcp"},
                    {"host_port": port + 1, "container_port": 9090, "protocol": "tcp"}],
                "parameters": [{"key": "label", "value": f"MESOS_TASK_ID={index}"}],
            },
        },
    }


def _dump(value):
    return json.dumps(value, separators=(",", ":"))


def _array(out, head, values, tail="]"):
    """Writes `head`, the values as an array's, and what closes it; they are never all in memory."""
    out.write(head + "[")
    for number, value in enumerate(values):
        out.write("," * (number > 0) + _dump(value))
    out.write(tail)


class Cluster:
    """One cluster; with `huge`, all of its tasks are one app's."""

    def __init__(self, tasks, agents=None, huge=False):
        self.tasks, self.huge = tasks, huge
        self.agents = agents or max(1, tasks // TASKS_ON_AN_AGENT)
        self._running = {name: [] for name in FRAMEWORKS}
        for framework, app, indexes in [("marathon", "huge", range(tasks))] if huge else apps(tasks):
            self._running[framework] += [(index, app) for index in indexes]
        for listed in self._running.values():
            random.Random(1).shuffle(listed)

    def __str__(self):
        return f"{self.tasks}-{self.agents}{'-huge' * self.huge}"

    def _tasks(self, framework, state="TASK_RUNNING"):
        step = 1 if state == "TASK_RUNNING" else RUNNING_FOR_A_COMPLETED
        for index, app in self._running[framework][::step]:
            yield task(index, app, framework, index % self.agents, state)

    def write_state(self, path, leader):
        """Writes what `/master/state` gives; `leader` is an address."""
        with open(path, "w", encoding="utf-8") as out:
            head = {"version": "1.12.0", "id": MASTER, "pid": f"master@{leader}",
                    "hostname": leader.partition(":")[0], "leader": f"master@{leader}",
                    "elected_time": 1700000000.0, "activated_slaves": float(self.agents),
                    "flags": {"registry_fetch_timeout": "1mins"}}
            _array(out, _dump(head)[:-1] + ',"slaves":', map(_agent, range(self.agents)))
            out.write(',"recovered_slaves":[],"frameworks":[')
            for number, name in enumerate(FRAMEWORKS):
                out.write("," * (number > 0))
                _array(out, _dump(_framework(name))[:-1] + ',"tasks":', self._tasks(name))
                _array(out, ',"completed_tasks":', self._tasks(name, "TASK_FINISHED"), "]}")
            out.write('],"completed_frameworks":[],"orphan_tasks":[]}')

    def write_subscribed(self, path):
        """Writes the first event of a stream, which holds all of that once more."""
        def tasks(state):
            return (events.task({"id": framework_id(name)}, one)
                    for name in FRAMEWORKS for one in self._tasks(name, state))

        with open(path, "w", encoding="utf-8") as out:
            out.write('{"type":"SUBSCRIBED","subscribed":{"heartbeat_interval_seconds":'
                      f'{events.HEARTBEAT_SECONDS},"get_state":{{"get_agents":{{')
            _array(out, '"agents":', map(events.agent, map(_agent, range(self.agents))))
            out.write(',"recovered_agents":[]},"get_executors":{"executors":[]},')
            _array(out, '"get_frameworks":{"frameworks":',
                   map(events.framework, map(_framework, FRAMEWORKS)))
            out.write(',"completed_frameworks":[]},')
            _array(out, '"get_tasks":{"tasks":', tasks("TASK_RUNNING"))
            _array(out, ',"completed_tasks":', tasks("TASK_FINISHED"), "]}}}}")
