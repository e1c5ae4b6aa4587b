# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover loses no record, and an empty state is believed late."""
import calendar
import email.utils
import json
import statistics
import time

import ask
import model
import pytest
import recordings
import states
from ask import EDE_NOT_READY, UDP_EDNS
from expected import ZONES, serving
from master import Master, raw, redirect, status
from waiting import PATIENCE, wait_for
from watching import LARGE, Watch, watch

NOW = int(time.time())
LONG_AGO = calendar.timegm((1999, 1, 1, 0, 0, 0))
YEARS_AHEAD = calendar.timegm((2090, 1, 1, 0, 0, 0))

# What a new leader does not keep: its own address.
MASTERS = {"leader", "master", "_leader", "_master"}


def dated(content, date=None):
    """A state with exactly this `Date` (seconds since 1970), or without one."""
    body = json.dumps(content).encode()
    line = f"Date: {email.utils.formatdate(date, usegmt=True)}\r\n" if date is not None else ""
    return raw(f"HTTP/1.1 200 OK\r\n{line}Content-Type: application/json\r\n"
               f"Content-Length: {len(body)}\r\n\r\n".encode() + body)


def polled(server, *masters, times=1):
    """Waits until each master has been polled some times more, the last time completely."""
    counts = [master.count() for master in masters]
    for master, count in zip(masters, counts):
        server.wait_polls(master, count + times + 1, 20)


def leads(server, master):
    """Waits until a master's state is the one that is served."""
    server.wait_until("_leader._tcp.mesos.", "SRV", lambda reply: any(
        record.port == master.port for rrset in reply.answer for record in rrset), 20)


# Recorded failovers.

def moved(name, master):
    """A recorded state from a stub; `Date` and `elected_time` are as they were."""
    return raw(recordings.load(name).moved(master.port))


def redirected(name, master):
    return raw(recordings.load(name).redirected(master.address))


def lasting(*names):
    """Records that each of some recorded states makes, but for those of masters."""
    sets = [model.Model(recordings.load(name).content).records for name in names]
    return {record for record in set.intersection(*sets) if record[0].endswith(ZONES)
            and record[0].split(".")[0] not in MASTERS | {"master0"}}


def test_recorded_failover():
    """Of three masters the leader dies; the standbys still name it; another is elected."""
    old, new = "failover/127.0.0.1_5051-001-0.0s", "failover/127.0.0.1_5052-004-17.8s"
    records = lasting(old, new)
    assert len(records) > 200
    with Master() as first, Master() as second, Master() as third:
        first.serve(redirected("failover/127.0.0.1_5050-001-0.0s", second))
        second.serve(moved(old, second))
        third.serve(redirected("failover/127.0.0.1_5052-001-0.0s", second))
        with (serving(first, second, third, poll_interval=1) as server,
              watch(server, records, "recorded failover") as queries):
            queries.wait_rounds()
            second.serve(raw(b"", close=True))
            polled(server, first, third)
            second.stop()
            polled(server, first, third)
            queries.wait_rounds()
            first.serve(redirected("failover/127.0.0.1_5050-002-17.0s", third))
            for step in ("002-17.0s", "003-17.4s", "004-17.8s"):
                third.serve(moved(f"failover/127.0.0.1_5052-{step}", third))
                polled(server, third)
                queries.wait_rounds()
            leads(server, third)


def test_recorded_failover_with_a_missing_agent():
    """The next failover of the same cluster: one agent, and a framework with it, is late."""
    old = "failover/127.0.0.1_5052-004-17.8s"
    missing = "new-leader-one-agent-missing/GET_master_state"
    new = "new-leader-agent-back/GET_master_state"
    records = lasting(old, new)
    late = records - model.Model(recordings.load(missing).content).records
    assert len(records) > 200 and len(late) > 50
    with Master() as master, Master() as heir:
        master.serve(moved(old, master))
        heir.serve(redirect(f"//{master.address}/master/state"))
        with (serving(master, heir, poll_interval=1) as server,
              watch(server, records, "recorded failover with a missing agent") as queries):
            master.stop()
            polled(server, heir)
            heir.serve(status(503, b"No leader elected"))
            polled(server, heir)
            for name in ("elected-unrecovered/GET_master_state", missing, new):
                heir.serve(moved(name, heir))
                polled(server, heir)
                queries.wait_rounds()
            leads(server, heir)
            server.wait_log("have not registered with the new leader yet")
            server.wait_log("no more records are kept")


