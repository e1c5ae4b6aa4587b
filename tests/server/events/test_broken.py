# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams that end, stall or say nonsense: the records stay, polls come, and it is tried again."""
import json
import time

import ask
import events
import pytest
import recordings
import states
from following import (Leader, follow, following_all, reasons, start, unasked, wait_app,
                       wait_followed, wait_reason)
from master import raw
from streams import chunks
from waiting import wait_for

GIBIBYTE = 1 << 30

# Records that are none, each with a word of the reason; all in a chunk of its own.
BROKEN = {
    "no-length": (b"{}", "framing"),
    "text-for-length": (b"x\n{}", "framing"),
    "negative": (b"-2\n{}", "framing"),
    "fraction": (b"2.0\n{}", "framing"),
    "too-large": (b"%d\n{" % (GIBIBYTE + 1), "1 GiB"),
    "far-too-large": (b"99999999999999999999999999\n{", "1 GiB"),
    "not-json": (b"6\n<html>", "not JSON"),
    "half-json": (b'9\n{"type":"', "not JSON"),
    "two-documents": (b"4\n{}{}", "not JSON"),
    "empty-record": (b"0\n", "not JSON"),
}

ENDS = {
    "cut": (lambda stream: stream.cut(), "ended"),
    "last-chunk": (lambda stream: stream.finish(), "too many subscribers"),
    "reset": (lambda stream: stream.reset(), ""),
    "stalled": (lambda stream: stream.stall(), "nothing for"),
    "broken-chunks": (lambda stream: stream.send_bytes(b"zz\r\n{}\r\n"), ""),
    "half-an-event": (lambda stream: (stream.send_bytes(chunks(b'100\n{"type":')), stream.cut()),
                      "in the middle of an event"),
    **{name: (lambda stream, told=told: stream.send_bytes(chunks(told)), reason)
       for name, (told, reason) in BROKEN.items()},
}


def beating(*tasks):
    """A leader that beats often, so that its silence is noticed soon."""
    return Leader(*tasks, streams={"heartbeat": 1.0})


@pytest.fixture
def quick():
    with beating(states.task("web")) as stub:
        yield stub


def test_ends():
    """A poll at once, one line, and a line more when events come again."""
    leaders = {f"{way}.": beating(states.task("web")) for way in ENDS}
    counts = {}
    with following_all(leaders, poll_interval="1d") as server:
        for (zone, leader), (end, _) in zip(leaders.items(), ENDS.values()):
            stream = wait_followed(server, leader)
            leader.run("before")
            wait_app(server, "before", zone=zone)
            counts[zone] = leader.count()
            leader.run("missed", told=False)
            end(stream)
        for (zone, leader), (_, reason) in zip(leaders.items(), ENDS.values()):
            assert reason in wait_reason(server, zone), zone
            assert server.ask(f"web.marathon.{zone}").answer, zone
            assert server.ask(f"before.marathon.{zone}").answer, zone
            wait_app(server, "missed", zone=zone)
        for zone, leader in leaders.items():
            wait_followed(server, leader, times=2)
            leader.run("after")
            wait_app(server, "after", zone=zone)
            assert len(reasons(server, zone)) == 1, zone
            # One at the end of the stream, and one after subscribing.
            assert counts[zone] < leader.count() <= counts[zone] + 2, zone
        assert not server.module_lines("polls fail")


def test_ends_between_polls(server, quick):
    """While nothing comes, polls come every `poll-interval`; subscribing is tried less and less."""
    stream = follow(server, quick, poll_interval=2)
    quick.serve_events(raw(b"", close=True))
    ended = time.monotonic()
    stream.cut()
    wait_reason(server, quick)
    count = quick.count()
    wait_for(lambda: len(quick.subscriptions()) >= 4, 40, "subscriptions")
    tries = [ended, *(request.time for request in quick.subscriptions()[1:])]
    gaps = [later - earlier for earlier, later in zip(tries, tries[1:])]
    assert gaps[0] > 0.8 and gaps[1] > 1.6 and gaps[2] > 1.6, gaps
    server.wait_polls(quick, count + 2, 20)
    polls = quick.times()[count:]
    assert min(later - earlier for earlier, later in zip(polls, polls[1:])) > 1.5, polls
    quick.run("polled", told=False)
    wait_app(server, "polled")
    # One of how it ended, and one of why it does not begin, however often.
    assert len(reasons(server, quick)) == 2


def test_stall_before_the_first_event(server, quick):
    """Accepted, and nothing more."""
    quick.streams.state = None
    start(server, quick, poll_interval=1, poll_timeout=2)
    quick.streams.wait()
    server.wait_loaded()
    quick.run("polled", told=False)
    wait_app(server, "polled")
    wait_reason(server, quick)


# What is no reason to end a stream.

def odd_events(framework):
    """Well-formed JSON that is no event that anybody knows, or not as it has to be."""
    task = states.task("odd")
    added = events.task_added(framework, task)
    yield from ({}, [], 1, "TASK_ADDED", None, {"type": None}, {"type": 7}, {"type": []},
                {"type": "TASK_ADDED"}, {"type": "TASK_ADDED", "task_added": None},
                {"type": "TASK_UPDATED", "task_updated": {"status": []}},
                {"type": "AGENT_ADDED", "agent_added": {"agent": {"agent_info": "x"}}},
                {"type": "AGENT_REMOVED", "agent_removed": {}},
                {"type": "AGENT_REMOVED", "agent_removed": {"agent_id": {"value": 1}}},
                {"type": "FRAMEWORK_REMOVED", "framework_removed": {"framework_info": {"id": 1}}},
                {"type": "A_NEW_TYPE", "a_new_type": {"task": added["task_added"]["task"]}},
                {**added, "type": "TASK_UNKNOWN"}, {"heartbeat": events.HEARTBEAT},
                events.task_gone(framework, states.task("never-there")),
                events.agent_removed(states.agent(7)),
                events.framework_removed(states.framework("nobody")))
    for key in ("task_id", "agent_id", "framework_id", "name", "state", "resources", "labels",
                "discovery", "statuses", "container"):
        for value in (None, 7, "text", [], {}, True, [[]], {"value": {}}):
            one = json.loads(json.dumps(added))
            one["task_added"]["task"][key] = value
            one["task_added"]["task"].setdefault("name", "odd")
            yield one


