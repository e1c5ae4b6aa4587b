# SPDX-License-Identifier: GPL-3.0-or-later
"""Events that come while a state is on its way: nothing goes back in time."""
import contextlib
import threading
import time

import ask
import events
import pytest
import states
from counters import stats, wait_stat
from following import Held, Leader, follow, start, wait_app
from master import redirect
from waiting import PATIENCE, wait_for


@pytest.fixture(params=[True, False], ids=["half", "nothing"])
def held(request, server, leader):
    """A state on its way, asked for just now, with two tasks, `web` and `old`.

    Half of it has come, or nothing.
    """
    leader.run("old")
    follow(server, leader)
    reply = Held(leader, request.param)
    leader.serve(reply)
    server.zone_reload()
    reply.wait()
    leader.serve(leader.serve_state)
    return reply


def let_go(server, held):
    """Lets the state come, and waits until it has been taken in."""
    before = stats(server)["polls[ok]"]
    held.let_go()
    wait_stat(server, "polls[ok]", lambda count: count > before)


def test_started_meanwhile(server, leader, held):
    leader.run("new")
    wait_app(server, "new")  # at once
    let_go(server, held)
    assert server.ask("new.marathon.mesos.").answer
    assert server.ask("old.marathon.mesos.").answer


def test_ended_meanwhile(server, leader, held):
    leader.end("old")
    wait_app(server, "old", gone=True)
    let_go(server, held)
    assert ask.outcome(server.ask("old.marathon.mesos.")) == "NXDOMAIN"
    assert server.ask("web.marathon.mesos.").answer


def test_started_and_ended_meanwhile(server, leader, held):
    leader.run("short")
    wait_app(server, "short")
    leader.end("short")
    wait_app(server, "short", gone=True)
    let_go(server, held)
    assert ask.outcome(server.ask("short.marathon.mesos.")) == "NXDOMAIN"


def test_moved_meanwhile(server, leader, held):
    """The state still has the old address."""
    with leader.changing() as state:
        state["frameworks"][0]["tasks"][0]["statuses"] = [
            {"state": "TASK_RUNNING", "timestamp": 2.0, "container_status": {"network_infos": [
                {"ip_addresses": [{"ip_address": "10.1.0.6"}]}]}}]
    server.wait_until("web.marathon.mesos.", "A",
                      lambda reply: ask.data(reply, "A") == ["10.1.0.6"])
    let_go(server, held)
    assert ask.data(server.ask("web.marathon.mesos."), "A") == ["10.1.0.6"]


def test_agent_and_framework_meanwhile(server, leader, held):
    """A new agent with a new framework's task; another framework and another agent leave."""
    with leader.changing() as state:
        state["slaves"].append(states.agent(1, "10.0.0.11"))
        state["frameworks"].append(states.framework("kafka", states.task("broker", agent=1)))
        del state["frameworks"][0]["tasks"][:]
    wait_app(server, "broker", framework="kafka")
    with leader.changing() as state:
        del state["slaves"][0], state["frameworks"][0]
    wait_app(server, "web", gone=True)
    server.wait_until("slave.mesos.", "A", lambda reply: ask.data(reply, "A") == ["10.0.0.11"])
    let_go(server, held)
    assert server.ask("broker.kafka.mesos.").answer
    assert ask.data(server.ask("slave.mesos."), "A") == ["10.0.0.11"]
    for name in ("web", "old"):
        assert ask.outcome(server.ask(f"{name}.marathon.mesos.")) == "NXDOMAIN"


def test_state_ahead_of_its_events(server, leader):
    """What a state has already is told after it: it is as if told once."""
    leader.run("old")
    follow(server, leader)
    before = leader.state
    leader.end("old", told=False)
    leader.run(states.task("new", addresses=["10.1.0.7"]), told=False)
    server.zone_reload()
    wait_app(server, "new")
    leader.streams.send(*events.between(before, leader.state))
    leader.run("last")
    wait_app(server, "last")
    assert ask.data(server.ask("new.marathon.mesos."), "A") == ["10.1.0.7"]
    assert ask.outcome(server.ask("old.marathon.mesos.")) == "NXDOMAIN"