# A made-up cluster of two agents and three frameworks.

AGENTS = [states.agent(0, "10.0.0.10", 5051), states.agent(1, "10.0.0.11", 5052)]
TASKS = {
    "marathon": [
        states.task("web", agent=0, ports="[31000-31001]", addresses=["10.1.0.1"]),
        states.task("both", "both.1", agent=0, addresses=["10.1.0.2", "fd00::2"]),
        states.task("both", "both.2", agent=1, addresses=["10.1.0.3"]),
        states.task("disc", agent=1, addresses=["10.1.0.4"],
                    discovery=states.discovery("my.disc", (8080, "http", "tcp"), (53, "", ""))),
        states.task("ended", agent=0, ports="[31009-31009]", addresses=["10.1.0.9"])],
    "chronos": [states.task("job", agent=1, ports="[31010-31010]", addresses=["10.1.0.5"])],
    "late": [states.task("host", agent=0, ports="[31011-31011]")],
}
SCHEDULERS = {"marathon": {"pid": "scheduler-1@10.9.0.1:9001", "hostname": "10.9.0.1"},
              "chronos": {"pid": "scheduler-2@10.9.0.2:9002"},
              "late": {"hostname": "10.9.0.3"}}


def cluster(master, here=(0, 1), recovered=(), back=True, known=tuple(TASKS), gone=(), **items):
    """A state of that cluster.

    here: the agents that have registered, the only ones whose tasks are there; recovered: those in
    `recovered_slaves`; back: the schedulers have registered; known: the frameworks that are listed;
    gone: tasks that have ended.
    """
    frameworks = []
    for name in known:
        tasks = [task for task in TASKS[name] if task["name"] not in gone
                 and any(task["slave_id"] == AGENTS[number]["id"] for number in here)]
        scheduler = dict(SCHEDULERS[name])
        if not back:
            scheduler.pop("pid", None)
            scheduler.update(active=False, recovered=True)
        frameworks.append(states.framework(name, *tasks, **scheduler))
    made = states.state(master, *frameworks, **{"id": f"master-{master.port}", **items})
    made.update(slaves=[AGENTS[number] for number in here],
                recovered_slaves=[AGENTS[number] for number in recovered])
    return made


def elected(seconds_ago=1, **items):
    """Members of a state whose leader has been elected so long before the reply's `Date`."""
    return {"elected_time": time.time() - seconds_ago,
            "flags": {"registry_fetch_timeout": "1mins"}, **items}


def blank(master, **items):
    """The state of a leader that has not read its registry."""
    return cluster(master, here=(), known=(), **items)


def records_of(content):
    """All records of a state but those of masters."""
    return {record for record in model.Model(content).records
            if record[0].split(".")[0] not in MASTERS | {"master0"}}


def everything(master, **changes):
    return records_of(cluster(master, **changes))


def missing(server, records):
    """Those of some records that the server does not give now."""
    once = Watch(server, records)
    once.round(server.ask)
    return once.losses


def present(server, records):
    """Those of some records that the server does give now."""
    return {record for record in records
            if record[2] in ask.data(server.ask(record[0], record[1], LARGE), record[1])}


def ended_records(master):
    return everything(master) - everything(master, gone=["ended"])


def test_masters_change_places(master):
    """The old leader dies; the new one finds out little by little."""
    with Master() as heir:
        master.serve(cluster(master, **elected(1000)))
        heir.serve(redirect(f"//{master.address}/master/state"))
        ended = ended_records(master)
        assert len(ended) >= 9
        with (serving(master, heir, poll_interval=1) as server,
              watch(server, everything(master, gone=["ended"]), "two stubs") as queries):

            def step(reply):
                heir.serve(reply)
                polled(server, heir)
                queries.wait_rounds()

            assert not missing(server, ended)
            master.stop()
            polled(server, heir)
            step(status(503, b"No leader elected"))
            step(blank(heir, **elected()))
            step(cluster(heir, here=(), recovered=(0, 1), known=(), **elected()))
            leads(server, heir)
            step(cluster(heir, here=(), recovered=(0, 1), back=False, **elected()))
            # Nobody can know yet that it has ended.
            assert not missing(server, ended)
            step(cluster(heir, here=(1,), recovered=(0,), back=False, gone=["ended"], **elected()))
            assert not missing(server, ended)
            heir.serve(cluster(heir, here=(0, 1), back=False, gone=["ended"], **elected()))
            server.wait_until("ended.marathon.mesos.", "A", lambda reply: not reply.answer)
            assert not present(server, ended)
            step(cluster(heir, gone=["ended"], **elected()))


