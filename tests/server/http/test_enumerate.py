# SPDX-License-Identifier: GPL-3.0-or-later
"""/v1/enumerate: what Mesos-DNS lists, and each record under the first task that makes it."""
import copy
import random

import lists
import model
import pytest
import states
from as_dns import all_enumerated, enumerated
from expected import serving
from knotd import Knotd
from ports import free_port
from waiting import wait_for
from web import Web


def tasks_of(document):
    return sorted((framework["name"], task["name"], task["id"])
                  for framework in document["frameworks"] for task in framework["tasks"])


def made(state, sources, index=None):
    """The records that tasks make by the model of the rules: of one framework's task, or none."""
    alone = copy.deepcopy(state)
    for number, framework in enumerate(alone["frameworks"]):
        framework["tasks"] = [task for place, task in enumerate(framework["tasks"])
                              if (number, place) == index]
    return lists.as_listed(model.Model(alone, sources=sources).records)


def expected(state, sources):
    """The document by the model: frameworks and tasks by ID, a record under its first task."""
    nobody, seen, frameworks = made(state, sources), set(), []
    for number, framework in sorted(enumerate(state["frameworks"]), key=lambda one: one[1]["id"]):
        tasks = []
        for place, task in sorted(enumerate(framework["tasks"]), key=lambda one: one[1]["id"]):
            records = made(state, sources, (number, place)) - nobody
            if records:
                tasks.append({"name": task["name"], "id": task["id"], "records": records - seen})
            seen |= records
        frameworks.append({"name": framework["name"], "tasks": tasks})
    return frameworks


def assert_expected(document, state, sources):
    wanted = expected(state, sources)
    found = document["frameworks"] or []
    assert [framework["name"] for framework in found] == [one["name"] for one in wanted]
    for framework, other in zip(found, wanted):
        assert list(framework) == ["tasks", "name"]
        assert [(task["name"], task["id"]) for task in framework["tasks"]] == [
            (task["name"], task["id"]) for task in other["tasks"]]
        for task, wanted_task in zip(framework["tasks"], other["tasks"]):
            assert list(task) == ["name", "id", "records"]
            assert enumerated(task) == wanted_task["records"], task["id"]
            assert task["records"] is None or task["records"]


@pytest.mark.parametrize("state", lists.STATES)
def test_as_recorded(master, state):
    content, port = lists.state(state, master.port), free_port()
    master.serve(content)
    with serving(master, http=f"127.0.0.1@{port}",
                 ip_source=list(model.MESOS_DNS_SOURCES)):
        ours = Web("127.0.0.1", port).get("/v1/enumerate").json()
    assert_expected(ours, content, model.MESOS_DNS_SOURCES)
    for fork, document in lists.recorded(state, "enumerate").items():
        assert list(ours) == list(document)
        assert sorted(one["name"] for one in ours["frameworks"]) == sorted(
            one["name"] for one in document["frameworks"])
        # Who has only names that DNS cannot carry is not listed here.
        wanted = [(framework["name"], task["name"], task["id"])
                  for framework in document["frameworks"] for task in framework["tasks"]
                  if lists.translated(enumerated(task) or {("x.mesos.", "A", "")})]
        assert tasks_of(ours) == sorted(wanted)
        theirs = lists.translated({one for one in all_enumerated(document) if one[1] != "PTR"})
        found = all_enumerated(ours)
        if fork == "orig":
            assert not theirs - found
            assert all(map(lists.is_discovery_on_agents, found - theirs))
        else:
            assert found == theirs


@pytest.mark.parametrize("seed", range(4))
def test_as_modelled(master, seed):
    content, port = lists.random_state(random.Random(seed), master), free_port()
    master.serve(content)
    with serving(master, http=f"127.0.0.1@{port}"):
        first, again = (Web("127.0.0.1", port).get("/v1/enumerate") for _ in range(2))
    assert first.body == again.body
    assert_expected(first.json(), content, model.DEFAULT_SOURCES)
    # What it lists is in /v1/axfr, and DNS gives that.
    everything = lists.as_listed(model.Model(content, [model.pid_parts(master.pid)]).records)
    assert all_enumerated(first.json()) <= everything


def test_no_frameworks(master):
    port = free_port()
    master.serve(states.state(master))
    with serving(master, http=f"127.0.0.1@{port}"):
        assert Web("127.0.0.1", port).get("/v1/enumerate").json() == {"frameworks": None}


def test_odd_texts(master):
    """Names are told as Mesos has them, whatever bytes they are of."""
    port, odd = free_port(), "Odd \"name\"\\ <&> \u0007 \u540d \U0001f600 /x"
    framework = {**states.framework("f", states.task("web", id=odd)), "name": odd}
    master.serve(states.state(master, framework))
    with serving(master, http=f"127.0.0.1@{port}"):
        document = Web("127.0.0.1", port).get("/v1/enumerate").json()
    assert [framework["name"] for framework in document["frameworks"]] == [odd]
    assert tasks_of(document) == [(odd, "web", odd)]


def test_reverse_zone(master):
    port = free_port()
    master.serve(states.state(master, states.framework(
        "f", states.task("web", addresses=["10.1.0.1", "fd00::1"]))))
    with serving(master, http=f"127.0.0.1@{port}"):
        document = Web("127.0.0.1", port).get("/v1/enumerate?zone=in-addr.arpa").json()
        assert all_enumerated(document) == {("1.0.1.10.in-addr.arpa.", "PTR", "web.f.mesos.")}


def test_follows_changes(master):
    """It is of what there is now, also after a reload with other rules."""
    port = free_port()
    with Knotd() as server:
        options = {"master": master.address, "http": f"127.0.0.1@{port}", "poll_interval": 1}
        master.serve(states.state(master, states.framework("f", states.task("1web"))))
        server.module("cluster", **options)
        server.zone("mesos.", modules=["mod-mesos/cluster"])
        server.start()
        server.wait_loaded()
        web = Web("127.0.0.1", port)
        assert ("1web.f.mesos.", "A", "10.0.0.10") in all_enumerated(web.get("/v1/enumerate").json())
        master.serve(states.state(master, states.framework("g", states.task("2web"))))
        wait_for(lambda: ("2web.g.mesos.", "A", "10.0.0.10") in all_enumerated(
            web.get("/v1/enumerate").json()), what="the new task")
        server.module("cluster", label_rules="rfc952", **options)
        server.reload()
        wait_for(lambda: ("web.g.mesos.", "A", "10.0.0.10") in all_enumerated(
            web.get("/v1/enumerate").json()), what="other labels")
