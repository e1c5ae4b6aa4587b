# SPDX-License-Identifier: GPL-3.0-or-later
"""What tenants' tasks may say to spoil the names that the operator's options make of it.

Everybody else's names are as they should be, a poll or an event takes what it takes otherwise, and
the log says a little, once.
"""
import contextlib
import copy

import events
import model
import states
from expected import Expected, serving
from following import Leader, unasked, wait_followed
from knotd import PRELOAD
from waiting import wait_for

# A text of more than 64 KiB is passed over as if it was not there.
TEXT_MAX = (64 << 10) - 2

KEY = "dns-name"

VALUES = [
    "", ".", "..", "...", ".a.", "a..b", "a.", "-", "-.-", "_", "a_b.c_d",
    "leader", "Leader", "leader.", "master", "master0", "MASTER12", "master.0", "slave", "x.slave",
    "SLAVE.", "_slave._tcp", "s0.slave", "tenant", "marathon", "web.marathon", "chronos", "shop",
    "{", "}", "{}", "{task}", "{label:dns-name}", "a{b}c", "%s%n%x", "$ORIGIN", "@", "*", "\\000",
    "a\0b", "\0", "line\nfeed", "\x1b[31mred", "tab\tquote\"'", "\u202eright-to-left", "\ud800",
    "münchen", "xn--mnchen-3ya", "例え", "ａｂｃ", "İ", "K", "ß", "\U0001f600",
    "x" * 63, "y" * 64, "Z" * 300, "-" * 5000 + "end", "é" * 3000 + "long", "w" * 60000,
    ".".join("a" * 120), ".".join("b" * 127), ".".join("c" * 20000), ".".join(["d" * 63] * 4),
    "." * 60000,
]
NUMBERS = ["7", "007", "65536", "-1", "1e3", " 7", "7 ", "0x7", "١٢٣", "", "true", "True", "{", "a\0b",
           "1" * 60000, "0" * 60000 + "7"]

# Values that do not count, and members of other kinds than a label has.
TOO_LONG = ["v" * (TEXT_MAX + 1), "m" * (1 << 20), "." * (1 << 20)]
MALFORMED = [None, "label", 5, [], {}, {"key": KEY}, {"value": "nobodys"}, {"key": KEY, "value": 5},
             {"key": KEY, "value": None}, {"key": KEY, "value": {"value": "nested"}},
             {"key": KEY, "value": ["listed"]}, {"key": [KEY], "value": "by-list"}]

OPTIONS = {
    "name_format": [
        "{label:dns-name}", "{task}-{label:dns-name}.x", "{label:dns-name}{label:dns-name}.y",
        "{environment}.{version}", "{location}.{framework}", "{role}.{label:dns-name}",
        "{environment}.{environment}.{environment}.{environment}",
        "{label:dns-name}.{label:dns-name}.{label:dns-name}.z"],
    "visibility": ["external", "cluster"],
    "network": ["overlay"],
    "health": "require",
    "agent_names": "on",
    "port_index": "on",
    "label_prefix": "dns-",
}


def hostile(number, *labels, **discovery):
    """A task that says all that a format can ask for."""
    name = f"t{number}"
    task = states.task(name, f"{name}.id", addresses=[f"10.8.{number // 250}.{number % 250 + 1}"],
                       labels=list(labels), role=discovery.pop("role", "*"))
    task["statuses"][0]["container_status"]["network_infos"][0]["name"] = "overlay"
    port = (81, "p" * 62, "t" * 62) if number % 2 else (80, "http", "tcp")
    task["discovery"] = dict(states.discovery(name, port), **discovery)
    return task


def label(value, key=KEY):
    return {"key": key, "value": value}


def hostile_tasks():
    """Each value everywhere, and labels without end."""
    said = [([label(value)], dict(environment=value, version=value, location=value, role=value))
            for value in VALUES]
    said += [([label(value, f"dns-{word}")], {}) for value in NUMBERS
             for word in ("weight", "priority", "hide")]
    said += [([label(value), label("after")], dict(environment=value)) for value in TOO_LONG]
    said += [([one, label("malformed")], {}) for one in MALFORMED]
    said += [(MALFORMED * 100 + [label("many")], {}),
             ([label("x", f"key{number}") for number in range(10000)] + [label("last")], {}),
             ([label(f"first{number}") for number in range(10000)], {}),
             ([label("x" * 2000) for _ in range(10000)], {}),
             ([label("x", "k" * (1 << 20)), label("x", "k" * 60000), label("keyed")], {})]
    return [hostile(number, *labels, **discovery)
            for number, (labels, discovery) in enumerate(said)]