def test_scheduler_stays(server, master):
    """A framework whose scheduler is not back keeps its records: `recovered` has no `pid`."""
    master.serve(cluster(master, **elected(1000)))
    start(server, master)
    server.wait_loaded()
    for hostname in ("", "10.9.0.1", "elsewhere.invalid"):
        state = cluster(master, here=(), recovered=(0, 1), back=False, **elected())
        for framework in state["frameworks"]:
            framework["hostname"] = hostname
        master.serve(state)
        polled(server, master)
        assert ask.data(server.ask("chronos.mesos."), "A") == ["10.9.0.2"], hostname
        for framework, port in (("marathon", 9001), ("chronos", 9002)):
            owner = f"_framework._tcp.{framework}.mesos."
            assert ask.data(server.ask(owner, "SRV"), "SRV") == [
                f"0 1 {port} {framework}.mesos."], hostname


def start(server, *masters, poll_interval=1, **options):
    server.module("cluster", master=[one.address for one in masters], poll_interval=poll_interval,
                  **options)
    for zone in ZONES:
        server.zone(zone, "", ["mod-mesos/cluster"])
    server.start()


def test_agent_that_never_comes_back(server, master):
    """Out of `recovered_slaves` without registering: its records go with that poll."""
    master.serve(cluster(master, **elected(1000)))
    start(server, master)
    server.wait_loaded()
    after = everything(master, here=(1,), known=("marathon", "chronos"))
    gone = everything(master) - after
    master.serve(cluster(master, here=(1,), recovered=(0,), **elected()))
    polled(server, master)
    assert not missing(server, everything(master))
    master.serve(cluster(master, here=(1,), known=("marathon", "chronos"), **elected()))
    server.wait_until("web.marathon.mesos.", "A", lambda reply: not reply.answer)
    assert not present(server, gone)
    assert not missing(server, after)


def test_agent_that_was_never_known(server, master):
    """Recovered, but nothing was served of it before: `slave.mesos` does not have it."""
    master.serve(cluster(master, here=(1,), recovered=(0,), **elected()))
    start(server, master)
    server.wait_loaded()
    assert ask.data(server.ask("slave.mesos."), "A") == ["10.0.0.11"]
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "NXDOMAIN"


def test_task_that_was_moved(server, master):
    """A task that is listed again elsewhere is not doubled by what is kept."""
    master.serve(cluster(master, **elected(1000)))
    start(server, master)
    server.wait_loaded()
    state = cluster(master, here=(1,), recovered=(0,), **elected())
    state["frameworks"][0]["tasks"].append(
        states.task("web", agent=1, ports="[31000-31001]", addresses=["10.1.0.77"]))
    master.serve(state)
    polled(server, master)
    assert "10.1.0.77" in ask.data(server.ask("web.marathon.mesos."), "A")


def test_failover_in_the_middle_of_a_failover(master):
    """The new leader dies before all agents are back; a third one starts from the beginning."""
    with Master() as second, Master() as third:
        master.serve(cluster(master, **elected(1000)))
        for standby in (second, third):
            standby.serve(redirect(f"//{master.address}/master/state"))
        with (serving(master, second, third, poll_interval=1) as server,
              watch(server, everything(master), "two failovers in a row") as queries):
            master.stop()
            second.serve(blank(second, **elected()))
            polled(server, second)
            second.serve(cluster(second, here=(1,), recovered=(0,), back=False, **elected()))
            polled(server, second)
            second.stop()
            third.serve(blank(third, **elected()))
            polled(server, third)
            for here, recovered in (((), (0, 1)), ((0,), (1,)), ((0, 1), ())):
                third.serve(cluster(third, here=here, recovered=recovered, back=False,
                                    **elected()))
                polled(server, third)
                queries.wait_rounds()
            leads(server, third)