def test_state_that_breaks_off(server, leader, held):
    """Events of the meantime stay applied, and nothing of the state is."""
    leader.run("new")
    leader.end("old")
    wait_app(server, "new")
    wait_app(server, "old", gone=True)
    held.break_off()
    leader.run("newer")
    wait_app(server, "newer")
    assert server.ask("new.marathon.mesos.").answer and server.ask("web.marathon.mesos.").answer
    assert ask.outcome(server.ask("old.marathon.mesos.")) == "NXDOMAIN"


def test_stream_ends_meanwhile(server, leader, held):
    """The state does not say what happened since it was asked for; another one does, at once."""
    leader.run("told")
    wait_app(server, "told")
    leader.run("missed", told=False)
    leader.streams.open()[0].cut()
    held.let_go()
    wait_app(server, "missed")
    assert server.ask("told.marathon.mesos.").answer


@pytest.mark.parametrize("follows", [True, False], ids=["events", "polls"])
def test_another_leader_meanwhile(server, leader, held, follows):
    """Whoever led before, and does not know it yet: what it tells counts until then, and no more.

    Also if no second state, as after subscribing, makes up for it.
    """
    with Leader(states.task("web"), states.task("old"), states.task("heirs")) as heir:
        heir.state["id"] = "heir"
        if not follows:
            heir.serve_events(None)
        of_heir = Held(heir)
        heir.serve(of_heir)
        held.let_go()
        leader.serve(redirect(f"//{heir.address}/master/state"))
        server.zone_reload()
        of_heir.wait()
        leader.run("late")
        leader.end("old")
        wait_app(server, "late")
        wait_app(server, "old", gone=True)
        heir.serve(heir.serve_state)
        of_heir.let_go()
        wait_app(server, "heirs")
        wait_app(server, "old")
        wait_app(server, "late", gone=True)
        wait_for(lambda: not leader.streams.open(), what="the end of the old stream")


def test_endless_events(server, leader, held):
    """They never stop coming, and the state comes true all the same; so does an end of it all."""
    leader.run("silent", told=False)
    late = Held(leader)
    held.let_go()
    leader.serve(late)
    server.zone_reload()
    late.wait()
    with endless(leader.streams.open()[0]):
        late.let_go()
        wait_app(server, "silent")
        leader.run("told")
        wait_app(server, "told")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 5 * PATIENCE


@contextlib.contextmanager
def endless(stream):
    """Events that say nothing, as fast as they are taken."""
    ending = threading.Event()

    def run():
        while not ending.is_set():
            stream.send(*[{"type": "SOMETHING_NEW", "filler": "x" * 1000}] * 50)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def test_many_events_meanwhile(server, leader, held):
    """Hundreds, and the state comes in their middle: the last word counts."""
    for number in range(150):
        leader.run(f"task{number}")
        if number % 3 == 0:
            leader.end(f"task{number}")
        if number == 75:
            held.let_go()
    wait_app(server, "task149")
    wait_for(lambda: stats(server)["tasks"] == 2 + 100, what="all tasks")
    for number in range(150):
        assert bool(server.ask(f"task{number}.marathon.mesos.").answer) == (number % 3 != 0), number


def test_first_state_after_subscribing(server, leader):
    """Nothing is missed between the first poll and the subscription."""
    held = Held(leader)
    leader.serve(lambda handler: (held if leader.streams.all else leader.serve_state)(handler))
    start(server, leader)
    held.wait()
    leader.run("new")
    wait_app(server, "new")
    leader.end("web")
    wait_app(server, "web", gone=True)
    held.let_go()
    leader.run("newer")
    wait_app(server, "newer")
    assert server.ask("new.marathon.mesos.").answer
    assert ask.outcome(server.ask("web.marathon.mesos.")) == "NXDOMAIN"