def test_odd_events(server, leader):
    """They are passed over, or say what little they say; heartbeats come in between."""
    follow(server, leader)
    framework = leader.state["frameworks"][0]
    for odd in odd_events(framework):
        leader.streams.send(odd, events.HEARTBEAT)
    leader.run("api")
    wait_app(server, "api")
    assert server.ask("web.marathon.mesos.").answer
    assert not reasons(server, leader)
    assert len(leader.subscriptions()) == 1


def test_duplicates_and_orders(server, leader):
    """Events that come twice, and in orders that a master has when agents come back."""
    agent, task = states.agent(1, "10.0.0.11"), states.task("far", agent=1)
    follow(server, leader)
    framework = leader.state["frameworks"][0]
    back = [events.task_added(framework, task), events.agent_added(agent)]
    with leader.changing(told=False) as state:
        state["slaves"].append(agent)
        state["frameworks"][0]["tasks"].append(task)
    leader.streams.send(back[0])
    leader.run("first")
    wait_app(server, "first")
    assert not server.ask("far.marathon.mesos.").answer  # its agent is not known
    leader.streams.send(back[1])
    wait_app(server, "far")
    updated = events.task_updated(framework, task)
    leader.streams.send(*back, *back, events.HEARTBEAT, updated, updated, back[1])
    leader.run("second")
    wait_app(server, "second")
    assert ask.data(server.ask("far.marathon.mesos."), "A") == ["10.0.0.11"]
    gone = events.task_gone(framework, task)
    leader.end("far", told=False)
    leader.streams.send(gone, gone, updated, gone)
    leader.run("third")
    wait_app(server, "third")
    assert not server.ask("far.marathon.mesos.").answer


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_chunks_of_any_size(server, leader, size):
    """Records and chunks have nothing to do with each other."""
    stream = follow(server, leader)
    before = leader.state
    for name in ("one", "two", "three"):
        leader.run(name, told=False)
    stream.send_chunked(*events.between(before, leader.state), events.HEARTBEAT, size=size)
    for name in ("one", "two", "three"):
        wait_app(server, name)
    assert leader.count() <= 2 and not reasons(server, leader)


def test_bytes_one_by_one(server, leader):
    """Each in a packet of its own, lengths of chunks and records too."""
    stream = follow(server, leader)
    with leader.changing(told=False) as state:
        state["slaves"].append(states.agent(1, "10.0.0.11"))
    told = events.record(events.agent_added(states.agent(1, "10.0.0.11")))
    told = chunks(told, 100)
    with unasked(leader):
        stream.send_bytes(*(told[i:i + 1] for i in range(len(told))), pause=0.0005)
        server.wait_until("slave.mesos.", "A", lambda reply: len(reply.answer) == 2)


WAYS = 24


def test_cut_at_every_byte():
    """Half of an event does nothing; its stream's end is noticed wherever it is."""
    told = chunks(events.record(events.agent_removed(states.agent())))
    leaders = {f"c{number}.": Leader(states.task("web")) for number in range(WAYS)}
    with following_all(leaders, poll_interval=1) as server:
        for first in range(0, len(told), WAYS):
            cut_all(server, list(leaders.values()), told, first)


def cut_all(server, leaders, told, first):
    """Ends the stream of each leader, the first one at this byte of an event, the next after it."""
    times = first // WAYS + 1
    streams = [wait_followed(server, leader, times) for leader in leaders]
    for number, stream in enumerate(streams):
        # Without the last two bytes, the chunk's own, the event is there.
        stream.send_bytes(told[:min(first + number, len(told) - 3)])
        stream.cut()
    for number, leader in enumerate(leaders):
        wait_reason(server, leader, times)
        assert server.ask(f"web.marathon.c{number}.").answer, (number, first)


def test_recorded_end(server, quick):
    """A real master's stream whose subscriber was one too many."""
    recording = recordings.load("events/max-subscribers/first")
    quick.streams.state = None
    start(server, quick)
    stream = quick.streams.wait()
    stream.send_bytes(recording.body)
    assert "too many subscribers" in wait_reason(server, quick)


def test_subscribers_that_push_each_other_out():
    """One more than there may be: it does not come to a storm of requests, and all are served."""
    many = {most: Leader(states.task("web"), streams={"most": most}) for most in (1, 2)}
    zones = {f"c{most}-{number}.": leader for most, leader in many.items()
             for number in range(most + 1)}
    # Other settings, so that each subscribes.
    own = {zone: {"poll_timeout": 60 + number} for number, zone in enumerate(zones)}
    with following_all(zones, own, poll_interval="1d") as server:
        for zone in zones:
            server.wait_ready(f"web.marathon.{zone}")
        before = [(len(leader.subscriptions()), leader.count()) for leader in many.values()]
        time.sleep(12)
        for (most, leader), (subscriptions, count) in zip(many.items(), before):
            # After 1, 2, 4, 8 s each; if each came back after a second it would be 12 and more.
            allowed = 4 * (most + 1) + 1
            assert len(leader.subscriptions()) - subscriptions <= allowed
            assert leader.count() - count <= 2 * allowed
            leader.run("api")
        for zone in zones:
            wait_app(server, "api", zone=zone, seconds=30)