@pytest.mark.parametrize("options", [{}, {"ttl": 7}, {"poll_timeout": 50}],
                         ids=["same", "view", "poller"])
def test_reload_in_the_middle_of_a_failover(master, options):
    """Whatever option changes: what is kept stays kept."""
    master.serve(cluster(master, **elected(1000)))
    with (serving(master, poll_interval=1) as server,
          watch(server, everything(master), f"reload with {options}")):
        master.serve(cluster(master, here=(1,), recovered=(0,), back=False, **elected()))
        polled(server, master)
        server.module("cluster", master=master.address, poll_interval=1, **options)
        server.reload()
        polled(server, master)


# Blank states.

def assert_not_ready(server):
    reply = server.ask("leader.mesos.", "A", UDP_EDNS)
    assert ask.outcome(reply) == "SERVFAIL"
    assert ask.extended_errors(reply) == {EDE_NOT_READY}


def blank_elected(master, when=NOW, timeout=None):
    flags = {"registry_fetch_timeout": timeout} if timeout else {}
    return blank(master, elected_time=when, flags=flags)


@pytest.mark.parametrize("when", [NOW, LONG_AGO, YEARS_AHEAD], ids=["now", "past", "future"])
@pytest.mark.parametrize("timeout, seconds", [(None, 60), ("1mins", 60), ("5secs", 5),
                                              ("nonsense", 60), ("0.5hrs", 1800)])
def test_blank_state_is_believed_late(server, master, when, timeout, seconds):
    """At the first start. Only the leader's own clock counts, not ours."""
    content = blank_elected(master, when + 0.5, timeout)
    master.serve(dated(content, when + seconds))
    start(server, master)
    polled(server, master)
    assert_not_ready(server)
    master.serve(dated(content, when + seconds + 1))
    server.wait_loaded()
    assert ask.outcome(server.ask("slave.mesos.")) == "NXDOMAIN"


def ticking(content, date):
    """A state whose `Date` goes on from this one."""
    began = time.monotonic()
    return lambda handler: dated(content, date + int(time.monotonic() - began))(handler)


@pytest.mark.parametrize("lie", [0, 365 * 86400, -365 * 86400], ids=["true", "ahead", "behind"])
def test_blank_state_changes_nothing(server, master, lie):
    """Loaded before: all stays, until the new leader has had the time to read its registry.

    Its clock may have been set in between, ahead or back: then it has that time since it was first
    seen, and no more.
    """
    master.serve(cluster(master))
    start(server, master)
    server.wait_loaded()
    before = len(server.module_lines())
    content = blank(master, elected_time=LONG_AGO, flags={"registry_fetch_timeout": "6secs"},
                    id="its heir")
    began = time.monotonic()
    master.serve(ticking(content, LONG_AGO + 1 + lie))
    polled(server, master, times=3)
    found, lines = missing(server, everything(master)), server.module_lines()[before:]
    if time.monotonic() - began < 5:
        assert not found
        assert len(lines) == 1 and "registry" in lines[0]
    server.wait_until("web.marathon.mesos.", "A", lambda reply: not reply.answer, 20)
    assert time.monotonic() - began > 4
    assert not present(server, everything(master))


def test_blank_state_after_a_reload(server, master):
    """The poller is another one, but what the last one has served of is known."""
    master.serve(cluster(master))
    start(server, master)
    server.wait_loaded()
    content = blank(master, elected_time=LONG_AGO, id="its heir")
    master.serve(ticking(content, LONG_AGO + 10000))
    server.module("cluster", master=master.address, poll_interval=1, poll_timeout=50)
    server.reload()
    polled(server, master, times=2)
    assert not missing(server, everything(master))


def test_empty_state_of_a_leader_that_had_agents(server, master):
    """Its registry is read: that its last agent has gone is true at once."""
    master.serve(dated(cluster(master, elected_time=NOW), NOW + 1))
    start(server, master)
    server.wait_loaded()
    master.serve(dated(blank(master, elected_time=NOW), NOW + 3))
    server.wait_until("web.marathon.mesos.", "A", lambda reply: not reply.answer)
    assert not present(server, everything(master))
    assert "registry" not in server.log