def is_told(one):
    return isinstance(one, dict) and all(
        isinstance(one.get(part), str) and len(one[part]) <= TEXT_MAX for part in ("key", "value"))


def as_told(content):
    """A state without what does not count, as the model wants it."""
    content = copy.deepcopy(content)
    for framework in content["frameworks"]:
        for task in framework["tasks"]:
            task["labels"] = [one for one in task.get("labels", ()) if is_told(one)]
            if len(task.get("discovery", {}).get("environment", "")) > TEXT_MAX:
                del task["discovery"]["environment"]
    return content


def neighbours(master, *tasks):
    """A state in which others, who have chosen names too, come before and after the tenant."""
    def neighbour(name, address, value):
        task = states.task(name, addresses=[address], ports="[31000-31001]",
                           labels=[label(value), label("7", "dns-weight")])
        task["statuses"][0]["container_status"]["network_infos"][0]["name"] = "overlay"
        return task
    return states.state(
        master,
        states.framework("marathon", neighbour("before", "10.1.0.1", "front.shop")),
        states.framework("tenant", *tasks, hostname="10.2.0.1"),
        states.framework("chronos", neighbour("after", "10.1.0.2", "back.shop")))


def neighbours_records(records):
    return {record for record in records
            if any(word in " ".join(record) for word in ("10.1.0.", "before", "after-"))}


def assert_served(server, content):
    """All is there as the model has it, and nothing else of what the values tempt to."""
    records = model.made_with(OPTIONS, as_told(content))
    assert len(neighbours_records(records)) > 20
    candidates = {"nobodys.mesos.", "nested.mesos.", "listed.mesos.", "by-list.mesos.",
                  *(f"first{number}.mesos." for number in (1, 9999)), "m.mesos.", f"{'v' * 63}.mesos."}
    found = []

    def is_as_said():
        found[:] = Expected(records).differences(server, candidates)
        return not found
    with contextlib.suppress(AssertionError):
        wait_for(is_as_said, 5)
    assert not found


def assert_quiet(server, most):
    """A little is said, in lines that can be read."""
    lines = server.module_lines("left out")
    assert 0 < len(lines) <= most
    for line in server.log.splitlines():
        assert len(line) < 600 and line.isprintable(), repr(line)


def assert_little_memory(server):
    """Without the tenant it takes 30 MiB."""
    if not PRELOAD:
        assert server.peak_memory() < 200


def test_polls(master):
    content = neighbours(master, *hostile_tasks())
    master.serve(content)
    with serving(master, poll_interval=1, events="off", **OPTIONS) as server:
        assert_served(server, content)
        server.wait_polls(master, master.count() + 2)
        assert_quiet(server, 1)
        assert_little_memory(server)
        master.serve(neighbours(master))
        server.wait_until("t0.tenant.mesos.", "A", lambda reply: not reply.answer)
        assert_served(server, neighbours(master))


def turn_labels(leader):
    """Each of the tenant's tasks is told again with what the one before it has said."""
    with leader.changing(told=False) as state:
        tasks = state["frameworks"][1]["tasks"]
        said = [(one["labels"], one["discovery"]) for one in tasks]
        for one, (labels, discovery) in zip(tasks, said[-1:] + said):
            one.update(labels=labels, discovery=discovery)
    tenant = leader.state["frameworks"][1]
    leader.streams.send(*(events.task_added(tenant, one) for one in tenant["tasks"]))


def test_events():
    """Tasks come, say something else and go again, by events alone."""
    tasks = hostile_tasks()
    with Leader() as leader:
        leader.state = neighbours(leader)
        with serving(leader, poll_interval="1d", resync_interval="1d", **OPTIONS) as server:
            wait_followed(server, leader)
            with unasked(leader):
                for part in range(0, len(tasks), 10):
                    with leader.changing() as state:
                        state["frameworks"][1]["tasks"] += tasks[part:part + 10]
                assert_served(server, leader.state)
                turn_labels(leader)
                assert_served(server, leader.state)
                with leader.changing() as state:
                    state["frameworks"][1]["tasks"] = []
                server.wait_until("t0.tenant.mesos.", "A", lambda reply: not reply.answer)
                assert_served(server, leader.state)
            assert_quiet(server, 3 * len(tasks))
            assert_little_memory(server)
