# SPDX-License-Identifier: GPL-3.0-or-later
"""One tenant's tasks that make far too many records: everybody else's names are served."""
import re
import time

import ask
import pytest
import states
from ask import TCP
from knotd import PRELOAD
from waiting import PATIENCE, wait_for

TASK_MAX = 16384
SOON = 5 * PATIENCE

LABELS_110 = ".".join("a" * 110)


def protocol_flood():
    """4 MB of text: 64 ports, each of 13 000 protocols."""
    words = ",".join(f"{number:x}" for number in range(16000))[:65000]
    return [states.task("flood", discovery=states.discovery(
        "flood", *((number, f"n{number}", words) for number in range(64))))]


def port_flood():
    """40 KB of text: 180 tasks that hold all ports."""
    return [states.task(f"flood{number}" if number else "flood", ports="[0-65535]")
            for number in range(180)]


def deep_flood():
    """Names of more than a hundred labels: there are as many names above each."""
    return [states.task("flood", f"flood.{number}", discovery=states.discovery(
        f"flood{number}.{LABELS_110}{number}" if number else "flood"))
        for number in range(20000)]


# Each with the most memory that knotd may take, in MiB (without them it takes 30), and whether it
# has more records than fit.
FLOODS = [(protocol_flood, 200, True), (port_flood, 1000, True), (deep_flood, 2000, False)]


def neighbours(master, flood, *more):
    """A state in which other tenants' tasks come before and after the flood."""
    return states.state(
        master,
        states.framework("marathon", states.task("before", addresses=["10.1.0.1"],
                                                 ports="[31000-31000]")),
        states.framework("tenant", *flood),
        states.framework("chronos", states.task("after", addresses=["10.1.0.2"],
                                                ports="[31000-31000]"), *more))


def start(server, master, **options):
    server.module("cluster", master=master.address, poll_interval=1, **options)
    for zone in ("mesos.", "in-addr.arpa."):
        server.zone(zone, "", ["mod-mesos/cluster"])
    server.start()


@pytest.mark.parametrize("flood, memory, cut", FLOODS, ids=["protocols", "ports", "labels"])
def test_others_are_served(server, master, flood, memory, cut):
    """As if it was not there, from poll to poll, in little memory, and the log says so once."""
    tasks = flood()
    master.serve(neighbours(master, tasks))
    start(server, master)
    server.wait_until("leader.mesos.", "A", lambda reply: reply.answer, 60)
    for name, kind, answer in (
            ("before.marathon.mesos.", "A", ["10.1.0.1"]),
            ("after.chronos.mesos.", "A", ["10.1.0.2"]),
            ("1.0.1.10.in-addr.arpa.", "PTR", ["before.marathon.mesos."])):
        server.wait_until(name, kind, lambda reply: reply.answer)
        assert ask.data(server.ask(name, kind), kind) == answer
    assert server.ask("_after._tcp.chronos.mesos.", "SRV").answer
    assert server.ask("flood.tenant.mesos.", "A").answer

    # The tenant's tasks come in another order, and another tenant gets a new one.
    lines = server.wait_log("more records than fit") if cut else []
    master.serve(neighbours(master, tasks[::-1], states.task("new", addresses=["10.1.0.3"])))
    server.wait_until("new.chronos.mesos.", "A", lambda reply: reply.answer, 60)
    server.wait_polls(master, master.count() + 2, 60)
    assert server.log_lines("more records than fit") == lines
    assert not cut or len(lines) == 1 and "flood" in lines[0]
    assert not server.log_lines("polls fail")
    if not PRELOAD:
        assert server.peak_memory() < memory

    # It comes to an end, and so does what is said of it.
    master.serve(neighbours(master, [states.task("good")]))
    server.wait_until("good.tenant.mesos.", "A", lambda reply: reply.answer, 60)
    if cut:
        server.wait_log("all records of all tasks fit again")


def test_each_name_keeps_some(server, master):
    """Of one task ports are cut, and no name of it altogether."""
    master.serve(neighbours(master, [
        states.task("one", ports="[0-65535]", addresses=[f"10.2.0.{i}" for i in range(1, 200)]),
        *protocol_flood()]))
    start(server, master)
    server.wait_until("leader.mesos.", "A", lambda reply: reply.answer, 60)
    assert len(ask.data(server.ask("one.tenant.mesos.", "A", TCP), "A")) == 199
    for owner in ("_one._tcp.tenant", "_one._udp.tenant", "_one._udp.tenant.slave",
                  *(f"_n{number}._flood._0.tenant" for number in range(64))):
        assert server.ask(f"{owner}.mesos.", "SRV", TCP).answer, owner
    shown = server.knotc("zone-stats", "mesos.", "mod-mesos")
    records = int(re.search(r"\.records = (\d+)", shown)[1])
    skipped = int(re.search(r"\.skipped = (\d+)", shown)[1])
    # Leader, master and agent; the two other tasks; and the two that are cut.
    assert records == 9 + 2 * 8 + 2 * TASK_MAX
    assert skipped > 65536 * 4 - TASK_MAX


@pytest.mark.parametrize("delay", [0.05, 0.3, 1, 2])
def test_stop_while_building(server, master, delay):
    """Whatever it is about: naming, counting, sorting, writing."""
    master.serve(neighbours(master, [
        states.task("flood", f"flood.{number}", ports="[0-65535]") for number in range(2000)]))
    start(server, master)
    server.wait_polls(master, 1)
    time.sleep(delay)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < SOON


def test_large_names_of_one_tenant_are_dropped_whole(server, master):
    """The state's own texts are bounded for each task, and the poll goes on."""
    ports = [(number, "x" * 60000, "y" * 60000) for number in range(40)]
    master.serve(neighbours(master, [
        states.task("texts", discovery=states.discovery("texts", *ports)),
        states.task("addresses", addresses=["10.3.0.1"] * 20000)]))
    start(server, master)
    server.wait_until("leader.mesos.", "A", lambda reply: reply.answer, 60)
    assert ask.data(server.ask("after.chronos.mesos."), "A") == ["10.1.0.2"]
    assert ask.data(server.ask("addresses.tenant.mesos."), "A") == ["10.3.0.1"]
    assert wait_for(lambda: server.log_lines("2 tasks make more records than fit"))