def test_frameworks_without_agents(server, master):
    """Who knows of frameworks has read its registry."""
    master.serve(dated(cluster(master, here=(), elected_time=NOW), NOW + 1))
    start(server, master)
    server.wait_ready("marathon.mesos.")


def test_tasks_of_agents_that_are_not_back(server, master):
    """A master that lists them all the same: nothing becomes more from poll to poll."""
    master.serve(cluster(master, **elected(1000)))
    start(server, master)
    server.wait_loaded()
    state = cluster(master, here=(0, 1), **elected())
    state.update(slaves=[], recovered_slaves=AGENTS)
    master.serve(state)
    polled(server, master, times=5)
    tasks = sum(len(framework["tasks"]) for framework in state["frameworks"])
    shown = server.knotc("zone-stats", "mesos.", "mod-mesos.tasks").strip()
    assert shown == f"[mesos.] mod-mesos.tasks = {tasks}", shown
    assert not missing(server, everything(master))


def test_state_with_agents_is_believed_at_once(server, master):
    """Without any task or framework: that can be true."""
    content = cluster(master, known=(), elected_time=NOW)
    master.serve(dated(content, NOW))
    start(server, master)
    server.wait_ready("slave.mesos.")


@pytest.mark.parametrize("without", ["date", "elected_time", "both"])
def test_blank_state_without_times(server, master, without):
    """It counts from when we first saw that leader."""
    content = blank(master, flags={"registry_fetch_timeout": "2secs"})
    if without == "date":
        content["elected_time"] = LONG_AGO
    master.serve(dated(content, LONG_AGO + 1000 if without == "elected_time" else None))
    start(server, master)
    server.wait_polls(master, 1)
    assert_not_ready(server)
    server.wait_loaded()
    assert master.times()[-1] - master.times()[0] > 1.9


def test_blank_state_of_another_leader_without_times(server, master):
    """Another leader has its own time."""
    content = blank(master, flags={"registry_fetch_timeout": "3secs"})
    master.serve(dated(content))
    start(server, master)
    polled(server, master, times=1)
    count = master.count()
    master.serve(dated(dict(content, id="another")))
    polled(server, master, times=0)
    seen = master.times()[count]
    server.wait_loaded()
    assert time.monotonic() - seen > 1.9


def assert_each_second(master, count):
    """A poll each second, whatever the interval; about, as they are spread.

    One may be late, and the next one then comes sooner after it.
    """
    wait_for(lambda: master.count() >= count, 5 * count, "polls each second")
    times = master.times()
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    assert statistics.median(gaps) > 0.8, gaps


def assert_quiet(master):
    """No poll for a while; a zone that was loaded late may have wanted one of its own before."""
    time.sleep(0.5 * PATIENCE)
    count = master.count()
    assert count <= 2
    time.sleep(2.5 * PATIENCE)
    assert master.count() == count


def test_polls_come_each_second_while_blank(server, master):
    master.serve(dated(blank_elected(master), NOW + 1))
    start(server, master, poll_interval=60)
    assert_each_second(master, 5)
    master.serve(dated(cluster(master, elected_time=NOW), NOW + 1))
    server.wait_loaded()
    count = master.count()
    time.sleep(2.5)
    assert master.count() == count


@pytest.mark.parametrize("ago, often", [(1, True), (59, True), (61, False), (3600, False)])
def test_polls_come_each_second_after_an_election(server, master, ago, often):
    """For a minute by the leader's clock, while there are agents that have not registered."""
    master.serve(dated(cluster(master, here=(1,), recovered=(0,), elected_time=LONG_AGO),
                       LONG_AGO + ago))
    start(server, master, poll_interval=60)
    server.wait_loaded()
    if often:
        assert_each_second(master, 4)
    else:
        assert_quiet(master)


def test_polls_come_as_configured_without_recovered_agents(server, master):
    """Just elected, but all agents are back."""
    master.serve(dated(cluster(master, elected_time=LONG_AGO), LONG_AGO + 1))
    start(server, master, poll_interval=60)
    server.wait_loaded()
    assert_quiet(master)
